"""Merrill: the account history, in three layouts.

`Download`: the action in `Description 1`, accounts in `Account #`. `Export All Activity`: a space before every comma,
the action at the start of a free-text description. Since October 2026 the latter has settlement dates alone, no
account column (the line `Selected account(s):` above names it) and a `Total` row at the end.

Reinvestment is two rows, the shares and the cash that went into them. Deposits into Merrill's own deposit programs
are cash to cash.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from dicli.brokers.csvfile import IGNORE, Row, Table, no_history_above, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.merrill_events import Held, reinvested, without_due_bills
from dicli.brokers.merrill_words import KINDS, Sense, meaning
from dicli.brokers.symbols import is_cusip, is_money_fund, is_ticker
from dicli.brokers.values import is_blank
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("account", "description", "quantity", "price", "amount"), ()),
    "date": ("trade date",),
    "settled": ("settlement date",),
    "action": ("description 1",),
    "more": ("description 2",),
    "symbol": ("symbol/ cusip", "symbol/cusip"),
}
IGNORED = ("pending/settled", "account nickname", "account registration", "type")
SETTLED_ONLY = "only settlement dates are in this layout: trades happened up to two trading days before the dates read"
_NUMBERS = re.compile(r"\b[0-9A-Z]{3}-[0-9A-Z]{5}\b")
ONE = "Select one account on the activity page and export again."
SELECTED = "selected account(s):"
ASIDE = {
    Sense.OPTION: "an option",
    Sense.SWEEP: "cash to cash: the deposit program",
    Sense.NOTE: "a note of a contribution, whose cash has a row of its own",
}


def read_activity(document: Document) -> Reading:
    rows = _rows(document)
    no_history_above(rows)
    whole = _selected(document)
    dated = "date" in rows.index
    if "account" not in rows.index and not whole and document.title(SELECTED):
        document.fault(
            rows.line, 'no row names its account, and the line "Selected account(s):" above names more than one', ONE
        )
    held: list[Held] = []
    aside: list[SetAside] = [] if dated else [SetAside(None, None, rows.line, SETTLED_ONLY)]
    accounts: dict[str, None] = {}
    days: list[dt.date] = []
    for row in rows:
        account = _number(row.text("account") or whole)
        accounts[account] = None
        date = row.date("date" if dated else "settled")
        days.append(date)
        said = row.text("action") or row.text("description")
        found = meaning(said)
        if found is None:
            if not document.ignores(said, row.line):
                row.fault(f'unknown action "{" ".join(said.split())[:60]}"', IGNORE)
            continue
        read = _transaction(row, account, date, *found)
        if isinstance(read, Transaction):
            held.append((read, found[1]))
        else:
            symbol = row.text("symbol")
            aside.append(SetAside(account, None if is_blank(symbol) else symbol, row.line, read))
    return Reading(
        document.path,
        "merrill",
        ("transactions",),
        0,
        accounts=tuple(accounts),
        transactions=tuple(reinvested(without_due_bills(held, aside), aside)),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _rows(document: Document) -> Table:
    """The table; of the layouts with an action of its own, both descriptions and the account are needed."""
    seen = next((names for names in document.head_columns if {"quantity", "amount"} <= names), frozenset())
    required = ["settled", "symbol", "quantity", "price", "amount"]
    if seen & {"pending/settled", "description 1", "description 2"}:
        required += ["date", "account", "action", "more"]
    else:
        required.append("description")
        if seen & {"trade date", "account"}:
            required += ["date", "account"]
    return table(document, COLUMNS, required, ignored=IGNORED, skip=("total ",))


def _selected(document: Document) -> str:
    """The one account named above the table; empty for none, several or all."""
    named = _NUMBERS.findall(document.title(SELECTED))
    return named[0] if len(named) == 1 else ""


def _number(account: str) -> str:
    """The account's number of "CMA-Edge 31X-70418", so that it is one account in every layout."""
    found = _NUMBERS.findall(account)
    return found[-1] if found else account


def _transaction(row: Row, account: str, date: dt.date, said: str, sense: Sense) -> Transaction | str:
    symbol = row.text("symbol")
    symbol = "" if is_blank(symbol) else symbol
    if sense in ASIDE or "#" in symbol:
        return ASIDE.get(sense, "an option")
    if sense is Sense.BOND and (not symbol or is_cusip(symbol)):
        return "a bond, bill or other security known by its CUSIP only"
    quantity, amount, price = row.quantity_or_none("quantity"), row.money_or_none("amount"), row.money_or_none("price")
    quantity, amount = quantity or None, amount or None
    kind = KINDS.get(sense, TransactionKind.OTHER)
    if sense is Sense.DIVIDEND and quantity and amount is None:
        kind = TransactionKind.SPLIT  # a "dividend" of shares without cash is how Merrill writes a split
    moves = sense in (Sense.BUY, Sense.SELL, Sense.SHARES_OF_DIVIDEND) or kind is TransactionKind.SPLIT
    if moves and is_cusip(symbol):
        return "a bond, bill or other security known by its CUSIP only"
    if moves and is_money_fund(symbol):
        return "a money-market fund, counted as cash"
    ticker = _ticker(row, symbol, needed=bool(quantity))
    if moves and (not quantity or not ticker):
        row.fault(f'"{said}" without a symbol or a quantity', AGAIN)
    if sense in (Sense.BUY, Sense.SELL):
        out = sense is Sense.SELL
        if amount is None or (amount > 0) is not out or (quantity is not None and quantity < 0 and not out):
            row.fault(f'"{said}" with quantity {quantity} and amount {amount}: the signs contradict it', AGAIN)
        row.check_product(quantity, price, amount)
        quantity = -abs(quantity or Decimal(0)) if out else quantity
    elif sense is Sense.SHARES_OF_DIVIDEND and quantity is not None and (quantity < 0 or (amount or 0) > 0):
        row.fault(f'"{said}" with quantity {quantity} and amount {amount}: the signs contradict it', AGAIN)
    elif not moves and amount is None and not quantity:
        return "it moves neither shares nor cash"
    if sense is Sense.EITHER:
        kind = _moved(quantity, amount)
    income = kind in (TransactionKind.DIVIDEND, TransactionKind.INTEREST, TransactionKind.FEE, TransactionKind.TAX)
    return Transaction(
        account=account,
        date=date,
        kind=kind,
        symbol=ticker,
        quantity=None if income else quantity,
        amount=amount,
        price=price or None,
        action=said,
        description=" ".join((row.text("more") or row.text("description")).split()),
        cusip=symbol if is_cusip(symbol) else None,
        source=row.source,
    )


def _ticker(row: Row, symbol: str, *, needed: bool) -> str | None:
    """The symbol, dotted (files write BRKB); of a row that moves no shares it may stay unknown."""
    found = row.ticker(symbol, f"{row.text('description')} {row.text('more')}", needed=needed)
    return found if is_ticker(found) and not is_cusip(symbol) else None


def _moved(quantity: Decimal | None, amount: Decimal | None) -> TransactionKind:
    if quantity:
        return TransactionKind.TRANSFER_IN if quantity > 0 else TransactionKind.TRANSFER_OUT
    return TransactionKind.WITHDRAWAL if amount is not None and amount < 0 else TransactionKind.DEPOSIT


FORMATS = (
    Format(
        "merrill",
        ("transactions",),
        (
            columns("settlement date", "symbol/cusip", "amount"),
            columns("pending/settled", "account registration"),
            columns("trade date", "settlement date", "description 1"),
            columns("settlement date", "symbol/ cusip"),
            columns("description", "symbol/ cusip", "amount"),
            says(SELECTED),
            says("exported on:"),
        ),
        read_activity,
        must=(columns("settlement date", "quantity"), without("run date", "transaction type", "activity type")),
    ),
)
