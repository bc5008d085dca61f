"""A backtest's own log, written as a broker's files and read back: performance finds the same account in them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dicli import household
from dicli.backtest import synthetic
from dicli.backtest.figures import daily_returns
from dicli.backtest.panel import Panel
from dicli.backtest.replay import Replay, replay
from dicli.household import Household
from dicli.performance import report as delivered
from dicli.performance.closes import Closes, load, of_panel
from dicli.performance.history import rebuild
from dicli.performance.measure import Delivered
from dicli.preferences import Flow, Preferences, ShortLong
from dicli.preferences import load as load_preferences
from dicli.tax.books import Realized, decimal
from dicli.tax.ledger import EventKind
from dicli.tax.prepare import exact
from tests.folders import folder
from tests.test_backtest import preferences

D = Decimal
GAINS = ShortLong(D(40_000), D(20_000))
TOML = """
[prices]
source = "csv"
file = "prices"
[[accounts]]
name = "main"
kind = "taxable"
broker_files = ["main*.csv"]
lot_method = "hifo"
"""
HEAD = """
[index]
benchmark = "index.csv"
[tax]
filing_status = "mfj"
taxable_income = 300000
short_term_gains = 40000
long_term_gains = 20000
"""


def plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def transactions(run: Replay) -> str:
    """The log and the cashbook as a plain history: shares from the one, cash that is no trade from the other."""
    rows: list[tuple[dt.date, str, str, str, str]] = []
    held: dict[str, Decimal] = defaultdict(Decimal)
    for event in run.log:
        if event.kind is EventKind.SPLIT:
            added = held[event.symbol] * (decimal(exact(event.ratio or 1)) - 1)
            held[event.symbol] += added
            rows.append((event.date, "split", event.symbol, plain(added), ""))
            continue
        sign = 1 if event.kind is EventKind.BUY else -1
        quantity = sign * decimal(exact(event.quantity or 0))
        held[event.symbol] += quantity
        amount = -sign * decimal(exact(event.amount or 0))
        rows.append((event.date, event.kind.value, event.symbol, plain(quantity), plain(amount)))
    for entry in run.cashbook:
        kind, _, symbol = entry.what.partition(" ")
        if kind == "dividend":
            rows.append((entry.date, "dividend", symbol, "", plain(entry.amount)))
        elif kind == "fee":
            rows.append((entry.date, "fee", "", "", plain(entry.amount)))
        elif kind in ("flow", "tax"):  # the yearly tax is paid out of the account: its owner takes the money out
            rows.append((entry.date, "deposit" if entry.amount > 0 else "withdrawal", "", "", plain(entry.amount)))
        else:
            assert kind in ("buy", "sell", "delisted"), entry
    return "date,kind,symbol,quantity,amount\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows)


def price_files(market: Panel, run: Replay) -> dict[str, str]:
    """Closes on today's footing with the splits, and the index as a fund."""
    rows = ["symbol,date,close,split"]
    for column, symbol in enumerate(market.symbols):
        footing = D(1)
        mine = []
        for t in range(len(market.dates) - 1, -1, -1):
            split, close = market.splits[t, column], market.close[t, column]
            if np.isfinite(close):
                stated = f"{split:g}" if split != 1.0 else ""
                mine.append(f"{symbol},{market.dates[t]},{D(repr(float(close))) / footing:f},{stated}")
            footing *= D(repr(float(split)))
        rows += reversed(mine)
    level = 100.0
    fund = ["symbol,date,close,dividend"]
    total, paid = market.index
    for t, day in enumerate(market.dates):
        before = level
        level *= 1.0 + total[t] - paid[t]
        fund.append(f"IDX,{day},{level:.8f},{before * paid[t]:.8f}")
    return {"closes": "\n".join(rows), "fund": "\n".join(fund)}


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=23, names=11, years=2)


@pytest.fixture(scope="module")
def wanted() -> Preferences:
    return preferences(
        initial=D(400_000),
        contributions=Flow(D(1_500)),
        lot_method="hifo",
        account_fee=D("0.002"),
        harvest_every="week",
    )


@pytest.fixture(scope="module")
def run(market: Panel, wanted: Preferences) -> Replay:
    return replay(market, wanted, outside=GAINS)


@pytest.fixture(scope="module")
def read(market: Panel, run: Replay, tmp_path_factory: pytest.TempPathFactory) -> tuple[Preferences, Household]:
    place = tmp_path_factory.mktemp("replayed")
    held = "".join(
        f"{symbol},{plain(decimal(quantity))},\n" for symbol, quantity in run.ledger.held().items() if quantity
    )
    folder(
        place,
        head=HEAD,
        toml=TOML,
        main_history=transactions(run),
        main_positions=f"symbol,quantity,value\n{held}CASH,,{run.cash}\n",
    )
    (place / "prices").mkdir()
    for name, text in price_files(market, run).items():
        (place / "prices" / f"{name}.csv").write_text(text, encoding="utf-8")
    found = load_preferences(place)
    return found, household.load(found, run.dates[-1])


@pytest.fixture(scope="module")
def closes(read: tuple[Preferences, Household]) -> Closes:
    (told,) = delivered.records(read[1], ["main"], None)
    return load(read[0], told.symbols(), "IDX", told.first, told.last, store=Path("none"))


def test_the_log_has_all_that_can_happen(run: Replay) -> None:
    kinds = {event.kind for event in run.log}
    assert kinds == {EventKind.BUY, EventKind.SELL, EventKind.SPLIT}
    assert {entry.what.split()[0] for entry in run.cashbook} == {
        "buy",
        "sell",
        "dividend",
        "fee",
        "flow",
        "tax",
        "delisted",
    }
    assert any(row.disallowed for row in run.ledger.realized())


def test_value_and_flows_are_the_replays_to_the_cent(
    run: Replay, read: tuple[Preferences, Household], closes: Closes
) -> None:
    (told,) = delivered.records(read[1], ["main"], None)
    made = rebuild(told, read[1], closes, ())
    T = len(made.dates)
    assert made.dates == run.dates[:T]
    assert len(run.dates) - 25 < T
    assert np.abs(made.value - run.value[:T]).max() < 0.005
    assert np.abs(made.flows - (run.flows + run.taxes)[:T]).max() < 0.005


def test_realised_lots_are_the_replays_exactly(run: Replay, read: tuple[Preferences, Household]) -> None:
    def keys(rows: Sequence[Realized]) -> list[tuple[object, ...]]:
        return sorted(
            (r.sold, r.symbol, r.acquired, r.quantity, r.proceeds, r.basis, r.disallowed, r.term) for r in rows
        )

    assert keys(read[1].books.realized) == keys(run.ledger.realized())


@pytest.fixture(scope="module")
def found(read: tuple[Preferences, Household], closes: Closes) -> Delivered:
    told = delivered.records(read[1], ["main"], None)
    (made,) = delivered.deliver(read[1], read[0], told, closes, D(0))
    return made


def test_the_figures_are_those_of_the_backtest(run: Replay, found: Delivered) -> None:
    T = len(found.curve.dates)
    daily = daily_returns(run)[:T]
    assert len(found.figures) == len(run.years) + 1
    for mine, theirs in zip(found.figures, run.years, strict=False):
        rows = [k for k, day in enumerate(found.curve.dates) if day.year == theirs.year]
        assert (mine.short, mine.long, mine.tax) == (theirs.short, theirs.long, theirs.tax)
        assert mine.dividends == theirs.dividends
        assert mine.time_weighted == pytest.approx(np.prod(1.0 + daily[rows]) - 1.0, abs=1e-9)
        assert mine.fund_time_weighted == pytest.approx(np.prod(1.0 + run.index[rows][rows[0] == 0 :]) - 1.0, abs=1e-7)
    assert sum(one.fees for one in found.figures[:-1]) == found.figures[-1].fees > 0


def test_a_folder_of_the_backtest_gives_the_same_figures_as_price_files(
    market: Panel, read: tuple[Preferences, Household], found: Delivered
) -> None:
    told = delivered.records(read[1], ["main"], None)
    closes = of_panel(market, told[0].symbols(), None, 0.0)
    (made,) = delivered.deliver(read[1], read[0], told, closes, D(0))
    T = len(found.curve.dates)
    assert np.abs(made.curve.value[:T] - found.curve.value).max() < 0.005
    mine, theirs = made.figures[0], found.figures[0]
    assert (mine.tax, mine.short, mine.flows, mine.value) == (theirs.tax, theirs.short, theirs.flows, theirs.value)
    assert mine.fund_tax == pytest.approx(theirs.fund_tax, abs=D("0.02"))
    assert mine.tracking_error == pytest.approx(theirs.tracking_error, abs=1e-7)


def test_the_chart_is_the_accounts_lead_with_gaps_where_it_is_not_known(found: Delivered) -> None:
    both, lead = delivered.charts(found)
    account, fund = (series.values for series in both.series)
    assert (both.x, len(both.x)) == (lead.x, len(account))
    assert (lead.x[0], lead.x[-1]) == (found.curve.dates[0], found.curve.dates[-1])
    assert lead.series[0].values == tuple(
        a - b for a, b in zip(account, fund, strict=True) if a is not None and b is not None
    )
    known = found.curve.known.copy()
    known[-1] = False
    _, gap = delivered.charts(replace(found, curve=replace(found.curve, known=known)))
    assert gap.series[0].values == (*lead.series[0].values[:-1], None)
