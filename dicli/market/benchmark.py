"""The index: a benchmark from an issuer's holdings file, a plain list, the ticker of an ETF, or several of these."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from pathlib import Path
from urllib.parse import urlsplit

from dicli.brokers.document import Document
from dicli.brokers.formats import Format
from dicli.errors import Fault, InputError, MarketError
from dicli.market import issuers
from dicli.market.holdings import Holdings, layout_of, open_document, read_holdings
from dicli.market.layouts import LAYOUTS
from dicli.market.weighing import exact, ordered, weigh
from dicli.model import Column, Constituent, Figure, Quote, Reading, Report, SetAside
from dicli.preferences.schema import Index


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

    def quotes(self) -> list[Quote]:
        """The prices that the holdings file itself shows."""
        return [
            Quote(item.symbol, item.price, self.as_of, self.source)
            for item in self.constituents
            if item.price is not None
        ]


# -- reading ------------------------------------------------------------------------------------------------------


def read(path: str | Path) -> Benchmark:
    """Read an index holdings file. Raises InputError with all that is wrong in it."""
    return read_document(open_document(path))


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
    weighed = weigh(holdings, document)
    return Benchmark(
        name=holdings.name,
        as_of=holdings.as_of,
        constituents=weighed.constituents,
        set_aside=weighed.set_aside,
        source=document.path,
        weighed_by=weighed.weighed_by,
        warnings=weighed.warnings,
        notes=weighed.notes,
    )


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
        constituents=ordered(replace(item, weight=weight) for item, weight in zip(kept, weights, strict=True)),
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
        constituents=ordered(
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


# -- from the preferences to the benchmark ------------------------------------------------------------------------


def load(
    index: Index,
    as_of: dt.date,
    *,
    offline: bool = False,
    stale_ok: bool = False,
    cache: Path | None = None,
    base: str | None = None,
    deadline: float = issuers.DEADLINE,
    say: Callable[[str], None] = lambda _: None,
) -> Benchmark:
    """The benchmark that [index] asks for, checked for age; what there is to warn about is in its `warnings`.

    A ticker's holdings are fetched from its issuer once a day (`say` is told), kept under the `cache` folder with their
    date, and taken from there when they cannot be had. Raises InputError for files that cannot be read, MarketError
    where nothing can be had or all is too old.
    """
    parts = []
    for part in index.parts:
        if part.file is not None:
            benchmark = read(part.file)
        else:
            benchmark = _of_fund(part.name, as_of, offline=offline, cache=cache, base=base, deadline=deadline, say=say)
        aged = check_age(benchmark, as_of, index.max_age_days, stale_ok=stale_ok)
        parts.append((replace(benchmark, warnings=benchmark.warnings + aged), part.weight))
    whole = blend(parts)
    return whole if index.top is None else cut(whole, index.top)


def _of_fund(
    ticker: str,
    as_of: dt.date,
    *,
    offline: bool,
    cache: Path | None,
    base: str | None,
    deadline: float,
    say: Callable[[str], None],
) -> Benchmark:
    fund = issuers.fund(ticker)
    shelf = issuers.Shelf(fund, cache)
    kept = shelf.newest(as_of)
    problem = "--offline"
    if not offline:
        if kept is not None and shelf.checked is not None and shelf.checked >= as_of:
            return _from_shelf(fund, kept)
        try:
            say(f"fetching the holdings of {fund.ticker} from {fund.issuer}")
            old = None if kept is None else _from_shelf(fund, kept)
            fetched, benchmark = issuers.fetch(
                fund, as_of, lambda file: _accepted(file, fund, old), base=base, deadline=deadline
            )
        except MarketError as error:
            problem = "; ".join(f"{fault.where}: {fault.what}" for fault in error.faults[:2])
        else:
            path = shelf.keep(fetched, benchmark.as_of, as_of)
            return replace(benchmark, source=str(path))
    if kept is None:
        raise MarketError(
            Fault(
                f"index.benchmark = {ticker}",
                f"its holdings could not be fetched ({problem}), and none are in the cache",
                f"Download them from {fund.page} and set index.benchmark to the file.",
            )
        )
    old = _from_shelf(fund, kept)
    if offline:
        return old
    warning = f"{ticker}: its holdings could not be fetched ({problem}); those of {old.as_of} are used from the cache"
    return replace(old, warnings=(*old.warnings, warning))


def _from_shelf(fund: issuers.Fund, path: Path) -> Benchmark:
    return replace(read(path), name=fund.ticker)


def _accepted(file: issuers.Fetched, fund: issuers.Fund, old: Benchmark | None) -> Benchmark:
    """A fetched file as a benchmark. Raises InputError, MarketError where it is none, or not a plausible one."""
    document = Document(f"{fund.ticker} from {urlsplit(file.address).netloc}", file.data)
    benchmark = replace(read_document(document), name=fund.ticker)
    _plausible(benchmark, fund, old)
    return benchmark


def _plausible(new: Benchmark, fund: issuers.Fund, old: Benchmark | None) -> None:
    """A file that parses can still be half a file. Raises MarketError."""
    count = len(new.constituents)
    fewest, most = fund.names
    said = ""
    if not fewest <= count <= most:
        said = f"the file has {count} names where {fewest} to {most} are expected"
    elif old is not None and abs(count - len(old.constituents)) * 10 > len(old.constituents):
        said = f"the file has {count} names, and {len(old.constituents)} on {old.as_of}"
    elif old is not None and old.as_of and new.as_of and new.as_of < old.as_of:
        said = f"the file is of {new.as_of}, older than the one of {old.as_of} in the cache"
    if said:
        raise MarketError(Fault(fund.ticker, said))


def last_change(index: Index, cache: Path | None = None) -> tuple[Benchmark, Benchmark]:
    """The index that [index] asks for by the holdings before the newest in the cache, and by the newest ones.

    A part without an earlier file (the user's own) is in both as it is. Raises MarketError where no part has one.
    """
    both: tuple[list[tuple[Benchmark, Decimal]], list[tuple[Benchmark, Decimal]]] = [], []
    changed = False
    for part in index.parts:
        pair = None if part.file is not None else last_two(part.name, cache)
        changed = changed or pair is not None
        if pair is None:
            only = read(part.file) if part.file is not None else _of_cache(part.name, cache)
            pair = only, only
        for side, found in zip(both, pair, strict=True):
            side.append((found, part.weight))
    if not changed:
        raise MarketError(
            Fault(
                "index diff",
                "there is no earlier holdings file to compare with",
                "dicli keeps those that it fetches; or give two files: dicli index diff OLD NEW.",
            )
        )
    old, new = (blend(side) for side in both)
    return (old, new) if index.top is None else (cut(old, index.top), cut(new, index.top))


def _of_cache(ticker: str, cache: Path | None) -> Benchmark:
    fund = issuers.fund(ticker)
    return _from_shelf(fund, issuers.Shelf(fund, cache).paths()[-1])


def last_two(ticker: str, cache: Path | None = None) -> tuple[Benchmark, Benchmark] | None:
    """The holdings before the newest in the cache, and the newest: for `index diff`. None where there are not two."""
    fund = issuers.fund(ticker)
    paths = issuers.Shelf(fund, cache).paths()
    return None if len(paths) < 2 else (_from_shelf(fund, paths[-2]), _from_shelf(fund, paths[-1]))
