"""dicli prices: the store of closes on this computer: bring it up to date, look at it, check it, take it elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicli.commands import fetching
from dicli.commands.options import Run, command, date
from dicli.commands.portfolio import open_household
from dicli.errors import Fault, MarketError
from dicli.model import Column, Figure, Report

if TYPE_CHECKING:
    from dicli.model import Quote

STATUS = (
    Column("symbol"),
    Column("first", Figure.DATE),
    Column("last", Figure.DATE),
    Column("close", Figure.PRICE),
    Column("missed", Figure.NUMBER),
    Column("checked", Figure.DATE, brief=False),
    Column("source", brief=False),
)
"""`missed`: sessions that have ended since the last close."""
EXPORT = (
    Column("symbol"),
    Column("date", Figure.DATE),
    Column("close", Figure.PRICE),
    Column("dividend", Figure.PRICE),
    Column("split"),
)
"""A price file as [prices] file takes it; closes are split-adjusted, a split is new shares per old: 4, or 3/2."""
PROBLEMS = (Column("where", brief=False), Column("what"), Column("remedy"))
_SYMBOLS = Annotated[
    list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Default: the household's and the index's.")
]
_STORED = Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Default: all in the store.")]


def _wanted(run: Run, named: list[str] | None) -> tuple[list[str], list[Quote]]:
    """The symbols to have prices of, and what other sources say their closes were."""
    if named:
        from dicli.brokers.symbols import dotted

        return sorted({dotted(symbol) for symbol in named}), []
    from dicli.market import benchmark as benchmarks

    preferences, household = open_household(run)
    index = benchmarks.load(preferences.index, run.as_of, offline=run.offline, stale_ok=run.stale_ok, say=run.note)
    run.warn(*index.warnings)
    return fetching.symbols_of(household, index), fetching.quotes_of(household, index)


@command
def update(
    run: Run,
    symbols: _SYMBOLS = None,
    days: Annotated[int, typer.Option(min=2, help="How many sessions back the store should reach.")] = 505,
    deadline: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="End by then; what has come is kept.")] = 300,
) -> None:
    """Fetch the closes that the store does not have yet, and say what did not come.

    \b
    dicli prices update
    dicli prices update AAPL BRK.B --days 1260
    """
    from dicli.market.prices import can_be_had

    if run.offline:
        raise MarketError(Fault("--offline", "prices come over the network", "Leave the option out to update them."))
    wanted, quotes = _wanted(run, symbols)
    none = [symbol for symbol in wanted if not can_be_had(symbol)]
    if none:
        run.warn(f"no prices are looked for of {', '.join(none)}: no symbols of stocks or funds")
    made = fetching.fetch(run, wanted, quotes, days=days, deadline=deadline)
    run.note(made.line())
    if made.missing:
        said = fetching.shortfall(made)
        raise MarketError(Fault("prices", said, "What came is stored; run it again for the rest."))


@command
def status(run: Run, symbols: _STORED = None) -> Report:
    """What the store has: of each symbol the first and last close, and how many sessions it is behind.

    \b
    dicli prices status
    dicli prices status AAPL -f json
    """
    from dicli.brokers.symbols import dotted
    from dicli.market import calendar

    last = calendar.last_finished(run.clock())
    named = {dotted(symbol) for symbol in symbols or ()}
    with _store() as store:
        states = [state for state in store.states() if not named or state.symbol in named]
        kept_out = [item for item in store.rejected() if not named or item.symbol in named]
        place, size = store.path, store.path.stat().st_size
    rows = tuple(
        (
            state.symbol,
            state.first,
            state.last,
            state.close,
            None if state.last is None else calendar.sessions_missed(state.last, last),
            state.checked,
            state.source,
        )
        for state in states
    )
    summary: dict[str, object] = {
        "symbols": len(rows),
        "up_to_date": sum(1 for row in rows if row[4] == 0),
        "last_session": last,
        "kept_out": len(kept_out),
        "file": str(place),
        "kilobytes": size >> 10,
    }
    notes = tuple(f"kept out: {item.symbol} on {item.day}: {item.why}" for item in kept_out)
    behind = any(row[4] != 0 for row in rows)
    return Report("prices", STATUS, rows, summary, "Prices in the store", notes, finding=behind)


@command
def verify(run: Run) -> Report:
    """Is the store whole, and would every close in it pass the checks?

    \b
    dicli prices verify
    dicli prices verify --exit-code || mail -s "price store" me
    """
    from dicli.market.verify import problems

    with _store() as store:
        found = problems(store)
        count = len(store.states())
    rows = tuple((fault.where, fault.what, fault.remedy) for fault in found)
    title = (
        f"{len(rows)} problems in the prices of {count} symbols" if rows else f"The prices of {count} symbols are whole"
    )
    return Report("problems", PROBLEMS, rows, {}, title, finding=bool(rows))


@command
def export(run: Run, symbols: _STORED = None) -> Report:
    """All closes, dividends and splits, as a price file that [prices] file can be set to.

    \b
    dicli prices export -o prices.csv
    dicli prices export AAPL BRK.B -f json
    """
    from dicli.brokers.symbols import dotted

    rows: list[tuple[Any, ...]] = []
    with _store() as store:
        known = [state.symbol for state in store.states()]
        wanted = [dotted(symbol) for symbol in symbols] if symbols else known
        if unknown := [symbol for symbol in wanted if symbol not in known]:
            raise MarketError(
                Fault(str(store.path), f"there are no prices of {', '.join(unknown)}", "Update them first.")
            )
        for symbol in wanted:
            series = store.series(symbol)
            assert series is not None
            for day, close in zip(series.days, series.closes, strict=True):
                split = series.splits.get(day)
                rows.append((symbol, day, close, series.dividends.get(day), None if split is None else str(split)))
    return Report("closes", EXPORT, tuple(rows), {}, "Closes, split-adjusted", brief_rows=40)


@command
def prune(
    run: Run,
    symbols: Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Drop all of these.")] = None,
    before: Annotated[Any, typer.Option(metavar="DATE", parser=date, help="Drop whole years before this day.")] = None,
    unused: Annotated[bool, typer.Option("--unused", help="Drop what neither household nor index has.")] = False,
) -> None:
    """Drop what is not needed any more, and give the space back.

    \b
    dicli prices prune XYZ
    dicli prices prune --before 2020-01-01 --unused
    """
    from dicli.brokers.symbols import dotted

    if not (symbols or before or unused):
        raise MarketError(Fault("prices prune", "nothing was named to drop", "Give symbols, --before or --unused."))
    needed = set(_wanted(run, None)[0]) if unused else None
    with _store() as store:
        here = {state.symbol for state in store.states()}
        gone = {dotted(symbol) for symbol in symbols or ()}
        if unknown := sorted(gone - here):
            raise MarketError(Fault(str(store.path), f"there are no prices of {', '.join(unknown)}"))
        keep = here - gone if needed is None else (here & needed) - gone
        dropped, years = store.prune(before=before, keep=keep)
    run.note(f"dropped {dropped} symbols and {years} years of single symbols")


@contextlib.contextmanager
def _store() -> Iterator[Any]:
    """The store, if there is one: looking at it makes none."""
    from dicli.market.cache import cache_dir
    from dicli.market.store import FILE, Store

    place: Path = cache_dir() / FILE
    if not place.exists():
        raise MarketError(Fault(str(place), "there is no price store yet", "Make one with `dicli prices update`."))
    with Store(place) as store:
        yield store


PRICES: dict[str, Callable[..., object]] = {
    "update": update,
    "status": status,
    "verify": verify,
    "export": export,
    "prune": prune,
}
app = typer.Typer(
    help="The store of closes on this computer: update it, look at it, check it, take it elsewhere.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for _name, _function in PRICES.items():
    app.command(_name)(_function)
