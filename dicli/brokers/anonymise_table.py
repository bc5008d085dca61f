"""CSV text in disguise: cells cut out and put back where they stood, columns known by their headings or their products.

Works on any table-like text, whether dicli can read it or not: quotation marks, blanks, blank lines, ragged rows and
line ends stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dicli.brokers.anonymise_text import NUMBER, TICKER, Kind, Writer, kind_of
from dicli.brokers.anonymise_words import SETTLEMENT_FUNDS, WORDS
from dicli.brokers.values import parse_date

_WORD = re.compile(r"[^\W\d_]+")
_BOX = re.compile(r"\d{1,2}[a-z]?")
_MARK = re.compile(
    r"\b(?!\w*(?:1099|8949))(?=\w*[A-Za-z])\w*\d{3}\w*"
)  # RU1001 is an order or a grant, never a heading
_MOST = 16  # columns of numbers that are tried: their products grow with the cube
_COUNTED = (Kind.QUANTITY, Kind.PRICE, Kind.AMOUNT)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `said` between what stands around it (quotation marks, blanks)."""

    before: str
    said: str
    after: str
    end: str  # the delimiter or line end behind it

    @property
    def quoted(self) -> bool:
        return self.before.endswith('"')


def cells(text: str, delimiter: str) -> list[list[Cell]]:
    """The records of a CSV text, such that joining all parts of all cells gives the text back."""
    records: list[list[Cell]] = []
    record: list[Cell] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            close = at + 1
            while (close := text.find('"', close)) >= 0 and text[close + 1 : close + 2] == '"':
                close += 2
            close = len(text) if close < 0 else close
            stop = _stop(text, close, delimiter)
            before, said, after = '"', text[at + 1 : close], text[close:stop]
        else:
            stop = _stop(text, at, delimiter)
            before, said, after = "", text[at:stop], ""
        end = "\r\n" if text.startswith("\r\n", stop) else text[stop : stop + 1]
        record.append(Cell(before, said, after, end))
        at = stop + len(end)
        if end != delimiter:
            records.append(record)
            record = []
    if record:
        records.append(record)
    return records


def _stop(text: str, start: int, delimiter: str) -> int:
    found = re.compile(f"[{re.escape(delimiter)}\r\n]").search(text, start)
    return len(text) if found is None else found.start()


def delimiter_of(text: str) -> str:
    """Comma, unless the first lines have more semicolons or tabs."""
    start = "\n".join(text.splitlines()[:40])
    return max(",;\t|", key=lambda mark: (start.count(mark), mark == ","))


def table(text: str, writer: Writer) -> str:
    """The text in disguise."""
    delimiter = delimiter_of(text)
    records = cells(text, delimiter)
    made = disguised([[_plain(cell) for cell in record] for record in records], writer)
    return "".join(
        _written(cell, said, delimiter)
        for record, new in zip(records, made, strict=True)
        for cell, said in zip(record, new, strict=True)
    )


def _plain(cell: Cell) -> str:
    return cell.said.replace('""', '"') if cell.quoted else cell.said


def _written(cell: Cell, said: str, delimiter: str) -> str:
    said = said.replace('"', '""') if cell.quoted else said
    assert cell.quoted or delimiter not in said or delimiter in cell.said
    return f"{cell.before}{said}{cell.after}{cell.end}"


def disguised(records: Sequence[Sequence[str]], writer: Writer) -> list[list[str]]:
    """The cells of each record in disguise."""
    out = []
    heads: Sequence[str] = ()
    sums: dict[int, Decimal] = {}
    for record, by_heading, head in _with_kinds(records):
        heads, sums = (record, {}) if head else (heads, sums)
        kinds = _of_row(record, by_heading, sums)
        in_dollars = _price_of_one(record, kinds)
        counted = Kind.QUANTITY in kinds
        alone = sum(1 for said in record if said.strip()) == 1  # a title or a trailer, whatever the heading says
        made = []
        for place, said in enumerate(record):
            kind = kinds[place] if place < len(kinds) and not alone else Kind.TEXT
            if kind is Kind.TEXT and place and kind_of(record[place - 1]) is Kind.PERSON:
                kind = Kind.PERSON  # "Name,Alex Example": a label and its value
            if head or (place < len(heads) and said == heads[place]):
                made.append(writer.heading(said))  # some mark a section in header and rows alike
            elif kind is Kind.TEXT and place < len(heads) and heads[place].strip() and re.fullmatch(r"\d{1,2}", said):
                made.append(said)  # a period, a count: the column is known, and is none of money or shares
            else:
                made.append(writer.cell(said, kind, counted=counted, in_dollars=in_dollars))
        out.append(made)
    return out


def symbols_in(records: Sequence[Sequence[str]]) -> set[str]:
    """The tickers that a table shows: in columns of symbols, alone in a cell, or in brackets."""
    found: set[str] = set()
    for record, kinds, head in _with_kinds(records):
        for place, said in enumerate(record):
            if not head:
                found |= symbols_of(said, kinds[place] if place < len(kinds) else Kind.TEXT)
    return found


def records_of(text: str) -> list[list[str]]:
    return [[_plain(cell) for cell in record] for record in cells(text, delimiter_of(text))]


def symbols_of(said: str, kind: Kind) -> set[str]:
    found = {name for name in re.findall(r"\(([A-Z]{1,5})(?: \)|[,)])", said) if name.lower() not in WORDS}
    bare = said.strip().rstrip("*")
    if kind is Kind.SYMBOL:
        first = re.match(r"([A-Z]{1,6})(?![A-Za-z0-9])", bare) if re.search(r"\d", bare) else None  # an option
        found |= {bare} if TICKER.fullmatch(bare) else {first[1]} if first else set()
    elif kind is Kind.TEXT and re.fullmatch(r"[A-Z]{2,5}(?:[./-][A-Z])?", bare) and bare.lower() not in WORDS:
        found.add(bare)
    return found


# -- which column is what ---------------------------------------------------------------------------------------


def _with_kinds(records: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], Sequence[Kind], bool]]:
    """Each record with the kinds of its cells, and whether it is a header."""
    kinds: Sequence[Kind] = ()
    for at, record in enumerate(records):
        if _is_header(records, at):
            kinds = [kind_of(said) for said in record]
            yield record, kinds, True
        else:
            if at == 0 or _is_header(records, at - 1):
                kinds = _by_products(records[at : at + 200], kinds)
            yield record, kinds, False


def _is_value(said: str) -> bool:
    if NUMBER.fullmatch(said):
        return True
    try:
        parse_date(said)
    except ValueError:
        return False
    return True


def _is_header(records: Sequence[Sequence[str]], at: int) -> bool:
    """At least three headings, most words known, no value among them; and a value below one of them."""
    record = records[at]
    filled = [said for said in record if said.strip()]
    if len(filled) < 3:
        return False
    if all(_BOX.fullmatch(said.strip()) for said in filled):
        return True  # the numbers of a form's boxes stand above its headings
    if any(_is_value(said) or _MARK.search(said) for said in filled):
        return False
    words = [word.lower() for said in filled for word in _WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", said))]
    if not words or sum(word in WORDS for word in words) < 0.6 * len(words):
        return False
    below = [one for one in records[at + 1 : at + 6] if any(said.strip() for said in one)][:3]
    return any(
        _is_value(said) and place < len(record) and record[place].strip()
        for one in below
        for place, said in enumerate(one)
    )


def _by_products(records: Sequence[Sequence[str]], kinds: Sequence[Kind]) -> Sequence[Kind]:
    """The kinds, where no heading tells: two columns whose product is a third are quantity, price and amount."""
    if Kind.QUANTITY in kinds and Kind.PRICE in kinds:
        return kinds
    width = max((len(record) for record in records), default=0)
    columns = [[_number(record, place) for record in records] for place in range(width)]
    able = [place for place, values in enumerate(columns) if sum(1 for v in values if v is not None and v != 1) > 0
            and (place >= len(kinds) or kinds[place] in (Kind.TEXT, *_COUNTED))]  # fmt: skip
    best: tuple[int, int, int, int] = (0, 0, 0, 0)
    able = able[:_MOST]
    for one in able:
        for two in able:
            for three in able:
                if one < two and three not in (one, two):
                    hits = _hits(columns[one], columns[two], columns[three])
                    best = max(best, (hits, -one, -two, -three))
    if best[0] == 0:
        return kinds
    one, two, three = (-place for place in best[1:])
    if _decimals(columns[one]) > _decimals(columns[two]):
        one, two = two, one
    out = [*kinds, *([Kind.TEXT] * (width - len(kinds)))]
    out[one], out[two], out[three] = Kind.QUANTITY, Kind.PRICE, Kind.AMOUNT
    return out


def _number(record: Sequence[str], place: int) -> Decimal | None:
    if place >= len(record) or not NUMBER.fullmatch(record[place]) or "%" in record[place]:
        return None
    digits = re.search(r"(?:\d[\d,]*\.?\d*|\.\d+)", record[place])
    return Decimal(digits[0].replace(",", "")) if digits else None


def _hits(ones: Sequence[Decimal | None], twos: Sequence[Decimal | None], threes: Sequence[Decimal | None]) -> int:
    """Rows in which the product holds to a cent; 0 if in any with all three it fails by far."""
    hits = 0
    for one, two, three in zip(ones, twos, threes, strict=True):
        if one and two and three and one != 1 and two != 1:
            if abs(one * two - three) > Decimal("0.011") + three / 2000:
                return 0
            hits += 1
    return hits


def _decimals(values: Sequence[Decimal | None]) -> int:
    return sum(max(0, -int(value.as_tuple().exponent)) for value in values if value is not None)


def _of_row(record: Sequence[str], kinds: Sequence[Kind], sums: dict[int, Decimal]) -> Sequence[Kind]:
    """The kinds of one row: below some headings totals and cash stand in other columns than all else.

    `sums` are the running sums of the columns of quantities: a total that is none of them stands in a wrong column.
    """
    first = next((said.strip() for said in record if said.strip()), "")
    counts = {place: _number(record, place) for place, kind in enumerate(kinds) if kind is Kind.QUANTITY}
    if re.match(r"((grand|account|positions) )?total\b", first, re.IGNORECASE):
        moved = any(count is not None and count != abs(sums.get(place, 0)) for place, count in counts.items())
    else:
        moved = _is_cash(first)
        for place, count in counts.items():
            sign = -1 if count is not None and re.search(r"[-(−]", record[place]) else 1
            sums[place] = sums.get(place, Decimal(0)) + sign * (count or 0)
    if moved:
        return [Kind.AMOUNT if kind in (*_COUNTED, Kind.KEPT, Kind.TEXT) else kind for kind in kinds]
    return kinds


def _is_cash(first: str) -> bool:
    return first.upper().startswith("CASH") or first.rstrip("*").upper() in SETTLEMENT_FUNDS


def _price_of_one(record: Sequence[str], kinds: Sequence[Kind]) -> bool:
    """A money fund or cash: its price is 1, and its quantity is an amount."""
    if record and _is_cash(next((said.strip() for said in record if said.strip()), "")):
        return True
    prices = [_number(record, place) for place, kind in enumerate(kinds) if kind is Kind.PRICE]
    known = [price for price in prices if price]
    return bool(known) and all(price == 1 for price in known)
