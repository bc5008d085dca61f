"""dicli reconcile: the trade list beside what the next exports say."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from dicli.commands.options import Run, command, date
from dicli.errors import DicliError, Fault
from dicli.model import Report


@command
def reconcile(
    run: Run,
    trades: Annotated[Path, typer.Argument(metavar="TRADES.csv", help="What dicli trade -f csv wrote.")],
    planned: Annotated[
        Any,
        typer.Option(metavar="DATE", parser=date, help="The day of the plan; the day of the file if not given."),
    ] = None,
) -> Report:
    """What was planned beside what happened: fills, lots, slippage, and losses that a wash sale took.

    \b
    dicli reconcile trades.csv
    dicli reconcile trades.csv --planned 2026-11-20 --exit-code
    """
    from dataclasses import replace

    from dicli.commands.portfolio import open_household
    from dicli.reports import planned as lists
    from dicli.reports import reconcile as report

    household = open_household(run)[1]
    wanted = lists.read_trades(trades, [account.name for account in household.accounts])
    since = planned or dt.datetime.fromtimestamp(trades.stat().st_mtime).astimezone().date()
    if since > run.as_of:
        raise DicliError(
            Fault(
                str(trades),
                f"the plan is of {since}, after --as-of {run.as_of}",
                "Say with --planned when it was made.",
            )
        )
    made = report.reconcile(wanted, household, since, run.as_of)
    if planned is None:
        said = f"{trades.name} is taken to be a plan of {since}, the day of the file: --planned says otherwise"
        made = replace(made, notes=(*made.notes, said))
    return made
