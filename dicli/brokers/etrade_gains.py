"""E*TRADE: closed lots, as the Gains & Losses CSV.

It has two columns called `Date`: the one before `Cost/Share` is the purchase's, the one before `Price/Share` the
sale's. A row with the symbol and `--` for dates sums up the `Sell` rows below it. `Deferred Loss` is what was
disallowed as a wash sale.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table, table
from dicli.brokers.document import AGAIN, Document, plain
from dicli.brokers.etrade_portfolio import account_in
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.symbols import dotted, is_ticker, no_stock
from dicli.brokers.values import parse_date
from dicli.model import Reading, Sale, SetAside, Term

DETAILS: Columns = {
    **dict.fromkeys(("symbol", "quantity", "proceeds", "gain", "term"), ()),
    "acquired": ("date",),
    "sold": ("date.2",),
    "basis": ("total cost",),
    "deferred": ("deferred loss",),
    "cost": ("cost/share",),
    "price": ("price/share",),
    "selection": ("lot selection",),
}
TERMS = {"short": Term.SHORT, "long": Term.LONG, "short term": Term.SHORT, "long term": Term.LONG}
TERMS_OR_NONE: dict[str, Term | None] = {**TERMS, "--": None, "": None}


def read_gains(document: Document) -> Reading:
    account = account_in(document)
    rows = table(
        document,
        DETAILS,
        ("symbol", "quantity", "basis", "proceeds", "gain", "term"),
        stop=("generated at",),
        short=lambda row: plain(row.text("symbol")) == "total",
    )
    _dates_by_neighbours(rows)
    sales: list[Sale] = []
    aside: list[SetAside] = []
    parent: Row | None = None
    below: list[Row] = []
    ended = False

    def close() -> None:
        if parent is None:
            return
        if why := _why_aside(parent.text("symbol")):
            aside.append(SetAside(account, parent.text("symbol"), parent.line, why))
            return
        if below:
            _adds_up(parent, below)
        for row in below or [parent]:
            sale = _sale(row, account, parent.text("symbol"))
            if sale is None:
                aside.append(SetAside(account, parent.text("symbol"), row.line, "a short sale"))
            else:
                sales.append(sale)

    for row in rows:
        said = plain(row.text("symbol"))
        if said in ("sell", "buy to cover", "buy", "sell short", "short"):
            if parent is None:
                row.fault("a closed lot without its symbol's row above it", AGAIN)
            below.append(row)
        else:
            close()
            parent, below = (None if said == "total" else row), []
            if ended:
                row.fault("a row below the Total", AGAIN)
            ended = ended or said == "total"
    close()
    if not ended:
        document.fault(None, 'the line "Total" at the end is missing: the file seems to be cut off', AGAIN)
    return Reading(
        document.path,
        "etrade",
        ("sales",),
        0,
        accounts=(account,) if account else (),
        sales=tuple(sales),
        set_aside=tuple(aside),
        coverage=_searched(document),
    )


def _dates_by_neighbours(rows: Table) -> None:
    """Which of the two columns called `Date` is which; a fault where their neighbours do not tell."""
    names = [plain(cell) for cell in rows.header]
    for column, neighbour in (("acquired", "cost/share"), ("sold", "price/share")):
        place = names.index(neighbour) - 1 if neighbour in names else -1
        if place < 0 or names[place] != "date":
            rows.document.refuse(f'no column "Date" stands before "{neighbour}"', AGAIN, rows.line)
        rows.index[column] = place


def _adds_up(parent: Row, below: list[Row]) -> None:
    for column in ("quantity", "basis", "proceeds"):
        read = Row.quantity_or_none if column == "quantity" else Row.money_or_none
        whole, parts = read(parent, column), [read(row, column) for row in below]
        known = [part for part in parts if part is not None]
        if whole is None or len(known) < len(parts):
            continue
        if abs(sum(known) - whole) > (Decimal("0.0005") if column == "quantity" else Decimal("0.02")) * len(parts):
            parent.fault(
                f'the rows below "{parent.text("symbol")}" have {sum(known):f} in "{parent.table.heading(column)}", '
                f"it has {whole:f}",
                AGAIN,
            )


def _why_aside(symbol: str) -> str | None:
    if symbol.lower().endswith((" call", " put")):
        return "an option"
    if " " in symbol or not is_ticker(dotted(symbol)):
        return no_stock(symbol) or "a name that is no symbol of a stock or fund"
    return no_stock(symbol)


def _sale(row: Row, account: str, symbol: str) -> Sale | None:
    acquired, sold = row.date_or_none("acquired"), row.date("sold")
    quantity, basis, proceeds = row.quantity("quantity"), row.money_or_none("basis"), row.money("proceeds")
    if plain(row.text("symbol")) in ("buy to cover", "sell short", "short") or (acquired and acquired > sold):
        return None
    if acquired == dt.date(1969, 12, 31):
        acquired = None
    row.check_product(quantity, row.money_or_none("cost"), basis)
    row.check_product(quantity, row.money_or_none("price"), proceeds)
    deferred, gain = row.money_or_none("deferred"), row.money_or_none("gain")
    if gain is not None and basis is not None and not deferred and abs(proceeds - basis - gain) > Decimal("0.05"):
        row.fault(f"proceeds of {proceeds} less a cost of {basis} are not the gain of {gain}", AGAIN)
    return Sale(
        account=account,
        symbol=dotted(symbol),
        quantity=abs(quantity),
        acquired=acquired,
        sold=sold,
        proceeds=proceeds,
        basis=basis,
        disallowed=abs(deferred or Decimal(0)) if "deferred" in row.table.index else None,
        term=row.choice("term", TERMS_OR_NONE),
        source=row.source,
    )


def _searched(document: Document) -> tuple[dt.date, dt.date] | None:
    """The period of the block SEARCH CRITERIA, where it asked for all symbols."""
    for place, (_, cells) in enumerate(document.records[:20]):
        names = [plain(cell) for cell in cells]
        if "start date" in names and "end date" in names and place + 1 < len(document.records):
            below = dict(zip(names, document.records[place + 1][1], strict=False))
            if plain(below.get("symbol", "all")) not in ("all", ""):
                return None
            try:
                return parse_date(below["start date"]), parse_date(below["end date"])
            except (KeyError, ValueError):
                return None
    return None


FORMATS = (
    Format(
        "etrade",
        ("sales",),
        (
            says("taxable g&l details"),
            columns("symbol", "cost/share", "price/share", "lot selection"),
            columns("deferred loss", "term", "proceeds"),
            says("taxable g&l summary"),
        ),
        read_gains,
    ),
)
