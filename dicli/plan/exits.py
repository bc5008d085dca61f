"""Leaving a concentrated stock, or the whole direct index for the fund, over several tax years.

Losses go at once. Gains are spread over the years so that each next slice falls into the year in which it is taxed
least: the tax of a year is convex in its gain but for worksheet kinks, so the greedy choice is the cheapest spread up
to the size of a slice. Prices, income and tax tables are taken to stay as they are; proceeds go into the index.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np

from dicli.errors import DicliError, Fault
from dicli.household import Household
from dicli.model import Lot, Term
from dicli.plan.sleeves import merged_lots
from dicli.plan.survey import Setting
from dicli.plan.target import active_error
from dicli.plan.taxes import TaxYear
from dicli.plan.trades import CENT
from dicli.tax import netting
from dicli.tax.books import decimal
from dicli.tax.netting import Situation
from dicli.tax.term import term

SLICES = 200
"""Into so many parts the gain is cut when it is spread."""

CRUMB = Decimal(1)
"""Dollars: for less than this of it no lot is kept another year."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is sold of one lot in one year: `value` in dollars, `gain` signed."""

    lot: Lot
    value: Decimal
    gain: Decimal
    term: Term


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the exit. `tax` is what its sales add to the year's tax; `left` what is still to be sold after it;
    `tracking_error` ex ante at its end, of all that is held against the benchmark.
    """

    year: int
    slices: tuple[Slice, ...]
    tax: Decimal
    left: Decimal
    tracking_error: float

    @property
    def value(self) -> Decimal:
        return sum((one.value for one in self.slices), Decimal(0))

    def gain(self, of: Term) -> Decimal:
        return sum((one.gain for one in self.slices if one.term is of), Decimal(0))


@dataclass(frozen=True, slots=True)
class Exit:
    """`kept`: lots that are better given or left to heirs than sold. `at_once`: the tax of selling all this year."""

    years: tuple[Year, ...]
    kept: tuple[Lot, ...]
    at_once: Decimal

    @property
    def tax(self) -> Decimal:
        return sum((year.tax for year in self.years), Decimal(0))


def exit_over(
    household: Household,
    setting: Setting,
    year: TaxYear,
    as_of: dt.date,
    *,
    years: int,
    symbol: str | None = None,
    keep: Decimal = Decimal("0.8"),
) -> Exit:
    """Sell `symbol`, or all that is managed, in the taxable accounts within `years`.

    A lot of which more than `keep` is gain is kept: a gift or the step-up at death avoids its tax (IRC 1014, R-GIVE).
    Raises DicliError where there is nothing to sell or `years` is below one.
    """
    if years < 1:
        raise DicliError(Fault("--years", f"{years} is no number of years", "Write 1 or more."))
    lots, kept = _candidates(household, setting, symbol, keep)
    if not lots:
        what = symbol or "the managed taxable accounts"
        remedy = "Lots of unknown date or basis are never sold; see `dicli lots`."
        raise DicliError(Fault("dicli exit", f"there is nothing of {what} to sell", remedy))
    first = year.situation
    later = replace(
        first,
        short=first.short - Fraction(year.realised.short),
        long=first.long - Fraction(year.realised.long),
        carry_short=Fraction(0),
        carry_long=Fraction(0),
    )
    situations = [first] + [later] * (years - 1)
    losing = [lot for lot in lots if _gain(lot, setting) < 0]
    gaining = sorted((lot for lot in lots if _gain(lot, setting) >= 0), key=lambda lot: _share(lot, setting))
    rooms = _spread(situations, [_slice(lot, setting, as_of, Decimal(1)) for lot in losing], gaining, setting, as_of)
    sold: list[list[Slice]] = [[_slice(lot, setting, as_of, Decimal(1)) for lot in losing]] + [[] for _ in rooms[1:]]
    _fill(sold, rooms, gaining, setting, as_of)
    everything = [_slice(lot, setting, as_of, Decimal(1)) for lot in lots]
    return Exit(tuple(_booked(sold, situations, setting, as_of)), tuple(kept), _tax(first, everything)[0])


def _candidates(
    household: Household, setting: Setting, symbol: str | None, keep: Decimal
) -> tuple[list[Lot], list[Lot]]:
    lots: list[Lot] = []
    kept: list[Lot] = []
    for account in household.accounts:
        if not (account.taxable and account.managed):
            continue
        unsettled = household.unsettled(account.name)
        for lot in merged_lots(household, account.name):
            known = lot.basis is not None and lot.acquired is not None and lot.symbol in setting.prices
            if not known or lot.symbol in unsettled or symbol not in (None, lot.symbol):
                continue
            (kept if _share(lot, setting) > keep else lots).append(lot)
    return lots, kept


def _gain(lot: Lot, setting: Setting) -> Decimal:
    return lot.quantity * setting.prices[lot.symbol] - (lot.basis or Decimal(0))


def _share(lot: Lot, setting: Setting) -> Decimal:
    return _gain(lot, setting) / (lot.quantity * setting.prices[lot.symbol])


def _slice(lot: Lot, setting: Setting, day: dt.date, part: Decimal) -> Slice:
    value = (lot.quantity * setting.prices[lot.symbol] * part).quantize(CENT, ROUND_HALF_EVEN)
    start = lot.holding_from or lot.acquired or day
    return Slice(lot, value, (_gain(lot, setting) * part).quantize(CENT, ROUND_HALF_EVEN), term(start, day))


def _spread(
    situations: Sequence[Situation], losses: Sequence[Slice], gaining: Sequence[Lot], setting: Setting, as_of: dt.date
) -> list[Decimal]:
    """How much gain each year takes: each slice of it to the year that taxes it least, the earlier one on a tie.

    A short-term lot waits for its anniversary, unless this is the only year.
    """
    total = sum((_gain(lot, setting) for lot in gaining), Decimal(0))
    rooms = [Decimal(0)] * len(situations)
    if not total:
        return rooms
    size = total / SLICES
    carried = [
        replace(
            s,
            short=s.short + (Fraction(sum(x.gain for x in losses if x.term is Term.SHORT)) if not n else 0),
            long=s.long + (Fraction(sum(x.gain for x in losses if x.term is Term.LONG)) if not n else 0),
        )
        for n, s in enumerate(situations)
    ]
    long = [lot for lot in gaining if _slice(lot, setting, as_of, Decimal(1)).term is Term.LONG]
    ready = sum((_gain(lot, setting) for lot in long), Decimal(0))
    most = [ready if len(situations) > 1 else total] + [total] * (len(situations) - 1)
    bills = [netting.bill(s).tax for s in carried]
    for _ in range(SLICES):
        costs = [
            netting.bill(replace(s, long=s.long + Fraction(room + size))).tax - bill
            if room + size <= limit + size / 2
            else None
            for s, room, bill, limit in zip(carried, rooms, bills, most, strict=True)
        ]
        at = min((n for n, cost in enumerate(costs) if cost is not None), key=lambda n: (costs[n], n))
        rooms[at] += size
        bills[at] += costs[at] or Fraction(0)
    return rooms


def _fill(
    sold: list[list[Slice]], rooms: Sequence[Decimal], gaining: Sequence[Lot], setting: Setting, as_of: dt.date
) -> None:
    """Lots with the least gain per dollar first: they free the most money for the tax."""
    left = {lot.id: Decimal(1) for lot in gaining}
    for number, room in enumerate(rooms):
        day = as_of.replace(year=as_of.year + number, day=min(as_of.day, 28)) if number else as_of
        last = number == len(rooms) - 1
        for lot in gaining:
            part = left[lot.id]
            gain = _gain(lot, setting)
            if not part or (not last and _slice(lot, setting, day, part).term is Term.SHORT):
                continue
            taken = sum((one.gain for one in sold[number] if one.gain > 0), Decimal(0))
            if not last and gain > 0:
                part = min(part, max(room - taken, Decimal(0)) / gain)
                if (left[lot.id] - part) * lot.quantity * setting.prices[lot.symbol] < CRUMB:
                    part = left[lot.id]
            if part > 0:
                sold[number].append(_slice(lot, setting, day, part))
                left[lot.id] -= part


def _tax(situation: Situation, slices: Sequence[Slice]) -> tuple[Decimal, Situation]:
    """The tax that the slices add to a year, and the year with them in it."""
    short = sum((one.gain for one in slices if one.term is Term.SHORT), Decimal(0))
    long = sum((one.gain for one in slices if one.term is Term.LONG), Decimal(0))
    after = replace(situation, short=situation.short + Fraction(short), long=situation.long + Fraction(long))
    return decimal(netting.bill(after).tax - netting.bill(situation).tax).quantize(CENT), after


def _booked(
    sold: Sequence[Sequence[Slice]], situations: Sequence[Situation], setting: Setting, as_of: dt.date
) -> list[Year]:
    at = setting.universe.places
    held = setting.managed.copy()
    left = sum((one.value for slices in sold for one in slices), Decimal(0))
    carry_short = carry_long = Fraction(0)
    out = []
    for number, (slices, situation) in enumerate(zip(sold, situations, strict=True)):
        carried = replace(situation, carry_short=carry_short, carry_long=carry_long) if number else situation
        tax, after = _tax(carried, slices)
        closed = netting.bill(after).netting
        carry_short, carry_long = closed.carry_short, closed.carry_long
        for one in slices:
            weight = float(one.value) / setting.whole
            held[at[one.lot.symbol]] -= weight
            held += weight * setting.universe.benchmark
        left -= sum((one.value for one in slices), Decimal(0))
        error = active_error(setting.model, setting.universe, np.maximum(held, 0.0), setting.away)
        out.append(Year(as_of.year + number, tuple(slices), tax, left, error))
    return out
