"""How long a person waits: each command on the largest sample, whole process, beside importing pandas.

    python -m benchmarks.commands [RUNS]

Wall seconds and peak memory, median of RUNS (default 5) after one that warms the disk; the ratio is to
`python -c "import pandas"`, measured in turn with them. The budgets: 1.5 s for a command, 0.25 s for --help.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "sample_portfolios" / "tech_couple"
AT = ["--as-of", "2026-11-20", "--offline"]
COMMANDS = {"--help": 0.25, "check": 1.5, "lots": 1.5, "target": 1.5, "drift": 1.5, "harvest": 1.5, "trade": 1.5}
COMMANDS["why AAPL"] = 1.5


def once(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=SAMPLE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main(runs: int) -> int:
    yardstick = [sys.executable, "-c", "import pandas"]
    over = 0
    print(f"{'command':<12} {'seconds':>8} {'budget':>7} {'÷ import pandas':>16}")
    for name, budget in COMMANDS.items():
        words = name.split()
        command = [sys.executable, "-m", "dicli", *words, *(AT if name != "--help" else [])]
        once(command)
        once(yardstick)
        pairs = [(once(command), once(yardstick)) for _ in range(runs)]
        seconds = statistics.median(mine for mine, _ in pairs)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        over += seconds > budget
        print(f"{name:<12} {seconds:8.3f} {budget:7.2f} {ratio:16.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest peak memory of any: {peak:.0f} MB")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
