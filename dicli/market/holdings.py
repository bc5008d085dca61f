"""An index fund's holdings as its issuer publishes them: rows out, nothing weighed yet.

A file is recognised by at least two signals in its content. What is no common stock or depositary receipt listed in
the United States is set aside with its reason; what cannot be read is a fault.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from dicli.brokers.csvfile import Row, Table, table_of_objects
from dicli.brokers.document import AGAIN as AGAIN_FROM_BROKER
from dicli.brokers.document import Document, Record, plain
from dicli.brokers.symbols import AmbiguousSymbolError, dotted, is_money_fund, is_ticker, no_stock, undotted
from dicli.brokers.values import is_blank, parse_date
from dicli.errors import Fault, InputError
from dicli.market.layouts import AGAIN, FUTURE_NAME, LAYOUTS, Layout
from dicli.model import SetAside


@dataclass(frozen=True, slots=True)
class Holding:
    """One row that counts. `value` is in dollars, `weight` as the file writes it (percent, or a fraction of 1)."""

    row: int
    symbol: str
    name: str | None
    sector: str | None
    industry: str | None
    value: Decimal | None
    quantity: Decimal | None
    price: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """A holdings file, read whole. `aside_weight` is what was set aside, as the file's weight column counts it."""

    layout: str
    name: str
    as_of: dt.date | None
    holdings: tuple[Holding, ...]
    set_aside: tuple[SetAside, ...]
    signals: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    rows: int
    aside_weight: Decimal
    warnings: tuple[str, ...]


def open_document(path: str | Path) -> Document:
    """A holdings file, opened. Raises InputError where it is no text, workbook or JSON at all."""
    try:
        return Document.open(path)
    except InputError as error:
        raise InputError(map(_from_issuer, error.faults)) from None


def layout_of(document: Document) -> tuple[Layout, tuple[str, ...]] | None:
    """The layout that claims the file and the signals it was recognised by; None where none does.

    Raises InputError where several layouts claim it.
    """
    claims = [(layout, seen) for layout in LAYOUTS if (seen := layout.claims(document))]
    if len(claims) > 1:
        names = ", ".join(layout.issuer for layout, _ in claims)
        document.refuse(f"several layouts of index holdings claim this file: {names}", AGAIN)
    return claims[0] if claims else None


def read_holdings(document: Document) -> Holdings:
    """Read an open file. Raises InputError with all that is wrong in it."""
    found = layout_of(document)
    if found is None:
        known = ", ".join(layout.issuer for layout in LAYOUTS)
        document.refuse(
            "this is no index holdings file that dicli knows",
            f"Known are the files of {known}: a plain list has the columns symbol,weight[,sector,name,industry].",
        )
    layout, signals = found
    try:
        return _read(document, layout, signals)
    except InputError as error:
        raise InputError(map(_from_issuer, error.faults)) from None


def _from_issuer(fault: Fault) -> Fault:
    return Fault(fault.where, fault.what, fault.remedy.replace(AGAIN_FROM_BROKER, AGAIN))


def _read(document: Document, layout: Layout, signals: tuple[str, ...]) -> Holdings:
    as_of = _as_of(document)
    reader = _Rows(document, layout)
    (tables, others), warnings = _tables(document, layout), []
    reader.read(tables[0])
    reader.set_aside += others
    for again in tables[1:]:
        other = _Rows(document, layout)
        other.read(again)
        if other.key() != reader.key():
            document.refuse("the file holds several tables of holdings, and they differ", AGAIN, again.line)
        warnings.append(f"{document.path}: the holdings stand there {len(tables)} times; they were read once")
    dates = reader.dates | ({as_of} if as_of else set())
    if len(dates) > 1:
        said = ", ".join(sorted(day.isoformat() for day in dates))
        document.fault(None, f"the file holds several dates ({said})", "Keep one day's rows.")
    if not reader.holdings and not document.faults:
        document.refuse("the file has no row with a stock", AGAIN)
    document.raise_faults()
    return Holdings(
        layout=layout.issuer,
        name=layout.name(document) or Path(document.path).stem,
        as_of=next(iter(dates), None),
        holdings=tuple(reader.holdings),
        set_aside=tuple(reader.set_aside),
        signals=signals,
        unknown_columns=tuple(dict.fromkeys(document.unknown_columns)),
        rows=len(reader.holdings) + len(reader.set_aside),
        aside_weight=reader.aside_weight,
        warnings=tuple(warnings),
    )


# -- where the table is -------------------------------------------------------------------------------------------


def _tables(document: Document, layout: Layout) -> tuple[list[Table], list[SetAside]]:
    """The tables of holdings in the file (one, but for files that were joined) and what stands in other sections."""
    if layout.objects is not None:
        objects = layout.objects(document)
        return [table_of_objects(document, objects, layout.columns, layout.required, layout.ignored)], []
    records = document.records
    starts = [place for place, (_, cells) in enumerate(records) if _is_header(cells, layout)]
    if not starts:
        document.refuse("no header row of a table of holdings was found", AGAIN)
    tables: list[Table] = []
    others: list[SetAside] = []
    for start, following in zip(starts, [*starts[1:], len(records)], strict=True):
        end = start + 1
        while end < following and len(_filled(records[end][1])) != 1:
            end += 1
        rows = records[start + 1 : end]
        tables.append(
            Table(document, records[start], rows, layout.columns, layout.required, ignored=layout.ignored)
        )  # fmt: skip
        others += _after(document, records[end:following], tables[-1].width)
    return tables, others


def _is_header(cells: Sequence[str], layout: Layout) -> bool:
    names = {plain(cell) for cell in cells}
    return all(not names.isdisjoint((column, *layout.columns.get(column, ()))) for column in layout.required)


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _after(document: Document, records: Sequence[Record], width: int) -> list[SetAside]:
    """What follows a table: Vanguard's sections of bonds and reserves are set aside; torn or lost rows are faults."""
    section = ""
    aside = []
    for line, cells in records:
        filled = _filled(cells)
        if len(filled) == 1:
            section = filled[0].lower()
            if is_ticker(filled[0]):
                document.fault(line, f'the row has nothing but "{filled[0]}": the file seems to be cut off', AGAIN)
        elif section.endswith("holdings") and len(filled) > 1:
            if not any(plain(cell).startswith(("% of fund", "market value")) for cell in filled):
                aside.append(SetAside(None, filled[0], line, f"in the section {section}"))
        elif len(filled) > 1 and 2 * len(filled) >= width:
            document.fault(line, "a row of the table stands after its end", AGAIN)
    return aside


_AS_OF = re.compile(r"\bas[ -]of[: ,]*([-/, \w]*)")


def _as_of(document: Document) -> dt.date | None:
    """The date in a line such as `Fund Holdings as of,"Nov 18, 2025"`, `As of 18-Nov-2025` or `# as of 2026-09-24`."""
    if document.kind not in ("csv", "xlsx"):
        return None
    for line, cells in document.records:
        said = ",".join(cell.strip() for cell in cells if cell.strip())
        found = _AS_OF.search(said.lower())
        if found is None or len(said) > 120 or "as-of-date" in said.lower():
            continue
        if is_blank(found[1]):
            document.refuse(
                f'"{said}": the issuer gives no holdings for that day (a weekend or a holiday)',
                "Download the file of a trading day.",
                line,
            )
        try:
            return parse_date(found[1].strip(" ,"))
        except ValueError as expected:
            document.fault(line, f'"{said}" where {expected} is expected', AGAIN)
            return None
    return None


# -- row by row ---------------------------------------------------------------------------------------------------

_NO_STOCK_NAME = re.compile(
    r".\bcvr\b|contingent (?:payment|value)|\bescrow\b|\bwarrants?\b|\bwts?\b$|\brights?\b(?: exp| iss|$)|\bprvt$", re.I
)
_CASH_NAME = re.compile(
    r"^(?:us|u\.s\.) dollars?$|\bcash collateral\b|^cash\b|^usd cash|money market|liquidity fund|liquid reserves?"
    r"|government & agency portfolio|treasury sl agency|^currency$|net (?:other )?(?:assets|current assets)",
    re.I,
)
_LISTED_HERE = re.compile(r"nasdaq|new york|nyse|cboe|bats|non-nms|investors exchange|otc", re.I)


class _Rows:
    """What the rows of one table come to."""

    def __init__(self, document: Document, layout: Layout) -> None:
        self.document = document
        self.layout = layout
        self.holdings: list[Holding] = []
        self.set_aside: list[SetAside] = []
        self.dates: set[dt.date] = set()
        self.aside_weight = Decimal(0)

    def key(self) -> list[tuple[str, Decimal | None, Decimal | None]]:
        return [(item.symbol, item.value, item.weight) for item in self.holdings]

    def read(self, table: Table) -> None:
        for row in table:
            date = row.date_or_none("date")
            if date is not None:
                self.dates.add(date)
            symbol = row.text("symbol").strip("*").strip().upper()
            name = row.text("name") or None
            # `<0.01%` is Vanguard's way of not saying: the market value says it.
            weight = None if row.text("weight").startswith("<") else row.percent_or_none("weight")
            why = self.layout.aside(row) or _why_aside(row, symbol, name or "")
            if why is not None:
                self.set_aside.append(SetAside(None, symbol if not is_blank(symbol) else name, row.line, why))
                self.aside_weight += weight or 0
                continue
            self.holdings.append(
                Holding(
                    row=row.line,
                    symbol=self._symbol(row, symbol, name or ""),
                    name=name,
                    sector=row.text("sector") or None,
                    industry=row.text("industry") or None,
                    value=row.money_or_none("value"),
                    quantity=row.quantity_or_none("quantity"),
                    price=row.money_or_none("price") if _in_dollars(row, "price_currency") else None,
                    weight=weight,
                )
            )

    def _symbol(self, row: Row, symbol: str, name: str) -> str:
        if not self.layout.undotted:
            return dotted(symbol)
        try:
            return undotted(symbol, name=name, cusip=row.text("cusip"))
        except AmbiguousSymbolError as error:
            row.fault(str(error), "Please report it with the row.")
            return symbol


def _why_aside(row: Row, symbol: str, name: str) -> str | None:
    """The rules for all issuers; None keeps the row."""
    exchange = row.text("exchange")
    if _CASH_NAME.search(name) or is_money_fund(symbol):
        return "cash or a money-market fund"
    if FUTURE_NAME.search(name):
        return "a future"
    if _NO_STOCK_NAME.search(name):
        return "a right, a warrant, an escrow or a private share"
    if exchange.lower().startswith("no market"):
        return "unlisted"
    if is_blank(symbol):
        return "no ticker"
    if not _in_dollars(row, "currency"):
        return f"not in US dollars but in {row.text('currency')}"
    if not is_blank(exchange) and not _LISTED_HERE.search(exchange):
        return f"not listed in the United States but on {exchange}"
    if not is_ticker(dotted(symbol)):
        return no_stock(symbol) or f"{symbol} is no ticker of a US stock"
    return None


def _in_dollars(row: Row, column: str) -> bool:
    return is_blank(row.text(column)) or row.text(column).upper() == "USD"
