"""The axes of a chart: from where to where they go, where their marks stand and what these say. The same for terminals
and pictures; a picture has room for more marks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import groupby
from typing import NamedTuple

from dicli.model import Chart, Figure
from dicli.views.csv import plain

_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Steps between the marks of an axis of dates; from a year on the mark is the year alone."""

_NEAR = dt.timedelta(days=6)
"""A month's first session stands for its first day: it is never later than this."""

_UNITS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


class Axis(NamedTuple):
    """From `low` to `high`, which differ; `marks` are where, in the same measure, and what is written there."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...]


def places(chart: Chart) -> list[float]:
    """Where each x stands: dates by their day number, words by their order, numbers by themselves."""
    return [
        float(x) if isinstance(x, Decimal) else float(x.toordinal()) if isinstance(x, dt.date) else float(i)
        for i, x in enumerate(chart.x)
    ]


def known(chart: Chart) -> list[Decimal]:
    """Every value of the chart that is known, its band's with them."""
    rows = [series.values for series in chart.series]
    if chart.band is not None:
        rows += [chart.band.low, chart.band.high]
    return [value for row in rows for value in row if value is not None]


def runs(where: Sequence[float], values: Sequence[Decimal | None]) -> Iterator[tuple[list[float], list[float]]]:
    """The stretches of known values, as places and values: no line crosses a gap."""
    for is_known, run in groupby(zip(where, values, strict=True), key=lambda pair: pair[1] is not None):
        if is_known:
            pairs = [(at, float(value)) for at, value in run if value is not None]
            yield [at for at, _ in pairs], [value for _, value in pairs]


def of_values(chart: Chart, most: int) -> Axis:
    """The upright axis, in at most so many steps; bars stand on zero, so that it has zero. Some value must be known."""
    return numbers([*known(chart), Decimal(0)] if chart.kind == "bars" else known(chart), chart.figure, most)


def of_x(chart: Chart, most: int) -> Axis:
    """The level axis, with at most so many marks; there must be an x."""
    where = places(chart)
    days = [x for x in chart.x if isinstance(x, dt.date)]
    values = [x for x in chart.x if isinstance(x, Decimal)]
    if values:
        return numbers(values, chart.x_figure, most)
    if days and chart.kind == "lines":
        low, high = min(days), max(days)
        marks = [(float(day.toordinal()), text) for day, text in _dates(days, most)]
        return _wide(float(low.toordinal()), float(high.toordinal()), marks)
    every = -(-len(chart.x) // most)
    return _wide(0.0, float(len(where) - 1), [(where[i], str(chart.x[i])) for i in range(0, len(where), every)])


def numbers(values: Sequence[Decimal], figure: Figure, most: int) -> Axis:
    """Round numbers that take the values in: multiples of 1, 2 or 5 times a power of ten, in at most so many steps.

    One value alone gets room above and below.
    """
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) / 10 or Decimal(1)
        low, high = low - room, high + room
    power = Decimal(10) ** ((high - low) / most).adjusted()
    for times in (1, 2, 5, 10, 20):  # 20: rounding outwards may take one step more than the span
        step = power * times
        first = (low / step).to_integral_value(ROUND_FLOOR)
        last = (high / step).to_integral_value(ROUND_CEILING)
        if last - first <= most:
            break
    found = [step * (first + i) for i in range(int(last - first) + 1)]
    return Axis(
        float(found[0]),
        float(found[-1]),
        tuple((float(value), text) for value, text in zip(found, short(found, figure), strict=True)),
    )


def short(values: Sequence[Decimal], figure: Figure) -> list[str]:
    """Numbers of one axis, all with the same unit and decimals: 0.8M, 1.2M; 0.5%, 1.0%; zero is 0."""
    unit, sign = (Decimal("0.01"), "%") if figure is Figure.FRACTION else (Decimal(1), "")
    largest = max(abs(value) for value in values)
    if figure is not Figure.FRACTION:
        unit, sign = next(((one, its) for one, its in _UNITS if largest >= one), (unit, sign))
    scaled = [plain(value / unit) for value in values]
    places = max(len(text.partition(".")[2]) for text in scaled)
    return [f"{value / unit:,.{places}f}{sign}" if value else "0" for value in values]


def _dates(days: Sequence[dt.date], most: int) -> list[tuple[dt.date, str]]:
    """First days of months or years between the first and the last; within a month or two, days that there are."""
    low, high = min(days), max(days)
    for step in _MONTHS:
        found = []
        for month in range(low.year * 12 + low.month - 1, high.year * 12 + high.month):
            day = dt.date(month // 12, month % 12 + 1, 1)
            if month % step == 0 and low - _NEAR <= day <= high:
                found.append((max(day, low), f"{day:%Y}" if step >= 12 else f"{day:%Y-%m}"))
        if len(found) <= most:
            break
    if len(found) > 1:
        return found
    every = -(-len(days) // most)
    return [(day, day.isoformat()) for day in days[::every]]


def _wide(low: float, high: float, marks: Sequence[tuple[float, str]]) -> Axis:
    room = 0.0 if high > low else 1.0
    return Axis(low - room, high + room, tuple(marks))
