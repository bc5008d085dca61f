"""Holding period and term by the calendar."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from dicli.model import Term

ONE_DAY = dt.timedelta(days=1)


def months_later(start: dt.date, months: int) -> dt.date:
    """The same day of the month `months` on; where that month is too short, the first of the next (R-MONTHEND)."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    try:
        return dt.date(year, month, start.day)
    except ValueError:
        return dt.date(year + month // 12, month % 12 + 1, 1)


def long_from(held_from: dt.date) -> dt.date:
    """The first day on which a sale is long-term (R-TERM; R-MONTHEND; IRC 1222, Rev. Rul. 66-7).

    Counting starts the day after `held_from`; long-term begins on the first anniversary of that day (Feb 29 -> Mar 1).
    """
    return months_later(held_from + ONE_DAY, 12)


def is_long(held_from: dt.date, sold: dt.date) -> bool:
    """Held more than one year, the day of sale included (R-TERM). Never a count of 365 days."""
    return sold >= long_from(held_from)


def term(held_from: dt.date, sold: dt.date, *, inherited: bool = False) -> Term:
    """Long or short; inherited property is long whatever the dates (R-INHERIT, IRC 1223(9))."""
    return Term.LONG if inherited or is_long(held_from, sold) else Term.SHORT


def held_over_six_months(acquired: dt.date, sold: dt.date) -> bool:
    """More than six months, counted as R-TERM counts the year (R-XDIV, IRC 852(b)(4))."""
    return sold >= months_later(acquired + ONE_DAY, 6)


@lru_cache(maxsize=65536)
def long_from_ordinal(held_from: int) -> int:
    """`long_from` on proleptic ordinals, remembered: a history asks for the same few thousand days again and again."""
    return long_from(dt.date.fromordinal(held_from)).toordinal()
