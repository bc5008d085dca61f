"""Each rule switched on, and binding: python benchmarks/plan_rules.py [names lots [seed …]]

Prints, for one account (500 names and 1,500 lots unless told otherwise), the certified gap, the utility in dollars of a
million (−tax − costs − 80 × tracking variance), whether the rule binds, CPU seconds, passes and nodes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from dicli.plan.optimizer import solve
from dicli.plan.problem import Infeasible
from tests.optimizer_cases import RULES, account


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
            binding = sum(m.price > 1e-6 for m in s.multipliers)
            print(f"{label:<46}{s.gap:>10.4%}{-s.cost * 1e6:>12.2f}{binding:>9}{seconds:>8.3f}{s.steps:>8}{s.nodes:>7}")


if __name__ == "__main__":
    main()
