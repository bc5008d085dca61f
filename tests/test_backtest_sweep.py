"""Vintages: resumed, the same whoever runs them, and medians that are medians."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.backtest import sweep, synthetic
from dicli.backtest.panel import Panel
from dicli.errors import DicliError, MarketError
from dicli.preferences import ShortLong
from tests.test_backtest import preferences

GAINS = ShortLong(Decimal(20_000), Decimal(20_000))
WANTED = preferences(harvest_every="quarter", plan_every="quarter", outside_gains=GAINS)


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=3, names=11, years=2)


def test_starts_leave_room_for_the_years(market: Panel) -> None:
    found = sweep.starts(market, WANTED, "quarter", 1)
    assert found[0] == market.dates[0]
    assert len(found) == 4
    assert found[-1].replace(year=found[-1].year + 1) <= market.dates[-1]
    with pytest.raises(MarketError, match="no 5 years fit"):
        sweep.starts(market, WANTED, "quarter", 5)


def test_an_interrupted_sweep_resumes_and_ends_with_the_same_file(
    tmp_path: Path, market: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    rows = sweep.sweep(market, WANTED, "quarter", 1, results=whole, jobs=1)
    assert len(rows) == 8  # four vintages, with outside gains and without
    real, calls = sweep.vintage, []

    def interrupted(*given: object) -> list[sweep.Row]:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep, "vintage", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(market, WANTED, "quarter", 1, results=broken, jobs=1)
    assert len(broken.read_text().splitlines()) == 1 + 4
    monkeypatch.setattr(sweep, "vintage", lambda *given: calls.append(given) or real(*given))
    assert sweep.sweep(market, WANTED, "quarter", 1, results=broken, jobs=1) == rows
    assert len(calls) == 5  # three before the interruption, and only the two that lacked
    assert broken.read_bytes() == whole.read_bytes()
    other = replace(WANTED, backtest=replace(WANTED.backtest, fund_fee=Decimal("0.01")))
    with pytest.raises(DicliError, match="other prices or preferences"):
        sweep.sweep(market, other, "quarter", 1, results=broken, jobs=1)


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
        "outside gains stated": (Decimal("0.021"), None),
        "no outside gains": (Decimal("-0.001"), Decimal("0.002")),
    }
