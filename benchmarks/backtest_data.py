"""The research panel beside the repository as a backtest's market, for the benchmarks and studies only."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pandas as pd

from dicli.backtest.loading import from_tables
from dicli.backtest.panel import Panel

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LAST = dt.date(2026, 3, 13)
"""The last day with dividends: later prices have none."""


def there() -> bool:
    return (DATA / "prices.parquet").exists()


def load(start: dt.date, end: dt.date = LAST, *, survivors: bool = False) -> Panel:
    """S&P 500 by IVV's dated holdings. `survivors`: 1999-2016, mostly members of 2021, whose bias is to be said.

    Two rows of the holdings have weights a hair below zero (JNPR and HES on the day that they left): they are left out
    here, where it can be said, since dicli itself refuses them.
    """
    if not there():
        sys.exit(f"{DATA} is not there: this benchmark measures on data that dicli does not ship")
    name = "prices_1999_2016_survivors.parquet" if survivors else "prices.parquet"
    prices = _dotted(pd.read_parquet(DATA / name, columns=["date", "ticker", "close"]))
    weights = _dotted(pd.read_parquet(DATA / "index_weights.parquet", columns=["date", "ticker", "weight", "sector"]))
    actions = _dotted(pd.read_parquet(DATA / "actions.parquet", columns=["date", "ticker", "type", "value"]))
    weights = weights[~(weights["weight"] < 0)]
    if survivors:  # what lacks a price is a third of the weight here: the panel is the index of those that have one
        priced = prices.loc[prices["close"].notna(), ["date", "symbol"]]
        weights = weights.merge(priced, on=["date", "symbol"])
    return from_tables(prices, weights, actions, start=start, end=end, name="S&P 500", where=str(DATA.name))


def _dotted(table: pd.DataFrame) -> pd.DataFrame:
    symbols = table["ticker"].astype(object)
    symbols = symbols.where(symbols.notna(), "(no symbol)").astype(str).str.replace("-", ".")
    return table.drop(columns="ticker").assign(symbol=symbols)
