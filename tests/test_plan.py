"""The plan keeps to what it was asked, buys nothing that it may not, and adds up to the share and the cent."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicli import plan as planner
from dicli.errors import InfeasiblePlan, PreferencesError
from dicli.household import Household
from dicli.market import benchmark as benchmarks
from dicli.model import Side
from dicli.plan import Plan, apply
from dicli.plan.losses import Status
from dicli.plan.taxes import Realised, TaxYear
from dicli.preferences import Preferences
from dicli.tax import harvest
from dicli.tax.books import decimal
from dicli.tax.ledger import Event, EventKind
from tests.folders import AS_OF, HEAD, HISTORY, IRA, LOTS, ONE, POSITIONS, folder, read

D = Decimal
SECTORS = ("Energy", "Utilities", "Materials", "Financials")
NAMES = tuple(f"Q{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWX")
PRICES = {name: D(20 + 7 * i) for i, name in enumerate(NAMES)}


class Fixed:
    """A market of one day's prices."""

    def __init__(self, prices: dict[str, Decimal]) -> None:
        self.prices = prices

    def close(self, symbol: str) -> Decimal | None:
        return self.prices.get(symbol)

    def returns(self, symbols: Sequence[str]) -> None:
        return None


def index_file() -> str:
    rows = [f"{name},{100 / len(NAMES):.6f},{SECTORS[i % 4]},{name} Corp" for i, name in enumerate(NAMES)]
    return "symbol,weight,sector,name\n" + "\n".join(rows) + "\n"


NOTHING = D(0)


def planned(place: Path, cash: Decimal = NOTHING, **prices: Decimal) -> tuple[Plan, Household, Preferences]:
    preferences, house = read(place)
    index = benchmarks.load(preferences.index, AS_OF, offline=True)
    market = Fixed({**PRICES, **prices})
    return planner.plan(house, index, market, preferences, AS_OF, cash_flow=cash), house, preferences


def lots_file(seed: int, names: Sequence[str] = NAMES, *, whole: bool = False) -> str:
    rng = random.Random(seed)
    out = []
    for name in names:
        for _ in range(rng.randint(1, 3)):
            day = AS_OF - dt.timedelta(days=rng.randint(31, 900))
            quantity = D(rng.randint(5, 60)) if whole else D(rng.randint(5_000, 60_000)) / 1000
            cost = (quantity * PRICES[name] * D(rng.randint(60, 150)) / 100).quantize(D("0.01"))
            out.append(f"{name},{quantity},{day},{cost}")
    return LOTS + "\n".join(out) + "\n"


def positions_of(lots: str, cash: int = 500) -> str:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for line in lots.splitlines()[1:]:
        symbol, quantity, *_ = line.split(",")
        held[symbol] += D(quantity)
    rows = "".join(f"{symbol},{quantity},{PRICES[symbol]},\n" for symbol, quantity in held.items())
    return POSITIONS + rows + f"CASH,,,{cash}\n"


def account(tmp: Path, seed: int = 1, *, toml: str = "", head: str = HEAD, whole: bool = False, **files: str) -> Path:
    lots = lots_file(seed, whole=whole)
    one = ONE + ("fractional = false\n" if whole else "")
    return folder(
        tmp, toml=one + toml, head=head, index=index_file(), main_lots=lots, main_positions=positions_of(lots), **files
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 10_000), cash=st.integers(-3000, 6000), whole=st.booleans())
def test_the_trades_applied_to_the_lots_give_the_stated_positions(
    tmp_path: Path, seed: int, cash: int, whole: bool
) -> None:
    place = account(tmp_path / f"{seed}-{cash}-{whole}", seed, whole=whole)
    made, house, _ = planned(place, D(cash))
    lots = {lot.id: lot.quantity for lot in house.lots}
    held: dict[str, Decimal] = defaultdict(Decimal)
    money = D(500) + cash
    for lot in house.lots:
        held[lot.symbol] += lot.quantity
    for trade in made.trades:
        assert trade.quantity > 0
        assert trade.value == (trade.quantity * trade.price).quantize(D("0.01"))
        if trade.side is Side.SELL:
            lots[trade.lot_id] -= trade.quantity
            assert lots[trade.lot_id] >= 0
            held[trade.symbol] -= trade.quantity
            money += trade.value
        else:
            held[trade.symbol] += trade.quantity
            money -= trade.value
        if whole:
            sold_out = held[trade.symbol] == 0
            assert sold_out or held[trade.symbol] == held[trade.symbol].to_integral_value()
    assert money >= 0
    assert made.cash == {"main": money}
    assert made.quantities == {("main", symbol): quantity for symbol, quantity in held.items() if quantity}
    assert made.gap <= 0.01 or whole
    bought = {t.symbol for t in made.trades if t.side is Side.BUY}
    assert not bought & {t.symbol for t in made.trades if t.side is Side.SELL}


def test_nothing_is_bought_whose_loss_was_taken_in_the_last_30_days_anywhere(tmp_path: Path) -> None:
    for days, may in ((30, False), (31, True)):
        day = AS_OF - dt.timedelta(days=days)
        spouse = '[[accounts]]\nname = "spouse"\nkind = "taxable"\nowner = "spouse"\nmanaged = false\n' \
            'broker_files = ["spouse.csv"]\n'  # fmt: skip
        rows = HISTORY + f"2026-01-05,buy,QF,10,-1000\n{day},sell,QF,-10,500\n"
        lots = lots_file(3, [name for name in NAMES if name != "QF"])
        place = folder(
            tmp_path / str(days),
            toml=ONE + spouse,
            index=index_file(),
            main_lots=lots,
            main_positions=positions_of(lots, 9000),
            spouse=rows,
        )
        made, _, _ = planned(place)
        assert any(t.symbol == "QF" for t in made.trades) is may


def test_a_loss_that_an_ira_purchase_would_lose_for_good_is_not_taken(tmp_path: Path) -> None:
    files = {"main": LOTS + "QD,100,2026-01-05,9000\n", "main_positions": POSITIONS + "QD,100,41,\nCASH,,,100\n"}
    free = folder(tmp_path / "free", toml=ONE, index=index_file(), **files)
    ira = HISTORY + "2026-11-12,buy,QD,100,-4200\n"
    bound = folder(tmp_path / "bound", toml=ONE + IRA, index=index_file(), ira=ira, **files)
    losses = {loss.status for loss in planned(free)[0].losses}
    assert losses == {Status.CLEAR}
    made = planned(bound)[0]
    assert {loss.status for loss in made.losses} == {Status.PERMANENT}
    assert "100 bought 2026-11-12 in ira, a roth_ira: lost for good (R-IRA)" in made.losses[0].reason


def test_a_harvest_says_how_much_of_its_loss_is_allowed(tmp_path: Path) -> None:
    files = {"main_lots": LOTS + "QD,100,2024-01-05,8200\n", "ira": HISTORY + "2026-11-12,buy,QD,10,-410\n"}
    head = HEAD.replace("[tax]", '[screens]\nexclude = ["QD"]\n[tax]')
    made, _, _ = planned(folder(tmp_path, toml=ONE + IRA, head=head, index=index_file(), **files))
    (sale,) = (t for t in made.trades if t.side is Side.SELL)
    assert sale.gain == -4100
    assert sale.reasons[0] == "harvest: a long-term loss of $4,100.00, $3,690.00 of it allowed"
    assert "wash sale: $410.00 of the loss is lost for good" in sale.reasons


def test_what_the_screens_exclude_is_sold_and_not_bought(tmp_path: Path) -> None:
    head = HEAD.replace("[tax]", '[screens]\nexclude = ["QB"]\nexclude_sectors = ["Materials"]\n[tax]')
    made, _, _ = planned(account(tmp_path, head=head))
    gone = {"QB", *(name for i, name in enumerate(NAMES) if i % 4 == 2)}
    assert not gone & {symbol for _, symbol in made.quantities}
    reasons = {reason for t in made.trades if t.symbol == "QC" for reason in t.reasons}
    assert "screen: sector Materials is excluded" in reasons


def test_limits_hold(tmp_path: Path) -> None:
    head = HEAD.replace(
        "[tax]", "[limits]\nmax_weight = 0.06\nturnover = 0.03\nmin_trade = 200\ngains_budget = 150\n[tax]"
    )
    made, _, _ = planned(account(tmp_path, seed=5, head=head.replace("max_weight = 0.06\n", "")))
    assert made.turnover <= D("0.03005")
    assert made.realised.short + made.realised.long <= D("150.5")
    by_name: dict[str, Decimal] = defaultdict(Decimal)
    for trade in made.trades:
        by_name[trade.symbol] += trade.value
    held = {symbol for _, symbol in made.quantities}
    assert all(value >= D("199.9") for symbol, value in by_name.items() if symbol in held)
    capped, _, _ = planned(
        account(tmp_path / "cap", seed=5, head=HEAD.replace("[tax]", "[limits]\nmax_weight = 0.06\n[tax]"))
    )
    value = sum(q * PRICES[s] for (_, s), q in capped.quantities.items()) + sum(capped.cash.values())
    assert all(q * PRICES[s] / value <= D("0.0601") for (_, s), q in capped.quantities.items())


def test_a_position_held_away_is_completed(tmp_path: Path) -> None:
    away = '[[held_away]]\nsymbol = "QA"\nquantity = 500\n'
    made, _, _ = planned(account(tmp_path, toml=away))
    target = dict(zip(made.setting.universe.symbols, made.setting.target.weight, strict=True))
    assert target["QA"] == 0.0
    # what moves with it, its sector, is held less of than the rest
    energy = np.mean([target[name] for i, name in enumerate(NAMES) if i % 4 == 0 and i])
    others = np.mean([target[name] for i, name in enumerate(NAMES) if i % 4])
    assert energy < others


def test_a_symbol_without_a_price_is_named_and_left_alone(tmp_path: Path) -> None:
    lots = LOTS + "ZZZ,10,2024-01-05,100\nNA,10,2024-01-05,100\n"
    positions = POSITIONS + "ZZZ,10,,\nNA,10,20,200\nCASH,,,100\n"
    place = folder(tmp_path, index=index_file(), main_lots=lots, main_positions=positions)
    made, _, _ = planned(place)
    assert "no price for ZZZ: it is left out of values and trades" in made.notes
    assert made.quantities["main", "ZZZ"] == 10
    assert not any(t.symbol == "ZZZ" for t in made.trades)


def test_a_symbol_that_does_not_add_up_is_left_alone_and_the_rest_goes_on(tmp_path: Path) -> None:
    lots = lots_file(4)
    positions = positions_of(lots).replace("QH,", "QH,1")  # a hundred shares more, or so
    place = folder(tmp_path, index=index_file(), main_lots=lots, main_positions=positions)
    made, house, _ = planned(place)
    assert [d.symbol for d in house.discrepancies] == ["QH"]
    assert made.trades
    assert not any(t.symbol == "QH" for t in made.trades)


def test_a_lot_of_unknown_date_is_never_sold(tmp_path: Path) -> None:
    place = folder(tmp_path, index=index_file(), main=POSITIONS + "QD,100,41,\nCASH,,,100\n")
    made, _, _ = planned(place)
    assert not [t for t in made.trades if t.side is Side.SELL]
    assert {loss.status for loss in made.losses} == {Status.UNKNOWN}


def test_an_undated_lot_says_what_it_has_lost_as_a_whole(tmp_path: Path) -> None:
    """A holder of a hundred old names in gain looks for the two that are not."""
    rows = "symbol,quantity,price,value,basis\nQD,100,41,,9000\nQE,100,48,,1000\nCASH,,,100,\n"
    made, _, _ = planned(folder(tmp_path, index=index_file(), main=rows))
    said = {loss.symbol: loss.reason.partition("; ")[0] for loss in made.losses}
    assert said == {"QD": "a loss of 4,900.00 as a whole", "QE": "a gain of 3,800.00 as a whole"}


def test_a_withdrawal_of_more_than_there_is_cannot_be_planned(tmp_path: Path) -> None:
    with pytest.raises(InfeasiblePlan) as error:
        planned(account(tmp_path), D(-10_000_000))
    assert "and 10,000,000.00 are to go out. Take out less." in str(error.value)


@pytest.mark.parametrize("flow", [D(-6000), D(6000)])
def test_what_is_held_today_is_told_before_money_comes_or_goes(tmp_path: Path, flow: Decimal) -> None:
    """The money is still there when the plan is made: no name is at 46 % today because of a withdrawal to come."""
    place = account(tmp_path, seed=3)
    before, _, _ = planned(place)
    after, _, _ = planned(place, cash=flow)
    assert after.tracking_before == pytest.approx(before.tracking_before, rel=1e-9)
    held = {symbol: f"{before.setting.weight_today()[i]:.2%}" for symbol, i in before.setting.universe.places.items()}
    told = [(t.symbol, reason) for t in after.trades for reason in t.reasons if "% held, target" in reason]
    assert told
    assert all(f" {held[symbol]} held" in reason for symbol, reason in told)
    if flow < 0:
        assert any("cash: with $6,000.00 going out" in reason for t in after.trades for reason in t.reasons)


def test_a_withdrawal_of_more_than_the_account_that_it_comes_from_is_said(tmp_path: Path) -> None:
    second = ONE.replace('"main"', '"second"').replace("main*", "second*")
    small = {"main_positions": POSITIONS + "CASH,,,500\n", "second_positions": POSITIONS + "CASH,,,90000\n"}
    place = folder(tmp_path, toml=ONE + second, index=index_file(), **small)
    said = r'account "main": it holds 500\.00 dollars, and 2,000\.00 are to go out\. Take out less, or put another'
    with pytest.raises(InfeasiblePlan, match=said):
        planned(place, cash=D(-2000))


def test_a_sector_that_no_name_has_is_a_typo(tmp_path: Path) -> None:
    head = HEAD.replace("[tax]", '[screens]\nexclude_sectors = ["Enregy"]\n[tax]')
    with pytest.raises(PreferencesError, match=r'the sector "Enregy"\. Did you mean "Energy"\?'):
        planned(account(tmp_path, head=head))


def test_the_tax_of_the_plan_is_the_engines_and_its_shares_add_up(tmp_path: Path) -> None:
    made, _, _ = planned(account(tmp_path, seed=9))
    shares = [t.tax for t in made.trades if t.tax is not None]
    assert shares
    assert sum(shares) == made.tax
    assert made.tax == made.year.tax(made.realised).now


def test_no_gain_saves_tax_and_no_loss_costs_any(tmp_path: Path) -> None:
    """Losses at the short-term rate against gains at the long-term one: the whole can cost where the sum by marginal
    rates saves, and shares in proportion to those would have every sign the wrong way round.
    """
    rows = "AAA,100,2026-08-03,6000\nBBB,100,2020-01-02,1000\n"
    head = HEAD.replace("150000", "61000") + "state_rate = 0.05\nshort_term_gains = 650\n"
    preferences, house = read(folder(tmp_path, head=head, main_lots=LOTS + rows))
    year = TaxYear.of(house, preferences, AS_OF)
    sales = [
        Event("loss", EventKind.SELL, AS_OF, "main", "AAA", D(100), D(4000), lots=((house.lots[0].id, D(100)),)),
        Event("gain", EventKind.SELL, AS_OF, "main", "BBB", D(100), D(3400), lots=((house.lots[1].id, D(100)),)),
    ]
    booked = harvest.what_if(house.tax_accounts, house.events, sales, method=house.methods).realized
    assert {row.sale: decimal(row.gain) for row in booked} == {"loss": -2000, "gain": 2400}
    shares = year.shares(booked)
    assert shares["loss"] < 0 < shares["gain"]
    assert sum(shares.values()) == year.tax(Realised.of(booked)).now


def test_applying_trades_that_take_too_much_is_an_error(tmp_path: Path) -> None:
    made, house, _ = planned(account(tmp_path))
    with pytest.raises(ArithmeticError, match="less than nothing"):
        apply(house, made.setting.cash, [*made.trades, *made.trades, *made.trades, *made.trades])


def test_the_same_inputs_give_the_same_plan(tmp_path: Path) -> None:
    place = account(tmp_path, seed=12)
    assert planned(place)[0].trades == planned(place)[0].trades


def test_a_harvest_that_depends_on_days_without_files_is_unknown(tmp_path: Path) -> None:
    files = {"main": LOTS + "QD,100,2026-01-05,9000\n", "main_positions": POSITIONS + "QD,100,41,\nCASH,,,100\n"}
    place = folder(tmp_path, toml=ONE + IRA, index=index_file(), ira=HISTORY + "2026-01-05,buy,QB,1,-9\n", **files)
    made, _, _ = planned(place)
    (loss,) = made.losses
    assert loss.status is Status.UNKNOWN
    assert loss.reason == "no file tells what ira bought from 2026-10-21 to 2026-11-20"
    assert not any("harvest" in reason for trade in made.trades for reason in trade.reasons)


def test_several_managed_accounts_are_planned_together(tmp_path: Path) -> None:
    """The taxable account harvests; the IRA completes it, and buys nothing whose loss was just taken."""
    managed_ira = IRA.replace("managed = false", "managed = true")
    losing = LOTS + "QB,300,2026-01-05,20000\nQC,200,2024-01-05,5000\n"
    taxable = POSITIONS + f"QB,300,{PRICES['QB']},\nQC,200,{PRICES['QC']},\nCASH,,,20000\n"
    place = folder(
        tmp_path,
        toml=ONE + managed_ira,
        index=index_file(),
        main_lots=losing,
        main_positions=taxable,
        ira=POSITIONS + f"QA,100,{PRICES['QA']},\nCASH,,,30000\n",
        ira_history=HISTORY + "2026-01-05,buy,QA,100,-2000\n2026-11-19,dividend,QA,,1\n",
    )
    made, house, _ = planned(place)
    assert [part.account.name for part in made.parts] == ["main", "ira"]
    sold_at_a_loss = {t.symbol for t in made.trades if t.account == "main" and (t.gain or 0) < 0}
    assert "QB" in sold_at_a_loss
    assert not any(t.symbol in sold_at_a_loss and t.side is Side.BUY for t in made.trades)
    assert "QB is sold at a loss in this plan" in made.parts[1].sleeve.blocked["QB"]
    assert all(amount >= 0 for amount in made.cash.values())
    assert all(t.gain is None and t.tax is None for t in made.trades if t.account == "ira")
    assert {"main", "ira"} == {t.account for t in made.trades}
    assert made.tracking_after < made.tracking_before
    assert made.quantities == apply(house, made.setting.cash, made.trades)[0]


def test_no_account_takes_a_loss_on_what_another_buys_in_the_same_plan(tmp_path: Path) -> None:
    """The first account has cash for every name, the spouse's a losing lot of one: sold, it would be washed at once."""
    spouse = ONE.replace('"main"', '"spouse"').replace("main*", "theirs*") + 'owner = "spouse"\n'
    place = folder(
        tmp_path,
        toml=ONE + spouse,
        index=index_file(),
        main_lots=LOTS + "QA,10,2024-01-05,100\n",
        main_positions=POSITIONS + f"QA,10,{PRICES['QA']},\nCASH,,,40000\n",
        theirs_lots=LOTS + "QB,300,2026-01-05,20000\nQC,200,2024-01-05,5000\n",
        theirs_positions=POSITIONS + f"QB,300,{PRICES['QB']},\nQC,200,{PRICES['QC']},\nCASH,,,500\n",
    )
    made, _, _ = planned(place)
    bought = {t.symbol for t in made.trades if t.side is Side.BUY}
    assert "QB" in bought
    assert not [t for t in made.trades if t.side is Side.SELL and (t.gain or 0) < 0 and t.symbol in bought]
    assert not any("wash sale" in reason for t in made.trades for reason in t.reasons)
    (lot,) = made.parts[1].sleeve.stay
    assert "QB" in lot


def test_what_is_identical_to_a_loss_taken_is_not_bought(tmp_path: Path) -> None:
    files = {
        "main_lots": LOTS + "QB,300,2026-01-05,20000\n",
        "main_positions": POSITIONS + f"QB,300,{PRICES['QB']},\nCASH,,,20000\n",
    }
    apart = planned(folder(tmp_path / "apart", toml=ONE, index=index_file(), **files))[0]
    assert any(t.symbol == "QF" and t.side is Side.BUY for t in apart.trades)
    alike = ONE + '[identical]\ngroups = [["QB", "QF"]]\n'
    one = planned(folder(tmp_path / "alike", toml=alike, index=index_file(), **files))[0]
    assert any(t.symbol == "QB" and (t.gain or 0) < 0 for t in one.trades)
    assert not any(t.symbol == "QF" for t in one.trades)


def test_do_not_sell_and_do_not_buy_are_kept_to(tmp_path: Path) -> None:
    limits = '[limits]\ndo_not_sell = ["QD"]\ndo_not_buy = ["QE", "QF"]\nmax_weight = 0.05\n[tax]'
    made, _, _ = planned(account(tmp_path, seed=21, head=HEAD.replace("[tax]", limits)))
    assert not any(t.symbol == "QD" and t.side is Side.SELL for t in made.trades)
    assert not any(t.symbol in ("QE", "QF") and t.side is Side.BUY for t in made.trades)


def test_a_tracking_cap_holds_against_the_benchmark(tmp_path: Path) -> None:
    free, _, _ = planned(
        account(tmp_path / "free", seed=3, head=HEAD.replace("[tax]", "[limits]\ntracking = 1\n[tax]"))
    )
    cap = free.tracking_after * 0.7
    head = HEAD.replace("[tax]", f"[limits]\ntracking = 1\nmax_tracking_error = {cap:.6f}\n[tax]")
    made, _, _ = planned(account(tmp_path / "capped", seed=3, head=head))
    assert made.tracking_after <= cap * 1.001
    assert made.gap < 0.002


def test_no_more_names_than_asked_for_or_the_plan_says_why(tmp_path: Path) -> None:
    head = HEAD.replace('benchmark = "index.csv"', 'benchmark = "index.csv"\nmax_names = 10')
    made, _, _ = planned(account(tmp_path, seed=6, head=head))
    assert len({symbol for _, symbol in made.quantities}) <= 10
    tight = head.replace("[tax]", "[limits]\nturnover = 0.05\n[tax]")
    made, _, _ = planned(account(tmp_path / "tight", seed=6, head=tight))
    assert len({symbol for _, symbol in made.quantities}) > 10
    assert any("more than index.max_names = 10: fewer cannot be had" in note for note in made.notes)


def test_a_tracking_cap_below_what_the_screens_leave_is_infeasible(tmp_path: Path) -> None:
    head = HEAD.replace("[tax]", '[screens]\nexclude_sectors = ["Energy"]\n[limits]\nmax_tracking_error = 0.001\n[tax]')
    with pytest.raises(InfeasiblePlan, match=r"limits\.max_tracking_error: no plan keeps to 0\.10% a year"):
        planned(account(tmp_path, head=head))


def test_a_withdrawal_may_be_traded_whatever_the_turnover_limit(tmp_path: Path) -> None:
    head = HEAD.replace("[tax]", "[limits]\nturnover = 0.001\ncash = { target = 0.0 }\n[tax]")
    place = account(tmp_path, head=head)
    value = planned(place)[0].setting.value
    made, _, _ = planned(place, -value / 4)
    sold = sum(t.value for t in made.trades if t.side is Side.SELL)
    assert sold >= value / 4 - 600


def test_the_certificate_holds_no_made_up_money_where_not_all_that_is_forbidden_can_be_sold(tmp_path: Path) -> None:
    head = HEAD.replace(
        "[tax]", '[screens]\nexclude_sectors = ["Energy"]\n[limits]\nturnover = 0.03\ncash = { target = 0.0 }\n[tax]'
    )
    made, _, _ = planned(account(tmp_path, seed=5, head=head))
    (part,) = made.parts
    assert any("keeps some of what screens and caps forbid" in note for note in made.notes)
    solution, limits = part.solution, 80.0
    costs = float(made.costs) / made.setting.whole
    assert solution.trading == pytest.approx(costs, rel=0.02)
    assert solution.cost == pytest.approx(solution.tax + solution.tracking + solution.trading, abs=1e-9)
    assert solution.tracking == pytest.approx(limits * solution.tracking_error**2, rel=1e-6)
    assert solution.bound <= solution.cost
    spent = float(sum(t.value for t in made.trades if t.side is Side.BUY))
    assert spent == pytest.approx(solution.trade[solution.trade > 0.0].sum() * made.setting.whole, rel=1e-3)
