"""The optimum by exhaustive search over sides: slow, dense, and written apart from the optimizer it judges."""

from __future__ import annotations

import itertools

import clarabel
import numpy as np
from scipy import sparse

from dicli.plan.problem import Problem


def exhaustive(p: Problem) -> float:
    """The least cost of any plan, inf where there is none: one dense convex program per combination of sides."""
    return min(
        (
            _cost(p, combination)
            for combination in itertools.product(*map(_options, [p] * len(p.held), range(len(p.held))))
        ),
        default=np.inf,
    )


def _options(p: Problem, i: int) -> list[tuple[float, float, dict[int, tuple[float, float]], bool]]:
    """What name i may do: (least bought, most bought, {lot: (least, most sold)}, held after?, least sold)."""
    mine = np.flatnonzero(p.lots.name == i)
    weight, held = p.lots.weight, float(p.held[i])
    none = {int(j): (0.0, 0.0) for j in mine}
    cap = min(float(p.max_buy[i]), 5.0)
    options = []
    must_move = not p.lower[i] - 1e-12 <= held <= p.upper[i] + 1e-12
    thresholds = p.min_trade[i] > 0.0 or p.max_names is not None  # without them 0 is the end of a purchase or a sale
    if not must_move and (thresholds or (held == 0.0 and cap <= 0.0)):
        options.append((0.0, 0.0, none, held > 0.0, 0.0))
    if (cap > 0.0 or not thresholds) and cap >= p.min_trade[i]:
        options.append((float(p.min_trade[i]), cap, none, True, 0.0))
    if held > 0.0:
        recent = [int(j) for j in mine if p.lots.recent[j]]
        for gone in itertools.chain.from_iterable(itertools.combinations(recent, r) for r in range(len(recent) + 1)):
            limits = {}
            for j in map(int, mine):
                loss = p.lots.short_gain[j] + p.lots.long_gain[j] < 0.0
                kept_beside = [r for r in recent if r not in gone and r != j]
                most = float(weight[j]) if p.lots.sellable[j] and not (loss and kept_beside) else 0.0
                limits[j] = (float(weight[j]) if j in gone else 0.0, most)
            if all(low <= high for low, high in limits.values()):
                options.append((0.0, 0.0, limits, True, float(p.min_trade[i])))
        if p.lots.sellable[mine].all() and thresholds:
            options.append((0.0, 0.0, {int(j): (float(weight[j]),) * 2 for j in mine}, False, 0.0))
    return options


def _cost(p: Problem, combination: tuple) -> float:
    n, L = len(p.held), len(p.lots.weight)
    held_after = np.array([c[3] for c in combination])
    if p.max_names is not None and (held_after & p.counted).sum() > p.max_names:
        return np.inf
    low = np.array([c[0] for c in combination] + [0.0] * L)
    high = np.array([c[1] for c in combination] + [0.0] * L)
    for c in combination:
        for j, (least, most) in c[2].items():
            low[n + j], high[n + j] = least, most
    U = np.zeros((n, n + L))  # trade = U @ (bought, sale)
    U[np.arange(n), np.arange(n)] = 1.0
    U[p.lots.name, n + np.arange(L)] = -1.0
    M = np.vstack((p.factors.T, np.diag(p.specific))) @ U  # risk = M y + r
    r = np.vstack((p.factors.T, np.diag(p.specific))) @ (p.held - p.target + p.fixed_active)
    r[: p.factors.shape[1]] += p.fixed_factors
    q = np.concatenate((p.buy_cost, p.lots.tax + p.sell_cost[p.lots.name]))
    spent = np.concatenate((1.0 + p.buy_cost, -(1.0 - p.sell_cost[p.lots.name])))
    short = np.concatenate((np.zeros(n), p.lots.short_gain))
    long = np.concatenate((np.zeros(n), p.lots.long_gain))
    A = [spent, -spent, np.full(n + L, 0.5), short, long, short + long, *(p.bands.matrix @ U), *(-p.bands.matrix @ U)]
    at = p.bands.matrix @ p.held
    b = [
        p.cash - p.cash_min,
        p.cash_max - p.cash,
        p.turnover_cap,
        p.short_gain_budget,
        p.long_gain_budget,
        p.net_gain_budget,
        *(p.bands.upper - at),
        *(at - p.bands.lower),
    ]
    A += [*U, *-U]
    b += [*(p.upper - p.held), *(p.held - p.lower)]
    for i, c in enumerate(combination):
        if c[4] > 0.0:
            A.append(np.where(U[i] < 0.0, -1.0, 0.0))
            b.append(-c[4])
    A += [*np.eye(n + L), *-np.eye(n + L)]
    b += [*high, *-low]
    A, b = np.array(A), np.array(b)
    finite = np.isfinite(b)
    A, b = A[finite], b[finite]
    # The signs of the rows of sales: _cost has them as "≤".
    cones = [clarabel.NonnegativeConeT(len(b))]
    if np.isfinite(p.tracking_cap):
        A = np.vstack((A, np.zeros(n + L), -M, np.zeros(n + L)))
        b = np.concatenate((b, [p.tracking_cap], r, [np.sqrt(p.fixed_variance)]))
        cones.append(clarabel.SecondOrderConeT(len(r) + 2))
    P = 2.0 * p.risk_aversion * M.T @ M
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    linear = q + 2.0 * p.risk_aversion * M.T @ r
    solved = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(P)), linear, sparse.csc_matrix(A), b, cones, settings
    ).solve()
    if str(solved.status) not in ("Solved", "AlmostSolved"):
        return np.inf
    y = np.array(solved.x)
    return float(q @ y + p.risk_aversion * (np.sum((M @ y + r) ** 2) + p.fixed_variance))
