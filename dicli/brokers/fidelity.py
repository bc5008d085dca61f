"""Fidelity: positions (the web site's download, no lots) and the monthly statement as CSV.

Positions have had Title Case headings until mid-2026, sentence case since, a `Basket Name` or `Investment Type` column
for some users, and one comma more in each row than in the header. Cash stands in rows marked `**`, without a quantity
or with one. The statement stacks a table of accounts and, per account, sections of holdings.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from html import unescape

from dicli.brokers import fidelity_history, fidelity_lots
from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.fidelity_common import AS_CASH, TRAILERS, aside, downloaded, is_core, stock, why_aside
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.values import parse_money
from dicli.model import Position, Reading, SetAside

ZERO = Decimal(0)
PENDING = "trades that have not settled, counted in the cash"

POSITIONS = {
    "number": ("account number", "account name/number"),
    "account": ("account name",),
    "symbol": (),
    "name": ("description",),
    "quantity": (),
    "price": ("last price",),
    "value": ("current value",),
    "basis": ("cost basis total", "cost basis"),
    "type": (),
    "basket": ("basket name", "investment type"),
}
KNOWN = (
    *("last price change", "percent of account", "beginning value"),
    *("today's gain/loss dollar", "today's gain/loss percent", "today's gain/loss percentage"),
    *("total gain/loss dollar", "total gain/loss percent", "total gain/loss percentage"),
    *("average cost basis", "cost basis per share"),
)
STATEMENT = {
    "symbol": ("symbol/cusip",),
    "name": ("description",),
    "quantity": (),
    "price": (),
    "value": ("ending value",),
    "basis": ("cost basis",),
}
SECTIONS = {
    "stocks": None,
    "mutual funds": None,
    "exchange traded products": None,
    "preferred stock": None,
    "bonds": "a bond, bill or note",
    "options": "an option",
    "other": "in the statement's section for other holdings",
    "core account": AS_CASH,
}


def read_positions(document: Document) -> Reading:
    """Positions by account number, average cost only; the day is that of the trailer `Date downloaded`.

    `Pending activity` is what trades of the last day will add to or take from the cash: their shares are already in the
    quantities, so their money is counted too.
    """
    rows = table(
        document,
        POSITIONS,
        ("symbol", "quantity", "price", "value", "basis"),
        stop=TRAILERS,
        short=lambda row: _is_pending(row) or row.text("symbol").endswith("**"),
        ignored=KNOWN,
    )
    if not {"account", "number"} & rows.index.keys():
        document.fault(rows.line, 'the header has no column "Account Number"', AGAIN)
    day = downloaded(document)
    found: list[Position] = []
    cash: dict[str, Decimal] = {}
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        account = row.text("number") or row.text("account")
        accounts[account] = None
        symbol, name = row.text("symbol"), unescape(row.text("name"))
        line = (account, symbol, name, row.text("type"), row.text("basket"))
        if line in seen:
            row.fault(f'"{symbol or name}" comes twice in one account', AGAIN)
        seen.add(line)
        if _is_pending(row):
            cash[account] = cash.get(account, ZERO) + (row.money_or_none("value") or ZERO)
            left.append(aside(row, account, "", PENDING))
        elif is_core(symbol, name):
            cash[account] = cash.get(account, ZERO) + row.money("value")
            left.append(aside(row, account, symbol, AS_CASH))
        elif why := _not_held(row, symbol, name):
            left.append(aside(row, account, symbol, why))
        else:
            found.append(_position(row, account, symbol, name, day))
    return Reading(
        document.path,
        "fidelity",
        ("positions",),
        0,
        accounts=tuple(accounts),
        as_of=day,
        positions=tuple(found),
        cash=cash,
        set_aside=tuple(left),
    )


def read_statement(document: Document) -> Reading:
    """The holdings of a monthly statement. Its day stands nowhere in the file, so the positions carry none."""
    rows = table(document, STATEMENT, ("symbol", "name", "quantity", "price", "value", "basis"), ignored=KNOWN)
    found: list[Position] = []
    cash: dict[str, Decimal] = {}
    left: list[SetAside] = []
    account, section = "", ""
    for line, cells in rows.records:
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled or filled[0].lower().startswith("subtotal of"):
            continue
        if len(filled) == 1:
            if filled[0].lower() in SECTIONS:
                section = filled[0].lower()
            elif number_in(filled[0]) == filled[0] and any(digit.isdigit() for digit in filled[0]):
                account, section = filled[0], ""
                cash.setdefault(account, ZERO)
            else:
                document.fault(
                    line, f'unknown section "{filled[0]}"', "Please report it: dicli must know what it holds."
                )
            continue
        document.rows_read += 1
        # the row of uninvested cash has no description
        row = rows.row(line, ["CASH", "", *cells[1:]] if cells[0].strip() == "CASH" and _is_number(cells[1]) else cells)
        symbol, name = row.text("symbol"), unescape(row.text("name"))
        if not account or not section:
            row.fault("a holding outside an account's section", AGAIN)
        elif section == "core account":
            cash[account] += row.money("value")
            left.append(aside(row, account, symbol, AS_CASH))
        elif why := SECTIONS[section] or _not_held(row, symbol, name):
            left.append(aside(row, account, symbol, why))
        else:
            found.append(_position(row, account, symbol, name, None))
    return Reading(
        document.path,
        "fidelity",
        ("positions",),
        0,
        accounts=tuple(cash),
        positions=tuple(found),
        cash=cash,
        set_aside=tuple(left),
    )


def _is_pending(row: Row) -> bool:
    return row.text("symbol").lower().startswith("pending activity")


def _is_number(text: str) -> bool:
    try:
        parse_money(text)
    except ValueError:
        return False
    return True


def _not_held(row: Row, symbol: str, name: str) -> str | None:
    if not symbol:
        return "a holding without a symbol: a workplace plan's fund or another that is not traded"
    if symbol.lower() == "brokeragelink":
        return "BrokerageLink: what it holds is listed under an account of its own"
    if why := why_aside(symbol, name):
        return why
    quantity = row.quantity("quantity")
    if quantity < 0:
        return "a short position"
    return None if quantity else "a quantity of zero"


def _position(row: Row, account: str, symbol: str, name: str, day: dt.date | None) -> Position:
    return Position(
        account=account,
        symbol=stock(row, symbol, name),
        quantity=row.quantity("quantity"),
        price=row.money_or_none("price"),
        value=row.money_or_none("value"),
        basis=row.money_or_none("basis"),
        name=name or None,
        as_of=day,
        source=row.source,
    )


FORMATS = (
    Format(
        "fidelity",
        ("positions",),
        (
            columns("account number", "symbol", "last price"),
            columns("symbol", "last price", "current value"),
            columns("current value", "percent of account"),
            columns("cost basis total", "average cost basis"),
            says("brokerage services are provided by fidelity"),
        ),
        read_positions,
    ),
    Format(
        "fidelity",
        ("positions",),
        (
            columns("beginning mkt value", "ending mkt value"),
            columns("symbol/cusip", "beginning value", "ending value"),
        ),
        read_statement,
    ),
    *fidelity_history.FORMATS,
    *fidelity_lots.FORMATS,
)
