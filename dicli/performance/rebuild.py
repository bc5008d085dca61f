"""Which shares and how much cash an account had on every day of its history, walked back from what it holds now.

Each row of the history moves shares and cash; undone from the last to the first, they lead from the brokers' own count
to what there was before the history began. Where that is nothing the history is whole. A split takes effect on the
ex-date of the prices where the broker booked it within a week of it, so that shares and prices stay on one footing.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from dicli.backtest.panel import Floats
from dicli.household.history import NEAR
from dicli.household.reconcile import tolerance
from dicli.model import TransactionKind
from dicli.performance.record import TRANSFERS, Record, cash_of, moves
from dicli.preferences import CorporateAction
from dicli.tax.prepare import exact

_K = TransactionKind
_TOLD = {_K.SPLIT, _K.OTHER, *TRANSFERS}
"""How a broker may write a corporate action."""

Splits = Mapping[str, Sequence[tuple[dt.date, Fraction]]]
"""By symbol, ex-dates with new shares per old."""


class _Step(NamedTuple):
    """A change of what is held: shares added to `symbol`, or a corporate action (`ratio`: new shares per old)."""

    day: dt.date  # on which it takes effect
    booked: dt.date
    order: int  # within the day: an action before the day's trades
    symbol: str
    added: Fraction
    action: str = ""  # "split", "becomes" or "hands out"
    ratio: Fraction = Fraction(1)
    new: str = ""
    alone: bool = False  # a split that the prices do not show


@dataclass(frozen=True, slots=True)
class Walk:
    """Shares (T, n) and cash by session, the evening's; both `before` the first row. `unstated` are splits that the
    account shows and the prices do not: (symbol, session, new shares per old). `lacking`: by symbol, how many more
    shares were bought than what is held and was sold explains, and up to which session they may have been there.
    `seen`: rows that are the broker's account of a stated corporate action, by id.
    """

    shares: Floats
    cash: tuple[Decimal, ...]
    before: Mapping[str, Fraction]
    cash_before: Decimal
    unstated: tuple[tuple[str, int, Fraction], ...]
    lacking: Mapping[str, tuple[float, int]]
    seen: frozenset[int]
    notes: tuple[str, ...]


def walk(
    told: Record, dates: Sequence[dt.date], symbols: Sequence[str], splits: Splits, actions: Sequence[CorporateAction]
) -> Walk:
    """Undo the rows one by one, from the last session to the first. `actions`: [[corporate_actions]]."""
    steps, seen, unseen, notes = _steps(told, splits, actions)
    held = defaultdict(Fraction, told.held)
    counts = Counter(step.symbol for step in steps)
    for step in steps:
        if told.counted is not None and step.booked > told.counted:
            _do(held, step)
    places = {symbol: column for column, symbol in enumerate(symbols)}
    shares = np.zeros((len(dates), len(symbols)))
    unstated: list[tuple[str, int, Fraction]] = []
    lacking: dict[str, tuple[float, int]] = {}
    now = np.zeros(len(symbols))

    def show(names: set[str]) -> None:
        for symbol in names:
            if abs(held[symbol]) <= exact(tolerance(counts[symbol])):
                held[symbol] = Fraction(0)  # files show three decimals: what is less is no share
            if symbol in places:
                now[places[symbol]] = float(held[symbol])

    show(set(held))
    for k in range(len(dates) - 1, -2, -1):
        while steps and (k < 0 or dates[k] < steps[-1].day):
            step = steps.pop()
            after = held[step.symbol]
            _undo(held, step)
            if step.alone and after > 0 and held[step.symbol] > 0:
                unstated.append((step.symbol, bisect_left(dates, step.day), after / held[step.symbol]))
            if step in unseen and held[step.symbol] > 0:
                notes.append(
                    f"{step.symbol}: the history shows no split on {step.day}, the prices do "
                    f"({float(step.ratio):g} for 1): it is taken from them"
                )
            show({step.symbol, step.new} - {""})
        if k >= 0:
            shares[k] = now
            for column in map(int, np.flatnonzero(now < 0.0)):
                most, last = lacking.get(symbols[column], (0.0, k))
                lacking[symbols[column]] = max(most, -float(now[column])), last
    until = len(dates) - 1 if told.counted is None else min(bisect_left(dates, told.counted), len(dates) - 1)
    lacking |= {symbol: (-float(quantity), until) for symbol, quantity in held.items() if quantity < 0}
    cash, cash_before = _cash(told, dates, empty=not any(held.values()))
    return Walk(
        shares,
        cash,
        {symbol: quantity for symbol, quantity in held.items() if quantity},
        cash_before,
        tuple(unstated),
        dict(sorted(lacking.items())),
        seen,
        tuple(notes),
    )


def _cash(told: Record, dates: Sequence[dt.date], *, empty: bool) -> tuple[tuple[Decimal, ...], Decimal]:
    """The evening's cash by session, and what there was before the first row.

    Where no file tells the cash it is that of the rows alone if the account began with no shares (`empty`); else it is
    taken to be nothing at the end.
    """
    whole = sum(map(cash_of, told.rows), Decimal(0))
    if told.cash is None:
        end = whole if empty else Decimal(0)
    else:
        after = [row for row in told.rows if told.counted is not None and row.date > told.counted]
        end = told.cash + sum(map(cash_of, after), Decimal(0))
    moved = [Decimal(0)] * (len(dates) + 1)
    for row in told.rows:
        moved[bisect_left(dates, row.date)] += cash_of(row)
    cash, level = [], end
    for k in range(len(dates) - 1, -1, -1):
        level -= moved[k + 1]
        cash.append(level)
    return tuple(reversed(cash)), end - whole


def _steps(
    told: Record, splits: Splits, actions: Sequence[CorporateAction]
) -> tuple[list[_Step], frozenset[int], set[_Step], list[str]]:
    """What changes the shares, oldest first; the rows that are a stated action's; splits that only the prices show."""
    steps: list[_Step] = []
    unseen: set[_Step] = set()
    rows = [row for row in told.rows if row.symbol and moves(row)]
    lost = sum(1 for row in told.rows if row.symbol is None and moves(row))
    notes = [f"{lost} rows move shares of a security without a symbol: they are left out"] if lost else []
    known = told.symbols(actions)
    moved: dict[int, dt.date] = {}
    seen: set[int] = set()
    stated = [action for action in actions if told.first <= action.date <= told.last]
    for action in stated:
        names = {action.symbol, action.new_symbol}
        legs = [row for row in rows if row.kind in _TOLD and row.symbol in names and _near(row.date, action.date)]
        seen |= {id(row) for row in legs}
        if not legs and known & names and action.kind in _ACTIONS:
            ratio = action.ratio if action.ratio is not None else Fraction(1)
            what, new = _ACTIONS[action.kind], action.new_symbol or ""
            day, alone = action.date, what == "split"
            steps.append(_Step(day, day, 0, action.symbol, Fraction(0), what, ratio, new, alone))
    for symbol in sorted(known & splits.keys()):
        for on, ratio in splits[symbol]:
            if not told.first <= on <= told.last:
                continue
            legs = [row for row in rows if row.symbol == symbol and row.kind in (_K.SPLIT, _K.OTHER)]
            legs = [row for row in legs if _near(row.date, on) and id(row) not in moved]
            if legs:
                moved[id(min(legs, key=lambda row: abs(row.date - on)))] = on
                continue
            same = [i for i, s in enumerate(steps) if (s.symbol, s.action) == (symbol, "split") and _near(s.day, on)]
            if same:  # stated in the preferences
                steps[same[0]] = steps[same[0]]._replace(day=on, alone=False)
            elif _whole(told, symbol, on):
                notes.append(f"{symbol}: the prices show a split on {on} without which the history adds up: it is none")
            else:
                steps.append(_Step(on, on, 0, symbol, Fraction(0), "split", ratio))
                unseen.add(steps[-1])
    for row in rows:
        split = row.kind is _K.SPLIT
        alone = split and id(row) not in moved
        day, quantity = moved.get(id(row), row.date), exact(row.quantity or 0)
        steps.append(_Step(day, row.date, 0 if split else 1, row.symbol or "", quantity, alone=alone))
    steps.sort(key=lambda step: (step.day, step.order))
    return steps, frozenset(seen), unseen, notes


_ACTIONS = {"split": "split", "rename": "becomes", "merger": "becomes", "spinoff": "hands out"}


def _whole(told: Record, symbol: str, on: dt.date) -> bool:
    """Whether the rows of a symbol, some of them before `on`, add up from nothing to what is held as they are."""
    rows = [row for row in told.rows if row.symbol == symbol and moves(row)]
    counted = [row for row in rows if told.counted is None or row.date <= told.counted]
    total = sum((exact(row.quantity or 0) for row in counted), Fraction(0))
    early = any(row.date < on for row in rows)
    return early and abs(total - told.held.get(symbol, Fraction(0))) <= exact(tolerance(len(rows)))


def _near(one: dt.date, other: dt.date) -> bool:
    return abs(one - other) <= NEAR


def _do(held: dict[str, Fraction], step: _Step) -> None:
    if step.action == "split":
        held[step.symbol] *= step.ratio
    elif step.action == "becomes":
        held[step.new] += held[step.symbol] * step.ratio
        held[step.symbol] = Fraction(0)
    elif step.action == "hands out":
        held[step.new] += held[step.symbol] * step.ratio
    else:
        held[step.symbol] += step.added


def _undo(held: dict[str, Fraction], step: _Step) -> None:
    if step.action == "split":
        held[step.symbol] /= step.ratio
    elif step.action == "becomes":
        held[step.symbol] += held[step.new] / step.ratio
        held[step.new] = Fraction(0)
    elif step.action == "hands out":
        held[step.new] -= held[step.symbol] * step.ratio
        if abs(held[step.new]) < 1:
            held[step.new] = Fraction(0)  # the fraction of a share was paid out in cash
    else:
        held[step.symbol] -= step.added
