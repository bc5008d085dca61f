"""Robinhood: a table made of the monthly statements of 2016, dates with the day first.

It is read only where the file proves that order: no date of it works with the month first, and every trade settles
within two weeks. Else it is refused, because 05/12/2016 is either of two days.
"""

from __future__ import annotations

import datetime as dt
import re

from dicli.brokers.csvfile import Row, Table, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import dotted, is_ticker, no_stock
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("type", "symbol", "description", "price"), ()),
    "date": ("trade date",),
    "settled": ("settle date",),
    "action": ("trade action",),
    "quantity": ("qty",),
    "amount": ("net amount",),
}
TRADES = {"buy": TransactionKind.BUY, "sell": TransactionKind.SELL}
TYPES = {"trades": True, "money_movements": False}
DAY_FIRST = "Write the rows as date,kind,symbol,quantity,amount with ISO dates (the generic format)."
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


def read_statement(document: Document) -> Reading:
    rows = table(document, COLUMNS, tuple(COLUMNS))
    _require_day_first(document, rows)
    history: list[Transaction] = []
    aside: list[SetAside] = []
    for row in rows:
        date, settled = _date(row, "date"), _date(row, "settled")
        if not dt.timedelta(0) <= settled - date <= dt.timedelta(14):
            row.fault(f"traded on {date} and settled on {settled}: these dates cannot be right", DAY_FIRST)
        if why := no_stock(row.text("symbol")):
            aside.append(SetAside(None, row.text("symbol"), row.line, why))
            continue
        trade = row.choice("type", TYPES)
        if trade is not None:
            history.append(_trade(row, date) if trade else _cash(row, date))
    days = [entry.date for entry in history]
    return Reading(
        document.path,
        "robinhood",
        ("transactions",),
        0,
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _require_day_first(document: Document, rows: Table) -> None:
    """Refuse the file unless a date in it has a first number over 12 and none a second number over 12."""
    places = [rows.index[column] for column in ("date", "settled")]
    cells = [cells[place] for _, cells in rows.records for place in places if place < len(cells)]
    dates = [found for cell in cells if (found := _DATE.fullmatch(cell.strip()))]
    if any(int(found[2]) > 12 for found in dates) or not any(int(found[1]) > 12 for found in dates):
        document.refuse(
            "in this old layout dates are written with the day first, and nothing in the file proves it", DAY_FIRST
        )


def _date(row: Row, column: str) -> dt.date:
    found = _DATE.fullmatch(row.text(column))
    try:
        if found:
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    row.fault(f'"{row.text(column)}" where a date like 31/12/2016 is expected', AGAIN)
    return dt.date.min


def _trade(row: Row, date: dt.date) -> Transaction:
    kind = row.action("action", TRADES)
    quantity, amount, price = row.quantity("quantity"), row.money("amount"), row.money_or_none("price")
    sign = 1 if kind is TransactionKind.BUY else -1
    if kind is not None and (quantity * sign <= 0 or amount * sign > 0 or not is_ticker(dotted(row.text("symbol")))):
        row.fault(f'"{row.text("action")}" with quantity {quantity:f} and amount {amount:f} cannot be right', AGAIN)
    row.check_product(quantity, price, amount)
    return _made(row, date, kind or TransactionKind.OTHER, quantity=True)


def _cash(row: Row, date: dt.date) -> Transaction:
    said = row.text("description").upper()
    if row.quantity_or_none("quantity") or row.text("action"):
        row.fault("a movement of cash with a quantity or a trade action", AGAIN)
    if not row.text("symbol"):
        kind = TransactionKind.DEPOSIT if row.money("amount") >= 0 else TransactionKind.WITHDRAWAL
    elif "CASH DIV" in said:
        kind = TransactionKind.DIVIDEND
    else:
        kind = TransactionKind.OTHER  # a payment in lieu of a dividend is none
    return _made(row, date, kind, quantity=False)


def _made(row: Row, date: dt.date, kind: TransactionKind, *, quantity: bool) -> Transaction:
    return Transaction(
        account="",
        date=date,
        kind=kind,
        symbol=dotted(row.text("symbol")) or None,
        quantity=row.quantity("quantity") if quantity else None,
        amount=row.money("amount"),
        price=row.money_or_none("price") if quantity else None,
        action=row.text("action") or row.text("type"),
        description=row.text("description"),
        source=row.source,
    )


FORMATS = (
    Format(
        "robinhood",
        ("transactions",),
        (columns("type", "trade date", "trade action"), columns("settle date", "qty", "net amount")),
        read_statement,
    ),
)
