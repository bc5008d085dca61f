"""A backtest that starts with the user's own lots."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dicli import household, preferences
from dicli.backtest import study, synthetic
from dicli.backtest.ledger import Ledger
from dicli.backtest.opening import FUND, Opening, own_lots
from dicli.backtest.panel import Panel
from dicli.backtest.replay import managed_account, replay
from dicli.backtest.shadow import shadow
from dicli.errors import InputError, PreferencesError
from dicli.model import Term
from dicli.preferences import Backtest, Preferences, ShortLong
from dicli.tax import wash
from dicli.tax.ledger import Event, EventKind
from tests.program import run
from tests.test_backtest import gains
from tests.test_backtest import preferences as made_up
from tests.test_backtest_data import TOML, folder

D = Decimal
HEAD = "symbol,quantity,acquired,cost_basis,wash_adj\n"
LOTS = (
    HEAD + "N01,100,2013-06-03,30000,\nN01,50,2014-05-01,4000,120\nN02,40,2014-12-20,9000,\nN03,300,2012-02-01,20000,\n"
)
START = dt.date(2015, 1, 5)


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=4, names=11, years=3)


def portfolio(place: Path, lots: str = LOTS, cash: str = "2500") -> Preferences:
    (place / "dicli.toml").write_text(TOML, encoding="utf-8")
    (place / "main_lots.csv").write_text(lots, encoding="utf-8")
    held: dict[str, D] = {}
    for line in lots.splitlines()[1:]:
        symbol, quantity, *_ = line.split(",")
        held[symbol] = held.get(symbol, D(0)) + D(quantity)
    rows = [f"{symbol},{quantity}," for symbol, quantity in held.items()] + [f"CASH,,{cash}"]
    (place / "main_positions.csv").write_text("symbol,quantity,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    made = preferences.load(place)
    return replace(made, backtest=Backtest(start=START, end=dt.date(2015, 7, 31), harvest_every="month"))


def opened(place: Path, market: Panel, lots: str = LOTS) -> tuple[Preferences, Opening]:
    wanted = portfolio(place, lots)
    first = market.row(START)
    return wanted, own_lots(household.load(wanted, market.dates[first]), managed_account(wanted), market, first)


def test_lots_keep_their_dates_basis_and_adjustment(tmp_path: Path, market: Panel) -> None:
    _, found = opened(tmp_path, market)
    told = [(e.symbol, e.date.isoformat(), e.quantity, e.amount, e.adjustment) for e in found.purchases]
    assert told == [
        ("N03", "2012-02-01", 300, 20000, None),
        ("N01", "2013-06-03", 100, 30000, None),
        ("N01", "2014-05-01", 50, 4000, 120),
        ("N02", "2014-12-20", 40, 9000, None),
    ]
    assert found.cash == 2500
    assert found.left_out == ()


def test_shares_basis_and_gains_are_those_of_the_tax_engine_from_the_first_lot_on(
    tmp_path: Path, market: Panel
) -> None:
    wanted, found = opened(tmp_path, market)
    made = replay(market, wanted, outside=ShortLong(D(50_000), D(50_000)), opening=found)
    assert made.log[: len(found.purchases)] == list(found.purchases)
    first = market.row(START)
    prices = {symbol: market.last_price(symbol, first) for symbol in ("N01", "N02", "N03")}
    worth = 150 * prices["N01"] + 40 * prices["N02"] + 300 * prices["N03"]
    assert made.own_value == worth.quantize(D("0.01"))
    assert made.value[0] == pytest.approx(float(worth + 2500 - made.spent[made.dates[0]]))
    books = wash.book([made.ledger.tax_account], made.log, choices=made.ledger.choices, method="fifo")
    for year in made.years:
        assert (year.short, year.long) == tuple(gains(books, year.year, term) for term in Term)
    put_in = sum(Fraction(event.amount or 0) for event in made.log if event.kind == "buy")
    sold = sum((row.basis - row.disallowed for row in made.ledger.realized()), Fraction(0))
    assert put_in == sold + sum((lot.basis for lot in made.ledger.lots()), Fraction(0))
    assert made.capital() == made.own_value + 2500


def test_a_lot_bought_shortly_before_the_start_washes_a_loss_of_the_first_days(tmp_path: Path, market: Panel) -> None:
    """R-WINDOW reaches back over the start: what was bought on 20 December replaces what is sold by 19 January."""
    wanted, found = opened(tmp_path, market, HEAD + "N02,40,2014-12-20,9000,\nN02,40,2013-06-03,90000,\n")
    ledger = Ledger(managed_account(wanted), household.tax_choices(wanted), "fifo")
    ledger.record(found.purchases)
    old = found.purchases[0]
    ledger.record([Event("sale", EventKind.SELL, dt.date(2015, 1, 19), "main", "N02", 40, 8000, lots=((old.id, 40),))])
    (row,) = ledger.realized()
    assert (row.acquired, row.disallowed) == (dt.date(2013, 6, 3), 82000)


def test_the_fund_starts_with_the_same_value_basis_and_dates(tmp_path: Path, market: Panel) -> None:
    wanted, found = opened(tmp_path, market)
    made = replay(market, wanted, outside=ShortLong(), opening=found)
    fund = shadow(made, wanted)
    lots = [event for event in fund.ledger.log if event.id.startswith("own:")]
    assert {event.symbol for event in lots} == {FUND}
    assert [(e.date, e.amount, e.holding_from) for e in lots] == [
        (e.date, e.amount, e.holding_from) for e in found.purchases
    ]
    assert float(sum(Fraction(e.quantity or 0) for e in lots)) * 100.0 == pytest.approx(float(made.own_value), abs=0.01)
    assert fund.value[0] == pytest.approx(float(made.own_value) + 2500, rel=1e-4)


def leaving(gain: int, market: Panel) -> tuple[study.Case, Preferences]:
    wanted = made_up(
        initial=D(200_000), fund_gain=D(gain), start=START, end=dt.date(2016, 3, 31), harvest_every="quarter"
    )
    return study.case(market, wanted, "stated", ShortLong(D(10_000), D(10_000))), wanted


def test_leaving_a_fund_with_a_gain_is_taxed_and_staying_is_not(market: Panel) -> None:
    """R-TERM: the fund's lot is two years old. Both sides begin with the same value, the fund's with the old basis."""
    gained, _ = leaving(80_000, market)
    plain, _ = leaving(0, market)
    cost = D(200_000) * D("0.0002")
    (row,) = [row for row in gained.run.ledger.realized() if row.symbol == FUND]
    assert (row.term, row.gain) == (Term.LONG, 80_000 - cost)
    assert gained.run.value[0] == pytest.approx(plain.run.value[0] - float(cost), abs=1.0)
    assert gained.fund.value[0] == pytest.approx(200_000)
    assert gained.run.capital() == plain.run.capital() == 200_000
    (lot,) = [event for event in gained.fund.ledger.log if event.id == "own:fund"]
    assert (lot.amount, lot.date) == (120_000, dt.date(2013, 1, 5))
    # single, 200,000 of income and 20,000 of gains elsewhere: 15 % and 3.8 % on what the account's losses leave of it
    first, bare = gained.run.years[0], plain.run.years[0]
    assert first.tax > bare.tax + D("0.15") * 50_000
    assert gained.fund.years[0].tax == pytest.approx(plain.fund.years[0].tax, abs=1)
    books = wash.book([gained.run.ledger.tax_account], gained.run.log, choices=gained.run.ledger.choices, method="fifo")
    for year in gained.run.years:
        assert (year.short, year.long) == tuple(gains(books, year.year, term) for term in Term)
    # who stays pays it in the end: sold, both have paid
    assert gained.fund.standings[0].sold < plain.fund.standings[0].sold - D("0.15") * 50_000
    assert gained.fund.standings[0].kept == pytest.approx(plain.fund.standings[0].kept, rel=D("0.001"))


def test_what_a_fund_brings_is_invested_whatever_the_turnover_limit(market: Panel) -> None:
    """As with money paid in: [limits] turnover is not about the start."""
    wanted = made_up(initial=D(200_000), fund_gain=D(80_000), start=START, end=dt.date(2015, 3, 31))
    wanted = replace(wanted, limits=replace(wanted.limits, turnover=D("0.1")))
    made = study.case(market, wanted, "none", ShortLong()).run
    assert made.notes == ()
    assert made.looks[0].names == 11
    assert float(made.cash) < 0.02 * made.value[-1]


def test_a_gain_is_a_part_of_the_money(tmp_path: Path) -> None:
    base = ("backtest", "--synthetic", "--names", "11", "--years", "1", "--initial", "1000")
    refused = run(*base, "--fund-gain", "1001", folder=tmp_path, cache=tmp_path)
    assert refused.code == 2
    assert "--fund-gain is the part of --initial that is gain" in refused.err
    (tmp_path / "dicli.toml").write_text(f"{TOML}[backtest]\ninitial = 1000.0\nfund_gain = 1001.0\n", encoding="utf-8")
    with pytest.raises(PreferencesError, match="fund_gain is more than initial"):
        preferences.load(tmp_path, exports=False)


def test_every_lot_without_a_date_or_a_basis_is_named(tmp_path: Path, market: Panel) -> None:
    lots = HEAD + "N01,100,,30000,\nN02,40,2014-12-20,,\nN03,300,2012-02-01,20000,\n"
    with pytest.raises(InputError) as raised:
        opened(tmp_path, market, lots)
    said = [str(fault) for fault in raised.value.faults]
    assert len(said) == 2
    assert "main, N01: a lot of 100 shares has no date" in said[0]
    assert "main, N02: a lot of 40 shares has no basis" in said[1]
    assert all("--initial" in line for line in said)


def test_names_without_a_price_are_left_out_and_named(tmp_path: Path, market: Panel) -> None:
    wanted, found = opened(tmp_path, market, LOTS + "VTI,10,2013-01-02,900,\n")
    assert found.left_out == (f"left out, for they have no price on {START}: VTI",)
    made, _ = study.cases(market, wanted, found)
    notes = study.report(market, [made], wanted).notes
    assert any("VTI" in note for note in notes)
    assert any("it starts with 4 own lots of 3 names" in note for note in notes)


def test_an_account_with_nothing_to_replay_is_refused(tmp_path: Path, market: Panel) -> None:
    (tmp_path / "dicli.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "main_lots.csv").write_text(HEAD + "VTI,10,2013-01-02,900,\n", encoding="utf-8")
    wanted = preferences.load(tmp_path)
    first = market.row(START)
    with pytest.raises(InputError, match='account "main": it holds nothing on 2015-01-05 that can be replayed'):
        own_lots(household.load(wanted, START), managed_account(wanted), market, first)


def test_the_command_starts_from_the_lots_of_the_first_day(tmp_path: Path, market: Panel) -> None:
    portfolio(tmp_path)
    data = folder(tmp_path / "data", market)
    place = {"folder": tmp_path, "cache": tmp_path}
    base = ("backtest", "--data", str(data), "--harvest-every", "quarter", "--plan-every", "quarter")
    ran = run(*base, "--start", "2015-01-05", "--end", "2015-09-30", **place)
    assert ran.code == 0, ran.err
    assert "it starts with 4 own lots of 3 names" in ran.err
    vintages = run(*base, "--start-every", "year", **place)
    assert vintages.code == 2
    assert "Vintages start with cash" in vintages.err


def test_files_of_a_later_day_are_refused_with_what_to_do(tmp_path: Path, market: Panel) -> None:
    (tmp_path / "dicli.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "main.csv").write_text(
        "date,kind,symbol,quantity,amount\n2016-02-03,buy,N01,10,-900\n", encoding="utf-8"
    )
    data = folder(tmp_path / "data", market)
    ran = run("backtest", "--data", str(data), "--start", "2015-01-05", folder=tmp_path, cache=tmp_path)
    assert ran.code == 2
    assert "it holds nothing on 2015-01-05" in ran.err
    assert "--initial 1000000" in ran.err


def test_the_brokers_files_are_needed_for_own_lots_only(tmp_path: Path, market: Panel) -> None:
    (tmp_path / "dicli.toml").write_text(TOML, encoding="utf-8")
    base = ("backtest", "--data", str(folder(tmp_path / "data", market)), "--harvest-every", "quarter")
    dates = ("--plan-every", "quarter", "--start", "2015-01-05", "--end", "2015-06-30")
    place = {"folder": tmp_path, "cache": tmp_path}
    ran = run(*base, *dates, **place)
    assert ran.code == 2
    assert '"main*.csv" matches no file' in ran.err
    assert "or with cash (--initial 1000000)" in ran.err
    assert run(*base, *dates, "--initial", "100000", **place).code == 0
