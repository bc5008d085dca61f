"""A plan beside what the files show afterwards."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.errors import InputError
from dicli.model import Report
from dicli.reports.planned import read_trades
from dicli.reports.reconcile import reconcile
from tests.folders import HISTORY, IRA, ONE, folder, read
from tests.program import run

D = Decimal
PLAN = dt.date(2026, 11, 10)
AS_OF = dt.date(2026, 11, 20)
HEAD = "account,side,symbol,quantity,price,value,lot_acquired,lot_basis,gain,term,tax,reason\n"
BEFORE = (
    HISTORY
    + "2024-01-05,buy,AAA,10,-1000\n2024-06-05,buy,AAA,10,-1500\n2025-02-05,buy,BBB,20,-2000\n"
    + "2025-03-05,buy,CCC,5,-250\n"
)
SELL_AAA = "main,sell,AAA,10,90,900,2024-06-05,1500,-600,long,-90,harvest\n"
BUY_CCC = "main,buy,CCC,12,50,600,,,,,,replace\n"


def made(path: Path, plan: str, after: str, *, toml: str = ONE, **files: str) -> tuple[Report, list[dict[str, object]]]:
    """The report on a plan of 10 November, and its rows as dicts; `after` are rows of the main account's history."""
    place = folder(path, toml=toml, main=BEFORE + after, **files)
    (place / "trades.csv").write_text(HEAD + plan)
    house = read(place, AS_OF)[1]
    assert not house.discrepancies
    wanted = read_trades(place / "trades.csv", [account.name for account in house.accounts])
    report = reconcile(wanted, house, PLAN, AS_OF)
    names = [column.name for column in report.columns]
    return report, [dict(zip(names, row, strict=True)) for row in report.rows]


SPECID = ONE + 'lot_method = "hifo"\n'
FILLED = "2026-11-11,sell,AAA,-10,895\n2026-11-11,buy,CCC,12,-602.40\n"


def test_a_plan_that_was_carried_out_is_no_finding_and_its_slippage_is_exact(tmp_path: Path) -> None:
    report, rows = made(tmp_path, SELL_AAA + BUY_CCC, FILLED, toml=SPECID)
    assert [(row["status"], row["slippage"], row["slippage_bp"]) for row in rows] == [
        ("filled", D("5.00"), D("55.56")),  # 10 x (90 - 89.50), of 900
        ("filled", D("2.40"), D("40.00")),  # 602.40 - 12 x 50
    ]
    assert rows[0]["lot_sold"] == ("2024-06-05",)
    assert rows[0]["gain"] == D("-605.00")
    assert (report.summary["slippage"], report.summary["slippage_bp"]) == (D("7.40"), D("49.33"))
    assert [(one["symbol"], one["slippage"]) for one in report.summary["by_name"]] == [  # type: ignore[attr-defined]
        ("AAA", D("5.00")), ("CCC", D("2.40")),
    ]  # fmt: skip
    assert not report.finding


def test_slippage_leaves_fees_out_and_counts_them_apart(tmp_path: Path) -> None:
    after = "date,kind,symbol,quantity,amount,fees\n2026-11-11,sell,AAA,-10,899,1\n2026-11-11,buy,CCC,12,-602,2\n"
    report, rows = made(tmp_path, SELL_AAA + BUY_CCC, "", toml=SPECID, main_later=after)
    assert [row["slippage"] for row in rows] == [0, 0]
    assert report.summary["fees"] == 3


def test_partly_missing_and_beyond_the_plan(tmp_path: Path) -> None:
    plan = SELL_AAA + BUY_CCC + "main,buy,BBB,3,100,300,,,,,,x\n"
    after = "2026-11-11,sell,AAA,-4,360\n2026-11-12,buy,CCC,14,-700\n2026-11-13,dividend,BBB,,7\n"
    report, rows = made(tmp_path, plan, after, toml=SPECID)
    assert [(row["symbol"], row["status"], row["planned"], row["filled"], row["what"]) for row in rows] == [
        ("AAA", "partly", 10, 4, "6 are left"),
        ("CCC", "filled", 12, 12, ""),
        ("CCC", "unplanned", None, 2, "on 2026-11-12: beyond the 12 planned"),
        ("BBB", "missing", 3, 0, "not in the history of main, which ends on 2026-11-13"),
    ]
    assert report.finding
    assert "1 of 3 trades filled as planned; 1 partly, 1 missing, 1 unplanned" in report.title


def test_a_history_that_ends_before_the_plan_tells_nothing(tmp_path: Path) -> None:
    report, rows = made(tmp_path, SELL_AAA, "", toml=SPECID)
    assert [(row["status"], row["filled"]) for row in rows] == [("unknown", None)]
    assert rows[0]["what"] == "the history of main ends on 2025-03-05: export it again"
    assert report.finding


def test_a_trade_of_the_day_before_the_plan_is_none_of_it(tmp_path: Path) -> None:
    _, rows = made(tmp_path, SELL_AAA, "2026-11-09,sell,AAA,-10,900\n2026-11-13,dividend,BBB,,7\n", toml=SPECID)
    assert [row["status"] for row in rows] == ["missing"]


def test_the_wrong_lot_by_the_accounts_method(tmp_path: Path) -> None:
    report, rows = made(tmp_path, SELL_AAA, "2026-11-11,sell,AAA,-10,900\n")  # fifo
    (row,) = rows
    assert (row["status"], row["lot_planned"], row["lot_sold"]) == (
        "wrong lot", dt.date(2024, 6, 5), ("2024-01-05",),
    )  # fmt: skip
    assert row["what"] == "10 came from the lot of 2024-01-05, by the account's method (fifo)"
    assert (row["planned_gain"], row["gain"]) == (-600, D("-100.00"))
    assert any("export the realised gains" in note for note in report.notes)


def realized(acquired: str, quantity: str = "10", cost: str = "1500.00") -> str:
    return (
        '"Realized Gain/Loss - Lot Details for Joint_Tenant as of Fri Nov 20  13:18:19 EST 2026 from 01/01/2026 to '
        '11/20/2026"\n"Symbol","Name","Closed Date","Opened Date","Quantity","Proceeds Per Share","Cost Per Share",'
        '"Proceeds","Cost Basis (CB)","Gain/Loss ($)","Gain/Loss (%)","Long Term Gain/Loss","Short Term Gain/Loss",'
        '"Term","Unadjusted Cost Basis","Wash Sale?","Disallowed Loss","Transaction Closed Date",'
        '"Transaction Cost Basis"\n'
        f'"AAA","Alpha","11/11/2026","{acquired}","{quantity}","$90.00","$150.00","$900.00","${cost}","-$600.00",'
        f'"-40%","-$600.00","","Long Term","${cost}","No","","11/11/2026","${cost}"\n'
    )


def test_the_realised_file_knows_better_than_the_method(tmp_path: Path) -> None:
    sold = "2026-11-11,sell,AAA,-10,900\n"
    _, (right,) = made(tmp_path / "a", SELL_AAA, sold, main_realized=realized("06/05/2024"))
    assert (right["status"], right["lot_sold"], right["gain"]) == ("filled", ("2024-06-05",), D("-600.00"))
    _, (wrong,) = made(tmp_path / "b", SELL_AAA, sold, toml=SPECID, main_realized=realized("01/05/2024"))
    assert wrong["status"] == "wrong lot"
    assert wrong["what"] == "10 came from the lot of 2024-01-05, by the realised file"


def test_two_lots_of_one_name_are_matched_by_their_dates_whatever_their_order(tmp_path: Path) -> None:
    plan = SELL_AAA.replace("10,90,900", "6,90,540") + SELL_AAA.replace("2024-06-05", "2024-01-05").replace(
        "10,90", "3,90"
    )
    after = "2026-11-11,sell,AAA,-6,540\n2026-11-12,sell,AAA,-3,272.70\n"
    _, rows = made(tmp_path, plan, after, toml=SPECID)
    # hifo sells 9 of the dearer lot: 6 as planned, 3 in place of the other's
    assert [(row["status"], row["filled"], row["lot_sold"]) for row in rows] == [
        ("filled", 6, ("2024-06-05",)),
        ("wrong lot", 3, ("2024-06-05",)),
    ]
    assert sum(row["slippage"] for row in rows) == D("-2.70")  # type: ignore[misc]


def test_dollars_spent_as_planned_are_filled_whatever_the_shares(tmp_path: Path) -> None:
    _, (row,) = made(tmp_path, BUY_CCC, "2026-11-11,buy,CCC,11.9,-600.01\n")
    assert (row["status"], row["filled"], row["slippage"]) == ("filled", D("11.9"), D("5.01"))


WASHED = "2026-11-15,buy,AAA,5,-450\n"


def test_an_unplanned_purchase_that_washes_the_loss_is_named_with_its_account(tmp_path: Path) -> None:
    ira = HISTORY + "2026-11-16,reinvest,AAA,1,-90\n"
    report, rows = made(tmp_path, SELL_AAA + BUY_CCC, FILLED + WASHED, toml=SPECID + IRA, ira=ira)
    assert [(row["status"], row["symbol"], row["what"]) for row in rows if row["status"] == "unplanned"] == [
        ("unplanned", "AAA", "on 2026-11-15: not in the plan"),
    ]  # fmt: skip
    washed = [(row["disallowed"], row["what"]) for row in rows if row["status"] == "washed"]
    assert washed == [
        (
            D("302.50"),
            "$302.50 disallowed: sold 2026-11-11; 5 AAA bought 2026-11-15 in main (not planned): "
            "carried into their basis",
        ),
        (D("60.50"), "$60.50 disallowed: sold 2026-11-11; 1 AAA bought 2026-11-16 in ira (not planned): lost for good"),
    ]
    assert (report.summary["disallowed"], report.summary["disallowed_for_good"]) == (D("363.00"), D("60.50"))
    assert report.finding
    assert "a purchase up to 2026-12-11 would still wash losses of AAA: see dicli do-not-buy" in report.notes


def test_a_loss_of_before_the_plan_that_a_purchase_since_washes_is_named(tmp_path: Path) -> None:
    _, rows = made(tmp_path, BUY_CCC, "2026-11-01,sell,AAA,-10,900\n" + FILLED.splitlines()[1] + "\n" + WASHED,
                   toml=SPECID)  # fmt: skip
    (row,) = [row for row in rows if row["status"] == "washed"]
    assert (row["disallowed"], row["lot_sold"]) == (D("300.00"), ("2024-06-05",))


def test_what_the_plan_knew_is_no_finding(tmp_path: Path) -> None:
    plan = SELL_AAA + "main,buy,AAA,5,90,450,,,,,,x\n"
    report, rows = made(tmp_path, plan, "2026-11-11,sell,AAA,-10,900\n" + WASHED, toml=SPECID)
    assert [row["status"] for row in rows] == ["filled", "filled", "washed"]
    assert "(planned)" in str(rows[2]["what"])
    assert not report.finding


def test_a_reinvested_dividend_is_no_planned_purchase(tmp_path: Path) -> None:
    _, rows = made(tmp_path, BUY_CCC, "2026-11-11,reinvest,CCC,12,-600\n2026-11-12,dividend,BBB,,7\n")
    assert [(row["status"], row["what"]) for row in rows] == [
        ("missing", "not in the history of main, which ends on 2026-11-12"),
        ("unplanned", "on 2026-11-11: dividends reinvested"),
    ]


def test_shares_of_a_tax_free_account_have_no_lot_to_compare(tmp_path: Path) -> None:
    toml = ONE + IRA.replace("managed = false", "managed = true")
    ira = HISTORY + "2024-01-05,buy,AAA,10,-1000\n2026-11-11,sell,AAA,-10,900\n"
    plan = "ira,sell,AAA,10,90,900,2024-06-05,1500,,,,x\n"
    _, (row,) = made(tmp_path, plan, "", toml=toml, ira=ira)
    assert (row["status"], row["slippage"]) == ("filled", 0)


def test_a_split_since_the_plan_compares_with_nothing(tmp_path: Path) -> None:
    _, rows = made(tmp_path, BUY_CCC, "2026-11-11,split,CCC,5,\n2026-11-12,buy,CCC,24,-600\n")
    assert rows[0]["status"] == "unknown"
    assert "a split on 2026-11-11" in str(rows[0]["what"])


def test_all_that_is_wrong_in_a_trade_list_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(
        HEAD
        + "mine,sell,AAA,10,90,900,2024-06-05,,,,,\nmain,hold,AAA,10,90,900,,,,,,\n"
        + "main,buy,,10,x,900,,,,,,\nmain,buy,AAA,-1,90,900,13/13/2024,,,,,\n"
    )
    with pytest.raises(InputError) as error:
        read_trades(path, ["main"])
    assert [str(fault).removeprefix(f"{path}, ").split(" Make ")[0] for fault in error.value.faults] == [
        'row 2: dicli.toml has no account "mine". It has: main. Use the same -C.',
        'row 3: column "side" has "hold" where buy or sell is expected.',
        'row 4: column "symbol" is empty.',
        'row 4: column "price" has "x" where a number like 1,234.56 is expected.',
        'row 5: column "quantity" has "-1" where a number of shares above zero is expected.',
        'row 5: column "lot_acquired" has "13/13/2024" where a date like 12/31/2025 (month first) is expected.',
    ]
    path.write_text("symbol;side\n")
    with pytest.raises(InputError, match="the trade list has no column account, side, symbol"):
        read_trades(path, ["main"])
    with pytest.raises(InputError, match=r"cannot be read: .* dicli trade -f csv -o trades.csv"):
        read_trades(tmp_path / "none.csv", ["main"])


def test_the_command(tmp_path: Path) -> None:
    place = folder(tmp_path / "p", toml=SPECID, main=BEFORE + FILLED + WASHED)
    trades = place / "trades.csv"
    trades.write_text(HEAD + SELL_AAA + BUY_CCC)
    at = ("--as-of", "2026-11-20")
    asked = ("reconcile", "trades.csv", *at, "--planned", "2026-11-10")
    ran = run(*asked, folder=place, cache=tmp_path)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert ran.code == 0, ran.err
    assert [row["status"] for row in rows] == ["filled", "filled", "unplanned", "washed"]
    assert run(*asked, "--exit-code", folder=place, cache=tmp_path).code == 1
    as_json = json.loads(run(*asked, "-f", "json", folder=place, cache=tmp_path).out)
    assert as_json["summary"]["slippage"] == "7.4"
    assert len(as_json["reconcile"]) == 4
    table = run(*asked, "-f", "table", folder=place, cache=tmp_path).out
    assert max(map(len, table.splitlines())) <= 80
    assert "slippage $7.40, 49.33 bp of $1,500" in " ".join(table.split())


def test_the_day_of_the_file_is_the_day_of_the_plan_and_said(tmp_path: Path) -> None:
    place = folder(tmp_path / "p", toml=SPECID, main=BEFORE + FILLED)
    trades = place / "trades.csv"
    trades.write_text(HEAD + SELL_AAA + BUY_CCC)
    noon = dt.datetime(2026, 11, 10, 12).timestamp()  # noqa: DTZ001  the clock of the file system
    os.utime(trades, (noon, noon))
    ran = run("reconcile", "trades.csv", "--as-of", "2026-11-20", "--exit-code", folder=place, cache=tmp_path)
    assert ran.code == 0, ran.out
    assert "trades.csv is taken to be a plan of 2026-11-10, the day of the file: --planned says otherwise" in ran.err
    early = run("reconcile", "trades.csv", "--as-of", "2026-11-09", folder=place, cache=tmp_path)
    assert (early.code, early.out) == (2, "")
    assert "the plan is of 2026-11-10, after --as-of 2026-11-09. Say with --planned" in early.err
