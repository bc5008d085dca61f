"""From events as they come to steps that the engine can take: checked, exact, grouped and in order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.tax.ledger import Event, EventKind, Identical, Number, TaxAccount

ACQUISITIONS = frozenset({EventKind.BUY, EventKind.REINVEST, EventKind.VEST})
RECEIPTS = ACQUISITIONS | {EventKind.GIFT_IN, EventKind.INHERIT}
DISPOSALS = frozenset({EventKind.SELL, EventKind.GIFT_OUT, EventKind.DONATE})
CORPORATE = frozenset({EventKind.SPLIT, EventKind.MERGER, EventKind.SPINOFF, EventKind.ROC})
MOVES = DISPOSALS | {EventKind.TRANSFER}
_CLOCK = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*$")

Clock = tuple[int, int, int, int]
ZERO = Fraction(0)


@dataclass(slots=True)
class Step:
    """An event with its numbers made exact. `day` is the proleptic ordinal; `listed` its place in the input;
    `position` its place in the order of processing; `price` a sale's proceeds per share (R-PROCEEDS: by quantity).
    """

    event: Event
    kind: EventKind
    day: int
    account: str
    symbol: str
    quantity: Fraction
    amount: Fraction
    clock: Clock | None
    listed: int
    position: int = 0
    price: Fraction = ZERO


def exact(value: Number) -> Fraction:
    """R-EXACT: a Fraction; a binary float is refused."""
    kind = type(value)
    if kind is Fraction:
        return value  # type: ignore[return-value]
    if kind is Decimal or kind is int:
        return Fraction(*value.as_integer_ratio())  # three times as fast as Fraction(Decimal)
    if isinstance(value, (int, Decimal, Fraction)) and not isinstance(value, bool):
        return Fraction(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}, not a Decimal, Fraction or int")


def clock(text: str) -> Clock:
    """A time of day; ValueError if it is none."""
    found = _CLOCK.match(text)
    if not found:
        raise ValueError(text)
    hour, minute, second, part = found.groups()
    value = (int(hour), int(minute), int(second or 0), int((part or "0").ljust(9, "0")))
    if value[0] > 23 or value[1] > 59 or value[2] > 60:
        raise ValueError(text)
    return value


def by_id(accounts: Iterable[TaxAccount]) -> dict[str, TaxAccount]:
    """Accounts by id; InputError where two share one."""
    found: dict[str, TaxAccount] = {}
    for account in accounts:
        if account.id in found:
            raise InputError(Fault(f"account {account.id}", "two accounts have this id", "Give each its own."))
        found[account.id] = account
    return found


def _number(event: Event, name: str, faults: list[Fault], *, signed: bool = False, above: bool = False) -> Fraction:
    raw = getattr(event, name)
    if raw is None:
        faults.append(Fault(f"event {event.id}", f"a {event.kind} needs its {name}", "Add it; it cannot be guessed."))
        return Fraction(1)
    try:
        value = exact(raw)
    except (TypeError, ValueError, OverflowError):
        faults.append(Fault(f"event {event.id}", f"{name} {raw!r} is not an exact number", "Use a Decimal."))
        return Fraction(1)
    sign = value.numerator  # compared thousands of times: an int is, a Fraction is not, quick at it
    if not signed and (sign < 0 or (above and sign == 0)):
        what = f"{name} {raw} must be {'above' if above else 'at least'} 0"
        faults.append(Fault(f"event {event.id}", what, "Check the row."))
        return Fraction(1)
    return value


def _check(event: Event, accounts: Mapping[str, TaxAccount], faults: list[Fault]) -> tuple[Fraction, Fraction]:
    """(quantity, amount) of one event; appends what is wrong with it."""
    kind, where = event.kind, f"event {event.id}"
    quantity = amount = Fraction(0)
    if kind not in CORPORATE or event.account is not None:
        if event.account is None:
            faults.append(Fault(where, f"a {kind} needs its account", "Add it."))
        elif event.account not in accounts:
            faults.append(Fault(where, f"account {event.account} is not among the accounts", "Add the account."))
    if kind not in CORPORATE:
        quantity = _number(event, "quantity", faults, above=True)
    if kind in RECEIPTS:
        amount = _number(event, "amount", faults)
    elif kind is EventKind.SELL:
        amount = _number(event, "amount", faults, signed=True)
    if event.holding_from and event.holding_from > event.date:
        faults.append(Fault(where, "holding_from is after the acquisition", "Check both dates."))
    if kind is EventKind.GIFT_IN:
        if event.fmv is not None:
            _number(event, "fmv", faults)
        if event.acquired and event.acquired > event.date:
            faults.append(Fault(where, "the donor acquired after the gift", "Check both dates."))
    if kind is EventKind.TRANSFER and (event.to_account not in accounts or event.to_account == event.account):
        faults.append(Fault(where, f"cannot transfer to account {event.to_account}", "Name another known account."))
    if kind in {EventKind.SPLIT, EventKind.MERGER, EventKind.SPINOFF}:
        _number(event, "ratio", faults, above=True)
    if kind in {EventKind.MERGER, EventKind.SPINOFF} and not event.new_symbol:
        faults.append(Fault(where, f"a {kind} needs its new_symbol", "Add it."))
    if kind is EventKind.MERGER and event.per_share is not None:
        _number(event, "per_share", faults)
        _number(event, "fmv", faults)
    if kind is EventKind.SPINOFF and not 0 <= _number(event, "basis_fraction", faults) <= 1:
        faults.append(Fault(where, "basis_fraction is above 1", "It is the new stock's share of the old basis."))
    if kind is EventKind.ROC:
        _number(event, "per_share", faults)
    if event.replaced is not None and _number(event, "replaced", faults) > quantity:
        faults.append(Fault(where, "more shares have replaced than were bought", "Check `replaced`."))
    if event.adjustment is not None:
        _number(event, "adjustment", faults)
    if event.lots:
        if kind not in MOVES:
            faults.append(Fault(where, f"a {kind} names no lots", "Leave `lots` out."))
        try:
            parts = [exact(part) for _, part in event.lots]
        except (TypeError, ValueError, OverflowError):
            faults.append(Fault(where, "a lot's quantity is not an exact number", "Use a Decimal."))
        else:
            if any(part <= 0 for part in parts) or sum(parts) != quantity:
                what = f"its lots add up to {sum(parts)}, not {quantity}"
                faults.append(Fault(where, what, "Name lots for the whole quantity (R-SPECID)."))
    return quantity, amount


def steps(events: Iterable[Event], accounts: Mapping[str, TaxAccount]) -> list[Step]:
    """Checked steps in input order. Raises InputError with every fault found."""
    faults: list[Fault] = []
    found: list[Step] = []
    seen: set[str] = set()
    for listed, event in enumerate(events):
        if event.id in seen:
            faults.append(Fault(f"event {event.id}", "two events have this id", "Give each its own."))
        seen.add(event.id)
        quantity, amount = _check(event, accounts, faults)
        time: Clock | None = None
        if event.time is not None:
            try:
                time = clock(event.time)
            except ValueError:
                faults.append(Fault(f"event {event.id}", f"time {event.time!r} is not HH:MM[:SS]", "Mend it."))
        day = event.date.toordinal()
        account = event.account or ""
        step = Step(event, event.kind, day, account, event.symbol, quantity, amount, time, listed)
        if event.kind is EventKind.SELL:
            step.price = amount / quantity
        found.append(step)
    if faults:
        raise InputError(faults)
    return found


def _timed_last(day: list[Step]) -> list[Step]:
    """Events with a time stand in order of time in the places that they hold; the others keep theirs (R-ORDER)."""
    places = [i for i, step in enumerate(day) if step.clock is not None]
    if len(places) > 1:
        in_order = sorted((day[i] for i in places), key=lambda step: (step.clock, step.listed))
        for i, step in zip(places, in_order, strict=True):
            day[i] = step
    return day


def in_order(found: list[Step]) -> list[Step]:
    """By trade date, then time where known, then as given; numbers the positions."""
    ordered: list[Step] = []
    day: list[Step] = []
    for step in sorted(found, key=lambda step: step.day):
        if day and step.day != day[0].day:
            ordered += _timed_last(day)
            day = []
        day.append(step)
    ordered += _timed_last(day)
    for position, step in enumerate(ordered):
        step.position = position
    return ordered


class Families:
    """Symbols whose lots can meet: one identical group, or joined by a merger or a spin-off.

    Families do not know each other, so each is computed alone (and only one again for a what-if).
    """

    def __init__(self, events: Iterable[Event], identical: Identical) -> None:
        self._parent: dict[str, str] = {}
        for symbol, (group, _) in identical.items():
            self._join(group, symbol)
        for event in events:
            if event.new_symbol:
                self._join(event.symbol, event.new_symbol)

    def of(self, symbol: str) -> str:
        """The family's name: one of its symbols."""
        parent = self._parent
        while (up := parent.get(symbol, symbol)) != symbol:
            parent[symbol] = parent.get(up, up)
            symbol = up
        return symbol

    def _join(self, one: str, other: str) -> None:
        a, b = self.of(one), self.of(other)
        if a != b:
            self._parent[b] = a

    def split(self, found: Iterable[Step]) -> dict[str, list[Step]]:
        """Steps by family, in input order."""
        groups: dict[str, list[Step]] = {}
        for step in found:
            groups.setdefault(self.of(step.symbol), []).append(step)
        return groups


def ordinal(day: dt.date | None, other: int) -> int:
    """The day's ordinal, or `other` where there is no day."""
    return other if day is None else day.toordinal()
