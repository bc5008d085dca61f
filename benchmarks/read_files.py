"""Identify and read many broker files: `python -m benchmarks.read_files [FILES] [ROWS]`, by default 100 of 2,000 rows.

Writes Schwab histories with invented rows to a temporary folder, reads them all through `brokers.read` while keeping
every reading, and prints seconds and peak memory. The bounds for 200,000 rows: 4 s and 300 MB (exit code 1 beyond).
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from dicli import brokers

SECONDS, MEGABYTES = 4.0, 300.0


def history(rows: int, chance: random.Random) -> str:
    lines = ['"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"']
    symbols = ["".join(chance.choices("ABCDEFGHJKLMNPQRSTUVW", k=4)) for _ in range(600)]
    for _ in range(rows):
        symbol = chance.choice(symbols)
        day = f"{chance.randint(1, 12):02}/{chance.randint(1, 28):02}/{chance.randint(2018, 2026)}"
        quantity, price = chance.randint(1, 400), chance.randint(500, 90_000) / 100
        action = chance.choice(["Buy", "Sell", "Qualified Dividend"])
        if action == "Qualified Dividend":
            lines.append(f'"{day}","{action}","{symbol}","{symbol} INVENTED CORP","","","","${price:,.2f}"')
        else:
            sign = "-" if action == "Buy" else ""
            amount = f"{sign}${quantity * price:,.2f}"
            lines.append(
                f'"{day}","{action}","{symbol}","{symbol} INVENTED CORP","{quantity}","${price:,.2f}","","{amount}"'
            )
    return "\n".join([*lines, '"Transactions Total","","","","","","","$0.00"', ""])


def main(files: int = 100, rows: int = 2000) -> int:
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.csv" for number in range(files)]
        for path in paths:
            path.write_text(history(rows, chance))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began, worked = time.perf_counter(), time.process_time()
        readings = [brokers.read(path) for path in paths]
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = sum(len(reading.transactions) for reading in readings)
    print(f"{files} files, {count:,} rows: {seconds:.2f} s on the clock, {worked:.2f} s of processor")
    print(f"peak {peak:.0f} MB, of which {before:.0f} MB before reading")
    return 1 if count <= 200_000 and (worked > SECONDS or peak > MEGABYTES) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
