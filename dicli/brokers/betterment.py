"""Betterment: the activity of goals, which names no securities."""

from __future__ import annotations

from dicli.brokers.formats import Format, columns, refused

FORMATS = (
    Format(
        "betterment",
        ("goals",),
        (columns("goal name", "transaction description"), columns("ending balance", "date completed")),
        refused(
            "this is Betterment's activity by goal: it names neither securities nor shares",
            "Copy the tax lots of each holding into symbol,quantity,acquired,cost_basis (the generic format).",
        ),
    ),
)
