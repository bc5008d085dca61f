"""Charles Schwab: open lots, as Lot Details of one symbol.

The symbol stands in the title only. The wide variant, shown when a wash sale or a transfer adjusted a lot, gives the
holding-period date as `Open Date` and the purchase itself as `Transaction Open`.
"""

from __future__ import annotations

import re

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.symbols import dotted, no_holding
from dicli.brokers.values import dates_in
from dicli.model import Lot, Reading, SetAside

COLUMNS = {
    "opened": ("open date",),
    "bought": ("transaction open",),
    "quantity": (),
    "price": (),
    "basis": ("cost basis",),
    "disallowed": ("disallowed loss",),
    "symbol": (),
}
IGNORED = (
    *("cost/share", "transaction cps", "transaction cb", "market value", "holding period", "description", "name"),
    *("gain/loss", "gain/loss %", "transaction g/l", "transaction g/l %"),
)
_TITLE = re.compile(r"(?P<symbol>.+?) Lot Details(?: for (?P<account>.+?))?(?: as of .*)?", re.IGNORECASE)


def read_lots(document: Document) -> Reading:
    title = document.title(" lot details")
    found = _TITLE.fullmatch(title)
    symbol, account = (found["symbol"], number_in(found["account"] or "")) if found else ("", "")
    as_of = next(iter(dates_in(title)), None)
    # The wide variant without its purchase dates would pass the holding-period dates off as them.
    wide = any("disallowed loss" in names or "transaction cb" in names for names in document.head_columns)
    required = ("opened", "quantity", "basis", *(["bought", "disallowed"] if wide else []))
    rows = table(document, COLUMNS, required, skip=("total",), ignored=IGNORED)
    if not found and "symbol" not in rows.index:
        document.refuse('the title "SYMBOL Lot Details for ..." is missing: whose lots these are is unknown', AGAIN)
    lots: list[Lot] = []
    aside: list[SetAside] = []
    for row in rows:
        said = row.text("symbol") or symbol
        quantity, basis = row.quantity("quantity"), row.money_or_none("basis")
        if not said:
            row.fault("a row without a symbol", AGAIN)
        if why := no_holding(said, quantity):
            aside.append(SetAside(account, said, row.line, why))
            continue
        opened = row.date_or_none("opened")
        disallowed = row.money_or_none("disallowed")
        lots.append(
            Lot(
                account=account,
                symbol=dotted(said),
                quantity=quantity,
                acquired=row.date_or_none("bought") or opened,
                holding_from=opened,
                basis=basis,
                disallowed=None if disallowed is None else abs(disallowed),
                price=row.money_or_none("price"),
                as_of=as_of,
                source=row.source,
            )
        )
    if found and not rows.skipped:
        document.fault(None, 'the line "Total" at the end is missing: the file seems to be cut off', AGAIN)
    return Reading(
        document.path,
        "schwab",
        ("lots",),
        0,
        accounts=(account,) if account else (),
        as_of=as_of,
        lots=tuple(lots),
        set_aside=tuple(aside),
    )


FORMATS = (
    Format(
        "schwab",
        ("lots",),
        (
            says(" lot details for ", " lot details\n", " lot details,"),
            columns("open date", "quantity", "cost basis"),
            columns("open date", "cost/share", "holding period"),
            columns("symbol", "open date", "transaction open"),
        ),
        read_lots,
        must=(without("closed date"),),
    ),
)
