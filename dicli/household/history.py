"""The history of one holding, or of several that a corporate action joins, as events of the tax engine."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from dicli.model import Transaction, TransactionKind
from dicli.preferences import CorporateAction
from dicli.tax.ledger import Event, EventKind

_ACQUIRES = {
    TransactionKind.BUY: EventKind.BUY,
    TransactionKind.REINVEST: EventKind.REINVEST,
}
CASH_ONLY = {
    TransactionKind.DIVIDEND,
    TransactionKind.INTEREST,
    TransactionKind.TAX,
    TransactionKind.FEE,
    TransactionKind.DEPOSIT,
    TransactionKind.WITHDRAWAL,
}
# within a day without times: a split first, then purchases, then sales (a broker lists the newest row first)
_ORDER = {TransactionKind.SPLIT: 0, TransactionKind.TRANSFER_IN: 1, TransactionKind.BUY: 2, TransactionKind.REINVEST: 2}
NEAR = dt.timedelta(days=7)
"""A broker books a corporate action, or the two ends of a transfer, within so many days of each other."""


@dataclass(frozen=True, slots=True)
class History:
    """What the rows of one holding add up to.

    `quantity` is the running total, by symbol, `moves` the number of rows that changed it; `gap` says in words why the
    rows cannot be all there is, None if they can. `events` is complete only then. `no_basis` are the ids of purchases
    whose cost no row tells (a vest), `sources` the accounts that shares came from by transfer.
    """

    events: tuple[Event, ...]
    quantity: Mapping[str, Decimal]
    gap: str | None
    moves: int
    no_basis: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Book:
    """The running state of a replay."""

    account: str
    held: dict[str, Decimal]
    average: frozenset[str]
    events: list[Event] = field(default_factory=list)
    no_basis: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    bought: dict[tuple[str, dt.date], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, kind: EventKind, day: dt.date, symbol: str, **what: object) -> None:
        self.events.append(Event(name, kind, day, self.account, symbol, **what))  # type: ignore[arg-type]


def moves(transactions: Iterable[Transaction]) -> list[Transaction]:
    """The rows that change a holding, in the order to book them.

    A transfer and its reversal on one day cancel out, and the two rows of a reverse split are one change.
    """
    rows = [t for t in transactions if t.quantity and t.kind not in CASH_ONLY]
    out = [t for t in rows if t.kind is TransactionKind.TRANSFER_OUT]
    for incoming in [t for t in rows if t.kind is TransactionKind.TRANSFER_IN]:
        same = (incoming.date, incoming.symbol, -(incoming.quantity or 0))
        pair = next((t for t in out if (t.date, t.symbol, t.quantity) == same), None)
        if pair is not None:
            out.remove(pair)
            rows.remove(pair)
            rows.remove(incoming)
    return sorted(_one_split(rows), key=lambda t: (t.date, t.time or "", _ORDER.get(t.kind, 3)))


def _one_split(rows: Iterable[Transaction]) -> list[Transaction]:
    """A reverse split in two rows, the new shares and the old ones, is one change of the holding."""
    out: list[Transaction] = []
    splits: dict[tuple[str | None, dt.date], int] = {}
    for row in rows:
        key = (row.symbol, row.date)
        if row.kind is TransactionKind.SPLIT and key in splits:
            first = out[splits[key]]
            out[splits[key]] = replace(first, quantity=(first.quantity or 0) + (row.quantity or Decimal(0)))
            continue
        if row.kind is TransactionKind.SPLIT:
            splits[key] = len(out)
        out.append(row)
    return out


def transfers(rows: Iterable[Transaction]) -> dict[int, str]:
    """Transfers between the household's own accounts: the id of each end's row -> the account at the other end.

    Two ends belong together when symbol and quantity agree, the days are near, and each has no other candidate.
    """
    out = [t for t in rows if t.kind is TransactionKind.TRANSFER_OUT and t.symbol and t.quantity]
    into = [t for t in rows if t.kind is TransactionKind.TRANSFER_IN and t.symbol and t.quantity]

    def belong(a: Transaction, b: Transaction) -> bool:
        far = a.account == b.account or a.symbol != b.symbol or abs(a.date - b.date) > NEAR
        return not far and a.quantity == -(b.quantity or 0)

    found: dict[int, str] = {}
    for leaving in out:
        there = [t for t in into if belong(leaving, t)]
        if len(there) == 1 and sum(belong(t, there[0]) for t in out) == 1:
            found[id(leaving)] = there[0].account
            found[id(there[0])] = leaving.account
    return found


def replay(
    account: str,
    rows: Iterable[Transaction],
    *,
    opening: Mapping[str, Decimal] | None = None,
    actions: Sequence[CorporateAction] = (),
    between: Mapping[int, str] | None = None,
    average: Collection[str] = (),
) -> History:
    """The events of one holding that began with the `opening` shares of each of its symbols.

    `actions` are the corporate actions of those symbols that the preferences state; the broker's own rows about them
    are passed over. `between`: `transfers` of the household. `average`: fund shares sold at their average basis
    (R-AVERAGE). A sale of more than is held, shares that come or go by a transfer whose other end no file shows, and
    rows whose meaning for the lots is not known (a merger, a spin-off that no action states) make the history
    incomplete: no lot is guessed.
    """
    ordered = moves(rows)
    book = _Book(account, defaultdict(Decimal, opening or {}), frozenset(average))
    waiting = sorted(actions, key=lambda action: action.date)
    lieu = [t for t in rows if "lieu" in t.action.lower() and t.amount]

    def incomplete(why: str) -> History:
        return History((), dict(book.held), why, len(ordered))

    for number, row in enumerate(ordered, start=1):
        while waiting and waiting[0].date <= row.date:
            problem = _act(book, waiting.pop(0), lieu)
            if problem:
                return incomplete(problem)
        if row.symbol is None or _stated(row, actions):
            continue
        problem = _book(book, row, number, between or {})
        if problem:
            return incomplete(problem)
    for action in waiting:
        problem = _act(book, action, lieu)
        if problem:
            return incomplete(problem)
    return History(
        tuple(book.events), dict(book.held), None, len(ordered), frozenset(book.no_basis), frozenset(book.sources)
    )


def _stated(row: Transaction, actions: Collection[CorporateAction]) -> bool:
    """Whether a row is a broker's account of an action that the preferences state."""
    kinds = (TransactionKind.OTHER, TransactionKind.SPLIT, TransactionKind.TRANSFER_IN, TransactionKind.TRANSFER_OUT)
    return row.kind in kinds and any(
        row.symbol in (action.symbol, action.new_symbol) and abs(row.date - action.date) <= NEAR for action in actions
    )


def _book(book: _Book, row: Transaction, number: int, between: Mapping[int, str]) -> str | None:
    """Book one row; what is wrong with it, if anything."""
    symbol, quantity = row.symbol or "", row.quantity or Decimal(0)
    where = f"{row.source}" if row.source else f"{row.date}"
    name = f"{book.account}:{symbol}:{row.date}:{number}"
    held = book.held[symbol]
    order = {"time": row.time, "order_id": row.order_id}
    if row.kind in _ACQUIRES and quantity > 0:
        if row.amount is None:
            book.no_basis.add(name)
        cost = abs(row.amount or Decimal(0))
        book.bought[symbol, row.date].append(name)
        book.add(name, _ACQUIRES[row.kind], row.date, symbol, quantity=quantity, amount=cost, **order)
    elif row.kind is TransactionKind.SELL and quantity < 0:
        if row.amount is None:
            return f"the sale in {where} shows no amount"
        if held + quantity < 0:
            return f"{-quantity} sold on {row.date} ({where}), of which {held} are explained"
        method = "average" if symbol in book.average else None
        sold: dict[str, object] = {"quantity": -quantity, "amount": row.amount, "method": method}
        if row.lot_acquired is not None:
            lots = book.bought[symbol, row.lot_acquired]
            if len(lots) != 1:
                many = f"{len(lots)} purchases are" if lots else "no purchase is"
                return f"the sale in {where} names a lot of {row.lot_acquired}, and {many} of that day"
            sold["lots"] = ((lots[0], -quantity),)
        book.add(f"{name}:sale", EventKind.SELL, row.date, symbol, **sold, **order)
    elif row.kind is TransactionKind.SPLIT and held > 0 and held + quantity > 0:
        ratio = Fraction(held + quantity) / Fraction(held)
        book.add(f"{name}:split", EventKind.SPLIT, row.date, symbol, ratio=ratio)
    elif id(row) in between and row.kind is TransactionKind.TRANSFER_OUT and held + quantity >= 0:
        to = between[id(row)]
        book.add(f"{name}:transfer", EventKind.TRANSFER, row.date, symbol, quantity=-quantity, to_account=to)
    elif id(row) in between and row.kind is TransactionKind.TRANSFER_IN:
        book.sources.add(between[id(row)])
    else:
        what = f'"{row.action or row.kind}" of {quantity} on {row.date} ({where}) brings no lot dates'
        if row.kind in (TransactionKind.OTHER, TransactionKind.SPLIT):
            what += (
                f'; say what it was in dicli.toml, like [[corporate_actions]] kind = "split", symbol = "{symbol}", '
                f'date = {row.date}, ratio = "2/1"'
            )
        return what
    book.held[symbol] += quantity
    return None


def _act(book: _Book, action: CorporateAction, lieu: Sequence[Transaction]) -> str | None:
    """Apply a stated corporate action to what is held; what cannot be done with it, if anything."""
    held = book.held[action.symbol]
    if not held:
        return None
    name = f"{book.account}:{action.symbol}:{action.date}:{action.kind}"
    ratio = action.ratio if action.ratio is not None else Fraction(1)
    after = Decimal((held * ratio.numerator) / ratio.denominator)
    if action.kind == "split":
        book.add(name, EventKind.SPLIT, action.date, action.symbol, ratio=ratio)
        book.held[action.symbol] = after
        got = action.symbol
    elif action.kind in ("rename", "merger") and action.new_symbol:
        if action.cash_per_share:
            return f"the merger of {action.symbol} on {action.date} paid cash too, whose gain dicli does not reckon"
        book.add(name, EventKind.MERGER, action.date, action.symbol, new_symbol=action.new_symbol, ratio=ratio)
        book.held[action.symbol] = Decimal(0)
        book.held[action.new_symbol] += after
        got = action.new_symbol
    elif action.kind == "spinoff" and action.new_symbol:
        part = action.basis_fraction
        book.add(
            name,
            EventKind.SPINOFF,
            action.date,
            action.symbol,
            new_symbol=action.new_symbol,
            ratio=ratio,
            basis_fraction=part,
        )
        book.held[action.new_symbol] += after
        got = action.new_symbol
    else:
        book.add(name, EventKind.ROC, action.date, action.symbol, per_share=action.cash_per_share)
        return None
    _cash_in_lieu(book, got, action.date, lieu)
    return None


def _cash_in_lieu(book: _Book, symbol: str, day: dt.date, lieu: Sequence[Transaction]) -> None:
    """Cash for the fraction of a share that an action left over is a sale of that fraction (R-SPINOFF)."""
    fraction = book.held[symbol] % 1
    paid = [t for t in lieu if t.symbol == symbol and day <= t.date <= day + dt.timedelta(days=45)]
    if fraction and len(paid) == 1:
        name = f"{book.account}:{symbol}:{day}:lieu"
        book.add(name, EventKind.SELL, paid[0].date, symbol, quantity=fraction, amount=paid[0].amount)
        book.held[symbol] -= fraction


def disposals(transactions: Iterable[Transaction]) -> list[Transaction]:
    return [t for t in transactions if t.kind is TransactionKind.SELL]


def purchases(transactions: Iterable[Transaction]) -> list[Transaction]:
    return [t for t in moves(transactions) if t.kind in _ACQUIRES]
