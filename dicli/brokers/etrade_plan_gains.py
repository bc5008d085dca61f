"""E*TRADE: closed lots of stock plans, as the workbook G&L_Expanded.

Its first row sums up the rest. Two sets of columns are there, without and with the wash sales ("Toggle = On").
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Columns, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.etrade_gains import TERMS_OR_NONE
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.symbols import dotted
from dicli.model import Reading, Sale

EXPANDED: Columns = {
    **dict.fromkeys(("symbol", "quantity"), ()),
    "quantity": ("qty.", "qty"),
    "record": ("record type",),
    "acquired": ("date acquired",),
    "sold": ("date sold",),
    "proceeds": ("total proceeds",),
    "adjusted": ("adjusted cost basis",),
    "basis": ("total wash sale adjusted cost basis",),
    "deferred": ("deferred loss",),
    "result": ("adjusted gain/loss",),
    "status": ("capital gains status",),
    "term": ("wash sale adjusted capital gains status",),
    "kind": ("plan type",),
}


def read_expanded(document: Document) -> Reading:
    """Closed lots of stock plans. The basis has the income recognised at vesting in it, and earlier wash sales."""
    required = ("record", "symbol", "quantity", "acquired", "sold", "proceeds", "adjusted", "result", "status")
    rows = table(document, EXPANDED, required)
    document.unknown_columns.clear()  # grant, vest and per-share columns
    sales: list[Sale] = []
    summed: Decimal | None = None
    results: list[Decimal] = []
    for row in rows:
        kind = row.choice("record", {"summary": "summary", "sell": "sell", "sale": "sell", "total": "summary"})
        if kind == "summary":
            summed = row.money_or_none("result")
            continue
        basis = row.money_or_none("basis") if "basis" in rows.index else row.money_or_none("adjusted")
        result = row.money_or_none("result")
        results += [] if result is None else [result]
        deferred = row.money_or_none("deferred")
        term = row.choice("term" if row.text("term") else "status", TERMS_OR_NONE)
        sales.append(
            Sale(
                account="",
                symbol=dotted(row.text("symbol")),
                quantity=row.quantity("quantity"),
                acquired=row.date_or_none("acquired"),
                sold=row.date("sold"),
                proceeds=row.money("proceeds"),
                basis=basis,
                disallowed=None if deferred is None else abs(deferred),
                term=term,
                source=row.source,
            )
        )
    if summed is not None and abs(sum(results) - summed) > 1:
        document.fault(None, f"the rows' adjusted gains are {sum(results):f}, the summary's {summed:f}", AGAIN)
    return Reading(document.path, "etrade", ("sales",), 0, sales=tuple(sales))


FORMATS = (
    Format(
        "etrade",
        ("sales",),
        (
            says("sheet: g&l_expanded"),
            columns("record type", "date acquired", "date sold", "adjusted cost basis"),
            columns("plan type", "ordinary income recognized", "capital gains status"),
        ),
        read_expanded,
        must=(columns("record type"),),
    ),
)
