"""Fidelity: the monthly statement as CSV, a table of accounts above sections of holdings, account by account.

Which month it is stands nowhere in the file. The row of uninvested cash has no description; a cost basis may be
`not applicable`; names are written as on a web page (`S&amp;P`).
"""

from __future__ import annotations

from decimal import Decimal
from html import unescape

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.fidelity_common import AS_CASH, aside, is_core, not_held, position
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import is_cusip, is_ticker
from dicli.brokers.values import parse_money
from dicli.model import Position, Reading, SetAside

COLUMNS = {
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


def read_statement(document: Document) -> Reading:
    """The holdings of a monthly statement. Its day stands nowhere in the file, so the positions carry none."""
    rows = table(
        document, COLUMNS, ("symbol", "name", "quantity", "price", "value", "basis"), ignored=("beginning value",)
    )
    found: list[Position] = []
    cash: dict[str, Decimal] = {}
    left: list[SetAside] = []
    account, section, is_open = "", "", False
    for line, cells in document.records:
        if line < rows.line and 3 <= sum(1 for cell in cells if cell.strip()) <= rows.width:
            document.fault(line, "a holding stands above the header", AGAIN)
    for line, cells in rows.records:
        filled = [cell.strip() for cell in cells if cell.strip()]
        if not filled:
            continue
        if filled[0].lower().startswith("subtotal of"):
            section, is_open = "", False
            continue
        if len(filled) == 1:
            if is_open:
                document.fault(line, f'the section "{section}" above has no subtotal', AGAIN)
            is_open = filled[0].lower() in SECTIONS
            if filled[0].lower() in SECTIONS:
                section = filled[0].lower()
            elif number_in(filled[0]) == filled[0] and any(digit.isdigit() for digit in filled[0]):
                account, section = filled[0], ""
                cash.setdefault(account, Decimal(0))
            else:
                document.fault(
                    line, f'unknown section "{filled[0]}"', "Please report it: dicli must know what it holds."
                )
            continue
        document.rows_read += 1
        # the row of uninvested cash has no description
        row = rows.row(line, ["CASH", "", *cells[1:]] if cells[0].strip() == "CASH" and _is_number(cells[1]) else cells)
        symbol, name = row.text("symbol"), unescape(row.text("name"))
        if section in ("stocks", "core account"):
            row.check_product(row.quantity_or_none("quantity"), row.money_or_none("price"), row.money_or_none("value"))
        if not account or not section:
            row.fault("a holding outside an account's section", AGAIN)
        elif not _belongs(section, symbol, name):
            row.fault(f'"{symbol or name}" does not belong in the section "{section}"', AGAIN)
        elif symbol == "CASH" and row.text("quantity") != row.text("value"):
            row.fault("a dollar of cash is worth a dollar: cells have moved", AGAIN)
        elif section == "core account":
            cash[account] += row.money("value")
            left.append(aside(row, account, symbol, AS_CASH))
        elif why := SECTIONS[section] or not_held(row, symbol, name):
            left.append(aside(row, account, symbol, why))
        else:
            found.append(position(row, account, symbol, name, None))
    if is_open:
        document.fault(None, f'the section "{section}" has no subtotal: the file seems to be cut off', AGAIN)
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


def _belongs(section: str, symbol: str, name: str) -> bool:
    is_cash = symbol == "CASH" or is_core(symbol, name)
    if section in ("core account", "bonds", "options"):
        return {"core account": is_cash, "bonds": is_cusip(symbol), "options": not is_ticker(symbol)}[section]
    return not is_core(symbol, name)


def _is_number(text: str) -> bool:
    try:
        parse_money(text)
    except ValueError:
        return False
    return True


FORMATS = (
    Format(
        "fidelity",
        ("positions",),
        (columns("beginning mkt value", "ending mkt value"), columns("symbol/cusip", "ending value", "cost basis")),
        read_statement,
    ),
)
