"""One family of identical or joined securities, event by event: lots in, lots out, losses matched on the way.

Days are taken in batches: all disposals of a day first name their shares, then are dealt with in the order of R-ORDER.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from dicli.errors import Fault, InputError
from dicli.model import AccountKind, Term
from dicli.tax import corporate, replace
from dicli.tax.books import Books, Match, Notice, OpenLot, Realized
from dicli.tax.ledger import Choices, EventKind, Method, TaxAccount
from dicli.tax.lots import ORDERINGS, Held, Lot, Origin, Piece, hold
from dicli.tax.prepare import ACQUISITIONS, CORPORATE, DISPOSALS, Step, exact, in_order, ordinal
from dicli.tax.term import long_from_ordinal

ZERO = Fraction(0)
HALF_A_CENT = Fraction(1, 200)
PLANS = frozenset({AccountKind.HSA, AccountKind.PLAN_401K})


@dataclass(frozen=True, slots=True)
class Rules:
    """What every family of one household shares."""

    accounts: Mapping[str, TaxAccount]
    choices: Choices
    identical: Mapping[str, tuple[str, Fraction]]
    methods: Mapping[str, Method]
    exempt: frozenset[str]
    through: int
    rates: tuple[Fraction, Fraction]

    def method(self, step: Step) -> Method:
        """The identification that counts: of this event, else the account's standing order (R-STANDING), else FIFO."""
        return step.event.method or self.methods.get(step.account, "fifo")

    def scanned(self, account: TaxAccount) -> bool:
        """Whether an account's purchases can wash a loss (R-SCOPE, R-OTHERPLANS)."""
        if account.kind in PLANS and self.choices.other_plans == "ignored":
            return False
        return account.scanned


@dataclass(slots=True, eq=False)
class Pick:
    """What one disposal takes from one lot: the pieces whose `closing` it is. `rank`: order in which it was named."""

    step: Step
    lot: Lot
    rank: int
    together: Any


@dataclass(slots=True)
class Row:
    """A realised row being added up: one sale, one lot, one term."""

    step: Step
    lot: Lot
    symbol: str
    term: Term
    held_from: int
    rank: tuple[int, tuple[int, int]]
    quantity: Fraction = ZERO
    proceeds: Fraction = ZERO
    basis: Fraction = ZERO
    adjustment: Fraction = ZERO
    disallowed: Fraction = ZERO
    permanent: Fraction = ZERO
    nondeductible: Fraction = ZERO
    allowed_loss_quantity: Fraction = ZERO
    allowed_loss: Fraction = ZERO
    matches: list[Match] = field(default_factory=list)


class FamilyBook:
    """The state of one family. `run()` takes it through its steps; `books()` reads the result."""

    def __init__(self, rules: Rules, steps: Iterable[Step]) -> None:
        self.rules = rules
        self.steps = in_order(list(steps))
        self.held: Held = {}
        self.origins: list[Origin] = []
        self.pending: list[Pick] = []
        self.deferred: list[Step] = []
        self.rows: dict[tuple[str, Origin, str, Term], Row] = {}
        self.notices: dict[tuple[str, str], Notice] = {}
        self.now = -1
        self.day = 0
        self.match_count = 0
        self.sequence = len(self.steps)
        self.actions = corporate.renamings(self.steps)
        self.opening: dict[int, Lot] = {}
        self.purchases: list[Origin] = []
        self.days: list[int] = []
        self.timed_days: set[int] = set()
        self._look_ahead()

    # -- before the first step ------------------------------------------------------------------------------------

    def _look_ahead(self) -> None:
        """Lay out every purchase in the order in which R-MATCH takes replacement shares.

        Earliest first; on one day by time where all have one, else taxable accounts before IRAs, then as listed.
        """
        untimed: set[int] = set()
        disposals: set[int] = set()
        sort: list[tuple[int, Step]] = []
        no_clock: set[int] = set()
        for step in self.steps:
            if step.kind in DISPOSALS:
                (untimed if step.clock is None else disposals).add(step.day)
            elif step.kind in ACQUISITIONS:
                self.opening[step.position] = self._bought(step)
                if self.rules.scanned(self.rules.accounts[step.account]):
                    sort.append((step.day, step))
                    if step.clock is None:
                        no_clock.add(step.day)
        self.timed_days = disposals - untimed
        accounts = self.rules.accounts

        def key(pair: tuple[int, Step]) -> tuple[Any, ...]:
            day, step = pair
            time = () if day in no_clock or step.clock is None else step.clock
            return day, time, not accounts[step.account].taxable, step.position

        sort.sort(key=key)
        self.purchases = [self.opening[step.position].origin for _, step in sort]
        self.days = [day for day, _ in sort]

    def _bought(self, step: Step) -> Lot:
        """The lot of a purchase, reinvestment or vest, not yet open (R-BASIS0). Fills of one order share a key."""
        event = step.event
        key: Any = event.id if event.order_id is None else (step.account, event.order_id)
        origin = Origin(event.id, key, step.day, step.position)
        origin.ordered = event.order_id is not None
        origin.opened = False
        piece = Piece(step.quantity, step.amount, ordinal(event.holding_from, step.day))
        if event.adjustment:
            piece.adjustment = exact(event.adjustment)
        lot = Lot(origin, step.account, step.symbol, [piece])
        if event.replaced:
            lot.divide(0, Fraction(event.replaced)).replaced = True
            lot.pieces[0].rank = 0
        origin.lots.append(lot)
        return lot

    # -- the pass -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Take every step. Raises InputError where more is disposed of than is held."""
        for step in self.steps:
            self.take(step)
        self.finish()

    def append(self, later: Iterable[Step]) -> None:
        """Take steps that come after all others, as if they had been there from the start: the next day of a replay.

        Raises ValueError for a step before the last one, or a purchase that would have replaced shares of a loss taken
        already: then the family is to be run anew. Purchases have no times.
        """
        found = list(later)
        loss = max((row.step.day for row in self.rows.values() if row.allowed_loss_quantity), default=-1)
        for step in found:
            if step.day < self.day or (step.kind in ACQUISITIONS and step.day <= loss + replace.WINDOW):
                raise ValueError(f"{step.event.id} cannot be appended")
            step.position = len(self.steps)
            self.steps.append(step)
            if step.kind in ACQUISITIONS:
                lot = self.opening[step.position] = self._bought(step)
                if self.rules.scanned(self.rules.accounts[step.account]):
                    self.purchases.append(lot.origin)
                    self.days.append(step.day)
        self.sequence = len(self.steps)
        if any(step.kind in CORPORATE for step in found):
            self.actions = corporate.renamings(self.steps)
        for step in found:
            self.take(step)
        self.finish()

    def take(self, step: Step) -> None:
        """Take one step; steps come in the order of `self.steps`."""
        if step.day != self.day:
            self.finish()
            self.day = step.day
        elif step.kind in CORPORATE:
            # Shares picked before a split are in old shares, so they are dealt with before it.
            self.settle()
        _HANDLERS[step.kind](self, step)
        self.now = step.position

    def finish(self) -> None:
        """The day is over: whatever waited for a later purchase of the day is due now."""
        waiting, self.deferred = self.deferred, []
        faults: list[Fault] = []
        for step in waiting:
            try:
                self._dispose_or_move(step, last=True)
            except InputError as error:
                faults += error.faults
        if faults:
            raise InputError(faults)
        self.settle()

    def settle(self) -> None:
        """Deal with the day's disposals in the order of R-ORDER.

        By time where every disposal of the day has one; else by original acquisition (actual date, then input order),
        or as listed under `same_day = listed`.
        """
        picks = self.pending
        if not picks:
            return
        self.pending = []
        if len(picks) > 1:
            if self.rules.choices.same_day == "listed":
                picks.sort(key=lambda pick: (pick.step.position, pick.rank))
            elif picks[0].step.day in self.timed_days:
                picks.sort(key=lambda pick: (pick.step.clock, pick.lot.origin.order, pick.step.position, pick.rank))
            else:
                picks.sort(key=lambda pick: (pick.lot.origin.order, pick.step.position, pick.rank))
        for pick in picks:
            self._close(pick)

    # -- what comes in --------------------------------------------------------------------------------------------

    def _open(self, step: Step) -> None:
        lot = self.opening.pop(step.position)
        lot.origin.opened = True
        self.origins.append(lot.origin)
        hold(self.held, lot)

    def _receive(self, step: Step) -> None:
        """A gift keeps the donor's basis and date (R-GIFT); an inheritance its value at death (R-INHERIT). Neither is
        an acquisition that could wash a loss (R-ACQUIRED).
        """
        event = step.event
        origin = Origin(event.id, event.id, step.day, step.position)
        piece = Piece(step.quantity, step.amount, ordinal(event.acquired or event.holding_from, step.day))
        if step.kind is EventKind.INHERIT:
            origin.inherited = True
        else:
            origin.gifted = step.day
            if event.fmv is None:
                self.note("R-GIFT", event.id, "Its value on the day of the gift is not given: a loss on it is reckoned "
                          "from the donor's basis, which is right only if the value was not lower.")  # fmt: skip
            elif Fraction(event.fmv) < step.amount:
                piece.loss_basis = Fraction(event.fmv)
            if event.acquired is None:
                self.note("R-GIFT", event.id, "The donor's date is not given: the holding period counts from the gift.")
        lot = Lot(origin, step.account, step.symbol, [piece])
        origin.lots.append(lot)
        self.origins.append(origin)
        hold(self.held, lot)

    # -- what goes out --------------------------------------------------------------------------------------------

    def _dispose_or_move(self, step: Step, *, last: bool = False) -> None:
        if step.clock is not None and step.day in self.timed_days and self.pending:
            before = self.pending[-1].step.clock
            if before is not None and before < step.clock:
                self.settle()
        taken = self._choose(step)
        if taken is None:
            # Rows of one day without times may be listed newest first: what is bought today may still come.
            if last or step.clock is not None:
                raise InputError(self._short(step))
            self.deferred.append(step)
            return
        if step.kind is EventKind.TRANSFER:
            corporate.transfer(self, step, taken)
            return
        if step.event.identified is not None:
            self._late(step)
        together = (step.account, step.event.order_id) if step.event.order_id else step.event.id
        picks: dict[Lot, Pick] = {}
        for lot, piece in taken:
            pick = picks.get(lot)
            if pick is None:
                pick = picks[lot] = Pick(step, lot, len(picks), together)
            piece.closing = pick
        self.pending += picks.values()

    def _choose(self, step: Step) -> list[tuple[Lot, Piece]] | None:
        """Name the shares (R-FIFO, R-SPECID, R-STANDING): pieces cut to size, or None if there are too few."""
        lots = self.held.get((step.account, step.symbol), [])
        if not step.event.lots:
            method = self.rules.method(step)
            if method == "lowest_tax" and step.kind is not EventKind.SELL:
                method = "fifo"  # nothing is taxed, so the least tax names no order
            return _cut(ORDERINGS[method](lots, step.price, step.day, self.rules.rates), step.quantity)
        taken: list[tuple[Lot, Piece]] = []
        for id_, quantity in named(step).items():
            among = [lot for lot in lots if lot.origin.id == id_]
            pieces = _cut(ORDERINGS["fifo"](among, step.price, step.day, self.rules.rates), quantity)
            if pieces is None:
                return None
            taken += pieces
        return taken

    def _short(self, step: Step) -> Fault:
        lots = self.held.get((step.account, step.symbol), [])
        day = step.event.date.isoformat()
        where = f"event {step.event.id}"
        for id_, quantity in named(step).items():
            among = [lot for lot in lots if lot.origin.id == id_]
            have = sum((p.qty for lot in among for p in lot.pieces if p.closing is None), ZERO)
            if have < quantity:
                what = f"{step.kind} of {plain(quantity)} {step.symbol} from lot {id_}, of which account {step.account}"
                return Fault(where, f"{what} holds {plain(have)} on {day}", "Check the lots named (R-SPECID).")
        have = sum((p.qty for lot in lots for p in lot.pieces if p.closing is None), ZERO)
        what = (
            f"{step.kind} of {plain(step.quantity)} {step.symbol}, of which account {step.account} holds {plain(have)}"
        )
        remedy = "Add the missing purchase, opening lot, split or transfer; short sales are not covered (R-SHORT)."
        return Fault(where, f"{what} on {day}", remedy)

    def _late(self, step: Step) -> None:
        """R-SPECID: an identification after settlement comes too late (1.1012-1(c)(8))."""
        identified = step.event.identified
        if identified is not None and identified > settlement(step.event.date):
            self.note("R-SPECID", step.event.id, f"The lots were named on {identified}, after settlement: the broker's "
                      "order (FIFO without a standing order) stands instead.")  # fmt: skip

    def _close(self, pick: Pick) -> None:
        """Shares leave: a gift or donation without gain or loss (R-GIVE), a taxable account's sale with a row."""
        lot, step = pick.lot, pick.step
        pieces = [piece for piece in lot.pieces if piece.closing is pick]
        lot.pieces = [piece for piece in lot.pieces if piece.closing is not pick]
        if not lot.pieces:
            self.held[lot.account, lot.symbol].remove(lot)
            lot.origin.lots.remove(lot)
        if step.kind is EventKind.SELL and self.rules.accounts[lot.account].taxable:
            self._realize(pick, pieces)
        elif self.rules.choices.sold_before == "included" and step.kind is EventKind.SELL:
            lot.origin.closed += [replace.Closed(piece, None, lot) for piece in pieces]

    def _realize(self, pick: Pick, pieces: list[Piece]) -> None:
        """Rows of one sale and lot in a taxable account; a sale inside an IRA makes none (R-IRA).

        Proceeds go by quantity (R-PROCEEDS). A loss share is one sold below its adjusted basis (R-LOSS); a block of one
        basis per share that loses less than half a cent is no loss (R-CENT).
        """
        step, lot = pick.step, pick.lot
        sold: list[tuple[Piece, Fraction, Fraction, int]] = []
        for piece in pieces:
            proceeds, basis, held_from = step.price * piece.qty, piece.basis, piece.held_from
            if piece.loss_basis is not None and proceeds < basis:
                # R-GIFT: loss from the value at the gift, held from then; between the two neither gain nor loss.
                basis = proceeds if proceeds >= piece.loss_basis else piece.loss_basis
                if basis is not proceeds and lot.origin.gifted is not None:
                    held_from = lot.origin.gifted
            sold.append((piece, proceeds, basis, held_from))
        blocks: dict[Fraction, Fraction] = {}
        if len(sold) > 1:
            for piece, proceeds, basis, _ in sold:
                if proceeds < basis:
                    per_share = basis / piece.qty
                    blocks[per_share] = blocks.get(per_share, ZERO) + basis - proceeds
        for piece, proceeds, basis, held_from in sold:
            row = self._row(step, lot, held_from)
            if row.quantity is ZERO:
                row.quantity, row.proceeds, row.basis, row.adjustment = piece.qty, proceeds, basis, piece.adjustment
            else:
                row.quantity += piece.qty
                row.proceeds += proceeds
                row.basis += basis
                row.adjustment += piece.adjustment
            if proceeds < basis:
                loss = basis - proceeds
                if (blocks[basis / piece.qty] if blocks else loss) >= HALF_A_CENT:
                    self._lose(pick, piece, loss, held_from, row)
            if piece.dates is not None:
                self._doubt(step, lot, piece.dates)
            if self.rules.choices.sold_before == "included":
                lot.origin.closed.append(replace.Closed(piece, row, lot))

    def _lose(self, pick: Pick, piece: Piece, loss: Fraction, held_from: int, row: Row) -> None:
        """A loss to a related party is no one's (R-RELATED, code L); any other may be a wash sale."""
        if pick.step.event.to_related:
            row.disallowed += loss
            row.nondeductible += loss
        elif pick.lot.symbol not in self.rules.exempt:  # R-CRYPTO, R-NAVMMF
            replace.match(self, pick, piece, loss, held_from, row)

    def _row(self, step: Step, lot: Lot, held_from: int) -> Row:
        is_long = lot.origin.inherited or step.day >= long_from_ordinal(held_from)
        term = Term.LONG if is_long else Term.SHORT
        key = (step.event.id, lot.origin, lot.account, term)
        row = self.rows.get(key)
        if row is None:
            rank = step.position, lot.origin.order
            row = self.rows[key] = Row(step, lot, step.symbol, term, held_from, rank)
        elif held_from < row.held_from:
            row.held_from = held_from
        return row

    def income(self, step: Step, lot: Lot, held_from: int, proceeds: Fraction, basis: Fraction) -> None:
        """A gain without shares: a return of capital above basis (R-ROC), the boot of a merger (R-MERGER)."""
        if self.rules.accounts[lot.account].taxable:
            row = self._row(step, lot, held_from)
            row.proceeds += proceeds
            row.basis += basis

    def _doubt(self, step: Step, lot: Lot, dates: tuple[int, int, int]) -> None:
        """R-TACK: say so where the term hangs on which way of tacking is right."""
        terms = {step.day >= long_from_ordinal(day) for day in dates}
        if len(terms) > 1:
            self.note("R-TACK", f"{step.event.id}/{lot.origin.id}", "Short or long hangs on how the holding period is "
                      "tacked (tack, union or replace); the choice is tax.choices.holding_period.")  # fmt: skip

    def note(self, rule: str, about: str, text: str) -> None:
        """Add a warning once."""
        self.notices.setdefault((rule, about), Notice(rule, about, text))

    # -- the result -----------------------------------------------------------------------------------------------

    def books(self) -> Books:
        """Rows and open sub-lots of this family."""
        rows = sorted(self.rows.values(), key=lambda row: row.rank)
        open_lots = [
            self._open_lot(lot, piece)
            for origin in sorted(self.origins, key=lambda origin: origin.order)
            for lot in origin.lots
            for piece in lot.pieces
        ]
        return Books(tuple(map(self.realized, rows)), tuple(open_lots), tuple(self.notices.values()))

    def realized(self, row: Row) -> Realized:
        """The row as a value (R-YEAREND: provisional while a purchase within 30 days could still come)."""
        day = row.step.day
        return Realized(
            sale=row.step.event.id, lot=row.lot.origin.id, account=row.lot.account, symbol=row.symbol,
            quantity=row.quantity, acquired=dt.date.fromordinal(row.lot.origin.acquired), sold=row.step.event.date,
            held_from=dt.date.fromordinal(row.held_from), term=row.term, proceeds=row.proceeds, basis=row.basis,
            adjustment=row.adjustment, disallowed=row.disallowed, permanent=row.permanent,
            nondeductible=row.nondeductible, allowed_loss_quantity=row.allowed_loss_quantity,
            matches=tuple(row.matches),
            provisional=row.allowed_loss_quantity > 0 and day + 30 > self.rules.through,
            inherited=row.lot.origin.inherited,
        )  # fmt: skip

    def _open_lot(self, lot: Lot, piece: Piece) -> OpenLot:
        origin = lot.origin
        return OpenLot(
            lot=origin.id, account=lot.account, symbol=lot.symbol, quantity=piece.qty, basis=piece.basis,
            adjustment=piece.adjustment, acquired=dt.date.fromordinal(origin.acquired),
            held_from=dt.date.fromordinal(piece.held_from), replaced=piece.replaced, inherited=origin.inherited,
            loss_basis=piece.loss_basis,
        )  # fmt: skip

    def purchases_between(self, first: int, last: int) -> list[Origin]:
        """Purchases of the days first … last, earliest first."""
        return self.purchases[bisect_left(self.days, first) : bisect_right(self.days, last)]


def named(step: Step) -> dict[str, Fraction]:
    """Quantities by lot of a specific identification (R-SPECID); a lot named twice counts once with the sum."""
    found: dict[str, Fraction] = {}
    for id_, quantity in step.event.lots:
        found[id_] = found.get(id_, ZERO) + exact(quantity)
    return found


def _cut(pairs: Iterable[tuple[Lot, Piece]], quantity: Fraction) -> list[tuple[Lot, Piece]] | None:
    """The first `quantity` shares in order, the last piece cut to size; None, and nothing cut, if there are fewer."""
    taken: list[tuple[Lot, Piece]] = []
    left = quantity
    for lot, piece in pairs:
        taken.append((lot, piece))
        if piece.qty >= left:
            lot.divide(lot.pieces.index(piece), left)
            return taken
        left -= piece.qty
    return None


def branch(book: FamilyBook, lot: Lot, day: int) -> FamilyBook:
    """A copy of a finished family's state, deep enough to dispose of `lot` on `day` without touching the original.

    Only that lot and the purchases of its window are copied: nothing else can change.
    """
    other = copy(book)
    copies: dict[Origin, Origin] = {}
    for origin in {lot.origin, *book.purchases_between(day - replace.WINDOW, day)}:
        twin = copies[origin] = copy(origin)
        twin.lots = [Lot(twin, old.account, old.symbol, [piece.copy() for piece in old.pieces]) for old in origin.lots]
        twin.closed = list(origin.closed)
    mine = next(twin for twin, old in zip(copies[lot.origin].lots, lot.origin.lots, strict=True) if old is lot)
    other.held = {(mine.account, mine.symbol): [mine]}
    other.purchases = [copies[origin] for origin in book.purchases_between(day - replace.WINDOW, day)]
    other.days = [origin.acquired for origin in other.purchases]
    other.rows, other.notices, other.pending, other.deferred = {}, {}, [], []
    return other


def plain(value: Any) -> str:
    """A quantity for a sentence: as a decimal, or as a fraction where it does not end."""
    exactly = Fraction(value)
    short = format(float(exactly), ".10g")
    return short if Fraction(short) == exactly else str(exactly)


def settlement(trade: dt.date) -> dt.date:
    """The settlement date by Rule 15c6-1: T+1 since 2024-05-28, T+2 since 2017-09-05, T+3 before; weekends skipped.

    Holidays are not known here, so a warning that counts on it may come a day early, never late (R-SPECID).
    """
    left = 1 if trade >= dt.date(2024, 5, 28) else 2 if trade >= dt.date(2017, 9, 5) else 3
    day = trade
    while left:
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    return day


_HANDLERS: dict[EventKind, Callable[[FamilyBook, Step], None]] = {
    EventKind.BUY: FamilyBook._open,
    EventKind.REINVEST: FamilyBook._open,
    EventKind.VEST: FamilyBook._open,
    EventKind.GIFT_IN: FamilyBook._receive,
    EventKind.INHERIT: FamilyBook._receive,
    EventKind.SELL: FamilyBook._dispose_or_move,
    EventKind.GIFT_OUT: FamilyBook._dispose_or_move,
    EventKind.DONATE: FamilyBook._dispose_or_move,
    EventKind.TRANSFER: FamilyBook._dispose_or_move,
    EventKind.SPLIT: corporate.split,
    EventKind.MERGER: corporate.merger,
    EventKind.SPINOFF: corporate.spinoff,
    EventKind.ROC: corporate.return_of_capital,
}
