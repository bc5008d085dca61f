"""E*TRADE: the account history in its new layout (2025-) and its old one, and the list of trades.

Dates have two-digit years, `--` is nothing. In the histories a sale's quantity is negative and money out is negative;
the list of trades (`tradesdownload.csv`) has no signs at all, and the order's type tells the direction. Amounts are
net of commission. A dividend with a quantity is a reinvestment.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Columns, Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.etrade_actions import ACTIONS, Sense
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.symbols import dotted, is_cusip, is_money_fund, is_ticker, no_stock
from dicli.brokers.values import dates_in
from dicli.model import Reading, SetAside, Transaction, TransactionKind

NEW: Columns = {
    **dict.fromkeys(("description", "symbol", "cusip", "quantity", "price", "amount", "commission"), ()),
    "date": ("activity/trade date",),
    "action": ("activity type",),
}
OLD: Columns = {
    **dict.fromkeys(("description", "symbol", "quantity", "price", "amount", "commission"), ()),
    "date": ("transactiondate",),
    "action": ("transactiontype",),
    "type": ("securitytype",),
}
TRADES: Columns = {
    **dict.fromkeys(("cusip", "quantity", "commission"), ()),
    "date": ("trade date",),
    "action": ("order type",),
    "symbol": ("security",),
    "description": ("transaction description",),
    "price": ("executed price",),
    "amount": ("net amount",),
}
_NAMED = re.compile(r"account activity for (.+) from (.+)", re.IGNORECASE)
_OPTION = re.compile(r"(?:PUT|CALL)\s+[A-Z.]+\s+\d\d/\d\d/\d\d|.+ (?:put|call)$", re.IGNORECASE)
K = TransactionKind


def read_new(document: Document) -> Reading:
    said = next((cells[0] for _, cells in document.records[:8] if cells and _NAMED.match(cells[0].strip())), "")
    found = _NAMED.match(said.strip())
    dates = dates_in(said)
    reading = _history(document, NEW, number_in(found[1]) if found else "", ("settlement date", "transaction date"))
    return replace(reading, coverage=(dates[0], dates[1])) if len(dates) == 2 else reading


def read_old(document: Document) -> Reading:
    row = next((cells for _, cells in document.records[:5] if cells and cells[0].strip().lower() == "for account:"), [])
    return _history(document, OLD, row[1].strip() if len(row) > 1 else "", ())


def read_trades(document: Document) -> Reading:
    return _history(document, TRADES, "", ())


def _history(document: Document, names: Columns, account: str, ignored: tuple[str, ...]) -> Reading:
    required = ("date", "action", "symbol", "quantity", "price", "amount", "commission", "description")
    rows = table(document, names, required, ignored=(*ignored, "category", "note"), stop=_trailers(document))
    for line, cells in document.records:
        if line < rows.line and len(cells) > 4 and cells[0].strip()[:1].isdigit():
            document.fault(line, "a row of the table stands above its header", AGAIN)
    signed = names is not TRADES
    history: list[Transaction] = []
    aside: list[SetAside] = []
    for row in rows:
        rule = row.action("action", ACTIONS)
        if rule is None:
            continue
        kind, sense = rule
        symbol = row.text("symbol").strip("-")
        if why := _why_aside(row, symbol, sense):
            aside.append(SetAside(account, symbol or None, row.line, why))
        else:
            history.append(_transaction(row, account, kind, sense, symbol, signed=signed))
    dates = [entry.date for entry in history]
    return Reading(
        document.path,
        "etrade",
        ("transactions",),
        0,
        accounts=(account,) if account else (),
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(dates), max(dates)) if dates else None,
    )


def _trailers(document: Document) -> tuple[str, ...]:
    """The beginnings of the notes below the table: one filled cell on a line of its own, which is no date."""
    notes = []
    for _, cells in document.records[3:]:
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(filled) == 1 and not filled[0][0].isdigit():
            notes.append(filled[0].lower())
    return tuple(notes)


def _why_aside(row: Row, symbol: str, sense: Sense) -> str | None:
    if sense is Sense.OPTION or _OPTION.match(row.text("description")) or _OPTION.match(symbol):
        return "an option"
    if row.text("type").upper() in {"OPTN", "BOND", "CD", "FI"}:
        return f"{row.text('type')}: no stock or fund"
    if sense in (Sense.IN, Sense.OUT):
        cusip = row.text("cusip").strip("-")
        if is_money_fund(symbol):
            return "a money-market fund, counted as cash"
        if not symbol and is_cusip(cusip):
            return "a bond, bill or other security known by its CUSIP only"
        if symbol and not is_ticker(dotted(symbol)):
            return no_stock(symbol) or "a name that is no symbol of a stock or fund"
    if sense is Sense.PAID and is_money_fund(symbol) and row.quantity_or_none("quantity"):
        return "a money-market fund, counted as cash"
    return no_stock(symbol)


def _transaction(
    row: Row, account: str, kind: TransactionKind, sense: Sense, symbol: str, *, signed: bool
) -> Transaction:
    quantity, amount = row.quantity_or_none("quantity"), row.money_or_none("amount")
    price, fees = row.money_or_none("price"), row.money_or_none("commission")
    action = row.text("action")
    if sense in (Sense.IN, Sense.OUT) and not signed and quantity is not None and amount is not None:
        if quantity < 0 or amount < 0:
            row.fault(f"quantity {quantity} and amount {amount} in a list of trades that has no signs", AGAIN)
        quantity, amount = (quantity, -amount) if sense is Sense.IN else (-quantity, amount)
    if sense is Sense.PAID and (quantity or kind is K.REINVEST):
        kind, sense = K.REINVEST, Sense.IN
    if sense in (Sense.IN, Sense.OUT, Sense.SHARES) and (not quantity or not symbol):
        if sense is not Sense.SHARES or not amount:
            row.fault(f'"{action}" without a symbol or a quantity', AGAIN)
        quantity = None  # the cash that an event paid
    if sense in (Sense.IN, Sense.OUT, Sense.CASH, Sense.PAID) and amount is None:
        row.fault(f'"{action}" without an amount', AGAIN)
    if sense in (Sense.IN, Sense.OUT) and quantity and amount is not None:
        comes = 1 if sense is Sense.IN else -1
        if quantity * comes < 0 or amount * comes > 0:
            row.fault(f'"{action}" with quantity {quantity} and amount {amount}: the signs contradict it', AGAIN)
        row.check_product(quantity, price or None, amount, fees)
    if sense is Sense.EITHER:
        if quantity and symbol:
            kind = K.TRANSFER_IN if quantity > 0 else K.TRANSFER_OUT
        elif amount is not None:
            kind, quantity = (K.DEPOSIT if amount >= 0 else K.WITHDRAWAL), None
        else:
            row.fault(f'"{action}" with neither a quantity nor an amount', AGAIN)
    cusip = row.text("cusip").strip("-")
    return Transaction(
        account=account,
        date=row.date("date"),
        kind=kind,
        symbol=dotted(symbol) or None,
        quantity=quantity or None,
        amount=amount,
        price=price or None,
        fees=fees,
        action=action,
        description=" ".join(row.text("description").split()),
        cusip=cusip if is_cusip(cusip) else None,
        source=row.source,
    )


FORMATS = (
    Format(
        "etrade",
        ("transactions",),
        (
            says("all transactions activity types"),
            says("account activity for"),
            columns("activity/trade date", "activity type"),
            columns("activity type", "cusip", "amount"),
        ),
        read_new,
    ),
    Format(
        "etrade",
        ("transactions",),
        (
            says("for account:"),
            columns("transactiondate", "transactiontype"),
            columns("transactiontype", "securitytype", "symbol"),
        ),
        read_old,
    ),
    Format(
        "etrade",
        ("transactions",),
        (
            columns("trade date", "order type", "executed price"),
            columns("security", "transaction description", "net amount"),
        ),
        read_trades,
    ),
)
