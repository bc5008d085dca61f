"""E*TRADE: the rows of a portfolio as positions and as lots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dicli.brokers.csvfile import Row
from dicli.brokers.document import AGAIN
from dicli.brokers.symbols import dotted
from dicli.model import Lot, Position

UNKNOWN_DAY = dt.date(1969, 12, 31)  # what E*TRADE shows for a day that it does not know


@dataclass
class Parent:
    """A position's row, why it is set aside (None if it is held), and the lots' rows below it."""

    row: Row
    why: str | None
    lots: list[Row] = field(default_factory=list)


def _basis(row: Row) -> Decimal | None:
    """The total cost, else price paid x quantity to the cent; a price of zero is one that E*TRADE does not know."""
    total, paid = row.money_or_none("basis"), row.money_or_none("paid")
    if total is not None or not paid:
        return total
    return (paid * row.quantity("quantity")).quantize(Decimal("0.01"))


def position(row: Row, account: str, symbol: str, as_of: dt.date | None) -> Position:
    """A position by its own row."""
    quantity, price, value = row.quantity("quantity"), row.money_or_none("price"), row.money_or_none("value")
    row.check_product(quantity, price, value)
    row.check_product(quantity, row.money_or_none("paid"), row.money_or_none("basis"))
    return Position(account, dotted(symbol), quantity, price, value, _basis(row), as_of=as_of, source=row.source)


def check(parent: Parent) -> None:
    """Faults where the lots below a row are not it: rows were cut or moved, or a filter hides some."""
    row, held = parent.row, parent.row.quantity("quantity")
    shares = sum((lot.quantity("quantity") for lot in parent.lots), Decimal(0))
    if abs(shares - held) > Decimal("0.0005") * len(parent.lots):
        row.fault(f'the lots below "{row.text("symbol")}" hold {shares:f} of its {held:f} shares', AGAIN)
    for lot in parent.lots:
        price = lot.money_or_none("price")
        if price is not None and row.money_or_none("price") not in (None, price):
            lot.fault(f'the last price here is not that of "{row.text("symbol")}" above', AGAIN)


def lots(parent: Parent, account: str, as_of: dt.date | None) -> list[Lot]:
    """The lots below a position."""
    found = []
    for lot in parent.lots:
        quantity, price = lot.quantity("quantity"), lot.money_or_none("price")
        if quantity <= 0:
            lot.fault(f"a lot of {quantity:f} shares in a position that is held", AGAIN)
        lot.check_product(quantity, price, lot.money_or_none("value"))
        lot.check_product(quantity, lot.money_or_none("paid") or None, lot.money_or_none("basis"))
        acquired = lot.date_or_none("symbol")
        acquired = None if acquired == UNKNOWN_DAY else acquired
        found.append(
            Lot(
                account=account,
                symbol=dotted(parent.row.text("symbol")),
                quantity=quantity,
                acquired=acquired,
                holding_from=acquired,
                basis=_basis(lot),
                price=price or parent.row.money_or_none("price"),
                as_of=as_of,
                source=lot.source,
            )
        )
    return found


def merged(positions: Sequence[Position]) -> tuple[Position, ...]:
    """One position per symbol: E*TRADE lists cash and margin holdings of one stock apart."""
    whole: dict[str, Position] = {}
    for one in positions:
        other = whole.get(one.symbol)
        if other is None:
            whole[one.symbol] = one
            continue
        values = None if one.value is None or other.value is None else one.value + other.value
        basis = None if one.basis is None or other.basis is None else one.basis + other.basis
        whole[one.symbol] = Position(
            one.account,
            one.symbol,
            one.quantity + other.quantity,
            other.price,
            values,
            basis,
            as_of=one.as_of,
            source=other.source,
        )
    return tuple(whole.values())
