"""What was traded between two days, by the household's files: fills by name, and which lots were sold."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.model import Side, TransactionKind

_SIDES = {
    TransactionKind.BUY: Side.BUY,
    TransactionKind.REINVEST: Side.BUY,
    TransactionKind.SELL: Side.SELL,
}
Name = tuple[str, Side, str]
"""Account, side and symbol."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `gross` is shares × price in dollars, before fees; None where no file tells. `fees` ≥ 0."""

    date: dt.date
    quantity: Decimal
    gross: Decimal | None
    fees: Decimal
    reinvested: bool = False


@dataclass(slots=True)
class SoldLot:
    """Shares of one acquisition date that were sold. `by` says who tells: a realised file, or a method's replay."""

    acquired: dt.date | None
    quantity: Decimal
    gain: Fraction | None
    by: str


@dataclass(frozen=True, slots=True)
class Traded:
    """Everything bought and sold in a span of days, by account, side and symbol, and the splits in it."""

    fills: dict[Name, list[Fill]]
    lots: dict[tuple[str, str], list[SoldLot]]
    splits: dict[tuple[str, str], dt.date]


def traded(household: Household, since: dt.date, until: dt.date) -> Traded:
    """From the histories; sales that only a realised file shows from there. Lots sold by the realised file where it
    has that day's sale, else by the account's own method.
    """
    fills: dict[Name, list[Fill]] = defaultdict(list)
    splits: dict[tuple[str, str], dt.date] = {}
    for t in household.transactions:
        if not since <= t.date <= until or t.symbol is None:
            continue
        if t.kind is TransactionKind.SPLIT:
            splits[t.account, t.symbol] = t.date
        if t.kind in _SIDES and t.quantity:
            side, fees = _SIDES[t.kind], abs(t.fees or Decimal(0))
            gross = None
            if t.amount is not None:
                gross = abs(t.amount) - fees if side is Side.BUY else abs(t.amount) + fees
            elif t.price is not None:
                gross = abs(t.quantity) * t.price
            reinvested = t.kind is TransactionKind.REINVEST
            fills[t.account, side, t.symbol].append(Fill(t.date, abs(t.quantity), gross, fees, reinvested))
    told: dict[tuple[str, str, dt.date], list[SoldLot]] = defaultdict(list)
    shown: dict[tuple[str, str, dt.date], list[Fill]] = defaultdict(list)
    for sale in household.reported:
        if since <= sale.sold <= until:
            gain = None if sale.gain is None else Fraction(sale.gain)
            key = (sale.account, sale.symbol, sale.sold)
            told[key].append(SoldLot(sale.acquired, sale.quantity, gain, "the realised file"))
            shown[key].append(Fill(sale.sold, sale.quantity, sale.proceeds, Decimal(0)))
    days = {(account, symbol, fill.date) for (account, side, symbol), its in fills.items()
            if side is Side.SELL for fill in its}  # fmt: skip
    for (account, symbol, day), its in shown.items():
        if (account, symbol, day) not in days:
            fills[account, Side.SELL, symbol] += its
    for sale in household.sales:
        key = (sale.account, sale.symbol, sale.sold)
        if since <= sale.sold <= until and key not in shown:
            gain = None if sale.gain is None else Fraction(sale.gain)
            by = f"the account's method ({household.account(sale.account).lot_method})"
            told[key].append(SoldLot(sale.acquired, sale.quantity, gain, by))
    lots: dict[tuple[str, str], list[SoldLot]] = defaultdict(list)
    for (account, symbol, _), sold in sorted(told.items(), key=lambda one: one[0]):
        lots[account, symbol] += sold
    return Traded(dict(fills), dict(lots), splits)
