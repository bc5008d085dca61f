"""dicli target, drift, harvest, trade, why: what the planner makes of the household."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from dicli.commands.options import Run, command
from dicli.commands.portfolio import Portfolio, open_portfolio
from dicli.model import Report


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text.replace("$", "").replace(",", ""))
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is no amount of dollars; write it as +5000 or -20000") from None


_CASH = Annotated[
    Any,
    typer.Option(metavar="DOLLARS", parser=_dollars, help="A deposit (+5000) or a withdrawal (-20000) to plan for."),
]


@command
def target(run: Run) -> Report:
    """Fractional-share target holdings against the chosen index.

    \b
    dicli target
    dicli target -f csv -o target.csv
    """
    from dicli import plan
    from dicli.reports import targets

    portfolio = open_portfolio(run)
    return targets.target(portfolio.household, _survey(plan, portfolio), portfolio.preferences)


def _survey(plan: Any, portfolio: Portfolio) -> Any:
    return plan.survey(portfolio.household, portfolio.benchmark, portfolio.market, portfolio.preferences)


@command
def drift(run: Run) -> Report:
    """How far the accounts have drifted from their target: names, sectors, tracking error.

    \b
    dicli drift
    dicli drift -q --exit-code || mail -s "time to rebalance" me
    """
    from dicli import plan
    from dicli.reports import targets

    portfolio = open_portfolio(run)
    return targets.drift(_survey(plan, portfolio), portfolio.preferences)


@command
def harvest(run: Run) -> Report:
    """Which lots to sell at a loss, what each is worth, and which a wash sale taints.

    \b
    dicli harvest
    dicli harvest -f csv | grep clear
    """
    from dicli import plan
    from dicli.reports import harvests

    portfolio = open_portfolio(run)
    setting = _survey(plan, portfolio)
    return harvests.harvest(portfolio.household, setting, portfolio.preferences, run.as_of)


@command
def trade(run: Run, cash: _CASH = None) -> Report:
    """The trade list: what to buy and sell, which lots, and why.

    \b
    dicli trade
    dicli trade --cash +5000 -f csv > trades.csv
    """
    from dicli import plan
    from dicli.reports import trades

    p = open_portfolio(run)
    return trades.trades(
        plan.plan(p.household, p.benchmark, p.market, p.preferences, run.as_of, cash_flow=cash or Decimal(0))
    )


@command
def why(
    run: Run,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="The name to explain.")],
    cash: _CASH = None,
) -> Report:
    """The reasons behind one name's weight and trade.

    \b
    dicli why AAPL
    dicli why BRK.B -f json
    """
    from dicli import plan
    from dicli.reports import reasons

    p = open_portfolio(run)
    made = plan.plan(p.household, p.benchmark, p.market, p.preferences, run.as_of, cash_flow=cash or Decimal(0))
    return reasons.why(symbol.upper(), made, p.household, p.preferences)
