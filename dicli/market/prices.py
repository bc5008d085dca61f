"""Bringing the price store up to date: what is asked for, by how many at a time, for how long, and what became of it.

A source is any object with `history(symbol, first, last) -> Series` that raises NoPrices or RateLimited; Yahoo is the
one there is. Each symbol is stored as soon as it has arrived and passed the checks, so that whatever ends an update
(its deadline, a limit, the power) costs only what had not come yet, and the next update asks for nothing else.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from dicli.brokers.symbols import is_money_fund, is_ticker
from dicli.market import calendar, net
from dicli.market.cache import cache_dir
from dicli.market.series import Rejected, Series, examine
from dicli.market.store import State, Store
from dicli.market.yahoo import NoPrices, RateLimited, Yahoo
from dicli.model import Quote

WORKERS = 4
DEADLINE = 300.0
"""Seconds for a whole update."""

DAYS = 505
"""Closes of a first download: two years of returns need one more."""

OVERLAP = 5
"""Sessions that are asked for again, to see whether history was rewritten."""

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; twice that before the third."""

IN_A_ROW = 8
"""Failures of the site, one after the other, after which nothing more is asked."""

GRACE = 2.0
"""Seconds that answers on their way have left after a stop."""

TICK = 0.1
"""Seconds between two looks at whether it is time to stop."""


class Source(Protocol):
    def history(self, symbol: str, first: dt.date, last: dt.date) -> Series: ...


@dataclass(slots=True)
class Update:
    """What became of an update that wanted the closes up to `last`.

    `complete` needed nothing; `arrived` were stored with their last close; `missing` says of the others why; `kept_out`
    are closes that failed a check; `stopped` is why the rest was not asked for, empty where all was.
    """

    last: dt.date
    complete: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    kept_out: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closes: int = 0
    stopped: str = ""

    def line(self) -> str:
        """One line for cron."""
        have = len(self.complete) + len(self.arrived)
        said = f"prices: {have} of {have + len(self.missing)} symbols have the close of {self.last}"
        said += f"; {len(self.arrived)} updated, {self.closes:,} new closes"
        if self.kept_out:
            said += f", {len(self.kept_out)} kept out"
        return said + (f"; stopped: {self.stopped}" if self.stopped else "")


class _Job(NamedTuple):
    symbol: str
    first: dt.date
    whole: bool


def can_be_had(symbol: str) -> bool:
    """Whether a symbol may have a price series: no money-market fund (a dollar always), CUSIP or name of our own."""
    return is_ticker(symbol) and not is_money_fund(symbol)


def plan(symbols: Iterable[str], states: Mapping[str, State], needed: dt.date, days: int) -> list[_Job]:
    """What to ask for: nothing of a symbol that has the close of `needed` and reaches back `days` sessions from there.

    The ones that were looked at the longest ago come first, so that short deadlines reach all of them in turn.
    """
    wanted_from = calendar.back(needed, days - 1)
    jobs = []
    for symbol in sorted(set(symbols)):
        state = states.get(symbol)
        reaches = state is not None and state.wanted_from is not None and state.wanted_from <= wanted_from
        if state is None or state.last is None or not reaches:
            jobs.append(_Job(symbol, wanted_from, whole=True))
        elif state.last < needed:
            jobs.append(_Job(symbol, calendar.back(state.last, OVERLAP - 1), whole=False))
    long_ago = dt.date.min
    return sorted(jobs, key=lambda job: (states[job.symbol].checked or long_ago) if job.symbol in states else long_ago)


def update(
    store: Store,
    symbols: Iterable[str],
    source: Source,
    last: dt.date,
    *,
    end: float,
    days: int = DAYS,
    needed: dt.date | None = None,
    second: Mapping[str, Mapping[dt.date, Decimal]] | None = None,
    pause: float = PAUSE,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Update:
    """Bring the store's closes of `symbols` up to `last`, the last finished session; ends by `end` (monotonic clock).

    A symbol that has the close of `needed` (an earlier session, where a plan looks back) and `days` sessions up to it
    is complete; what is asked for goes up to `last` all the same, so that no history is ever cut short. `second` are
    other sources' closes, which can confirm a jump. Raises MarketError where the store cannot be written.
    """
    wanted = sorted(set(symbols))
    needed = needed or last
    jobs = plan(wanted, {state.symbol: state for state in store.states()}, needed, days)
    asked = {job.symbol for job in jobs}
    made = Update(needed, complete=[symbol for symbol in wanted if symbol not in asked])
    if jobs:
        wanted_from = calendar.back(needed, days - 1)
        run = _Run(store, source, made, last, wanted_from, end, pause, second or {}, progress, len(jobs))
        rest = run.probe(jobs)
        if not made.stopped:
            run.all(rest)
        for job in jobs:
            if job.symbol not in made.missing and job.symbol not in made.arrived:
                made.missing[job.symbol] = "the update stopped before it came"
    made.arrived.sort()
    made.missing = dict(sorted(made.missing.items()))
    return made


def from_yahoo(
    store: Store,
    symbols: Iterable[str],
    now: dt.datetime,
    *,
    days: int = DAYS,
    deadline: float = DEADLINE,
    seconds: float = 10.0,
    second: Mapping[str, Mapping[dt.date, Decimal]] | None = None,
    cache: Path | None = None,
    base: str | None = None,
    pause: float = PAUSE,
    as_of: dt.date | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Update:
    """`update` from Yahoo, up to the last session that is finished `now` (an aware time), for a look at `as_of`.

    `say` is told before anything is asked for; yfinance is loaded only then. `seconds` bound one request.
    """
    last = calendar.last_finished(now)
    needed = last if as_of is None else min(last, calendar.last_session(as_of))
    end = time.monotonic() + deadline
    wanted = sorted({symbol for symbol in symbols if can_be_had(symbol)})
    jobs = plan(wanted, {state.symbol: state for state in store.states()}, needed, days)
    if not jobs:
        return Update(needed, complete=wanted)
    say(f"fetching the prices of {len(jobs)} symbols from Yahoo, up to {last}")
    yahoo = Yahoo((cache or cache_dir()) / "yfinance", end=end, seconds=seconds, base=base)
    return update(
        store, wanted, yahoo, last, end=end, days=days, needed=needed, second=second, pause=pause, progress=progress
    )


def by_day(quotes: Iterable[Quote]) -> dict[str, dict[dt.date, Decimal]]:
    """Quotes that say their day, as a second opinion on a jump: symbol -> day -> price."""
    found: dict[str, dict[dt.date, Decimal]] = {}
    for quote in quotes:
        if quote.date is not None:
            found.setdefault(quote.symbol, {}).setdefault(quote.date, quote.price)
    return found


def live(
    symbols: Sequence[str],
    now: dt.datetime,
    *,
    deadline: float = 60.0,
    seconds: float = 10.0,
    cache: Path | None = None,
    base: str | None = None,
) -> list[Quote]:
    """Today's prices at this moment, for looking, never for the store. Raises NoPrices, RateLimited."""
    end = time.monotonic() + deadline
    yahoo = Yahoo((cache or cache_dir()) / "yfinance", end=end, seconds=seconds, base=base)
    today = calendar.new_york(now).date()
    try:
        return net.bounded(deadline + GRACE, lambda: yahoo.quotes([s for s in symbols if can_be_had(s)], today))
    except TimeoutError:
        raise NoPrices(f"no answer within {deadline:.0f} seconds", passing=True, site=True) from None


class _Run:
    """One update under way: workers fetch, this thread checks and stores."""

    def __init__(
        self,
        store: Store,
        source: Source,
        made: Update,
        last: dt.date,
        wanted_from: dt.date,
        end: float,
        pause: float,
        second: Mapping[str, Mapping[dt.date, Decimal]],
        progress: Callable[[int, int], None],
        count: int,
    ) -> None:
        self.store, self.source, self.made, self.last, self.wanted_from = store, source, made, last, wanted_from
        self.end, self.pause, self.second, self.progress, self.count = end, pause, second, progress, count
        self.stop = threading.Event()
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[tuple[_Job, Series | NoPrices]] = queue.SimpleQueue()
        self.lock, self.in_a_row, self.why = threading.Lock(), 0, ""

    def probe(self, jobs: Sequence[_Job]) -> Sequence[_Job]:
        """One symbol first: where the site is the trouble, it is asked only once. What is left to do."""
        tried: list[_Job] = []
        # From the end: the names that were had the last time; one that is delisted can never be the only word.
        for job in dict.fromkeys((jobs[-1], jobs[len(jobs) // 2], jobs[0])):
            failed = self._one(job)
            tried.append(job)
            if failed is None or failed.said:
                return [other for other in jobs if other not in tried]
            if failed.site or time.monotonic() >= self.end:
                self.made.stopped = self.made.stopped or str(failed)
                return ()
        if self.made.complete:  # others have today's close: Yahoo works, and these names may have ended
            return [other for other in jobs if other not in tried]
        if len(jobs) > len(tried):
            self.made.stopped = f"Yahoo gave no prices of {', '.join(job.symbol for job in tried)}, nor a reason"
        return ()

    def _one(self, job: _Job) -> NoPrices | None:
        try:
            self.results.put((job, net.bounded(self.end - time.monotonic(), lambda: self._fetch(job))))
        except TimeoutError:
            self.results.put((job, NoPrices("no answer in time", passing=True, site=True)))
        except NoPrices as error:
            self.results.put((job, error))
        again = self._take(*self.results.get())
        if again is not None:
            return self._one(again)
        return self._failed

    def all(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self.jobs.put(job)
        for _ in range(min(WORKERS, len(jobs))):
            threading.Thread(target=self._work, daemon=True, name="dicli-prices").start()
        left, until, stopping = len(jobs), self.end, False
        while left:
            if self.stop.is_set():
                until = until if stopping else min(until, time.monotonic() + GRACE)
                stopping = True
                if self.results.empty() and self.jobs.qsize() >= left:  # nothing is on its way any more
                    break
            now = time.monotonic()
            try:
                job, result = self.results.get(timeout=max(0.0, min(until - now, TICK)))
            except queue.Empty:
                if now < until:
                    continue
                self.why = self.why or "the time was up"
                break
            again = self._take(job, result)
            if again is not None and not self.stop.is_set():
                self.jobs.put(again)
            else:
                left -= 1
        self.stop.set()
        self.made.stopped = self.made.stopped or self.why
        for _ in range(WORKERS):
            self.jobs.put(None)

    def _work(self) -> None:
        while not self.stop.is_set():
            job = self.jobs.get()
            if job is None:
                return
            if self.stop.is_set():
                self.jobs.put(job)
                return
            try:
                result: Series | NoPrices = self._fetch(job)
            except NoPrices as error:
                result = error
            except Exception as error:  # a worker that dies silently would leave its symbol without a word
                result = NoPrices(f"{type(error).__name__}: {error}")
            self._count(result)
            self.results.put((job, result))

    def _count(self, result: Series | NoPrices) -> None:
        """Stop all workers at a limit, or where the site fails one time after the other."""
        with self.lock:
            self.in_a_row = self.in_a_row + 1 if isinstance(result, NoPrices) and result.site else 0
            if isinstance(result, RateLimited) or self.in_a_row >= IN_A_ROW:
                self.why = self.why or str(result)
                self.stop.set()

    def _fetch(self, job: _Job) -> Series:
        """One symbol, with another try where that may help. Raises NoPrices."""
        for attempt in range(TRIES):
            try:
                return self.source.history(job.symbol, job.first, self.last)
            except RateLimited:
                raise
            except NoPrices as error:
                wait = self.pause * 2**attempt
                last_try = attempt == TRIES - 1 or not error.passing or time.monotonic() + wait >= self.end
                if last_try or self.stop.wait(wait):
                    raise
        raise AssertionError("unreachable")

    def _take(self, job: _Job, result: Series | NoPrices) -> _Job | None:
        """Check and store what came; a job to do again where its whole history is needed."""
        self._failed: NoPrices | None = None
        made, symbol = self.made, job.symbol
        if isinstance(result, NoPrices):
            self._failed = result
            made.missing[symbol] = str(result)
        else:
            old = None if job.whole else self.store.series(symbol)
            found = examine(result, old, self.last, self.second.get(symbol))
            if found.rewritten:
                made.notes.append(found.rewritten)
                first = min(old.days[0] if old and old.days else self.wanted_from, self.wanted_from)
                return _Job(symbol, first, whole=True)
            self._keep(job, found.series, found.rejected)
            made.notes += found.notes
        self.progress(len(made.arrived) + len(made.missing), self.count)
        return None

    def _keep(self, job: _Job, series: Series, rejected: tuple[Rejected, ...]) -> None:
        made, symbol = self.made, job.symbol
        made.kept_out += rejected
        if job.whole and not series.days:  # nothing good came: what is stored is not replaced by nothing
            why = rejected[0].why if rejected else "no prices"
            made.missing[symbol] = f"all of its closes were kept out ({why})"
            return
        if job.whole and (old := self.store.series(symbol)) and 2 * len(series.days) < len(old.days):
            made.missing[symbol] = f"its history came with {len(series.days)} closes, and {len(old.days)} are stored"
            return
        made.closes += self.store.put(
            series,
            wanted_from=min(job.first, self.wanted_from) if job.whole else self.wanted_from,
            checked=self.last,
            replace=job.whole,
            rejected=rejected,
        )
        ends = max(series.days, default=None)
        if ends is not None and ends >= made.last:
            made.missing.pop(symbol, None)
            made.arrived.append(symbol)
        else:
            held_back = next((item.why for item in rejected if item.day == made.last), None)
            state = ends or "an earlier day"
            made.missing[symbol] = (
                f"its close was kept out ({held_back})" if held_back else f"its prices end on {state}"
            )
