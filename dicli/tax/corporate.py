"""What happens to lots without a trade: splits, mergers, spin-offs, returns of capital, transfers.

None of these is an acquisition, so none of them can wash a loss (R-ACQUIRED).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from dicli.tax.ledger import EventKind
from dicli.tax.lots import Lot, Origin, Piece, hold, trim
from dicli.tax.prepare import Step

if TYPE_CHECKING:
    from dicli.tax.engine import FamilyBook

ONE = Fraction(1)


class Renaming(NamedTuple):
    """From `position` on, one share of `symbol` is `ratio` shares of `new_symbol` (a split keeps the symbol)."""

    position: int
    symbol: str
    new_symbol: str
    ratio: Fraction


def renamings(steps: Iterable[Step]) -> list[Renaming]:
    """Splits, mergers and renames in order. Brokers report one split once per account: it counts once a day."""
    seen: set[tuple[int, str, str, Fraction]] = set()
    found: list[Renaming] = []
    for step in steps:
        if step.kind in (EventKind.SPLIT, EventKind.MERGER):
            event = step.event
            new = (event.new_symbol or event.symbol) if step.kind is EventKind.MERGER else event.symbol
            ratio = Fraction(event.ratio or 1)
            if step.account and (step.day, event.symbol, new, ratio) in seen:
                continue
            seen.add((step.day, event.symbol, new, ratio))
            found.append(Renaming(step.position, event.symbol, new, ratio))
    return found


def carried(actions: list[Renaming], symbol: str, after: int, until: int) -> tuple[str, Fraction]:
    """What one share of `symbol` just after position `after` has become at position `until` (R-FRACTION, R-IDENTICAL:
    the same security through renames and splits).
    """
    ratio = ONE
    for action in actions:
        if after < action.position <= until and action.symbol == symbol:
            symbol, ratio = action.new_symbol, ratio * action.ratio
    return symbol, ratio


def _holding(book: FamilyBook, step: Step) -> Iterator[Lot]:
    """Open lots of the step's symbol, in all accounts or in the one that it names, earliest acquired first."""
    found = [
        lot
        for (account, symbol), lots in book.held.items()
        if symbol == step.symbol and step.account in ("", account)
        for lot in lots
    ]
    yield from sorted(found, key=lambda lot: lot.origin.order)


def split(book: FamilyBook, step: Step) -> None:
    """R-SPLIT: the basis of each lot spreads over its new shares; dates stay (IRC 305, 307, 1223(4))."""
    ratio = Fraction(step.event.ratio or 1)
    for lot in _holding(book, step):
        for piece in lot.pieces:
            piece.qty *= ratio


def merger(book: FamilyBook, step: Step) -> None:
    """R-MERGER: stock for stock, basis and dates carry over; a rename is one with ratio 1.

    With cash boot (`per_share` of the old stock, `fmv` of one new share): the gain is taxed up to the boot, no loss is
    recognised, and basis = old basis − boot + gain taxed (IRC 356, 358).
    """
    event = step.event
    ratio, symbol = Fraction(event.ratio or 1), event.new_symbol or event.symbol
    for lot in list(_holding(book, step)):
        for piece in lot.pieces:
            if event.per_share:
                boot = Fraction(event.per_share) * piece.qty
                gain = boot + Fraction(event.fmv or 0) * ratio * piece.qty - piece.basis
                taxed = min(boot, max(gain, Fraction(0)))
                book.income(step, lot, piece.held_from, boot, boot - taxed)
                piece.basis += taxed - boot
                if piece.loss_basis is not None:
                    piece.loss_basis += taxed - boot
            piece.qty *= ratio
        book.held[lot.account, lot.symbol].remove(lot)
        lot.symbol = symbol
        hold(book.held, lot)


def spinoff(book: FamilyBook, step: Step) -> None:
    """R-SPINOFF: each lot's basis is divided by the issuer's fraction; dates carry over (IRC 355, 358, 1.358-2).

    The new lot is called "EVENT:LOT".
    """
    event = step.event
    ratio, part = Fraction(event.ratio or 1), Fraction(event.basis_fraction or 0)
    born: dict[Origin, Origin] = {}
    for lot in list(_holding(book, step)):
        parent = lot.origin
        origin = born.get(parent)
        if origin is None:
            id_ = f"{event.id}:{parent.id}"
            origin = born[parent] = Origin(id_, id_, parent.acquired, book.sequence)
            origin.inherited, origin.gifted = parent.inherited, parent.gifted
            book.sequence += 1
            book.origins.append(origin)
        pieces = []
        for old in lot.pieces:
            piece = Piece(old.qty * ratio, trim(old.basis * part), old.held_from)
            old.basis -= piece.basis
            piece.adjustment = trim(old.adjustment * part)
            old.adjustment -= piece.adjustment
            if old.loss_basis is not None:
                piece.loss_basis = trim(old.loss_basis * part)
                old.loss_basis -= piece.loss_basis
            piece.dates, piece.rank = old.dates, old.rank
            pieces.append(piece)
        new = Lot(origin, lot.account, event.new_symbol or "", pieces)
        origin.lots.append(new)
        hold(book.held, new)


def return_of_capital(book: FamilyBook, step: Step) -> None:
    """R-ROC: each share's basis falls, not below zero; what is left over is gain by that share's term."""
    per_share = Fraction(step.event.per_share or 0)
    for lot in _holding(book, step):
        for piece in lot.pieces:
            paid = per_share * piece.qty
            excess = paid - piece.basis
            if excess > 0:
                book.income(step, lot, piece.held_from, excess, Fraction(0))
            piece.basis = max(Fraction(0), piece.basis - paid)
            piece.adjustment = min(piece.adjustment, piece.basis)
            if piece.loss_basis is not None:
                piece.loss_basis = max(Fraction(0), piece.loss_basis - paid)


def transfer(book: FamilyBook, step: Step, taken: list[tuple[Lot, Piece]]) -> None:
    """Shares move to another account of the household with basis, dates and flags (R-SPOUSEXFER between spouses)."""
    target = step.event.to_account or ""
    accounts = book.rules.accounts
    if accounts[step.account].taxable != accounts[target].taxable:
        text = (
            "Shares moved between a taxable account and a retirement plan keep basis and dates here; "
            "a distribution in kind takes the market value and that day instead."
        )
        book.note("R-IRA", step.event.id, text)
    for lot, piece in taken:
        lot.pieces.remove(piece)
        if not lot.pieces:
            book.held[lot.account, lot.symbol].remove(lot)
            lot.origin.lots.remove(lot)
        there = next((x for x in lot.origin.lots if x.account == target and x.symbol == lot.symbol), None)
        if there is None:
            there = Lot(lot.origin, target, lot.symbol, [])
            lot.origin.lots.append(there)
            lot.origin.lots.sort(key=lambda part: not accounts[part.account].taxable)  # as R-MATCH does for purchases
        if not there.pieces:
            hold(book.held, there)
        there.pieces.append(piece)
        there.pieces.sort(key=lambda piece: piece.rank)
