"""E*TRADE: a stock plan's workbook "By Benefit Type", expanded: the shares that vested or were bought and are held.

A sheet per plan. `ESPP`: a row per purchase. `Restricted Stock`: a grant, its vest schedule and tax rows, and a row
`Sellable Shares` per vest whose shares are left; its symbol stands in the grant's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, table
from dicli.brokers.document import AGAIN, Document, Record
from dicli.brokers.formats import Format, columns, is_kind, says
from dicli.brokers.symbols import dotted
from dicli.model import Lot, Reading, SetAside

ESPP: Columns = {
    "record": ("record type",),
    "symbol": (),
    "acquired": ("purchase date",),
    "sellable": ("sellable qty.",),
    "held_back": ("blocked qty.",),
}
RESTRICTED: Columns = {
    "record": ("record type",),
    "symbol": (),
    "grant": ("grant number",),
    "acquired": ("release date",),
    "sellable": ("sellable qty..3",),  # the third of this name: the first is the grant's, the second the vest's
    "held_back": ("blocked share qty.",),
    "unit": ("est. cost basis (per share):",),
}
PARTS = {
    **dict.fromkeys(("purchase", "grant", "sellable shares", "totals", "total"), True),
    **dict.fromkeys(("vest schedule", "tax withholding", "event", "dividend"), False),
}
NO_BASIS = "the basis of its shares: it depends on the income that their sale will recognise (Form 3922), unknown"


def read_benefits(document: Document) -> Reading:
    lots: list[Lot] = []
    aside: list[SetAside] = []
    for name, records in document.sheets.items():
        if len(records) < 2:
            continue
        if name.strip().lower() == "espp":
            lots += _purchases(document, records, aside)
        elif name.strip().lower() == "restricted stock":
            lots += _released(document, records, aside)
        else:
            aside.append(SetAside(None, None, records[0][0], f'the sheet "{name}": no shares that are held'))
    document.unknown_columns.clear()  # schedules, taxes and estimates
    return Reading(document.path, "etrade", ("lots",), 0, lots=tuple(lots), set_aside=tuple(aside))


def _purchases(document: Document, records: Sequence[Record], aside: list[SetAside]) -> list[Lot]:
    rows = table(document, ESPP, ("record", "symbol", "acquired", "sellable"), records=records)
    lots = []
    for row in rows:
        if row.choice("record", PARTS) and row.text("record").lower() == "purchase":
            lots += _lot(row, row.text("symbol"), None, aside)
    if lots:
        aside.append(SetAside("", lots[0].symbol, rows.line, f"ESPP: {NO_BASIS}"))
    return lots


def _released(document: Document, records: Sequence[Record], aside: list[SetAside]) -> list[Lot]:
    rows = table(document, RESTRICTED, ("record", "symbol", "grant", "acquired", "held_back", "unit"), records=records)
    if "sellable" not in rows.index:
        document.refuse('the sheet "Restricted Stock" has no third column "Sellable Qty."', "Download it expanded.")
    granted: dict[str, str] = {}
    lots = []
    for row in rows:
        record, grant = row.text("record").lower(), row.text("grant")
        row.choice("record", PARTS)
        if record == "grant":
            granted[grant] = row.text("symbol")
        elif record == "sellable shares":
            if grant not in granted:
                row.fault(f'shares of grant "{grant}", whose own row is not above them', AGAIN)
            lots += _lot(row, granted.get(grant, ""), row.money_or_none("unit"), aside)
    return lots


def _lot(row: Row, symbol: str, unit: Decimal | None, aside: list[SetAside]) -> list[Lot]:
    if not symbol:
        row.fault("a row without a symbol", AGAIN)
    found = {amount for name in ("sellable", "held_back") if (amount := row.quantity_or_none(name))}
    if len(found) > 1:
        row.fault(f"{' and '.join(map(str, sorted(found)))} shares: which of them are held is unknown", AGAIN)
    quantity = max(found, default=Decimal(0))
    if quantity <= 0:
        aside.append(SetAside("", dotted(symbol), row.line, "a quantity of zero"))
        return []
    acquired = row.date("acquired")
    return [
        Lot(
            account="",
            symbol=dotted(symbol),
            quantity=quantity,
            acquired=acquired,
            holding_from=acquired,
            basis=None if unit is None else unit * quantity,
            source=row.source,
        )
    ]


FORMATS = (
    Format(
        "etrade",
        ("lots",),
        (
            says("sheet: espp", "sheet: restricted stock"),
            columns("record type", "purchase date", "sellable qty."),
            columns("record type", "grant number", "vest period"),
        ),
        read_benefits,
        must=(is_kind("xlsx"),),
    ),
)
