"""What an account really held, and the fund beside it, were worth: closes of the price file, the store or a folder."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dicli.backtest.panel import Floats, Panel
from dicli.brokers.symbols import dotted
from dicli.errors import Fault, MarketError
from dicli.market import calendar
from dicli.market.cache import cache_dir
from dicli.market.pricefile import read_series
from dicli.market.series import Series, is_plain_ratio
from dicli.market.store import FILE, Store
from dicli.preferences import Preferences

BEFORE = dt.timedelta(days=10)
"""The closes of the last session before a history begins are looked for so far back."""


@dataclass(frozen=True, eq=False)
class Fund:
    """What the benchmark's fund did on T sessions: total returns (T,) and, of them, dividends (T,), the first session's
    being no matter. `priced` (T,): where it has a close; the return of a gap is that of the session after it. `fee`:
    what is still to be taken off, a year (an index has no fee, a fund's own closes have it inside).
    """

    name: str
    total: Floats
    paid: Floats
    priced: NDArray[np.bool_]
    fee: float = 0.0


@dataclass(frozen=True, eq=False)
class Closes:
    """T sessions, n symbols.

    `adjusted` (T, n): dollars on today's footing, NaN without a close. `footing` (T, n): shares of today that one of
    that day became, so that adjusted × footing is the price as traded. `splits`: by symbol, (ex-date, new shares per
    old), only ratios that companies choose. `notes`: what is to be said of them.
    """

    dates: tuple[dt.date, ...]
    symbols: tuple[str, ...]
    adjusted: Floats
    footing: Floats
    splits: Mapping[str, tuple[tuple[dt.date, Fraction], ...]]
    fund: Fund
    notes: tuple[str, ...] = ()

    def place(self, day: dt.date) -> int:
        """The first session on or after `day`; T where the last one is before it."""
        return bisect_left(self.dates, day)


def fund_of(preferences: Preferences, asked: str | None) -> str:
    """The fund that stands for the index: `asked`, else the ticker that [index] benchmark is. Raises MarketError."""
    if asked is not None:
        return dotted(asked)
    parts = preferences.index.parts
    if len(parts) == 1 and parts[0].file is None:
        return parts[0].name
    what = "a blend" if len(parts) > 1 else f"the file {parts[0].name}"
    raise MarketError(
        Fault("[index] benchmark", f"it is {what}, which has no returns", "Name a fund that follows it: --fund IVV.")
    )


def load(
    preferences: Preferences,
    symbols: Collection[str],
    fund: str,
    first: dt.date,
    last: dt.date,
    *,
    store: Path | None = None,
) -> Closes:
    """Closes of `symbols` and `fund` from the session before `first` to `last`: those of [prices] file, where it is in
    use and has the symbol, else the store's. Sessions are the days with any close, as long as the fund has prices.

    Raises MarketError where the fund has none, or no dividends; InputError for a price file that cannot be read.
    """
    wanted = {*symbols, fund}
    series: dict[str, Series] = {}
    plain: frozenset[str] = frozenset()
    source = "the price store"
    if preferences.prices.source == "csv" and preferences.prices.file is not None:
        source = preferences.prices.file.name
        found = read_series(preferences.prices.file)
        plain = found.without_dividends
        series = {symbol: one for symbol, one in found.series.items() if symbol in wanted}
    place = store if store is not None else cache_dir() / FILE
    if place.exists():
        with Store(place) as opened:
            for symbol in sorted(wanted - series.keys() | ({fund} & plain)):
                stored = opened.series(symbol)
                if stored is not None and stored.days:
                    series[symbol] = stored
                    plain -= {symbol}
    if fund not in series:
        raise MarketError(
            Fault(
                fund,
                "there are no prices of the fund to compare with",
                f"Fetch them (dicli prices update {fund}), put them in [prices] file, or name another: --fund.",
            )
        )
    if fund in plain:
        raise MarketError(
            Fault(
                source,
                f"it does not tell the dividends of {fund}, without which its return is not known",
                "Add a column dividend (dollars a share, on the ex-date) or adj_close.",
            )
        )
    return _of_series(series, symbols, fund, first - BEFORE, last)


def _of_series(
    series: Mapping[str, Series], symbols: Collection[str], fund: str, first: dt.date, last: dt.date
) -> Closes:
    spine = series[fund].between(first, last)
    held = {symbol: one.between(first, last) for symbol, one in series.items() if symbol in symbols}
    if not spine.days:
        raise MarketError(
            Fault(fund, "it has no price in the days that the history covers", f"Run dicli prices update {fund}.")
        )
    days = {day for one in (*held.values(), spine) for day in one.days}
    dates = sorted(day for day in days if spine.days[0] <= day <= spine.days[-1])
    names = sorted(symbols)
    rows = {day: row for row, day in enumerate(dates)}
    adjusted, footing = np.full((len(dates), len(names)), np.nan), np.ones((len(dates), len(names)))
    days_of = np.array(dates, dtype="datetime64[D]")
    for column, symbol in enumerate(names):
        if symbol not in held:
            continue
        one = held[symbol]
        for day, close in zip(one.days, one.closes, strict=True):
            if day in rows:
                adjusted[rows[day], column] = float(close)
        for on, ratio in series[symbol].splits.items():  # closes know of those after the last day too
            footing[days_of < np.datetime64(on, "D"), column] *= float(ratio)
    splits = {s: tuple(i for i in sorted(one.splits.items()) if is_plain_ratio(i[1])) for s, one in held.items()}
    missed = [day for day in calendar.sessions(dates[0], dates[-1]) if day not in rows]
    notes = [f"there is no price at all of {days_said(missed)}"] if missed else []
    without = sorted(rows.keys() - set(spine.days))
    if without:
        notes.append(f"{fund} has no close on {days_said(without)}: money waits for its next one")
    return Closes(tuple(dates), tuple(names), adjusted, footing, splits, _track(spine, dates), tuple(notes))


def _track(series: Series, dates: Sequence[dt.date]) -> Fund:
    """Closes and dividends as returns: (close + dividends since the last close) ÷ the last close − 1."""
    closes = dict(zip(series.days, series.closes, strict=True))
    total, paid = np.zeros(len(dates)), np.zeros(len(dates))
    last = pending = 0.0
    dividends = sorted(series.dividends.items(), reverse=True)
    for row, day in enumerate(dates):
        while dividends and dividends[-1][0] <= day:
            pending += float(dividends.pop()[1])
        if day not in closes:
            continue
        close = float(closes[day])
        if last:
            total[row], paid[row] = (close + pending) / last - 1.0, pending / last
        last, pending = close, 0.0
    return Fund(series.symbol, total, paid, np.array([day in closes for day in dates]))


def of_panel(panel: Panel, symbols: Collection[str], asked: str | None, index_fee: float) -> Closes:
    """The same from a backtest's folder. Without `asked` the fund is the panel's own index, less `index_fee` a year.

    Raises MarketError where the folder has no prices of the fund.
    """
    names = sorted(symbols)
    T = len(panel.dates)
    adjusted, footing = np.full((T, len(names)), np.nan), np.ones((T, len(names)))
    splits: dict[str, tuple[tuple[dt.date, Fraction], ...]] = {}
    for column, symbol in enumerate(names):
        if symbol not in panel.places:
            continue
        at = panel.places[symbol]
        ratios = panel.splits[:, at]
        footing[:-1, column] = np.cumprod(ratios[:0:-1])[::-1]
        adjusted[:, column] = panel.close[:, at] / footing[:, column]
        exact = [(panel.dates[t], Fraction(float(ratios[t])).limit_denominator(10_000)) for t in range(T)]
        splits[symbol] = tuple((day, ratio) for day, ratio in exact if is_plain_ratio(ratio))
    if asked is None:
        total, paid = panel.index
        fund, first, last = Fund(panel.name, total, paid, np.ones(T, dtype=bool), index_fee), panel.known[0], T - 1
    elif dotted(asked) in panel.places:
        fund = _column(panel, dotted(asked))
        first, last = (int(rows) for rows in np.flatnonzero(fund.priced)[[0, -1]])
    else:
        raise MarketError(Fault(asked, "the folder has no prices of it", "Name another fund, or leave --fund out."))
    span = slice(first, last + 1)
    fund = replace(fund, total=fund.total[span], paid=fund.paid[span], priced=fund.priced[span])
    return Closes(panel.dates[span], tuple(names), adjusted[span], footing[span], splits, fund)


def _column(panel: Panel, symbol: str) -> Fund:
    at = panel.places[symbol]
    priced = np.isfinite(panel.close[:, at])
    total = np.nan_to_num(panel.returns[:, at])
    before = np.concatenate([[np.nan], panel.close[:-1, at]])
    paid = np.nan_to_num(panel.dividends[:, at] * panel.splits[:, at] / before)
    return Fund(symbol, total, paid, priced)


def days_said(days: Sequence[dt.date]) -> str:
    """A few days by name, many by their number and span."""
    if len(days) <= 3:
        return ", ".join(map(str, days))
    return f"{len(days)} sessions from {days[0]} to {days[-1]}"
