"""Interactive Brokers: the Worksheet for Form 8949 as CSV (2011-), closed lots by name, without symbols.

One table per part (I short, II long) and box of the form. Dates may be VARIOUS; lots whose day of sale is so are set
aside, because no wash sale can be found without it.
"""

from __future__ import annotations

import re
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Table
from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.formats import Format, says
from dicli.brokers.ibkr_common import NAME
from dicli.brokers.values import parse_quantity
from dicli.model import Reading, Sale, SetAside, Term

COLUMNS: Columns = {
    **dict.fromkeys(("description", "code", "adjustment"), ()),
    "acquired": ("date acquired",),
    "sold": ("date sold",),
    "proceeds": ("sales price", "proceeds"),
    "basis": ("cost basis", "cost or other basis"),
}
REQUIRED = ("description", "code", "acquired", "sold", "proceeds", "basis", "adjustment")
TERMS = {"i": Term.SHORT, "ii": Term.LONG}
_PROPERTY = re.compile(r"([\d,]*\.?\d+) +(?:sh|shares?)\.? +(.+)", re.IGNORECASE)
_OPTION = re.compile(r"\b(?:call|put)\b|\d+ [CP]$", re.IGNORECASE)


def read_worksheet(document: Document) -> Reading:
    sales: list[Sale] = []
    aside: list[SetAside] = []
    account, part, box = "", "", ""
    header: Record | None = None
    total: list[Decimal] = []
    for line, cells in document.records:
        mark, value = (plain(cells[0]), cells[1].strip() if len(cells) > 1 else "") if cells else ("", "")
        if mark == "account":
            account = value
        elif mark in ("part", "box"):
            if header is not None:
                document.fault(line, "a part begins before the footer of the last", AGAIN)
            part, box = (value.lower(), box) if mark == "part" else (part, value.upper())
        elif mark == "header":
            header, total = (line, ["", *cells[1:]]), []
        elif mark in ("data", "footer") and header is not None:
            table = Table(document, header, [(line, ["", *cells[1:]])], COLUMNS, REQUIRED)
            if mark == "footer":
                if abs(table.row(line, ["", *cells[1:]]).money("proceeds") - sum(total)) > 1:
                    document.fault(line, "the rows do not add up to their footer: some are missing", AGAIN)
                header = None
                continue
            for row in table:
                total.append(row.money("proceeds"))
                found = _PROPERTY.fullmatch(row.text("description"))
                if part not in TERMS or box not in {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"}:
                    row.fault(f'part "{part}" and box "{box}" are none of the form', AGAIN)
                elif found is None or _OPTION.search(found[2]):
                    aside.append(SetAside(account, row.text("description"), line, "no stock, or not counted in shares"))
                elif (sold := row.date_or_none("sold")) is None:
                    aside.append(
                        SetAside(account, found[2], line, "sold on various dates, which the file does not name")
                    )
                else:
                    washed, adjusted = "W" in row.text("code").upper(), row.money_or_none("adjustment")
                    sales.append(
                        Sale(
                            account=account,
                            symbol="",
                            quantity=parse_quantity(found[1]),
                            acquired=row.date_or_none("acquired"),
                            sold=sold,
                            proceeds=row.money("proceeds"),
                            basis=row.money("basis"),
                            disallowed=abs(adjusted) if washed and adjusted else Decimal(0) if not adjusted else None,
                            term=TERMS[part],
                            name=found[2],
                            covered={"A": True, "D": True, "B": False, "E": False}.get(box),
                            source=row.source,
                        )
                    )
        elif mark in ("data", "footer"):
            document.fault(line, f'"{cells[0]}" without a header above it', AGAIN)
        elif mark and mark != "title":
            document.fault(line, f'a row that begins "{cells[0]}", which is no part of this layout', AGAIN)
    if header is not None:
        document.fault(None, "the last table has no footer: the file seems to be cut off", AGAIN)
    return Reading(
        document.path,
        NAME,
        ("sales",),
        0,
        accounts=(account,) if account else (),
        sales=tuple(sales),
        set_aside=tuple(aside),
    )


FORMATS = (
    Format(
        NAME,
        ("sales",),
        (
            says("title,worksheet for form 8949"),
            says("header,description,code,date acquired,date sold"),
            says("part,i,\nbox,", "part,ii,\nbox,"),
        ),
        read_worksheet,
    ),
)
