"""Wealthfront: open tax lots. Seven columns: symbol, name, date, cost, quantity, value, gain.

No file was at hand: the columns are those that a public reader gives names to, so each has several here, and the
three sums of a row must agree (value less cost is the gain).
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.symbols import no_holding
from dicli.model import Lot, Reading, SetAside

COLUMNS = {
    "symbol": ("ticker",),
    "name": ("display name", "display_name", "security name", "security"),
    "acquired": ("date", "purchase date", "acquired date", "date acquired", "open date"),
    "cost": ("cost basis", "total cost"),
    "quantity": ("shares",),
    "value": ("market value", "current value"),
    "gain": ("gain/loss", "unrealized gain", "unrealized gain/loss", "gain / loss"),
}


def read_lots(document: Document) -> Reading:
    lots: list[Lot] = []
    aside: list[SetAside] = []
    for row in table(document, COLUMNS, tuple(COLUMNS), skip=("total",)):
        symbol, quantity = row.text("symbol"), row.quantity("quantity")
        if why := no_holding(symbol, quantity):
            aside.append(SetAside(None, symbol or None, row.line, why))
        else:
            lots.append(_lot(row, symbol, quantity))
    return Reading(document.path, "wealthfront", ("lots",), 0, lots=tuple(lots), set_aside=tuple(aside))


def _lot(row: Row, symbol: str, quantity: Decimal) -> Lot:
    basis, value, gain = row.money("cost"), row.money_or_none("value"), row.money_or_none("gain")
    if value is not None and gain is not None and abs(value - basis - gain) > Decimal("0.05"):
        row.fault(f"a value of {value:f} less a cost of {basis:f} is not a gain of {gain:f}", AGAIN)
    acquired = row.date_or_none("acquired")
    return Lot(
        account="",
        symbol=row.ticker(symbol, row.text("name")),
        quantity=quantity,
        acquired=acquired,
        holding_from=acquired,
        basis=basis,
        price=None if value is None else (value / quantity).quantize(Decimal("0.0001")),
        source=row.source,
    )


FORMATS = (
    Format(
        "wealthfront",
        ("lots",),
        (
            columns("symbol", "display name", "quantity"),
            columns("symbol", "display_name", "quantity"),
            columns("date", "cost", "value", "gain"),
            columns("purchase date", "cost basis", "market value"),
            columns("date", "cost basis", "gain/loss"),
            says("wealthfront"),
        ),
        read_lots,
        must=(without("account number", "proceeds", "close date", "m1 tax lot id"),),
    ),
)
