"""The backtest's trade log, read by the real program: `dicli tax` comes to the same gains, to the cent."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dicli.backtest import log, study, synthetic
from dicli.backtest.study import Case
from dicli.preferences import Flow, Preferences, ShortLong
from dicli.views import Format, render
from tests.program import run
from tests.test_backtest import preferences

D = Decimal
GAINS = ShortLong(D(60_000), D(60_000))


def written(place: Path, made: Case, wanted: Preferences) -> Path:
    toml, reports = log.folder(made.run, wanted)
    place.mkdir()
    (place / "dicli.toml").write_text(toml, encoding="utf-8")
    for name, report in reports.items():
        (place / name).write_text(render(report, Format.CSV), encoding="utf-8")
    return place


@pytest.mark.parametrize("method", [None, "hifo"])
def test_dicli_tax_on_the_log_comes_to_the_gains_of_every_year(tmp_path: Path, method: str | None) -> None:
    """Splits, a spin-off, delistings, wash sales; lots named sale by sale, and lots chosen by a standing order."""
    market = synthetic.generate(seed=11, names=12, years=2)
    spinoffs, splits, close = market.spinoffs.copy(), market.splits.copy(), market.close.copy()
    spinoffs[150, 3] = round(0.2 * close[149, 3], 2)
    splits[220, 2], close[220:, 2] = 3.0, np.round(close[220:, 2] / 3.0, 2)
    market = replace(market, spinoffs=spinoffs, splits=splits, close=close)
    wanted = preferences(contributions=Flow(D(3_000)), lot_method=method, harvest_every="week")
    made = study.case(market, wanted, "stated", GAINS)
    assert any(row.disallowed for row in made.run.ledger.realized())
    assert {event.kind.value for event in made.run.log} == {"buy", "sell", "split", "spinoff"}
    place = written(tmp_path / "log", made, wanted)
    last = str(made.run.dates[-1])
    for year in made.run.years:
        ran = run("tax", "--year", str(year.year), "--as-of", last, "-f", "json", "-q", folder=place, cache=tmp_path)
        assert ran.code == 0, ran.err
        said = json.loads(ran.out)["summary"]
        assert (D(said["short_term"]), D(said["long_term"])) == (year.short, year.long)
    lots = json.loads(run("lots", "--as-of", last, "-f", "json", "-q", folder=place, cache=tmp_path).out)["lots"]
    held: dict[str, Decimal] = {}
    for lot in lots:
        held[lot["symbol"]] = held.get(lot["symbol"], D(0)) + D(lot["quantity"])
    mine = made.run.ledger.held()
    assert set(held) == set(mine)
    assert all(abs(float(held[symbol]) - float(mine[symbol])) < 1e-9 for symbol in held)
    basis = sum((lot.basis for lot in made.run.ledger.lots()), Fraction(0))
    assert float(sum(D(lot["basis"]) for lot in lots)) == pytest.approx(float(basis), abs=1e-6)


def test_the_cash_of_the_log_is_that_of_the_account(tmp_path: Path) -> None:
    market = synthetic.generate(seed=8, names=11, years=2)
    wanted = preferences(harvest_every="quarter", plan_every="quarter", dividends="cash", account_fee=D("0.004"))
    made = study.case(market, wanted, "stated", GAINS)
    rows = log.trades(made.run).rows
    assert sum((row[4] for row in rows if row[4] is not None), D(0)) == made.run.cash
    assert {row[1] for row in rows} >= {"buy", "sell", "dividend", "deposit", "withdrawal", "fee"}
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_the_command_writes_a_folder_or_nothing(tmp_path: Path) -> None:
    base = (
        "backtest",
        "--synthetic",
        "--names",
        "11",
        "--years",
        "1",
        "--harvest-every",
        "quarter",
        "--log",
        "out/log",
    )
    place = {"folder": tmp_path, "cache": tmp_path}
    ran = run(*base, **place)
    assert ran.code == 0, ran.err
    assert "dicli tax -C out/log" in ran.err
    assert sorted(path.name for path in (tmp_path / "out" / "log").iterdir()) == [
        "dicli.toml",
        "index.csv",
        "trades.csv",
    ]
    checked = run("check", "--as-of", "2014-12-31", folder=tmp_path / "out" / "log", cache=tmp_path)
    assert checked.code == 0, checked
    before = (tmp_path / "out" / "log" / "trades.csv").read_bytes()
    again = run(*base, "--seed", "2", **place)
    assert again.code == 2
    assert "there is such a file already. Add --force" in again.err
    assert (tmp_path / "out" / "log" / "trades.csv").read_bytes() == before
    assert run(*base, "--start-every", "quarter", **place).code == 2
