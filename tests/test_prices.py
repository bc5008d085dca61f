"""Prices from Yahoo as a local server plays it, well and sick: what is stored, what is said, when it ends."""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dicli.market import calendar, prices
from dicli.market.prices import Update, can_be_had
from dicli.market.series import Series, is_plain_ratio
from dicli.market.store import FILE, Store
from dicli.market.yahoo import BATCH, NoPrices, RateLimited
from dicli.model import Quote
from tests.folders import HEAD, LOTS, folder
from tests.local_server import SICK, Response, Server, Yahoo, close_of, serving, until
from tests.program import Ran, run

NEW_YORK = ZoneInfo("America/New_York")
# Long past on every machine that runs this: yfinance looks at the real clock, and drops bars that it shows as to come.
WEDNESDAY = dt.datetime(2025, 6, 18, 18, 0, tzinfo=NEW_YORK)
TODAY = WEDNESDAY.date()
DAYS = 30
NAMES = ["AAA", "BBB", "BRK.B", "CCC", "DDD", "EEE"]
NOTHING = Response(b'{"chart": {"result": [], "error": null}}')


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def yahoo(server: Server) -> Yahoo:
    made = Yahoo(WEDNESDAY)
    made.serve(server)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / FILE) as opened:
        yield opened


Fetch = Callable[..., Update]


@pytest.fixture
def fetch(server: Server, yahoo: Yahoo, store: Store, tmp_path: Path) -> Fetch:
    def ask(*symbols: str, now: dt.datetime = WEDNESDAY, **options: object) -> Update:
        yahoo.now = now
        given = {"days": DAYS, "deadline": 5.0, "pause": 0.01, "cache": tmp_path, "base": server.base, **options}
        return prices.from_yahoo(store, symbols or NAMES, now, **given)  # type: ignore[arg-type]

    return ask


def closes(store: Store, symbol: str) -> dict[dt.date, Decimal]:
    series = store.series(symbol)
    return {} if series is None else dict(zip(series.days, series.closes, strict=True))


# -- in health ----------------------------------------------------------------------------------------------------


def test_closes_arrive_as_they_were_and_a_second_run_asks_for_nothing(
    fetch: Fetch, server: Server, store: Store
) -> None:
    made = fetch()
    assert made.arrived == sorted(NAMES)
    assert (made.missing, made.stopped, made.kept_out) == ({}, "", [])
    assert made.closes == DAYS * len(NAMES)
    assert sorted(server.charts()) == ["AAA", "BBB", "BRK-B", "CCC", "DDD", "EEE"]
    for day in calendar.sessions(calendar.back(TODAY, DAYS - 1), TODAY):
        assert closes(store, "BRK.B")[day] == Decimal(str(close_of("BRK-B", day)))
    asked = len(server.asked)
    again = fetch()
    assert (again.complete, again.arrived, len(server.asked)) == (sorted(NAMES), [], asked)


def test_prices_are_as_written_and_days_are_new_yorks_in_winter_and_in_summer(
    fetch: Fetch, yahoo: Yahoo, store: Store
) -> None:
    noisy = {0: 187.14999389648438, 1: 46.787498474121, 2: 5.1234567}  # two of 32 bits, one of 64
    exact = {0: Decimal("187.15"), 1: Decimal("46.7875"), 2: Decimal("5.123457")}
    days = calendar.sessions(calendar.back(TODAY, 199), TODAY)  # from August, over both changes of the clock
    for symbol, kind in (("AAA", 0), ("BBB", 1), ("CCC", 2)):
        yahoo.prices[symbol] = lambda _, kind=kind: noisy[kind]  # type: ignore[misc]
        fetch(symbol, days=200)
        assert closes(store, symbol) == dict.fromkeys(days, exact[kind])


def test_the_next_day_only_the_last_sessions_are_asked_for_again(fetch: Fetch, server: Server, store: Store) -> None:
    fetch("AAA")
    made = fetch("AAA", now=WEDNESDAY + dt.timedelta(days=2))  # Thursday the 19th was a holiday
    assert (made.last, made.arrived, made.closes) == (dt.date(2025, 6, 20), ["AAA"], 1)
    first = int(server.asked[-1].split("period1=")[1].split("&")[0])
    assert dt.datetime.fromtimestamp(first, NEW_YORK).date() == calendar.back(TODAY, prices.OVERLAP - 1)
    assert len(closes(store, "AAA")) == DAYS + 1


def test_more_days_than_before_are_fetched_whole(fetch: Fetch, store: Store) -> None:
    fetch("AAA")
    made = fetch("AAA", days=DAYS + 20)
    assert (made.arrived, made.closes) == (["AAA"], DAYS + 20)
    assert len(closes(store, "AAA")) == DAYS + 20
    assert fetch("AAA").complete == ["AAA"]


def test_todays_unfinished_bar_is_left_out_until_half_an_hour_after_the_close(fetch: Fetch, store: Store) -> None:
    made = fetch("AAA", now=WEDNESDAY.replace(hour=11))
    assert made.last == max(closes(store, "AAA")) == dt.date(2025, 6, 17)
    assert made.kept_out == store.rejected() == []
    assert fetch("AAA", now=WEDNESDAY.replace(hour=16, minute=29)).complete == ["AAA"]
    assert fetch("AAA", now=WEDNESDAY.replace(hour=16, minute=30)).closes == 1


def test_a_look_at_an_earlier_day_cuts_no_history_short(fetch: Fetch, store: Store) -> None:
    fetch("AAA")
    whole = closes(store, "AAA")
    sunday = dt.date(2024, 6, 16)
    made = fetch("AAA", as_of=sunday)
    assert (made.last, made.arrived) == (dt.date(2024, 6, 14), ["AAA"])
    assert whole.items() <= closes(store, "AAA").items()
    assert min(closes(store, "AAA")) == calendar.back(sunday, DAYS - 1)
    assert fetch("AAA", as_of=sunday).complete == fetch("AAA").complete == ["AAA"]


def test_a_look_at_an_earlier_day_needs_nothing_of_today(fetch: Fetch, server: Server) -> None:
    fetch("AAA", days=DAYS + 20)
    later = WEDNESDAY + dt.timedelta(days=2)
    assert fetch("AAA", now=later, as_of=dt.date(2025, 6, 17)).complete == ["AAA"]
    assert fetch("AAA", now=later).arrived == ["AAA"]


def test_dividends_and_splits_are_stored(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    paid, split = dt.date(2025, 6, 10), dt.date(2025, 6, 12)
    yahoo.dividends["AAA"] = {paid: 0.31}
    yahoo.splits["AAA"] = {split: (3, 2)}
    fetch("AAA")
    series = store.series("AAA")
    assert series is not None
    assert (series.dividends, series.splits) == ({paid: Decimal("0.31")}, {split: Fraction(3, 2)})


def test_a_split_overnight_downloads_the_history_again(
    fetch: Fetch, yahoo: Yahoo, store: Store, server: Server
) -> None:
    fetch("AAA")
    before = closes(store, "AAA")
    friday = dt.date(2025, 6, 20)
    yahoo.splits["AAA"] = {friday: (4, 1)}
    yahoo.prices["AAA"] = lambda day: round(close_of("AAA", day) / 4, 4)
    made = fetch("AAA", now=WEDNESDAY + dt.timedelta(days=2))
    assert made.arrived == ["AAA"]
    assert made.notes == [
        f"AAA: the close of 2025-06-12 was {before[dt.date(2025, 6, 12)]} and is now "
        f"{before[dt.date(2025, 6, 12)] / 4:.4f} (split: 4 for 1 on 2025-06-20); its history was downloaded again"
    ]
    assert closes(store, "AAA")[TODAY] == before[TODAY] / 4
    assert min(closes(store, "AAA")) == min(before)
    assert store.last(["AAA"], TODAY)["AAA"].close == before[TODAY], "as it traded on that day"
    assert server.charts() == ["AAA", "AAA", "AAA"]


def test_a_spin_off_coded_as_a_split_moves_prices_and_never_lots(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    spun = dt.date(2025, 6, 12)
    yahoo.splits["AAA"] = {spun: (1128, 1000)}
    made = fetch("AAA")
    assert made.arrived == ["AAA"]
    assert "codes something as a split of 1.128 on 2025-06-12, perhaps a spin-off" in made.notes[0]
    series = store.series("AAA")
    assert series is not None
    assert not is_plain_ratio(series.splits[spun])


def test_days_without_a_price_are_kept_out(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    hole = dt.date(2025, 6, 10)
    yahoo.prices["AAA"] = lambda day: None if day == hole else close_of("AAA", day)
    yahoo.prices["BBB"] = lambda day: None if day == TODAY else close_of("BBB", day)
    yahoo.prices["CCC"] = lambda _: None
    made = fetch("AAA", "BBB", "CCC")
    assert made.arrived == ["AAA"]
    assert hole not in closes(store, "AAA")
    assert made.missing == {
        "BBB": "its close was kept out (no price)",
        "CCC": "Yahoo has no prices of it in these days",
    }
    assert max(closes(store, "BBB")) == dt.date(2025, 6, 17)


def test_a_jump_needs_a_second_source(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    yahoo.prices["AAA"] = lambda day: close_of("AAA", day) * (0.5 if day == TODAY else 1)
    made = fetch("AAA")
    assert [(item.day, "-50%" in item.why) for item in made.kept_out] == [(TODAY, True)]
    assert list(made.missing) == ["AAA"]
    assert TODAY not in closes(store, "AAA")
    assert [item.symbol for item in store.rejected()] == ["AAA"]
    half = Decimal(str(close_of("AAA", TODAY))) / 2
    made = fetch("AAA", second={"AAA": {TODAY: half}})
    assert (made.arrived, made.missing, store.rejected()) == (["AAA"], {}, [])


def test_prices_of_something_else_are_refused(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    yahoo.currency["AAA"] = "EUR"
    honest = yahoo.chart("/AAA", {"crumb": "fresh", "period1": "1748000000"})
    yahoo.only["BBB"] = Response(honest.body.replace(b"EUR", b"USD"))
    made = fetch("AAA", "BBB", "CCC")
    assert made.arrived == ["CCC"]
    assert made.missing == {
        "AAA": "Yahoo's prices of it are in EUR",
        "BBB": "Yahoo answered with the prices of AAA",
    }
    assert store.series("AAA") is store.series("BBB") is None


def test_a_name_that_stopped_trading_is_named_and_the_rest_arrives(fetch: Fetch, yahoo: Yahoo) -> None:
    yahoo.gone = {"BBB", "EEE"}
    yahoo.ends["CCC"] = dt.date(2025, 6, 5)
    made = fetch()
    assert made.arrived == ["AAA", "BRK.B", "DDD"]
    assert made.missing == {
        "BBB": "Yahoo has no prices of it",
        "CCC": "its prices end on 2025-06-05",
        "EEE": "Yahoo has no prices of it",
    }
    assert made.stopped == ""


def test_a_shorter_history_does_not_replace_a_longer_one(fetch: Fetch, yahoo: Yahoo, store: Store) -> None:
    fetch("AAA")
    before = closes(store, "AAA")
    friday = dt.date(2025, 6, 20)
    yahoo.prices["AAA"] = lambda day: close_of("AAA", day) / 2 if day >= dt.date(2025, 6, 12) else None
    made = fetch("AAA", now=WEDNESDAY + dt.timedelta(days=2))
    assert list(made.missing) == ["AAA"]
    assert f"and {DAYS} are stored" in made.missing["AAA"]
    assert closes(store, "AAA") == before
    assert friday not in before


def test_what_has_no_prices_is_not_asked_for(fetch: Fetch, server: Server) -> None:
    assert [s for s in ("AAPL", "BRK.B", "VMFXX", "912797KJ5", "CASH & MORE") if can_be_had(s)] == ["AAPL", "BRK.B"]
    assert fetch("VMFXX", "912797KJ5").arrived == []
    assert server.asked == []


def test_the_longest_unseen_come_first(fetch: Fetch, store: Store) -> None:
    fetch("AAA", "CCC")
    states = {state.symbol: state for state in store.states()}
    later = dt.date(2025, 6, 20)
    assert [job.symbol for job in prices.plan(["AAA", "BBB", "CCC", "ZZZ"], states, later, DAYS)] == [
        "BBB", "ZZZ", "AAA", "CCC",
    ]  # fmt: skip


# -- in sickness --------------------------------------------------------------------------------------------------


def test_empty_answers_without_a_reason_stop_after_three(fetch: Fetch, yahoo: Yahoo, server: Server) -> None:
    yahoo.after[0] = NOTHING
    made = fetch()
    assert made.stopped == "Yahoo gave no prices of EEE, CCC, AAA, nor a reason"
    assert len(made.missing) == len(NAMES)
    assert set(server.charts()) == {"AAA", "CCC", "EEE"}


def test_one_empty_answer_does_not_stop_the_rest(fetch: Fetch, yahoo: Yahoo) -> None:
    yahoo.only = {"EEE": NOTHING}
    made = fetch()
    assert made.arrived == ["AAA", "BBB", "BRK.B", "CCC", "DDD"]
    assert made.missing == {"EEE": "Yahoo's answer has no prices in it"}


def test_a_stale_cookie_is_dropped_and_the_next_try_succeeds(
    fetch: Fetch, yahoo: Yahoo, server: Server, tmp_path: Path
) -> None:
    import yfinance
    from yfinance import cache

    (tmp_path / "yfinance").mkdir()
    yfinance.set_tz_cache_location(str(tmp_path / "yfinance"))
    cache.get_cookie_cache().store("curlCffi", {".yahoo.com": _cookies()})
    yahoo.crumb = "stale"
    refreshed = server.routes["/fc.yahoo.com"]

    def new_cookie(path: str, query: dict[str, str]) -> Response:
        yahoo.crumb = "fresh"
        return refreshed(path, query)

    server.routes["/fc.yahoo.com"] = new_cookie
    made = fetch("AAA", "BBB")
    assert made.arrived == ["AAA", "BBB"]
    assert cache.get_cookie_cache().lookup("curlCffi") is None


def _cookies() -> dict[str, object]:
    from http.cookiejar import Cookie

    expires = int(time.time()) + 10_000_000
    made = Cookie(0, "A3", "old", None, False, ".yahoo.com", True, True, "/", True, True, expires, False, "", "", {})  # type: ignore[arg-type]  # fmt: skip
    return {"/": {"A3": made}}


def test_a_refusal_that_stays_ends_the_update(fetch: Fetch, yahoo: Yahoo, server: Server) -> None:
    yahoo.crumb = "stale"
    made = fetch("AAA", "BBB")
    assert made.stopped == "Yahoo refused (HTTP 401)"
    assert set(server.charts()) == {"BBB"}


def test_a_passing_failure_is_tried_again(fetch: Fetch, yahoo: Yahoo, server: Server) -> None:
    honest = server.routes["/query2.finance.yahoo.com/v8/finance/chart/"]
    left = {"AAA": 1, "BBB": 2}

    def shaky(path: str, query: dict[str, str]) -> Response:
        symbol = path.rsplit("/", 1)[1]
        if left.get(symbol):
            left[symbol] -= 1
            return Response(b"", 200)
        return honest(path, query)

    server.routes["/query2.finance.yahoo.com/v8/finance/chart/"] = shaky
    made = fetch("AAA", "BBB")
    assert made.arrived == ["AAA", "BBB"]


def test_a_limit_half_way_keeps_what_came_and_asks_no_further(
    fetch: Fetch, yahoo: Yahoo, server: Server, store: Store
) -> None:
    names = [f"N{chr(65 + number)}" for number in range(26)]
    yahoo.after[8] = SICK["429"]
    made = fetch(*names)
    assert made.stopped == "Yahoo limits the rate (HTTP 429)"
    assert 4 <= len(made.arrived) <= 8
    assert len(made.arrived) + len(made.missing) == len(names)
    assert [state.symbol for state in store.states()] == made.arrived
    assert len(set(server.charts())) <= 8 + 2 * prices.WORKERS
    yahoo.after.clear()
    resumed = fetch(*names)
    assert (resumed.complete, resumed.arrived) == (made.arrived, sorted(set(names) - set(made.arrived)))


def test_an_answer_without_end_is_asked_for_once(fetch: Fetch, yahoo: Yahoo, server: Server) -> None:
    yahoo.only["AAA"] = SICK["200 MB"]
    made = fetch("AAA", "BBB")
    assert made.missing == {"AAA": "the answer is larger than 8 MB"}
    assert server.charts().count("AAA") == 1


def test_requests_end_with_the_update(fetch: Fetch, yahoo: Yahoo) -> None:
    yahoo.after[1] = SICK["30 s latency"]
    made = fetch("AAA", "BBB", "CCC", deadline=0.6)
    assert len(made.arrived) == 1
    assert until(lambda: not any(thread.name.startswith("dicli-") for thread in threading.enumerate()), 1.5)


# -- prices of this moment ----------------------------------------------------------------------------------------


def test_prices_of_this_moment_are_todays_and_in_dollars(yahoo: Yahoo, server: Server, tmp_path: Path) -> None:
    names = [f"N{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(BATCH + 3)]
    yahoo.now = WEDNESDAY.replace(hour=11, minute=5)
    yahoo.gone, yahoo.currency["NAB"] = {"NAA"}, "EUR"
    yahoo.prices.update(NAC=lambda _: None, NAD=lambda _: 0.0)
    quotes = prices.live([*names, "VMFXX"], yahoo.now, cache=tmp_path, base=server.base)
    assert [quote.symbol for quote in quotes] == names[4:]
    assert quotes[0] == Quote(names[4], Decimal(str(close_of(names[4], TODAY))), TODAY, "yfinance at 11:05")
    assert sum("/v7/finance/quote" in path for path in server.asked) == 2
    assert "VMFXX" not in "".join(server.asked)
    tomorrow = yahoo.now + dt.timedelta(days=1)  # before the first trade: Yahoo shows what was
    assert prices.live(["AAA"], tomorrow, cache=tmp_path, base=server.base) == []


@pytest.mark.parametrize("sickness", ["429", "500", "consent page", "truncated JSON", "stalled"])
def test_no_prices_of_this_moment(sickness: str, yahoo: Yahoo, server: Server, tmp_path: Path) -> None:
    yahoo.only["quote"] = SICK[sickness]
    began = time.monotonic()
    with pytest.raises(NoPrices, match=re.escape("no answer in time" if sickness == "stalled" else SAID[sickness])):
        prices.live(["AAA"], WEDNESDAY, deadline=0.5, cache=tmp_path, base=server.base)
    assert time.monotonic() - began < 2


SAID = {
    "429": "Yahoo limits the rate (HTTP 429)",
    "500": "Yahoo has a problem (HTTP 500)",
    "empty body": "Yahoo's answer broke off or is not what it should be",
    "truncated JSON": "Yahoo's answer broke off or is not what it should be",
    "a promise not kept": "the connection broke",
    "stalled": "the time was up",
    "30 s latency": "the time was up",
    "consent page": "a web page came instead of prices (a consent or robot check)",
    "wrong content type": "Yahoo's answer broke off or is not what it should be",
    "200 MB": "the answer is larger than 8 MB",
    "redirect": "a web page came instead of prices (a consent or robot check)",
}


@pytest.mark.parametrize("sickness", SAID)
def test_the_command_ends_in_time_says_why_and_keeps_what_was_good(
    sickness: str, server: Server, yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicli.cli.now", lambda: WEDNESDAY)
    monkeypatch.setenv("DICLI_HTTP_BASE", server.base)
    server.routes["/consent"] = lambda _path, _query: SICK["consent page"]
    sick = SICK.get(sickness, Response(b"", 302, headers={"Location": f"{server.base}/consent"}))
    yahoo.after[2] = sick
    began = time.monotonic()
    command = ("prices", "update", *NAMES, "--days", str(DAYS), "--deadline", "1")
    ran = run(*command, folder=tmp_path, cache=tmp_path / "cache")
    assert time.monotonic() - began < 3.5
    assert ran.code == 2, ran.err
    assert SAID[sickness] in ran.err
    assert "error: prices: 4 symbols lack the close of 2025-06-18: " in ran.err
    assert ran.err.rstrip().endswith("2 have it. What came is stored; run it again for the rest.")
    assert "prices: 2 of 6 symbols have the close of 2025-06-18; 2 updated, 60 new closes" in ran.err
    with Store(tmp_path / "cache" / FILE) as store:
        stored = [state.symbol for state in store.states()]
        assert len(stored) == 2
        for symbol in stored:
            assert len(closes(store, symbol)) == DAYS
            assert symbol not in ran.err.split("lack the close")[1]
    assert server.sent < 64 << 20
    yahoo.after.clear()
    better = run(*command[:-1], "20", folder=tmp_path, cache=tmp_path / "cache")
    assert (better.code, better.out) == (0, "")
    assert better.err.splitlines() == [
        "fetching the prices of 4 symbols from Yahoo, up to 2025-06-18",
        "prices: 6 of 6 symbols have the close of 2025-06-18; 4 updated, 120 new closes",
    ]


class Hanging:
    """A source that never comes back for some symbols, whatever its timeout."""

    def __init__(self, *hangs: str) -> None:
        self.hangs, self.release = hangs, threading.Event()

    def history(self, symbol: str, first: dt.date, last: dt.date) -> Series:
        if symbol in self.hangs:
            self.release.wait(20)
        days = calendar.sessions(first, last)
        return Series(symbol, tuple(days), tuple(Decimal(100) for _ in days))


@pytest.mark.parametrize("hangs", [("AAA", "EEE"), ("EEE",), tuple(NAMES)])
def test_a_read_that_never_ends_is_left_behind(store: Store, hangs: tuple[str, ...]) -> None:
    source = Hanging(*hangs)
    began = time.monotonic()
    made = prices.update(store, NAMES, source, TODAY, end=began + 0.4, days=DAYS, pause=0.01)
    source.release.set()
    assert time.monotonic() - began < 1.5
    if "EEE" in hangs:  # the one that is tried first
        assert made.stopped == made.missing["EEE"] == "no answer in time"
        assert made.arrived == []
    assert set(made.arrived) | set(made.missing) == set(NAMES)


def test_one_hanging_read_costs_only_its_own_symbol(store: Store) -> None:
    source = Hanging("AAA")
    made = prices.update(store, NAMES, source, TODAY, end=time.monotonic() + 0.4, days=DAYS, pause=0.01)
    source.release.set()
    assert made.arrived == NAMES[1:]
    assert (made.missing, made.stopped) == ({"AAA": "the update stopped before it came"}, "the time was up")


class Failing:
    def __init__(self, error: NoPrices, good: int) -> None:
        self.error, self.good, self.asked = error, good, 0

    def history(self, symbol: str, first: dt.date, last: dt.date) -> Series:
        self.asked += 1
        if self.asked > self.good:
            raise self.error
        days = calendar.sessions(first, last)
        return Series(symbol, tuple(days), tuple(Decimal(100) for _ in days))


def test_a_site_that_fails_again_and_again_is_left_alone(store: Store) -> None:
    source = Failing(NoPrices("no connection", site=True), good=1)
    names = [f"N{chr(65 + number)}" for number in range(26)]
    made = prices.update(store, names, source, TODAY, end=time.monotonic() + 5, days=DAYS)
    assert made.stopped == "no connection"
    assert source.asked <= 1 + prices.IN_A_ROW + 2 * prices.WORKERS


def test_the_first_symbol_alone_finds_out_about_a_limit(store: Store) -> None:
    source = Failing(RateLimited(), good=0)
    made = prices.update(store, NAMES, source, TODAY, end=time.monotonic() + 5, days=DAYS)
    assert (source.asked, made.stopped) == (1, "Yahoo limits the rate (HTTP 429)")


# -- what the commands make of it ---------------------------------------------------------------------------------

YFINANCE = HEAD + '[prices]\nsource = "yfinance"\n'
ACCOUNT = '[[accounts]]\nname = "main"\nkind = "taxable"\nbroker_files = ["main*.csv"]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, yahoo: Yahoo) -> Path:
    """A portfolio whose broker's export has prices of two days ago."""
    monkeypatch.setattr("dicli.cli.now", lambda: WEDNESDAY)
    monkeypatch.setenv("DICLI_HTTP_BASE", server.base)
    return folder(
        tmp_path / "home",
        toml=ACCOUNT,
        head=YFINANCE,
        main_lots=LOTS + "AAA,10,2024-01-02,500\nBBB,20,2024-03-04,90000\n",
        main_positions="symbol,quantity,price,value\nAAA,10,50.00,500.00\nBBB,20,60.00,1200.00\nCash,,,100.00\n",
    )


def price_of(ran: Ran, symbol: str) -> Decimal:
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(ran.out.splitlines()))
    return next(Decimal(row["price"]) for row in rows if row["symbol"] == symbol)


def test_plans_fetch_what_is_old_and_say_so(home: Path, server: Server, tmp_path: Path) -> None:
    ran = run("harvest", folder=home, cache=tmp_path / "cache")
    assert "fetching the prices of 3 symbols from Yahoo, up to 2025-06-18" in ran.err
    assert price_of(ran, "BBB") == Decimal(str(close_of("BBB", TODAY)))
    asked = len(server.asked)
    again = run("harvest", folder=home, cache=tmp_path / "cache")
    assert (again.out, len(server.asked)) == (ran.out, asked)
    assert "fetching" not in again.err


def test_a_failure_is_a_warning_and_the_brokers_prices_serve(home: Path, yahoo: Yahoo, tmp_path: Path) -> None:
    yahoo.after[0] = SICK["429"]
    ran = run("harvest", folder=home, cache=tmp_path / "cache")
    assert "warning: prices: 3 symbols lack the close of 2025-06-18: " in ran.err
    assert "Yahoo limits the rate (HTTP 429)" in ran.err
    assert price_of(ran, "BBB") == 60


def test_offline_touches_no_socket(home: Path, server: Server, tmp_path: Path) -> None:
    ran = run("harvest", "--offline", folder=home, cache=tmp_path / "cache")
    assert price_of(ran, "BBB") == 60
    refused = run("prices", "update", "--offline", folder=home, cache=tmp_path / "cache")
    assert refused.code == 2
    assert "prices come over the network" in refused.err
    assert server.asked == []
    code = (
        "import socket, sys\n"
        "class No(socket.socket):\n"
        "    def __init__(self, *_, **__): raise RuntimeError('a socket')\n"
        "socket.socket = No\n"
        "from dicli import cli\n"
        "code = cli.run(['harvest', '--offline', '--as-of', '2025-06-18'])\n"
        "print([name for name in ('yfinance', 'curl_cffi') if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    environment = {**os.environ, "DICLI_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_update_takes_the_households_and_the_indexs_symbols(home: Path, server: Server, tmp_path: Path) -> None:
    ran = run("prices", "update", "--days", "10", folder=home, cache=tmp_path / "cache")
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert ran.err.splitlines()[-1] == ("prices: 3 of 3 symbols have the close of 2025-06-18; 3 updated, 30 new closes")
    assert sorted(server.charts()) == ["AAA", "BBB", "CCC"]


def test_status_export_verify_and_prune(home: Path, yahoo: Yahoo, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for command in ("status", "verify", "export"):
        none = run("prices", command, folder=home, cache=cache)
        assert none.code == 2
        assert "there is no price store yet. Make one with `dicli prices update`" in none.err
    yahoo.ends["CCC"] = dt.date(2025, 6, 13)
    assert run("prices", "update", "--days", "10", folder=home, cache=cache).code == 2
    status = list(csv.DictReader(run("prices", "status", folder=home, cache=cache).out.splitlines()))
    assert [(row["symbol"], row["last"], row["missed"]) for row in status] == [
        ("AAA", "2025-06-18", "0"),
        ("BBB", "2025-06-18", "0"),
        ("CCC", "2025-06-13", "3"),
    ]
    assert run("prices", "status", "--exit-code", folder=home, cache=cache).code == 1
    assert run("prices", "verify", "--exit-code", folder=home, cache=cache).code == 0
    exported = run("prices", "export", "AAA", folder=home, cache=cache)
    rows = list(csv.DictReader(exported.out.splitlines()))
    assert len(rows) == 10
    assert rows[-1]["date"] == "2025-06-18"
    assert Decimal(rows[-1]["close"]) == Decimal(str(close_of("AAA", TODAY)))
    unknown = run("prices", "export", "ZZZ", folder=home, cache=cache)
    assert (unknown.code, "there are no prices of ZZZ" in unknown.err) == (2, True)
    assert run("prices", "prune", folder=home, cache=cache).code == 2
    assert run("prices", "prune", "AAA", folder=home, cache=cache).code == 0
    with Store(cache / FILE) as store:
        assert [state.symbol for state in store.states()] == ["BBB", "CCC"]
        store.put(Series("XYZ", (TODAY,), (Decimal(1),)), wanted_from=TODAY, checked=TODAY)
    assert run("prices", "prune", "--unused", folder=home, cache=cache).code == 0
    with Store(cache / FILE) as store:
        assert [state.symbol for state in store.states()] == ["BBB", "CCC"]


def test_an_export_serves_as_a_price_file(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run("prices", "update", "--days", "10", folder=home, cache=cache)
    assert run("prices", "export", "-o", "prices.csv", folder=home, cache=cache).code == 0
    toml = (home / "dicli.toml").read_text().replace('source = "yfinance"', 'source = "csv"\nfile = "prices.csv"')
    (home / "dicli.toml").write_text(toml)
    ran = run("harvest", "--offline", folder=home, cache=tmp_path / "another")
    assert price_of(ran, "BBB") == Decimal(str(close_of("BBB", TODAY)))


def test_verify_finds_what_is_wrong(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run("prices", "update", "--days", "10", folder=home, cache=cache)
    with Store(cache / FILE) as store:
        store.connection.execute("UPDATE symbols SET last_close = 7 WHERE symbol = 'BBB'")
    ran = run("prices", "verify", "--exit-code", "-f", "json", folder=home, cache=cache)
    assert ran.code == 1
    assert "BBB: its last close is not the last one stored" in ran.out


def test_cron_gets_one_line_and_a_terminal_a_bar(
    server: Server, yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    arguments = ["-m", "dicli", "prices", "update", *NAMES, "--days", "10", "--as-of", "2025-06-18"]
    main, terminal = pty.openpty()
    own = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home"), "DICLI_CACHE_DIR": str(tmp_path)}
    shell = {"DICLI_HTTP_BASE": server.base, "TERM": "xterm", "COLUMNS": "80"}
    yahoo.now = dt.datetime.now(NEW_YORK)
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **own, **shell}, stderr=terminal, check=False
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            part = os.read(main, 1 << 16)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(main)
    assert done.returncode == 0, seen
    assert b"6/6" in seen, "the bar"
    assert b"6 of 6 symbols have the close of 2025-06-18" in seen
    assert (tmp_path / "yfinance").is_dir(), "yfinance's own files are in our cache"
    assert not (tmp_path / "home").exists(), "and nowhere else"


def test_threads_left_behind_do_not_hold_up_the_end_of_the_program(
    server: Server, yahoo: Yahoo, tmp_path: Path
) -> None:
    yahoo.now, yahoo.after = dt.datetime.now(NEW_YORK), {2: SICK["stalled"]}
    arguments = ["-m", "dicli", "prices", "update", *NAMES, "--days", "10", "--as-of", "2025-06-18", "--deadline", "1"]
    environment = {**os.environ, "DICLI_HTTP_BASE": server.base, "DICLI_CACHE_DIR": str(tmp_path)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    assert time.monotonic() - began < 6
    assert done.returncode == 2, done.stderr
    assert done.stderr.rstrip().endswith("2 have it. What came is stored; run it again for the rest.")
    with Store(tmp_path / FILE) as store:
        assert len(store.states()) == 2


def test_names_that_ended_do_not_stop_an_update_when_others_have_todays_close(fetch: Fetch, yahoo: Yahoo) -> None:
    fetch("AAA")
    yahoo.only = dict.fromkeys(("BBB", "CCC", "EEE"), NOTHING)
    made = fetch()
    assert (made.complete, made.arrived) == (["AAA"], ["BRK.B", "DDD"])
    assert sorted(made.missing) == ["BBB", "CCC", "EEE"]
    assert made.stopped == ""


def test_a_cache_that_cannot_be_made_or_read_is_no_bug(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("prices", "status", folder=home, cache=tmp_path / "file" / "cache")
    assert ran.code == 2
    assert "what dicli fetches cannot be kept here: Not a directory" in ran.err
    assert "set DICLI_CACHE_DIR to another folder" in ran.err
    (tmp_path / "cache" / FILE).mkdir(parents=True)
    ran = run("prices", "update", folder=home, cache=tmp_path / "cache")
    assert (ran.code, "the price store cannot be written (unable to open database file)" in ran.err) == (2, True)


def test_a_store_damaged_in_its_middle_is_no_bug(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run("prices", "update", folder=home, cache=cache).code == 0
    with Store(cache / FILE) as store:
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray((cache / FILE).read_bytes())
    data[4096:] = b"\x07" * (len(data) - 4096)
    (cache / FILE).write_bytes(data)
    for command in ("prices status", "prices export", "harvest --offline"):
        ran = run(*command.split(), folder=home, cache=cache)
        assert ran.code == 2, command
        assert "the price store cannot be read (database disk image is malformed)" in ran.err
        assert "Remove the file: prices can be downloaded again" in ran.err


def test_two_updates_at_once_while_a_third_process_plans(home: Path, yahoo: Yahoo, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run("harvest", folder=home, cache=cache).code == 0
    yahoo.now = dt.datetime.now(NEW_YORK)
    names = ["AAA", "BBB", *(f"N{chr(65 + number)}" for number in range(8))]
    arguments = ["prices", "update", *names, "--days", "700", "--as-of", "2025-06-18"]
    environment = {**os.environ, "DICLI_CACHE_DIR": str(cache)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "dicli", *arguments], cwd=home, env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    looks = 0
    while any(writer.poll() is None for writer in writers):
        ran = run("harvest", "--offline", folder=home, cache=cache)
        assert price_of(ran, "BBB") == Decimal(str(close_of("BBB", TODAY))), "the store's, before and after"
        looks += 1
    said = [writer.communicate(timeout=20)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    assert looks > 1
    with Store(cache / FILE) as store:
        assert len(closes(store, "AAA")) > 700
        assert {len(closes(store, name)) for name in names} == {len(closes(store, "AAA"))}
