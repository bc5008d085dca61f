"""A panel from a folder: prices, actions and weights as CSV or Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dicli.backtest.panel import Panel, build
from dicli.errors import Fault, MarketError

if TYPE_CHECKING:
    from pandas import DataFrame

_PRICES = ("prices",)
_ACTIONS = ("actions",)
_WEIGHTS = ("weights", "index_weights")
_KINDS = ("split", "dividend", "spinoff", "spinoff_or_special")
_SHOWN = 20  # faults of one kind
_WARM = 504 * 7 // 5 + 30  # calendar days of prices before the start that the risk model can use


def load(folder: Path, start: dt.date | None = None, end: dt.date | None = None) -> Panel:
    """Read `prices`, `weights` (or `index_weights`) and, where it is there, `actions`, each .csv or .parquet.

    prices: date,symbol,close (as traded). weights: date,symbol,weight[,sector]. actions: date,symbol,type,value with
    type split (new shares per old), dividend (dollars per share) or spinoff (dollars per share held before); other
    types are left out. A symbol column may be called ticker; symbols come out dotted. A weight without a symbol counts
    as missing. With `start`, prices before what the risk model can use are left out; nothing after `end` is read.

    Raises MarketError naming every fault of the files.
    """
    prices = _table(folder, _PRICES, ("date", "symbol", "close"))
    weights = _table(folder, _WEIGHTS, ("date", "symbol", "weight"))
    actions = _table(folder, _ACTIONS, ("date", "symbol", "type", "value"), needed=False)
    return from_tables(prices, weights, actions, start=start, end=end, name=folder.name, where=str(folder))


def from_tables(
    prices: DataFrame,
    weights: DataFrame,
    actions: DataFrame | None = None,
    *,
    start: dt.date | None = None,
    end: dt.date | None = None,
    name: str = "index",
    where: str = "the tables",
) -> Panel:
    """The same from tables in memory, `date` as timestamps. Raises MarketError as `load` does."""
    faults = [
        *_order(prices, "prices", ["symbol"]),
        *_order(weights, "weights", []),
        *_signs(prices, "prices", "close", prices["close"] <= 0, "is not above zero"),
        *_signs(weights, "weights", "weight", weights["weight"] < 0, "is below zero"),
    ]
    if faults:
        raise MarketError(faults)
    prices = prices[prices["close"].notna()]
    days = prices["date"]
    if start is not None:
        prices = prices[prices["date"] >= np.datetime64(start - dt.timedelta(days=_WARM))]
    if end is not None:
        prices = prices[prices["date"] <= np.datetime64(end)]
        weights = weights[weights["date"] <= np.datetime64(end)]
    if prices.empty:
        reach = f"its prices run from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}" if len(days) else "no row has one"
        asked = " ".join(f"{word} {day}" for word, day in (("from", start), ("to", end)) if day is not None)
        raise MarketError(Fault(where, f"it has no prices {asked}: {reach}", "Choose other dates."))
    wide = prices.pivot(index="date", columns="symbol", values="close").sort_index()
    dates = [stamp.date() for stamp in wide.index]
    symbols = [str(symbol) for symbol in wide.columns]
    close = wide.to_numpy(dtype=np.float64)
    extra = {kind: np.zeros(close.shape) for kind in ("dividend", "spinoff")}
    splits = np.ones(close.shape)
    if actions is not None:
        _apply(actions, dates, symbols, splits, extra)
    weights = weights[weights["weight"].notna() & (weights["date"] >= np.datetime64(dates[0]))]
    sectors: dict[str, str] = {}
    if "sector" in weights.columns:
        named = weights[weights["sector"].notna()]
        sectors = {str(s): str(v) for s, v in zip(named["symbol"], named["sector"], strict=True)}
    dated = []
    for stamp, rows in weights.groupby("date", sort=False):
        given: dict[str, float] = {}
        for symbol, value in zip(rows["symbol"].to_numpy(), rows["weight"].to_numpy(dtype=np.float64), strict=True):
            given[symbol] = given.get(symbol, 0.0) + float(value) if value >= 0.0 else float(value)
        dated.append((stamp.date(), given))
    return build(
        dates,
        symbols,
        close,
        dated,
        splits=splits,
        dividends=extra["dividend"],
        spinoffs=extra["spinoff"],
        sectors=[sectors.get(symbol) for symbol in symbols],
        name=name,
        where=where,
    )


def _table(folder: Path, names: tuple[str, ...], columns: tuple[str, ...], *, needed: bool = True) -> Any:
    """The first of the files that is there, with `date` as day and dotted symbols."""
    import pandas as pd

    for name in names:
        for ending in (".parquet", ".csv"):
            path = folder / f"{name}{ending}"
            if not path.exists():
                continue
            try:
                table: DataFrame = pd.read_parquet(path) if ending == ".parquet" else pd.read_csv(path)
            except ImportError:
                raise MarketError(
                    Fault(str(path), "reading Parquet needs pyarrow", "pip install pyarrow, or save it as CSV.")
                ) from None
            except ValueError as error:
                raise MarketError(Fault(str(path), f"cannot be read: {error}", "Save it anew.")) from None
            table = table.rename(columns={"ticker": "symbol"})
            lacks = [column for column in columns if column not in table.columns]
            if lacks:
                raise MarketError(
                    Fault(str(path), f"it has no column {', '.join(lacks)}", f"It needs {', '.join(columns)}.")
                )
            try:
                table["date"] = pd.to_datetime(table["date"])
            except ValueError as error:
                raise MarketError(Fault(str(path), f"a date cannot be read: {error}", "Write 2024-01-31.")) from None
            symbols = table["symbol"].astype(object)
            table["symbol"] = symbols.where(symbols.notna(), "(no symbol)").astype(str).str.replace("-", ".")
            table.attrs["file"] = str(path)
            return table
    if needed:
        looked = " or ".join(f"{name}.csv" for name in names)
        raise MarketError(Fault(str(folder), f"there is no {looked} (or .parquet) in it", "Add the file."))
    return None


def _order(table: DataFrame, what: str, by: list[str]) -> list[Fault]:
    """Rows whose date is before that of the row above (of the same symbol), and days that come twice."""
    before = table.groupby(by, observed=True)["date"].shift() if by else table["date"].shift()
    wrong = (table["date"] <= before) if by else (table["date"] < before)

    def said(row: Any) -> str:
        return f"{row.symbol} {row.date.date()} comes after a row of {before[row.Index].date()}"

    return _rows(table, what, wrong, said, "Sort by date; a day counts once.")


def _signs(table: DataFrame, what: str, column: str, wrong: Any, why: str) -> list[Fault]:
    """Rows whose number cannot be."""

    def said(row: Any) -> str:
        return f"the {column} of {row.symbol} on {row.date.date()}, {getattr(row, column):g}, {why}"

    return _rows(table, what, wrong, said, "Correct or remove it.")


def _rows(table: DataFrame, what: str, wrong: Any, said: Callable[[Any], str], remedy: str) -> list[Fault]:
    """The first faults of a table, each with its file and row."""
    file = table.attrs.get("file", what)
    return [Fault(f"{file}, row {row.Index + 2}", said(row), remedy) for row in table[wrong][:_SHOWN].itertuples()]


def _apply(
    actions: DataFrame, dates: list[dt.date], symbols: list[str], splits: np.ndarray, extra: dict[str, np.ndarray]
) -> None:
    """Actions to the session on which they take effect: the first on or after their date."""
    places = {symbol: at for at, symbol in enumerate(symbols)}
    days = np.array(dates, dtype="datetime64[D]")
    for row in actions.itertuples():
        at = places.get(row.symbol)
        if at is None or row.type not in _KINDS or row.date.date() < dates[0] or not np.isfinite(row.value):
            continue
        t = int(np.searchsorted(days, np.datetime64(row.date.date(), "D")))
        if t == len(days):
            continue
        if row.type == "split":
            splits[t, at] *= row.value
        else:
            extra["dividend" if row.type == "dividend" else "spinoff"][t, at] += row.value
