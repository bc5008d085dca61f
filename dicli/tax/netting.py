"""Schedule D: netting, the yearly limit, the carryover, and what the next dollar of gain or loss is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from dicli.tax.ledger import Number
from dicli.tax.prepare import exact
from dicli.tax.rates import FilingStatus, income_tax, niit

ZERO = Fraction(0)
LIMIT = Fraction(3000)
LIMIT_SEPARATE = Fraction(1500)


@dataclass(frozen=True, slots=True)
class Netting:
    """Schedule D's lines, signed as on the form (`line21` ≤ 0), and the carryovers to next year (≥ 0)."""

    line7: Fraction
    line15: Fraction
    line16: Fraction
    line21: Fraction
    carry_short: Fraction
    carry_long: Fraction
    net_capital_gain: Fraction


def limit(status: FilingStatus) -> Fraction:
    """R-LIMIT: 3,000, or 1,500 for married filing separately (IRC 1211(b))."""
    return LIMIT_SEPARATE if status is FilingStatus.SEPARATE else LIMIT


def net(
    short: Number,
    long: Number,
    status: FilingStatus,
    *,
    carry_short: Number = 0,
    carry_long: Number = 0,
    taxable_income: Number | None = None,
) -> Netting:
    """Net the year's short and long gain (signed) with the carryovers brought in (positive dollars).

    R-NET: line 7 = short − short carryover, line 15 = long − long carryover, line 16 their sum. R-LIMIT: a net loss is
    deducted up to the limit. R-CARRY: the Capital Loss Carryover Worksheet; `taxable_income` is the return's figure
    with that deduction in it, may be negative, and None means that it is ample. R-CARRY151: the worksheet is followed,
    not 1212(b)(2)(B). R-NCG: net long gain over net short loss.
    """
    line7 = exact(short) - exact(carry_short)
    line15 = exact(long) - exact(carry_long)
    line16 = line7 + line15
    deduction = min(-line16, limit(status)) if line16 < 0 else ZERO
    used = deduction
    if taxable_income is not None:
        used = min(deduction, max(ZERO, exact(taxable_income) + deduction))
    next_short = next_long = ZERO
    if line16 < 0:
        short_loss, long_loss = max(ZERO, -line7), max(ZERO, -line15)
        next_short = max(ZERO, short_loss - (used + max(ZERO, line15)))
        next_long = max(ZERO, long_loss - (max(ZERO, line7) + max(ZERO, used - short_loss)))
    gain = max(ZERO, line15 + min(ZERO, line7))
    return Netting(line7, line15, line16, -deduction, next_short, next_long, gain)


@dataclass(frozen=True, slots=True)
class Situation:
    """A household's tax year so far.

    `ordinary_income`: taxable income without any capital gain or loss and without qualified dividends, after
    deductions (it may be negative). `qualified_dividends` on top. `short`, `long`: realised and allowed this year,
    signed. `carry_short`, `carry_long`: brought in, positive. `magi`: modified adjusted gross income without capital
    gains (None: no NIIT is reckoned); `investment_income`: other net investment income. `state_rate`: on gains and
    ordinary income alike, as a fraction.
    """

    year: int
    status: FilingStatus
    ordinary_income: Fraction
    qualified_dividends: Fraction = ZERO
    short: Fraction = ZERO
    long: Fraction = ZERO
    carry_short: Fraction = ZERO
    carry_long: Fraction = ZERO
    magi: Fraction | None = None
    investment_income: Fraction = ZERO
    state_rate: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Bill:
    """This year's tax (federal, NIIT, state) and what is carried to the next."""

    federal: Fraction
    niit: Fraction
    state: Fraction
    netting: Netting

    @property
    def tax(self) -> Fraction:
        return self.federal + self.niit + self.state


@dataclass(frozen=True, slots=True)
class Value:
    """What a gain or loss does: `tax_now` is added to this year's tax (negative: saved); `carried_short` and
    `carried_long` are added to next year's carryovers (a loss that saves nothing yet).
    """

    tax_now: Fraction
    carried_short: Fraction
    carried_long: Fraction


@dataclass(frozen=True, slots=True)
class Marginal:
    """Per dollar, by differences of the exact tax over `step` dollars: see `Value`."""

    short_loss: Value
    long_loss: Value
    short_gain: Value
    long_gain: Value
    step: Fraction


def bill(situation: Situation) -> Bill:
    """The whole tax of a situation: Schedule D netting, ordinary and preferential rates, NIIT, state.

    The state's base is taxed at one rate and takes the same netting and limit, which most income-tax states follow.
    """
    s = situation
    before = s.ordinary_income + s.qualified_dividends
    first = net(s.short, s.long, s.status, carry_short=s.carry_short, carry_long=s.carry_long)
    capital = first.line16 if first.line16 > 0 else first.line21
    income = before + capital
    netting = net(
        s.short, s.long, s.status, carry_short=s.carry_short, carry_long=s.carry_long, taxable_income=income
    )  # fmt: skip
    federal = income_tax(income, netting.net_capital_gain + s.qualified_dividends, s.year, s.status).tax
    surtax = ZERO
    if s.magi is not None:
        investment = max(ZERO, s.investment_income + s.qualified_dividends + capital)
        surtax = niit(s.magi + capital, investment, s.status)
    return Bill(federal, surtax, s.state_rate * max(ZERO, income), netting)


@lru_cache(maxsize=4)
def _last_bill(situation: Situation) -> Bill:
    """A year so far is asked about once for each of hundreds of lots."""
    return bill(situation)


def effect(situation: Situation, *, short: Number = 0, long: Number = 0) -> Value:
    """What realising `short` and `long` more (signed, allowed amounts) would do: exact, whatever the size."""
    before = _last_bill(situation)
    after = bill(replace(situation, short=situation.short + exact(short), long=situation.long + exact(long)))
    return Value(
        after.tax - before.tax,
        after.netting.carry_short - before.netting.carry_short,
        after.netting.carry_long - before.netting.carry_long,
    )


def marginal(situation: Situation, step: Number = 1) -> Marginal:
    """The value per dollar of the next `step` dollars of each kind (default one dollar: the margin itself)."""
    size = exact(step)

    def per_dollar(short: Fraction, long: Fraction) -> Value:
        value = effect(situation, short=short, long=long)
        return Value(value.tax_now / size, value.carried_short / size, value.carried_long / size)

    return Marginal(
        per_dollar(-size, ZERO), per_dollar(ZERO, -size), per_dollar(size, ZERO), per_dollar(ZERO, size), size
    )
