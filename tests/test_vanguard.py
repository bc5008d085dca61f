"""Vanguard's files: what each rule of the readers is for. Whole layouts are in the golden pairs."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError
from dicli.model import Reading, Term, Transaction, TransactionKind

FOLDER = Path(__file__).parent / "brokers" / "vanguard"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "vanguard"
HOLDINGS = "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n"
HEADER = (
    "Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Investment Name,Symbol,Shares,"
    "Share Price,Principal Amount,Commissions and Fees,Net Amount,Accrued Interest,Account Type,\n"
)
LOTS = (
    '"Account","Symbol/CUSIP","Description","Acquired date","Cost basis method","Quantity","Cost per share",'
    '"Total cost","Market value","Covered/Non-covered"\n'
)
K = TransactionKind


def read(text: str) -> Reading:
    return brokers.read_document(Document("v.csv", text.encode()))


def row(said: str, symbol: str = "VTI", shares: str = "0.0", net: str = "0.0", name: str = "VANGUARD ETF") -> str:
    return f"1234,2026-03-02,2026-03-03,{said},{said},{name},{symbol},{shares},0.0,{net},0.0,{net},0.0,CASH,\n"


def one(*rows: str) -> Transaction:
    (transaction,) = read(HEADER + "".join(rows)).transactions
    return transaction


def refused(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("said", "shares", "net", "kind"),
    [
        ("Buy", "2", "-400", K.BUY),
        ("Buy (exchange)", "2", "-400", K.BUY),
        ("Sell", "-2", "400", K.SELL),
        ("Reinvestment", "0.1", "-20", K.REINVEST),
        ("Reinvestment (ST gain)", "0.1", "-20", K.REINVEST),
        ("Dividend", "0.0", "1", K.DIVIDEND),
        ("Capital gain (LT)", "0.0", "1", K.DIVIDEND),
        ("Interest", "0.0", "1", K.INTEREST),
        ("Withholding", "0.0", "-1", K.TAX),
        ("Fee", "0.0", "-1", K.FEE),
        ("Stock split", "6", "0.0", K.SPLIT),
        ("Corp Action (Spinoff)", "6", "0.0", K.OTHER),
        ("Conversion (outgoing)", "-6", "0.0", K.OTHER),
        ("Transfer (incoming)", "5", "0.0", K.TRANSFER_IN),
        ("Transfer (Outgoing)", "-5", "0.0", K.TRANSFER_OUT),
        ("Funds Received", "0.0", "900", K.DEPOSIT),
        ("Distribution", "0.0", "-900", K.WITHDRAWAL),
    ],
)
def test_what_the_type_says(said: str, shares: str, net: str, kind: TransactionKind) -> None:
    assert one(row(said, shares=shares, net=net)).kind is kind


def test_all_unknown_types_are_said_at_once() -> None:
    faults = refused(HEADER + row("Loan") + row("Dividend", net="1") + row("Gift"))
    assert ['unknown transaction type "Loan"' in faults[0], 'unknown transaction type "Gift"' in faults[1]] == [
        True
    ] * 2
    assert ["row 2" in faults[0], "row 4" in faults[1], len(faults)] == [True, True, 2]


def test_a_sale_is_negative_whatever_the_file_writes() -> None:
    assert one(row("Sell", shares="2", net="400")).quantity == Decimal(-2)


@pytest.mark.parametrize(
    ("said", "shares", "net"),
    [("Buy", "-2", "-400"), ("Buy", "2", "400"), ("Buy", "0.0", "-400"), ("Sell", "-2", "-400")],
)
def test_signs_that_contradict_the_type_are_faults(said: str, shares: str, net: str) -> None:
    assert refused(HEADER + row(said, shares=shares, net=net))


def test_the_settlement_fund_is_cash_and_its_moves_are_not_trades() -> None:
    reading = read(
        HOLDINGS + "1234,Vanguard Federal Money Market Fund,VMFXX,543.21,1.0,543.21,\n\n"
        + HEADER + row("Sweep in", "VMFXX", net="-9") + row("Buy", "VMFXX", "9", "-9")
        + row("Reinvestment", "", net="-9", name="VANGUARD FEDERAL MONEY MARKET FUND")
        + row("Dividend", "VMFXX", net="9")
    )  # fmt: skip
    assert reading.cash == {"1234": Decimal("543.21")}
    assert not reading.positions
    assert [each.kind for each in reading.transactions] == [K.DIVIDEND]
    assert len(reading.set_aside) == 4


@pytest.mark.parametrize("symbol", ["", "null", "912797XY3"])
def test_bills_and_bonds_are_set_aside(symbol: str) -> None:
    reading = read(
        HOLDINGS + f"1234,U S TREASURY BILL,{symbol},5000,99.4,4970,\n" + HEADER + row("Buy", symbol, "5", "-5")
    )
    assert [not reading.positions, not reading.transactions, len(reading.set_aside)] == [True, True, 2]


def test_a_reverse_split_is_one_row() -> None:
    split = one(row("Stock split", shares="-300"), row("Stock split", shares="30"))
    assert (split.kind, split.quantity) == (K.SPLIT, Decimal(-270))


def test_several_accounts_and_classes() -> None:
    reading = read(HOLDINGS + "1234,A,BRK-B,1,2,2,\n5678,B,VTI,1,2,2,\n\n" + HOLDINGS + "9999,C,VTI,3,2,6,\n")
    assert reading.accounts == ("1234", "5678", "9999")
    assert [held.symbol for held in reading.positions] == ["BRK.B", "VTI", "VTI"]
    assert reading.kinds == ("positions",)


def test_a_workplace_plan_in_the_file_is_set_aside() -> None:
    text = (
        HOLDINGS + "1234,A,VTI,1,2,2,\n\nPlan Number,Plan Name,Fund Name,Shares,Price,Total Value,\n0900,P,T,1,7,7,\n"
    )
    assert [aside.row for aside in read(text).set_aside] == [5]
    assert any("workplace plan" in fault for fault in refused(text + "1234,A,VOO,1,7,7,\n"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HOLDINGS + "1234,A,VTI,1,2,2,\n1234,A,VTI,1,2,2,\n", "comes twice"),
        (HOLDINGS + "1234,A,VTI,1,2\n", "the row has 5 cells"),
        (HOLDINGS.replace("Shares,", "Parts,") + "1234,A,VTI,1,2,2,\n" + HEADER, '"shares"'),
        ("1234,A,VTI,1,2,2,\n" + HOLDINGS + "1234,A,VOO,1,2,2,\n", "above the first header"),
        (HOLDINGS + "1234,A,VTI,1,2,2,\n1234,B,VOO,1,2,25", "seems to be cut off"),
        (HEADER.replace("Symbol,", ",Symbol,") + row("Dividend", net="1"), "heading between others is empty"),
        (HEADER + row("Dividend", "2026-03-02", net="1"), "where a symbol is expected"),
        (HOLDINGS + "1234,A,VTI,1,2,2,\n" + HEADER.replace("Account Number", "No") + row("Dividend"), "Account Number"),
    ],
)
def test_downloads_that_cannot_be_trusted(text: str, what: str) -> None:
    faults = refused(text)
    assert any(what in fault and "v.csv, row" in fault for fault in faults), faults


def test_shares_under_average_cost_have_an_unknown_date() -> None:
    (lot,) = read(LOTS + '"12","VTSAX","Fund","Various","AvgCost","4.0000","10","40.00","48.00","Covered"\n').lots
    assert (lot.acquired, lot.holding_from, lot.basis, lot.price) == (None, None, Decimal(40), Decimal(12))


def test_an_unknown_cost_is_unknown_and_a_lot_without_shares_is_no_lot() -> None:
    reading = read(
        LOTS + '"12","KO","Coke","01/05/2009","FIFO","4.0000"," - "," - ","48.00","Non-covered"\n'
        '"12","ZZZ","None","01/05/2009","FIFO","0.0000","1.00","0.00","0.00","Covered"\n'
    )
    assert [(lot.symbol, lot.basis, lot.covered) for lot in reading.lots] == [("KO", None, False)]
    assert [aside.why for aside in reading.set_aside] == ["a lot without shares"]


@pytest.mark.parametrize(
    ("cell", "instead", "what"),
    [
        ("01/05/2009", "31/12/2009", "day first"),
        ('"Covered"', '"Perhaps"', "unknown covered/non-covered"),
        ('"4.0000"', '"$4.00"', "without a dollar sign"),
        ("Total cost", "Cost", "the header has no column"),
        ("Cost basis method", "How", "the header has no column"),
    ],
)
def test_lots_that_cannot_be_trusted(cell: str, instead: str, what: str) -> None:
    text = LOTS + '"12","KO","Coke","01/05/2009","FIFO","4.0000","1.00","4.00","48.00","Covered"\n'
    faults = refused(text.replace(cell, instead))
    assert any(what in fault and "v.csv, row" in fault for fault in faults), faults


def test_the_day_of_lots_is_in_a_heading() -> None:
    assert brokers.read(FOLDER / "cost_basis_as_of.csv").as_of == dt.date(2026, 6, 30)
    assert brokers.read(FOLDER / "cost_basis.csv").as_of is None


def test_the_term_of_a_sale_is_that_of_its_column() -> None:
    assert [sale.term for sale in brokers.read(FOLDER / "realized.csv").sales] == [Term.LONG, Term.SHORT, Term.LONG]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_samples_whole() -> None:
    reading = brokers.read(SAMPLES / "ofxdownload__1.csv")
    assert reading.rows == 24 == len(reading.positions) + len(reading.transactions) + len(reading.set_aside)
    assert [aside.row for aside in reading.set_aside] == [6, 7, 12, 14, 21, 22, 28, 29]
    assert sum(held.value or 0 for held in reading.positions) == Decimal("28568.45")
    assert reading.cash == {"12345678": Decimal("543.21")}
    with (SAMPLES / "ofxdownload__1.csv").open(encoding="utf-8", newline="") as file:
        records = list(enumerate(csv.reader(file), start=1))[11:]  # the rows of transactions, as the file writes them
    kept = [cells for line, cells in records if cells and line not in {12, 14, 21, 22, 28, 29}]
    assert sum(each.amount or 0 for each in reading.transactions) == sum(Decimal(cells[11]) for cells in kept)
    assert sum(each.quantity or 0 for each in reading.transactions) == sum(Decimal(cells[7]) for cells in kept)
    old = brokers.read(SAMPLES / "history_old__1.csv")
    assert sum(each.amount or 0 for each in old.transactions) == Decimal("1115.30")
