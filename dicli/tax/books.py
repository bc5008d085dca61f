"""What comes out of the tax engine: realised rows, open lots, and who disallowed what. Frozen values.

Exact values are `Fraction` (R-EXACT). `decimal(x)` is for reckoning on, `cents([...])` for showing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from dicli.model import Term

DIGITS = 28


def decimal(value: Fraction) -> Decimal:
    """The value as a Decimal: exact where it terminates within 28 significant digits, else rounded to them."""
    if value.denominator == 1:
        return Decimal(value.numerator)
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(value.numerator) / Decimal(value.denominator)


def cents(parts: Sequence[Fraction]) -> tuple[Decimal, ...]:
    """Round parts of a whole to cents by largest remainder, so that they add up to the whole's cents (R-EXACT).

    The whole is rounded half up in size. Ties between remainders go to the earlier part.
    """
    if len(parts) == 1:  # as most sales have it: nothing to share out
        above, below = abs(parts[0].numerator), parts[0].denominator
        rounded = (200 * above + below) // (2 * below)
        return (Decimal(rounded if parts[0].numerator >= 0 else -rounded).scaleb(-2),)
    scaled = [part * 100 for part in parts]
    floors = [value.numerator // value.denominator for value in scaled]
    whole = sum(scaled, Fraction(0))
    target = int((abs(whole) + Fraction(1, 2)) // 1)
    target = target if whole >= 0 else -target
    order = sorted(range(len(scaled)), key=lambda i: (floors[i] - scaled[i], i))
    for i in order[: max(0, target - sum(floors))]:
        floors[i] += 1
    return tuple(Decimal(value).scaleb(-2) for value in floors)


def cent(value: Fraction) -> Decimal:
    """One figure in cents, half up in size."""
    return cents([value])[0]


def in_cents(rows: Iterable[tuple[Fraction, Fraction, Fraction]]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """(proceeds, basis, disallowed) of the rows of one sale as a form shows them: each column in cents by largest
    remainder, so that the rows add up to the sale (R-EXACT).
    """
    columns = [cents(column) for column in zip(*rows, strict=True)]
    return list(zip(*columns, strict=True)) if columns else []


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that belongs beside the figures: the rule, the event or lot it is about, and the sentence."""

    rule: str
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """Which purchase took a loss: `quantity` in shares of the security sold, `replacement_quantity` in the lot's own
    shares on the day of the match, `disallowed` in dollars, and the rule that made it count.
    """

    lot: str
    account: str
    symbol: str
    acquired: dt.date
    quantity: Fraction
    replacement_quantity: Fraction
    disallowed: Fraction
    permanent: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Realized:
    """One row per sale, lot and term of a taxable account.

    `gain` = proceeds − basis. `basis` is right for tax: earlier wash adjustments (`adjustment`) are inside.
    `disallowed` ≥ 0, of which `permanent` is lost for good (R-IRA) and `nondeductible` is no wash sale (R-RELATED,
    code L); `allowed` = gain + disallowed. `allowed_loss_quantity`: loss shares that nothing has
    replaced yet. `provisional`: a purchase not yet in the data could still disallow them (R-YEAREND).
    """

    sale: str
    lot: str
    account: str
    symbol: str
    quantity: Fraction
    acquired: dt.date
    sold: dt.date
    held_from: dt.date
    term: Term
    proceeds: Fraction
    basis: Fraction
    adjustment: Fraction
    disallowed: Fraction
    permanent: Fraction
    nondeductible: Fraction
    allowed_loss_quantity: Fraction
    matches: tuple[Match, ...]
    provisional: bool
    inherited: bool = False

    @property
    def gain(self) -> Fraction:
        return self.proceeds - self.basis

    @property
    def allowed(self) -> Fraction:
        return self.proceeds - self.basis + self.disallowed


@dataclass(frozen=True, slots=True)
class OpenLot:
    """One sub-lot still open: `basis` is the total with `adjustment` (wash) inside; `replaced`: its shares have
    replaced others and cannot again (R-ONEBITE). `loss_basis` differs from `basis` for a gift only (R-GIFT).
    """

    lot: str
    account: str
    symbol: str
    quantity: Fraction
    basis: Fraction
    adjustment: Fraction
    acquired: dt.date
    held_from: dt.date
    replaced: bool
    inherited: bool = False
    loss_basis: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """All realised rows (in order of sale), open sub-lots and warnings of a household."""

    realized: tuple[Realized, ...]
    lots: tuple[OpenLot, ...]
    warnings: tuple[Notice, ...]

    def year(self, year: int) -> tuple[Realized, ...]:
        """The rows of one tax year, by trade date (R-TRADEDATE)."""
        return tuple(row for row in self.realized if row.sold.year == year)


@dataclass(frozen=True, slots=True)
class TermTotals:
    """Sums of realised rows of one term: gain = proceeds − basis + adjustment."""

    proceeds: Fraction
    basis: Fraction
    adjustment: Fraction

    @property
    def gain(self) -> Fraction:
        return self.proceeds - self.basis + self.adjustment


def totals(rows: Iterable[Realized]) -> dict[int, dict[Term, TermTotals]]:
    """Per year of sale and term; a year or term without rows is left out."""
    found: dict[int, dict[Term, list[Fraction]]] = {}
    for row in rows:
        sums = found.setdefault(row.sold.year, {}).setdefault(row.term, [Fraction(0)] * 3)
        sums[0] += row.proceeds
        sums[1] += row.basis
        sums[2] += row.disallowed
    return {year: {term: TermTotals(*terms[term]) for term in sorted(terms)} for year, terms in sorted(found.items())}
