"""The backtest: one planner, no look ahead, exact books, nothing lost on the way, and the same bytes twice."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicli.backtest import study, synthetic
from dicli.backtest.book import Book
from dicli.backtest.figures import daily_returns
from dicli.backtest.panel import Panel
from dicli.backtest.replay import Replay, replay
from dicli.backtest.shadow import shadow
from dicli.errors import PreferencesError
from dicli.model import Account, AccountKind, Owner, Term
from dicli.preferences import (
    Backtest,
    FilingStatus,
    Flow,
    Harvest,
    Index,
    IndexPart,
    Limits,
    Preferences,
    ShortLong,
    Tax,
)
from dicli.tax import wash
from dicli.tax.books import Books, Realized, cent, in_cents
from dicli.tax.ledger import Event, EventKind

D = Decimal
ACCOUNT = Account("main", AccountKind.TAXABLE, Owner.YOU, True, True, None, (), "fifo")
GAINS = ShortLong(D(80_000), D(40_000))


def preferences(**backtest: object) -> Preferences:
    wanted = Backtest(**{"initial": D(500_000), "harvest_every": "week", **backtest})  # type: ignore[arg-type]
    return Preferences(
        path=Path("dicli.toml"),
        folder=Path(),
        index=Index((IndexPart("invented", D(1), None),)),
        tax=Tax(FilingStatus.MFJ, D(300_000)),
        accounts=(ACCOUNT,),
        backtest=wanted,
    )


def gains(books: Books, year: int, term: Term) -> Decimal:
    """What is allowed of a year's gains, each sale in cents as Form 8949 shows it."""
    sales: dict[str, list[Realized]] = defaultdict(list)
    for row in books.year(year):
        sales[row.sale].append(row)
    total = Decimal(0)
    for rows in sales.values():
        shown = in_cents((row.proceeds, row.basis, row.disallowed) for row in rows)
        for row, (proceeds, basis, disallowed) in zip(rows, shown, strict=True):
            total += proceeds - basis + disallowed if row.term is term else 0
    return total


def same(one: Replay, other: Replay) -> bool:
    return (
        one.log == other.log
        and one.cashbook == other.cashbook
        and one.value.tobytes() == other.value.tobytes()
        and one.years == other.years
    )


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=11, names=12, years=2)


@pytest.fixture(scope="module")
def wanted() -> Preferences:
    return preferences(contributions=Flow(D(2_000)))


@pytest.fixture(scope="module")
def run(market: Panel, wanted: Preferences) -> Replay:
    return replay(market, wanted, outside=GAINS)


def test_the_same_seed_gives_the_same_market_and_another_seed_another_one() -> None:
    one, two, other = (synthetic.generate(seed=seed, names=12, years=2) for seed in (5, 5, 6))
    assert one.close.tobytes() == two.close.tobytes()
    assert one.weights.tobytes() == two.weights.tobytes()
    assert one.close.tobytes() != other.close.tobytes()


def test_the_invented_index_has_births_deaths_dividends_and_splits() -> None:
    market = synthetic.generate(seed=2, names=60, years=6)
    assert np.isnan(market.close[0]).any()  # not born yet
    assert np.isnan(market.close[-1]).any()  # gone
    assert (market.dividends > 0.0).any()
    assert (market.splits == 2.0).any()
    assert np.allclose(market.weights.sum(axis=1), 1.0)
    daily = market.index[0]
    kurtosis = float(((daily - daily.mean()) ** 4).mean() / daily.var() ** 2)
    assert kurtosis > 3.3  # fatter than the normal distribution's 3


def test_realised_gains_of_every_year_are_those_of_the_tax_engine_on_the_log(run: Replay) -> None:
    books = wash.book([run.ledger.tax_account], run.log, choices=run.ledger.choices, method="fifo")
    assert len(books.realized) > 30
    assert sum(row.disallowed for row in books.realized) > 0  # the wash rules had something to do
    assert {(year.year, year.short, year.long) for year in run.years} == {
        (year.year, gains(books, year.year, Term.SHORT), gains(books, year.year, Term.LONG)) for year in run.years
    }
    theirs = [replace(row, provisional=False) for row in books.realized]
    mine = [replace(row, provisional=False) for row in run.ledger.realized()]

    def key(row: object) -> tuple[object, ...]:
        return row.sold, row.sale, row.lot, row.term  # type: ignore[attr-defined]

    assert sorted(mine, key=key) == sorted(theirs, key=key)
    open_shares: dict[str, Fraction] = defaultdict(Fraction)
    for lot in books.lots:
        open_shares[lot.symbol] += lot.quantity
    assert dict(open_shares) == run.ledger.held()


def test_a_changed_future_changes_no_past_trade(market: Panel, wanted: Preferences, run: Replay) -> None:
    cut = 330
    rng = np.random.default_rng(0)
    close = market.close.copy()
    close[cut:] *= rng.uniform(0.5, 2.0, close[cut:].shape)
    dividends = market.dividends.copy()
    dividends[cut:] *= 3.0
    weights = market.weights.copy()
    later = [row for row, known in enumerate(market.known) if known >= cut]
    weights[later] = weights[later][:, ::-1]
    weights = weights / weights.sum(axis=1, keepdims=True)
    changed = replace(market, close=close, dividends=dividends, weights=weights)
    other = replay(changed, wanted, outside=GAINS)
    day = market.dates[cut]
    before = [event for event in run.log if event.date < day]
    assert len(before) > 100
    assert before == [event for event in other.log if event.date < day]
    assert [e for e in run.cashbook if e.date < day] == [e for e in other.cashbook if e.date < day]
    assert run.log != other.log


def test_two_runs_give_identical_bytes(market: Panel, wanted: Preferences, run: Replay) -> None:
    again = synthetic.generate(seed=11, names=12, years=2)
    assert same(run, replay(again, wanted, outside=GAINS))


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10_000),
    dividends=st.sampled_from(["reinvest", "cash"]),
    flow=st.sampled_from([None, Flow(D(3_000)), Flow(D(9_000), "quarter")]),
    out=st.booleans(),
    recovery=st.sampled_from([D(1), D("0.3"), D(0)]),
)
def test_cash_shares_and_basis_are_conserved_every_day(
    seed: int, dividends: str, flow: Flow | None, out: bool, recovery: Decimal
) -> None:
    """Splits, spin-offs, dividends, delistings, flows, fees and taxes: on the evening of each day every share, cent and
    dollar of basis is somewhere.
    """
    market = synthetic.generate(seed=seed, names=12, years=2)
    spinoffs = market.spinoffs.copy()
    spinoffs[200, 0] = round(0.1 * float(market.last_price(market.symbols[0], 199)), 2)
    market = replace(market, spinoffs=spinoffs)
    flows = {"withdrawals": flow} if out else {"contributions": flow}
    wanted = preferences(
        dividends=dividends, delisting_recovery=recovery, harvest_every="month", account_fee=D("0.005"), **flows
    )
    booked, days = Book.record, []

    def watched(book: Book, events: Sequence[Event]) -> None:
        booked(book, events)
        log = book.ledger.log
        bought = sum((Fraction(e.amount or 0) for e in log if e.kind is EventKind.BUY), Fraction(0))
        sold = sum((row.basis - row.disallowed for row in book.ledger.realized()), Fraction(0))
        assert bought == sold + sum((lot.basis for lot in book.ledger.lots()), Fraction(0))
        days.extend(event.date for event in events)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Book, "record", watched)
        made = replay(market, wanted, outside=GAINS)
    assert days == [event.date for event in made.log]  # nothing reached the ledger another way
    shares: dict[str, Fraction] = defaultdict(Fraction)
    cash = Decimal(0)
    moved, events = list(made.cashbook), list(made.log)
    for k, day in enumerate(made.dates):
        while moved and moved[0].date <= day:
            cash += moved.pop(0).amount
        while events and events[0].date <= day:
            event = events.pop(0)
            if event.kind is EventKind.SPLIT:
                shares[event.symbol] *= Fraction(event.ratio or 1)
            elif event.kind is EventKind.SPINOFF:
                shares[event.new_symbol or ""] += shares[event.symbol]
            else:
                sign = 1 if event.kind is EventKind.BUY else -1
                shares[event.symbol] += sign * Fraction(event.quantity or 0)
        assert cash >= 0
        assert min(shares.values(), default=0) >= 0
        worth = float(cash)
        for symbol, quantity in shares.items():
            if quantity:
                worth += float(quantity) * float(market.last_price(symbol, made.first + k))
        assert made.value[k] == pytest.approx(worth, abs=0.02)
    assert not moved
    assert not events
    assert cash == made.cash
    assert made.costs == sum(made.spent.values(), Decimal(0))


def test_without_harvests_it_tracks_its_index() -> None:
    market = synthetic.generate(seed=11, names=30, years=1)
    quiet = replace(
        preferences(), harvest=Harvest(min_loss=D(10**9)), limits=replace(Limits(), tracking=D(100_000), cash=NO_CASH)
    )
    made = replay(market, quiet, outside=ShortLong())
    gap = np.log1p(daily_returns(made)[1:]).sum() - np.log1p(market.index[0][made.first + 1 : made.last + 1]).sum()
    assert abs(gap) < 0.0015


NO_CASH = replace(Limits().cash, target=D(0), max=D("0.01"))


def test_the_shadow_gets_the_same_flows_and_pays_its_own_tax(run: Replay, wanted: Preferences) -> None:
    fund = shadow(run, wanted)
    flows = [(entry.date, entry.amount) for entry in fund.cashbook if entry.what == "flow"]
    assert flows == list(run.contributed.items())
    taxes = sum((entry.amount for entry in fund.cashbook if entry.what == "tax"), Decimal(0))
    assert taxes == D(repr(round(float(fund.taxes.sum()), 2))) == -fund.years[0].tax
    assert run.value[0] == pytest.approx(fund.value[0], rel=1e-3)
    books = wash.book([fund.ledger.tax_account], fund.ledger.log, choices=fund.ledger.choices, method="hifo")
    for year in fund.years:
        assert (year.short, year.long) == tuple(gains(books, year.year, term) for term in Term)
    assert all(year.tax > 0 for year in fund.years)  # dividends, and no losses to speak of


def test_ignoring_wash_sales_disallows_nothing_and_harvests_no_less(market: Panel, run: Replay) -> None:
    end = market.dates[260]
    free = replay(market, preferences(contributions=Flow(D(2_000)), wash_sales="ignore", end=end), outside=GAINS)
    assert all(row.disallowed == 0 for row in free.ledger.realized())
    mine = -sum((min(row.allowed, 0) for row in run.ledger.realized() if row.sold <= end), Fraction(0))
    assert -sum((min(row.allowed, 0) for row in free.ledger.realized()), Fraction(0)) > mine * Fraction(9, 10)


def test_gains_to_offset_are_worth_something(market: Panel) -> None:
    with_gains, without = study.cases(
        market, preferences(harvest_every="month", contributions=Flow(D(2_000)), outside_gains=GAINS)
    )
    assert (with_gains.label, without.label) == ("stated", "none")
    assert with_gains.figures.tax_alpha > without.figures.tax_alpha
    assert without.figures.years[0].carried > with_gains.figures.years[0].carried


def test_the_charts_show_month_ends_the_lead_of_each_case_and_the_harvest_of_each_year(market: Panel) -> None:
    asked = preferences(plan_every="quarter", harvest_every="quarter", outside_gains=GAINS)
    made = study.cases(market, asked)
    values, lead, losses = study.report(market, made, asked).charts
    assert len(values.x) == len({(day.year, day.month) for day in made[0].run.dates})  # type: ignore[union-attr]
    assert values.x == lead.x
    assert values.x[-1] == made[0].run.dates[-1]
    k = made[0].run.dates.index(values.x[4])  # type: ignore[arg-type]
    assert made[0].run.dates[k + 1].month != made[0].run.dates[k].month
    for case, series in zip(made, lead.series, strict=True):
        assert float(series.values[4] or 0) == pytest.approx(case.run.value[k] - case.fund.value[k], abs=0.01)
    account, fund = (series.values[-1] for series in values.series)
    assert (account or 0) - (fund or 0) == pytest.approx(lead.series[0].values[-1], abs=D("0.02"))
    assert [series.name for series in lead.series] == ["outside gains stated", "no outside gains"]
    years = made[0].figures.years
    assert losses.x == tuple(str(year.year) for year in years)
    assert [series.values for series in losses.series] == [
        tuple(year.short_losses for year in years),
        tuple(year.long_losses for year in years),
    ]
    assert any(year.short_losses for year in years)


def test_a_lot_method_sells_by_name(market: Panel) -> None:
    made = replay(market, preferences(lot_method="fifo", harvest_every="month"), outside=GAINS)
    assert all(not event.lots for event in made.log if event.kind is EventKind.SELL)


def test_a_delisting_pays_the_recovery_after_a_week_without_prices(market: Panel) -> None:
    close = market.close.copy()
    close[200:, 0] = np.nan
    halted = replace(market, close=close)
    end = market.dates[230]
    paid = []
    for recovery in (D(1), D("0.4"), D(0)):
        made = replay(halted, preferences(harvest_every="month", end=end, delisting_recovery=recovery), outside=GAINS)
        (entry,) = [entry for entry in made.cashbook if entry.what == f"delisted {market.symbols[0]}"]
        assert entry.date == market.dates[204]  # the fifth session without a price
        assert market.symbols[0] not in made.ledger.held()
        paid.append(entry.amount)
    assert paid[0] > 0
    assert paid[1] == pytest.approx(paid[0] * D("0.4"), abs=D("0.01"))
    assert paid[2] == 0


def test_a_spin_off_is_sold_at_its_value_with_its_share_of_the_basis(market: Panel) -> None:
    spinoffs = market.spinoffs.copy()
    spinoffs[100, 0] = 5.0
    made = replay(
        replace(market, spinoffs=spinoffs), preferences(harvest_every="month", end=market.dates[130]), outside=GAINS
    )
    (entry,) = [entry for entry in made.cashbook if entry.what.startswith("spin-off")]
    (row,) = {row.symbol: row for row in made.ledger.realized() if ".SPUN." in row.symbol}.values()
    held = sum((Fraction(e.quantity or 0) for e in made.log if e.symbol == row.symbol and e.quantity), Fraction(0))
    assert entry.amount == cent(held * 5)
    sold = [r for r in made.ledger.realized() if r.symbol == row.symbol]
    assert sum((r.proceeds for r in sold), Fraction(0)) == entry.amount
    assert sum((r.basis for r in sold), Fraction(0)) > 0


def test_an_end_before_the_start_is_refused(market: Panel) -> None:
    with pytest.raises(PreferencesError, match=r"end .* is not after start"):
        replay(market, preferences(start=dt.date(2015, 1, 2), end=dt.date(2014, 6, 2)), outside=GAINS)
