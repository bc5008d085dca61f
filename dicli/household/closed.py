"""Closed lots from a broker's realized file as events of the tax engine.

A broker has matched its own wash sales already: the shares it disallowed are spoken for, and their loss is inside the
basis of the lots that replaced them. Booking those shares again would count the loss twice, so only the rest of a
sale goes to the engine, and as many of the account's purchases in the window are marked as used (R-ONEBITE, R-BROKER).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from dicli.model import Sale
from dicli.tax.ledger import Event, EventKind

_WINDOW = 30
_LONG_AGO = dt.timedelta(days=800)


def sale_id(sale: Sale, number: int) -> str:
    return f"{sale.account}:{sale.symbol}:{sale.sold}:closed:{number}"


def washed_by_broker(sale: Sale) -> Fraction:
    """How many of the sale's shares the broker itself has matched with a replacement."""
    if not sale.disallowed or sale.gain is None or sale.gain >= 0:
        return Fraction(0)
    return min(Fraction(sale.quantity) * Fraction(sale.disallowed) / Fraction(-sale.gain), Fraction(sale.quantity))


def events(sale: Sale, number: int) -> list[Event]:
    """The purchase and the sale of the shares that the broker has not washed; none if basis or proceeds are unknown."""
    if sale.basis is None or sale.proceeds is None:
        return []
    clean = Fraction(sale.quantity) - washed_by_broker(sale)
    if clean <= 0:
        return []
    share = clean / Fraction(sale.quantity)
    name = sale_id(sale, number)
    # "Various" dates: the lot only has to lie outside every window; its term is the broker's, never computed from this
    acquired = sale.acquired or sale.sold - _LONG_AGO
    return [
        Event(f"{name}:lot", EventKind.BUY, acquired, sale.account, sale.symbol, clean, Fraction(sale.basis) * share),
        Event(
            name,
            EventKind.SELL,
            sale.sold,
            sale.account,
            sale.symbol,
            clean,
            Fraction(sale.proceeds) * share,
            lots=((f"{name}:lot", clean),),
        ),
    ]


def matched(purchases: Sequence[Event], sales: Iterable[Sale]) -> list[tuple[Sale, int, Fraction]]:
    """Which purchases (by index) the broker's own matches used up, and how many shares: earliest first within each
    sale's window. The files show the amounts and not the purchases: this is R-MATCH within the account.
    """
    found: list[tuple[Sale, int, Fraction]] = []
    used = [Fraction(event.replaced or 0) for event in purchases]
    order = sorted(range(len(purchases)), key=lambda i: (purchases[i].date, i))
    for sale in sorted(sales, key=lambda s: s.sold):
        left = washed_by_broker(sale)
        for at in order:
            event = purchases[at]
            if left <= 0:
                break
            if (event.account, event.symbol) != (sale.account, sale.symbol):
                continue
            if abs((event.date - sale.sold).days) > _WINDOW or event.date == sale.acquired:
                continue
            take = min(left, Fraction(event.quantity or 0) - used[at])
            if take > 0:
                used[at] += take
                left -= take
                found.append((sale, at, take))
    return found


def mark_used(purchases: Sequence[Event], sales: Iterable[Sale]) -> list[Event]:
    """The same purchases, with what the broker's own matches used up (R-ONEBITE)."""
    marked = list(purchases)
    for _, at, take in matched(purchases, sales):
        marked[at] = replace(marked[at], replaced=Fraction(marked[at].replaced or 0) + take)
    return marked
