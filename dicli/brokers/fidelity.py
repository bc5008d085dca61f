"""Fidelity: positions as the web site exports them, without lots.

Positions have had Title Case headings until mid-2026, sentence case since, a `Basket Name` or `Investment Type` column
for some users, and one comma more in each row than in the header. Cash stands in rows marked `**`, without a quantity
or with one.
"""

from __future__ import annotations

from decimal import Decimal
from html import unescape

from dicli.brokers import fidelity_history, fidelity_lots, fidelity_statement
from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.fidelity_common import (
    AS_CASH,
    TRAILERS,
    aside,
    downloaded,
    is_core,
    not_held,
    nothing_outside,
    position,
)
from dicli.brokers.formats import Format, columns, says
from dicli.brokers.values import is_blank, parse_money
from dicli.model import Position, Reading, SetAside

ZERO = Decimal(0)
PENDING = "trades that have not settled, counted in the cash"

POSITIONS = {
    "number": ("account number", "account name/number"),
    "account": ("account name",),
    "symbol": (),
    "name": ("description",),
    "quantity": (),
    "price": ("last price",),
    "value": ("current value",),
    "basis": ("cost basis total", "cost basis"),
    "type": (),
    "basket": ("basket name", "investment type"),
}
KNOWN = (
    *("last price change", "percent of account"),
    *("today's gain/loss dollar", "today's gain/loss percent", "today's gain/loss percentage"),
    *("total gain/loss dollar", "total gain/loss percent", "total gain/loss percentage"),
    *("average cost basis", "cost basis per share"),
)


def read_positions(document: Document) -> Reading:
    """Positions by account number, average cost only; the day is that of the trailer `Date downloaded`.

    `Pending activity` is what trades of the last day will add to or take from the cash: their shares are already in the
    quantities, so their money is counted too.
    """
    rows = table(
        document,
        POSITIONS,
        ("symbol", "quantity", "price", "value", "basis"),
        stop=TRAILERS,
        short=lambda row: _is_pending(row) or row.text("symbol").endswith("**"),
        ignored=KNOWN,
    )
    if not {"account", "number"} & rows.index.keys():
        document.fault(rows.line, 'the header has no column "Account Number"', AGAIN)
    day = downloaded(document)
    found: list[Position] = []
    cash: dict[str, Decimal] = {}
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        account = row.text("number") or row.text("account")
        accounts[account] = None
        symbol, name = row.text("symbol"), unescape(row.text("name"))
        line = (account, symbol, name, row.text("type"), row.text("basket"))
        if line in seen:
            row.fault(f'"{symbol or name}" comes twice in one account', AGAIN)
        seen.add(line)
        if _is_pending(row):
            cash[account] = cash.get(account, ZERO) + _pending(row)
            left.append(aside(row, account, "", PENDING))
        elif is_core(symbol, name):
            cash[account] = cash.get(account, ZERO) + row.money("value")
            left.append(aside(row, account, symbol, AS_CASH))
        elif why := not_held(row, symbol, name):
            left.append(aside(row, account, symbol, why))
        else:
            found.append(position(row, account, symbol, name, day))
    nothing_outside(rows)
    return Reading(
        document.path,
        "fidelity",
        ("positions",),
        0,
        accounts=tuple(accounts),
        as_of=day,
        positions=tuple(found),
        cash=cash,
        set_aside=tuple(left),
    )


def _is_pending(row: Row) -> bool:
    return row.text("symbol").lower().startswith("pending activity")


def _pending(row: Row) -> Decimal:
    """The amount, which is the only one of its row: such rows are short, and may not stand below the right headings."""
    filled = [cell for cell in row.cells[row.table.index["symbol"] + 1 :] if not is_blank(cell)]
    if row.text("value") or not filled:
        return row.money_or_none("value") or ZERO
    try:
        (amount,) = map(parse_money, filled)
    except ValueError:
        row.fault("pending activity with something else than one amount", AGAIN)
        return ZERO
    return amount


FORMATS = (
    Format(
        "fidelity",
        ("positions",),
        (
            columns("account number", "symbol", "last price"),
            columns("symbol", "last price", "current value"),
            columns("current value", "percent of account"),
            columns("cost basis total", "average cost basis"),
            says("brokerage services are provided by fidelity"),
        ),
        read_positions,
    ),
    *fidelity_statement.FORMATS,
    *fidelity_history.FORMATS,
    *fidelity_lots.FORMATS,
)
