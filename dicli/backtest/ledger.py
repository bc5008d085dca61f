"""The tax engine kept up from day to day: open lots, realised gains, and the household that the planner sees.

Every family of securities has its own `FamilyBook`, which takes a day's events as they come. What comes out equals
`dicli.tax.wash.book` over the whole log, exactly. A purchase that would change an earlier day makes its family run
anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.model import Account, Lot, Owner, Term
from dicli.tax.books import Books, Realized, decimal, in_cents
from dicli.tax.engine import FamilyBook, Row, Rules
from dicli.tax.ledger import Choices, Event, EventKind, Method, TaxAccount
from dicli.tax.prepare import exact, steps
from dicli.tax.term import is_long

ZERO = Fraction(0)
_WINDOW = 30
_NOTHING = Books((), (), ())


@dataclass(frozen=True, slots=True)
class Held:
    """One open lot, its sub-lots together: exact shares and dollars, the latest of its holding dates, the wash
    adjustment inside its basis and how many of its shares have replaced others.
    """

    id: str
    symbol: str
    quantity: Fraction
    basis: Fraction
    acquired: dt.date
    held_from: dt.date
    adjustment: Fraction
    replaced: Fraction


@dataclass(frozen=True, slots=True)
class Estate:
    """What a sale of everything would bring, dollars: `proceeds`, and the gains in them by term, signed."""

    proceeds: Fraction
    short: Fraction
    long: Fraction


@dataclass(slots=True)
class _Family:
    """A family's events, its state, and what was read off it since it last changed."""

    book: FamilyBook
    events: list[Event] = field(default_factory=list)
    lots: tuple[Held, ...] | None = None
    shown: tuple[tuple[Lot, Event], ...] | None = None
    gains: dict[int, tuple[Fraction, Fraction]] | None = None
    losses: list[tuple[dt.date, Event, Event]] | None = None


class Ledger:
    """One taxable account's books. `log` is every event so far, in order: what `wash.book` is to be run on."""

    def __init__(self, account: Account, choices: Choices, method: Method, *, wash_sales: bool = True) -> None:
        self.account = account
        self.tax_account = TaxAccount(account.name, Owner.YOU, account.kind)
        self.choices = choices
        self.method = method
        self.wash_sales = wash_sales
        self.log: list[Event] = []
        self._families: dict[str, _Family] = {}
        self._family_of: dict[str, str] = {}
        self._bought: dict[str, dt.date] = {}

    def record(self, events: Sequence[Event]) -> None:
        """Book one day's events, in order. Raises InputError where more is sold than is held."""
        groups: dict[str, list[Event]] = {}
        for event in events:
            name = self._family_of.setdefault(event.symbol, event.symbol)
            if event.new_symbol is not None:
                self._family_of[event.new_symbol] = name
            if event.kind is EventKind.BUY:
                self._bought[event.symbol] = event.date
            groups.setdefault(name, []).append(event)
        for name, mine in groups.items():
            family = self._families.get(name)
            known = [] if family is None else family.events
            try:
                if family is None:
                    raise ValueError(name)
                family.book.append(steps(mine, self._accounts()))
            except ValueError:
                family = self._families[name] = _Family(self._run([*known, *mine], mine[-1].date))
            family.events = known + mine
            family.lots = family.shown = family.gains = family.losses = None
        self.log += events

    def _accounts(self) -> dict[str, TaxAccount]:
        return {self.tax_account.id: self.tax_account}

    def _run(self, events: list[Event], last: dt.date) -> FamilyBook:
        exempt = frozenset() if self.wash_sales else frozenset(event.symbol for event in events)
        methods = {self.tax_account.id: self.method}
        rates = exact(self.choices.short_rate), exact(self.choices.long_rate)
        rules = Rules(self._accounts(), self.choices, {}, methods, exempt, last.toordinal(), rates)
        book = FamilyBook(rules, steps(events, self._accounts()))
        book.run()
        return book

    # -- what the books say ---------------------------------------------------------------------------------------

    def lots(self) -> Iterable[Held]:
        """Every open lot."""
        for family in self._families.values():
            yield from self._lots(family)

    def _lots(self, family: _Family) -> tuple[Held, ...]:
        if family.lots is None:
            found: dict[str, Held] = {}
            for origin in family.book.origins:
                for lot in origin.lots:
                    for piece in lot.pieces:
                        one = Held(
                            origin.id,
                            lot.symbol,
                            piece.qty,
                            piece.basis,
                            dt.date.fromordinal(origin.acquired),
                            dt.date.fromordinal(piece.held_from),
                            piece.adjustment,
                            piece.qty if piece.replaced else ZERO,
                        )
                        seen = found.get(f"{origin.id} {lot.symbol}")
                        found[f"{origin.id} {lot.symbol}"] = one if seen is None else _together(seen, one)
            family.lots = tuple(found.values())
        return family.lots

    def of(self, symbol: str) -> list[Held]:
        name = self._family_of.get(symbol)
        return [] if name is None else [lot for lot in self._lots(self._families[name]) if lot.symbol == symbol]

    def held(self) -> dict[str, Fraction]:
        """Shares by symbol."""
        found: dict[str, Fraction] = {}
        for lot in self.lots():
            found[lot.symbol] = found.get(lot.symbol, ZERO) + lot.quantity
        return found

    def gains(self, year: int) -> tuple[Fraction, Fraction]:
        """(short, long) of a year, wash sales taken out, each sale in cents as Form 8949 shows it."""
        short = long = ZERO
        for family in self._families.values():
            if family.gains is None:
                family.gains = _gains(family.book)
            mine = family.gains.get(year)
            if mine is not None:
                short, long = short + mine[0], long + mine[1]
        return short, long

    def estate(self, prices: Mapping[str, Fraction], day: dt.date) -> Estate:
        """All open lots sold on `day` at `prices` (dollars a share, costs taken off); KeyError where one is lacking."""
        proceeds = short = long = ZERO
        for lot in self.lots():
            worth = lot.quantity * prices[lot.symbol]
            proceeds += worth
            if is_long(lot.held_from, day):
                long += worth - lot.basis
            else:
                short += worth - lot.basis
        return Estate(proceeds, short, long)

    def realized(self) -> list[Realized]:
        """Every realised row, oldest first."""
        rows = [row for family in self._families.values() for row in family.book.books().realized]
        return sorted(rows, key=lambda row: (row.sold, row.sale, row.lot, row.term))

    def bought(self, symbol: str) -> dt.date | None:
        """The last purchase of a symbol."""
        return self._bought.get(symbol)

    # -- what the planner sees ------------------------------------------------------------------------------------

    def household(self, as_of: dt.date, cash: Decimal) -> Household:
        """The household as its files would show it: open lots as they are, and of what was sold only the losses of the
        last 30 days that nothing has replaced, since no other sale can meet a trade of today (R-WINDOW).

        With wash sales ignored, lots bought in the last 30 days are shown a month older (all are short-term either way)
        and no loss is shown: the planner then sees no window.
        """
        lots: list[Lot] = []
        events: list[Event] = []
        horizon = as_of - dt.timedelta(days=_WINDOW)
        for family in self._families.values():
            if family.shown is None:
                family.shown = tuple(self._shown(held) for held in self._lots(family))
            for lot, event in family.shown:
                if not self.wash_sales and event.date >= horizon:
                    old = horizon - dt.timedelta(days=1)
                    lots.append(replace(lot, acquired=old, holding_from=old))
                    events.append(replace(event, date=old, holding_from=None))
                else:
                    lots.append(lot)
                    events.append(event)
            if self.wash_sales:
                if family.losses is None:
                    family.losses = self._losses(family)
                for sold, opened, closed in family.losses:
                    if sold >= horizon:
                        events += (opened, closed)
        events.sort(key=lambda event: (event.date, event.kind is EventKind.SELL))
        return Household(
            as_of=as_of,
            accounts=(self.account,),
            readings=(),
            lots=tuple(lots),
            sales=(),
            transactions=(),
            positions=(),
            cash={self.account.name: cash},
            quotes={},
            coverage={self.account.name: (dt.date.min, as_of)},
            blind=(),
            doubtful={},
            discrepancies=(),
            unexplained=(),
            reported=(),
            closed={},
            no_basis=frozenset(),
            books=_NOTHING,
            events=tuple(events),
            tax_accounts=(self.tax_account,),
            identical={},
            methods=self._methods(),
            choices=self.choices,
        )

    def _methods(self) -> Mapping[str, Method]:
        return {self.tax_account.id: self.method}

    def _shown(self, held: Held) -> tuple[Lot, Event]:
        quantity, basis = decimal(held.quantity), decimal(held.basis)
        early = held.held_from if held.held_from != held.acquired else None
        lot = Lot(
            self.account.name,
            held.symbol,
            quantity,
            held.acquired,
            held.held_from,
            basis,
            id=held.id,
            disallowed=decimal(held.adjustment),
        )
        event = Event(
            held.id,
            EventKind.BUY,
            held.acquired,
            self.account.name,
            held.symbol,
            exact(quantity),
            exact(basis),
            holding_from=early,
            adjustment=held.adjustment or None,
            replaced=min(held.replaced, exact(quantity)) or None,
            order_id=held.id,  # what is sold and what is left of one purchase do not replace each other (R-SAMELOT)
        )
        return lot, event

    def _losses(self, family: _Family) -> list[tuple[dt.date, Event, Event]]:
        """Sales at a loss that nothing has replaced: a purchase of those shares alone, and their sale."""
        found = []
        for row in family.book.rows.values():
            quantity = row.allowed_loss_quantity
            if not quantity:
                continue
            day, symbol, account = row.step.event.date, row.symbol, self.account.name
            name = f"{row.lot.origin.id}|{row.step.event.id}|{row.term}"
            opened = Event(
                name,
                EventKind.BUY,
                dt.date.fromordinal(row.lot.origin.acquired),
                account,
                symbol,
                quantity,
                row.step.price * quantity + row.allowed_loss,
                replaced=quantity,  # gone: it replaces nothing
                order_id=row.lot.origin.id,
            )
            closed = Event(
                f"{name}|sold",
                EventKind.SELL,
                day,
                account,
                symbol,
                quantity,
                row.step.price * quantity,
                lots=((name, quantity),),
            )
            found.append((day, opened, closed))
        return found


def _gains(book: FamilyBook) -> dict[int, tuple[Fraction, Fraction]]:
    """(short, long) by year."""
    sales: dict[str, list[Row]] = {}
    for row in book.rows.values():
        sales.setdefault(row.step.event.id, []).append(row)
    found: dict[int, tuple[Fraction, Fraction]] = {}
    for rows in sales.values():
        year = rows[0].step.event.date.year
        short, long = found.get(year, (ZERO, ZERO))
        rounded = in_cents((row.proceeds, row.basis, row.disallowed) for row in rows)
        for row, (proceeds, basis, disallowed) in zip(rows, rounded, strict=True):
            allowed = exact(proceeds - basis + disallowed)
            short, long = (short + allowed, long) if row.term is Term.SHORT else (short, long + allowed)
        found[year] = short, long
    return found


def _together(one: Held, other: Held) -> Held:
    return replace(
        one,
        quantity=one.quantity + other.quantity,
        basis=one.basis + other.basis,
        held_from=max(one.held_from, other.held_from),
        adjustment=one.adjustment + other.adjustment,
        replaced=one.replaced + other.replaced,
    )
