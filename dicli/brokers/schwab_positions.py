"""Charles Schwab: positions, of one account or of all, in the three layouts met since 2018.

Layout A (2018-2022) has 25 columns and a comma at the end of every row, B (2023) 17 columns, C (2024-) double names
such as `Qty (Quantity)`. A file of all accounts repeats the table below a line with each account's name.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Row, sections
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, refused, says
from dicli.brokers.symbols import dotted, is_money_fund, no_holding, no_stock
from dicli.brokers.values import dates_in
from dicli.model import Position, Reading, SetAside

COLUMNS = {
    "symbol": (),
    "description": (),
    "quantity": ("qty (quantity)",),
    "price": (),
    "value": ("market value", "mkt val (market value)"),
    "basis": ("cost basis",),
    "reinvests": ("reinvest dividends?", "reinvest?"),
    "type": ("security type", "asset type"),
}
REQUIRED = ("symbol", "description", "quantity", "price", "value", "basis")
IGNORED = (
    *("price change", "price change %", "price chng $ (price change $)", "price chng % (price change %)"),
    *("day change", "day change %", "day chng $ (day change $)", "day chng % (day change %)"),
    *("gain/loss", "gain/loss %", "gain $ (gain/loss $)", "gain % (gain/loss %)"),
    *("capital gains?", "reinvest capital gains?", "% of account", "% of acct (% of account)", "ratings"),
    *("dividend yield", "last dividend", "ex-dividend date", "p/e ratio", "52 week low", "52 week high", "volume"),
    *("intrinsic value", "in the money"),
)
TOTALS = ("account total", "positions total")
_TITLE = "positions for "


def read_positions(document: Document) -> Reading:
    positions: list[Position] = []
    cash: dict[str, Decimal] = {}
    aside: list[SetAside] = []
    accounts: list[str] = []
    as_of = next(iter(dates_in(document.title(_TITLE))), None)
    totals = 0
    for label, rows in sections(document, COLUMNS, REQUIRED, skip=TOTALS, ignored=IGNORED):
        account = _account(label)
        if account.lower().startswith(_TITLE):
            document.fault(rows.line, "the line with the account's name is missing above this table", AGAIN)
        if account in accounts:
            document.fault(rows.line, f'the account "{account}" comes twice', AGAIN)
        accounts.append(account)
        held: set[str] = set()
        for row in rows:
            symbol = row.text("symbol")
            if symbol in held:
                row.fault(f'"{symbol}" comes twice in one account', AGAIN)
            held.add(symbol)
            if symbol.lower().startswith(("cash &", "cash and ")):
                cash[account] = cash.get(account, Decimal(0)) + row.money("value")
            elif is_money_fund(symbol):
                cash[account] = cash.get(account, Decimal(0)) + row.money("value")
                aside.append(SetAside(account, symbol, row.line, "a money-market fund, counted as cash"))
            elif why := _not_held(row, symbol):
                aside.append(SetAside(account, symbol, row.line, why))
            else:
                positions.append(_position(row, account, symbol, as_of))
        totals = len(rows.skipped)
    if not totals:
        document.fault(None, 'the line "Account Total" at the end is missing: the file seems to be cut off', AGAIN)
    return Reading(
        document.path,
        "schwab",
        ("positions",),
        0,
        accounts=tuple(accounts),
        as_of=as_of,
        positions=tuple(positions),
        cash=cash,
        set_aside=tuple(aside),
    )


def _account(label: str) -> str:
    """The account of a title "Positions for account Individual ...234 as of …" or of a line "Individual ...234"."""
    said = label.strip()
    if said.lower().startswith("positions for account "):
        return number_in(said[len("positions for account ") :].rpartition(" as of ")[0])
    return number_in(said) or said


def _not_held(row: Row, symbol: str) -> str | None:
    if not symbol:
        row.fault('column "Symbol" is empty', AGAIN)
    if symbol.lower().startswith("futures"):
        return "a line about futures"
    if row.text("type").lower() in {"fixed income", "option", "options", "futures"} and not no_stock(symbol):
        return f"{row.text('type')}: no stock or fund"
    return no_stock(symbol) or no_holding(symbol, row.quantity("quantity"))


def _position(row: Row, account: str, symbol: str, as_of: dt.date | None) -> Position:
    return Position(
        account=account,
        symbol=dotted(symbol),
        quantity=row.quantity("quantity"),
        price=row.money_or_none("price"),
        value=row.money_or_none("value"),
        basis=row.money_or_none("basis"),
        name=row.text("description") or None,
        reinvests={"yes": True, "no": False}.get(row.text("reinvests").lower()),
        as_of=as_of,
        source=row.source,
    )


FORMATS = (
    Format(
        "schwab",
        ("positions",),
        (
            says("positions for account", "positions for all-accounts", "positions for custaccs"),
            columns("symbol", "description", "market value", "security type"),
            columns("symbol", "description", "mkt val (market value)"),
            columns("symbol", "cost basis", "% of account"),
            columns("symbol", "cost basis", "% of acct (% of account)"),
        ),
        read_positions,
    ),
    Format(
        "schwab",
        ("balances",),
        (
            says("balances for account", "balances for all-accounts", "balances for all accounts"),
            says("total accounts value", "account value", "cash & cash investments"),
        ),
        refused("a Schwab balances export has no holdings in it", "Export the Positions page instead."),
    ),
)
