"""What Fidelity's files share: how they write symbols, which holdings are cash, and how they end."""

from __future__ import annotations

import datetime as dt
import re

from dicli.brokers.csvfile import Row, Table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.symbols import AmbiguousSymbolError, dotted, is_money_fund, is_option, is_ticker, no_stock, undotted
from dicli.brokers.values import parse_date
from dicli.model import Position, SetAside

TRAILERS = ("the data and information in", "brokerage services are provided", "the information provided", "date down")
# A strike tells an option from a fund of covered calls: CALL (SPY) SPDR S&P 500 ETF JAN 25 18 $260 (100 SHS)
OPTION_TEXT = re.compile(r"\b(?:CALL|PUT) \([A-Z./]{1,6}\) .*\$\d")
AS_CASH = "a money-market fund or the core account, counted as cash"
CASH_TO_CASH = "cash to cash: the core account or a money-market fund"

_CORE_SYMBOLS = {"FCASH", "CORE", "315994103"}  # the last is FDRXX, by its CUSIP
_CORE_NAMES = ("fdic insured deposit", "fdic-insured deposit", "held in money market", "held in fcash")
_DOWNLOADED = re.compile(r"date downloaded\W+([a-z]{3}-\d{1,2}-\d{4}|\d{1,2}[/-]\d{1,2}[/-]\d{4})", re.IGNORECASE)


def downloaded(document: Document) -> dt.date | None:
    """The day in the trailer `Date downloaded Aug-21-2026 6:59 a.m ET`, None where the file has none."""
    for _, cells in reversed(document.records):
        for cell in cells:
            if found := _DOWNLOADED.search(cell):
                return parse_date(found[1])
    return None


def is_core(symbol: str, name: str) -> bool:
    """Whether this is the account's cash: a core position (marked `**`), a money-market fund, an insured deposit.

    The symbol CASH alone does not say so: it is a bank's ticker.
    """
    said = symbol.strip().upper()
    named = name.strip().lower()
    return said.endswith("**") or said in _CORE_SYMBOLS or is_money_fund(said) or named.startswith(_CORE_NAMES)


def why_aside(symbol: str, name: str) -> str | None:
    """Why a security is left out, None for stocks and funds."""
    if is_option(symbol) or OPTION_TEXT.search(name.upper()):
        return "an option"
    why = no_stock(symbol)
    return why or (None if not symbol or is_ticker(dotted(symbol)) else "a symbol that is no stock's or fund's")


def nothing_outside(rows: Table) -> None:
    """A fault for each row of many cells above the header or after the trailer: the file was sorted or edited."""
    rows.no_gap()
    document = rows.document
    above = [record for record in document.records if record[0] < rows.line]
    known = {fault.where for fault in document.faults}
    for line, cells in (*above, *rows.records[rows.end + 1 :]):
        filled = [cell.strip().lower() for cell in cells if cell.strip()]
        if len(filled) >= 3 and not filled[0].startswith(TRAILERS) and document.where(line) not in known:
            document.fault(line, "a row of the table stands outside it", AGAIN)


def stock(row: Row, symbol: str, name: str, cusip: str = "") -> str:
    """The dotted symbol; a share class that neither the name nor the CUSIP proves is a fault of the row."""
    try:
        return undotted(symbol, name, cusip)
    except AmbiguousSymbolError as error:
        row.fault(str(error), "Write the class with a dot (BRK.B) in that row, or report it.")
        return dotted(symbol)


def aside(row: Row, account: str, symbol: str, why: str) -> SetAside:
    return SetAside(account, symbol.strip() or None, row.line, why)


def not_held(row: Row, symbol: str, name: str) -> str | None:
    if not symbol:
        return "a holding without a symbol: a workplace plan's fund or another that is not traded"
    if symbol.lower() == "brokeragelink":
        return "BrokerageLink: what it holds is listed under an account of its own"
    if " " in symbol and not is_option(symbol):
        row.fault(f'"{symbol}" stands where a symbol is expected', AGAIN)
    if why := why_aside(symbol, name):
        return why
    quantity = row.quantity("quantity")
    if quantity < 0:
        return "a short position"
    return None if quantity else "a quantity of zero"


def position(row: Row, account: str, symbol: str, name: str, day: dt.date | None) -> Position:
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
