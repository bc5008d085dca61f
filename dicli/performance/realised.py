"""What an account's real sales and dividends did to the household's tax, by year: the law of today throughout.

Gains are those of the household's books, wash sales in every account of it taken out (R-SCOPE); a broker's closed lots
stand as its file shows them. The tax is the difference of two returns, with the account and without it (`TaxYears`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dicli.backtest.ledger import Estate
from dicli.backtest.settlement import OpenYear, TaxYears
from dicli.household import Household
from dicli.household.realized import of_year
from dicli.model import Term
from dicli.preferences import Preferences, ShortLong, Tax

ZERO = Fraction(0)
_NOTHING = Estate(ZERO, ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Gains:
    """A year's allowed gains by term (signed) and, of them, losses (positive), in dollars: each sale in cents as Form
    8949 shows it. `unknown`: symbols with sales whose gain or term no file tells, which are not in it.
    """

    short: Fraction
    long: Fraction
    short_losses: Fraction
    long_losses: Fraction
    unknown: tuple[str, ...]


def gains(household: Household, since: Mapping[str, dt.date], until: dt.date, year: int) -> Gains:
    """What the accounts of `since` realised in a year, each from its day on and up to `until`."""
    mine = [
        sale for sale in of_year(household, year) if sale.account in since and since[sale.account] <= sale.sold <= until
    ]
    allowed = [(sale.term, sale.allowed) for sale in mine if sale.allowed is not None]

    def total(term: Term, *, losses: bool) -> Fraction:
        return sum((gain for t, gain in allowed if t is term and (gain < 0 or not losses)), ZERO)

    return Gains(
        total(Term.SHORT, losses=False),
        total(Term.LONG, losses=False),
        -total(Term.SHORT, losses=True),
        -total(Term.LONG, losses=True),
        tuple(sorted({sale.symbol for sale in mine if sale.allowed is None or sale.term is None})),
    )


def tax_by_year(
    found: Mapping[int, tuple[Fraction, Fraction] | None], dividends: Mapping[int, Decimal], tax: Tax
) -> dict[int, Decimal | None]:
    """What gains (short, long) and dividends add to the household's tax, by year (negative: saved). None from the first
    year on whose gains are not known: a loss may have been carried.
    """
    years = TaxYears(tax, elsewhere(tax))
    out: dict[int, Decimal | None] = {}
    lost = False
    for year, made in sorted(found.items()):
        lost = lost or made is None
        paid, day = dividends.get(year, Decimal(0)), dt.date(year, 12, 31)
        years.close(OpenYear(day, made or (ZERO, ZERO), paid, Decimal(0), _NOTHING))
        out[year] = None if lost else years.years[-1].tax
    return out


def elsewhere(tax: Tax) -> ShortLong:
    """The gains of each year outside the account, as [tax] states them."""
    return ShortLong(tax.short_term_gains, tax.long_term_gains)


def tax_of(preferences: Preferences, first: dt.date, as_of: dt.date) -> Tax:
    """[tax] for years from `first` on: its carryover is that of today's year, and what an earlier one began with no
    file tells: nothing.
    """
    return replace(preferences.tax, carryover=ShortLong()) if first.year < as_of.year else preferences.tax
