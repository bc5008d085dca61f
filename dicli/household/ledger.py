"""Decides, holding by holding, where its lots come from: a lot file, the history, or neither."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from dicli.household import closed, history
from dicli.household.files import Records
from dicli.household.reconcile import UNTOLD, tolerance
from dicli.model import Account, Lot, Position, Sale, Transaction
from dicli.preferences import CorporateAction
from dicli.tax.ledger import Event, EventKind

Holding = tuple[str, str]
"""Account name and symbol."""

_WINDOW = 30


@dataclass(frozen=True, slots=True)
class UnexplainedSale:
    """A recent sale in a taxable account whose lots are not known: it may have been a loss."""

    account: str
    symbol: str
    sold: dt.date


class Ledger:
    """The household's events for the tax engine, and beside them what the engine cannot know.

    A lot file is followed by the transactions after its date. Without one the history is replayed from zero, if it
    explains the position. With neither, a position becomes one lot of unknown date (`unknown`). `closed` are the
    broker's closed lots by the id of their sale, `no_basis` the ids of lots whose basis no file tells, `gaps` what
    keeps a history from being complete, by holding; `doubtful` the last purchase in holdings of which nothing tells
    what is left.
    """

    def __init__(self, records: Records, accounts: Sequence[Account], actions: Sequence[CorporateAction] = ()) -> None:
        self.events: list[Event] = []
        self.unknown: list[Lot] = []
        self.no_basis: set[str] = set()
        self.closed: dict[str, Sale] = {}
        self.gaps: dict[Holding, str] = {}
        self.doubtful: dict[Holding, dt.date] = {}
        self._unexplained: list[Transaction] = []
        self._taxable = {a.name for a in accounts if a.taxable}
        self._average = {a.name: a.average_basis for a in accounts}
        lots: dict[Holding, list[Lot]] = defaultdict(list)
        moves: dict[Holding, list[Transaction]] = defaultdict(list)
        sales: dict[Holding, list[Sale]] = defaultdict(list)
        for lot in records.lots:
            lots[lot.account, lot.symbol].append(lot)
        for row in records.transactions:
            if row.symbol is not None:
                moves[row.account, row.symbol].append(row)
        for sale in records.sales:
            sales[sale.account, sale.symbol].append(sale)
        positions = {(p.account, p.symbol): p for p in records.positions}
        counted = {position.account for position in records.positions}
        between = history.transfers(records.transactions)
        told: Told = {}
        for holding in sorted({*lots, *moves, *sales, *positions}):
            if holding in lots:
                stated = [action for action in actions if action.symbol == holding[1]]
                position = positions.get(holding)
                self._from_lots(holding, lots[holding], moves[holding], sales[holding], position, stated)
                continue
            account, symbol = holding
            family = _family(symbol, actions)
            if (account, family) not in told:
                rows = [row for name in family for row in moves.get((account, name), ())]
                stated = [action for action in actions if action.symbol in family]
                told[account, family] = history.replay(
                    account, rows, actions=stated, between=between, average=self._average[account]
                )
        for (account, family), one in _without_source(told).items():
            explained = one.gap is None and one.moves > 0
            for symbol in family:
                position = positions.get((account, symbol))
                held = position.quantity if position is not None else Decimal(0) if account in counted else None
                total = one.quantity.get(symbol, Decimal(0))
                explained = explained and (held is None or abs(total - held) <= tolerance(one.moves))
            if explained:
                self.events += one.events
                self.no_basis |= one.no_basis
                continue
            for symbol in family:
                holding = (account, symbol)
                if holding in moves or holding in sales or holding in positions:
                    rows = moves.get(holding, [])
                    self._unexplained_holding(holding, one, rows, sales.get(holding, []), positions.get(holding))

    def unexplained(self, as_of: dt.date) -> tuple[UnexplainedSale, ...]:
        """The taxable sales of the last 30 days whose gain or loss no file tells."""
        return tuple(
            UnexplainedSale(row.account, row.symbol or "", row.date)
            for row in self._unexplained
            if row.account in self._taxable and (as_of - row.date).days <= _WINDOW
        )

    def _from_lots(
        self,
        holding: Holding,
        lots: Sequence[Lot],
        moves: Sequence[Transaction],
        sales: Sequence[Sale],
        position: Position | None,
        actions: Sequence[CorporateAction],
    ) -> None:
        account, symbol = holding
        snapshot = lots[0].as_of or (position.as_of if position is not None else None)
        purchases: list[Event] = []
        for number, lot in enumerate(lots, start=1):
            if lot.acquired is None:
                self.unknown.append(replace(lot, id=f"{account}:{symbol}:unknown:{number}"))
                continue
            name = f"{account}:{symbol}:{lot.acquired}:{number}"
            if lot.basis is None:
                self.no_basis.add(name)
            purchases.append(
                Event(
                    name,
                    EventKind.BUY,
                    lot.acquired,
                    account,
                    symbol,
                    lot.quantity,
                    lot.basis or Decimal(0),
                    holding_from=lot.holding_from if lot.holding_from != lot.acquired else None,
                    adjustment=lot.disallowed,
                )
            )
        held = sum((lot.quantity for lot in lots), Decimal(0))
        later = [row for row in moves if snapshot is not None and row.date > snapshot]
        earlier = [row for row in moves if snapshot is None or row.date <= snapshot]
        settled = [sale for sale in sales if snapshot is None or sale.sold <= snapshot]
        self._close(settled, purchases)
        since = [action for action in actions if snapshot is not None and action.date > snapshot]
        average = self._average[account]
        after = history.replay(account, later, opening={symbol: held}, actions=since, average=average)
        before = history.replay(account, earlier, actions=[action for action in actions if action not in since])
        bought = before.quantity.get(symbol, Decimal(0))
        if after.gap is not None:
            self.gaps[holding] = after.gap
        elif before.gap is None and bought > held + tolerance(before.moves):
            self.gaps[holding] = f"the history alone comes to {bought} by {snapshot or 'its end'}"
        self.events += [replace(event, id=f"{event.id}:later") for event in after.events]
        self._note_unexplained(earlier, settled)

    def _unexplained_holding(
        self,
        holding: Holding,
        told: history.History,
        moves: Sequence[Transaction],
        sales: Sequence[Sale],
        position: Position | None,
    ) -> None:
        """Neither a lot file nor a history that explains what is held.

        What the history says was bought is dated all the same, the newest first, as far as the position reaches: it
        counts for wash sales elsewhere (R-SCOPE). The older rest is one lot of unknown date.
        """
        account, symbol = holding
        if account in self._taxable and position is not None and told.moves:
            total = told.quantity.get(symbol, Decimal(0))
            short = (
                f"the history comes to {total}: it does not reach back far enough; "
                "add its lots in a file symbol,quantity,acquired,cost_basis"
            )
            self.gaps[holding] = told.gap or short
        known = Decimal(0)
        bought = history.purchases(moves)
        for number, row in enumerate(reversed(bought), start=1):
            whole = row.quantity or Decimal(0)
            quantity = min(whole, position.quantity - known) if position is not None else Decimal(0)
            if quantity <= 0:
                continue
            name = f"{account}:{symbol}:{row.date}:{number}:bought"
            if row.amount is None:
                self.no_basis.add(name)
            cost = abs(row.amount or Decimal(0)) * quantity / whole
            self.events.append(Event(name, EventKind.BUY, row.date, account, symbol, quantity, cost))
            known += quantity
        if bought and position is None:
            self.doubtful[holding] = bought[-1].date
        self._close(sales, [])
        self._note_unexplained(moves, sales)
        if position is not None and position.quantity > known:
            self.unknown.append(_unknown_lot(position, position.quantity - known))

    def _close(self, sales: Sequence[Sale], purchases: Sequence[Event]) -> None:
        for number, sale in enumerate(sales, start=1):
            self.closed[closed.sale_id(sale, number)] = sale
            self.events += closed.events(sale, number)
        self.events += closed.mark_used(purchases, sales)

    def _note_unexplained(self, moves: Sequence[Transaction], sales: Sequence[Sale]) -> None:
        told = {sale.sold for sale in sales}
        self._unexplained += [row for row in history.disposals(moves) if row.date not in told]


def _family(symbol: str, actions: Sequence[CorporateAction]) -> tuple[str, ...]:
    """The symbols that renames, mergers and spin-offs join with this one, itself included."""
    found = {symbol}
    grown = True
    while grown:
        joined = {
            name
            for action in actions
            if action.new_symbol is not None and found & {action.symbol, action.new_symbol}
            for name in (action.symbol, action.new_symbol)
        }
        grown = not joined <= found
        found |= joined
    return tuple(sorted(found))


Told = dict[tuple[str, tuple[str, ...]], history.History]
"""By account and family of symbols."""


def _without_source(told: Told) -> Told:
    """Shares that came by transfer have dates only if the account that they came from has its history whole."""
    out = dict(told)
    changed = True
    while changed:
        changed = False
        for (account, family), one in list(out.items()):
            lacking = [
                source
                for source in sorted(one.sources)
                if (there := out.get((source, family))) is None or there.gap is not None
            ]
            if lacking and one.gap is None:
                why = f"shares came by transfer from {lacking[0]}, whose history does not tell their dates"
                out[account, family] = replace(one, gap=why)
                changed = True
    return out


def _unknown_lot(position: Position, quantity: Decimal) -> Lot:
    basis = None
    if position.basis is not None and position.quantity:
        basis = position.basis * quantity / position.quantity
    return Lot(
        account=position.account,
        symbol=position.symbol,
        quantity=quantity,
        acquired=None,
        holding_from=None,
        basis=basis,
        id=f"{position.account}:{position.symbol}{UNTOLD}",
        price=position.price,
        as_of=position.as_of,
        source=position.source,
    )
