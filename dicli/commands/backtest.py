"""dicli backtest: what the planner would have done on past or invented prices, against the same money in the fund."""

from __future__ import annotations

import datetime as dt
import gc
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicli.commands import replays
from dicli.commands.options import Run, command, date, write_file
from dicli.commands.progress import progress
from dicli.commands.replays import Every
from dicli.errors import DicliError, Fault
from dicli.model import Account, AccountKind, Owner, Report

if TYPE_CHECKING:
    from dicli.backtest.opening import Opening
    from dicli.backtest.panel import Panel
    from dicli.backtest.study import Case
    from dicli.preferences import Harvest, Preferences

_INITIAL = Decimal(1_000_000)
_INVENTED_START = dt.date(2014, 1, 2)


class Dividends(StrEnum):
    REINVEST = "reinvest"
    CASH = "cash"


class WashSales(StrEnum):
    RESPECT = "respect"
    IGNORE = "ignore"


class LotMethod(StrEnum):
    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    LOWEST_TAX = "lowest_tax"


_DATA = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder with prices, weights and actions (.csv or .parquet)."),
]
_SYNTHETIC = Annotated[bool, typer.Option("--synthetic", help="An invented market instead: works offline.")]
_SEED = Annotated[int, typer.Option(metavar="N", help="Of the invented market: each is another history.")]
_NAMES = Annotated[int, typer.Option(metavar="N", min=11, max=600, help="Members of the invented index.")]
_YEARS = Annotated[int, typer.Option(metavar="N", min=1, max=40, help="Years of the invented market.")]
_START = Annotated[Any, typer.Option(metavar="DATE", parser=date, help="First day.")]
_END = Annotated[Any, typer.Option(metavar="DATE", parser=date, help="Last day.")]


@command
def backtest(
    run: Run,
    synthetic: _SYNTHETIC = False,
    seed: _SEED = 1,
    names: _NAMES = 100,
    years: _YEARS = 5,
    data: _DATA = None,
    start: _START = None,
    end: _END = None,
    initial: replays.INITIAL = None,
    fund_gain: replays.FUND_GAIN = None,
    contribute: replays.CONTRIBUTE = None,
    withdraw: replays.WITHDRAW = None,
    plan_every: Annotated[Every | None, typer.Option(help="How often the whole plan is made.")] = None,
    harvest_every: Annotated[Every | None, typer.Option(help="How often losses are looked for.")] = None,
    min_loss: replays.MIN_LOSS = None,
    min_loss_fraction: replays.MIN_LOSS_FRACTION = None,
    wash_sales: Annotated[WashSales | None, typer.Option(help="ignore: to compare with papers that do.")] = None,
    dividends: Annotated[Dividends | None, typer.Option(help="Stay for the next plan, or are paid out.")] = None,
    lot_method: Annotated[
        LotMethod | None, typer.Option(help="Sell by this order; default: the lots of the plan.")
    ] = None,
    outside_short: replays.OUTSIDE_SHORT = None,
    outside_long: replays.OUTSIDE_LONG = None,
    fund_fee: replays.FUND_FEE = None,
    account_fee: replays.ACCOUNT_FEE = None,
    start_every: Annotated[
        Every | None, typer.Option(help="Instead: run from every such start date, and show medians and ranges.")
    ] = None,
    horizon: Annotated[int, typer.Option(metavar="YEARS", min=1, help="With --start-every: of each run.")] = 3,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --start-every: keep each run here (.parquet or .csv); resumes."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With --start-every: cores to use; default: all.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="tcp://HOST:PORT", help="With --start-every: on the Dask cluster of this scheduler."),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="DIR", help="Write every trade into a folder that dicli tax reads."),
    ] = None,
    recovery: replays.RECOVERY = None,
) -> Report:
    """What harvesting would have done, against the same money in the index fund.

    The flags come before [backtest] in dicli.toml. Without an amount to start with it starts with the account's own
    lots. Always with outside gains and without.

    \b
    dicli backtest --synthetic --seed 7
    dicli backtest --data prices/ --start 2016-04-01 --end 2026-03-13 --initial 1000000
    dicli backtest --data prices/ --start 2025-01-02      (from the lots that the account held on that day)
    dicli backtest --synthetic --years 6 --start-every quarter --horizon 3 --results runs.parquet
    dicli backtest --data prices/ --start-every month --results runs.parquet --scheduler tcp://10.0.0.5:8786
    """
    gc.enable()  # off for commands that live a second; a replay leaves 30 MB a year in cycles
    if start_every is not None and log is not None:
        raise typer.BadParameter("--log is of one run: leave --start-every out")
    for flag, value in (("--results", results), ("--jobs", jobs), ("--scheduler", scheduler)):
        if start_every is None and value is not None:
            raise typer.BadParameter(f"{flag} goes with --start-every")
    if jobs is not None and scheduler is not None:
        raise typer.BadParameter("--jobs is for this computer, --scheduler for a cluster: give one of them")
    if scheduler is not None and run.offline:
        raise DicliError(Fault("--offline", "a cluster is over the network", "Leave out one of the two."))
    if synthetic == (data is not None):
        raise typer.BadParameter("give either --synthetic or --data DIR")
    if log is not None:
        _refuse_existing(run, log)
    preferences = _preferences(run, synthetic)
    wanted = replays.asked(
        preferences,
        start=start,
        end=end,
        initial=initial,
        fund_gain=fund_gain,
        contribute=contribute,
        withdraw=withdraw,
        plan_every=plan_every,
        harvest_every=harvest_every,
        wash_sales=wash_sales,
        dividends=dividends,
        lot_method=lot_method,
        outside_short=outside_short,
        outside_long=outside_long,
        fund_fee=fund_fee,
        account_fee=account_fee,
        delisting_recovery=replays.part(recovery, "--recovery"),
    )
    wanted = replace(wanted, harvest=_thresholds(wanted.harvest, min_loss, min_loss_fraction))
    if wanted.backtest.initial is None:
        if start_every is not None and not synthetic:
            raise DicliError(
                Fault(
                    "[backtest] initial", "is not there", "Vintages start with cash: say how much, --initial 1000000."
                )
            )
        if synthetic:
            wanted = replace(wanted, backtest=replace(wanted.backtest, initial=_INITIAL))
    from dicli.backtest import study

    panel = _panel(wanted, synthetic, seed, names, years, data)
    if synthetic:
        wanted = replace(wanted, backtest=replace(wanted.backtest, start=start, end=end))
    if start_every is not None:
        from dicli.backtest import sweep

        with progress(run, "vintages") as moved:
            rows = sweep.sweep(
                panel,
                wanted,
                start_every.value,
                horizon,
                kept=results,
                jobs=jobs,
                scheduler=scheduler,
                progress=moved,
            )
        return sweep.report(rows, horizon)
    opening = _own_lots(run, panel, wanted) if wanted.backtest.initial is None else None
    made = study.cases(panel, wanted, opening)
    if log is not None:
        _write_log(run, log, made[0], wanted)
    return study.report(panel, made, wanted)


def _thresholds(harvest: Harvest, least: Decimal | None, fraction: Decimal | None) -> Harvest:
    if least is not None and least < 0:
        raise typer.BadParameter("--min-loss is at least 0")
    fraction = replays.part(fraction, "--min-loss-fraction")
    return replace(
        harvest,
        min_loss=harvest.min_loss if least is None else least,
        min_loss_fraction=harvest.min_loss_fraction if fraction is None else fraction,
    )


def _refuse_existing(run: Run, place: Path) -> None:
    """Before the minutes that a backtest takes: a file of the log that is there stays, unless --force."""
    from dicli.backtest.log import FILES

    there = [name for name in FILES if (place / name).exists()]
    if there and not run.force:
        raise DicliError(Fault(str(place / there[0]), "there is such a file already", "Add --force to replace it."))


def _write_log(run: Run, place: Path, made: Case, wanted: Preferences) -> None:
    """A portfolio folder with the trade log of the run with outside gains."""
    from dicli.backtest import log
    from dicli.preferences import FILE_NAME
    from dicli.views import Format, render

    preferences, reports = log.folder(made.run, wanted)
    texts = {FILE_NAME: preferences, **{name: render(report, Format.CSV) for name, report in reports.items()}}
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DicliError(Fault(str(place), f"cannot be made: {problem.strerror}", "Choose another --log.")) from None
    for name, text in texts.items():
        write_file(place / name, text, force=run.force)
    run.note(f"the trades of the run with outside gains {made.label} are in {place}: dicli tax -C {place} --year …")


def _own_lots(run: Run, panel: Panel, wanted: Preferences) -> Opening:
    """What the account holds on the first day, by the files of the portfolio, which have to be there now."""
    from dicli import household, preferences
    from dicli.backtest.opening import own_lots
    from dicli.backtest.replay import managed_account, span

    first, _ = span(panel, wanted)
    day = panel.dates[first]
    try:
        preferences.load(run.folder)
        there = household.load(wanted, day)
    except DicliError as error:
        what = f"it is not there, so that the account's own lots of {day} are the start, and they cannot be had"
        remedy = "Start on a later day (--start), or with cash (--initial 1000000)."
        raise type(error)([*error.faults, Fault("[backtest] initial", what, remedy)]) from None
    return own_lots(there, managed_account(wanted), panel, first)


def _panel(wanted: Preferences, synthetic: bool, seed: int, names: int, years: int, data: Path | None) -> Panel:
    if synthetic:
        from dicli.backtest.synthetic import generate

        return generate(seed=seed, names=names, years=years, start=_INVENTED_START)
    from dicli.backtest.loading import load

    assert data is not None
    if wanted.backtest.start and wanted.backtest.end and wanted.backtest.end <= wanted.backtest.start:
        raise DicliError(
            Fault(
                "[backtest]",
                f"end ({wanted.backtest.end}) is not after start ({wanted.backtest.start})",
                "Correct one of them.",
            )
        )
    return load(data, wanted.backtest.start, wanted.backtest.end)


def _preferences(run: Run, synthetic: bool) -> Preferences:
    """The user's, or for an invented market without a dicli.toml those of an invented investor, which is said."""
    from dicli import preferences

    if not synthetic or _has_file(run.folder):
        return preferences.load(run.folder, exports=False)
    run.note("no dicli.toml here: an invented investor is used, married, with a taxable income of 250,000")
    account = Account("invented", AccountKind.TAXABLE, Owner.YOU, True, True, None, (), "fifo")
    return preferences.Preferences(
        path=run.folder / preferences.FILE_NAME,
        folder=run.folder,
        index=preferences.Index((preferences.IndexPart("invented", Decimal(1), None),)),
        tax=preferences.Tax(preferences.FilingStatus.MFJ, Decimal(250_000)),
        accounts=(account,),
    )


def _has_file(folder: Path) -> bool:
    from dicli import preferences

    try:
        preferences.find(folder)
    except DicliError:
        return False
    return True
