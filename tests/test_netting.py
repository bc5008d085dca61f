"""Schedule D, rates, and the value of the next dollar."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from dicli.errors import PreferencesError
from dicli.tax.netting import Situation, bill, effect, marginal, net
from dicli.tax.rates import FilingStatus, income_tax, niit, ordinary_tax, years

SINGLE, JOINT, SEPARATE, HEAD = FilingStatus.SINGLE, FilingStatus.JOINT, FilingStatus.SEPARATE, FilingStatus.HEAD


def test_losses_carry_with_their_character_short_absorbed_first() -> None:
    found = net(-5000, -4000, SINGLE, taxable_income=90000)
    assert (found.line16, found.line21, found.carry_short, found.carry_long) == (-9000, -3000, 2000, 4000)
    again = net(0, 0, SINGLE, carry_short=found.carry_short, carry_long=found.carry_long, taxable_income=90000)
    assert (again.line21, again.carry_short, again.carry_long) == (-3000, 0, 3000)


def test_nothing_is_lost_in_the_carryover() -> None:
    for short in range(-9000, 9001, 1500):
        for long in range(-9000, 9001, 1500):
            found = net(short, long, SINGLE)
            left = found.line16 - found.line21 if found.line16 < 0 else 0
            assert found.carry_short + found.carry_long == -left


def test_a_deduction_that_saves_nothing_is_carried_too() -> None:
    found = net(-4000, 0, SINGLE, taxable_income=-5000)
    assert (found.line21, found.carry_short) == (-3000, 4000)


@pytest.mark.parametrize(
    ("income", "year", "status", "tax"),
    [
        (0, 2025, SINGLE, 0),
        (-10, 2025, SINGLE, 0),
        (11925, 2025, SINGLE, Decimal("1192.5")),
        (626350, 2025, SINGLE, Decimal("188769.75")),
        (1000000, 2026, JOINT, Decimal("292164.5") + Decimal("0")),
    ],
)
def test_ordinary_tax_by_the_cumulative_figures(income: int, year: int, status: FilingStatus, tax: Decimal) -> None:
    if year == 2026:
        # 2,480 + 9,120 + 24,332 + 46,116 + 34,848 + 89,687.50 at 768,700 (Rev. Proc. 2025-32), then 37 %
        tax = Decimal("206583.5") + (income - 768700) * Decimal("0.37")
    assert ordinary_tax(income, year, status) == Fraction(tax)


def test_line_47_takes_the_smaller_tax() -> None:
    """2026 single at 49,450 of ordinary income: the next 950 of long-term gain cost 114, not 142.50."""
    before = income_tax(49450, 0, 2026, SINGLE).tax
    assert income_tax(50400, 950, 2026, SINGLE).tax - before == 114


def test_gain_across_both_thresholds() -> None:
    found = income_tax(700000, 680000, 2025, JOINT)
    assert (found.at0, found.at15, found.at20) == (76700, 503350, 99950)
    assert found.tax == ordinary_tax(20000, 2025, JOINT) + Fraction(503350 * 15 + 99950 * 20, 100)


def test_niit_thresholds() -> None:
    taxes = [niit(260000, 20000, status) for status in (SINGLE, HEAD, JOINT, SEPARATE, FilingStatus.SURVIVING_SPOUSE)]
    assert taxes == [760, 760, 380, 760, 380]


def test_an_unknown_year_is_an_error_that_names_those_known() -> None:
    assert years() == (2025, 2026)
    with pytest.raises(PreferencesError, match="known: 2025 and 2026"):
        ordinary_tax(1, 2031, SINGLE)


RICH = Situation(2026, SINGLE, Fraction(300000), magi=Fraction(320000), state_rate=Fraction(5, 100))


def test_margins_without_anything_else() -> None:
    """35 % bracket, 15 % on gains, NIIT and state on both; a first dollar of loss is deducted from ordinary income."""
    found = marginal(RICH)
    assert found.short_gain.tax_now == Fraction(35 + 5, 100) + Fraction(38, 1000)
    assert found.long_gain.tax_now == Fraction(15 + 5, 100) + Fraction(38, 1000)
    assert found.short_loss.tax_now == found.long_loss.tax_now == -Fraction(35 + 5, 100)


def test_a_loss_against_gains_saves_at_the_gains_rate() -> None:
    gains = Situation(2026, SINGLE, Fraction(300000), short=Fraction(5000), long=Fraction(9000))
    found = marginal(gains)
    assert found.short_loss.tax_now == -Fraction(35, 100)
    assert found.long_loss.tax_now == -Fraction(15, 100)
    only_long = Situation(2026, SINGLE, Fraction(300000), long=Fraction(9000))
    assert marginal(only_long).short_loss.tax_now == -Fraction(15, 100)  # nets against the long gain


def test_a_loss_beyond_the_limit_is_only_carried() -> None:
    full = Situation(2026, SINGLE, Fraction(300000), short=Fraction(-3000))
    found = marginal(full)
    assert (found.short_loss.tax_now, found.short_loss.carried_short) == (0, 1)
    assert (found.long_loss.tax_now, found.long_loss.carried_long) == (0, 1)
    assert (found.long_gain.tax_now, found.long_gain.carried_short) == (Fraction(35, 100), 0)
    over = Situation(2026, SINGLE, Fraction(300000), carry_long=Fraction(50000))
    assert (marginal(over).long_gain.tax_now, marginal(over).long_gain.carried_long) == (0, -1)


def test_a_big_harvest_is_valued_as_a_whole() -> None:
    found = effect(Situation(2026, SINGLE, Fraction(300000), short=Fraction(1000)), short=Decimal(-10000))
    assert found.tax_now == -(1000 + 3000) * Fraction(35, 100)
    assert (found.carried_short, found.carried_long) == (6000, 0)


def test_qualified_dividends_stack_with_gains() -> None:
    found = bill(Situation(2026, JOINT, Fraction(80000), qualified_dividends=Fraction(30000)))
    assert found.federal == ordinary_tax(80000, 2026, JOINT) + (30000 - 18900) * Fraction(15, 100)
