"""The market as of a day: the newest price of the most trusted source, nothing later, and its age in words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicli.errors import InputError
from dicli.market import calendar, view
from dicli.market.benchmark import Benchmark
from dicli.market.series import Series
from dicli.market.store import Store
from dicli.market.view import Market, open_market
from dicli.model import Constituent, Quote
from dicli.preferences.schema import Prices
from tests.folders import HEAD, ONE, folder, read

FRIDAY = dt.date(2026, 11, 20)
THURSDAY = FRIDAY - dt.timedelta(days=1)


def quote(price: str, day: dt.date | None = FRIDAY, source: str = "broker", symbol: str = "AAA") -> Quote:
    return Quote(symbol, Decimal(price), day, source)


# -- which price --------------------------------------------------------------------------------------------------


def test_the_newest_date_wins_and_trust_decides_within_a_day() -> None:
    market = Market(
        FRIDAY, [[quote("10", THURSDAY)], [quote("11.00", source="store")], [quote("11.01", source="index")]]
    )
    assert market.quote("AAA") == quote("11.00", source="store")
    assert market.close("BBB") is None


def test_an_undated_price_comes_last() -> None:
    market = Market(FRIDAY, [[quote("10", None)], [quote("11", dt.date(2020, 1, 2))]])
    assert market.close("AAA") == 11
    assert Market(FRIDAY, [[quote("10", None)]]).close("AAA") == 10
    assert Market(FRIDAY, [[quote("10", None)]]).missed("AAA") is None


@pytest.mark.parametrize("price", ["0", "-1"])
def test_what_is_no_price_is_not_taken(price: str) -> None:
    assert Market(FRIDAY, [[quote(price)]]).close("AAA") is None


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 9)), max_size=12))
def test_nothing_after_the_day_is_known(said: list[tuple[int, int]]) -> None:
    quotes = [quote(str(price), FRIDAY + dt.timedelta(days=days)) for days, price in said]
    market = Market(FRIDAY, [quotes])
    past = [one for one in quotes if one.date is not None and one.date <= FRIDAY]
    assert (market.quote("AAA") is None) == (not past)
    found = market.quote("AAA")
    if found is not None:
        assert found.date == max(one.date for one in past if one.date is not None)


# -- what is said -------------------------------------------------------------------------------------------------


def test_sources_that_disagree_by_more_than_two_percent_are_shown() -> None:
    agree = Market(FRIDAY, [[quote("100")], [quote("102", source="store")]])
    assert agree.warnings == ()
    differ = Market(FRIDAY, [[quote("100")], [quote("102.01", source="store")]])
    assert differ.warnings == (f"AAA on {FRIDAY}: 100 in broker, 102.01 in store; the first is used",)
    other_days = Market(FRIDAY, [[quote("100")], [quote("120", THURSDAY, "store")]])
    assert other_days.warnings == ()


@pytest.mark.parametrize(("as_of", "missed"), [(20, 0), (21, 0), (22, 0), (23, 1), (24, 2), (25, 3), (26, 3), (27, 4)])
def test_stale_means_sessions_missed_over_the_weekend_and_thanksgiving(as_of: int, missed: int) -> None:
    market = Market(dt.date(2026, 11, as_of), [[quote("100")]])
    assert market.missed("AAA") == missed
    said = f"the newest prices are of {FRIDAY}: {missed} sessions have ended since"
    assert market.warnings == ((said,) if missed else ())


def test_older_prices_among_new_ones_are_counted() -> None:
    late = quote("5", dt.date(2026, 11, 9), symbol="BBB")
    market = Market(FRIDAY, [[quote("100"), late, quote("7", None, symbol="CCC")]])
    assert market.warnings == (f"1 prices are older than {FRIDAY}, the oldest of 2026-11-09",)


def test_a_session_that_goes_on_is_not_missed() -> None:
    thursday = quote("100", THURSDAY)
    assert Market(FRIDAY, [[thursday]], finished=THURSDAY).missed("AAA") == 0
    assert Market(FRIDAY, [[thursday]], finished=THURSDAY).warnings == ()
    assert Market(FRIDAY, [[thursday]], finished=FRIDAY).missed("AAA") == 1


@pytest.mark.parametrize(
    ("as_of", "now", "ended"),
    [
        (FRIDAY, "2026-11-20 10:00", THURSDAY),
        (FRIDAY, "2026-11-20 16:30", FRIDAY),
        (FRIDAY, "2026-11-23 10:00", FRIDAY),
        (dt.date(2026, 11, 22), "2026-11-22 10:00", FRIDAY),
        (dt.date(2027, 1, 15), "2026-11-20 10:00", dt.date(2027, 1, 15)),
    ],
)
def test_last_ended_session_of_today_and_of_other_days(as_of: dt.date, now: str, ended: dt.date) -> None:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("America/New_York"))
    assert calendar.last_ended(as_of, moment) == ended


def test_prices_of_this_moment_go_first_and_are_not_argued_about() -> None:
    now = quote("90", source="now")
    market = Market(FRIDAY, [[quote("100")], [quote("5", THURSDAY, symbol="BBB")]], live=[now])
    assert market.quote("AAA") == now
    assert market.warnings == Market(FRIDAY, [[quote("100")], [quote("5", THURSDAY, symbol="BBB")]]).warnings
    assert Market(THURSDAY, [[quote("100", THURSDAY)]], live=[now]).close("AAA") == 100, "of a day to come"
    assert Market(FRIDAY, [[]], live=[quote("0")]).close("AAA") is None


# -- from the preferences -----------------------------------------------------------------------------------------


def benchmark(*items: Constituent) -> Benchmark:
    return Benchmark("index", FRIDAY, items, source="index.csv")


def put(path: Path, symbol: str, closes: dict[dt.date, str]) -> None:
    days = tuple(sorted(closes))
    series = Series(symbol, days, tuple(Decimal(closes[day]) for day in days))
    with Store(path) as store:
        store.put(series, wanted_from=days[0], checked=days[-1])


def test_broker_before_file_before_store_before_index(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("symbol,date,close\n" + "".join(f"{s},{FRIDAY},2\n" for s in ("AAA", "BBB")))
    preferences, _ = read(
        folder(tmp_path / "home", toml=ONE, head=HEAD + f'[prices]\nsource = "csv"\nfile = "{tmp_path}/prices.csv"\n',
               main_lots="symbol,quantity,acquired,cost_basis\nAAA,1,2024-01-02,5\n")
    )  # fmt: skip
    store = tmp_path / "prices.sqlite"
    for symbol in ("AAA", "BBB", "CCC"):
        put(store, symbol, {FRIDAY: "3"})
    index = benchmark(*(Constituent(s, Decimal("0.25"), price=Decimal(4)) for s in ("AAA", "BBB", "CCC", "DDD")))
    market = open_market(preferences, FRIDAY, broker={"AAA": [quote("1")]}, benchmark=index, store=store)
    assert [market.close(s) for s in ("AAA", "BBB", "CCC", "DDD", "EEE")] == [1, 2, 3, 4, None]
    now = open_market(
        preferences, FRIDAY, broker={"AAA": [quote("1")]}, benchmark=index, store=store, live=[quote("9", source="now")]
    )
    assert now.close("AAA") == 9, "a price of this moment is trusted most"


def test_a_bad_price_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(f"symbol,date,close\nAAA,{FRIDAY},0\n")
    home = folder(tmp_path / "home", main_lots="symbol,quantity,acquired,cost_basis\nAAA,1,2024-01-02,5\n")
    preferences, _ = read(home)
    import dataclasses

    from_file = dataclasses.replace(preferences, prices=Prices("csv", tmp_path / "prices.csv"))
    with pytest.raises(InputError, match="A price is above zero"):
        open_market(from_file, FRIDAY, broker={}, benchmark=None, store=tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists(), "looking makes no store"


# -- the past -----------------------------------------------------------------------------------------------------


def history(path: Path, symbol: str, count: int, end: dt.date = FRIDAY) -> None:
    days = calendar.sessions(calendar.back(end, count), end)
    put(path, symbol, {day: f"{100 + place % 7}" for place, day in enumerate(days)})


def test_returns_come_from_the_store_with_their_sessions(tmp_path: Path) -> None:
    store = tmp_path / "prices.sqlite"
    history(store, "AAA", view.DAYS)
    history(store, "BBB", view.LEAST)
    found = Market(FRIDAY, [], store=store).returns(["AAA", "BBB"])
    assert found is not None
    returns, sessions = found
    assert returns.shape == (view.DAYS, 2) == (len(sessions), 2)
    assert sessions[-1] == FRIDAY
    assert np.isfinite(returns).sum(axis=0).tolist() == [view.DAYS, view.LEAST]


def test_returns_as_of_a_day_know_nothing_later(tmp_path: Path) -> None:
    store = tmp_path / "prices.sqlite"
    history(store, "AAA", view.DAYS)
    long_ago = calendar.back(FRIDAY, 100)
    found = Market(long_ago, [], store=store).returns(["AAA"])
    assert found is not None
    assert found[1][-1] == long_ago
    assert np.isfinite(found[0]).sum() == view.DAYS - 100
    with Store(store) as opened:
        every = opened.returns(["AAA"], FRIDAY, view.DAYS)
    assert np.array_equal(found[0][100:], every[: view.DAYS - 100])


def test_too_little_history_is_none(tmp_path: Path) -> None:
    store = tmp_path / "prices.sqlite"
    assert Market(FRIDAY, [], store=store).returns(["AAA"]) is None
    assert not store.exists()
    history(store, "AAA", view.LEAST - 1)
    assert Market(FRIDAY, [], store=store).returns(["AAA"]) is None
    history(store, "AAA", view.LEAST)
    assert Market(FRIDAY, [], store=store).returns(["AAA"]) is not None
    assert Market(FRIDAY, [], store=store).returns(["AAA", "BBB"]) is not None, "half of the names will do"
    assert Market(FRIDAY, [], store=store).returns(["AAA", "BBB", "CCC"]) is None
