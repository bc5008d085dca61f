"""What the files tell of one account over the days of its history: its rows, and what it holds at their end."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.household import Household
from dicli.household.history import CASH_ONLY
from dicli.model import Account, Transaction, TransactionKind
from dicli.preferences import CorporateAction
from dicli.tax.prepare import exact

_K = TransactionKind
TRANSFERS = {_K.TRANSFER_IN, _K.TRANSFER_OUT}


@dataclass(frozen=True, slots=True)
class Record:
    """What the files tell of an account from `first` to `last`: `rows`, oldest first, and what it held on the evening
    of `counted` (None: after all rows), shares by symbol and `cash` (None: no file tells).
    """

    account: Account
    first: dt.date
    last: dt.date
    rows: tuple[Transaction, ...]
    held: Mapping[str, Fraction]
    cash: Decimal | None
    counted: dt.date | None

    def symbols(self, actions: Sequence[CorporateAction] = ()) -> set[str]:
        """All that it may have held, what corporate actions made of it or made it of included."""
        found = {*self.held, *(row.symbol for row in self.rows if row.symbol and moves(row))}
        for action in reversed(actions):
            names = {name for name in (action.symbol, action.new_symbol) if name}
            found |= names if names & found else set()
        return found


def record(household: Household, name: str, start: dt.date | None = None) -> Record:
    """The history of an account, from `start` on where that is later. Raises InputError where no file tells one."""
    account = household.account(name)
    if name not in household.coverage:
        raise InputError(
            Fault(f'account "{name}"', "no file tells its history", "Add its transactions to broker_files.")
        )
    first, last = household.coverage[name]
    positions = [position for position in household.positions if position.account == name]
    days = [position.as_of for position in positions if position.as_of is not None]
    counted = max(days, default=None)
    last = min(max(last, counted or last), household.as_of)
    first = max(first, start or first)
    if first > last:
        if start is not None and start == first:
            raise InputError(
                Fault("--start", f'{start} is after the history of "{name}", which ends on {last}', "Start earlier.")
            )
        what = f"its history begins on {first}, after --as-of {household.as_of}"
        raise InputError(Fault(f'account "{name}"', what, "Look from that day or later."))
    rows = tuple(row for row in household.transactions if row.account == name and first <= row.date <= last)
    held: dict[str, Fraction] = defaultdict(Fraction)
    for position in positions:
        held[position.symbol] += exact(position.quantity)
    if not positions:
        held = _without_positions(household, name, rows)
    return Record(account, first, last, rows, held, household.cash.get(name), counted)


def _without_positions(household: Household, name: str, rows: Sequence[Transaction]) -> dict[str, Fraction]:
    """What an account holds of which no file counts the shares: its lots, or else what its history leaves."""
    lots: dict[str, Fraction] = defaultdict(Fraction)
    for lot in household.lots:
        if lot.account == name:
            lots[lot.symbol] += exact(lot.quantity)
    left: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        if row.symbol and moves(row):
            left[row.symbol] += exact(row.quantity or 0)
    return {symbol: max(quantity, Fraction(0)) for symbol, quantity in left.items()} | lots


def moves(row: Transaction) -> bool:
    """Whether the row moves shares: a dividend's quantity says only on how many it was paid."""
    return bool(row.quantity) and row.kind not in CASH_ONLY


def cash_of(row: Transaction) -> Decimal:
    """What the row moves of the account's cash; the amount of a transfer of shares is what they were worth."""
    return Decimal(0) if row.amount is None or (row.kind in TRANSFERS and row.quantity) else row.amount
