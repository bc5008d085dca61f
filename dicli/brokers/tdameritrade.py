"""TD Ameritrade (until 2023): transactions.

The action is prose (`Bought 10 SPY @ 237.9`), quantities have no signs, and `***END OF FILE***` is the last line; the
columns of fees differ from year to year.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dicli.brokers import tdameritrade_gains
from dicli.brokers.csvfile import IGNORE, Row, no_history_above, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.symbols import dotted, is_money_fund, is_ticker, no_stock
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS = {
    **dict.fromkeys(("date", "description", "quantity", "symbol", "price", "commission", "amount"), ()),
    "id": ("transaction id",),
    "reg_fee": ("reg fee",),
    "early": ("short-term rdm fee",),
    "redemption": ("fund redemption fee",),
    "deferred": ("deferred sales charge",),
    "sales_fee": ("sales fee",),
}
REQUIRED = ("date", "id", "description", "quantity", "symbol", "price", "commission", "amount")
FEES = ("commission", "reg_fee", "early", "redemption", "deferred", "sales_fee")
END = "***end of file***"

_K = TransactionKind
EITHER, EVENT, CASH, OPTION = "either way", "an event", "cash to cash: the sweep", "an option"
WORDS: dict[str, TransactionKind | str] = {
    "bought": _K.BUY,
    "sold": _K.SELL,
    **dict.fromkeys(("ordinary dividend", "qualified dividend", "non-taxable dividend"), _K.DIVIDEND),
    **dict.fromkeys(("long term gain distribution", "short term capital gains", "long term capital"), _K.DIVIDEND),
    **dict.fromkeys(("free balance interest", "off-cycle interest", "margin interest", "interest"), _K.INTEREST),
    **dict.fromkeys(("foreign tax withheld", "w-8 withholding", "backup withholding"), _K.TAX),
    **dict.fromkeys(("adr fee", "mandatory reorganization fee", "misc fee"), _K.FEE),
    **dict.fromkeys(("transfer of security", "transfer in", "transfer out", "internal transfer"), EITHER),
    **dict.fromkeys(("client requested electronic funding", "wire incoming", "wire outgoing"), EITHER),
    **dict.fromkeys(("disbursement", "rebate", "ach in", "ach out", "cash movement", "personal check"), EITHER),
    **dict.fromkeys(("stock split", "mandatory - exchange", "mandatory reverse split", "spin off"), EVENT),
    **dict.fromkeys(("non-taxable spin off", "cash in lieu", "merger", "return of capital"), EVENT),
    **dict.fromkeys(("money market", "cash alternatives"), CASH),
    **dict.fromkeys(("removal of option", "option "), OPTION),
}
_LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)
_TRADES, _INCOME = (_K.BUY, _K.SELL), (_K.DIVIDEND, _K.INTEREST, _K.TAX, _K.FEE)


def read_transactions(document: Document) -> Reading:
    history: list[Transaction] = []
    aside: list[SetAside] = []
    days = []
    rows = table(document, COLUMNS, REQUIRED, ignored=("net cash balance",), stop=(END,))
    no_history_above(rows)
    for row in rows:
        days.append(row.date("date"))
        said = row.text("description")
        meaning = next((WORDS[words] for words in _LONGEST_FIRST if said.lower().startswith(words)), None)
        if meaning is None:
            if not document.ignores(said, row.line):
                row.fault(f'unknown description "{said}"', IGNORE)
            continue
        symbol = row.text("symbol")
        option = meaning is OPTION or re.search(r" (?:Call|Put)\b", f"{said} {symbol}")
        cash = meaning is CASH or (is_money_fund(symbol) and meaning in _TRADES)
        if why := OPTION if option else CASH if cash else no_stock(symbol):
            aside.append(SetAside(None, symbol or None, row.line, why))
        else:
            history.append(_transaction(row, meaning, symbol))
    if rows.end == len(rows.records):
        document.fault(None, 'the line "***END OF FILE***" is missing: the file seems to be cut off', AGAIN)
    return Reading(
        document.path,
        "tdameritrade",
        ("transactions",),
        0,
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(min(days), max(days)) if days else None,
    )


def _transaction(row: Row, meaning: TransactionKind | str, symbol: str) -> Transaction:
    quantity, amount = row.quantity_or_none("quantity") or None, row.money_or_none("amount")
    price, said = row.money_or_none("price"), row.text("description")
    charged = [fee for column in FEES if (fee := row.money_or_none(column)) is not None]
    fees = sum(map(abs, charged), Decimal(0)) if charged and "reg_fee" in row.table.index else None
    kind = meaning if isinstance(meaning, TransactionKind) else _K.OTHER
    if kind in _TRADES:
        out = kind is _K.SELL
        if not quantity or amount is None or not is_ticker(dotted(symbol)):
            row.fault(f'"{said}" without a symbol, a quantity or an amount', AGAIN)
        elif quantity < 0 or (amount < -(fees or 0) if out else amount > 0):
            row.fault(f'"{said}" with quantity {quantity:f} and amount {amount:f}: the signs contradict it', AGAIN)
        row.check_product(quantity, price, amount, fees)
        quantity = -quantity if out and quantity else quantity
    elif kind in _INCOME:
        quantity = None
        if amount is None:
            row.fault(f'"{said}" without an amount', AGAIN)
    elif not quantity and not amount:
        row.fault(f'"{said}" with neither a quantity nor an amount', AGAIN)
    if meaning is EITHER:
        into = quantity > 0 and " out" not in said.lower() if quantity else (amount or 0) >= 0
        kind = (_K.TRANSFER_IN if into else _K.TRANSFER_OUT) if quantity else _K.DEPOSIT if into else _K.WITHDRAWAL
        quantity = -abs(quantity) if quantity and not into else quantity
    return Transaction(
        account="",
        date=row.date("date"),
        kind=kind,
        symbol=dotted(symbol) if is_ticker(dotted(symbol)) else None,
        quantity=quantity,
        amount=amount,
        price=price,
        fees=fees,
        action=said.split(" (")[0] if kind not in _TRADES else said.split()[0],
        description=said,
        order_id=None,
        source=row.source,
    )


FORMATS = (
    Format(
        "tdameritrade",
        ("transactions",),
        (
            columns("transaction id", "description", "quantity"),
            columns("reg fee", "commission"),
            columns("date", "transaction id", "amount"),
            says(END),
        ),
        read_transactions,
        must=(columns("transaction id", "description"),),
    ),
    *tdameritrade_gains.FORMATS,
)
