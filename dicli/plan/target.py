"""Target weights: screens, tilts, caps, completion and sampling, by the planner's own program with taxes off.

The managed part and what is held away are judged together: with held-away weights h, managed weights w (both fractions
of the whole) and the tilted benchmark b, the target minimises ‖Gᵀ(w + h − b)‖² + Σ σ²(w + h − b)² over w ≥ 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicli.errors import Fault, InfeasiblePlan
from dicli.plan import optimizer
from dicli.plan.problem import Bands, Floats, Infeasible, Problem, Solution
from dicli.plan.risk import RiskModel, tracking_error
from dicli.plan.universe import Universe, limit_of
from dicli.preferences import Caps, Preferences

_RISK_ONLY = 100.0  # with no tax and no cost in the program the risk aversion only sets the scale


@dataclass(frozen=True, slots=True)
class Target:
    """`weight` (n,): of the managed part, a fraction of the *whole* (managed + held away), cash left out.

    `tracking_error` is ex ante, annual, of managed target and held-away positions together against the benchmark.
    """

    weight: Floats
    managed: float  # the managed part, a fraction of the whole
    tracking_error: float
    gap: float

    def of_managed(self) -> Floats:
        """Target weights as fractions of the managed value (n,)."""
        return self.weight / self.managed


def active_error(model: RiskModel, universe: Universe, weight: Floats, away: Floats) -> float:
    """Tracking error, ex ante, annual, of stock weights that are fractions of the whole against the benchmark.

    Cash is a bet too: what is not in stocks is short the benchmark, and needs no entry of its own.
    """
    return tracking_error(model, weight + away - universe.benchmark)


def solve(
    universe: Universe,
    model: RiskModel,
    preferences: Preferences,
    *,
    managed: float,
    away: Floats,
    min_position: float = 0.0,
    max_names: int | None = None,
) -> Target:
    """The target weights of the managed part.

    `managed` is its share of the whole, `away` (n,) the held-away weights, both fractions of the whole;
    `min_position` the smallest position worth having, a fraction of the whole. Raises InfeasiblePlan where caps and
    screens leave no portfolio.
    """
    names = max_names if max_names is not None else preferences.index.max_names
    invested = managed * (1.0 - float(preferences.limits.cash.target))
    upper = np.where(universe.allowed, np.inf, 0.0)
    if preferences.limits.max_weight is not None:
        upper = np.minimum(upper, float(preferences.limits.max_weight) * managed)
    _check_room(upper, invested, min_position, names)
    if preferences.screens.redistribute == "pro-rata":
        weight = _pro_rata(universe, upper, away, invested, names)
        return Target(weight, managed, active_error(model, universe, weight, away), 0.0)
    solution = _program(universe, model, preferences, managed, invested, away, upper, min_position, names)
    weight = np.where(solution.trade > 0.0, solution.trade, 0.0)
    return Target(weight, managed, active_error(model, universe, weight, away), solution.gap)


def _check_room(upper: Floats, invested: float, min_position: float, names: int | None) -> None:
    """What is to be invested must fit into the names: said by the keys that forbid it, not by the cash left over."""
    room = np.sort(upper[upper > 0.0])[::-1][:names]
    if len(room) and room.sum() < invested * (1.0 - 1e-12):
        raise InfeasiblePlan(
            Fault(
                "limits.max_weight",
                f"{len(room)} names of at most {room[0]:.2%} of the whole each cannot hold the {invested:.2%} that is "
                "to be invested",
                "Raise it, exclude less, or allow more names (index.max_names).",
            )
        )
    if len(room) and min_position > min(invested, room[0]):
        raise InfeasiblePlan(
            Fault(
                "limits.min_trade",
                f"the smallest trade is {min_position:.2%} of the whole, more than any one name may hold "
                f"({min(invested, room[0]):.2%})",
                "Lower it, or raise limits.max_weight.",
            )
        )


def _program(
    universe: Universe,
    model: RiskModel,
    preferences: Preferences,
    managed: float,
    invested: float,
    away: Floats,
    upper: Floats,
    min_position: float,
    names: int | None,
) -> Solution:
    n = len(universe.symbols)
    problem = Problem.of(
        held=np.zeros(n),
        target=universe.reference,
        factors=model.factors,
        specific=model.specific,
        risk_aversion=_RISK_ONLY,
        cash=managed,
        upper=upper,
        max_buy=upper,
        min_trade=min_position,
        cash_min=managed - invested,
        cash_max=managed - invested,
        bands=caps(universe, preferences, managed),
        max_names=names,
        fixed_active=away,
        names=universe.symbols,
    )
    try:
        # which names to hold is a choice among very many that are as good: closer than this is time spent for nothing
        return optimizer.solve(problem, tolerance=1e-4 if names is None and not min_position else 1e-2)
    except Infeasible as error:
        raise InfeasiblePlan(
            Fault(
                "the target",
                f"no portfolio meets {shortfall.row}: the limit is {shortfall.limit:.4g}, "
                f"the nearest that can be had is {shortfall.needed:.4g}",
                "Loosen that limit, or the screens beside it.",
            )
            for shortfall in error.shortfalls
        ) from error


def caps(universe: Universe, preferences: Preferences, managed: float) -> Bands:
    """limits.max_sector and limits.max_industry as rows on the weights, in fractions of the whole."""
    rows: list[Floats] = []
    tops: list[float] = []
    labels: list[str] = []
    limits = preferences.limits
    kinds: tuple[tuple[str, Caps, tuple[str | None, ...]], ...] = (
        ("sector", limits.max_sector, universe.sectors),
        ("industry", limits.max_industry, universe.industries),
    )
    for kind, cap, groups in kinds:
        for group in sorted({g for g in groups if g is not None}):
            most = limit_of(cap, kind, group)
            if most is not None:
                rows.append(np.array([1.0 if g == group else 0.0 for g in groups]))
                tops.append(float(most) * managed)
                labels.append(f"{kind} {group}")
    n = len(universe.symbols)
    return Bands(np.array(rows).reshape(len(rows), n), np.full(len(rows), -np.inf), np.array(tops), tuple(labels))


def _pro_rata(universe: Universe, upper: Floats, away: Floats, invested: float, names: int | None) -> Floats:
    """What is missing to the reference, scaled to what there is to invest; capped names pass on what they cannot hold.

    Raises InfeasiblePlan where the caps together are below what is to be invested.
    """
    wanted = np.where(upper > 0.0, np.maximum(universe.reference - away, 0.0), 0.0)
    if names is not None and np.count_nonzero(wanted) > names:
        kept = np.argsort(-wanted, kind="stable")[:names]
        wanted = np.where(np.isin(np.arange(len(wanted)), kept), wanted, 0.0)
    room = np.where(wanted > 0.0, upper, 0.0)
    if room.sum() < invested * (1.0 - 1e-12):
        raise InfeasiblePlan(
            Fault(
                "limits.max_weight",
                f"{np.count_nonzero(wanted)} names of at most {room.max(initial=0.0):.2%} each cannot hold "
                f"{invested:.2%} of the whole",
                "Raise it, or exclude less.",
            )
        )
    weight = np.zeros(len(wanted))
    capped = np.zeros(len(wanted), dtype=bool)
    while True:
        free = ~capped & (wanted > 0.0)
        left = invested - float(weight[capped].sum())
        weight[free] = wanted[free] * (left / float(wanted[free].sum())) if free.any() else 0.0
        over = free & (weight > upper)
        if not over.any():
            return weight
        weight[over] = upper[over]
        capped |= over
