"""Lots to give: the long-term lots with the most gain per dollar, so that a gift avoids the most tax (R-GIVE)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from dicli.errors import DicliError, Fault
from dicli.household import Household
from dicli.model import Column, Figure, Lot, Report, Term, Value
from dicli.plan.taxes import Realised, TaxYear
from dicli.plan.trades import CENT, FRACTIONAL, WHOLE
from dicli.preferences import Preferences
from dicli.tax.term import term

DONATE = (
    Column("account"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("acquired", Figure.DATE),
    Column("basis", Figure.MONEY, brief=False),
    Column("value", Figure.MONEY),
    Column("gain", Figure.MONEY),
    Column("tax_avoided", Figure.MONEY),
    Column("reason"),
)


def donate(
    household: Household,
    prices: Mapping[str, Decimal],
    preferences: Preferences,
    as_of: dt.date,
    amount: Decimal,
) -> Report:
    """Lots worth `amount` dollars together, or as much as there is. `tax_avoided` is what selling the lot instead would
    cost this year, by the tax engine, after the lots above it.

    Raises DicliError for an amount that is not above zero, and where no lot is fit to give.
    """
    if amount <= 0:
        raise DicliError(Fault("dicli donate", f"{amount} is no amount to give", "Write dollars: dicli donate 20000."))
    year = TaxYear.of(household, preferences, as_of)
    fit, refused = _sorted_out(household, prices, as_of)
    left, rows = amount, []
    given = Realised()
    for share, lot in fit:
        if left <= 0:
            break
        price = prices[lot.symbol]
        quantum = FRACTIONAL if household.account(lot.account).fractional else WHOLE
        quantity = lot.quantity if lot.quantity * price <= left else (left / price).quantize(quantum, ROUND_DOWN)
        if quantity <= 0:
            continue
        value = (quantity * price).quantize(CENT)
        basis = (lot.basis or Decimal(0)) * quantity / lot.quantity
        after = Realised(given.short, given.long + value - basis)
        avoided = year.tax(after).now - year.tax(given).now
        given = after
        left -= value
        row: tuple[Value, ...] = (
            lot.account,
            lot.symbol,
            quantity,
            lot.acquired,
            basis.quantize(CENT),
            value,
            (value - basis).quantize(CENT),
            avoided,
            f"long-term, {share * 100:.0f} % of it is gain",
        )
        rows.append(row)
    if not rows:
        raise DicliError(
            Fault("dicli donate", "no lot is fit to give: " + "; ".join(refused or ["there are none"]), "Give cash.")
        )
    total = sum((row[5] for row in rows if isinstance(row[5], Decimal)), Decimal(0))
    saved = year.tax(given).now
    notes = list(refused)
    if left > amount / 100:
        notes.append(f"{left:,.2f} of it cannot be given in such lots: give cash for the rest")
    notes.append("the deduction itself depends on your return (itemising, 30 % of AGI) and is not reckoned here")
    title = f"Give ${total:,.0f} in {len(rows)} lots: avoids ${saved:,.0f} of tax against selling them"
    return Report("lots", DONATE, tuple(rows), {"value": total, "tax_avoided": saved}, title, tuple(notes))


def _sorted_out(
    household: Household, prices: Mapping[str, Decimal], as_of: dt.date
) -> tuple[list[tuple[Decimal, Lot]], list[str]]:
    """Lots fit to give with the share of gain in their value, most first, and why the others are not."""
    fit: list[tuple[Decimal, Lot]] = []
    losing = short = unknown = 0
    for lot in household.lots:
        price = prices.get(lot.symbol)
        unsettled = lot.symbol in household.unsettled(lot.account)
        if not household.account(lot.account).taxable or price is None or unsettled:
            continue
        start = lot.holding_from or lot.acquired
        if start is None or lot.basis is None:
            unknown += 1
        elif lot.quantity * price < lot.basis:
            losing += 1
        elif term(start, as_of) is Term.SHORT:
            short += 1
        elif lot.quantity * price > lot.basis:
            fit.append((1 - lot.basis / (lot.quantity * price), lot))
    refused = []
    if losing:
        refused.append(f"{losing} lots at a loss are not given: sell them, take the loss, and give the cash (R-GIVE)")
    if short:
        refused.append(f"{short} short-term lots are not given: their deduction is the basis only (R-GIVE)")
    if unknown:
        refused.append(f"{unknown} lots of unknown date or basis are not given")
    return sorted(fit, key=lambda one: (-one[0], one[1].account, one[1].symbol, one[1].id)), refused
