"""Exports in disguise: nobody in them, nothing broken."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicli import brokers
from dicli.brokers import anonymise_table as tables
from dicli.brokers.anonymise import anonymise
from dicli.brokers.anonymise_disguise import Disguise
from dicli.brokers.anonymise_text import Kind, Writer, kind_of
from dicli.brokers.anonymise_words import CURRENCIES, IN_COMPANY, SETTLEMENT_FUNDS, TICKERS, WORDS
from dicli.brokers.symbols import SHARE_CLASSES, is_money_fund, is_ticker
from dicli.errors import InputError
from dicli.model import Reading
from tests.make_goldens import fixtures
from tests.program import SAMPLES, run

D = Decimal
TEXTS = [path for path in fixtures() if path.suffix != ".xlsx"]
READ = [path for path in fixtures() if not path.name.startswith("refused")]
SEED = 20261120
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def one(data: bytes | str, seed: int = SEED, *, file: str = "export.csv", keep_symbols: bool = False) -> str:
    """One file in disguise, as text."""
    data = data.encode() if isinstance(data, str) else data
    (made,) = anonymise({file: data}, seed, keep_symbols=keep_symbols).values()
    return made.decode()


def text_of(data: bytes) -> str:
    return data.decode("utf-8-sig")


# -- what dicli reads, it still reads ------------------------------------------------------------------------------


def shape(reading: Reading) -> tuple[object, ...]:
    """Kinds and counts of rows, their senses and terms: all that is nobody's."""
    return (
        reading.broker,
        reading.kinds,
        reading.rows,
        len(reading.accounts),
        len(reading.positions),
        [(lot.acquired is None, lot.basis is None) for lot in reading.lots],
        [(t.kind, t.symbol is None, t.quantity is None, t.amount is None) for t in reading.transactions],
        [(sale.term, sale.covered) for sale in reading.sales],
        [aside.why.split(":")[0] for aside in reading.set_aside],
        len(reading.cash),
    )


@pytest.mark.parametrize("path", READ, ids=name)
def test_what_was_read_whole_is_read_whole(path: Path) -> None:
    for seed in (1, 2):
        ((new, data),) = anonymise({path.name: path.read_bytes()}, seed).items()
        found = brokers.read_document(brokers.Document(new, data))
        assert shape(found) == shape(brokers.read(path))


@pytest.mark.parametrize("sample", ["starter", "retiree", "tech_couple"])
def test_a_whole_portfolio_stays_one(sample: str) -> None:
    paths = [
        path for path in (SAMPLES / sample).rglob("*.csv") if path.parent.name not in ("holdings", "lists", "prices")
    ]
    paths = [path for path in paths if path.parent.name != "lots" or path.name < "Lot-Details-C"]
    made = anonymise({str(path): path.read_bytes() for path in paths}, SEED)
    accounts: dict[str, set[str]] = {}
    symbols: dict[str, set[str]] = {}
    for path, (new, data) in zip(paths, made.items(), strict=True):
        before, after = brokers.read(path), brokers.read_document(brokers.Document(new, data))
        assert shape(before) == shape(after)
        for old, other in zip(before.accounts, after.accounts, strict=True):
            accounts.setdefault(brokers.shown_digits(old)[-3:], set()).add(brokers.shown_digits(other)[-3:])
        for kind in ("positions", "lots", "transactions"):
            for old_row, new_row in zip(getattr(before, kind), getattr(after, kind), strict=True):
                if old_row.symbol is not None:
                    symbols.setdefault(old_row.symbol, set()).add(new_row.symbol)
    assert all(len(others) == 1 for others in (*accounts.values(), *symbols.values()))
    assert len({min(others) for others in symbols.values()}) == len(symbols)
    assert not {old for old, others in symbols.items() if old in others and not is_money_fund(old)}


# -- nothing personal survives -------------------------------------------------------------------------------------


def values_in(path: Path) -> str:
    """The text without its headings, keys, tags and attributes' names: what the layout is made of."""
    text = text_of(path.read_bytes())
    if path.suffix == ".json":
        return re.sub(r'"[^"]*"\s*:', " ", text)
    if path.suffix == ".xml":
        return " ".join(re.findall(r'="([^"]*)"', text))
    mark = tables.delimiter_of(text)
    return "\n".join(mark.join(record) for record, _, head in tables._with_kinds(tables.records_of(text)) if not head)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text))


def known(word: str) -> bool:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word)
    return (
        word.lower() in WORDS
        or all(part.lower() in WORDS for part in parts)
        or is_money_fund(word)
        or word in SETTLEMENT_FUNDS
        or word.lower() in IN_COMPANY
        or word.lower()[:3] in MONTHS
        or set(word.upper()) == {"X"}
    )


def amounts_in(text: str) -> Iterator[str]:
    for found in re.findall(r"(?<![\w./-])\d[\d,]*\.\d+(?![\w%/-])", text):
        plain = found.replace(",", "")
        if D(plain) >= 1 and len(plain.strip("0").replace(".", "")) >= 5:
            yield plain


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_nothing_personal_survives(path: Path) -> None:
    ((_, data),) = anonymise({path.name: path.read_bytes()}, SEED).items()
    before, after = values_in(path), text_of(data)
    assert not {word for word in words_of(before) & words_of(after) if not known(word)}
    dates_and_times = r"(?<!\d)(?:(?:19|20)\d{6}|(?:[01]\d|2[0-3])[0-5]\d[0-5]\d|(\d)\1+)(?!\d)|(?<=\.)\d+"
    runs = set(re.findall(r"\d{5,}", re.sub(dates_and_times, " ", before)))
    assert not {run for run in runs & set(re.findall(r"\d{5,}", after)) if not re.fullmatch(r"\d0+", run)}
    assert not set(amounts_in(before)) & set(amounts_in(after))


@pytest.mark.parametrize("path", READ, ids=name)
def test_no_account_name_symbol_date_or_amount_of_a_row_is_what_it_was(path: Path) -> None:
    ((new, data),) = anonymise({path.name: path.read_bytes()}, SEED).items()
    before, after = brokers.read(path), brokers.read_document(brokers.Document(new, data))
    for old, other in zip(before.accounts, after.accounts, strict=True):
        digits = brokers.shown_digits(old)
        assert not digits.isdigit() or digits != brokers.shown_digits(other)
    fields = ("symbol", "quantity", "amount", "basis", "price", "value", "proceeds", "acquired", "sold", "date", "name")
    for kind in ("positions", "lots", "transactions", "sales"):
        for one_row, other_row in zip(getattr(before, kind), getattr(after, kind), strict=True):
            for field in fields:
                old, other = getattr(one_row, field, None), getattr(other_row, field, None)
                if old in (None, "", 0) or nobodys(one_row, field, old):
                    continue
                assert other != old, (kind, field)


def nobodys(row: object, field: str, value: object) -> bool:
    """What may stay: a few cents, a price of one and the shares of such a fund, the funds that cash is swept into."""
    if isinstance(value, Decimal):
        return abs(value) < D("0.05") or (field == "price" and value == 1)
    if field == "symbol":
        return value in SETTLEMENT_FUNDS or is_money_fund(str(value))
    return field == "name" and all(map(known, words_of(str(value))))


# -- the layout to the letter --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix == ".csv"], ids=name)
def test_every_quotation_mark_blank_and_line_end_is_where_it_was(path: Path) -> None:
    data = path.read_bytes()
    ((_, made),) = anonymise({path.name: data}, SEED).items()
    assert made.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    mark = tables.delimiter_of(text_of(data))
    before, after = tables.cells(text_of(data), mark), tables.cells(text_of(made), mark)
    assert [[(c.before, c.after, c.end, bool(c.said.strip())) for c in record] for record in before] == [
        [(c.before, c.after, c.end, bool(c.said.strip())) for c in record] for record in after
    ]


@pytest.mark.parametrize("text", ['a,"b ""c"" d" ,e\r\n\r\n,\n"x', "", "\n", 'a\rb\n"1,5";2\n', '"a\nb",c'])
def test_cells_put_together_give_the_text_back(text: str) -> None:
    records = tables.cells(text, ",")
    assert "".join(c.before + c.said + c.after + c.end for record in records for c in record) == text


ODD_CELLS = [
    *("Symbol", "Quantity", "Price", "Amount", "BRK/B", "$1,234.5", "(2.)", "-", "01/02/2026", '"', "1e5", "20260230"),
    *("KO260230C1", "Total", "Cash", "99/99/99", "XX1", "@ .5", "1:10", "Feb 30, 2026"),
]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8),
                st.sampled_from(ODD_CELLS),
            ),
            max_size=6,
        ),
        max_size=8,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_file_holds_it_comes_out_in_the_same_layout(rows: list[list[str]], mark: str, end: str) -> None:
    text = end.join(mark.join(row) for row in rows)
    made = tables.table(text, Writer(Disguise(SEED), {"KO"}))
    delimiter = tables.delimiter_of(text)
    before, after = tables.cells(text, delimiter), tables.cells(made, delimiter)
    assert [[(c.before, c.after, c.end) for c in r] for r in before] == [
        [(c.before, c.after, c.end) for c in r] for r in after
    ]


def test_a_large_file_takes_no_time(tmp_path: Path) -> None:
    row = ",".join(f"{number}.25" for number in range(60))
    started = time.perf_counter()
    one(f"{row}\n" * 500)
    assert time.perf_counter() - started < 10


def test_xml_and_json_keep_their_names_and_blanks() -> None:
    xml = next(path for path in READ if path.suffix == ".xml").read_text()
    names = re.compile(r"<[/?]?[\w.]+|[\w.]+(?==\")|\s+(?=<)|/?>")
    assert names.findall(xml) == names.findall(one(xml))
    text = '{\n "Account": "Z12345678", "rows": [ {"Quantity": 10, "Price": 2.5, "Amount": "$25.00", "ok": true} ]\n}'
    found = one(text)
    assert re.sub(r'"[^"]*"(?!:)|\d[\d.]*', "?", found) == re.sub(r'"[^"]*"(?!:)|\d[\d.]*', "?", text)
    row = json.loads(found, parse_float=D, parse_int=D)["rows"][0]
    assert abs(row["Quantity"] * row["Price"] - D(row["Amount"].strip("$"))) < D("0.01")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_the_encoding_stays(encoding: str) -> None:
    data = "Name;Betrag;Größe\r\nJosé Müller;12,50;3\r\n".encode(encoding)
    ((_, made),) = anonymise({"x.csv": data}, SEED).items()
    assert made[:2] == data[:2] if encoding == "utf-16" else True
    text = made.decode(encoding)
    assert text.count(";") == 4
    assert text.endswith("\r\n")
    assert not {"José", "Müller"} & words_of(text)


# -- files that dicli does not read --------------------------------------------------------------------------------

UNKNOWN = (
    "Holdings of Mrs. Quillfeather-Jones, acct. 8841-2203 and *7719, as of 03/04/2026\n\n"
    'Paper;Stk;Kurs;Betrag;Seit\nAcme Widgets;12;34.50;414.00;2024-02-29\nAcme Widgets;7;30.25;211.75;2025-11-03\n'
    "Zenith Fabrik;100;1.234;123.40;1999-12-31\n;;;749.15;\n"
).replace(";", ",")  # fmt: skip


def test_a_layout_that_nobody_knows_keeps_its_products_and_loses_its_people() -> None:
    made = one(UNKNOWN, file="Quillfeather 8841.csv")
    rows = [line.split(",") for line in made.splitlines()]
    for _, count, price, amount, _ in rows[3:6]:
        assert abs(D(count) * D(price) - D(amount)) < D("0.01")
    assert [D(row[1]) / D(old) for row, old in zip(rows[3:6], ("12", "7", "100"), strict=True)].count(
        D(rows[3][1]) / 12
    ) == 3
    assert abs(sum(D(row[3]) for row in rows[3:6]) - D(rows[6][3])) < D("0.03")
    for secret in ("Quillfeather", "Jones", "8841", "2203", "7719", "Acme", "Zenith", "Fabrik", "414", "749.15"):
        assert secret not in made
    assert rows[3][0] == rows[4][0] != rows[5][0]
    ((new, _),) = anonymise({"Quillfeather 8841.csv": UNKNOWN.encode()}, SEED).items()
    assert "Quill" not in new
    assert "8841" not in new


def test_people_whose_names_are_words_of_a_layout_are_changed_where_a_heading_calls_them_names() -> None:
    text = "Account Name,Nickname,Balance,Date\nCash Price,Long Short's IRA,100.00,01/02/2026\n"
    made = one(text).splitlines()[1]
    assert not {"Cash", "Price", "Long", "Short"} & words_of(made)
    assert "IRA" in made
    label = one("Account Information,Data,Name,Cash Price\nAccount Information,Data,Type,Cash\n")
    assert "Cash Price" not in label
    assert label.splitlines()[1].endswith(",Cash")


def test_mail_phone_and_long_numbers_go() -> None:
    made = one("Contact jane.doe@post.example or 555-867-5309, routing 021000021, ref AB12CD34\n")
    assert not {"jane", "doe"} & words_of(made)
    assert not {"555", "867", "5309", "021000021", "12", "34"} & set(re.findall(r"\d+", made))


def test_a_line_that_only_looks_like_a_heading_hides_nobody() -> None:
    made = one(
        "Account Quillfeather,Total Value Jones,Date RU10017\nSymbol,Quantity,Price\nKO,10,2.50\n"
        "Tax Withholding,RU10017,Quantity\nKO,10,2.50\n"
    )
    assert not {"Quillfeather", "Jones"} & words_of(made)
    assert "10017" not in made
    assert "Symbol,Quantity,Price" in made


def workbook_of(cells: list[list[object]]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.properties.creator = "Quinta Quillfeather"
    book.active.title = "Quillfeather"
    for row in cells:
        book.active.append(row)
    book.active["A2"].comment = openpyxl.comments.Comment("call Quinta", "Quinta")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_rewritten_cell_by_cell_and_says_nothing_else() -> None:
    day = dt.datetime(2026, 5, 4)  # noqa: DTZ001  a cell has no zone
    data = workbook_of([
        ["Symbol", "Quantity", "Price", "Amount", "Trade Date", "Account Name"],
        ["KO", 10, 70.25, 702.5, day, "Quinta's Roth IRA"],
        ["PEP", 4, 150.5, 602, "05/04/2026", "Quinta's Roth IRA"],
    ])  # fmt: skip
    ((new, made),) = anonymise({"Quillfeather.xlsx": data}, SEED).items()
    assert new.endswith(".xlsx")
    assert "Quill" not in new
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert not any("comment" in one or "docProps" in one for one in archive.namelist())
        text = "".join(archive.read(one).decode() for one in archive.namelist())
    assert not {"Quinta", "Quillfeather", "PEP"} & words_of(text)
    found = brokers.Document(new, made)
    ((_, head), (_, first), (_, second)) = next(iter(found.sheets.values()))
    assert head == ["Symbol", "Quantity", "Price", "Amount", "Trade Date", "Account Name"]
    for row in (first, second):
        assert abs(D(row[1]) * D(row[2]) - D(row[3])) < D("0.01")
        assert row[5].endswith("Roth IRA")
    disguise = Disguise(SEED)
    assert first[4].startswith(str(disguise.day(day.date())))
    assert second[4] == f"{disguise.day(day.date()):%m/%d/%Y}"
    openpyxl = pytest.importorskip("openpyxl")
    assert openpyxl.load_workbook(io.BytesIO(made)).active["B2"].value == 10 * disguise.share
    with pytest.raises(InputError, match="no workbook that can be opened"):
        anonymise({"x.xlsx": data[:200]}, 1)


# -- alike everywhere ----------------------------------------------------------------------------------------------


def test_an_account_is_the_same_one_however_it_is_masked_and_in_whatever_file() -> None:
    files = {
        "a.csv": b"Account Number,Symbol,Quantity\nX12344821,KO,5\n",
        "b.csv": b'"Positions for account Joint ...821 as of 01/02/2026"\n"Transactions for XXXX-4821"\n',
        "XXX821_history.csv": b"Account -4821 from 2026-01-02\nending in 4821\nacct U***04821\n",
    }
    made = {name: data.decode() for name, data in anonymise(files, SEED).items()}
    whole = re.search(r"X(\d{8}),", made["a.csv"])
    assert whole
    end = whole[1]
    assert end != "12344821"
    b, c = list(made.values())[1:]
    assert f"...{end[-3:]} " in b
    assert f"XXXX-{end[-4:]}" in b
    assert c.splitlines()[0].startswith(f"Account -{end[-4:]} ")
    assert c.splitlines()[1] == f"ending in {end[-4:]}"
    assert list(made)[2].startswith(f"XXX{end[-3:]}_")


def test_another_seed_is_another_disguise_and_the_same_seed_the_same() -> None:
    assert one(UNKNOWN, 1) == one(UNKNOWN, 1) != one(UNKNOWN, 2)


def test_dates_of_every_shape_move_by_the_same_weeks() -> None:
    writer = Writer(disguise := Disguise(SEED), set())
    day = dt.date(2026, 5, 3)
    new = disguise.day(day)
    assert (new - day).days % 7 == 0
    assert new != day
    short = new.strftime("%b").lower().capitalize()
    shapes = {
        "05/03/2026": f"{new:%m/%d/%Y}",
        "5/3/2026": f"{new.month}/{new.day}/{new.year}",
        "05/03/26": f"{new:%m/%d/%y}",
        "05-03-2026": f"{new:%m-%d-%Y}",
        "2026-05-03": f"{new:%Y-%m-%d}",
        "2026/05/03": f"{new:%Y/%m/%d}",
        "20260503": f"{new:%Y%m%d}",
        "20260503;152109": f"{new:%Y%m%d};152109",
        "20260503 152109": f"{new:%Y%m%d} 152109",
        "May-03-2026": f"{short}-{new:%d-%Y}",
        "03-May-2026": f"{new:%d}-{short}-{new.year}",
        "03MAY26": f"{new:%d}{short.upper()}{new:%y}",
        "Sun May 03  13:18:19 EDT 2026": f"Sun {short} {new:%d}  13:18:19 EDT {new.year}",
        "05/03/2026 as of 05/03/2026": f"{new:%m/%d/%Y} as of {new:%m/%d/%Y}",
    }
    for old, expected in shapes.items():
        # a one-digit month may become October, a long name of May is also its short one
        assert writer.cell(old) == expected, old
    assert (
        writer.cell("KO260503C00075000")
        == f"{disguise.symbol('KO')}{new:%y%m%d}C" + writer.cell("KO260503C00075000")[-8:]
    )
    assert "May 3" not in writer.text("January 2, 2026 - September 30, 2026")
    assert str(disguise.year(2026)) in writer.text("of tax year 2026")
    assert Writer(disguise, set(), day_first=True).cell("03/05/2026") == f"{new:%d/%m/%Y}"


def test_tickers_keep_their_shape_and_share_classes_their_names() -> None:
    text = (
        "Symbol,Description,Quantity,Price\nBRK/B,BERKSHIRE HATHAWAY INC CLASS B,2,400.00\nAAPL,APPLE INC,1,200.00\n"
        "VTSAX,TOTAL INDEX,3,130.00\nSWVXX,MONEY FUND,100.00,1.00\nBRKB,BERKSHIRE,1,400.00\n"
        "KO,YOU SOLD COKE (KO),1,2.00\n"
    )
    rows = [line.split(",") for line in one(text).splitlines()[1:]]
    symbols = [row[0] for row in rows]
    entry = SHARE_CLASSES[symbols[0].replace("/", "")]
    assert entry.symbol.endswith(".B")
    assert entry.symbol != "BRK.B"
    assert entry.name.upper() in rows[0][1]
    assert symbols[4] == symbols[0].replace("/", "")
    assert [len(symbol) for symbol in symbols[1:4]] == [4, 5, 5]
    assert symbols[2].endswith("X")
    assert symbols[3] == "SWVXX"
    assert rows[3][3] == "1.00"
    assert f"({symbols[5]})" in rows[5][1]
    kept = one(text, keep_symbols=True)
    assert [line.split(",")[0] for line in kept.splitlines()[1:]] == ["BRK/B", "AAPL", "VTSAX", "SWVXX", "BRKB", "KO"]
    assert "BERKSHIRE" in kept
    assert "APPLE" not in kept


@pytest.mark.parametrize("seed", range(40))
def test_no_two_things_become_one_and_none_stays(seed: int) -> None:
    disguise = Disguise(seed)
    tickers = TICKERS[:200]
    disguise.see(tickers[100:])
    others = [disguise.symbol(ticker) for ticker in tickers[10:]]
    assert len(set(others)) == len(others)
    assert all(
        old != new and len(old) == len(new) and is_ticker(new) for old, new in zip(tickers[10:], others, strict=True)
    )
    words = [disguise.word(word) for word in ("Smithers", "Smythers", "Jones", "Oates", "Ng", "Li")]
    assert len(set(words)) == len(words)
    assert all(mine != other for mine, other in disguise._classes.items())
    assert disguise.amount < 1 < disguise.share
    runs = [disguise.digits(f"{number:05d}") for number in range(2000)]
    assert len(set(runs)) == 2000
    assert all(
        a != b for run, number in zip(runs, range(2000), strict=True) for a, b in zip(run, f"{number:05d}", strict=True)
    )


@pytest.mark.parametrize(
    ("text", "amount", "share"),
    [
        ("$1,234.56", "$617.28", "$3,703.68"),
        ("(1,234.5)", "(617.25)", "(3,703.5)"),
        ("-.25", "-.13", "-.75"),
        ("200.", "100.", "600."),
        ("0.00", "0.00", "0.00"),
        ("0.01", "0.01", "0.03"),
        ("15", "7.5", "45"),
        ("--", "--", "--"),
    ],
)
def test_a_number_keeps_its_signs_commas_and_decimals(text: str, amount: str, share: str) -> None:
    disguise = Disguise(SEED)
    assert disguise.scaled(text, D("0.5"), 2, 0) == amount
    assert disguise.scaled(text, D(3), 0, 0) == share


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Quantity", Kind.QUANTITY), ("Qty #", Kind.QUANTITY), ("Price Paid $", Kind.PRICE), ("Cost/Share", Kind.PRICE),
        ("costBasisMoney", Kind.AMOUNT), ("markPrice", Kind.PRICE), ("Sales Price", Kind.AMOUNT),
        ("Gain/Loss (%)", Kind.KEPT), ("Account Number", Kind.IDENTITY), ("Account Name", Kind.PERSON),
        ("IBOrderID", Kind.IDENTITY), ("Symbol/CUSIP", Kind.SYMBOL), ("Ticker", Kind.SYMBOL),
        ("Description", Kind.TEXT), ("Shares", Kind.QUANTITY), ("Share Price", Kind.PRICE), ("Net Amount", Kind.AMOUNT),
    ],
)  # fmt: skip
def test_headings_tell_what_a_column_holds(heading: str, kind: Kind) -> None:
    assert kind_of(heading) is kind


def test_the_lists_of_words_hold_no_names() -> None:
    people = "grant mark will may june april bill morgan stanley jack rose hope faith grace dean drew ray rich chase"
    assert not set(people.split()) & WORDS
    assert all(ticker.isalpha() and ticker.isupper() for ticker in TICKERS)
    assert not set(TICKERS) & (set(SHARE_CLASSES) | CURRENCIES)
    assert len(set(TICKERS)) == len(TICKERS)


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_writes_beside_and_never_over(tmp_path: Path) -> None:
    (tmp_path / "Quillfeather.csv").write_text(UNKNOWN)
    golden = next(path for path in READ if path.name == "history_3_one_account.csv")
    (tmp_path / "history.csv").write_bytes(golden.read_bytes())
    asked = ("anonymise", "Quillfeather.csv", "history.csv", "-o", "out", "--seed", "7")
    ran = run(*asked, folder=tmp_path, cache=tmp_path)
    assert ran.code == 0, ran.err
    written = [tmp_path / line for line in ran.out.splitlines()]
    assert [path.parent.name for path in written] == ["out", "out"]
    assert all(path.exists() for path in written)
    assert (tmp_path / "Quillfeather.csv").read_text() == UNKNOWN
    assert "Quillfeather.csv: dicli refuses the new file too" in ran.err
    assert "history.csv: dicli reads the new file as it does the old one" in ran.err
    again = run(*asked, folder=tmp_path, cache=tmp_path)
    assert (again.code, again.out) == (2, "")
    assert "there is such a file already. Add --force, or -o DIR." in again.err
    assert run(*asked, "--force", folder=tmp_path, cache=tmp_path).out == ran.out
    assert run(*asked[:3], folder=tmp_path, cache=tmp_path).out.startswith("anonymised/")


def test_what_is_no_text_and_what_is_not_there_is_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        anonymise({"a.pdf": b"%PDF-1.7", "b.csv": b"a\x00b\x00", "c.csv": b"a,b\n"}, 1)
    assert [fault.where for fault in error.value.faults] == ["a.pdf", "b.csv"]
    ran = run("anonymise", "none.csv", "nor.csv", folder=tmp_path, cache=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("cannot be read: No such file or directory") == 2
