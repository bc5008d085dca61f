"""Robinhood: the account activity report, newest row first, for the span that was asked for (there is no lots file).

Nine columns; some reports have `Account Type` and `Suppressed` as well. A description holds line ends: the name, then
`CUSIP: …`, and for reinvested dividends a third line that says so. Amounts in parentheses are paid out. The quantity
of a split is the shares added, and an `S` behind a quantity means shares that leave. A disclaimer stands below the
rows, in a cell of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from dicli.brokers import robinhood_1099, robinhood_2016
from dicli.brokers.csvfile import Row, no_history_above, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.robinhood_codes import CODES, Sense
from dicli.brokers.symbols import is_money_fund, is_ticker, no_stock
from dicli.brokers.values import is_blank, parse_quantity
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("description", "quantity", "price", "amount", "suppressed"), ()),
    "date": ("activity date",),
    "symbol": ("instrument",),
    "code": ("trans code",),
    "account": ("account type",),
}
REQUIRED = ("date", "symbol", "description", "code", "quantity", "price", "amount")
IGNORED = ("process date", "settle date")
SHOWN = {"": False, "false": False, "no": False, "n": False}
_CUSIP = re.compile(r"CUSIP: *([0-9A-Z]{9})\b")
_REINVESTED = re.compile(r"dividend reinvest(?:ment|ed)", re.IGNORECASE)
_DIGITS_LEFT = re.compile(r"[\d,.]+S")


def read_activity(document: Document) -> Reading:
    history: list[Transaction] = []
    aside: list[SetAside] = []
    accounts: dict[str, None] = {}
    days: list[dt.date] = []
    rows = table(document, COLUMNS, REQUIRED, ignored=IGNORED, stop=_disclaimer(document))
    no_history_above(rows)
    for row in rows:
        account = _account(row)
        accounts[account] = None
        days.append(row.date("date"))
        if row.choice("suppressed", SHOWN, "What a suppressed row means is not known: please report it.") is None:
            continue
        sense = row.action("code", CODES)
        if sense is None:
            continue
        read = _transaction(row, account, *sense)
        if isinstance(read, Transaction):
            history.append(read)
        else:
            aside.append(SetAside(account or None, row.text("symbol") or None, row.line, read))
    return Reading(
        document.path,
        "robinhood",
        ("transactions",),
        0,
        accounts=tuple(account for account in accounts if account),
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _disclaimer(document: Document) -> tuple[str, ...]:
    """How the text below the rows begins: words alone in a record, beyond the columns of dates and symbols."""
    found = []
    for _, cells in document.records:
        filled = [(place, cell.strip()) for place, cell in enumerate(cells) if cell.strip()]
        if len(filled) == 1 and filled[0][0] >= 4 and re.search(r"[A-Za-z]{4}", filled[0][1]):
            found.append(filled[0][1].lower()[:40])
    return tuple(found)


def _account(row: Row) -> str:
    """The account's name where the report has several; `Cash` and `Margin` are kinds of one and the same account."""
    said = row.text("account")
    return "" if said.lower() in {"cash", "margin", "--"} else said


def _transaction(row: Row, account: str, kind: TransactionKind, sense: Sense) -> Transaction | str:
    said, description, code = row.text("symbol"), row.text("description"), row.text("code")
    if sense is Sense.OPTION:
        return "an option"
    quantity, amount, price = _quantity(row), row.money_or_none("amount"), row.money_or_none("price")
    if why := no_stock(said):
        return why
    trade = sense in (Sense.IN, Sense.OUT)
    if is_money_fund(said) and (trade or sense is Sense.EITHER):
        return "a money-market fund, counted as cash"
    cusip = _CUSIP.search(description)
    symbol = _symbol(row, said, cusip[1] if cusip else "", needed=bool(quantity))
    if sense in (Sense.IN, Sense.OUT, Sense.GIVEN, Sense.SHARES) and (not quantity or not symbol):
        row.fault(f'"{code}" without a symbol or a quantity', AGAIN)
    if (trade or sense is Sense.CASH) and amount is None:
        row.fault(f'"{code}" without an amount', AGAIN)
    if sense in (Sense.EITHER, Sense.EVENT) and not quantity and amount is None:
        row.fault(f'"{code}" with neither a quantity nor an amount', AGAIN)
    if (trade or sense is Sense.GIVEN) and quantity is not None:
        if quantity < 0 or (trade and (amount or 0) * (1 if sense is Sense.IN else -1) > 0):
            row.fault(f'"{code}" with quantity {quantity:f} and amount {amount}: the signs contradict it', AGAIN)
        row.check_product(quantity, price, amount)
        quantity = -quantity if sense is Sense.OUT else quantity
    if sense is Sense.CASH and quantity:
        row.fault(f'"{code}" with a quantity of shares', AGAIN)
    if code.lower() == "buy" and _REINVESTED.search(description):
        kind = TransactionKind.REINVEST
    if sense is Sense.EITHER:
        kind = _moved(quantity, amount)
    return Transaction(
        account=account,
        date=row.date("date"),
        kind=kind,
        symbol=symbol or None,
        quantity=quantity,
        amount=amount,
        price=price,
        action=code,
        description=" / ".join(filter(None, map(str.strip, description.splitlines()))),
        cusip=cusip[1] if cusip else None,
        source=row.source,
    )


def _quantity(row: Row) -> Decimal | None:
    """The number of shares, negative for `12S`: shares that are given up."""
    said = row.text("quantity")
    if _DIGITS_LEFT.fullmatch(said):
        return -parse_quantity(said[:-1])
    return None if is_blank(said) else row.quantity("quantity")


def _symbol(row: Row, said: str, cusip: str, *, needed: bool) -> str:
    """The symbol, dotted; of a row that moves no shares it may stay unknown."""
    if not said:
        return ""
    symbol = row.ticker(said, row.text("description"), cusip, needed=needed)
    if symbol and not is_ticker(symbol):
        row.fault(f'"{said}" where a symbol is expected', AGAIN)
    return symbol


def _moved(quantity: Decimal | None, amount: Decimal | None) -> TransactionKind:
    if quantity:
        return TransactionKind.TRANSFER_IN if quantity > 0 else TransactionKind.TRANSFER_OUT
    return TransactionKind.WITHDRAWAL if amount is not None and amount < 0 else TransactionKind.DEPOSIT


FORMATS = (
    Format(
        "robinhood",
        ("transactions",),
        (
            columns("activity date", "process date", "settle date"),
            columns("instrument", "trans code"),
            columns("activity date", "trans code", "amount"),
        ),
        read_activity,
    ),
    *robinhood_1099.FORMATS,
    *robinhood_2016.FORMATS,
)
