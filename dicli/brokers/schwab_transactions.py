"""Charles Schwab: the account history, as CSV (since 2017) and as JSON.

The file names no account (its name does); a title row may stand above the header, and `Price` before `Quantity`. The
date of a row is its trade date, or `posted as of effective`: the second counts. Quantities of sales are positive until
2025 and negative in 2026, so the sign comes from the action.
"""

from __future__ import annotations

import datetime as dt
import re

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Row, Table, table, table_of_objects
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, is_kind, refused, says
from dicli.brokers.schwab_actions import ACTIONS, Sense
from dicli.brokers.schwab_events import whole_events
from dicli.brokers.symbols import dotted, is_cusip, is_money_fund, is_ticker, no_stock
from dicli.brokers.values import parse_date
from dicli.model import Reading, SetAside, Transaction, TransactionKind

_FROM_TDA = re.compile(r"TDA TRAN - (?:Bought|Sold) .*\(([A-Z./]{1,6})\)")
COLUMNS = {
    **dict.fromkeys(("date", "action", "symbol", "description", "quantity", "price", "amount"), ()),
    "fees": ("fees & comm",),
}
REQUIRED = ("date", "action", "symbol", "description", "quantity", "price", "fees", "amount")
IGNORED = ("acctgrulecd", "itemissueid")


def read_csv(document: Document) -> Reading:
    rows = table(document, COLUMNS, REQUIRED, skip=("transactions total",), ignored=IGNORED)
    title = next((cells[0] for _, cells in document.records[:5] if cells and " as of " in cells[0]), "")
    _, _, named = title.rpartition(" as of ")[0].partition(" for account ")
    return _history(document, rows, number_in(named) if title.lower().startswith("transactions") else "", None)


def read_json(document: Document) -> Reading:
    """`{"FromDate", "ToDate", "BrokerageTransactions": [{the columns of the CSV}]}`; rows count its objects."""
    whole = document.json if isinstance(document.json, dict) else {}
    objects = whole.get("BrokerageTransactions")
    if not isinstance(objects, list):
        document.refuse('there is no list of rows called "BrokerageTransactions"', AGAIN)
    span = None
    try:
        span = parse_date(str(whole.get("FromDate"))), parse_date(str(whole.get("ToDate")))
    except ValueError as expected:
        document.fault(None, f'"FromDate" and "ToDate" should each hold {expected}', AGAIN)
    return _history(document, table_of_objects(document, objects, COLUMNS, REQUIRED, IGNORED), "", span)


def _history(document: Document, rows: Table, account: str, span: tuple[dt.date, dt.date] | None) -> Reading:
    history: list[Transaction] = []
    aside: list[SetAside] = []
    posted: set[dt.date] = set()
    for row in rows:
        rule = row.action("action", ACTIONS)
        if rule is None:
            continue
        date = row.date("date")
        posted.add(_posted(row, date))
        symbol = _symbol(row)
        if why := _why_aside(row.text("symbol"), symbol, rule[1]):
            aside.append(SetAside(account, symbol or None, row.line, why))
        else:
            history.append(_transaction(row, account, date, rule, symbol))
    return Reading(
        document.path,
        "schwab",
        ("transactions",),
        0,
        accounts=(account,) if account else (),
        transactions=tuple(whole_events(document, history, aside)),
        set_aside=tuple(aside),
        coverage=span or ((min(posted), max(posted)) if posted else None),
    )


def _posted(row: Row, date: dt.date) -> dt.date:
    """The first date of a row, which says what span the export covers."""
    first, also, _ = row.text("date").partition(" as of ")
    return parse_date(first) if also and date > dt.date.min else date


def _symbol(row: Row) -> str:
    """The symbol; rows that came over from TD Ameritrade have a CUSIP for it and the ticker in their description."""
    symbol = row.text("symbol")
    if is_cusip(symbol) and (found := _FROM_TDA.match(row.text("description"))):
        return found[1]
    return symbol


def _why_aside(said: str, symbol: str, sense: Sense) -> str | None:
    if sense is Sense.OPTION and not is_ticker(dotted(symbol)):
        return "an option"
    if sense in (Sense.IN, Sense.OUT, Sense.EITHER) and is_money_fund(symbol):
        return "a money-market fund, counted as cash"
    # A CUSIP stands in an event for the old shares of a stock, and beside interest for the bond that paid it.
    event = sense in (Sense.SHARES, Sense.CASH, Sense.EITHER, Sense.EVENT)
    return None if is_cusip(said) and (event or symbol != said) else no_stock(symbol)


Rule = tuple[TransactionKind, Sense]


def _transaction(row: Row, account: str, date: dt.date, rule: Rule, symbol: str) -> Transaction:
    kind, sense = rule
    quantity, amount = row.quantity_or_none("quantity"), row.money_or_none("amount")
    price, fees = row.money_or_none("price"), row.money_or_none("fees")
    action = row.text("action")
    free = sense in (Sense.EITHER, Sense.EVENT, Sense.OPTION)
    if not free and sense is not Sense.CASH and (not quantity or not symbol):
        row.fault(f'"{action}" without a symbol or a quantity', AGAIN)
    if sense in (Sense.IN, Sense.OUT, Sense.CASH) and amount is None:
        row.fault(f'"{action}" without an amount', AGAIN)
    if sense in (Sense.IN, Sense.GRANT, Sense.OUT) and quantity is not None:
        out = sense is Sense.OUT
        if (amount or 0) < -(fees or 0) if out else quantity < 0 or (amount or 0) > 0:
            row.fault(f'"{action}" with quantity {quantity} and amount {amount}: the signs contradict it', AGAIN)
        row.check_product(quantity, price, amount, fees)
        quantity = -abs(quantity) if out else quantity
    if free and not quantity and amount is None:
        row.fault(f'"{action}" with neither a quantity nor an amount', AGAIN)
    if sense is Sense.EITHER:
        if quantity:
            kind = TransactionKind.TRANSFER_IN if quantity > 0 else TransactionKind.TRANSFER_OUT
        else:
            kind = TransactionKind.DEPOSIT if (amount or 0) >= 0 else TransactionKind.WITHDRAWAL
    cusip = row.text("symbol").upper() if is_cusip(row.text("symbol")) else None
    return Transaction(
        account=account,
        date=date,
        kind=kind,
        symbol=None if is_cusip(symbol) or symbol.upper() in {"", "NO NUMBER"} else dotted(symbol),
        quantity=quantity,
        amount=amount,
        price=price,
        fees=fees,
        action=action,
        description=row.text("description"),
        cusip=cusip,
        source=row.source,
    )


FORMATS = (
    Format(
        "schwab",
        ("transactions",),
        (
            says("transactions for account"),
            columns("date", "action", "symbol", "description"),
            columns("date", "action", "fees & comm"),
        ),
        read_csv,
    ),
    Format(
        "schwab",
        ("transactions",),
        (says('"brokeragetransactions"'), says('"fees & comm"'), says('"totaltransactionsamount"')),
        read_json,
        must=(is_kind("json"),),
    ),
    Format(
        "schwab",
        ("checking",),
        (columns("type", "description", "runningbalance"), says("withdrawal"), says("checking account")),
        refused("this is the history of a bank account: there are no securities in it", "Leave this file out."),
    ),
    Format(
        "schwab",
        ("equity awards",),
        (columns("date", "action", "awarddate"), columns("awardid", "fairmarketvalueprice")),
        refused(
            "this is the history of equity awards: its shares come into the brokerage account's own history",
            'Export the brokerage account\'s transactions (the rows called "Stock Plan Activity") instead.',
        ),
    ),
)
