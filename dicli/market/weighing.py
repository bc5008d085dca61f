"""What each holding weighs, exactly, and where it belongs: from rows of a holdings file to constituents.

Weights are recomputed from market values, because issuers round theirs: in a total-market file two names in three show
0.00 %. They are fractions of what counts (stocks), they sum to exactly 1, and the odd units of the last place go to the
largest remainders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext

from dicli.brokers.document import Document
from dicli.market import sectors
from dicli.market.holdings import Holding, Holdings
from dicli.market.layouts import AGAIN
from dicli.model import Constituent, SetAside

UNIT = Decimal("1e-15")
"""Weights are whole multiples of this."""

FRACTION_SUM = (Decimal("0.98"), Decimal("1.02"))
PERCENT_SUM = (Decimal(95), Decimal(105))
PLAIN_PERCENT_SUM = (Decimal(98), Decimal(102))
MOST_DISAGREEMENT = Decimal("0.5")
"""Percentage points by which a row's market value may differ from its own weight column."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Constituents heaviest first, and all that is to be said about how they were weighed."""

    constituents: tuple[Constituent, ...]
    set_aside: tuple[SetAside, ...]
    weighed_by: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def weigh(holdings: Holdings, document: Document) -> Weighed:
    """Raises InputError: duplicate symbols, negative weights, sums that cannot be, values that contradict weights."""
    warnings = list(holdings.warnings)
    _same_twice(holdings.holdings, document)
    amounts, kept, nothing, weighed_by = _amounts(holdings, document)
    document.raise_faults()
    total = sum(amounts, Decimal(0))
    if len(nothing) * 200 > len(kept):
        warnings.append(f"{document.path}: {len(nothing)} names have no value or weight and are left out")
    if holdings.layout != "plain":
        _against_the_weight_column(holdings, kept, [amount / total for amount in amounts], document)
    lost = _lost_stock(holdings)
    if lost:
        warnings.append(f"{document.path}: {lost}")
    constituents = [
        Constituent(item.symbol, weight, *_class_of(item), price=_price(item))
        for item, weight in zip(kept, exact(amounts), strict=True)
    ]
    constituents, notes = _classified(constituents)
    return Weighed(ordered(constituents), holdings.set_aside + nothing, weighed_by, tuple(warnings), notes)


def _price(item: Holding) -> Decimal | None:
    """Per share, as the file says it, or market value ÷ shares to four places; None where it says neither."""
    if item.price:
        return item.price
    if not item.value or not item.quantity or item.quantity < 0:
        return None
    price = (item.value / item.quantity).quantize(Decimal("1e-4"))
    return price or None


def _same_twice(holdings: Sequence[Holding], document: Document) -> None:
    rows: dict[str, list[int]] = {}
    for item in holdings:
        rows.setdefault(item.symbol, []).append(item.row)
    for symbol, found in rows.items():
        if len(found) > 1:
            others = " and ".join(str(row) for row in found[1:])
            document.fault(found[0], f"{symbol} stands there again (row {others})", "Keep one row for each symbol.")


def _amounts(holdings: Holdings, document: Document) -> tuple[list[Decimal], list[Holding], tuple[SetAside, ...], str]:
    """What each holding weighs, in the best unit that the file has for all of them; zero and blank ones set aside."""
    rows = holdings.holdings
    units: tuple[tuple[str, list[Decimal | None]], ...] = (
        ("market value", [item.value for item in rows]),
        (
            "quantity × price",
            [None if item.quantity is None or item.price is None else item.quantity * item.price for item in rows],
        ),
        ("the weight column", [item.weight for item in rows]),
    )
    # A unit serves if (nearly) every row has it: new names have a blank weight on the day of a rebalance (Schwab).
    weighed_by, amounts = next(
        ((unit, found) for unit, found in units if all(amount is not None for amount in found)), units[2]
    )
    kept, weights, nothing = [], [], []
    for item, amount in zip(rows, amounts, strict=True):
        if amount is None or amount == 0:
            why = "no weight in the file" if amount is None else f"worth nothing by {weighed_by}"
            nothing.append(SetAside(None, item.symbol, item.row, why))
        elif amount < 0:
            document.fault(
                item.row,
                f"{item.symbol} has a negative {'weight' if weighed_by == 'the weight column' else weighed_by}",
                "An index that is followed by buying stocks holds none short.",
            )
        else:
            kept.append(item)
            weights.append(amount)
    if not kept:
        document.refuse("no row has a market value or a weight", AGAIN)
    if holdings.layout == "plain" and not document.faults:
        _plain_sum(sum(weights, Decimal(0)), document)
    return weights, kept, tuple(nothing), weighed_by


def _plain_sum(total: Decimal, document: Document) -> None:
    """A plain list's weights are fractions or percents; their sum says which, and one that is neither is refused."""
    if not any(low <= total <= high for low, high in (FRACTION_SUM, PLAIN_PERCENT_SUM)):
        document.refuse(
            f"the weights add up to {total.normalize():f}, which is neither 1 (fractions) nor 100 (percents)",
            "Add the names that are missing, or scale the weights.",
        )


def _against_the_weight_column(
    holdings: Holdings, kept: Sequence[Holding], shares: Sequence[Decimal], document: Document
) -> None:
    """The file's own weights must sum to 100 with what was set aside, and agree with the shares of market value."""
    said = sum((item.weight for item in kept if item.weight is not None), Decimal(0))
    if not said:
        return
    column = said + holdings.aside_weight
    if not PERCENT_SUM[0] <= column <= PERCENT_SUM[1]:
        document.refuse(f"the weights add up to {column.normalize():f} %: the file seems to be cut off", AGAIN)
    for item, share in zip(kept, shares, strict=True):
        if item.weight is not None and abs(share * said - item.weight) > MOST_DISAGREEMENT:
            computed = f"{share * said:.2f} % by its market value"
            document.fault(item.row, f"{item.symbol} is {computed} and {item.weight} % by its weight", AGAIN)
    document.raise_faults()


_HARMLESS = ("cash", "a future", "a placeholder", "a currency forward", "no ticker", "unlisted", "a right,")


def _lost_stock(holdings: Holdings) -> str:
    """Says when a part of the index that is no cash was set aside: foreign listings, unknown classes."""
    lost = Counter(item.why for item in holdings.set_aside if not item.why.startswith(_HARMLESS))
    if not lost:
        return ""
    return "set aside: " + "; ".join(f"{count} × {why}" for why, count in lost.most_common(5))


def exact(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Fractions of the sum of `amounts` (all positive), whole multiples of UNIT, that sum to exactly 1.

    The largest-remainder method (Hamilton): each share is rounded down, the units left over go to the largest
    remainders.
    """
    with localcontext() as context:
        context.prec = 50
        total = sum(amounts, Decimal(0))
        ideal = [amount / total for amount in amounts]
        shares = [share.quantize(UNIT, ROUND_FLOOR) for share in ideal]
        left = int((1 - sum(shares, Decimal(0))) / UNIT)
        by_remainder = sorted(range(len(shares)), key=lambda place: (shares[place] - ideal[place], place))
        for place in by_remainder[:left]:
            shares[place] += UNIT
    return shares


def ordered(constituents: Iterable[Constituent]) -> tuple[Constituent, ...]:
    return tuple(sorted(constituents, key=lambda item: (-item.weight, item.symbol)))


def _class_of(item: Holding) -> tuple[str | None, str | None, str | None]:
    """Sector, name and industry (Constituent's order) as the file gives them, under dicli's names."""
    sector, industry = sectors.said(item.sector), sectors.said(item.industry)
    if industry is not None:
        known = sectors.industry_class(industry)
        if known is not None:
            sector, industry = sector or known.sector, known.industry
        elif sector is None and sectors.is_sector(industry):
            sector, industry = industry, None
    return (None if sector is None else sectors.sector_name(sector)), item.name, industry


def _classified(constituents: Sequence[Constituent]) -> tuple[list[Constituent], tuple[str, ...]]:
    """Fill what the file leaves out from dicli's own table, and say so.

    A symbol whose sector differs between the two may be another company that has taken the symbol: nothing is filled.
    """
    table = sectors.securities()
    filled = Counter[str]()
    result = []
    for item in constituents:
        known = table.get(item.symbol)
        if known is not None and item.sector in (None, known.sector):
            if item.sector is None and known.sector:
                item = replace(item, sector=known.sector)  # noqa: PLW2901  (the same constituent, completed)
                filled["sector"] += 1
            if item.industry is None and known.industry:
                item = replace(item, industry=known.industry)  # noqa: PLW2901
                filled["industry"] += 1
        result.append(item)
    notes = []
    for what, missing in (
        ("sector", sum(1 for item in result if item.sector is None)),
        ("industry", sum(1 for item in result if item.industry is None)),
    ):
        if filled[what]:
            notes.append(f"{what} from dicli's own table: {filled[what]} of {len(result)} names")
        if missing:
            notes.append(f"{what} not known: {missing} of {len(result)} names")
    return result, tuple(notes)
