"""What each losing lot is worth to sell today, and what stands in the way (R-HARVEST)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from dicli.household import Household, windows
from dicli.model import Lot
from dicli.plan.taxes import TaxYear
from dicli.plan.trades import CENT
from dicli.preferences import Harvest, Preferences
from dicli.tax import harvest
from dicli.tax.books import decimal
from dicli.tax.harvest import Opportunity


class Status(StrEnum):
    """Whether a loss may be taken. `tainted`: a purchase defers all or part of it; `permanent`: a purchase in a
    tax-free account would lose all or part of it for good; `unknown`: the files do not tell enough.
    """

    CLEAR = "clear"
    TAINTED = "tainted"
    PERMANENT = "permanent"
    TOO_SMALL = "too small"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Loss:
    """One losing lot. `large`: it passes the [harvest] thresholds. `tax_value`: dollars of tax that its allowed loss
    saves this year, by the tax engine, on top of the year so far. Figures are None where they cannot be known.
    """

    lot: str
    account: str
    symbol: str
    quantity: Decimal
    price: Decimal
    opportunity: Opportunity | None
    status: Status
    large: bool
    tax_value: Decimal | None
    reason: str


def find(
    household: Household,
    prices: Mapping[str, Decimal],
    preferences: Preferences,
    year: TaxYear,
    as_of: dt.date,
    *,
    valued: bool = True,
) -> tuple[Loss, ...]:
    """Every losing lot of the household's taxable accounts, largest tax value first, and lots that may be losing but
    whose date or basis no file tells (status `unknown`).

    Without `valued` no `tax_value` is reckoned, and names in which no lot passes the thresholds are left out: enough
    for a plan, and most of the time saved.
    """
    found = harvest.opportunities(
        household.tax_accounts,
        household.events,
        as_of=as_of,
        prices=_losing(household, prices, None if valued else preferences.harvest),
        choices=household.choices,
        identical=household.identical,
        method=household.methods,
    )
    doubts = windows.doubts(household, as_of)
    no_basis = {lot.id for lot in household.lots if lot.basis is None}
    losses = [
        _judged(opportunity, household, preferences, year if valued else None, doubts)
        for opportunity in found
        if opportunity.lot not in no_basis
    ]
    taxable = {account.name for account in household.accounts if account.taxable}
    losses += [
        _of_unknown(lot, prices[lot.symbol])
        for lot in household.lots
        if lot.account in taxable and lot.symbol in prices and (lot.acquired is None or lot.basis is None)
    ]
    return tuple(
        sorted(losses, key=lambda loss: (-(loss.tax_value or Decimal(0)), loss.account, loss.symbol, loss.lot))
    )


def _losing(household: Household, prices: Mapping[str, Decimal], thresholds: Harvest | None) -> dict[str, Decimal]:
    """The prices of names of which some lot may be worth less than its basis, by so much: no other needs the engine."""
    symbols: set[str] = set()
    basis: dict[tuple[str, str], Decimal | None] = {}
    worth: dict[tuple[str, str], Decimal] = {}
    for lot in household.lots:
        if lot.symbol in prices:
            key = lot.symbol, lot.id  # sub-lots of one purchase together
            before = basis.get(key, Decimal(0))
            basis[key] = None if before is None or lot.basis is None else before + lot.basis
            worth[key] = worth.get(key, Decimal(0)) + lot.quantity * prices[lot.symbol]
            if thresholds is None and (lot.basis is None or lot.quantity * prices[lot.symbol] <= lot.basis):
                symbols.add(lot.symbol)
    if thresholds is not None:
        for key, paid in basis.items():
            loss = None if paid is None else paid - worth[key] + CENT
            if loss is None or paid is None or loss >= max(thresholds.min_loss, thresholds.min_loss_fraction * paid):
                symbols.add(key[0])
    return {symbol: prices[symbol] for symbol in symbols}


def _judged(
    opportunity: Opportunity,
    household: Household,
    preferences: Preferences,
    year: TaxYear | None,
    doubts: Mapping[str, str],
) -> Loss:
    loss = decimal(opportunity.loss)
    basis = decimal(opportunity.basis)
    wanted = preferences.harvest
    small = loss < wanted.min_loss or loss < wanted.min_loss_fraction * basis
    unsettled = household.unsettled(opportunity.account).get(opportunity.symbol)
    group = household.group(opportunity.symbol)
    value: Decimal | None = None
    if year is not None:
        value = year.value_of_loss(decimal(opportunity.short_allowed), decimal(opportunity.long_allowed))
    if unsettled is not None:
        status, reason, value = Status.UNKNOWN, unsettled, None
    elif opportunity.permanent > 0:
        status, reason = Status.PERMANENT, _takers(opportunity, household)
    elif opportunity.disallowed > 0:
        status, reason = Status.TAINTED, _takers(opportunity, household)
    elif group in doubts or "" in doubts:
        status, reason, value = Status.UNKNOWN, doubts.get(group) or doubts[""], None
    elif small:
        status = Status.TOO_SMALL
        reason = (
            f"under {wanted.min_loss} dollars"
            if loss < wanted.min_loss
            else f"under {wanted.min_loss_fraction * 100:f} % of its basis"
        )
    else:
        status, reason = Status.CLEAR, f"{opportunity.term}-term"
    return Loss(
        opportunity.lot,
        opportunity.account,
        opportunity.symbol,
        decimal(opportunity.quantity),
        decimal(opportunity.price),
        opportunity,
        status,
        not small,
        value,
        reason,
    )


def _takers(opportunity: Opportunity, household: Household) -> str:
    """Which purchases would take the loss: "12 bought 2026-11-11 in spouse (R-MATCH)"."""
    said = []
    for match in opportunity.matches:
        kind = household.account(match.account).kind
        lost = f", a {kind}: lost for good" if match.permanent else ""
        name = f" of {match.symbol}" if match.symbol != opportunity.symbol else ""
        quantity = f"{decimal(match.replacement_quantity).normalize():f}"
        said.append(f"{quantity}{name} bought {match.acquired} in {match.account}{lost} ({match.rule})")
    return "; ".join(dict.fromkeys(said))


def _of_unknown(lot: Lot, price: Decimal) -> Loss:
    what = "purchase date" if lot.acquired is None else "basis"
    reason = f"no file tells its {what}: add its lots (symbol,quantity,acquired,cost_basis)"
    if lot.basis is not None:
        gain = lot.quantity * price - lot.basis
        reason = f"a {'loss' if gain < 0 else 'gain'} of {abs(gain):,.2f} as a whole; {reason}"
    return Loss(lot.id, lot.account, lot.symbol, lot.quantity, price, None, Status.UNKNOWN, False, None, reason)
