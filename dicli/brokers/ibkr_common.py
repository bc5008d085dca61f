"""Interactive Brokers: what its statements, histories and Flex queries share.

Only stocks and funds in dollars are read; everything else is set aside by its asset category. A stock's purchases and
sales carry their commission in the amount (R-BASIS0). Share classes come after a space (`BRK B`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

from dicli.brokers.csvfile import Row
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.symbols import dotted, is_ticker, no_stock
from dicli.brokers.values import parse_date
from dicli.model import Term, Transaction, TransactionKind

K = TransactionKind
NAME = "ibkr"
TELL = "Please report it with the row, amounts changed: dicli must know what it means."

# Category (statements in words, Flex by code) -> why it is set aside; None for what dicli is about.
CATEGORIES: dict[str, str | None] = {
    **dict.fromkeys(("stocks", "stk", "mutual funds", "fund", "funds", "etfs"), None),
    **dict.fromkeys(
        ("equity and index options", "opt", "options on futures", "fop", "options", "futures options"), "an option"
    ),
    **dict.fromkeys(("futures", "fut", "fsfop", "fsopt"), "a future"),
    **dict.fromkeys(("forex", "cash", "fx"), "a currency"),
    **dict.fromkeys(
        ("bonds", "bond", "treasury bills", "bill", "corporate bonds", "municipal bonds"), "a bond or bill"
    ),
    **dict.fromkeys(("cfds", "cfd", "forex cfds"), "a contract for difference"),
    **dict.fromkeys(("warrants", "war", "structured products", "structured product", "iopt"), "a warrant"),
    **dict.fromkeys(("crypto", "cryptocurrency", "cryptocurrencies", "cryptos"), "a cryptocurrency"),
    **dict.fromkeys(("metals", "cmdty", "commodities"), "a commodity"),
    **dict.fromkeys(("indices", "ind", "bag", "event contracts", "forecast contracts"), "no stock or fund"),
}
_TERMS = {"ST": Term.SHORT, "LT": Term.LONG}
_CODES = re.compile(r"[;,\s]+")
_PAYER = re.compile(r"([A-Z0-9][A-Z0-9. ]{0,11}?) ?\([A-Z0-9]{5,12}\)", re.ASCII)
_TIME = re.compile(r"\d[;, T]+(\d\d):?(\d\d):?(\d\d)")
_SUFFIX = re.compile(r"\.(?:OLD|NEW|ODD|CNT|TEN)$")


def why_aside(row: Row, category: str, currency: str, symbol: str | None = None) -> str | None:
    """Why a row is set aside: its category, its currency, its symbol if given; None for stocks and funds in dollars."""
    known = category.strip().lower().partition(" - ")[0]
    if known not in CATEGORIES:
        row.fault(f'unknown asset category "{category}"', TELL)
        return "an unknown asset category"
    if why := CATEGORIES[known]:
        return why
    if other := foreign(currency):
        return other
    if symbol is None:
        return None
    if not symbol.strip():
        row.fault("a row without a symbol", AGAIN)
    return no_stock(symbol) or (None if is_ticker(symbol_of(symbol)) else "a symbol that is no stock or fund")


def foreign(currency: str) -> str | None:
    said = currency.strip().upper()
    return None if said in {"", "USD"} else f"in {said}, not in US dollars"


def symbol_of(text: str) -> str:
    """The dotted symbol; the marks of an old or a pending line (`ABC.OLD`) stripped."""
    return dotted(_SUFFIX.sub("", text.strip().upper()))


def codes(text: str) -> frozenset[str]:
    """The codes of a row: "C;P" -> C, P."""
    return frozenset(code for code in _CODES.split(text.strip()) if code)


def term_of(marks: frozenset[str]) -> Term | None:
    found = [_TERMS[code] for code in ("ST", "LT") if code in marks]
    return found[0] if len(found) == 1 else None


def held_from(opened: dt.date | None, marks: frozenset[str], as_of: dt.date | None) -> dt.date | None:
    """The opening day where the row's ST or LT agrees with it; None where a wash sale moved it or nothing is known."""
    term = term_of(marks)
    if opened is None or as_of is None or term is None:
        return opened
    try:
        anniversary = opened.replace(year=opened.year + 1)
    except ValueError:
        anniversary = dt.date(opened.year + 1, 3, 1)
    return opened if (as_of > anniversary) == (term is Term.LONG) else None


def time_of(text: str) -> str | None:
    """The time of day behind a date: "2026-05-04, 09:31:12" and "20260504;093112" -> "09:31:12"."""
    found = _TIME.search(text)
    return f"{found[1]}:{found[2]}:{found[3]}" if found else None


def day_of(row: Row, column: str) -> dt.date | None:
    """A date that may have a note behind it: "2024-11-28 (Vesting: 2025-11-28)"."""
    said = row.text(column).partition(" (")[0].strip()
    if said.lower() in {"", "-", "--", "n/a", "various", "multiple"}:
        return None
    try:
        return parse_date(said)
    except ValueError as expected:
        row.fault(f'column "{row.table.heading(column)}" has "{said}" where {expected} is expected', AGAIN)
        return None


def payer(description: str) -> str | None:
    """The symbol that a dividend's description begins with: "AAPL(US0378331005) Cash Dividend …"."""
    found = _PAYER.match(description)
    return symbol_of(found[1]) if found else None


def trade(
    row: Row,
    *,
    account: str,
    date: dt.date,
    symbol: str,
    quantity: Decimal,
    price: Decimal | None,
    proceeds: Decimal | None,
    commission: Decimal | None,
    marks: frozenset[str],
    time: str | None = None,
    order_id: str | None = None,
    description: str = "",
) -> Transaction | None:
    """A purchase or a sale of stock, `quantity`, `proceeds` and `commission` signed as IBKR signs them.

    Shares sold short, and bought to cover, are OTHER: no lot of the account is sold or made by them. None where the
    row cannot be understood; a fault says so.
    """
    amount = None if proceeds is None else proceeds + (commission or 0)
    if not quantity or (proceeds and (proceeds > 0) == (quantity > 0)):
        row.fault(f"a trade with quantity {quantity} and proceeds {proceeds}: the signs contradict each other", AGAIN)
        return None
    row.check_product(quantity, price, proceeds)
    kind = K.BUY if quantity > 0 else K.SELL
    action = "buy" if quantity > 0 else "sell"
    if {"C", "O"} <= marks:
        if not row.table.document.ignores("C;O", row.line):
            row.fault(
                "one trade (C;O) closes a position and opens the opposite one: how many shares of each is unknown",
                'Export it with executions or closed lots, or add "C;O" to "ignore_actions" of the account.',
            )
        return None
    if (kind is K.BUY and "C" in marks) or (kind is K.SELL and "O" in marks):
        kind, action = K.OTHER, "buy to cover" if quantity > 0 else "sell short"
    elif kind is K.BUY and "R" in marks:
        kind, action = K.REINVEST, "dividend reinvestment"
    elif marks & {"A", "Ex"}:
        action += " (assigned)" if "A" in marks else " (exercised)"
    return Transaction(
        account=account,
        date=date,
        kind=kind,
        symbol=symbol_of(symbol),
        quantity=quantity,
        amount=amount,
        price=price,
        fees=None if commission is None else -commission,
        action=f"cancelled {action}" if "Ca" in marks else action,
        description=description,
        order_id=order_id or None,
        time=time,
        source=row.source,
    )


def without_cancelled(document: Document, history: Sequence[Transaction]) -> list[Transaction]:
    """The history without cancelled trades and the rows that cancel them; a fault where a cancelled one is missing."""
    left = list(history)
    for row in history:
        if not row.action.startswith("cancelled ") or row not in left:
            continue
        left.remove(row)
        wanted = (row.account, row.symbol, -(row.quantity or 0), row.price, row.date)
        original = next((it for it in left if (it.account, it.symbol, it.quantity, it.price, it.date) == wanted), None)
        if original is None:
            line = row.source.row if row.source else None
            document.fault(line, "a cancelled trade whose original is not in the file", "Export a longer period.")
        else:
            left.remove(original)
    return left


def cash_row(
    row: Row,
    *,
    account: str,
    date: dt.date,
    kind: TransactionKind,
    amount: Decimal,
    description: str,
    action: str,
    symbol: str = "",
) -> Transaction:
    """A row about cash alone: dividend, tax, interest, fee, deposit. A return of capital is OTHER (it lowers basis)."""
    named = payer(description) or symbol_of(symbol) or None
    if kind is K.DIVIDEND and "return of capital" in description.lower():
        kind = K.OTHER
    if kind in (K.DEPOSIT, K.WITHDRAWAL):
        kind, named = K.DEPOSIT if amount >= 0 else K.WITHDRAWAL, None
    return Transaction(
        account=account,
        date=date,
        kind=kind,
        symbol=None if kind is K.INTEREST else named,
        quantity=None,
        amount=amount,
        action=action,
        description=description,
        source=row.source,
    )
