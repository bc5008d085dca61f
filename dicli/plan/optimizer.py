"""The planner: bound, sides, plan, certificate (the words are those of `problem.py`).

`solve` raises the dual bound, reads each name's side off the best dual point, fixes the sides and solves the convex
program that remains. The difference between the plan's cost and the bound is the certificate. It is small because
everything that is not convex sits inside one name and the rows that couple the names are few (Shapley and Folkman;
Aubin and Ekeland 1976). Where it is still wider than asked for, the names whose dual is undecided between two
candidates are branched on: with every name decided the program is convex, so that the search ends at the optimum.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace

import numpy as np

from dicli.plan.branching import (
    children,
    fits,
    keys_at,
    keys_of,
    majority,
    names_repaired,
    only,
    sides_from,
    undecided,
)
from dicli.plan.bundle import Bound, raise_bound
from dicli.plan.dual import BUY, LEAVE, TINY, Allowed, Choice, Pricing
from dicli.plan.infeasible import coupling_shortfalls, explain, impossible_names
from dicli.plan.primal import Plan, convex_plan, sides_of
from dicli.plan.problem import Floats, Infeasible, Multiplier, Problem, Seconds, Shortfall, Solution
from dicli.plan.rounding import to_shares

WINDOW = 0.01  # lots within a cent per dollar of the marginal slope stay free in the program
ELASTIC = 10.0  # price of violating a row where sides clash: dollars per dollar, beyond any tax rate
WORK = 1_000_000  # most that branching may take, in names, lots and pairs of rows priced: some tenths of a second
PROGRAM = 20  # passes that one quadratic program counts for
MOST_NODES = 400
AT_ONCE = 1e-4  # a portfolio from nothing is asked for once more where it is not certified to this
ROUNDS = 4  # of asking again at the plan's own prices
LEAST_SCALE = 1e-5


def solve(problem: Problem, *, tolerance: float = 1e-4) -> Solution:
    """The plan of least cost, certified to `tolerance` × max(|bound|, 1e-5) where that can be had in a second or so.

    Raises `Infeasible` where no plan meets the constraints. The same problem gives the same bytes.
    """
    return _solve(problem, tolerance, 0)


def _solve(problem: Problem, tolerance: float, depth: int) -> Solution:
    """`depth` counts the relaxations made so far in search of the nearest plan."""
    pricing = Pricing(problem)
    search = _Search(pricing, tolerance, depth)
    impossible = impossible_names(pricing)
    if impossible:
        raise search.infeasible(impossible) from None
    return search.run()


@dataclass(frozen=True, slots=True)
class _Node:
    allowed: Allowed
    x: Floats
    bound: float
    cuts: list[Choice]


class _Search:
    """The best plan so far, the bound, and what it took."""

    def __init__(self, pricing: Pricing, tolerance: float, depth: int = 0) -> None:
        self.pricing = pricing
        self.depth = depth
        self.tolerance = tolerance
        self.best: Plan | None = None
        self.closest: Plan | None = None  # of those that violate a row, the one that does so least
        self.seconds = {"bound": 0.0, "plan": 0.0, "rounding": 0.0}
        self.tried: set[bytes] = set()
        self.programs = 0

    def run(self) -> Solution:
        p, pricing = self.pricing.p, self.pricing
        at_once = self._from_nothing()
        if at_once is not None:
            return at_once
        start = np.zeros(pricing.K)
        start[: pricing.k] = 2.0 * p.risk_aversion * pricing.at_rest[: pricing.k]
        root = self._raise(_Node(pricing.allowed, start, -np.inf, []))
        bound = root.value
        if not root.runaway:
            self._try(root, pricing.allowed)
        if self.best is None:  # L ran past the cost of any plan, or the sides clash: the relaxation says which
            clashes = coupling_shortfalls(p)
            if clashes:
                raise self.infeasible(clashes) from None
        if root.runaway:  # only whole numbers forbid it: the plan that comes closest says where
            self._improve(root, root.choice, pricing.allowed)
            raise self.infeasible(()) from None
        if self.best is not None:  # the program's own multipliers are another dual point, sometimes the better one
            bound = max(bound, self._bound_at(self.best.x))
        bound, nodes = self._branch(root, bound)
        if self.best is None:
            raise self.infeasible(()) from None
        return self._solution(self.best, bound, nodes)

    def _from_nothing(self) -> Solution | None:
        """A portfolio made of cash is convex but for its smallest positions: the program in which every name of the
        target is bought is asked first, and is the answer where its own prices certify it.
        """
        p, pricing = self.pricing.p, self.pricing
        if p.held.any() or p.max_names is not None or pricing.whole:
            return None
        candidate = np.where((p.target > 0.0) & pricing.allowed.buy, BUY, LEAVE)
        bound, started = -np.inf, time.perf_counter()
        for _ in range(2):
            if not (pricing.allowed.leave | (candidate == BUY)).all():
                break
            sides = sides_of(pricing, candidate, np.full(len(candidate), -1))
            plan = convex_plan(pricing, sides, np.zeros(pricing.K), window=np.inf)
            if plan is None or not plan.feasible:
                break
            asked = pricing.at(plan.x, pricing.allowed)
            bound = max(bound, pricing.lower_value(plan.x, asked.theta))
            self._keep(plan, asked)
            if not self._open(bound, AT_ONCE):
                break
            candidate = asked.candidate  # the smallest positions that its prices would rather not have are left
        self.seconds["plan"] += time.perf_counter() - started
        if self._open(bound):
            self.best = self.closest = None
            return None
        assert self.best is not None
        return self._solution(self.best, min(bound, self.best.cost), 1)

    def infeasible(self, known: tuple[Shortfall, ...]) -> Infeasible:
        def again(relaxed: Problem) -> Solution:
            return _solve(relaxed, self.tolerance, self.depth + 1)

        return explain(self.pricing, known, self.closest, again, self.depth)

    def _scale(self, bound: float) -> float:
        return max(abs(bound), LEAST_SCALE)

    def _raise(self, node: _Node) -> Bound:
        started = time.perf_counter()
        bound = raise_bound(
            self.pricing,
            node.x,
            node.allowed,
            accuracy=0.05 * self.tolerance * LEAST_SCALE,
            relative=0.05 * self.tolerance,
            ceiling=self.pricing.dearest() if self.best is None else self.best.cost,
            cuts=node.cuts,
            most_steps=50 if node.cuts else 150,  # a branch starts from its parent's answer
        )
        self.seconds["bound"] += time.perf_counter() - started
        return bound

    def _bound_at(self, x: Floats) -> float:
        return self.pricing.lower_value(x, self.pricing.at(x, self.pricing.allowed).theta)

    # The plan

    def _try(self, bound: Bound, allowed: Allowed) -> None:
        """Plans from one dual point: with its own sides, then with those of the averaged plan that it describes."""
        self._improve(bound, bound.choice, allowed)
        if self._open(bound.value):
            candidate, branch = majority(bound)
            self._improve(bound, replace(bound.choice, candidate=candidate, branch=branch), allowed)

    def _improve(self, bound: Bound, choice: Choice, allowed: Allowed) -> None:
        """Fix the sides of `choice` and solve; then move the names that the plan's own prices would have elsewhere."""
        plan, better = self._with_sides(choice, bound.x)
        if self.pricing.whole and self.best is not None:
            return  # the fractional program's prices say little about whole shares
        for _ in range(ROUNDS):
            if plan is None or not self._open(bound.value) or not (better or self.best is None):
                return
            asked = self.pricing.at(plan.x, allowed)
            present, wanted = keys_of(plan.candidate, plan.branch), keys_at(asked)
            movers = np.flatnonzero(present != wanted)
            saving = asked.prices[movers, plan.candidate[movers]] - asked.prices[movers, asked.candidate[movers]]
            movers = movers[np.argsort(-saving, kind="stable")]
            x, better = plan.x, False
            for share in (1, 4, 16):  # all of them, then those that promise most
                keys = present.copy()
                some = movers[: len(movers) // share]
                keys[some] = wanted[some]
                candidate, branch = sides_from(keys)
                plan, better = self._with_sides(replace(asked, candidate=candidate, branch=branch), x)
                if better or self.best is None:
                    break

    def _with_sides(self, choice: Choice, x: Floats) -> tuple[Plan | None, bool]:
        """The plan with the sides of `choice`, and whether it is the best so far; None where these were tried."""
        candidate, branch = names_repaired(self.pricing, choice, self._kappa(x))
        key = keys_of(candidate, branch).tobytes()
        if key in self.tried:
            return None, False
        self.tried.add(key)
        started = time.perf_counter()
        sides = sides_of(self.pricing, candidate, branch)
        self.programs += 1
        plan = convex_plan(self.pricing, sides, x, window=WINDOW, guess=choice)
        if plan is None or not plan.feasible:
            plan = convex_plan(self.pricing, sides, x, window=np.inf, elastic=ELASTIC)
        elif self._short_of(plan):
            plan = convex_plan(self.pricing, sides, x, window=np.inf)
        self.seconds["plan"] += time.perf_counter() - started
        return plan, plan is not None and self._keep(plan, choice)

    def _open(self, bound: float, tolerance: float | None = None) -> bool:
        most = self.tolerance if tolerance is None else tolerance
        return self.best is None or self.best.cost - bound > most * self._scale(bound)

    def _kappa(self, x: Floats) -> float:
        return float(x[self.pricing.k + self.pricing.rows.linear]) if self.pricing.rows.names else 0.0

    def _short_of(self, plan: Plan) -> bool:
        """Whether a plan is dearer than its own sides allow: then its window on the lots was too narrow."""
        these = only(self.pricing, plan.candidate, plan.branch)
        reachable = self.pricing.lower_value(plan.x, self.pricing.at(plan.x, these).theta)
        return plan.cost - reachable > 0.1 * self.tolerance * self._scale(plan.cost)

    def _keep(self, plan: Plan, priced: Choice) -> bool:
        if not plan.feasible:
            if self.closest is None or plan.excess.sum() < self.closest.excess.sum():
                self.closest = plan
            return False
        if self.pricing.whole:
            started = time.perf_counter()
            rounded = to_shares(self.pricing, plan, priced)
            self.seconds["rounding"] += time.perf_counter() - started
            if rounded is None:
                return False
            plan = rounded
        if self.best is None or plan.cost < self.best.cost - 1e-12:
            self.best = plan
            return True
        return False

    # Branching

    def _work(self) -> int:
        return self.pricing.passes + PROGRAM * self.programs

    def _branch(self, root: Bound, bound: float) -> tuple[float, int]:
        """Decide undecided names one by one, best bound first; returns the bound and the number of nodes."""
        pricing = self.pricing
        size = len(pricing.p.held) + len(pricing.weight) + pricing.K**2
        spent, most = self._work(), WORK // size
        heap: list[tuple[float, int, Bound, Allowed]] = [(bound, 0, root, pricing.allowed)]
        nodes = 1
        settled = np.inf  # the least bound of what was closed without reaching the tolerance
        while heap and nodes < MOST_NODES and self._work() - spent < (most if self.best else 2 * most):
            if not self._open(min(heap[0][0], settled)):
                break
            value, _, at, allowed = heapq.heappop(heap)
            split = undecided(at, any_name=self.best is None)
            if split is None:
                settled = min(settled, value)
                continue
            for child in children(pricing, allowed, at, *split):
                nodes += 1
                cuts = [c for c in at.choices if fits(c, child)]
                node = self._raise(_Node(child, at.x, value, cuts))
                low = max(node.value, value)
                if not self._open(low):
                    settled = min(settled, max(low, self.best.cost if node.runaway and self.best else low))
                    continue
                if node.runaway and self.best is None:
                    continue
                self._try(node, child)
                heapq.heappush(heap, (low, nodes, node, child))
        left = min([entry[0] for entry in heap], default=np.inf)
        reached = min(left, settled)
        if np.isfinite(reached):
            bound = max(bound, reached)
        if self.best is not None:
            bound = min(bound, self.best.cost)
        return bound, nodes

    # The answer

    def _solution(self, plan: Plan, bound: float, nodes: int) -> Solution:
        pricing, p = self.pricing, self.pricing.p
        at = pricing.at(plan.x, pricing.allowed)  # at the plan's own prices its trades are the candidates' trades
        n = np.arange(len(p.held))
        taken = at.prices[n, plan.candidate]
        others = at.prices.copy()
        others[n, plan.candidate] = np.inf
        short = float(np.sum(p.lots.short_gain * plan.sale))
        long = float(np.sum(p.lots.long_gain * plan.sale))
        trade = plan.bought - plan.sold
        scale = self._scale(bound)
        held = p.counted & (p.held + trade > TINY)
        return Solution(
            trade=trade,
            lot_sale=plan.sale,
            cost=plan.cost,
            bound=bound,
            gap=max(plan.cost - bound, 0.0) / scale,
            scale=scale,
            tax=plan.tax,
            tracking=plan.tracking,
            trading=plan.trading,
            multipliers=_multipliers(pricing, plan),
            candidate=plan.candidate,
            candidate_price=at.prices,
            candidate_trade=np.where(np.isfinite(at.prices), at.trades, np.nan),
            regret=np.min(others, axis=1) - taken,
            tracking_error=float(np.sqrt(plan.tracking / p.risk_aversion)),
            cash_after=p.cash
            - float(np.sum(plan.bought * (1.0 + p.buy_cost)) - np.sum(plan.sold * (1.0 - p.sell_cost))),
            turnover=float(np.sum(plan.bought) + np.sum(plan.sold)) / 2.0,
            names_held=int(held.sum()),
            short_gain=short,
            long_gain=long,
            steps=pricing.passes,
            nodes=nodes,
            seconds=Seconds(**self.seconds),
        )


def _multipliers(pricing: Pricing, plan: Plan) -> tuple[Multiplier, ...]:
    """Each row's price per unit of its own limit; the tracking cap's ρ is per unit of variance, so times 2 × cap."""
    rows, made = pricing.rows, []
    for j, label in enumerate(rows.labels):
        limit, price = float(rows.limits[j]), float(plan.x[pricing.k + j])
        value = float(rows.signs[j] * plan.rows[pricing.k + j]) + limit
        if label == "tracking error":
            price *= 2.0 * limit
            value = float(np.sqrt(plan.tracking / pricing.p.risk_aversion))
        made.append(Multiplier(label, price, value, limit))
    return tuple(made)
