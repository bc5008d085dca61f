"""When no plan exists: which constraint, by how much, and the nearest plan that does.

Contradictions inside one name are seen at once. Those between names come from a relaxation in which every coupling row
may be violated at a price that no tax or risk can outweigh (an elastic program): what it still violates, nobody can
meet. What only whole numbers forbid (minimum trades, whole shares, the number of names) is measured on the plan that
came closest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dicli.plan.dual import TINY, Pricing
from dicli.plan.primal import Plan, Sides, convex_plan
from dicli.plan.problem import Infeasible, Problem, Shortfall, Solution

ELASTIC = 1e3
LEAST = 1e-7  # a shortfall below this is the solver's, not the user's
HAIR = 1e-3  # of the shortfall, granted beyond it to the nearest plan; ten times more each time that is too little
DEPTH = 3


def impossible_names(pricing: Pricing) -> tuple[Shortfall, ...]:
    """Names whose own rules leave no trade, and too many names that cannot be sold."""
    p, allowed, b = pricing.p, pricing.allowed, pricing.branches
    may_sell = np.zeros(len(p.held), dtype=np.bool_)
    may_sell[b.name[allowed.sell]] = True
    found = []
    for i in np.flatnonzero(~(allowed.leave | allowed.buy | may_sell | allowed.exit)):
        reach = _reachable(pricing, int(i))
        low, high, name = float(p.lower[i]), float(p.upper[i]), p.names[i]
        if low > high + TINY:
            found.append(Shortfall(f"{name} at least", low, high))
            continue
        short = [max(low - high_end, low_end - high, 0.0) for low_end, high_end in reach]
        low_end, high_end = reach[int(np.argmin(short))]
        if high_end < low:
            found.append(Shortfall(f"{name} at least", low, high_end))
        else:
            found.append(Shortfall(f"{name} at most", high, low_end))
    if p.max_names is not None:
        stay = p.counted & ~allowed.exit & (pricing.held_before | ~allowed.leave)
        if int(stay.sum()) > p.max_names:
            found.append(Shortfall("number of names", float(p.max_names), float(stay.sum())))
    return tuple(found)


def _reachable(pricing: Pricing, i: int) -> list[tuple[float, float]]:
    """The intervals of weight that a name can have after trading, its limits on weight set aside."""
    p = pricing.p
    held, least = float(p.held[i]), float(p.min_trade[i])
    mine = pricing.branches.name == i
    reach = [(held, held)]
    if p.max_buy[i] >= least and p.max_buy[i] > 0.0:
        reach.append((held + least, held + float(p.max_buy[i])))
    reach += [
        (held - float(total), held - max(least, float(forced)))
        for total, forced in zip(pricing.branches.total[mine], pricing.branches.forced[mine], strict=True)
        if total >= max(least, float(forced))
    ]
    if not (~p.lots.sellable & (p.lots.name == i) & (p.lots.weight > 0.0)).any():
        reach.append((0.0, 0.0))
    return reach


def explain(
    pricing: Pricing,
    known: tuple[Shortfall, ...],
    closest: Plan | None,
    solve: Callable[[Problem], Solution],
    depth: int,
) -> Infeasible:
    """The error to raise: the shortfalls, and the plan once each limit is moved by its shortfall."""
    p = pricing.p
    found = known or coupling_shortfalls(p) or (_of_plan(pricing, closest) if closest is not None else ())
    if not found or depth == DEPTH:
        return Infeasible(found, None)
    relaxed = p
    for shortfall in found:
        relaxed = _relaxed(relaxed, shortfall, HAIR * 10**depth)
    try:
        return Infeasible(found, solve(relaxed))
    except Infeasible as more:
        rows = {shortfall.row for shortfall in more.shortfalls}
        kept = tuple(shortfall for shortfall in found if shortfall.row not in rows)
        limits = {shortfall.row: shortfall.limit for shortfall in found}
        restated = tuple(replace(s, limit=limits.get(s.row, s.limit)) for s in more.shortfalls)
        return Infeasible(kept + restated, more.nearest)


def coupling_shortfalls(p: Problem) -> tuple[Shortfall, ...]:
    """What the elastic program of the relaxation still violates."""
    lots = replace(p.lots, recent=np.zeros(len(p.lots.name), dtype=np.bool_))
    n = len(p.held)
    free = Pricing(replace(p, lots=lots, min_trade=np.zeros(n), step=np.zeros(n), max_names=None))
    allowed, b = free.allowed, free.branches
    buyers = np.flatnonzero(allowed.buy)
    may = allowed.sell | allowed.exit[b.name]
    sellers = np.flatnonzero(may)
    rest, who = allowed.leave, b.name[sellers]
    sides = Sides(
        buyers=buyers,
        buy_low=np.where(rest[buyers], 0.0, free.buy_low[buyers]),
        buy_high=free.buy_high[buyers],
        sellers=sellers,
        sell_low=np.where(rest[who], 0.0, free.sell_low[sellers]),
        sell_high=np.where(allowed.exit[who], p.held[who], free.sell_high[sellers]),
        exits=np.zeros(0, dtype=np.int64),
        candidate=np.zeros(n, dtype=np.int64),
        branch=np.full(n, -1, dtype=np.int64),
    )
    plan = convex_plan(free, sides, np.zeros(free.K), window=np.inf, elastic=ELASTIC)
    return _of_plan(free, plan) if plan is not None else ()


def _of_plan(pricing: Pricing, plan: Plan) -> tuple[Shortfall, ...]:
    rows = pricing.rows
    return tuple(
        Shortfall(label, float(limit), float(limit + sign * excess))
        for label, limit, sign, excess in zip(rows.labels, rows.limits, rows.signs, plan.excess, strict=True)
        if excess > LEAST
    )


def _relaxed(p: Problem, shortfall: Shortfall, hair: float) -> Problem:
    """The problem with one limit moved to what can be had, and a hair further: a plan needs room to be found in."""
    row, needed = shortfall.row, shortfall.needed
    room = LEAST + hair * shortfall.amount
    to = needed + (room if needed > shortfall.limit else -room)
    scalars = {
        "cash at least": "cash_min",
        "cash at most": "cash_max",
        "turnover": "turnover_cap",
        "tracking error": "tracking_cap",
        "short-term gains": "short_gain_budget",
        "long-term gains": "long_gain_budget",
        "net gains": "net_gain_budget",
    }
    if row in scalars:
        moved: dict[str, Any] = {scalars[row]: to}
        return replace(p, **moved)
    if row == "number of names":
        return replace(p, max_names=round(needed))
    name, _, side = row.rpartition(" at ")
    if name in p.bands.names:
        low, high = p.bands.lower.copy(), p.bands.upper.copy()
        (low if side == "least" else high)[p.bands.names.index(name)] = to
        return replace(p, bands=replace(p.bands, lower=low, upper=high))
    i = p.names.index(name)
    lower, upper = p.lower.copy(), p.upper.copy()
    (lower if side == "least" else upper)[i] = to
    return replace(p, lower=lower, upper=upper)
