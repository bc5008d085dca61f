"""What happens to a holding before the close: spin-offs, splits, dividends, and the end of a listing.

A spun-off company is sold the same day for what it is said to be worth, its share of the basis taken by value.
Dividends are there on the ex date. A name that has had no price for a week is sold at what is recovered of its last.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np

from dicli.backtest.book import Book
from dicli.backtest.panel import exact
from dicli.tax.books import cent
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact as fraction

_SPUN = Decimal("0.000001")  # to which a spin-off's share of the basis is rounded


def morning(book: Book, t: int, *, recovery: Decimal) -> Decimal:
    """Book the actions of session t in names that are held; returns the dividends that came in, dollars.

    `recovery`: what a delisted name pays, a fraction of its last price.
    """
    panel, day = book.panel, book.panel.dates[t]
    holds = book.shares > 0.0
    events: list[Event] = []
    for j in np.flatnonzero(holds & (panel.spinoffs[t] > 0.0)):
        events += _spin_off(book, t, int(j))
    for j in np.flatnonzero(holds & (panel.splits[t] != 1.0)):
        symbol, ratio = panel.symbols[j], Fraction(float(panel.splits[t, j])).limit_denominator(10_000)
        events.append(Event(book.name("split", symbol, day), EventKind.SPLIT, day, None, symbol, ratio=ratio))
    book.record(events)
    total = Decimal(0)
    for j in np.flatnonzero(holds & (panel.dividends[t] > 0.0)):
        symbol = panel.symbols[j]
        paid = cent(book.quantity(symbol) * Fraction(repr(float(panel.dividends[t, j]))))
        if paid:
            total += paid
            book.move(day, f"dividend {symbol}", paid)
    if total:
        book.dividends[day.year] = book.dividends.get(day.year, Decimal(0)) + total
    for j in np.flatnonzero(holds & panel.gone(t)):
        symbol = panel.symbols[j]
        quantity = book.quantity(symbol)
        amount = cent(quantity * fraction(panel.last_price(symbol, t) * recovery))
        name = book.name("delisted", symbol, day)
        book.record([Event(name, EventKind.SELL, day, book.account.name, symbol, quantity, amount)])
        book.move(day, f"delisted {symbol}", amount)
    return total


def _spin_off(book: Book, t: int, j: int) -> list[Event]:
    """The child is handed out one for one and sold at once; its share of the basis is by value of the day."""
    panel, day, symbol = book.panel, book.panel.dates[t], book.panel.symbols[j]
    each = Decimal(repr(float(panel.spinoffs[t, j])))
    price = panel.close[t, j] if np.isfinite(panel.close[t, j]) else book.last_close[j]
    share = (each / (each + exact(float(price * panel.splits[t, j])))).quantize(_SPUN, ROUND_HALF_EVEN)
    child = f"{symbol.replace('.', '')}.SPUN.{day:%y%m%d}"  # a symbol that dicli.toml takes
    quantity = book.quantity(symbol)
    amount = cent(quantity * fraction(each))
    book.move(day, f"spin-off {symbol}", amount)
    handed_out = Event(
        book.name("spin-off", symbol, day),
        EventKind.SPINOFF,
        day,
        None,
        symbol,
        new_symbol=child,
        ratio=1,
        basis_fraction=share,
    )
    sold = Event(book.name("spun", child, day), EventKind.SELL, day, book.account.name, child, quantity, amount)
    return [handed_out, sold]
