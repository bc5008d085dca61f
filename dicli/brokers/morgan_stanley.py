"""Morgan Stanley StockPlan Connect: the reports of releases (vests) and withdrawals (sales) of a stock plan.

They name plans ("GSU Class C"), never a ticker, so whose shares they are cannot be known: they are refused, and each
row that moved shares is said as the line to write in a transactions file of one's own, with TICKER to fill in. That
matters, because shares that vest are an acquisition and can taint a loss.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, says
from dicli.model import Reading

COLUMNS: Columns = {
    **dict.fromkeys(("plan", "type", "price", "quantity"), ()),
    "date": ("vest date", "execution date"),
    "status": ("status", "order status"),
    "net": ("net share proceeds",),
    "cash": ("net amount", "net cash proceeds"),
}
IGNORED = ("order number", "tax payment method", "net share proceeds.2")
HEADER = "date,kind,symbol,quantity,amount"
NOTES = ("please note",)


def read_releases(document: Document) -> Reading:
    """Vests. What was kept after taxes is the acquisition, at the price of that day."""
    rows = table(document, COLUMNS, ("date", "plan", "price", "quantity", "net"), stop=NOTES, ignored=IGNORED)
    return _refuse(document, rows, "buy")


def read_withdrawals(document: Document) -> Reading:
    rows = table(document, COLUMNS, ("date", "plan", "price", "quantity", "cash"), stop=NOTES, ignored=IGNORED)
    return _refuse(document, rows, "sell")


def _refuse(document: Document, rows: Table, kind: str) -> Reading:
    for row in rows:
        if (line := _line(row, kind)) is not None:
            row.fault(f'"{row.text("plan")}" is the name of a plan, not a ticker', f"Write it as: {line}")
    document.refuse(
        "this report names plans and no tickers: whose shares these are cannot be known",
        f'Write a CSV file of your own, "{HEADER}", with the lines given here and the ticker for TICKER.',
    )


def _line(row: Row, kind: str) -> str | None:
    """The row as a line of a transactions file; None where it moved cash only, or nothing."""
    date, price = row.date("date"), row.money_or_none("price")
    said = row.text("status").lower()
    if said not in ("complete", "completed", ""):
        return None
    if row.text("plan").lower() == "cash" or price is None:
        return None
    if kind == "buy":
        kept = row.quantity("net")
        return f"{date},buy,TICKER,{kept:f},{-kept * price:.2f}" if kept else None
    quantity, cash = row.quantity("quantity"), row.money("cash")
    if quantity >= 0:
        row.fault(f"a sale of {quantity} shares: a negative number is expected", AGAIN)
    return f"{date},sell,TICKER,{-abs(quantity):f},{cash:f}" if quantity and cash > Decimal(0) else None


def read_other(document: Document) -> Reading:
    document.refuse(
        "this report of a stock plan says what was paid out or released in total, not which shares of what",
        "Use the Releases Report and the Withdrawals Report: for each row they give the line to write.",
    )


FORMATS = (
    Format(
        "morgan_stanley",
        ("releases",),
        (
            columns("vest date", "order number", "plan"),
            columns("net cash proceeds", "net share proceeds", "tax payment method"),
            says(",release,"),
        ),
        read_releases,
        must=(columns("vest date", "plan"),),
    ),
    Format(
        "morgan_stanley",
        ("withdrawals",),
        (
            columns("execution date", "order number", "plan"),
            columns("net amount", "net share proceeds", "tax payment method"),
        ),
        read_withdrawals,
        must=(columns("execution date", "plan"),),
    ),
    Format(
        "morgan_stanley",
        ("stock plan",),
        (
            columns("date", "order number", "order status", "net share proceeds"),
            columns("net share proceeds", "tax payment method"),
        ),
        read_other,
        must=(columns("date", "order number", "tax payment method"),),
    ),
)
