"""Vanguard: the cost basis download (open lots of whole accounts) and realized gains (closed lots).

Prose of any length stands above the header. `Various` is the acquisition date of shares under average cost; some rows
have no shares left. One layout writes the day into a heading: `Market value as of 06/30/2026`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import Document
from dicli.brokers.formats import Format, columns, without
from dicli.brokers.symbols import dotted, is_money_fund, no_stock
from dicli.brokers.values import dates_in, is_blank
from dicli.model import Lot, Reading, Sale, SetAside

LOTS = {
    "account": ("account number",),
    "symbol": ("symbol/cusip",),
    "name": ("description",),
    "acquired": ("acquired date", "date acquired"),
    "method": ("cost basis method",),
    "quantity": ("shares",),
    "basis": ("total cost",),
    "value": ("market value",),
    "covered": ("covered/non-covered", "covered/noncovered"),
}
GAINS = ("short term gain loss", "long term gain loss", "total gain loss", "percent gain loss")
SALES = {
    "account": ("account number",),
    "symbol": ("symbol/cusip",),
    "name": ("description", "security name", "investment name"),
    "sold": ("date sold", "sold date", "sale date"),
    "acquired": ("date acquired", "acquired date"),
    "quantity": ("shares",),
    "basis": ("total cost", "cost basis"),
    "proceeds": ("total proceeds",),
    "short": ("short term gain loss", "short term gain/loss", "short-term gain/loss", "short-term gain loss"),
    "long": ("long term gain loss", "long term gain/loss", "long-term gain/loss", "long-term gain loss"),
    "covered": ("covered/non-covered", "covered/noncovered"),
}
SALES_KNOWN = (
    "event",
    "cost basis method",
    "cost per share",
    "total gain loss",
    "total gain/loss",
    "percent gain loss",
)
COVERED = {"covered": True, "non-covered": False, "noncovered": False}


def read_lots(document: Document) -> Reading:
    """Open lots; shares under average cost have an unknown date.

    A lot's price is what the market value of all its symbol's lots says, to a hundredth of a cent.
    """
    valued = next((name for names in document.head_columns for name in names if name.startswith("market value")), "")
    above = "\n".join(said for _, cells in document.records[:10] if " as of " in (said := " ".join(cells[:2])))
    day = next(iter(dates_in(valued) or dates_in(above)), None)
    rows = table(
        document,
        {**LOTS, "value": ("market value", valued or "market value")},
        ("account", "symbol", "acquired", "method", "quantity", "basis"),
        skip=("total",),
        ignored=(
            *(name for names in document.head_columns for name in names if name.startswith(GAINS)),
            "cost per share",
        ),
    )
    rows.no_gap()
    lots: list[Lot] = []
    values: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    for row in rows:
        account, symbol, quantity = row.text("account"), row.text("symbol"), row.quantity("quantity")
        accounts[account] = None
        if why := _why_aside(symbol, quantity):
            left.append(SetAside(account, symbol or None, row.line, why))
            continue
        acquired, value = row.date_or_none("acquired"), row.money_or_none("value")
        if value is not None:
            values[symbol].append((value, quantity))
        lots.append(
            Lot(
                account=account,
                symbol=dotted(symbol),
                quantity=quantity,
                acquired=acquired,
                holding_from=acquired,
                basis=row.money_or_none("basis"),
                covered=_covered(row),
                as_of=day,
                source=row.source,
            )
        )
    prices = {dotted(symbol): _per_share(held) for symbol, held in values.items()}
    return Reading(
        document.path,
        "vanguard",
        ("lots",),
        0,
        accounts=tuple(accounts),
        as_of=day,
        lots=tuple(replace(lot, price=prices.get(lot.symbol)) for lot in lots),
        set_aside=tuple(left),
    )


def read_sales(document: Document) -> Reading:
    """Closed lots. The term is that of the column in which the gain stands; disallowed losses are not shown."""
    rows = table(
        document,
        SALES,
        ("symbol", "sold", "acquired", "quantity", "basis", "proceeds"),
        skip=("total",),
        ignored=SALES_KNOWN,
    )
    rows.no_gap()
    sales: list[Sale] = []
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    for row in rows:
        account, symbol, quantity = row.text("account"), row.text("symbol"), abs(row.quantity("quantity"))
        accounts[account] = None
        if why := _why_aside(symbol, quantity):
            left.append(SetAside(account, symbol or None, row.line, why))
            continue
        sales.append(
            Sale(
                account=account,
                symbol=dotted(symbol),
                quantity=quantity,
                acquired=row.date_or_none("acquired"),
                sold=row.date("sold"),
                proceeds=row.money_or_none("proceeds"),
                basis=row.money_or_none("basis"),
                disallowed=None,
                term=row.term("short", "long"),
                name=row.text("name") or None,
                covered=_covered(row),
                source=row.source,
            )
        )
    return Reading(
        document.path,
        "vanguard",
        ("sales",),
        0,
        accounts=tuple(accounts) if "account" in rows.index else (),
        sales=tuple(sales),
        set_aside=tuple(left),
    )


def _per_share(held: list[tuple[Decimal, Decimal]]) -> Decimal:
    value, shares = (sum(column, Decimal(0)) for column in zip(*held, strict=True))
    return (value / shares).quantize(Decimal("0.0001"))


def _covered(row: Row) -> bool | None:
    return None if is_blank(row.text("covered")) else row.choice("covered", COVERED)


def _why_aside(symbol: str, quantity: Decimal) -> str | None:
    if not symbol:
        return "a bond, bill or other security without a symbol"
    if is_money_fund(symbol):
        return "a money-market fund, counted as cash"
    if quantity <= 0:
        return "a short position" if quantity else "a lot without shares"
    return no_stock(symbol)


FORMATS = (
    Format(
        "vanguard",
        ("lots",),
        (
            columns("acquired date", "cost basis method"),
            columns("symbol/cusip", "acquired date"),
            columns("account", "symbol/cusip", "total cost"),
            columns("symbol/cusip", "quantity", "total cost", "covered/non-covered"),
        ),
        read_lots,
        must=(without("proceeds", "date sold"),),
    ),
    Format(
        "vanguard",
        ("sales",),
        (
            columns("cost basis method", "proceeds"),
            columns("total cost", "proceeds"),
            columns("event", "date sold"),
            columns("symbol/cusip", "date sold"),
        ),
        read_sales,
        must=(without("symbol(cusip)", "closed date", "acquisition date"),),
    ),
)
