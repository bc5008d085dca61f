"""On a harvest day: is there a loss that is worth a plan?"""

from __future__ import annotations

import datetime as dt

from dicli.backtest.book import Book
from dicli.preferences import Harvest

OFFER_AGAIN = 0.02
"""A loss that a plan has passed over is looked at again once it is this much of its basis deeper."""

WORTH_A_LOOK = 0.0003
"""Of the account's value: a harvest day has no plan where the new losses together are less (300 dollars of a million).
They wait for more of them, or for the next scheduled plan.
"""

_WINDOW = dt.timedelta(days=30)


class Lookout:
    """Watches the losses of a book against the [harvest] thresholds, and remembers those that a plan has left."""

    def __init__(self, book: Book, harvest: Harvest) -> None:
        self._book = book
        self._least = float(harvest.min_loss)
        self._part = float(harvest.min_loss_fraction)
        self._offered: dict[str, float] = {}

    def worth_a_look(self, t: int) -> bool:
        """Whether there are losses of WORTH_A_LOOK in lots beyond the thresholds that no purchase of the last 30 days
        stands in the way of, new ones or deeper than when a plan last passed them over.
        """
        book = self._book
        recent = book.panel.dates[t] - _WINDOW
        places, close = book.panel.places, book.panel.close[t]
        found = 0.0
        for lot in book.lots():
            loss = lot.basis - lot.quantity * close[places[lot.symbol]]
            if not (loss >= self._least and loss >= self._part * lot.basis):
                continue
            last = book.ledger.bought(lot.symbol)
            if book.ledger.wash_sales and last is not None and last >= recent and last != lot.acquired:
                continue
            before = self._offered.get(lot.id)
            if before is None or loss / lot.basis >= before + OFFER_AGAIN:
                found += loss
        return found >= WORTH_A_LOOK * book.value()

    def remember(self, t: int) -> None:
        """Losses that the plan of session t left: they are not offered again before they are deeper."""
        places, close = self._book.panel.places, self._book.panel.close[t]
        self._offered = {}
        for lot in self._book.lots():
            loss = lot.basis - lot.quantity * close[places[lot.symbol]]
            if loss > 0.0:
                self._offered[lot.id] = loss / lot.basis
