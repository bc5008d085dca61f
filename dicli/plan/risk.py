"""How far a portfolio may stray from its benchmark: a factor model of the covariance of returns.

`Cov = G Gᵀ + diag(specific²)`, annual. `G` holds each name's exposures times a square root of the factors' covariance.
All of it is float64: the one room besides `backtest` where money is not exact, because risk never is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TRADING_DAYS = 252
"""Daily variances times this are annual ones."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RiskModel:
    """The covariance of the names' annual returns, in factor form.

    `factors` (n, k): exposures × a square root of the annual factor covariance. `specific` (n,): annual standard
    deviation of what the factors do not explain. `label` says in plain words where the figures come from.
    `residuals` (T, n): each name's standardised daily returns net of market and sector, NaN where it has no price;
    None where there is no history.
    """

    symbols: tuple[str, ...]
    factors: Array
    specific: Array
    label: str
    sectors: tuple[str | None, ...] = ()
    industries: tuple[str | None, ...] = ()
    residuals: Array | None = field(default=None, repr=False)

    def index(self, symbol: str) -> int:
        """The row of a symbol. Raises KeyError for a name that the model does not know."""
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise KeyError(symbol) from None


def tracking_error(model: RiskModel, active: Array) -> float:
    """Annual *ex ante* tracking error, a fraction (0.01 = 1 %), of active weights `active` (n,)."""
    exposure = model.factors.T @ active
    return math.sqrt(float(exposure @ exposure) + float(np.sum((model.specific * active) ** 2)))


@dataclass(frozen=True, slots=True)
class Substitute:
    """A name to hold in another's place. `tracking_error` is what a swap of the whole position leaves, annual, per
    unit of weight; `correlation` that of residual returns, None without history; `within` the group they share."""

    symbol: str
    correlation: float | None
    tracking_error: float
    within: str


def substitutes(model: RiskModel, symbol: str, candidates: Iterable[str], n: int = 3) -> list[Substitute]:
    """The `n` candidates closest to `symbol`, best first."""
    raise NotImplementedError
