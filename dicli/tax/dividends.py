"""Qualified dividends: was the share held long enough around its ex-date?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """`days` that count inside the window, of which more than `needed` make the dividend qualified."""

    days: int
    needed: int
    qualified: bool


def qualified(
    acquired: dt.date,
    ex_date: dt.date,
    sold: dt.date | None = None,
    *,
    preferred: bool = False,
    diminished: Collection[dt.date] = (),
) -> Holding:
    """R-QDI: held more than 60 days in the 121 days beginning 60 days before the ex-date, per lot.

    Days d count with acquired < d ≤ sold; `sold` None: still held. Preferred stock with dividends for periods over 366
    days: more than 90 in 181. `diminished`: days with diminished risk do not count. `acquired` is the actual date: a
    wash sale's tacked period does not count (246(c)(3)(B)). A share bought on or after the ex-date gets no dividend.
    IRC 1(h)(11)(B)(iii), 246(c).
    """
    needed = 90 if preferred else 60
    span = dt.timedelta(days=needed)
    first = max(acquired + dt.timedelta(days=1), ex_date - span)
    last = ex_date + span if sold is None else min(sold, ex_date + span)
    days = max(0, (last - first).days + 1)
    days -= sum(first <= day <= last for day in set(diminished))
    return Holding(days, needed, days > needed)
