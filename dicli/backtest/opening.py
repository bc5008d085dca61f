"""The user's own lots as a start: what the first managed account holds on the day before the first trade."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from dicli.backtest.panel import Panel
from dicli.errors import Fault, InputError
from dicli.household import Household
from dicli.model import Account
from dicli.tax.ledger import Event, EventKind


@dataclass(frozen=True, slots=True)
class Opening:
    """`purchases`: an event for every open sub-lot, oldest first, with its dates, basis and wash adjustment. `cash` in
    dollars. `left_out`: what of the account is not replayed, and why.
    """

    purchases: tuple[Event, ...]
    cash: Decimal
    left_out: tuple[str, ...] = ()


def own_lots(household: Household, account: Account, panel: Panel, t: int) -> Opening:
    """What `account` holds, for a replay from session t on; the household is to be one of that day.

    Names without a price in the panel, and those on which files disagree, are left out and named. Raises InputError
    with every lot whose date or basis no file tells, and where nothing is left.
    """
    day = panel.dates[t]
    mine = [lot for lot in household.lots if lot.account == account.name]
    priced = np.isfinite(panel.last_close(t)) & ~panel.gone(t)
    known = {symbol for at, symbol in enumerate(panel.symbols) if priced[at]}
    unsettled = household.unsettled(account.name)
    left_out = [f"{symbol} is left out: {why}" for symbol, why in unsettled.items()]
    without = sorted({lot.symbol for lot in mine} - known - set(unsettled))
    if without:
        left_out.append(f"left out, for they have no price on {day}: {', '.join(without)}")
    kept = known - set(unsettled)
    faults = [
        Fault(
            f"{account.name}, {lot.symbol}",
            f"a lot of {lot.quantity} shares has no {'date' if lot.acquired is None else 'basis'}",
            "Add its lots in a file symbol,quantity,acquired,cost_basis, or start with cash: --initial.",
        )
        for lot in mine
        if lot.symbol in kept and (lot.acquired is None or lot.basis is None)
    ]
    if faults:
        raise InputError(faults)
    purchases = tuple(
        Event(
            f"own:{number}:{lot.lot}",
            EventKind.BUY,
            lot.acquired,
            account.name,
            lot.symbol,
            lot.quantity,
            lot.basis,
            holding_from=lot.held_from if lot.held_from != lot.acquired else None,
            adjustment=lot.adjustment or None,
            replaced=lot.quantity if lot.replaced else None,
            order_id=lot.lot,  # sub-lots of one purchase do not replace each other (R-SAMELOT)
        )
        for number, lot in enumerate(sorted(household.books.lots, key=lambda lot: lot.acquired), start=1)
        if lot.account == account.name and lot.symbol in kept
    )
    cash = household.cash.get(account.name, Decimal(0))
    if not purchases and cash <= 0:
        raise InputError(
            Fault(
                f'account "{account.name}"',
                f"it holds nothing on {day} that can be replayed",
                "Start on a day on which it does, or with cash: --initial 1000000.",
            )
        )
    return Opening(purchases, cash, tuple(left_out))
