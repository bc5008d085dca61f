"""The same money in the index fund, under the same tax rules: what every figure of a backtest is held against.

The fund earns the index less its fee, pays the index's dividends out at the last session of each quarter (qualified,
reinvested), and is sold by its highest basis first where money goes out. Its shares are one security in a ledger of
its own, so that gains, wash sales and the yearly settlement come from the same engine.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from fractions import Fraction

import numpy as np

from dicli.backtest import schedule
from dicli.backtest.ledger import Ledger
from dicli.backtest.panel import Floats
from dicli.backtest.replay import TAX_DAY, Entry, Replay, managed_account
from dicli.backtest.settlement import Returns, Year, settle
from dicli.household import tax_choices
from dicli.preferences import Preferences
from dicli.tax.books import cent
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact

FUND = "FUND"
DAYS = 252
CENT = Decimal("0.01")
_SHARES = Decimal("0.000001")
_START = 100.0


@dataclass(frozen=True, slots=True)
class Shadow:
    """The fund's side of a replay, by its sessions: `value`, the yearly taxes, what is `owed`, and the books."""

    value: Floats
    taxes: Floats
    years: tuple[Year, ...]
    owed: Decimal
    returns: Returns
    ledger: Ledger
    cashbook: tuple[Entry, ...]
    price: Decimal
    costs: Decimal


def shadow(run: Replay, preferences: Preferences) -> Shadow:
    """Put the replay's flows into the fund."""
    return _Fund(run, preferences).run()


class _Fund:
    def __init__(self, run: Replay, preferences: Preferences) -> None:
        self.run_of = run
        account = replace(managed_account(preferences), lot_method="hifo")
        self.ledger = Ledger(account, tax_choices(preferences), "hifo")
        self.tax = preferences.tax
        self.spread = preferences.costs.of(FUND)
        self.fee = float(preferences.backtest.fund_fee)
        self.reinvest = preferences.backtest.dividends == "reinvest"
        self.returns = Returns.start(preferences.tax)
        self.cash = Decimal(0)
        self.shares = Fraction(0)
        self.price = Decimal(0)
        self.cashbook: list[Entry] = []
        self.years: list[Year] = []
        self.dividends: dict[int, Decimal] = {}
        self.costs = Decimal(0)
        self.number = 0

    def run(self) -> Shadow:
        run = self.run_of
        dates = run.panel.dates
        total, paid = run.panel.index
        quarter_ends = set(schedule.last_of(dates, "quarter", run.first, run.last))
        T = run.last - run.first + 1
        value, taxes = np.zeros(T), np.zeros(T)
        nav, pending = _START, 0.0
        for k in range(T):
            t, day = run.first + k, dates[run.first + k]
            if k:
                pending += nav * paid[t]
                nav *= 1.0 + total[t] - self.fee / DAYS
            self.price = _price(nav)
            if t in quarter_ends and pending > 0.0:
                each = _price(pending)
                nav -= float(each)
                self.price = _price(nav)
                self._distribute(day, each)
                pending = 0.0
            due = self._due(k, day)
            taxes[k] = float(due)
            self._move(day, run.contributed.get(day, Decimal(0)) + due)
            value[k] = float(self.cash) + float(self.shares) * float(self.price)
            if k == T - 1 or dates[t + 1].year != day.year:
                self._close_year(day.year)
        owed = sum((year.tax for year in self.years if not self._paid(year.year)), Decimal(0))
        return Shadow(
            value,
            taxes,
            tuple(self.years),
            owed,
            self.returns,
            self.ledger,
            tuple(self.cashbook),
            self.price,
            self.costs,
        )

    def _paid(self, year: int) -> bool:
        panel, day = self.run_of.panel, dt.date(year + 1, *TAX_DAY)
        return panel.dates[self.run_of.last] >= day and panel.row(day) <= self.run_of.last

    def _due(self, k: int, day: dt.date) -> Decimal:
        due = dt.date(day.year, *TAX_DAY)
        if k == 0 or not self.run_of.dates[k - 1] < due <= day:
            return Decimal(0)
        return -sum((year.tax for year in self.years if year.year == day.year - 1), Decimal(0))

    def _event(self, kind: EventKind, day: dt.date, quantity: Fraction | Decimal, amount: Decimal) -> None:
        self.number += 1
        self.ledger.record([Event(f"fund:{self.number}", kind, day, self.ledger.account.name, FUND, quantity, amount)])
        self.shares += exact(quantity) if kind is EventKind.BUY else -exact(quantity)

    def _book(self, day: dt.date, what: str, amount: Decimal) -> None:
        self.cash += amount
        self.cashbook.append(Entry(day, what, amount))

    def _distribute(self, day: dt.date, each: Decimal) -> None:
        amount = cent(self.shares * exact(each))
        if not amount:
            return
        self.dividends[day.year] = self.dividends.get(day.year, Decimal(0)) + amount
        self._book(day, "distribution", amount)
        if self.reinvest:
            self._buy(day, amount)
        else:
            self._book(day, "distribution paid out", -amount)

    def _move(self, day: dt.date, amount: Decimal) -> None:
        """Money in is invested at once, money out is raised by a sale."""
        if amount:
            self._book(day, "flow", amount)
        if amount > 0:
            self._buy(day, self.cash)
        elif self.cash < 0:
            self._sell(day, -self.cash)

    def _buy(self, day: dt.date, amount: Decimal) -> None:
        """As many shares as the amount buys, the half spread with them."""
        quantity = (amount / (self.price * (1 + self.spread))).quantize(_SHARES, ROUND_DOWN)
        if quantity <= 0:
            return
        value = (quantity * self.price).quantize(CENT, ROUND_HALF_EVEN)
        cost = min((value * self.spread).quantize(CENT, ROUND_HALF_EVEN), max(amount - value, Decimal(0)))
        self._event(EventKind.BUY, day, quantity, value + cost)
        self.costs += cost
        self._book(day, "buy", -value - cost)

    def _sell(self, day: dt.date, amount: Decimal) -> None:
        wanted = (amount / (self.price * (1 - self.spread))).quantize(_SHARES, ROUND_UP)
        quantity = min(exact(wanted), self.shares)
        value = cent(quantity * exact(self.price))
        cost = (value * self.spread).quantize(CENT, ROUND_HALF_EVEN)
        self._event(EventKind.SELL, day, quantity, value - cost)
        self.costs += cost
        self._book(day, "sell", value - cost)

    def _close_year(self, year: int) -> None:
        made, self.returns = settle(
            self.tax,
            year,
            self.run_of.outside,
            self.returns,
            gains=self.ledger.gains(year),
            dividends=self.dividends.get(year, Decimal(0)),
        )
        self.years.append(made)


def _price(nav: float) -> Decimal:
    return Decimal(repr(round(float(nav), 8)))
