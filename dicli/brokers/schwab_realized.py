"""Charles Schwab: closed lots, as Realized Gain/Loss (its Details) and as the 1099-B among the tax forms' CSV."""

from __future__ import annotations

import re
from decimal import Decimal

from dicli.brokers.accounts import number_in
from dicli.brokers.csvfile import Row, sections, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns, refused, says, without
from dicli.brokers.symbols import dotted, no_holding
from dicli.brokers.values import dates_in, is_blank, parse_quantity
from dicli.model import Reading, Sale, SetAside, Term

REALIZED = {
    "symbol": (),
    "name": (),
    "closed": ("closed date",),
    "traded": ("transaction closed date",),
    "opened": ("opened date",),
    "quantity": (),
    "proceeds": (),
    "basis": ("cost basis (cb)", "cost basis"),
    "term": (),
    "wash": ("wash sale?",),
    "disallowed": ("disallowed loss",),
}
REALIZED_IGNORED = (
    *("proceeds per share", "cost per share", "gain/loss", "gain/loss (%)", "long term gain/loss"),
    *("short term gain/loss", "unadjusted cost basis", "transaction cost basis"),
    *("total transaction gain/loss", "total transaction gain/loss (%)", "lt transaction gain/loss"),
    *("lt transaction gain/loss (%)", "st transaction gain/loss", "st transaction gain/loss (%)"),
)
FORM_1099B = {
    "description": ("description of property (example 100 sh. xyz co.)",),
    "acquired": ("date acquired",),
    "sold": ("date sold or disposed",),
    "proceeds": (),
    "basis": ("cost or other basis",),
    "disallowed": ("wash sale loss disallowed",),
    "term": ("short-term gain loss long-term gain or loss ordinary",),
    "covered": ("check if noncovered security",),
}
TERMS = {"short term": Term.SHORT, "long term": Term.LONG, "short-term": Term.SHORT, "long-term": Term.LONG}
YES = {"yes": True, "no": False}
_REALIZED_TITLE = re.compile(r"realized gain/loss - lot details for (.+?) as of ", re.IGNORECASE)
_PROPERTY = re.compile(r"([\d,]*\.?\d+) +(?:shares? +|sh\.? +)?(.+)", re.IGNORECASE)


def read_realized(document: Document) -> Reading:
    """Closed lots. `Cost Basis (CB)` has earlier wash adjustments in it; the gain beside it is before this sale's."""
    title = document.title("realized gain/loss - lot details")
    named = _REALIZED_TITLE.match(title)
    whole = number_in(named[1]) if named else ""
    dates = dates_in(title)
    sales: list[Sale] = []
    aside: list[SetAside] = []
    accounts: list[str] = []
    required = tuple(column for column in REALIZED if column != "name")
    for label, rows in sections(document, REALIZED, required, skip=("total",), ignored=REALIZED_IGNORED):
        account = whole if not label or label == title else number_in(label) or label
        accounts.append(account)
        for row in rows:
            symbol, quantity = row.text("symbol"), row.quantity("quantity")
            if not symbol:
                row.fault("a row without a symbol", AGAIN)
            why = no_holding(symbol, quantity)
            opened, closed = row.date_or_none("opened"), row.date("closed")
            # A short sale is closed by its purchase: both dates are that day's, and the trade's is another one.
            traded = row.date_or_none("traded") or closed
            if why is None and opened is not None and opened > traded:
                why = "a short sale"
            if why:
                aside.append(SetAside(account, symbol, row.line, why))
                continue
            sales.append(
                Sale(
                    account=account,
                    symbol=dotted(symbol),
                    quantity=quantity,
                    acquired=opened,
                    sold=traded,
                    proceeds=row.money("proceeds"),
                    basis=row.money_or_none("basis"),
                    disallowed=_disallowed(row),
                    term=None if is_blank(row.text("term")) else row.choice("term", TERMS),
                    name=row.text("name") or None,
                    source=row.source,
                )
            )
    return Reading(
        document.path,
        "schwab",
        ("sales",),
        0,
        accounts=tuple(dict.fromkeys(account for account in accounts if account)),
        as_of=dates[0] if dates else None,
        sales=tuple(sales),
        set_aside=tuple(aside),
        coverage=(dates[1], dates[2]) if len(dates) == 3 else None,
    )


def _disallowed(row: Row) -> Decimal | None:
    """The disallowed loss, positive (files write it with either sign); unknown for a wash sale without an amount."""
    washed = None if is_blank(row.text("wash")) else row.choice("wash", YES)
    amount = row.money_or_none("disallowed")
    if washed is False:
        if amount:
            row.fault(f'"Wash Sale?" is No and yet {amount} is disallowed', AGAIN)
        return Decimal(0)
    return None if amount is None else abs(amount)


def read_1099b(document: Document) -> Reading:
    """The B section of a composite 1099: closed lots by name, without symbols (`symbol` is empty)."""
    account = number_in(_beside(document, "account"))
    place = next((place for place, (_, cells) in enumerate(document.records) if _first(cells) == "form 1099 b"), None)
    if place is None:
        document.refuse(
            'there is no section "Form 1099 B" in this 1099', "Without sales it is not needed: leave it out."
        )
    rest = document.records[place + 1 :]
    end = next((place for place, (_, cells) in enumerate(rest) if place and not _first(cells)), len(rest))
    rows = table(
        document,
        FORM_1099B,
        ("description", "acquired", "sold", "proceeds", "basis", "disallowed", "term"),
        records=rest[:end],
        stop=("form 1099", "fatca"),
    )
    if rows.line > rest[min(1, end - 1)][0]:  # box numbers, names of the boxes, then rows
        document.fault(rows.line, "rows stand above the names of the columns", AGAIN)
    document.unknown_columns.clear()  # boxes of the form that have nothing to do with lots
    sales: list[Sale] = []
    aside: list[SetAside] = []
    for row in rows:
        found = _PROPERTY.fullmatch(row.text("description"))
        if found is None:
            row.fault(f'"{row.text("description")}" where a quantity and a name are expected', AGAIN)
            continue
        if found[2].upper().startswith(("CALL ", "PUT ")):
            aside.append(SetAside(account, None, row.line, "an option"))
            continue
        basis, covered = row.money_or_none("basis"), row.text("covered").lower()
        sales.append(
            Sale(
                account=account,
                symbol="",
                quantity=parse_quantity(found[1]),
                acquired=row.date_or_none("acquired"),
                sold=row.date("sold"),
                proceeds=row.money("proceeds"),
                basis=None if covered == "noncovered" and not basis else basis,
                disallowed=row.money_or_none("disallowed"),
                term=row.choice("term", TERMS),
                name=found[2],
                covered={"covered": True, "noncovered": False}.get(covered),
                source=row.source,
            )
        )
    return Reading(
        document.path,
        "schwab",
        ("sales",),
        0,
        accounts=(account,) if account else (),
        sales=tuple(sales),
        set_aside=tuple(aside),
    )


def _first(cells: list[str]) -> str:
    return next((cell.strip().lower() for cell in cells if cell.strip()), "")


def _beside(document: Document, name: str) -> str:
    for _, cells in document.records[:10]:
        if len(cells) > 1 and cells[0].strip().lower().strip(":") == name:
            return cells[1].strip()
    return ""


FORMATS = (
    Format(
        "schwab",
        ("sales",),
        (
            says("realized gain/loss - lot details"),
            columns("symbol", "closed date", "opened date"),
            columns("wash sale?", "disallowed loss"),
        ),
        read_realized,
        must=(columns("opened date"),),
    ),
    Format(
        "schwab",
        ("realized summary",),
        (says("realized gain/loss"), columns("symbol", "closed date")),
        refused(
            "this is the summary of realized gains: it has no lots in it",
            'Export the "Details" (Lot Details) of the same page instead.',
        ),
        must=(without("opened date", "open date"),),
    ),
    Format(
        "schwab",
        ("sales",),
        (
            says("form 1099 b", "form 1099 div", "form 1099div", "form 1099 int", "form 1099int"),
            columns("box", "description", "amount", "total", "details"),
            columns("date sold or disposed", "wash sale loss disallowed"),
        ),
        read_1099b,
    ),
)
