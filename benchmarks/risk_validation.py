"""Is the tracking error that dicli prints honest? python benchmarks/risk_validation.py [--survivors]

On S&P 500 members and weights at quarter ends from 2018, the model is fitted to the 504 days before, portfolios are
made (many by minimising the printed figure itself), and what they realise over the next 12 months is divided by what
was printed. Portfolio and index are bought and held; a name that stops trading turns to cash in both. Next to dicli's
model: a plain 20-factor principal-component model on the same days, and the sector defaults that need no history.

`--survivors` does the same for quarter ends 2006 to 2014 on names that still lived in 2021. Needs the folder
`shared/data` beside the repository and pyarrow to read it; says so and stops without them.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import clarabel
import numpy as np
import pandas as pd
from scipy import sparse

from dicli.plan import risk
from dicli.plan.risk import RiskModel

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HISTORY, AHEAD = risk.WINDOW, 252


@dataclass(frozen=True)
class Case:
    """One quarter end: `past` (504, n) and `future` (252, n) daily returns, NaN where there is no price."""

    date: dt.date
    days: list[dt.date]
    symbols: list[str]
    sectors: list[str]
    industries: list[str | None]
    weights: np.ndarray
    past: np.ndarray
    future: np.ndarray

    def complete(self) -> Case:
        """Only the members whose history is complete, as in the figures that this set out from."""
        keep = ~np.isnan(self.past).any(axis=0)
        names = np.flatnonzero(keep)
        return Case(
            self.date,
            self.days,
            [self.symbols[i] for i in names],
            [self.sectors[i] for i in names],
            [self.industries[i] for i in names],
            self.weights[keep] / self.weights[keep].sum(),
            self.past[:, keep],
            self.future[:, keep],
        )


def load(survivors: bool) -> list[Case]:
    prices = pd.read_parquet(DATA / "prices.parquet", columns=["date", "ticker", "adj_close"])
    prices = prices[prices["date"] <= "2026-03-13"].pivot(index="date", columns="ticker", values="adj_close")
    first, last = "2018-03-31", "2025-03-31"
    if survivors:
        old = pd.read_parquet(DATA / "prices_1999_2016_survivors.parquet", columns=["date", "ticker", "adj_close"])
        prices = pd.concat([old.pivot(index="date", columns="ticker", values="adj_close"), prices]).sort_index()
        first, last = "2006-12-31", "2014-12-31"
    weights = pd.read_parquet(DATA / "index_weights.parquet", columns=["date", "ticker", "sector", "weight"])
    weights = weights[weights["ticker"].notna() & (weights["weight"] > 0)]
    classes = pd.read_csv(DATA / "securities.csv").set_index("ticker")
    sectors, industries = classes["gics_sector"], classes["gics_sub_industry"]
    days, values = prices.index, prices.to_numpy()
    cases = []
    for quarter in pd.date_range(first, last, freq="QE"):
        date = weights["date"][weights["date"] <= quarter].max()
        at = int(days.searchsorted(date, side="right")) - 1
        if at < HISTORY or at + AHEAD >= len(days):
            continue
        members = weights[weights["date"] == date].groupby("ticker", observed=True)
        weight, labelled = members["weight"].sum(), members["sector"].first()
        known = [s for s in weight.index if s in prices.columns and not np.isnan(values[at, prices.columns.get_loc(s)])]
        panel = values[at - HISTORY : at + AHEAD + 1][:, [prices.columns.get_loc(s) for s in known]]
        returns = panel[1:] / panel[:-1] - 1.0
        held = weight[known].to_numpy(float)
        cases.append(
            Case(
                date=date.date(),
                days=[d.date() for d in days[at - HISTORY + 1 : at + 1]],
                symbols=known,
                sectors=[sectors[s] if isinstance(sectors.get(s), str) else str(labelled[s]) for s in known],
                industries=[industries[s] if isinstance(industries.get(s), str) else None for s in known],
                weights=held / held.sum(),
                past=returns[:HISTORY],
                future=returns[HISTORY:],
            )
        )
    return cases


# --- models -------------------------------------------------------------------------------------------------


def dicli_model(case: Case) -> RiskModel:
    return risk.statistical(case.past, case.symbols, case.days, case.sectors, weights=case.weights)


def without_weights(case: Case) -> RiskModel:
    return risk.statistical(case.past, case.symbols, case.days, case.sectors)


def plain_components(case: Case) -> RiskModel:
    """Twenty principal components of the sample covariance, what they leave is specific: the usual recipe."""
    past = np.nan_to_num(case.past)
    past = (past - past.mean(axis=0)) * np.sqrt(252 / len(past))
    _, size, right = np.linalg.svd(past, full_matrices=False)
    factors = right[:20].T * size[:20]
    specific = np.sqrt(np.maximum((past**2).sum(axis=0) - (factors**2).sum(axis=1), 0.05**2))
    return RiskModel(tuple(case.symbols), factors, specific, "plain principal components")


def sector_defaults(case: Case) -> RiskModel:
    return risk.sector_blocks(case.symbols, case.sectors)


MODELS: dict[str, Callable[[Case], RiskModel]] = {
    "dicli": dicli_model,
    "dicli, benchmark weights withheld": without_weights,
    "plain 20-factor PCA": plain_components,
    "sector defaults (no history)": sector_defaults,
}

# --- portfolios ---------------------------------------------------------------------------------------------


def optimized(
    model: RiskModel,
    benchmark: np.ndarray,
    allowed: np.ndarray,
    wish: np.ndarray | None = None,
    floor: np.ndarray | None = None,
) -> np.ndarray:
    """Long-only weights on `allowed` that minimise 100 × tracking variance − wish · w, each at least its `floor`."""
    G, sigma, m, k = model.factors, model.specific, len(allowed), model.factors.shape[1]
    scale = 100.0
    P = sparse.block_diag([sparse.diags(2 * scale * sigma[allowed] ** 2), 2 * scale * sparse.eye(k)], format="csc")
    linear = -2 * scale * sigma[allowed] ** 2 * benchmark[allowed]
    if wish is not None:
        linear = linear - wish[allowed]
    A = sparse.vstack(
        [
            sparse.hstack([sparse.csc_matrix(G[allowed].T), -sparse.eye(k)]),
            sparse.hstack([np.ones((1, m)), sparse.csc_matrix((1, k))]),
            sparse.hstack([-sparse.eye(m), sparse.csc_matrix((m, k))]),
        ],
        format="csc",
    )
    least = np.zeros(m) if floor is None else floor[allowed]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solved = clarabel.DefaultSolver(
        sparse.triu(P).tocsc(),
        np.concatenate([linear, np.zeros(k)]),
        A,
        np.concatenate([G.T @ benchmark, [1.0], -least]),
        [clarabel.ZeroConeT(k + 1), clarabel.NonnegativeConeT(m)],
        settings,
    ).solve()
    held = np.maximum(np.array(solved.x[:m]), 0.0)
    weights = np.zeros(len(benchmark))
    weights[allowed] = held / held.sum()
    return weights


def portfolios(case: Case, model: RiskModel, seed: int) -> dict[str, list[np.ndarray]]:
    """What dicli makes, and what it does not: by kind, fully invested weights (n,) unless the kind says otherwise."""
    b, n = case.weights, len(case.weights)
    rng = np.random.default_rng(seed)
    sector = np.array(case.sectors, dtype=object)
    largest = np.argsort(-b, kind="stable")
    past = np.nan_to_num(case.past)
    everyone = np.arange(n)
    made: dict[str, list[np.ndarray]] = {}

    for m in (50, 100, 200):
        made[f"minimum tracking, {m} largest"] = [optimized(model, b, largest[:m])]
    made["minimum tracking, 60-250 random"] = [
        optimized(model, b, rng.choice(n, m, replace=False)) for m in (60, 120, 250)
    ]
    made["random 50-200, by size or equal"] = []
    for i, m in enumerate((50, 75, 100, 150, 200) * 2):
        chosen = rng.choice(n, m, replace=False)
        weights = np.zeros(n)
        weights[chosen] = b[chosen] if i < 5 else 1.0
        made["random 50-200, by size or equal"].append(weights / weights.sum())

    screened = ("Energy", "Utilities", "Financials")
    made["sector screened, pro rata"] = [_normal(np.where(sector == s, 0.0, b)) for s in screened]
    made["sector screened, minimum tracking"] = [optimized(model, b, np.flatnonzero(sector != s)) for s in screened]

    quarter, year, swings = past[-63:].sum(axis=0), past[-252:-21].sum(axis=0), past[-252:].std(axis=0)
    made["tilted: sector, theme, style"] = [
        *(_normal(b * np.where(sector == s, 1.5, 1.0)) for s in ("Information Technology", "Health Care")),
        _normal(b * np.exp(0.5 * rng.standard_normal(n))),
        _normal(b**0.8),
        _normal(b * np.where(year > np.median(year), 2.0, 1.0)),
        _normal(b * np.where(swings < np.median(swings), 2.0, 1.0)),
    ]
    made["tilted by the optimizer"] = [
        optimized(model, b, everyone, wish=0.02 * rng.standard_normal(n)),
        optimized(model, b, everyone, wish=0.02 * np.sign(np.median(swings) - swings)),
        optimized(model, b, everyone, wish=0.02 * np.sign(year - np.median(year))),
    ]
    losers = quarter < np.quantile(quarter, 0.15)
    made["losers harvested, minimum tracking"] = [optimized(model, b, np.flatnonzero(~losers))]
    made["30 % of names sold, minimum tracking"] = [optimized(model, b, np.flatnonzero(rng.random(n) > 0.3))]
    locked = np.zeros(n)
    locked[rng.choice(largest[:100])] = 0.10
    made["10 % locked in one stock, completed"] = [optimized(model, b, everyone, floor=locked)]
    made["5 % in cash"] = [0.95 * b]
    return made


def _normal(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()


def realised(weights: np.ndarray, benchmark: np.ndarray, future: np.ndarray, held: bool) -> float:
    """Annualised root mean square of daily active returns; `held`: both drift, else active weights are kept."""
    returns = np.nan_to_num(future)
    if held:
        growth = np.vstack([np.ones(returns.shape[1]), np.cumprod(1.0 + returns, axis=0)])
        mine = growth @ weights + 1.0 - weights.sum()
        index = growth @ benchmark
        active = mine[1:] / mine[:-1] - index[1:] / index[:-1]
    else:
        active = returns @ (weights - benchmark)
    return float(np.sqrt(np.mean(active**2) * 252))


# --- the table ----------------------------------------------------------------------------------------------


def study(name: str, cases: list[Case]) -> None:
    fit, found = MODELS[name], {}
    seconds, columns = [], []
    for seed, case in enumerate(cases):
        start = time.process_time()
        model = fit(case)
        seconds.append(time.process_time() - start)
        columns.append(model.factors.shape[1])
        for kind, made in portfolios(case, model, seed).items():
            for weights in made:
                printed = risk.tracking_error(model, weights - case.weights)
                one, other = (realised(weights, case.weights, case.future, held) for held in (True, False))
                found.setdefault(kind, []).append((printed, one, other))
    print(f"\n{name}: k = {min(columns)}-{max(columns)}, fitted in {np.median(seconds):.2f} s CPU")
    print(f"  {'':36}  printed  realised   mean   realised ÷ printed: median (10th-90th)  constant weights: median")
    for kind, rows in found.items():
        printed, held, kept = np.array(rows).T
        ratio = held / printed
        print(
            f"  {kind:36}  {np.median(printed):6.2%}   {np.median(held):6.2%}  {held.mean():6.2%}"
            f"   {np.median(ratio):17.2f} ({np.quantile(ratio, 0.1):.2f}-{np.quantile(ratio, 0.9):.2f})"
            f"  {np.median(kept / printed):22.2f} ({np.median(kept):.2%})"
        )


def swaps(cases: list[Case]) -> None:
    """Sixty names of each third quarter end, each swapped for the three substitutes that dicli would name."""
    found = []
    for seed, case in enumerate(cases[::3]):
        model = risk.statistical(case.past, case.symbols, case.days, case.sectors, case.industries, case.weights)
        for i in np.random.default_rng(seed).choice(len(case.symbols), 60, replace=False):
            for one in risk.substitutes(model, case.symbols[i], case.symbols):
                j = model.index(one.symbol)
                gone = np.isnan(case.future[:, [i, j]]).any()
                if not gone and one.within == "industry":
                    left = float(np.std(case.future[:, i] - case.future[:, j])) * np.sqrt(252)
                    plain = risk.swap_error(model, i, j, None)
                    found.append((left / one.tracking_error, left / plain, one.correlation or 0.0))
    ratio, plain, rho = np.array(found).T
    print(f"\n{len(found)} swaps for a substitute of the same industry, realised ÷ printed, median (10th-90th):")
    for what, chosen in (("all", rho > -1.0), ("residual correlation above 0.6", rho > 0.6)):
        low, high = np.quantile(ratio[chosen], [0.1, 0.9])
        print(
            f"  {what:30}  {np.median(ratio[chosen]):.2f} ({low:.2f}-{high:.2f}); "
            f"{np.median(plain[chosen]):.2f} if the residual correlation were left out"
        )


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"skipped: no {DATA.parent.name}/{DATA.name} beside the repository")
    try:
        cases = load("--survivors" in sys.argv[1:])
    except ImportError:
        sys.exit("skipped: reading the data needs pyarrow (pip install pyarrow)")
    names = [len(case.symbols) for case in cases]
    print(f"{len(cases)} quarter ends, {cases[0].date} to {cases[-1].date}, {min(names)}-{max(names)} names")
    print("\n== members whose history is complete ==")
    complete = [case.complete() for case in cases]
    for name in MODELS:
        study(name, complete)
    swaps(complete)
    print("\n== all members: what the young lack in history is their sector's ==")
    study("dicli", cases)
    study("plain 20-factor PCA", cases)


if __name__ == "__main__":
    main()
