"""dicli exit, donate: ways out of what is held that cost less tax than selling it today."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from dicli.commands.options import Run, command, dollars
from dicli.commands.portfolio import known_prices, open_household, open_portfolio
from dicli.model import Report


@command
def leave(
    run: Run,
    symbol: Annotated[
        str | None, typer.Argument(metavar="[SYMBOL]", help="A stock to leave; all of it if none.")
    ] = None,
    years: Annotated[int, typer.Option(metavar="N", help="Over how many tax years, this one included.")] = 5,
    keep: Annotated[
        float, typer.Option(metavar="FRACTION", help="Lots of which more than this is gain are given or kept.")
    ] = 0.8,
    frontier: Annotated[bool, typer.Option("--frontier", help="Tax against tracking error for 1 … N years.")] = False,
) -> Report:
    """A plan by year for leaving a concentrated stock, or the whole direct index for the fund.

    \b
    dicli exit MSFT --years 5
    dicli exit --years 3 --frontier
    """
    from dicli import plan
    from dicli.reports import exits

    p = open_portfolio(run)
    setting = plan.survey(p.household, p.benchmark, p.market, p.preferences)
    report = exits.frontier if frontier else exits.leave
    return report(
        p.household,
        setting,
        p.preferences,
        run.as_of,
        years=years,
        symbol=symbol.upper() if symbol else None,
        keep=Decimal(repr(keep)),
    )


@command
def donate(
    run: Run,
    amount: Annotated[Any, typer.Argument(metavar="DOLLARS", parser=dollars, help="How much to give.")],
) -> Report:
    """The lots to give: long-term, with the most gain per dollar, so that a gift avoids the most tax.

    \b
    dicli donate 20000
    dicli donate 5000 -f csv
    """
    from dicli.reports import donations

    preferences, household = open_household(run)
    return donations.donate(household, known_prices(preferences, household), preferences, run.as_of, amount)
