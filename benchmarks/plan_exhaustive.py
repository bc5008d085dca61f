"""Small accounts against exhaustive search over sides: python benchmarks/plan_exhaustive.py [cases]

Prints every case whose plan costs more than 0.1 % above the optimum (there should be none), and the worst.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from dicli.plan.optimizer import solve
from dicli.plan.problem import Infeasible
from tests.optimizer_cases import small
from tests.optimizer_search import exhaustive


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    worst, infeasible, slowest = 0.0, 0, 0.0
    for seed in range(cases):
        p = small(seed, most=8)
        best = exhaustive(p)
        started = time.perf_counter()
        try:
            s = solve(p)
        except Infeasible as error:
            infeasible += 1
            if np.isfinite(best):
                print(f"seed {seed}: said to be infeasible ({error}), costs {best:.3e}")
            continue
        slowest = max(slowest, time.perf_counter() - started)
        off = (s.cost - best) / max(abs(best), 1e-5)
        worst = max(worst, off)
        if off > 1e-3 or s.bound > best + 1e-7 * max(abs(best), 1e-2):
            print(f"seed {seed}: plan {s.cost:.6e}, optimum {best:.6e}, bound {s.bound:.6e}, off {off:.3%}")
    print(f"{cases} cases, {infeasible} without a plan; worst {worst:.4%} above the optimum; {slowest:.2f} s at most")


if __name__ == "__main__":
    main()
