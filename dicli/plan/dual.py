"""The bound: one vectorised pass prices every name and lot, a proximal bundle raises the bound (PLANNING.md 1-2).

With multipliers x = (ν, μ, κ, ρ) on the coupling rows the Lagrangian of the planner's program separates by name:

    L(x) = −‖ν‖² / (4 (γ + ρ)) + θ(x)
    θ(x) = Σ_i min over the candidates of i of [ (γ + ρ) σ_i² d_i² + (Gν)_i d_i + (row prices)·u_i + φ_i(u_i) ] − x·(limits)

`Pricing.at` computes θ and one of its supergradients; `raise_bound` maximises L. Any L(x) with μ, κ, ρ ≥ 0 is a lower
bound on the cost of every plan, so no step of the bundle has to be exact for the bound to be true.

Sources: Kiwiel (1990) and Hiriart-Urruty and Lemaréchal (1993) for the proximal bundle; Aubin and Ekeland (1976) for
why the bound is tight when names are many and coupling rows few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicli.plan.problem import Bools, Floats, Ints, Problem

LEAVE, BUY, SELL, EXIT = range(4)  # the columns of problem.CANDIDATES
TINY = 1e-12  # weights below this are nothing: a millionth of a dollar of a million


@dataclass(frozen=True, slots=True)
class Rows:
    """The coupling rows, each as  base + buy·bought + sell·sold + Σ lot·sale ≤ 0,  those with a finite limit only.

    Columns of x after the k factor multipliers ν: the R linear rows, then κ (number of names) and ρ (tracking error)
    where they are asked for.
    """

    labels: tuple[str, ...]  # R, + "number of names", + "tracking error"
    limits: Floats  # as the caller gave them
    signs: Floats  # value of the row as the caller knows it = signs × (left side) + limit
    base: Floats  # (R,) the left side when nothing is traded
    buy: Floats  # (n, R)
    sell: Floats  # (n, R)
    gain_rows: Ints  # which of the R are gains budgets
    gains: Floats  # (L, len(gain_rows)) gain per dollar sold of each lot
    names: bool
    tracking: bool

    @property
    def linear(self) -> int:
        return len(self.base)


def coupling_rows(p: Problem) -> Rows:
    """The rows of a problem in a fixed order: cash, turnover, bands, gains, number of names, tracking error."""
    n = len(p.held)
    labels: list[str] = []
    limits: list[float] = []
    signs: list[float] = []
    base: list[float] = []
    buy: list[Floats] = []
    sell: list[Floats] = []

    def row(label: str, limit: float, sign: float, value: float, bought: Floats, sold: Floats) -> None:
        if np.isfinite(limit):
            labels.append(label)
            limits.append(limit)
            signs.append(sign)
            base.append(sign * (value - limit))
            buy.append(sign * bought)
            sell.append(sign * sold)

    spent, raised = -(1.0 + p.buy_cost), 1.0 - p.sell_cost
    row("cash at least", p.cash_min, -1.0, p.cash, spent, raised)
    row("cash at most", p.cash_max, 1.0, p.cash, spent, raised)
    row("turnover", p.turnover_cap, 1.0, 0.0, np.full(n, 0.5), np.full(n, 0.5))
    for A, low, high, name in zip(p.bands.matrix, p.bands.lower, p.bands.upper, p.bands.names, strict=True):
        at = float(np.sum(A * p.held))
        row(f"{name} at least", float(low), -1.0, at, A, -A)
        row(f"{name} at most", float(high), 1.0, at, A, -A)
    gain_rows: list[int] = []
    gains: list[Floats] = []
    short, long = p.lots.short_gain, p.lots.long_gain
    for label, budget, gain in (
        ("short-term gains", p.short_gain_budget, short),
        ("long-term gains", p.long_gain_budget, long),
        ("net gains", p.net_gain_budget, short + long),
    ):
        if np.isfinite(budget):
            gain_rows.append(len(labels))
            gains.append(gain)
            row(label, budget, 1.0, 0.0, np.zeros(n), np.zeros(n))
    if p.max_names is not None:
        labels.append("number of names")
        limits.append(float(p.max_names))
        signs.append(1.0)
    if np.isfinite(p.tracking_cap):
        labels.append("tracking error")
        limits.append(p.tracking_cap)
        signs.append(1.0)
    R = len(base)
    return Rows(
        labels=tuple(labels),
        limits=np.array(limits),
        signs=np.array(signs),
        base=np.array(base),
        buy=np.array(buy).reshape(R, n).T.copy(),
        sell=np.array(sell).reshape(R, n).T.copy(),
        gain_rows=np.array(gain_rows, dtype=np.int64),
        gains=np.array(gains).reshape(len(gains), len(short)).T.copy(),
        names=p.max_names is not None,
        tracking=bool(np.isfinite(p.tracking_cap)),
    )


@dataclass(frozen=True, slots=True)
class Branches:
    """The ways of selling a name. Nearly every name has one: its lots, the cheapest first.

    A name with lots bought in the last 30 days has one more for each way of not washing its losses: sell all of the
    recent lots first (then any lot may follow); sell all recent lots but one loss, and of the others only those without
    a loss; or sell no lot with a loss. Each is convex, and their least is the name's cost of a sale.
    """

    name: Ints  # (b,) in ascending order
    first: Ints  # (b,) where its lots begin in the arrays below
    forced: Floats  # (b,) weight that has to be sold before anything else
    total: Floats  # (b,) weight that can be sold
    lot: Ints  # (e,) the lots of the branches, branch after branch
    branch: Ints  # (e,)
    must: Bools  # (e,) one of the forced lots


def selling_branches(p: Problem) -> Branches:
    """Every name with something to sell, and its branches."""
    lots = p.lots
    usable = lots.sellable & (lots.weight > 0.0)
    loss = lots.short_gain + lots.long_gain < 0.0
    counts = np.bincount(lots.name[lots.recent & (lots.weight > 0.0)], minlength=len(p.held)) > 0
    plain = np.flatnonzero(usable & ~counts[lots.name])
    pieces = [(lots.name[plain], plain, np.zeros(len(plain), dtype=np.int64), np.zeros(len(plain), dtype=np.bool_))]
    for i in np.flatnonzero(counts):
        mine = np.flatnonzero((lots.name == i) & (lots.weight > 0.0))
        recent = mine[lots.recent[mine]]
        ways: list[tuple[Ints, Ints]] = []  # (lots that must go, lots that may follow)
        if usable[recent].all():
            ways.append((recent, mine[usable[mine] & ~lots.recent[mine]]))
        gainers = mine[usable[mine] & ~loss[mine]]
        lonely = 0
        for r in recent[usable[recent] & loss[recent]]:
            others = recent[recent != r]
            if usable[others].all():
                follow = np.sort(np.append(gainers[~lots.recent[gainers]], r))
                ways.append((others, follow))
                lonely += len(others) == 0
        if not lonely and len(gainers):
            ways.append((mine[:0], gainers))
        for rank, (must, may) in enumerate(ways):
            those = np.concatenate((must, may))
            if len(those):
                flags = np.arange(len(those)) < len(must)
                pieces.append((np.full(len(those), i), those, np.full(len(those), rank), flags))
    name, lot, rank, must = (np.concatenate([piece[j] for piece in pieces]) for j in range(4))
    order = np.lexsort((lot, ~must, rank, name))
    name, lot, rank, must = name[order], lot[order], rank[order], must[order].astype(np.bool_)
    new = np.ones(len(name), dtype=np.bool_)
    new[1:] = (name[1:] != name[:-1]) | (rank[1:] != rank[:-1])
    first = np.flatnonzero(new)
    branch = np.cumsum(new) - 1
    weight = lots.weight[lot]
    return Branches(
        name=name[first],
        first=first,
        forced=np.bincount(branch, weight * must, minlength=len(first)),
        total=np.bincount(branch, weight, minlength=len(first)),
        lot=lot,
        branch=branch,
        must=must,
    )


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
        room = max(float(p.held.sum()) + p.cash - min(p.cash_min, p.cash), 0.0)
        ceiling = np.minimum(p.upper, room)
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
        self._sort(np.zeros(len(rows.gain_rows)))

    def _sort(self, eta: Floats) -> None:
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

    def _sum(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.branches.first) if len(values) else np.zeros(0)

    def lower_value(self, x: Floats, theta: float) -> float:
        """L(x): the bound."""
        nu, rho = x[: self.k], x[-1] if self.rows.tracking else 0.0
        return theta - float(np.sum(nu * nu)) / (4.0 * (self.p.risk_aversion + rho))

    def at(self, x: Floats, allowed: Allowed) -> Choice:
        """Price the whole account at the multipliers x: one pass over all names and lots.

        The sale that is best among those at slope l is z_l = d_i − (row prices + slope_l) / (2 (γ+ρ) σ_i²); what is sold
        of lot l is clip(z_l − before_l, 0, v_l), `before_l` being the weight of the lots ahead of it.
        """
        self.passes += 1
        p, b, rows, k, R = self.p, self.branches, self.rows, self.k, self.rows.linear
        kappa = x[k + R] if rows.names else 0.0
        rho = x[-1] if rows.tracking else 0.0
        gamma = p.risk_aversion + rho
        linear = x[: k + R]
        half = gamma * self.variance
        curve = 2.0 * half
        self._sort(x[k + rows.gain_rows])
        price_buy = p.buy_cost + np.einsum("ij,j->i", self.to_buy, linear)
        price_sell = p.sell_cost + np.einsum("ij,j->i", self.to_sell, linear)
        keep = kappa * self.counted

        leave = half * self.offset**2 + keep * self.held_before
        buy = np.clip(-price_buy / curve - self.offset, self.buy_low, np.maximum(self.buy_high, self.buy_low))
        buy_moves = (buy > self.buy_low) & (buy < self.buy_high)

        of = b.name
        z = (self.offset - price_sell / curve)[of]
        curve_of = curve[of]
        taken = np.clip((z[b.branch] - self.slope / curve_of[b.branch]) - self.before, 0.0, self.weight)
        taken = np.where(self.must, self.weight, taken)
        sell = np.clip(self._sum(taken), self.sell_low, np.maximum(self.sell_high, self.sell_low))

        def buying(amount: Floats) -> Floats:
            return half * (self.offset + amount) ** 2 + price_buy * amount

        def selling(amount: Floats) -> Floats:
            tax = self._sum(self.slope * self.lots_at(amount))
            return half[of] * (self.offset[of] - amount) ** 2 + price_sell[of] * amount + tax

        if self.whole:
            buy, buy_price = self._to_shares(buy, buying, self.wholes, self.share, self.buy_low, self.buy_high)
            sell, sell_price = self._to_shares(
                sell, selling, self.wholes[of], self.share[of], self.sell_low, self.sell_high
            )
        else:
            buy_price, sell_price = buying(buy), selling(sell)
        buy_price = buy_price + keep
        sell_price = np.where(allowed.sell, sell_price + keep[of], np.inf)

        best = self.first_branch.copy()
        for rank in range(1, int(self.rank.max(initial=0)) + 1):
            others = np.flatnonzero(self.rank == rank)
            better = others[sell_price[others] < sell_price[best[of[others]]]]
            best[of[better]] = better
        has = best >= 0

        n = len(p.held)
        prices = np.full((n, 4), np.inf)
        prices[:, LEAVE] = np.where(allowed.leave, leave, np.inf)
        prices[:, BUY] = np.where(allowed.buy, buy_price, np.inf)
        prices[has, SELL] = sell_price[best[has]]
        eta = x[k + rows.gain_rows]
        exit_tax = self.exit_tax + (np.sum(self.exit_gain * eta, axis=1) if len(eta) else 0.0)
        exit_price = half * (self.offset - p.held) ** 2 + price_sell * p.held + exit_tax
        prices[:, EXIT] = np.where(allowed.exit, exit_price, np.inf)
        trades = np.zeros((n, 4))
        trades[:, BUY] = buy
        trades[has, SELL] = -sell[best[has]]
        trades[:, EXIT] = -p.held

        candidate = np.argmin(prices, axis=1)
        bought = np.where(candidate == BUY, buy, 0.0)
        selling_part = candidate == SELL
        exiting = candidate == EXIT
        sold = np.where(exiting, p.held, 0.0)
        sold[selling_part] = sell[best[selling_part]]
        active = self.offset + bought - sold

        left = np.empty(self.K)
        left[: k + R] = self.at_rest + np.einsum("ij,i->j", self.to_buy, bought)
        left[: k + R] += np.einsum("ij,i->j", self.to_sell, sold)
        amounts = np.zeros(len(b.name))
        chosen = best[selling_part]
        amounts[chosen] = sell[chosen]
        part = self.lots_at(amounts) if len(chosen) else np.zeros(len(self.weight))
        for column, r in enumerate(rows.gain_rows):
            left[k + r] += float(np.sum(rows.gains[self.lot, column] * part))
            left[k + r] += float(np.sum(self.exit_gain[exiting, column]))
        if rows.names:
            left[k + R] = np.sum(self.counted & (active - self.offset + p.held > TINY)) - p.max_names
        spread = float(np.sum(self.variance * active**2)) + p.fixed_variance
        if rows.tracking:
            left[-1] = spread - p.tracking_cap**2
        lowest = prices[np.arange(n), candidate]
        # Limits and what is fixed enter θ through the rows' left sides at rest.
        theta = float(np.sum(lowest)) + self._rest(x)
        moves = np.zeros(len(b.name), dtype=np.bool_)
        within = (part > 0.0) & (part < self.weight)
        moves[b.branch[within]] = True
        moving = np.where(candidate == BUY, buy_moves, False)
        moving[selling_part] = moves[chosen]
        return Choice(
            theta=theta,
            cut=theta - float(np.sum(left * x)),
            rows=left,
            candidate=candidate,
            branch=np.where(selling_part, best, -1),
            bought=bought,
            sold=sold,
            curvature=np.where(moving, 1.0 / curve, 0.0),
            prices=prices,
            trades=trades,
            best_branch=best,
        )

    def _rest(self, x: Floats) -> float:
        """The part of θ(x) that no trade changes."""
        p, k, R = self.p, self.k, self.rows.linear
        rest = float(np.sum(self.at_rest * x[: k + R])) + p.risk_aversion * p.fixed_variance
        if self.rows.names and p.max_names is not None:
            rest -= float(x[k + R]) * p.max_names
        if self.rows.tracking:
            rest += float(x[-1]) * (p.fixed_variance - p.tracking_cap**2)
        return rest

    @staticmethod
    def _to_shares(amount, price, wholes, share, low, high):  # type: ignore[no-untyped-def]
        """The better of the two whole numbers of shares around a best fractional amount: the price is convex."""
        down = np.clip(np.floor(amount / share + 1e-9) * share, low, np.maximum(high, low))
        up = np.clip(down + share, low, np.maximum(high, low))
        down, up = np.where(wholes, down, amount), np.where(wholes, up, amount)
        price_down, price_up = price(down), price(up)
        return np.where(price_up < price_down, up, down), np.minimum(price_up, price_down)
