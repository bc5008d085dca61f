"""The household's tax year as the planner sees it: what the next gain or loss costs, by the tax engine."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household, taxyear
from dicli.model import Term
from dicli.plan.account import Budget, Rates
from dicli.preferences import Preferences
from dicli.tax import netting
from dicli.tax.books import Realized, cent, cents, decimal
from dicli.tax.netting import Situation, Value


@dataclass(frozen=True, slots=True)
class Realised:
    """Signed gains that count this year, wash sales taken out, in dollars."""

    short: Decimal = Decimal(0)
    long: Decimal = Decimal(0)

    @classmethod
    def of(cls, rows: Iterable[Realized]) -> Realised:
        sums = {Term.SHORT: Decimal(0), Term.LONG: Decimal(0)}
        for row in rows:
            sums[row.term] += decimal(row.allowed)
        return cls(sums[Term.SHORT], sums[Term.LONG])


@dataclass(frozen=True, slots=True)
class Bill:
    """What some gains do: `now` to this year's tax, `later` through carryovers (both negative where tax is saved)."""

    now: Decimal
    later: Decimal


@dataclass(frozen=True, slots=True)
class TaxYear:
    """`situation`: the year so far, with what is expected elsewhere. `realised`: of it, what the accounts realised.

    `later_rate`: what a dollar of carried loss is taken to be worth: the household's rate on a long-term gain, since a
    carried loss has to wait for a gain, and that is the least that it will then save (not discounted).
    """

    situation: Situation
    realised: Realised
    later_rate: Fraction
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, household: Household, preferences: Preferences, as_of: dt.date) -> TaxYear:
        made = taxyear.so_far(household, preferences, as_of.year)
        clean = taxyear.without_gains(made.situation)
        realised = Realised(made.realised.short, made.realised.long)
        return cls(made.situation, realised, netting.marginal(clean).long_gain.tax_now, made.notes)

    def rates(self, planned: Realised) -> Rates:
        """The marginal rates once `planned` is realised too: dollars per dollar of gain, saved per dollar of loss."""
        there = replace(
            self.situation,
            short=self.situation.short + Fraction(planned.short),
            long=self.situation.long + Fraction(planned.long),
        )
        found = netting.marginal(there)
        return Rates(
            short_gain=float(self._worth(found.short_gain)),
            long_gain=float(self._worth(found.long_gain)),
            short_loss=-float(self._worth(found.short_loss)),
            long_loss=-float(self._worth(found.long_loss)),
        )

    def _worth(self, value: Value) -> Fraction:
        return value.tax_now - self.later_rate * (value.carried_short + value.carried_long)

    def tax(self, planned: Realised) -> Bill:
        """What realising `planned` does to the tax of this year and of later ones, to the cent."""
        value = netting.effect(self.situation, short=planned.short, long=planned.long)
        later = -self.later_rate * (value.carried_short + value.carried_long)
        return Bill(cent(value.tax_now), cent(later))

    def shares(self, rows: Sequence[Realized]) -> dict[str, Decimal]:
        """This year's tax on `rows` spread over their sales, to the cent: by id of the sale; they add up to `tax`.

        The tax of a year is one figure (R-NET): no sale has a tax of its own. Each dollar of short-term gain or loss
        bears one price, and each of long-term another, so that a gain never saves and a loss never costs.
        """
        sums: dict[Term, Fraction] = defaultdict(Fraction)
        allowed: dict[str, dict[Term, Fraction]] = {row.sale: defaultdict(Fraction) for row in rows}
        for row in rows:
            sums[row.term] += row.allowed
            allowed[row.sale][row.term] += row.allowed
        short, long = self._prices(sums[Term.SHORT], sums[Term.LONG])
        parts = cents([one[Term.SHORT] * short + one[Term.LONG] * long for one in allowed.values()])
        return dict(zip(allowed, parts, strict=True))

    def _prices(self, short: Fraction, long: Fraction) -> tuple[Fraction, Fraction]:
        """Dollars of this year's tax per dollar of `short` and of `long`, which times their sums make up the tax.

        Each term's tax is halfway between what it costs taken first and taken last (Shapley 1953): the two net against
        each other, and neither comes first. A sum of nothing is priced at the margin: its gains and losses cancel.
        """
        both = self._now(short, long)
        first, second = self._now(short, Fraction(0)), self._now(Fraction(0), long)
        there = replace(self.situation, short=self.situation.short + short, long=self.situation.long + long)
        margin = netting.marginal(there)
        return (
            (first + both - second) / 2 / short if short else margin.short_gain.tax_now,
            (second + both - first) / 2 / long if long else margin.long_gain.tax_now,
        )

    def _now(self, short: Fraction, long: Fraction) -> Fraction:
        return netting.effect(self.situation, short=short, long=long).tax_now

    def value_of_loss(self, short: Decimal, long: Decimal) -> Decimal:
        """Tax that allowed losses of these sizes (positive) would save *this year*, to the cent: never more than the
        year's gains, its carryovers and the yearly limit let be deducted (R-HARVEST, R-LIMIT).
        """
        return -self.tax(Realised(-short, -long)).now

    def budget(self, preferences: Preferences) -> Budget:
        """limits.gains_budget less what the accounts have realised this year; a year of losses leaves more room."""
        wanted = preferences.limits.gains_budget
        short, long = float(self.realised.short), float(self.realised.long)
        return Budget(
            net=float("inf") if wanted.net is None else float(wanted.net) - short - long,
            short=float("inf") if wanted.short is None else float(wanted.short) - short,
            long=float("inf") if wanted.long is None else float(wanted.long) - long,
        )
