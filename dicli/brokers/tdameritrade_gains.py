"""TD Ameritrade: realized gain and loss.

The symbol stands in parentheses behind the security's name, numbers end in a point or a space (`200.`, `"1,379.23 "`),
and `Total:` ends the table.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dicli.brokers.csvfile import IGNORE, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import no_holding
from dicli.model import Reading, Sale, SetAside, Term

COLUMNS = {
    "security": (),
    "type": ("trans type",),
    "quantity": ("qty",),
    "acquired": ("open date",),
    "basis": ("adj cost",),
    "sold": ("close date",),
    "proceeds": ("adj proceeds",),
    "gain": ("adj gain",),
    "term": (),
}
TERMS = {"short-term": Term.SHORT, "long-term": Term.LONG, "short term": Term.SHORT, "long term": Term.LONG}
_NAMED = re.compile(r"(.+?) *\(([^()]+)\)")


def read_gains(document: Document) -> Reading:
    """Closed lots. Earlier wash sales are in the adjusted cost; what these sales had disallowed is not shown."""
    sales: list[Sale] = []
    aside: list[SetAside] = []
    rows = table(document, COLUMNS, tuple(COLUMNS), ignored=("adj gain(%)",), skip=("total",))
    for row in rows:
        found = _NAMED.fullmatch(row.text("security"))
        if found is None:
            row.fault(f'"{row.text("security")}" where a name with the symbol in parentheses is expected', AGAIN)
            continue
        symbol, quantity, said = found[2].strip(), row.quantity("quantity"), row.text("type")
        proceeds, basis, gain = row.money("proceeds"), row.money_or_none("basis"), row.money_or_none("gain")
        if basis is not None and gain is not None and abs(proceeds - basis - gain) > Decimal("0.05"):
            row.fault(f"{proceeds:f} less {basis:f} is not a gain of {gain:f}: a number is wrong", AGAIN)
        why = no_holding(symbol, quantity)
        if why is None and not said.lower().startswith("sell"):
            if not document.ignores(said, row.line):
                row.fault(f'unknown type of transaction "{said}"', IGNORE)
            continue
        if why:
            aside.append(SetAside(None, symbol, row.line, why))
            continue
        acquired, sold = row.date_or_none("acquired"), row.date("sold")
        if acquired is not None and acquired > sold:
            row.fault(f"sold on {sold}, before the purchase on {acquired}", AGAIN)
        sales.append(
            Sale(
                account="",
                symbol=row.ticker(symbol, found[1]),
                quantity=quantity,
                acquired=acquired,
                sold=sold,
                proceeds=proceeds,
                basis=basis,
                disallowed=None,
                term=row.choice("term", TERMS) if row.text("term") else None,
                name=found[1],
                source=row.source,
            )
        )
    if not rows.skipped:
        document.fault(None, 'the line "Total:" at the end is missing: the file seems to be cut off', AGAIN)
    return Reading(document.path, "tdameritrade", ("sales",), 0, sales=tuple(sales), set_aside=tuple(aside))


FORMATS = (
    Format(
        "tdameritrade",
        ("sales",),
        (columns("security", "trans type", "open date"), columns("adj cost", "adj proceeds", "close date")),
        read_gains,
    ),
)
