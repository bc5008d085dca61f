"""The taxable sales of a year as the return needs them: right for tax, and beside it what the broker's 1099-B shows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.broker_view import Shown, allotted, by_rule, from_file
from dicli.household.closed import matched, washed_by_broker
from dicli.household.windows import known_through
from dicli.model import Sale, Term, TransactionKind
from dicli.tax.books import Match, Realized, cent, in_cents
from dicli.tax.prepare import exact
from dicli.tax.term import is_long

ZERO = Fraction(0)
_SLACK = Fraction(1, 1000)
"""Shares by which a history's sale and the lots shown for it may differ: files show three decimals."""


@dataclass(frozen=True, slots=True)
class TaxSale:
    """One sale, lot and term of a taxable account, in whole cents; parts of one sale add up to it (R-EXACT).

    `proceeds` and `basis` are right for tax: `basis` carries wash adjustments, `adjustment` those that no broker's
    file shows. `disallowed` ≥ 0, of which `permanent` is lost for good; `matches` say which purchase took it and
    `unnamed` is what the broker's own file disallows without naming one. `shown` is what the 1099-B shows or, where no
    file tells, would show by R-BROKER. `unknown` says what no file tells; the figures are None then.
    `acquired` None: several dates. `provisional`: a purchase not yet in the files could still disallow it (R-YEAREND).
    """

    sale: str
    lot: str
    account: str
    symbol: str
    quantity: Fraction
    acquired: dt.date | None
    sold: dt.date
    term: Term | None = None
    proceeds: Fraction | None = None
    basis: Fraction | None = None
    adjustment: Fraction = ZERO
    disallowed: Fraction = ZERO
    permanent: Fraction = ZERO
    nondeductible: Fraction = ZERO
    unnamed: Fraction = ZERO
    matches: tuple[Match, ...] = ()
    provisional: bool = False
    inherited: bool = False
    tacked: bool = False
    shown: Shown | None = None
    unknown: str = ""

    @property
    def gain(self) -> Fraction | None:
        """Proceeds − basis, before any disallowance."""
        return None if self.unknown or self.proceeds is None or self.basis is None else self.proceeds - self.basis

    @property
    def allowed(self) -> Fraction | None:
        """What counts: the gain with the disallowed loss taken out of it."""
        return None if self.gain is None else self.gain + self.disallowed

    def row(self) -> Realized:
        """The same as a row of the books, for the form and the comparison. Where the dates are several, the day of
        sale stands in for that of purchase. ValueError where something is unknown.
        """
        if self.term is None or self.proceeds is None or self.basis is None:
            raise ValueError(self.unknown)
        day = self.acquired or self.sold
        return Realized(
            sale=self.sale,
            lot=self.lot,
            account=self.account,
            symbol=self.symbol,
            quantity=self.quantity,
            acquired=day,
            sold=self.sold,
            held_from=day - dt.timedelta(days=1) if self.tacked else day,
            term=self.term,
            proceeds=self.proceeds,
            basis=self.basis,
            adjustment=self.adjustment,
            disallowed=self.disallowed,
            permanent=self.permanent,
            nondeductible=self.nondeductible,
            allowed_loss_quantity=ZERO,
            matches=self.matches,
            provisional=self.provisional,
            inherited=self.inherited,
        )


def of_year(household: Household, year: int, *, shown: bool = False) -> tuple[TaxSale, ...]:
    """The taxable accounts' sales of a tax year by trade date (R-TRADEDATE), unknown ones too; oldest first.

    A broker's closed lots stand as its file shows them, with what the rest of the household disallows and adjusts on
    top; other sales as the tax engine booked them. `shown` asks for the 1099-B's side of the latter as well.
    """
    by_sale: dict[str, list[Realized]] = defaultdict(list)
    for row in household.books.realized:
        if row.sold.year == year:
            by_sale[row.sale].append(row)
    last = min((day or dt.date.min for day in known_through(household).values()), default=household.as_of)
    taxable = {account.name for account in household.accounts if account.taxable}
    named = _broker_matches(household)
    found: list[TaxSale] = []
    for name, sale in household.closed.items():
        rows = by_sale.pop(name, [])
        if sale.sold.year == year and sale.account in taxable:
            found += _in_cents(_closed(name, sale, rows, named.get(name, ()), last))
    booked = [row for rows in by_sale.values() for row in rows]
    views = _views(household, booked, year) if shown else {}
    for rows in by_sale.values():
        found += _in_cents([_booked(row, household.no_basis, views.get(id(row)), last) for row in rows])
    found += _untold(household, found, taxable, year)
    return tuple(sorted(found, key=lambda s: (s.sold, s.account, s.symbol, s.acquired or dt.date.min, s.sale, s.lot)))


def _booked(row: Realized, no_basis: frozenset[str], view: Shown | None, last: dt.date) -> TaxSale:
    """A sale as the engine booked it."""
    one = TaxSale(row.sale, row.lot, row.account, row.symbol, row.quantity, row.acquired, row.sold)
    if row.lot in no_basis:
        return replace(one, proceeds=row.proceeds, unknown="no file tells its basis")
    return replace(
        one,
        term=row.term,
        proceeds=row.proceeds,
        basis=row.basis,
        adjustment=row.adjustment,
        disallowed=row.disallowed,
        permanent=row.permanent,
        nondeductible=row.nondeductible,
        matches=row.matches,
        provisional=row.provisional or _open(row.allowed_loss_quantity, row.sold, last),
        inherited=row.inherited,
        tacked=row.held_from < row.acquired,
        shown=view,
    )


def _open(loss_quantity: Fraction, sold: dt.date, last: dt.date) -> bool:
    """R-YEAREND: the files of some account end before the window of a loss does."""
    return loss_quantity > 0 and (last - sold).days < 30


def _closed(name: str, sale: Sale, rows: Sequence[Realized], named: Sequence[Match], last: dt.date) -> list[TaxSale]:
    """A broker's closed lot, apart by term: the shares that it washed itself and those that the engine looked at.

    Its term is the broker's, except where the dates alone make it long (R-TERM: tacking only ever lengthens) or where
    a wash sale that the broker cannot see tacks a period on (R-BROKERTERM).
    """
    quantity = exact(sale.quantity)
    one = TaxSale(name, name, sale.account, sale.symbol, quantity, sale.acquired, sale.sold)
    proceeds = None if sale.proceeds is None else exact(sale.proceeds)
    base = sale.term
    if sale.acquired is not None and (base is None or is_long(sale.acquired, sale.sold)):
        base = Term.LONG if is_long(sale.acquired, sale.sold) else Term.SHORT
    lacks = [what for what, value in (("proceeds", proceeds), ("basis", sale.basis), ("term", base)) if value is None]
    if lacks or proceeds is None or sale.basis is None or base is None:
        return [replace(one, proceeds=proceeds, unknown=f"no file tells its {' and '.join(lacks)}")]
    basis = exact(sale.basis)
    own = _own_wash(sale)
    parts: dict[Term, list[Realized]] = {base: []}
    for row in rows:
        tacked = row.held_from < row.acquired and row.term is Term.LONG
        parts.setdefault(Term.LONG if tacked else base, []).append(row)
    rest = quantity - sum((row.quantity for row in rows), ZERO)
    found = []
    for term, mine in parts.items():
        shares = sum((row.quantity for row in mine), ZERO) + (rest if term is base else ZERO)
        if not shares:
            continue
        part = shares / quantity
        adjustment = sum((row.adjustment for row in mine), ZERO)
        matches = tuple(match for row in mine for match in row.matches)
        broker = tuple(named) if term is base else ()
        stated = own if term is base else ZERO
        reported = None if sale.disallowed is None else exact(sale.disallowed) if term is base else ZERO
        found.append(
            replace(
                one,
                quantity=shares,
                term=term,
                proceeds=proceeds * part,
                basis=basis * part + adjustment,
                adjustment=adjustment,
                disallowed=stated + sum((row.disallowed for row in mine), ZERO),
                permanent=sum((row.permanent for row in mine), ZERO),
                unnamed=max(ZERO, stated - sum((match.disallowed for match in broker), ZERO)),
                matches=(*broker, *matches),
                provisional=_open(sum((row.allowed_loss_quantity for row in mine), ZERO), sale.sold, last),
                tacked=any(row.held_from < row.acquired for row in mine),
                shown=Shown(shares, basis * part, reported, sale.term, sale.covered, str(sale.source or "its file")),
            )
        )
    return found


def _own_wash(sale: Sale) -> Fraction:
    """The broker's own disallowance, never more than the loss."""
    if not sale.disallowed or sale.gain is None or sale.gain >= 0:
        return ZERO
    return exact(min(sale.disallowed, -sale.gain))


def _broker_matches(household: Household) -> dict[str, tuple[Match, ...]]:
    """For each closed lot that the broker washed itself, the purchases that the household marks as used up by it."""
    washed = {name: sale for name, sale in household.closed.items() if washed_by_broker(sale)}
    if not washed:
        return {}
    marked = [replace(event, replaced=None) for event in household.events if event.replaced]
    names = {id(sale): name for name, sale in washed.items()}
    found: dict[str, list[Match]] = defaultdict(list)
    for sale, at, shares in matched(marked, washed.values()):
        event = marked[at]
        dollars = _own_wash(sale) * shares / washed_by_broker(sale)
        found[names[id(sale)]].append(
            Match(
                event.id, event.account or "", event.symbol, event.date, shares, shares, dollars, False, "R-BROKER"
            )
        )  # fmt: skip
    return {name: tuple(matches) for name, matches in found.items()}


def _views(household: Household, rows: Sequence[Realized], year: int) -> dict[int, Shown]:
    """What the 1099-B shows for rows of the books, by `id(row)`: the broker's file where it has the same lots."""
    taken = {id(sale) for sale in household.closed.values()}
    theirs = [sale for sale in household.reported if id(sale) not in taken and sale.sold.year == year]
    return by_rule(household, rows) | allotted(rows, from_file(theirs), lambda row: (row.account, row.symbol, row.sold))


def _untold(household: Household, told: Sequence[TaxSale], taxable: set[str], year: int) -> list[TaxSale]:
    """Sales of the histories, or what is left of them, for which there is no lot."""
    sold: dict[tuple[str, str, dt.date], Fraction] = defaultdict(Fraction)
    for row in told:
        sold[row.account, row.symbol, row.sold] += row.quantity
    found = []
    gone: dict[tuple[str, str, dt.date], list[Fraction]] = {}
    for t in household.transactions:
        if t.kind is TransactionKind.SELL and t.date.year == year and t.account in taxable and t.symbol and t.quantity:
            sums = gone.setdefault((t.account, t.symbol, t.date), [ZERO, ZERO])
            sums[0] += abs(exact(t.quantity))
            sums[1] += exact(t.amount or 0)
    for number, ((account, symbol, day), (quantity, amount)) in enumerate(sorted(gone.items()), start=1):
        left = quantity - sold.get((account, symbol, day), ZERO)
        if left > _SLACK:
            why = "no file tells which lots were sold, nor their basis"
            one = TaxSale(
                f"{account}:{symbol}:{day}:untold:{number}", "", account, symbol, left, None, day, unknown=why
            )
            found.append(replace(one, proceeds=exact(cent(amount * left / quantity))))
    return found


def _in_cents(rows: Iterable[TaxSale]) -> list[TaxSale]:
    """The parts of one sale in cents by largest remainder, so that they add up to it (R-EXACT)."""
    given = list(rows)
    known = [row for row in given if not row.unknown]
    out = [row for row in given if row.unknown]
    rounded = in_cents((row.proceeds or ZERO, row.basis or ZERO, row.disallowed) for row in known)
    for row, (proceeds, basis, disallowed) in zip(known, rounded, strict=True):
        shown = row.shown
        if shown is not None:
            shown = replace(
                shown,
                basis=_shown_cents(shown.basis, row.basis, basis),
                disallowed=_shown_cents(shown.disallowed, row.disallowed, disallowed),
                proceeds=_shown_cents(shown.proceeds, row.proceeds, proceeds),
            )
        parts = _spread([*(match.disallowed for match in row.matches), row.unnamed], disallowed)
        out.append(
            replace(
                row,
                proceeds=exact(proceeds),
                basis=exact(basis),
                adjustment=exact(cent(row.adjustment)),
                disallowed=exact(disallowed),
                permanent=exact(cent(row.permanent)),
                nondeductible=exact(cent(row.nondeductible)),
                unnamed=parts[-1] if row.unnamed else ZERO,
                matches=tuple(replace(match, disallowed=part) for match, part in zip(row.matches, parts, strict=False)),
                shown=shown,
            )
        )
    return out


def _shown_cents(shown: Fraction | None, ours: Fraction | None, rounded: Decimal) -> Fraction | None:
    """The broker's figure in cents: where it is ours, rounded as ours is, so that rounding makes no difference."""
    if shown is None:
        return None
    return exact(rounded if shown == ours else cent(shown))


def _spread(parts: Sequence[Fraction], total: Decimal) -> list[Fraction]:
    """Parts of a loss in cents that add up to its `total`; a part of nothing stays nothing."""
    floors = [part * 100 // 1 for part in parts]
    left = int(total * 100) - sum(floors)
    order = sorted((i for i, part in enumerate(parts) if part), key=lambda i: floors[i] - parts[i] * 100)
    for i in order[: max(0, left)]:
        floors[i] += 1
    return [Fraction(value, 100) for value in floors]
