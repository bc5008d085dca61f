"""E*TRADE: the portfolio download, positions with their lots where the rows were expanded before it was saved.

A lot is a row below its position whose first cell holds a date (or `--`) behind five spaces. The columns are those of
the saved view; prices are per share. `CASH` and `TOTAL` rows end the table, then "Generated at".
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Columns, Row, table
from dicli.brokers.document import AGAIN, Document, plain
from dicli.brokers.etrade_lots import Parent, check, lots, merged, position
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.symbols import dotted, is_money_fund, is_ticker, no_stock
from dicli.brokers.values import parse_date, parse_money
from dicli.model import Lot, Position, Reading, SetAside

COLUMNS: Columns = {
    "symbol": (),
    "quantity": ("quantity", "qty"),
    "price": ("last price",),
    "paid": ("price paid", "cost/share"),
    "basis": ("total cost",),
    "value": ("market value",),
}
IGNORED = (
    *("change", "change %", "day's gain", "day's gain %", "total gain", "total gain %", "% of portfolio", "date added"),
    *("days gain", "days gain %", "price/earnings", "dividend yield %", "52 week high", "52 week low", "term"),
)
EXPAND = 'Open "+" (Expand all lots) on the Portfolios page before the download.'
_LOT = re.compile(r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|--")
_OPTION = re.compile(r"\b(?:call|put)$", re.IGNORECASE)
_BOND = re.compile(r"\d%|\b(?:CD|BOND|NOTE|BILL)\b")


def account_in(document: Document) -> str:
    """The account of the table "Account Summary": the last digits in `"Individual Brokerage -0001"`."""
    found: list[str] = []
    for place, (_, cells) in enumerate(document.records[:12]):
        if cells and plain(cells[0]) == "account" and len(cells) > 2:
            for line, below in document.records[place + 1 : place + 40]:
                if len(below) < 3 or not below[0].strip():
                    break
                found.append(below[0].strip())
                if len(found) > 1:
                    document.fault(line, "several accounts in one file", "Download each account by itself.")
            break
    return number_in(found[0]) or found[0] if found else ""


def read_portfolio(document: Document) -> Reading:
    account = account_in(document)
    rows = table(document, COLUMNS, ("symbol", "quantity", "value"), stop=("generated at",), ignored=IGNORED)
    if not {"paid", "basis"} & set(rows.index):
        document.refuse('neither "Price Paid $" nor "Total Cost" is in this view', "Choose a view with one.", rows.line)
    _nothing_above(document, rows.line)
    parents: list[Parent] = []
    cash: dict[str, Decimal] = {}
    aside: list[SetAside] = []
    total: Decimal | None = None
    for row in rows:
        symbol = row.text("symbol")
        if _LOT.fullmatch(symbol):
            if parents and total is None:
                parents[-1].lots.append(row)
            else:
                row.fault("a lot without the position that it belongs to above it", AGAIN)
        elif symbol.upper() == "TOTAL":
            total = _total(row)
        elif total is not None:
            row.fault("a position below the TOTAL", AGAIN)
        elif symbol.upper() == "CASH":
            if account in cash:
                row.fault("CASH comes twice", AGAIN)
            cash[account] = row.money("value")
        else:
            parents.append(Parent(row, _why_aside(row, symbol)))
    generated = next((cells[0] for _, cells in rows.records[rows.end :] if cells), "")
    as_of = _day(generated.lower().removeprefix("generated at").strip()) if generated else None
    positions: list[Position] = []
    held: list[Lot] = []
    for number, parent in enumerate(parents):
        symbol = parent.row.text("symbol")
        if number and parent.row.cells == parents[number - 1].row.cells:
            parent.row.fault("the same position comes twice", AGAIN)
        if parent.lots:
            check(parent)
        if parent.why:
            aside.append(SetAside(account, symbol, parent.row.line, parent.why))
            if is_money_fund(symbol):
                cash[account] = cash.get(account, Decimal(0)) + parent.row.money("value")
            continue
        positions.append(position(parent.row, account, symbol, as_of))
        held += lots(parent, account, as_of)
    aside += _not_expanded(document, account, rows.line, [parent for parent in parents if not parent.why])
    if total is None and not generated:
        aside.append(SetAside(account, None, rows.line, "no TOTAL at the end: the file may have been cut off"))
    elif total is not None and parents:
        worth = sum((parent.row.money_or_none("value") or 0 for parent in parents), Decimal(0))
        settled = cash.get(account, Decimal(0)) - sum(
            (parent.row.money("value") for parent in parents if is_money_fund(parent.row.text("symbol"))), Decimal(0)
        )
        if min(abs(total - worth), abs(total - worth - settled)) > max(Decimal(1), abs(total) / 1000):
            document.fault(None, f"the positions and cash are worth {worth + settled:f}, the TOTAL is {total:f}", AGAIN)
    return Reading(
        document.path,
        "etrade",
        ("positions", "lots") if held else ("positions",),
        0,
        accounts=(account,) if account else (),
        as_of=as_of,
        positions=merged(positions),
        lots=tuple(held),
        cash=cash,
        set_aside=tuple(aside),
    )


def _nothing_above(document: Document, head: int) -> None:
    """A fault for rows of the table between the view's name and the header; a filter there holds words only."""
    view = next(
        (line for line, cells in document.records if cells and plain(cells[0]).startswith("view summary")), head
    )
    for line, cells in document.records:
        if view < line < head and any(character.isdigit() for cell in cells[1:] for character in cell):
            document.fault(line, "a row of the table stands above its header", AGAIN)


def _total(row: Row) -> Decimal:
    """The last number of the TOTAL: its cells do not stand below their columns."""
    try:
        return parse_money(next(cell for cell in reversed(row.cells) if cell.strip()).strip())
    except ValueError as expected:
        row.fault(f"the TOTAL ends in no number: {expected} is expected", AGAIN)
        return Decimal(0)


def _why_aside(row: Row, symbol: str) -> str | None:
    if not symbol:
        row.fault("a row without a symbol", AGAIN)
    if is_money_fund(symbol):
        return "a money-market fund, counted as cash"
    if _OPTION.search(symbol):
        return "an option"
    if why := no_stock(symbol):
        return why
    if " " in symbol or not is_ticker(dotted(symbol)):
        return "a bond or certificate of deposit" if _BOND.search(symbol) else "a name that is no symbol"
    quantity = row.quantity("quantity")
    return None if quantity > 0 else "a short position" if quantity else "a quantity of zero"


def _not_expanded(document: Document, account: str, line: int, held: list[Parent]) -> list[SetAside]:
    """What says that lots are missing: for the whole file, or position by position."""
    bare = [parent for parent in held if not parent.lots]
    if held and len(bare) == len(held):
        return [SetAside(account, None, line, f"the lots: the rows were not expanded before the download. {EXPAND}")]
    return [
        SetAside(account, dotted(parent.row.text("symbol")), parent.row.line, f"the lots: not expanded. {EXPAND}")
        for parent in bare
    ]


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


FORMATS = (
    Format(
        "etrade",
        ("positions", "lots"),
        (
            says("account summary\naccount,", "account summary,"),
            says("view summary - "),
            columns("symbol", "last price", "price paid", "value"),
            columns("symbol", "qty", "value", "total cost"),
            says("symbol,security type(s),sort by"),
        ),
        read_portfolio,
        must=(without("lot selection", "deferred loss"),),
    ),
)
