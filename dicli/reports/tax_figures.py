"""The figures of a tax year: what Form 8949, Schedule D and the tax tables make of the household's sales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import TaxSale, of_year
from dicli.household.taxyear import YearSoFar, return_accounts, so_far, without_gains
from dicli.model import Value
from dicli.preferences import Preferences
from dicli.tax import form8949, netting, rates
from dicli.tax.books import cent, decimal
from dicli.tax.form8949 import Row8949

ZERO = Fraction(0)
Money = Callable[[Sequence[Fraction]], Decimal]


@dataclass(frozen=True, slots=True)
class TaxYearFigures:
    """All that the reports of one tax year are made of. `sales` are those of the return's own accounts, `others` the
    spouse's where the return is not joint. `lines` are the form's, None for sales with something unknown.

    `money` rounds a sum as the form does: to cents, or to whole dollars everywhere (R-ROUND).
    """

    household: Household
    preferences: Preferences
    year: int
    sales: tuple[TaxSale, ...]
    lines: tuple[Row8949 | None, ...]
    made: YearSoFar
    money: Money
    others: int = 0


def _to_cents(values: Sequence[Fraction]) -> Decimal:
    return cent(sum(values, ZERO))


def _to_dollars(values: Sequence[Fraction]) -> Decimal:
    return Decimal(form8949.whole_dollars(values))


def gather(household: Household, preferences: Preferences, year: int, *, whole_dollars: bool) -> TaxYearFigures:
    """Read the year out of the household."""
    whole_household = of_year(household, year, shown=True)
    mine = return_accounts(household, preferences)
    sales = tuple(sale for sale in whole_household if sale.account in mine)
    made = so_far(household, preferences, year, sales)
    lines = tuple(None if sale.unknown else line_of(sale) for sale in sales)
    money = _to_dollars if whole_dollars else _to_cents
    others = len(whole_household) - len(sales)
    this = TaxYearFigures(household, preferences, year, sales, lines, made, money, others)
    if not whole_dollars:
        return this
    whole = made.situation
    own = made.realised
    short, long = Fraction(own.short), Fraction(own.long)
    if preferences.tax.year_to_date is None:
        totals = form8949.totals(line for line in lines if line is not None)
        short = sum((Fraction(this.money([t.h])) for t in totals if t.part == "I"), ZERO)
        long = sum((Fraction(this.money([t.h])) for t in totals if t.part == "II"), ZERO)
    tax = preferences.tax
    whole = replace(
        whole,
        short=short + Fraction(this.money([Fraction(tax.short_term_gains)])),
        long=long + Fraction(this.money([Fraction(tax.long_term_gains)])),
        carry_short=Fraction(this.money([whole.carry_short])),
        carry_long=Fraction(this.money([whole.carry_long])),
    )
    return replace(this, made=replace(made, situation=whole))


def line_of(sale: TaxSale) -> Row8949:
    """A sale's line of the form (R-COLS): (e) the basis that the 1099-B shows, with codes for what is wrong in it.

    Where the broker's file does not say whether basis is reported to the IRS, the purchase date decides (R-COVERED).
    """
    shown = sale.shown
    covered = shown.covered if shown is not None else None
    if covered is None:
        covered = sale.acquired is None or form8949.covered("stock", sale.acquired.year)
    entry = form8949.entry(
        sale.row(),
        basis_reported=covered,
        basis_1099=None if shown is None else shown.basis,
        broker_term=None if shown is None else shown.term,
        broker_wash=None if shown is None else shown.disallowed,
    )
    above = ZERO if shown is None or shown.proceeds is None else shown.proceeds - entry.proceeds
    if above > 0:  # R-CODE-E: the form shows the proceeds before costs that the history has taken off
        entry = replace(entry, proceeds=entry.proceeds + above, selling_expense=above)
    if sale.acquired is None and not sale.inherited:
        entry = replace(entry, acquired="VARIOUS")
    return form8949.row(entry)


def boxes_of(this: TaxYearFigures) -> list[dict[str, Value]]:
    return [
        {
            "box": box.box,
            "part": box.part,
            "line": box.schedule_d_line,
            "rows": box.rows,
            "proceeds": this.money([box.d]),
            "basis": this.money([box.e]),
            "adjustment": this.money([box.g]),
            "gain": this.money([box.h]),
        }
        for box in form8949.totals(line for line in this.lines if line is not None)
    ]


def rated(this: TaxYearFigures) -> bool:
    """Whether the year's tables are known, or those of an earlier year can stand in for them."""
    return this.year >= min(rates.years())


def net(this: TaxYearFigures) -> netting.Netting:
    s = this.made.situation
    if rated(this):
        return netting.bill(s).netting
    return netting.net(s.short, s.long, s.status, carry_short=s.carry_short, carry_long=s.carry_long)


def tax_added(this: TaxYearFigures) -> dict[str, Decimal | None]:
    """What all of the year's gains, losses and carryovers add to its tax (negative: they save it), and how much of it
    is by the accounts read here. None where the year's tables are not known.
    """
    names = ("tax_added_federal", "tax_added_niit", "tax_added_state", "tax_added", "tax_added_by_these_accounts")
    if not rated(this):
        return dict.fromkeys(names)
    s, own = this.made.situation, this.made.realised
    whole, clean = netting.bill(s), netting.bill(without_gains(s))
    others = netting.bill(replace(s, short=s.short - Fraction(own.short), long=s.long - Fraction(own.long)))
    parts = (whole.federal - clean.federal, whole.niit - clean.niit, whole.state - clean.state)
    figures = [*(this.money([part]) for part in parts), this.money(parts), this.money([whole.tax - others.tax])]
    return dict(zip(names, figures, strict=True))


KINDS = ("short_gain", "long_gain", "short_loss", "long_loss")


def marginal(this: TaxYearFigures) -> dict[str, dict[str, Decimal]]:
    """Per dollar of the next gain or loss: tax added this year (negative: saved), and loss carried to the next."""
    if not rated(this):
        return {}
    found = netting.marginal(this.made.situation)
    return {
        kind: {
            "tax_now": decimal(getattr(found, kind).tax_now),
            "carried_short": decimal(getattr(found, kind).carried_short),
            "carried_long": decimal(getattr(found, kind).carried_long),
        }
        for kind in KINDS
    }
