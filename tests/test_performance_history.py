"""What an account held, day by day, out of its history: splits, transfers, corporate actions, what does not add up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dicli.backtest.figures import tracking_error
from dicli.errors import MarketError
from dicli.model import Account, AccountKind, Owner, Transaction, TransactionKind
from dicli.performance.closes import load
from dicli.performance.history import History, rebuild, together
from dicli.performance.rebuild import walk
from dicli.performance.record import Record, record
from dicli.performance.returns import annual, differences, drift_cost, links, money_weighted
from tests.folders import HISTORY, ONE, folder, read

DAYS = [dt.date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10)]
FIRST, LAST = DAYS[0], DAYS[-1]
PRICES = '[prices]\nsource = "csv"\nfile = "prices.csv"\n'
SECOND = '[[accounts]]\nname = "other"\nkind = "taxable"\nbroker_files = ["other*.csv"]\n'
FUND = "".join(f"FND,{day},10,0,\n" for day in DAYS)


def closes_of(symbol: str, closes: str, splits: str = "") -> str:
    """A close for each of the seven sessions, "-" for none; splits like "5:2": on the 5th, two for one."""
    ratios = dict(part.split(":") for part in splits.split())
    pairs = zip(DAYS, closes.split(), strict=True)
    return "".join(f"{symbol},{d},{c},,{ratios.get(str(d.day), '')}\n" for d, c in pairs if c != "-")


def built(
    path: Path,
    prices: str,
    rows: str,
    held: str | None,
    *,
    toml: str = "",
    start: dt.date | None = None,
    account: str = "main",
    fund: str = FUND,
    **files: str,
) -> History:
    place = folder(
        path / "portfolio",
        toml=ONE + PRICES + toml,
        prices="symbol,date,close,dividend,split\n" + prices + fund,
        main_history=HISTORY + rows,
        **({} if held is None else {"main_positions": "symbol,quantity,value\n" + held}),
        **files,
    )
    preferences, household = read(place, LAST)
    told = record(household, account, start)
    found = load(
        preferences, told.symbols(preferences.corporate_actions), "FND", told.first, told.last, store=path / "none"
    )
    return rebuild(told, household, found, preferences.corporate_actions)


def values(history: History) -> list[float]:
    return [round(value, 6) for value in history.value.tolist()]


BOUGHT = "2026-03-02,deposit,,,1000\n2026-03-02,buy,AAA,10,-1000\n"
END = "2026-03-10,interest,,,0\n"  # the history goes on to the last day


@pytest.mark.parametrize(
    ("closes", "splits"),
    [
        ("100 104 102 52 53 54 55", "5:2"),  # as traded, the split said
        ("50 52 51 52 53 54 55", "5:2"),  # on today's footing, the split said
        ("100 104 102 52 53 54 55", ""),  # as traded, nothing said
        ("50 52 51 52 53 54 55", ""),  # on today's footing, nothing said
    ],
)
def test_a_split_changes_no_value_whatever_the_prices_say_of_it(tmp_path: Path, closes: str, splits: str) -> None:
    made = built(
        tmp_path, closes_of("AAA", closes, splits), BOUGHT + "2026-03-05,split,AAA,10,\n" + END, "AAA,20,\nCASH,,0\n"
    )
    assert values(made) == [1000, 1040, 1020, 1040, 1060, 1080, 1100]
    assert made.known.all()


def test_a_split_booked_late_takes_effect_on_its_ex_date(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 104 102 52 53 54 55", "5:2")
    made = built(tmp_path, prices, BOUGHT + "2026-03-09,split,AAA,10,\n" + END, "AAA,20,\nCASH,,0\n")
    assert values(made) == [1000, 1040, 1020, 1040, 1060, 1080, 1100]


def test_a_split_after_the_history_is_none_of_its(tmp_path: Path) -> None:
    """The history ends on the 4th; the closes are on the footing of a split of the 5th."""
    made = built(
        tmp_path, closes_of("AAA", "50 52 51 52 53 54 55", "5:2"), BOUGHT + "2026-03-04,fee,,,0\n", "AAA,10,\n"
    )
    assert values(made) == [1000, 1040, 1020]


def test_a_split_that_only_the_prices_know_is_taken_from_them_and_said(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 104 102 52 53 54 55", "5:2")
    made = built(tmp_path, prices, BOUGHT + END, "AAA,20,\nCASH,,0\n")
    assert values(made) == [1000, 1040, 1020, 1040, 1060, 1080, 1100]
    assert "main: AAA: the history shows no split on 2026-03-05, the prices do (2 for 1): it is taken from them" in (
        made.notes
    )


def test_a_vendors_ratio_of_a_spin_off_is_no_split(tmp_path: Path) -> None:
    """The parent's price goes from 100 to 80, the child trades at 20: nothing was gained or lost."""
    kid = closes_of("KID", "- - - 20 20 20 20")
    rows = BOUGHT + "2026-03-05,other,KID,10,\n" + END
    for number, said in enumerate(("1.249", "1.25")):  # the second is one that a company might choose
        prices = closes_of("AAA", "100 100 100 80 80 80 80", f"5:{said}") + kid
        made = built(tmp_path / str(number), prices, rows, "AAA,10,\nKID,10,\nCASH,,0\n")
        assert values(made) == pytest.approx([1000] * 7)
    assert any("a split on 2026-03-05 without which the history adds up: it is none" in note for note in made.notes)


ACTION = '[[corporate_actions]]\nkind = "{}"\nsymbol = "AAA"\ndate = 2026-03-05\n'


def test_stated_actions_move_shares_where_no_row_does(tmp_path: Path) -> None:
    new = closes_of("AAA", "100 100 100 - - - -") + closes_of("NEW", "- - - 50 50 50 50")
    toml = ACTION.format("merger") + 'new_symbol = "NEW"\nratio = "2/1"\n'
    assert values(built(tmp_path / "a", new, BOUGHT + END, "NEW,20,\nCASH,,0\n", toml=toml)) == [1000] * 7
    spun = closes_of("AAA", "100 100 100 80 80 80 80") + closes_of("KID", "- - - 40 40 40 40")
    toml = ACTION.format("spinoff") + 'new_symbol = "KID"\nratio = "1/2"\nbasis_fraction = 0.2\n'
    assert values(built(tmp_path / "b", spun, BOUGHT + END, "AAA,10,\nKID,5,\nCASH,,0\n", toml=toml)) == [1000] * 7
    toml = ACTION.format("split") + 'ratio = "2/1"\n'
    for number, closes in enumerate(("100 100 100 50 50 50 50", "50 50 50 50 50 50 50")):
        split = closes_of("AAA", closes)
        made = built(tmp_path / f"c{number}", split, BOUGHT + END, "AAA,20,\nCASH,,0\n", toml=toml)
        assert values(made) == [1000] * 7


def test_a_name_from_before_a_rename_is_held_though_no_row_shows_it(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 101 102 - - - -") + closes_of("NEW", "- - - 103 104 105 106")
    toml = ACTION.format("rename") + 'new_symbol = "NEW"\n'
    made = built(tmp_path, prices, "2026-03-03,deposit,,,5\n" + END, "NEW,10,\nCASH,,5\n", toml=toml)
    assert values(made) == [1000, 1015, 1025, 1035, 1045, 1055, 1065]
    assert made.known.all()


def test_rows_of_a_stated_action_are_no_flow(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 100 100 - - - -") + closes_of("NEW", "- - - 50 50 50 50")
    toml = ACTION.format("merger") + 'new_symbol = "NEW"\nratio = "2/1"\n'
    rows = BOUGHT + "2026-03-05,transfer_out,AAA,-10,\n2026-03-06,transfer_in,NEW,20,\n" + END
    made = built(tmp_path, prices, rows, "NEW,20,\nCASH,,0\n", toml=toml)
    assert made.flows.tolist() == [1000, 0, 0, 0, 0, 0, 0]
    assert values(made)[-1] == 1000


def test_shares_that_come_and_go_are_flows_at_their_closes(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,transfer_in,AAA,5,900\n2026-03-06,transfer_out,AAA,-15,\n2026-03-09,buy,AAA,2,\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,2,\nCASH,,0\n")
    assert values(made) == [1000, 1040, 1530, 1545, 0, 212, 214]
    assert made.flows.tolist() == [1000, 0, 510, 0, -1575, 212, 0]  # what a row says they were worth is not cash
    found = links(made.value, made.flows, made.known)
    assert found.growth(0, 6) == pytest.approx(1.05 * 107 / 106 - 1)  # an empty account starts anew


def test_a_transfer_between_own_accounts_is_none_of_the_household(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,transfer_out,AAA,-10,\n" + END
    other = HISTORY + "2026-03-02,deposit,,,50\n2026-03-04,transfer_in,AAA,10,\n" + END
    given = {
        "toml": SECOND,
        "other_history": other,
        "other_positions": "symbol,quantity,value\nAAA,10,\nCASH,,50\n",
    }
    prices = closes_of("AAA", "100 104 102 103 105 106 107")
    one = built(tmp_path, prices, rows, "CASH,,0\n", **given)  # type: ignore[arg-type]
    two = built(tmp_path, prices, rows, "CASH,,0\n", account="other", **given)  # type: ignore[arg-type]
    assert (one.flows[2], two.flows[2]) == (-1020, 1020)
    both = together([one, two])
    assert both.flows.tolist() == [1050, 0, 0, 0, 0, 0, 0]
    assert values(both) == [1050, 1090, 1070, 1080, 1100, 1110, 1120]


def test_more_purchases_than_shares_are_named_and_leave_the_value_unknown(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,deposit,,,510\n2026-03-04,buy,AAA,5,-510\n" + END
    prices = closes_of("AAA", "100 104 102 103 105 106 107")
    with pytest.raises(
        MarketError, match=r"more shares bought than what is held and was sold explains, rows lack: AAA \(10, up to"
    ):
        built(tmp_path, prices, rows, "AAA,5,\nCASH,,0\n")


def test_shares_that_nothing_bought_count_from_the_beginning_and_are_named(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-02,dividend,AAA,,4\n2026-03-02,withdrawal,,,-4\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,13,\nCASH,,0\n")
    assert made.dividends == {}  # it was there on the evening of the opening
    assert (made.opening, values(made)[-1]) == (Decimal("1300.00"), 1391)
    assert "main: before its history begins it held 1,300.00 in AAA" in made.notes


def test_what_an_account_held_before_its_history_is_its_opening(tmp_path: Path) -> None:
    lots = "symbol,quantity,acquired,cost_basis\nAAA,10,2024-01-05,600\nAAA,5,2026-03-04,510\nBBB,20,2025-06-02,400\n"
    rows = "2026-03-04,buy,AAA,5,-510\n2026-03-06,sell,BBB,-10,210\n" + END
    prices = closes_of("AAA", "100 104 102 103 105 106 107") + closes_of("BBB", "20 20 20 20 21 21 21")
    sales = "symbol,quantity,acquired,sold,proceeds,cost_basis\nBBB,10,2025-06-02,2026-03-06,210,200\n"
    lots = lots.replace("BBB,20,2025-06-02,400", "BBB,10,2025-06-02,200")
    made = built(tmp_path, prices, rows, "AAA,15,\nBBB,10,\nCASH,,700\n", main_lots=lots, main_sales=sales)
    assert (made.dates[0], made.opening) == (dt.date(2026, 3, 3), Decimal("2440.00"))  # 1,040 + 400 + 1,000 of cash
    assert values(made) == [2440, 2420, 2435, 2485, 2500, 2515]
    assert made.own is not None
    assert [(lot.symbol, lot.date.year, lot.amount, worth) for lot, worth in made.own] == [
        ("AAA", 2024, 600, 1040),
        ("BBB", 2025, 200, 200),
        ("BBB", 2025, 200, 200),
    ]
    assert "main: before its history begins it held 2,440.00 in AAA, BBB" in made.notes


def test_without_lots_nothing_is_said_of_the_opening(tmp_path: Path) -> None:
    rows = "2026-03-04,buy,AAA,5,-510\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,15,\nCASH,,0\n")
    assert made.opening == Decimal("1550.00")
    assert made.own is None


def test_lots_that_are_not_those_of_the_opening_tell_nothing(tmp_path: Path) -> None:
    lots = "symbol,quantity,acquired,cost_basis\nAAA,9,2024-01-05,600\nAAA,5,2026-03-04,510\n"
    rows = "2026-03-04,buy,AAA,5,-510\n" + END
    prices = closes_of("AAA", "100 104 102 103 105 106 107")
    made = built(tmp_path, prices, rows, "AAA,15,\nCASH,,0\n", main_lots=lots)
    assert made.own is None


def test_shares_that_leave_without_a_price_leave_their_day_unknown(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-03,deposit,,,90\n2026-03-03,buy,BBB,9,-90\n2026-03-06,transfer_out,BBB,-9,\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,10,\nCASH,,0\n")
    assert made.known.tolist() == [True, False, False, False, False, True, True]
    alone = built(tmp_path / "b", closes_of("AAA", "100 104 102 103 105 106 107"), BOUGHT + END, "AAA,10,\nCASH,,0\n")
    assert together([alone, made]).known.tolist() == made.known.tolist()


def test_what_a_display_leaves_out_is_no_share(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,deposit,,,102\n2026-03-04,buy,AAA,1.0004,-102\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,11,\nCASH,,0\n")
    assert (made.opening, made.since) == (0, {"main": FIRST})


def test_without_positions_what_the_history_leaves_is_held(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,transfer_in,BBB,5,\n" + END  # no file tells where they came from, nor any lot
    prices = closes_of("AAA", "100 104 102 103 105 106 107") + closes_of("BBB", "10 10 10 10 10 10 11")
    assert values(built(tmp_path, prices, rows, None)) == [1000, 1040, 1070, 1080, 1100, 1110, 1125]


def test_a_brokers_own_price_stands_in_for_a_little(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,transfer_in,TINY,2,\n" + END
    made = built(
        tmp_path,
        closes_of("AAA", "100 104 102 103 105 106 107"),
        rows,
        None,
        main_positions="symbol,quantity,price,value\nAAA,10,107,1070\nTINY,2,3,6\nCASH,,,0\n",
    )
    assert made.flows.tolist() == [1000, 0, 6, 0, 0, 0, 0]
    assert made.known.all()


def test_the_fraction_of_a_spun_off_share_was_paid_in_cash(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 100 100 80 80 80 80") + closes_of("KID", "- - - 60 60 60 60")
    toml = ACTION.format("spinoff") + 'new_symbol = "KID"\nratio = "1/3"\nbasis_fraction = 0.2\n'
    rows = BOUGHT + "2026-03-05,other,,,20\n" + END
    made = built(tmp_path, prices, rows, "AAA,10,\nKID,3,\nCASH,,20\n", toml=toml)
    assert made.opening == 0
    assert values(made) == [1000] * 7


def test_what_was_booked_after_the_count_is_added_to_it() -> None:
    """Counted on the 6th: the split had taken effect on the 5th and was booked on the 9th, with a purchase."""

    def row(day: int, kind: TransactionKind, quantity: int) -> Transaction:
        return Transaction("main", dt.date(2026, 3, day), kind, "AAA", Decimal(quantity), Decimal(0))

    kinds = TransactionKind
    rows = (row(2, kinds.BUY, 10), row(9, kinds.SPLIT, 10), row(9, kinds.BUY, 3))
    account = Account("main", AccountKind.TAXABLE, Owner.YOU, True, True, None, (), "fifo")
    told = Record(account, FIRST, LAST, rows, {"AAA": Fraction(10)}, None, dt.date(2026, 3, 6))
    splits = {"AAA": [(dt.date(2026, 3, 5), Fraction(2))]}
    assert walk(told, DAYS, ["AAA"], splits, ()).shares[:, 0].tolist() == [10, 10, 10, 20, 20, 23, 23]
    booked = (row(2, kinds.BUY, 10), row(4, kinds.SPLIT, 10))  # before it takes effect, and in the count already
    early = Record(account, FIRST, LAST, booked, {"AAA": Fraction(20)}, None, dt.date(2026, 3, 4))
    assert walk(early, DAYS, ["AAA"], splits, ()).shares[:, 0].tolist() == [10, 10, 10, 20, 20, 20, 20]


def test_where_the_prices_begin_later_so_do_the_figures(tmp_path: Path) -> None:
    prices = closes_of("AAA", "- - 102 103 105 106 107")
    place = {"fund": "".join(f"FND,{day},10,0,\n" for day in DAYS[2:])}
    made = built(tmp_path, prices, BOUGHT + END, "AAA,10,\nCASH,,0\n", **place)
    assert (made.dates[0], made.opening) == (DAYS[2], 1020)
    assert "main: the history begins on 2026-03-02, the prices on 2026-03-04: so do the figures" in made.notes


def test_a_later_start_takes_the_account_as_it_stood(tmp_path: Path) -> None:
    prices = closes_of("AAA", "100 104 102 103 105 106 107")
    made = built(tmp_path, prices, BOUGHT + END, "AAA,10,\nCASH,,0\n", start=dt.date(2026, 3, 5))
    assert (made.dates[0], made.opening, made.flows.tolist()) == (dt.date(2026, 3, 4), 1020, [1020, 0, 0, 0, 0])
    assert made.since == {"main": dt.date(2026, 3, 5)}
    assert made.own is not None
    assert [(lot.date, lot.amount, worth) for lot, worth in made.own] == [(FIRST, 1000, 1020)]


def test_a_little_without_a_price_is_carried_and_said(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-03,deposit,,,9\n2026-03-03,buy,TINY,3,-9\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,10,\nTINY,3,\nCASH,,0\n")
    assert values(made) == [1000, 1049, 1029, 1039, 1059, 1069, 1079]  # at what was paid for it
    assert made.known.all()
    assert any("TINY (6 sessions from 2026-03-03 to 2026-03-10)" in note for note in made.notes)


def test_cash_that_no_file_tells_is_what_the_history_leaves(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-04,dividend,AAA,,7\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,10,\n")
    assert values(made) == [1000, 1040, 1027, 1037, 1057, 1067, 1077]
    assert any("no file tells its cash" in note for note in made.notes)


def test_cash_that_went_without_a_row_leaves_the_value_unknown(tmp_path: Path) -> None:
    rows = "2026-03-02,deposit,,,1600\n2026-03-02,buy,AAA,10,-1000\n" + END
    with pytest.raises(MarketError, match=r"600\.00 of cash came in that the history does not spend"):
        built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,10,\nCASH,,0\n")


def test_money_of_a_weekend_comes_with_the_next_session(tmp_path: Path) -> None:
    rows = BOUGHT + "2026-03-07,deposit,,,500\n" + END
    made = built(tmp_path, closes_of("AAA", "100 104 102 103 105 106 107"), rows, "AAA,10,\nCASH,,500\n")
    assert made.flows.tolist() == [1000, 0, 0, 0, 0, 500, 0]


# -- returns ------------------------------------------------------------------------------------------------------


def test_the_internal_rate_is_that_of_the_days() -> None:
    days = [dt.date(2025, 1, 1), dt.date(2025, 7, 1), dt.date(2026, 1, 1)]
    assert money_weighted(days, [100.0, 0.0, 0.0], 110.0) == pytest.approx(0.10)
    x = money_weighted(days, [100.0, 50.0, 0.0], 160.0)
    assert x is not None
    assert 100 * (1 + x) + 50 * (1 + x) ** (184 / 365) == pytest.approx(160.0)
    assert annual(0.21, 730) == pytest.approx(0.10)
    assert annual(0.21, 200) == 0.21
    assert money_weighted(days, [100.0, 0.0, -130.0], 0.0) == pytest.approx(0.30)


def test_where_there_is_no_rate_or_several_there_is_none() -> None:
    days = [dt.date(2025, 1, 1), dt.date(2025, 7, 2), dt.date(2026, 1, 1)]
    assert money_weighted(days, [-100.0, 0.0, 0.0], 10.0) is None  # only out
    assert money_weighted(days, [100.0, -230.0, 0.0], -132.0) is None  # 10 % and 20 % each half-year
    assert money_weighted(days[:1], [100.0], 100.0) is None


def test_only_sessions_whose_two_ends_are_known_are_compared() -> None:
    value = np.array([100.0, 110.0, 120.0, 121.0, 122.0])
    known = np.array([True, True, False, True, True])
    priced = np.array([True, True, True, True, True])
    found = links(value, np.zeros(5), known)
    fund = np.array([0.0, 0.01, 0.01, 0.01, 0.0])
    assert differences(found, fund, priced, 0, 4).tolist() == pytest.approx([0.1 - 0.01, 122 / 121 - 1])
    priced[3] = False
    assert differences(found, fund, priced, 0, 4).tolist() == pytest.approx([0.1 - 0.01])
    # over the gap the account earned a tenth, the fund two hundredths and a little
    cost = 100 * (0.01 - 0.1) + 110 * (1.01**2 - 1 - 0.1) + 121 * (0 - 1 / 121)
    assert drift_cost(found, value, fund, 0, 4) == pytest.approx(cost)


def test_a_tracking_error_needs_sixty_sessions() -> None:
    active = np.array([0.001, -0.001] * 30)
    assert tracking_error(active[:59]) is None
    assert tracking_error(active) == pytest.approx(0.001 * np.sqrt(60 / 59) * np.sqrt(252))
