"""Fidelity: the account history (Activity & Orders), in all its headers since 2017.

The action is free text that begins with what happened and often holds the ticker and an effective date: `YOU BOUGHT
ESPP### AS OF 12-31-20 …`. Columns come and go, and `Quantity` and `Price` have changed places, so all are found by
name. Some files name the account in each row, others in the file's name only: then rows carry the account "".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import IGNORE, Columns, Row, table
from dicli.brokers.document import AGAIN, Document, plain
from dicli.brokers.fidelity_actions import CORE, SHORT, WORKPLACE_PLAN, effective, meaning, ticker_in, whole_events
from dicli.brokers.fidelity_common import CASH_TO_CASH, TRAILERS, aside, is_core, nothing_outside, stock, why_aside
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.symbols import is_cusip, is_ticker
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS: Columns = {
    "date": ("run date",),
    "account": (),
    "number": ("account number",),
    "name": ("description", "security description"),
    "type": ("security type",),
    **dict.fromkeys(("action", "symbol", "quantity", "price", "commission", "fees", "amount", "currency"), ()),
}
DESKTOP: Columns = {**COLUMNS, "date": (), "action": ("description",), "name": ("security description",)}
KNOWN = (
    *("accrued interest", "cash balance", "settlement date"),
    *("exchange quantity", "exchange currency", "exchange rate"),
)
_K = TransactionKind
_TRADES = {_K.BUY, _K.SELL, _K.REINVEST}
_INCOME = {_K.DIVIDEND, _K.INTEREST, _K.FEE, _K.TAX}
_RENAMED = re.compile(r"(?:R/S|N/C) FROM ([0-9A-Z]{9})#")


REQUIRED = ("date", "action", "symbol", "quantity", "price", "commission", "fees", "amount")


def read_history(
    document: Document, layout: Columns = COLUMNS, required: Sequence[str] = (*REQUIRED, "type")
) -> Reading:
    """All rows of a history. Its coverage is from the first run date to the last: the file states no other range."""
    rows = table(document, layout, required, stop=TRAILERS, ignored=KNOWN)
    found = list(rows)
    nothing_outside(rows)
    if "currency" not in rows.index and any(plain(name).startswith("exchange ") for name in rows.header):
        document.fault(rows.line, 'the header has no column "Currency"', AGAIN)
    # The shares of a reverse split or a new name stood under a CUSIP before: the new row says which.
    tickers = {
        old[1]: row.text("symbol")
        for row in found
        if (old := _RENAMED.search(_action(row))) and is_ticker(row.text("symbol"))
    }
    history: list[Transaction] = []
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    for row in found:
        account = row.text("number") or number_in(row.text("account"))
        accounts[account] = None
        said = row.text("symbol") or ("" if WORKPLACE_PLAN.fullmatch(_action(row)) else ticker_in(_action(row)))
        read = _read(row, account, tickers.get(said, said))
        if isinstance(read, Transaction):
            history.append(read)
        elif read:
            left.append(aside(row, account, said, read))
    run = [row.date("date") for row in found]
    return Reading(
        document.path,
        "fidelity",
        ("transactions",),
        0,
        accounts=tuple(accounts) if {"account", "number"} & rows.index.keys() else (),
        transactions=tuple(whole_events(history)),
        set_aside=tuple(left),
        coverage=(min(run), max(run)) if run else None,
    )


def _action(row: Row) -> str:
    return " ".join(row.text("action").split())


def _read(row: Row, account: str, symbol: str) -> Transaction | str | None:
    """The transaction that a row is, or why it is set aside; None where the row is at fault."""
    action, name, given = _action(row), row.text("name"), row.text("type").lower()
    known = meaning(action)
    if not symbol and WORKPLACE_PLAN.fullmatch(action):
        return "a workplace plan's row, whose funds have no symbols"
    if why_aside(symbol, f"{name} {action}") == "an option":
        return "an option"
    if known is None:
        if not row.table.document.ignores(action, row.line):
            row.fault(f'unknown action "{action}"', IGNORE)
        return None
    if known is SHORT or given == "short":
        return "a short position"
    if row.text("currency").upper() not in {"", "USD", "--"}:
        return f"in {row.text('currency')}, not in US dollars"
    is_cash = is_core(symbol, name) or name.upper() == "CASH"
    if known is CORE or (is_cash and known in {*_TRADES, _K.OTHER}):
        return CASH_TO_CASH
    quantity, amount = row.quantity_or_none("quantity") or None, row.money_or_none("amount")
    if isinstance(known, TransactionKind):
        kind = _K.OTHER if known is _K.SPLIT and not quantity else known
    else:
        quantity = quantity if symbol and not is_cash else None
        kind = _moved(quantity, amount)
    if kind in _INCOME or (kind not in _TRADES and not quantity):
        if amount is None:
            return "it moves neither shares nor cash"
        paid_by = stock(row, symbol, f"{name} {action}") if kind in {*_INCOME, _K.OTHER} and is_ticker(symbol) else None
        return _transaction(row, account, kind, paid_by, None, amount)
    if not symbol:
        row.fault(f'"{action}" names no security', "Write its ticker in the column Symbol, or report the row.")
        return None
    is_event = kind in (_K.SPLIT, _K.OTHER) and is_cusip(symbol)  # the CUSIP is that of a stock's old shares
    if not is_event and (why := why_aside(symbol, name)):
        return why
    if quantity is None or (quantity < 0 and kind in (_K.BUY, _K.REINVEST)):
        row.fault(f'"{action}" with a quantity of {quantity or "nothing"}', AGAIN)
        return None
    if kind in _TRADES and amount and (amount < 0) is (kind is _K.SELL):
        row.fault(f'"{action}" with an amount of {amount}: the cash goes the wrong way', AGAIN)
        return None
    if kind is _K.SELL:
        quantity = -abs(quantity)
    if kind not in _TRADES and (kind is not _K.OTHER or given == "shares"):
        amount = None  # what the shares are worth, not cash
    elif kind is _K.BUY and not amount:
        amount = None  # shares that an employer gave: their basis stands elsewhere
    ticker = None if is_event else stock(row, symbol, f"{name} {action}")
    return _transaction(row, account, kind, ticker, quantity, amount)


def _moved(quantity: Decimal | None, amount: Decimal | None) -> TransactionKind:
    if quantity:
        return _K.TRANSFER_IN if quantity > 0 else _K.TRANSFER_OUT
    return _K.WITHDRAWAL if amount is not None and amount < 0 else _K.DEPOSIT


def _transaction(
    row: Row,
    account: str,
    kind: TransactionKind,
    symbol: str | None,
    quantity: Decimal | None,
    amount: Decimal | None,
) -> Transaction:
    fees = [cost for cost in (row.money_or_none("commission"), row.money_or_none("fees")) if cost is not None]
    said = row.text("symbol")
    return Transaction(
        account=account,
        date=_date(row),
        kind=kind,
        symbol=symbol,
        quantity=quantity,
        amount=amount,
        price=row.money_or_none("price") if kind in _TRADES else None,
        fees=sum(fees, Decimal(0)) if fees else None,
        action=_action(row),
        description=row.text("name"),
        cusip=said if is_cusip(said) else None,
        source=row.source,
    )


def _date(row: Row) -> dt.date:
    """The effective date in the action where there is one, else the run date."""
    try:
        return effective(_action(row)) or row.date("date")
    except ValueError as expected:
        row.fault(f'the action "{_action(row)}" names a day where {expected} is expected', AGAIN)
        return row.date("date")


FORMATS = (
    Format(
        "fidelity",
        ("transactions",),
        (
            columns("run date", "action", "symbol"),
            columns("run date", "quantity", "amount"),
            columns("run date", "settlement date"),
            says("brokerage services are provided by fidelity"),
        ),
        read_history,
    ),
    Format(
        "fidelity",
        ("transactions",),
        (columns("date", "description", "cash balance"), columns("security description", "commission", "fees")),
        partial(read_history, layout=DESKTOP, required=REQUIRED),
        must=(without("run date"),),
    ),
)
