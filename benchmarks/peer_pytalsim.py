"""dicli beside pytalsim 0.5 on the same invented markets, looked at each quarter: python -m benchmarks.peer_pytalsim

    pip install pytalsim                                  the peer; no dependency of dicli
    python -m benchmarks.peer_pytalsim [PATHS [NAMES]]    3 markets of 500 names; ten years each

The market is the peer's own generator (a market, four sectors, Gaussian, no deaths), drawn daily, with two years before
the start that only a risk model looks at. The peer sees each quarter's return of it, dicli the days. Alike are: an
index of equal weights, 1,000,000 dollars, plans and harvests at quarter ends only, lots from 2 % below their basis on,
0.05 % of cost per dollar traded, 0.45 % of fee a year, a dividend yield of 1.3 % paid at quarter ends, 100,000 dollars
of short-term gains elsewhere a year, and the top federal rates with the tax on net investment income (the peer has them
as numbers, dicli from the brackets of an income of two million). No cash is held back.

Only partly comparable, and why:
- the peer has no tracking target: it sells every lot that is 2 % under water and spreads the money over the rest, and
  sells winners back to equal weights whatever the tax; dicli weighs each trade's tax against tracking, here once at its
  default and once at limits.tracking = "harvest". More harvested is not by itself better: what counts is tax alpha.
- the peer lets cash go below zero and pays interest; dicli never does.
- what tax is saved lies in the peer's side account and earns nothing; dicli puts it into the account in April. Wealth
  differs by that growth, tax alpha and losses do not directly.
- dicli's account pays the year's tax from the account in the next April, the peer at once.
- tracking error is that of quarterly returns, for both; dicli's usual figure is that of daily ones.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dicli.backtest.figures import daily_returns
from dicli.backtest.panel import build
from dicli.backtest.study import case
from dicli.market.sectors import SECTORS
from dicli.model import Account, AccountKind, Owner
from dicli.preferences import (
    Backtest,
    Cash,
    Costs,
    FilingStatus,
    Harvest,
    Index,
    IndexPart,
    Limits,
    Preferences,
    ShortLong,
    Tax,
)

YEARS, WARM = 10, 2
QUARTER = 63  # sessions
CAPITAL = 1_000_000
GAINS = 100_000
COST, FEE, YIELD, LEAST = 0.0005, 0.0045, 0.013, 0.02


@dataclass(frozen=True)
class Found:
    """One path: `harvested` by year as a fraction of the capital, the rest over all years."""

    harvested: tuple[float, ...]
    tax_alpha: float
    tracking_error: float
    turnover: float
    wealth: float
    seconds: float
    megabytes: float


def daily(names: int, seed: int) -> np.ndarray:
    """Price returns (days, names) of the peer's generator, QUARTER sessions a quarter."""
    from talsim import ScenarioConfig
    from talsim.market import generate_path

    drawn = generate_path(ScenarioConfig(n_assets=names, years=WARM + YEARS, steps_per_year=4 * QUARTER), seed)
    return np.asarray(drawn.returns)


def peer(names: int, seed: int) -> Found:
    from talsim import ScenarioConfig, simulation
    from talsim.lots import Ledger
    from talsim.market import MarketPath

    days = daily(names, seed)[WARM * 4 * QUARTER :]
    quarters = np.prod(1.0 + days.reshape(4 * YEARS, QUARTER, names), axis=1) - 1.0
    wanted = ScenarioConfig(
        n_assets=names,
        years=YEARS,
        starting_capital=CAPITAL,
        outside_st_gains_annual=GAINS,
        transaction_cost=COST,
        management_fee=FEE,
        dividend_yield=YIELD,
        harvest_threshold=LEAST,
    )
    ledgers: list[Any] = []
    settled: list[Any] = []

    def kept_ledger(*given: Any) -> Any:
        ledgers.append(Ledger(*given))
        return ledgers[-1]

    def kept_year(*given: Any, **more: Any) -> Any:
        settled.append(settle(*given, **more))
        return settled[-1]

    settle = simulation.settle_year
    simulation.generate_path = lambda *_: MarketPath(quarters, quarters.mean(axis=1), np.zeros_like(quarters))
    simulation.Ledger, simulation.settle_year = kept_ledger, kept_year
    began = time.process_time()
    made = simulation.run_path(wanted, seed)
    seconds = time.process_time() - began
    # each year but the last; then the last with everything sold, and without
    years = [*settled[: YEARS - 1], settled[-1]]
    saved = [GAINS * wanted.st_rate - year.capital_tax + year.ordinary_offset * wanted.ordinary_rate for year in years]
    losses = [ledgers[0].gross_losses(4 * year - (year == 0), 4 * year + 3) for year in range(YEARS)]
    losses[-1] -= made.gross_losses_liquidation
    return Found(
        tuple(float(loss) / CAPITAL for loss in losses),
        float(sum(saved)) / made.average_nav / YEARS,
        made.tracking_error,
        float(made.annual_turnover),
        float(made.ending_after_tax_wealth),
        seconds,
        _megabytes(),
    )


def sessions() -> list[dt.date]:
    """The last weekday before the first quarter, and the last QUARTER weekdays of each."""
    found = [dt.date(2014 - WARM - 1, 12, 31)]
    while found[0].weekday() > 4:
        found[0] -= dt.timedelta(days=1)
    for year in range(2014 - WARM, 2014 + YEARS):
        for month in (3, 6, 9, 12):
            day = dt.date(year + month // 12, month % 12 + 1, 1)
            last: list[dt.date] = []
            while len(last) < QUARTER:
                day -= dt.timedelta(days=1)
                if day.weekday() < 5:
                    last.insert(0, day)
            found += last
    return found


def ours(names: int, seed: int, tracking: str = "balanced") -> Found:
    returns = daily(names, seed)
    dates = sessions()
    close = 100.0 * np.vstack([np.ones(names), np.cumprod(1.0 + returns, axis=0)])
    symbols = [f"N{i:03d}" for i in range(names)]
    ends = list(range(0, len(dates), QUARTER))
    dividends = np.zeros_like(close)
    dividends[ends[1:]] = np.round(close[ends[1:]] * YIELD / 4.0, 4)
    kinds = list(SECTORS)[:4]
    equal = dict.fromkeys(symbols, 1.0)
    panel = build(
        dates,
        symbols,
        close,
        [(dates[t], equal) for t in ends],
        dividends=dividends,
        sectors=[kinds[i % 4] for i in range(names)],
        name=f"market {seed}",
    )
    first = dates[WARM * 4 * QUARTER]
    wanted = Preferences(
        path=Path("dicli.toml"),
        folder=Path(),
        index=Index((IndexPart("market", Decimal(1), None),)),
        tax=Tax(FilingStatus.MFJ, Decimal(2_000_000)),
        accounts=(Account("main", AccountKind.TAXABLE, Owner.YOU, True, True, None, (), "fifo"),),
        harvest=Harvest(Decimal(0), Decimal(str(LEAST))),
        limits=Limits(cash=Cash(target=Decimal(0)), tracking=tracking),
        costs=Costs(Decimal(str(COST))),
        backtest=Backtest(
            start=first,
            initial=Decimal(CAPITAL),
            plan_every="quarter",
            harvest_every="quarter",
            fund_fee=Decimal(str(FEE)),
            account_fee=Decimal(str(FEE)),
        ),
    )
    began = time.process_time()
    made = case(panel, wanted, "stated", ShortLong(short=Decimal(GAINS)))
    seconds = time.process_time() - began
    f = made.figures
    active = []
    mine, index = daily_returns(made.run)[1:], made.run.index[1:]
    for k in range(0, len(mine), QUARTER):
        active.append(np.prod(1.0 + mine[k : k + QUARTER]) - np.prod(1.0 + index[k : k + QUARTER]))
    return Found(
        tuple(year.harvested for year in f.years[-YEARS:]),
        f.tax_alpha,
        float(np.std(active, ddof=1) * 2.0),
        statistics.mean(year.turnover for year in f.years[-YEARS:]),
        float(f.liquidated),
        seconds,
        _megabytes(),
    )


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def alone(work: Callable[[int, int], Found], names: int, seed: int) -> Found:
    """In a process of its own, so that memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, names, seed).result()


LINES: tuple[tuple[str, str, Callable[[Found], float]], ...] = (
    *((f"harvested in year {k + 1}, of capital", ".2%", lambda one, k=k: one.harvested[k]) for k in range(YEARS)),
    ("harvested in all, of capital", ".1%", lambda one: sum(one.harvested)),
    ("tax alpha a year", ".2%", lambda one: one.tax_alpha),
    ("tracking error, quarterly", ".2%", lambda one: one.tracking_error),
    ("turnover a year", ".1%", lambda one: one.turnover),
    ("after all tax, dollars", ",.0f", lambda one: one.wealth),
    ("seconds of CPU", ".2f", lambda one: one.seconds),
    ("megabytes", ".0f", lambda one: one.megabytes),
)


def main(paths: int = 3, names: int = 500) -> None:
    if importlib.util.find_spec("talsim") is None:
        sys.exit("pytalsim is not installed: this benchmark runs it beside dicli (pip install pytalsim)")
    programs = {"dicli": ours, "dicli, harvest": partial(ours, tracking="harvest"), "pytalsim": peer}
    found = {name: [alone(work, names, 7 + path) for path in range(paths)] for name, work in programs.items()}
    print(f"{paths} markets of {names} names, {YEARS} years: medians, and beside dicli's its ratio to the peer's")
    print(f"{'':<32}{'dicli':>12}{'':>7}{'dicli, harvest':>16}{'':>7}{'pytalsim':>12}")
    for what, how, pick in LINES:
        mine, more, theirs = (statistics.median(map(pick, rows)) for rows in found.values())
        ratios = [f"{value / theirs:.2f}" if theirs else "" for value in (mine, more)]
        print(f"{what:<32}{mine:>12{how}}{ratios[0]:>7}{more:>16{how}}{ratios[1]:>7}{theirs:>12{how}}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
