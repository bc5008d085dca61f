"""Plain files for brokers that dicli does not know, or for rows typed by hand: lots, transactions, positions.

    symbol,quantity,acquired,cost_basis[,account,currency,term,wash_adj]
    account,date,kind,symbol,quantity,amount[,price,fees,order_id]
    symbol,quantity[,price,value,basis,account]

Dates in ISO form or month first; symbols in any broker's spelling with a mark between class and ticker.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Row, Table, table
from dicli.brokers.document import Document
from dicli.brokers.formats import Format, columns, only
from dicli.brokers.symbols import dotted
from dicli.model import Lot, Position, Reading, Transaction, TransactionKind

POSITIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("account", "symbol", "quantity", "price", "currency", "name"), ()),
    "value": ("market value",),
    "basis": ("cost basis", "cost_basis"),
}
KINDS = {kind.value: kind for kind in TransactionKind}
_OUT = {TransactionKind.SELL, TransactionKind.TRANSFER_OUT}
_IN = {TransactionKind.BUY, TransactionKind.REINVEST, TransactionKind.TRANSFER_IN}


def _symbol(row: Row) -> str:
    symbol = dotted(row.text("symbol"))
    if not symbol:
        row.fault('column "symbol" is empty', "Write the ticker, share classes dotted (BRK.B).")
    return symbol


def _dollars(row: Row) -> None:
    currency = row.text("currency")
    if currency.upper() not in {"", "USD"}:
        row.fault(f'the currency is "{currency}"', "dicli counts in US dollars only: leave this row out.")


def _accounts(rows: Table, found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found)) if "account" in rows.index else ()


def read_lots(document: Document) -> Reading:
    """Open lots. `wash_adj` is the disallowed loss that is already inside `cost_basis`; `term` is a check only."""
    rows = table(
        document,
        {"acquired": ("date acquired", "acquisition date"), "cost_basis": ("cost basis", "basis"), "wash_adj": ()}
        | dict.fromkeys(("symbol", "quantity", "account", "currency", "term"), ()),
        ("symbol", "quantity", "acquired", "cost_basis"),
    )
    lots = []
    for row in rows:
        _dollars(row)
        if row.text("term").lower() not in {"", "short", "long"}:
            row.fault(f'unknown term "{row.text("term")}"', 'Write "short", "long" or nothing.')
        quantity = row.quantity("quantity")
        if quantity < 0:
            row.fault("a lot of a negative quantity", "Short positions are not lots: leave this row out.")
        acquired = row.date_or_none("acquired")
        lots.append(
            Lot(
                account=row.text("account"),
                symbol=_symbol(row),
                quantity=quantity,
                acquired=acquired,
                holding_from=acquired,
                basis=row.money_or_none("cost_basis"),
                disallowed=row.money_or_none("wash_adj"),
                source=row.source,
            )
        )
    accounts = _accounts(rows, [lot.account for lot in lots])
    return Reading(document.path, "generic", ("lots",), 0, accounts=accounts, lots=tuple(lots))


def read_transactions(document: Document) -> Reading:
    """A history in dicli's own columns, quantity and amount signed as in `dicli transactions -f csv`."""
    rows = table(
        document,
        dict.fromkeys(("account", "date", "kind", "symbol", "quantity", "amount", "price", "fees", "order_id"), ())
        | dict.fromkeys(("description", "currency", "source"), ()),
        ("date", "kind", "symbol", "quantity", "amount"),
    )
    history = []
    for row in rows:
        _dollars(row)
        kind = row.choice("kind", KINDS, f"Write one of: {', '.join(KINDS)}.")
        if kind is None:
            continue
        quantity = row.quantity_or_none("quantity")
        if kind in _OUT | _IN and quantity is None:
            row.fault(f"a {kind} without a quantity", "Write the number of shares.")
        if quantity is not None and ((kind in _OUT and quantity > 0) or (kind in _IN and quantity < 0)):
            row.fault(
                f"a {kind} with quantity {quantity}", "Shares that go out are negative, shares that come in positive."
            )
        history.append(
            Transaction(
                account=row.text("account"),
                date=row.date("date"),
                kind=kind,
                symbol=dotted(row.text("symbol")) or None,
                quantity=quantity,
                amount=row.money_or_none("amount"),
                price=row.money_or_none("price"),
                fees=row.money_or_none("fees"),
                action=row.text("kind"),
                description=row.text("description"),
                order_id=row.text("order_id") or None,
                source=row.source,
            )
        )
    dates = [entry.date for entry in history]
    return Reading(
        document.path,
        "generic",
        ("transactions",),
        0,
        accounts=_accounts(rows, [entry.account for entry in history]),
        transactions=tuple(history),
        coverage=(min(dates), max(dates)) if dates else None,
    )


def read_positions(document: Document) -> Reading:
    """What is held, by count. A row with the symbol CASH gives the account's cash in `value` (or `quantity`)."""
    rows = table(
        document,
        POSITIONS,
        ("symbol", "quantity"),
    )
    positions: list[Position] = []
    cash: dict[str, Decimal] = {}
    accounts: list[str] = []
    for row in rows:
        _dollars(row)
        account, symbol = row.text("account"), _symbol(row)
        accounts.append(account)
        if symbol == "CASH":
            value = row.money_or_none("value")
            cash[account] = cash.get(account, Decimal(0)) + (row.money("quantity") if value is None else value)
            continue
        positions.append(
            Position(
                account=account,
                symbol=symbol,
                quantity=row.quantity("quantity"),
                price=row.money_or_none("price"),
                value=row.money_or_none("value"),
                basis=row.money_or_none("basis"),
                name=row.text("name") or None,
                source=row.source,
            )
        )
    return Reading(
        document.path,
        "generic",
        ("positions",),
        0,
        accounts=_accounts(rows, accounts),
        positions=tuple(positions),
        cash=cash,
    )


FORMATS = (
    Format(
        "generic",
        ("lots",),
        (columns("symbol", "quantity", "acquired"), columns("cost_basis"), columns("acquired", "basis")),
        read_lots,
    ),
    Format(
        "generic",
        ("transactions",),
        (columns("date", "kind", "symbol"), columns("quantity", "amount")),
        read_transactions,
    ),
    Format(
        "generic",
        ("positions",),
        (
            columns("symbol", "quantity"),
            columns("symbol", "basis"),
            columns("symbol", "value"),
            columns("symbol", "price"),
        ),
        read_positions,
        must=(only(*POSITIONS, *POSITIONS["basis"], *POSITIONS["value"]),),
    ),
)
