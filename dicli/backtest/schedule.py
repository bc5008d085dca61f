"""On which sessions something happens: every day, or the last session of each week, month, quarter or year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence

_PERIOD: dict[str, Callable[[dt.date], Hashable]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, (day.month - 1) // 3),
    "year": lambda day: day.year,
}


def last_of(dates: Sequence[dt.date], every: str, first: int, last: int) -> list[int]:
    """The sessions first ≤ t < last that close a period: the session after them belongs to another one."""
    period = _PERIOD[every]
    return [t for t in range(first, last) if period(dates[t]) != period(dates[t + 1])]
