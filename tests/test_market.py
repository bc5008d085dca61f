"""Sessions, the checks that a price series must pass, and bounded requests."""

from __future__ import annotations

import csv
import datetime as dt
import math
import threading
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dicli.market import calendar, net
from dicli.market.series import HELD, Series, as_ratio, examine, is_plain_ratio

NEW_YORK = ZoneInfo("America/New_York")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# -- sessions -----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_shipped_table_is_what_the_library_says() -> None:
    exchange_calendars = pytest.importorskip("exchange_calendars")
    known = exchange_calendars.get_calendar(
        "XNYS", start=calendar.TABLE_FIRST.isoformat(), end=calendar.TABLE_LAST.isoformat()
    )
    assert calendar.sessions(calendar.TABLE_FIRST, calendar.TABLE_LAST) == [each.date() for each in known.sessions]
    for each in known.early_closes:
        assert calendar.close_of(each.date()) == known.closes[each].tz_convert("America/New_York").time()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_days_after_the_table_come_from_the_library() -> None:
    pytest.importorskip("exchange_calendars")
    assert not calendar.is_session(day("2028-07-04"))
    assert calendar.last_session(day("2028-07-04")) == day("2028-07-03")


def test_the_table_has_every_row_once() -> None:
    text = (Path(calendar.__file__).parents[1] / "data" / "nyse.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len({row["date"] for row in rows}) == len(rows) > 400


@pytest.mark.parametrize(
    ("at", "last"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-22", "2026-11-20"),
        ("2026-11-26", "2026-11-25"),  # Thanksgiving
        ("2025-01-09", "2025-01-08"),  # a president's funeral
        ("2001-09-14", "2001-09-10"),
    ],
)
def test_last_session(at: str, last: str) -> None:
    assert calendar.last_session(day(at)) == day(last)


def test_stale_means_sessions_missed() -> None:
    assert calendar.sessions_missed(day("2026-11-20"), day("2026-11-22")) == 0
    assert calendar.sessions_missed(day("2026-11-20"), day("2026-11-23")) == 1
    assert calendar.sessions_missed(day("2026-11-25"), day("2026-11-27")) == 1
    assert calendar.sessions_missed(day("2026-11-23"), day("2026-11-20")) == 0
    assert calendar.back(day("2026-11-22"), 3) == day("2026-11-17")
    assert calendar.next_session(day("2026-11-25")) == day("2026-11-27")


@pytest.mark.parametrize(
    ("moment", "last", "is_open"),
    [
        (dt.datetime(2026, 11, 20, 15, 59, tzinfo=NEW_YORK), "2026-11-19", True),
        (dt.datetime(2026, 11, 20, 16, 29, tzinfo=NEW_YORK), "2026-11-19", False),
        (dt.datetime(2026, 11, 20, 16, 30, tzinfo=NEW_YORK), "2026-11-20", False),
        (dt.datetime(2026, 11, 27, 13, 0, tzinfo=NEW_YORK), "2026-11-25", False),  # closes at 13:00
        (dt.datetime(2026, 11, 27, 13, 30, tzinfo=NEW_YORK), "2026-11-27", False),
        (dt.datetime(2026, 11, 20, 23, 0, tzinfo=dt.UTC), "2026-11-20", False),
        (dt.datetime(2026, 11, 21, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=9))), "2026-11-19", True),
        (dt.datetime(2026, 11, 22, 12, 0, tzinfo=NEW_YORK), "2026-11-20", False),
    ],
)
def test_last_finished_session_and_market_hours(moment: dt.datetime, last: str, is_open: bool) -> None:
    assert calendar.last_finished(moment) == day(last)
    assert calendar.is_open(moment) == is_open


# -- what may be stored -------------------------------------------------------------------------------------------

DAYS = tuple(calendar.sessions(day("2026-09-01"), day("2026-11-20")))
LAST = DAYS[-1]


def series(*closes: object, days: tuple[dt.date, ...] | None = None, **more: object) -> Series:
    """The last sessions; `closes` as numbers."""
    when = DAYS[-len(closes) :] if days is None else days
    return Series("A", when, tuple(Decimal(str(close)) for close in closes), **more)  # type: ignore[arg-type]


def test_what_is_no_price_is_kept_out_and_named() -> None:
    found = examine(series(10, 0, -3, math.nan, "Infinity", 10.5), None, LAST)
    assert [str(close) for close in found.series.closes] == ["10", "10.5"]
    assert [item.why for item in found.rejected] == ["a price of 0", "a price of -3", "no price", "no price"]


def test_days_to_come_are_kept_out() -> None:
    found = examine(series(10, 10, 10), None, DAYS[-2])
    assert found.series.days == DAYS[-3:-1]
    assert found.rejected[0].why == f"the session of {LAST} has not ended"


def test_a_jump_on_the_last_day_is_kept_out() -> None:
    for close, change in ((15, "+50%"), (5, "-50%")):
        found = examine(series(10, 10, close), None, LAST)
        assert found.series.closes == (10, 10)
        assert found.rejected[0].why == f"{change} from 10 the session before, without a reason"


def test_a_jump_of_forty_percent_is_no_jump() -> None:
    assert not examine(series(10, 14), None, LAST).rejected


def test_a_second_source_confirms_a_jump_within_two_percent() -> None:
    assert not examine(series(10, 15), None, LAST, {LAST: Decimal("15.29")}).rejected
    assert examine(series(10, 15), None, LAST, {LAST: Decimal("15.32")}).rejected
    assert examine(series(10, 15), None, LAST, {DAYS[-2]: Decimal(15)}).rejected


def test_a_bad_tick_comes_back_and_a_new_level_holds() -> None:
    tick = examine(series(10, 95, 10, 10, 10, 10, 10, 10), None, LAST)
    assert (len(tick.rejected), set(tick.series.closes)) == (1, {Decimal(10)})
    held = examine(series(10, *[20] * (HELD + 1)), None, LAST)
    assert not held.rejected
    assert len(examine(series(10, *[20] * HELD), None, LAST).rejected) == HELD


def test_a_jump_from_what_is_stored_is_seen() -> None:
    old = series(10, 10, days=DAYS[-4:-2])
    found = examine(series(10, 30, 30, days=DAYS[-3:]), old, LAST)
    assert found.series.closes == (10,)
    assert len(found.rejected) == 2


def test_rewritten_history_is_noticed() -> None:
    old = series(100, 101, days=DAYS[-3:-1])
    found = examine(series(25.25, 25.5, splits={LAST: Fraction(4)}), old, LAST)
    assert found.rewritten == (
        f"A: the close of {DAYS[-2]} was 101 and is now 25.25 (split: 4 for 1 on {LAST}); "
        "its history was downloaded again"
    )
    assert not examine(series(101.05, 102), old, LAST).rewritten  # within a thousandth
    assert examine(series(101.2, 102), old, LAST).rewritten


def test_a_split_that_the_vendor_has_not_put_into_its_history_yet() -> None:
    old = series(100, 101, days=DAYS[-3:-1])
    late = series(100, 101, 25.5, splits={LAST: Fraction(4)}, dividends={DAYS[-3]: Decimal(1)})
    assert "split 4 for 1" in examine(late.between(DAYS[-2], LAST), old, LAST).rewritten
    found = examine(late, None, LAST)
    assert found.series.closes == (25, Decimal("25.25"), Decimal("25.5"))
    assert found.series.dividends == {DAYS[-3]: Decimal("0.25")}
    assert "has not adjusted its history" in found.notes[0]
    assert not found.rejected


def test_a_ratio_that_no_company_chooses_is_named() -> None:
    found = examine(series(10, 10, splits={LAST: as_ratio("1.128")}), None, LAST)
    assert "perhaps a spin-off; prices follow it, lots never do" in found.notes[0]
    assert not examine(series(10, 10, splits={LAST: Fraction(2)}), None, LAST).notes


@pytest.mark.parametrize(
    ("number", "ratio", "plain"),
    [
        ("4.0", Fraction(4), True),
        ("20", Fraction(20), True),
        ("1.5", Fraction(3, 2), True),
        ("1.333333", Fraction(4, 3), True),
        ("1.25", Fraction(5, 4), True),
        ("0.05", Fraction(1, 20), True),
        ("0.1", Fraction(1, 10), True),
        ("1.128", Fraction(141, 125), False),
        ("1.196", Fraction(299, 250), False),
        ("1.281", Fraction(1281, 1000), False),
        ("1.324", Fraction(331, 250), False),
        ("1", Fraction(1), False),
    ],
)
def test_ratios(number: str, ratio: Fraction, plain: bool) -> None:
    assert as_ratio(number) == ratio
    assert is_plain_ratio(ratio) == plain


# -- bounded requests ---------------------------------------------------------------------------------------------


def test_work_that_never_ends_is_left_behind() -> None:
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        net.bounded(0.05, lambda: release.wait(20))
    assert time.monotonic() - began < 1
    release.set()


def test_work_gives_back_its_value_or_its_error() -> None:
    assert net.bounded(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        net.bounded(5, lambda: 1 // 0)


def test_addresses_under_a_stand_in() -> None:
    assert net.at("https://a.example/b?c=d&e=f", None) == "https://a.example/b?c=d&e=f"
    assert net.at("https://a.example/b?c=d&e=f", "http://127.0.0.1:1/") == "http://127.0.0.1:1/a.example/b?c=d&e=f"
    assert net.at("http://127.0.0.1:1/x", "http://127.0.0.1:1") == "http://127.0.0.1:1/x"
