"""The runs, and the seven studies that read them: what each should show, and the band it should fall in.

The set-ups follow Chaudhuri, Burnham and Lo, "An Empirical Evaluation of Tax-Loss-Harvesting Alpha", Financial Analysts
Journal 76(3), 2020 (1, 2, 4, 6) and Berkin and Ye, "Tax Management, Loss Harvesting, and HIFO Accounting", Financial
Analysts Journal 59(4), 2003 (2, 3, 5). The bands are those of dicli's own plan for this work, set before any run. A
study outside its band is a finding to be explained: nothing here or in the backtest is tuned to bring one in.

Data differ from the papers': S&P 500 by point-in-time weights, 2016-03-31 to 2026-03-13, ten years that rose by 14 % a
year. The papers' samples have 1929, 1973 and 2008 in them. The survivors' panel, 2006-10-31 to 2016-03-11, has 2008 and
a bias: it holds the prices of those who were still members in 2021, two thirds to three quarters of the weight, so that
its losers are too few and recover too often.

Decay is read over start dates: a vintage of seven years from every quarter's end that leaves room for it, in both
panels, the harvests of each by years since its own start. A dozen start dates within three years see the same few falls
at the same age; invented markets (100 names, no trend in their risk) do not, and tell the engine from the sample.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from dicli.backtest.schedule import years_later
from dicli.preferences import Backtest, Flow, ShortLong
from dicli.tax.term import months_later

D = Decimal
CAPITAL = D(1_000_000)
START, END = dt.date(2016, 3, 31), dt.date(2026, 3, 13)
OLD_START, OLD_END = dt.date(2006, 10, 31), dt.date(2016, 3, 11)  # the survivors' panel: weights begin, prices end
DECAY_YEARS = 7
SEEDS, INVENTED = 12, dt.date(2014, 1, 2)
AMPLE = ShortLong(D(200_000), D(200_000))
NONE = ShortLong()
MONTHLY = Backtest(start=START, end=END, initial=CAPITAL, harvest_every="month")


@dataclass(frozen=True)
class Spec:
    """One run: its [backtest], the gains outside, and whether it is on the survivors' panel or, with a seed, on an
    invented market.
    """

    backtest: Backtest
    outside: ShortLong = AMPLE
    survivors: bool = False
    seed: int | None = None


def _with(**changes: object) -> Backtest:
    return replace(MONTHLY, **changes)  # type: ignore[arg-type]


def _old(**changes: object) -> Spec:
    return Spec(_with(start=OLD_START, end=OLD_END, **changes), survivors=True)


def _decay() -> dict[str, Spec]:
    """A vintage of seven years from every quarter's end."""
    found = {}
    for start, last, survivors in ((dt.date(2006, 12, 31), OLD_END, True), (START, END, False)):
        day = start
        while (end := years_later(day, DECAY_YEARS)) <= last:
            dated = _with(start=day, end=end)
            found[f"decay {day}"] = Spec(dated, survivors=survivors)
            found[f"closed {day}"] = Spec(replace(dated, dividends="cash"), NONE, survivors)
            day = months_later(day + dt.timedelta(days=1), 3) - dt.timedelta(days=1)
    for seed in range(1, SEEDS + 1):
        end = years_later(INVENTED, DECAY_YEARS)
        dated = _with(start=INVENTED, end=end)
        found[f"decay seed {seed}"] = Spec(dated, seed=seed)
        found[f"closed seed {seed}"] = Spec(replace(dated, dividends="cash"), NONE, seed=seed)
    return found


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
    "daily, wash sales ignored": Spec(_with(harvest_every="day", wash_sales="ignore")),
    "survivors, monthly": _old(),
    "survivors, contributions": _old(contributions=Flow(CAPITAL / 100)),
    "survivors, no gains": Spec(_with(start=OLD_START, end=OLD_END), NONE, survivors=True),
    "survivors, fifo": _old(lot_method="fifo"),
    **_decay(),
}
"""Name -> run. `monthly` plans and harvests on each month's last session; others differ in what they say."""

Found = Mapping[str, Mapping[str, object]]
"""By run: `tax_alpha`, `harvested` (by calendar year, of the capital paid in so far), `harvested_since` (by years since
the start, of the capital paid in by its end), `net_losses`, `capital`, `costs`, `losses`.
"""


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


def _counts(found: Found) -> tuple[str, bool]:
    said, inside = _falling("tax_alpha", "contributions, wash sales ignored", "contributions", "monthly", "no gains")(
        found
    )
    daily = [_number(found, run, "tax_alpha") for run in ("daily, wash sales ignored", "daily")]
    return f"{said}; harvested daily, wash sales ignored {daily[0]:.2%} and respected {daily[1]:.2%}", inside


def _fades(found: Found) -> tuple[str, bool]:
    """Means over the vintages; the plateau is of the one run with contributions."""
    said, inside = [], True
    kinds = {"2016-19": (False, False), "2006-09, survivors": (True, False), "invented markets": (False, True)}
    for label, how in itertools.product(kinds, ("decay", "closed")):
        decays = {name: spec for name, spec in RUNS.items() if name.startswith(f"{how} ")}
        runs = [name for name, spec in decays.items() if (spec.survivors, spec.seed is not None) == kinds[label]]
        years = [found[run]["harvested_since"] for run in runs]
        mean = [sum(float(one[k]) for one in years) / len(years) for k in range(DECAY_YEARS)]  # type: ignore[index]
        kind = "closed vintages" if how == "closed" else "vintages"
        said.append(
            f"{len(runs)} {kind} of {label}: year 2 is {mean[1] / mean[0]:.0%} of year 1, "
            f"year 7 {mean[6]:.2%} of capital ({', '.join(f'{value:.1%}' for value in mean)})"
        )
        inside = inside and mean[1] / mean[0] <= 0.45 and mean[6] <= 0.005
    quiet, fed = _years(found, "monthly"), _years(found, "contributions")
    plateau, alone = sum(fed[5:10]) / 5.0, sum(quiet[5:10]) / 5.0
    said.append(f"years 6 to 10 with 1 % a month {plateau:.2%} of what is paid in, without {alone:.2%}")
    return "; ".join(said), inside and plateau >= 2.0 * alone


def _level(found: Found) -> tuple[str, bool]:
    shares = [
        _number(found, run, "net_losses") / _number(found, run, "capital") for run in ("monthly", "survivors, monthly")
    ]
    said = f"{shares[0]:.1%} of the initial capital; survivors 2006-16 {shares[1]:.1%}"
    return said, all(0.25 <= share <= 0.40 for share in shares)


def _frequency(found: Found) -> tuple[str, bool]:
    runs = ("annual", "quarterly", "monthly", "daily")
    a = [_number(found, run, "tax_alpha") for run in runs]
    said = ", ".join(f"{run} {value:.2%}" for run, value in zip(runs, a, strict=True))
    return said, a[0] < a[1] < a[2] <= a[3] and a[1] - a[0] >= max(a[2] - a[1], a[3] - a[2])


def _lots(found: Found) -> tuple[str, bool]:
    gains = [
        _number(found, f"{panel}monthly", "tax_alpha") - _number(found, f"{panel}fifo", "tax_alpha")
        for panel in ("", "survivors, ")
    ]
    said = f"{1e4 * gains[0]:.1f} basis points a year; survivors 2006-16 {1e4 * gains[1]:.1f}"
    return said, all(5e-4 <= gain <= 14e-4 for gain in gains)


def _costs(found: Found) -> tuple[str, bool]:
    share = _number(found, "monthly", "costs") / _number(found, "monthly", "losses")
    return f"{share:.2%} of harvested losses", share <= 0.01


STUDIES = (
    Study(
        "1 what counts",
        "base > wash-constrained > no contributions > no gains to offset (tax alpha a year)",
        (
            "contributions, wash sales ignored",
            "contributions",
            "monthly",
            "no gains",
            "daily, wash sales ignored",
            "daily",
        ),
        _counts,
    ),
    Study(
        "2 decay",
        "year 2 at most 45 % of year 1, near zero (0.5 %) by year 7 without flows, a plateau with 1 % a month",
        ("monthly", "contributions", *_decay()),
        _fades,
    ),
    Study(
        "3 level",
        "cumulative net losses level off at 25 to 40 % of the initial capital",
        ("monthly", "survivors, monthly"),
        _level,
    ),
    Study(
        "4 frequency",
        "annual < quarterly < monthly ≤ daily, most of the gain at the first step (tax alpha a year)",
        ("annual", "quarterly", "monthly", "daily"),
        _frequency,
    ),
    Study(
        "5 lots",
        "specified lots against FIFO: 5 to 14 basis points a year",
        ("monthly", "fifo", "survivors, monthly", "survivors, fifo"),
        _lots,
    ),
    Study(
        "6 flows",
        "contributions raise it, withdrawals lower it (tax alpha a year)",
        ("contributions", "monthly", "withdrawals"),
        _falling("tax_alpha", "contributions", "monthly", "withdrawals"),
    ),
    Study("7 costs", "at most 1 % of harvested losses", ("monthly",), _costs),
)
