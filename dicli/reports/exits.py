"""The way out, year by year, as rows; and the frontier of tax against tracking error by its length."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.household import Household
from dicli.model import Column, Figure, Report, Term, Value
from dicli.plan.exits import exit_over
from dicli.plan.reasons import dollars
from dicli.plan.survey import Setting
from dicli.plan.taxes import TaxYear
from dicli.plan.trades import CENT
from dicli.preferences import Preferences
from dicli.reports.targets import fraction

YEARS = (
    Column("year"),
    Column("sold", Figure.MONEY),
    Column("short_gain", Figure.MONEY),
    Column("long_gain", Figure.MONEY),
    Column("tax", Figure.MONEY),
    Column("left", Figure.MONEY),
    Column("tracking_error", Figure.FRACTION),
    Column("lots", Figure.NUMBER),
)
LENGTHS = (
    Column("years", Figure.NUMBER),
    Column("tax", Figure.MONEY),
    Column("tracking_error_first_year", Figure.FRACTION),
    Column("tracking_error_average", Figure.FRACTION),
)


def leave(
    household: Household,
    setting: Setting,
    preferences: Preferences,
    as_of: dt.date,
    *,
    years: int,
    symbol: str | None,
    keep: Decimal,
) -> Report:
    """What to sell in each year, and its tax."""
    year = TaxYear.of(household, preferences, as_of)
    made = exit_over(household, setting, year, as_of, years=years, symbol=symbol, keep=keep)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            str(one.year),
            one.value,
            one.gain(Term.SHORT),
            one.gain(Term.LONG),
            one.tax,
            one.left.quantize(CENT),
            fraction(one.tracking_error),
            Decimal(len(one.slices)),
        )
        for one in made.years
    )
    sales = [
        {"year": one.year, "account": s.lot.account, "symbol": s.lot.symbol, "acquired": s.lot.acquired,
         "value": s.value, "gain": s.gain, "term": str(s.term)}
        for one in made.years for s in one.slices
    ]  # fmt: skip
    kept = [f"{lot.quantity.normalize():f} {lot.symbol} of {lot.acquired} in {lot.account}" for lot in made.kept]
    summary: dict[str, object] = {"tax": made.tax, "tax_at_once": made.at_once, "sales": sales, "kept": kept}
    notes = [*year.notes, *setting.notes]
    if kept:
        worth = sum((lot.quantity * setting.prices[lot.symbol] for lot in made.kept), Decimal(0))
        shown = ", ".join(kept[:3]) + (f" and {len(kept) - 3} more" if len(kept) > 3 else "")
        notes.append(
            f"not worth selling: ${worth:,.0f} in lots of which more than {keep * 100:.0f} % is gain ({shown}): "
            "give them away or leave them to heirs"
        )
    notes.append("prices, income and tax tables are taken to stay as they are; proceeds go into the index")
    all_now = dollars(made.at_once, 0)
    title = f"Out in {years} years: {dollars(made.tax, 0)} of tax, against {all_now} for selling all this year"
    return Report("years", YEARS, rows, summary, title, tuple(notes))


def frontier(
    household: Household,
    setting: Setting,
    preferences: Preferences,
    as_of: dt.date,
    *,
    years: int,
    symbol: str | None,
    keep: Decimal,
) -> Report:
    """Tax against tracking error for every length of the exit up to `years`."""
    year = TaxYear.of(household, preferences, as_of)
    rows: list[tuple[Value, ...]] = []
    for length in range(1, years + 1):
        made = exit_over(household, setting, year, as_of, years=length, symbol=symbol, keep=keep)
        errors = [one.tracking_error for one in made.years] + [made.years[-1].tracking_error] * (years - length)
        rows.append(
            (
                Decimal(length),
                made.tax,
                fraction(errors[0]),
                fraction(sum(errors) / len(errors)),
            )
        )
    return Report("frontier", LENGTHS, tuple(rows), title="Tax against tracking error, by the length of the exit")
