"""The yearly tax of a backtest: what the account's gains and dividends do to the household's return.

The household's return is reckoned twice, with the account and without it, each with carryovers of its own. The
difference is the account's tax; it is paid out of the account, and what was saved is paid into it, on the first
session from 15 April on. Dividends are taken as qualified. Tables of years that dicli does not know are those of the
nearest one it knows: the law is today's throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.preferences import ShortLong, Tax
from dicli.tax import rates
from dicli.tax.books import cent
from dicli.tax.netting import Bill, Situation, bill
from dicli.tax.prepare import exact

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the account, dollars. `tax`: what it adds to the household's tax (negative: saved); `carried`: losses
    carried into the next year because of the account (short, long).
    """

    year: int
    short: Decimal
    long: Decimal
    dividends: Decimal
    tax: Decimal
    carried: ShortLong


@dataclass(frozen=True, slots=True)
class Returns:
    """Carryovers into the coming year, as positive dollars: with the account and without it."""

    with_account: tuple[Fraction, Fraction]
    without: tuple[Fraction, Fraction]

    @classmethod
    def start(cls, tax: Tax) -> Returns:
        carried = exact(tax.carryover.short), exact(tax.carryover.long)
        return cls(carried, carried)


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


def settle(
    tax: Tax,
    year: int,
    outside: ShortLong,
    before: Returns,
    *,
    gains: tuple[Fraction, Fraction],
    dividends: Decimal,
) -> tuple[Year, Returns]:
    """The account's tax of a year, to the cent, and the carryovers after it."""
    mine = bill(
        situation(
            tax,
            year,
            outside,
            before.with_account,
            short=gains[0],
            long=gains[1],
            dividends=exact(dividends),
        )
    )
    bare = bill(situation(tax, year, outside, before.without))
    after = Returns(_carry(mine), _carry(bare))
    carried = ShortLong(cent(after.with_account[0] - after.without[0]), cent(after.with_account[1] - after.without[1]))
    return Year(year, cent(gains[0]), cent(gains[1]), dividends, cent(mine.tax - bare.tax), carried), after


def _carry(made: Bill) -> tuple[Fraction, Fraction]:
    return made.netting.carry_short, made.netting.carry_long
