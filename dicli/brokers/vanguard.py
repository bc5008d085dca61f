"""Vanguard: the download center's `OfxDownload.csv`, holdings and transactions one below the other, for all accounts.

Both headers and all rows end with a comma. There is no cost basis. Bills and bonds have no symbol, or the word `null`.
The settlement fund is a money-market fund, so its value is the account's cash and its sweeps are cash to cash. The
history of 2011, without account and price, is the transactions table alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from dicli.brokers import vanguard_lots
from dicli.brokers.csvfile import Row, Table
from dicli.brokers.document import AGAIN, Document, plain
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import dotted
from dicli.brokers.vanguard_transactions import COLUMNS, is_cash, symbol_in, transaction, whole_splits, why_aside
from dicli.model import Position, Reading, SetAside, Transaction

HOLDINGS = {
    "account": ("account number",),
    "name": ("investment name",),
    "symbol": (),
    "shares": (),
    "price": ("share price",),
    "value": ("total value",),
}
KNOWN = ("settlement date", "principal amount", "accrued interest", "account type")
PLAN_COLUMNS = frozenset({"plan number", "plan name", "fund account number", "process date", "run date"})
PLAN = "of a workplace plan or a fund account of the old kind, whose rows have no symbols"


def read_download(document: Document) -> Reading:
    """Holdings and transactions of every account. The holdings state no day; coverage is from first to last trade."""
    positions: list[Position] = []
    history: list[Transaction] = []
    left: list[SetAside] = []
    cash: dict[str, Decimal] = {}
    accounts: dict[str, None] = {}
    kinds: dict[str, None] = {}
    plans: list[Row] = []
    held: set[tuple[str, str]] = set()
    days: list[dt.date] = []
    for kind, rows in _tables(document):
        if kind == "plan":
            plans += rows
            continue
        kinds[kind] = None
        rows.no_gap()
        last = rows.records[-1:] and rows.records[-1]
        if last and last is document.records[-1] and 1 < len(last[1]) < len(rows.header):
            document.fault(last[0], "the last row ends before its last comma: the file seems to be cut off", AGAIN)
        if accounts and "account" not in rows.index:
            document.fault(rows.line, 'the header has no column "Account Number", as the table above has', AGAIN)
        for row in rows:
            account = row.text("account")
            if account or "account" in rows.index:
                accounts[account] = None
            read: Transaction | Position | str | None
            if kind == "transactions":
                days.append(row.date("date"))
                read = transaction(row)
            else:
                read = _holding(row, cash)
            if isinstance(read, Transaction):
                history.append(read)
            elif isinstance(read, Position):
                if (account, read.symbol) in held:
                    row.fault(f'"{read.symbol}" comes twice in one account', AGAIN)
                held.add((account, read.symbol))
                positions.append(read)
            elif read:
                left.append(SetAside(account, symbol_in(row) or None, row.line, read))
    for row in plans:
        if row.cells[0].strip() in accounts:
            row.fault("a row of an account stands in the table of a workplace plan", AGAIN)
        left.append(SetAside(None, None, row.line, PLAN))
    return Reading(
        document.path,
        "vanguard",
        tuple(kinds),
        0,
        accounts=tuple(accounts),
        positions=tuple(positions),
        transactions=tuple(whole_splits(history)),
        cash=cash,
        set_aside=tuple(left),
        coverage=(min(days), max(days)) if days else None,
    )


def _tables(document: Document) -> Iterator[tuple[str, Table]]:
    """Each table of the file with what it holds: positions, transactions, or a plan's rows of either."""
    starts: list[tuple[int, str]] = []
    for place, (line, cells) in enumerate(document.records):
        names = {plain(cell) for cell in cells}
        if names & PLAN_COLUMNS:
            starts.append((place, "plan"))
        elif len(names & _names(COLUMNS)) >= 4 and names & {"trade date", "transaction type", "net amount"}:
            starts.append((place, "transactions"))
        elif len(names & _names(HOLDINGS)) >= 3:
            starts.append((place, "positions"))
        elif not starts and sum(1 for cell in cells if cell.strip()) > 3:
            document.fault(line, "a row stands above the first header", AGAIN)
    records = document.records
    ends = [place for place, _ in starts[1:]] + [len(records)]
    for (start, kind), end in zip(starts, ends, strict=True):
        known, required, ignored = {
            "positions": (HOLDINGS, ("account", "symbol", "shares", "price", "value"), KNOWN),
            "transactions": (COLUMNS, ("date", "type", "symbol", "shares", "amount"), KNOWN),
            "plan": ({}, (), tuple(plain(cell) for cell in records[start][1])),
        }[kind]
        yield kind, Table(document, records[start], records[start + 1 : end], known, required, ignored=ignored)


def _names(known: dict[str, tuple[str, ...]]) -> set[str]:
    return {name for column, synonyms in known.items() for name in (column, *synonyms)}


def _holding(row: Row, cash: dict[str, Decimal]) -> Position | str:
    account, symbol, name = row.text("account"), symbol_in(row), row.text("name")
    if is_cash(symbol, name):
        cash[account] = cash.get(account, Decimal(0)) + row.money("value")
        return "a money-market fund, counted as cash"
    if why := why_aside(symbol):
        return why
    shares = row.quantity("shares")
    if shares <= 0:
        return "a short position" if shares else "a quantity of zero"
    return Position(
        account=account,
        symbol=dotted(symbol),
        quantity=shares,
        price=row.money_or_none("price"),
        value=row.money_or_none("value"),
        basis=None,
        name=name or None,
        source=row.source,
    )


FORMATS = (
    Format(
        "vanguard",
        ("positions", "transactions"),
        (
            columns("account number", "investment name", "symbol", "shares"),
            columns("investment name", "share price", "total value"),
            columns("trade date", "transaction type", "investment name"),
            columns("investment name", "shares", "principal amount", "net amount"),
        ),
        read_download,
    ),
    *vanguard_lots.FORMATS,
)
