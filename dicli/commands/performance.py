"""dicli performance: what the accounts really delivered, beside the benchmark's fund with the same money."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicli.commands import fetching, replays
from dicli.commands.options import Run, command, date, dollars
from dicli.commands.portfolio import open_household
from dicli.model import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicli.household import Household
    from dicli.performance.closes import Closes
    from dicli.performance.record import Record
    from dicli.preferences import Preferences


@command
def performance(
    run: Run,
    account: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of this account; repeat. Default: the managed ones.")
    ] = None,
    fund: Annotated[
        str | None, typer.Option(metavar="TICKER", help="Compare with it. Default: the ticker that [index] names.")
    ] = None,
    fee: Annotated[
        Any, typer.Option(metavar="FRACTION", parser=dollars, help="Charged outside the account, a year.")
    ] = None,
    start: Annotated[
        Any, typer.Option(metavar="DATE", parser=date, help="Count from here, not from the history's first day.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Prices from a folder as dicli backtest takes it, not from [prices]."),
    ] = None,
) -> Report:
    """What the accounts really delivered, by year, against the same money in the index fund.

    \b
    dicli performance --fund SPY
    dicli performance --account robo --fund VTI --fee 0.0025 -f json
    """
    fee = replays.part(fee, "--fee", replays.MOST_FEE)
    from dicli.performance import report

    preferences, household = open_household(run)
    told = report.records(household, report.accounts_of(preferences, account or ()), start)
    closes = _closes(run, preferences, household, told, fund, data)
    return report.report(household, preferences, told, closes, fee or Decimal(0))


def _closes(
    run: Run,
    preferences: Preferences,
    household: Household,
    told: Sequence[Record],
    fund: str | None,
    data: Path | None,
) -> Closes:
    from dicli.market import calendar
    from dicli.performance import closes

    symbols = {symbol for one in told for symbol in one.symbols(preferences.corporate_actions)}
    first, last = min(one.first for one in told), max(one.last for one in told)
    if data is not None:
        from dicli.backtest.loading import load

        panel = load(data, first, last)
        return closes.of_panel(panel, symbols, fund, float(preferences.backtest.fund_fee))
    name = closes.fund_of(preferences, fund)
    if preferences.prices.source == "yfinance" and not run.offline:
        days = len(calendar.sessions(first - closes.BEFORE, calendar.last_session(run.as_of)))
        quotes = [quote for several in household.quotes.values() for quote in several]
        fetching.fetch_or_warn(run, {*symbols, name}, quotes, days=days)
    return closes.load(preferences, symbols, name, first, last)
