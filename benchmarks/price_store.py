"""How fast the price store is read: 505 last closes, and 505 × 504 returns, beside pandas on the same.

    python -m benchmarks.price_store            (on Parquet where pyarrow is there, else on CSV)

Wanted: under 15 ms and under 150 ms, opening the file included.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from dicli.market import calendar
from dicli.market.series import Series
from dicli.market.store import Store

NAMES, DAYS = 505, 504
AS_OF = dt.date(2026, 11, 20)
REPEATS = 15


def invented(days: list[dt.date]) -> list[Series]:
    draw = random.Random(6)
    made = []
    for number in range(NAMES):
        price, closes = draw.uniform(20, 500), []
        for _ in days:
            price *= 1 + draw.gauss(0, 0.015)
            closes.append(Decimal(f"{price:.2f}"))
        dividends = {day: Decimal("0.25") for day in days[30 + number % 20 :: 63]}
        made.append(Series(f"N{number:03d}", tuple(days), tuple(closes), dividends))
    return made


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Median and worst milliseconds, after one run that warms the file and the imports."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), max(times)


def show(what: str, found: tuple[float, float], wanted: str = "") -> None:
    print(f"{what:<58}{found[0]:>9.1f} ms median{found[1]:>9.1f} ms worst   {wanted}")


def main() -> None:
    days = calendar.sessions(calendar.back(AS_OF, DAYS), AS_OF)
    series = invented(days)
    names = [item.symbol for item in series]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.sqlite"
        start = time.perf_counter()
        with Store(path) as store:
            for item in series:
                store.put(item, wanted_from=days[0], checked=days[-1])
        print(f"{NAMES} symbols × {len(days)} days written in {time.perf_counter() - start:.2f} s, "
              f"{path.stat().st_size / 1e6:.1f} MB")  # fmt: skip

        def last(as_of: dt.date) -> object:
            with Store(path) as store:
                return store.last(names, as_of)

        def returns() -> object:
            with Store(path) as store:
                return store.returns(names, AS_OF, DAYS)

        ours_last = measured(lambda: last(AS_OF))
        ours_returns = measured(returns)
        show(f"store: last closes of {NAMES}", ours_last, "wanted < 15")
        show("store: the same as of a year before", measured(lambda: last(AS_OF - dt.timedelta(365))))
        show(f"store: returns, {DAYS} × {NAMES}", ours_returns, "wanted < 150")
        import pandas as pd

        frame = pd.DataFrame(
            [(day, item.symbol, float(close)) for item in series for day, close in zip(days, item.closes, strict=True)],
            columns=["date", "symbol", "close"],
        )
        file = Path(folder) / "prices.parquet"
        try:
            frame.to_parquet(file)
            kind, read = "Parquet", lambda: pd.read_parquet(file)
        except ImportError:
            file = file.with_suffix(".csv")
            frame.to_csv(file, index=False)
            kind, read = "CSV", lambda: pd.read_csv(file)

        def pandas_last() -> object:
            return read().sort_values("date").groupby("symbol")["close"].last()

        def pandas_returns() -> object:
            return read().pivot_table(index="date", columns="symbol", values="close").pct_change().to_numpy()

        theirs_last, theirs_returns = measured(pandas_last), measured(pandas_returns)
        show(f"pandas on {kind}: last closes", theirs_last, f"{theirs_last[0] / ours_last[0]:.1f} × the store's time")
        show(
            f"pandas on {kind}: returns (without dividends)",
            theirs_returns,
            f"{theirs_returns[0] / ours_returns[0]:.1f} ×",
        )


if __name__ == "__main__":
    main()
