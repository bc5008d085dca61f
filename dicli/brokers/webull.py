"""Webull: orders. What was bought or sold is `Filled` shares at `Avg Price`; the order's own price has an `@`.

Fees are not in the file, so amounts are before fees: a basis lacks what was charged on top, proceeds what was kept
back. An order that was cancelled after a part of it was filled has bought that part. Several legs of an options
strategy stand below a row without a symbol.
"""

from __future__ import annotations

import datetime as dt
import re

from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import is_ticker, no_stock
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("name", "symbol", "status", "price"), ()),
    "side": ("b/s",),
    "filled": ("filled qty",),
    "total": ("total qty", "qty"),
    "average": ("avg price", "filled avg price"),
    "placed": ("placed time",),
    "time": ("filled time",),
}
REQUIRED = ("symbol", "side", "status", "filled", "average", "time")
IGNORED = ("time-in-force", "side type")
SIDES = {"buy": TransactionKind.BUY, "sell": TransactionKind.SELL}
SHORT = {"short", "sell short", "sell_short", "buy to cover"}
STATUSES = {
    **dict.fromkeys(("filled", "partially filled", "partial filled", "partially_filled"), True),
    **dict.fromkeys(("cancelled", "canceled", "expired", "rejected", "failed", "pending", "working"), False),
}
NO_FEES = "the file has no fees: amounts are before fees, a basis may be a little too low"
_CLOCK = re.compile(r"\b(\d{1,2}:\d{2}:\d{2})\b")


def read_orders(document: Document) -> Reading:
    rows = table(document, COLUMNS, REQUIRED, ignored=IGNORED)
    history: list[Transaction] = []
    aside = [SetAside(None, None, rows.line, NO_FEES)]
    days: list[dt.date] = []
    for row in rows:
        if day := row.date_or_none("placed") or row.date_or_none("time"):
            days.append(day)
        read = _order(row)
        if isinstance(read, Transaction):
            history.append(read)
            days.append(read.date)
        elif read:
            aside.append(SetAside(None, row.text("symbol") or None, row.line, read))
    return Reading(
        document.path,
        "webull",
        ("transactions",),
        0,
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _order(row: Row) -> Transaction | str | None:
    filled, ordered, done = row.quantity("filled"), row.quantity_or_none("total"), row.choice("status", STATUSES)
    if filled < 0 or (ordered is not None and filled > ordered) or (done and not filled):
        row.fault(f'{filled:f} shares are filled in an order whose status is "{row.text("status")}"', AGAIN)
    if not filled:
        return "an order that was not filled"
    said = row.text("symbol")
    if not said:
        return "an options strategy, whose legs stand below"
    if why := no_stock(said):
        return why
    if row.text("side").lower() in SHORT:
        return "a short position"
    kind = row.action("side", SIDES)
    if kind is None:
        return None
    symbol = row.ticker(said, row.text("name"))
    if not is_ticker(symbol):
        row.fault(f'"{said}" where a symbol is expected', AGAIN)
    price = row.money("average")
    if price <= 0:
        row.fault(f"an average price of {price:f}", AGAIN)
    clock = _CLOCK.search(row.text("time"))
    buys = kind is TransactionKind.BUY
    return Transaction(
        account="",
        date=row.date("time"),
        kind=kind,
        symbol=symbol,
        quantity=filled if buys else -filled,
        amount=-filled * price if buys else filled * price,
        price=price,
        action=row.text("side"),
        description=row.text("name"),
        time=clock[1].rjust(8, "0") if clock else None,
        source=row.source,
    )


FORMATS = (
    Format(
        "webull",
        ("transactions",),
        (
            columns("symbol", "side", "status", "filled"),
            columns("filled", "total qty", "avg price"),
            columns("time-in-force", "placed time", "filled time"),
            columns("symbol", "b/s", "side type"),
            columns("filled qty", "filled avg price", "filled time"),
        ),
        read_orders,
        must=(columns("symbol", "filled time"),),
    ),
)
