"""When New York trades: sessions, their number between two days, and whether the market is open.

The days come from `exchange-calendars`, kept by people who follow the exchanges' notices. Loading it and pandas takes
over a second, so a table made from it ships with dicli; the library itself is loaded only for days after the table's
end.
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from importlib import resources

OPEN, CLOSE = dt.time(9, 30), dt.time(16, 0)
SETTLED = dt.timedelta(minutes=30)
"""After the close, until a vendor's bar of the day can be taken for finished."""

TABLE_FIRST, TABLE_LAST = dt.date(1990, 1, 1), dt.date(2027, 12, 31)
_DAY = dt.timedelta(days=1)


@cache
def _table() -> dict[dt.date, dt.time | None]:
    """Weekdays that are no ordinary session -> the time of an early close, or None for no session."""
    text = resources.files("dicli").joinpath("data", "nyse.csv").read_text(encoding="utf-8")
    return {
        dt.date.fromisoformat(row["date"]): dt.time.fromisoformat(row["close"]) if row["close"] else None
        for row in csv.DictReader(text.splitlines())
    }


@cache
def _library_sessions(year: int) -> dict[dt.date, dt.time]:
    """Sessions of a year that the table does not have, and when they close."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=f"{year}-01-01", end=f"{year}-12-31")
    closes = calendar.closes.dt.tz_convert("America/New_York")
    return {session.date(): closes[session].time() for session in calendar.sessions}


def close_of(day: dt.date) -> dt.time | None:
    """When the session of a day ends, New York time; None where there is no session."""
    if day.weekday() >= 5:
        return None
    if TABLE_FIRST <= day <= TABLE_LAST:
        return _table().get(day, CLOSE)
    return _library_sessions(day.year).get(day)


def is_session(day: dt.date) -> bool:
    return close_of(day) is not None


def last_session(day: dt.date) -> dt.date:
    """The last session on or before a day."""
    while not is_session(day):
        day -= _DAY
    return day


def next_session(day: dt.date) -> dt.date:
    """The first session after a day."""
    day += _DAY
    while not is_session(day):
        day += _DAY
    return day


def sessions(first: dt.date, last: dt.date) -> list[dt.date]:
    """All sessions from `first` to `last`, both included."""
    days = (first + dt.timedelta(days) for days in range((last - first).days + 1))
    return [day for day in days if is_session(day)]


def sessions_missed(known: dt.date, as_of: dt.date) -> int:
    """How many sessions ended after `known` and up to `as_of`: a Friday's price is not stale on Sunday."""
    return len(sessions(known + _DAY, as_of))


def back(day: dt.date, count: int) -> dt.date:
    """The session that is `count` sessions before the last one on or before `day`."""
    day = last_session(day)
    for _ in range(count):
        day = last_session(day - _DAY)
    return day


def last_finished(now: dt.datetime) -> dt.date:
    """The last session whose bar is finished at a moment (an aware time): today's only half an hour after its close."""
    here = new_york(now)
    close = close_of(here.date())
    if close is not None and here >= dt.datetime.combine(here.date(), close, here.tzinfo) + SETTLED:
        return here.date()
    return last_session(here.date() - _DAY)


def last_ended(as_of: dt.date, now: dt.datetime) -> dt.date:
    """The last session up to `as_of` whose bar is finished; a day that is not today is taken as over (aware time)."""
    return last_finished(now) if as_of == new_york(now).date() else last_session(as_of)


def is_open(now: dt.datetime) -> bool:
    """Whether the market trades at a moment (an aware time)."""
    here = new_york(now)
    close = close_of(here.date())
    return close is not None and OPEN <= here.time() < close


def new_york(now: dt.datetime) -> dt.datetime:
    """A moment (an aware time) as the clocks of New York show it."""
    from zoneinfo import ZoneInfo

    return now.astimezone(ZoneInfo("America/New_York"))
