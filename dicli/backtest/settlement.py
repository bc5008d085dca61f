"""The yearly tax of a backtest: what the account's gains and dividends do to the household's return.

The household's return is reckoned twice, with the account and without it, each with carryovers of its own. The
difference is the account's tax; it is paid out of the account, and what was saved is paid into it, on the first
session from 15 April on. Dividends are taken as qualified. Tables of years that dicli does not know are those of the
nearest one it knows: the law is today's throughout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from dicli.backtest.ledger import Estate, Ledger
from dicli.backtest.schedule import anniversaries
from dicli.preferences import ShortLong, Tax
from dicli.tax import rates
from dicli.tax.books import cent
from dicli.tax.netting import Bill, Situation, bill
from dicli.tax.prepare import exact

ZERO = Fraction(0)
TAX_DAY = (4, 15)
Carried: TypeAlias = tuple[Fraction, Fraction]
"""Losses carried (short, long), positive dollars."""


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the account, dollars. `tax`: what it adds to the household's tax (negative: saved); `carried`: losses
    carried into the next year because of the account (short, long). `liquidated`: what would be left if everything were
    sold on its last session and all tax paid, that of the year reckoned with those gains.
    """

    year: int
    short: Decimal
    long: Decimal
    dividends: Decimal
    tax: Decimal
    carried: ShortLong
    liquidated: Decimal


def situation(
    tax: Tax,
    year: int,
    outside: ShortLong,
    carry: tuple[Fraction, Fraction],
    *,
    short: Fraction = ZERO,
    long: Fraction = ZERO,
    dividends: Fraction = ZERO,
) -> Situation:
    """The household's return of a year with so much from the account."""
    known = rates.years()
    return Situation(
        year=max(min(known), min(year, max(known))),
        status=rates.FilingStatus(tax.filing_status.value),
        ordinary_income=exact(tax.taxable_income),
        qualified_dividends=dividends,
        short=short + exact(outside.short),
        long=long + exact(outside.long),
        carry_short=carry[0],
        carry_long=carry[1],
        magi=exact(tax.magi if tax.magi is not None else tax.taxable_income) + dividends,
        state_rate=exact(tax.state_rate),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Wealth on an anniversary of the start, the tax of the year so far paid as well: `kept` while everything is held
    on, `sold` after a sale of everything.
    """

    day: dt.date
    kept: Decimal
    sold: Decimal


@dataclass(frozen=True, slots=True)
class OpenYear:
    """An open tax year on `day`: `gains` (short, long) that are allowed, `dividends`, and what a sale of everything
    would leave: `cash` beside the proceeds of `estate`.
    """

    day: dt.date
    gains: tuple[Fraction, Fraction]
    dividends: Decimal
    cash: Decimal
    estate: Estate


class TaxYears:
    """The tax years of one account as they close, and the sessions on which their tax moves."""

    def __init__(self, tax: Tax, outside: ShortLong, dates: Sequence[dt.date] = ()) -> None:
        """`dates` are the sessions whose evenings `evening` is told of."""
        self.tax = tax
        self.outside = outside
        self.years: list[Year] = []
        self.standings: list[Standing] = []
        carried = exact(tax.carryover.short), exact(tax.carryover.long)
        self.with_account = carried  # (short, long) losses carried into the coming year, positive dollars
        self.without = carried
        self._closed: tuple[OpenYear, Carried, Carried] | None = None  # the last year, and what was carried into it
        self._dates = dates
        self._anniversaries = set(anniversaries(dates, 0, len(dates) - 1)) if dates else set()

    def evening(self, k: int, ledger: Ledger, so_far: Callable[[], OpenYear], value: Callable[[], Decimal]) -> None:
        """After the trades of session k: what January's purchases change of the year before, the standing on an
        anniversary of the first session (`value` is that of everything held, cash included), the end of the year.
        """
        day = self._dates[k]
        if day.month == 1:
            self.revise(ledger.gains)
        if k in self._anniversaries:
            self.standings.append(self.standing(so_far(), value()))
        if k == len(self._dates) - 1 or self._dates[k + 1].year != day.year:
            self.close(so_far())

    def close(self, so_far: OpenYear) -> None:
        """End the year on its last session; `revise` has the last word on it in January."""
        self._closed = so_far, self.with_account, self.without
        self._settle(so_far, self._sold(so_far))

    def revise(self, gains: Callable[[int], tuple[Fraction, Fraction]]) -> None:
        """Settle the year that was closed last once more, by its `gains` (short, long) as they stand now: a purchase of
        January washes a loss of December (R-WINDOW, R-YEAREND). What a sale of everything would have left stays.
        """
        if self._closed is None:
            return
        so_far, with_account, without = self._closed
        now = gains(so_far.day.year)
        if now != so_far.gains:
            self.with_account, self.without = with_account, without
            self._closed = replace(so_far, gains=now), with_account, without
            self._settle(self._closed[0], self.years.pop().liquidated)

    def _settle(self, so_far: OpenYear, sold: Decimal) -> None:
        day, (short, long) = so_far.day, so_far.gains
        mine, bare = self._bills(so_far, so_far.gains)
        self.with_account, self.without = _carry(mine), _carry(bare)
        carried = ShortLong(*(cent(a - b) for a, b in zip(self.with_account, self.without, strict=True)))
        tax = cent(mine.tax - bare.tax)
        self.years.append(Year(day.year, cent(short), cent(long), so_far.dividends, tax, carried, sold))

    def standing(self, so_far: OpenYear, value: Decimal) -> Standing:
        """Wealth on a day of a year that stays open; `value` is that of everything held, cash included."""
        kept = value - self.owed(so_far.day) - self._added(so_far, so_far.gains)
        return Standing(so_far.day, kept, self._sold(so_far))

    def _sold(self, so_far: OpenYear) -> Decimal:
        """What is left of a sale of everything after all tax."""
        (short, long), estate = so_far.gains, so_far.estate
        tax = self._added(so_far, (short + estate.short, long + estate.long))
        return so_far.cash + cent(estate.proceeds) - self.owed(so_far.day) - tax

    def _added(self, so_far: OpenYear, gains: tuple[Fraction, Fraction]) -> Decimal:
        """What the account, with so much of gains, adds to the household's tax of the year."""
        mine, bare = self._bills(so_far, gains)
        return cent(mine.tax - bare.tax)

    def _bills(self, so_far: OpenYear, gains: tuple[Fraction, Fraction]) -> tuple[Bill, Bill]:
        """The household's return with the account and without it."""
        year, paid = so_far.day.year, exact(so_far.dividends)
        mine = situation(self.tax, year, self.outside, self.with_account, short=gains[0], long=gains[1], dividends=paid)
        return bill(mine), bill(situation(self.tax, year, self.outside, self.without))

    def due(self, before: dt.date, day: dt.date) -> Decimal:
        """What moves on session `day`, the one after `before`: negative where tax is paid."""
        moves = dt.date(day.year, *TAX_DAY)
        if not before < moves <= day:
            return Decimal(0)
        return -sum((year.tax for year in self.years if year.year == day.year - 1), Decimal(0))

    def owed(self, day: dt.date) -> Decimal:
        """The tax of closed years that has not moved by the evening of `day`."""
        return sum((year.tax for year in self.years if dt.date(year.year + 1, *TAX_DAY) > day), Decimal(0))


def _carry(made: Bill) -> Carried:
    return made.netting.carry_short, made.netting.carry_long
