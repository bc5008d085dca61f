"""What a sale would bring before it is made, what a trade would spoil, and what not to buy today (R-HARVEST)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from dicli.model import Term
from dicli.tax.books import Books, Match, Notice, Realized
from dicli.tax.corporate import carried
from dicli.tax.engine import HALF_A_CENT, FamilyBook, Pick, Row, branch
from dicli.tax.ledger import Choices, Event, EventKind, Identical, Method, Number, TaxAccount
from dicli.tax.lots import Lot
from dicli.tax.prepare import DISPOSALS, Families, Step, exact
from dicli.tax.replace import WINDOW, origins, shares
from dicli.tax.wash import DEFAULT, Household, book

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """R-HARVEST: selling all of one losing lot of a taxable account on `as_of` at `price`, everything else as it is.

    `loss`, `disallowed`, `permanent`, `allowed` are positive dollars, allowed = loss − disallowed. `clean_from`: first
    day on which the same sale would be clean if nothing more is bought. `rebuy_from`: as_of + 31. `matches`: who
    taints it. `short_allowed` / `long_allowed`: the allowed loss by term (a lot's sub-lots may differ).
    """

    lot: str
    account: str
    symbol: str
    quantity: Fraction
    acquired: dt.date
    held_from: dt.date
    term: Term
    price: Fraction
    basis: Fraction
    loss: Fraction
    disallowed: Fraction
    permanent: Fraction
    allowed: Fraction
    short_allowed: Fraction
    long_allowed: Fraction
    clean_from: dt.date
    rebuy_from: dt.date
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Harm:
    """An earlier loss that the hypothetical trades disallow: the row's key, and by how much more."""

    sale: str
    lot: str
    account: str
    symbol: str
    sold: dt.date
    disallowed: Fraction
    permanent: Fraction


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`realized`: the rows of the hypothetical sales. `harm`: earlier losses disallowed by them. `before`, `after`:
    the books of the symbols touched. `warnings` are those that are new.
    """

    realized: tuple[Realized, ...]
    harm: tuple[Harm, ...]
    before: Books
    after: Books
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class DoNotBuy:
    """A purchase of `symbol` up to and including `until` would wash a loss; `free_from` = until + 1.

    `account` (that realised it), `sold_symbol`, `sold`, `sale`, `lot`, `loss` (dollars still allowed, positive),
    `quantity` (loss shares not yet replaced, in shares of `symbol`) say because of what.
    """

    symbol: str
    until: dt.date
    free_from: dt.date
    account: str
    sold_symbol: str
    sold: dt.date
    sale: str
    lot: str
    loss: Fraction
    quantity: Fraction


def opportunities(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    as_of: dt.date,
    prices: Mapping[str, Number],
    choices: Choices = DEFAULT,
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
) -> tuple[Opportunity, ...]:
    """Every open lot of a taxable account that would lose at its price, each sold alone on `as_of` (R-HARVEST).

    The engine itself is run with that one sale added. Events after `as_of` are not looked at; lots of symbols without
    a price are left out (the caller names them), their events unchecked. A lot whose loss is under half a cent is none
    (R-CENT). Sorted by account, symbol and acquisition. Raises InputError as `wash.book` does.
    """
    given = list(events)
    families = Families(given, identical or {})
    asked = {families.of(symbol) for symbol in prices}
    mine = [event for event in given if families.of(event.symbol) in asked]
    household = Household(accounts, mine, choices, identical, method, exempt, as_of)
    values = {symbol: exact(price) for symbol, price in prices.items()}
    found: list[Opportunity] = []
    for family in household.families.values():
        priced = {step.symbol for step in family} | {step.event.new_symbol for step in family}
        if priced.isdisjoint(values):
            continue
        found += _losers(household, family, as_of, values)
    return tuple(sorted(found, key=lambda row: (row.account, row.symbol, row.acquired)))


def _losers(
    household: Household, family: list[Step], as_of: dt.date, prices: Mapping[str, Fraction]
) -> Iterator[Opportunity]:
    day = as_of.toordinal()
    state = FamilyBook(household.rules, family)
    state.run()
    # Where something was sold on the very day, the order within the day decides, so the whole day is run again.
    again = any(step.day == day and step.kind in DISPOSALS for step in family)
    for origin in state.origins:
        for lot in origin.lots:
            price = prices.get(lot.symbol)
            if price is None or not lot.pieces or not household.rules.accounts[lot.account].taxable:
                continue
            quantity = sum((piece.qty for piece in lot.pieces), ZERO)
            if all(
                price * piece.qty >= (piece.basis if piece.loss_basis is None else piece.loss_basis)
                for piece in lot.pieces
            ):
                continue
            event = Event(
                id="harvest", kind=EventKind.SELL, date=as_of, account=lot.account, symbol=lot.symbol,
                quantity=quantity, amount=price * quantity, lots=((origin.id, quantity),),
            )  # fmt: skip
            step = Step(
                event,
                event.kind,
                day,
                lot.account,
                lot.symbol,
                quantity,
                price * quantity,
                None,
                len(family),
                price=price,
            )
            if again:
                after = FamilyBook(household.rules, [*family, step])
                after.run()
            else:
                after = branch(state, lot, day)
                after.take(step)
                after.finish()
            rows = [row for row in after.rows.values() if row.step.event.id == "harvest"]
            yield from _opportunity(state, lot, after, rows, price, as_of)


def _opportunity(
    book: FamilyBook, lot: Lot, after: FamilyBook, rows: list[Row], price: Fraction, as_of: dt.date
) -> Iterator[Opportunity]:
    done = [after.realized(row) for row in rows]
    loss = -sum((row.gain for row in done), ZERO)
    if loss < HALF_A_CENT:
        return
    day = as_of.toordinal()
    disallowed = sum((row.disallowed for row in done), ZERO)
    by_term = {term: sum((-row.allowed for row in done if row.term is term), ZERO) for term in (Term.SHORT, Term.LONG)}
    yield Opportunity(
        lot=lot.origin.id, account=lot.account, symbol=lot.symbol,
        quantity=sum((row.quantity for row in done), ZERO), acquired=done[0].acquired,
        held_from=max(row.held_from for row in done),
        term=Term.LONG if all(row.term is Term.LONG for row in done) else Term.SHORT, price=price,
        basis=sum((row.basis for row in done), ZERO), loss=loss, disallowed=disallowed,
        permanent=sum((row.permanent for row in done), ZERO), allowed=loss - disallowed,
        short_allowed=by_term[Term.SHORT], long_allowed=by_term[Term.LONG],
        clean_from=dt.date.fromordinal(_clean_from(book, lot, day, price) if disallowed else day),
        rebuy_from=dt.date.fromordinal(day + WINDOW + 1),
        matches=tuple(match for row in done for match in row.matches),
    )  # fmt: skip


def _clean_from(book: FamilyBook, lot: Lot, day: int, price: Fraction) -> int:
    """First day on which no purchase made so far is within 30 days before: the last one that still could replace
    these shares, plus 31, and never `day` itself, on which the sale is tainted. `book` stands at the end of `day`, so
    later days have this sale alone.
    """
    last = day - WINDOW - 1
    for piece in lot.pieces:
        if price * piece.qty >= (piece.basis if piece.loss_basis is None else piece.loss_basis):
            continue
        pick = Pick(book.steps[-1], lot, 0, None)
        for origin, _ in origins(book, pick, piece, day):
            if any(True for _ in shares(book, pick, origin)):
                last = max(last, origin.acquired)
    return max(day + 1, last + WINDOW + 1)


def what_if(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    trades: Iterable[Event],
    *,
    choices: Choices = DEFAULT,
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
    through: dt.date | None = None,
) -> WhatIf:
    """Books of the symbols touched, without and with hypothetical `trades` (with ids of their own, dated as they would
    be made). Only the families touched are computed. Raises InputError as `wash.book` does.
    """
    new, old = list(trades), list(events)
    known = list(accounts)
    families = Families([*old, *new], identical or {})
    touched = {families.of(event.symbol) for event in new}
    old = [event for event in old if families.of(event.symbol) in touched]
    last = through or max((event.date for event in (*old, *new)), default=None)

    def reckon(these: list[Event]) -> Books:
        return book(
            known, these, choices=choices, identical=identical, method=method, exempt=exempt, through=last
        )  # fmt: skip

    before, after = reckon(old), reckon([*old, *new])
    mine = {event.id for event in new}
    earlier = {(row.sale, row.lot, row.account, row.term): row for row in before.realized}
    harm: list[Harm] = []
    for row in after.realized:
        if row.sale in mine:
            continue
        was = earlier.get((row.sale, row.lot, row.account, row.term))
        more = row.disallowed - (was.disallowed if was else ZERO)
        lost = row.permanent - (was.permanent if was else ZERO)
        if more or lost:
            harm.append(Harm(row.sale, row.lot, row.account, row.symbol, row.sold, more, lost))
    return WhatIf(
        tuple(row for row in after.realized if row.sale in mine),
        tuple(harm),
        before,
        after,
        tuple(note for note in after.warnings if note not in before.warnings),
    )


def do_not_buy(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    as_of: dt.date,
    choices: Choices = DEFAULT,
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
) -> tuple[DoNotBuy, ...]:
    """What a purchase on `as_of`, in any scanned account of the household, would spoil: losses of taxable accounts in
    the 30 days before that nothing has replaced yet (R-WINDOW), under the symbol that the security has today and every
    symbol declared identical (R-IDENTICAL). Sorted by symbol, then latest `until` first; one row per loss row.

    Under `scope = account` (R-BROKER) only purchases in the row's own account and symbol would.
    """
    given = list(events)
    families = Families(given, identical or {})
    first = as_of - dt.timedelta(days=WINDOW)
    sold = {families.of(event.symbol) for event in given if event.kind in DISPOSALS and event.date >= first}
    mine = [event for event in given if families.of(event.symbol) in sold]
    household = Household(accounts, mine, choices, identical, method, exempt, as_of)
    day = as_of.toordinal()
    found: list[DoNotBuy] = []
    for family in household.families.values():
        if not any(step.kind in DISPOSALS and day - WINDOW <= step.day <= day for step in family):
            continue
        state = FamilyBook(household.rules, family)
        state.run()
        for row in state.rows.values():
            if row.allowed_loss_quantity and row.step.day >= day - WINDOW:
                found += _forbidden(state, row)
    return tuple(sorted(found, key=lambda row: (row.symbol, -row.until.toordinal(), row.sale, row.lot)))


def _forbidden(book: FamilyBook, row: Row) -> Iterator[DoNotBuy]:
    identical = book.rules.identical
    symbol, ratio = carried(book.actions, row.symbol, row.step.position, len(book.steps))
    symbols = {symbol: ratio}
    if book.rules.choices.scope == "household":
        group, equivalent = identical.get(symbol, (symbol, Fraction(1)))
        members = {other: theirs for other, (name, theirs) in identical.items() if name == group}
        if group not in identical and any(step.symbol == group for step in book.steps):
            members[group] = Fraction(1)
        for other, theirs in members.items():
            symbols[other] = ratio * equivalent / theirs
    until = dt.date.fromordinal(row.step.day + WINDOW)
    for other, each in symbols.items():
        yield DoNotBuy(
            symbol=other, until=until, free_from=until + dt.timedelta(days=1), account=row.lot.account,
            sold_symbol=row.symbol, sold=row.step.event.date, sale=row.step.event.id, lot=row.lot.origin.id,
            loss=row.allowed_loss, quantity=row.allowed_loss_quantity * each,
        )  # fmt: skip
