"""The account that is replayed, as it stands: its ledger, its cash, and both in float64 beside the panel.

The ledger and the cash are exact; the arrays are read off them, for values and weights.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from dicli.backtest.ledger import Estate, Ledger
from dicli.backtest.panel import Floats, Panel, exact
from dicli.model import Account
from dicli.preferences import Costs
from dicli.tax.ledger import Event
from dicli.tax.prepare import exact as fraction

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of the account's cash: what it was for, and dollars (in: positive)."""

    date: dt.date
    what: str
    amount: Decimal


class LotRow(NamedTuple):
    """An open lot as a glance needs it: shares and dollars of basis in float64."""

    id: str
    symbol: str
    quantity: float
    basis: float
    acquired: dt.date


class Book:
    """Cash moves through `move`, lots through `record`; `spent` are the half spreads paid, by day, and `dividends` what
    came in, by year.
    """

    def __init__(self, panel: Panel, account: Account, ledger: Ledger, costs: Costs) -> None:
        self.panel = panel
        self.account = account
        self.ledger = ledger
        self.costs = costs
        self.cash = Decimal(0)
        self.cashbook: list[Entry] = []
        self.spent: dict[dt.date, Decimal] = {}
        self.dividends: dict[int, Decimal] = {}
        self.shares = np.zeros(len(panel.symbols))
        self.last_close = np.zeros(len(panel.symbols))
        self._lots: list[LotRow] | None = None
        self._number = 0

    def move(self, day: dt.date, what: str, amount: Decimal) -> None:
        self.cash += amount
        self.cashbook.append(Entry(day, what, amount))

    def spend(self, day: dt.date, cost: Decimal) -> None:
        """Count a half spread; the cash for it moves with its trade."""
        self.spent[day] = self.spent.get(day, Decimal(0)) + cost

    def half_spread(self, symbol: str, value: Decimal) -> Decimal:
        """Of a trade of so many dollars, in cents."""
        return (value * self.costs.of(symbol)).quantize(CENT, ROUND_HALF_EVEN)

    def name(self, what: str, symbol: str, day: dt.date) -> str:
        """An id for an event, the only one of its kind."""
        self._number += 1
        return f"{day}:{what}:{symbol}:{self._number}"

    def record(self, events: Sequence[Event]) -> None:
        """Book one day's events in order, and bring the arrays up to the books."""
        if not events:
            return
        self.ledger.record(events)
        self._lots = None
        for symbol in dict.fromkeys(event.symbol for event in events):
            if symbol in self.panel.places:  # a spun-off company is sold before it gets a place
                self.shares[self.panel.places[symbol]] = float(self.quantity(symbol))

    def quantity(self, symbol: str) -> Fraction:
        return sum((lot.quantity for lot in self.ledger.of(symbol)), Fraction(0))

    def lots(self) -> list[LotRow]:
        if self._lots is None:
            self._lots = [
                LotRow(lot.id, lot.symbol, float(lot.quantity), float(lot.basis), lot.acquired)
                for lot in self.ledger.lots()
            ]
        return self._lots

    def start(self, t: int, lots: Sequence[Event]) -> None:
        """Take in the lots that are there before session t, and the last closes known then."""
        self.last_close = np.nan_to_num(self.panel.last_close(t))
        self.record(lots)

    def see(self, t: int) -> None:
        """Take in the closes of session t; a name without one keeps its last."""
        close = self.panel.close[t]
        self.last_close = np.where(np.isfinite(close), close, self.last_close)

    def price(self, symbol: str) -> Decimal:
        """The last close of a name of the panel."""
        return exact(float(self.last_close[self.panel.places[symbol]]))

    def value(self) -> float:
        """Dollars at the last closes, cash included."""
        return float(self.cash) + float(self.shares @ self.last_close)

    def weights(self) -> Floats:
        """Of the stocks (n,), fractions of the whole account."""
        held = self.shares * self.last_close
        return np.asarray(held / (held.sum() + float(self.cash)))

    def estate(self, day: dt.date) -> Estate:
        """Everything sold at the last closes, each name at its half spread."""
        prices = {}
        for symbol in self.ledger.held():
            prices[symbol] = fraction(self.price(symbol)) * (1 - fraction(self.costs.of(symbol)))
        return self.ledger.estate(prices, day)

    def ossified(self) -> float:
        """The share of the stocks' value that is in lots with a gain of over half of their basis."""
        whole = stuck = 0.0
        for lot in self.lots():
            worth = lot.quantity * float(self.last_close[self.panel.places[lot.symbol]])
            whole += worth
            stuck += worth if worth > 1.5 * lot.basis else 0.0
        return stuck / whole if whole else 0.0
