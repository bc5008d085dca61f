"""How long `dicli prices update` takes for 505 symbols × 2 years, against a server of this computer that plays Yahoo.

    python -m benchmarks.price_update [SYMBOLS]

Wanted: under 20 s, and no request at all in the second run (exit code 1 otherwise). What is measured is ours and
yfinance's; Yahoo's own time comes on top.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from dicli.market import prices
from dicli.market.store import Store
from tests.local_server import Yahoo, serving

SECONDS = 20.0
NOW = dt.datetime(2025, 6, 18, 18, 0, tzinfo=ZoneInfo("America/New_York"))


def main(count: int = 505) -> int:
    names = [f"{chr(65 + number // 26)}{chr(65 + number % 26)}Q" for number in range(count)]
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        Yahoo(NOW).serve(server)
        taken = []
        for run in ("first run", "second run"):
            asked, began, worked = len(server.charts()), time.perf_counter(), time.process_time()
            with Store(Path(folder) / "prices.sqlite") as store:
                made = prices.from_yahoo(store, names, NOW, cache=Path(folder), base=server.base)
            taken.append((time.perf_counter() - began, len(server.charts()) - asked))
            print(f"{run}: {taken[-1][0]:.2f} s, {time.process_time() - worked:.2f} s of it on the processor, "
                  f"{taken[-1][1]} requests for prices; {made.line()}")  # fmt: skip
    return 0 if taken[0][0] < SECONDS and taken[1][1] == 0 and not made.missing else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
