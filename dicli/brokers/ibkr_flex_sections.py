"""Interactive Brokers: the sections of a Flex query, whose columns the user chose, read by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table
from dicli.brokers.document import AGAIN, Record, plain
from dicli.brokers.ibkr_account import Statement
from dicli.brokers.ibkr_common import TELL, K, cash_row, day_of, foreign, why_aside
from dicli.brokers.ibkr_events import corporate_action
from dicli.brokers.ibkr_flex_trades import DETAIL, TRADES, trades
from dicli.brokers.ibkr_lots import open_lot
from dicli.brokers.ibkr_sections import transfers
from dicli.model import Lot, TransactionKind

QUERY = "Add it to the Flex query (Client Portal, Performance & Reports, Flex Queries) and run it again."
_COMMON: Columns = {
    **dict.fromkeys(("symbol", "description", "quantity", "type", "code"), ()),
    "account": ("clientaccountid", "accountid"),
    "currency": ("currencyprimary",),
    "asset": ("assetclass", "assetcategory"),
    "level": ("levelofdetail",),
    "id": ("transactionid",),
    "reported": ("reportdate",),
}
POSITIONS: Columns = {
    **_COMMON,
    "quantity": ("position",),
    "opened": ("opendatetime",),
    "held": ("holdingperioddatetime",),
    "basis": ("costbasismoney",),
    "unit": ("costbasisprice",),
    "price": ("markprice",),
    "value": ("positionvalue",),
}
CASH: Columns = {**_COMMON, "amount": (), "date": ("datetime", "date/time"), "settled": ("settledate",)}
EVENTS: Columns = {**_COMMON, "proceeds": (), "isin": (), "date": ("datetime", "date/time")}
TRANSFERS: Columns = {**_COMMON, "date": (), "direction": (), "cash": ("cashtransfer",)}
CASH_REPORT: Columns = {**_COMMON, "total": ("endingcash",)}
CASH_TYPES: dict[str, TransactionKind] = {
    **dict.fromkeys(("dividends", "payment in lieu of dividends"), K.DIVIDEND),
    **dict.fromkeys(("withholding tax", "871(m) withholding", "sales tax"), K.TAX),
    **dict.fromkeys(("broker interest paid", "broker interest received"), K.INTEREST),
    **dict.fromkeys(("bond interest paid", "bond interest received", "bond interest"), K.INTEREST),
    **dict.fromkeys(("other fees", "broker fees", "commission adjustments", "advisor fees", "fees"), K.FEE),
    **dict.fromkeys(("deposits/withdrawals", "deposits & withdrawals", "deposits and withdrawals"), K.DEPOSIT),
    **dict.fromkeys(("other income", "price adjustments"), K.OTHER),
}


def positions(statement: Statement, rows: Table) -> None:
    for row in rows:
        account, symbol = statement.account_of(row), row.text("symbol")
        level = plain(row.text("level")) or ("lot" if row.text("opened") else "summary")
        if level not in ("summary", "lot"):
            row.fault(f'unknown level of detail "{row.text("level")}"', TELL)
        elif why := why_aside(row, row.text("asset"), row.text("currency"), symbol) or _not_long(row):
            if level == "summary":
                statement.leave(row, symbol, why)
        else:
            as_of = day_of(row, "reported") if row.text("reported") else statement.as_of
            found = open_lot(row, account, as_of, lot=level == "lot")
            if found.basis is None and (unit := row.money_or_none("unit")) is not None:
                found = replace(found, basis=(unit * found.quantity).quantize(Decimal("0.01")))
            if isinstance(found, Lot):
                statement.lots.append(found)
            else:
                statement.positions.append(found)


def _not_long(row: Row) -> str | None:
    quantity = row.quantity("quantity")
    return None if quantity > 0 else "a short position" if quantity else "a quantity of zero"


def _detailed(rows: Table) -> list[Row]:
    """The rows at one level: the details where there are any, else the summaries.

    A fault where the query does not say the level and a row may be the summary of the one before: the same, on the
    same day, without a time or a transaction of its own.
    """
    found = list(rows)
    details = [row for row in found if plain(row.text("level")) != "summary"]
    if "level" not in rows.index:
        times: dict[tuple[str, ...], Row] = {}
        for row in found:
            key = tuple(row.text(name) for name in ("account", "type", "description", "quantity", "amount"))
            twin = times.setdefault((*key, row.text("date")[:8]), row)
            if twin is not row and (
                twin.text("date") != row.text("date") or bool(twin.text("id")) != bool(row.text("id"))
            ):
                row.fault("this may be the summary of a row that is here in detail: the same twice", DETAIL)
    return details or found


def cash_transactions(statement: Statement, rows: Table) -> None:
    for row in _detailed(rows):
        account = statement.account_of(row)
        kind = row.action("type", CASH_TYPES)
        if kind is None:
            continue
        if why := foreign(row.text("currency")):
            statement.leave(row, row.text("symbol"), why)
            continue
        date = next((day_of(row, name) for name in ("date", "settled", "reported") if row.text(name)), None)
        if date is None:
            row.fault("a row without its date", 'Add "Date/Time" to the Flex query.')
            continue
        done = cash_row(
            row,
            account=account,
            date=date,
            kind=kind,
            amount=row.money("amount"),
            description=row.text("description"),
            action=row.text("type"),
            symbol=row.text("symbol"),
        )
        statement.history.append(done)


def corporate_actions(statement: Statement, rows: Table) -> None:
    for row in _detailed(rows):
        account, symbol = statement.account_of(row), row.text("symbol")
        if why := why_aside(row, row.text("asset"), row.text("currency")):
            statement.leave(row, symbol, why)
            continue
        date = day_of(row, "date" if row.text("date") else "reported")
        if date is None:
            row.fault("a corporate action without its date", 'Add "Date/Time" to the Flex query.')
            continue
        done = corporate_action(
            row,
            account=account,
            date=date,
            symbol=symbol,
            quantity=row.quantity("quantity"),
            proceeds=row.money_or_none("proceeds") or Decimal(0),
            description=row.text("description"),
            isin=row.text("isin"),
        )
        if done:
            statement.history.append(done)


def cash_report(statement: Statement, rows: Table) -> None:
    for row in rows:
        account, currency, total = statement.account_of(row), row.text("currency").upper(), row.money("total")
        if currency == "USD":
            if account in statement.balances:
                row.fault("the ending cash in dollars comes twice", AGAIN)
            statement.balances[account] = total
        elif total:
            why = f"cash: {total:f} {currency}"
            statement.leave(row, None, "the sum of all cash" if currency == "BASE_SUMMARY" else why)


Section = tuple[Columns, tuple[str, ...], Callable[[Statement, Table], None]]
SECTIONS: dict[str, Section] = {
    "Trades": (TRADES, ("symbol", "asset", "currency", "quantity"), trades),
    "TradeConfirms": (TRADES, ("symbol", "asset", "currency", "quantity"), trades),
    "OpenPositions": (POSITIONS, ("symbol", "asset", "currency", "quantity"), positions),
    "CashTransactions": (CASH, ("type", "amount", "currency", "description"), cash_transactions),
    "CorporateActions": (EVENTS, ("symbol", "asset", "currency", "quantity", "description"), corporate_actions),
    "Transfers": (TRANSFERS, ("symbol", "asset", "currency", "date", "direction", "quantity", "cash"), transfers),
    "CashReport": (CASH_REPORT, ("currency", "total"), cash_report),
}


def section_of(names: frozenset[str]) -> str | None:
    """Which section a header of a CSV file belongs to."""
    if names & {"tradeprice", "ibcommission", "trademoney"} or {"buy/sell", "quantity"} <= names:
        return "Trades"
    if names & {"costbasismoney", "costbasisprice", "positionvalue", "markprice"}:
        return "OpenPositions"
    if "endingcash" in names:
        return "CashReport"
    if {"direction", "quantity"} <= names:
        return "Transfers"
    if {"type", "quantity", "description"} <= names and names & {"actionid", "actiondescription", "reportdate"}:
        return "CorporateActions"
    return "CashTransactions" if {"type", "amount"} <= names else None


def read_section(statement: Statement, section: str, header: Record, records: Sequence[Record]) -> None:
    """Read one section; a column that it needs and the query leaves out is a fault with what to add."""
    columns_, required, read = SECTIONS[section]
    line, names = header
    if {"clientaccountid", "accountid"} & {plain(name) for name in names}:
        names = ["" if plain(name) == "account" else name for name in names]  # a transfer's other side
    rows = Table(statement.document, (line, names), records, columns_)
    missing = [_shown(columns_, name) for name in required if name not in rows.index]
    for name in missing:
        statement.document.fault(header[0], f'the section {section} has no column "{name}"', QUERY)
    if section == "Trades" and not {"commission", "net"} & set(rows.index):
        missing.append("IBCommission")
        statement.document.fault(header[0], 'the section Trades has no column "IBCommission"', QUERY)
    if section == "Trades" and "side" not in rows.index and "proceeds" not in rows.index:
        statement.document.fault(header[0], 'the section Trades has no column "Buy/Sell"', QUERY)
    elif not missing:
        read(statement, rows)


def _shown(columns_: Columns, name: str) -> str:
    shown = {"account": "ClientAccountID", "currency": "CurrencyPrimary", "asset": "AssetClass", "total": "EndingCash"}
    return shown.get(name) or (columns_[name][0] if columns_[name] else name).capitalize()
