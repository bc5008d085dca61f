"""Plain files for brokers that dicli does not know, or for rows typed by hand. What dicli writes, it reads here.

    lots          symbol,quantity,acquired,cost_basis[,account,currency,term,wash_adj,holding_from]
    transactions  date,kind,symbol,quantity,amount[,account,price,fees,order_id,lot_acquired,description]
    positions     symbol,quantity[,account,price,value,basis,name]
    sales         symbol,quantity,acquired,sold,proceeds,cost_basis[,account,disallowed,term,name]

Dates in ISO form or month first; symbols in any broker's spelling that has a mark between ticker and class. `basis`
serves for `cost_basis`. Signs are those of dicli's own columns: what goes out is negative. `lot_acquired` is the day of
the purchase that a sale was identified to take its shares from (R-SPECID); without it the account's lot method decides.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Row, Table, table
from dicli.brokers.document import Document
from dicli.brokers.formats import Format, columns, only, without
from dicli.brokers.symbols import dotted
from dicli.model import Lot, Position, Reading, Sale, Term, Transaction, TransactionKind

COMMON = ("account", "symbol", "quantity", "currency", "name")
LOTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*COMMON, "acquired", "holding_from", "term", "price", "value", "gain"), ()),
    "cost_basis": ("cost basis", "basis"),
    "wash_adj": (),
}
TRANSACTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(
    (*COMMON, "date", "kind", "amount", "price", "fees", "order_id", "lot_acquired", "description", "source"), ()
)
POSITIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*COMMON, "price"), ()),
    "value": ("market value",),
    "basis": ("cost basis", "cost_basis"),
}
SALES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*COMMON, "acquired", "sold", "proceeds", "gain", "disallowed", "term"), ()),
    "cost_basis": ("cost basis", "basis"),
}
KINDS = {kind.value: kind for kind in TransactionKind}
TERMS = {"": None, **{term.value: term for term in Term}}
_OUT = {TransactionKind.SELL, TransactionKind.TRANSFER_OUT}
_IN = {TransactionKind.BUY, TransactionKind.REINVEST, TransactionKind.TRANSFER_IN}
_TRADES = {TransactionKind.BUY, TransactionKind.REINVEST, TransactionKind.SELL}


def _symbol(row: Row) -> str:
    symbol = dotted(row.text("symbol"))
    if not symbol:
        row.fault('column "symbol" is empty', "Write the ticker, share classes dotted (BRK.B).")
    return symbol


def _dollars(row: Row) -> None:
    currency = row.text("currency")
    if currency.upper() not in {"", "USD"}:
        row.fault(f'the currency is "{currency}"', "dicli counts in US dollars only: leave this row out.")


def _positive(row: Row) -> Decimal:
    quantity = row.quantity("quantity")
    if quantity <= 0:
        row.fault(f"a quantity of {quantity:f}", "Only what is or was held has lots: leave short positions out.")
    return quantity


def _term(row: Row) -> Term | None:
    said = row.text("term").lower()
    if said not in TERMS:
        row.fault(f'unknown term "{row.text("term")}"', 'Write "short", "long" or nothing.')
    return TERMS.get(said)


def _accounts(rows: Table, found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found)) if "account" in rows.index else ()


def read_lots(document: Document) -> Reading:
    """Open lots. `wash_adj` is the disallowed loss already inside `cost_basis`; `term` follows from the dates."""
    rows = table(document, LOTS, ("symbol", "quantity", "acquired", "cost_basis"))
    lots = []
    for row in rows:
        _dollars(row)
        _term(row)
        acquired = row.date_or_none("acquired")
        lots.append(
            Lot(
                account=row.text("account"),
                symbol=_symbol(row),
                quantity=_positive(row),
                acquired=acquired,
                holding_from=row.date_or_none("holding_from") or acquired,
                basis=row.money_or_none("cost_basis"),
                disallowed=row.money_or_none("wash_adj"),
                price=row.money_or_none("price"),
                source=row.source,
            )
        )
    accounts = _accounts(rows, [lot.account for lot in lots])
    return Reading(document.path, "generic", ("lots",), 0, accounts=accounts, lots=tuple(lots))


def read_transactions(document: Document) -> Reading:
    rows = table(document, TRANSACTIONS, ("date", "kind", "symbol", "quantity", "amount"))
    history = []
    for row in rows:
        _dollars(row)
        kind = row.choice("kind", KINDS, f"Write one of: {', '.join(KINDS)}.")
        if kind is not None:
            history.append(_transaction(row, kind))
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


def _transaction(row: Row, kind: TransactionKind) -> Transaction:
    quantity, amount = row.quantity_or_none("quantity"), row.money_or_none("amount")
    price, fees = row.money_or_none("price"), row.money_or_none("fees")
    if kind in _OUT | _IN:
        if not quantity or not row.text("symbol"):
            row.fault(f"a {kind} without a symbol or a quantity", "Write the ticker and the number of shares.")
        elif (quantity > 0) is (kind in _OUT):
            row.fault(f"a {kind} with quantity {quantity:f}", "Shares that go out are negative, that come in positive.")
    if kind in _TRADES:
        if amount is not None and amount * (1 if kind in _OUT else -1) < -(fees or 0):
            row.fault(f"a {kind} with amount {amount:f}", "Cash that goes out is negative, that comes in positive.")
        row.check_product(quantity, price, amount, fees)
    return Transaction(
        account=row.text("account"),
        date=row.date("date"),
        kind=kind,
        symbol=dotted(row.text("symbol")) or None,
        quantity=quantity,
        amount=amount,
        price=price,
        fees=fees,
        action=row.text("kind"),
        description=row.text("description"),
        order_id=row.text("order_id") or None,
        lot_acquired=row.date_or_none("lot_acquired"),
        source=row.source,
    )


def read_positions(document: Document) -> Reading:
    """What is held, by count. A row with the symbol CASH gives the account's cash in `value` (or `quantity`)."""
    rows = table(document, POSITIONS, ("symbol", "quantity"))
    positions: list[Position] = []
    cash: dict[str, Decimal] = {}
    accounts: list[str] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        _dollars(row)
        account, symbol = row.text("account"), _symbol(row)
        accounts.append(account)
        if (account, symbol) in seen:
            row.fault(f'"{symbol}" comes twice in one account', "Write one row with the whole quantity.")
        seen.add((account, symbol))
        if symbol == "CASH":
            value = row.money_or_none("value")
            cash[account] = row.money("quantity") if value is None else value
            continue
        positions.append(
            Position(
                account=account,
                symbol=symbol,
                quantity=_positive(row),
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


def read_sales(document: Document) -> Reading:
    """Closed lots, quantity and `disallowed` positive: what an account that dicli cannot read realised."""
    rows = table(document, SALES, ("symbol", "quantity", "acquired", "sold", "proceeds", "cost_basis"))
    sales = []
    for row in rows:
        _dollars(row)
        disallowed = row.money_or_none("disallowed")
        if disallowed is not None and disallowed < 0:
            row.fault(f"a disallowed loss of {disallowed:f}", "Write it as a positive amount.")
        sales.append(
            Sale(
                account=row.text("account"),
                symbol=_symbol(row),
                quantity=_positive(row),
                acquired=row.date_or_none("acquired"),
                sold=row.date("sold"),
                proceeds=row.money("proceeds"),
                basis=row.money_or_none("cost_basis"),
                disallowed=disallowed,
                term=_term(row),
                name=row.text("name") or None,
                source=row.source,
            )
        )
    accounts = _accounts(rows, [sale.account for sale in sales])
    return Reading(document.path, "generic", ("sales",), 0, accounts=accounts, sales=tuple(sales))


def _words(names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return (*names, *(synonym for synonyms in names.values() for synonym in synonyms))


FORMATS = (
    Format(
        "generic",
        ("lots",),
        (columns("symbol", "quantity", "acquired"), columns("acquired", "cost_basis"), columns("acquired", "basis")),
        read_lots,
        must=(without("sold", "proceeds"),),
    ),
    Format(
        "generic",
        ("transactions",),
        (columns("date", "kind", "symbol"), columns("quantity", "amount")),
        read_transactions,
    ),
    # Two columns that many brokers have too: here nothing else may stand beside them.
    Format("generic", ("positions",), (columns("symbol", "quantity"), only(*_words(POSITIONS))), read_positions),
    Format(
        "generic",
        ("sales",),
        (
            columns("symbol", "quantity", "acquired", "sold"),
            columns("proceeds", "cost_basis"),
            columns("proceeds", "basis"),
        ),
        read_sales,
    ),
)
