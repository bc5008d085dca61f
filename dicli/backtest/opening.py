"""What a replay starts with: cash, the user's own lots, or the index fund that they leave for direct indexing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from dicli.backtest.book import CENT
from dicli.backtest.panel import Panel
from dicli.backtest.schedule import years_later
from dicli.errors import Fault, InputError, PreferencesError
from dicli.household import Household
from dicli.model import Account
from dicli.preferences import Preferences
from dicli.tax.ledger import Event, EventKind


@dataclass(frozen=True, slots=True)
class Opening:
    """`purchases`: an event for every open sub-lot, oldest first, with its dates, basis and wash adjustment. `cash` in
    dollars. `left_out`: what of the account is not replayed, and why. `leaving`: the sale of the fund with the money
    in it, and the dollars sold.
    """

    purchases: tuple[Event, ...]
    cash: Decimal
    left_out: tuple[str, ...] = ()
    leaving: tuple[Event, Decimal] | None = None


FUND = "FUND"
"""The index fund's symbol in the books."""


def in_cash(preferences: Preferences, account: Account, day: dt.date) -> Opening:
    """[backtest] initial, on `day`. With fund_gain the money is in the index fund until then, one lot of two years with
    so much gain: it is sold for its value less the half spread. Raises PreferencesError where the amount is not stated.
    """
    wanted = preferences.backtest
    if wanted.initial is None:
        raise PreferencesError(
            Fault("[backtest] initial", "is not there", "Say with how many dollars the backtest starts.")
        )
    if not wanted.fund_gain:
        return Opening((), wanted.initial)
    basis = wanted.initial - wanted.fund_gain
    bought = Event("own:fund", EventKind.BUY, years_later(day, -2), account.name, FUND, 1, basis)
    cost = (wanted.initial * preferences.costs.of(FUND)).quantize(CENT, ROUND_HALF_EVEN)
    sold = Event("own:fund:sold", EventKind.SELL, day, account.name, FUND, 1, wanted.initial - cost)
    return Opening((bought,), Decimal(0), leaving=(sold, wanted.initial))


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
