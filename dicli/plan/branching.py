"""Sides: what a dual point says each name should do, which names it leaves undecided, and how to decide them.

A side is a candidate (and for a part sold its branch), written as one number per name where sides are compared.
"""

from __future__ import annotations

import numpy as np

from dicli.plan.bundle import Bound
from dicli.plan.dual import BUY, EXIT, LEAVE, SELL, Allowed, Choice, Pricing
from dicli.plan.problem import Bools, Floats, Ints


def _held_after(pricing: Pricing, candidate: int) -> Bools:
    """Whether a name is held after taking the candidate."""
    if candidate == LEAVE:
        return pricing.held_before
    return np.full(len(pricing.held_before), candidate != EXIT)


def names_repaired(pricing: Pricing, choice: Choice, kappa: float) -> tuple[Ints, Ints]:
    """The candidates of `choice`, with as many names as allowed: those with the smallest regret are moved.

    Regret is the price of a name's best candidate on the other side of "held" minus that on its present side.
    """
    candidate, branch = choice.candidate.copy(), choice.branch.copy()
    p = pricing.p
    if not pricing.rows.names or p.max_names is None:
        return candidate, branch
    held = np.stack([_held_after(pricing, c) for c in range(4)], axis=1)
    inside = np.where(held, choice.prices, np.inf)
    outside = np.where(held, np.inf, choice.prices)
    n = np.arange(len(candidate))
    keeps = pricing.counted & held[n, candidate]
    excess = int(keeps.sum()) - p.max_names
    regret = np.full(len(candidate), np.inf)
    if excess > 0:
        movable = keeps & np.isfinite(outside).any(axis=1)
        regret[movable] = outside[movable].min(axis=1) - inside[movable].min(axis=1)
        to = outside
    else:  # a name more earns κ, and costs its regret
        movable = pricing.counted & ~keeps & np.isfinite(inside).any(axis=1)
        regret[movable] = inside[movable].min(axis=1) - outside[movable].min(axis=1)
        movable &= regret < kappa
        to = inside
    order = np.argsort(regret, kind="stable")
    moved = order[movable[order]][: abs(excess)]
    candidate[moved] = np.argmin(to[moved], axis=1)
    branch[moved] = np.where(candidate[moved] == SELL, choice.best_branch[moved], -1)
    return candidate, branch


def _shares_of(bound: Bound) -> list[tuple[Choice, float]]:
    return [(c, float(w)) for c, w in zip(bound.choices, bound.weights, strict=False) if w > 1e-4]


def keys_of(candidate: Ints, branch: Ints) -> Ints:
    """One number per name for its candidate and branch."""
    return np.where(candidate == SELL, 4 + branch, candidate)


def keys_at(choice: Choice) -> Ints:
    return keys_of(choice.candidate, choice.branch)


def sides_from(keys: Ints) -> tuple[Ints, Ints]:
    """Candidate and branch from one number per name."""
    sells = keys >= 4
    return np.where(sells, SELL, keys), np.where(sells, keys - 4, -1)


def majority(bound: Bound) -> tuple[Ints, Ints]:
    """Each name's weightiest candidate in the averaged plan of the dual."""
    keys = [(keys_at(c), w) for c, w in _shares_of(bound)]
    if not keys:
        return bound.choice.candidate, bound.choice.branch
    return sides_from(_weightiest(keys)[0])


def _weightiest(keys: list[tuple[Ints, float]]) -> tuple[Ints, Floats]:
    weight = np.zeros(len(keys[0][0]))
    top = keys[0][0].copy()
    for key, _ in keys:
        share = np.zeros(len(key))
        for other, w in keys:
            share += np.where(other == key, w, 0.0)
        better = share > weight + 1e-12
        weight = np.where(better, share, weight)
        top = np.where(better, key, top)
    return top, weight


def undecided(bound: Bound, *, any_name: bool) -> tuple[int, int] | None:
    """The name to branch on, and the candidate to split off: the one whose averaged trade is the furthest from any.

    With `any_name` (no plan has been found yet) a name that the average has decided will do: the one with the smallest
    regret among those that still have a choice.
    """
    mixed = _shares_of(bound) or [(bound.choice, 1.0)]
    top, weight = _weightiest([(keys_at(c), w) for c, w in mixed])
    total = sum(w for _, w in mixed)
    mean = np.zeros(len(top))
    for c, w in mixed:
        mean += w * (c.bought - c.sold) / total
    spread = np.zeros(len(top))
    for c, w in mixed:
        spread += w * np.abs(c.bought - c.sold - mean)
    score = np.where(weight < total - 1e-3, spread, 0.0)
    i = int(np.argmax(score))
    if score[i] > 0.0:
        return i, int(top[i])
    if any_name:
        prices = np.sort(bound.choice.prices, axis=1)
        open_ = np.isfinite(prices[:, 1])
        if open_.any():
            regret = np.subtract(prices[:, 1], prices[:, 0], out=np.full(len(prices), np.inf), where=open_)
            i = int(np.argmin(regret))
            return i, int(keys_at(bound.choice)[i])
    return None


def children(pricing: Pricing, allowed: Allowed, at: Bound, i: int, key: int) -> list[Allowed]:
    """Name i takes exactly that candidate, or any but that one."""
    mine = pricing.branches.name == i
    made = []
    for take in (True, False):
        masks = [allowed.leave.copy(), allowed.buy.copy(), allowed.sell.copy(), allowed.exit.copy()]
        for column, candidate in ((0, LEAVE), (1, BUY), (3, EXIT)):
            if (candidate == key) != take:
                masks[column][i] = False
        if take:
            masks[2][mine] = False
            if key >= 4:
                masks[2][key - 4] = allowed.sell[key - 4]
        elif key >= 4:
            masks[2][key - 4] = False
        if masks[0][i] or masks[1][i] or masks[3][i] or masks[2][mine].any():
            made.append(Allowed(*masks))
    return made


def only(pricing: Pricing, candidate: Ints, branch: Ints) -> Allowed:
    """Every name takes exactly the given candidate."""
    sell = np.zeros(len(pricing.allowed.sell), dtype=np.bool_)
    sell[branch[candidate == SELL]] = True
    return Allowed(candidate == LEAVE, candidate == BUY, sell, candidate == EXIT)


def fits(choice: Choice, allowed: Allowed) -> bool:
    c = choice.candidate
    sells = choice.branch[c == SELL]
    return bool(
        allowed.leave[c == LEAVE].all()
        and allowed.buy[c == BUY].all()
        and allowed.exit[c == EXIT].all()
        and allowed.sell[sells].all()
    )
