"""The runs, and the seven studies that read them: what each should show, and the band it should fall in.

The set-ups follow Chaudhuri, Burnham and Lo, "An Empirical Evaluation of Tax-Loss-Harvesting Alpha", Financial Analysts
Journal 76(3), 2020 (1, 2, 4, 6) and Berkin and Ye, "Tax Management, Loss Harvesting, and HIFO Accounting", Financial
Analysts Journal 59(4), 2003 (2, 3, 5). The bands are those of dicli's own plan for this work, set before any run. A
study outside its band is a finding to be explained: nothing here or in the backtest is tuned to bring one in.

Data differ from the papers': S&P 500 by point-in-time weights, 2016-03-31 to 2026-03-13, ten years that rose by 14 % a
year. The papers' samples have 1929, 1973 and 2008 in them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from dicli.preferences import Backtest, Flow, ShortLong

D = Decimal
CAPITAL = D(1_000_000)
START, END = dt.date(2016, 3, 31), dt.date(2026, 3, 13)
AMPLE = ShortLong(D(200_000), D(200_000))
NONE = ShortLong()
MONTHLY = Backtest(start=START, end=END, initial=CAPITAL, harvest_every="month")


@dataclass(frozen=True)
class Spec:
    """One run: its [backtest] and the gains outside."""

    backtest: Backtest
    outside: ShortLong = AMPLE


def _with(**changes: object) -> Backtest:
    from dataclasses import replace

    return replace(MONTHLY, **changes)  # type: ignore[arg-type]


RUNS = {
    "monthly": Spec(MONTHLY),
    "contributions": Spec(_with(contributions=Flow(CAPITAL / 100))),
    "contributions, wash sales ignored": Spec(_with(contributions=Flow(CAPITAL / 100), wash_sales="ignore")),
    "no gains": Spec(MONTHLY, NONE),
    "withdrawals": Spec(_with(withdrawals=Flow(CAPITAL / 200))),
    "fifo": Spec(_with(lot_method="fifo")),
    "quarterly": Spec(_with(plan_every="quarter", harvest_every="quarter")),
    "annual": Spec(_with(plan_every="year", harvest_every="year")),
    "daily": Spec(_with(harvest_every="day")),
}
"""Name -> run. `monthly` plans and harvests on each month's last session; others differ in what they say."""

Found = Mapping[str, Mapping[str, object]]
"""By run: `tax_alpha`, `harvested` (by year, of the capital paid in), `net_losses`, `capital`, `costs`, `losses`."""


@dataclass(frozen=True)
class Study:
    """`judge` returns our figures in words and whether they are inside the band."""

    name: str
    band: str
    runs: tuple[str, ...]
    judge: Callable[[Found], tuple[str, bool]]


def _number(found: Found, run: str, figure: str) -> float:
    return float(found[run][figure])  # type: ignore[arg-type]


def _years(found: Found, run: str) -> list[float]:
    return [float(value) for value in found[run]["harvested"]]  # type: ignore[attr-defined]


def _falling(figure: str, *runs: str) -> Callable[[Found], tuple[str, bool]]:
    def judge(found: Found) -> tuple[str, bool]:
        values = [_number(found, run, figure) for run in runs]
        said = " > ".join(f"{run} {value:.2%}" for run, value in zip(runs, values, strict=True))
        return said, all(a > b for a, b in itertools.pairwise(values))

    return judge


def _decay(found: Found) -> tuple[str, bool]:
    quiet, fed = _years(found, "monthly"), _years(found, "contributions")
    second, seventh, plateau = quiet[1] / quiet[0], quiet[6], sum(fed[5:10]) / 5.0
    said = (
        f"year 2 is {second:.0%} of year 1 (of nine months), year 7 {seventh:.2%} of capital, "
        f"years 6 to 10 with 1 % a month {plateau:.2%} of what is paid in"
    )
    return said, second <= 0.45 and seventh <= 0.005 and plateau >= 2.0 * sum(quiet[5:10]) / 5.0


def _level(found: Found) -> tuple[str, bool]:
    share = _number(found, "monthly", "net_losses") / _number(found, "monthly", "capital")
    return f"{share:.1%} of the initial capital", 0.25 <= share <= 0.40


def _frequency(found: Found) -> tuple[str, bool]:
    runs = ("annual", "quarterly", "monthly", "daily")
    a = [_number(found, run, "tax_alpha") for run in runs]
    said = ", ".join(f"{run} {value:.2%}" for run, value in zip(runs, a, strict=True))
    return said, a[0] < a[1] < a[2] <= a[3] and a[1] - a[0] >= max(a[2] - a[1], a[3] - a[2])


def _lots(found: Found) -> tuple[str, bool]:
    gain = _number(found, "monthly", "tax_alpha") - _number(found, "fifo", "tax_alpha")
    return f"{1e4 * gain:.1f} basis points a year", 5e-4 <= gain <= 14e-4


def _costs(found: Found) -> tuple[str, bool]:
    share = _number(found, "monthly", "costs") / _number(found, "monthly", "losses")
    return f"{share:.2%} of harvested losses", share <= 0.01


STUDIES = (
    Study(
        "1 what counts",
        "base > wash-constrained > no contributions > no gains to offset (tax alpha a year)",
        ("contributions, wash sales ignored", "contributions", "monthly", "no gains"),
        _falling("tax_alpha", "contributions, wash sales ignored", "contributions", "monthly", "no gains"),
    ),
    Study(
        "2 decay",
        "year 2 at most 45 % of year 1, near zero (0.5 %) by year 7 without flows, a plateau with 1 % a month",
        ("monthly", "contributions"),
        _decay,
    ),
    Study("3 level", "cumulative net losses level off at 25 to 40 % of the initial capital", ("monthly",), _level),
    Study(
        "4 frequency",
        "annual < quarterly < monthly ≤ daily, most of the gain at the first step (tax alpha a year)",
        ("annual", "quarterly", "monthly", "daily"),
        _frequency,
    ),
    Study("5 lots", "specified lots against FIFO: 5 to 14 basis points a year", ("monthly", "fifo"), _lots),
    Study(
        "6 flows",
        "contributions raise it, withdrawals lower it (tax alpha a year)",
        ("contributions", "monthly", "withdrawals"),
        _falling("tax_alpha", "contributions", "monthly", "withdrawals"),
    ),
    Study("7 costs", "at most 1 % of harvested losses", ("monthly",), _costs),
)
