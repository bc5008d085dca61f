"""Fidelity: positions (the web site's download, no lots) and the monthly statement as CSV.

Positions have had Title Case headings until mid-2026, sentence case since, a `Basket Name` or `Investment Type` column
for some users, and one comma more in each row than in the header. Cash stands in rows marked `**`, without a quantity
or with one. The statement stacks a table of accounts and, per account, sections of holdings.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from html import unescape

from dicli.brokers.csvfile import table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.fidelity_common import AS_CASH, TRAILERS, aside, downloaded, is_core, stock
from dicli.model import Position, Reading, SetAside

PENDING = "trades that have not settled, counted in the cash"

POSITIONS = {
    "account": ("account number", "account name/number"),
    "account_name": ("account name",),
    "symbol": (),
    "name": ("description",),
    "quantity": (),
    "price": ("last price",),
    "value": ("current value",),
    "basis": ("cost basis total", "cost basis"),
}
KNOWN = (
    *("basket name", "investment type", "last price change", "type", "percent of account"),
    *("today's gain/loss dollar", "today's gain/loss percent", "today's gain/loss percentage"),
    *("total gain/loss dollar", "total gain/loss percent", "total gain/loss percentage"),
    *("average cost basis", "cost basis per share"),
)
STATEMENT = {
    "symbol": ("symbol/cusip",),
    "name": ("description",),
    "quantity": (),
    "price": (),
    "value": ("ending value",),
    "basis": ("cost basis",),
}
SECTIONS = {
    "stocks": None,
    "mutual funds": None,
    "exchange traded products": None,
    "preferred stock": None,
    "bonds": "a bond, bill or note",
    "options": "an option",
    "other": "in the statement's section for other holdings",
    "core account": AS_CASH,
}


def read_positions(document: Document) -> Reading:
    """Positions by account number, average cost only; the day is that of the trailer `Date downloaded`.

    `Pending activity` is what trades of the last day will add to or take from the cash: their shares are already in the
    quantities, so their money is counted too.
    """
    rows = table(
        document,
        POSITIONS,
        ("symbol", "quantity", "price", "value"),
        stop=TRAILERS,
        short=lambda row: _is_pending(row) or row.text("symbol").endswith("**"),
        ignored=KNOWN,
    )
    if not {"account", "account_name"} & rows.index.keys():
        document.fault(rows.line, 'the header has no column "Account Number"', AGAIN)
    day = downloaded(document)
    found: list[Position] = []
    cash: dict[str, Decimal] = defaultdict(Decimal)
    left: list[SetAside] = []
    accounts: dict[str, None] = {}
    for row in rows:
        account = row.text("account") or row.text("account_name")
        accounts[account] = None
        symbol, name = row.text("symbol"), unescape(row.text("name"))
        if _is_pending(row):
            cash[account] += row.money_or_none("value") or 0
            left.append(aside(row, account, "", PENDING))
        elif is_core(symbol, name):
            cash[account] += row.money("value")
            left.append(aside(row, account, symbol, AS_CASH))
        elif why := _not_held(row, symbol, name):
            left.append(aside(row, account, symbol, why))
        else:
            found.append(_position(row, account, stock(row, symbol, name), name))
    found = [Position(*_with_day(position, day)) for position in found]
    return Reading(
        document.path,
        "fidelity",
        ("positions",),
        0,
        accounts=tuple(accounts),
        as_of=day,
        positions=tuple(found),
        cash=dict(cash),
        set_aside=tuple(left),
    )
