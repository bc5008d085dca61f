"""Seeded accounts for the optimizer's tests and benchmarks: invented returns, invented lots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dicli.plan.problem import Bands, Lots, Problem, Solution

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


Rule = Callable[[Problem, Solution], Problem]


def names_of(share: float) -> Rule:
    return lambda p, free: replace(p, max_names=round(share * len(p.held)))


def whole(value: float) -> Rule:
    return lambda p, free: replace(p, step=shares(len(p.held), 1, value))


def minimum(weight: float) -> Rule:
    return lambda p, free: replace(p, min_trade=np.full(len(p.held), weight))


RULES: dict[str, Rule] = {
    "free": lambda p, free: p,
    "tracking cap 0.65 of the free plan's": lambda p, free: replace(p, tracking_cap=0.65 * free.tracking_error),
    "tracking cap 0.45": lambda p, free: replace(p, tracking_cap=0.45 * free.tracking_error),
    "tracking cap 0.25": lambda p, free: replace(p, tracking_cap=0.25 * free.tracking_error),
    "turnover half": lambda p, free: replace(p, turnover_cap=0.5 * free.turnover),
    "turnover a tenth": lambda p, free: replace(p, turnover_cap=0.1 * free.turnover),
    "minimum trade $500": minimum(500e-6),
    "minimum trade $2,000": minimum(2000e-6),
    "sector bands ±0.5 %": lambda p, free: replace(p, bands=sectors(p, 11, 0.005)),
    "sector bands ±0.1 %": lambda p, free: replace(p, bands=sectors(p, 11, 0.001)),
    "60 industry bands ±0.05 %": lambda p, free: replace(p, bands=sectors(p, 60, 0.0005)),
    "80 % of the names": names_of(0.8),
    "50 % of the names": names_of(0.5),
    "30 % of the names": names_of(0.3),
    "10 % of the names": names_of(0.1),
    "net gains 1.1 × free (losses)": lambda p, free: replace(
        p, net_gain_budget=1.1 * (free.short_gain + free.long_gain)
    ),
    "short gains 1.1 × free": lambda p, free: replace(p, short_gain_budget=1.1 * free.short_gain),
    "long gains 1.1 × free": lambda p, free: replace(p, long_gain_budget=1.1 * free.long_gain),
    "cash need 20 %": lambda p, free: replace(p, cash_min=0.2),
    "cash at most 0.1 %": lambda p, free: replace(p, cash_max=0.001),
    "taxes off": lambda p, free: replace(
        p, lots=replace(p.lots, tax=p.lots.tax * 0.0, short_gain=p.lots.tax * 0.0, long_gain=p.lots.tax * 0.0)
    ),
    "whole shares, $1,000,000": whole(1e6),
    "whole shares, $250,000": whole(2.5e5),
    "whole shares, $100,000": whole(1e5),
    "several: cap, turnover, minimum, names, bands": lambda p, free: replace(
        p,
        tracking_cap=free.tracking_error,
        turnover_cap=0.7 * free.turnover,
        max_names=round(0.8 * len(p.held)),
        min_trade=np.full(len(p.held), 500e-6),
        bands=sectors(p, 11, 0.005),
    ),
    "several, and whole shares of $1,000,000": lambda p, free: replace(
        p,
        tracking_cap=free.tracking_error,
        turnover_cap=0.7 * free.turnover,
        max_names=round(0.8 * len(p.held)),
        min_trade=np.full(len(p.held), 500e-6),
        bands=sectors(p, 11, 0.005),
        step=shares(len(p.held), 1, 1e6),
    ),
}


def broken(p: Problem, u: np.ndarray, sale: np.ndarray, *, slack: float = 1e-8) -> list[str]:
    """The rules of the problem that a plan breaks, written from `Problem`'s own words and apart from the optimizer."""
    lots, faults = p.lots, []
    after = p.held + u
    bought, sold = np.maximum(u, 0.0), np.maximum(-u, 0.0)

    def rule(holds: object, what: str) -> None:
        if not np.all(holds):
            faults.append(what)

    rule(sale >= 0.0, "a lot is bought")
    rule(sale <= lots.weight + 1e-15, "a lot is oversold")
    rule(sale[~lots.sellable] == 0.0, "a lot that may not be sold is sold")
    rule(np.abs(np.bincount(lots.name, sale, minlength=len(u)) - sold) < 1e-12, "the lots do not add up to the trade")
    rule(bought <= p.max_buy + slack, "more is bought than may be")
    exits = (p.held > 0.0) & (sold >= p.held - 1e-12)
    whole = np.bincount(lots.name, lots.weight - sale > 1e-12, minlength=len(u)) == 0
    rule(~exits | whole, "an exit leaves a lot")
    rule(after >= p.lower - slack, "a name falls below its least weight")
    rule(after <= p.upper + slack, "a name rises above its greatest weight")
    traded = u != 0.0
    rule(~traded | exits | (np.abs(u) >= p.min_trade - slack), "a trade is too small")
    stepped = (p.step > 0.0) & traded & ~exits
    count = u[stepped] / p.step[stepped]
    rule(np.abs(count - np.rint(count)) < 1e-6, "a trade is not in whole shares")
    loss = lots.short_gain + lots.long_gain < 0.0
    for j in np.flatnonzero(loss & (sale > 1e-12)):
        beside = lots.recent & (lots.name == lots.name[j]) & (np.arange(len(sale)) != j)
        rule(lots.weight[beside] - sale[beside] < 1e-12, "a loss is sold beside a recent lot that is kept")
    cash = p.cash - np.sum(bought * (1.0 + p.buy_cost)) + np.sum(sold * (1.0 - p.sell_cost))
    rule(p.cash_min - slack <= cash <= p.cash_max + slack, "cash")
    rule(np.abs(u).sum() / 2.0 <= p.turnover_cap + slack, "turnover")
    d = after - p.target + p.fixed_active
    f = p.factors.T @ d + p.fixed_factors
    variance = f @ f + np.sum(p.specific**2 * d**2) + p.fixed_variance
    rule(np.sqrt(variance) <= p.tracking_cap + slack, "tracking error")
    short, long = sale @ lots.short_gain, sale @ lots.long_gain
    rule(short <= p.short_gain_budget + slack, "short-term gains")
    rule(long <= p.long_gain_budget + slack, "long-term gains")
    rule(short + long <= p.net_gain_budget + slack, "net gains")
    at = p.bands.matrix @ after
    rule((p.bands.lower - slack <= at) & (at <= p.bands.upper + slack), "bands")
    if p.max_names is not None:
        rule(np.sum(p.counted & (after > 1e-12)) <= p.max_names, "number of names")
    return faults


def cost_of(p: Problem, u: np.ndarray, sale: np.ndarray) -> float:
    """What the problem says a plan costs."""
    d = p.held + u - p.target + p.fixed_active
    f = p.factors.T @ d + p.fixed_factors
    risk = p.risk_aversion * (f @ f + np.sum(p.specific**2 * d**2) + p.fixed_variance)
    trading = np.sum(p.buy_cost * np.maximum(u, 0.0)) + np.sum(p.sell_cost * np.maximum(-u, 0.0))
    return float(risk + trading + p.lots.tax @ sale)
