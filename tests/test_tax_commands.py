"""dicli tax: sums against an independent count of the files, the form's codes, taint, unknowns, --if, --reconcile."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections import defaultdict, deque
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dicli.household.realized import of_year
from dicli.household.taxyear import so_far
from tests.cli_goldens import COMMANDS, FOLDER, said
from tests.folders import HEAD, HISTORY, IRA, LOTS, ONE, POSITIONS, folder, read
from tests.program import DAY, SAMPLES, Ran, run

D = Decimal
SALES = "symbol,quantity,acquired,sold,proceeds,cost_basis,disallowed,term\n"
SPOUSE = """
[[accounts]]
name = "spouse"
kind = "taxable"
owner = "spouse"
managed = false
broker_files = ["spouse*.csv"]
"""
KNOWN = HISTORY + "2026-11-20,buy,DDD,1,-10\n"
"""A history up to the day of the tests."""
PLAN = '[[accounts]]\nname = "plan"\nkind = "401k"\nmanaged = false\nbroker_files = ["plan*.csv"]\n'
FORM = (
    "account,box,part,line,description,acquired,sold,proceeds,basis,code,adjustment,gain,symbol,quantity,term,"
    "right_basis,disallowed,permanent,status,may_skip,source,explanation"
)
IF = (
    "account,side,symbol,quantity,acquired,price,value,basis,gain,term,disallowed,permanent,allowed,clean_from,"
    "rebuy_from,harm,explanation"
)
RECONCILE = "account,symbol,sold,acquired,what,ours,theirs,difference,expected,reason"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def dicli(place: Path, cache: Path, *words: str, as_of: str = DAY) -> Ran:
    return run(*words, "--as-of", as_of, folder=place, cache=cache)


def told(place: Path, cache: Path, *words: str, as_of: str = DAY) -> dict[str, Any]:
    ran = dicli(place, cache, *words, "-f", "json", as_of=as_of)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def form(place: Path, cache: Path, *words: str, as_of: str = DAY) -> list[dict[str, str]]:
    ran = dicli(place, cache, "tax", *words, "-f", "csv", as_of=as_of)
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


def picked(row: dict[str, str], *names: str) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


# --- the samples, counted anew ----------------------------------------------------------------------------------------


def money(text: str) -> Decimal:
    return D(text.replace("$", "").replace(",", "")) if text else D(0)


def test_the_couples_year_is_what_its_files_add_up_to(cache: Path) -> None:
    sample = SAMPLES / "tech_couple"
    (realised,) = (sample / "schwab").glob("*GainLoss_Realized*.csv")
    with realised.open(encoding="utf-8-sig", newline="") as file:
        next(file)
        lots = list(csv.DictReader(file))
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [D(0), D(0), D(0)])
    for lot in lots:
        parts = sums[lot["Term"]]
        parts[0] += money(lot["Proceeds"])
        parts[1] += money(lot["Cost Basis (CB)"])
        parts[2] += money(lot["Disallowed Loss"])
    # the spouse's reinvested dividend of November 10 takes its shares' part of the loss on 55 CVS of October 28
    with (sample / "fidelity" / "Accounts_History.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0] == "11/10/2026" and row[4] == "CVS"]
    (shares,) = [D(row[8]) for row in rows if row[3].startswith("REINVESTMENT")]
    (cvs,) = [lot for lot in lots if lot["Symbol"] == "CVS"]
    loss = money(cvs["Cost Basis (CB)"]) - money(cvs["Proceeds"])
    sums["Short Term"][2] += (loss * shares / D(cvs["Quantity"])).quantize(D("0.01"))
    short, long = (sums[term] for term in ("Short Term", "Long Term"))

    summary = told(sample, cache, "tax")["summary"]
    boxes = {box["box"]: box for box in summary["boxes"]}
    for box, (proceeds, basis, disallowed) in (("A", short), ("D", long)):
        expected = (proceeds, basis, disallowed, proceeds - basis + disallowed)
        assert tuple(D(boxes[box][name]) for name in ("proceeds", "basis", "adjustment", "gain")) == expected
    line7 = short[0] - short[1] + short[2] + 60000
    line15 = long[0] - long[1] + long[2] - 4200
    assert D(summary["line_7_net_short"]) == line7
    assert D(summary["line_15_net_long"]) == line15
    gain = line7 + line15
    assert gain > 0  # all of it short-term: ordinary income of 310,000 and more, taxed at 24 % up to 403,550
    assert D(summary["tax_added_federal"]) == (gain * D("0.24")).quantize(D("0.01"))
    assert D(summary["tax_added_niit"]) == (gain * D("0.038")).quantize(D("0.01"))
    assert D(summary["tax_added_state"]) == (gain * D("0.093")).quantize(D("0.01"))
    assert D(summary["marginal"]["short_loss"]["tax_now"]) == -D("0.371")
    assert sum(D(match["disallowed"]) for match in summary["wash_sales"]) == D(summary["disallowed"]) == short[2]


def test_the_starters_sales_are_first_in_first_out(cache: Path) -> None:
    sample = SAMPLES / "starter"
    with (sample / "fidelity" / "Accounts_History.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) > 12 and row[8] not in ("", "0.000", "Quantity")]
    held: dict[str, deque[list[Decimal]]] = defaultdict(deque)
    gain: dict[str, Decimal] = defaultdict(Decimal)
    for row in reversed(rows):  # the newest row comes first
        symbol, quantity, amount = row[4], D(row[8]), D(row[12])
        if quantity > 0 and row[3].startswith(("YOU BOUGHT", "REINVESTMENT")):
            held[symbol].append([quantity, -amount])
        elif row[3].startswith("YOU SOLD"):
            gain[symbol] += amount
            left = -quantity
            while left:
                lot = held[symbol][0]
                take = min(left, lot[0])
                part = lot[1] * take / lot[0]
                gain[symbol] -= part
                lot[0], lot[1], left = lot[0] - take, lot[1] - part, left - take
                if not lot[0]:
                    held[symbol].popleft()
    ours: dict[str, Decimal] = defaultdict(Decimal)
    for line in form(sample, cache):
        ours[line["symbol"]] += D(line["gain"])
        assert picked(line, "box", "code", "adjustment", "disallowed") == ("A", "", "0", "0")
    assert {symbol: value.quantize(D("0.01")) for symbol, value in gain.items()} == ours


def test_the_parts_of_a_sale_add_up_to_it(cache: Path) -> None:
    parts = [row for row in form(SAMPLES / "starter", cache) if row["symbol"] == "UPS"]
    assert len(parts) == 5
    assert sum(D(row["proceeds"]) for row in parts) == D("79.99")  # as the broker paid it
    assert sum(D(row["basis"]) for row in parts) == D("52.51") + D("5.02") + D("9.86") + D("9.77") + D("12.49")
    assert all(D(row["proceeds"]) - D(row["basis"]) + D(row["adjustment"]) == D(row["gain"]) for row in parts)


def test_rounding_makes_no_codes(cache: Path, tmp_path: Path) -> None:
    rows = (
        "2026-01-05,buy,AAA,3,-10\n2026-01-06,buy,AAA,3,-10\n2026-03-05,sell,AAA,-1,9\n2026-04-05,sell,AAA,-4,35\n"
        "2026-04-20,buy,BBB,1,-10\n"
    )
    _, first, second = form(folder(tmp_path, main=HISTORY + rows), cache)
    assert picked(first, "basis", "code", "right_basis") == ("6.67", "", "6.67")  # 2 of 3 shares of each lot: 6.666…
    assert picked(second, "basis", "code", "right_basis") == ("6.66", "", "6.66")


def test_a_year_without_tables_has_no_tax_and_keeps_its_form(cache: Path, tmp_path: Path) -> None:
    rows = "2023-01-05,buy,AAA,10,-100\n2024-03-05,sell,AAA,-10,60\n"
    place = folder(tmp_path, main=HISTORY + rows + "2026-10-01,buy,BBB,1,-10\n")
    found = told(place, cache, "tax", "--year", "2024")
    assert found["summary"]["tax_added"] is None
    assert (found["form8949"][0]["box"], found["form8949"][0]["gain"]) == ("D", "-40")
    assert "the tax tables of 2024 are not known: no tax is reckoned" in found["notes"]
    assert any(note.startswith("[tax] in dicli.toml is taken to be of 2024") for note in found["notes"])


# --- the form ---------------------------------------------------------------------------------------------------------


def test_a_loss_that_another_account_washes_is_w_beside_the_brokers_basis(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        toml=ONE + SPOUSE,
        main_sales=SALES + "AAA,10,2026-01-05,2026-09-01,60,100,,short\n",
        main_known=KNOWN,
        spouse=HISTORY + "2026-09-10,buy,AAA,4,-30\n2026-11-20,buy,CCC,1,-1\n",
    )
    found = told(place, cache, "tax")
    (row,) = found["form8949"]
    names = ("box", "proceeds", "basis", "code", "adjustment", "gain", "status")
    assert tuple(row[name] for name in names) == ("A", "60", "100", "W", "16", "-24", "final")
    assert row["explanation"] == ["16.00 disallowed: 4 AAA bought 2026-09-10 in spouse (R-SPOUSE)"]
    (wash,) = found["summary"]["wash_sales"]
    assert (wash["by_account"], wash["by_acquired"], wash["by_quantity"]) == ("spouse", "2026-09-10", "4")
    assert (wash["disallowed"], wash["permanent"], wash["rule"]) == ("16", False, "R-SPOUSE")
    assert "wash sales: 16.00 disallowed in 1 row; -v or JSON says by which purchases" in found["notes"]
    table = dicli(place, cache, "tax", "-f", "table", "-v").out
    assert "16.00 disallowed: 4 AAA bought 2026-09-10 in spouse" in table.replace("\n", " ")


def test_a_wash_that_the_broker_did_see_is_named_by_its_purchase_and_not_counted_twice(
    cache: Path, tmp_path: Path
) -> None:
    place = folder(
        tmp_path,
        toml=ONE + SPOUSE,
        main_sales=SALES + "AAA,10,2026-01-05,2026-09-01,60,100,40,short\n",
        main_lots=LOTS + "AAA,10,2026-09-10,110\n",
        spouse=HISTORY + "2026-09-12,buy,AAA,10,-75\n",
    )
    (row,) = told(place, cache, "tax")["form8949"]
    assert (row["code"], row["adjustment"], row["gain"]) == ("W", "40", "0")
    assert row["explanation"] == ["40.00 disallowed: 10 AAA bought 2026-09-10 in main (R-BROKER)"]


def test_each_of_two_such_washes_has_a_purchase_of_its_own(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        main_sales=SALES
        + "AAA,10,2026-01-05,2026-09-01,60,100,40,short\nAAA,10,2026-01-06,2026-09-02,60,100,40,short\n",
        main_lots=LOTS + "AAA,10,2026-09-10,110\nAAA,10,2026-09-11,110\n",
    )
    rows = told(place, cache, "tax")["form8949"]
    assert [row["explanation"] for row in rows] == [
        ["40.00 disallowed: 10 AAA bought 2026-09-10 in main (R-BROKER)"],
        ["40.00 disallowed: 10 AAA bought 2026-09-11 in main (R-BROKER)"],
    ]


def test_a_broker_that_names_no_purchase_is_quoted_as_such(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        main_sales=SALES + "AAA,10,2026-01-05,2026-09-01,60,100,40,short\n",
        main_known=KNOWN,
    )
    (row,) = told(place, cache, "tax")["form8949"]
    assert row["explanation"] == ["40.00 disallowed by the broker, whose file names no purchase (R-BROKER)"]


def test_a_loss_that_an_ira_takes_is_gone_and_the_ira_itself_never_appears(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        toml=ONE + IRA,
        main=HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n",
        ira=HISTORY + "2026-01-05,buy,BBB,10,-100\n2026-08-20,buy,AAA,10,-70\n2026-09-20,sell,BBB,-10,60\n",
    )
    found = told(place, cache, "tax")
    (row,) = found["form8949"]
    assert (row["account"], row["code"], row["disallowed"], row["permanent"]) == ("main", "W", "40", "40")
    assert row["explanation"] == ["40.00 disallowed: 10 AAA bought 2026-08-20 in ira, lost for good (R-IRA)"]
    assert D(found["summary"]["permanently_lost"]) == 40


def test_a_loss_moved_here_from_another_account_is_code_b_and_its_days_code_t(cache: Path, tmp_path: Path) -> None:
    # the spouse's loss of 40 on shares held since 2024 moves to the lot bought on September 10: basis 110, long-term
    place = folder(
        tmp_path,
        head=HEAD.replace("single", "mfj"),
        toml=ONE + SPOUSE,
        main=HISTORY + "2026-09-10,buy,AAA,10,-70\n2026-10-01,sell,AAA,-10,150\n",
        spouse=HISTORY + "2024-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n",
    )
    rows = {row["account"]: row for row in form(place, cache)}
    assert picked(rows["spouse"], "box", "code", "basis", "adjustment", "gain") == ("D", "W", "100", "40", "0")
    ours = rows["main"]
    assert picked(ours, "box", "line", "code", "basis", "adjustment", "gain") == ("D", "8b", "BT", "70", "-40", "40")
    assert picked(ours, "acquired", "right_basis", "term") == ("2026-09-10", "110", "long")
    assert ours["explanation"] == (
        "its basis carries 40.00 of an earlier loss that wash sales moved here (R-BASIS); "
        "long-term and not short: a wash sale tacks an earlier holding period on (R-TACK)"
    )


def test_the_same_in_a_brokers_realised_file(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        toml=ONE + SPOUSE,
        main_sales=SALES + "AAA,10,2026-09-10,2026-10-01,150,70,,short\n",
        main_known=KNOWN,
        spouse=HISTORY + "2024-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n",
    )
    ours = next(row for row in form(place, cache) if row["account"] == "main")
    assert picked(ours, "box", "code", "basis", "adjustment", "gain") == ("D", "BT", "70", "-40", "40")
    assert ours["source"] == "main_sales.csv, row 2"


def test_a_wash_within_one_account_is_in_the_1099_already(cache: Path, tmp_path: Path) -> None:
    rows = (
        "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n2026-09-10,buy,AAA,10,-70\n"
        "2026-10-15,sell,AAA,-10,150\n"
    )
    first, second = form(folder(tmp_path, main=HISTORY + rows), cache)
    assert picked(first, "basis", "code", "adjustment", "gain") == ("100", "W", "40", "0")
    assert picked(second, "basis", "code", "adjustment", "gain") == ("110", "", "0", "40")
    assert first["status"] == "final"


def test_a_basis_that_the_broker_reported_too_high_and_a_noncovered_lot(cache: Path, tmp_path: Path) -> None:
    place = folder(tmp_path, main=HISTORY + "2009-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,160\n")
    (row,) = form(place, cache)
    assert picked(row, "box", "line", "code", "may_skip") == ("E", "9", "", "false")  # bought before 2011: R-COVERED


def test_provisional_until_every_account_is_known_for_thirty_days(cache: Path, tmp_path: Path) -> None:
    sold = HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-10-15,sell,AAA,-10,60\n2026-11-20,buy,BBB,1,-1\n"
    alone = folder(tmp_path / "alone", main=sold)
    other = folder(tmp_path / "other", toml=ONE + SPOUSE, main=sold, spouse=HISTORY + "2026-11-01,buy,CCC,1,-1\n")
    assert form(alone, cache)[0]["status"] == "final"  # 36 days
    assert form(alone, cache, as_of="2026-11-14")[0]["status"] == "final"
    assert form(alone, cache, as_of="2026-11-13")[0]["status"] == "provisional"
    for last, status in (("2026-11-13", "provisional"), ("2026-11-14", "final")):
        days = HISTORY + f"{last},buy,CCC,1,-1\n"
        there = folder(tmp_path / last, toml=ONE + SPOUSE, main=sold, spouse=days)
        assert form(there, cache)[0]["status"] == status
    found = told(other, cache, "tax")
    assert found["form8949"][0]["status"] == "provisional"
    assert found["summary"]["provisional_rows"] == 1
    assert any("spouse is known to 2026-11-01" in note for note in found["notes"])


def test_an_account_that_shows_no_dates_leaves_every_loss_provisional(cache: Path, tmp_path: Path) -> None:
    sold = HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-03-02,sell,AAA,-10,60\n2026-11-20,buy,BBB,1,-1\n"
    place = folder(tmp_path, toml=ONE + SPOUSE, main=sold, spouse=POSITIONS + "AAA,5,8,40\n")
    found = told(place, cache, "tax")
    assert found["form8949"][0]["status"] == "provisional"
    assert any("no file tells what spouse bought" in note for note in found["notes"])
    trial = told(place, cache, "tax", "--if", "sell 1 BBB at 0.50")
    assert any("a purchase that is not seen may wash this loss" in note for note in trial["notes"])


def test_what_no_file_tells_is_counted_and_never_guessed(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        main_sales=SALES + "AAA,10,2026-01-05,2026-05-01,60,100,,\nBBB,5,2026-01-05,2026-05-01,70,,,\n",
        main_history=HISTORY + "2026-05-01,sell,AAA,-10,60\n2026-06-01,sell,CCC,-3,33\n",
        main_known=KNOWN,
    )
    found = told(place, cache, "tax")
    status = {row["symbol"]: (row["status"], row["gain"], row["explanation"]) for row in found["form8949"]}
    assert status["AAA"] == ("final", "-40", [])
    assert status["BBB"] == ("unknown", None, ["no file tells its basis"])
    assert status["CCC"] == ("unknown", None, ["no file tells which lots were sold, nor their basis"])
    assert found["summary"]["unknown_rows"] == 2
    assert D(found["summary"]["line_7_net_short"]) == -40
    assert (
        "unknown: 3 CCC sold 2026-06-01 in main: no file tells which lots were sold, nor their basis" in found["notes"]
    )
    assert any(note.startswith("2 sales of 2026 have a gain or term that no file tells") for note in found["notes"])


def test_a_sale_that_a_realised_file_shows_in_part_is_unknown_for_the_rest(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        main_sales=SALES + "AAA,4,2026-01-05,2026-05-01,24,40,,\n",
        main_history=HISTORY + "2026-05-01,sell,AAA,-10,60\n",
        main_known=KNOWN,
    )
    (unknown,) = (row for row in form(place, cache) if row["status"] == "unknown")
    assert picked(unknown, "quantity", "proceeds", "basis", "gain", "box") == ("6", "36", "", "", "")


def test_a_lot_without_basis_has_no_gain_when_it_is_sold(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path / "held", main_lots=LOTS + "AAA,10,2024-01-05,\n", main_positions=POSITIONS + "AAA,10,12,120\n"
    )
    ran = dicli(place, cache, "tax", "--if", "sell 10 AAA at 12")
    assert ran.code == 2
    assert "it sells the lot of 2024-01-05 in main, whose basis no file tells" in ran.err
    sold = folder(tmp_path / "sold", main=HISTORY + "2024-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n")
    preferences, house = read(sold)
    (lot,) = {row.lot for row in house.books.realized}
    (row,) = of_year(replace(house, no_basis=frozenset({lot})), 2026, shown=True)
    assert (row.gain, row.allowed, row.unknown) == (None, None, "no file tells its basis")
    assert so_far(house, preferences, 2026, [row]).realised.long == 0


def test_dates_that_make_a_lot_long_term_outweigh_the_brokers_word(cache: Path, tmp_path: Path) -> None:
    sales = SALES + "AAA,10,2024-01-05,2026-05-01,160,100,0,short\nBBB,10,2026-01-05,2026-05-01,160,100,0,long\n"
    place = folder(tmp_path, main_sales=sales, main_known=KNOWN)
    rows = {row["symbol"]: row for row in form(place, cache)}
    assert picked(rows["AAA"], "box", "code", "explanation") == (
        "D", "T", "long-term and not short: by its dates (R-TERM)",
    )  # fmt: skip
    assert picked(rows["BBB"], "box", "code") == ("D", "")  # the broker may know of a period tacked on


def test_several_dates_and_no_term_are_unknown_with_a_term_various(cache: Path, tmp_path: Path) -> None:
    sales = SALES + "AAA,10,,2026-05-01,160,100,0,\nBBB,10,,2026-05-01,160,100,0,long\n"
    place = folder(tmp_path, main_sales=sales, main_known=KNOWN)
    rows = {row["symbol"]: row for row in form(place, cache)}
    assert picked(rows["AAA"], "status", "explanation") == ("unknown", "no file tells its term")
    assert picked(rows["BBB"], "box", "acquired") == ("D", "VARIOUS")
    assert "several dates, and no file tells whether basis is reported: 1 row" in dicli(place, cache, "tax").err


def test_a_broker_that_disallows_more_than_the_loss_needs_a_statement(cache: Path, tmp_path: Path) -> None:
    sales = SALES + "AAA,10,2026-01-05,2026-05-01,60,100,50,short\n"
    (row,) = form(folder(tmp_path, main_sales=sales, main_known=KNOWN), cache)
    assert picked(row, "code", "adjustment", "gain") == ("W", "40", "0")
    assert "The wash sale loss is less than the broker reported" in row["explanation"]


def test_a_lot_half_of_which_is_tacked_is_two_rows(cache: Path, tmp_path: Path) -> None:
    # 4 of the 10 shares take the spouse's long-held loss; the broker shows one short-term lot of 10
    sales = SALES + "AAA,10,2026-09-10,2026-10-01,150,70,0,short\n"
    history = HISTORY + "2024-01-05,buy,AAA,4,-40\n2026-09-01,sell,AAA,-4,24\n"
    place = folder(tmp_path, toml=ONE + SPOUSE, main_sales=sales, main_known=KNOWN, spouse=history)
    rows = [row for row in form(place, cache) if row["account"] == "main"]
    assert sorted(picked(row, "box", "quantity", "proceeds", "basis", "code", "gain") for row in rows) == [
        ("A", "6", "90", "42", "", "48"),
        ("D", "4", "60", "28", "BT", "16"),
    ]


def test_whole_dollars_round_every_figure_and_totals_once(cache: Path, tmp_path: Path) -> None:
    sales = "".join(f"{s},1,2026-01-05,2026-05-01,10.40,5.00,,short\n" for s in ("AAA", "BBB", "CCC"))
    place = folder(tmp_path, main_sales=SALES + sales, main_known=KNOWN)
    assert [row["gain"] for row in form(place, cache, "--whole-dollars")] == ["5", "5", "5"]
    (box,) = told(place, cache, "tax", "--whole-dollars")["summary"]["boxes"]
    assert (box["proceeds"], box["basis"], box["gain"]) == ("31", "15", "16")  # 31.20, 15.00, 16.20
    assert told(place, cache, "tax", "--whole-dollars")["summary"]["line_7_net_short"] == "16"
    assert told(place, cache, "tax")["summary"]["line_7_net_short"] == "16.2"
    head = HEAD + "carryover = { short = 1000.60, long = 0 }\nshort_term_gains = 2000.40\n"
    carried = folder(tmp_path / "carried", head=head, main_sales=SALES + sales, main_known=KNOWN)
    assert told(carried, cache, "tax", "--whole-dollars")["summary"]["line_7_net_short"] == str(16 + 2000 - 1001)


def test_limit_and_carryover(cache: Path, tmp_path: Path) -> None:
    head = HEAD + "carryover = { short = 1000, long = 500 }\nlong_term_gains = 200\n"
    rows = "2026-01-05,buy,AAA,10,-9000\n2026-09-01,sell,AAA,-10,4000\n"
    summary = told(folder(tmp_path, head=head, main=HISTORY + rows), cache, "tax")["summary"]
    names = ("line_7_net_short", "line_15_net_long", "line_16", "line_21_deducted", "carryover_out_short")
    assert [D(summary[name]) for name in names] == [-6000, -300, -6300, 3000, 3000]
    assert D(summary["carryover_out_long"]) == 300
    assert D(summary["tax_added_federal"]) == -3000 * D("0.24")  # single, 150,000: the 24 % bracket
    assert D(summary["marginal"]["short_loss"]["carried_short"]) == 1
    assert D(summary["marginal"]["short_loss"]["tax_now"]) == 0


def test_year_to_date_stands_in_for_the_files(cache: Path, tmp_path: Path) -> None:
    head = HEAD + "year_to_date = { short = 700, long = 0 }\n"
    rows = "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n"
    found = told(folder(tmp_path, head=head, main=HISTORY + rows), cache, "tax")
    assert D(found["summary"]["line_7_net_short"]) == 700
    assert found["form8949"][0]["gain"] == "-40"
    assert any(note.startswith("tax.year_to_date stands in") for note in found["notes"])


def test_warnings_of_the_engine_show_through(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path / "plan",
        toml=ONE + PLAN,
        main=HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n",
        plan=HISTORY + "2026-09-05,buy,AAA,10,-70\n",
    )
    said = dicli(place, cache, "tax", "-f", "csv")
    assert "warning: R-OTHERPLANS: A purchase in account plan (401k)" in said.err
    # bought before the loss: added days make it long, counted once they do not
    rows = (
        "2025-09-10,buy,AAA,10,-100\n2026-08-20,buy,AAA,10,-80\n2026-09-01,sell,AAA,-10,60\n"
        "2026-09-05,sell,AAA,-10,110\n"
    )
    tacked = folder(tmp_path / "tack", main=HISTORY + rows)
    found = told(tacked, cache, "tax")
    said_of_term = [text for text in found["summary"]["warnings"] if text.startswith("R-TACK")]
    assert said_of_term == [
        "R-TACK: AAA sold 2026-09-05 in main: Short or long hangs on how the holding period is tacked (tack, union or "
        "replace); the choice is tax.choices.holding_period."
    ]
    assert f"warning: {said_of_term[0]}" in found["notes"]


def test_separate_returns_hold_one_spouses_sales_each(cache: Path, tmp_path: Path) -> None:
    files = {
        "main": HISTORY + "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n",
        "spouse": HISTORY + "2026-01-05,buy,BBB,10,-100\n2026-09-01,sell,BBB,-10,170\n",
    }
    separate = folder(tmp_path / "mfs", head=HEAD.replace("single", "mfs"), toml=ONE + SPOUSE, **files)
    joint = folder(tmp_path / "mfj", head=HEAD.replace("single", "mfj"), toml=ONE + SPOUSE, **files)
    assert D(told(joint, cache, "tax")["summary"]["line_16"]) == 30
    found = told(separate, cache, "tax")
    assert D(found["summary"]["line_16"]) == -40
    assert [row["account"] for row in found["form8949"]] == ["main"]
    assert "on the spouse's own return and not here: 1 row (filing status mfs)" in found["notes"]


def test_costs_that_the_brokers_proceeds_leave_out_are_code_e(cache: Path, tmp_path: Path) -> None:
    rows = "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,155\n"
    sales = SALES + "AAA,10,2026-01-05,2026-09-01,160,90,0,short\n"
    (row,) = form(folder(tmp_path, main_h=HISTORY + rows, main_s=sales), cache)
    assert picked(row, "proceeds", "basis", "code", "adjustment", "gain") == ("160", "90", "BE", "-15", "55")
    assert "5.00 of selling costs are not in the broker's proceeds (code E)" in row["explanation"]


def test_a_loss_that_the_broker_washed_in_part_and_a_lot_that_carries_another_loss(cache: Path, tmp_path: Path) -> None:
    # of 10 shares the broker washes 4; 3 of the others carry the spouse's loss of 12 and its days since 2024
    sales = SALES + "AAA,10,2026-09-10,2026-10-01,50,70,8,short\n"
    history = HISTORY + "2024-01-05,buy,AAA,3,-30\n2026-09-01,sell,AAA,-3,18\n2026-11-20,buy,CCC,1,-1\n"
    place = folder(tmp_path, toml=ONE + SPOUSE, main_sales=sales, main_known=KNOWN, spouse=history)
    rows = {row["box"]: row for row in form(place, cache) if row["account"] == "main"}
    assert picked(rows["A"], "quantity", "proceeds", "basis", "code", "adjustment", "gain") == (
        "7", "35", "49", "W", "8", "-6",
    )  # fmt: skip
    assert picked(rows["D"], "quantity", "proceeds", "basis", "code", "adjustment", "gain") == (
        "3", "15", "21", "BT", "-12", "-18",
    )  # fmt: skip


# --- reconciliation ---------------------------------------------------------------------------------------------------


def test_reconciliation_names_the_difference_and_its_reason(cache: Path, tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        toml=ONE + SPOUSE,
        main_sales=SALES + "AAA,10,2026-01-05,2026-09-01,60,100,0,short\nBBB,1,2026-01-05,2026-09-01,6,5,0,short\n",
        main_known=KNOWN,
        spouse=HISTORY + "2026-09-10,buy,AAA,4,-30\n",
    )
    ran = dicli(place, cache, "tax", "--reconcile", "-f", "csv", "--exit-code")
    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert ran.code == 0  # the rules explain it
    names = ("symbol", "what", "ours", "theirs", "difference", "expected")
    assert picked(row, *names) == ("AAA", "disallowed", "16", "0", "16", "true")
    assert "(R-SPOUSE)" in row["reason"]


def test_a_realised_file_beside_a_whole_history_is_compared_with_it(cache: Path, tmp_path: Path) -> None:
    rows = "2026-01-05,buy,AAA,10,-100\n2026-02-05,buy,AAA,10,-120\n2026-09-01,sell,AAA,-10,60\n"
    agree = folder(
        tmp_path / "agree", main_h=HISTORY + rows, main_s=SALES + "AAA,10,2026-01-05,2026-09-01,60,100,0,short\n"
    )
    other = folder(
        tmp_path / "other", main_h=HISTORY + rows, main_s=SALES + "AAA,10,2026-02-05,2026-09-01,60,120,0,short\n"
    )
    assert told(agree, cache, "tax", "--reconcile")["summary"]["differences"] == 0
    assert form(agree, cache)[0]["source"] == "main_s.csv, row 2"
    ran = dicli(other, cache, "tax", "--reconcile", "-f", "csv", "--exit-code")
    assert ran.code == 1
    assert "the lots were chosen otherwise (R-SPECID)" in ran.out
    assert form(other, cache)[0]["source"] == ""


def test_the_brokers_own_figures_stand_in_the_form_where_history_tells_the_lots(cache: Path, tmp_path: Path) -> None:
    rows = "2026-01-05,buy,AAA,10,-100\n2026-09-01,sell,AAA,-10,60\n"
    sales = SALES + "AAA,10,2026-01-05,2026-09-01,60,90,0,short\n"
    (row,) = form(folder(tmp_path, main_h=HISTORY + rows, main_s=sales), cache)
    assert picked(row, "basis", "code", "adjustment", "gain") == ("90", "B", "-10", "-40")


# --- before a trade is made -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(
        tmp_path_factory.mktemp("if") / "folder",
        toml=ONE + SPOUSE + IRA,
        main_history=HISTORY
        + "2024-03-05,buy,AAA,10,-100\n2026-02-05,buy,AAA,10,-140\n2026-01-05,buy,BBB,10,-500\n"
        + "2026-11-10,sell,BBB,-10,300\n",
        main_positions=POSITIONS + "AAA,20,8,160\n",
        spouse=HISTORY + "2026-11-11,buy,AAA,4,-30\n",
        ira=HISTORY + "2026-01-05,buy,CCC,1,-10\n",
    )


def trial(place: Path, cache: Path, *texts: str) -> dict[str, Any]:
    return told(place, cache, "tax", *(word for text in texts for word in ("--if", text)))


def test_a_sale_shows_its_loss_who_takes_it_and_when_it_is_clean(household: Path, cache: Path) -> None:
    found = trial(household, cache, "sell 10 AAA in main")
    (row,) = found["if"]
    assert ",".join(row) == IF
    names = ("acquired", "price", "gain", "term", "disallowed", "permanent", "allowed")
    assert tuple(row[name] for name in names) == ("2024-03-05", "8", "-20", "long", "8", "0", "-12")
    assert (row["clean_from"], row["rebuy_from"]) == ("2026-12-12", "2026-12-21")
    assert row["explanation"] == ["8.00 disallowed: 4 AAA bought 2026-11-11 in spouse (R-SPOUSE)"]
    # single, 150,000: 24 % on the loss that is left, beside 200 of short-term losses under the limit
    assert D(found["summary"]["tax_change"]) == -12 * D("0.24")
    assert D(found["summary"]["tax_added_after"]) == -212 * D("0.24")


def test_a_lot_is_named_by_its_date_and_a_price_given(household: Path, cache: Path) -> None:
    (row,) = trial(household, cache, "sell 3 AAA in main at 5.50 from 2026-02-05")["if"]
    assert (row["acquired"], row["price"], row["gain"], row["term"]) == ("2026-02-05", "5.5", "-25.5", "short")
    (row,) = trial(household, cache, "sell all aaa in MAIN from 2026-02-05 at $5.50")["if"]
    assert row["quantity"] == "10"


def test_a_purchase_shows_the_earlier_loss_that_it_would_wash(household: Path, cache: Path) -> None:
    found = trial(household, cache, "buy 5 BBB in ira at 31")
    (row,) = found["if"]
    assert (row["side"], row["harm"], row["clean_from"]) == ("buy", "100", "2026-12-11")
    assert row["explanation"] == ["washes 100.00 of the loss on BBB sold 2026-11-10 in main, lost for good (R-IRA)"]
    assert found["summary"]["harm"] == [
        {"account": "main", "symbol": "BBB", "sold": "2026-11-10", "disallowed": "100", "permanent": "100"}
    ]
    assert D(found["summary"]["tax_change"]) == 100 * D("0.24")


def test_trades_are_made_together(household: Path, cache: Path) -> None:
    sale, purchase = trial(household, cache, "sell 10 AAA in main", "buy 6 AAA in ira")["if"]
    assert (sale["disallowed"], sale["permanent"], sale["clean_from"]) == ("20", "12", "2026-12-21")
    assert purchase["harm"] == "12"


def test_a_sale_without_account_is_of_the_managed_one_and_tax_free_sales_tax_nothing(
    household: Path, cache: Path
) -> None:
    (row,) = trial(household, cache, "sell 1 AAA")["if"]
    assert row["account"] == "main"
    found = trial(household, cache, "sell 1 CCC at 4")
    assert (found["if"][0]["account"], found["if"][0]["gain"], found["summary"]["tax_change"]) == ("ira", None, "0")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected sell or buy first, found the end"),
        ("short 3 AAA", 'expected sell or buy first, found "short"'),
        ("sell AAA", 'expected a number of shares after sell, found "AAA"'),
        ("sell -3 AAA", 'expected a number of shares after sell, found "-3"'),
        ("sell 0 AAA", 'expected a number of shares after sell, found "0"'),
        ("buy all AAA", 'expected a number of shares after buy, found "all"'),
        ("sell 3", "expected a symbol after the number of shares, found the end"),
        ("sell 3 in main", 'expected a symbol after the number of shares, found "in"'),
        ("sell 3 AAA main", 'expected in, at or from after the symbol, found "main"'),
        ("sell 3 AAA at ten", 'expected a price in dollars after at, found "ten"'),
        ("sell 3 AAA in main at", "expected a price in dollars after at, found the end"),
        ("sell 3 AAA from March", 'expected the lot\'s date (2024-03-05) after from, found "March"'),
        ("sell 3 AAA in main in ira", "in is there twice"),
        ("buy 3 AAA from 2024-03-05", "from names the lot that is sold: a purchase has none"),
        ("sell 3 AAA in there", 'no account is called "there". The accounts are main, spouse, ira.'),
        ("sell 3 ZZZ", "no account holds ZZZ"),
        ("sell 21 AAA in main", "main holds 20 AAA whose lots are known"),
        ("sell 3 AAA in main from 2020-01-02", "main has no lot of AAA of 2020-01-02. The dates of its lots: 2024-0"),
        ("buy 3 ZZZ", 'no price of ZZZ is at hand. Add "at" and a price in dollars.'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_done_says_what_was_expected(household: Path, cache: Path, text: str, said: str) -> None:
    ran = dicli(household, cache, "tax", "--if", text)
    assert (ran.code, ran.out) == (2, "")
    assert f'error: --if "{text}": {said}' in ran.err


def test_two_sales_do_not_sell_a_share_twice(household: Path, cache: Path) -> None:
    ran = dicli(household, cache, "tax", "--if", "sell 15 AAA in main", "--if", "sell 6 AAA in main")
    assert ran.code == 2
    assert 'error: --if "sell 6 AAA in main": main holds 5 AAA whose lots are known' in ran.err


def test_options_that_do_not_go_together_are_refused(household: Path, cache: Path) -> None:
    assert dicli(household, cache, "tax", "--if", "sell 1 AAA", "--year", "2026").code == 2
    assert dicli(household, cache, "tax", "--year", "2027").code == 2


# --- the program ------------------------------------------------------------------------------------------------------


def test_columns(household: Path, cache: Path) -> None:
    assert dicli(household, cache, "tax", "-f", "csv").out.splitlines()[0] == FORM
    assert dicli(household, cache, "tax", "--if", "sell 1 AAA", "-f", "csv").out.splitlines()[0] == IF
    assert dicli(household, cache, "tax", "--reconcile", "-f", "csv").out.splitlines()[0] == RECONCILE
    assert list(told(household, cache, "tax"))[:2] == ["form8949", "summary"]


@pytest.mark.parametrize("name", COMMANDS)
def test_golden(name: str) -> None:
    """`python -m tests.cli_goldens` writes them anew."""
    assert said(name) == (FOLDER / f"{name}.txt").read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    "words",
    ["tax", "tax -v --form", "tax --reconcile", 'tax --if "sell 1 AAPL in joint"', "calendar", "do-not-buy"],
)
def test_light_commands_import_nothing_heavy(words: str, tmp_path: Path) -> None:
    import shlex

    program = (
        "import sys\n"
        "from dicli import cli\n"
        "code = cli.run(sys.argv[1:])\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'yfinance', 'clarabel', 'rich', 'exchange_calendars', 'requests'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    arguments = [*shlex.split(words), "-q", "-f", "csv", "--as-of", DAY, "-C", str(SAMPLES / "tech_couple")]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, check=False, env={"DICLI_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == "[]\n"
