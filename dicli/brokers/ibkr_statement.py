"""Interactive Brokers: the Activity Statement as CSV.

Many tables in one file: the first column names the section, the second says `Header`, `Data`, `SubTotal` or `Total`.
A section comes again with another header per asset class. Shares are counted once: of `Trades` the `Order` rows (a
`Trade` row is an execution of the order above, a `ClosedLot` row a lot that it closed), of `Open Positions` the
`Summary` rows as positions and the `Lot` rows as lots.
"""

from __future__ import annotations

from decimal import Decimal

from dicli.brokers.csvfile import Columns, Table
from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.formats import Format, says, without
from dicli.brokers.ibkr_account import Statement
from dicli.brokers.ibkr_common import NAME, foreign, without_cancelled
from dicli.brokers.ibkr_lots import closed_lots, reconcile
from dicli.brokers.ibkr_sections import CASH, CASH_KINDS, READERS, SECTIONS, about, cash, cash_report
from dicli.model import Reading

UNREAD = (
    *("net asset value", "change in nav", "mark-to-market performance summary", "codes", "notes/legal notes", "notes"),
    *("realized & unrealized performance summary", "month & year to date performance summary", "legal notes"),
    *("performance by symbol", "forex balances", "financial instrument information", "forex p/l details"),
    *("net stock position summary", "interest accruals", "change in dividend accruals", "open dividend accruals"),
    *("base currency exchange rate", "commission details", "borrow fee details", "trade summary"),
    *("total p/l for statement period", "location of customer assets", "collateral"),
    *("stock yield enhancement program securities lent", "stock yield enhancement program securities lent activity"),
    *("stock yield enhancement program securities lent interest details", "hard to borrow details", "cfd charges"),
    *("stock yield enhancement program collateral for borrowed securities", "tiered interest details"),
    *("incentive coupon accrual details", "debit card activity", "disclosures", "interest details", "prior period"),
    *("exercises, assignments, and expirations", "pending exercises", "complex positions", "option cash settlements"),
)
MOVES = {
    "datadiscriminator",
    "quantity",
    "qty",
    "amount",
    "cash amount",
    "proceeds",
}  # what an unknown section may not have


def read_statement(document: Document) -> Reading:
    statement = Statement(document)
    tables = _tables(document)
    for section, rows in tables:  # who, when and in which currency has to be known first
        if section in ("statement", "account information"):
            about(statement, rows)
    for section, rows in tables:
        if section in ("statement", "account information") or section.startswith(UNREAD):
            for row in rows:
                row.text("name")
        elif section == "cash report":
            cash_report(statement, rows)
        elif section in CASH_KINDS:
            cash(statement, rows, CASH_KINDS[section], section)
        else:
            READERS[section](statement, rows)
    closed_lots(statement.closing, statement.sales)
    reconcile(document, statement.positions, statement.lots)
    document.unknown_columns.clear()  # each section has a dozen columns that say nothing about lots
    return Reading(
        document.path,
        NAME,
        _kinds(statement),
        0,
        accounts=tuple(account for account in statement.accounts if account),
        as_of=statement.as_of,
        positions=tuple(statement.positions),
        lots=tuple(statement.lots),
        transactions=tuple(without_cancelled(document, statement.history)),
        sales=tuple(statement.sales),
        cash=_dollars(statement),
        set_aside=tuple(statement.aside),
        # A summary without trades says nothing about them; an Activity Statement leaves out what is empty.
        coverage=statement.coverage if statement.whole or any(name == "trades" for name, _ in tables) else None,
    )


def _kinds(statement: Statement) -> tuple[str, ...]:
    found = {
        "positions": statement.positions or statement.balances,
        "lots": statement.lots,
        "transactions": statement.history,
        "sales": statement.sales,
    }
    return tuple(kind for kind, rows in found.items() if rows) or ("statement",)


def _columns_of(section: str) -> tuple[Columns, tuple[str, ...]]:
    if section in CASH_KINDS:
        return CASH, ("currency", "date", "description", "amount")
    return SECTIONS.get(section, ({"name": ()}, ()))


def _tables(document: Document) -> list[tuple[str, Table]]:
    """The tables of the file in its order, each under its own header. Raises InputError for what is none of them."""
    found: list[tuple[str, Record, list[Record]]] = []
    for line, cells in document.records:
        if not any(cell.strip() for cell in cells):
            continue
        section, mark = plain(cells[0]), plain(cells[1]) if len(cells) > 1 else ""
        known = section in SECTIONS or section in CASH_KINDS or section.startswith(UNREAD)
        if not known and mark in ("header", "data"):
            moves = MOVES & {plain(cell) for cell in cells}
            if mark == "header" and moves and not document.ignores(cells[0], line):
                document.fault(
                    line,
                    f'unknown section "{cells[0].strip()}"',
                    'If it holds no trades, add its name to "ignore_actions" of the account; else report it.',
                )
            continue
        if mark == "header":
            found.append((section, (line, [cell.strip() for cell in cells[2:]]), []))
        elif mark == "data":
            if not found or found[-1][0] != section:
                document.fault(line, f'a row of "{cells[0].strip()}" without a header above it', AGAIN)
            else:
                found[-1][2].append((line, cells[2:]))
        elif mark not in ("subtotal", "total", "notes", "footer", "trailer"):
            document.fault(line, f'"{mark}" where Header, Data, SubTotal or Total is expected', AGAIN)
    tables = []
    for section, header, records in found:
        columns, required = _columns_of(section)
        skip = () if section in ("cash report", "statement", "account information") else ("total",)
        tables.append((section, Table(document, header, records, columns, required, skip=skip)))
    return tables


def _dollars(statement: Statement) -> dict[str, Decimal]:
    """The cash in dollars; what is in another currency has been set aside."""
    totals = {name: amount for name, amount in statement.balances.items() if foreign(name) is None}
    others = [name for name in statement.balances if len(name) == 3 and foreign(name)]
    if not totals and not others and statement.base == "USD":
        totals = dict(statement.balances)  # one currency only: the summary in the base currency is it
    return {statement.account: sum(totals.values(), Decimal(0))} if totals else {}


FORMATS = (
    Format(
        NAME,
        ("positions", "lots", "transactions", "sales"),
        (
            says("statement,header,field name,field value"),
            says("statement,data,brokername"),
            says("trades,header,datadiscriminator", "open positions,header,datadiscriminator"),
            says("account information,header,field name"),
            says("statement,data,title,activity statement"),
            says("cash report,header,currency summary"),
            says("dividends,header,currency", "deposits & withdrawals,header,currency"),
        ),
        read_statement,
        must=(without("transaction type"),),
    ),
)
