"""The dial limits.tracking, turned: tax saved against tracking error, one plan a setting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from dicli.household import Household
from dicli.market.benchmark import Benchmark
from dicli.model import Chart, Column, Figure, Report, Series, Value
from dicli.plan import plan
from dicli.plan.survey import Market
from dicli.preferences import RISK_AVERSION, Preferences
from dicli.reports.targets import fraction

DIAL = tuple(Decimal(n) for n in (4, 8, 16, 40, 80, 160, 400, 1000))
FRONTIER = (
    Column("tracking"),
    Column("risk_aversion", Figure.NUMBER),
    Column("tracking_error", Figure.FRACTION),
    Column("tax_saved", Figure.MONEY),
    Column("tax_saved_later", Figure.MONEY),
    Column("costs", Figure.MONEY),
    Column("turnover", Figure.FRACTION),
    Column("trades", Figure.NUMBER),
    Column("gap", Figure.FRACTION, brief=False),
    Column("chart"),
)
_WIDTH = 12


def frontier(
    household: Household,
    benchmark: Benchmark,
    market: Market,
    preferences: Preferences,
    as_of: dt.date,
    *,
    cash_flow: Decimal,
    dial: Sequence[Decimal] = DIAL,
) -> Report:
    """One row a setting of the dial, loosest first; the tax saved, this year and later, is drawn too."""
    named = {value: name for name, value in RISK_AVERSION.items()}
    made = []
    for aversion in dial:
        turned = replace(preferences, limits=replace(preferences.limits, tracking=aversion))
        made.append((aversion, plan(household, benchmark, market, turned, as_of, cash_flow=cash_flow)))
    saved = {aversion: -(p.tax + p.tax_later) for aversion, p in made}
    most = max(*saved.values(), Decimal(1))
    rows: list[tuple[Value, ...]] = [
        (
            named.get(aversion),
            aversion,
            fraction(p.tracking_after),
            -p.tax,
            -p.tax_later,
            p.costs,
            fraction(float(p.turnover)),
            Decimal(len(p.trades)),
            fraction(p.gap),
            "█" * int(max(saved[aversion], Decimal(0)) / most * _WIDTH),
        )
        for aversion, p in made
    ]
    label = made[0][1].setting.model.label if made else ""
    chart = Chart(
        "limits.tracking turned, from loose to tight",
        tuple(fraction(p.tracking_after) for _, p in made),
        (Series("tax saved", tuple(saved.values())),),
        x_name="tracking error after the trades, ex ante, a year",
        y_name="dollars, this year and later",
        x_figure=Figure.FRACTION,
        point_names=tuple(named.get(aversion, str(aversion)) for aversion, _ in made),
        brief=False,  # the rows have bars already
    )
    title = f"Tax saved against tracking error, ex ante ({label})"
    return Report("frontier", FRONTIER, tuple(rows), title=title, charts=(chart,))
