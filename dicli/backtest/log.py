"""A replay's own log as a portfolio folder that dicli reads: what `dicli tax`, `lots` and `sales` say of it can be held
against the backtest, line by line.

    trades.csv   every trade, dividend, flow, fee and tax payment, in dicli's own layout (`brokers.generic`)
    index.csv    the index on the last day
    dicli.toml   the preferences, with one account and the spin-offs under [[corporate_actions]]
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from dicli.backtest.replay import Replay
from dicli.errors import DicliError, Fault
from dicli.model import Column, Figure, Report, Value
from dicli.preferences import FILE_NAME, CorporateAction, Index, IndexPart, Preferences, Prices, dumps
from dicli.tax.books import decimal
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact

TRADES, INDEX = "trades.csv", "index.csv"
FILES = (FILE_NAME, TRADES, INDEX)
COLUMNS = (
    Column("date", Figure.DATE),
    Column("kind"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("amount", Figure.MONEY),
    Column("lot_acquired", Figure.DATE),
    Column("description"),
)
_CASH = {"flow": ("deposit", "withdrawal"), "tax": ("deposit", "withdrawal"), "fee": ("fee", "fee")}
"""Movements of cash that are no trades: their kinds where money comes in and where it goes out."""


def folder(run: Replay, preferences: Preferences) -> tuple[str, dict[str, Report]]:
    """The text of dicli.toml, and the other files by name.

    Raises DicliError where the log cannot be told in this layout: lots that the account started with and that carry a
    wash adjustment or an earlier holding date.
    """
    marked = sorted({lot.symbol for lot, _ in run.own if lot.adjustment or lot.holding_from})
    if marked:
        raise DicliError(
            Fault(
                "--log",
                f"a history cannot tell the wash adjustments of lots that the account started with: {marked[0]} …",
                "Start with cash: --initial 1000000.",
            )
        )
    account = replace(run.ledger.account, broker_files=(TRADES,), number=None, lot_method=run.ledger.method)
    tax = replace(
        preferences.tax,
        lot_method=run.ledger.method,
        short_term_gains=run.outside.short,
        long_term_gains=run.outside.long,
        year_to_date=None,
    )
    written = replace(
        preferences,
        index=Index((IndexPart(INDEX, Decimal(1), None),)),
        tax=tax,
        accounts=(account,),
        held_away=(),
        scheduled=(),
        prices=Prices(),
        corporate_actions=tuple(_spin_offs(run.log)),
        ignore_actions=(),
    )
    members = run.panel.benchmark_at(run.last).constituents
    rows: tuple[tuple[Value, ...], ...] = tuple((member.symbol, member.weight, member.sector) for member in members)
    index = Report("index", (Column("symbol"), Column("weight"), Column("sector")), rows)
    return dumps(written), {TRADES: trades(run), INDEX: index}


def trades(run: Replay) -> Report:
    """Every movement of shares and cash, oldest first; on one day in the order in which it was booked."""
    rows: list[tuple[Value, ...]] = []
    held: dict[str, Fraction] = defaultdict(Fraction)
    opened = {event.id: event.date for event in run.log if event.kind is EventKind.BUY}
    for event in run.log:
        quantity = exact(event.quantity or 0)
        amount = decimal(exact(event.amount or 0))
        if event.kind is EventKind.BUY:
            held[event.symbol] += quantity
            rows.append((event.date, "buy", event.symbol, decimal(quantity), -amount, None, None))
        elif event.kind is EventKind.SELL:
            held[event.symbol] -= quantity
            lot = opened[event.lots[0][0]] if event.lots else None
            rows.append((event.date, "sell", event.symbol, -decimal(quantity), amount, lot, None))
        elif event.kind is EventKind.SPLIT:
            added = held[event.symbol] * (exact(event.ratio or 1) - 1)
            held[event.symbol] += added
            rows.append((event.date, "split", event.symbol, decimal(added), None, None, None))
    for entry in run.cashbook:
        what, _, symbol = entry.what.partition(" ")
        if what in _CASH:
            kind = _CASH[what][entry.amount < 0]
            rows.append((entry.date, kind, None, None, entry.amount, None, what))
        elif what == "dividend":
            rows.append((entry.date, "dividend", symbol, None, entry.amount, None, None))
        elif what == "dividends":
            rows.append((entry.date, "withdrawal", None, None, entry.amount, None, entry.what))
    return Report("transactions", COLUMNS, tuple(sorted(rows, key=lambda row: str(row[0]))))


def _spin_offs(log: list[Event]) -> list[CorporateAction]:
    return [
        CorporateAction(
            "spinoff",
            event.symbol,
            event.date,
            ratio=Fraction(1),
            new_symbol=event.new_symbol,
            basis_fraction=Decimal(str(event.basis_fraction)),
        )
        for event in log
        if event.kind is EventKind.SPINOFF
    ]
