"""On which sessions something happens: the last of each week, month, quarter or year, or the anniversaries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence

import numpy as np

_PERIOD: dict[str, Callable[[dt.date], Hashable]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, (day.month - 1) // 3),
    "year": lambda day: day.year,
}

_PAUSE = dt.timedelta(days=5)  # the longest that two sessions are apart


def last_of(dates: Sequence[dt.date], every: str, first: int, last: int) -> list[int]:
    """The sessions first ≤ t < last that close a period: the session after them belongs to another one."""
    period = _PERIOD[every]
    return [t for t in range(first, last) if period(dates[t]) != period(dates[t + 1])]


def anniversaries(dates: Sequence[dt.date], first: int, last: int) -> list[int]:
    """The sessions on which one, two … years have passed since session `first`: each the last up to that day. A run
    that ends on the last session before a weekend or a holiday has reached the anniversary that falls on it.
    """
    found, years = [], 1
    days = np.array(dates, dtype="datetime64[D]")
    while (day := years_later(dates[first], years)) < dates[last] + _PAUSE:
        found.append(int(np.searchsorted(days[: last + 1], np.datetime64(day, "D"), side="right")) - 1)
        years += 1
    return found


def years_later(day: dt.date, years: int) -> dt.date:
    """The same day so many years on; 28 February for the 29th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
