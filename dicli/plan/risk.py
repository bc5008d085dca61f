"""How far a portfolio may stray from its benchmark: a factor model of the covariance of returns.

`Cov = G Gᵀ + diag(specific²)`, annual. `G` (n, k) holds each name's exposures times a square root of the factors'
covariance, so that active weights d have the variance ‖Gᵀd‖² + Σ specific² d². All is float64: risk is never exact.

**Is the printed figure honest?** `benchmarks/risk_validation.py` on S&P 500 members: realised over the next 12 months ÷
printed, median of the quarter ends (10th to 90th percentile), and the tracking error that was realised. `plain` is a
20-factor principal-component model of the same 504 days. Choices were made on 2018 to 2024 with an eye on the earlier
years (survivors only), which are thus a check and not a blind test.

    quarter ends               2018-2024 (28)           2006-2014 (33)   2018-2024   realised, 2018-2024
                               dicli                    dicli            plain       dicli     plain
    minimum tracking
      50 largest names         0.94 (0.80-1.30)         0.96             1.22        1.93 %    1.93 %
      100 largest              0.94 (0.79-1.42)         0.95             1.33        1.00 %    1.06 %
      200 largest              1.02 (0.91-1.27)         1.01             1.44        0.45 %    0.48 %
      without a sector         1.11 (0.80-1.61)         1.07             2.11        0.71 %    0.73 %
      without recent losers    1.16 (1.03-1.57)         0.99             1.63        0.59 %    0.68 %
      without 30 % of names    1.08 (0.89-1.41)         0.95             1.31        1.42 %    1.49 %
    random 50-200 names        1.07 (0.80-1.47)         0.90             1.07
    tilted                     1.11 (0.88-1.52)         0.97             1.09
    tilted by the optimizer    1.15 (0.91-1.47)         1.02             1.48        0.68 %    0.91 %

The spread is that of the years: what was printed at the end of 2019 was exceeded by a half to a whole, whatever the
portfolio. Members with all 504 days; with the young ones too the figures are the same to 0.05. Sector defaults have
medians of 1.0 to 1.4 for 2018-2024 and 0.7 to 1.0 before, but 2.1 and 1.3 for what the optimizer has tilted.

How it is done and by whom it was found is in `risk_factors`. The model is one of single stocks: a fund in it would be
given specific risk that it does not have, and is to be looked through to its holdings first.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dicli.errors import Fault, MarketError
from dicli.plan import risk_factors
from dicli.plan.risk_factors import Floats

WINDOW = 504
"""Days of returns that the statistical model looks at: two years."""

MARKET_VOLATILITY = 0.25
SECTOR_VOLATILITY = 0.12
INDUSTRY_VOLATILITY = 0.14
SPECIFIC_VOLATILITY = 0.25
"""Annual, for names without any price history: on the cautious side, what three quarters of 61 two-year windows of
S&P 500 members did not reach, 2004-12 to 2024-12. Their medians are 0.19, 0.10, 0.10 and 0.21, their ranges 0.10 to
0.38 for the market and 0.17 to 0.33 for specific risk. Measured as the average covariance of two names of different
sectors, of one sector, of one GICS industry, and the average variance, each less the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskModel:
    """The covariance of the names' annual returns, in factor form.

    `factors` (n, k): exposures × a square root of the annual factor covariance. `specific` (n,): annual standard
    deviations of what the factors do not explain. `label` says in plain words where the figures come from.
    `residuals` (T, n): each name's standardised daily returns net of market and sector × the square root of the day's
    weight, NaN where it has no price; None where there is no history.
    """

    symbols: tuple[str, ...]
    factors: Floats
    specific: Floats
    label: str
    sectors: tuple[str | None, ...] = ()
    industries: tuple[str | None, ...] = ()
    residuals: Floats | None = field(default=None, repr=False)

    def index(self, symbol: str) -> int:
        """The row of a symbol. Raises KeyError for a name that the model does not know."""
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise KeyError(symbol) from None

    def volatility(self) -> Floats:
        """Annual standard deviations of the names' returns (n,)."""
        return np.asarray(np.sqrt(np.sum(self.factors**2, axis=1) + self.specific**2))

    def residual_correlation(self, i: int, others: Sequence[int]) -> list[float | None]:
        """Correlation of row i's returns net of market and sector with those of other rows.

        None where there is no history, or where the two have fewer than a quarter's days in common.
        """
        if self.residuals is None:
            return [None] * len(others)
        found = []
        for j in others:
            rho = float(risk_factors.correlations(self.residuals[:, [i, j]])[0, 1])
            found.append(rho if rho else None)
        return found


def tracking_error(model: RiskModel, active: Floats) -> float:
    """Annual *ex ante* tracking error, a fraction (0.01 = 1 %), of active weights `active` (n,)."""
    exposure = model.factors.T @ active
    return math.sqrt(float(exposure @ exposure) + float(np.sum((model.specific * active) ** 2)))


def statistical(
    returns: Floats,
    symbols: Sequence[str],
    dates: Sequence[dt.date],
    sectors: Sequence[str | None] | None = None,
    industries: Sequence[str | None] | None = None,
    weights: Floats | None = None,
) -> RiskModel:
    """The model of daily simple total returns `returns` (T, n), of which the last 504 days are used.

    Rows go with `dates` (T,), ascending; NaN is a day without a price, and a day on which most names have none is left
    out. `weights` (n,) are benchmark weights and stand in for the size of a company (0 where it is not known): without
    them the risk of holding the largest names only is understated by up to a fifth. On a day that a name lacks it
    counts as its sector's average; without any day, its volatility is one that three quarters of its sector do not
    reach. The label counts names that have under half of the days.

    Raises MarketError for returns that cannot be (−100 % or less, infinite) and where fewer than half of the names have
    half of the days and 126 of them: `sector_blocks` needs none.
    """
    returns = np.asarray(returns, dtype=np.float64)[-WINDOW:]
    symbols = tuple(symbols)
    if returns.shape != (min(len(dates), WINDOW), len(symbols)):
        raise ValueError(f"returns have the shape {returns.shape}, dates and symbols {len(dates), len(symbols)}")
    if any(later <= earlier for earlier, later in itertools.pairwise(dates)):
        raise ValueError("dates must ascend")
    wrong = np.flatnonzero(((returns <= -1.0) | np.isinf(returns)).any(axis=0))
    if len(wrong):
        raise MarketError(
            Fault(f"prices of {symbols[i]}", "a day's return of −100 % or less, or infinite", "Correct the prices.")
            for i in wrong
        )
    # A store that was filled for a year has a year before it in which nobody, or only a few holdings, had a price.
    priced = np.sum(~np.isnan(returns), axis=1)
    covered = (priced > 0) & (2 * priced >= priced.max(initial=0))
    returns = returns[covered]
    able = int(np.sum(risk_factors.with_history(returns)))
    if 2 * able < len(symbols) or not able:
        raise MarketError(
            Fault(
                "prices",
                f"a risk model from history needs {risk_factors.LEAST_DAYS} days of returns of half of the names; "
                f"{able} of {len(symbols)} have them in {len(returns)} days",
                "Fetch a longer history, or use sector defaults.",
            )
        )
    last = dates[len(dates) - len(covered) + int(np.flatnonzero(covered)[-1])]
    groups = _numbered(sectors, len(symbols))
    from threadpoolctl import threadpool_limits  # not for commands that have no history of prices

    # On a busy machine the threads of one small decomposition wait for each other: 4 s instead of 0.04 s, measured.
    with threadpool_limits(limits=1, user_api="blas"):
        made = risk_factors.estimate(returns, groups, None if weights is None else np.asarray(weights, np.float64))
    plural = "sectors" if len(set(groups.tolist())) > 1 else "block (sectors unknown)"
    label = (
        f"statistical, {made.components} factors and {len(set(groups.tolist()))} {plural} "
        f"from {len(returns)} days to {last.isoformat()}"
    )
    if young := int(np.sum(~made.own)):
        label += f"; {young} of {len(symbols)} names have under half of them and lean on their sector"
    return RiskModel(
        symbols=symbols,
        # Rounded at the border: the last bits depend on how many threads the linear algebra used; + 0.0 for −0.
        factors=np.round(made.factors, 8) + 0.0,
        specific=np.round(made.specific, 8) + 0.0,
        label=label,
        sectors=tuple(sectors) if sectors is not None else (None,) * len(symbols),
        industries=tuple(industries) if industries is not None else (None,) * len(symbols),
        residuals=np.round(made.residuals, 8),
    )


def sector_blocks(
    symbols: Sequence[str],
    sectors: Sequence[str | None],
    industries: Sequence[str | None] | None = None,
) -> RiskModel:
    """The model of names without any price history: one market, sectors, industries, with the volatilities above.

    Each industry of two names or more is a factor, some sixty for the S&P 500; without `industries` their part is in
    the specific risk, twelve factors do, and the figures are about as good.

    A name whose sector is unknown moves with the market and its own specific risk, which then includes what its sector
    and industry would have explained; so does an industry with a single name. Total variances are thus all alike.
    """
    symbols = tuple(symbols)
    industries = tuple(industries) if industries is not None else (None,) * len(symbols)
    columns = [np.full(len(symbols), MARKET_VOLATILITY)]
    variance = np.full(len(symbols), SPECIFIC_VOLATILITY**2 + SECTOR_VOLATILITY**2 + INDUSTRY_VOLATILITY**2)
    # An industry lies within its sector: the same word in two sectors is two industries.
    within = [None if i is None else (s, i) for s, i in zip(sectors, industries, strict=True)]
    for volatility, names in ((SECTOR_VOLATILITY, list(sectors)), (INDUSTRY_VOLATILITY, within)):
        for name in sorted({n for n in names if n is not None}, key=str):
            inside = np.array([n == name for n in names])
            if inside.sum() > 1:
                columns.append(np.where(inside, volatility, 0.0))
                variance[inside] -= volatility**2
    return RiskModel(
        symbols=symbols,
        factors=np.column_stack(columns),
        specific=np.sqrt(variance),
        label="sector blocks with stated default volatilities: no price history "
        f"(market {MARKET_VOLATILITY:.0%}, sector {SECTOR_VOLATILITY:.0%}, industry {INDUSTRY_VOLATILITY:.0%}, "
        f"specific {SPECIFIC_VOLATILITY:.0%} a year)",
        sectors=tuple(sectors),
        industries=industries,
    )


@dataclass(frozen=True, slots=True)
class Substitute:
    """A name to hold in another's place.

    `correlation` is that of returns net of market and sector, None without history. `tracking_error` is annual, per
    unit of weight swapped: times the position's weight it is the swap's own tracking error. `within` is what the two
    have in common: "industry", "sector" or "market".
    """

    symbol: str
    correlation: float | None
    tracking_error: float
    within: str


def substitutes(model: RiskModel, symbol: str, candidates: Iterable[str], n: int = 3) -> list[Substitute]:
    """The `n` candidates closest to `symbol` by residual correlation, best first, from its industry if that has enough.

    Otherwise the sector fills up, then the market: a nearer group always goes first. Without history the order is by
    the model's tracking error. Candidates that the model does not know are passed over, as is `symbol`.
    """
    i = model.index(symbol)
    row = {name: j for j, name in enumerate(model.symbols)}
    wanted = [row[c] for c in dict.fromkeys(candidates) if c in row and row[c] != i]
    found: list[Substitute] = []
    for within, group in (("industry", model.industries), ("sector", model.sectors), ("market", None)):
        if len(found) >= n:
            break
        taken = {s.symbol for s in found}
        near = [
            j
            for j in wanted
            if model.symbols[j] not in taken and (group is None or (group[i] is not None and group[j] == group[i]))
        ]
        made = [
            Substitute(model.symbols[j], rho, swap_error(model, i, j, rho), within)
            for j, rho in zip(near, model.residual_correlation(i, near), strict=True)
        ]
        made.sort(key=lambda s: (s.correlation is None, -(s.correlation or 0.0), s.tracking_error, s.symbol))
        found += made[: n - len(found)]
    return found


def swap_error(model: RiskModel, i: int, j: int, correlation: float | None) -> float:
    """Annual standard deviation of the difference of two names' returns.

    A diagonal specific risk knows nothing of what two names share beyond the factors; their residual correlation does.
    """
    gap = model.factors[i] - model.factors[j]
    a, b = float(model.specific[i]), float(model.specific[j])
    shared = 2.0 * max(correlation or 0.0, 0.0) * a * b
    return math.sqrt(max(float(gap @ gap) + a * a + b * b - shared, 0.0))


def _numbered(names: Sequence[str | None] | None, n: int) -> risk_factors.Ints:
    """Each name's group as a number, in the order of the alphabet; None is a group too."""
    if names is None:
        return np.zeros(n, dtype=np.intp)
    order = {name: at for at, name in enumerate(sorted(set(names), key=lambda name: (name is None, name or "")))}
    return np.array([order[name] for name in names], dtype=np.intp)
