"""Each rule switched on, and binding: python benchmarks/plan_rules.py [names lots [seed …]]

Prints, for one account (500 names and 1,500 lots unless told otherwise), the certified gap, the utility in dollars of a
million (−tax − costs − 80 × tracking variance), whether the rule binds, CPU seconds, passes and nodes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from dicli.plan.optimizer import solve
from dicli.plan.problem import Infeasible, Problem, Solution
from tests.optimizer_cases import account, sectors, shares

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


def main() -> None:
    names, lots, *seeds = [int(a) for a in sys.argv[1:]] or [500, 1500]
    for seed in seeds or [7]:
        base = account(names, lots, seed)
        free = solve(base)
        print(f"{names} × {lots}, seed {seed}")
        print(f"{'rule':<46}{'gap':>10}{'utility':>12}{'binding':>9}{'CPU s':>8}{'passes':>8}{'nodes':>7}")
        for label, rule in RULES.items():
            problem = rule(base, free)
            started = time.process_time()
            try:
                s = solve(problem)
            except Infeasible as error:
                print(f"{label:<46}infeasible: {error}  {time.process_time() - started:.2f} s")
                continue
            seconds = time.process_time() - started
            binding = sum(m.price > 1e-7 for m in s.multipliers)
            print(f"{label:<46}{s.gap:>10.4%}{-s.cost * 1e6:>12.2f}{binding:>9}{seconds:>8.3f}{s.steps:>8}{s.nodes:>7}")


if __name__ == "__main__":
    main()
