"""Plan one neutral case and write the trades: python benchmarks/plan_case.py CASEDIR TRADES.csv

CASEDIR holds universe.csv, lots.csv, closed_lots.csv, factor_exposures.csv, factor_cov.csv, specific_var.csv and
case.json (tax rates, costs, cash, tracking and turnover caps). The aim: least tax + cost + 80 × E × tracking variance,
with no purchase of a name whose loss was closed in the last 30 days, no loss sold beside a kept recent purchase, and no
name both bought and sold. Writes side,ticker,lot_id,shares; prints bound, plan, gap, seconds by stage and peak memory.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dicli.plan.optimizer import solve
from dicli.plan.problem import Lots, Problem, Solution

RISK_AVERSION = 80.0
WASH_WINDOW = dt.timedelta(days=30)


@dataclass(frozen=True)
class Case:
    """A problem and what is needed to write its trades in shares."""

    problem: Problem
    equity: float
    tickers: list[str]
    sectors: list[str]
    price: np.ndarray
    lot_ids: list[str]
    lot_quantity: np.ndarray


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def is_long(acquired: dt.date, as_of: dt.date) -> bool:
    """Held more than one year; a lot of 29 February has its birthday on the 28th."""
    leap_day = (acquired.month, acquired.day) == (2, 29)
    return as_of > acquired.replace(year=acquired.year + 1, day=28 if leap_day else acquired.day)


def load(folder: Path) -> Case:
    case = json.loads((folder / "case.json").read_text())
    as_of = dt.date.fromisoformat(case["as_of"])
    universe = rows_of(folder / "universe.csv")
    tickers = [row["ticker"] for row in universe]
    index = {ticker: i for i, ticker in enumerate(tickers)}
    price = np.array([float(row["price"]) for row in universe])
    target = np.array([float(row["target_weight"]) for row in universe])
    exposures = {
        r["ticker"]: [float(v) for c, v in r.items() if c != "ticker"] for r in rows_of(folder / "factor_exposures.csv")
    }
    variances = {r["ticker"]: float(r["var"]) for r in rows_of(folder / "specific_var.csv")}
    covariance = np.atleast_2d(np.loadtxt(folder / "factor_cov.csv", delimiter=","))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))

    rows = rows_of(folder / "lots.csv")
    name = np.array([index[row["ticker"]] for row in rows])
    quantity = np.array([float(row["quantity"]) for row in rows])
    cost = np.array([float(row["cost_per_share"]) for row in rows])
    acquired = [dt.date.fromisoformat(row["acquired"]) for row in rows]
    long = np.array([is_long(day, as_of) for day in acquired])
    gain = 1.0 - cost / price[name]  # per dollar sold
    held = np.bincount(name, quantity * price[name], minlength=len(tickers))
    equity = float(held.sum()) + case["cash"]

    closed = {
        row["ticker"]
        for row in rows_of(folder / "closed_lots.csv")
        if float(row["proceeds"]) < float(row["cost_basis"])
        and as_of - dt.date.fromisoformat(row["sold"]) <= WASH_WINDOW
    }
    weight = quantity * price[name] / equity
    return Case(
        Problem.of(
            held=np.bincount(name, weight, minlength=len(tickers)),
            target=target / target.sum(),
            factors=np.einsum("ij,jk->ik", np.array([exposures[t] for t in tickers]), root),
            specific=np.sqrt([variances[t] for t in tickers]),
            risk_aversion=RISK_AVERSION,
            cash=case["cash"] / equity,
            lots=Lots.of(
                name,
                weight,
                tax=gain * np.where(long, case["long_term_rate"], case["short_term_rate"]),
                short_gain=np.where(long, 0.0, gain),
                long_gain=np.where(long, gain, 0.0),
                recent=np.array([as_of - day <= WASH_WINDOW for day in acquired]),
            ),
            buy_cost=case["cost_bps"] / 1e4,
            sell_cost=case["cost_bps"] / 1e4,
            max_buy=np.array([0.0 if t in closed else np.inf for t in tickers]),
            turnover_cap=case["max_gross_turnover"] / 2.0,
            tracking_cap=case["max_tracking_error"],
            names=tuple(tickers),
        ),
        equity,
        tickers,
        [row["sector"] for row in universe],
        price,
        [row["lot_id"] for row in rows],
        quantity,
    )


def write(case: Case, solution: Solution, path: Path) -> None:
    """Trades in shares: a lot never beyond its quantity; purchases rounded down to a millionth of a share, so that
    the cash stays."""
    lots = case.problem.lots
    with path.open("w", newline="") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(("side", "ticker", "lot_id", "shares"))
        for j in np.flatnonzero(solution.lot_sale > 0.0):
            whole = solution.lot_sale[j] >= lots.weight[j] * (1.0 - 1e-12)
            shares = case.lot_quantity[j] * (1.0 if whole else solution.lot_sale[j] / lots.weight[j])
            out.writerow(("SELL", case.tickers[lots.name[j]], case.lot_ids[j], f"{shares:.6f}"))
        for i in np.flatnonzero(solution.trade > 0.0):
            shares = np.floor(solution.trade[i] * case.equity / case.price[i] * 1e6) / 1e6
            if shares > 0.0:
                out.writerow(("BUY", case.tickers[i], "", f"{shares:.6f}"))


def main() -> None:
    started = time.perf_counter()
    case = load(Path(sys.argv[1]))
    loaded = time.perf_counter()
    cpu = time.process_time()
    solution = solve(case.problem)
    cpu = time.process_time() - cpu
    planned = time.perf_counter()
    write(case, solution, Path(sys.argv[2]))
    E, s = case.equity, solution.seconds
    print(f"bound      {-solution.bound * E:14.2f}  (utility in dollars: no plan can do better)")
    print(f"plan       {-solution.cost * E:14.2f}")
    print(f"gap        {solution.gap:14.6%}")
    print(f"tracking   {solution.tracking_error:14.4%}")
    print(f"turnover   {solution.turnover:14.4%}")
    print(f"cash       {solution.cash_after * E:14.2f}")
    print(f"steps      {solution.steps:14d}  passes, {solution.nodes} nodes")
    print(
        f"seconds    bound {s.bound:.3f}, plan {s.plan:.3f}, rounding {s.rounding:.3f}; "
        f"planning {planned - loaded:.3f} wall, {cpu:.3f} CPU; loading {loaded - started:.3f}"
    )
    print(f"memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:14.0f}  MB at most")


if __name__ == "__main__":
    main()
