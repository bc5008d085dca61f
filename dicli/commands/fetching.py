"""Asking for prices on a command's behalf: which symbols, and what to say of those that stay out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dicli.commands.options import Run
from dicli.commands.progress import progress
from dicli.errors import DicliError

if TYPE_CHECKING:
    from dicli.household import Household
    from dicli.market.benchmark import Benchmark
    from dicli.market.prices import Update
    from dicli.model import Quote

SAID = 12
"""Symbols that a message names for one reason."""

BY_THE_WAY = 120.0
"""Seconds that a command which only wants to plan spends on prices."""


def symbols_of(household: Household, benchmark: Benchmark) -> list[str]:
    """All that the household holds and all that the index has."""
    held = {lot.symbol for lot in household.lots} | {position.symbol for position in household.positions}
    return sorted(held | set(benchmark.weights()))


def quotes_of(household: Household, benchmark: Benchmark) -> list[Quote]:
    """What the brokers' files and the index file say the prices were."""
    return [quote for several in household.quotes.values() for quote in several] + benchmark.quotes()


def fetch(
    run: Run, symbols: Iterable[str], quotes: Iterable[Quote], *, days: int | None = None, deadline: float = BY_THE_WAY
) -> Update:
    """Bring the store up to date for these symbols. Raises MarketError where the store cannot be written."""
    from dicli.market import prices
    from dicli.market.store import Store

    with Store() as store, progress(run, "prices") as moved:
        made = prices.from_yahoo(
            store,
            symbols,
            run.clock(),
            as_of=run.as_of,
            days=days or prices.DAYS,
            deadline=deadline,
            second=prices.by_day(quotes),
            say=run.note,
            progress=moved,
        )
    run.note(*made.notes, *(f"kept out: {item.symbol} on {item.day}: {item.why}" for item in made.kept_out))
    return made


def fetch_or_warn(run: Run, symbols: Iterable[str], quotes: Iterable[Quote], *, days: int | None = None) -> None:
    """The same for a command that can do without: what did not come is a warning, and the brokers' prices serve."""
    try:
        made = fetch(run, symbols, quotes, days=days)
    except DicliError as error:
        run.warn(*(str(fault) for fault in error.faults))
        return
    if made.missing:
        run.warn(f"prices: {shortfall(made)}; the brokers' and older prices serve for the rest")


def live_quotes(run: Run, household: Household) -> list[Quote]:
    """Prices of this moment for what is held; none, with a warning, where they cannot be had."""
    from dicli.market import prices
    from dicli.market.yahoo import NoPrices

    symbols = sorted({lot.symbol for lot in household.lots})
    run.note(f"asking Yahoo for the prices of this moment of {len(symbols)} symbols, at each look")
    try:
        return prices.live(symbols, run.clock())
    except NoPrices as error:
        run.warn(f"no prices of this moment ({error}): the last known ones serve")
        return []


def shortfall(made: Update) -> str:
    """What did not arrive, by reason, and how many have it."""
    groups: dict[str, list[str]] = {}
    for symbol, why in made.missing.items():
        groups.setdefault(why, []).append(symbol)
    said = []
    for why, symbols in sorted(groups.items(), key=lambda group: len(group[1])):
        more = f" and {len(symbols) - SAID} more" if len(symbols) > SAID else ""
        said.append(f"{', '.join(symbols[:SAID])}{more} ({why})")
    if made.stopped and not any(made.stopped in part for part in said):
        said.append(made.stopped)
    have = len(made.complete) + len(made.arrived)
    return f"{len(made.missing)} symbols lack the close of {made.last}: {'; '.join(said)}. {have} have it"
