"""The lots that an account held on an evening in the past, out of those that it still holds and those sold since."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from dicli.backtest.panel import dollars
from dicli.household import Household
from dicli.performance.closes import Closes
from dicli.performance.rebuild import Walk
from dicli.performance.valuation import Prices
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact

_SAME = 0.001  # of a holding: how far lots may differ from it


class _Piece(NamedTuple):
    """A lot, or what was sold of one, with its shares on the footing of the opening."""

    acquired: dt.date
    holding_from: dt.date | None
    basis: Decimal
    shares: float


def lots_then(
    household: Household, name: str, start: int, closes: Closes, walked: Walk, prices: Prices
) -> tuple[tuple[Event, Fraction], ...] | None:
    """The lots that the account held on the evening of session `start`, each with what it was worth: those that are
    still open and those sold since. None where the files tell other quantities, or not all dates and bases.
    """
    day, T = closes.dates[start], len(closes.dates)
    places = {symbol: column for column, symbol in enumerate(closes.symbols)}
    pieces: dict[str, list[_Piece]] = defaultdict(list)
    found = [
        (lot.symbol, lot.acquired, lot.holding_from, lot.basis, lot.quantity, T - 1)
        for lot in household.lots
        if lot.account == name
    ]
    found += [
        (sale.symbol, sale.acquired, sale.acquired, sale.basis, sale.quantity, min(closes.place(sale.sold), T - 1))
        for sale in household.sales
        if sale.account == name and sale.sold > day
    ]
    for symbol, acquired, held_from, basis, quantity, k in found:
        if acquired is not None and acquired > day:
            continue
        if acquired is None or basis is None or symbol not in places:
            return None
        column = places[symbol]
        shares = float(quantity) * float(prices.footing[k, column] / prices.footing[start, column])
        pieces[symbol].append(_Piece(acquired, held_from, basis, shares))
    own: list[tuple[Event, Fraction]] = []
    for column in map(int, np.flatnonzero(walked.shares[start])):
        symbol, held = closes.symbols[column], float(walked.shares[start, column])
        whole = sum(piece.shares for piece in pieces[symbol])
        if abs(whole - held) > _SAME * held:
            return None
        worth = held * float(prices.each[start, column])
        for number, piece in enumerate(pieces[symbol]):
            early = piece.holding_from if piece.holding_from != piece.acquired else None
            bought = Event(
                f"own:{name}:{symbol}:{number}",
                EventKind.BUY,
                piece.acquired,
                name,
                symbol,
                exact(dollars(piece.shares)),
                piece.basis,
                holding_from=early,
            )
            own.append((bought, exact(dollars(worth * piece.shares / whole))))
    return tuple(sorted(own, key=lambda one: one[0].date))
