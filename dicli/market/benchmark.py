"""The index: constituents with exact weights, from an issuer's holdings file or a plain list.

Weights are recomputed from market values, because issuers round theirs: in a total-market file two names in three show
0.00 %. They are fractions of what counts (stocks), they sum to exactly 1, and the odd units of the last place go to the
largest remainders.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path

from dicli.brokers.document import Document
from dicli.brokers.formats import Format
from dicli.errors import Fault, InputError, MarketError
from dicli.market import sectors
from dicli.market.holdings import Holding, Holdings, layout_of, read_holdings
from dicli.market.layouts import AGAIN, LAYOUTS
from dicli.model import Column, Constituent, Figure, Reading, Report, SetAside

UNIT = Decimal("1e-15")
"""Weights are whole multiples of this."""

FRACTION_SUM = (Decimal("0.98"), Decimal("1.02"))
PERCENT_SUM = (Decimal(95), Decimal(105))
PLAIN_PERCENT_SUM = (Decimal(98), Decimal(102))
MOST_DISAGREEMENT = Decimal("0.5")
"""Percentage points by which a row's market value may differ from its own weight column."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What the portfolio follows. `constituents` come heaviest first and their weights sum to exactly 1.

    `as_of` is None where the source does not date itself. `weighed_by` says what the weights were computed from.
    `warnings` are for everybody, `notes` for those who ask.
    """

    name: str
    as_of: dt.date | None
    constituents: tuple[Constituent, ...]
    set_aside: tuple[SetAside, ...] = ()
    source: str = ""
    weighed_by: str = "market value"
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def set_aside_counts(self) -> dict[str, int]:
        """Reason -> number of rows, the most frequent first."""
        return dict(Counter(item.why for item in self.set_aside).most_common())

    def weights(self) -> dict[str, Decimal]:
        return {item.symbol: item.weight for item in self.constituents}


# -- reading ------------------------------------------------------------------------------------------------------


def read(path: str | Path) -> Benchmark:
    """Read an index holdings file. Raises InputError with all that is wrong in it."""
    return read_document(Document.open(path))


def read_document(document: Document) -> Benchmark:
    """The same for a file that is already open (or was never on disk)."""
    return _benchmark(read_holdings(document), document)


def identify(path: str | Path) -> str | None:
    """The issuer whose layout the file has ("iShares", "plain" …); None where it is no index holdings file.

    What cannot be opened or read as text is none either: the readers of broker files say what is wrong with it.
    """
    try:
        found = layout_of(Document.open(path))
    except InputError:
        return None
    return found[0].issuer if found else None


def to_reading(document: Document) -> Reading:
    """What `dicli read` shows of an index file. Raises InputError."""
    holdings = read_holdings(document)
    benchmark = _benchmark(holdings, document)
    return Reading(
        file=document.path,
        broker=holdings.layout,
        kinds=("index",),
        rows=holdings.rows,
        as_of=benchmark.as_of,
        constituents=benchmark.constituents,
        set_aside=benchmark.set_aside,
        unknown_columns=holdings.unknown_columns,
        signals=holdings.signals,
    )


FORMATS: tuple[Format, ...] = tuple(
    Format(layout.issuer, ("index",), layout.signals, to_reading, layout.must) for layout in LAYOUTS
)
"""For `dicli read` and for telling index files from broker files: these beside `brokers.FORMATS`."""


def _benchmark(holdings: Holdings, document: Document) -> Benchmark:
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
    return Benchmark(
        name=holdings.name,
        as_of=holdings.as_of,
        constituents=_ordered(constituents),
        set_aside=holdings.set_aside + nothing,
        source=document.path,
        weighed_by=weighed_by,
        warnings=tuple(warnings),
        notes=notes,
    )


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


# -- weights ------------------------------------------------------------------------------------------------------


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


def _ordered(constituents: Iterable[Constituent]) -> tuple[Constituent, ...]:
    return tuple(sorted(constituents, key=lambda item: (-item.weight, item.symbol)))


# -- sectors and industries ---------------------------------------------------------------------------------------


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


# -- making one of others -----------------------------------------------------------------------------------------


def cut(benchmark: Benchmark, top: int) -> Benchmark:
    """The `top` heaviest constituents, weights in the same proportions. Raises MarketError where there are none."""
    if top < 1:
        raise MarketError(Fault("index.top", f"{top} names make no index", "Give a number of 1 or more."))
    kept = benchmark.constituents[:top]
    weights = exact([item.weight for item in kept])
    return replace(
        benchmark,
        name=f"{benchmark.name}, top {len(kept)}" if len(kept) < len(benchmark.constituents) else benchmark.name,
        constituents=_ordered(replace(item, weight=weight) for item, weight in zip(kept, weights, strict=True)),
    )


def blend(parts: Sequence[tuple[Benchmark, Decimal]]) -> Benchmark:
    """One benchmark of several, each with its share; the shares are scaled to sum to 1.

    A name in several parts weighs the sum; its sector, industry and price come from the first part that knows them.
    The blend is as old as its oldest part, and of unknown date if one part is.
    """
    if len(parts) == 1:
        return parts[0][0]
    scale = sum((share for _, share in parts), Decimal(0))
    amounts: dict[str, Decimal] = {}
    known: dict[str, Constituent] = {}
    with localcontext() as context:
        context.prec = 50
        for part, share in parts:
            for item in part.constituents:
                amounts[item.symbol] = amounts.get(item.symbol, Decimal(0)) + item.weight * share / scale
                known[item.symbol] = _merged(known.get(item.symbol), item)
    dates = [part.as_of for part, _ in parts]
    weights = exact(list(amounts.values()))
    return Benchmark(
        name=" + ".join(f"{(share / scale * 100).normalize():f} % {part.name}" for part, share in parts),
        as_of=None if None in dates else min(day for day in dates if day is not None),
        constituents=_ordered(
            replace(known[symbol], weight=weight) for symbol, weight in zip(amounts, weights, strict=True)
        ),
        set_aside=tuple(item for part, _ in parts for item in part.set_aside),
        source="; ".join(part.source for part, _ in parts),
        weighed_by="; ".join(dict.fromkeys(part.weighed_by for part, _ in parts)),
        warnings=tuple(dict.fromkeys(text for part, _ in parts for text in part.warnings)),
        notes=tuple(dict.fromkeys(text for part, _ in parts for text in part.notes)),
    )


def _merged(first: Constituent | None, second: Constituent) -> Constituent:
    if first is None:
        return second
    return replace(
        first,
        sector=first.sector or second.sector,
        name=first.name or second.name,
        industry=first.industry or second.industry,
        price=first.price or second.price,
    )


# -- age and change -----------------------------------------------------------------------------------------------


def check_age(benchmark: Benchmark, as_of: dt.date, max_age_days: int, *, stale_ok: bool = False) -> tuple[str, ...]:
    """Warnings about a benchmark that is old on `as_of`. Raises MarketError beyond twice `max_age_days`.

    A file from after `as_of` is a warning too: it knows what could not be known then.
    """
    if benchmark.as_of is None:
        return (f"{benchmark.source or benchmark.name}: the file does not say which day's holdings it has",)
    age = (as_of - benchmark.as_of).days
    where = benchmark.source or benchmark.name
    said = f"the holdings are of {benchmark.as_of}, {age} days before {as_of}"
    if age > 2 * max_age_days and not stale_ok:
        raise MarketError(
            Fault(
                where,
                f"{said}; more than {2 * max_age_days} days is too old (index.max_age_days = {max_age_days})",
                "Download the issuer's current file, or go on with --stale-ok.",
            )
        )
    if age > max_age_days:
        return (f"{where}: {said} (index.max_age_days = {max_age_days})",)
    if age < 0:
        return (f"{where}: the holdings are of {benchmark.as_of}, after {as_of}",)
    return ()


DIFF_COLUMNS = (
    Column("symbol"),
    Column("name", brief=False),
    Column("sector"),
    Column("change"),
    Column("old_weight", Figure.FRACTION),
    Column("new_weight", Figure.FRACTION),
    Column("difference", Figure.FRACTION),
)


def diff(old: Benchmark, new: Benchmark, *, at_least: Decimal = Decimal(0)) -> Report:
    """What changed between two benchmarks: `change` is joined, left or weight; the largest changes first.

    Weights that moved by less than `at_least` are left out; joiners and leavers never are. An absent weight is None,
    and `difference` counts it as zero. `finding` is true where a name joined or left.
    """
    before = {item.symbol: item for item in old.constituents}
    after = {item.symbol: item for item in new.constituents}
    rows: list[tuple[str, str | None, str | None, str, Decimal | None, Decimal | None, Decimal]] = []
    for symbol in before.keys() | after.keys():
        was, now = before.get(symbol), after.get(symbol)
        about = after.get(symbol) or before[symbol]
        change = "weight" if was and now else "joined" if now else "left"
        difference = (now.weight if now else Decimal(0)) - (was.weight if was else Decimal(0))
        if change == "weight" and (not difference or abs(difference) < at_least):
            continue
        old_weight, new_weight = (item.weight if item else None for item in (was, now))
        rows.append((symbol, about.name, about.sector, change, old_weight, new_weight, difference))
    rows.sort(key=lambda row: (row[3] == "weight", -abs(row[6]), row[0]))
    joined, left = (sum(1 for row in rows if row[3] == change) for change in ("joined", "left"))
    moved = sum((abs(row[6]) for row in rows), Decimal(0)) / 2
    return Report(
        key="changes",
        columns=DIFF_COLUMNS,
        rows=tuple(rows),
        summary={
            "old": old.name,
            "old_as_of": old.as_of,
            "new": new.name,
            "new_as_of": new.as_of,
            "joined": joined,
            "left": left,
            "turnover": moved,
        },
        title=f"{old.name} ({old.as_of}) → {new.name} ({new.as_of})",
        finding=bool(joined or left),
    )
