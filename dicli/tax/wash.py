"""Wash sales and lots for a whole household: one call from events to books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.tax.books import Books
from dicli.tax.engine import FamilyBook, Rules
from dicli.tax.ledger import Choices, Event, Identical, Method, TaxAccount
from dicli.tax.prepare import Families, Step, by_id, exact, steps

DEFAULT = Choices()


def rules(
    accounts: Mapping[str, TaxAccount],
    choices: Choices,
    identical: Identical,
    method: Method | Mapping[str, Method],
    exempt: Collection[str],
    through: int,
) -> Rules:
    """Everything that holds for the household, checked and exact (R-IDENTICAL: the user's table, by group)."""
    groups: dict[str, tuple[str, Fraction]] = {}
    for symbol, (group, equivalent) in identical.items():
        groups[symbol] = group, exact(equivalent)
        if groups[symbol][1] <= 0:
            raise InputError(Fault(f"identical group {group}", f"{symbol} counts for {equivalent} shares",
                                   "Give how many of the group's shares one of it stands for."))  # fmt: skip
    methods: Mapping[str, Method] = dict.fromkeys(accounts, method) if isinstance(method, str) else method
    return Rules(accounts, choices, groups, methods, frozenset(exempt), through)


def run(common: Rules, families: Iterable[list[Step]]) -> list[FamilyBook]:
    """Each family's book. Raises InputError with the faults of all families."""
    done: list[FamilyBook] = []
    faults: list[Fault] = []
    for found in families:
        book_ = FamilyBook(common, found)
        try:
            book_.run()
        except InputError as error:
            faults += error.faults
        done.append(book_)
    if faults:
        raise InputError(faults)
    return done


def merge(done: Iterable[FamilyBook], listed: Mapping[str, int]) -> Books:
    """One set of books: rows in order of sale date and input, lots by account and symbol."""
    parts = [book_.books() for book_ in done]
    rows = [row for part in parts for row in part.realized]
    rows.sort(key=lambda row: (row.sold, listed[row.sale]))
    lots = [lot for part in parts for lot in part.lots]
    lots.sort(key=lambda lot: (lot.account, lot.symbol))
    return Books(tuple(rows), tuple(lots), tuple(note for part in parts for note in part.warnings))


def book(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    choices: Choices = DEFAULT,
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
    through: dt.date | None = None,
) -> Books:
    """The household's realised rows, open sub-lots and warnings (TAX sections 1 to 4).

    Events may come in any order; those of one day without times are taken as given. `method`: one standing order, or
    by account id (others FIFO). `exempt`: symbols without wash sales (R-CRYPTO: digital assets that are no securities;
    R-NAVMMF). `through`: the day up to which purchases are known, by default that of the last event; losses of the 30
    days before it are provisional (R-YEAREND).

    Raises InputError naming every event that is incomplete or disposes of more than is held (R-SHORT: short sales are
    not covered).
    """
    known = by_id(accounts)
    found = steps(events, known)
    last = through.toordinal() if through else max((step.day for step in found), default=0)
    common = rules(known, choices, identical or {}, method, exempt, last)
    families = Families((step.event for step in found), common.identical)
    done = run(common, families.split(found).values())
    return merge(done, {step.event.id: step.listed for step in found})
