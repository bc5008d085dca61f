"""dicli worth-it: would direct indexing pay for this household, or is the fund the better choice?"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicli.commands import replays
from dicli.commands.options import Run, command
from dicli.commands.progress import progress
from dicli.commands.replays import Every
from dicli.errors import DicliError, Fault
from dicli.model import Report

if TYPE_CHECKING:
    pass


@command
def worth_it(
    run: Run,
    initial: replays.INITIAL = None,
    fund_gain: replays.FUND_GAIN = None,
    contribute: replays.CONTRIBUTE = None,
    withdraw: replays.WITHDRAW = None,
    outside_short: replays.OUTSIDE_SHORT = None,
    outside_long: replays.OUTSIDE_LONG = None,
    account_fee: replays.ACCOUNT_FEE = None,
    fund_fee: replays.FUND_FEE = None,
    horizon: Annotated[int, typer.Option(metavar="YEARS", min=1, max=30, help="How long the money stays.")] = 10,
    markets: Annotated[int, typer.Option(metavar="N", min=1, max=500, help="How many invented markets to try.")] = 10,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="Start dates in this history instead (as backtest --data takes it)."
        ),
    ] = None,
    start_every: Annotated[Every, typer.Option(help="With --data: from every such start date.")] = Every.QUARTER,
    harvest_every: Annotated[Every, typer.Option(help="How often losses are looked for.")] = Every.MONTH,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Cores to use; default: all.")] = None,
) -> Report:
    """Is direct indexing worth it for you, or is the fund the better choice?

    Your own rates and gains (dicli.toml), the money, its flows and the fees, over many markets: what you are ahead of
    the index fund after all tax, year by year.

    \b
    dicli worth-it --initial 500000
    dicli worth-it --initial 200000 --contribute 2000 --outside-short 20000 --account-fee 0.004
    """
    gc.enable()  # off for commands that live a second; a replay leaves 30 MB a year in cycles
    from dicli import preferences

    wanted = replays.asked(
        preferences.load(run.folder, exports=False),
        initial=initial,
        fund_gain=fund_gain,
        contribute=contribute,
        withdraw=withdraw,
        outside_short=outside_short,
        outside_long=outside_long,
        account_fee=account_fee,
        fund_fee=fund_fee,
        harvest_every=harvest_every,
    )
    if wanted.backtest.initial is None:
        raise DicliError(Fault("[backtest] initial", "is not there", "Say how much money: --initial 500000."))
    from dicli.backtest import worth

    with progress(run, "markets") as moved:
        if data is None:
            found, where = worth.in_invented(wanted, markets, horizon, jobs=jobs, progress=moved)
        else:
            from dicli.backtest.loading import load

            panel = load(data, wanted.backtest.start, wanted.backtest.end)
            found, where = worth.in_history(panel, wanted, start_every.value, horizon, jobs=jobs, progress=moved)
    return worth.report(found, wanted, run.as_of, markets=where)
