"""dicli target, drift, harvest, trade, why: what the planner makes of the household."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

import typer

from dicli.commands import upload
from dicli.commands import watch as watching
from dicli.commands.options import Run, command, dollars
from dicli.commands.portfolio import Portfolio, open_portfolio
from dicli.model import Report

_CASH = Annotated[
    Any,
    typer.Option(
        metavar="DOLLARS",
        parser=dollars,
        help="Plan a deposit (+5000) to, or a withdrawal (-20000) from, the first managed account.",
    ),
]


def _counts(text: str) -> list[int]:
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise typer.BadParameter(f"{text!r} is no list of numbers of names; write it as 25,50,100")
    return counts


def _survey(plan: Any, portfolio: Portfolio) -> Any:
    return plan.survey(portfolio.household, portfolio.benchmark, portfolio.market, portfolio.preferences)


@command
def target(
    run: Run,
    names: Annotated[
        Any,
        typer.Option(metavar="N,N,…", parser=_counts, help="Instead: tracking error against the number of names."),
    ] = None,
) -> Report:
    """Fractional-share target holdings against the chosen index.

    \b
    dicli target -f csv -o target.csv
    dicli target --names 25,50,100,200
    """
    from dicli import plan
    from dicli.reports import names as how_many
    from dicli.reports import targets

    p = open_portfolio(run)
    if names is not None:
        return how_many.names(p.household, p.benchmark, p.market, p.preferences, names)
    setting = _survey(plan, p)
    return targets.target(p.household, setting, p.preferences, lambda: _contributions(p, setting))


def _contributions(p: Portfolio, setting: Any) -> Any:
    from dicli.plan import guardrail

    return guardrail.contributions(p.household, p.benchmark, p.market, p.preferences, setting.target.tracking_error)


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


_WATCH = Annotated[
    Any,
    typer.Option(
        metavar="5m",
        parser=watching.interval,
        help="Look again at this interval in market hours; show what is new.",
    ),
]
_EXEC = Annotated[str | None, typer.Option("--exec", metavar="CMD", help="With --watch: it gets what is new as JSON.")]


@command
def harvest(run: Run, watch: _WATCH = None, execute: _EXEC = None) -> Report | None:
    """Which lots to sell at a loss, what each is worth, and which a wash sale taints.

    \b
    dicli harvest
    dicli harvest -f csv | grep clear
    dicli harvest --watch 5m --exec ./tell-me.sh
    """
    if watch is not None:
        watching.watch(run, lambda now: _harvest(now, live=True), every=watch, execute=execute)
        return None
    if execute is not None:
        raise typer.BadParameter("--exec goes with --watch")
    return _harvest(run)


def _harvest(run: Run, *, live: bool = False) -> Report:
    from dicli import plan
    from dicli.reports import harvests

    portfolio = open_portfolio(run, live=live)
    setting = _survey(plan, portfolio)
    return harvests.harvest(portfolio.household, setting, portfolio.preferences, run.as_of)


@command
def trade(
    run: Run,
    cash: _CASH = None,
    gains_budget: Annotated[
        Any, typer.Option(metavar="DOLLARS", parser=dollars, help="Net gain allowed this year, for this plan only.")
    ] = None,
    frontier: Annotated[
        bool, typer.Option("--frontier", help="Instead: tax saved against tracking error along the dial.")
    ] = False,
    broker: upload.FOR = None,
    only: upload.ACCOUNT = None,
    fractions: upload.FRACTIONAL = False,
) -> Report | None:
    """The trade list: what to buy and sell, which lots, and why.

    \b
    dicli trade
    dicli trade --cash +5000 -f csv > trades.csv
    dicli trade --for schwab --account joint -o trades.txt
    """
    from dicli import plan
    from dicli.reports import frontier as dial
    from dicli.reports import trades

    upload.refuse_alone(broker, only, fractions=fractions)
    if gains_budget is not None and gains_budget < 0:
        raise typer.BadParameter("--gains-budget: a budget is at least 0; 0 allows no net gain")
    if broker is not None and frontier:
        raise typer.BadParameter("--frontier and --for are two questions: ask one")
    p = open_portfolio(run)
    flow = cash or Decimal(0)
    wanted = p.preferences
    if gains_budget is not None:
        budget = replace(wanted.limits.gains_budget, net=gains_budget)
        wanted = replace(wanted, limits=replace(wanted.limits, gains_budget=budget))
    if frontier:
        return dial.frontier(p.household, p.benchmark, p.market, wanted, run.as_of, cash_flow=flow)
    made = plan.plan(p.household, p.benchmark, p.market, wanted, run.as_of, cash_flow=flow)
    if broker is not None:
        return upload.hand_over(run, p.household, made.trades, broker, only, fractions=fractions)
    return trades.trades(made)


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
