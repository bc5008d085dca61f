"""J.P. Morgan Self-Directed (Chase): positions with one row per lot, or one row per name.

Sixty columns and more, of which files have different ones; those of the lots have an acquisition date and a unit
cost. `FOOTNOTES` ends the table. Deposit sweeps have symbols of their own (QACDS) and count as cash.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, without
from dicli.brokers.symbols import is_money_fund, no_holding
from dicli.model import Lot, Position, Reading, SetAside

COLUMNS = {
    **dict.fromkeys(("ticker", "quantity", "price", "value", "cusip"), ()),
    "account": ("account number",),
    "class": ("asset class",),
    "name": ("description",),
    "priced": ("pricing date", "as of"),
    "acquired": ("acquisition date",),
    "adjusted": ("adj date",),
    "unit_cost": ("unit cost",),
    "cost": (),
    "disallowed": ("disallowed loss (base)",),
    "currency": ("base ccy",),
}
LOT_COLUMNS = ("ticker", "name", "quantity", "price", "priced", "acquired", "unit_cost")
POSITION_COLUMNS = ("ticker", "name", "quantity", "price", "value", "priced")
CASH = "a deposit sweep or money-market fund, counted as cash"


def read_lots(document: Document) -> Reading:
    # The narrow variant has neither value nor cost: there the unit cost is all.
    wide = any("value" in names for names in document.head_columns if "ticker" in names)
    return _read(document, (*LOT_COLUMNS, "value", "cost") if wide else LOT_COLUMNS, "lots")


def read_positions(document: Document) -> Reading:
    return _read(document, POSITION_COLUMNS, "positions")


def _read(document: Document, required: tuple[str, ...], kind: str) -> Reading:
    rows = table(document, COLUMNS, required, stop=("footnotes",), skip=("total",))
    document.unknown_columns.clear()  # sixty columns about ratings, rates and the like
    lots: list[Lot] = []
    positions: list[Position] = []
    cash: dict[str, Decimal] = {}
    aside: list[SetAside] = []
    accounts: dict[str, None] = {}
    days: list[dt.date] = []
    held: set[tuple[str, str]] = set()
    for row in rows:
        account, symbol, quantity = row.text("account"), row.text("ticker"), row.quantity("quantity")
        accounts[account] = None
        if "account" in rows.index and not account:
            row.fault("a row without an account", AGAIN)
        if row.text("currency").upper() not in {"", "USD"}:
            row.fault(f'the currency is "{row.text("currency")}"', "dicli counts in US dollars only.")
        day = row.date_or_none("priced")
        days += [day] if day else []
        if _is_cash(row, symbol):
            value = row.money_or_none("value")
            cash[account] = cash.get(account, Decimal(0)) + (quantity if value is None else value)
            aside.append(SetAside(account or None, symbol or None, row.line, CASH))
        elif why := "a security without a symbol" if not symbol else no_holding(symbol, quantity):
            aside.append(SetAside(account or None, symbol or None, row.line, why))
        elif kind == "lots":
            lots.append(_lot(row, account, symbol, quantity, day))
        else:
            if (account, symbol) in held:
                row.fault(f'"{symbol}" comes twice in one account', AGAIN)
            held.add((account, symbol))
            positions.append(_position(row, account, symbol, quantity, day))
    return Reading(
        document.path,
        "jpmorgan",
        (kind,),
        0,
        accounts=tuple(account for account in accounts if account),
        as_of=max(days, default=None),
        lots=tuple(lots),
        positions=tuple(positions),
        cash=cash,
        set_aside=tuple(aside),
    )


def _is_cash(row: Row, symbol: str) -> bool:
    name, kind = row.text("name").lower(), row.text("class").lower()
    said = kind.startswith("cash") or is_money_fund(symbol) or "deposit sweep" in name or "money market" in name
    return said and row.money_or_none("price") in (None, Decimal(1))


def _lot(row: Row, account: str, symbol: str, quantity: Decimal, day: dt.date | None) -> Lot:
    """One lot. `Cost` is its basis; where a file lacks that column, the unit cost times the shares is."""
    unit, cost, price = row.money_or_none("unit_cost"), row.money_or_none("cost"), row.money_or_none("price")
    if cost is not None:
        row.check_product(quantity, unit, cost)
    elif unit is not None:
        cost = unit * quantity
    row.check_product(quantity, price, row.money_or_none("value"))
    acquired, adjusted = row.date_or_none("acquired"), row.date_or_none("adjusted")
    disallowed = row.money_or_none("disallowed")
    if acquired and adjusted and adjusted > acquired:
        row.fault(f"a holding period from {adjusted}, after the purchase on {acquired}", AGAIN)
    return Lot(
        account=account,
        symbol=row.ticker(symbol, row.text("name"), row.text("cusip")),
        quantity=quantity,
        acquired=acquired,
        holding_from=adjusted or acquired,
        basis=cost,
        disallowed=None if disallowed is None else abs(disallowed),
        price=price,
        as_of=day,
        source=row.source,
    )


def _position(row: Row, account: str, symbol: str, quantity: Decimal, day: dt.date | None) -> Position:
    price, value = row.money_or_none("price"), row.money_or_none("value")
    row.check_product(quantity, price, value)
    return Position(
        account=account,
        symbol=row.ticker(symbol, row.text("name"), row.text("cusip")),
        quantity=quantity,
        price=price,
        value=value,
        basis=row.money_or_none("cost"),
        name=row.text("name") or None,
        as_of=day,
        source=row.source,
    )


FORMATS = (
    Format(
        "jpmorgan",
        ("lots",),
        (
            columns("ticker", "acquisition date", "unit cost"),
            columns("pricing date", "acquisition date"),
            columns("asset class", "asset strategy"),
        ),
        read_lots,
        must=(columns("ticker", "quantity", "price"), columns("acquisition date")),
    ),
    Format(
        "jpmorgan",
        ("positions",),
        (
            columns("asset class", "asset strategy", "asset strategy detail"),
            columns("ticker", "cusip", "quantity", "price", "value"),
        ),
        read_positions,
        must=(columns("ticker", "quantity", "value"), without("acquisition date", "unit cost", "adj date")),
    ),
)
