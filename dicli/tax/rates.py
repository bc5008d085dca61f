"""Federal income tax on ordinary income, long-term gain and qualified dividends; net investment income tax.

Figures in `rates.toml`; they are estimates below $100,000, where the return uses the Tax Table's $50 steps.
State tax is one flat rate that the user gives: states differ too much to be guessed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from dicli.errors import Fault, PreferencesError
from dicli.tax.ledger import Number
from dicli.tax.prepare import exact

ZERO = Fraction(0)


class FilingStatus(StrEnum):
    SINGLE = "single"
    JOINT = "mfj"
    SEPARATE = "mfs"
    HEAD = "hoh"
    SURVIVING_SPOUSE = "qss"

    @property
    def table(self) -> str:
        """The column of the tables: a surviving spouse has the joint one."""
        return "mfj" if self is FilingStatus.SURVIVING_SPOUSE else self.value


NIIT_RATE = Fraction(38, 1000)
NIIT_THRESHOLD = {"single": 200_000, "hoh": 200_000, "mfj": 250_000, "mfs": 125_000}
"""IRC 1411(b); not indexed."""


@dataclass(frozen=True, slots=True)
class IncomeTax:
    """`at0`, `at15`, `at20`: how much of the preferential income falls to each rate. `tax` in dollars, exact."""

    at0: Fraction
    at15: Fraction
    at20: Fraction
    ordinary_tax: Fraction
    tax: Fraction


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("dicli.tax") / "rates.toml").read_text("utf-8"))


def years() -> tuple[int, ...]:
    """The tax years whose figures are known."""
    return tuple(sorted(int(year) for year in _tables()))


def _table(year: int, kind: str, status: FilingStatus) -> list[Any]:
    try:
        found: list[Any] = _tables()[str(year)][kind][status.table]
    except KeyError:
        known = " and ".join(map(str, years()))
        raise PreferencesError(
            Fault(f"tax year {year}", f"its rates are not known (known: {known})", "Choose one of those years.")
        ) from None
    return found


@cache
def _brackets(year: int, status: FilingStatus) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
    """(income above which it applies, rate, tax on what is below), lowest first."""
    found: list[tuple[Fraction, Fraction, Fraction]] = []
    below = tax = ZERO
    for top, percent in _table(year, "ordinary", status):
        rate = Fraction(percent, 100)
        found.append((below, rate, tax))
        if top:
            below, tax = Fraction(top), tax + (top - below) * rate
    return tuple(found)


def ordinary_tax(taxable_income: Number, year: int, status: FilingStatus) -> Fraction:
    """Tax by the ordinary brackets on all of `taxable_income`; negative income counts as none."""
    income = max(ZERO, exact(taxable_income))
    for below, rate, tax in reversed(_brackets(year, status)):
        if income >= below:
            return tax + (income - below) * rate
    return ZERO


def income_tax(taxable_income: Number, preferential: Number, year: int, status: FilingStatus) -> IncomeTax:
    """Tax when `preferential` of `taxable_income` is net capital gain (R-NCG) plus qualified dividends.

    The preferential part is stacked on the rest: 0 % up to the first figure of taxable income, 15 % up to the second,
    20 % above; never more than the ordinary tax on everything (worksheet line 47: the smaller). Short-term gain is
    ordinary. Schedule D Tax Worksheet; IRC 1(h).
    """
    income = max(ZERO, exact(taxable_income))
    gain = min(income, max(ZERO, exact(preferential)))
    rest = income - gain
    first, second = (Fraction(figure) for figure in _table(year, "long_term", status))
    at0 = min(gain, max(ZERO, first - rest))
    at15 = min(gain - at0, max(ZERO, second - max(rest, first)))
    at20 = gain - at0 - at15
    whole = ordinary_tax(income, year, status)
    lower = whole if not gain else ordinary_tax(rest, year, status)
    stacked = lower + at15 * Fraction(15, 100) + at20 * Fraction(20, 100)
    return IncomeTax(at0, at15, at20, lower, min(whole, stacked))


def niit_base(magi: Number, net_investment_income: Number, status: FilingStatus) -> Fraction:
    """The smaller of net investment income and MAGI above the threshold, not below zero (IRC 1411(a), (b))."""
    over = exact(magi) - NIIT_THRESHOLD[status.table]
    return max(ZERO, min(exact(net_investment_income), over))


def niit(magi: Number, net_investment_income: Number, status: FilingStatus) -> Fraction:
    """Net investment income tax: 3.8 % of `niit_base`. Disallowed wash losses do not reduce net gain here either."""
    return NIIT_RATE * niit_base(magi, net_investment_income, status)
