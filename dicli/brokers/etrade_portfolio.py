"""E*TRADE: the portfolio download, positions with their lots where the rows were expanded before it was saved.

A lot is a row below its position whose first cell holds a date (or `--`) behind five spaces. The columns are those of
the saved view; prices are per share. `CASH` and `TOTAL` rows end the table, then "Generated at".
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Columns, Row, table
from dicli.brokers.document import AGAIN, Document, plain
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
UNKNOWN_DAY = dt.date(1969, 12, 31)  # what E*TRADE shows for a day that it does not know
EXPAND = 'Open "+" (Expand all lots) on the Portfolios page before the download.'
_LOT = re.compile(r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|--")
_OPTION = re.compile(r"\b(?:call|put)$", re.IGNORECASE)
_BOND = re.compile(r"\d%|\b(?:CD|BOND|NOTE|BILL)\b")


@dataclass
class Parent:
    """A position's row, why it is set aside (None if it is held), and the lots' rows below it."""

    row: Row
    why: str | None
    lots: list[Row] = field(default_factory=list)


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
    positions, lots = [], []
    for number, parent in enumerate(parents):
        symbol = parent.row.text("symbol")
        if number and parent.row.cells == parents[number - 1].row.cells:
            parent.row.fault("the same position comes twice", AGAIN)
        if parent.lots:
            _check(parent)
        if parent.why:
            aside.append(SetAside(account, symbol, parent.row.line, parent.why))
            if is_money_fund(symbol):
                cash[account] = cash.get(account, Decimal(0)) + parent.row.money("value")
            continue
        positions.append(_position(parent.row, account, symbol, as_of))
        lots += _lots(parent, account, as_of)
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
        ("positions", "lots") if lots else ("positions",),
        0,
        accounts=(account,) if account else (),
        as_of=as_of,
        positions=_merged(positions),
        lots=tuple(lots),
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


def _basis(row: Row) -> Decimal | None:
    """The total cost, else price paid x quantity to the cent; a price of zero is one that E*TRADE does not know."""
    total, paid = row.money_or_none("basis"), row.money_or_none("paid")
    if total is not None or not paid:
        return total
    return (paid * row.quantity("quantity")).quantize(Decimal("0.01"))


def _position(row: Row, account: str, symbol: str, as_of: dt.date | None) -> Position:
    quantity, price, value = row.quantity("quantity"), row.money_or_none("price"), row.money_or_none("value")
    row.check_product(quantity, price, value)
    row.check_product(quantity, row.money_or_none("paid"), row.money_or_none("basis"))
    return Position(account, dotted(symbol), quantity, price, value, _basis(row), as_of=as_of, source=row.source)


def _check(parent: Parent) -> None:
    """Faults where the lots below a row are not it: rows were cut or moved, or a filter hides some."""
    row, held = parent.row, parent.row.quantity("quantity")
    shares = sum((lot.quantity("quantity") for lot in parent.lots), Decimal(0))
    if abs(shares - held) > Decimal("0.0005") * len(parent.lots):
        row.fault(f'the lots below "{row.text("symbol")}" hold {shares:f} of its {held:f} shares', AGAIN)
    for lot in parent.lots:
        price = lot.money_or_none("price")
        if price is not None and row.money_or_none("price") not in (None, price):
            lot.fault(f'the last price here is not that of "{row.text("symbol")}" above', AGAIN)


def _lots(parent: Parent, account: str, as_of: dt.date | None) -> list[Lot]:
    found = []
    for lot in parent.lots:
        quantity, price = lot.quantity("quantity"), lot.money_or_none("price")
        if quantity <= 0:
            lot.fault(f"a lot of {quantity:f} shares in a position that is held", AGAIN)
        lot.check_product(quantity, price, lot.money_or_none("value"))
        lot.check_product(quantity, lot.money_or_none("paid") or None, lot.money_or_none("basis"))
        acquired = lot.date_or_none("symbol")
        acquired = None if acquired == UNKNOWN_DAY else acquired
        found.append(
            Lot(
                account=account,
                symbol=dotted(parent.row.text("symbol")),
                quantity=quantity,
                acquired=acquired,
                holding_from=acquired,
                basis=_basis(lot),
                price=price or parent.row.money_or_none("price"),
                as_of=as_of,
                source=lot.source,
            )
        )
    return found


def _not_expanded(document: Document, account: str, line: int, held: list[Parent]) -> list[SetAside]:
    """What says that lots are missing: for the whole file, or position by position."""
    bare = [parent for parent in held if not parent.lots]
    if held and len(bare) == len(held):
        return [SetAside(account, None, line, f"the lots: the rows were not expanded before the download. {EXPAND}")]
    return [
        SetAside(account, dotted(parent.row.text("symbol")), parent.row.line, f"the lots: not expanded. {EXPAND}")
        for parent in bare
    ]


def _merged(positions: list[Position]) -> tuple[Position, ...]:
    """One position per symbol: E*TRADE lists cash and margin holdings of one stock apart."""
    whole: dict[str, Position] = {}
    for one in positions:
        other = whole.get(one.symbol)
        if other is None:
            whole[one.symbol] = one
            continue
        values = None if one.value is None or other.value is None else one.value + other.value
        basis = None if one.basis is None or other.basis is None else one.basis + other.basis
        whole[one.symbol] = Position(
            one.account,
            one.symbol,
            one.quantity + other.quantity,
            other.price,
            values,
            basis,
            as_of=one.as_of,
            source=other.source,
        )
    return tuple(whole.values())


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
