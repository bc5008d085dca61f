"""What `dicli read` says of a file: the reading as plain JSON values, accounts by their last digits only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dicli.brokers import shown_digits
from dicli.model import Column, Figure, Reading, Report

FIELDS = {
    "positions": ("account", "symbol", "quantity", "basis", "price", "value", "reinvests"),
    "lots": ("account", "symbol", "quantity", "acquired", "basis", "holding_from", "disallowed", "covered"),
    "transactions": (
        *("account", "date", "kind", "symbol", "quantity", "amount"),
        *("price", "fees", "action", "cusip", "order_id", "time", "row"),
    ),
    "sales": (
        *("account", "symbol", "quantity", "acquired", "sold", "proceeds", "basis", "disallowed", "term"),
        *("name", "covered"),
    ),
    "constituents": ("symbol", "weight", "sector", "name"),
    "set_aside": ("account", "symbol", "row", "why"),
}
"""The keys of each kind of row: those that others may rely on first, later ones behind them."""


def readings_to_json(readings: Iterable[Reading]) -> dict[str, Any]:
    return {"files": [reading_to_json(reading) for reading in readings]}


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """One file: numbers as strings, dates in ISO form, what is unknown as None, no account number in full."""
    shown = _shown(reading)
    return {
        "file": reading.file,
        "broker": reading.broker,
        "kind": list(reading.kinds),
        "accounts": [shown[account] for account in reading.accounts],
        **{name: _rows(reading, name, shown) for name in ("positions", "lots", "transactions", "sales")},
        "cash": {shown[account]: f"{amount:f}" for account, amount in reading.cash.items()},
        **{name: _rows(reading, name, shown) for name in ("constituents", "set_aside")},
        "rows": reading.rows,
        "as_of": _plain(reading.as_of),
        "coverage": [_plain(day) for day in reading.coverage] if reading.coverage else None,
        "unknown_columns": list(reading.unknown_columns),
        "signals": list(reading.signals),
    }


def _rows(reading: Reading, name: str, shown: Mapping[str | None, str | None]) -> list[dict[str, Any]]:
    return [{field: _value(entry, field, shown) for field in FIELDS[name]} for entry in getattr(reading, name)]


def _shown(reading: Reading) -> Mapping[str | None, str | None]:
    """Each account by its last digits; of two that end alike the second is marked, so that no sum joins them."""
    rows: tuple[Any, ...] = (*reading.positions, *reading.lots, *reading.transactions, *reading.sales)
    shown: dict[str | None, str | None] = {None: None}
    for account in (*reading.accounts, *reading.cash, *(row.account for row in (*rows, *reading.set_aside))):
        if account not in shown:
            digits, taken = shown_digits(account or ""), set(shown.values())
            number = 2
            label = digits
            while label in taken:
                label, number = f"{digits} ({number})", number + 1
            shown[account] = label
    return shown


def _value(entry: object, field: str, shown: Mapping[str | None, str | None]) -> Any:
    if field == "account":
        return shown[getattr(entry, field)]
    if field == "row" and not hasattr(entry, "row"):
        source = getattr(entry, "source", None)
        return source.row if source else None
    return _plain(getattr(entry, field))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


SUMMARY = (
    Column("file"),
    Column("broker"),
    Column("kind"),
    Column("accounts", brief=False),
    Column("rows", Figure.NUMBER),
    Column("positions", Figure.NUMBER, brief=False),
    Column("lots", Figure.NUMBER, brief=False),
    Column("transactions", Figure.NUMBER, brief=False),
    Column("sales", Figure.NUMBER, brief=False),
    Column("constituents", Figure.NUMBER, brief=False),
    Column("set_aside", Figure.NUMBER),
    Column("as_of", Figure.DATE),
)


def summary(readings: Sequence[Reading]) -> Report:
    """One row a file: what it is and how many rows of each kind it has; what was set aside, in the notes."""
    rows = tuple(
        (
            reading.file,
            reading.broker,
            "+".join(reading.kinds),
            tuple(f"…{digits}" for account, digits in _shown(reading).items() if account),
            reading.rows,
            len(reading.positions),
            len(reading.lots),
            len(reading.transactions),
            len(reading.sales),
            len(reading.constituents),
            len(reading.set_aside),
            reading.as_of,
        )
        for reading in readings
    )
    notes = [f"{reading.file}: {said}" for reading in readings for said in asides(reading)]
    notes += [
        f"{reading.file}: columns not known and not read: {', '.join(reading.unknown_columns)}"
        for reading in readings
        if reading.unknown_columns
    ]
    return Report("files", SUMMARY, rows, notes=tuple(notes))


def asides(reading: Reading) -> list[str]:
    """What was set aside, a line a reason, with the first of its rows."""
    rows: dict[str, list[int]] = {}
    for item in reading.set_aside:
        rows.setdefault(item.why, []).append(item.row)
    out = []
    for why, found in rows.items():
        shown = ", ".join(map(str, found[:5])) + (", …" if len(found) > 5 else "")
        out.append(f"{len(found)} rows set aside ({shown}): {why}")
    return out
