"""Fidelity: closed lots of ordinary accounts, in two layouts, and the stock-plan lots that cannot be read.

`Realized_Gain_Loss_Account_X….csv` (2021-22) and `Portfolio_Closed_Lots_….csv` (2026, ISO dates, cost before
proceeds) name their columns alike but for hyphens and order. Neither names the account nor a disallowed loss.
"""

from __future__ import annotations

import re
from typing import NoReturn

from dicli.brokers.csvfile import table
from dicli.brokers.document import Document
from dicli.brokers.fidelity_common import TRAILERS, aside, is_core, nothing_outside, stock, why_aside
from dicli.brokers.formats import Format, columns, says, without
from dicli.brokers.values import parse_date, parse_money, parse_quantity
from dicli.model import Reading, Sale, SetAside

COLUMNS = {
    "symbol": ("symbol(cusip)",),
    "name": ("security description",),
    "quantity": (),
    "acquired": ("date acquired",),
    "sold": ("date sold",),
    "proceeds": (),
    "basis": ("cost basis",),
    "short": ("short term gain/loss", "short-term gain/loss"),
    "long": ("long term gain/loss", "long-term gain/loss"),
}
_SYMBOL = re.compile(r"(?P<symbol>[^()]*)(?:\((?P<cusip>[^()]*)\))?")


def read_closed_lots(document: Document) -> Reading:
    """Closed lots. The term is that of the column in which the gain stands."""
    rows = table(document, COLUMNS, tuple(COLUMNS), skip=("total",), stop=TRAILERS)
    sales: list[Sale] = []
    left: list[SetAside] = []
    for row in rows:
        named = _SYMBOL.fullmatch(row.text("symbol"))
        symbol, cusip = (named["symbol"].strip(), named["cusip"] or "") if named else (row.text("symbol"), "")
        name, acquired, sold = row.text("name"), row.date_or_none("acquired"), row.date("sold")
        if why := why_aside(symbol or cusip, name) or ("cash to cash" if is_core(symbol, name) else None):
            left.append(aside(row, "", symbol or cusip, why))
        elif acquired is not None and acquired > sold:
            left.append(aside(row, "", symbol, "a short position: it was sold before it was bought"))
        else:
            sales.append(
                Sale(
                    account="",
                    symbol=stock(row, symbol, name, cusip),
                    quantity=abs(row.quantity("quantity")),
                    acquired=acquired,
                    sold=sold,
                    proceeds=row.money_or_none("proceeds"),
                    basis=row.money_or_none("basis"),
                    disallowed=None,
                    term=row.term("short", "long"),
                    name=name or None,
                    source=row.source,
                )
            )
    nothing_outside(rows)
    return Reading(document.path, "fidelity", ("sales",), 0, sales=tuple(sales), set_aside=tuple(left))


def refuse_open_lots(document: Document) -> NoReturn:
    """Lots of a stock plan name no security, so they are nobody's; the error shows how to give them a symbol."""
    rows = table(
        document, {"acquired": ("date acquired",), "basis": ("cost basis",), "quantity": ()}, ("acquired", "quantity")
    )
    example = "MSFT,10,2023-05-15,3089.70"
    for _, cells in rows.records:
        try:
            quantity, basis = (parse_quantity(cells[rows.index[name]]) for name in ("quantity", "basis"))
            example = f"MSFT,{quantity:f},{parse_date(cells[rows.index['acquired']])},{basis:f}"
            break
        except (ValueError, LookupError):
            continue
    document.refuse(
        "these open lots of a stock plan name no security: whose shares they are is unknown",
        "Make a lots file of them, one line a lot, with the ticker first: "
        f'the line "symbol,quantity,acquired,cost_basis", then lines like "{example}".',
    )


def refuse_closed_lots(document: Document) -> NoReturn:
    """As for open lots; sales can come as rows of dicli's own transactions file."""
    rows = table(document, {"acquired": ("date acquired",), "proceeds": (), "quantity": ()}, ("acquired", "quantity"))
    example = "2025-01-28,sell,MSFT,-10,4458.29"
    for _, cells in rows.records:
        try:
            # the heading of the sale's date is HTML with commas in it, so cells do not stand below their headings
            example = f"{parse_date(cells[2])},sell,MSFT,-{parse_quantity(cells[1]):f},{parse_money(cells[3]):f}"
            break
        except (ValueError, LookupError):
            continue
    document.refuse(
        "these closed lots of a stock plan name no security: whose sales they are is unknown",
        "Use the account's history instead, or make a transactions file of them with the ticker: "
        f'the line "date,kind,symbol,quantity,amount", then lines like "{example}".',
    )


FORMATS = (
    Format(
        "fidelity",
        ("sales",),
        (
            columns("symbol(cusip)", "date acquired"),
            columns("symbol(cusip)", "date sold"),
            columns("date acquired", "date sold", "proceeds", "cost basis"),
            says("short term gain/loss,long term gain/loss", "short-term gain/loss,long-term gain/loss"),
        ),
        read_closed_lots,
        must=(without("cost basis method", "closed date"),),
    ),
    Format(
        "fidelity",
        ("lots",),
        (columns("date acquired", "share source"), columns("sale availability date", "transfer availability date")),
        refuse_open_lots,
    ),
    Format(
        "fidelity",
        ("sales",),
        (says("date acquired,quantity,"), says("date sold or transferred")),
        refuse_closed_lots,
    ),
)
