"""An account that holds the fund itself has no tracking error, no drift and no tax alpha, whatever the fund does."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dicli.backtest.schedule import last_of
from dicli.market import calendar
from dicli.performance import report as delivered
from dicli.performance.closes import load
from dicli.performance.measure import Delivered
from tests.folders import HISTORY, ONE, folder, read

D = Decimal
SESSIONS = calendar.sessions(dt.date(2025, 11, 3), dt.date(2026, 4, 22))  # a year ends in them, and its tax is due
PAYS = set(last_of(SESSIONS, "quarter", 0, len(SESSIONS) - 1))
TOML = ONE + 'lot_method = "hifo"\n[prices]\nsource = "csv"\nfile = "prices.csv"\n[costs]\nhalf_spread = 0\n'
HEAD = '[index]\nbenchmark = "FND"\n[tax]\nfiling_status = "single"\ntaxable_income = 150000\nshort_term_gains = 5000\n'


def measured(
    rows: list[str], prices: list[str], shares: Decimal, start: dt.date | None = None, head: str = HEAD
) -> Delivered:
    """The account with these rows."""
    with tempfile.TemporaryDirectory() as place:
        folder(
            Path(place),
            head=head,
            toml=TOML,
            prices="symbol,date,close,dividend\n" + "\n".join(prices) + "\n",
            main_history=HISTORY + "\n".join(rows) + "\n",
            main_positions=f"symbol,quantity,value\nFND,{shares:f},\nCASH,,0\n",
        )
        preferences, household = read(Path(place), SESSIONS[-1])
        told = delivered.records(household, ["main"], start)
        closes = load(preferences, told[0].symbols(), "FND", told[0].first, told[0].last, store=Path("none"))
        (made,) = delivered.deliver(household, preferences, told, closes, D(0))
        return made


def fund(steps: list[int], paid: int) -> tuple[list[Decimal], list[str], dict[int, Decimal]]:
    """Closes that move by so many thousandths each session, their rows, and dividends in cents at the quarter's end."""
    close, closes = D(100), []
    for step in steps:
        close = (close * (1 + D(step) / 1000)).quantize(D("0.01"))
        closes.append(close)
    dividends = {k: D(paid) / 100 for k in PAYS}
    rows = [
        f"FND,{day},{close},{dividends.get(k, '')}" for k, (day, close) in enumerate(zip(SESSIONS, closes, strict=True))
    ]
    return closes, rows, dividends


def holding(
    closes: list[Decimal], dividends: dict[int, Decimal], flows: dict[int, Decimal]
) -> tuple[list[str], Decimal]:
    """The rows of an account that puts every dollar into the fund at the close, and the shares that it ends with."""
    shares, rows = D(0), []

    def buy(kind: str, k: int, dollars: Decimal) -> Decimal:
        bought = (dollars / closes[k]).quantize(D("1e-10"))
        rows.append(f"{SESSIONS[k]},{kind},FND,{bought:f},{-dollars}")
        return bought

    for k in range(len(SESSIONS)):
        if k in dividends and shares:
            paid = (shares * dividends[k]).quantize(D("0.01"))
            if paid:
                rows.append(f"{SESSIONS[k]},dividend,FND,,{paid}")
                shares += buy("reinvest", k, paid)
        flow = flows.get(k, D(0))
        if flow > 0:
            rows.append(f"{SESSIONS[k]},deposit,,,{flow}")
            shares += buy("buy", k, flow)
        elif flow < 0:
            sold = (-flow / closes[k]).quantize(D("1e-10"))
            shares -= sold
            rows += [f"{SESSIONS[k]},sell,FND,{-sold:f},{-flow}", f"{SESSIONS[k]},withdrawal,,,{flow}"]
    rows.append(f"{SESSIONS[-1]},interest,,,0")
    return rows, shares


STEPS = st.lists(st.integers(-30, 31), min_size=len(SESSIONS), max_size=len(SESSIONS))
FLOWS = st.dictionaries(st.integers(1, len(SESSIONS) - 2), st.integers(-6, 10).map(lambda n: 50 * n), max_size=5)
PAID = st.just(0) | st.integers(20, 120)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, paid=PAID, flows=FLOWS)
def test_the_fund_beside_itself(steps: list[int], paid: int, flows: dict[int, int]) -> None:
    closes, prices, dividends = fund(steps, paid)
    dollars = {0: D(5_000), **{k: D(amount) for k, amount in flows.items() if amount}}
    bought = [closes[k] for k in {*dollars, *PAYS}]
    assume(len(set(bought)) == len(bought))  # of lots that cost the same, rounding alone would choose which one is sold
    rows, shares = holding(closes, dividends, dollars)
    made = measured(rows, prices, shares)
    for one in made.figures:
        assert one.tracking_difference == pytest.approx(0.0, abs=2e-6)  # a dividend is paid in whole cents
        assert one.tracking_error is None or one.tracking_error == pytest.approx(0.0, abs=1e-5)
        assert float(one.drift_cost or 0) == pytest.approx(0.0, abs=0.02)
        assert float(one.value or 0) == pytest.approx(float(one.fund_value or 0), abs=0.05)
        assert one.money_weighted == pytest.approx(one.fund_money_weighted, abs=1e-5)
        assert float(one.tax or 0) == pytest.approx(float(one.fund_tax or 0), abs=0.02)
        assert one.tax_alpha == pytest.approx(0.0, abs=5e-5)
        assert float(one.delivered or 0) == pytest.approx(0.0, abs=0.04)
    assert made.figures[-1].tracking_error is not None


@settings(max_examples=10, deadline=None)
@given(steps=STEPS, paid=PAID, flows=FLOWS)
def test_ten_times_the_money_has_the_same_returns(steps: list[int], paid: int, flows: dict[int, int]) -> None:
    closes, prices, dividends = fund(steps, paid)
    other, _, _ = fund(steps[::-1], paid)
    prices += [row.replace("FND", "STK", 1) for row in fund(steps[::-1], 0)[1]]

    def with_stock(scale: int) -> Delivered:
        dollars = {0: D(5_000) * scale, **{k: D(amount) * scale for k, amount in flows.items() if amount > 0}}
        rows, shares = holding(closes, dividends, dollars)
        bought = (D(2_000) * scale / other[1]).quantize(D("1e-10"))
        rows += [f"{SESSIONS[1]},deposit,,,{2_000 * scale}", f"{SESSIONS[1]},buy,STK,{bought:f},{-2_000 * scale}"]
        rows += [f"{SESSIONS[40]},sell,STK,{-bought:f},{(bought * other[40]).quantize(D('0.01'))}"]
        rows += [f"{SESSIONS[40]},withdrawal,,,{-(bought * other[40]).quantize(D('0.01'))}"]
        return measured(rows, prices, shares)

    one, ten = with_stock(1).figures[-1], with_stock(10).figures[-1]
    for name in ("time_weighted", "money_weighted", "fund_time_weighted", "tracking_error", "tracking_difference"):
        assert getattr(ten, name) == pytest.approx(getattr(one, name), abs=2e-5), name
    assert float(ten.drift_cost or 0) == pytest.approx(10 * float(one.drift_cost or 0), abs=0.2)
    assert float(ten.flows) == pytest.approx(10 * float(one.flows), abs=0.1)


def test_a_gain_from_before_the_history_is_nobodys_merit() -> None:
    """The account sells half of shares bought cheaply long ago; so does the fund, which begins with the same lots."""
    closes, prices, _ = fund([1] * len(SESSIONS), 0)
    worth = (50 * closes[30]).quantize(D("0.01"))
    rows = [f"{SESSIONS[10]},interest,,,0", f"{SESSIONS[30]},sell,FND,-50,{worth}"]
    rows += [f"{SESSIONS[30]},withdrawal,,,{-worth}", f"{SESSIONS[-1]},interest,,,0"]
    bought = f"{HISTORY}2020-01-02,deposit,,,4000\n2020-01-02,buy,FND,100,-4000\n"
    made = measured([*bought.removeprefix(HISTORY).splitlines(), *rows], prices, D(50))
    whole = made.figures[-1]
    assert (whole.start, made.curve.dates[0]) == (SESSIONS[0], SESSIONS[0])  # the prices begin there
    assert whole.long == worth - 2000
    assert float(whole.fund_tax or 0) == pytest.approx(float(whole.tax or 0), abs=0.02)
    assert (whole.tax or 0) > 400


def test_money_waits_for_a_close_of_the_fund() -> None:
    closes, prices, dividends = fund([10] * len(SESSIONS), 0)
    rows, shares = holding(closes, dividends, {0: D(1_000), 5: D(1_000)})
    rows.append(f"{SESSIONS[0]},other,STK,1,")
    prices = [row for row in prices if str(SESSIONS[5]) not in row]
    made = measured(rows, [*prices, f"STK,{SESSIONS[5]},1,"], shares)
    assert made.curve.fund[6] == pytest.approx(1_000 * 1.01**6 + 1_000, rel=1e-3)
    assert made.curve.fund[5] == pytest.approx(1_000 * 1.01**4, rel=1e-3)  # it stands still


def test_a_year_that_only_opens_the_next_has_no_row() -> None:
    closes, prices, dividends = fund([2] * len(SESSIONS), 50)
    rows, shares = holding(closes, dividends, {0: D(1_000)})
    made = measured(rows, prices, shares, start=dt.date(2026, 1, 2))
    assert [(one.year, one.start, one.value_start) for one in made.figures] == [
        (year, dt.date(2025, 12, 31), made.figures[0].value_start) for year in ("2026", "all")
    ]
    assert (made.figures[0].value_start > 1_000, made.figures[0].flows) == (True, 0)


def test_a_year_from_its_first_day_on_begins_with_todays_carryover() -> None:
    """A gain of 2026 meets the loss carried into 2026, though the opening is the last close of 2025."""
    closes, prices, dividends = fund([2] * len(SESSIONS), 0)
    rows, shares = holding(closes, dividends, {0: D(50_000), 100: D(-20_000)})
    head = HEAD.replace("short_term_gains = 5000", "carryover = { short = 9000 }")
    made = measured(rows, prices, shares, dt.date(2026, 1, 2), head)
    assert made.figures[0].short is not None
    assert 1_000 < made.figures[0].short < 5_000
    assert (made.figures[0].tax, made.figures[-1].tax) == (0, 0)
    early = measured(rows, prices, shares, dt.date(2025, 12, 30), head)
    assert (early.figures[-1].tax or 0) > 200  # what 2025 began with no file tells


def test_a_purchase_in_january_washes_the_funds_loss_of_december() -> None:
    december = next(k for k, day in enumerate(SESSIONS) if day == dt.date(2025, 12, 24))
    steps = [0] * len(SESSIONS)
    steps[20] = -100
    closes, prices, dividends = fund(steps, 0)
    rows, shares = holding(closes, dividends, {0: D(5_000), december: D(-900), december + 6: D(900)})
    made = measured(rows, prices, shares)
    assert SESSIONS[december + 6].year == 2026
    assert [float(one.fund_tax or 0) for one in made.figures] == pytest.approx([0.0] * 3, abs=0.01)
    assert [float(one.tax or 0) for one in made.figures] == pytest.approx([0.0] * 3, abs=0.01)
