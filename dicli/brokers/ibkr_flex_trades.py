"""Interactive Brokers: the trades of a Flex query, each share counted once.

A query may list the same trades as executions, orders, closed lots and summaries. Executions are taken, or orders where
there are no executions; closed lots are sales of their own kind; the rest only repeats them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row, Table
from dicli.brokers.document import AGAIN
from dicli.brokers.ibkr_account import Statement
from dicli.brokers.ibkr_common import TELL, K, codes, day_of, symbol_of, term_of, time_of, trade, why_aside
from dicli.model import Sale, Transaction

TRADES: Columns = {
    **dict.fromkeys(("symbol", "description", "quantity", "proceeds", "multiplier"), ()),
    "account": ("clientaccountid", "accountid"),
    "currency": ("currencyprimary",),
    "asset": ("assetclass", "assetcategory"),
    "level": ("levelofdetail",),
    "side": ("buy/sell", "buysell"),
    "price": ("tradeprice",),
    "date": ("tradedate",),
    "time": ("datetime", "date/time"),
    "clock": ("tradetime",),
    "commission": ("ibcommission",),
    "charged": ("ibcommissioncurrency", "commissioncurrency"),
    "taxes": ("tax",),
    "net": ("netcash",),
    "codes": ("notes/codes", "notes", "code"),
    "opens": ("open/closeindicator", "opencloseindicator"),
    "order": ("iborderid", "orderid"),
    "id": ("transactionid",),
    "opened": ("opendatetime",),
    "held": ("holdingperioddatetime",),
    "cost": ("costbasis",),
    "gain": ("fifopnlrealized",),
}
SIDES = {"buy": 1, "sell": -1, "buy (ca.)": 1, "sell (ca.)": -1}
LEVELS = {
    **dict.fromkeys(("", "execution"), "execution"),
    "order": "order",
    **dict.fromkeys(("closed_lot", "closedlot", "lot"), "lot"),
    **dict.fromkeys(("symbol_summary", "asset_summary", "summary", "wash_sale"), "repeats"),
}
DETAIL = 'Add "Level of Detail" to the Flex query, or choose Executions (and Closed Lots) only.'


def trades(statement: Statement, rows: Table) -> None:
    by_level: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_level[row.choice("level", LEVELS) or ""].append(row)
    chosen = by_level["execution"] or by_level["order"]
    if by_level["repeats"] and not chosen and not by_level["lot"]:
        rows.document.fault(rows.line, "the query lists summaries of trades only", DETAIL)
    done = _booked(statement, chosen)
    if by_level["execution"] and by_level["order"]:
        orders = _shares(_booked(Statement(rows.document, statement.account), by_level["order"]))
        for key, quantity in _shares(done).items():
            if orders.get(key) != quantity:
                rows.document.fault(
                    rows.line,
                    f"executions of {key[1]} on {key[2]} add up to {quantity}, orders to {orders.get(key)}",
                    AGAIN,
                )
    elif "level" not in rows.index:
        _not_twice(rows, chosen)
    statement.history += done
    sold = {key: -quantity for key, quantity in _shares([it for it in done if it.kind is K.SELL]).items()}
    closed: dict[tuple[str, str | None, dt.date], Decimal] = defaultdict(Decimal)
    for row in by_level["lot"]:
        if sale := _sale(statement, row):
            statement.sales.append(sale)
            closed[sale.account, sale.symbol, sale.sold] += sale.quantity
            if done and closed[sale.account, sale.symbol, sale.sold] > sold.get(
                (sale.account, sale.symbol, sale.sold), 0
            ):
                row.fault("closed lots of more shares than were sold on that day", AGAIN)


def _shares(history: Sequence[Transaction]) -> dict[tuple[str, str | None, dt.date], Decimal]:
    total: dict[tuple[str, str | None, dt.date], Decimal] = defaultdict(Decimal)
    for row in history:
        total[row.account, row.symbol, row.date] += row.quantity or 0
    return total


def _not_twice(rows: Table, chosen: Sequence[Row]) -> None:
    """Faults where the file, which does not say its level of detail, seems to list orders beside their executions."""
    if "id" in rows.index:
        for row in chosen:
            if not row.text("id"):
                row.fault("a row without a TransactionID: a sum of others, perhaps", DETAIL)
        return
    groups: dict[tuple[str, ...], list[tuple[Decimal, Row]]] = defaultdict(list)
    for row in chosen:
        key = tuple(row.text(column) for column in ("account", "symbol", "date", "side", "order"))
        groups[key].append((abs(row.quantity("quantity")), row))
    for found in groups.values():
        most, row = max(found, key=lambda pair: pair[0])
        if len(found) > 1 and 2 * most == sum(quantity for quantity, _ in found):
            row.fault("this may be an order beside its executions: the same shares twice", DETAIL)


def _day(row: Row) -> dt.date | None:
    return day_of(row, "date" if row.text("date") else "time")


def _booked(statement: Statement, rows: Sequence[Row]) -> list[Transaction]:
    history = []
    for row in rows:
        account, symbol = statement.account_of(row), row.text("symbol")
        if why := why_aside(row, row.text("asset"), row.text("currency"), symbol):
            statement.leave(row, symbol, why)
            continue
        date = _day(row)
        if date is None:
            row.fault("a trade without its date", 'Add "Trade Date" to the Flex query.')
        elif found := _trade(row, account, date):
            history.append(found)
    return history


def _trade(row: Row, account: str, date: dt.date) -> Transaction | None:
    quantity, price = row.quantity("quantity"), row.money_or_none("price")
    marks = codes(row.text("codes")) | codes(row.text("opens"))
    if "side" in row.table.index:
        side = row.choice("side", SIDES) or 1
        if row.text("side").lower().endswith("(ca.)"):
            marks, side = marks | {"Ca"}, -side
        if quantity < 0 < side:
            row.fault(f'"{row.text("side")}" with a quantity of {quantity}: the signs contradict each other', AGAIN)
        quantity = abs(quantity) * side
    proceeds = row.money_or_none("proceeds")
    if proceeds is None and price is not None:
        proceeds = -quantity * price
    costs = [row.money_or_none("commission"), row.money_or_none("taxes")]
    fees = None if costs == [None, None] else sum((cost for cost in costs if cost is not None), Decimal(0))
    if fees and row.text("charged").upper() not in {"", "USD"}:
        row.fault(f"the commission is in {row.text('charged')}: what the trade cost in dollars is unknown", TELL)
    net = row.money_or_none("net")
    if fees is None and net is not None and proceeds is not None:
        fees = net - proceeds
    if net is not None and proceeds is not None and abs(proceeds + (fees or 0) - net) > Decimal("0.02"):
        row.fault(f"proceeds {proceeds} and fees {fees} are not the net cash {net}", AGAIN)
    return trade(
        row,
        account=account,
        date=date,
        symbol=row.text("symbol"),
        quantity=quantity,
        price=price,
        proceeds=proceeds,
        commission=fees,
        marks=marks,
        time=time_of(row.text("time")) or time_of(f"0;{row.text('clock')}"),
        order_id=row.text("order"),
        description=row.text("description"),
    )


def _sale(statement: Statement, row: Row) -> Sale | None:
    """A closed lot: `Buy/Sell` is the closing trade's, the trade date its day, the cost that of the opening."""
    account, symbol = statement.account_of(row), row.text("symbol")
    if why := why_aside(row, row.text("asset"), row.text("currency"), symbol):
        statement.leave(row, symbol, why)
        return None
    if (row.choice("side", SIDES) or 1) > 0:
        statement.leave(row, symbol, "a short sale")
        return None
    sold, acquired = _day(row), day_of(row, "opened")
    if sold is None:
        row.fault("a closed lot without the day it was sold", 'Add "Trade Date" to the Flex query.')
        return None
    if acquired and acquired > sold:
        row.fault(f"a lot opened on {acquired} and closed on {sold}", AGAIN)
    cost, gain = row.money_or_none("cost"), row.money_or_none("gain")
    marks = codes(row.text("codes"))
    basis = None if cost is None else abs(cost)
    return Sale(
        account=account,
        symbol=symbol_of(symbol),
        quantity=abs(row.quantity("quantity")),
        acquired=acquired,
        sold=sold,
        # The result of a lot whose loss was disallowed is not its proceeds less its cost.
        proceeds=None if basis is None or gain is None or marks & {"LD", "W"} else basis + gain,
        basis=basis,
        disallowed=None,
        term=term_of(marks),
        source=row.source,
    )
