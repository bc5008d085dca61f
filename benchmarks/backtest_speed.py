"""Ten years of the S&P 500, monthly plans and daily harvest checks: python -m benchmarks.backtest_speed

Prints seconds of CPU on one core, peak memory, and the replication check: the index's weights bought with no harvest
and no tax, against the panel's own index. The bounds are 90 s, 1.5 GB and 0.15 % a year.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from decimal import Decimal

import numpy as np

from benchmarks import backtest_data
from benchmarks.studies.run import investor
from benchmarks.studies.specifications import AMPLE, CAPITAL, END, START
from dicli.backtest.figures import DAYS, daily_returns
from dicli.backtest.replay import replay
from dicli.preferences import Backtest, Cash, Harvest, Limits, ShortLong


def main() -> None:
    panel = backtest_data.load(START, END)
    wanted = investor(Backtest(start=START, end=END, initial=CAPITAL))
    started = time.process_time()
    run = replay(panel, wanted, outside=AMPLE)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    plans, events, lots = len(run.looks), len(run.log), run.looks[-1].lots
    print(f"replay: {seconds:.0f} s of CPU, {memory:.2f} GB, {plans} plans, {events:,} events, {lots:,} lots")

    no_cash = Limits(
        tracking=Decimal(1_000_000), cash=Cash(target=Decimal(0), max=Decimal("0.02")), min_trade=Decimal(0)
    )
    quiet = replace(
        wanted,
        harvest=Harvest(min_loss=Decimal(10**9)),
        limits=no_cash,
        backtest=replace(wanted.backtest, harvest_every="month"),
    )
    run = replay(panel, quiet, outside=ShortLong())
    index = panel.index[0][run.first + 1 : run.last + 1]
    mine = daily_returns(run)[1:]
    gap = float(np.log1p(mine).sum() - np.log1p(index).sum()) * DAYS / len(index)
    error = float(np.std(mine - index, ddof=1) * np.sqrt(DAYS))
    print(f"replication: {gap:+.3%} a year against the panel's index, tracking error {error:.3%}")


if __name__ == "__main__":
    main()
