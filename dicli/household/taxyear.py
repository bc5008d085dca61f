"""A tax year of the household: what its accounts realised, with what the preferences say of the rest of the return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import TaxSale, of_year
from dicli.model import Owner, Term
from dicli.preferences import Preferences
from dicli.preferences.schema import FilingStatus, ShortLong
from dicli.tax import rates
from dicli.tax.books import decimal
from dicli.tax.netting import Situation


@dataclass(frozen=True, slots=True)
class YearSoFar:
    """`situation`: the year with what is expected elsewhere. `realised`: of it, the accounts' own gains, signed, wash
    sales taken out. `notes`: what was taken for granted.
    """

    situation: Situation
    realised: ShortLong
    notes: tuple[str, ...]


def realised(sales: Sequence[TaxSale]) -> ShortLong:
    """The allowed gains of the sales that are known, signed, in dollars."""
    sums = {Term.SHORT: Fraction(0), Term.LONG: Fraction(0)}
    for sale in sales:
        if sale.allowed is not None and sale.term is not None:
            sums[sale.term] += sale.allowed
    return ShortLong(decimal(sums[Term.SHORT]), decimal(sums[Term.LONG]))


def return_accounts(household: Household, preferences: Preferences) -> frozenset[str]:
    """The taxable accounts whose sales belong on the return: both spouses' on a joint one, else only `you`'s."""
    joint = preferences.tax.filing_status is FilingStatus.MFJ
    return frozenset(a.name for a in household.accounts if a.taxable and (joint or a.owner is Owner.YOU))


def so_far(
    household: Household, preferences: Preferences, year: int, sales: Sequence[TaxSale] | None = None
) -> YearSoFar:
    """The tax year as the return will see it; `sales` are the household's of that year where they are at hand already.

    tax.year_to_date stands in for what the files show. Outside the years whose tables are known, the nearest one's are
    used.
    """
    tax = preferences.tax
    notes: list[str] = []
    table = max(min(rates.years()), min(year, max(rates.years())))
    if table != year:
        notes.append(f"the tax tables of {year} are not known: those of {table} are used")
    if tax.year_to_date is not None:
        own = tax.year_to_date
    else:
        mine = return_accounts(household, preferences)
        found = [sale for sale in (of_year(household, year) if sales is None else sales) if sale.account in mine]
        own = realised(found)
        unknown = sum(1 for sale in found if sale.unknown)
        if unknown:
            notes.append(
                f"{unknown} sales of {year} have a gain or term that no file tells: "
                "the year's tax is reckoned without them"
            )
    situation = Situation(
        year=table,
        status=rates.FilingStatus(tax.filing_status.value),
        ordinary_income=Fraction(tax.taxable_income),
        short=Fraction(own.short) + Fraction(tax.short_term_gains),
        long=Fraction(own.long) + Fraction(tax.long_term_gains),
        carry_short=Fraction(tax.carryover.short),
        carry_long=Fraction(tax.carryover.long),
        magi=Fraction(tax.magi if tax.magi is not None else tax.taxable_income),
        state_rate=Fraction(tax.state_rate),
    )
    return YearSoFar(situation, own, tuple(notes))


def without_gains(situation: Situation) -> Situation:
    """The same return with no capital gain, loss or carryover at all."""
    zero = Fraction(0)
    return replace(situation, short=zero, long=zero, carry_short=zero, carry_long=zero)
