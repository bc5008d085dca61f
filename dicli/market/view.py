"""The market as of one day: what each name closed at, by the newest source that says so, and nothing later."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from dicli.market import calendar
from dicli.market.benchmark import Benchmark
from dicli.market.cache import cache_dir
from dicli.market.pricefile import read_file
from dicli.market.store import FILE, Store
from dicli.model import Quote
from dicli.preferences import Preferences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DISAGREE = Decimal("0.02")
"""Two sources of one day that differ by more are shown (issuers and brokers round and strike at other minutes)."""

DAYS = 504
"""Sessions of returns that the risk model asks for: two years."""

LEAST = 126
"""Fewer sessions than this in the store, or prices for less than half of the names, are no history."""


class Market:
    """Prices on one day. `close` and `returns` know nothing after `as_of`: quotes of a later date are not taken in.

    Sources in order of trust: the brokers' files, a price file, the store, the index file. The newest date wins;
    trust decides between sources of one date, and undated quotes come last. `live` are prices of this moment: they
    go before all of their day, and neither age nor disagreement is told of them. `finished` is the last session that
    has ended, where that of `as_of` has not yet.
    """

    def __init__(
        self,
        as_of: dt.date,
        sources: Iterable[Iterable[Quote]],
        *,
        store: Path | None = None,
        live: Iterable[Quote] = (),
        finished: dt.date | None = None,
    ) -> None:
        self.as_of = as_of
        self._finished = as_of if finished is None else min(as_of, finished)
        self._store = store
        self._quotes: dict[str, Quote] = {}
        said: dict[tuple[str, dt.date], Quote] = {}
        disagreements: list[str] = []
        for quotes in sources:
            for quote in quotes:
                if quote.price <= 0 or (quote.date is not None and quote.date > as_of):
                    continue
                if quote.date is not None:
                    other = said.setdefault((quote.symbol, quote.date), quote)
                    if abs(quote.price / other.price - 1) > DISAGREE:
                        disagreements.append(
                            f"{quote.symbol} on {quote.date}: {other.price:f} in {other.source}, "
                            f"{quote.price:f} in {quote.source}; the first is used"
                        )
                known = self._quotes.get(quote.symbol)
                if known is None or (quote.date or dt.date.min) > (known.date or dt.date.min):
                    self._quotes[quote.symbol] = quote
        self.warnings = (*disagreements, *self._ages())
        for quote in live:
            known = self._quotes.get(quote.symbol)
            newer = known is None or known.date is None or (quote.date is not None and known.date <= quote.date)
            if newer and quote.price > 0 and quote.date is not None and quote.date <= as_of:
                self._quotes[quote.symbol] = quote

    def quote(self, symbol: str) -> Quote | None:
        return self._quotes.get(symbol)

    def close(self, symbol: str) -> Decimal | None:
        """The last close that is known, None where none is."""
        quote = self._quotes.get(symbol)
        return None if quote is None else quote.price

    def missed(self, symbol: str) -> int | None:
        """Sessions that ended since the price: 0 for one of the last session, None where its date is not known."""
        quote = self._quotes.get(symbol)
        return None if quote is None or quote.date is None else calendar.sessions_missed(quote.date, self._finished)

    def returns(self, symbols: Sequence[str]) -> tuple[NDArray[np.float64], list[dt.date]] | None:
        """Daily total returns (T, n) of the last two years from the store, NaN where unknown, and their sessions;
        None where the store has no history of them worth the name.
        """
        if self._store is None or not self._store.exists():
            return None
        import numpy as np

        with Store(self._store) as store:
            found = store.returns(symbols, self.as_of, DAYS)
        seen = np.isfinite(found).sum(axis=0) >= LEAST
        if seen.sum() * 2 < len(symbols):
            return None
        end = calendar.last_session(self.as_of)
        return found, calendar.sessions(calendar.back(end, DAYS), end)[1:]

    def _ages(self) -> list[str]:
        old = Counter(q.date for q in self._quotes.values() if q.date is not None)
        newest = max(old, default=None)
        out = []
        if newest is not None and (missed := calendar.sessions_missed(newest, self._finished)):
            out.append(f"the newest prices are of {newest}: {missed} sessions have ended since")
        late = sum(count for day, count in old.items() if newest is not None and day < newest)
        if late:
            first = min(day for day in old)
            out.append(f"{late} prices are older than {newest}, the oldest of {first}")
        return out


def open_market(
    preferences: Preferences,
    as_of: dt.date,
    *,
    broker: Mapping[str, Sequence[Quote]],
    benchmark: Benchmark | None,
    store: Path | None = None,
    live: Iterable[Quote] = (),
    finished: dt.date | None = None,
) -> Market:
    """The market as the preferences' [prices] say: everything that is at hand, no network. `live` and `finished` are as
    Market takes them. Raises InputError for a price file that cannot be read, MarketError for a broken store.
    """
    place = store if store is not None else cache_dir() / FILE
    symbols = set(broker) | {item.symbol for item in (benchmark.constituents if benchmark else ())}
    sources: list[Iterable[Quote]] = [broker[symbol] for symbol in sorted(broker)]
    if preferences.prices.source == "csv" and preferences.prices.file is not None:
        sources.append(read_file(preferences.prices.file, as_of))
    if place.exists():
        with Store(place) as opened:
            last = opened.last(symbols, as_of)
        sources.append(Quote(symbol, row.close, row.day, "the price store") for symbol, row in sorted(last.items()))
    if benchmark is not None:
        sources.append(benchmark.quotes())
    return Market(as_of, sources, store=place, live=live, finished=finished)
