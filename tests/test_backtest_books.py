"""The backtest's ledger, its yearly tax and its calendar, each against the rule that it keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from dicli import plan as planner
from dicli.backtest import schedule, settlement, synthetic
from dicli.backtest.ledger import Estate, Ledger
from dicli.backtest.panel import Panel, build
from dicli.backtest.replay import replay
from dicli.backtest.settlement import OpenYear
from dicli.backtest.shadow import Track, in_fund
from dicli.preferences import FilingStatus, ShortLong, Tax
from dicli.tax import harvest, wash
from dicli.tax.books import cent
from dicli.tax.ledger import Choices, Event, EventKind
from tests.test_backtest import ACCOUNT, preferences

D = Decimal
DAY = dt.date(2024, 3, 1)
GAINS = ShortLong(D(50_000), D(50_000))


def event(name: str, kind: EventKind, days: int, quantity: int, amount: int, symbol: str = "AAA") -> Event:
    day = DAY + dt.timedelta(days=days)
    return Event(name, kind, day, ACCOUNT.name, symbol, D(quantity), D(amount))


def booked(*events: Event) -> Ledger:
    ledger = Ledger(ACCOUNT, Choices(), "fifo")
    for one in events:
        ledger.record([one])
    return ledger


def test_a_purchase_after_a_loss_makes_the_family_run_anew() -> None:
    events = (
        event("a", EventKind.BUY, 0, 10, 1000),
        event("b", EventKind.SELL, 40, 10, 700),
        event("c", EventKind.BUY, 50, 6, 420),
        event("d", EventKind.SELL, 100, 2, 130),
    )
    ledger = booked(*events)
    books = wash.book([ledger.tax_account], events)
    assert (books.realized[0].sale, books.realized[0].disallowed) == ("b", 180)  # six tenths of the 300
    assert [replace(r, provisional=False) for r in ledger.realized()] == [
        replace(r, provisional=False) for r in books.realized
    ]
    assert sum((lot.basis for lot in ledger.lots()), Fraction(0)) == sum((lot.basis for lot in books.lots), Fraction(0))


def test_the_planner_is_shown_the_open_loss_and_nothing_older() -> None:
    ledger = booked(
        event("a", EventKind.BUY, 0, 10, 1000),
        event("b", EventKind.SELL, 40, 4, 200),
        event("c", EventKind.BUY, 0, 10, 1000, "BBB"),
        event("d", EventKind.SELL, 1, 10, 500, "BBB"),
    )
    seen = ledger.household(DAY + dt.timedelta(days=60), D(0))
    free = harvest.do_not_buy(seen.tax_accounts, seen.events, as_of=seen.as_of, method=seen.methods)
    assert [(row.symbol, row.until, row.loss, row.quantity) for row in free] == [
        ("AAA", DAY + dt.timedelta(days=70), 200, 4)
    ]
    assert [(lot.symbol, lot.quantity, lot.basis) for lot in seen.lots] == [("AAA", 6, 600)]


def test_with_wash_sales_ignored_the_planner_sees_no_window() -> None:
    ledger = Ledger(ACCOUNT, Choices(), "fifo", wash_sales=False)
    for one in (
        event("a", EventKind.BUY, 0, 10, 1000),
        event("b", EventKind.SELL, 10, 4, 200),
        event("c", EventKind.BUY, 15, 4, 240),
    ):
        ledger.record([one])
    assert ledger.gains(2024) == (-200, 0)
    seen = ledger.household(DAY + dt.timedelta(days=20), D(0))
    assert not harvest.do_not_buy(seen.tax_accounts, seen.events, as_of=seen.as_of, method=seen.methods)
    assert all((seen.as_of - lot.acquired).days == 31 for lot in seen.lots if lot.acquired)


def tax_years(outside: int, *years: tuple[int, Estate]) -> settlement.TaxYears:
    """2026, 2027 …: each with a short-term gain in the account and what a sale of everything would bring."""
    made = settlement.TaxYears(Tax(FilingStatus.MFJ, D(300_000)), ShortLong(D(outside), D(0)))
    for number, (gain, estate) in enumerate(years):
        day = dt.date(2026 + number, 12, 31)
        made.close(OpenYear(day, (Fraction(gain), Fraction(0)), D(0), D(1_000), estate))
    return made


NOTHING = Estate(Fraction(0), Fraction(0), Fraction(0))


def test_a_loss_saves_the_marginal_rate_and_the_rest_is_carried() -> None:
    made = tax_years(40_000, (-50_000, NOTHING))
    gained, deducted = tax_years(0, (40_000, NOTHING)), tax_years(0, (-3_000, NOTHING))
    # forty thousand met the gains, three thousand other income
    assert made.years[0].tax == -(gained.years[0].tax - deducted.years[0].tax)
    assert made.with_account == (7_000, 0)
    assert made.years[0].carried == ShortLong(D(7_000), D(0))
    later = tax_years(40_000, (-50_000, NOTHING), (0, NOTHING)).years[1]
    assert later.tax == tax_years(0, (33_000, NOTHING)).years[0].tax - gained.years[0].tax
    assert later.carried == ShortLong(D(0), D(0))


def test_a_liquidated_account_pays_what_is_owed_and_the_tax_on_its_gains() -> None:
    estate = Estate(Fraction(100_000), Fraction(-20_000), Fraction(30_000))
    made = tax_years(0, (5_000, estate))
    sold = settlement.TaxYears(Tax(FilingStatus.MFJ, D(300_000)), ShortLong())
    gains = (Fraction(5_000 - 20_000), Fraction(30_000))
    sold.close(OpenYear(dt.date(2026, 12, 31), gains, D(0), D(0), NOTHING))
    assert made.years[0].liquidated == 1_000 + 100_000 - sold.years[0].tax
    # by March the tax of the year before has not been paid yet, by May it has
    for day, owed in ((dt.date(2027, 3, 1), made.years[0].tax), (dt.date(2027, 5, 3), 0)):
        after = tax_years(0, (5_000, estate))
        so_far = OpenYear(day, (Fraction(0), Fraction(0)), D(0), D(1_000), NOTHING)
        standing = after.standing(so_far, D(5_000))
        assert standing.kept == 5_000 - owed
        after.close(so_far)
        assert standing.sold == after.years[1].liquidated
        assert after.owed(day) - after.years[1].tax == owed
        assert after.years[1].liquidated == 1_000 - owed


def test_a_purchase_of_january_washes_a_loss_of_december() -> None:
    made = tax_years(0, (5_000, NOTHING), (-20_000, NOTHING))
    left, before = made.years[1].liquidated, tax_years(0, (5_000, NOTHING))
    made.revise(lambda year: (Fraction(-20_000 if year == 2027 else 9), Fraction(0)))
    assert (made.years[1].short, made.with_account) == (D(-20_000), (17_000, 0))  # nothing new, nothing changed
    made.revise(lambda year: (Fraction(-12_000), Fraction(0)))
    washed = tax_years(0, (5_000, NOTHING), (-12_000, NOTHING))
    assert [(y.short, y.tax, y.carried) for y in made.years] == [(y.short, y.tax, y.carried) for y in washed.years]
    assert made.with_account == washed.with_account == (9_000, 0)
    assert made.years[1].liquidated == left
    assert before.years[0] == made.years[0]


def test_the_funds_year_waits_for_what_january_buys() -> None:
    """Money taken out in December at a loss, and paid in again in January."""
    days = [dt.date(2024, 9, 3) + dt.timedelta(days=i) for i in range(250)]
    days = [day for day in days if day.weekday() < 5]
    fall = np.array([0.0 if day < dt.date(2024, 11, 1) or day > dt.date(2024, 12, 2) else -0.01 for day in days])
    flows = {days[0]: D(100_000), dt.date(2024, 12, 10): D(-40_000), dt.date(2025, 1, 8): D(25_000)}
    fund = in_fund(Track(days, fall, np.zeros(len(days))), flows, preferences(), ShortLong(D(50_000), D(0)))
    books = wash.book([fund.ledger.tax_account], fund.ledger.log, choices=fund.ledger.choices, method="hifo")
    (row,) = books.year(2024)
    assert row.disallowed > 0
    assert fund.years[0].short == cent(row.allowed)
    assert fund.years[0].year == 2024


def test_a_fund_with_nothing_in_it_owes_what_is_taken_out() -> None:
    days = [dt.date(2024, 9, 3) + dt.timedelta(days=i) for i in range(3)]
    fund = in_fund(Track(days, np.zeros(3), np.zeros(3)), {days[1]: D(-100)}, preferences(), ShortLong())
    assert fund.value.tolist() == [0.0, -100.0, -100.0]
    assert not fund.ledger.log


def test_the_tax_of_a_year_moves_on_the_first_session_from_15_april() -> None:
    market = synthetic.generate(seed=8, names=11, years=2)
    made = replay(market, preferences(harvest_every="quarter", plan_every="quarter"), outside=GAINS)
    day = next(day for day in made.dates if day >= dt.date(2015, 4, 15))
    assert np.flatnonzero(made.taxes).tolist() == [made.dates.index(day)]
    (paid,) = [entry.amount for entry in made.cashbook if entry.what == "tax" and entry.date == day]
    assert paid == -made.years[0].tax
    assert made.owed == made.years[1].tax


def test_dividends_in_cash_leave_the_account_on_their_day() -> None:
    market = synthetic.generate(seed=8, names=11, years=1)
    made = replay(market, preferences(harvest_every="quarter", dividends="cash"), outside=GAINS)
    came = sum((entry.amount for entry in made.cashbook if entry.what.startswith("dividend ")), D(0))
    went = sum((entry.amount for entry in made.cashbook if entry.what == "dividends paid out"), D(0))
    assert came == -went == made.years[0].dividends
    assert float(went) == pytest.approx(made.flows[1:].sum())


def test_periods_end_where_the_next_session_belongs_to_another() -> None:
    days = [dt.date(2024, 1, 30), dt.date(2024, 1, 31), dt.date(2024, 2, 1), dt.date(2024, 4, 1), dt.date(2025, 1, 2)]
    assert schedule.last_of(days, "month", 0, 4) == [1, 2, 3]
    assert schedule.last_of(days, "quarter", 0, 4) == [2, 3]
    assert schedule.last_of(days, "year", 0, 4) == [3]
    assert schedule.last_of(days, "day", 0, 4) == [0, 1, 2, 3]
    assert schedule.last_of(days, "week", 0, 2) == []


def test_anniversaries_are_the_last_sessions_up_to_their_day() -> None:
    days = [dt.date(2024, 2, 29), dt.date(2025, 2, 27), dt.date(2025, 3, 3), dt.date(2026, 2, 27), dt.date(2026, 3, 2)]
    assert schedule.anniversaries(days, 0, 4) == [1, 3]
    assert schedule.anniversaries(days, 0, 3) == [1, 3]
    assert schedule.anniversaries(days, 0, 2) == [1]


def two_names(**changes: object) -> Panel:
    days = [dt.date(2024, 1, 2) + dt.timedelta(days=i) for i in range(4)]
    close = np.array([[100.0, 50.0], [110.0, 50.0], [55.0, 40.0], [55.0, 44.0]])
    splits, dividends, spinoffs = np.ones((4, 2)), np.zeros((4, 2)), np.zeros((4, 2))
    splits[2, 0] = 2.0
    dividends[1, 1] = 1.0
    spinoffs[2, 1] = 10.0
    given = {"splits": splits, "dividends": dividends, "spinoffs": spinoffs, **changes}
    return build(days, ["A", "B"], close, [(days[0], {"A": 3.0, "B": 1.0})], **given)  # type: ignore[arg-type]


def test_returns_carry_splits_dividends_and_spun_off_value() -> None:
    market = two_names()
    assert np.allclose(market.returns[1:], [[0.10, 1.0 / 50.0], [0.0, 0.0], [0.0, 0.10]])


def test_weights_move_with_prices_and_the_index_earns_what_they_held() -> None:
    market = two_names()
    assert np.allclose(market.weights_at(1), np.array([0.75 * 1.1, 0.25]) / (0.75 * 1.1 + 0.25))
    total, paid = market.index
    assert total[1] == pytest.approx(0.75 * 0.10 + 0.25 * 0.02)
    assert paid[1] == pytest.approx(0.25 * 0.02)
    assert sum(market.benchmark_at(1).weights().values()) == 1


def test_what_the_backtest_leaves_out_of_a_plan_changes_no_trade() -> None:
    market = synthetic.generate(seed=8, names=11, years=2)
    wanted = preferences(harvest_every="quarter", end=market.dates[380])
    made = replay(market, wanted, outside=GAINS)
    t = 400
    house = made.ledger.household(market.dates[t], made.cash)

    def trades(**how: object) -> list[tuple[object, ...]]:
        found = planner.plan(
            house,
            market.benchmark_at(t),
            market.market_at(t),
            wanted,
            market.dates[t],
            cash_flow=D(4_000),
            **how,  # type: ignore[arg-type]
        )
        return [(x.side, x.symbol, x.quantity, x.lot_id, x.gain) for x in found.trades]

    whole = trades()
    assert any(gain is not None and gain < 0 for *_, gain in whole)
    assert trades(valued=False) == whole
    model = planner.survey(house, market.benchmark_at(t), market.market_at(t), wanted).model
    mixed = list(range(len(model.symbols)))[::-1]
    turned = replace(
        model,
        symbols=tuple(model.symbols[i] for i in mixed),
        factors=model.factors[mixed],
        specific=model.specific[mixed],
        residuals=None,
    )
    assert trades(model=turned) == whole
