"""Merrill: holdings of all accounts by count, as `Download` on the holdings page writes them.

There is no cost basis; it is the value less the unrealized gain. Negative numbers stand in parentheses, `--` for
nothing. Cash is a row of a deposit program: symbol IIAXX or `--`.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers import merrill_activity
from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, refused, says
from dicli.brokers.symbols import is_money_fund, no_holding
from dicli.brokers.values import is_blank
from dicli.model import Position, Reading, SetAside

COLUMNS = {
    **dict.fromkeys(("account", "symbol", "cusip", "quantity", "price", "value"), ()),
    "day": ("cob date",),
    "name": ("security description",),
    "gain": ("unrealized gain/loss",),
}
REQUIRED = ("day", "symbol", "name", "account", "quantity", "price", "value", "gain")
IGNORED = (
    *("security", "account nickname", "account registration", "unrealized gain/loss (%)", "accrued interest"),
    *("cumulative investment return", "cumulative investment return (%)"),
)
CASH_WORDS = ("deposit", "bank", "money market", "cash")


def read_holdings(document: Document) -> Reading:
    positions: list[Position] = []
    cash: dict[str, Decimal] = {}
    aside: list[SetAside] = []
    accounts: dict[str, None] = {}
    held: set[tuple[str, str]] = set()
    for row in table(document, COLUMNS, REQUIRED, ignored=IGNORED, skip=("total",)):
        account, symbol = row.text("account"), row.text("symbol")
        accounts[account] = None
        if is_blank(account):
            row.fault("a row without an account", AGAIN)
        if not is_blank(symbol) and (account, symbol) in held:
            row.fault(f'"{symbol}" comes twice in one account', AGAIN)
        held.add((account, symbol))
        read = _holding(row, account, "" if is_blank(symbol) else symbol)
        if isinstance(read, Position):
            positions.append(read)
            continue
        if read.endswith("counted as cash"):
            cash[account] = cash.get(account, Decimal(0)) + row.money("value")
        aside.append(SetAside(account, symbol or None, row.line, read))
    days = {entry.as_of for entry in positions if entry.as_of}
    return Reading(
        document.path,
        "merrill",
        ("positions",),
        0,
        accounts=tuple(accounts),
        as_of=max(days, default=None),
        positions=tuple(positions),
        cash=cash,
        set_aside=tuple(aside),
    )


def _holding(row: Row, account: str, symbol: str) -> Position | str:
    quantity, price, value = row.quantity("quantity"), row.money_or_none("price"), row.money_or_none("value")
    name, gain, day = row.text("name"), row.money_or_none("gain"), row.date("day")
    if is_money_fund(symbol) or (not symbol and price == 1 and any(word in name.lower() for word in CASH_WORDS)):
        row.check_product(quantity, price, row.money("value"))
        return "a deposit program or money-market fund, counted as cash"
    if not symbol:
        return "a security without a symbol"
    if "#" in symbol:
        return "an option"
    if why := no_holding(symbol, quantity):
        return why
    row.check_product(quantity, price, value)
    return Position(
        account=account,
        symbol=row.ticker(symbol, name, row.text("cusip")),  # files write BRKB
        quantity=quantity,
        price=price,
        value=value,
        basis=None if value is None or gain is None else value - gain,
        name=name or None,
        as_of=day,
        source=row.source,
    )


FORMATS = (
    Format(
        "merrill",
        ("positions",),
        (
            columns("cob date", "symbol"),
            columns("security description", "account", "quantity"),
            columns("value", "unrealized gain/loss", "account registration"),
        ),
        read_holdings,
    ),
    Format(
        "merrill",
        ("summary",),
        (columns("cob date", "net value"), columns("priced investments", "money accounts")),
        refused("this is Merrill's summary of balances: it has no holdings", 'Download "Holdings" instead.'),
    ),
    Format(
        "merrill",
        ("page",),
        (
            columns("positions", "day's value change"),
            columns("total client investment", "quantity"),
            columns("symbol", "day's price $ chg % chg"),
            columns("day's value change", "unrealized gain/loss $ chg % chg"),
            says("exported on:"),
        ),
        refused(
            "this is Merrill's export of a page: its rows name no account and join symbols with names",
            'Use "Download" with the choice "Holdings" (the file whose first column is "COB Date") instead.',
        ),
    ),
    *merrill_activity.FORMATS,
)
