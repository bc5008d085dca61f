"""The market of a backtest: sessions, prices as traded, corporate actions and dated index weights; and one day's view.

float64 arrays inside; what leaves towards the planner is `Decimal` again.
"""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dicli.errors import Fault, MarketError
from dicli.market.benchmark import Benchmark
from dicli.model import Constituent

Floats = NDArray[np.float64]

DAYS = 252
"""Sessions a year."""

WINDOW = 2 * DAYS
"""Sessions of returns that the planner's risk model asks for: two years."""

GONE_AFTER = 5
"""Sessions without a price after which a name counts as delisted. The rule looks back only: a halted one may return."""

MOST_MISSING = 0.05
"""Weight without a price beyond which an index is no longer that index: an error."""

_PLACES, _CENT = Decimal("0.0001"), Decimal("0.01")
_NOISE = 1e-9  # a share of weight that is only rounding


@dataclass(frozen=True, eq=False)
class Panel:
    """T sessions, n names, W dates with index weights.

    `close` (T, n): dollars as traded, NaN where there was no trade. `splits` (T, n): new shares per old, effective
    before the open (1: none). `dividends` (T, n): dollars per share of the day on the ex date; `spinoffs` (T, n):
    dollars handed out per share of the day before. `weights` (W, n): index weights, fractions, each row sums to 1
    over the names that have a price; row i is known from session `known[i]` on. `missing` (W,): the weight that had no
    price before the row was scaled back to 1, and `unpriced` the names that it belonged to on any date.
    """

    dates: tuple[dt.date, ...]
    symbols: tuple[str, ...]
    close: Floats
    splits: Floats
    dividends: Floats
    spinoffs: Floats
    weights: Floats
    known: tuple[int, ...]
    sectors: tuple[str | None, ...]
    missing: Floats
    unpriced: tuple[str, ...] = ()
    name: str = "index"
    _cents: dict[int, dict[str, Decimal]] = field(default_factory=dict, repr=False)

    @cached_property
    def places(self) -> dict[str, int]:
        return {symbol: at for at, symbol in enumerate(self.symbols)}

    @cached_property
    def _growth(self) -> tuple[Floats, Floats]:
        """(total returns, cumulated price growth with splits), both (T, n).

        A session without a price has no return (NaN) and its growth stands still; the next one that has a price takes
        the splits and dividends of the gap with it.
        """
        T, n = self.close.shape
        returns = np.full((T, n), np.nan)
        growth = np.ones((T, n))
        last = np.full(n, np.nan)
        shares = np.ones(n)
        paid = np.zeros(n)
        level = np.ones(n)
        for t in range(T):
            paid = paid + self.spinoffs[t] * shares
            shares = shares * self.splits[t]
            paid = paid + self.dividends[t] * shares
            there = np.isfinite(self.close[t])
            seen = there & np.isfinite(last)
            returns[t, seen] = (self.close[t, seen] * shares[seen] + paid[seen]) / last[seen] - 1.0
            level = np.where(seen, level * self.close[t] * shares / np.where(seen, last, 1.0), level)
            growth[t] = level
            last = np.where(there, self.close[t], last)
            shares = np.where(there, 1.0, shares)
            paid = np.where(there, 0.0, paid)
        return returns, growth

    @property
    def returns(self) -> Floats:
        """Simple total returns (T, n), NaN where either price lacks: dividends and spun-off value in."""
        return self._growth[0]

    def weights_at(self, t: int) -> Floats:
        """The index at the close of session t (n,): the newest weights known, moved on by prices, 0 where no price is.

        Raises MarketError where no weights are known yet.
        """
        row = bisect_right(self.known, t) - 1
        if row < 0:
            raise MarketError(
                Fault("index weights", f"none are known on {self.dates[t]}", "Start later, or add earlier weights.")
            )
        growth = self._growth[1]
        moved = self.weights[row] * growth[t] / growth[self.known[row]]
        moved = np.where(np.isfinite(self.close[t]), moved, 0.0)
        return np.asarray(moved / moved.sum())

    @cached_property
    def index(self) -> tuple[Floats, Floats]:
        """The index itself: daily total returns (T,) and, of them, what was paid out as dividends (T,).

        Weights of the evening before meet the day's returns; a name without a price that day earns nothing. Zero before
        the first weights.
        """
        T = len(self.dates)
        total, paid = np.zeros(T), np.zeros(T)
        for t in range(self.known[0] + 1, T):
            weights = self.weights_at(t - 1)
            day = self.returns[t]
            total[t] = float(np.nansum(weights * day))
            there = (self.dividends[t] > 0.0) & np.isfinite(self.close[t - 1])
            price = self.close[t - 1, there]
            paid[t] = float(np.sum(weights[there] * self.dividends[t, there] * self.splits[t, there] / price))
        return total, paid

    def row(self, day: dt.date) -> int:
        """The first session on or after `day`. Raises MarketError where the panel ends before it."""
        at = int(np.searchsorted(np.array(self.dates, dtype="datetime64[D]"), np.datetime64(day, "D")))
        if at == len(self.dates):
            raise MarketError(Fault("prices", f"they end on {self.dates[-1]}, before {day}", "Choose an earlier date."))
        return at

    def gone(self, t: int) -> NDArray[np.bool_]:
        """(n,) True where the last GONE_AFTER sessions up to t had no price but some session before had one."""
        if t < GONE_AFTER:
            return np.zeros(len(self.symbols), dtype=bool)
        recent = np.isfinite(self.close[t - GONE_AFTER + 1 : t + 1]).any(axis=0)
        return np.asarray(~recent & np.isfinite(self.close[: t - GONE_AFTER + 1]).any(axis=0))

    def last_close(self, t: int) -> Floats:
        """The last close of every name at or before t (n,), as traded then; NaN where there is none."""
        there = np.isfinite(self.close[: t + 1])
        latest = t - there[::-1].argmax(axis=0)
        return np.asarray(np.where(there.any(axis=0), self.close[latest, np.arange(len(self.symbols))], np.nan))

    def last_price(self, symbol: str, t: int) -> Decimal:
        """The last close at or before t, as traded then. KeyError or MarketError where there is none."""
        column = self.close[: t + 1, self.places[symbol]]
        seen = np.flatnonzero(np.isfinite(column))
        if not len(seen):
            raise MarketError(Fault(symbol, f"it has no price up to {self.dates[t]}"))
        return exact(float(column[seen[-1]]))

    def market_at(self, t: int) -> MarketAt:
        return MarketAt(self, t)

    def benchmark_at(self, t: int) -> Benchmark:
        """The index as the planner takes it: members in the panel's order, weights that sum to exactly 1."""
        weights = self.weights_at(t)
        held = np.flatnonzero(weights > 0.0)
        parts = [Decimal(repr(round(float(weights[i]), 12))) for i in held]
        heaviest = max(range(len(parts)), key=lambda k: parts[k])
        parts[heaviest] += 1 - sum(parts, Decimal(0))
        members = tuple(
            Constituent(self.symbols[i], part, self.sectors[i]) for i, part in zip(held, parts, strict=True)
        )
        return Benchmark(self.name, self.dates[t], members, source="the backtest's dated weights", weighed_by="weights")


def dollars(value: float) -> Decimal:
    """An amount in cents."""
    return Decimal(repr(round(float(value), 2))).quantize(_CENT)


def exact(price: float) -> Decimal:
    """A price as traded, to a hundredth of a cent."""
    return Decimal(repr(round(price, 4))).quantize(_PLACES).normalize()


class MarketAt:
    """The planner's market on session t of a panel. Arrays are cut at t when it is made: nothing later is in it."""

    def __init__(self, panel: Panel, t: int) -> None:
        self.as_of = panel.dates[t]
        self._places = panel.places
        self._today = panel.close[t]
        first = max(0, t - WINDOW + 1)
        self._returns = panel.returns[first : t + 1]
        self._dates = list(panel.dates[first : t + 1])

    def close(self, symbol: str) -> Decimal | None:
        """The day's close; None without one, so that nothing is traded at a price that was not there."""
        at = self._places.get(symbol)
        if at is None or not np.isfinite(self._today[at]):
            return None
        return exact(float(self._today[at]))

    def returns(self, symbols: Sequence[str]) -> tuple[Floats, list[dt.date]] | None:
        """Total returns (T, n) of up to two years, NaN where unknown, and their sessions."""
        found = np.full((len(self._dates), len(symbols)), np.nan)
        for j, symbol in enumerate(symbols):
            if symbol in self._places:
                found[:, j] = self._returns[:, self._places[symbol]]
        return found, self._dates


def build(
    dates: Sequence[dt.date],
    symbols: Sequence[str],
    close: Floats,
    weights: Iterable[tuple[dt.date, dict[str, float]]],
    *,
    splits: Floats | None = None,
    dividends: Floats | None = None,
    spinoffs: Floats | None = None,
    sectors: Sequence[str | None] | None = None,
    name: str = "index",
    where: str = "the panel",
) -> Panel:
    """A panel from arrays and raw weights (any scale, per date), checked.

    Weight without a price on its date, and members without any series, are taken out, counted and named; the rest is
    scaled back to 1. Raises MarketError, with all faults at once: dates that do not ascend, prices that are not above
    zero, weights below zero, weights that lack prices for more than MOST_MISSING.
    """
    T, n = close.shape
    faults: list[Fault] = []
    for before, after in itertools.pairwise(dates):
        if after <= before:
            faults.append(Fault(where, f"the sessions {before} and {after} are out of order", "Sort by date."))
    for j in map(int, np.flatnonzero(((close <= 0.0) | np.isinf(close)).any(axis=0))):
        bad = dates[int(np.flatnonzero((close[:, j] <= 0.0) | np.isinf(close[:, j]))[0])]
        faults.append(Fault(where, f"the price of {symbols[j]} on {bad} is not above zero", "Correct or remove it."))
    if splits is not None:
        for j in map(int, np.flatnonzero((splits <= 0.0).any(axis=0))):
            faults.append(Fault(where, f"{symbols[j]} has a split ratio that is not above zero", "Correct it."))
    places = {symbol: at for at, symbol in enumerate(symbols)}
    rows: list[Floats] = []
    known: list[int] = []
    missing: list[float] = []
    unpriced: dict[str, None] = {}
    last: dt.date | None = None
    days = np.array(dates, dtype="datetime64[D]")
    for day, given in weights:
        if last is not None and day <= last:
            faults.append(Fault(where, f"the weights of {last} and {day} are out of order", "Sort by date."))
        last = day
        faults += [
            Fault(where, f"the weight of {symbol} on {day} is {value}", "Weights are zero or more.")
            for symbol, value in given.items()
            if not value >= 0.0
        ]
        at = int(np.searchsorted(days, np.datetime64(day, "D")))
        if at == T:
            continue
        row = np.zeros(n)
        lost: list[str] = []
        for symbol, value in given.items():
            place = places.get(symbol)
            if place is not None and np.isfinite(close[at, place]):
                row[place] += value
            elif value > 0.0:
                lost.append(symbol)
        total = sum(value for value in given.values() if value > 0.0)
        if total <= 0.0 or row.sum() <= 0.0:
            faults.append(Fault(where, f"no weight of {day} has a price", "Add prices, or remove that date."))
            continue
        share = 1.0 - float(row.sum()) / total
        if share > MOST_MISSING:
            faults.append(
                Fault(
                    where,
                    f"{share:.1%} of the weight of {day} has no price ({', '.join(sorted(lost)[:5])} …)",
                    f"Add their prices: up to {MOST_MISSING:.0%} is left out and said.",
                )
            )
        unpriced.update(dict.fromkeys(lost))
        if known and known[-1] == at:
            rows.pop(), known.pop(), missing.pop()  # two weekends' files for one session: the later one stands
        rows.append(row / row.sum())
        known.append(at)
        missing.append(share if share > _NOISE else 0.0)
    if not rows and not faults:
        faults.append(Fault(where, "no index weights fall within the prices' dates", "Add weights, or prices."))
    if faults:
        raise MarketError(faults)
    return Panel(
        dates=tuple(dates),
        symbols=tuple(symbols),
        close=close,
        splits=np.ones((T, n)) if splits is None else splits,
        dividends=np.zeros((T, n)) if dividends is None else dividends,
        spinoffs=np.zeros((T, n)) if spinoffs is None else spinoffs,
        weights=np.array(rows),
        known=tuple(known),
        sectors=tuple(sectors) if sectors is not None else (None,) * n,
        missing=np.array(missing),
        unpriced=tuple(sorted(unpriced)),
        name=name,
    )
