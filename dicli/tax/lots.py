"""Lots in an account, their sub-lots, and the orders in which a sale takes them.

A purchase (`Origin`) may lie in several accounts after a transfer: one `Lot` each. A wash match or a partial sale
splits a lot into `Piece`s, the sub-lots.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from dicli.tax.term import long_from_ordinal

UNMATCHED = 1 << 60  # the rank of shares that no match has touched: after all that one has (R-SUBLOT)
ZERO = Fraction(0)
_GRID = 10**60
_WIDE = 1 << 384


def trim(value: Fraction) -> Fraction:
    """The value itself; once its denominator is past 384 bits, the nearest multiple of 10⁻⁶⁰.

    A chain of hundreds of washes on odd quantities multiplies denominators without end, and time with them. Ordinary
    histories never come near (R-EXACT); beyond, what is cut is 10⁻⁵⁷ of the half cent that could change a result
    (R-CENT), and sums of cut values stay on the grid.
    """
    if value.denominator < _WIDE:
        return value
    return Fraction(round(value * _GRID), _GRID)


class Piece:
    """Shares of one lot with one basis per share and one holding date.

    `basis` is a total with `adjustment` (wash) inside. `dates`: the holding date under each R-TACK choice, where they
    differ. `ancestors`: keys of lots whose loss these shares carry (R-CHAIN). `closing`: the pick that disposes of it.
    """

    __slots__ = (
        "adjustment", "ancestors", "basis", "closing", "dates", "held_from", "loss_basis", "qty", "rank", "replaced",
    )  # fmt: skip

    def __init__(self, qty: Fraction, basis: Fraction, held_from: int) -> None:
        self.qty = qty
        self.basis = basis
        self.held_from = held_from
        self.adjustment = ZERO
        self.loss_basis: Fraction | None = None
        self.replaced = False
        self.closing: Any = None
        self.ancestors: frozenset[Any] = frozenset()
        self.dates: tuple[int, int, int] | None = None
        self.rank = UNMATCHED

    def copy(self) -> Piece:
        other = Piece.__new__(Piece)
        other.qty, other.basis, other.held_from = self.qty, self.basis, self.held_from
        other.adjustment, other.loss_basis, other.replaced = self.adjustment, self.loss_basis, self.replaced
        other.closing, other.ancestors, other.dates, other.rank = self.closing, self.ancestors, self.dates, self.rank
        return other

    def split(self, qty: Fraction) -> Piece:
        """Cut off the first `qty` shares; returns the rest as a new piece."""
        rest = self.copy()
        share = qty / self.qty
        rest.qty -= qty
        self.qty = qty
        self.basis = trim(self.basis * share)
        rest.basis = trim(rest.basis - self.basis)
        if self.adjustment:
            self.adjustment = trim(self.adjustment * share)
            rest.adjustment = trim(rest.adjustment - self.adjustment)
        if self.loss_basis is not None and rest.loss_basis is not None:
            self.loss_basis = trim(self.loss_basis * share)
            rest.loss_basis = rest.loss_basis - self.loss_basis
        return rest


class Origin:
    """One acquisition, wherever its shares now lie. `key` names the order (R-SAMELOT); `order` sorts FIFO.

    `opened`: the engine has come to its day; until then its shares are in the units of `position`, the purchase's
    place in the order of processing. `ordered`: its file gave an order id. `gifted`: day of the gift. `closed`: what
    was sold of it, kept only under `sold_before = included`.
    """

    __slots__ = (
        "acquired", "closed", "gifted", "id", "inherited", "key", "lots", "opened", "order", "ordered", "position",
    )  # fmt: skip

    def __init__(self, id_: str, key: Any, acquired: int, sequence: int) -> None:
        self.id = id_
        self.key = key
        self.acquired = acquired
        self.order = (acquired, sequence)
        self.position = sequence
        self.lots: list[Lot] = []
        self.closed: list[Any] = []
        self.opened = True
        self.ordered = False
        self.inherited = False
        self.gifted: int | None = None


class Lot:
    """The shares of one origin that lie in one account."""

    __slots__ = ("account", "origin", "pieces", "symbol")

    def __init__(self, origin: Origin, account: str, symbol: str, pieces: list[Piece]) -> None:
        self.origin = origin
        self.account = account
        self.symbol = symbol
        self.pieces = pieces

    def divide(self, index: int, qty: Fraction) -> Piece:
        """Cut the piece at `index` to `qty` shares, the rest following it; returns the cut piece."""
        piece = self.pieces[index]
        if qty != piece.qty:
            self.pieces.insert(index + 1, piece.split(qty))
        return piece


def fifo_key(lot: Lot) -> tuple[int, int]:
    """R-FIFO: actual acquisition date, then input order."""
    return lot.origin.order


Held = dict[tuple[str, str], list[Lot]]


def hold(held: Held, lot: Lot) -> None:
    """Put a lot among those of its account and symbol, earliest acquired first (R-FIFO, account by account)."""
    lots = held.setdefault((lot.account, lot.symbol), [])
    if lots and fifo_key(lots[-1]) > fifo_key(lot):
        insort(lots, lot, key=fifo_key)
    else:
        lots.append(lot)


def _free(lots: list[Lot]) -> Iterator[tuple[Lot, Piece]]:
    for lot in lots:
        for piece in lot.pieces:
            if piece.closing is None:
                yield lot, piece


def _fifo(lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]) -> Iterator[tuple[Lot, Piece]]:
    """R-FIFO, sub-lots by R-SUBLOT."""
    return _free(lots)


def _lifo(lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]) -> Iterator[tuple[Lot, Piece]]:
    """Latest acquired first (R-STANDING), sub-lots by R-SUBLOT."""
    return _free(lots[::-1])


def _hifo(lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]) -> list[tuple[Lot, Piece]]:
    """Highest adjusted basis per share first, ties by FIFO (R-HIFO)."""
    return sorted(_free(lots), key=lambda pair: -pair[1].basis / pair[1].qty)


def _lofo(lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]) -> list[tuple[Lot, Piece]]:
    """Lowest adjusted basis per share first, ties by FIFO (R-HIFO)."""
    return sorted(_free(lots), key=lambda pair: pair[1].basis / pair[1].qty)


def _lowest_tax(
    lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]
) -> list[tuple[Lot, Piece]]:
    """Least tax per share today first: gain per share times its term's rate, ties by FIFO (R-STANDING).

    Between a gift's two bases there is no gain (R-GIFT). Washes that this sale may set off are not weighed.
    """
    short, long = rates

    def tax(pair: tuple[Lot, Piece]) -> Fraction:
        lot, piece = pair
        basis, held_from, value = piece.basis, piece.held_from, price * piece.qty
        if piece.loss_basis is not None and value < basis:
            if value >= piece.loss_basis:
                return Fraction(0)
            basis, held_from = piece.loss_basis, lot.origin.gifted or held_from
        is_long = lot.origin.inherited or day >= long_from_ordinal(held_from)
        return (value - basis) / piece.qty * (long if is_long else short)

    return sorted(_free(lots), key=tax)


def _average(lots: list[Lot], price: Fraction, day: int, rates: tuple[Fraction, Fraction]) -> list[tuple[Lot, Piece]]:
    """R-AVERAGE: all identical shares of the account get the average basis; holding periods still run FIFO."""
    pairs = list(_free(lots))
    shares = sum((piece.qty for _, piece in pairs), Fraction(0))
    basis = sum((piece.basis for _, piece in pairs), Fraction(0))
    left = basis
    for place, (_, piece) in enumerate(pairs):
        piece.basis = left if place == len(pairs) - 1 else trim(basis * piece.qty / shares)
        left -= piece.basis
    return pairs


Ordering = Callable[[list[Lot], Fraction, int, tuple[Fraction, Fraction]], Iterable[tuple[Lot, Piece]]]

ORDERINGS: dict[str, Ordering] = {
    "fifo": _fifo,
    "lifo": _lifo,
    "hifo": _hifo,
    "lofo": _lofo,
    "lowest_tax": _lowest_tax,
    "average": _average,
}
"""Standing orders (R-STANDING): (lots of one account and symbol, sale price per share, day, (short, long rate)) ->
free sub-lots in the order in which a sale takes them.
"""
