"""M1 Finance: the activity of an account. Dates like `Sep 22, 2025`; shares are `units`, an amount is the cash.

Column names are those that a public reader asks for; no file was at hand. The sign of the amount is checked against
the type only where it is negative: some rows are said to be written without signs.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Row, no_history_above, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import dotted, is_money_fund, is_ticker, no_stock
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("symbol", "description", "amount"), ()),
    "date": ("transaction date", "trade date", "activity date"),
    "type": ("transaction type",),
    "units": ("unit", "quantity", "shares"),
    "price": ("unit price", "share price"),
}
IGNORED = ("posted date", "unit type", "security id", "security id type", "settlement date", "account")
REQUIRED = ("date", "type", "symbol", "units", "price", "amount")

_K = TransactionKind
EITHER = "cash that comes or goes: the sign tells"
TYPES: dict[str, TransactionKind | str] = {
    **dict.fromkeys(("purchased", "bought", "buy"), _K.BUY),
    **dict.fromkeys(("sold", "sell"), _K.SELL),
    **dict.fromkeys(("reinvested", "dividend reinvestment", "dividend reinvested"), _K.REINVEST),
    **dict.fromkeys(("dividend", "capital gain", "capital gains"), _K.DIVIDEND),
    "interest": _K.INTEREST,
    "fee": _K.FEE,
    **dict.fromkeys(("tax", "foreign tax", "tax withheld"), _K.TAX),
    **dict.fromkeys(("split", "stock split"), _K.SPLIT),
    **dict.fromkeys(("transfer", "deposit", "withdrawal"), EITHER),
}
_TRADES = (_K.BUY, _K.SELL, _K.REINVEST)


def read_activity(document: Document) -> Reading:
    history: list[Transaction] = []
    aside: list[SetAside] = []
    days = []
    rows = table(document, COLUMNS, REQUIRED, ignored=IGNORED)
    no_history_above(rows)
    for row in rows:
        days.append(row.date("date"))
        meaning = row.action("type", TYPES)
        if meaning is None:
            continue
        symbol = row.text("symbol")
        why = no_stock(symbol)
        if why is None and meaning in _TRADES and is_money_fund(symbol):
            why = "a money-market fund, counted as cash"
        if why:
            aside.append(SetAside(None, symbol, row.line, why))
        else:
            history.append(_transaction(row, meaning, symbol))
    return Reading(
        document.path,
        "m1",
        ("transactions",),
        0,
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _transaction(row: Row, meaning: TransactionKind | str, symbol: str) -> Transaction:
    units, amount, price = row.quantity_or_none("units"), row.money("amount"), row.money_or_none("price")
    said, kind = row.text("type"), _K.OTHER
    if isinstance(meaning, TransactionKind):
        kind = meaning
    if kind in _TRADES:
        if not units or not is_ticker(dotted(symbol)):
            row.fault(f'"{said}" without a symbol or units', AGAIN)
        out = kind is _K.SELL
        if (out and amount < 0) or (not out and (units or 0) < 0):
            row.fault(f'"{said}" with units {units} and amount {amount:f}: the signs contradict it', AGAIN)
        row.check_product(units, price, amount)
        units = None if units is None else -abs(units) if out else units
        amount = amount if out else -abs(amount)
    elif kind is _K.SPLIT:
        if not units or not symbol:
            row.fault(f'"{said}" without a symbol or units', AGAIN)
        amount = Decimal(0)
    else:
        if units and symbol and meaning is EITHER:
            kind = _K.TRANSFER_IN if units > 0 else _K.TRANSFER_OUT
        else:
            units = None
        if kind is _K.OTHER:
            leaves = amount < 0 or said.lower() == "withdrawal"
            kind, amount = (_K.WITHDRAWAL, -abs(amount)) if leaves else (_K.DEPOSIT, amount)
        if said.lower() == "deposit" and amount < 0:
            row.fault(f'"{said}" with amount {amount:f}: the sign contradicts it', AGAIN)
    return Transaction(
        account="",
        date=row.date("date"),
        kind=kind,
        symbol=row.ticker(symbol, row.text("description"), needed=bool(units)) or None,
        quantity=units,
        amount=amount or None if kind is _K.SPLIT else amount,
        price=price,
        action=said,
        description=row.text("description"),
        source=row.source,
    )


FORMATS = (
    Format(
        "m1",
        ("transactions",),
        (
            columns("symbol", "transaction type", "units"),
            columns("unit price", "amount", "units"),
            columns("unit type", "security id"),
        ),
        read_activity,
        must=(columns("transaction type", "amount"),),
    ),
)
