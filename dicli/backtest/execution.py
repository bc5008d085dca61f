"""A plan's trades carried out at the close: sales first, each trade with its half spread, cash never below zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal
from fractions import Fraction

from dicli.backtest.book import CENT, Book
from dicli.model import Side, Trade
from dicli.tax.books import decimal
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact

_QUANTUM = Decimal("0.001")


def carry_out(book: Book, t: int, trades: Sequence[Trade], *, by_method: bool) -> None:
    """Trade on session t. `by_method`: the lots are chosen by the ledger's standing order, not by the plan."""
    day, account = book.panel.dates[t], book.account.name
    events = []
    for symbol, quantity, value, lots in _sales(book, trades, by_method=by_method):
        cost = book.half_spread(symbol, value)
        book.spend(day, cost)
        book.move(day, f"sell {symbol}", value - cost)
        name = book.name("sell", symbol, day)
        events.append(Event(name, EventKind.SELL, day, account, symbol, quantity, value - cost, lots=lots))
    for symbol, shares, value, cost in _affordable(book, [trade for trade in trades if trade.side is Side.BUY]):
        book.spend(day, cost)
        book.move(day, f"buy {symbol}", -value - cost)
        events.append(Event(book.name("buy", symbol, day), EventKind.BUY, day, account, symbol, shares, value + cost))
    book.record(events)


def _sales(
    book: Book, trades: Sequence[Trade], *, by_method: bool
) -> list[tuple[str, Fraction, Decimal, tuple[tuple[str, Fraction], ...]]]:
    """(symbol, quantity, value, lots): one sale per lot; by a lot method one per name, whose lots it chooses."""
    rows: list[tuple[str, Fraction, Decimal, tuple[tuple[str, Fraction], ...]]] = []
    for trade in trades:
        if trade.side is Side.SELL:
            held = next(lot for lot in book.ledger.of(trade.symbol) if lot.id == trade.lot_id)
            # the planner saw 28 digits of the lot: a sale of all of it is one of all of it
            quantity = held.quantity if trade.quantity == decimal(held.quantity) else exact(trade.quantity)
            rows.append((trade.symbol, quantity, trade.value, ((held.id, quantity),)))
    if not by_method:
        return rows
    by_name: dict[str, tuple[Fraction, Decimal]] = {}
    for symbol, quantity, value, _ in rows:
        before = by_name.get(symbol, (Fraction(0), Decimal(0)))
        by_name[symbol] = before[0] + quantity, before[1] + value
    return [(symbol, quantity, value, ()) for symbol, (quantity, value) in by_name.items()]


def _affordable(book: Book, bought: Sequence[Trade]) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """(symbol, quantity, value, half spread) of the purchases, the largest cut back until cash pays for them: the
    planner keeps its cash target, and only without one do the half spreads not fit.
    """
    quantum = _QUANTUM if book.account.fractional else Decimal(1)
    rows = [(trade, trade.quantity, trade.value, book.half_spread(trade.symbol, trade.value)) for trade in bought]
    while rows and (short := sum((value + cost for _, _, value, cost in rows), Decimal(0)) - book.cash) > 0:
        at = max(range(len(rows)), key=lambda i: rows[i][2])
        trade, quantity, _, _ = rows[at]
        quantity -= (short / trade.price / quantum).to_integral_value(ROUND_UP) * quantum
        value = (quantity * trade.price).quantize(CENT, ROUND_HALF_EVEN)
        cost = book.half_spread(trade.symbol, value)
        rows[at : at + 1] = [(trade, quantity, value, cost)] if quantity > 0 else []
    return [(trade.symbol, quantity, value, cost) for trade, quantity, value, cost in rows]
