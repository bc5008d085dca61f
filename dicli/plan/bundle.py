"""Raising the bound: a proximal bundle method whose metric is the curvature that the pass itself reports.

Maximises L(x) = −‖ν‖² / (4 (γ + ρ)) + θ(x) over ν free, (μ, κ, ρ) ≥ 0 (`dual.py`). Around a centre x̂ each step solves

    maximise over δ, r    q·δ − ½ δᵀ(Q + D) δ + r        r ≤ θ_j + y_j·δ for every cut j,    x̂ + δ ≥ 0 for the rows

where q and Q are gradient and curvature of the first part of L, exact; the cuts (θ_j, y_j) are the answers of earlier
passes, every one an upper bound of the concave θ; and D is the curvature of θ at x̂, which makes the step Newton's where
θ is smooth and a bundle's step where it has kinks. A step that raises L enough moves the centre; one that does not adds
its cut and tries again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import clarabel
import numpy as np
from scipy import sparse

from dicli.plan.dual import Allowed, Choice, Pricing
from dicli.plan.problem import Floats

MOST_CUTS = 60
CONVINCED = 0.3  # the maximum is believed when this share of the curvature promises no more
SERIOUS = 0.05  # a step is taken when it brings this share of what the model promised


@dataclass(slots=True)
class Bound:
    """The best multipliers found: L(x) = `value`, with the pass's `choice` there; `weights` mix the `choices` of the
    cuts into the averaged plan that the dual describes."""

    x: Floats
    value: float
    choice: Choice
    choices: list[Choice]
    weights: Floats
    converged: bool
    runaway: bool  # L passed the given ceiling: no plan exists


def raise_bound(
    pricing: Pricing,
    start: Floats,
    allowed: Allowed,
    *,
    accuracy: float,
    relative: float = 0.0,
    most_steps: int = 150,
    ceiling: float = np.inf,
    cuts: list[Choice] | None = None,
) -> Bound:
    """Maximise L from `start` until the model promises less than `accuracy` (or `relative` × |L|) more, or L passes
    `ceiling`."""
    k, K = pricing.k, pricing.K
    x = start.copy()
    choice = pricing.at(x, allowed)
    value = pricing.lower_value(x, choice.theta)
    bundle = [choice, *(cuts or [])]
    weights = np.zeros(len(bundle))
    weights[0] = 1.0
    damping = 1.0
    D = _curvature(pricing, choice)
    for _ in range(most_steps):
        enough = max(accuracy, relative * abs(value))
        q, Q = _smooth_part(pricing, x)
        heights = np.array([c.cut + float(np.sum(c.rows * x)) for c in bundle]) - choice.theta
        slopes = np.array([c.rows for c in bundle])
        # A row that no cut wants and that has no price keeps none: bands are many, those that bind are few.
        live = np.flatnonzero((np.arange(K) < k) | (x > 0.0) | (slopes > 0.0).any(axis=0))
        if not len(live):  # no factors, and no row in the way
            return Bound(x, value, choice, bundle, weights, True, False)
        step = np.zeros(K)
        metric = (Q + damping * D)[np.ix_(live, live)]
        step[live], weights = _master(q[live], metric, heights, slopes[:, live], x[live], k, enough)
        promised = float(np.sum(q * step)) - 0.5 * float(np.einsum("i,ij,j->", step, Q, step))
        promised += float(np.min(heights + np.einsum("cj,j->c", slopes, step)))  # einsum: BLAS would sum by thread
        if promised <= enough:
            if damping > CONVINCED:  # little is promised so near: ask again with a longer leash
                damping *= 0.1
                continue
            return Bound(x, value, choice, bundle, weights, True, False)
        trial = x + step
        trial[k:] = np.maximum(trial[k:], 0.0)
        answer = pricing.at(trial, allowed)
        reached = pricing.lower_value(trial, answer.theta)
        keep = weights > 1e-9
        if len(bundle) > MOST_CUTS:
            bundle = [c for c, used in zip(bundle, keep, strict=True) if used]
            weights = weights[keep]
            bundle, weights = bundle[-2 * MOST_CUTS :], weights[-2 * MOST_CUTS :]
        bundle.append(answer)
        weights = np.append(weights, 0.0)
        gain = reached - value
        if gain >= SERIOUS * promised:
            x, choice, value = trial, answer, reached
            D = _curvature(pricing, choice)
            if gain >= 0.5 * promised:
                damping = max(damping * 0.5, 1e-3)
            if value > ceiling:
                return Bound(x, value, choice, bundle, weights, False, True)
        else:
            damping = min(damping * 1.5, 1e3)
    return Bound(x, value, choice, bundle, weights, False, False)


def _smooth_part(pricing: Pricing, x: Floats) -> tuple[Floats, Floats]:
    """Gradient q and curvature Q of −‖ν‖² / (4 (γ + ρ)) at x."""
    k, K, nu = pricing.k, pricing.K, x[: pricing.k]
    gamma = pricing.p.risk_aversion + (x[-1] if pricing.rows.tracking else 0.0)
    q, Q = np.zeros(K), np.zeros((K, K))
    q[:k] = -nu / (2.0 * gamma)
    Q[np.arange(k), np.arange(k)] = 1.0 / (2.0 * gamma)
    if pricing.rows.tracking:
        q[-1] = float(np.sum(nu * nu)) / (4.0 * gamma**2)
        Q[:k, -1] = Q[-1, :k] = -nu / (2.0 * gamma**2)
        Q[-1, -1] = float(np.sum(nu * nu)) / (2.0 * gamma**3)
    return q, Q


def _curvature(pricing: Pricing, choice: Choice) -> Floats:
    """D = Σ_i J_i J_iᵀ / (2 (γ+ρ) σ_i²) over the names whose trade moves with the prices, J_i the row sensitivities."""
    k, K, R = pricing.k, pricing.K, pricing.rows.linear
    D = np.zeros((K, K))
    moving = np.flatnonzero(choice.curvature)
    bought = choice.bought[moving] > 0.0
    J = np.zeros((len(moving), K))
    J[:, : k + R] = np.where(bought[:, None], pricing.to_buy[moving], -pricing.to_sell[moving])
    if pricing.rows.tracking:
        J[:, -1] = 2.0 * pricing.variance[moving] * (pricing.offset + choice.bought - choice.sold)[moving]
    D = np.einsum("ni,nj->ij", J * choice.curvature[moving, None], J)
    diagonal = np.diag_indices(K)
    # Where θ is flat (a count of names) the first step may promise ten times the account's usual costs, no more.
    D[diagonal] = 1.001 * D[diagonal] + choice.rows**2 / (20.0 * pricing.usual) + 1e-9
    return np.asarray(D)


def _master(
    q: Floats, Q: Floats, heights: Floats, slopes: Floats, x: Floats, k: int, enough: float
) -> tuple[Floats, Floats]:
    """The step and the weights of the cuts: a quadratic program in K + 1 variables, by Clarabel.

    Counts of names, exposures and variances differ by ten orders of magnitude, so each multiplier is measured by what
    moves the cuts by one unit, and the unit of cost is a thousand times what is `enough`
    (or a thousandth of the cuts' own spread, where L is near 0).
    """
    K, J = len(q), len(heights)
    scale = 1e-3 / max(enough, 1e-6 * float(np.abs(heights).max()))
    steepest = np.maximum(np.abs(slopes).max(axis=0), np.abs(q)) * scale
    c = 1.0 / np.maximum(np.maximum(steepest, np.sqrt(np.diagonal(Q) * scale)), 1e-30)
    P = np.zeros((K + 1, K + 1))
    P[:K, :K] = Q * scale * c[:, None] * c
    A = np.zeros((J + K - k, K + 1))
    A[:J, :K] = -slopes * scale * c
    A[:J, K] = 1.0
    A[J + np.arange(K - k), k + np.arange(K - k)] = -1.0
    solution = clarabel_solve(
        sparse.csc_matrix(np.triu(P)),
        np.append(-q * scale * c, -1.0),
        sparse.csc_matrix(A),
        np.concatenate((heights * scale, x[k:] / c[k:])),
        [clarabel.NonnegativeConeT(J + K - k)],
    )
    weights = np.maximum(np.array(solution.z[:J]), 0.0)
    return np.array(solution.x[:K]) * c, weights / max(float(weights.sum()), 1e-300)


def clarabel_solve(P: Any, q: Floats, A: Any, b: Floats, cones: list[Any], tolerance: float = 1e-9) -> Any:
    """Clarabel with the settings that make the same inputs give the same bytes: one thread, its own factorisation."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.direct_solve_method = "qdldl"
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    return clarabel.DefaultSolver(P, q, A, b, cones, settings).solve()
