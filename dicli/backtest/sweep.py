"""Vintages: the same backtest from many start dates, in parallel, kept in a file as they come, resumed from it.

Every vintage runs for the same number of years, so that they can be compared. A result depends on nothing but the
panel, the preferences and its start: neither who runs it nor the order in which workers finish changes a figure.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from dicli import __version__
from dicli.backtest import results, schedule, study, workers
from dicli.backtest.panel import Panel
from dicli.backtest.replay import managed_account, span
from dicli.backtest.results import Row
from dicli.backtest.workers import Progress
from dicli.errors import DicliError, Fault, MarketError
from dicli.model import Chart, Column, Figure, Report, Series, Value
from dicli.preferences import Identical, Index, Preferences, Prices

SHOWN = ("tax_alpha", "harvested", "tracking_error", "tracking_difference", "break_even_fee", "ossified")
COLUMNS = (
    Column("outside_gains"),
    Column("figure"),
    Column("median", Figure.FRACTION),
    Column("low", Figure.FRACTION),
    Column("high", Figure.FRACTION),
    Column("lowest", Figure.FRACTION, brief=False),
    Column("highest", Figure.FRACTION, brief=False),
    Column("vintages", Figure.NUMBER),
)


def starts(panel: Panel, preferences: Preferences, every: str, years: int) -> list[dt.date]:
    """The first day of [backtest] and the last session of each period after it from which so many years remain.

    Raises MarketError where there is none.
    """
    first, last = span(panel, preferences)
    days = [panel.dates[t] for t in [first, *schedule.last_of(panel.dates, every, first, last)]]
    found = [day for day in dict.fromkeys(days) if schedule.years_later(day, years) <= panel.dates[last]]
    if not found:
        raise MarketError(
            Fault(
                "[backtest]",
                f"no run of {years} years fits between {panel.dates[first]} and {panel.dates[last]}",
                "Ask for fewer years (--horizon).",
            )
        )
    return found


def sweep(
    panel: Panel,
    preferences: Preferences,
    every: str,
    years: int,
    *,
    kept: Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Progress = lambda _done, _all: None,
) -> list[Row]:
    """Run what the file `kept` does not hold yet, and return all rows by start.

    On so many cores, all by default, or on the Dask cluster of `scheduler`. After each vintage the file is whole, and
    `progress` is told how many of how many are there: an interrupted sweep loses what was running, no more. Raises
    DicliError where the file cannot be kept or is of another set-up, before anything runs, and as `workers.each` does.
    """
    if kept is not None:
        results.ready(kept)
    wanted = starts(panel, preferences, every, years)
    setup = fingerprint(panel, preferences, years)
    rows = [] if kept is None else results.read(kept, setup, SHOWN)
    there = {row["start"] for row in rows}
    missing = [day for day in wanted if str(day) not in there]
    done = len(wanted) - len(missing)
    progress(done, len(wanted))
    _ = panel.index  # reckoned here once: the workers get it with the panel
    tasks = [(day, years, setup) for day in missing]
    running = workers.each(vintage, (panel, preferences), tasks, jobs=jobs, scheduler=scheduler)
    with contextlib.closing(running) as vintages:
        for found in vintages:
            rows += found
            if kept is not None:
                results.write(kept, sorted(rows, key=_key))
            done += 1
            progress(done, len(wanted))
    asked = {str(day) for day in wanted}
    return sorted((row for row in rows if row["start"] in asked), key=_key)


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    return row["start"], row["outside_gains"]


def vintage(panel: Panel, preferences: Preferences, start: dt.date, years: int, setup: str) -> list[Row]:
    """One start date, with outside gains and without. Raises what a replay does, with the start named."""
    end = schedule.years_later(start, years)
    dated = replace(preferences, backtest=replace(preferences.backtest, start=start, end=end))
    try:
        made = study.cases(panel, dated)
    except DicliError as error:
        faults = [replace(fault, where=f"the run from {start}: {fault.where}") for fault in error.faults]
        raise type(error)(faults) from None
    rows = [
        {
            "dicli": __version__,
            "setup": setup,
            "start": str(start),
            "end": str(end),
            "outside_gains": case.label,
            **{name: "" if value is None else str(value) for name, value in study.summary_of(case.figures).items()},
        }
        for case in made
    ]
    del made
    return rows


def fingerprint(panel: Panel, preferences: Preferences, years: int) -> str:
    """What a result depends on, but for its start and the version of dicli: the whole panel, and of the preferences all
    that is not named here as left out of a backtest, so that a key that is new is in it.
    """
    account = replace(managed_account(preferences), number=None, broker_files=())
    lists = tuple(replace(names, path=Path()) for names in preferences.screens.exclude_lists)
    told = replace(
        preferences,
        path=Path(),
        folder=Path(),
        index=Index((), max_names=preferences.index.max_names),  # the index is the panel's
        accounts=(account,),
        screens=replace(preferences.screens, exclude_lists=lists),
        held_away=(),
        identical=Identical(),
        corporate_actions=(),
        prices=Prices(),
        scheduled=(),
        backtest=replace(preferences.backtest, start=None, end=None),
        ignore_actions=(),
    )
    made = hashlib.sha256(repr((told, years)).encode())
    made.update(repr((panel.dates, panel.symbols, panel.known, panel.sectors)).encode())
    for part in (panel.close, panel.splits, panel.dividends, panel.spinoffs, panel.weights):
        made.update(part.tobytes())
    return made.hexdigest()[:16]


def report(rows: Sequence[Row], years: int) -> Report:
    """Medians and ranges over the vintages: low and high are the 10th and 90th percentiles."""
    out: list[tuple[Value, ...]] = []
    for label in dict.fromkeys(row["outside_gains"] for row in rows):
        for name in SHOWN:
            values = sorted(Decimal(row[name]) for row in rows if row["outside_gains"] == label and row[name])
            if not values:
                continue
            out.append(
                (
                    label,
                    name,
                    statistics.median(values),
                    percentile(values, 10),
                    percentile(values, 90),
                    values[0],
                    values[-1],
                    Decimal(len(values)),
                )
            )
    count = len({row["start"] for row in rows})
    first, last = min(row["start"] for row in rows), max(row["start"] for row in rows)
    return Report(
        "vintages",
        COLUMNS,
        tuple(out),
        title=f"{count} vintages of {years} year{'s' if years > 1 else ''}, started {first} to {last}",
        notes=("vintages that overlap are not independent: the range is narrower than that of the future",),
        charts=(_by_start(rows),),
    )


def _by_start(rows: Sequence[Row]) -> Chart:
    """Each vintage's tax alpha: a start that has no such figure stays a gap."""
    starts = sorted({row["start"] for row in rows})
    found = {_key(row): Decimal(row["tax_alpha"]) for row in rows if row["tax_alpha"]}
    labels = dict.fromkeys(row["outside_gains"] for row in rows)
    return Chart(
        "Tax alpha by first day",
        tuple(dt.date.fromisoformat(start) for start in starts),
        tuple(
            Series(
                study.called(label),
                tuple(found.get((start, label)) for start in starts),
            )
            for label in labels
        ),
        Figure.FRACTION,
        y_name="of the account's value, a year",
    )


def percentile(values: Sequence[Decimal], percent: int) -> Decimal:
    """The nearest-rank percentile of sorted values."""
    rank = max(1, -(-len(values) * percent // 100))
    return values[rank - 1]
