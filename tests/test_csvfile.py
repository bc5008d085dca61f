"""The reader under every broker: bytes to text, tables by content, exact numbers, dates, and errors that help."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from dicli import brokers
from dicli.brokers.csvfile import sections, table, table_of_objects
from dicli.brokers.document import MOST_FAULTS, Document, plain
from dicli.brokers.values import dates_in, parse_date, parse_money, parse_percent, parse_quantity
from dicli.errors import InputError

COLUMNS = {"day": ("trade date", "date"), "symbol": (), "shares": ("quantity", "qty"), "amount": ("net amount",)}
REQUIRED = ("day", "symbol", "shares", "amount")


def doc(text: str | bytes) -> Document:
    return Document("x.csv", text.encode() if isinstance(text, str) else text)


def faults(text: str | bytes, **options: object) -> list[str]:
    document = doc(text)
    try:
        for row in table(document, COLUMNS, REQUIRED, **options):  # type: ignore[arg-type]
            row.date("day"), row.quantity("shares"), row.money_or_none("amount")
        document.raise_faults()
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []


# -- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234.56", "1234.56"),
        ("-$1.50", "-1.50"),
        ("$-0.88", "-0.88"),
        ("($6,148.00)", "-6148.00"),
        ("(3)", "-3"),
        ("+$44.92", "44.92"),
        ("$12.00 ", "12.00"),
        (".2915", "0.2915"),
        ("200.", "200"),
        ("-2.637591265E-4", "-0.0002637591265"),
        ("1,000", "1000"),
        ("1,234,567.8", "1234567.8"),
        ("10000", "10000"),
        ("− 5.00", "-5.00"),
        ("0.1", "0.1"),
    ],
)
def test_numbers_are_read_exactly(text: str, number: str) -> None:
    assert parse_money(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "1.234,56",
        "1234,56",
        "12,34",
        "1,23.4",
        "1.2.3",
        "--5",
        "-$-5",
        "(-5)",
        "(5",
        "5)",
        "5-",
        "1S",
        "1 234",
        "1e999",
        "NaN",
        "inf",
        *("1'234.50", "$", "", "-", "0x1F", "١٢", "5%", "1,2345", "1,000,00", "9" * 50),
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|amount"):
        parse_money(text)


def test_a_decimal_comma_is_named() -> None:
    for text in ("1.234,56", "1234,56", "-12,5"):
        with pytest.raises(ValueError, match="decimal comma"):
            parse_money(text)


def test_quantities_bear_no_dollar_and_no_percent() -> None:
    assert parse_quantity("-10.5") == Decimal("-10.5")
    for text in ("$10", "10%"):
        with pytest.raises(ValueError, match=r"without a dollar sign|percentage"):
            parse_quantity(text)


def test_percentages() -> None:
    assert parse_percent("+719.73%") == Decimal("719.73")
    assert parse_percent("6.5") == Decimal("6.5")
    with pytest.raises(ValueError, match="dollar"):
        parse_percent("$6")


# -- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12/31/2025", "2025-12-31"),
        ("1/2/2025", "2025-01-02"),
        ("01/02/25", "2025-01-02"),
        ("12/31/69", "2069-12-31"),
        ("01/02/70", "1970-01-02"),
        ("09/16/2020 as of 09/15/2020", "2020-09-15"),
        ("08/24/2020 13:22:52", "2020-08-24"),
        ("08/24/2020 06:04 PM ET", "2020-08-24"),
        ("Aug-21-2026", "2026-08-21"),
        ("MAY/15/2023", "2023-05-15"),
        ("25-Mar-2021", "2021-03-25"),
        ("10-Apr-26", "2026-04-10"),
        ("20260601", "2026-06-01"),
        ("20260601;093105", "2026-06-01"),
        ("2026-05-04;09:31:12", "2026-05-04"),
        ("2026-05-04, 09:31:12", "2026-05-04"),
        ("2026-05-04T09:31:12", "2026-05-04"),
        ("2023/04/23", "2023-04-23"),
        ("Sep 22, 2025", "2025-09-22"),
        ("December 6, 2024", "2024-12-06"),
        ("02/29/2024", "2024-02-29"),
    ],
)
def test_dates_are_read_in_every_shape(text: str, day: str) -> None:
    assert parse_date(text) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "13/25/2025",
        "25/12/2025",
        "02/30/2025",
        "02/29/2025",
        "2025",
        "1/2",
        "12/31/20226",
        "12/31/1025",
        "Foo-21-2026",
        "",
        *("12/31/2025 as of", "12/31/2025 as of soon", "yesterday", "45291", "31.12.2025", "00/01/2025", "20251301"),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a date like"):
        parse_date(text)


def test_a_day_in_the_month_s_place_is_named() -> None:
    with pytest.raises(ValueError, match="day first"):
        parse_date("25/12/2025")


def test_dates_in_titles() -> None:
    title = "Details for X as of Sun May 03  13:18:19 EDT 2026 from 01/01/2024 to 05/03/2026"
    assert dates_in(title) == [dt.date(2026, 5, 3), dt.date(2024, 1, 1), dt.date(2026, 5, 3)]
    assert dates_in("Positions for X as of 12:52 PM ET, 2023/04/23") == [dt.date(2023, 4, 23)]
    assert dates_in("no date, 99/99/2020") == []


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_every_encoding_that_brokers_and_spreadsheets_write(encoding: str) -> None:
    assert doc("a,b\né,1\n".encode(encoding)).records == [(1, ["a", "b"]), (2, ["é", "1"])]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a,b\n1,\x002\n", "not text"),
        ("a,b\n1,2\n".encode("utf-16-le"), "not text"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"a,\x81\n", "not text in"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n  <html><body>Sign in", "web page"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_what_is_no_export_is_refused_with_its_reason(data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what) as refused:
        brokers.read_document(doc(data))
    assert refused.value.faults[0].where == "x.csv"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            brokers.read(path)


def test_line_numbers_count_physical_lines() -> None:
    document = doc('a,b\n"one\ntwo",1\n\nlast,2\n')
    assert [line for line, _ in document.records] == [1, 2, 4, 5]


def test_a_quotation_mark_that_is_never_closed_is_found_where_it_opens() -> None:
    with pytest.raises(InputError, match=r"x\.csv, row 3: a quotation mark is opened here and never closed"):
        _ = doc('a,b\n1,2\n3,"4\n5,6\n').records


def test_a_lone_quotation_mark_inside_a_cell_is_text() -> None:
    assert doc('a,b\n5" pipe,1\n').records[1] == (2, ['5" pipe', "1"])


def test_workbooks_are_tables_too() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Lots"
    sheet.append(["Trade Date", "Symbol", "Qty", "Net Amount"])
    sheet.append([dt.datetime(2026, 3, 2), "KO", 10, -70.1])  # noqa: DTZ001
    buffer = io.BytesIO()
    book.save(buffer)
    document = doc(buffer.getvalue())
    assert document.kind == "xlsx"
    assert document.head.startswith("sheet: lots\ntrade date,symbol,qty,net amount")
    (row,) = table(document, COLUMNS, REQUIRED)
    assert (row.line, row.date("day"), row.quantity("shares"), row.money("amount")) == (
        *(2, dt.date(2026, 3, 2)),
        *(Decimal(10), Decimal("-70.1")),
    )


def test_a_broken_workbook_json_or_xml_is_refused() -> None:
    for data, what in [(b"PK\x03\x04rubbish", "workbook"), (b'{"a": ', "JSON"), (b"<a><b></a>", "XML")]:
        document = doc(data)
        with pytest.raises(InputError, match=what):
            _ = document.sheets if document.kind == "xlsx" else getattr(document, document.kind)


def test_xml_entities_and_json_without_end_are_refused() -> None:
    with pytest.raises(InputError, match="entities"):
        _ = doc('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>').xml
    with pytest.raises(InputError, match="JSON"):
        _ = doc("[" * 100_000).json
    with pytest.raises(InputError, match="NaN"):
        _ = doc('{"a": NaN}').json


def test_json_numbers_are_decimals() -> None:
    assert doc('{"a": 0.1, "b": 2}').json == {"a": Decimal("0.1"), "b": Decimal(2)}


# -- tables -----------------------------------------------------------------------------------------------------------


def test_the_header_is_found_by_content_and_columns_by_name() -> None:
    document = doc("A title,,,,\n\nNet  Amount ($),SYMBOL,Trade date,Extra,Qty #\n-5.00,KO,3/2/2026,x,1\n")
    rows = table(document, COLUMNS, REQUIRED)
    (row,) = rows
    assert (row.line, row.text("symbol"), row.money("amount"), row.quantity("shares")) == (4, "KO", -5, 1)
    assert rows.heading("amount") == "Net Amount ($)"
    assert document.unknown_columns == ["Extra"]


def test_names_are_compared_plainly() -> None:
    assert [
        plain(name) for name in ("Price ($)", " Qty  #", "Value $", "\ufeffRun Date", "Gain (%)", "Net\u00a0Amount")
    ] == [*("price", "qty", "value", "run date", "gain (%)", "net amount")]


def test_a_missing_column_is_named_with_what_is_there() -> None:
    (fault,) = faults("Date,Symbol,Shares Held,Net Amount\n1/2/2026,KO,1,5\n")
    assert fault.startswith(
        'x.csv, row 1: the header has no column "quantity" or "qty". It has: "Date", "Symbol", "Shares'
    )


def test_no_header_at_all_is_said() -> None:
    assert "no header row with the columns" in faults("1,2,3\n4,5,6\n")[0]


def test_two_columns_of_one_meaning_are_refused() -> None:
    assert "two columns" in faults("Date,Symbol,Qty,Quantity,Net Amount\n1/2/2026,KO,1,2,5\n")[0]
    assert "two columns" in faults("Date,Symbol,Qty,Qty,Net Amount\n1/2/2026,KO,1,2,5\n")[0]


def test_a_second_column_of_one_name_can_be_asked_for() -> None:
    document = doc("Symbol,Date,Cost,Date,Price\nKO,1/2/2026,5,3/4/2026,6\n")
    (row,) = table(document, {"symbol": (), "bought": ("date",), "sold": ("date.2",)}, ("symbol", "bought", "sold"))
    assert (row.date("bought"), row.date("sold")) == (dt.date(2026, 1, 2), dt.date(2026, 3, 4))
    assert document.unknown_columns == ["Cost", "Price"]


HEADER = "Date,Symbol,Qty,Net Amount\n"


def test_all_faults_are_said_at_once_with_file_row_and_column() -> None:
    said = faults(HEADER + "13/25/2025,KO,1,5\n1/2/2026,KO,$1,5\n1/2/2026,KO,,1.234\n1/2/2026,KO,1,n/a\n")
    assert [text.partition(" where ")[0] for text in said] == [
        'x.csv, row 2: column "Date" has "13/25/2025"',
        'x.csv, row 3: column "Qty" has "$1"',
        'x.csv, row 4: column "Qty" has nothing',
    ]
    assert all("Download it again" in text for text in said)


def test_very_many_faults_are_counted() -> None:
    said = faults(HEADER + '1/2/2026,KO,"1,5",5\n' * (MOST_FAULTS + 7))
    assert len(said) == MOST_FAULTS + 1
    assert "7 more" in said[-1]


def test_ragged_rows() -> None:
    assert faults(HEADER + "1/2/2026,KO,1,5,\n1/2/2026,KO,1,5\n\n , \n") == []
    assert "3 cells where the header (row 1) has 4" in faults(HEADER + "1/2/2026,KO,1\n")[0]
    assert "5 cells where the header (row 1) has 4" in faults(HEADER + "1/2/2026,KO,1,5,6\n")[0]
    assert faults(HEADER + "1/2/2026,KO,1\n", short=lambda row: row.text("symbol") == "KO") == []


def test_trailers_end_the_table_and_totals_are_left_out() -> None:
    text = HEADER + "1/2/2026,KO,1,5\nTotal,,1,5\n1/3/2026,KO,1,5\n\nDisclaimer: x\nmore, or less\n"
    document = doc(text)
    rows = table(document, COLUMNS, REQUIRED, skip=("total",), stop=("disclaimer",))
    assert [row.line for row in rows] == [2, 4]
    assert [line for line, _ in rows.skipped] == [3]
    assert rows.records[rows.end][0] == 6
    assert document.rows_read == 2
    assert "after its end" in faults(text + "1/4/2026,KO,1,5\n", skip=("total",), stop=("disclaimer",))[0]


def test_a_row_above_the_header_is_a_fault_and_a_title_is_none() -> None:
    assert "above its header" in faults("1/2/2026,KO,1,5\n" + HEADER)[0]
    assert faults("Title,,,\n" + HEADER + "1/2/2026,KO,1,5\n") == []


def test_a_repeated_header_is_no_row() -> None:
    assert faults(HEADER + "1/2/2026,KO,1,5\n" + HEADER + "1/3/2026,KO,1,5\n") == []


def test_sections_carry_the_line_above_them() -> None:
    text = f"All accounts\n\nFirst ...234\n{HEADER}1/2/2026,KO,1,5\n\nSecond ...877,,,\n{HEADER}1/3/2026,PG,2,6\n"
    found = [(label, [row.text("symbol") for row in rows]) for label, rows in sections(doc(text), COLUMNS, REQUIRED)]
    assert found == [("First ...234", ["KO"]), ("Second ...877", ["PG"])]


def test_a_section_without_its_name_is_a_fault() -> None:
    document = doc(f"First\n{HEADER}1/2/2026,KO,1,5\n\n{HEADER}1/3/2026,PG,2,6\n")
    assert [label for label, _ in sections(document, COLUMNS, REQUIRED)] == ["First", ""]
    assert "without the name of its account" in document.faults[0].what


def test_objects_make_a_table() -> None:
    document = doc("[]")
    (row,) = table_of_objects(
        document, [{"Date": "1/2/2026", "Qty": Decimal("1.5"), "Symbol": None}], COLUMNS, ("day",)
    )
    assert (row.line, row.quantity("shares"), row.text("symbol"), row.text("amount")) == (1, Decimal("1.5"), "", "")
    with pytest.raises(InputError, match="item 1 of the list is not an object"):
        table_of_objects(document, ["x"], COLUMNS, ("day",))


def test_unknown_words_are_faults_unless_the_user_ignores_them() -> None:
    document = Document("x.csv", (HEADER + "1/2/2026,Lent out,1,5\n").encode(), ignore_actions=["LENT"])
    (row,) = table(document, COLUMNS, REQUIRED)
    assert row.action("symbol", {"buy": 1}) is None
    assert [(entry.row, entry.why) for entry in document.ignored] == [(2, '"Lent out" is in ignore_actions')]
    assert not document.faults
    assert row.choice("symbol", {"buy": 1}) is None
    assert document.faults[0].what == 'unknown symbol "Lent out"'
    assert row.choice("symbol", {"lent out": 1}) == 1


def test_quantity_times_price_must_be_the_amount() -> None:
    document = doc(HEADER + "1/2/2026,KO,1,5\n")
    (row,) = table(document, COLUMNS, REQUIRED)
    row.check_product(Decimal(100), Decimal("51.5"), Decimal("5143.94"), Decimal("6.06"))
    row.check_product(Decimal("-81"), Decimal("74.235"), Decimal("6013.04"))
    row.check_product(Decimal(1000), Decimal("0.01"), Decimal("14.00"))
    row.check_product(Decimal(10), None, Decimal(5))
    assert not document.faults
    row.check_product(Decimal(100), Decimal("51.5"), Decimal("514.39"))
    assert document.faults[0].what == "100 shares at 51.5 are not 514.39: a number is wrong or cut off"


# -- the door ---------------------------------------------------------------------------------------------------------


def test_a_file_that_nobody_claims_says_what_was_looked_for() -> None:
    with pytest.raises(InputError) as refused:
        brokers.read_document(doc("Vendor,Item,Cost\nA,B,1\n"))
    said = str(refused.value)
    assert 'begins with "vendor,item,cost"' in said
    assert "Looked for the files of" in said
    assert "schwab" in said
    assert "symbol,quantity,acquired,cost_basis" in said


def test_the_first_line_of_a_stranger_shows_no_account_number_in_full() -> None:
    with pytest.raises(InputError, match='begins with "report for x…6789"'):
        brokers.read_document(doc("Report for X123456789\nA,B,1\n"))


def test_a_file_that_resembles_a_format_says_what_it_lacks() -> None:
    with pytest.raises(InputError) as refused:
        brokers.read_document(doc("Open Date,Quantity,Cost Basis,Note\n1/2/2026,1,5,x\n"))
    said = str(refused.value)
    assert "Like schwab lots it has the columns open date, quantity, cost basis. Not seen: the words" in said


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_file_saved_by_a_spreadsheet_is_recognised(mark: str, name: str) -> None:
    text = "Date,Action,Symbol,Description,Quantity\n01/02/2026,Buy,KO,COCA COLA,1\n".replace(",", mark)
    with pytest.raises(InputError, match=f"{name} separate the columns"):
        brokers.read_document(doc(text))


def test_two_formats_that_claim_one_file_ask_for_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = next(entry for entry in brokers.FORMATS if entry.broker == "generic" and entry.kinds == ("lots",))
    twin = type(entry)("twin", entry.kinds, entry.signals, entry.read)
    monkeypatch.setattr(brokers, "FORMATS", (entry, twin))
    text = "symbol,quantity,acquired,cost_basis\nKO,1,2024-01-02,60\n"
    with pytest.raises(InputError, match=r"several formats claim this file: generic lots .*twin lots .*--broker NAME"):
        brokers.read_document(doc(text))
    assert brokers.read_document(doc(text), broker="generic").lots
    with pytest.raises(InputError, match=r"unknown broker \"nobody\"\. Known are: generic, twin"):
        brokers.read_document(doc(text), broker="nobody")


@pytest.mark.parametrize(
    ("number", "account", "same"),
    [
        ("…4821", "XXXX-4821", True),
        ("4821", "Individual ...821", True),
        ("…821", "X12344821", True),
        ("4821", "U***04821", True),
        ("4821", "X12344822", False),
        ("4821", "...21", False),
        ("21", "X12344821", False),
        ("joint", "Joint", True),
        ("joint", "ira", False),
        ("4821", "joint", False),
        ("joint", "...821", False),
    ],
)
def test_accounts_are_matched_by_the_digits_that_both_show(number: str, account: str, same: bool) -> None:
    assert brokers.account_matches(number, account) is same


@pytest.mark.parametrize(
    ("account", "shown"),
    [("X12344821", "4821"), ("Individual ...234", "234"), ("joint", "joint"), ("U***00000", "0000")],
)
def test_no_more_than_four_digits_are_shown(account: str, shown: str) -> None:
    assert brokers.shown_digits(account) == shown
