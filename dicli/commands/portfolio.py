"""What most commands start with: the portfolio folder, read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from dicli.commands import fetching
from dicli.commands.options import Run

if TYPE_CHECKING:  # `dicli --help` imports every command and none of these
    from dicli.household import Household
    from dicli.market.benchmark import Benchmark
    from dicli.market.view import Market
    from dicli.model import Quote
    from dicli.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A portfolio folder as of one day."""

    preferences: Preferences
    household: Household
    benchmark: Benchmark
    market: Market


def open_household(run: Run) -> tuple[Preferences, Household]:
    """The preferences and what the brokers' files say, without index or prices."""
    from dicli import household as households
    from dicli.preferences import load

    preferences = load(run.folder)
    return preferences, households.load(preferences, run.as_of)


def open_portfolio(run: Run, *, live: bool = False) -> Portfolio:
    """All of it; what there is to warn about goes to stderr.

    With [prices] source = "yfinance", closes that the store lacks are fetched first, and with `live` the prices of this
    moment, unless --offline forbids it.
    """
    from dicli.market import benchmark as benchmarks
    from dicli.market import calendar, view

    preferences, household = open_household(run)
    benchmark = benchmarks.load(preferences.index, run.as_of, offline=run.offline, stale_ok=run.stale_ok, say=run.note)
    quotes: list[Quote] = []
    if preferences.prices.source == "yfinance" and not run.offline:
        symbols = fetching.symbols_of(household, benchmark)
        fetching.fetch_or_warn(run, symbols, fetching.quotes_of(household, benchmark))
        quotes = fetching.live_quotes(run, household) if live else []
    elif live:
        run.warn(
            "each look reads the files again and asks for no prices: [prices] source is not yfinance, or --offline"
        )
    market = view.open_market(
        preferences,
        run.as_of,
        broker=household.quotes,
        benchmark=benchmark,
        live=quotes,
        finished=calendar.last_ended(run.as_of, run.clock()),
    )
    run.warn(*benchmark.warnings, *market.warnings)
    for account in household.accounts:
        if account.managed:
            for symbol, why in household.unsettled(account.name).items():
                run.warn(f"{symbol} in {account.name} is left as it is: {why}")
    return Portfolio(preferences, household, benchmark, market)


def known_prices(preferences: Preferences, household: Household) -> dict[str, Decimal]:
    """The last price of every symbol that the household holds, where there is one, without the index file's."""
    from dicli.market import view

    market = view.open_market(preferences, household.as_of, broker=household.quotes, benchmark=None)
    symbols = sorted({lot.symbol for lot in household.lots} | {p.symbol for p in household.positions})
    closes = {symbol: market.close(symbol) for symbol in symbols}
    return {symbol: close for symbol, close in closes.items() if close is not None}
