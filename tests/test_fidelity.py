"""Fidelity's files: what each rule of the readers is for. Whole layouts are in the golden pairs."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.brokers.fidelity_actions import effective, meaning, ticker_in
from dicli.errors import InputError
from dicli.model import Reading, Transaction, TransactionKind

FOLDER = Path(__file__).parent / "brokers" / "fidelity"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "fidelity"
HEADER = (
    "Run Date,Account,Account Number,Action,Symbol,Description,Type,Price ($),Quantity,Commission ($),Fees ($),"
    "Accrued Interest ($),Amount ($),Settlement Date\n"
)
POSITIONS = (
    "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Percent Of Account,"
    "Cost Basis Total,Average Cost Basis,Type\n"
)
K = TransactionKind


def read(text: str, ignore: tuple[str, ...] = ()) -> Reading:
    return brokers.read_document(Document("f.csv", text.encode(), ignore_actions=ignore))


def row(
    action: str,
    symbol: str = "AAPL",
    quantity: str = "",
    amount: str = "",
    name: str = "APPLE INC",
    given: str = "Cash",
    date: str = "03/02/2026",
) -> str:
    return f'{date},Individual,X10004821,"{action}",{symbol},{name},{given},,{quantity},,,,{amount},\n'


def history(*rows: str) -> Reading:
    return read(HEADER + "".join(rows))


def one(*rows: str) -> Transaction:
    (transaction,) = history(*rows).transactions
    return transaction


def refused(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text)
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("action", "quantity", "amount", "kind"),
    [
        ("YOU BOUGHT APPLE INC (AAPL) (Cash)", "2", "-400", K.BUY),
        ("YOU SOLD APPLE INC (AAPL) (Cash)", "-2", "400", K.SELL),
        ("REINVESTMENT APPLE INC (AAPL) (Cash)", "0.1", "-20", K.REINVEST),
        ("DIVIDEND RECEIVED APPLE INC (AAPL) (Cash)", "0.000", "1", K.DIVIDEND),
        ("SHORT-TERM CAP GAIN APPLE INC (AAPL) (Cash)", "", "1", K.DIVIDEND),
        ("INTEREST EARNED (Cash)", "", "1", K.INTEREST),
        ("MARGIN INTEREST @ 8% (Margin)", "", "-1", K.INTEREST),
        ("FOREIGN TAX PAID APPLE INC (AAPL) (Cash)", "", "-1", K.TAX),
        ("NON-RESIDENT TAX DIVIDEND RECEIVED APPLE INC (AAPL)", "", "-1", K.TAX),
        ("FEE CHARGED ADR FEE (AAPL) (Cash)", "", "-1", K.FEE),
        ("DISTRIBUTION APPLE INC (AAPL) (Cash)", "6", "", K.SPLIT),
        ("DISTRIBUTION SPINOFF FROM:(XYZ ) APPLE INC (AAPL) (Cash)", "6", "", K.OTHER),
        ("TRANSFER OF ASSETS ACAT RECEIVE", "5", "900", K.TRANSFER_IN),
        ("TRANSFER OF ASSETS ACAT DELIVER", "-5", "900", K.TRANSFER_OUT),
        ("JOURNALED JNL VS A/C TYPES (Margin)", "-5", "", K.TRANSFER_OUT),
        ("Electronic Funds Transfer Received (Cash)", "", "900", K.DEPOSIT),
        ("CHECK PAID # 12 (Cash)", "", "-9", K.WITHDRAWAL),
        ("IN LIEU OF FRX SHARE LEU PAYOUT (AAPL) (Cash)", "", "3", K.OTHER),
    ],
)
def test_what_the_action_says(action: str, quantity: str, amount: str, kind: TransactionKind) -> None:
    assert one(row(action, quantity=quantity, amount=amount)).kind is kind


def test_shares_moved_in_kind_carry_no_cash() -> None:
    assert one(row("TRANSFER OF ASSETS ACAT RECEIVE", quantity="5", amount="900", given="Shares")).amount is None
    assert one(row("DISTRIBUTION APPLE INC (AAPL)", quantity="5", amount="900", given="Shares")).amount is None


def test_shares_from_an_employer_have_no_basis_of_zero() -> None:
    assert one(row("YOU BOUGHT RSU#### AS OF 01-16-26 APPLE INC (AAPL)", quantity="5", amount="0.00")).amount is None


@pytest.mark.parametrize(
    ("action", "day"),
    [
        ("YOU BOUGHT ESPP### AS OF 12-31-25 MICROSOFT CORP (MSFT) (Cash)", dt.date(2025, 12, 31)),
        ("INTEREST EARNED as of Dec-30-2025 (Cash)", dt.date(2025, 12, 30)),
        ("FOREIGN TAX PAID as of 12/07/2025", dt.date(2025, 12, 7)),
        ("REINVESTMENT as of 2026-07-15 FUND (FUND)", dt.date(2026, 7, 15)),
        ("YOU BOUGHT AS OFTEN AS YOU LIKE", None),
    ],
)
def test_the_day_in_an_action_is_the_trade_date(action: str, day: dt.date | None) -> None:
    assert effective(action) == day


def test_a_day_that_no_calendar_has_is_a_fault() -> None:
    faults = refused(HEADER + row("YOU BOUGHT RSU AS OF 02-30-26 (AAPL)", quantity="1", amount="-5"))
    assert "f.csv, row 2" in faults[0]
    assert "02-30-26" in faults[0]


@pytest.mark.parametrize(
    ("action", "symbol"),
    [
        ("YOU SOLD APPLE INC (AAPL) (Cash)", "AAPL"),
        ("YOU SOLD SOME SPONSORED (ADR) (TSM) (Margin)", "TSM"),
        ("PURCHASE INTO CORE ACCOUNT FUND (SPAXX) MORNING TRADE (Cash)", "SPAXX"),
        ("DISTRIBUTION SPINOFF FROM:(XYZ ) PARTS INC (Cash)", ""),
        ("YOU SOLD SOMETHING (POST REV SPLIT) (99900Z209) (Cash)", "99900Z209"),
    ],
)
def test_the_ticker_in_an_action(action: str, symbol: str) -> None:
    assert ticker_in(action) == symbol


def test_an_empty_symbol_is_read_from_the_action() -> None:
    assert one(row("YOU SOLD APPLE INC (AAPL) (Cash)", symbol=" ", quantity="-2", amount="400")).symbol == "AAPL"


def test_a_trade_that_names_nothing_is_a_fault() -> None:
    (fault,) = refused(HEADER + row("YOU BOUGHT (Cash)", symbol="", quantity="2", amount="-400", name=""))
    assert "names no security" in fault


def test_all_unknown_actions_are_said_at_once() -> None:
    faults = refused(HEADER + row("YOU LENT APPLE") + row("DIVIDEND RECEIVED", amount="1") + row("YOU DREAMT"))
    assert ['unknown action "YOU LENT APPLE"' in faults[0], 'unknown action "YOU DREAMT"' in faults[1]] == [True, True]
    assert ["row 2" in faults[0], "row 4" in faults[1], len(faults)] == [True, True, 2]


def test_an_action_that_the_user_ignores_is_set_aside() -> None:
    reading = read(HEADER + row("YOU LENT APPLE (AAPL)"), ignore=("you lent",))
    assert [aside.row for aside in reading.set_aside] == [2]
    assert not reading.transactions


@pytest.mark.parametrize(
    ("action", "quantity", "amount"),
    [
        ("YOU BOUGHT (AAPL)", "-2", "-400"),
        ("YOU BOUGHT (AAPL)", "", "-400"),
        ("YOU BOUGHT (AAPL)", "2", "400"),
        ("YOU SOLD (AAPL)", "-2", "-400"),
        ("REINVESTMENT (AAPL)", "-1", "-4"),
    ],
)
def test_signs_that_contradict_the_action_are_faults(action: str, quantity: str, amount: str) -> None:
    assert refused(HEADER + row(action, quantity=quantity, amount=amount))


def test_the_core_account_moves_are_cash_to_cash() -> None:
    reading = history(
        row("REDEMPTION FROM CORE ACCOUNT FUND (SPAXX)", "SPAXX", "-10", "10", "FIDELITY GOVERNMENT MONEY MARKET"),
        row("PURCHASE INTO CORE ACCOUNT FUND", "", "10", "-10", "FIDELITY GOVERNMENT MONEY MARKET"),
        row("REINVESTMENT", "315994103", "10", "-10", "CASH"),
        row("YOU BOUGHT FUND (SPAXX)", "SPAXX", "10", "-10", "FIDELITY GOVERNMENT MONEY MARKET"),
    )
    assert not reading.transactions
    assert {aside.why for aside in reading.set_aside} == {"cash to cash: the core account or a money-market fund"}


@pytest.mark.parametrize(
    ("action", "symbol", "given", "why"),
    [
        (
            "YOU SOLD OPENING TRANSACTION CALL (SPY) SPDR JAN 25 26 $260 (100 SHS)",
            " -SPY260125C260",
            "Margin",
            "option",
        ),
        ("EXPIRED CALL (SPY) SPDR JAN 25 26 $260 as of 01/25/2026", "", "Margin", "option"),
        ("YOU SOLD SHORT SALE TESLA INC (TSLA)", "TSLA", "Short", "short"),
        ("YOU BOUGHT US TREAS BILLS", "912797XY3", "Cash", "bond"),
        ("Contributions", "", "", "workplace plan"),
        ("Change on Market Value", "", "", "workplace plan"),
    ],
)
def test_what_is_set_aside(action: str, symbol: str, given: str, why: str) -> None:
    reading = history(row(action, symbol, "1", "-5", "", given))
    assert not reading.transactions
    assert why in reading.set_aside[0].why


def test_a_fund_of_covered_calls_is_no_option() -> None:
    bought = one(row("YOU BOUGHT NASDAQ 100 COVERED CALL (QYLD) (Cash)", "QYLD", "4", "-68", "COVERED CALL (QYLD)"))
    assert bought.symbol == "QYLD"


def test_a_share_class_needs_its_name() -> None:
    assert one(row("YOU BOUGHT (BRKB)", "BRKB", "1", "-480", "BERKSHIRE HATHAWAY CL B")).symbol == "BRK.B"
    (fault,) = refused(HEADER + row("YOU BOUGHT (BRKB)", "BRKB", "1", "-480", "No Description"))
    assert "BRK.B" in fault


def test_a_reverse_split_is_one_row_and_renames_what_was_held() -> None:
    new = row("REVERSE SPLIT R/S FROM 517103404#REOR M1 LARKO (517103602)", "LGO", "130", name="LARKO")
    old = row("REVERSE SPLIT R/S TO 517103602#REOR M0 LARKO (517103404)", "517103404", "-1300", name="LARKO")
    bought = row("YOU BOUGHT LARKO (517103404)", "517103404", "1300", "-2080", "LARKO", date="02/02/2026")
    split, purchase = history(new, old, bought).transactions
    assert (split.kind, split.symbol, split.quantity) == (K.SPLIT, "LGO", Decimal(-1170))
    assert purchase.symbol == "LGO"


def test_one_leg_of_a_reverse_split_is_no_split() -> None:
    assert one(row("REVERSE SPLIT R/S FROM 517103404#REOR M1 (LGO)", "LGO", "130")).kind is K.OTHER


def test_a_merger_for_cash_is_a_sale_and_one_for_shares_is_not() -> None:
    paid = row("MERGER MER PAYOUT #REOR M0 (BYGN) (Margin)", "BYGN", "-20", "840")
    assert one(paid).kind is K.SELL
    given = row("MERGER MER FROM 54211N101#REOR M1 (NEWC)", "NEWC", "10", "500", given="Shares")
    assert {each.kind for each in history(paid, given).transactions} == {K.OTHER}


def test_the_file_name_gives_no_account() -> None:
    header = "Run Date,Action,Symbol,Description,Type,Price ($),Quantity,Commission ($),Fees ($),Amount ($)\n"
    reading = read(header + "03/02/2026,INTEREST EARNED,,,Cash,,,,,1\n")
    assert reading.accounts == ()
    assert [each.account for each in reading.transactions] == [""]


def test_coverage_is_by_run_date() -> None:
    reading = history(
        row("INTEREST EARNED as of Jan-02-2020", amount="1", date="03/02/2026"),
        row("YOU SOLD SHORT SALE (TSLA)", "TSLA", "-1", "5", given="Short", date="04/02/2026"),
    )
    assert reading.coverage == (dt.date(2026, 3, 2), dt.date(2026, 4, 2))


@pytest.mark.parametrize("lost", ["Quantity", "Amount ($)", "Symbol", "Type", "Fees ($)", "Price ($)"])
def test_a_history_without_a_needed_column_is_refused(lost: str) -> None:
    faults = refused(HEADER.replace(f"{lost},", "Column,") + row("DIVIDEND RECEIVED", amount="1"))
    assert any("the header has no column" in fault for fault in faults)


def test_pending_activity_is_cash_and_the_day_is_the_download() -> None:
    reading = read(
        POSITIONS + "X10004821,Joint,SPAXX**,HELD IN MONEY MARKET,,,$100.00,,,,Cash,\n"
        "X10004821,Joint,Pending activity,,,,-$40.00,,\n"
        '"Date downloaded Aug-21-2026 6:59 a.m ET"\n'
    )
    assert reading.cash == {"X10004821": Decimal("60.00")}
    assert reading.as_of == dt.date(2026, 8, 21)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("X1,Joint,AAPL,APPLE INC,$10,$2.00,$20.00,,$5.00,,Cash,", "without a dollar sign"),
        ("X1,Joint,AAPL,APPLE INC,10,$2.00", "the row has 6 cells"),
        ("X1,Joint,SPAXX**,HELD IN MONEY MARKET,,,--,,,,Cash,", '"Current Value"'),
        ("X1,Joint,KO,COKE,1,$2.00,$2.00,,$5.00,,Cash,\nX1,Joint,KO,COKE,1,$2.00,$2.00,,$5.00,,Cash,", "comes twice"),
        ("X1,Joint,Ten shares,APPLE INC,10,$2.00,$20.00,,$5.00,,Cash,", "where a symbol is expected"),
        ("X1,Joint,Pending activity,,,,,$4.00,$5.00,,,", "something else than one amount"),
    ],
)
def test_positions_that_cannot_be_trusted(line: str, what: str) -> None:
    faults = refused(POSITIONS + line + "\n")
    assert any(what in fault and "f.csv, row" in fault for fault in faults), faults


def test_a_statement_without_its_last_subtotal_is_cut_off() -> None:
    text = (FOLDER / "statement_2025.csv").read_text(encoding="utf-8")
    assert any("no subtotal" in fault for fault in refused(text[: text.rindex("Subtotal")]))


def test_stock_plan_lots_say_how_to_give_them_a_symbol() -> None:
    for name in ("refused_open_lots.csv", "refused_closed_lots.csv"):
        (fault,) = refused((FOLDER / name).read_text(encoding="utf-8"))
        assert "name no security" in fault
        assert "MSFT" in fault


def test_the_action_table_has_no_beginning_hidden_by_a_shorter_one() -> None:
    from dicli.brokers.fidelity_actions import ACTIONS

    assert all(meaning(said) == kind for said, kind in ACTIONS)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(
    ("name", "left", "in_kind"),
    [
        ("history__1", [5, 8, 11, 13, 14, 15, 20], []),
        ("history__2", [], []),
        ("history__3", [16, 22], [17]),
        ("history__4", [], []),
        ("history__5", [], []),
        ("history__6", [], []),
        ("history__7", [12], []),
    ],
)
def test_samples_of_histories_whole(name: str, left: list[int], in_kind: list[int]) -> None:
    """Set aside are the rows of bonds, options and the core account; all else adds up to the file's own columns."""
    reading = brokers.read(SAMPLES / f"{name}.csv")
    assert [aside.row for aside in reading.set_aside] == left
    assert reading.rows == len(reading.transactions) + len(left)
    assert sum(row.amount or 0 for row in reading.transactions) == total(name, "Amount", [*left, *in_kind])
    assert sum(row.quantity or 0 for row in reading.transactions) == total(name, "Quantity", left)


def total(name: str, column: str, but: list[int]) -> Decimal:
    """The sum of a column, read without any of dicli's code."""
    with (SAMPLES / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        records = list(enumerate(csv.reader(file), start=1))
    head = next(cells for _, cells in records if cells and cells[0] == "Run Date")
    place = next(spot for spot, cell in enumerate(head) if cell.startswith(column))
    rows = (cells for line, cells in records if line not in but and cells and cells[0][:1].isdigit())
    return sum((Decimal(cells[place] or 0) for cells in rows), Decimal(0))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(
    ("name", "value", "cash"), [("statement__1", "18738.30", "15678.89"), ("statement__2", "28335.06", "0.71")]
)
def test_samples_of_statements_agree_with_their_subtotals(name: str, value: str, cash: str) -> None:
    reading = brokers.read(SAMPLES / f"{name}.csv")
    assert sum(row.value or 0 for row in reading.positions) == Decimal(value)
    assert sum(reading.cash.values()) == Decimal(cash)
