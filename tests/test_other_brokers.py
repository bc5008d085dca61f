"""Robinhood, Merrill, M1, J.P. Morgan, TD Ameritrade, Webull, Wealthfront: what the golden pairs cannot say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dicli import brokers
from dicli.errors import InputError
from dicli.model import Reading, Term, TransactionKind
from tests.broker_text import changed, read, refusal

FOLDER = Path(__file__).parent / "brokers"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples"


def fixture(name: str, *changes: tuple[str, str]) -> str:
    return changed(FOLDER / name, *changes)


# -- Robinhood --------------------------------------------------------------------------------------------------------

ROBINHOOD = (
    '"Activity Date","Process Date","Settle Date","Instrument","Description","Trans Code","Quantity","Price","Amount"\n'
)


def robinhood(*rows: str, ignored: tuple[str, ...] = ()) -> Reading:
    dates = '"8/14/2026","8/14/2026","8/17/2026"'
    return read(ROBINHOOD + "".join(f"{dates},{row}\n" for row in rows), *ignored)


def robinhood_refusal(*rows: str) -> str:
    with pytest.raises(InputError) as refused:
        robinhood(*rows)
    return "\n".join(str(fault) for fault in refused.value.faults)


def test_every_unknown_code_is_named_with_its_row() -> None:
    said = robinhood_refusal('"KO","Coca-Cola","LEND","1","",""', '"KO","Coca-Cola","XYZ","1","",""')
    assert 'x.csv, row 2: unknown trans code "LEND"' in said
    assert 'x.csv, row 3: unknown trans code "XYZ"' in said
    assert '"ignore_actions"' in said


def test_an_ignored_code_is_set_aside() -> None:
    reading = robinhood('"KO","Coca-Cola","LEND","1","",""', ignored=("lend",))
    assert [entry.why for entry in reading.set_aside] == ['"LEND" is in ignore_actions']


@pytest.mark.parametrize("code", ["STO", "BTO", "BTC", "STC", "OEXP", "OASGN", "OCA", "OEXCS"])
def test_options_are_set_aside(code: str) -> None:
    reading = robinhood(f'"SPY","SPY 11/20/2026 Call $700.00","{code}","1S","$4.10","$409.96"')
    assert not reading.transactions
    assert [entry.why for entry in reading.set_aside] == ["an option"]


@pytest.mark.parametrize(
    ("row", "kind", "quantity", "amount"),
    [
        ('"KO","Coca-Cola\nCUSIP: 191216100","Buy","2","$70.00","($140.00)"', "buy", "2", "-140.00"),
        ('"KO","Coca-Cola\nCUSIP: 191216100\nDividend Reinvestment","Buy","2","$70","($140)"', "reinvest", "2", "-140"),
        ('"KO","Coca-Cola\nCUSIP: 191216100\nDividend reinvested","Buy","2","$70","($140)"', "reinvest", "2", "-140"),
        ('"KO","Coca-Cola\nCUSIP: 191216100\nRecurring","Buy","2","$70","($140)"', "buy", "2", "-140"),
        ('"KO","Coca-Cola","Sell","2","$70.00","$139.99"', "sell", "-2", "139.99"),
        ('"NFLX","Netflix","SPL","66.5","",""', "split", "66.5", None),
        ('"F","Ford","REC","1","",""', "buy", "1", None),
        ('"KO","Old","SXCH","12S","",""', "other", "-12", None),
        ('"KO","ACAT out","ACATO","12S","",""', "transfer_out", "-12", None),
        ('"KO","Cash Div","CDIV","","","$3.45"', "dividend", None, "3.45"),
        ('"","Interest","INT","","","$1.12"', "interest", None, "1.12"),
        ('"","Withdrawal","ACH","","","($100.00)"', "withdrawal", None, "-100.00"),
        ('"","Transfer","ITRF","","","$100.00"', "deposit", None, "100.00"),
        ('"NVO","ADR fee","AFEE","","","($0.45)"', "fee", None, "-0.45"),
        ('"NVO","Tax","DTAX","","","($1.13)"', "tax", None, "-1.13"),
        ('"KO","Return of capital","ROC","","","$1.00"', "other", None, "1.00"),
    ],
)
def test_what_each_code_means(row: str, kind: str, quantity: str | None, amount: str | None) -> None:
    (found,) = robinhood(row).transactions
    assert (found.kind.value, found.quantity, found.amount) == (
        kind,
        None if quantity is None else Decimal(quantity),
        None if amount is None else Decimal(amount),
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"KO","Coca-Cola","Buy","2","$70.00","$140.00"', "the signs contradict it"),
        ('"KO","Coca-Cola","Sell","2","$70.00","($140.00)"', "the signs contradict it"),
        ('"KO","Coca-Cola","Sell","2S","$70.00","$140.00"', "the signs contradict it"),
        ('"KO","Coca-Cola","Buy","20","$70.00","($140.00)"', "are not -140.00"),
        ('"KO","Coca-Cola","Buy","","$70.00","($140.00)"', "without a symbol or a quantity"),
        ('"KO","Coca-Cola","Buy","2","$70.00",""', "without an amount"),
        ('"KO","Cash Div","CDIV","2","","$3.45"', "with a quantity of shares"),
        ('"","Transfer","ACH","","",""', "neither a quantity nor an amount"),
        ('"BRKB","A name that settles nothing","Buy","2","$70.00","($140.00)"', "may be BRK.B or a ticker of its own"),
        ('"Coca-Cola","KO","Buy","2","$70.00","($140.00)"', "where a symbol is expected"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(row: str, said: str) -> None:
    assert said in robinhood_refusal(row)


def test_robinhoods_disclaimer_ends_the_table_and_nothing_may_follow() -> None:
    row = '"8/14/2026","8/14/2026","8/17/2026","KO","Coca-Cola","Buy","2","$70.00","($140.00)"\n'
    foot = '"","","","","","","","","","The data provided is for\ninformational purposes only."\n'
    assert len(read(ROBINHOOD + row + '""\n' + foot).transactions) == 1
    assert "after its end" in refusal(ROBINHOOD + row + foot + row)


def test_robinhood_with_several_accounts_keeps_them_apart() -> None:
    reading = read(fixture("robinhood/activity_accounts.csv"))
    assert {(row.account, row.symbol) for row in reading.transactions if row.symbol} == {
        ("Individual", "AMD"),
        ("Roth IRA", "AMD"),
    }
    assert (
        read(fixture("robinhood/activity_accounts.csv", ("Roth IRA", "Cash"), ("Individual", "Margin"))).accounts == ()
    )


def test_a_suppressed_row_is_refused_because_its_meaning_is_not_known() -> None:
    assert "suppressed" in refusal(fixture("robinhood/activity_accounts.csv", ("$480.30,false", "$480.30,true")))


def test_a_1099_tells_covered_lots_unknown_bases_and_wash_sales() -> None:
    washed, _, various, unknown = read(fixture("robinhood/form_1099.csv")).sales
    assert (washed.disallowed, washed.covered, washed.term) == (Decimal("142.28"), True, Term.SHORT)
    assert various.acquired is None
    assert (unknown.basis, unknown.covered, unknown.term) == (None, False, None)
    assert {sale.symbol for sale in (washed, various, unknown)} == {""}


def test_a_1099_with_a_row_outside_its_table_or_too_large_a_wash_sale_is_refused() -> None:
    assert "is disallowed of a loss of 377.58" in refusal(fixture("robinhood/form_1099.csv", ("142.28", "1422.8")))
    text = fixture("robinhood/form_1099.csv")
    row = next(line for line in text.splitlines() if "DISNEY" in line)
    assert "stands outside its table" in refusal(
        text.replace(row + "\n", "").replace("1099-DIV,ACC", f"{row}\n1099-DIV,ACC")
    )
    assert "a row of 1099-B is expected here" in refusal(text + "Total,1,2,3\n")


def test_the_old_layout_is_read_day_first_only_where_the_file_proves_it() -> None:
    assert read(fixture("robinhood/statements_2016.csv")).transactions[0].date == dt.date(2016, 11, 7)
    month_first = fixture("robinhood/refused_2016_ambiguous.csv", ("12/11/2016", "11/13/2016"))
    assert "nothing in the file proves it" in refusal(month_first)
    late = fixture("robinhood/statements_2016.csv", ("18/11/2016", "18/12/2016"))
    assert "traded on 2016-11-15 and settled on 2016-12-18" in refusal(late)


def test_money_funds_bonds_and_impossible_dates_at_robinhood() -> None:
    aside = robinhood(
        '"SPAXX","A fund","Buy","2","$1.00","($2.00)"', '"912797KJ5","A bill","Buy","2","$99","($198)"'
    ).set_aside
    assert [entry.why.split(",")[0] for entry in aside] == ["a money-market fund", "a bond"]
    assert "a disallowed loss of -142.28" in refusal(fixture("robinhood/form_1099.csv", ("142.28", "-142.28")))
    old = "robinhood/statements_2016.csv"
    assert '"32/11/2016" where a date like 31/12/2016' in refusal(fixture(old, ("15/11/2016", "32/11/2016")))
    assert "cannot be right" in refusal(fixture(old, ("BUY,3", "BUY,-3")))
    assert "a movement of cash with a quantity" in refusal(fixture(old, (",,,0,250", ",,2,0,250")))
    assert [entry.symbol for entry in read(fixture(old, (",VTI,", ",912797KJ5,"))).set_aside] == ["912797KJ5"] * 5


# -- Merrill ----------------------------------------------------------------------------------------------------------


def test_merrills_basis_is_the_value_less_the_gain_and_unknown_without_a_gain() -> None:
    basis = {(entry.account, entry.symbol): entry.basis for entry in read(fixture("merrill/holdings.csv")).positions}
    assert basis["31X-70418", "ADBE"] == Decimal("2888.28") + Decimal("512.30")
    assert basis["31X-70418", "BRK.B"] is None


def test_merrills_cash_is_by_account_and_its_oddities_are_set_aside() -> None:
    reading = read(fixture("merrill/holdings.csv"))
    assert reading.cash == {"31X-70418": Decimal("774.00"), "42X-49U23": Decimal("157.71")}
    why = [entry.why for entry in reading.set_aside]
    assert {"a short position", "an option"} <= set(why)


def test_a_holding_that_comes_twice_in_one_account_is_refused() -> None:
    assert '"VFIAX" comes twice' in refusal(fixture("merrill/holdings.csv", ('"BRKB"', '"VFIAX"')))


def test_an_undotted_class_needs_its_name_or_cusip() -> None:
    changes = ('"084670702"', '"000000000"'), ("BERKSHIRE HATHAWAY INC CL B", "SOMETHING ELSE")
    assert "may be BRK.B or a ticker of its own" in refusal(fixture("merrill/holdings.csv", *changes))
    assert any(entry.symbol == "BRK.B" for entry in read(fixture("merrill/holdings.csv", changes[0])).positions)


def test_a_reinvestment_is_one_purchase_at_what_its_cash_row_paid() -> None:
    found = [
        row
        for row in read(fixture("merrill/activity_download.csv")).transactions
        if row.quantity and row.symbol == "KO"
    ]
    assert [(row.kind, row.quantity, row.amount) for row in found] == [
        (TransactionKind.REINVEST, Decimal("0.437"), Decimal("-30.60"))
    ]
    apart = read(fixture("merrill/activity_download.csv", ('"COCA COLA COMPANY","KO"', '"COCA COLA COMPANY","PEP"')))
    assert [row.amount for row in apart.transactions if row.kind is TransactionKind.REINVEST] == [None]
    assert "the cash of a reinvestment whose shares are not on that day" in {entry.why for entry in apart.set_aside}


def test_due_bills_are_left_out_only_where_they_cancel_out() -> None:
    assert [
        row.quantity for row in read(fixture("merrill/activity_download.csv")).transactions if row.symbol == "NOW"
    ] == [24]
    one = read(fixture("merrill/activity_download.csv", ('"NOW","(24)"', '"NOW","(20)"')))
    assert [row.quantity for row in one.transactions if row.symbol == "NOW"] == [-20, 24, 24]


def test_settlement_dates_alone_are_announced() -> None:
    reading = read(fixture("merrill/activity_2026_10.csv"))
    assert "only settlement dates" in reading.set_aside[0].why
    assert not any("settlement" in entry.why for entry in read(fixture("merrill/activity_page.csv")).set_aside)


def test_an_export_of_several_accounts_without_an_account_column_is_refused() -> None:
    named = "CMA-Edge 31X-70418"
    assert "names more than one" in refusal(fixture("merrill/activity_2026_10.csv", (named, f"{named}, IRA 42X-49U23")))
    assert "names more than one" in refusal(fixture("merrill/activity_2026_10.csv", (named, "All accounts")))


def test_merrills_unknown_words_and_contradicting_signs_are_refused_together() -> None:
    said = refusal(
        fixture("merrill/activity_page.csv", ("Funds Received PNC", "Lent Out PNC"), ("-$4,556.70", "$4,556.70"))
    )
    assert 'x.csv, row 9: unknown action "Lent Out PNC Bk NA"' in said
    assert "x.csv, row 7:" in said
    assert "the signs contradict it" in said
    text = fixture("merrill/activity_page.csv", ("Funds Received PNC", "Lent Out PNC"))
    assert "ignore_actions" in next(entry.why for entry in read(text, "lent out").set_aside)


@pytest.mark.parametrize(
    ("symbol", "row", "why"),
    [
        ("912797KJ5", ("30", "-$4,556.70"), "a bond, bill or other security known by its CUSIP only"),
        ("TMCXX", ("30", "-$4,556.70"), "a money-market fund, counted as cash"),
    ],
)
def test_what_merrill_purchases_are_set_aside(symbol: str, row: tuple[str, str], why: str) -> None:
    reading = read(fixture("merrill/activity_page.csv", ('"PG" ,"30"', f'"{symbol}" ,"30"')))
    assert [entry.why for entry in reading.set_aside] == [why]


def test_merrill_rows_that_move_nothing_and_shares_that_move_are_told_apart() -> None:
    nothing = read(fixture("merrill/activity_page.csv", ('"$10,000.00"', '"$0.00"')))
    assert [entry.why for entry in nothing.set_aside] == ["it moves neither shares nor cash"]
    moved = read(fixture("merrill/activity_page.csv", ("Sale  ADOBE", "Delivered  ADOBE"), ('"$732.30"', '""')))
    assert (moved.transactions[3].kind, moved.transactions[3].quantity) == (TransactionKind.TRANSFER_OUT, -3)
    text = fixture("merrill/activity_page.csv", ('"PG" ,"30"', '"PG" ,""'))
    assert '"Purchase" without a symbol or a quantity' in refusal(text)


def test_account_numbers_with_letters_at_their_end_are_told_apart() -> None:
    assert brokers.account_matches("49U23", "42X-49U23")
    assert brokers.account_matches("9U23", "42X-49U23")
    assert not brokers.account_matches("9U24", "42X-49U23")
    assert not brokers.account_matches("23", "42X-49U23")
    assert brokers.shown_digits("42X-49U23") == "9U23"


# -- M1 ---------------------------------------------------------------------------------------------------------------


def test_a_closed_lots_proceeds_are_its_basis_and_its_gain() -> None:
    washed, long, _ = read(fixture("m1/closed_lots.csv")).sales
    assert (washed.proceeds, washed.basis, washed.disallowed) == (
        Decimal("1138.63"),
        Decimal("1180.40"),
        Decimal("41.77"),
    )
    assert (long.term, long.disallowed) == (Term.LONG, Decimal(0))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("m1/closed_lots.csv", ",22.05,", ",,", "a closed lot has a close date and a realized gain"),
        ("m1/open_lots.csv", ",1352.59,,,,", ",1352.59,,,12.00,", "a closed lot has a close date and a realized gain"),
        ("m1/open_lots.csv", "80110977", "80110234", "the lot 80110234 comes twice"),
        ("m1/open_lots.csv", "true,41.77", "false,41.77", "no wash sale and yet 41.77 is disallowed"),
        ("m1/open_lots.csv", "true,41.77", "maybe,41.77", 'unknown wash sale indicator "maybe"'),
        ("m1/closed_lots.csv", "2022-05-16", "2026-05-16", "before the purchase"),
        ("m1/holdings.csv", "SCHD", "VTI", '"VTI" comes twice'),
        ("m1/holdings.csv", "8235.00", "9235.00", "do not make a value of 9235.00"),
        ("m1/holdings.csv", "228.94", "28.94", "30.5 shares at 28.94 are not 6982.67"),
        ("m1/activity.csv", '"SOLD"', '"SWAPPED"', 'row 3: unknown transaction type "SWAPPED"'),
        ("m1/activity.csv", '"81.30"', '"-81.30"', "the signs contradict it"),
        ("m1/activity.csv", '"Sep 22, 2025","Sep 23', '"22 of September","Sep 23', "where a date"),
    ],
)
def test_what_m1_files_are_refused_for(file: str, old: str, new: str, said: str) -> None:
    assert said in refusal(fixture(file, (old, new)))


def test_m1_activity_without_signs_is_read_by_its_type() -> None:
    reading = read(fixture("m1/activity.csv", ('"-150.25"', '"150.25"')))
    assert reading.transactions[0].amount == Decimal("-150.25")


def test_m1_moves_of_shares_and_money_funds() -> None:
    def activity(kind: str, symbol: str, units: str, amount: str, price: str = "") -> Reading:
        head = fixture("m1/activity.csv").splitlines()[0]
        row = ["Sep 22, 2025", "Sep 22, 2025", symbol, "A name", kind, amount, units, "", price, "", ""]
        return read(head + "\n" + ",".join(f'"{cell}"' for cell in row) + "\n")

    (moved,) = activity("TRANSFER", "VTI", "-4", "0.00").transactions
    assert (moved.kind, moved.quantity) == (TransactionKind.TRANSFER_OUT, -4)
    (split,) = activity("SPLIT", "VTI", "4", "0.00").transactions
    assert (split.kind, split.quantity, split.amount) == (TransactionKind.SPLIT, 4, None)
    (out,) = activity("WITHDRAWAL", "", "", "25.00").transactions
    assert (out.kind, out.amount) == (TransactionKind.WITHDRAWAL, -25)
    assert [entry.why for entry in activity("PURCHASED", "VMFXX", "4", "-4.00", "1.00").set_aside] == [
        "a money-market fund, counted as cash"
    ]
    with pytest.raises(InputError, match="without a symbol or units"):
        activity("PURCHASED", "", "4", "-4.00")
    with pytest.raises(InputError, match="without a symbol or units"):
        activity("SPLIT", "VTI", "", "0.00")
    with pytest.raises(InputError, match="the sign contradicts it"):
        activity("DEPOSIT", "", "", "-4.00")
    held = read(fixture("m1/holdings.csv") + "VMFXX,Federal money market,10,1.00,10.00,0.00,0.00,10.00\n")
    assert held.cash == {"": Decimal("10.00")}


# -- J.P. Morgan ------------------------------------------------------------------------------------------------------


def test_a_lots_basis_is_its_cost_or_else_the_unit_cost_times_the_shares() -> None:
    assert [lot.basis for lot in read(fixture("jpmorgan/lots.csv")).lots] == [2375, 2410, Decimal("610.8")]
    adjusted, plain = read(fixture("jpmorgan/lots_wide.csv")).lots
    assert (adjusted.basis, adjusted.disallowed) == (Decimal("4962.88"), Decimal("100.00"))
    assert (adjusted.acquired, adjusted.holding_from) == (dt.date(2026, 8, 25), dt.date(2026, 6, 12))
    assert plain.acquired == plain.holding_from


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("jpmorgan/lots_wide.csv", "06/12/2026", "09/12/2026", "after the purchase on 2026-08-25"),
        ("jpmorgan/lots_wide.csv", '"25","USD"', '"25","CAD"', 'the currency is "CAD"'),
        ("jpmorgan/lots_wide.csv", "4,962.88", "49,628.80", "25 shares at 198.5152 are not 49628.80"),
        ("jpmorgan/lots.csv", '"...2180","Brokerage","","BERK', '"","Brokerage","","BERK', "a row without an account"),
        ("jpmorgan/positions.csv", "KO,191216100", "VOO,191216100", '"VOO" comes twice'),
        ("jpmorgan/positions.csv", "FOOTNOTES", "Note", 'row 5: column "Quantity" has nothing'),
    ],
)
def test_what_jpmorgan_files_are_refused_for(file: str, old: str, new: str, said: str) -> None:
    assert said in refusal(fixture(file, (old, new)))


# -- TD Ameritrade ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("tdameritrade/transactions.csv", "***END OF FILE***\n", "", "seems to be cut off"),
        ("tdameritrade/transactions.csv", "FREE BALANCE", "LENT", 'row 9: unknown description "LENT INTEREST'),
        ("tdameritrade/transactions.csv", "-4145.95", "4145.95", "the signs contradict it"),
        ("tdameritrade/transactions.csv", ",10,SPY", ",100,SPY", "100 shares at 413.90 are not"),
        ("tdameritrade/transactions.csv", ",10,SPY", ",,SPY", "without a symbol, a quantity or an amount"),
        ("tdameritrade/gain_loss.csv", "Total:", "Sum:", "where a name with the symbol in parentheses is expected"),
        ("tdameritrade/gain_loss.csv", "9,395.62", "9,295.62", "is not a gain of -1983.61"),
        ("tdameritrade/gain_loss.csv", "Coca Cola Co. (KO)", "Coca Cola Co.", "the symbol in parentheses"),
        ("tdameritrade/gain_loss.csv", "Sell.FIFO,200.", "Buy.FIFO,200.", 'unknown type of transaction "Buy.FIFO"'),
        ("tdameritrade/gain_loss.csv", "1/14/2020", "4/14/2020", "before the purchase"),
    ],
)
def test_what_td_ameritrade_files_are_refused_for(file: str, old: str, new: str, said: str) -> None:
    assert said in refusal(fixture(file, (old, new)))


def test_gains_without_their_total_are_cut_off() -> None:
    text = fixture("tdameritrade/gain_loss.csv")
    assert '"Total:" at the end is missing' in refusal(text[: text.index("Total:")])


def test_fees_are_unknown_where_a_column_of_them_is_missing() -> None:
    sold = read(fixture("tdameritrade/transactions.csv")).transactions[3]
    assert sold.fees == Decimal("0.03")
    assert read(fixture("tdameritrade/transactions.csv", ("REG FEE", "Column"))).transactions[3].fees is None


def test_a_transfer_out_takes_shares() -> None:
    text = fixture("tdameritrade/transactions.csv", ("SECURITY OR OPTION IN", "SECURITY OR OPTION OUT"))
    moved = next(row for row in read(text).transactions if row.symbol == "VTI")
    assert (moved.kind, moved.quantity) == (TransactionKind.TRANSFER_OUT, -12)


# -- Webull -----------------------------------------------------------------------------------------------------------


def test_the_part_that_was_filled_before_a_cancellation_counts() -> None:
    bought = next(row for row in read(fixture("webull/orders.csv")).transactions if row.symbol == "PFE")
    assert (bought.quantity, bought.amount, bought.time) == (30, Decimal("-719.70"), "15:41:09")


def test_webulls_missing_fees_are_announced() -> None:
    reading = read(fixture("webull/orders.csv"))
    assert "no fees" in reading.set_aside[0].why
    assert {row.fees for row in reading.transactions} == {None}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Sell,Filled,40,40", "Sell,Filled,40,30", "40 shares are filled in an order"),
        ("Sell,Filled,40,40", "Sell,Filled,0,40", '0 shares are filled in an order whose status is "Filled"'),
        ("Sell,Filled,40,40", "Sell,Lost,40,40", 'unknown status "Lost"'),
        ("Sell,Filled,40,40", "Lend,Filled,40,40", 'unknown side "Lend"'),
        ("12.6125", "-12.6125", "an average price of -12.6125"),
        ("06/02/2026 10:20:11 EDT", "", "where a date"),
        ("Berkshire Hathaway,BRK B", "Something,BRKB", "may be BRK.B or a ticker of its own"),
    ],
)
def test_what_orders_are_refused_for(old: str, new: str, said: str) -> None:
    assert said in refusal(fixture("webull/orders.csv", (old, new)))


def test_short_sales_at_webull_are_set_aside() -> None:
    reading = read(fixture("webull/orders.csv", ("F,Sell,", "F,Short,")))
    assert "a short position" in {entry.why for entry in reading.set_aside}


# -- Wealthfront ------------------------------------------------------------------------------------------------------


def test_wealthfronts_sums_must_agree() -> None:
    assert "less a cost of 772.35 is not a gain of -13.25" in refusal(
        fixture("wealthfront/lots.csv", ("-31.25", "-13.25"))
    )


def test_wealthfronts_headings_may_be_other_words() -> None:
    names, headings = read(fixture("wealthfront/lots.csv")), read(fixture("wealthfront/lots_headings.csv"))
    assert [(lot.symbol, lot.basis, lot.acquired) for lot in names.lots[:2]] == [
        (lot.symbol, lot.basis, lot.acquired) for lot in headings.lots
    ]


# -- samples ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
def test_the_old_robinhood_sample_adds_up() -> None:
    rows = brokers.read(SAMPLES / "robinhood" / "activity_old__1.csv").transactions
    assert len(rows) == 13
    assert sum(row.quantity or 0 for row in rows) == 0
    assert sum(row.amount or 0 for row in rows) == Decimal("74.10")
    assert (min(row.date for row in rows), max(row.date for row in rows)) == (
        dt.date(2016, 12, 5),
        dt.date(2017, 1, 31),
    )


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
def test_the_td_ameritrade_sample_adds_up_to_its_total() -> None:
    sales = brokers.read(SAMPLES / "tdameritrade" / "gainloss__1.csv").sales
    assert [sale.symbol for sale in sales] == ["ABC", "BAR", "XYZ"]
    assert sum(sale.basis or 0 for sale in sales) == Decimal("4606.92")
    assert sum(sale.proceeds or 0 for sale in sales) == Decimal("4692.14")


# -- the example in CONTRIBUTING.md -----------------------------------------------------------------------------------


def test_the_example_for_newcomers_works(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example: dict[str, Any] = {"__name__": "example"}
    exec(guide.partition("```python\n")[2].partition("```")[0], example)
    monkeypatch.setattr(brokers, "FORMATS", (*brokers.FORMATS, *example["FORMATS"]))
    text = (
        "Example Brokerage\n\nTicker,Security,Shares,Bought On,Total Cost ($)\n"
        'BRKB,Berkshire Hathaway,1.5,03/04/2024,"$1,234.50"\nSPAXX,A fund,3,03/04/2024,$3.00\nTotal,,,,"$1,237.50"\n'
    )
    reading = read(text)
    assert [(lot.symbol, lot.quantity, lot.basis) for lot in reading.lots] == [
        ("BRK.B", Decimal("1.5"), Decimal("1234.50"))
    ]
    assert [entry.why for entry in reading.set_aside] == ["a money-market fund, counted as cash"]
    assert 'the header has no column "total cost"' in refusal(text.replace("Total Cost", "Sum"))
