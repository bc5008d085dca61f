"""Is it worth it: the verdict, the break-even year, and the user's own figures behind both."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.backtest import study, synthetic, worth
from dicli.backtest.worth import Vintage
from dicli.preferences import Preferences, Screens, ShortLong
from tests.program import run
from tests.test_backtest import preferences
from tests.test_backtest_data import TOML, folder

D = Decimal
TODAY = dt.date(2026, 11, 28)


def some(*sold: tuple[int, ...]) -> list[Vintage]:
    """One vintage for each row of benefits by year."""
    return [
        Vintage(f"market {at}", tuple(D(x) + 5 for x in row), tuple(map(D, row)), row[-1] / 1e5, 0.004, 300, 400)
        for at, row in enumerate(sold)
    ]


def told(vintages: list[Vintage], wanted: Preferences | None = None) -> dict[str, object]:
    made = worth.report(vintages, wanted or preferences(), TODAY, markets="some markets")
    return {"title": made.title, "notes": made.notes, "rows": made.rows, **made.summary}


def test_the_break_even_is_the_year_from_which_the_median_stays_ahead() -> None:
    assert worth.break_even(some((5, -1, 2, 3), (5, -2, 1, 3), (-9, -9, -9, -9))) == 3
    assert worth.break_even(some((5, -1, 2, -3))) is None
    assert told(some((-5, 1), (-5, 2), (3, 3)))["break_even"] == dt.date(2028, 11, 28)
    assert told(some((-5, -1)))["break_even"] is None


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((10, 20, 30, 40, 50), "worth it"),
        ((-10, 20, 30, 40, 50), "not clear"),
        ((-10, -20, -30, 40, 50), "keep the fund"),
        ((0, 0, 0, 0, 0), "keep the fund"),
        ((10, 20, 30, 40), "too few to say"),
    ],
)
def test_the_verdict_is_by_what_is_left_after_a_sale(ends: tuple[int, ...], said: str) -> None:
    found = told(some(*((1, end) for end in ends)))
    assert found["verdict"] == said
    assert str(found["title"]).startswith(said[0].upper() + said[1:] + ": after 2 years")


def test_rows_have_medians_ranges_and_the_share_of_markets_ahead() -> None:
    found = told(some(*((year,) for year in (-10, -20, 30, 40, 50, 60, 70, 80, 90, 100))))
    assert found["rows"] == ((1, D("60.00"), -15, 95, D("55.00"), -20, 90, D("0.8")),)
    assert "ahead in 8 of 10" in str(found["title"])


def test_the_chart_has_both_medians_and_the_range_after_a_sale() -> None:
    made = worth.report(some((5, -1, 2), (7, 1, 4), (9, 3, 6)), preferences(), TODAY, markets="some markets")
    (chart,) = made.charts
    assert chart.x == ("1", "2", "3")
    assert [series.values for series in chart.series] == [(7, 1, 4), (12, 6, 9)]
    assert chart.band is not None
    assert (chart.band.low, chart.band.high) == ((5, -1, 2), (9, 3, 6))


def test_what_went_wrong_in_a_market_is_said() -> None:
    fine, odd = some((5,), (6,))
    odd = replace(odd, notes=("a plan could not be made and was left out (12 times)",))
    assert "market 1: a plan could not be made and was left out (12 times)" in told([fine, odd])["notes"]  # type: ignore[operator]


def test_only_stated_gains_count() -> None:
    assert study.own_gains(preferences()) == ShortLong()
    assert study.own_gains(preferences(outside_gains=ShortLong(D(5), D(7)))) == ShortLong(D(5), D(7))
    assert any("no gains elsewhere are stated" in note for note in told(some((1,)))["notes"])  # type: ignore[attr-defined]


def test_a_vintage_is_the_difference_of_both_sides_on_each_anniversary() -> None:
    market = synthetic.generate(seed=4, names=11, years=3)
    start = market.dates[30]
    wanted = preferences(harvest_every="quarter", plan_every="quarter", outside_gains=ShortLong(D(60_000), D(0)))
    found = worth.vintage(market, wanted, start, 2)
    end = start.replace(year=start.year + 2)
    made = study.case(
        market,
        preferences(
            harvest_every="quarter",
            plan_every="quarter",
            outside_gains=ShortLong(D(60_000), D(0)),
            start=start,
            end=end,
        ),
        "own",
        ShortLong(D(60_000), D(0)),
    )
    assert [standing.day.year for standing in made.run.standings] == [start.year + 1, start.year + 2]
    assert found.sold[1] == made.figures.liquidated - made.figures.fund_liquidated
    assert found.kept[1] == made.figures.wealth - made.figures.fund_wealth
    dear = preferences(
        harvest_every="quarter", plan_every="quarter", outside_gains=ShortLong(D(60_000), D(0)), account_fee=D("0.01")
    )
    fee = made.run.value.sum() / 252 * 0.01
    assert float(found.kept[1] - worth.vintage(market, dear, start, 2).kept[1]) == pytest.approx(fee, rel=0.25)


def test_invented_markets_are_the_same_whoever_runs_them() -> None:
    wanted = preferences(harvest_every="year", plan_every="quarter", outside_gains=ShortLong(D(60_000), D(0)))
    asked: list[tuple[int, int]] = []

    def seen(done: int, of: int) -> None:
        asked.append((done, of))

    one, words = worth.in_invented(wanted, 2, 1, jobs=1, progress=seen, names=11)
    assert asked == [(0, 2), (1, 2), (2, 2)]
    assert [vintage.name for vintage in one] == ["invented market   1", "invented market   2"]
    assert "no figure from them says what real markets will do" in words
    assert worth.in_invented(wanted, 2, 1, jobs=2, progress=seen, names=11)[0] == one


def test_caps_made_for_another_index_are_left_out_of_an_invented_one() -> None:
    wanted = preferences(harvest_every="year", plan_every="quarter")
    capped = replace(wanted, limits=replace(wanted.limits, max_weight=D("0.1")), screens=Screens(exclude=("N01",)))
    assert worth.invented(capped, 1, 1, 11) == worth.invented(wanted, 1, 1, 11)


def test_the_command_asks_a_history(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", synthetic.generate(seed=4, names=11, years=2))
    (tmp_path / "dicli.toml").write_text(TOML, encoding="utf-8")
    place = {"folder": tmp_path, "cache": tmp_path}
    base = ("worth-it", "--data", "data", "--horizon", "1", "--start-every", "quarter", "--jobs", "1")
    missing = run(*base, **place)
    assert missing.code == 2
    assert "Say how much money: --initial 500000." in missing.err
    asked = (*base, "--initial", "300000", "--outside-short", "40000", "--harvest-every", "quarter")
    ran = run(*asked, "-f", "json", **place)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert said["summary"]["verdict"] == "too few to say"
    assert said["summary"]["vintages"] == 4
    assert [row["year"] for row in said["years"]] == ["1"]
    rows = list(csv.DictReader(io.StringIO(run(*asked, **place).out)))
    assert list(rows[0]) == ["year", "kept", "kept_low", "kept_high", "sold", "sold_low", "sold_high", "ahead"]
    table = run(*asked, "-f", "table", **place).out
    assert max(map(len, table.splitlines())) <= 80
    assert "40,000 short-term" in table.replace("\n", " ")
    assert "losses looked for every quarter" in table.replace("\n", " ")
    assert data.exists()


def test_worth_it_needs_the_users_own_rates(tmp_path: Path) -> None:
    ran = run("worth-it", "--initial", "300000", folder=tmp_path, cache=tmp_path)
    assert ran.code == 2
    assert "dicli.toml" in ran.err
