"""How many names, what screens cost, the dial, ways out, gifts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import plan as planner
from dicli.errors import DicliError, InfeasiblePlan
from dicli.market import benchmark as benchmarks
from dicli.model import Term
from dicli.plan import guardrail
from dicli.plan.exits import Exit, exit_over
from dicli.plan.reasons import dollars
from dicli.plan.taxes import TaxYear
from dicli.reports import donations, frontier, names, targets
from tests.folders import AS_OF, HEAD, LOTS, ONE, POSITIONS, folder, read
from tests.program import DAY, SAMPLES, run
from tests.test_plan import NAMES, PRICES, Fixed, account, index_file, planned

D = Decimal


def opened(place: Path):  # type: ignore[no-untyped-def]
    preferences, house = read(place)
    return preferences, house, benchmarks.load(preferences.index, AS_OF, offline=True), Fixed(dict(PRICES))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("max_weight = 0.02", r"limits.max_weight: 24 names of at most 2.00% of the whole each cannot hold the 99.50%"),
        ("min_trade = 9e9", r"limits.min_trade: the smallest trade is .* more than any one name may hold"),
    ],
)
@pytest.mark.parametrize("way", ["tracking", "pro-rata"])
def test_limits_that_leave_no_room_are_named_not_the_cash_that_they_leave(
    tmp_path: Path, limits: str, said: str, way: str
) -> None:
    text = f'[limits]\n{limits}\n[screens]\nredistribute = "{way}"\n[tax]'
    preferences, house, index, market = opened(account(tmp_path, head=HEAD.replace("[tax]", text)))
    with pytest.raises(InfeasiblePlan, match=said):
        planner.survey(house, index, market, preferences)


def test_more_names_track_closer_and_need_a_larger_account(tmp_path: Path) -> None:
    preferences, house, index, market = opened(account(tmp_path))
    found = names.names(house, index, market, preferences, [4, 8, 16]).rows
    assert [row[0] for row in found] == [4, 8, 16]
    assert found[0][1] > found[1][1] > found[2][1]
    assert found[0][4] < found[2][4]


def test_the_guardrail_says_what_each_screen_costs_only_when_it_is_crossed(tmp_path: Path) -> None:
    head = HEAD.replace(
        "[tax]",
        '[screens]\nexclude = ["QB"]\nexclude_sectors = ["Energy"]\n[limits]\nmax_tracking_error = 0.01\n[tax]',
    )
    preferences, house, index, market = opened(account(tmp_path, head=head))
    setting = planner.survey(house, index, market, preferences)

    def asked() -> tuple[guardrail.Contribution, ...]:
        return guardrail.contributions(house, index, market, preferences, setting.target.tracking_error)

    report = targets.target(house, setting, preferences, asked)
    assert report.finding
    first, second = report.summary["contributions"]  # type: ignore[misc]
    assert first["what"] == "screens.exclude_sectors: Energy"  # type: ignore[index]
    assert first["tracking_error"] > second["tracking_error"] > 0  # type: ignore[index]
    assert "  without screens.exclude_sectors: Energy: " in "\n".join(report.notes)
    same = replace(asked()[0], tracking_error=-0.00001)
    assert targets.target(house, setting, preferences, lambda: (same,)).notes[-1].endswith("Energy: the same")
    worse = replace(same, tracking_error=-0.002)
    assert targets.target(house, setting, preferences, lambda: (worse,)).notes[-1].endswith("Energy: 0.20% more")
    loose = head.replace("0.01", "0.9")
    preferences, house, index, market = opened(account(tmp_path / "loose", head=loose))
    setting = planner.survey(house, index, market, preferences)
    report = targets.target(house, setting, preferences, lambda: pytest.fail("nobody crossed anything"))
    assert not report.finding


def test_a_tighter_dial_tracks_closer_and_saves_less_tax(tmp_path: Path) -> None:
    preferences, house, index, market = opened(account(tmp_path, seed=2))
    report = frontier.frontier(house, index, market, preferences, AS_OF, cash_flow=D(0), dial=(D(4), D(400)))
    rows = report.rows
    assert rows[0][2] > rows[1][2]
    assert rows[0][3] + rows[0][4] >= rows[1][3] + rows[1][4]
    (chart,) = report.charts
    assert (chart.x, chart.point_names) == (tuple(row[2] for row in rows), ("4", "tight"))
    assert chart.series[0].values == tuple(row[3] + row[4] for row in rows)


def leaving(tmp: Path, years: int, lots: str, keep: str = "0.8", symbol: str | None = None) -> Exit:
    held = {line.split(",")[0]: D(0) for line in lots.splitlines()[1:]}
    for line in lots.splitlines()[1:]:
        held[line.split(",")[0]] += D(line.split(",")[1])
    rows = "".join(f"{name},{quantity},{PRICES[name]},\n" for name, quantity in held.items())
    place = folder(tmp, toml=ONE, index=index_file(), main_lots=lots, main_positions=POSITIONS + rows + "CASH,,,100\n")
    preferences, house, index, market = opened(place)
    setting = planner.survey(house, index, market, preferences)
    year = TaxYear.of(house, preferences, AS_OF)
    return exit_over(house, setting, year, AS_OF, years=years, symbol=symbol, keep=D(keep))


BIG = LOTS + "QX,3000,2020-01-06,150000\nQX,500,2026-05-04,60000\nQW,100,2024-01-05,40000\n"


def test_an_exit_sells_everything_once_and_years_save_tax(tmp_path: Path) -> None:
    made = leaving(tmp_path / "5", 5, BIG)
    value = 3500 * PRICES["QX"] + 100 * PRICES["QW"]
    assert abs(sum(year.value for year in made.years) - value) < D("0.10")
    assert made.years[-1].left == 0
    assert made.tax < made.at_once
    assert leaving(tmp_path / "1", 1, BIG).tax == made.at_once


def test_losses_go_first_and_short_lots_wait_for_their_anniversary(tmp_path: Path) -> None:
    made = leaving(tmp_path, 3, BIG)
    first = made.years[0]
    assert any(one.lot.symbol == "QW" and one.gain < 0 for one in first.slices)
    assert not any(one.term is Term.SHORT and one.gain > 0 for year in made.years for one in year.slices)
    assert {one.lot.symbol for one in leaving(tmp_path / "x", 2, BIG, symbol="QX").years[0].slices} == {"QX"}


def test_what_is_nearly_all_gain_is_kept_to_give_or_leave(tmp_path: Path) -> None:
    made = leaving(tmp_path, 3, BIG, keep="0.5")
    assert [lot.acquired for lot in made.kept] == [dt.date(2020, 1, 6)]
    with pytest.raises(DicliError, match="there is nothing of QA to sell"):
        leaving(tmp_path / "none", 3, BIG, symbol="QA")


def test_gifts_are_long_term_lots_with_the_most_gain_per_dollar(tmp_path: Path) -> None:
    lots = LOTS + (
        "QA,100,2020-01-06,200\n"  # worth 2,000: nine tenths is gain
        "QB,100,2020-01-06,1350\n"  # worth 2,700: half
        "QC,100,2026-06-01,100\n"  # short-term
        "QD,100,2020-01-06,9000\n"  # at a loss
    )
    preferences, house, _, market = opened(folder(tmp_path, toml=ONE, index=index_file(), main=lots))
    report = donations.donate(house, market.prices, preferences, AS_OF, D(3000))
    assert [(row[1], row[2], row[5]) for row in report.rows] == [
        ("QA", D(100), D(2000)),
        ("QB", D("37.037"), D("1000.00")),
    ]
    assert any("1 lots at a loss are not given" in note for note in report.notes)
    assert any("1 short-term lots" in note for note in report.notes)
    assert report.summary["tax_avoided"] == sum(row[7] for row in report.rows)
    with pytest.raises(DicliError, match="is no amount to give"):
        donations.donate(house, market.prices, preferences, AS_OF, D(0))


def test_an_infeasible_plan_names_the_limit_the_shortfall_and_the_nearest_plan(tmp_path: Path) -> None:
    head = HEAD.replace("[tax]", "[limits]\nturnover = 0.001\ncash = { target = 0.2, max = 0.3 }\n[tax]")
    with pytest.raises(InfeasiblePlan) as error:
        planned(account(tmp_path, head=head))
    said = str(error.value)
    assert 'account "main": no plan keeps to ' in said
    assert "the nearest that can be had is" in said
    assert "The nearest plan trades" in said
    assert len(NAMES) == 24


def test_no_lot_waits_a_year_for_less_than_a_dollar_of_it(tmp_path: Path) -> None:
    """The starter's AAPL is out in two years of five: two cents of it stayed to the last, for rounding."""
    ran = run("exit", "AAPL", "--years", "5", "--as-of", DAY, "--offline", "-f", "csv",
              folder=SAMPLES / "starter", cache=tmp_path)  # fmt: skip
    rows = [line.split(",") for line in ran.out.splitlines()[1:]]
    assert [row[7] for row in rows] == ["5", "8", "0", "0", "0"]
    assert [D(row[5]) for row in rows[1:]] == [0, 0, 0, 0]


def test_dollars_that_round_to_nothing_have_no_sign() -> None:
    assert [dollars(x) for x in (-0.0, -0.004, -0.005, -1250.5, D("-3"))] == [
        "$0.00",
        "$0.00",
        "-$0.01",
        "-$1,250.50",
        "-$3.00",
    ]
    assert [dollars(D(x), 0) for x in ("-16.2", "-0.4", "1250")] == ["-$16", "$0", "$1,250"]
