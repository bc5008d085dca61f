"""Charles Schwab's files: what the golden pairs cannot say, chiefly what is refused and why."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError
from dicli.model import Reading, TransactionKind
from tests.broker_text import changed

FOLDER = Path(__file__).parent / "brokers" / "schwab"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "schwab"
HEADER = '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n'


def read(text: str) -> Reading:
    return brokers.read_document(Document("schwab/x.csv", text.encode()))


def history(*rows: str) -> Reading:
    return read(HEADER + "".join(f"{row}\n" for row in rows))


def refusal(text: str) -> str:
    with pytest.raises(InputError) as refused:
        read(text)
    return "\n".join(str(fault) for fault in refused.value.faults)


def fixture(name: str, *changes: tuple[str, str]) -> str:
    return changed(FOLDER / name, *changes)


# -- positions --------------------------------------------------------------------------------------------------------


def test_positions_without_their_total_are_cut_off() -> None:
    text = fixture("positions_2025.csv")
    assert '"Account Total" at the end is missing' in refusal(text[: text.index('"Account Total"')])


def test_a_renamed_column_is_refused_with_what_is_there() -> None:
    said = refusal(fixture("positions_2025.csv", ('"Cost Basis"', '"Basis Cost"')))
    assert said.startswith(
        'schwab/x.csv, row 3: the header has no column "cost basis". It has: "Symbol", "Description"'
    )


def test_a_symbol_twice_in_one_account_is_refused_and_in_two_is_not() -> None:
    row = next(line for line in fixture("positions_2025.csv").splitlines() if line.startswith('"MSFT"'))
    assert '"MSFT" comes twice in one account' in refusal(fixture("positions_2025.csv", (row, f"{row}\n{row}")))
    both = [entry.account for entry in read(fixture("positions_all_2026.csv")).positions if entry.symbol == "NVDA"]
    assert both == ["...234", "...877"]


def test_a_table_of_all_accounts_must_name_each_account() -> None:
    assert "name of its account" in refusal(fixture("positions_all_2026.csv", ("Roth Contributory IRA ...877\n", "")))
    assert "line with the account's name" in refusal(fixture("positions_all_2026.csv", ("Individual ...234\n", "")))


def test_a_sold_out_position_a_short_one_and_a_bond_are_set_aside_with_the_reason() -> None:
    aside = {entry.symbol: entry.why for entry in read(fixture("positions_2019.csv")).set_aside}
    assert aside["GE"] == "a quantity of zero"
    assert aside["XOM"] == "a short position"
    assert "CUSIP" in aside["912796TP4"]


def test_money_funds_count_as_cash() -> None:
    reading = read(fixture("positions_all_2026.csv"))
    assert reading.cash == {"...234": Decimal("412.09") + Decimal("2500.17"), "...877": Decimal("-12.50")}


# -- lots -------------------------------------------------------------------------------------------------------------


def test_lots_need_their_title_because_only_it_names_the_symbol() -> None:
    text = fixture("lots.csv")
    assert "whose lots these are is unknown" in refusal(text[text.index('"Open Date"') :])


def test_lots_without_their_total_are_cut_off() -> None:
    text = fixture("lots.csv")
    assert '"Total" at the end is missing' in refusal(text[: text.index('"Total"')])


def test_the_wide_variant_without_purchase_dates_is_refused() -> None:
    assert "transaction open" in refusal(fixture("lots_wide.csv", ('"Transaction Open"', '"Txn Opened"')))


def test_the_wide_variant_tells_the_purchase_from_the_holding_period() -> None:
    adjusted, plain = read(fixture("lots_wide.csv")).lots
    assert (adjusted.acquired, adjusted.holding_from) == (dt.date(2022, 1, 20), dt.date(2021, 6, 4))
    assert (adjusted.basis, adjusted.disallowed) == (Decimal("1655.10"), Decimal("150.00"))
    assert plain.acquired == plain.holding_from == dt.date(2020, 3, 2)
    assert plain.disallowed is None


def test_lots_of_an_option_are_set_aside() -> None:
    reading = read(fixture("lots.csv", ('"KO Lot', '"KO 01/17/2020 55.00 C Lot')))
    assert not reading.lots
    assert {entry.why for entry in reading.set_aside} == {"an option"}


# -- transactions -----------------------------------------------------------------------------------------------------


def test_an_unknown_action_is_an_error_that_says_what_to_do() -> None:
    row = '"01/02/2026","Lent Out","KO","COCA COLA CO","1","","",""'
    with pytest.raises(InputError, match=r'schwab/x\.csv, row 2: unknown action "Lent Out"\. .*"ignore_actions"'):
        history(row)
    document = Document("x.csv", (HEADER + row).encode(), ignore_actions=("Lent Out",))
    (aside,) = brokers.read_document(document).set_aside
    assert (aside.row, aside.why) == (2, '"Lent Out" is in ignore_actions')


def test_the_sign_comes_from_the_action() -> None:
    old, new = history(
        '"01/05/2026","Sell","KO","COCA COLA CO","10","$70.00","","$700.00"',
        '"01/05/2026","Sell","KO","COCA COLA CO","-10","$70.00","","$700.00"',
    ).transactions
    assert old.quantity == new.quantity == -10


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ('"01/05/2026","Buy","KO","COCA COLA CO","-10","$70.00","","$700.00"', "the signs contradict"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10","$70.00","","$700.00"', "the signs contradict"),
        ('"01/05/2026","Sell","KO","COCA COLA CO","10","$70.00","","-$700.00"', "the signs contradict"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10","$70.00","","-$7,000.00"', "a number is wrong or cut off"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10","$70.00","",""', "without an amount"),
        ('"01/05/2026","Buy","","COCA COLA CO","10","$70.00","","-$700.00"', "without a symbol or a quantity"),
        ('"01/05/2026","Sell","KO","COCA COLA CO","","$70.00","","$700.00"', "without a symbol or a quantity"),
        ('"01/05/2026","Stock Split","KO","COCA COLA CO","","","",""', "without a symbol or a quantity"),
        ('"01/05/2026","Cash Dividend","KO","COCA COLA CO","","","",""', "without an amount"),
        ('"01/05/2026","Journal","","","","","",""', "neither a quantity nor an amount"),
        ('"25/12/2025","Buy","KO","COCA COLA CO","10","$70.00","","-$700.00"', "day first"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10","$70,00","","-$700,00"', "decimal comma"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10"', "5 cells where the header"),
        ('"01/05/2026","Buy","KO","COCA COLA CO","10","$70.00","","-$70', "never closed"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(row: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as refused:
        history('"01/02/2026","Bank Interest","","","","","","$1.00"', row)
    assert all(fault.where == "schwab/x.csv, row 3" for fault in refused.value.faults)


def test_a_sale_whose_fee_is_more_than_it_brought_is_possible() -> None:
    (sale,) = history('"01/05/2026","Sell","KO","COCA COLA CO","1","$0.01","$0.05","-$0.04"').transactions
    assert sale.amount == Decimal("-0.04")


def test_the_effective_day_counts_and_the_posting_day_covers() -> None:
    reading = history('"09/16/2020 as of 09/15/2020","Bank Interest","","BANK INT","","","","$0.05"')
    assert reading.transactions[0].date == dt.date(2020, 9, 15)
    assert reading.coverage == (dt.date(2020, 9, 16), dt.date(2020, 9, 16))


def test_a_reverse_split_gives_both_its_rows_one_symbol() -> None:
    split = [row for row in read(fixture("transactions_2020.csv")).transactions if row.symbol == "IAU"][:2]
    assert [(row.quantity, row.cusip) for row in split] == [(5, None), (-10, "464285105")]
    assert {row.kind for row in split} == {TransactionKind.SPLIT}


def test_a_reverse_split_of_two_likely_stocks_is_not_guessed() -> None:
    rows = [
        '"10/22/2020","Reverse Split","AAAA","ISHARES","5","","",""',
        '"10/22/2020","Reverse Split","BBBB","ISHARES GOLD","5","","",""',
        '"10/22/2020","Reverse Split","464285105","ISHARES GOLD XXXREVERSE SPLIT","-10","","",""',
    ]
    assert history(*rows).transactions[2].symbol is None


def test_a_cash_merger_is_one_sale() -> None:
    paid = '"10/12/2020","Cash Merger","OLDE","OLDE CO","","","","$1,000.00"'
    gone = '"10/12/2020","Cash Merger Adj","OLDE","OLDE CO","-100","","",""'
    (sale,) = history(paid, gone).transactions
    assert (sale.kind, sale.quantity, sale.amount) == (TransactionKind.SELL, -100, 1000)


def test_a_cash_merger_with_stock_or_paid_twice_is_not_guessed() -> None:
    paid = '"10/12/2020","Cash Merger","OLDE","OLDE CO","","","","$1,000.00"'
    gone = '"10/12/2020","Cash Merger Adj","OLDE","OLDE CO","-100","","",""'
    stock = '"10/12/2020","Stock Merger","NEWC","NEW CORP","50","","",""'
    for rows in ((paid, gone, stock), (paid, paid, gone)):
        assert {row.kind for row in history(*rows).transactions} == {TransactionKind.OTHER}


BUY = '"01/05/2026","Buy","KO","COCA COLA CO","10","$70.00","","-$700.00"'


def test_a_cancelled_trade_goes_with_its_cancellation() -> None:
    cancel = '"01/06/2026","Cancel Buy","KO","COCA COLA CO","-10","$70.00","","$700.00"'
    reading = history(cancel, BUY, BUY)
    assert len(reading.transactions) == 1
    assert [(entry.row, entry.why) for entry in reading.set_aside] == [
        (3, "a cancelled trade"),
        (2, "a cancelled trade"),
    ]
    with pytest.raises(InputError, match=r'row 2: "Cancel Buy" without the trade that it takes back'):
        history(cancel, BUY.replace("700", "710").replace("70.00", "71.00"))


def test_rows_from_td_ameritrade_name_their_ticker_in_the_description() -> None:
    bought = '"04/12/2021","Buy","11111A111","TDA TRAN - Bought 5 (AAA) @4.8800","5","$4.88","","-$24.40"'
    bill = '"04/12/2021","Buy","912796TP4","US TREASURY BILL","5000","$99.22","","-$4961.20"'
    reading = history(bought, bill)
    (row,) = reading.transactions
    assert (row.symbol, row.cusip, row.quantity) == ("AAA", "11111A111", 5)
    assert [entry.symbol for entry in reading.set_aside] == ["912796TP4"]


def test_an_exchange_of_a_stock_is_no_option() -> None:
    row = '"01/05/2026","Exchange or Exercise","KO","COCA COLA CO","-10","","",""'
    assert history(row).transactions[0].quantity == -10
    assert history(row.replace('"KO"', '"KO 01/17/2026 55.00 C"')).set_aside[0].why == "an option"


def test_transfers_take_their_kind_from_their_sign() -> None:
    rows = history(
        '"01/05/2026","Journaled Shares","KO","COCA COLA CO","-2","","",""',
        '"01/05/2026","Security Transfer","KO","COCA COLA CO","2","","",""',
        '"01/05/2026","Journal","","JOURNAL","","","","-$5.00"',
        '"01/05/2026","MoneyLink Transfer","","Tfr","","","","$5.00"',
    ).transactions
    assert [row.kind.value for row in rows] == ["transfer_out", "transfer_in", "withdrawal", "deposit"]


def test_identical_rows_are_two_rows() -> None:
    row = '"01/05/2026","Journal","","JOURNAL","","","","-$45.00"'
    assert len(history(row, row).transactions) == 2


def test_the_json_history_needs_its_rows_and_its_span() -> None:
    text = (FOLDER / "transactions.json").read_text()
    for broken in (text.replace("[", '{"a": [').replace("]", "]}"), f"[{text}]"):
        with pytest.raises(InputError, match="no list of rows"):
            brokers.read_document(Document("x.json", broken.encode()))
    with pytest.raises(InputError, match="FromDate"):
        brokers.read_document(Document("x.json", text.replace('"FromDate": "01/01/2025",', "").encode()))


# -- realized and 1099 ------------------------------------------------------------------------------------------------


def test_a_disallowed_loss_is_positive_whatever_its_sign_in_the_file() -> None:
    sales = {sale.symbol: sale for sale in read(fixture("realized.csv")).sales}
    assert (sales["PFE"].disallowed, sales["T"].disallowed, sales["KO"].disallowed) == (250, 50, 0)
    assert sales["PFE"].gain == -250
    assert sales["T"].acquired is None


def test_a_wash_sale_flag_that_contradicts_its_amount_is_refused() -> None:
    said = refusal(fixture("realized.csv", ('"Yes","$250.00"', '"No","$250.00"')))
    assert '"Wash Sale?" is No and yet 250.00 is disallowed' in said


def test_a_short_sale_is_set_aside() -> None:
    aside = {entry.symbol: entry.why for entry in read(fixture("realized.csv")).set_aside}
    assert aside["TSLA"] == "a short sale"


def test_a_1099_without_sales_is_refused() -> None:
    text = fixture("form_1099b.csv")
    assert 'no section "Form 1099 B"' in refusal(text[: text.index('"Form 1099 B"')])


# -- the public samples -----------------------------------------------------------------------------------------------

OUTCOMES = {
    **{f"lots__{n}.csv": f"{lots} lots" for n, lots in enumerate([1, 2, 2, 1, 1, 2], start=1)},
    **{f"positions__{n}.csv": f"{held} positions" for n, held in enumerate([2, 1, 2], start=1)},
    **{
        f"transactions__{n}.csv": f"{rows} transactions"
        for n, rows in enumerate([17, 20, 11, 31, 11, 18, 9, 7, 5, 2, 4, 112, 8], start=1)
    },
    "checking__1.csv": "the history of a bank account",
    "checking__2.csv": "the history of a bank account",
    "equity_awards__1.csv": "the history of equity awards",
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
@pytest.mark.parametrize("name", OUTCOMES)
def test_public_samples_are_read_whole_or_refused_for_the_right_reason(name: str) -> None:
    outcome = OUTCOMES[name]
    count, _, kind = outcome.partition(" ")
    if not count.isdigit():
        with pytest.raises(InputError, match=outcome):
            brokers.read(SAMPLES / name)
        return
    reading = brokers.read(SAMPLES / name)
    assert reading.kinds == (kind,)
    assert len(getattr(reading, kind)) == int(count)
    # All that is not in the reading is set aside; cash and the two-row cash merger are the rest.
    rest = reading.rows - int(count) - len(reading.set_aside) - len(reading.cash)
    assert rest == (1 if name == "transactions__9.csv" else 0)
    assert not reading.unknown_columns


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
def test_totals_of_public_samples() -> None:
    held = {entry.symbol: entry for entry in brokers.read(SAMPLES / "positions__3.csv").positions}
    assert (held["BND"].quantity, held["BND"].basis) == (Decimal("36.8179"), Decimal("1801.19"))
    assert brokers.read(SAMPLES / "positions__1.csv").cash == {"XXXX-1234": 0, "XXXX-4321": 2000}
    lots = brokers.read(SAMPLES / "lots__3.csv").lots
    assert sum(lot.quantity for lot in lots) == 40
    assert sum(lot.basis or 0 for lot in lots) == 280
    rows = brokers.read(SAMPLES / "transactions__3.csv").transactions
    assert sum(row.amount or 0 for row in rows) == Decimal("-1097.10")  # the file's own total is wrong
    rows = brokers.read(SAMPLES / "transactions__5.csv").transactions
    assert sum(row.quantity or 0 for row in rows if row.symbol == "BND") == Decimal("34.9599")
