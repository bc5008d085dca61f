"""dicli harvest --watch: looks in market hours, says only what is new, hands it on, and survives the night."""

from __future__ import annotations

import datetime as dt
import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dicli.commands import watch
from tests.folders import HEAD, LOTS, folder
from tests.local_server import SICK, Server, Yahoo, close_of, serving
from tests.program import Ran, run

NEW_YORK = ZoneInfo("America/New_York")
MORNING = dt.datetime(2025, 6, 18, 10, 0, tzinfo=NEW_YORK)
ACCOUNT = '[[accounts]]\nname = "main"\nkind = "taxable"\nbroker_files = ["main*.csv"]\n'
LEVEL = {"AAA": 50.0, "BBB": 60.0, "CCC": 70.0}
TODAY = MORNING.date()


def at(symbol: str, today: float | None = None) -> Callable[[dt.date], float]:
    """Prices around a symbol's level; those of today as given."""

    def price(day: dt.date) -> float:
        if day == TODAY:
            return today or LEVEL[symbol]
        return LEVEL[symbol] * close_of(symbol, day) / close_of(symbol, TODAY)

    return price


class Clock:
    """A clock that only sleeping moves, and that interrupts after so many sleeps."""

    def __init__(self, now: dt.datetime, sleeps: int) -> None:
        self.now, self.sleeps, self.slept = now, sleeps, 0
        self.then: dict[int, Callable[[], None]] = {}

    def sleep(self, seconds: float) -> None:
        self.slept += 1
        if self.slept > self.sleeps:
            raise KeyboardInterrupt
        self.now += dt.timedelta(seconds=seconds)
        self.then.get(self.slept, lambda: None)()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def yahoo(server: Server) -> Yahoo:
    made = Yahoo(MORNING)
    made.prices = {name: at(name) for name in LEVEL}
    made.serve(server)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return folder(
        tmp_path / "home",
        toml=ACCOUNT,
        head=HEAD + '[prices]\nsource = "yfinance"\n',
        main_lots=LOTS + "AAA,1000,2024-01-02,100000\nBBB,1000,2024-03-04,50000\n",
        main_positions="symbol,quantity,price,value\nAAA,1000,50,50000\nBBB,1000,60,60000\n",
    )


@pytest.fixture
def watched(
    home: Path, server: Server, yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    def start(clock: Clock, *options: str) -> Ran:
        def now() -> dt.datetime:
            yahoo.now = clock.now
            return clock.now

        monkeypatch.setattr("dicli.cli.now", now)
        monkeypatch.setitem(watch.watch.__kwdefaults__, "sleep", clock.sleep)
        monkeypatch.setenv("DICLI_HTTP_BASE", server.base)
        return run("harvest", "--watch", "5m", *options, folder=home, cache=tmp_path / "cache")

    return start


def test_only_what_is_new_is_told(watched: Callable[..., Ran], yahoo: Yahoo) -> None:
    clock = Clock(MORNING, sleeps=4)
    clock.then[2] = lambda: yahoo.prices.update(BBB=at("BBB", 40.0))
    gc.disable()
    ran = watched(clock)
    assert gc.isenabled(), "other commands live a second and collect no garbage"
    assert ran.code == 130, ran.err
    lines = ran.out.splitlines()
    assert [line.split(",")[:2] for line in lines] == [["account", "symbol"], ["main", "AAA"], ["main", "BBB"]]
    assert lines[2].split(",")[4] == "40", "at the price of the moment, which the store does not have"
    assert ran.err.count("asking Yahoo for the prices of this moment of 2 symbols") == 1
    assert not any(line.startswith("warning: the newest prices") for line in ran.err.splitlines())


def test_a_lot_that_left_and_came_back_is_news(watched: Callable[..., Ran], yahoo: Yahoo) -> None:
    clock = Clock(MORNING, sleeps=3)
    clock.then[1] = lambda: yahoo.prices.update(AAA=at("AAA", 120.0))
    clock.then[2] = lambda: yahoo.prices.update(AAA=at("AAA"))
    ran = watched(clock)
    assert [line.split(",")[1] for line in ran.out.splitlines()] == ["symbol", "AAA", "AAA"]


def test_exec_gets_what_is_new_as_json(watched: Callable[..., Ran], home: Path) -> None:
    ran = watched(Clock(MORNING, sleeps=2), "--exec", "cat >> told.json; exit 3", "-f", "json")
    told = json.loads((home / "told.json").read_text())
    assert [row["symbol"] for row in told["harvest"]] == ["AAA"]
    assert told == json.loads(ran.out)
    assert "warning: --exec: cat >> told.json; exit 3 ended with exit code 3" in ran.err


def test_a_window_that_opens_overnight_is_told_in_the_morning(
    watched: Callable[..., Ran], home: Path, server: Server
) -> None:
    """AAA was bought on 20 May: a loss is clean from 20 June, the first session after the holiday of the 19th."""
    (home / "main_history.csv").write_text("date,kind,symbol,quantity,amount\n2025-05-20,buy,AAA,900,-54000\n")
    lots = home / "main_lots.csv"
    lots.write_text(lots.read_text() + "AAA,900,2025-05-20,54000\n")
    positions = home / "main_positions.csv"
    positions.write_text(positions.read_text().replace("AAA,1000,50,50000", "AAA,1900,50,95000"))
    afternoon = MORNING.replace(hour=15, minute=50)
    clock = Clock(afternoon, sleeps=12 * 42 + 3)  # until 10:05 on Friday
    asked: list[int] = []
    for sleeps in (3, 12 * 41):  # 16:05 on Wednesday, 8:50 on Friday
        clock.then[sleeps] = lambda: asked.append(len(server.asked))
    ran = watched(clock)
    assert ran.code == 130, ran.err
    assert clock.now == MORNING.replace(day=20, minute=5)
    assert asked[0] == asked[1] < len(server.asked), "nights and holidays are quiet"
    rows = [line.split(",") for line in ran.out.splitlines()[1:]]
    assert sorted((row[1], row[2]) for row in rows) == [("AAA", "2024-01-02"), ("AAA", "2025-05-20")]
    assert {row[12] for row in rows} == {"clear"}


def test_a_night_without_network_is_a_warning_and_not_the_end(
    watched: Callable[..., Ran], yahoo: Yahoo, server: Server
) -> None:
    clock = Clock(MORNING, sleeps=4)
    clock.then[1] = lambda: yahoo.after.update({0: SICK["500"]}) or yahoo.only.update(quote=SICK["500"])
    clock.then[3] = lambda: (yahoo.after.clear(), yahoo.only.clear(), yahoo.prices.update(BBB=at("BBB", 40.0)))
    ran = watched(clock)
    assert ran.code == 130
    assert [line.split(",")[1] for line in ran.out.splitlines()] == ["symbol", "AAA", "BBB"]
    assert ran.err.count("no prices of this moment (Yahoo has a problem (HTTP 500))") == 1


def test_a_closed_market_is_looked_at_once(watched: Callable[..., Ran], server: Server) -> None:
    clock = Clock(MORNING.replace(day=21), sleeps=10)
    ran = watched(clock)
    assert [line.split(",")[1] for line in ran.out.splitlines()] == ["symbol", "AAA"]
    assert sum("quote" in path for path in server.asked) == 1


def test_a_file_half_written_is_a_warning_and_at_first_an_error(watched: Callable[..., Ran], home: Path) -> None:
    lots = home / "main_lots.csv"
    whole = lots.read_text()
    clock = Clock(MORNING, sleeps=3)
    clock.then[1] = lambda: lots.write_text(whole.replace("100000", "many")) and None
    clock.then[2] = lambda: lots.write_text(whole) and None
    ran = watched(clock)
    assert ran.code == 130
    assert "warning: main_lots.csv, row 2" in ran.err
    assert len(ran.out.splitlines()) == 2
    lots.write_text(whole.replace("100000", "many"))
    assert watched(Clock(MORNING, sleeps=3)).code == 2


def test_what_goes_with_what(watched: Callable[..., Ran], home: Path, tmp_path: Path) -> None:
    for options, said in (
        (("--as-of", "2025-06-01"), "a watch looks at today"),
        (("-o", "out.csv"), "a watch has no end"),
    ):
        ran = watched(Clock(MORNING, sleeps=1), *options)
        assert (ran.code, said in ran.err) == (2, True), ran.err
    alone = run("harvest", "--exec", "cat", folder=home, cache=tmp_path)
    assert (alone.code, "--exec goes with --watch" in alone.err) == (2, True)


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("90s", 90), ("1h", 3600), (" 30s ", 30)])
def test_intervals(text: str, seconds: int) -> None:
    assert watch.interval(text) == seconds


@pytest.mark.parametrize("text", ["5", "5 minutes", "29s", "0m", "-5m", ""])
def test_no_intervals(text: str) -> None:
    import typer

    with pytest.raises(typer.BadParameter, match="write it as 5m, 90s or 1h"):
        watch.interval(text)
