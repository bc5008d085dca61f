"""Interactive Brokers: the sections of an Activity Statement, each read into one `Statement`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table
from dicli.brokers.document import AGAIN, plain
from dicli.brokers.ibkr_account import Statement
from dicli.brokers.ibkr_common import TELL, K, cash_row, codes, day_of, foreign, symbol_of, time_of, trade, why_aside
from dicli.brokers.ibkr_events import corporate_action
from dicli.brokers.ibkr_lots import LOTS_COLUMNS, Closing, closed_lots, open_lot
from dicli.brokers.values import dates_in
from dicli.model import Lot, Transaction, TransactionKind

TRADES: Columns = {
    **dict.fromkeys(("account", "currency", "symbol", "quantity", "proceeds", "basis", "code"), ()),
    "level": ("datadiscriminator",),
    "asset": ("asset category",),
    "time": ("date/time",),
    "price": ("t. price",),
    "commission": ("comm/fee", "comm in usd", "commission"),
    "gain": ("realized p/l",),
}
EVENTS: Columns = {
    **dict.fromkeys(("account", "currency", "description", "quantity", "proceeds", "code", "value"), ()),
    "asset": ("asset category",),
    "time": ("date/time",),
    "reported": ("report date",),
}
CASH: Columns = {
    **dict.fromkeys(("account", "currency", "description", "amount", "code", "subtitle"), ()),
    "date": ("settle date", "date/time", "value date"),
}
TRANSFERS: Columns = {
    **dict.fromkeys(("account", "currency", "symbol", "date", "type", "direction", "code"), ()),
    "asset": ("asset category",),
    "quantity": ("qty",),
    "cash": ("cash amount",),
}
CASH_REPORT: Columns = {"what": ("currency summary",), "currency": (), "total": ()}
FIELDS: Columns = {"name": ("field name",), "value": ("field value",)}
CASH_KINDS: dict[str, TransactionKind] = {
    **dict.fromkeys(("dividends", "payment in lieu of dividends"), K.DIVIDEND),
    **dict.fromkeys(("withholding tax", "871(m) withholding", "sales tax", "sales tax details"), K.TAX),
    **dict.fromkeys(("interest", "broker interest paid", "broker interest received"), K.INTEREST),
    **dict.fromkeys(("bond interest paid", "bond interest received"), K.INTEREST),
    **dict.fromkeys(("fees", "other fees", "commission adjustments", "advisor fees", "client fees"), K.FEE),
    "transaction fees": K.FEE,
    **dict.fromkeys(("deposits & withdrawals", "deposits and withdrawals"), K.DEPOSIT),
}


def about(statement: Statement, rows: Table) -> None:
    for row in rows:
        name, value = plain(row.text("name")), row.text("value")
        if name == "account":
            statement.account = value.partition(" ")[0]
            statement.many |= "consolidated" in value.lower()
        elif name in ("accounts included", "master name"):
            statement.many |= "," in value
        elif name == "title":
            statement.whole = value.lower() == "activity statement"
        elif name == "base currency":
            statement.base = value.upper()
        elif name == "period":
            dates = dates_in(value)
            if dates:
                statement.as_of = dates[-1]
            if len(dates) in (1, 2):
                statement.coverage = dates[0], dates[-1]
            else:
                row.fault(f'the period "{value}" has no dates that can be read', AGAIN)


def trades(statement: Statement, rows: Table) -> None:
    for row in rows:
        level = plain(row.text("level"))
        if level == "order":
            closed_lots(statement.closing, statement.sales)
            statement.closing = None
            account = statement.account_of(row)
            if why := why_aside(row, row.text("asset"), row.text("currency"), row.text("symbol")):
                statement.leave(row, row.text("symbol"), why)
                statement.closing = Closing(row, None)
            else:
                done = _order(row, account)
                statement.history += [done] if done else []
                statement.closing = Closing(row, done)
        elif level == "closedlot":
            if statement.closing is None:
                row.fault("a closed lot without the order that closed it above it", AGAIN)
            else:
                statement.closing.lots.append(row)
        elif level not in ("trade", "washsale", "wash sale"):  # an execution of the order above; IBKR's own matching
            row.fault(f'unknown DataDiscriminator "{row.text("level")}"', TELL)


def _order(row: Row, account: str) -> Transaction | None:
    date = row.date("time")
    return trade(
        row,
        account=account,
        date=date,
        symbol=row.text("symbol"),
        quantity=row.quantity("quantity"),
        price=row.money_or_none("price"),
        proceeds=row.money("proceeds"),
        commission=row.money_or_none("commission"),
        marks=codes(row.text("code")),
        time=time_of(row.text("time")),
    )


def positions(statement: Statement, rows: Table) -> None:
    for row in rows:
        account, symbol = statement.account_of(row), row.text("symbol")
        level = plain(row.text("level"))
        if level not in ("summary", "lot"):
            row.fault(f'unknown DataDiscriminator "{row.text("level")}"', TELL)
        elif why := why_aside(row, row.text("asset"), row.text("currency"), symbol):
            if level == "summary":
                statement.leave(row, symbol, why)
        elif row.quantity("quantity") <= 0:
            if level == "summary":
                statement.leave(row, symbol, "a short position" if row.quantity("quantity") else "a quantity of zero")
        else:
            found = open_lot(row, account, statement.as_of, lot=level == "lot")
            if isinstance(found, Lot):
                statement.lots.append(found)
            else:
                statement.positions.append(found)


def short_positions(statement: Statement, rows: Table) -> None:
    for row in rows:
        if plain(row.text("level")) == "summary":
            statement.leave(row, row.text("symbol"), "a short position")


def corporate(statement: Statement, rows: Table) -> None:
    for row in rows:
        account, said = statement.account_of(row), row.text("description")
        if why := why_aside(row, row.text("asset"), row.text("currency")):
            statement.leave(row, None, why)
            continue
        date = day_of(row, "time" if "time" in rows.index else "reported")
        done = corporate_action(
            row,
            account=account,
            date=date or dt.date.min,
            symbol="",
            quantity=row.quantity("quantity"),
            proceeds=row.money_or_none("proceeds") or Decimal(0),
            description=said,
        )
        if date is None:
            row.fault("a corporate action without its date", AGAIN)
        elif done:
            statement.history.append(done)


def transfers(statement: Statement, rows: Table) -> None:
    for row in rows:
        if plain(row.text("level")) == "lot":
            continue  # a part of the transfer above
        account, symbol = statement.account_of(row), row.text("symbol")
        date, into = row.date("date"), row.choice("direction", {"in": True, "out": False})
        cash = row.money_or_none("cash") or Decimal(0)
        if cash and not foreign(row.text("currency")):
            kind = K.DEPOSIT if cash > 0 else K.WITHDRAWAL
            words = f"transfer {row.text('direction').lower()}"
            statement.history.append(
                cash_row(row, account=account, date=date, kind=kind, amount=cash, description=words, action="transfer")
            )
        elif why := why_aside(row, row.text("asset"), row.text("currency"), symbol):
            statement.leave(row, symbol, why)
        else:
            quantity = row.quantity("quantity")
            if into is not None and (quantity > 0) != into:
                row.fault(f'"{row.text("direction")}" with a quantity of {quantity}', AGAIN)
            statement.history.append(
                Transaction(
                    account=account,
                    date=date,
                    kind=K.TRANSFER_IN if quantity > 0 else K.TRANSFER_OUT,
                    symbol=symbol_of(symbol),
                    quantity=quantity,
                    amount=None,
                    action=f"transfer {row.text('direction').lower()}",
                    description=row.text("type"),
                    source=row.source,
                )
            )


def cash(statement: Statement, rows: Table, kind: TransactionKind, section: str) -> None:
    for row in rows:
        account = statement.account_of(row)
        if why := foreign(row.text("currency")):
            statement.leave(row, None, why)
            continue
        date, amount = row.date("date"), row.money("amount")
        words = row.text("description")
        statement.history.append(
            cash_row(row, account=account, date=date, kind=kind, amount=amount, description=words, action=section)
        )


def cash_report(statement: Statement, rows: Table) -> None:
    for row in rows:
        if plain(row.text("what")) == "ending cash":
            currency = row.text("currency")
            if currency in statement.balances:
                row.fault(f'"Ending Cash" in {currency} comes twice', AGAIN)
            statement.balances[currency] = row.money("total")
            if len(currency) == 3 and foreign(currency) and row.money("total"):
                statement.leave(row, None, f"cash: {row.money('total'):f} {currency}")


Read = Callable[[Statement, Table], None]
_OPEN = (LOTS_COLUMNS, ("level", "asset", "currency", "symbol", "quantity"))
SECTIONS: dict[str, tuple[Columns, tuple[str, ...]]] = {
    "statement": (FIELDS, ("name", "value")),
    "account information": (FIELDS, ("name", "value")),
    "trades": (TRADES, ("level", "asset", "currency", "symbol", "time", "quantity", "proceeds")),
    "open positions": _OPEN,
    "long open positions": _OPEN,
    "short open positions": _OPEN,
    "corporate actions": (EVENTS, ("asset", "currency", "description", "quantity")),
    "transfers": (TRANSFERS, ("asset", "currency", "symbol", "date", "direction", "quantity", "cash")),
    "cash report": (CASH_REPORT, ("what", "currency", "total")),
}
READERS: dict[str, Read] = {
    "trades": trades,
    "open positions": positions,
    "long open positions": positions,
    "short open positions": short_positions,
    "corporate actions": corporate,
    "transfers": transfers,
}
