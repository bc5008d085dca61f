"""What a broker's 1099-B shows for a sale: out of its file, or reckoned as the rules tell it to (R-BROKER)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from dicli.household import Household
from dicli.model import Sale, Term
from dicli.tax import wash
from dicli.tax.books import Realized
from dicli.tax.form8949 import covered
from dicli.tax.ledger import EventKind
from dicli.tax.prepare import Families, exact

ZERO = Fraction(0)

Key = tuple[object, ...]
"""What both sides are compared under: account, symbol and day of sale, or sale and lot."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a 1099-B. None: not known (`proceeds`: taken to be ours). `source` is the place in the broker's
    file, "" where there is none and the figures are those that R-BROKER leads one to expect.
    """

    quantity: Fraction
    basis: Fraction | None
    disallowed: Fraction | None
    term: Term | None
    covered: bool | None
    source: str = ""
    acquired: dt.date | None = None
    proceeds: Fraction | None = None


def from_file(sales: Iterable[Sale]) -> dict[Key, list[Shown]]:
    """The lines of a broker's realised file."""
    found: dict[Key, list[Shown]] = defaultdict(list)
    for sale in sales:
        found[sale.account, sale.symbol, sale.sold].append(
            Shown(
                exact(sale.quantity),
                None if sale.basis is None else exact(sale.basis),
                None if sale.disallowed is None else exact(sale.disallowed),
                sale.term,
                sale.covered,
                str(sale.source or "its file"),
                sale.acquired,
                None if sale.proceeds is None else exact(sale.proceeds),
            )
        )
    return found


def by_rule(household: Household, rows: Sequence[Realized]) -> dict[int, Shown]:
    """What the brokers will report for rows of the books, by `id(row)`: the books kept once more with each account and
    security by itself (R-BROKER, R-COVERED), the same lots sold.
    """
    found = {id(row): _line(row) for row in rows}
    families = Families(household.events, household.identical)
    touched = {families.of(row.symbol) for row in household.books.realized if row.matches or row.adjustment}
    mine = [row for row in rows if families.of(row.symbol) in touched]
    if not mine:
        return found
    lots: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for row in household.books.realized:
        lots[row.sale][row.lot] += row.quantity
    events = [
        replace(event, lots=tuple(lots[event.id].items()))
        if event.kind is EventKind.SELL and event.id in lots
        else event
        for event in household.events
        if families.of(event.symbol) in touched
    ]
    books = wash.book(
        household.tax_accounts,
        events,
        choices=replace(household.choices, scope="account"),
        identical=household.identical,
        method=household.methods,
        through=household.as_of,
    )
    theirs: dict[Key, list[Shown]] = defaultdict(list)
    for row in books.realized:
        theirs[row.sale, row.lot].append(_line(row))
    found |= {id(row): replace(_line(row), basis=None, disallowed=None, term=None) for row in mine}
    return found | allotted(mine, theirs, lambda row: (row.sale, row.lot))


def _line(row: Realized) -> Shown:
    told = covered("stock", row.acquired.year)
    return Shown(row.quantity, row.basis, row.disallowed, row.term, told, acquired=row.acquired)


def allotted(
    rows: Sequence[Realized], theirs: Mapping[Key, Sequence[Shown]], key: Callable[[Realized], Key]
) -> dict[int, Shown]:
    """Each row's part of the broker's lines under its key and day of purchase, by `id(row)`.

    Lines of the row's own term and quantity are its own; the rest is divided by quantity. Where the quantities do not
    add up the broker sold other lots, and nothing is said.
    """
    mine: dict[Key, list[Realized]] = defaultdict(list)
    lines: dict[Key, list[Shown]] = defaultdict(list)
    for row in rows:
        mine[(*key(row), row.acquired)].append(row)
    for where, shown in theirs.items():
        for line in shown:
            lines[(*where, line.acquired)].append(line)
    found: dict[int, Shown] = {}
    for where, ours in mine.items():
        left = list(lines.get(where, ()))
        if sum((line.quantity for line in left), ZERO) != sum((row.quantity for row in ours), ZERO):
            continue
        rest = []
        for row in ours:
            same = next((line for line in left if (line.term, line.quantity) == (row.term, row.quantity)), None)
            if same is None:
                rest.append(row)
            else:
                left.remove(same)
                found[id(row)] = same
        for row in rest:
            found[id(row)] = _part(left, row.quantity)
    return found


def _part(lines: Sequence[Shown], quantity: Fraction) -> Shown:
    """`quantity` shares of lines taken together."""
    whole = sum((line.quantity for line in lines), ZERO)

    def share(values: list[Fraction | None]) -> Fraction | None:
        known = [value for value in values if value is not None]
        return sum(known, ZERO) * quantity / whole if len(known) == len(values) else None

    terms, kinds = {line.term for line in lines}, {line.covered for line in lines}
    return Shown(
        quantity,
        share([line.basis for line in lines]),
        share([line.disallowed for line in lines]),
        terms.pop() if len(terms) == 1 else None,
        kinds.pop() if len(kinds) == 1 else None,
        lines[0].source,
        lines[0].acquired,
        share([line.proceeds for line in lines]),
    )
