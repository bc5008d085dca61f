"""The optimizer against exhaustive search, its own certificate, every rule, and contradictions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dicli.plan import optimizer
from dicli.plan.dual import BUY, Pricing
from dicli.plan.optimizer import solve
from dicli.plan.primal import convex_plan, sides_of
from dicli.plan.problem import Bands, Infeasible, Lots, Problem, Shortfall
from tests.optimizer_cases import RULES, account, broken, cost_of, sectors, shares, small
from tests.optimizer_search import exhaustive

FREE = {}


def free_plan():
    """The 500 × 1,500 account and its plan without rules, solved once."""
    if not FREE:
        base = account(500, 1500, 7)
        FREE["base"], FREE["plan"] = base, solve(base)
    return FREE["base"], FREE["plan"]


@pytest.mark.parametrize("seed", range(40))
def test_a_small_plan_is_the_optimum_over_all_sides(seed):
    p = small(seed, most=5)
    best = exhaustive(p)
    if not np.isfinite(best):
        with pytest.raises(Infeasible):
            solve(p)
        return
    s = solve(p)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.cost <= best + 1e-3 * max(abs(best), 1e-5)
    assert s.bound <= best + 1e-7


def test_a_bound_near_zero_and_a_count_of_names_do_not_hide_the_plan():
    """Here L starts within a millionth of 0 and only the number of names pushes: the first steps have no scale."""
    p = small(173)
    assert solve(p).cost == pytest.approx(exhaustive(p), rel=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_kept_and_its_gap_small(rule):
    base, free = free_plan()
    p = RULES[rule](base, free)
    s = solve(p)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.bound <= s.cost
    assert s.cost == pytest.approx(cost_of(p, s.trade, s.lot_sale), rel=1e-9, abs=1e-14)
    assert s.gap == pytest.approx((s.cost - s.bound) / s.scale)
    assert s.gap < (0.005 if (p.step > 0.0).any() else 0.002)
    if rule not in ("free", "taxes off"):
        assert broken(p, free.trade, free.lot_sale), "the rule does not bind: the test would pass without it"


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("tracking error", lambda p, s: replace(p, tracking_cap=0.6 * s.tracking_error)),
        ("turnover", lambda p, s: replace(p, turnover_cap=0.5 * s.turnover)),
        ("cash at least", lambda p, s: replace(p, cash_min=0.2)),
        ("cash at most", lambda p, s: replace(p, cash_max=0.001)),
        ("net gains", lambda p, s: replace(p, net_gain_budget=1.05 * (s.short_gain + s.long_gain))),
        ("sector 3 at most", lambda p, s: replace(p, bands=_one_sector(p, s, 3))),
    ],
)
def test_a_multiplier_is_what_one_more_unit_of_the_limit_saves(row, rule):
    base, free = free_plan()
    p = rule(base, free)
    s = solve(p, tolerance=1e-7)
    m = next(m for m in s.multipliers if m.row == row)
    assert m.price > 0.0
    assert m.value == pytest.approx(m.limit, abs=1e-7)
    move = 2e-4 * max(abs(m.limit), 1e-2)
    loosened = _moved(p, row, -move if row.endswith("least") else move)
    saved = s.cost - solve(loosened, tolerance=1e-7).cost
    assert saved / move == pytest.approx(m.price, rel=0.1)


def _one_sector(p: Problem, s, j: int) -> Bands:
    bands = sectors(p, 11, 1.0)
    upper = bands.upper.copy()
    upper[j] = bands.matrix[j] @ (p.held + s.trade) - 0.01
    return replace(bands, upper=upper, lower=np.full(11, -np.inf))


def _moved(p: Problem, row: str, by: float) -> Problem:
    if row.startswith("sector"):
        return replace(p, bands=replace(p.bands, upper=p.bands.upper + by * (np.arange(11) == 3)))
    field = {"tracking error": "tracking_cap", "turnover": "turnover_cap", "cash at least": "cash_min",
             "cash at most": "cash_max", "net gains": "net_gain_budget"}[row]  # fmt: skip
    return replace(p, **{field: getattr(p, field) + by})


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 6, 7, 9, 14])  # those that have a plan
def test_the_bound_holds_at_any_multipliers(seed):
    """Weak duality: L(x) is below the optimum wherever x is, however bad; and each pass bounds θ from above."""
    p = small(seed, most=5)
    best = exhaustive(p)
    pricing = Pricing(p)
    rng = np.random.default_rng(seed)
    assert np.isfinite(best)
    seen = []
    for _ in range(30):
        x = rng.normal(0.0, 1.0, pricing.K) * 10.0 ** rng.uniform(-4, 1)
        x[pricing.k :] = np.maximum(x[pricing.k :], 0.0)
        choice = pricing.at(x, pricing.allowed)
        assert pricing.lower_value(x, choice.theta) <= best + 1e-9
        for cut in seen:
            assert choice.theta <= cut.cut + cut.rows @ x + 1e-9 * (1.0 + abs(choice.theta))
        seen.append(choice)


def test_settling_far_lots_beforehand_changes_nothing():
    p = account(100, 2000, 3)
    pricing, s = Pricing(p), solve(p)
    x = np.zeros(pricing.K)
    x[: pricing.k] = 2.0 * p.risk_aversion * (p.factors.T @ (p.held + s.trade - p.target))
    choice = pricing.at(x, pricing.allowed)
    sides = sides_of(pricing, choice.candidate, choice.branch)
    narrow = convex_plan(pricing, sides, x, window=0.01, guess=choice)
    wide = convex_plan(pricing, sides, x, window=np.inf)
    assert narrow.cost == pytest.approx(wide.cost, abs=1e-9)
    np.testing.assert_allclose(narrow.sale, wide.sale, atol=1e-7)


# What one name may do, on accounts small enough to see through


def one_name(**rules) -> Problem:
    """One name held at 50 % beside cash, target 30 %; a lot with a loss, one with a gain."""
    lots = rules.pop("lots", None) or Lots.of([0, 0], [0.3, 0.2], tax=[0.08, -0.06], long_gain=[0.4, -0.3])
    rules = {"target": [0.3], "cash": 0.5, "risk_aversion": 5.0} | rules
    return Problem.of(held=[0.5], factors=np.full((1, 1), 0.2), specific=[0.2], lots=lots, **rules)


def test_lots_go_cheapest_tax_first():
    s = solve(one_name())
    assert s.lot_sale[1] == pytest.approx(0.2)
    assert s.lot_sale[0] == pytest.approx(0.0, abs=1e-6)
    assert (s.tax, s.trading) == (pytest.approx(-0.012, abs=1e-6), 0.0)


def test_a_gains_budget_may_turn_the_order_of_lots():
    """Lot 0 is taxed less per dollar but gains more; with the budget the other is sold."""
    lots = Lots.of([0, 0], [0.25, 0.25], tax=[0.010, 0.012], long_gain=[0.4, 0.05])
    p = one_name(lots=lots, upper=0.3)
    assert solve(p).lot_sale == pytest.approx([0.2, 0.0], abs=1e-6)
    s = solve(replace(p, long_gain_budget=0.02))
    assert s.lot_sale == pytest.approx([0.2 - 0.06 / 0.35, 0.06 / 0.35], abs=1e-6)
    assert s.long_gain == pytest.approx(0.02, abs=1e-8)


def test_a_loss_waits_while_a_recent_lot_is_kept():
    """The recent lot has a gain that costs more than the loss saves: neither is sold for the loss's sake."""
    lots = Lots.of([0, 0], [0.3, 0.2], tax=[0.5, -0.06], long_gain=[0.6, -0.3], recent=[True, False])
    assert solve(one_name(lots=lots, target=[0.5])).lot_sale == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_recent_lot_goes_first_where_that_frees_a_loss():
    lots = Lots.of([0, 0], [0.05, 0.45], tax=[0.01, -0.2], long_gain=[0.05, -0.6], recent=[True, False])
    s = solve(one_name(lots=lots))
    assert s.lot_sale[0] == pytest.approx(0.05)
    assert s.lot_sale[1] > 0.1


def test_a_recent_lot_with_a_loss_may_be_sold_in_part_if_it_is_the_only_one():
    lots = Lots.of([0, 0], [0.3, 0.2], tax=[-0.06, -0.06], short_gain=[-0.2, -0.2], recent=[True, False])
    s = solve(one_name(lots=lots, target=[0.45], risk_aversion=50.0))
    assert 0.0 < s.lot_sale[0] < 0.3
    assert s.lot_sale[1] == 0.0


def test_minimum_trade_none_or_enough_and_a_full_exit_always():
    p = account(30, 60, 1, min_trade=0.02)
    s = solve(p)
    small_trades = np.abs(s.trade[(s.trade != 0.0) & (s.trade > -p.held + 1e-12)])
    assert (small_trades >= 0.02 - 1e-9).all()
    tiny = Problem.of(held=[0.001, 0.9], target=[0.0, 1.0], factors=np.full((2, 1), 0.2), specific=[3.0, 0.2],
                      risk_aversion=500.0, cash=0.099, min_trade=0.02, upper=[0.0, 1.0])  # fmt: skip
    assert solve(tiny).trade[0] == -0.001


def test_no_candidate_of_a_name_is_cheaper_than_the_one_taken_where_regret_is_positive():
    _, s = free_plan()
    n = np.arange(len(s.trade))
    best_other = np.where(np.arange(4) == s.candidate[:, None], np.inf, s.candidate_price).min(axis=1)
    np.testing.assert_allclose(s.regret, best_other - s.candidate_price[n, s.candidate])
    assert (s.regret > -1e-6).mean() > 0.99
    assert (np.sign(s.trade) == np.array([0, 1, -1, -1])[s.candidate])[np.abs(s.trade) > 1e-9].all()


def test_held_away_positions_complete_the_account():
    """A fifth of the household's market exposure is held away: the managed part keeps that much less of it."""
    base = account(60, 60, 5)
    p = replace(base, lots=replace(base.lots, tax=base.lots.tax * 0.0))
    away = 0.05 * p.factors[0]
    s = solve(replace(p, fixed_factors=away, cash_max=1.0))
    d = p.held + s.trade - p.target
    alone = solve(replace(p, cash_max=1.0))
    assert np.sum((p.factors.T @ d + away) ** 2) < np.sum((p.factors.T @ (p.held + alone.trade - p.target) + away) ** 2)
    at_name = np.zeros(60)
    at_name[0] = 0.05
    s0 = solve(replace(p, fixed_active=at_name, fixed_variance=1e-4))
    assert s0.trade[0] < alone.trade[0]
    assert s0.tracking >= p.risk_aversion * 1e-4


@pytest.mark.parametrize("value", [1e6, 1e5])
def test_whole_and_fractional_names_in_one_account(value):
    p = account(80, 240, 2, step=np.where(np.arange(80) % 2 == 0, shares(80, 1, value), 0.0))
    s = solve(p)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.gap < 0.005


def cash_account(**rules) -> Problem:
    """Nothing held yet, 300 names to choose from."""
    model = account(300, 300, 3)
    return Problem.of(held=np.zeros(300), target=model.target, factors=model.factors, specific=model.specific,
                      risk_aversion=80.0, cash=1.0, buy_cost=0.0005, **rules)  # fmt: skip


@pytest.mark.parametrize("names", [25, 100])
def test_a_sample_of_so_many_names_from_cash(names):
    p = cash_account(max_names=names, cash_max=0.001)
    s = solve(p)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.names_held == names
    assert s.gap < 0.002


@pytest.mark.parametrize("value", [5e3, 25e3, 1e6])
def test_whole_shares_from_cash_in_accounts_of_every_size(value):
    """In a small account a share is a whole position: the bound has to price whole shares to be of use."""
    p = cash_account(step=shares(300, 1, value), cash_max=0.02)
    s = solve(p)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.gap < 0.005


def from_cash(**rules):
    """The 500 names of the account, to be bought from cash; all but half a percent, to the cent, is to be invested."""
    base, _ = free_plan()
    n = len(base.held)
    rules = {"cash_min": 0.005, "cash_max": 0.005, "min_trade": 2.5e-5, **rules}
    return Problem.of(
        held=np.zeros(n),
        target=base.target,
        factors=base.factors,
        specific=base.specific,
        risk_aversion=100.0,
        cash=1.0,
        **rules,
    )


def test_an_equation_leaves_the_program_room():
    """Rows that demand and allow the same are one equation: with a margin on both sides no plan would be left."""
    p = from_cash(min_trade=0.0)
    pricing = Pricing(p)
    sides = sides_of(pricing, np.full(len(p.held), BUY), np.full(len(p.held), -1))
    plan = convex_plan(pricing, sides, np.zeros(pricing.K), window=np.inf)
    assert plan is not None
    assert plan.feasible
    assert plan.bought.sum() == pytest.approx(0.995, abs=1e-9)


@pytest.mark.parametrize(("least", "at_once"), [(2.5e-5, True), (1e-3, False)])
def test_a_portfolio_from_nothing_is_certified_by_its_own_program(least, at_once, monkeypatch):
    """Where smallest positions of a tenth of a percent shape the whole portfolio, the search has to decide."""
    p = from_cash(min_trade=least)
    s = solve(p, tolerance=1e-2)
    assert broken(p, s.trade, s.lot_sale) == []
    assert s.gap <= 1e-2
    monkeypatch.setattr(optimizer._Search, "_from_nothing", lambda search: None)
    searched = solve(p, tolerance=1e-4)
    assert s.bound <= searched.cost + 1e-12
    assert s.cost == pytest.approx(searched.cost, rel=1e-2)
    assert (s.steps < searched.steps / 4) is at_once


def test_no_factors_and_nothing_in_the_way():
    p = Problem.of(held=[0.5], target=[0.9], factors=np.zeros((1, 0)), specific=[0.2], risk_aversion=1.0, cash=0.5)
    assert solve(p).trade == pytest.approx([0.4], abs=1e-5)


# What no plan can meet


def clash(p: Problem) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        solve(p)
    return caught.value


def test_cash_beyond_what_the_account_is_worth():
    p = account(50, 150, 1, cash_min=1.5)
    error = clash(p)
    (s,) = error.shortfalls
    all_sold = p.cash + np.sum(p.held * (1.0 - p.sell_cost))
    assert s.row == "cash at least"
    assert s.limit == 1.5
    assert s.needed == pytest.approx(all_sold, abs=1e-6)
    assert error.nearest is not None
    assert error.nearest.cash_after == pytest.approx(all_sold, rel=2e-3)


def test_contradicting_bands_are_named_with_their_shortfall():
    p = account(60, 120, 2)
    A = np.ones((2, 60))
    p = replace(p, bands=Bands(A, np.array([0.9, -np.inf]), np.array([np.inf, 0.8]), ("theme A", "theme B")))
    error = clash(p)
    assert {s.row for s in error.shortfalls} <= {"theme A at least", "theme B at most"}
    assert sum(s.amount for s in error.shortfalls) == pytest.approx(0.1, abs=1e-6)
    assert error.nearest is not None
    at = float(np.sum(p.held + error.nearest.trade))
    assert 0.8 - 1e-3 <= at <= 0.9 + 1e-3


def test_a_cap_below_what_cannot_be_sold():
    base = account(40, 120, 3)
    stuck = base.lots.name == 7
    p = replace(base, lots=replace(base.lots, sellable=~stuck), upper=np.where(np.arange(40) == 7, 0.001, 1.0))
    error = clash(replace(p, names=("X",) * 7 + ("ACME",) + ("X",) * 32))
    assert error.shortfalls == (Shortfall("ACME at most", 0.001, float(base.held[7])),)
    assert error.nearest is not None
    assert error.nearest.trade[7] >= 0.0


def test_more_names_that_cannot_be_sold_than_are_allowed():
    base = account(40, 40, 3)
    p = replace(base, lots=replace(base.lots, sellable=base.lots.name >= 25), max_names=20)
    error = clash(p)
    assert error.shortfalls == (Shortfall("number of names", 20.0, 25.0),)
    assert error.nearest is not None
    assert error.nearest.names_held == 25


def test_a_tracking_cap_below_what_the_locked_positions_leave():
    base = account(40, 40, 3)
    away = np.full(base.factors.shape[1], 0.02)
    p = replace(base, tracking_cap=0.001, fixed_factors=away, max_buy=np.zeros(40),
                lots=replace(base.lots, sellable=np.zeros(40, dtype=bool)))  # fmt: skip
    error = clash(p)
    (s,) = error.shortfalls
    assert s.row == "tracking error"
    assert error.nearest is not None
    assert s.needed == pytest.approx(error.nearest.tracking_error, rel=1e-3)


def test_two_kinds_of_contradiction_are_said_together():
    base = account(40, 40, 3)
    p = replace(base, lots=replace(base.lots, sellable=base.lots.name != 7), cash_min=2.0,
                upper=np.where(np.arange(40) == 7, 0.0, 1.0))  # fmt: skip
    assert {s.row for s in clash(p).shortfalls} == {"name 7 at most", "cash at least"}


# The same bytes

PROGRAM = """
import hashlib, sys
from dicli.plan.optimizer import solve
from tests.optimizer_cases import RULES, account
base = account(500, 1500, 7)
free = solve(base)
digest = hashlib.sha256()
for rule in ("free", "tracking cap 0.45", "several, and whole shares of $1,000,000"):
    s = solve(RULES[rule](base, free))
    for array in (s.trade, s.lot_sale, s.candidate_price, s.regret):
        digest.update(array.tobytes())
    digest.update(repr((s.cost, s.bound, s.multipliers, s.steps, s.nodes)).encode())
print(digest.hexdigest())
"""


def test_the_same_bytes_on_one_thread_and_on_two():
    said = set()
    for threads in ("1", "2", "2"):
        env = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        said.add(
            subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True).stdout
        )
    assert len(said) == 1


# Mistakes of the caller


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"factors": np.zeros((3, 2))}, "factors are"),
        ({"lots": Lots.of([0, 1], [0.5, 0.4])}, "do not add up"),
        ({"lots": Lots.of([0, 2], [0.5, 0.5])}, "index outside"),
        ({"lots": Lots.of([0, 0, 1], [0.6, -0.1, 0.5])}, "negative weight"),
        ({"specific": [0.2, 0.0]}, "positive"),
        ({"target": [0.5, np.nan]}, "nan"),
        ({"held": [0.5, np.inf]}, "lots do not add up"),
        ({"bands": Bands(np.zeros((1, 3)), np.zeros(1), np.ones(1), ("a",))}, "bands are"),
        ({"buy_cost": [0.1, 0.1, 0.1]}, "expected"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, what):
    good = {"held": [0.5, 0.5], "target": [0.5, 0.5], "factors": np.zeros((2, 1)), "specific": [0.2, 0.2],
            "risk_aversion": 80.0, "cash": 0.0, "lots": Lots.of([0, 1], [0.5, 0.5])}  # fmt: skip
    Problem.of(**good)
    with pytest.raises(ValueError, match=what):
        Problem.of(**(good | change))
