"""Twenty-four vintages on two cores against the ideal: python -m benchmarks.vintages [JOBS]

Every start of a month over two years, each run for one year with monthly plans and monthly harvest checks, with outside
gains and without: on the S&P 500 where the research panel is there, else on an invented market of 300 names. First all
of them one by one in this process, then `sweep` on two cores. The ideal is the seconds of CPU of the first, shared
equally; wanted is at most 1.8 times that by the clock (exit code 1 otherwise). Other programs on the machine lengthen
the clock's time and not, or less, that of the CPU: the load average is printed, and what the workers took of the CPU.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import sys
import time
from decimal import Decimal

from benchmarks import backtest_data
from benchmarks.studies.run import investor
from benchmarks.studies.specifications import CAPITAL, START
from dicli.backtest import sweep, synthetic, workers
from dicli.backtest.panel import Panel
from dicli.preferences import Backtest, ShortLong

COUNT, YEARS, BOUND = 24, 1, 1.8
LAST = dt.date(2019, 2, 28)


def market() -> Panel:
    if backtest_data.there():
        return backtest_data.load(START, LAST)
    print(f"{backtest_data.DATA} is not there: an invented market instead")
    return synthetic.generate(seed=1, names=300, years=3)


def cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def main(jobs: int = 2) -> int:
    panel = market()
    gains = ShortLong(CAPITAL / 20, CAPITAL / 20)
    wanted = investor(Backtest(initial=Decimal(CAPITAL), harvest_every="month", outside_gains=gains))
    days = sweep.starts(panel, wanted, "month", YEARS)
    print(f"{panel.name}, {len(panel.symbols)} names, {len(days)} vintages of {YEARS} year, {days[0]} to {days[-1]}")
    print(f"load average {os.getloadavg()[0]:.1f} on {workers.cores()} cores")
    began, used = time.perf_counter(), cpu(resource.RUSAGE_SELF)
    alone = sweep.sweep(panel, wanted, "month", YEARS, jobs=1)
    used = cpu(resource.RUSAGE_SELF) - used
    ideal = used / jobs
    print(
        f"alone: {used:.1f} s of CPU ({used / len(days):.1f} s each), {time.perf_counter() - began:.1f} s by the clock"
    )
    print(f"load average {os.getloadavg()[0]:.1f}")
    began, here = time.perf_counter(), cpu(resource.RUSAGE_SELF)
    shared = sweep.sweep(panel, wanted, "month", YEARS, jobs=jobs)
    clock, here = time.perf_counter() - began, cpu(resource.RUSAGE_SELF) - here
    taken, memory = _workers()
    print(
        f"{jobs} jobs: {clock:.1f} s by the clock, {clock / ideal:.2f} times the ideal {ideal:.1f} s (bound {BOUND}); "
        f"{taken:.1f} s of CPU in the workers ({taken / jobs / ideal:.2f} times), {here:.1f} s here; "
        f"{memory:.2f} GB in the largest of them"
    )
    print(f"load average {os.getloadavg()[0]:.1f}; the same figures: {'yes' if shared == alone else 'NO'}")
    return 0 if clock <= BOUND * ideal and shared == alone and len(days) == COUNT else 1


def _workers() -> tuple[float, float]:
    """Seconds of CPU and the most gigabytes of the workers, which end for it: only then are they counted."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    return cpu(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
