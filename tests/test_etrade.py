"""E*TRADE's files: what the golden pairs cannot say, chiefly what is refused and why."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from dicli import brokers
from dicli.model import Term, TransactionKind
from tests.broker_text import changed, read, refusal

FOLDER = Path(__file__).parent / "brokers" / "etrade"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "etrade"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
Rows = Sequence[Sequence[str | float]]


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """A workbook with these sheets, the smallest that spreadsheet readers open."""
    out = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n in numbers
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        f"{types}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        + "</Relationships>",
    }
    for n, rows in zip(numbers, sheets.values(), strict=True):
        body = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
    with zipfile.ZipFile(out, "w") as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name), '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"


EXPANDED = (
    *("Record Type", "Symbol", "Plan Type", "Quantity", "Date Acquired", "Date Acquired (Wash Sale Toggle = On)"),
    *("Ordinary Income Recognized", "Adjusted Cost Basis", "Date Sold", "Total Proceeds", "Deferred Loss"),
    *("Adjusted Gain/Loss", "Capital Gains Status", "Wash Sale Adjusted Capital Gains Status"),
    "Total Wash Sale Adjusted Cost Basis",
)
SUMMARY = ("Summary", "", "", 32.5, "", "", "", "", "", "", "", -214.35, "", "", "")
WASHED = (
    *("Sell", "MEGA", "RS", 20, "02/15/2025", "11/20/2024", 4120.0, 4120.0, "03/14/2025", 3905.4, 260.1),
    *(-214.6, "Short", "Short", 4165.5),
)
PLAIN = (
    *("Sell", "MEGA", "ESPP", 12.5, "12/29/2023", "12/29/2023", 310.2, 2400.5, "03/14/2025", 2400.75, 0),
    *(0.25, "Long", "Long", 2400.5),
)
ESPP = (
    (
        "Record Type",
        "Symbol",
        "Purchase Date",
        "Purchase Price",
        "Net Shares",
        "Sellable Qty.",
        "Blocked Qty.",
        "Blocked",
    ),
    ("Purchase", "MEGA", "30-JUN-2025", 101.4, 14.25, 14.25, 0, "No"),
    ("Purchase", "MEGA", "31-DEC-2024", 99.1, 10, 0, 0, "No"),
    ("Totals", "", "", "", "", 14.25, "", ""),
)
RESTRICTED = (
    (
        *("Record Type", "Symbol", "Grant Date", "Sellable Qty.", "Grant Number", "Vest Period", "Vest Date"),
        *("Sellable Qty.", "Blocked Share Qty.", "Sellable Qty.", "Est. Cost Basis (per share):", "Release Date"),
    ),
    ("Grant", "MEGA", "15-FEB-2024", 9, "RU1001", "", "", "", "", "", "", ""),
    ("Vest Schedule", "", "", "", "RU1001", 1, "02/15/2025", 4, "", "", "", ""),
    ("Tax Withholding", "", "", "", "RU1001", 1, "", "", "", "", "", ""),
    ("Sellable Shares", "", "", "", "RU1001", 1, "", "", "", 4, 206.0, "15-FEB-2025"),
    ("Sellable Shares", "", "", "", "RU1001", 2, "", "", 5, "", 214.25, "15-MAY-2025"),
    ("Totals", "", "", 9, "", "", "", "", "", "", "", ""),
)


def fixture(name: str, *changes: tuple[str, str]) -> str:
    return changed(FOLDER / name, *changes)


# -- the portfolio ----------------------------------------------------------------------------------------------------


def test_positions_are_not_added_to_their_lots() -> None:
    reading = read(fixture("portfolio_lots.csv"))
    for symbol in ("BRK.B", "MSFT", "T"):
        held = sum(entry.quantity for entry in reading.positions if entry.symbol == symbol)
        assert held == sum(lot.quantity for lot in reading.lots if lot.symbol == symbol)


def test_days_and_prices_that_etrade_does_not_know_stay_unknown() -> None:
    no_day, no_price, _ = [lot for lot in read(fixture("portfolio_lots.csv")).lots if lot.symbol == "MSFT"]
    assert (no_day.acquired, no_day.basis) == (None, Decimal("1205.50"))
    assert (no_price.acquired, no_price.holding_from, no_price.basis) == (None, None, None)


def test_a_portfolio_that_was_not_expanded_says_so() -> None:
    (note,) = [entry for entry in read(fixture("portfolio.csv")).set_aside if entry.symbol is None]
    assert "the rows were not expanded" in note.why
    partly = fixture(
        "portfolio_lots.csv", ("     02/10/2023,28.25,.11,.39,200.0000,21.4025,22.0000,1369.5000,31.99,5650.0000\n", "")
    )
    assert [(entry.symbol, "not expanded" in entry.why) for entry in read(partly).set_aside][-1] == ("T", True)


def test_lots_of_what_is_set_aside_are_set_aside_with_it() -> None:
    reading = read(fixture("portfolio_lots.csv"))
    assert {lot.symbol for lot in reading.lots} == {"BRK.B", "MSFT", "T"}
    assert reading.cash == {"-4417": Decimal("1204.33") + Decimal("11034.4365")}


def test_a_file_without_its_end_says_that_it_may_be_cut() -> None:
    start = fixture("portfolio.csv").split("TOTAL")[0]
    assert "may have been cut off" in read(start).set_aside[-1].why


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("     03/04/2026,471.30", "     03/04/2026,412.10", "the last price here is not that of"),
        (
            "5.0000,401.20,5.2500,350.5000,17.47,2356.5000",
            "4.0000,401.20,,,,1885.20",
            "hold 11.0000 of its 12.0000 shares",
        ),
        ("BRK.B,471.30,1.05,.22,12.0000", "BRK.B,471.30,1.05,.22,120.000", "hold 12.0000 of its 120.000 shares"),
        ("TOTAL,,,,51138.39,-34.86,2211.03,4.41,52342.72,", "TOTAL,,,,,,,,42342.72,", "the TOTAL is 42342.72"),
        (",Quantity,", ",Menge,", 'the header has no column "quantity"'),
        (",Price Paid $,", ",Kaufpreis,", 'neither "Price Paid $" nor "Total Cost" is in this view'),
        ("MSFT,412.10,-2.40", ",412.10,-2.40", "a row without a symbol"),
        ("     11/12/2024,", "     13/12/2024,", 'column "Symbol" has "13/12/2024" where a date like 12/31/2025'),
    ],
)
def test_what_is_wrong_in_a_portfolio(old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture("portfolio_lots.csv", (old, new)))


def test_rows_that_were_moved_are_noticed() -> None:
    lot = "     11/12/2024,471.30,1.05,.22,5.0000,401.20,5.2500,350.5000,17.47,2356.5000\n"
    header = "Symbol,Last Price $"
    assert "stands above its header" in refusal(fixture("portfolio_lots.csv", (lot, ""), (header, lot + header)))
    below = fixture("portfolio_lots.csv", (lot, ""), ("Generated", lot + "Generated"))
    assert "a lot without the position that it belongs to" in refusal(below)


def test_the_same_row_twice_is_refused() -> None:
    row = "JNJ,158.90,.90,.57,30.0000,141.2000,27.0000,531.0000,12.53,4767.0000\n"
    assert "the same position comes twice" in refusal(fixture("portfolio.csv", (row, row + row)))


def test_two_accounts_in_one_file_are_refused() -> None:
    row = '"Brokerage -0208",9211.04,812.55,9.67\n'
    twice = fixture("portfolio_simple.csv", (row, row + row.replace("0208", "0209")))
    assert "several accounts in one file" in refusal(twice)


# -- gains and losses -------------------------------------------------------------------------------------------------


def test_each_date_is_known_by_its_neighbour() -> None:
    sale = read(fixture("gains.csv")).sales[0]
    assert (sale.acquired, sale.sold) == (dt.date(2026, 1, 14), dt.date(2026, 8, 17))
    assert 'no column "Date" stands before "cost/share"' in refusal(
        fixture("gains.csv", ("Quantity,Date,Cost/Share $,Total Cost $", "Quantity,Date,Total Cost $,Cost/Share $"))
    )


def test_a_deferred_loss_is_a_disallowed_one() -> None:
    assert [sale.disallowed for sale in read(fixture("gains.csv")).sales] == [0, Decimal("120.40"), 0, 0]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("     Sell,70,01", "     Sell,7,01", 'the rows below "CVS" have 57 in "Quantity", it has 120'),
        ("4188.13,-718.87", "4198.13,-708.87", 'the rows below "CVS" have 7189.44 in "Proceeds $", it has 7179.44'),
        ("-718.87", "718.87", "are not the gain of 718.87"),
        ("70.10,4907.00", "17.10,4907.00", "70 shares at 17.10 are not 4907.00"),
        ("Total,,,,11302.00,,,10439.56,-742.04,120.40,\n", "", 'the line "Total" at the end is missing'),
        ("CVS,120,--,--,8251.20,--,--,7179.44,-951.36,120.40,Short,--\n", "", "a closed lot without its symbol's row"),
        ("-232.49,120.40,Short", "-232.49,120.40,Shrt", 'unknown term "Shrt"'),
        ("     Sell,30,--,22.6667", "     Sell,30,01/32/2024,22.6667", '"01/32/2024" where a date'),
    ],
)
def test_what_is_wrong_in_gains(old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture("gains.csv", (old, new)))


def test_gains_of_one_symbol_vouch_for_no_period() -> None:
    assert read(fixture("gains.csv")).coverage == (dt.date(2026, 1, 1), dt.date(2026, 11, 20))
    assert read(fixture("gains.csv", ("11/20/2026,All,", "11/20/2026,CVS,"))).coverage is None


def test_the_workbook_of_gains() -> None:
    washed, plain = read(workbook({"G&L_Expanded": [EXPANDED, SUMMARY, WASHED, PLAIN]})).sales
    assert (washed.basis, washed.disallowed, washed.gain) == (Decimal("4165.5"), Decimal("260.1"), Decimal("-260.1"))
    assert (washed.acquired, washed.sold) == (dt.date(2025, 2, 15), dt.date(2025, 3, 14))
    assert (plain.symbol, plain.quantity, plain.term) == ("MEGA", Decimal("12.5"), Term.LONG)


def test_the_workbook_of_gains_has_to_add_up() -> None:
    assert "the rows' adjusted gains are -214.6" in refusal(
        workbook({"G&L_Expanded": [EXPANDED, (*SUMMARY[:11], -14.35, *SUMMARY[12:]), WASHED]})
    )
    assert 'unknown record type "Sold"' in refusal(workbook({"G&L_Expanded": [EXPANDED, ("Sold", *WASHED[1:])]}))


# -- the holdings of a stock plan -------------------------------------------------------------------------------------


def test_the_workbook_by_benefit_type() -> None:
    reading = read(workbook({"ESPP": ESPP, "Restricted Stock": RESTRICTED}))
    assert [(lot.symbol, lot.quantity, lot.acquired, lot.basis) for lot in reading.lots] == [
        ("MEGA", Decimal("14.25"), dt.date(2025, 6, 30), None),
        ("MEGA", 4, dt.date(2025, 2, 15), 824),
        ("MEGA", 5, dt.date(2025, 5, 15), Decimal("1071.25")),
    ]
    assert [entry.why.partition(":")[0] for entry in reading.set_aside] == ["a quantity of zero", "ESPP"]


def test_what_is_wrong_in_the_workbook_by_benefit_type() -> None:
    grantless = [RESTRICTED[0], *RESTRICTED[2:]]
    assert 'shares of grant "RU1001", whose own row is not above' in refusal(workbook({"Restricted Stock": grantless}))
    both = [*RESTRICTED[:5], (*RESTRICTED[5][:9], 3, *RESTRICTED[5][10:])]
    assert "3 and 5 shares: which of them are held is unknown" in refusal(workbook({"Restricted Stock": both}))
    other = [*RESTRICTED[:5], ("Sellable Share", *RESTRICTED[5][1:])]
    assert 'unknown record type "Sellable Share"' in refusal(workbook({"Restricted Stock": other}))


def test_a_sheet_of_options_is_named_and_left_out() -> None:
    reading = read(workbook({"ESPP": ESPP, "Options": [("Record Type", "Symbol"), ("Grant", "MEGA")]}))
    assert 'the sheet "Options"' in reading.set_aside[-1].why


# -- the histories ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("transactions.csv", "Sold Short,", "Sold Shrt,", 'row 15: unknown activity type "Sold Shrt"'),
        ("transactions.csv", "-90.0,31.427", "90.0,31.427", '"Sold" with quantity 90.0 and amount 2828.43: the signs'),
        ("transactions.csv", "-90.0,31.427", "-9.0,31.427", "-9.0 shares at 31.427 are not 2828.43"),
        ("transactions.csv", "BRK.B,--,7.0", "--,--,7.0", '"Bought" without a symbol or a quantity'),
        ("transactions.csv", ",,,-25.0,0.0", ",,,,0.0", '"Service Fee" without an amount'),
        ("transactions.csv", "PEP,--,12.0,,0.0", "PEP,--,,,", '"Transfer" with neither a quantity nor an amount'),
        ("transactions.csv", "01/05/26,01/05/26", "13/25/26,01/05/26", '"13/25/26" where a date'),
        ("transactions_old.csv", "AMZN,-2,3538.59", "AMZN,2,-3538.59", "the signs contradict it"),
        ("transactions_old.csv", "Sold,EQ", "0,EQ", 'unknown transactiontype "0"'),
        ("trades.csv", ",20,145,4.95", ",-20,145,4.95", "in a list of trades that has no signs"),
        ("trades.csv", ",Sell,QCOM", ",Mystery Order,QCOM", 'unknown order type "Mystery Order"'),
    ],
)
def test_what_is_wrong_in_a_history(name: str, old: str, new: str, expected: str) -> None:
    assert expected in refusal(fixture(name, (old, new)))


def test_unknown_actions_are_said_together_and_may_be_ignored() -> None:
    text = fixture("transactions.csv", ("Service Fee", "Foo"), ("Stock Split", "Bar"))
    said = refusal(text)
    assert '"Foo"' in said
    assert '"Bar"' in said
    assert {entry.why for entry in read(text, "foo", "bar").set_aside} >= {'"Foo" is in ignore_actions'}


def test_a_dividend_with_shares_is_a_reinvestment() -> None:
    rows = [row for row in read(fixture("transactions.csv")).transactions if row.symbol == "KO"]
    assert [(row.kind, row.quantity) for row in rows] == [
        (TransactionKind.REINVEST, Decimal("0.364")),
        (TransactionKind.DIVIDEND, None),
    ]


def test_notes_below_the_table_end_it() -> None:
    text = fixture("transactions.csv") + "Disclaimer,,,,,,,,,,,,\n"
    assert len(read(text).transactions) == 16
    row = "01/05/26,01/05/26,01/05/26,Bought,COCA COLA CO,KO,--,1.0,70.0,-70.0,0.0,--,--\n"
    assert "stands after its end" in refusal(text + row)


def test_the_list_of_trades_gets_its_signs_from_the_order() -> None:
    bought, sold = read(fixture("trades.csv")).transactions
    assert (bought.quantity, bought.amount) == (2, -840)
    assert (sold.quantity, sold.amount) == (-20, Decimal("2895.05"))


def test_rows_above_the_header_are_noticed() -> None:
    row = "12/31/19,Dividend,MF,PRGFX,0,381.33,0,0,PRICE T ROWE GROWTH STK FD      RECORD 12/27/19 PAY 12/30/19\n"
    moved = fixture("transactions_old.csv", (row, ""), ("TransactionDate", row + "\nTransactionDate"))
    assert "a row of the table stands above its header" in refusal(moved)


# -- the public samples -----------------------------------------------------------------------------------------------


@needs_samples
@pytest.mark.parametrize(
    ("name", "sales", "proceeds", "gain"),
    [
        ("gl_expanded__1.xlsx", 83, "149045.455016", "-11035.137344"),
        ("gl_expanded__2.xlsx", 14, "15622.626505", "-5842.072846"),
    ],
)
def test_the_sample_workbooks_of_gains(name: str, sales: int, proceeds: str, gain: str) -> None:
    reading = brokers.read(SAMPLES / name)
    assert len(reading.sales) == sales
    assert sum(sale.proceeds or 0 for sale in reading.sales) == Decimal(proceeds)
    after_wash = sum((sale.gain or 0) + (sale.disallowed or 0) for sale in reading.sales)
    assert abs(after_wash - Decimal(gain)) < 1  # its amounts were changed one by one to make it public


@needs_samples
def test_the_sample_workbook_by_benefit_type() -> None:
    reading = brokers.read(SAMPLES / "holdings_bybenefit__1.xlsx")
    assert len(reading.lots) == 4 + 22
    assert {lot.symbol for lot in reading.lots} == {"ADBE"}
    assert sum(lot.quantity for lot in reading.lots[:4]) == Decimal("45.32645")
