"""Which purchase replaces a share sold at a loss, and what that does to both (IRC 1091)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from dicli.model import AccountKind
from dicli.tax.books import Match
from dicli.tax.corporate import carried
from dicli.tax.lots import Lot, Origin, Piece, trim

if TYPE_CHECKING:
    from dicli.tax.engine import FamilyBook, Pick, Row

WINDOW = 30
ONE = Fraction(1)


class Closed(NamedTuple):
    """Shares already sold, kept only under `sold_before = included`; `row` is None for a sale inside an IRA."""

    piece: Piece
    row: Row | None
    lot: Lot


def origins(book: FamilyBook, pick: Pick, sold: Piece, day: int) -> Iterator[tuple[Origin, Fraction]]:
    """Purchases that may replace shares of `pick` sold on `day`, earliest first (R-MATCH), each with the number of
    sold shares that one of its shares counts for (R-FRACTION).

    - R-WINDOW, R-ACTUAL: actually acquired within 30 days before or after, both inclusive.
    - R-ACQUIRED: `book.purchases` holds purchases, reinvestments and vests only.
    - R-SAMELOT: never shares of the lot (or order) being sold.
    - R-OLDER, R-CHAIN: literal unless the choices exclude shares bought earlier, or whose loss is carried.
    - R-IDENTICAL: the same security on the later of the two days, or one of its declared group.
    - R-SCOPE: any account of the household; R-BROKER: one account and one security.
    """
    choices, identical = book.rules.choices, book.rules.identical
    key, acquired, symbol = pick.lot.origin.key, pick.lot.origin.acquired, pick.lot.symbol
    by_account = choices.scope == "account"
    for origin in book.purchases_between(day - WINDOW, day + WINDOW):
        if origin.key == key or (not origin.lots and not origin.closed):
            continue
        if origin.acquired < acquired and choices.older_than_sold == "excluded":
            continue
        if origin.key in sold.ancestors and choices.ancestors == "excluded":
            continue
        became, ratio = symbol, ONE
        if not origin.opened and book.actions:
            became, ratio = carried(book.actions, symbol, book.now, origin.position)
        theirs = origin.lots[0].symbol if origin.lots else origin.closed[0].lot.symbol
        if became == theirs:
            yield origin, ONE if ratio == 1 else 1 / ratio
        elif identical and not by_account:
            ours, other = identical.get(became, (became, ONE)), identical.get(theirs, (theirs, ONE))
            if ours[0] == other[0]:
                yield origin, other[1] / (ours[1] * ratio)


def shares(book: FamilyBook, pick: Pick, origin: Origin) -> Iterator[tuple[Lot, Piece]]:
    """Unused shares of a purchase that are still held in R-ORDER order (R-SOLDBEFORE, R-ONEBITE)."""
    choices = book.rules.choices
    for lot in tuple(origin.lots):
        if choices.scope == "account" and lot.account != pick.lot.account:
            continue
        for piece in tuple(lot.pieces):
            if piece.replaced:
                continue
            closing = piece.closing
            if closing is not None and choices.closed_together == "excluded" and closing.together == pick.together:
                continue  # R-TOGETHER: shares closed by one order
            yield lot, piece


def match(book: FamilyBook, pick: Pick, sold: Piece, loss: Fraction, held_from: int, row: Row) -> None:
    """Match one piece's loss share for share; what finds no share stays allowed (R-MATCH).

    `held_from` is the sold shares' own holding date (of the gift, for a gift sold at a loss).
    """
    needed, left = sold.qty, loss
    for origin, unit in origins(book, pick, sold, pick.step.day):
        for lot, piece in shares(book, pick, origin):
            worth = piece.qty if unit is ONE else piece.qty * unit
            if worth >= needed:
                if worth != needed:
                    lot.divide(lot.pieces.index(piece), needed if unit is ONE else needed / unit)
                _disallow(book, pick, sold, held_from, row, lot, piece, needed, left)
                return
            dollars = trim(loss * worth / sold.qty)
            needed -= worth
            left -= dollars
            _disallow(book, pick, sold, held_from, row, lot, piece, worth, dollars)
        for closed in tuple(origin.closed):
            if closed.piece.replaced or (
                book.rules.choices.scope == "account" and closed.lot.account != pick.lot.account
            ):
                continue
            worth = min(needed, closed.piece.qty * unit)
            if worth < closed.piece.qty * unit:
                origin.closed.append(closed._replace(piece=closed.piece.split(worth / unit)))
            dollars = left if worth == needed else trim(loss * worth / sold.qty)
            needed -= worth
            left -= dollars
            _push_back(book, pick, row, closed, worth, dollars)
            if not needed:
                return
    if row.allowed_loss_quantity:
        row.allowed_loss_quantity += needed
        row.allowed_loss += left
    else:
        row.allowed_loss_quantity, row.allowed_loss = needed, left


def _disallow(
    book: FamilyBook,
    pick: Pick,
    sold: Piece,
    held_from: int,
    row: Row,
    lot: Lot,
    piece: Piece,
    worth: Fraction,
    dollars: Fraction,
) -> None:
    """R-BASIS: the loss goes to the replacement shares' basis, with the holding period (R-TACK), on the matched shares
    only (R-PERSHARE). In an IRA it is lost for good (R-IRA). The shares are used up either way (R-ONEBITE).
    """
    accounts, choices = book.rules.accounts, book.rules.choices
    mine, theirs = accounts[pick.lot.account], accounts[lot.account]
    spouse = mine.owner is not theirs.owner
    permanent = not theirs.taxable or (spouse and choices.spouse == "permanent")
    rule = _rule(pick, sold, lot, piece, spouse=spouse)
    if not theirs.taxable:
        plan = theirs.kind not in (AccountKind.TRADITIONAL_IRA, AccountKind.ROTH_IRA)
        rule = "R-OTHERPLANS" if plan else "R-IRA"
        if plan:
            text = (
                f"A purchase in account {lot.account} ({theirs.kind}) is taken to wash this loss for good, as one in "
                "an IRA would; no ruling says so. The choice is tax.choices.other_plans."
            )
            book.note("R-OTHERPLANS", f"{pick.step.event.id}/{lot.origin.id}", text)
    _notice(book, pick, lot)
    book.match_count += 1
    piece.replaced = True
    piece.rank = book.match_count
    row.disallowed = row.disallowed + dollars if row.disallowed else dollars
    if permanent:
        row.permanent += dollars
    else:
        piece.basis = trim(piece.basis + dollars)
        piece.adjustment = trim(piece.adjustment + dollars) if piece.adjustment else dollars
        piece.ancestors = piece.ancestors | sold.ancestors | {pick.lot.origin.key}
        _tack(book, pick, sold, held_from, piece)
    acquired = dt.date.fromordinal(lot.origin.acquired)
    row.matches.append(
        Match(lot.origin.id, lot.account, lot.symbol, acquired, worth, piece.qty, dollars, permanent, rule)
    )


def _push_back(book: FamilyBook, pick: Pick, row: Row, closed: Closed, worth: Fraction, dollars: Fraction) -> None:
    """R-SOLDBEFORE, literal text: the loss goes into the basis of shares already sold. Their term stays as it was."""
    closed.piece.replaced = True
    permanent = closed.row is None
    row.disallowed += dollars
    if closed.row is None:
        row.permanent += dollars
    else:
        closed.row.basis += dollars
        closed.row.adjustment += dollars
    origin = closed.lot.origin
    row.matches.append(
        Match(
            origin.id,
            closed.lot.account,
            closed.lot.symbol,
            dt.date.fromordinal(origin.acquired),
            worth,
            closed.piece.qty,
            dollars,
            permanent,
            "R-SOLDBEFORE",
        )
    )


def _tack(book: FamilyBook, pick: Pick, sold: Piece, held_from: int, piece: Piece) -> None:
    """R-TACK: tack adds the days that the sold share was held; union counts overlapping days once; replace takes the
    old date as it is. All three are kept where they differ, for the warning.
    """
    day, before = pick.step.day, piece.dates or (piece.held_from,) * 3
    old = sold.dates if sold.dates is not None and held_from == sold.held_from else (held_from,) * 3
    dates = (
        before[0] - (day - old[0]),
        before[1] - (day - old[1]) + max(0, day - max(before[1], old[1])),
        old[2],
    )
    piece.dates = None if dates[0] == dates[1] == dates[2] else dates
    piece.held_from = dates[("tack", "union", "replace").index(book.rules.choices.holding_period)]


def _rule(pick: Pick, sold: Piece, lot: Lot, piece: Piece, *, spouse: bool) -> str:
    """The rule that an explanation names: the most particular one that made this purchase count."""
    if spouse:
        return "R-SPOUSE"
    if lot.account != pick.lot.account:
        return "R-SCOPE"
    if piece.closing is not None:
        return "R-TOGETHER"
    if lot.origin.key in sold.ancestors:
        return "R-CHAIN"
    if lot.origin.opened and lot.symbol != pick.lot.symbol:
        return "R-IDENTICAL"
    if lot.origin.acquired < pick.lot.origin.acquired:
        return "R-OLDER"
    return "R-WINDOW"


def _notice(book: FamilyBook, pick: Pick, lot: Lot) -> None:
    """R-SAMELOT: two purchases of one day without order ids may have been fills of one order: say so."""
    one, other = pick.lot.origin, lot.origin
    if one.acquired == other.acquired and lot.account == pick.lot.account and not (one.ordered and other.ordered):
        text = (
            f"{one.id} and {other.id} were bought on one day and the file shows no order ids: they are taken as two "
            "orders, which replace each other."
        )
        book.note("R-SAMELOT", f"{pick.step.event.id}/{other.id}", text)
