"""The price store: what goes in comes out, by whole symbols or not at all, whoever else writes, whatever is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dicli.errors import MarketError
from dicli.market import calendar, store, verify
from dicli.market.series import Rejected, Series
from dicli.market.store import FILE, Store
from tests.program import DAY, SAMPLES, run

FIRST, LAST = dt.date(2025, 11, 3), dt.date(2026, 2, 27)
DAYS = tuple(calendar.sessions(FIRST, LAST))


def flat(symbol: str, close: str, days: tuple[dt.date, ...] = DAYS, **more: object) -> Series:
    return Series(symbol, days, tuple(Decimal(close) for _ in days), source="test", **more)  # type: ignore[arg-type]


def put(into: Store, series: Series, *, replace: bool = False) -> int:
    return into.put(series, wanted_from=FIRST, checked=LAST, replace=replace)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.sqlite"


# -- in and out ---------------------------------------------------------------------------------------------------


def test_a_series_comes_back_as_it_went_in(path: Path) -> None:
    closes = tuple(Decimal("187.15") + Decimal(place) / 1000 for place in range(len(DAYS)))
    given = Series("BRK.B", DAYS, closes, {DAYS[9]: Decimal("0.255")}, {DAYS[20]: Fraction(3, 2)}, "test")
    with Store(path) as opened:
        assert put(opened, given) == len(DAYS)
    with Store(path) as opened:
        found = opened.series("BRK.B")
        (state,) = opened.states()
    assert found is not None
    assert (found.days, found.closes, found.dividends, found.splits) == (
        given.days, given.closes, given.dividends, given.splits,
    )  # fmt: skip
    assert (state.first, state.last, state.close, state.wanted_from) == (DAYS[0], DAYS[-1], closes[-1], FIRST)


def test_days_are_added_and_overwritten_and_only_new_ones_counted(path: Path) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "10", DAYS[:50]))
        assert put(opened, flat("A", "11", DAYS[48:])) == len(DAYS) - 50
        found = opened.series("A")
        assert found is not None
        assert found.closes == (Decimal("10.00"),) * 48 + (Decimal("11.00"),) * (len(DAYS) - 48)
        assert found.days == DAYS


def test_replace_leaves_nothing_of_what_was(path: Path) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "10", dividends={DAYS[3]: Decimal(1)}, splits={DAYS[4]: Fraction(2)}))
        put(opened, flat("A", "5", DAYS[60:]), replace=True)
        found = opened.series("A")
    assert found is not None
    assert (found.days, set(found.closes), found.dividends, found.splits) == (DAYS[60:], {Decimal("5.00")}, {}, {})


def test_last_close_on_a_day_never_comes_from_a_later_one(path: Path) -> None:
    closes = tuple(Decimal(100 + place) for place in range(len(DAYS)))
    with Store(path) as opened:
        put(opened, Series("A", DAYS, closes))
        for day in (DAYS[0], DAYS[40], dt.date(2026, 1, 1), dt.date(2026, 1, 4), DAYS[-1], LAST + dt.timedelta(30)):
            found = opened.last(["A", "none"], day)
            expected = max(session for session in DAYS if session <= day)
            assert found == {"A": (expected, closes[DAYS.index(expected)], "")}
        assert opened.last(["A"], DAYS[0] - dt.timedelta(1)) == {}


def test_last_close_before_a_split_is_as_it_was_traded(path: Path) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "25", splits={DAYS[40]: Fraction(4)}))
        assert opened.last(["A"], DAYS[39])["A"].close == Decimal(100)
        assert opened.last(["A"], DAYS[40])["A"].close == Decimal(25)
        assert opened.last(["A"], LAST)["A"].close == Decimal(25)


def test_returns_are_total_with_nan_where_a_session_is_missing(path: Path) -> None:
    closes = [Decimal(100)] * len(DAYS)
    closes[-3] = Decimal(110)
    holes = tuple(day for day in DAYS if day != DAYS[-2])
    with Store(path) as opened:
        put(opened, Series("A", DAYS, tuple(closes), {DAYS[-2]: Decimal(11)}))
        put(opened, flat("B", "7", holes))
        found = opened.returns(["B", "none", "A"], LAST, 5)
    assert found.shape == (5, 3)
    assert np.isnan(found[:, 1]).all()
    assert np.isnan(found[-2:, 0]).all()
    np.testing.assert_allclose(found[:-2, 0], 0)
    # 100, 100, 100, 110, 100 with 11 paid on the day, 100
    np.testing.assert_allclose(found[:, 2], [0, 0, 0.1, (100 + 11) / 110 - 1, 0], atol=1e-12)


def test_returns_as_of_a_day_know_nothing_later(path: Path) -> None:
    wild = tuple(Decimal(100) if day <= DAYS[50] else Decimal(500) for day in DAYS)
    with Store(path) as opened:
        put(opened, Series("A", DAYS, wild, {DAYS[51]: Decimal(9)}))
        np.testing.assert_array_equal(opened.returns(["A"], DAYS[50], 20), 0)


def test_kept_out_closes_are_remembered_until_their_day_comes_right(path: Path) -> None:
    out = [Rejected("A", DAYS[-1], Decimal(900), "a jump"), Rejected("A", DAYS[-2], None, "no price")]
    with Store(path) as opened:
        opened.put(flat("A", "10", DAYS[:-2]), wanted_from=FIRST, checked=LAST, rejected=out)
        assert opened.rejected() == out
        put(opened, flat("A", "10", DAYS[-1:]))
        assert opened.rejected() == out[1:]


def test_prune_drops_whole_years_and_other_symbols(path: Path) -> None:
    with Store(path) as opened:
        for symbol in ("A", "B", "C"):
            put(opened, flat(symbol, "10", dividends={DAYS[2]: Decimal(1)}))
        put(opened, flat("OLD", "10", DAYS[:20]))
        assert opened.prune(before=dt.date(2026, 6, 1), keep=["A", "B", "OLD"]) == (1, 3)
        found = opened.series("A")
        assert found is not None
        assert (found.days[0].year, found.dividends) == (2026, {})
        assert [(state.symbol, state.first, state.last) for state in opened.states()] == [
            ("A", found.days[0], LAST), ("B", found.days[0], LAST), ("OLD", None, None),
        ]  # fmt: skip
        assert verify.problems(opened) == []


# -- schema -------------------------------------------------------------------------------------------------------


def test_an_older_store_is_migrated_and_keeps_its_prices(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "10"))
    added = [*store.MIGRATIONS, lambda connection: connection.execute("ALTER TABLE symbols ADD COLUMN note TEXT")]
    monkeypatch.setattr(store, "MIGRATIONS", added)
    with Store(path) as opened:
        assert opened.version() == 2
        assert opened.connection.execute("SELECT note FROM symbols").fetchall() == [(None,)]
        assert opened.last(["A"], LAST)["A"].close == Decimal(10)


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "10"))

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE symbols ADD COLUMN note TEXT")
        raise RuntimeError("power cut")

    with monkeypatch.context() as changed:
        changed.setattr(store, "MIGRATIONS", [*store.MIGRATIONS, half])
        with pytest.raises(RuntimeError, match="power cut"):
            Store(path)
    with Store(path) as opened:
        assert opened.version() == 1
        assert "note" not in {row[1] for row in opened.connection.execute("PRAGMA table_info(symbols)")}


def test_a_newer_store_is_refused(path: Path) -> None:
    with Store(path) as opened:
        opened.connection.execute("PRAGMA user_version=99")
    with pytest.raises(MarketError, match="made by a newer dicli"):
        Store(path)


def test_a_file_that_is_no_store_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database, it is a text of some length" * 100)
    with pytest.raises(MarketError, match=r"cannot be read .* Remove the file"):
        Store(path)


def test_a_writer_waits_and_then_says_who_is_in_the_way(path: Path) -> None:
    with Store(path) as first, Store(path, wait=0.2) as second:
        first.connection.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        with pytest.raises(MarketError, match="another dicli has been writing"):
            put(second, flat("A", "10"))
        assert time.monotonic() - start >= 0.2
        first.connection.execute("COMMIT")
        assert put(second, flat("A", "10")) == len(DAYS)


# -- verify -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE closes SET closes = substr(closes, 1, 8) WHERE year = 2026", "A, 2026: days and closes do not match"),
        ("UPDATE closes SET year = 2024 WHERE year = 2026", "A, 2024: a day of another year"),
        ("UPDATE symbols SET last_close = 5", "A: its last close is not the last one stored"),
        ("DELETE FROM closes WHERE year = 2026", "A: its last close is not the last one stored"),
        (
            "UPDATE closes SET closes = zeroblob(length(closes)) WHERE year = 2026",
            "A: a close of 0.000000 on 2026-01-02",
        ),
    ],
)
def test_verify_finds_damage(path: Path, damage: str, said: str) -> None:
    with Store(path) as opened:
        put(opened, flat("A", "10"))
        assert verify.problems(opened) == []
        opened.connection.execute(damage)
        assert said in "\n".join(fault.what for fault in verify.problems(opened))


def test_verify_finds_gaps_and_wild_closes(path: Path) -> None:
    with Store(path) as opened:
        put(opened, flat("GAP", "10", DAYS[:10] + DAYS[14:]))
        put(opened, Series("WILD", DAYS, tuple(Decimal(10 if place < 9 else 30) for place in range(len(DAYS)))))
        assert [fault.what for fault in verify.problems(opened)] == [
            f"GAP: 4 sessions are missing between {DAYS[9]} and {DAYS[14]}",
            f"WILD: +200% on {DAYS[9]}",
        ]


# -- other processes ----------------------------------------------------------------------------------------------

WRITER = textwrap.dedent(
    """
    import datetime as dt, sys
    from decimal import Decimal
    from pathlib import Path
    from dicli.market import calendar
    from dicli.market.series import Series
    from dicli.market.store import Store

    path, start, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    days = tuple(calendar.sessions(dt.date(2024, 11, 1), dt.date(2026, 2, 27)))
    with Store(path) as store:
        for number in range(start, start + rounds):
            for symbol in ("AAA", "BBB", "CCC", "DDD"):
                level = Decimal(number + 1)
                series = Series(symbol, days, (level,) * len(days), {days[5]: level}, source=str(number))
                store.put(series, wanted_from=days[0], checked=days[-1], replace=True)
            print(number, flush=True)
    """
)
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")


def writer(path: Path, start: int, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(start), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def levels(opened: Store) -> dict[str, Decimal]:
    """Each symbol's level; fails where one symbol's rows are of two different writes."""
    found = {}
    for symbol in SYMBOLS:
        series = opened.series(symbol)
        if series is not None and series.days:
            assert len(set(series.closes)) == 1, f"{symbol}: torn"
            assert set(series.dividends.values()) == {series.closes[0]}, f"{symbol}: closes and dividends of two writes"
            assert series.source == str(int(series.closes[0]) - 1)
            found[symbol] = series.closes[0]
    return found


def test_killed_at_any_moment_nothing_stored_is_lost_and_nothing_is_half_there(path: Path) -> None:
    start, rounds = 0, 5
    for kill in range(rounds):
        process = writer(path, start, 100_000)
        assert process.stdout is not None
        told = int(process.stdout.readline())  # what it says is stored must be there after the kill
        time.sleep(0.011 * (kill + 1))  # another place in its work each time
        os.kill(process.pid, signal.SIGKILL)
        rest, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (-signal.SIGKILL, "")
        told = max([told, *(int(line) for line in rest.split())])
        with Store(path) as opened:
            found = levels(opened)
            assert set(found) == set(SYMBOLS)
            assert min(found.values()) >= told + 1
            assert verify.problems(opened) == []
        start = told + 10


def test_two_processes_write_while_a_third_reads(path: Path) -> None:
    writers = [writer(path, 0, 25), writer(path, 1000, 25)]
    reads = 0
    with Store(path) as reader:  # perhaps the first of the three, who makes the tables
        put(reader, flat("OWN", "3"))  # a third writer, in between
        while any(process.poll() is None for process in writers):
            levels(reader)
            closes = reader.last(SYMBOLS, LAST)
            returns = reader.returns(SYMBOLS, LAST, 250)
            seen = returns[np.isfinite(returns)]
            assert not seen.size or np.abs(seen).max() == 0, "a return other than zero: closes of two writes"
            assert all(row.close == row.close.to_integral_value() for row in closes.values())
            reads += 1
        for process in writers:
            _, errors = process.communicate(timeout=20)
            assert (process.returncode, errors) == (0, "")
        assert levels(reader).keys() == set(SYMBOLS)
        assert verify.problems(reader) == []
    assert reads > 10


def test_a_plan_is_made_while_two_processes_update(tmp_path: Path) -> None:
    writers = [writer(tmp_path / FILE, start, 25) for start in (0, 1000)]
    planned = []
    while any(process.poll() is None for process in writers) or not planned:
        planned.append(run("drift", "--as-of", DAY, "--offline", folder=SAMPLES / "starter", cache=tmp_path))
    for process in writers:
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
    assert {ran.code for ran in planned} == {0}
    assert len({ran.out for ran in planned}) == 1
