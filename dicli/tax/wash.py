"""Wash sales and lots for a whole household: one call from events to books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.tax import lookalikes
from dicli.tax.books import Books
from dicli.tax.engine import FamilyBook, Rules
from dicli.tax.ledger import Choices, Event, Identical, Method, TaxAccount
from dicli.tax.prepare import Families, by_id, exact, steps

DEFAULT = Choices()


class Household:
    """A household's rules and its events by family, checked and exact: what every question to the engine starts from.

    `until`: later events are left out, and data is taken as complete up to then (default: all, the last event's day).
    """

    def __init__(
        self,
        accounts: Iterable[TaxAccount],
        events: Iterable[Event],
        choices: Choices,
        identical: Identical | None,
        method: Method | Mapping[str, Method],
        exempt: Collection[str],
        until: dt.date | None = None,
    ) -> None:
        known = by_id(accounts)
        found = steps((event for event in events if until is None or event.date <= until), known)
        last = until.toordinal() if until else max((step.day for step in found), default=0)
        groups = _groups(identical or {})
        methods: Mapping[str, Method] = dict.fromkeys(known, method) if isinstance(method, str) else method
        rates = exact(choices.short_rate), exact(choices.long_rate)
        self.rules = Rules(known, choices, groups, methods, frozenset(exempt), last, rates)
        self.listed = {step.event.id: step.listed for step in found}
        self.families = Families((step.event for step in found), groups).split(found)


def _groups(identical: Identical) -> dict[str, tuple[str, Fraction]]:
    """R-IDENTICAL: the user's table, exact. InputError where a security counts for nothing."""
    groups = {symbol: (group, exact(equivalent)) for symbol, (group, equivalent) in identical.items()}
    faults = [
        Fault(f"identical group {group}", f"{symbol} counts for {equivalent} shares", "Give a number above zero.")
        for symbol, (group, equivalent) in groups.items()
        if equivalent <= 0
    ]
    if faults:
        raise InputError(faults)
    return groups


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
    """The household's realised rows, open sub-lots and warnings (IRC 1091, 1222, 1012).

    Events may come in any order; those of one day without times are taken as given. `method`: one standing order, or
    by account id (others FIFO). `exempt`: symbols without wash sales (R-CRYPTO: digital assets that are no securities;
    R-NAVMMF). `through`: the day up to which purchases are known, by default that of the last event; losses of the 30
    days before it are provisional (R-YEAREND).

    Raises InputError naming every event that is incomplete or disposes of more than is held (R-SHORT: short sales are
    not covered).
    """
    household = Household(accounts, events, choices, identical, method, exempt)
    rules = household.rules
    if through is not None:
        rules = replace(rules, through=through.toordinal())
    parts: list[Books] = []
    faults: list[Fault] = []
    for family in household.families.values():
        one = FamilyBook(rules, family)
        try:
            one.run()
        except InputError as error:
            faults += error.faults
        else:
            parts.append(one.books())
    if faults:
        raise InputError(faults)
    rows = [row for part in parts for row in part.realized]
    rows.sort(key=lambda row: (row.sold, household.listed[row.sale]))
    lots = [lot for part in parts for lot in part.lots]
    lots.sort(key=lambda lot: (lot.account, lot.symbol))
    notices = [note for part in parts for note in part.warnings]
    found = (step for family in household.families.values() for step in family)
    notices += lookalikes.warnings(rows, found, rules.identical)
    return Books(tuple(rows), tuple(lots), tuple(notices))
