"""What `dicli tax`, `calendar` and `do-not-buy` take, start-up included.

    python -m benchmarks.tax_commands            on the sample portfolios
    python -m benchmarks.tax_commands 10000      and on one account with a history of so many trades

Prints seconds of CPU and of wall clock, the best of three.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "sample_portfolios"
COMMANDS = ("tax", "tax --reconcile", "calendar", "do-not-buy")
AS_OF = dt.date(2026, 11, 20)
TOML = """
[index]
benchmark = "index.csv"
[tax]
filing_status = "single"
taxable_income = 150000
[[accounts]]
name = "main"
kind = "taxable"
broker_files = ["main.csv"]
"""


def history(trades: int) -> str:
    """Purchases and sales of 500 symbols over the last two years, never more sold than held."""
    draw = random.Random(7)
    held: dict[str, int] = {}
    days = sorted(AS_OF - dt.timedelta(days=draw.randrange(700)) for _ in range(trades))
    rows = ["date,kind,symbol,quantity,amount"]
    for day in days:
        symbol = f"S{draw.randrange(500)}"
        price = draw.randrange(2000, 4000)
        if held.get(symbol, 0) >= 10 and draw.random() < 0.5:
            held[symbol] -= 10
            rows.append(f"{day},sell,{symbol},-10,{price / 10}")
        else:
            held[symbol] = held.get(symbol, 0) + 10
            rows.append(f"{day},buy,{symbol},10,-{price / 10}")
    return "\n".join(rows) + "\n"


def best(words: list[str]) -> tuple[float, float]:
    found = []
    for _ in range(3):
        before, start = os.times(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "dicli", *words], check=True, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        found.append((cpu, time.perf_counter() - start))
    return min(found)


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folders = sorted(path.parent for path in SAMPLES.glob("*/dicli.toml"))
        if arguments:
            (Path(place) / "dicli.toml").write_text(TOML)
            (Path(place) / "index.csv").write_text("symbol,weight\nS0,100\n")
            (Path(place) / "main.csv").write_text(history(int(arguments[0])))
            folders.append(Path(place))
        for folder in folders:
            name = f"{arguments[0]} trades" if folder == Path(place) else folder.name
            for command in COMMANDS:
                words = [*command.split(), "-q", "-f", "csv", "--as-of", str(AS_OF), "-C", str(folder)]
                cpu, wall = best(words)
                print(f"{name:14} {command:16} {cpu:6.2f} s CPU {wall:6.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
