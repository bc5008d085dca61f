"""Mutate every golden broker file and read the mutants: `python -m benchmarks.fuzz_brokers [COUNT] [SEED]`.

Prints how many were refused and how many read by each rule; a misread mutant or a traceback is printed and counted,
and the exit code is 1. Bounded in time: it stops after ten minutes and says how far it came.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter

from tests.make_goldens import fixtures
from tests.mutations import check, mutants

SECONDS = 600


def main(count: int = 10_000, seed: int = 1) -> int:
    paths = [path for path in fixtures() if not path.name.startswith("refused")]
    outcomes: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    began = time.monotonic()
    for path in paths:
        for mutant in mutants(path, count=-(-count // len(paths)), seed=seed):
            if time.monotonic() - began > SECONDS:
                print(f"stopped after {SECONDS} s")
                break
            try:
                outcomes[check(mutant)] += 1
            except Exception as error:
                outcomes["WRONG"] += 1
                wrong[f"{path.parent.name}/{path.name}: {mutant.kind}"] += 1
                if wrong.total() <= 10:
                    text = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
                    print(f"--- {path.parent.name}/{path.name}: {mutant.kind}\n{text[:1500]}\n")
    print(f"{sum(outcomes.values())} mutants of {len(paths)} files in {time.monotonic() - began:.1f} s, seed {seed}")
    for outcome, number in outcomes.most_common():
        print(f"  {outcome:10} {number}")
    for where, number in wrong.most_common(40):
        print(f"  WRONG {number:4}  {where}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
