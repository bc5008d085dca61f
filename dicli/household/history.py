"""One holding's history as events of the tax engine, if the history tells all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.model import Transaction, TransactionKind
from dicli.tax.ledger import Event, EventKind

_ACQUIRES = {
    TransactionKind.BUY: EventKind.BUY,
    TransactionKind.REINVEST: EventKind.REINVEST,
}
# within a day without times: a split first, then purchases, then sales (a broker lists the newest row first)
_ORDER = {TransactionKind.SPLIT: 0, TransactionKind.TRANSFER_IN: 1, TransactionKind.BUY: 2, TransactionKind.REINVEST: 2}


@dataclass(frozen=True, slots=True)
class History:
    """What the rows of one symbol in one account add up to.

    `quantity` is the running total, `moves` the number of rows that changed it; `gap` says in words why the rows
    cannot be all there is, None if they can. `events` is complete only then.
    """

    events: tuple[Event, ...]
    quantity: Decimal
    gap: str | None
    moves: int


def moves(transactions: Iterable[Transaction]) -> list[Transaction]:
    """The rows that change a holding, in the order to book them; a transfer and its reversal on one day cancel out."""
    rows = [
        t
        for t in transactions
        if t.quantity and t.kind not in (TransactionKind.DIVIDEND, TransactionKind.INTEREST, TransactionKind.TAX)
    ]
    out = [t for t in rows if t.kind is TransactionKind.TRANSFER_OUT]
    for incoming in [t for t in rows if t.kind is TransactionKind.TRANSFER_IN]:
        pair = next((t for t in out if t.date == incoming.date and t.quantity == -(incoming.quantity or 0)), None)
        if pair is not None:
            out.remove(pair)
            rows.remove(pair)
            rows.remove(incoming)
    return sorted(rows, key=lambda t: (t.date, t.time or "", _ORDER.get(t.kind, 3)))


def replay(account: str, symbol: str, transactions: Iterable[Transaction], opening: Decimal = Decimal(0)) -> History:
    """The events of one holding that began with `opening` shares.

    A sale of more than is held, shares that arrive or leave by transfer, and rows whose meaning for the lots is not
    known (a merger, a spin-off) make the history incomplete: no lot is guessed.
    """
    events: list[Event] = []
    held = opening
    rows = moves(transactions)

    def incomplete(why: str) -> History:
        return History((), held, why, len(rows))

    for number, row in enumerate(rows, start=1):
        quantity = row.quantity or Decimal(0)
        where = f"{row.source}" if row.source else f"{row.date}"
        if row.kind in _ACQUIRES and quantity > 0:
            if row.amount is None:
                return incomplete(f"the purchase in {where} shows no amount")
            events.append(
                Event(
                    f"{account}:{symbol}:{row.date}:{number}",
                    _ACQUIRES[row.kind],
                    row.date,
                    account,
                    symbol,
                    quantity,
                    abs(row.amount),
                    time=row.time,
                    order_id=row.order_id,
                )
            )
        elif row.kind is TransactionKind.SELL and quantity < 0:
            if row.amount is None:
                return incomplete(f"the sale in {where} shows no amount")
            if held + quantity < 0:
                return incomplete(f"{-quantity} sold on {row.date} ({where}), of which {held} are explained")
            events.append(
                Event(
                    f"{account}:{symbol}:{row.date}:{number}:sale",
                    EventKind.SELL,
                    row.date,
                    account,
                    symbol,
                    -quantity,
                    row.amount,
                    time=row.time,
                    order_id=row.order_id,
                )
            )
        elif row.kind is TransactionKind.SPLIT and held > 0:
            ratio = Fraction(held + quantity) / Fraction(held)
            events.append(
                Event(
                    f"{account}:{symbol}:{row.date}:{number}:split",
                    EventKind.SPLIT,
                    row.date,
                    account,
                    symbol,
                    ratio=ratio,
                )
            )
        else:
            return incomplete(f'"{row.action or row.kind}" of {quantity} on {row.date} ({where}) brings no lot dates')
        held += quantity
    return History(tuple(events), held, None, len(rows))


def disposals(transactions: Iterable[Transaction]) -> list[Transaction]:
    return [t for t in transactions if t.kind is TransactionKind.SELL]


def purchases(transactions: Iterable[Transaction]) -> list[Transaction]:
    return [t for t in moves(transactions) if t.kind in _ACQUIRES]
