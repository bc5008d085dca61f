"""Vintages: the same backtest from many start dates, in parallel, kept in a file as they come, resumed from it.

Every vintage runs for the same number of years, so that they can be compared. A result depends on nothing but the
panel, the preferences and its start: the order in which workers finish changes no figure.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd

from dicli.backtest import schedule, study
from dicli.backtest.panel import Panel
from dicli.backtest.replay import span
from dicli.errors import DicliError, Fault, MarketError
from dicli.model import Chart, Column, Figure, Report, Series, Value
from dicli.preferences import Preferences

Row = dict[str, str]
"""One vintage and case: `setup`, `start`, `end`, `outside_gains` and the figures of `study.summary_of`, as text."""

SHOWN = ("tax_alpha", "harvested", "tracking_error", "tracking_difference", "break_even_fee", "ossified")
COLUMNS = (
    Column("outside_gains"),
    Column("figure"),
    Column("median", Figure.FRACTION),
    Column("low", Figure.FRACTION),
    Column("high", Figure.FRACTION),
    Column("lowest", Figure.FRACTION),
    Column("highest", Figure.FRACTION),
    Column("vintages", Figure.NUMBER),
)


def starts(panel: Panel, preferences: Preferences, every: str, years: int) -> list[dt.date]:
    """The first day of [backtest] and the last session of each period after it from which so many years remain.

    Raises MarketError where there is none.
    """
    first, last = span(panel, preferences)
    days = [panel.dates[t] for t in [first, *schedule.last_of(panel.dates, every, first, last)]]
    found = [day for day in dict.fromkeys(days) if _end(day, years) <= panel.dates[last]]
    if not found:
        raise MarketError(
            Fault(
                "[backtest]", f"no {years} years fit between {panel.dates[first]} and {panel.dates[last]}", "Run fewer."
            )
        )
    return found


def _end(start: dt.date, years: int) -> dt.date:
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return start.replace(year=start.year + years, day=day)


def sweep(
    panel: Panel, preferences: Preferences, every: str, years: int, *, results: Path | None, jobs: int
) -> list[Row]:
    """Run what `results` does not hold yet and return all rows by start. Raises DicliError where the file is of another
    set-up. After each vintage the file is whole: an interrupted sweep loses what was running, no more.
    """
    wanted = starts(panel, preferences, every, years)
    setup = fingerprint(panel, preferences, years)
    rows = _read(results, setup)
    done = {row["start"] for row in rows}
    missing = [day for day in wanted if str(day) not in done]
    for found in _run(panel, preferences, missing, years, setup, jobs):
        rows += found
        if results is not None:
            _write(results, sorted(rows, key=_key))
    asked = {str(day) for day in wanted}
    return sorted((row for row in rows if row["start"] in asked), key=_key)


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    return row["start"], row["outside_gains"]


def _run(
    panel: Panel, preferences: Preferences, days: Sequence[dt.date], years: int, setup: str, jobs: int
) -> Iterator[list[Row]]:
    if jobs == 1 or len(days) < 2:
        for day in days:
            yield vintage(panel, preferences, day, years, setup)
        return
    try:
        from joblib import Parallel, delayed
    except ImportError:
        raise DicliError(
            Fault("--jobs", "running on several cores needs joblib", 'pip install "dicli[sweep]", or give --jobs 1.')
        ) from None
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")
    yield from work(delayed(vintage)(panel, preferences, day, years, setup) for day in days)


def vintage(panel: Panel, preferences: Preferences, start: dt.date, years: int, setup: str) -> list[Row]:
    """One start date, with outside gains and without."""
    end = _end(start, years)
    dated = replace(preferences, backtest=replace(preferences.backtest, start=start, end=end))
    return [
        {
            "setup": setup,
            "start": str(start),
            "end": str(end),
            "outside_gains": made.label,
            **{name: "" if value is None else str(value) for name, value in study.summary_of(made.figures).items()},
        }
        for made in study.cases(panel, dated)
    ]


def fingerprint(panel: Panel, preferences: Preferences, years: int) -> str:
    """What a result depends on, but for its start."""
    setup = replace(preferences.backtest, start=None, end=None)
    told = (setup, preferences.tax, preferences.limits, preferences.harvest, preferences.costs, preferences.screens)
    made = hashlib.sha256(repr((told, preferences.tilts, preferences.index.max_names, years)).encode())
    made.update(repr((panel.dates, panel.symbols)).encode())
    for part in (panel.close, panel.splits, panel.dividends, panel.spinoffs, panel.weights):
        made.update(part.tobytes())
    return made.hexdigest()[:16]


def _read(path: Path | None, setup: str) -> list[Row]:
    if path is None or not path.exists():
        return []
    try:
        table = (
            pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str, keep_default_na=False)
        )
        rows = [{str(name): str(value) for name, value in row.items()} for row in table.to_dict("records")]
        others = {row["setup"] for row in rows} - {setup}
    except (ImportError, ValueError, KeyError) as error:
        raise DicliError(Fault(str(path), f"cannot be read as results: {error}", "Name another --results.")) from None
    if others:
        raise DicliError(Fault(str(path), "it holds results of other prices or preferences", "Name another --results."))
    return rows


def _write(path: Path, rows: Sequence[Row]) -> None:
    """The whole file anew, by rename."""
    table = pd.DataFrame(rows)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        if path.suffix == ".parquet":
            table.to_parquet(name, index=False)
        else:
            table.to_csv(name, index=False, lineterminator="\n")
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
        title=f"{count} vintages of {years} years, started {first} to {last}",
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
                "no outside gains" if label == "none" else f"outside gains {label}",
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
