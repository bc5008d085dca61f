"""Whole shares: from the fractional plan to the nearest good plan in whole shares.

Each name that trades in whole shares is put on its nearest level (0, a whole number of shares bought or sold, a full
exit). Then single steps of one share, the one that helps the exact cost most first, and pairs of steps where a row
binds (one name pays for another), until no step helps. A violated row (cash first of all) weighs more than any cost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dicli.plan.dual import BUY, EXIT, LEAVE, SELL, TINY, Choice, Pricing
from dicli.plan.primal import SLACK, Plan, convex_plan, measure, sides_of
from dicli.plan.problem import Floats, Ints

PENALTY = 1e3  # per unit of a violated row: above any price a row can have
PAIRS = 40  # single steps that are tried two by two
ALMOST = 1e-9  # of a share


def to_shares(pricing: Pricing, plan: Plan, priced: Choice) -> Plan | None:
    """The plan in whole shares, or None where no step repairs the rows that rounding violates.

    Two starts, and the better end: the fractional plan's nearest shares, and the pass's own whole shares at `priced`.
    """
    starts = (
        plan,
        replace(plan, candidate=priced.candidate, branch=priced.branch, bought=priced.bought, sold=priced.sold),
    )
    ends = [end for end in (_Rounding(pricing, start).run() for start in starts) if end is not None]
    return min(ends, key=lambda end: end.cost, default=None)


class _Rounding:
    """The levels of all names, and what one step up or down of each would change."""

    def __init__(self, pricing: Pricing, plan: Plan) -> None:
        self.pricing, self.plan = pricing, plan
        p, b = pricing.p, pricing.branches
        k, rows = pricing.k, pricing.rows
        pricing.sort(plan.x[k + rows.gain_rows])
        self.branch = np.where(plan.branch >= 0, plan.branch, pricing.first_branch)
        self.ends = np.append(b.first[1:], len(b.lot))
        self.tax = p.lots.tax[pricing.lot]
        self.u = plan.bought - plan.sold
        self.width = len(plan.rows) - k  # linear rows, names, tracking
        n = len(p.held)
        self.to, self.cost_change = np.full((2, n), np.nan), np.full((2, n), np.inf)
        self.row_change = np.zeros((2, n, self.width))
        for i in map(int, np.flatnonzero(pricing.wholes)):
            self.u[i] = self._nearest(i, float(self.u[i]))
        self.f = pricing.at_rest[:k].copy() + np.einsum("ik,i->k", p.factors, self.u)
        self.rows = np.zeros(self.width)
        self.rows[: rows.linear] = pricing.at_rest[k:]
        if rows.names and p.max_names is not None:
            self.rows[rows.linear] = -float(p.max_names)
        specific = float(np.sum(pricing.variance * (pricing.offset + self.u) ** 2)) + p.fixed_variance
        self.specific = specific
        for i in range(n):
            self.rows += self._left(i, float(self.u[i]))
            self._look(i)

    # One name

    def _sale(self, i: int, sold: float) -> tuple[slice, Floats]:
        """The lots of the name's branch and what is taken of each."""
        j = self.branch[i]
        span = slice(int(self.pricing.branches.first[j]), int(self.ends[j]))
        return span, np.clip(sold - self.pricing.before[span], 0.0, self.pricing.weight[span])

    def _is_exit(self, i: int, u: float) -> bool:
        return u < 0.0 and bool(self.pricing.allowed.exit[i]) and -u >= self.pricing.p.held[i] - TINY

    def _cost(self, i: int, u: float) -> float:
        """φ_i(u) and the specific risk, without factors."""
        p = self.pricing.p
        cost = p.risk_aversion * float(self.pricing.variance[i]) * (float(self.pricing.offset[i]) + u) ** 2
        if u > 0.0:
            return cost + float(p.buy_cost[i]) * u
        if u < 0.0:
            cost -= float(p.sell_cost[i]) * u
            if self._is_exit(i, u):
                return cost + float(self.pricing.exit_tax[i])
            span, taken = self._sale(i, -u)
            return cost + float(np.sum(self.tax[span] * taken))
        return cost

    def _left(self, i: int, u: float) -> Floats:
        """What trade u of the name adds to the left sides of the rows (the tracking cap's apart)."""
        pricing, rows = self.pricing, self.pricing.rows
        left = np.zeros(self.width)
        R = rows.linear
        if u > 0.0:
            left[:R] = rows.buy[i] * u
        elif u < 0.0:
            left[:R] = rows.sell[i] * -u
            for column, r in enumerate(rows.gain_rows):
                if self._is_exit(i, u):
                    left[r] += float(pricing.exit_gain[i, column])
                else:
                    span, taken = self._sale(i, -u)
                    left[r] += float(np.sum(rows.gains[pricing.lot[span], column] * taken))
        if rows.names:
            left[R] = float(pricing.counted[i] and pricing.p.held[i] + u > TINY)
        return left

    def _limits(self, i: int) -> tuple[float, float, float, float]:
        """Least and greatest purchase and sale in whole shares; least above greatest where there is none."""
        pricing = self.pricing
        share = float(pricing.share[i])
        buy = (max(float(pricing.buy_low[i]), share), float(pricing.buy_high[i]) if pricing.allowed.buy[i] else -1.0)
        j = self.branch[i]
        if j < 0 or not pricing.allowed.sell[j]:
            return (*buy, 1.0, -1.0)
        return (*buy, max(float(pricing.sell_low[j]), share), float(pricing.sell_high[j]))

    def _nearest(self, i: int, u: float) -> float:
        share = float(self.pricing.share[i])
        buy_low, buy_high, sell_low, sell_high = self._limits(i)
        if u == 0.0 or self._is_exit(i, u):
            return u
        low, high = (buy_low, buy_high) if u > 0.0 else (sell_low, sell_high)
        level = float(np.rint(abs(u) / share)) * share
        leave = bool(self.pricing.allowed.leave[i])
        if high < low - ALMOST * share or (level < low - ALMOST * share and leave and 2.0 * abs(u) < low):
            return 0.0 if leave else u
        return float(np.sign(u)) * min(max(level, low), high)

    def _steps(self, i: int) -> tuple[float | None, float | None]:
        """The next level above and below the present trade."""
        pricing, u = self.pricing, float(self.u[i])
        share = float(pricing.share[i])
        slack = ALMOST * share
        leave, may_exit = bool(pricing.allowed.leave[i]), bool(pricing.allowed.exit[i])
        buy_low, buy_high, sell_low, sell_high = self._limits(i)
        exit_at = -float(pricing.p.held[i])
        if u > 0.0:
            up = u + share if u + share <= buy_high + slack else None
            down = u - share if u - share >= buy_low - slack else (0.0 if leave else None)
            return up, down
        most = -sell_high if sell_high >= sell_low - slack else (exit_at if may_exit else None)
        if u == 0.0:
            down = -sell_low if sell_high >= sell_low - slack else most
            return (buy_low if buy_high >= buy_low - slack else None), down
        if self._is_exit(i, u):
            if sell_high >= sell_low - slack and sell_high < -u - slack:
                return -sell_high, None
            return (0.0 if leave else None), None
        up = u + share if -u - share >= sell_low - slack else (0.0 if leave else None)
        down = u - share if -u + share <= sell_high + slack else (exit_at if may_exit and u > exit_at + TINY else None)
        return up, down

    def _look(self, i: int) -> None:
        """Fill in what a step of the name would change."""
        self.to[:, i], self.cost_change[:, i] = np.nan, np.inf
        if not self.pricing.wholes[i]:
            return
        u = float(self.u[i])
        cost, left = self._cost(i, u), self._left(i, u)
        for way, to in enumerate(self._steps(i)):
            if to is not None:
                self.to[way, i] = to
                self.cost_change[way, i] = self._cost(i, to) - cost
                self.row_change[way, i] = self._left(i, to) - left

    # All names

    def run(self) -> Plan | None:
        p = self.pricing.p
        for _ in range(6 * len(p.held) + 100):
            if not (self._single() or self._pair()):
                break
        return self._plan()

    def _penalty(self, rows: Floats, variance: Floats) -> Floats:
        """What violated rows cost; `rows` (…, width), `variance` (…)."""
        over = np.maximum(rows, 0.0)
        if self.pricing.rows.tracking:
            over[..., -1] = np.maximum(np.sqrt(np.maximum(variance, 0.0)) - self.pricing.p.tracking_cap, 0.0)
        return np.asarray(PENALTY * np.sum(np.where(over > SLACK / 2, over, 0.0), axis=-1))

    def _now(self) -> float:
        return float(self._penalty(self.rows.copy(), np.array(self.specific + float(np.sum(self.f**2)))))

    def _merits(self) -> tuple[Floats, Floats, Floats]:
        """Change of cost by each step (2, n), the change of specific variance, and of that of the factors."""
        p, pricing = self.pricing.p, self.pricing
        du = self.to - self.u
        spread = pricing.variance * ((pricing.offset + self.to) ** 2 - (pricing.offset + self.u) ** 2)
        common = 2.0 * du * np.einsum("ik,k->i", p.factors, self.f) + du**2 * np.sum(p.factors**2, axis=1)
        return self.cost_change + p.risk_aversion * common, spread, common

    def _single(self) -> bool:
        change, spread, common = self._merits()
        variance = self.specific + float(np.sum(self.f**2)) + spread + common
        merit = change + self._penalty(self.rows + self.row_change, variance) - self._now()
        merit = np.where(np.isnan(self.to), np.inf, merit)
        best = int(np.argmin(merit))
        if not merit.flat[best] < -1e-12:
            return False
        self._move(*divmod(best, merit.shape[1]))
        return True

    def _pair(self) -> bool:
        """One name pays for another: the best steps at the rows' prices, two by two."""
        p, k = self.pricing.p, self.pricing.k
        change, spread, common = self._merits()
        prices = self.plan.x[k:]
        priced = change + np.einsum("wnr,r->wn", self.row_change, prices)
        priced = np.where(np.isnan(self.to), np.inf, priced).ravel()
        few = np.argsort(priced, kind="stable")[:PAIRS]
        few = few[np.isfinite(priced[few])]
        if len(few) < 2:
            return False
        way, name = np.divmod(few, len(self.u))
        du = (self.to - self.u)[way, name]
        G = p.factors[name] * du[:, None]
        cross = 2.0 * np.einsum("ik,jk->ij", G, G)
        c, s, m = change[way, name], spread[way, name], common[way, name]
        both = m[:, None] + m[None, :] + cross
        variance = self.specific + float(np.sum(self.f**2)) + s[:, None] + s[None, :] + both
        rows = self.rows + self.row_change[way, name][:, None] + self.row_change[way, name][None, :]
        merit = c[:, None] + c[None, :] + p.risk_aversion * cross + self._penalty(rows, variance) - self._now()
        merit = np.where(name[:, None] == name[None, :], np.inf, merit)
        best = int(np.argmin(merit))
        if not merit.flat[best] < -1e-12:
            return False
        for j in divmod(best, len(few)):
            self._move(int(way[j]), int(name[j]))
        return True

    def _move(self, way: int, i: int) -> None:
        to, pricing = float(self.to[way, i]), self.pricing
        before = float(pricing.offset[i]) + float(self.u[i])
        self.f = self.f + pricing.p.factors[i] * (to - self.u[i])
        self.rows = self.rows + self.row_change[way, i]
        self.specific += float(pricing.variance[i]) * ((float(pricing.offset[i]) + to) ** 2 - before**2)
        self.u[i] = to
        self._look(i)

    def _plan(self) -> Plan | None:
        pricing, p = self.pricing, self.pricing.p
        n = len(p.held)
        exits = np.array([self._is_exit(i, float(self.u[i])) for i in range(n)])
        candidate = np.where(self.u > 0.0, BUY, np.where(self.u < 0.0, SELL, LEAVE))
        candidate[exits] = EXIT
        branch = np.where(candidate == SELL, self.branch, -1)
        fractional = ~pricing.wholes & ((candidate == BUY) | (candidate == SELL))
        if fractional.any():
            return self._around_the_whole(candidate, branch)
        bought, sold = np.maximum(self.u, 0.0), np.maximum(-self.u, 0.0)
        return _kept(measure(pricing, candidate, branch, bought, sold, self._sales(exits, branch, sold), self.plan.x))

    def _sales(self, exits: Floats, branch: Ints, sold: Floats) -> Floats:
        pricing, p = self.pricing, self.pricing.p
        sale = np.where(exits[p.lots.name], p.lots.weight, 0.0)
        amounts = np.zeros(len(pricing.branches.name))
        parts = np.flatnonzero(branch >= 0)
        amounts[branch[parts]] = sold[parts]
        taken = pricing.lots_at(amounts)
        sale[pricing.lot[taken > 0.0]] = taken[taken > 0.0]
        return sale

    def _around_the_whole(self, candidate: Ints, branch: Ints) -> Plan | None:
        """Some names trade in fractions: with the whole ones where they are, theirs are solved again."""
        pricing = self.pricing
        sides = sides_of(pricing, candidate, branch)
        at = np.abs(self.u)
        whole_buy, whole_sell = pricing.wholes[sides.buyers], pricing.wholes[pricing.branches.name[sides.sellers]]
        sides.buy_low[whole_buy] = sides.buy_high[whole_buy] = at[sides.buyers[whole_buy]]
        sellers = pricing.branches.name[sides.sellers]
        sides.sell_low[whole_sell] = sides.sell_high[whole_sell] = at[sellers[whole_sell]]
        return _kept(convex_plan(pricing, sides, self.plan.x, window=np.inf))


def _kept(plan: Plan | None) -> Plan | None:
    return plan if plan is not None and plan.feasible else None
