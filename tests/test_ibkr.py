"""Interactive Brokers' files: what the golden pairs cannot say, chiefly what is refused and why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import brokers
from dicli.errors import InputError
from dicli.model import Term, TransactionKind
from tests.broker_text import changed, read, refusal

FOLDER = Path(__file__).parent / "brokers" / "ibkr"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "ibkr"
FLEX = "ClientAccountID,CurrencyPrimary,AssetClass,Symbol,TradeDate,Buy/Sell,Quantity,TradePrice,IBCommission\n"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")


def fixture(name: str, *changes: tuple[str, str]) -> str:
    return changed(FOLDER / name, *changes)


def statement(*rows: str) -> str:
    """A statement of May 2026 with these rows of trades."""
    return "\n".join(
        [
            "Statement,Header,Field Name,Field Value",
            "Statement,Data,BrokerName,Interactive Brokers LLC",
            "Statement,Data,Title,Activity Statement",
            'Statement,Data,Period,"May 1, 2026 - May 31, 2026"',
            "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,"
            "Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code",
            *rows,
            "",
        ]
    )


BUY = 'Trades,Data,Order,Stocks,USD,KO,"2026-05-04, 09:31:12",10,70,70,-700,-1,701,0,0,O'
SELL = 'Trades,Data,Order,Stocks,USD,KO,"2026-05-08, 10:00:00",-10,60,60,600,-1,-701,-102,0,C'
LOT = 'Trades,Data,ClosedLot,Stocks,USD,KO,"2026-05-04, 09:31:12",10,70,,,,701,-102,,ST'


# -- the activity statement -------------------------------------------------------------------------------------------


def test_commissions_are_in_the_amounts() -> None:
    bought, sold = read(statement(BUY, SELL)).transactions
    assert (bought.amount, bought.fees) == (Decimal(-701), Decimal(1))
    assert (sold.amount, sold.fees) == (Decimal(599), Decimal(1))


def test_shares_count_once_whatever_levels_the_statement_shows() -> None:
    fill = BUY.replace("Data,Order", "Data,Trade")
    subtotal = "Trades,SubTotal,,Stocks,USD,KO,,10,,,-700,-1,701,0,0,"
    assert len(read(statement(BUY, fill, subtotal)).transactions) == 1


def test_a_closed_lot_is_a_sale_with_the_order_s_day_and_its_own_purchase() -> None:
    (sale,) = read(statement(SELL, LOT)).sales
    assert (sale.acquired, sale.sold) == (dt.date(2026, 5, 4), dt.date(2026, 5, 8))
    assert (sale.basis, sale.proceeds, sale.term) == (Decimal(701), Decimal(599), Term.SHORT)


def test_a_washed_lot_s_result_is_not_taken_for_its_proceeds() -> None:
    (sale,) = read(statement(SELL, LOT.replace("701,-102,,ST", "701,0,,ST;LD"))).sales
    assert sale.proceeds == Decimal(599)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([SELL, LOT.replace(",10,70", ",7,70")], "the closed lots below this order hold 7 of its 10 shares"),
        ([SELL, LOT.replace(",KO,", ",PEP,")], "the closed lots below this order are of another symbol"),
        ([LOT], "a closed lot without the order that closed it above it"),
        ([SELL, LOT.replace("-102", "-82")], "the closed lots below this order brought 619, the order 599"),
        ([SELL, LOT.replace("2026-05-04", "2026-05-14")], "a lot opened on 2026-05-14 and closed on 2026-05-08"),
        ([BUY.replace(",10,70", ",-10,70")], "the signs contradict each other"),
        ([BUY.replace("-700", "-7000")], "10 shares at 70 are not -7000"),
        ([BUY.replace("Stocks", "Stoks")], 'row 6: unknown asset category "Stoks"'),
        ([BUY.replace("Order", "Ordre")], 'row 6: unknown DataDiscriminator "Ordre"'),
        ([BUY.replace("Trades,Data", "Trades,Date")], '"date" where Header, Data, SubTotal or Total is expected'),
        (["Operaciones,Header,Divisa,Quantity,Importe"], 'unknown section "Operaciones"'),
        ([BUY.replace("Trades,Data", "Dividends,Data")], 'a row of "Dividends" without a header above it'),
        ([BUY.replace(",0,0,O", ",0,0,C;O")], "closes a position and opens the opposite one"),
        ([BUY.replace(",0,0,O", ",0,0,Ca")], "a cancelled trade whose original is not in the file"),
        ([BUY.replace("2026-05-04, 09", "2026-15-04, 09")], 'column "Date/Time" has "2026-15-04, 09:31:12"'),
    ],
)
def test_contradictions_in_trades_are_refused(rows: list[str], expected: str) -> None:
    assert expected in refusal(statement(*rows))


def test_all_faults_are_said_at_once() -> None:
    said = refusal(statement(BUY.replace("Stocks", "Stoks"), SELL.replace("Order", "Ordre")))
    assert "row 6" in said
    assert "row 7" in said


def test_short_sales_and_covers_make_no_lots() -> None:
    short = BUY.replace(",10,70,70,-700", ",-10,70,70,700")
    cover = SELL.replace(",-10,60,60,600", ",10,60,60,-600")
    assert {row.kind for row in read(statement(short, cover)).transactions} == {TransactionKind.OTHER}


def test_a_reversal_trade_can_be_ignored_by_name() -> None:
    reading = read(statement(BUY.replace(",0,0,O", ",0,0,C;O")), "C;O")
    assert reading.transactions == ()
    assert reading.set_aside[0].row == 6


def test_a_section_that_is_ignored_by_name() -> None:
    extra = "Grant Activity,Header,Symbol,Quantity\nGrant Activity,Data,IBKR,2"
    assert 'unknown section "Grant Activity"' in refusal(statement(BUY, extra))
    assert len(read(statement(BUY, extra), "Grant Activity").transactions) == 1


def test_a_section_without_quantities_or_amounts_needs_no_attention() -> None:
    extra = "Some New Summary,Header,Asset Category,Rating\nSome New Summary,Data,Stocks,9"
    assert len(read(statement(BUY, extra)).transactions) == 1


def test_cancelled_trades_and_their_originals_leave_nothing() -> None:
    cancel = BUY.replace(",10,70,70,-700,-1,701", ",-10,70,70,700,1,-701").replace(",0,0,O", ",0,0,Ca")
    assert read(statement(BUY, SELL, cancel)).transactions[0].kind is TransactionKind.SELL
    assert len(read(statement(BUY, SELL, cancel)).transactions) == 1


def test_transfers_are_signed_by_their_direction() -> None:
    text = fixture("activity.csv", ("--,12,0,1704.6", "--,-12,0,1704.6"))
    assert '"In" with a quantity of -12' in refusal(text)
    (row,) = [
        row for row in read(fixture("activity.csv", ("USD,PEP,", "USD,BRK B,"))).transactions if row.quantity == 12
    ]
    assert (row.kind, row.symbol) == (TransactionKind.TRANSFER_IN, "BRK.B")


def test_a_history_vouches_for_the_statement_s_period() -> None:
    may = (dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    assert read(statement(BUY)).coverage == may
    summary = statement().replace("Activity Statement", "MTM Summary").split("Trades,")[0]
    assert read(summary + "Account Information,Header,Field Name,Field Value\n").coverage is None


def test_lots_have_to_be_their_position() -> None:
    lot = 'Lot,Stocks,USD,BRK B,"2024-11-12, 10:03:11",10,'
    assert "the lots of BRK.B hold 29 of 30 shares" in refusal(
        fixture("activity.csv", (lot, lot.replace(",10,", ",9,")), ("401.0335,4010.335,470.25,4702.5", ",,,"))
    )
    assert "the lots of BRK.B cost 12920.505 of 12930.505" in refusal(fixture("activity.csv", ("4010.335", "4000.335")))
    row = next(line for line in fixture("activity.csv").splitlines() if "Summary,Stocks,USD,BRK B" in line)
    assert "lots of BRK.B without its row" in refusal(fixture("activity.csv", (row + "\n", "")))
    assert '"BRK.B" comes twice in one account' in refusal(fixture("activity.csv", (row, f"{row}\n{row}")))


def test_the_holding_period_is_unknown_where_the_term_contradicts_the_purchase() -> None:
    reading = read(fixture("activity.csv", ("484.83,5.44,ST", "484.83,5.44,LT")))
    assert [lot.holding_from for lot in reading.lots if lot.quantity == 20] == [None]


def test_a_lot_without_its_day_has_none() -> None:
    (lot,) = [lot for lot in read(fixture("activity.csv", ('"2025-02-03, 09:44:50"', "-"))).lots if lot.symbol == "KO"]
    assert lot.acquired is None
    assert lot.holding_from is None


def test_the_day_of_a_vesting_lot_is_in_front_of_the_note() -> None:
    text = fixture("activity.csv", ('"2025-02-03, 09:44:50"', "2025-02-03 (Vesting: 2026-02-03)"))
    assert dt.date(2025, 2, 3) in {lot.acquired for lot in read(text).lots}


def test_an_unknown_corporate_action_is_an_error_and_may_be_ignored() -> None:
    text = fixture("activity.csv", ("HON(US4385161066) Spinoff  1 for 4", "HON(US4385161066) Frobnicated"))
    assert 'unknown corporate action "HON(US4385161066) Frobnicated' in refusal(text)
    assert read(text, "HON(US4385161066) Frobnicated").transactions


def test_a_consolidated_statement_has_to_say_whose_rows_they_are() -> None:
    text = fixture("activity.csv", ("Account,U7654321", "Account,U7654321 (Consolidated)"))
    assert "Download the statement of each account by itself" in refusal(text)


def test_a_statement_in_another_language_is_refused_with_the_reason() -> None:
    assert "another language than English" in refusal(fixture("refused_spanish.csv"))
    chinese = "Statement,Header,域名称,域值\nStatement,Data,Title,Transaction History\n总结,Header,域名称,域值\n"
    assert "another language than English" in refusal(chinese)


# -- the transaction history ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Base Currency,USD", "Base Currency,GBP", 'the amounts are in "GBP"'),
        ("Base Currency,USD", "Base Currencies,USD", "the base currency is not named"),
        (",Buy,KO,", ",Bougt,KO,", 'unknown transaction type "Bougt"'),
        ("40.0,70.1,USD,-2804.0", "40.0,70.1,USD,2804.0", "the signs contradict it"),
        ("-2804.0,-1.0,-2805.0", "-2804.0,-1.0,-2815.0", "-2804.0 gross and -1.0 commission are not -2815.0 net"),
        ("40.0,70.1,USD", "40.0,7.1,USD", "40.0 shares at 7.1 are not -2804.0"),
        ("Net Amount\n", "Netto\n", 'the header has no column "net amount"'),
    ],
)
def test_what_is_wrong_in_a_transaction_history(old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture("transaction_history.csv", (old, new)))


def test_a_price_in_another_currency_than_the_amount_is_left_out() -> None:
    (bought,) = [row for row in read(fixture("transaction_history.csv")).transactions if row.symbol == "SAPD"]
    assert (bought.price, bought.amount) == (None, Decimal("-748.71"))


# -- Flex queries -----------------------------------------------------------------------------------------------------


def test_a_flex_query_without_symbols_says_what_to_add() -> None:
    said = refusal(FLEX.replace(",Symbol", ",ISIN") + "U1,USD,STK,US1912161007,20260504,BUY,10,70,-1\n")
    assert 'the section Trades has no column "Symbol". Add it to the Flex query' in said


def test_a_flex_query_without_commissions_says_what_to_add() -> None:
    header = FLEX.replace(",IBCommission", ",LevelOfDetail")
    assert '"IBCommission"' in refusal(header + "U1,USD,STK,KO,20260504,BUY,10,70,EXECUTION\n")


def test_orders_beside_executions_are_noticed_where_no_level_is_said() -> None:
    rows = [f"U1,USD,STK,KO,20260504,BUY,{quantity},70,-1" for quantity in (6, 4, 10)]
    assert "the same shares twice" in refusal(FLEX + "\n".join(rows))
    assert len(read(FLEX + "\n".join(rows[:2])).transactions) == 2


def test_executions_have_to_add_up_to_their_orders() -> None:
    header = FLEX.replace("IBCommission", "IBCommission,LevelOfDetail")
    rows = [
        f"U1,USD,STK,KO,20260504,BUY,{quantity},70,-1,{level}" for quantity, level in ((6, "EXECUTION"), (10, "ORDER"))
    ]
    assert "executions of KO on 2026-05-04 add up to 6, orders to 10" in refusal(header + "\n".join(rows))


def test_orders_are_taken_where_there_are_no_executions() -> None:
    header = FLEX.replace("IBCommission", "IBCommission,LevelOfDetail")
    (row,) = read(header + "U1,USD,STK,KO,20260504,BUY,10,70,-1,ORDER\n").transactions
    assert row.amount == -701


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"EOS","TRNT","6"', '"EOS","TRNT","7"', "the section has 6 rows and says 7"),
        ('"EOF"\n', "", "the line EOF at the end is missing"),
        ('"25","35.758"', '"26","35.758"', "closed lots of more shares than were sold"),
        ('"749.47"', '"740.47"', "are not the net cash 740.47"),
        ('"Deposits/Withdrawals"', '"Depots"', 'unknown type "Depots"'),
        ('"BUY"', '"BY"', 'unknown buy/sell "BY"'),
        ('"30","31.2","936"', '"29","31.2","904.8"', "the lots of BF.B hold 49 of 50 shares"),
        ('"STK","BF B"', '"STOCK","BF B"', 'unknown asset category "STOCK"'),
    ],
)
def test_what_is_wrong_in_a_flex_csv(old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture("flex_sections.csv", (old, new)))


def test_a_row_above_the_first_header_of_a_flex_csv() -> None:
    assert "a row above the first header" in refusal("U1,USD,STK,KO,20260504,BUY,10,70,-1\n" + FLEX)


def test_lots_keep_their_own_holding_period() -> None:
    (lot,) = [lot for lot in read(fixture("flex_sections.csv")).lots if lot.quantity == 20]
    assert (lot.acquired, lot.holding_from) == (dt.date(2026, 8, 11), dt.date(2026, 2, 3))


def test_rows_of_flex_xml_are_named_by_their_lines() -> None:
    text = fixture("flex_two_accounts.xml")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if 'notes="LT"' in row)
    changed = text.replace('quantity="40" tradePrice="108.9"', 'quantity="x" tradePrice="108.9"')
    assert f"row {line}: column" in refusal(changed)
    assert f"row {line + 2}: column" in refusal("\n\n" + changed)


def test_cash_types_that_are_ignored() -> None:
    text = fixture("flex_two_accounts.xml", ('amount="637.5" type="Dividends"', 'amount="637.5" type="Puzzles"'))
    assert 'unknown type "Puzzles"' in refusal(text)
    assert len(read(text, "Puzzles").transactions) == 6


def test_a_commission_in_another_currency_is_no_cost_in_dollars() -> None:
    text = fixture("flex_sections.csv", ('"-1.00","USD","-679.80"', '"-1.00","CHF","-679.80"'))
    assert "the commission is in CHF" in refusal(text)


def test_closed_lots_of_short_sales_are_set_aside() -> None:
    text = fixture(
        "flex_two_accounts.xml", ('fifoPnlRealized="-507.11" buySell="SELL"', 'fifoPnlRealized="-507.11" buySell="BUY"')
    )
    reading = read(text)
    assert [sale.quantity for sale in reading.sales] == [20]
    assert "a short sale" in {entry.why for entry in reading.set_aside}


def test_rows_below_the_header_of_another_section_are_noticed() -> None:
    said = refusal(fixture("flex_marked.csv", ("DATA,TRNT,U5556667", "DATA,CTRN,U5556667")))
    assert 'a row of "CTRN" below the header of "TRNT"' in said


@pytest.mark.parametrize("name", ["flex_two_accounts.xml", "flex_sections.csv"])
def test_a_file_that_does_not_say_its_levels_counts_nothing_twice(name: str) -> None:
    text = fixture(name).replace("levelOfDetail=", "lod=").replace('"LevelOfDetail"', '"Other"')
    assert "the same twice" in refusal(text) or "the same shares twice" in refusal(text)


def test_trades_of_xml_without_levels_are_told_apart_by_their_elements() -> None:
    text = fixture("flex_two_accounts.xml").partition("<CorporateActions>")
    text_ = text[0] + text[2].partition("</CorporateActions>")[2]
    whole, bare = read(text_), read(text_.replace("levelOfDetail=", "lod="))
    assert [row.quantity for row in bare.transactions] == [row.quantity for row in whole.transactions]
    assert [lot.quantity for lot in bare.lots] == [lot.quantity for lot in whole.lots]
    assert len(bare.sales) == 2


def test_a_section_with_shares_that_is_not_read_is_named() -> None:
    extra = '<GrantActivities><Grant symbol="IBKR" quantity="3" /></GrantActivities><CashReport>'
    reading = read(fixture("flex_two_accounts.xml", ("<CashReport>", extra)))
    assert "the section GrantActivities, which is not read" in {entry.why for entry in reading.set_aside}


def test_an_answer_of_the_flex_service_is_not_a_statement() -> None:
    text = "<FlexStatementResponse><Status>Fail</Status><ErrorCode>1019</ErrorCode></FlexStatementResponse>"
    assert "an answer of IBKR's Flex service" in refusal(text)


def test_a_history_without_trades_vouches_for_nothing() -> None:
    text = fixture("flex_two_accounts.xml")
    assert read(text).coverage == (dt.date(2026, 1, 2), dt.date(2026, 9, 30))
    start, _, rest = text.partition("<Trades>")
    assert read((start + rest.partition("</Trades>")[2]).replace("<Trades />", "")).coverage is None


# -- the worksheet ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"3,102.44","3,260.10"', '"3,002.44","3,260.10"', "the rows do not add up to their footer"),
        ('Footer,,,,,"1,562.20",928.00,,\n', "", "the last table has no footer"),
        ("Part,II,", "Part,III,", 'part "iii" and box "B" are none of the form'),
        ("Title,", "Titel,", 'a row that begins "Titel"'),
    ],
)
def test_what_is_wrong_in_a_worksheet(old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture("form8949.csv", (old, new)))


# -- the public samples -----------------------------------------------------------------------------------------------


@needs_samples
def test_the_sample_statement() -> None:
    reading = brokers.read(SAMPLES / "activity__1.csv")
    stock = [row for row in reading.transactions if row.quantity]
    assert sum(row.amount or 0 for row in stock) == Decimal("-21346.0025") + Decimal("22978.9969") - 59026 + Decimal(
        "54911.5"
    )
    assert [(sale.symbol, sale.gain) for sale in reading.sales] == [("NVDA", Decimal("-4114.5"))]
    assert [aside.why for aside in reading.set_aside] == ["an option", "an option"]


@needs_samples
def test_the_sample_flex_queries() -> None:
    trades = brokers.read(SAMPLES / "flex_trades__1.csv").transactions
    assert [(row.kind.value, row.symbol, row.amount) for row in trades[:2]] == [
        ("buy", "SPY", Decimal("-111041.00")),
        ("sell", "SPY", Decimal("114559.00")),
    ]
    confirms = brokers.read(SAMPLES / "flex_tradeconfirm__1.xml")
    assert [(row.symbol, row.amount) for row in confirms.transactions] == [("AAPL", -2891), ("BRK.B", -20750)]
    assert len(confirms.set_aside) == 9
    actions = brokers.read(SAMPLES / "flex_corpaction__1.xml")
    assert sum(row.amount or 0 for row in actions.transactions) == Decimal("22.64")  # each level once
    dividends = brokers.read(SAMPLES / "flex_dividends__1.csv")
    assert {row.symbol for row in dividends.transactions} == {"VT", "AVGO"}


@needs_samples
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flex_trades__2.csv", 'no column "Symbol"'),
        ("flex_activity__1.xml", "it has: InterestAccruals, SLBFees, ChangeInDividendAccruals"),
        ("transaction_history__1.csv", 'the amounts are in "GBP"'),
    ],
)
def test_the_samples_that_cannot_be_used(name: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        brokers.read(SAMPLES / name)


@needs_samples
def test_the_sample_worksheet() -> None:
    reading = brokers.read(SAMPLES / "form8949__1.csv")
    assert [sale.quantity for sale in reading.sales] == [100, 400, 500]
    assert len(reading.set_aside) == 3
