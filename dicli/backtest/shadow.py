"""The same money in the index fund, under the same tax rules: what every figure is held against.

The fund earns the index less its fee, pays the index's dividends out at the last session of each quarter (qualified,
reinvested), and is sold by its highest basis first where money goes out. Its shares are one security in a ledger of
its own, so that gains, wash sales and the yearly settlement come from the same engine. Lots that an account starts with
become lots of the fund of the same value, basis and dates: a gain that was there before is nobody's merit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from fractions import Fraction
from functools import partial

import numpy as np

from dicli.backtest import schedule
from dicli.backtest.book import CENT, Entry
from dicli.backtest.ledger import Ledger
from dicli.backtest.opening import FUND
from dicli.backtest.panel import DAYS, Floats
from dicli.backtest.replay import Replay, managed_account
from dicli.backtest.settlement import OpenYear, Standing, TaxYears, Year
from dicli.household import tax_choices
from dicli.preferences import Preferences, ShortLong
from dicli.tax.books import cent
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact as fraction

_SHARES = Decimal("0.000001")
_START = 100.0


@dataclass(frozen=True, slots=True)
class Track:
    """What the index did: sessions, total returns (T,) and, of them, what was paid out as dividends (T,). The first
    session's returns do not count: money comes in at its close.
    """

    dates: Sequence[dt.date]
    total: Floats
    paid: Floats


@dataclass(frozen=True, slots=True)
class Shadow:
    """The fund's side, by the track's sessions: `value` and the yearly `taxes` (T,), what is `owed`, and the books.
    `standings` are the wealth on each anniversary of the first session.
    """

    value: Floats
    taxes: Floats
    years: tuple[Year, ...]
    standings: tuple[Standing, ...]
    owed: Decimal
    ledger: Ledger
    cashbook: tuple[Entry, ...]
    price: Decimal
    costs: Decimal


def shadow(run: Replay, preferences: Preferences) -> Shadow:
    """Put the replay's flows, and the lots that it started with, into the fund."""
    total, paid = run.panel.index
    track = Track(run.dates, total[run.first : run.last + 1], paid[run.first : run.last + 1])
    return in_fund(track, run.contributed, preferences, run.outside, own=run.own)


def in_fund(
    track: Track,
    flows: Mapping[dt.date, Decimal],
    preferences: Preferences,
    outside: ShortLong,
    *,
    own: Sequence[tuple[Event, Fraction]] = (),
    settles: bool = True,
) -> Shadow:
    """Put `flows` (dollars by session, out: negative) into the fund, with so much of gains a year outside it.

    `own`: purchases of lots that the account started with, and what each was worth at the first close. [backtest]
    fund_fee and dividends, [costs] and [tax] are those of the preferences. Without `settles` the yearly tax is reckoned
    and moves no money: it is paid elsewhere.
    """
    return _Fund(track, preferences, outside, settles=settles).run(flows, own)


class _Fund:
    def __init__(self, track: Track, preferences: Preferences, outside: ShortLong, *, settles: bool) -> None:
        self.track = track
        self.settles = settles
        account = replace(managed_account(preferences), lot_method="hifo")
        self.ledger = Ledger(account, tax_choices(preferences), "hifo")
        self.spread = preferences.costs.of(FUND)
        self.fee = float(preferences.backtest.fund_fee)
        self.reinvest = preferences.backtest.dividends == "reinvest"
        self.tax = TaxYears(preferences.tax, outside, track.dates)
        self.cash = Decimal(0)
        self.shares = Fraction(0)
        self.price = Decimal(0)
        self.cashbook: list[Entry] = []
        self.dividends: dict[int, Decimal] = {}
        self.costs = Decimal(0)
        self.number = 0

    def run(self, flows: Mapping[dt.date, Decimal], own: Sequence[tuple[Event, Fraction]]) -> Shadow:
        dates, total, paid = self.track.dates, self.track.total, self.track.paid
        T = len(dates)
        quarter_ends = set(schedule.last_of(dates, "quarter", 0, T - 1))
        value, taxes = np.zeros(T), np.zeros(T)
        nav, pending = _START, 0.0
        self.price = _price(nav)
        self._start(own)
        for k, day in enumerate(dates):
            due = Decimal(0)
            if k:
                pending += nav * paid[k]
                nav *= 1.0 + total[k] - self.fee / DAYS
                due = self.tax.due(dates[k - 1], day) if self.settles else due
            self.price = _price(nav)
            if k in quarter_ends and pending > 0.0:
                each = _price(pending)
                nav -= float(each)
                self.price = _price(nav)
                self._distribute(day, each)
                pending = 0.0
            taxes[k] = float(due)
            self._move(day, flows.get(day, Decimal(0)), due)
            value[k] = float(self.cash) + float(self.shares) * float(self.price)
            self.tax.evening(k, self.ledger, partial(self._so_far, day), self._worth)
        return Shadow(
            value=value,
            taxes=taxes,
            years=tuple(self.tax.years),
            standings=tuple(self.tax.standings),
            owed=self.tax.owed(dates[-1]),
            ledger=self.ledger,
            cashbook=tuple(self.cashbook),
            price=self.price,
            costs=self.costs,
        )

    def _start(self, own: Sequence[tuple[Event, Fraction]]) -> None:
        lots = []
        for lot, worth in own:
            quantity = worth / fraction(self.price)
            used = quantity if lot.replaced else None
            lots.append(replace(lot, account=self.ledger.account.name, symbol=FUND, quantity=quantity, replaced=used))
            self.shares += quantity
        if lots:
            self.ledger.record(lots)

    def _trade(self, kind: EventKind, day: dt.date, quantity: Fraction | Decimal, amount: Decimal) -> None:
        self.number += 1
        self.ledger.record([Event(f"fund:{self.number}", kind, day, self.ledger.account.name, FUND, quantity, amount)])
        self.shares += fraction(quantity) if kind is EventKind.BUY else -fraction(quantity)

    def _book(self, day: dt.date, what: str, amount: Decimal) -> None:
        self.cash += amount
        self.cashbook.append(Entry(day, what, amount))

    def _distribute(self, day: dt.date, each: Decimal) -> None:
        amount = cent(self.shares * fraction(each))
        if not amount:
            return
        self.dividends[day.year] = self.dividends.get(day.year, Decimal(0)) + amount
        self._book(day, "distribution", amount)
        if self.reinvest:
            self._buy(day, amount)
        else:
            self._book(day, "distribution paid out", -amount)

    def _move(self, day: dt.date, flow: Decimal, tax: Decimal) -> None:
        """Money in is invested at once, money out is raised by a sale."""
        for what, amount in (("flow", flow), ("tax", tax)):
            if amount:
                self._book(day, what, amount)
        if flow + tax > 0:
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
        self._trade(EventKind.BUY, day, quantity, value + cost)
        self.costs += cost
        self._book(day, "buy", -value - cost)

    def _sell(self, day: dt.date, amount: Decimal) -> None:
        wanted = (amount / (self.price * (1 - self.spread))).quantize(_SHARES, ROUND_UP)
        quantity = min(fraction(wanted), self.shares)
        if not quantity:  # more was taken out than there was: the debt stays in its cash
            return
        value = cent(quantity * fraction(self.price))
        cost = (value * self.spread).quantize(CENT, ROUND_HALF_EVEN)
        self._trade(EventKind.SELL, day, quantity, value - cost)
        self.costs += cost
        self._book(day, "sell", value - cost)

    def _worth(self) -> Decimal:
        return self.cash + cent(self.shares * fraction(self.price))

    def _so_far(self, day: dt.date) -> OpenYear:
        estate = self.ledger.estate({FUND: fraction(self.price) * (1 - fraction(self.spread))}, day)
        paid = self.dividends.get(day.year, Decimal(0))
        return OpenYear(day, self.ledger.gains(day.year), paid, self.cash, estate)


def _price(nav: float) -> Decimal:
    return Decimal(repr(round(float(nav), 8)))
