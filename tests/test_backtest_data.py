"""A folder of prices and weights: what is read, what is said, what is refused; and the command."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dicli.backtest import synthetic
from dicli.backtest.loading import load
from dicli.backtest.panel import Panel
from dicli.errors import MarketError
from tests.program import run

TOML = """[index]
benchmark = "SPY"
[tax]
filing_status = "single"
taxable_income = 200000
[[accounts]]
name = "main"
kind = "taxable"
broker_files = ["main*.csv"]
"""
LOTS = "symbol,quantity,acquired,cost_basis\nN01,1,2014-01-02,10\n"


def folder(path: Path, market: Panel) -> Path:
    """The panel as CSV files."""
    path.mkdir(parents=True, exist_ok=True)
    prices, actions, weights = [], [], []
    for j, symbol in enumerate(market.symbols):
        for t in np.flatnonzero(np.isfinite(market.close[:, j])):
            prices.append((market.dates[t], symbol, market.close[t, j]))
            if market.splits[t, j] != 1.0:
                actions.append((market.dates[t], symbol, "split", market.splits[t, j]))
            if market.dividends[t, j]:
                actions.append((market.dates[t], symbol, "dividend", market.dividends[t, j]))
    for row, t in enumerate(market.known):
        for j in np.flatnonzero(market.weights[row]):
            weights.append((market.dates[t], market.symbols[j], market.weights[row, j] * 100, market.sectors[j]))
    write(path / "prices.csv", "date,symbol,close", prices)
    write(path / "actions.csv", "date,symbol,type,value", actions)
    write(path / "weights.csv", "date,symbol,weight,sector", weights)
    return path


def write(path: Path, head: str, rows: list[tuple[object, ...]]) -> None:
    lines = [head, *(",".join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=4, names=40, years=2)


def edited(place: Path, name: str, change: dict[str, str]) -> None:
    text = (place / name).read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    (place / name).write_text(text, encoding="utf-8")


def test_a_folder_comes_back_as_the_panel_it_was_written_from(tmp_path: Path, market: Panel) -> None:
    found = load(folder(tmp_path / "data", market))
    assert found.dates == market.dates
    assert found.symbols == market.symbols
    assert np.array_equal(found.close, market.close, equal_nan=True)
    assert np.array_equal(found.splits, market.splits)
    assert np.allclose(found.dividends, market.dividends)
    assert np.allclose(found.weights, market.weights)
    assert found.missing.max() == 0.0


def test_weight_without_prices_is_left_out_counted_and_named(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    day = market.dates[market.known[3]]
    first = (place / "weights.csv").read_text(encoding="utf-8")
    (place / "weights.csv").write_text(
        "\n".join(
            line + (f"\n{day},NOWHERE,3.0,Energy" if line.startswith(f"{day},") and not done else "")
            for done, line in _marked(first.splitlines(), str(day))
        )
        + "\n",
        encoding="utf-8",
    )
    found = load(place)
    assert found.missing[3] == pytest.approx(3.0 / 103.0)
    assert found.unpriced == ("NOWHERE",)
    assert found.weights[3].sum() == pytest.approx(1.0)
    assert np.allclose(found.weights[3], market.weights[3])


def _marked(lines: list[str], day: str) -> list[tuple[bool, str]]:
    out, done = [], False
    for line in lines:
        out.append((done, line))
        done = done or line.startswith(f"{day},")
    return out


def test_too_much_weight_without_prices_is_an_error(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    heaviest = market.symbols[int(market.weights[0].argmax())]
    kept = [line for line in (place / "prices.csv").read_text().splitlines() if f",{heaviest}," not in line]
    (place / "prices.csv").write_text("\n".join(kept) + "\n")
    with pytest.raises(MarketError, match=rf"of the weight of .* has no price \({heaviest}"):
        load(place)


def test_faults_name_the_file_and_what_to_do(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    lines = (place / "weights.csv").read_text().splitlines()
    day, symbol, _, sector = lines[1].split(",")
    (place / "weights.csv").write_text("\n".join([lines[0], f"{day},{symbol},-0.5,{sector}", *lines[2:]]) + "\n")
    with pytest.raises(
        MarketError, match=rf"weights\.csv, row 2: the weight of {symbol} on {day}, -0.5, is below zero"
    ):
        load(place)


def test_dates_out_of_order_are_refused(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    lines = (place / "prices.csv").read_text().splitlines()
    lines[5], lines[6] = lines[6], lines[5]
    (place / "prices.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(MarketError, match=r"prices\.csv, row 7: .* comes after a row of"):
        load(place)


def test_dates_that_the_prices_do_not_reach_are_said_with_those_that_they_do(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    first, last = market.dates[0], market.dates[-1]
    said = rf"no prices from 2040-01-02: its prices run from {first} to {last}\. Choose other dates"
    with pytest.raises(MarketError, match=said):
        load(place, dt.date(2040, 1, 2))


def test_a_missing_file_or_column_is_named(tmp_path: Path, market: Panel) -> None:
    place = folder(tmp_path / "data", market)
    edited(place, "weights.csv", {"date,symbol,weight,sector": "date,symbol,share,sector"})
    with pytest.raises(MarketError, match="no column weight"):
        load(place)
    (place / "prices.csv").unlink()
    with pytest.raises(MarketError, match=r"there is no prices\.csv"):
        load(place)


def test_the_market_of_a_day_has_nothing_later(market: Panel) -> None:
    t = 300
    seen = market.market_at(t)
    returns, dates = seen.returns(market.symbols) or (None, None)
    assert dates is not None
    assert dates[-1] == market.dates[t]
    assert returns is not None
    assert np.array_equal(returns, market.returns[: t + 1], equal_nan=True)
    unborn = next(s for j, s in enumerate(market.symbols) if np.isnan(market.close[0, j]))
    assert market.market_at(0).close(unborn) is None


def test_the_command_works_offline_without_a_portfolio(tmp_path: Path) -> None:
    options = ("backtest", "--synthetic", "--names", "11", "--years", "1", "--harvest-every", "month")
    ran = run(*options, folder=tmp_path, cache=tmp_path)
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["outside_gains"], row["year"]) for row in rows] == [("assumed", "2014"), ("none", "2014")]
    assert "an invented investor is used" in ran.err
    assert "are assumed in one of the two runs" in ran.err
    assert run(*options, folder=tmp_path, cache=tmp_path).out == ran.out
    table = run(*options, "-f", "table", folder=tmp_path, cache=tmp_path).out
    assert max(map(len, table.splitlines())) <= 80
    assert "without outside gains: $" in table


def test_the_command_reads_a_folder_and_writes_nothing_on_an_error(tmp_path: Path, market: Panel) -> None:
    data = folder(tmp_path / "data", market)
    more = '[[held_away]]\nsymbol = "N02"\nquantity = 3\n[identical]\ngroups = [["N01", "N02"]]\n'
    (tmp_path / "dicli.toml").write_text(TOML + more, encoding="utf-8")
    (tmp_path / "main_lots.csv").write_text(LOTS, encoding="utf-8")
    place = {"folder": tmp_path, "cache": tmp_path}
    base = ("backtest", "--data", str(data), "--initial", "200000", "--harvest-every", "quarter", "-o", "out.csv")
    wrong = run(*base, "--start", "2015-01-02", "--end", "2014-06-02", **place)
    assert wrong.code == 2
    assert "end (2014-06-02) is not after start" in wrong.err
    assert not (tmp_path / "out.csv").exists()
    ran = run(*base, "--end", "2014-06-30", **place)
    assert ran.code == 0, ran.err
    assert 'only the account "main" is replayed; left out: [[held_away]]' in ran.err
    assert "[identical] is left out" in ran.err


def test_thresholds_are_those_of_the_flags(tmp_path: Path) -> None:
    base = ("backtest", "--synthetic", "--names", "11", "--years", "1", "--harvest-every", "quarter", "-f", "json")
    place = {"folder": tmp_path, "cache": tmp_path}

    def harvested(*flags: str) -> Decimal:
        ran = run(*base, *flags, **place)
        assert ran.code == 0, ran.err
        return Decimal(json.loads(ran.out)["summary"]["outside_gains_assumed"]["harvested"])

    assert harvested("--min-loss", "1000000") < harvested()
    assert harvested("--min-loss-fraction", "0.9") < harvested()
    refused = run(*base, "--min-loss-fraction", "5", **place)
    assert refused.code == 2
    assert "--min-loss-fraction is a fraction between 0 and 1" in refused.err
