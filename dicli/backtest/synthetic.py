"""Invented markets: a seeded factor model with fat tails, dividends, splits, births and deaths.

r = market + sector + specific, each daily, Student's t with 5 degrees of freedom (market, sectors) and 4 (specific)
scaled to the stated volatility. They have the features that a tax-aware backtest feeds on, and no claim beyond that:
no figure from one of them says what real markets will do.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from dicli.backtest.panel import DAYS, Floats, Panel, build
from dicli.market.sectors import SECTORS

DRIFT = 0.09  # of the market, a year
MARKET = 0.16  # annual volatilities
SECTOR = 0.10
SPECIFIC = 0.28
YIELD = 0.03  # the highest dividend yield; a name's own is drawn between nothing and this
TURNOVER = 0.04  # of the members leave the index and the market each year, as many come
SPLIT_ABOVE = 300.0
PREMIUM = 0.25  # what a buyer pays for a company that leaves by takeover; the other half of the leavers fail
RUIN = 0.85  # of its value, lost over its last quarter by a company that fails


def sessions(start: dt.date, years: int) -> list[dt.date]:
    """Weekdays from `start` on, `years` × 252 of them: no holidays."""
    found: list[dt.date] = []
    day = start
    while len(found) < years * DAYS:
        if day.weekday() < 5:
            found.append(day)
        day += dt.timedelta(days=1)
    return found


def _lives(
    rng: np.random.Generator, size: Floats, names: int, years: int, leavers: int
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """First session and the one after the last of every name: each year some leave, and as many come on that day.

    Those who leave are among the smaller half by their first `size` (n,): giants are not taken over or ruined in a
    quarter, and one that was would take a fifth of the index with it.
    """
    n = names + leavers * (years - 1)
    born, dies = np.zeros(n, dtype=int), np.full(n, years * DAYS, dtype=int)
    alive = list(range(names))
    for year in range(1, years):
        smaller = sorted(alive, key=lambda i: size[i])[: max(len(alive) // 2, leavers)]
        gone = [smaller[i] for i in rng.choice(len(smaller), leavers, replace=False)]
        days = year * DAYS + rng.integers(0, DAYS, leavers)
        new = list(range(names + leavers * (year - 1), names + leavers * year))
        for old, fresh, day in zip(gone, new, days, strict=True):
            dies[old], born[fresh] = day, day
        alive = [i for i in alive if i not in set(gone)] + new
    return born, dies


def generate(*, seed: int, names: int = 100, years: int = 10, start: dt.date = dt.date(2014, 1, 2)) -> Panel:
    """A market of `names` index members at any time. The same arguments give the same bytes.

    The index is weighted by capitalisation, with weights of every month's last session.
    """
    rng = np.random.default_rng(seed)
    dates = sessions(start, years)
    T = len(dates)
    leavers = max(1, round(names * TURNOVER)) if years > 1 else 0
    n = names + leavers * (years - 1)
    sectors = list(SECTORS)
    sector_of = rng.integers(0, len(sectors), n)
    price = rng.uniform(20.0, 200.0, n)
    shares = np.exp(rng.normal(0.0, 1.1, n))
    born, dies = _lives(rng, price * shares, names, years, leavers)
    fails = rng.random(n) < 0.5

    def tails(size: tuple[int, ...], freedom: int, volatility: float) -> Floats:
        scale = volatility / np.sqrt(DAYS) / np.sqrt(freedom / (freedom - 2))
        return np.asarray(rng.standard_t(freedom, size) * scale)

    market = DRIFT / DAYS + tails((T, 1), 5, MARKET)
    beta = rng.normal(1.0, 0.25, n)
    specific = tails((T, n), 4, 1.0) * SPECIFIC * rng.uniform(0.6, 1.5, n)
    steps = market * beta + tails((T, len(sectors)), 5, SECTOR)[:, sector_of] + specific
    for i in np.flatnonzero((dies < T) & fails):
        first = max(born[i] + 1, dies[i] - 63)
        steps[first : dies[i], i] += (1.0 - RUIN) ** (1.0 / 63) - 1.0
    for i in np.flatnonzero((dies < T) & ~fails):
        steps[max(born[i] + 1, dies[i] - 10), i] += PREMIUM
    steps = np.clip(steps, -0.6, 1.0)

    yields = rng.uniform(0.0, YIELD, n)
    yields[rng.random(n) < 0.25] = 0.0
    month = rng.integers(0, 63, n)  # the day of its quarter on which a name goes ex
    close = np.full((T, n), np.nan)
    splits, dividends, caps = np.ones((T, n)), np.zeros((T, n)), np.zeros((T, n))
    for t in range(T):
        there = (born <= t) & (t < dies)
        moving = there & (born < t)
        if t:
            price = np.where(moving, price * (1.0 + steps[t]), price)
        paying = moving & (t % 63 == month) & (yields > 0.0)
        dividends[t, paying] = np.round(price[paying] * yields[paying] / 4.0, 4)
        price = price - dividends[t]
        doubling = moving & (price > SPLIT_ABOVE)
        splits[t, doubling] = 2.0
        dividends[t, doubling] = np.round(dividends[t, doubling] / 2.0, 4)  # per share of the day: after the split
        price = np.where(doubling, price / 2.0, price)
        shares = np.where(doubling, shares * 2.0, shares)
        price = np.maximum(price, 0.05)
        close[t, there] = np.round(price[there], 2)
        caps[t, there] = close[t, there] * shares[there]
    width = len(str(n))
    symbols = [f"N{i + 1:0{width}d}" for i in range(n)]
    ends = [t for t in range(T) if t == 0 or (t + 1 < T and dates[t].month != dates[t + 1].month)]
    weights = [
        (dates[t], {symbols[i]: float(caps[t, i]) for i in np.flatnonzero((caps[t] > 0.0) & (dies > t))}) for t in ends
    ]
    return build(
        dates,
        symbols,
        close,
        weights,
        splits=splits,
        dividends=dividends,
        sectors=[sectors[i] for i in sector_of],
        name=f"invented market {seed}",
        where=f"synthetic market {seed}",
    )
