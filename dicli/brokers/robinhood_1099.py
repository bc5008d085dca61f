"""Robinhood: the consolidated 1099 as CSV, one table per form below the other; `1099-B` has the closed lots.

The first cell of every row, headers too, is the form's name. Dates are yyyymmdd, an empty `DATE ACQUIRED` stands for
various dates. There are names and no symbols (`symbol` is empty in the reading), as in Schwab's 1099.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dicli.brokers.csvfile import Row, Table
from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.formats import Format, columns, says
from dicli.model import Reading, Sale, SetAside, Term

COLUMNS = {
    "form": ("1099-b",),
    "account": ("account number",),
    "acquired": ("date acquired",),
    "sold": ("sale date",),
    "name": ("description",),
    "quantity": ("shares",),
    "basis": ("cost basis",),
    "proceeds": ("sales price",),
    "term": (),
    "disallowed": ("wash amt disallowed",),
    "box": ("form8949code",),
    "noncovered": ("non covered",),
    "unreported": ("basis not shown",),
}
REQUIRED = ("form", "account", "acquired", "sold", "name", "quantity", "basis", "proceeds", "term", "disallowed")
TERMS = {"short": Term.SHORT, "long": Term.LONG, "": None, "unknown": None}
COVERED = {"a": True, "d": True, "b": False, "e": False}
"""Boxes of Form 8949: basis reported to the IRS (A, D) or not (B, E); the others tell nothing about it."""
_OPTION = re.compile(r"\b(?:CALL|PUT) +\$?[\d.]+|^(?:CALL|PUT) ", re.IGNORECASE)
YES = {"y", "yes", "1", "true", "x"}


def read_1099b(document: Document) -> Reading:
    sales: list[Sale] = []
    aside: list[SetAside] = []
    accounts: dict[str, None] = {}
    tables = list(_tables(document))
    if not tables:
        document.refuse(
            "there is no table 1099-B (sales) in this 1099", "Without sales it is not needed: leave it out."
        )
    for rows in tables:
        for row in rows:
            account = row.text("account")
            accounts[account] = None
            if _OPTION.search(row.text("name")):
                aside.append(SetAside(account, None, row.line, "an option"))
            else:
                sales.append(_sale(row, account))
    document.unknown_columns.clear()  # boxes of the form that have nothing to do with lots, and the payer's address
    return Reading(
        document.path,
        "robinhood",
        ("sales",),
        0,
        accounts=tuple(accounts),
        sales=tuple(sales),
        set_aside=tuple(aside),
    )


def _tables(document: Document) -> list[Table]:
    """The tables whose header begins `1099-B,ACCOUNT NUMBER`; each goes on while rows begin with that form's name."""
    records = document.records
    found: list[Table] = []
    header: Record | None = None
    body: list[Record] = []
    for line, cells in [*records, (0, ["end", "account number"])]:
        names = [plain(cell) for cell in cells[:2]]
        if names[1:] == ["account number"]:
            if header is not None:
                found.append(Table(document, header, body, COLUMNS, REQUIRED))
            header, body = ((line, cells), []) if names[0] == "1099-b" else (None, [])
        elif names and names[0] == "1099-b":
            body.append((line, cells))
            if header is None:
                document.fault(line, "a row of 1099-B stands outside its table", AGAIN)
        elif header is not None and any(cell.strip() for cell in cells):
            document.fault(line, f'a row of 1099-B is expected here, not "{cells[0].strip()[:20]}"', AGAIN)
    return found


def _sale(row: Row, account: str) -> Sale:
    quantity, proceeds, basis = row.quantity("quantity"), row.money("proceeds"), row.money_or_none("basis")
    disallowed = row.money_or_none("disallowed")
    if quantity <= 0 or not row.text("name"):
        row.fault("a sale without a description or a quantity", AGAIN)
    if disallowed is not None and disallowed < 0:
        row.fault(f"a disallowed loss of {disallowed:f}", AGAIN)
    if disallowed and basis is not None and disallowed > max(basis - proceeds, Decimal(0)) + 1:
        row.fault(f"{disallowed:f} is disallowed of a loss of {basis - proceeds:f}", AGAIN)
    unknown = row.text("unreported").lower() in YES and not basis
    covered = COVERED.get(row.text("box").lower())
    return Sale(
        account=account,
        symbol="",
        quantity=quantity,
        acquired=row.date_or_none("acquired"),
        sold=row.date("sold"),
        proceeds=proceeds,
        basis=None if unknown else basis,
        disallowed=disallowed,
        term=row.choice("term", TERMS) if row.text("term").lower() not in ("", "unknown") else None,
        name=" ".join(row.text("name").split()),
        covered=False if row.text("noncovered").lower() in YES else covered,
        source=row.source,
    )


FORMATS = (
    Format(
        "robinhood",
        ("sales",),
        (
            says("1099-b,account number", "1099-div,account number", "1099-int,account number"),
            columns("account number", "tax year"),
            columns("date acquired", "sale date", "sales price"),
            columns("wash amt disallowed", "form8949code"),
        ),
        read_1099b,
    ),
)
