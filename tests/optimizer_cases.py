"""Seeded accounts for the optimizer's tests and benchmarks: invented returns, invented lots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dicli.plan.problem import Bands, Lots, Problem

SHORT, LONG, COST = 0.37, 0.20, 0.0005


def account(
    names: int,
    lots: int,
    seed: int,
    *,
    factors: int = 10,
    cash: float = 0.01,
    drift: float = 0.18,
    recent: float = 0.05,
    **rules: Any,
) -> Problem:
    """An account that has drifted off its target, with `lots` lots bought over three years at prices of that time.

    `recent` is the share of names with a lot bought in the last 30 days; `rules` go to `Problem.of`.
    """
    rng = np.random.default_rng(seed)
    G = rng.normal(0.0, 0.35, (names, factors)) * 0.05
    G[:, 0] = rng.normal(1.0, 0.2, names) * 0.16
    specific = np.sqrt(rng.uniform(0.15, 0.38, names) ** 2)
    target = np.arange(1, names + 1) ** -0.85
    rng.shuffle(target)
    target /= target.sum()
    held = target * np.clip(rng.normal(1.0, drift, names), 0.3, 1.8)
    held *= (1.0 - cash) / held.sum()
    name = np.sort(np.concatenate((np.arange(names), rng.integers(0, names, max(lots - names, 0)))))
    share = rng.gamma(2.0, 1.0, len(name)) + 1e-3
    weight = held[name] * share / np.bincount(name, share, minlength=names)[name]
    years = rng.uniform(0.1, 3.0, len(name))
    # What a dollar now would have cost then, had the name moved by its own risk and the market's.
    risk = np.sqrt(specific**2 + np.sum(G**2, axis=1))[name]
    paid = np.exp(-0.06 * years + risk * np.sqrt(years) * rng.normal(0.0, 1.0, len(name)))
    fresh = np.zeros(len(name), dtype=bool)
    for i in np.flatnonzero(rng.uniform(size=names) < recent):
        last = np.flatnonzero(name == i)[-1]
        fresh[last] = True
        years[last] = 0.05
        paid[last] = rng.uniform(0.93, 1.05)
    gain = 1.0 - paid
    long = years > 1.0
    rules.setdefault("max_buy", np.where(rng.uniform(size=names) < 0.04, 0.0, np.inf))
    rules.setdefault("risk_aversion", 80.0)
    return Problem.of(
        held=np.bincount(name, weight, minlength=names),
        target=target,
        factors=G,
        specific=specific,
        cash=cash,
        lots=Lots.of(
            name,
            weight,
            tax=gain * np.where(long, LONG, SHORT),
            short_gain=np.where(long, 0.0, gain),
            long_gain=np.where(long, gain, 0.0),
            recent=fresh,
        ),
        buy_cost=COST,
        sell_cost=COST,
        **rules,
    )


def sectors(problem: Problem, count: int, room: float) -> Bands:
    """Every sector within `room` of its weight in the target."""
    n = len(problem.held)
    A = np.zeros((count, n))
    A[np.arange(n) % count, np.arange(n)] = 1.0
    at = A @ problem.target
    return Bands(A, at - room, at + room, tuple(f"sector {j}" for j in range(count)))


def shares(names: int, seed: int, value: float) -> np.ndarray:
    """The weight of one share of each name in an account of that value in dollars."""
    return np.exp(np.random.default_rng(seed).normal(4.4, 0.8, names)) / value


def small(seed: int, *, most: int = 8) -> Problem:
    """A small account with a few rules drawn at random, some of them impossible."""
    rng = np.random.default_rng(seed)
    many_options = rng.uniform() < 0.5
    n = int(rng.integers(3, min(most, 5) + 1 if many_options else most + 1))
    rules: dict[str, Any] = {}
    if many_options:
        if rng.uniform() < 0.6:
            rules["min_trade"] = float(rng.choice([0.01, 0.03]))
        if rng.uniform() < 0.6:
            rules["max_names"] = int(rng.integers(max(n // 2, 1), n + 1))
    if rng.uniform() < 0.3:
        rules["turnover_cap"] = float(rng.uniform(0.01, 0.1))
    if rng.uniform() < 0.3:
        rules["tracking_cap"] = float(rng.uniform(0.01, 0.04))
    if rng.uniform() < 0.3:
        rules["net_gain_budget"] = float(rng.uniform(-0.01, 0.02))
    if rng.uniform() < 0.3:
        rules["cash_max"] = 0.03
    if rng.uniform() < 0.2:
        rules["cash_min"] = 0.08
    if rng.uniform() < 0.3:
        rules["upper"] = np.where(rng.uniform(size=n) < 0.2, 0.05, 1.0)
    p = account(
        n,
        int(n * rng.integers(1, 5)),
        seed,
        factors=2,
        drift=0.35,
        recent=0.2,
        risk_aversion=float(rng.choice([5.0, 80.0])),
        **rules,
    )
    if rng.uniform() < 0.3:
        p = replace(p, bands=sectors(p, 2, 0.03))
    if rng.uniform() < 0.3:
        p = replace(p, lots=replace(p.lots, sellable=rng.uniform(size=len(p.lots.name)) < 0.85))
    return p
