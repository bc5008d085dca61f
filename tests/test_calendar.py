"""dicli calendar and do-not-buy: what is on which day, the planner's own list, and iCalendar as RFC 5545 has it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.household.windows import blocked
from dicli.model import Column, Figure, Report
from dicli.preferences import load
from dicli.reports.calendar import coming
from dicli.views import ics
from tests.folders import HEAD, HISTORY, IRA, ONE, POSITIONS, folder, read
from tests.program import DAY, SAMPLES, Ran, run

D = Decimal
CALENDAR = "date,kind,account,symbol,quantity,amount,what"
DO_NOT_BUY = "symbol,until,free_from,account,sold,loss,reason"
VEST = """
[[scheduled]]
symbol = "AAA"
account = "main"
date = 2026-10-01
kind = "vest"
every = "month"
quantity = 2.5
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def dicli(place: Path, cache: Path, *words: str, as_of: str = DAY) -> Ran:
    return run(*words, "--as-of", as_of, folder=place, cache=cache)


def listed(place: Path, cache: Path, *words: str, as_of: str = DAY) -> list[tuple[str, ...]]:
    ran = dicli(place, cache, *words, "-f", "csv", as_of=as_of)
    assert ran.code == 0, ran.err
    return [tuple(row.values()) for row in csv.DictReader(io.StringIO(ran.out))]


# --- calendar ---------------------------------------------------------------------------------------------------------


def test_a_lot_turns_long_term_the_day_after_its_anniversary(cache: Path, tmp_path: Path) -> None:
    bought = "2025-11-20,buy,AAA,10,-100\n2025-11-19,buy,BBB,10,-100\n2025-12-01,buy,CCC,1,-5\n"
    ira = HISTORY + "2025-11-25,buy,AAA,10,-100\n"
    place = folder(tmp_path, toml=ONE + IRA, main=HISTORY + bought, ira=ira)
    rows = [row for row in listed(place, cache, "calendar", "--days", "20") if row[1] == "long-term"]
    assert [row[:5] for row in rows] == [
        ("2026-11-21", "long-term", "main", "AAA", "10"),  # BBB is long-term today already, and an IRA has no terms
        ("2026-12-02", "long-term", "main", "CCC", "1"),
    ]
    assert rows[0][6] == "10 AAA in main turn long-term"  # no price, so no gain
    assert listed(place, cache, "calendar", "--days", "0") == []


def test_the_gain_at_the_last_price_stands_beside_it(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        main_h=HISTORY + "2025-11-25,buy,AAA,10,-100\n2025-11-25,buy,AAA,5,-20.50\n",
        main_p=POSITIONS + "AAA,15,8,120\n",
    )
    (row,) = listed(place, cache, "calendar", "--days", "20")
    assert row[4:] == ("15", "-0.5", "15 AAA in main turn long-term, at a loss of 0 by the last price")


def test_windows_close_thirty_one_days_after_the_last_purchase(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        toml=ONE + IRA + VEST,
        main_h=HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-01-06,buy,BBB,10,-100\n2026-01-07,buy,CCC,10,-100\n",
        main_p=POSITIONS + "AAA,10,8,80\nBBB,10,8,80\nCCC,10,8,80\n",
        ira=HISTORY + "2026-11-10,buy,AAA,1,-8\n2026-11-12,buy,AAA,2,-16\n2026-11-13,buy,BBB,1,-8\n",
    )
    rows = [row for row in listed(place, cache, "calendar") if row[1] == "clean"]
    assert [row[:6] for row in rows] == [
        ("2026-12-13", "clean", "main", "AAA", "10", "-20"),
        ("2026-12-14", "clean", "main", "BBB", "10", "-20"),
    ]
    assert rows[0][6] == (
        "10 AAA in main: the loss of 20 is clear of wash sales, if nothing more is bought; "
        "the purchase scheduled for 2026-12-01 taints it anew"
    )
    assert "scheduled" not in rows[1][6]


def test_scheduled_purchases_and_the_last_session(cache: Path, tmp_path: Path) -> None:
    place = folder(tmp_path, toml=ONE + VEST, main=HISTORY + "2026-01-05,buy,AAA,10,-100\n")
    rows = listed(place, cache, "calendar", "--days", "45", as_of="2026-12-01")
    assert [row[:5] for row in rows] == [
        ("2026-12-01", "scheduled", "main", "AAA", "2.5"),
        ("2026-12-31", "year-end", "", "", ""),
        ("2027-01-01", "scheduled", "main", "AAA", "2.5"),
        ("2027-01-06", "long-term", "main", "AAA", "10"),
    ]
    assert rows[0][6] == "vest of 2.5 AAA in main: it washes losses within 30 days"
    assert rows[1][6] == "last session of 2026: sales count for 2026 by trade date"
    weekend = listed(place, cache, "calendar", "--days", "30", as_of="2023-12-15")
    assert ("2023-12-29", "year-end") in [row[:2] for row in weekend]  # the 31st was a Sunday


def test_a_symbol_may_be_bought_again_after_its_latest_loss(cache: Path, tmp_path: Path) -> None:
    rows = (
        "2026-01-05,buy,AAA,20,-200\n2026-11-02,sell,AAA,-10,80\n2026-11-09,sell,AAA,-10,70\n"
        "2026-01-05,buy,BBB,20,-200\n2026-11-09,sell,BBB,-20,300\n"
    )
    place = folder(tmp_path, main=HISTORY + rows)
    found = [row for row in listed(place, cache, "calendar") if row[1] == "rebuy"]
    assert [row[:6] for row in found] == [("2026-12-10", "rebuy", "main", "AAA", "", "-30")]


def test_what_is_not_known_is_said(cache: Path, tmp_path: Path) -> None:
    place = folder(tmp_path, main=POSITIONS + "AAA,10,12,120\n")
    ran = dicli(place, cache, "calendar")
    assert "unknown: no file tells when AAA were bought: their lots are not here" in ran.err


def test_no_day_is_missed_by_a_count_day_by_day() -> None:
    """The couple's lots: each one that is not long-term is in the calendar on its own day, and nothing else is."""
    place = SAMPLES / "tech_couple"
    preferences, house = read(place)
    report = coming(house, preferences, {}, 400)
    told = {(row[0], row[3]): row[4] for row in report.rows if row[1] == "long-term"}
    expected: dict[tuple[dt.date, str], Decimal] = {}
    for lot in house.lots:
        if lot.account == "ira" or lot.holding_from is None:
            continue
        after = lot.holding_from + dt.timedelta(days=1)
        day = (
            after.replace(year=after.year + 1) if (after.month, after.day) != (2, 29) else dt.date(after.year + 1, 3, 1)
        )
        if day > house.as_of:
            key = (day, lot.symbol)
            expected[key] = expected.get(key, D(0)) + lot.quantity
    assert len(expected) > 300
    by_symbol: dict[tuple[dt.date, str], Decimal] = {}
    for row in report.rows:
        if row[1] == "long-term":
            assert isinstance(row[0], dt.date)
            assert isinstance(row[4], Decimal)
            by_symbol[row[0], str(row[3])] = by_symbol.get((row[0], str(row[3])), D(0)) + row[4]
    assert by_symbol == expected
    assert len(told) == len(expected)


# --- do-not-buy -------------------------------------------------------------------------------------------------------


def test_what_not_to_buy_and_why(cache: Path, tmp_path: Path) -> None:
    head = HEAD + '[identical]\ngroups = [["AAA", "AAB"], ["GONE", "GONF"]]\n[limits]\ndo_not_buy = ["ZZZ"]\n'
    place = folder(
        tmp_path,
        head=head,
        toml=ONE + IRA,
        main_h=HISTORY
        + "2026-01-05,buy,AAA,10,-100\n2026-02-05,buy,AAA,10,-110\n2026-11-02,sell,AAA,-20,80\n"
        + "2026-01-05,buy,OLD,10,-100\n2026-10-20,sell,OLD,-10,80\n2026-11-05,sell,GONE,-1,80\n",
        main_p=POSITIONS + "DDD,1,10,10\n",
        ira=HISTORY + "2026-11-10,buy,AAA,5,-20\n",
    )
    rows = listed(place, cache, "do-not-buy")
    sold = "AAA was sold in main on 2026-11-02, at a loss of 100.00"  # 130, of which the IRA's 5 shares took 30
    assert rows == [
        ("AAA", "2026-12-02", "2026-12-03", "main", "2026-11-02", "100", sold),
        ("AAB", "2026-12-02", "2026-12-03", "main", "2026-11-02", "100", sold),
        ("GONE", "2026-12-05", "2026-12-06", "main", "2026-11-05", "",
         "GONE was sold in main on 2026-11-05, at a gain or loss that no file tells"),
        ("GONF", "2026-12-05", "2026-12-06", "main", "2026-11-05", "",
         "GONE was sold in main on 2026-11-05, at a gain or loss that no file tells"),
        ("ZZZ", "", "", "", "", "", "limits.do_not_buy in dicli.toml"),
    ]  # fmt: skip
    assert dicli(place, cache, "do-not-buy", "--plain").out == "AAA\nAAB\nGONE\nGONF\nZZZ\n"
    assert dicli(place, cache, "do-not-buy", "--exit-code").code == 1
    found = json.loads(dicli(place, cache, "do-not-buy", "-f", "json").out)
    assert found["summary"]["symbols"] == ["AAA", "AAB", "GONE", "GONF", "ZZZ"]


def test_on_the_thirtieth_day_not_yet_and_on_the_next_free(cache: Path, tmp_path: Path) -> None:
    rows = "2026-01-05,buy,AAA,10,-100\n2026-10-20,sell,AAA,-10,80\n"
    place = folder(tmp_path, main=HISTORY + rows)
    assert [row[0] for row in listed(place, cache, "do-not-buy", as_of="2026-11-19")] == ["AAA"]
    assert listed(place, cache, "do-not-buy", as_of="2026-11-20") == []
    assert dicli(place, cache, "do-not-buy", "--exit-code").code == 0
    assert (
        "main is known to 2026-10-20 only: a later sale at a loss is not seen" in dicli(place, cache, "do-not-buy").err
    )


@pytest.mark.parametrize("sample", ["tech_couple", "starter", "retiree"])
def test_it_is_the_planners_own_list(sample: str, cache: Path) -> None:
    place = SAMPLES / sample
    _, house = read(place)
    named = {row[0]: row[6] for row in reversed(listed(place, cache, "do-not-buy"))}
    limits = set(load(place).limits.do_not_buy)
    theirs = blocked(house, house.as_of)
    assert set(named) == set(theirs) | limits
    assert all(theirs[symbol].startswith(why) for symbol, why in named.items() if symbol in theirs)


def test_the_plain_list_takes_no_format(cache: Path, tmp_path: Path) -> None:
    place = folder(tmp_path, main=HISTORY + "2026-01-05,buy,AAA,10,-100\n")
    assert dicli(place, cache, "do-not-buy", "--plain", "-f", "csv").code == 2
    assert dicli(place, cache, "calendar", "--ics", "-f", "csv").code == 2


def test_columns(cache: Path) -> None:
    place = SAMPLES / "starter"
    assert dicli(place, cache, "calendar", "-f", "csv").out.splitlines()[0] == CALENDAR
    assert dicli(place, cache, "do-not-buy", "-f", "csv").out.splitlines()[0] == DO_NOT_BUY
    found = json.loads(dicli(place, cache, "calendar", "-f", "json").out)
    assert ",".join(found["calendar"][0]) == CALENDAR


# --- iCalendar --------------------------------------------------------------------------------------------------------


def events(text: str) -> list[dict[str, str]]:
    """A reader of its own: unfolds, unescapes, and refuses what RFC 5545 does not allow."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[:4] == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//dicli//dicli calendar//EN", "CALSCALE:GREGORIAN",
    ]  # fmt: skip
    assert lines[-1] == "END:VCALENDAR"
    found: list[dict[str, str]] = []
    for line in lines[4:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif line != "END:VEVENT":
            assert name not in found[-1]
            found[-1][name] = _unescaped(value)
    return found


def _unescaped(text: str) -> str:
    out, letters = "", iter(text)
    for letter in letters:
        if letter == "\\":
            after = next(letters)
            assert after in "\\;,n"
            out += "\n" if after == "n" else after
        else:
            assert letter not in ";,", text
            out += letter
    return out


COLUMNS = (
    Column("date", Figure.DATE), Column("kind"), Column("account"), Column("symbol"),
    Column("amount", Figure.MONEY), Column("what"),
)  # fmt: skip


def test_every_text_comes_back_as_it_was(cache: Path) -> None:
    said = ["plain", "a, b; c\\d", "two\nlines", "\\n is no line break", "Ünïcödé — ✓ 日本 " * 12, ",;" * 60, "x" * 300]
    day = dt.date(2026, 12, 31)
    rows = tuple((day, "clean", "my; account", "BRK.B", D("-12.50"), text) for text in said)
    found = events(ics.render(Report("calendar", COLUMNS, rows), stamp=dt.date(2026, 11, 20)))
    assert [event["SUMMARY"] for event in found] == said
    assert len({event["UID"] for event in found}) == len(said)
    first = found[0]
    assert first["DTSTART;VALUE=DATE"] == "20261231"
    assert first["DTSTAMP"] == "20261120T000000Z"
    assert first["DESCRIPTION"] == "kind: clean\naccount: my; account\nsymbol: BRK.B\namount: -12.5"


def test_folding_never_cuts_a_letter() -> None:
    for letters in range(60, 90):
        line = "SUMMARY:" + "é" * letters
        pieces = ics.folded(line).split("\r\n ")
        assert "".join(pieces) == line
        assert all(len(piece.encode()) <= (75 if i == 0 else 74) for i, piece in enumerate(pieces))
    assert ics.folded("x" * 75) == "x" * 75
    assert ics.folded("x" * 76) == "x" * 75 + "\r\n x"
    assert ics.escaped("bell\x07 and tab\t") == "bell and tab"


def test_an_event_keeps_its_id_from_day_to_day() -> None:
    row = (dt.date(2026, 12, 31), "clean", "main", "AAA", D(-5), "a loss of 5")
    later = (*row[:4], D(-7), "a loss of 7")
    one, other = (
        events(ics.render(Report("calendar", COLUMNS, (each,)), stamp=dt.date(2026, 11, day)))[0]
        for each, day in ((row, 20), (later, 21))
    )
    assert one["UID"] == other["UID"]
    assert one["SUMMARY"] != other["SUMMARY"]


def test_a_calendar_file_has_an_event_for_each_row(cache: Path, tmp_path: Path) -> None:
    to = tmp_path / "calendar.ics"
    ran = dicli(SAMPLES / "tech_couple", cache, "calendar", "-o", str(to))
    assert (ran.code, ran.out) == (0, "")
    text = to.read_bytes().decode("utf-8")
    rows = listed(SAMPLES / "tech_couple", cache, "calendar")
    assert [event["SUMMARY"] for event in events(text)] == [row[6] for row in rows]
    assert dicli(SAMPLES / "tech_couple", cache, "calendar", "-o", str(to)).code == 2  # there already: --force
    assert dicli(SAMPLES / "tech_couple", cache, "calendar", "--ics").out == text
