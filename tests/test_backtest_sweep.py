"""Vintages: resumed, the same whoever runs them, known by all that they depend on, and medians that are medians."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dicli.backtest import results, sweep, synthetic, workers
from dicli.backtest.panel import Panel
from dicli.errors import DicliError, InfeasiblePlan, MarketError
from dicli.model import AccountKind
from dicli.preferences import (
    Caps,
    CorporateAction,
    DoNotSell,
    Flow,
    HeldAway,
    Identical,
    IndexPart,
    Preferences,
    Prices,
    Scheduled,
    ShortLong,
    SymbolList,
    Tilt,
    Tilts,
)
from tests.program import run
from tests.test_backtest import ACCOUNT, preferences

D = Decimal
GAINS = ShortLong(D(20_000), D(20_000))
WANTED = preferences(harvest_every="quarter", plan_every="quarter", outside_gains=GAINS)
TOO_MUCH = preferences(harvest_every="year", plan_every="year", withdrawals=Flow(D(9_000_000)))


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=3, names=11, years=2)


def invented(_panel: Panel, _preferences: Preferences, start: dt.date, _years: int, setup: str) -> list[results.Row]:
    """The rows of a vintage, at once."""
    told = {"dicli": results.__version__, "setup": setup, "start": str(start), "end": str(start)}
    figures = dict.fromkeys(sweep.SHOWN, str(start.toordinal()))
    return [{**told, "outside_gains": label, **figures} for label in ("stated", "none")]


def test_starts_leave_room_for_the_years(market: Panel) -> None:
    found = sweep.starts(market, WANTED, "quarter", 1)
    assert found[0] == market.dates[0]
    assert len(found) == 4
    assert found[-1].replace(year=found[-1].year + 1) <= market.dates[-1]
    with pytest.raises(MarketError, match="no run of 5 years fits"):
        sweep.starts(market, WANTED, "quarter", 5)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_an_interrupted_sweep_resumes_and_ends_with_the_same_file(
    tmp_path: Path, market: Panel, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    whole, broken = tmp_path / f"whole{ending}", tmp_path / f"broken{ending}"
    calls: list[dt.date] = []
    told: list[tuple[int, int]] = []

    def run_of(*given: Any) -> list[results.Row]:
        calls.append(given[2])
        if len(calls) == 7:
            raise KeyboardInterrupt
        return invented(*given)

    def go(path: Path, wanted: Preferences = WANTED) -> list[results.Row]:
        return sweep.sweep(market, wanted, "quarter", 1, kept=path, jobs=1, progress=lambda *moved: told.append(moved))

    monkeypatch.setattr(sweep, "vintage", run_of)
    rows = go(whole)
    assert len(rows) == 8  # four vintages, with outside gains and without
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(KeyboardInterrupt):
        go(broken)
    setup = sweep.fingerprint(market, WANTED, 1)
    assert results.read(broken, setup, sweep.SHOWN) == rows[:4]
    told.clear()
    assert go(broken) == rows
    assert calls[7:] == calls[2:4]  # only the two that lacked
    assert told == [(2, 4), (3, 4), (4, 4)]
    assert broken.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {whole.name, broken.name}
    other = replace(WANTED, backtest=replace(WANTED.backtest, fund_fee=D("0.01")))
    with pytest.raises(DicliError, match="other prices or preferences"):
        go(broken, other)
    assert broken.read_bytes() == whole.read_bytes()


def test_what_a_vintage_raises_names_its_start_whoever_runs_it(market: Panel) -> None:
    for jobs in (1, 2):
        with pytest.raises(InfeasiblePlan, match=r"^the run from 2014-\d\d-\d\d: the managed accounts: they hold "):
            sweep.sweep(market, TOO_MUCH, "quarter", 1, jobs=jobs)


def test_all_cores_by_default_and_one_without_joblib(market: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    import joblib

    assert workers.cores() == joblib.cpu_count()
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setattr(sweep, "vintage", invented)
    assert len(sweep.sweep(market, WANTED, "quarter", 1)) == 8
    with pytest.raises(DicliError, match=r'needs joblib. pip install "dicli.sweep."'):
        sweep.sweep(market, WANTED, "quarter", 1, jobs=2)


def test_a_file_that_cannot_be_kept_is_said_before_anything_runs(
    tmp_path: Path, market: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "vintage", lambda *_: pytest.fail("it ran"))
    with pytest.raises(DicliError, match="cannot be written: No such file or directory"):
        sweep.sweep(market, WANTED, "quarter", 1, kept=tmp_path / "none" / "runs.csv", jobs=1)


# -- what a result depends on -----------------------------------------------------------------------------------------

LIST = SymbolList("list", Path("list.csv"), ("N01",))
RICH = replace(
    WANTED,
    accounts=(ACCOUNT, replace(ACCOUNT, name="other", kind=AccountKind.ROTH_IRA)),
    tax=replace(WANTED.tax, year_to_date=ShortLong()),
    screens=replace(WANTED.screens, exclude=("N02",), exclude_lists=(LIST,)),
    tilts=Tilts((Tilt("N03", D(2)),), (Tilt("Energy", D(2)),), (Tilt("theme", D(2), symbols=("N04",)),)),
    limits=replace(WANTED.limits, sector_band=Caps(D("0.1"), (("Energy", D("0.2")),)), do_not_sell=(DoNotSell("N05"),)),
    costs=replace(WANTED.costs, half_spreads=(("N06", D("0.001")),)),
    backtest=replace(WANTED.backtest, contributions=Flow(D(1)), withdrawals=Flow(D(1))),
)
LEFT_OUT = (
    "path",
    "folder",
    "index.parts",
    "index.top",
    "index.max_age_days",
    "accounts.0.number",
    "accounts.0.broker_files",
    "accounts.1",
    "accounts.2",
    "screens.exclude_lists.0.path",
    "held_away",
    "identical",
    "corporate_actions",
    "prices",
    "scheduled",
    "backtest.start",
    "backtest.end",
    "ignore_actions",
)


def changes(value: object, where: str = "") -> Iterator[tuple[str, Any]]:
    """Each way to change one thing in it."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for inner, other in changes(getattr(value, field.name), f"{where}.{field.name}".lstrip(".")):
                yield inner, replace(value, **{field.name: other})
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            for inner, other in changes(item, f"{where}.{i}"):
                yield inner, (*value[:i], other, *value[i + 1 :])
        yield f"{where}.{len(value)}", (*value, value[-1] if value else "another")
    else:
        yield where, "another"


def test_the_fingerprint_is_of_every_preference_that_counts() -> None:
    market = synthetic.generate(seed=3, names=11, years=1)
    before, seen = sweep.fingerprint(market, RICH, 1), set()
    for where, other in changes(RICH):
        if where == "accounts.0.kind":  # is always taxable
            continue
        out = any(where == name or where.startswith(f"{name}.") for name in LEFT_OUT)
        seen |= {where}
        assert (sweep.fingerprint(market, other, 1) == before) is out, where
    assert {"tax.choices.same_day", "accounts.0.fractional", "accounts.0.lot_method", "backtest.wash_sales"} <= seen
    assert sweep.fingerprint(market, RICH, 2) != before


def test_what_the_fingerprint_leaves_out_changes_no_figure(market: Panel) -> None:
    other = replace(
        WANTED,
        path=Path("other.toml"),
        folder=Path("other"),
        index=replace(WANTED.index, parts=(IndexPart("other", D(1), None),), top=3, max_age_days=1),
        accounts=(replace(ACCOUNT, number="…1"), replace(ACCOUNT, name="other", kind=AccountKind.ROTH_IRA)),
        held_away=(HeldAway(market.symbols[0], D(5000)),),
        identical=Identical((market.symbols[:2],)),
        corporate_actions=(CorporateAction("rename", market.symbols[1], market.dates[9], new_symbol="X"),),
        prices=Prices("yfinance"),
        scheduled=(Scheduled(market.symbols[2], "main", market.dates[9], every="week", quantity=D(9)),),
        ignore_actions=(("main", ("FEE",)),),
    )
    assert sweep.fingerprint(market, other, 1) == sweep.fingerprint(market, WANTED, 1)
    day = market.dates[0]
    assert sweep.vintage(market, other, day, 1, "") == sweep.vintage(market, WANTED, day, 1, "")


def test_the_fingerprint_is_of_the_whole_market() -> None:
    market = synthetic.generate(seed=3, names=11, years=1)
    before = sweep.fingerprint(market, WANTED, 1)
    for field in fields(Panel):
        value = getattr(market, field.name)
        if field.name in ("name", "missing", "unpriced", "_cents"):  # said, and not reckoned with
            continue
        other = np.where(value == value.flat[0], 7.0, value) if isinstance(value, np.ndarray) else value[::-1]
        assert sweep.fingerprint(replace(market, **{field.name: other}), WANTED, 1) != before, field.name


# -- the report and the command ---------------------------------------------------------------------------------------


def test_the_report_has_medians_and_ranges() -> None:
    rows = [
        {"start": f"2014-0{i}-01", "outside_gains": "none", **dict.fromkeys(sweep.SHOWN, str(value))}
        for i, value in enumerate(("0.01", "0.05", "0.02", "0.04", "0.03"), start=1)
    ]
    made = sweep.report(rows, 1)
    values = made.rows[0]
    assert [str(value) for value in values] == ["none", "tax_alpha", "0.03", "0.01", "0.05", "0.01", "0.05", "5"]


def test_the_chart_has_each_vintages_tax_alpha_and_a_gap_where_one_lacks() -> None:
    shown = dict.fromkeys(sweep.SHOWN, "0.01")
    rows = [
        {"start": start, "outside_gains": label, **shown, "tax_alpha": alpha}
        for start, label, alpha in (
            ("2014-01-02", "stated", "0.021"),
            ("2014-01-02", "none", "-0.001"),
            ("2014-06-30", "stated", ""),
            ("2014-06-30", "none", "0.002"),
        )
    ]
    (chart,) = sweep.report(rows, 1).charts
    assert [str(day) for day in chart.x] == ["2014-01-02", "2014-06-30"]
    assert {series.name: series.values for series in chart.series} == {
        "outside gains stated": (D("0.021"), None),
        "no outside gains": (D("-0.001"), D("0.002")),
    }


def test_the_command_keeps_its_runs_and_takes_options_that_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "vintage", invented)
    base = ("backtest", "--synthetic", "--names", "11", "--years", "2")
    vintages = (*base, "--start-every", "quarter", "--horizon", "1")
    place = {"folder": tmp_path, "cache": tmp_path / "cache"}
    done = run(*vintages, "--results", "runs.parquet", "--jobs", "1", **place)
    assert done.code == 0, done
    assert (tmp_path / "runs.parquet").exists()
    monkeypatch.setattr(sweep, "vintage", lambda *_: pytest.fail("it ran again"))
    again = run(*vintages, "--results", "runs.parquet", **place)
    assert (again.code, again.out) == (0, done.out)
    for options, said in (
        ((*base, "--jobs", "2"), "--jobs goes with --start-every"),
        ((*base, "--results", "runs.csv"), "--results goes with --start-every"),
        ((*base, "--scheduler", "tcp://127.0.0.1:1"), "--scheduler goes with --start-every"),
        ((*vintages, "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"), "give one of them"),
        ((*vintages, "--scheduler", "tcp://127.0.0.1:1", "--offline"), "a cluster is over the network"),
        ((*vintages, "--results", "runs.txt"), "the ending names no format. Use .parquet or .csv"),
    ):
        refused = run(*options, **place)
        assert (refused.code, refused.out) == (2, ""), refused
        assert said in refused.err, refused
