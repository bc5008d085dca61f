"""What is peculiar to fund shares, and the two bases of a gift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.tax.ledger import Event, EventKind, Number
from dicli.tax.prepare import exact
from dicli.tax.term import held_over_six_months, is_long

ZERO = Fraction(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FundLoss:
    """A loss split: `disallowed`, and what is left by term. All zero where there was no loss."""

    disallowed: Fraction
    long: Fraction
    short: Fraction


def fund_loss(
    acquired: dt.date,
    sold: dt.date,
    basis: Number,
    proceeds: Number,
    *,
    exempt_interest_dividends: Number = 0,
    capital_gain_distributions: Number = 0,
) -> FundLoss:
    """R-XDIV: a loss on fund or REIT shares held six months or less is disallowed up to the exempt-interest dividends
    received, and the rest is long-term up to the capital gain distributions (IRC 852(b)(4), 857(b)(8)).
    """
    loss = max(ZERO, exact(basis) - exact(proceeds))
    if is_long(acquired, sold):
        return FundLoss(ZERO, loss, ZERO)
    if held_over_six_months(acquired, sold):
        return FundLoss(ZERO, ZERO, loss)
    disallowed = min(loss, exact(exempt_interest_dividends))
    long = min(loss - disallowed, exact(capital_gain_distributions))
    return FundLoss(disallowed, long, loss - disallowed - long)


def extraordinary_dividend_loss(
    loss: Number, dividends: Number, basis: Number, *, preferred: bool = False
) -> tuple[Fraction, Fraction]:
    """(long, short) parts of a loss on stock that paid a qualified dividend of at least 10 % of basis (5 % preferred):
    long-term to the extent of that dividend (R-XDIV, IRC 1(h)(11)(D)(i)). `loss` positive, held a year or less.
    """
    paid, lost = exact(dividends), exact(loss)
    if paid < exact(basis) * Fraction(5 if preferred else 10, 100):
        return ZERO, lost
    return min(lost, paid), lost - min(lost, paid)


@dataclass(frozen=True, slots=True)
class AverageSale:
    """One sale at average basis: dollars per share, total basis, and shares by term (first in, first out)."""

    sale: str
    average: Fraction
    basis: Fraction
    long_quantity: Fraction
    short_quantity: Fraction


def average_basis(events: Iterable[Event], *, round_to_cents: bool = False) -> tuple[AverageSale, ...]:
    """R-AVERAGE on purchases, reinvestments, sales and splits of fund shares, per account and symbol, without wash
    sales (`wash.book(method="average")` reckons both). `round_to_cents` rounds the average as Pub. 550 does.
    Raises InputError for other kinds of event, and where more is sold than held.
    """
    lots: dict[tuple[str, str], list[tuple[dt.date, Fraction]]] = {}
    bases: dict[tuple[str, str], Fraction] = {}
    found: list[AverageSale] = []
    for event in sorted(events, key=lambda event: event.date):
        key = event.account or "", event.symbol
        held = lots.setdefault(key, [])
        if event.kind is EventKind.SPLIT:
            held[:] = [(day, quantity * exact(event.ratio or 1)) for day, quantity in held]
            continue
        if event.kind not in _AVERAGED or event.quantity is None:
            raise InputError(Fault(f"event {event.id}", f"a {event.kind} has no place in average basis", "Remove it."))
        quantity = exact(event.quantity)
        if event.kind is not EventKind.SELL:
            held.append((event.holding_from or event.date, quantity))
            bases[key] = bases.get(key, ZERO) + exact(event.amount or 0)
            continue
        shares = sum((part for _, part in held), ZERO)
        if quantity > shares:
            what = f"sells {quantity} {event.symbol}, of which the account holds {shares}"
            raise InputError(Fault(f"event {event.id}", what, "Add the missing purchase."))
        average = bases[key] / shares
        if round_to_cents:
            average = Fraction((Decimal(average.numerator) / average.denominator).quantize(CENT, ROUND_HALF_UP))
        long = ZERO
        left = quantity
        while left:
            day, part = held[0]
            taken = min(part, left)
            long += taken if is_long(day, event.date) else ZERO
            left -= taken
            held[:1] = [(day, part - taken)] if taken < part else []
        bases[key] -= average * quantity
        found.append(AverageSale(event.id, average, average * quantity, long, quantity - long))
    return tuple(found)


_AVERAGED = frozenset({EventKind.BUY, EventKind.REINVEST, EventKind.SELL})


@dataclass(frozen=True, slots=True)
class GiftBasis:
    """`basis` for a gain, `loss_basis` for a loss (the same where the gift was worth at least the donor's basis)."""

    basis: Fraction
    loss_basis: Fraction

    def gain(self, proceeds: Number) -> Fraction:
        """Gain or loss on a sale; nothing between the two bases (R-GIFT)."""
        price = exact(proceeds)
        if price >= self.basis:
            return price - self.basis
        return min(ZERO, price - self.loss_basis)


def gift_basis(
    fmv: Number,
    donor_basis: Number,
    *,
    gift_tax: Number = 0,
    taxable_gift: Number | None = None,
    fraction_places: int | None = None,
) -> GiftBasis:
    """R-GIFT: the donor's basis, plus the gift tax on the appreciation (gift tax × (fmv − donor's basis) ÷ taxable
    gift, not above fmv); the value at the gift for a loss, where that is lower (IRC 1015). `fraction_places` rounds the
    fraction as the publication's example does. `taxable_gift` None: the whole value.
    """
    value, basis = exact(fmv), exact(donor_basis)
    if value < basis:
        return GiftBasis(basis, value)
    part = (value - basis) / exact(taxable_gift) if taxable_gift else (value - basis) / value if value else ZERO
    if fraction_places is not None:
        part = Fraction(round(part, fraction_places))
    basis = min(value, basis + exact(gift_tax) * min(part, Fraction(1)))
    return GiftBasis(basis, basis)
