"""The bound: one vectorised pass prices every name and lot.

With multipliers x = (ν, μ, κ, ρ) on the coupling rows the Lagrangian of the planner's program separates by name:

    L(x) = −‖ν‖² / (4 (γ + ρ)) + θ(x)
    θ(x) = Σ_i min over the candidates of i of [ (γ + ρ) σ_i² d_i² + (Gν)_i d_i + (row prices)·u_i + φ_i(u_i) ]
           − x·(limits)

`Pricing.at` computes θ and one of its supergradients, `bundle.raise_bound` maximises L. Any L(x) with μ, κ, ρ ≥ 0 is a
lower bound on the cost of every plan. Aubin and Ekeland (1976) and Starr (1969) say why the best of them is tight when
names are many and coupling rows few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dicli.plan.branches import selling_branches
from dicli.plan.problem import Bools, Floats, Ints, Problem
from dicli.plan.rows import coupling_rows

LEAVE, BUY, SELL, EXIT = range(4)  # the columns of problem.CANDIDATES
TINY = 1e-12  # weights below this are nothing: a millionth of a dollar of a million


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which candidates may still be taken: the rules per name at first, fewer in a branching (`optimizer.py`)."""

    leave: Bools  # (n,)
    buy: Bools  # (n,)
    sell: Bools  # (b,)
    exit: Bools  # (n,)


@dataclass(frozen=True, slots=True)
class Choice:
    """The pass's answer at one x: for each name the cheapest candidate."""

    theta: float
    cut: float  # θ(x') ≤ cut + rows·x' at every x', with equality at x
    rows: Floats  # (K,) left sides of the coupling rows, a supergradient of θ
    candidate: Ints  # (n,)
    branch: Ints  # (n,) the branch of a "sell part", −1 otherwise
    bought: Floats  # (n,)
    sold: Floats  # (n,)
    curvature: Floats  # (n,) 1 / (2 (γ+ρ) σ²) of names whose trade moves with the prices, 0 of the others
    prices: Floats  # (n, 4) by candidate, inf where forbidden
    trades: Floats  # (n, 4)
    best_branch: Ints  # (n,) cheapest branch of each name, −1 where it has none


class Pricing:
    """What does not change from pass to pass; `at` is the pass."""

    def __init__(self, p: Problem) -> None:
        self.p = p
        n = len(p.held)
        self.rows = coupling_rows(p)
        self.branches = selling_branches(p)
        rows, b, lots = self.rows, self.branches, p.lots
        self.k = p.factors.shape[1]
        self.K = self.k + len(rows.labels)
        self.offset = p.held - p.target + p.fixed_active  # active weight when nothing is traded
        self.variance = p.specific**2
        self.counted = p.counted & rows.names
        self.held_before = p.held > TINY
        # Sensitivities of the rows to a dollar bought and a dollar sold, factors first.
        self.to_buy = np.hstack((p.factors, rows.buy))
        self.to_sell = np.hstack((-p.factors, rows.sell))
        at_rest = np.einsum("ik,i->k", p.factors, self.offset) + p.fixed_factors
        self.at_rest = np.concatenate((at_rest, rows.base))
        # What one name may do.
        self.room = max(float(p.held.sum()) + p.cash - min(p.cash_min, p.cash), 0.0)  # most that can be held
        ceiling = np.minimum(p.upper, self.room)
        self.buy_low = np.maximum(p.min_trade, p.lower - p.held)
        self.buy_high = np.minimum(p.max_buy, ceiling - p.held)
        self.sell_low = np.maximum(np.maximum(p.min_trade, p.held - p.upper)[b.name], b.forced)
        self.sell_high = np.minimum(b.total, (p.held - p.lower)[b.name])
        self.whole = bool((p.step > 0.0).any())
        self.share = np.where(p.step > 0.0, p.step, 1.0)
        self.wholes = p.step > 0.0
        if self.whole:  # the nearest whole shares inside the limits
            slack = 1e-9
            self.buy_low = np.where(self.wholes, np.ceil(self.buy_low / self.share - slack) * self.share, self.buy_low)
            self.buy_high = np.where(
                self.wholes, np.floor(self.buy_high / self.share + slack) * self.share, self.buy_high
            )
            share, whole = self.share[b.name], self.wholes[b.name]
            self.sell_low = np.where(whole, np.ceil(self.sell_low / share - slack) * share, self.sell_low)
            self.sell_high = np.where(whole, np.floor(self.sell_high / share + slack) * share, self.sell_high)
        stuck = np.bincount(lots.name[~lots.sellable & (lots.weight > 0.0)], minlength=n) > 0
        rest = (p.lower <= p.held + TINY) & (p.held <= p.upper + TINY)
        self.allowed = Allowed(
            leave=rest,
            buy=(self.buy_high > TINY) & (self.buy_low <= self.buy_high + TINY),
            sell=(self.sell_high > TINY) & (self.sell_low <= self.sell_high + TINY),
            exit=self.held_before & ~stuck & (p.lower <= TINY),
        )
        at_stake = float(np.sum(np.abs(lots.tax) * lots.weight)) + p.risk_aversion * (
            float(np.sum(self.at_rest[: self.k] ** 2) + np.sum(self.variance * self.offset**2)) + p.fixed_variance
        )
        self.usual = max(at_stake, 1e-4)  # the size of costs in this account
        self.exit_tax = np.bincount(lots.name, lots.tax * lots.weight, minlength=n)
        self.exit_gain = (
            np.stack([np.bincount(lots.name, g * lots.weight, minlength=n) for g in rows.gains.T], axis=1)
            if len(rows.gain_rows)
            else np.zeros((n, 0))
        )
        self.rank = np.zeros(len(b.name), dtype=np.int64)
        for j in range(1, len(b.name)):
            if b.name[j] == b.name[j - 1]:
                self.rank[j] = self.rank[j - 1] + 1
        self.first_branch = np.full(n, -1, dtype=np.int64)
        self.first_branch[b.name[self.rank == 0]] = np.flatnonzero(self.rank == 0)
        self.eta = np.full(len(rows.gain_rows) + 1, np.nan)  # of no length that occurs: the first sort is always made
        self.passes = 0
        self.sort(np.zeros(len(rows.gain_rows)))

    def sort(self, eta: Floats) -> None:
        """Order the lots of each branch by slope τ g + η g, the forced ones first; η changes the order."""
        if np.array_equal(eta, self.eta):
            return
        self.eta = eta.copy()
        b, lots = self.branches, self.p.lots
        slope = lots.tax + np.sum(self.rows.gains * eta, axis=1) if len(eta) else lots.tax
        order = np.lexsort((slope[b.lot], ~b.must, b.branch))
        self.lot = b.lot[order]
        self.slope = slope[self.lot]
        self.weight = lots.weight[self.lot]
        self.must = b.must[order]
        ends = np.cumsum(self.weight)
        starts = ends - self.weight
        self.before = starts - starts[b.first][b.branch] if len(starts) else starts

    def lots_at(self, sold: Floats) -> Floats:
        """(e,) the weight taken from each lot, in the present order, when branch j sells `sold[j]`."""
        return np.clip(sold[self.branches.branch] - self.before, 0.0, self.weight)

    def _by_branch(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.branches.first) if len(values) else np.zeros(0)

    def dearest(self) -> float:
        """A cost that no plan reaches: every bound above it proves that there is no plan."""
        p = self.p
        most = float(np.abs(self.offset).sum() + p.held.sum()) + self.room
        exposure = float(np.sqrt(np.sum(p.factors**2, axis=1)).max()) * most
        exposure += float(np.sqrt(np.sum(p.fixed_factors**2)))
        variance = exposure**2 + float(self.variance.max()) * most**2 + p.fixed_variance
        trading = float(max(p.buy_cost.max(), p.sell_cost.max())) * most
        return p.risk_aversion * variance + float(np.sum(np.abs(p.lots.tax) * p.lots.weight)) + trading

    def lower_value(self, x: Floats, theta: float) -> float:
        """L(x): the bound."""
        nu, rho = x[: self.k], x[-1] if self.rows.tracking else 0.0
        return theta - float(np.sum(nu * nu)) / (4.0 * (self.p.risk_aversion + rho))

    def at(self, x: Floats, allowed: Allowed) -> Choice:
        """Price the whole account at the multipliers x: one pass over all names and lots."""
        self.passes += 1
        p, k, R = self.p, self.k, self.rows.linear
        self.sort(x[k + self.rows.gain_rows])
        gamma = p.risk_aversion + (x[-1] if self.rows.tracking else 0.0)
        keep = x[k + R] * self.counted if self.rows.names else np.zeros(len(p.held))  # κ: the price of being held
        half = gamma * self.variance
        price_buy = p.buy_cost + np.einsum("ij,j->i", self.to_buy, x[: k + R])
        price_sell = p.sell_cost + np.einsum("ij,j->i", self.to_sell, x[: k + R])

        buy, buy_price = self._purchases(half, price_buy)
        sell, sell_price = self._sales(half, price_sell)
        sell_price = np.where(allowed.sell, sell_price + keep[self.branches.name], np.inf)
        best = self._best_branches(sell_price)
        has = best >= 0
        eta = x[k + self.rows.gain_rows]
        exit_tax = self.exit_tax + np.sum(self.exit_gain * eta, axis=1)

        n = np.arange(len(p.held))
        prices = np.full((len(n), 4), np.inf)
        prices[allowed.leave, LEAVE] = (half * self.offset**2 + keep * self.held_before)[allowed.leave]
        prices[allowed.buy, BUY] = (buy_price + keep)[allowed.buy]
        prices[has, SELL] = sell_price[best[has]]
        exit_price = half * (self.offset - p.held) ** 2 + price_sell * p.held + exit_tax
        prices[allowed.exit, EXIT] = exit_price[allowed.exit]
        trades = np.zeros((len(n), 4))
        trades[:, BUY] = buy
        trades[has, SELL] = -sell[best[has]]
        trades[:, EXIT] = -p.held

        candidate = np.argmin(prices, axis=1)
        trade = trades[n, candidate]
        part = candidate == SELL
        branch = np.where(part, best, -1)
        bought, sold = np.where(candidate == BUY, trade, 0.0), np.where(candidate >= SELL, -trade, 0.0)
        amounts = np.zeros(len(self.branches.name))
        amounts[best[part]] = sold[part]
        drawn = self.lots_at(amounts)
        left = self._left(bought, sold, drawn, candidate == EXIT)
        theta = float(np.sum(prices[n, candidate])) + self._rest(x)
        # A purchase between its limits, and a sale that ends inside a lot, move when prices move; the others stand.
        moving = (candidate == BUY) & (self.buy_low < buy) & (buy < self.buy_high)
        inside = (drawn > 0.0) & (drawn < self.weight)
        moving[self.branches.name[self.branches.branch[inside]]] = True
        return Choice(
            theta=theta,
            cut=theta - float(np.sum(left * x)),
            rows=left,
            candidate=candidate,
            branch=branch,
            bought=bought,
            sold=sold,
            curvature=np.where(moving, 0.5 / half, 0.0),
            prices=prices,
            trades=trades,
            best_branch=best,
        )

    def _purchases(self, half: Floats, price: Floats) -> tuple[Floats, Floats]:
        """(n,) the best purchase of each name, and its price: one quadratic, clipped."""
        buy = np.clip(-0.5 * price / half - self.offset, self.buy_low, np.maximum(self.buy_high, self.buy_low))

        def cost(amount: Floats) -> Floats:
            return half * (self.offset + amount) ** 2 + price * amount

        if not self.whole:
            return buy, cost(buy)
        return _whole(buy, cost, self.wholes, self.share, self.buy_low, self.buy_high)

    def _sales(self, half: Floats, price: Floats) -> tuple[Floats, Floats]:
        """(b,) the best sale by each branch, and its price.

        The sale that is best among those at slope l is z_l = d_i − (row prices + slope_l) / (2 (γ+ρ) σ_i²); what is
        sold of lot l is clip(z_l − before_l, 0, v_l), `before_l` being the weight of the lots ahead of it.
        """
        b = self.branches
        half_of, offset, price_of = half[b.name], self.offset[b.name], price[b.name]
        z = (offset - 0.5 * price_of / half_of)[b.branch] - self.slope * (0.5 / half_of)[b.branch]
        taken = np.where(self.must, self.weight, np.clip(z - self.before, 0.0, self.weight))
        sell = np.clip(self._by_branch(taken), self.sell_low, np.maximum(self.sell_high, self.sell_low))

        def cost(amount: Floats) -> Floats:
            tax = self._by_branch(self.slope * self.lots_at(amount))
            return half_of * (offset - amount) ** 2 + price_of * amount + tax

        if not self.whole:
            return sell, cost(sell)
        return _whole(sell, cost, self.wholes[b.name], self.share[b.name], self.sell_low, self.sell_high)

    def _best_branches(self, price: Floats) -> Ints:
        """(n,) the cheapest branch of each name, −1 where it has none."""
        best = self.first_branch.copy()
        for rank in range(1, int(self.rank.max(initial=0)) + 1):
            others = np.flatnonzero(self.rank == rank)
            of = self.branches.name[others]
            better = price[others] < price[best[of]]
            best[of[better]] = others[better]
        return best

    def _left(self, bought: Floats, sold: Floats, drawn: Floats, exits: Bools) -> Floats:
        """(K,) the left sides of the coupling rows; `drawn` is what the parts sold take from each lot."""
        p, rows, k, R = self.p, self.rows, self.k, self.rows.linear
        left = np.zeros(self.K)
        left[: k + R] = self.at_rest + np.einsum("ij,i->j", self.to_buy, bought)
        left[: k + R] += np.einsum("ij,i->j", self.to_sell, sold)
        for column, r in enumerate(rows.gain_rows):
            left[k + r] += float(np.sum(rows.gains[self.lot, column] * drawn))
            left[k + r] += float(np.sum(self.exit_gain[exits, column]))
        if rows.names and p.max_names is not None:
            left[k + R] = np.sum(self.counted & (p.held + bought - sold > TINY)) - p.max_names
        if rows.tracking:
            spread = float(np.sum(self.variance * (self.offset + bought - sold) ** 2))
            left[-1] = spread + p.fixed_variance - p.tracking_cap**2
        return left

    def _rest(self, x: Floats) -> float:
        """The part of θ(x) that no trade changes."""
        p, k, R = self.p, self.k, self.rows.linear
        rest = float(np.sum(self.at_rest * x[: k + R])) + p.risk_aversion * p.fixed_variance
        if self.rows.names and p.max_names is not None:
            rest -= float(x[k + R]) * p.max_names
        if self.rows.tracking:
            rest += float(x[-1]) * (p.fixed_variance - p.tracking_cap**2)
        return rest


def _whole(
    amount: Floats, cost: Callable[[Floats], Floats], wholes: Bools, share: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """The better of the two whole numbers of shares around the best fractional amount, exact as costs are convex."""
    down = np.clip(np.floor(amount / share + 1e-9) * share, low, np.maximum(high, low))
    up = np.clip(down + share, low, np.maximum(high, low))
    down, up = np.where(wholes, down, amount), np.where(wholes, up, amount)
    cost_down, cost_up = cost(down), cost(up)
    return np.where(cost_up < cost_down, up, down), np.minimum(cost_up, cost_down)
