"""A list of orders to work through by hand: text for paper, 80 columns wide, and the same rows for a spreadsheet."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dicli.brokers.exports import ZERO, Order, Style, shares
from dicli.model import Account, Column, Figure, Report, Side, Value

WIDTH = 80

ROWS = (
    Column("account"),
    Column("block", Figure.NUMBER),
    Column("order", Figure.NUMBER),
    Column("side"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("price", Figure.PRICE),
    Column("value", Figure.MONEY),
    Column("lot_acquired", Figure.DATE),
    Column("lot_cost", Figure.MONEY),
)
"""One row a purchase, one a lot of a sale; the rows of one `order` belong on one ticket."""


@dataclass(frozen=True, slots=True)
class Block:
    """The orders of one account that are entered together, sales or purchases; `number` counts within the account."""

    account: Account
    number: int
    first: int
    orders: tuple[Order, ...]


def blocks(account: Account, found: Sequence[Order], most: int | None) -> list[Block]:
    """Sales first; no block longer than `most`, and none of a single order where two blocks can share."""
    out: list[Block] = []
    first = 1
    for side in (Side.SELL, Side.BUY):
        left = [order for order in found if order.side is side]
        while left:
            take = len(left) if most is None else min(most, len(left))
            if len(left) - take == 1 and take > 2:
                take -= 1  # a basket of one is none
            out.append(Block(account, len(out) + 1, first, tuple(left[:take])))
            first += take
            left = left[take:]
    return out


def report(style: Style, made: Sequence[Block], warnings: Sequence[str]) -> Report:
    """The checklist's rows."""
    rows: list[tuple[Value, ...]] = []
    for block in made:
        for number, order in enumerate(block.orders, start=block.first):
            head = (block.account.name, block.number, number, str(order.side), style.spell(order.symbol))
            if not order.lots:
                rows.append((*head, order.quantity, order.price, order.value, None, None))
            for lot in order.lots:
                rows.append((*head, lot.quantity, lot.price, lot.value, lot.lot_acquired, _cents(lot.lot_basis)))
    return Report("orders", ROWS, tuple(rows), notes=tuple(warnings), finding=bool(rows))


def text(
    style: Style,
    made: Mapping[str, Sequence[Block]],
    notes: Mapping[str, Sequence[str]],
    warnings: Sequence[str],
    as_of: dt.date,
) -> str:
    """The checklist of all accounts, by account name; `notes` belong to one account, `warnings` to the household."""
    lines: list[str] = []
    if warnings:
        lines += ["BEFORE YOU START", *(line for warning in warnings for line in _wrapped(warning, "! ")), ""]
    for account, its in made.items():
        lines += [*_account(style, account, its, notes.get(account, ()), as_of), ""]
    if not made:
        lines.append("No trades.")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _account(style: Style, account: str, its: Sequence[Block], notes: Sequence[str], as_of: dt.date) -> Iterator[str]:
    title = f"TRADES FOR {account} AT {style.title}, planned {as_of}"
    yield from _wrapped(title, "")
    yield "=" * min(WIDTH, len(title))
    sold = [order for block in its for order in block.orders if order.side is Side.SELL]
    bought = [order for block in its for order in block.orders if order.side is Side.BUY]
    yield from _wrapped(f"{_counted(sold, 'sale')}, {_counted(bought, 'purchase')}, at the prices of the plan.", "")
    for note in notes:
        yield from _wrapped(note[:1].upper() + note[1:] + ".", "! ")
    several = {side: sum(1 for b in its if b.orders[0].side is side) for side in Side}
    part = dict.fromkeys(Side, 0)
    for block in its:
        side = block.orders[0].side
        part[side] += 1
        yield ""
        of = f", block {part[side]} of {several[side]}" if several[side] > 1 else ""
        yield f"{'SELL FIRST' if side is Side.SELL else 'THEN BUY' if sold else 'BUY'}{of}"
        if side is Side.SELL and block.account.taxable:
            yield from _wrapped(style.lots, "")
        fraction = any(order.quantity % 1 for order in block.orders)
        if side is Side.BUY and style.fractions and (fraction or style.block):
            yield from _wrapped(style.fractions, "")
        for number, order in enumerate(block.orders, start=block.first):
            yield from _order(style, number, order, taxable=block.account.taxable)


def _order(style: Style, number: int, order: Order, *, taxable: bool) -> Iterator[str]:
    price = f"{order.price:,.{2 if order.price >= 1 else 4}f}"
    yield (
        f"[ ] {number:>3}  {order.side.upper():<4} {style.spell(order.symbol):<7}"
        f"{shares(order.quantity):>25} at {price:>13} {_dollars(order.value):>16}"
    )
    for lot in order.lots if taxable else ():
        day = "date not known" if lot.lot_acquired is None else lot.lot_acquired.isoformat()
        cost = "not known" if lot.lot_basis is None else _dollars(lot.lot_basis)
        yield f"      [ ]  lot of {day:<14}{shares(lot.quantity):>25}  cost {cost:>16}"


def _counted(found: Sequence[Order], word: str) -> str:
    total = sum((order.value for order in found), ZERO)
    return f"{len(found)} {word}{'' if len(found) == 1 else 's'} of {_dollars(total)}"


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))


def _wrapped(said: str, mark: str) -> list[str]:
    return textwrap.wrap(said, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=True)
