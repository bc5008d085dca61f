"""Planned trades with their outcome, as rows: one a trade, one a loss disallowed, and what they add up to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from dicli.model import Column, Figure, Report, Side, Value

RECONCILE = (
    Column("account"),
    Column("side"),
    Column("symbol"),
    Column("status"),
    Column("planned", Figure.SHARES),
    Column("filled", Figure.SHARES),
    Column("lot_planned", Figure.DATE, brief=False),
    Column("lot_sold", brief=False),
    Column("planned_price", Figure.PRICE, brief=False),
    Column("price", Figure.PRICE, brief=False),
    Column("slippage", Figure.MONEY),
    Column("slippage_bp", Figure.NUMBER, brief=False),
    Column("planned_gain", Figure.MONEY, brief=False),
    Column("gain", Figure.MONEY, brief=False),
    Column("disallowed", Figure.MONEY, brief=False),
    Column("what"),
)


class Status(StrEnum):
    """`washed` rows are losses disallowed; all others are trades."""

    FILLED = "filled"
    PARTLY = "partly"
    MISSING = "missing"
    WRONG_LOT = "wrong lot"
    UNKNOWN = "unknown"
    UNPLANNED = "unplanned"
    WASHED = "washed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row. `slippage` > 0 costs money against the plan's price; `planned_for` is what the fill was to cost."""

    account: str
    side: Side
    symbol: str
    status: Status
    planned: Decimal | None = None
    filled: Decimal | None = None
    lot_planned: dt.date | None = None
    lots_sold: tuple[str, ...] = ()
    planned_price: Decimal | None = None
    price: Decimal | None = None
    slippage: Decimal | None = None
    planned_for: Decimal | None = None
    planned_gain: Decimal | None = None
    gain: Decimal | None = None
    disallowed: Decimal | None = None
    permanent: Decimal | None = None
    as_planned: bool = False
    what: str = ""


def plain(number: Decimal) -> str:
    """Shares as they are said: in full, without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def report(rows: Sequence[Outcome], fees: Decimal, since: dt.date, until: dt.date, more: Sequence[str]) -> Report:
    """The rows with their sums; `fees` are those of the planned trades, `more` are notes to add."""
    counts = Counter(row.status for row in rows)
    trades = sum(1 for row in rows if row.planned is not None)
    slippage = sum((row.slippage for row in rows if row.slippage is not None), Decimal(0))
    base = sum((row.planned_for for row in rows if row.planned_for is not None), Decimal(0))
    lost = sum((row.disallowed for row in rows if row.disallowed is not None), Decimal(0))
    by_name = _by_name(rows)
    summary: dict[str, object] = {
        "since": since,
        "until": until,
        "trades": {str(status): counts[status] for status in Status},
        "traded": base.quantize(Decimal("0.01")),
        "slippage": slippage,
        "slippage_bp": _basis_points(slippage, base),
        "fees": fees,
        "disallowed": lost,
        "disallowed_for_good": sum((row.permanent or Decimal(0) for row in rows), Decimal(0)),
        "by_name": by_name,
    }
    others = ", ".join(f"{counts[s]} {s}" for s in Status if s not in (Status.FILLED, Status.WASHED) and counts[s])
    points = _basis_points(slippage, base)
    cost = "" if points is None else f"; slippage ${slippage:,.2f}, {points:,.2f} bp of ${base:,.0f}"
    title = f"{since} to {until}: {counts[Status.FILLED]} of {trades} trades filled as planned"
    title += (f"; {others}" if others else "") + cost + (f"; ${lost:,.2f} of losses disallowed" if lost else "")
    worst = sorted(by_name, key=lambda one: -abs(one["slippage"]))[:5]  # type: ignore[arg-type]
    notes = []
    if any(one["slippage"] for one in worst):
        said = ", ".join(f"{one['symbol']} ${one['slippage']:,.2f} ({one['slippage_bp']} bp)" for one in worst)
        notes.append(f"most slippage (a plus costs money): {said}")
    if by_method := sorted({row.account for row in rows if row.status is Status.WRONG_LOT and "method" in row.what}):
        notes.append(
            f"lots of {', '.join(by_method)} are by the account's method, for no realised file shows them: export the "
            "realised gains to see which the broker sold"
        )
    notes += more
    fine = (Status.FILLED, Status.WASHED)
    finding = any(row.status not in fine or (row.status is Status.WASHED and not row.as_planned) for row in rows)
    return Report("reconcile", RECONCILE, tuple(map(_values, rows)), summary, title, tuple(notes), finding=finding)


def _values(row: Outcome) -> tuple[Value, ...]:
    return (
        *(row.account, str(row.side), row.symbol, str(row.status), row.planned, row.filled),
        *(row.lot_planned, row.lots_sold, row.planned_price, row.price),
        *(row.slippage, _basis_points(row.slippage, row.planned_for)),
        *(row.planned_gain, row.gain, row.disallowed, row.what),
    )


def _basis_points(slippage: Decimal | None, base: Decimal | None) -> Decimal | None:
    return None if slippage is None or not base else (slippage / base * 10000).quantize(Decimal("0.01"))


def _by_name(rows: Sequence[Outcome]) -> list[dict[str, object]]:
    """Shares, dollars and slippage of each name over all accounts, in the order of the plan."""
    sums: dict[tuple[str, Side], list[Decimal]] = {}
    for row in rows:
        if row.slippage is not None and row.planned_for is not None:
            found = sums.setdefault((row.symbol, row.side), [Decimal(0), Decimal(0), Decimal(0)])
            found[0] += row.filled or Decimal(0)
            found[1] += row.planned_for
            found[2] += row.slippage
    return [
        {
            "symbol": symbol,
            "side": str(side),
            "filled": filled,
            "traded": base.quantize(Decimal("0.01")),
            "slippage": slippage,
            "slippage_bp": _basis_points(slippage, base),
        }
        for (symbol, side), (filled, base, slippage) in sums.items()
    ]
