"""What a share of each name that an account held counts for on each day."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dicli.backtest.panel import Floats
from dicli.household import Household
from dicli.model import TransactionKind
from dicli.performance.closes import Closes, days_said
from dicli.performance.rebuild import Walk
from dicli.performance.record import Record

SHOWN = 8
"""Names that a note lists."""

_TRADES = {TransactionKind.BUY, TransactionKind.SELL, TransactionKind.REINVEST}


class Prices:
    """`each` (T, n): what a share of each name counts for, dollars as traded, NaN where nothing tells; `closed` (T, n):
    where that is the day's own close, or nothing is held; `footing` (T, n): as in Closes.
    """

    def __init__(self, told: Record, household: Household, closes: Closes, walked: Walk) -> None:
        adjusted, footing = closes.adjusted.copy(), closes.footing.copy()
        places = {symbol: column for column, symbol in enumerate(closes.symbols)}
        for symbol, k, ratio in walked.unstated:
            _split(adjusted[:, places[symbol]], footing[:, places[symbol]], k, float(ratio))
        own = np.full(adjusted.shape, np.nan)  # what the account itself paid or got
        for row in told.rows:
            k = closes.place(row.date)
            if row.kind in _TRADES and row.symbol and row.quantity and row.amount and k < len(own):
                column = places[row.symbol]
                own[k, column] = abs(float(row.amount / row.quantity)) / float(footing[k, column])
        self.priced = np.isfinite(adjusted)
        self.closed = self.priced | (walked.shares == 0.0)
        self.footing = footing
        for column in map(int, np.flatnonzero(~self.priced.all(axis=0))):
            quotes = household.quotes.get(closes.symbols[column], ())
            either = np.where(self.priced[:, column], adjusted[:, column], own[:, column])
            filled = _forward(adjusted[:, column])
            for other in (_forward(own[:, column]), _forward(either[::-1])[::-1]):
                filled = np.where(np.isfinite(filled), filled, other)
            if quotes:
                filled = np.where(np.isfinite(filled), filled, float(quotes[-1].price) / footing[-1, column])
            adjusted[:, column] = filled
        self.each = adjusted * footing
        self.notes = self._said(closes, walked)

    def _said(self, closes: Closes, walked: Walk) -> list[str]:
        """The names without a price, those that weighed most first."""
        missing = ~self.closed
        worth = np.where(missing, np.abs(walked.shares * np.nan_to_num(self.each)), 0.0).sum(axis=0)
        columns = sorted(np.flatnonzero(missing.any(axis=0)), key=lambda column: (-worth[column], column))
        said = []
        for column in columns:
            days = [closes.dates[k] for k in np.flatnonzero(missing[:, column])]
            said.append(f"{closes.symbols[column]} ({days_said(days)})")
        return [f"held without a price, so that the last known one stands in: {names_said(said)}"] if said else []


def names_said(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    given = list(names)
    return ", ".join(given[:SHOWN]) + (f" and {len(given) - SHOWN} more" if len(given) > SHOWN else "")


def _split(adjusted: Floats, footing: Floats, k: int, ratio: float) -> None:
    """Put one name's columns on the footing of a split at session k that the prices do not state (in place). Closes
    that jump there by the ratio are as traded; others have it in them already.
    """
    before, after = adjusted[:k][np.isfinite(adjusted[:k])], adjusted[k:][np.isfinite(adjusted[k:])]
    if len(before) and len(after):
        plain, undone = abs(np.log(after[0] / before[-1])), abs(np.log(after[0] * ratio / before[-1]))
        if undone < plain:
            adjusted[:k] /= ratio
    footing[:k] *= ratio


def _forward(column: Floats) -> Floats:
    """Each NaN by the last value before it."""
    places = np.where(np.isfinite(column), np.arange(len(column)), -1)
    last = np.maximum.accumulate(places)
    return np.where(last >= 0, column[last], np.nan)
