"""Our realised rows against the brokers' realised files: what differs, and the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import TaxSale, of_year
from dicli.model import Column, Figure, Report, Value
from dicli.tax.books import cent, decimal
from dicli.tax.reconcile import Difference, Side, reconcile

RECONCILIATION = (
    Column("account"),
    Column("symbol"),
    Column("sold", Figure.DATE),
    Column("acquired", Figure.DATE, brief=False),
    Column("what"),
    Column("ours"),
    Column("theirs"),
    Column("difference", Figure.TEXT),
    Column("expected", brief=False),
    Column("reason"),
)


def reconciliation(household: Household, year: int) -> Report:
    """A row for each figure of a sale that differs; a finding where a difference is not one that the rules explain.

    Sales are compared by account, symbol, day of sale and day of purchase, in the accounts that have a realised file
    of the year.
    """
    theirs = [sale for sale in household.reported if sale.sold.year == year]
    taxable = {account.name for account in household.accounts if account.taxable}
    theirs = [sale for sale in theirs if sale.account in taxable]
    accounts = {sale.account for sale in theirs}
    sales = [sale for sale in of_year(household, year) if sale.account in accounts]
    unknown = [sale for sale in sales if sale.unknown]
    doubtful = {(sale.account, sale.symbol, sale.sold) for sale in unknown}
    ours = [sale.row() for sale in sales if not sale.unknown and _key(sale) not in doubtful]
    found = reconcile(ours, [sale for sale in theirs if (sale.account, sale.symbol, sale.sold) not in doubtful])
    rows = [row for difference in found for row in _rows(difference)]
    rows += [(s.account, s.symbol, s.sold, s.acquired, "unknown", None, None, None, False, s.unknown) for s in unknown]
    if not theirs:
        title = f"No broker's realised file shows a sale of {year}"
    else:
        title = f"Tax year {year}: {len(theirs)} lots in brokers' files, {len(found)} sales differ from ours"
    unexpected = [difference for difference in found if not difference.expected]
    summary: dict[str, object] = {
        "year": year,
        "their_lots": len(theirs),
        "differences": len(found),
        "unexplained_differences": len(unexpected),
        "unknown_rows": len(unknown),
    }
    notes = _not_compared(household, accounts, year)
    return Report("reconciliation", RECONCILIATION, tuple(rows), summary, title, notes, bool(unexpected or unknown))


def _key(sale: TaxSale) -> tuple[str, str, dt.date]:
    return sale.account, sale.symbol, sale.sold


def _not_compared(household: Household, accounts: Iterable[str], year: int) -> tuple[str, ...]:
    others = sorted({sale.account for sale in household.realized(year)} - set(accounts))
    return tuple(f"{name} has sales and no realised file: nothing to compare" for name in others)


def _rows(difference: Difference) -> list[tuple[Value, ...]]:
    reason = "; ".join(difference.reasons) or "no rule explains it: compare the files with the broker's statement"
    head = (difference.account, difference.symbol, difference.sold, difference.acquired)
    rows: list[tuple[Value, ...]] = []
    for what in difference.fields:
        if what == "row":
            sides = (_shares(difference.ours), _shares(difference.theirs))
            rows.append((*head, what, *sides, None, difference.expected, reason))
            continue
        ours, theirs = _figure(difference.ours, what), _figure(difference.theirs, what)
        gap = ours - theirs if isinstance(ours, Decimal) and isinstance(theirs, Decimal) else None
        rows.append((*head, what, ours, theirs, gap, difference.expected, reason))
    return rows


def _shares(side: Side | None) -> Value:
    return None if side is None else f"{decimal(side.quantity).normalize():f} shares"


def _figure(side: Side | None, what: str) -> Value:
    if side is None:
        return None
    if what == "term":
        return " and ".join(side.terms)
    value: Fraction | None = getattr(side, what)
    if value is None:
        return None
    return decimal(value) if what == "quantity" else cent(value)
