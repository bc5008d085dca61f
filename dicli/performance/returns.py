"""Returns of a series of values with flows: time-weighted, money-weighted, and how they differ from a fund's.

Flows count at the close of their day: r(t) = (value(t) − flow(t)) ÷ value(t − 1) − 1.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicli.backtest.panel import Floats

_WIDEST = 12.0  # of the logarithm of the growth over a whole span: a factor of 160,000 either way


@dataclass(frozen=True, eq=False)
class Links:
    """The time-weighted returns of T sessions, one link for each session whose value is known.

    `returns` (T,): since the session `since` (T,) before it that is known; 0 where there is no link. `linked` (T,) says
    where there is one, `broken` (T,) where none can be: money moved on a day whose value is not known.
    """

    returns: Floats
    since: NDArray[np.int_]
    linked: NDArray[np.bool_]
    broken: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def growth(self, first: int, last: int) -> float | None:
        """The return from the close of session `first` to that of `last`; None where it is not known."""
        if not (self.known[first] and self.known[last]) or self.broken[first + 1 : last + 1].any():
            return None
        return float(np.prod(1.0 + self.returns[first + 1 : last + 1]) - 1.0)


def links(value: Floats, flows: Floats, known: NDArray[np.bool_]) -> Links:
    """Link the known sessions. From a value of nothing there is no return: an empty account starts anew."""
    T = len(value)
    returns, since = np.zeros(T), np.zeros(T, dtype=int)
    linked, broken = np.zeros(T, dtype=bool), np.zeros(T, dtype=bool)
    last: int | None = 0 if known[0] else None
    moved = False  # while the value was not known
    for t in range(1, T):
        if not known[t]:
            moved = moved or flows[t] != 0.0
            continue
        if last is None or moved:
            broken[t] = last is not None
        elif value[last] > 0.0:
            returns[t], since[t], linked[t] = (value[t] - flows[t]) / value[last] - 1.0, last, True
        last, moved = t, False
    return Links(returns, since, linked, broken, known)


def differences(account: Links, fund: Floats, priced: NDArray[np.bool_], first: int, last: int) -> Floats:
    """Daily returns less the fund's, of the sessions after `first` up to `last` whose ends are known on both sides."""
    rows = [
        t
        for t in range(first + 1, last + 1)
        if account.linked[t] and account.since[t] == t - 1 and priced[t] and priced[t - 1]
    ]
    return np.asarray(account.returns[rows] - fund[rows])


def drift_cost(account: Links, value: Floats, fund: Floats, first: int, last: int) -> float | None:
    """Dollars: Σ over the links of the value before × (the fund's return − the account's): what the account earned less
    than the fund on its own money, without the gain on that. None where a link lacks.
    """
    if account.growth(first, last) is None:
        return None
    cost = 0.0
    for t in np.flatnonzero(account.linked[first + 1 : last + 1]) + first + 1:
        since = account.since[t]
        cost += float(value[since]) * (float(np.prod(1.0 + fund[since + 1 : t + 1])) - 1.0 - float(account.returns[t]))
    return cost


def annual(growth: float | None, days: int) -> float | None:
    """The same a year; a span of under 365 days is left as it is."""
    if growth is None or days < 365:
        return growth
    return float((1.0 + growth) ** (365.0 / days) - 1.0)


def money_weighted(dates: Sequence[dt.date], paid: Sequence[float], end: float) -> float | None:
    """The internal rate over the whole span: the growth x at which Σ paid × (1 + x)^(1 − days ÷ all days) is `end`.

    `paid` are dollars put in (out: negative), by day; days are actual ones, and `annual` makes a rate by days ÷ 365 of
    it. None where there is no such rate, or more than one.
    """
    from scipy.optimize import brentq

    days = (dates[-1] - dates[0]).days
    if not days:
        return None
    left = np.array([1.0 - (day - dates[0]).days / days for day in dates])
    put = np.array(paid, dtype=np.float64)

    def gap(x: float) -> float:
        return float(put @ np.exp(x * left) - end)

    grid = np.linspace(-_WIDEST, _WIDEST, 481)
    gaps = [gap(x) for x in grid]
    changes = [(a, b) for (a, one), (b, other) in itertools.pairwise(zip(grid, gaps, strict=True)) if one * other < 0.0]
    exact = [x for x, one in zip(grid, gaps, strict=True) if one == 0.0]
    if len(changes) + len(exact) != 1:
        return None
    root = exact[0] if exact else brentq(gap, *changes[0], xtol=1e-13)
    return float(np.expm1(root))
