"""From the optimizer's weights to trades in shares and dollars: exact, and never more than there is.

This is the way out of float64: quantities are quantised to what the account can trade, values to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal

import numpy as np

from dicli.model import Lot, Side
from dicli.plan.account import Sleeve
from dicli.plan.problem import Solution
from dicli.plan.universe import Universe

CENT = Decimal("0.01")
FRACTIONAL = Decimal("0.001")
"""The finest step that every broker with fractional shares takes (Fidelity; the others go finer)."""
WHOLE = Decimal(1)
_NEARLY_ALL = 1.0 - 1e-6  # a lot sold but for less than this is sold outright


@dataclass(frozen=True, slots=True)
class Draft:
    """A trade before its taxes and reasons are known: `lot` for a sale, None for a purchase."""

    side: Side
    symbol: str
    quantity: Decimal
    price: Decimal
    lot: Lot | None

    @property
    def value(self) -> Decimal:
        """Dollars to the cent, positive."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_EVEN)


def drafts(
    solution: Solution,
    sleeve: Sleeve,
    universe: Universe,
    prices: Mapping[str, Decimal],
    *,
    whole: float,
    cash: Decimal,
) -> list[Draft]:
    """The trades of one account, sales first, in universe order; cash after them is never below zero.

    Raises ArithmeticError if the plan asks for more than a lot holds by more than rounding: a bug, not an input.
    """
    quantum = FRACTIONAL if sleeve.account.fractional else WHOLE
    out: list[Draft] = []
    for symbol, sold in _sold_by_name(solution, sleeve, universe, prices, whole).items():
        out += _sales(symbol, sold, sleeve, prices[symbol])
    buys = []
    for at, symbol in enumerate(universe.symbols):
        if solution.trade[at] > 0.0:
            exact = Decimal(repr(float(solution.trade[at]) * whole)) / prices[symbol]
            # whole-share plans are whole already, but for the last bits of a float
            quantity = exact.quantize(quantum, ROUND_DOWN if sleeve.account.fractional else ROUND_HALF_EVEN)
            if quantity > 0:
                buys.append(Draft(Side.BUY, symbol, quantity, prices[symbol], None))
    spare = cash + sum((d.value for d in out), Decimal(0)) - sum((d.value for d in buys), Decimal(0))
    return out + _affordable(buys, spare, quantum)


def _sold_by_name(
    solution: Solution, sleeve: Sleeve, universe: Universe, prices: Mapping[str, Decimal], whole: float
) -> dict[str, list[tuple[Lot, Decimal]]]:
    """By symbol, in universe order: its lots with a sale and the share of each that goes (0 … 1), most first."""
    found: dict[str, list[tuple[Lot, Decimal]]] = {}
    for at in np.flatnonzero(solution.lot_sale > 0.0):
        lot = sleeve.lots[at]
        share = float(solution.lot_sale[at]) * whole / (float(lot.quantity) * float(prices[lot.symbol]))
        exact = Decimal(1) if share >= _NEARLY_ALL else Decimal(repr(share))
        found.setdefault(lot.symbol, []).append((lot, exact))
    return {s: sorted(found[s], key=lambda sold: -sold[1]) for s in universe.symbols if s in found}


def _sales(symbol: str, sold: Sequence[tuple[Lot, Decimal]], sleeve: Sleeve, price: Decimal) -> list[Draft]:
    lots = [lot for lot in sleeve.lots if lot.symbol == symbol]
    exit_all = len(sold) == len(lots) and all(share == 1 for _, share in sold)
    if sleeve.account.fractional or exit_all:
        amounts = [
            lot.quantity if share == 1 else (share * lot.quantity).quantize(FRACTIONAL, ROUND_DOWN)
            for lot, share in sold
        ]
    else:
        # whole shares are sold, out of lots that may hold fractions: the total is what must be whole
        rest = sum((share * lot.quantity for lot, share in sold), Decimal(0)).quantize(WHOLE, ROUND_HALF_EVEN)
        amounts = []
        for lot, _ in sold:
            amounts.append(min(rest, lot.quantity))
            rest -= amounts[-1]
    return [
        Draft(Side.SELL, symbol, quantity, price, lot)
        for (lot, _), quantity in zip(sold, amounts, strict=True)
        if quantity > 0
    ]


def _affordable(buys: list[Draft], spare: Decimal, quantum: Decimal) -> list[Draft]:
    """The purchases, the largest cut back by what rounding overspent, so that `spare` cash is not below zero."""
    while spare < 0 and buys:
        at = max(range(len(buys)), key=lambda i: buys[i].value)
        largest = buys[at]
        cut = (-spare / largest.price / quantum).to_integral_value(ROUND_UP) * quantum
        less = replace(largest, quantity=max(largest.quantity - cut, Decimal(0)))
        spare += largest.value - less.value
        buys = [less if i == at else draft for i, draft in enumerate(buys)]
        buys = [draft for draft in buys if draft.quantity > 0]
    return buys
