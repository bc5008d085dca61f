"""Interactive Brokers: the Transaction History that Client Portal writes since 2025, as CSV.

Sections as in a statement, of which `Transaction History` alone has rows to read. `-` is nothing; the account is
masked; amounts are in the base currency of the account, so only one kept in dollars can be read.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table
from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.ibkr_common import NAME, K, cash_row, symbol_of
from dicli.brokers.symbols import is_ticker, no_stock
from dicli.brokers.values import dates_in
from dicli.model import Reading, SetAside, Transaction, TransactionKind

COLUMNS: Columns = {
    **dict.fromkeys(("date", "account", "description", "symbol", "quantity", "price", "commission"), ()),
    "type": ("transaction type",),
    "currency": ("price currency",),
    "gross": ("gross amount",),
    "net": ("net amount",),
}
REQUIRED = ("date", "account", "description", "type", "symbol", "quantity", "price", "gross", "commission", "net")
TYPES: dict[str, TransactionKind | str] = {
    "buy": K.BUY,
    "sell": K.SELL,
    **dict.fromkeys(("dividend", "payment in lieu"), K.DIVIDEND),
    **dict.fromkeys(("foreign tax withholding", "withholding tax", "sales tax", "us tax withholding"), K.TAX),
    **dict.fromkeys(("credit interest", "debit interest", "bond interest", "investment interest received"), K.INTEREST),
    **dict.fromkeys(("investment interest paid", "stock yield enhancement program interest"), K.INTEREST),
    **dict.fromkeys(("other fee", "commission adjustment", "transaction fee", "borrow fee", "advisor fee"), K.FEE),
    **dict.fromkeys(("deposit", "withdrawal", "cash transfer", "electronic fund transfer"), K.DEPOSIT),
    **dict.fromkeys(("forex trade component", "forex trade"), "a currency"),
    "adjustment": "an adjustment of the account's currencies",
    **dict.fromkeys(("assignment", "assigned", "exercise", "exercised", "expiration", "expired"), "an option"),
}


def read_history(document: Document) -> Reading:
    fields, rows = _parts(document)
    base = fields.get("base currency", "").upper()
    if base != "USD":
        document.refuse(
            f'the amounts are in "{base}", the base currency of this account: dicli counts in US dollars'
            if base
            else "the base currency is not named: in which money the amounts are is unknown",
            "Export a Flex query with its trades and cash transactions, which are in each security's own currency.",
        )
    history: list[Transaction] = []
    aside: list[SetAside] = []
    accounts: dict[str, None] = {}
    for row in rows:
        kind = row.action("type", TYPES)
        if kind is None:
            continue
        account, symbol = row.text("account"), row.text("symbol").strip("-")
        accounts[account] = None
        if not isinstance(kind, TransactionKind):
            aside.append(SetAside(account, symbol or None, row.line, kind))
        elif kind in (K.BUY, K.SELL):
            why = no_stock(symbol) or (None if is_ticker(symbol_of(symbol)) else "a symbol that is no stock or fund")
            if why:
                aside.append(SetAside(account, symbol, row.line, why))
            else:
                history.append(_trade(row, account, symbol, kind))
        else:
            done = cash_row(
                row,
                account=account,
                date=row.date("date"),
                kind=kind,
                amount=row.money("net"),
                description=row.text("description"),
                action=row.text("type"),
                symbol=symbol,
            )
            history.append(done)
    dates = dates_in(fields.get("period", ""))
    return Reading(
        document.path,
        NAME,
        ("transactions",),
        0,
        accounts=tuple(accounts),
        transactions=tuple(history),
        set_aside=tuple(aside),
        coverage=(dates[0], dates[-1]) if len(dates) in (1, 2) else None,
    )


def _parts(document: Document) -> tuple[dict[str, str], Table]:
    """The fields of the sections above, and the table of the history."""
    fields: dict[str, str] = {}
    header: Record | None = None
    records: list[Record] = []
    for line, cells in document.records:
        section, mark = (plain(cells[0]), plain(cells[1])) if len(cells) > 1 else (plain("".join(cells)), "")
        if section in ("statement", "summary") and mark == "data" and len(cells) > 3:
            fields[plain(cells[2])] = cells[3].strip()
        elif section == "transaction history" and mark == "header" and header is None:
            header = line, cells[2:]
        elif section == "transaction history" and mark == "data" and header is not None:
            records.append((line, cells[2:]))
        elif section and mark not in ("header", "notes", "total", "subtotal"):
            document.fault(line, f'a row that begins "{section},{mark}", which is no part of this layout', AGAIN)
    if header is None:
        document.refuse('there is no row "Transaction History,Header,..."', AGAIN)
    return fields, Table(document, header, records, COLUMNS, REQUIRED, skip=("total",))


def _trade(row: Row, account: str, symbol: str, kind: TransactionKind) -> Transaction:
    quantity, gross, net = row.quantity("quantity"), row.money("gross"), row.money("net")
    commission, price = row.money_or_none("commission") or Decimal(0), row.money_or_none("price")
    buys = kind is K.BUY
    if (gross > 0) == buys or not quantity or (quantity < 0 and buys):
        row.fault(f'"{row.text("type")}" with quantity {quantity} and {gross}: the signs contradict it', AGAIN)
    if abs(gross + commission - net) > Decimal("0.02"):
        row.fault(f"{gross} gross and {commission} commission are not {net} net", AGAIN)
    if row.text("currency").upper() in {"", "-", "USD"}:
        row.check_product(quantity, price, gross)
    else:
        price = None  # in another currency than the amounts
    return Transaction(
        account=account,
        date=row.date("date"),
        kind=kind,
        symbol=symbol_of(symbol),
        quantity=abs(quantity) if buys else -abs(quantity),
        amount=net,
        price=price,
        fees=-commission,
        action=row.text("type"),
        description=row.text("description"),
        source=row.source,
    )


FORMATS = (
    Format(
        NAME,
        ("transactions",),
        (
            says("statement,data,title,transaction history"),
            says("transaction history,header,date,account"),
            says("summary,data,base currency"),
        ),
        read_history,
        must=(columns("transaction history", "header", "transaction type"),),
    ),
)
