"""Interactive Brokers: open lots with the positions that they make up, and lots closed by an order of a statement."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dicli.brokers.csvfile import Columns, Row
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.ibkr_common import K, codes, day_of, held_from, symbol_of, term_of
from dicli.model import Lot, Position, Sale, Transaction

LOTS_COLUMNS: Columns = {
    **dict.fromkeys(("account", "currency", "symbol", "value", "code"), ()),
    "level": ("datadiscriminator",),
    "asset": ("asset category",),
    "opened": ("open",),
    "quantity": ("position",),
    "basis": ("cost basis",),
    "price": ("close price",),
}


@dataclass
class Closing:
    """An order of a statement and the `ClosedLot` rows below it; `done` is None where the order was set aside."""

    row: Row
    done: Transaction | None
    lots: list[Row] = field(default_factory=list)


def open_lot(row: Row, account: str, as_of: dt.date | None, *, lot: bool) -> Lot | Position:
    """A row of open positions as a lot or, for a summary, as a position."""
    symbol, quantity = symbol_of(row.text("symbol")), row.quantity("quantity")
    price, basis = row.money_or_none("price"), row.money_or_none("basis")
    value = row.money_or_none("value")
    row.check_product(quantity, price, value)
    if not lot:
        return Position(account, symbol, quantity, price, value, basis, as_of=as_of, source=row.source)
    opened = day_of(row, "opened") if "opened" in row.table.index else None
    held = day_of(row, "held") if "held" in row.table.index else None
    if opened and as_of and opened > as_of:
        row.fault(f"a lot opened on {opened}, after the day of the statement", AGAIN)
    return Lot(
        account=account,
        symbol=symbol,
        quantity=quantity,
        acquired=opened,
        holding_from=held or held_from(opened, codes(row.text("code")), as_of),
        basis=basis,
        price=price,
        as_of=as_of,
        source=row.source,
    )


def reconcile(document: Document, positions: Sequence[Position], lots: Sequence[Lot]) -> None:
    """Faults where a symbol's lots are not its position: the file was cut or edited."""
    held: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    for lot in lots:
        held[lot.account, lot.symbol].append(lot)
    whole: dict[tuple[str, str], Position] = {}
    for position in positions:
        key, line = (position.account, position.symbol), position.source.row if position.source else None
        if key in whole:
            document.fault(line, f'"{position.symbol}" comes twice in one account', AGAIN)
        whole[key] = position
        shares = sum((lot.quantity for lot in held[key]), Decimal(0))
        costs = [lot.basis for lot in held[key]]
        if lots and shares != position.quantity:
            document.fault(
                line, f"the lots of {position.symbol} hold {shares:f} of {position.quantity:f} shares", AGAIN
            )
        elif lots and position.basis is not None and None not in costs:
            cost = sum((cost for cost in costs if cost is not None), Decimal(0))
            if abs(cost - position.basis) > 1:
                document.fault(line, f"the lots of {position.symbol} cost {cost:f} of {position.basis:f}", AGAIN)
    for key, found in held.items():
        if positions and found and key not in whole:
            document.fault(found[0].source.row if found[0].source else None, f"lots of {key[1]} without its row", AGAIN)


def closed_lots(closing: Closing | None, sales: list[Sale]) -> None:
    """The sales that the lots below an order are; faults where they are not all of what it sold."""
    if closing is None or not closing.lots:
        return
    order, done = closing.row, closing.done
    if any(row.text("symbol") != order.text("symbol") for row in closing.lots):
        order.fault("the closed lots below this order are of another symbol", AGAIN)
        return
    if done is None or done.kind is not K.SELL or done.quantity is None or done.amount is None:
        return
    shares = [abs(row.quantity("quantity")) for row in closing.lots]
    if sum(shares) != -done.quantity:
        order.fault(f"the closed lots below this order hold {sum(shares)} of its {-done.quantity} shares", AGAIN)
        return
    costs = [abs(cost) if (cost := row.money_or_none("basis")) is not None else None for row in closing.lots]
    gains = [row.money_or_none("gain") for row in closing.lots]
    shared = [done.amount * quantity / -done.quantity for quantity in shares]
    known = [cost + gain for cost, gain in zip(costs, gains, strict=True) if cost is not None and gain is not None]
    washed = any(codes(row.text("code")) & {"LD", "W"} for row in closing.lots)
    if len(known) == len(shares) and not washed:
        if abs(sum(known) - done.amount) > Decimal("0.05"):
            order.fault(f"the closed lots below this order brought {sum(known)}, the order {done.amount}", AGAIN)
        shared = known
    for row, quantity, cost, proceeds in zip(closing.lots, shares, costs, shared, strict=True):
        acquired = day_of(row, "time")
        if acquired and acquired > done.date:
            row.fault(f"a lot opened on {acquired} and closed on {done.date}", AGAIN)
        sales.append(
            Sale(
                account=done.account,
                symbol=done.symbol or "",
                quantity=quantity,
                acquired=acquired,
                sold=done.date,
                proceeds=proceeds,
                basis=cost,
                disallowed=None,
                term=term_of(codes(row.text("code"))),
                source=row.source,
            )
        )
