"""dicli performance, by hand: a few sessions whose every figure can be reckoned on paper."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dicli.errors import Fault, MarketError
from dicli.market import calendar
from dicli.market.series import Series
from dicli.market.store import Store
from dicli.performance.realised import tax_by_year, tax_of
from dicli.preferences import FilingStatus, Tax
from tests.folders import HEAD, HISTORY, ONE, folder, read
from tests.program import Ran, run

DAYS = [dt.date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10)]
PRICES = '[prices]\nsource = "csv"\nfile = "prices.csv"\n'
IRA = '[[accounts]]\nname = "ira"\nkind = "roth_ira"\nmanaged = false\nbroker_files = ["ira*.csv"]\n'
AAA = ("100", "110", "110", "55", "55", "55", "60.5")  # two for one on the 5th
BBB = ("50", "50", "49", "49", "49", "40", "41")
FUND = ("10", "10.2", "10", "10", "10", "9.5", "9.5")  # 20 cents of dividend on the 4th
MAIN = f"""{HISTORY}\
2026-03-02,deposit,,,10000
2026-03-02,buy,AAA,50,-5000
2026-03-02,buy,BBB,100,-5000
2026-03-04,dividend,BBB,100,100
2026-03-05,split,AAA,50,
2026-03-06,deposit,,,2100
2026-03-09,sell,BBB,-100,4000
2026-03-10,interest,,,0
"""
POSITIONS = "symbol,quantity,value\nAAA,100,\nCASH,,6200\n"
IN_THE_IRA = f"{HISTORY}2026-03-02,deposit,,,5000\n2026-03-10,buy,BBB,40,-1640\n"


def prices(**changes: tuple[str, ...]) -> str:
    """Closes as traded; an empty one is left out."""
    rows = ["symbol,date,close,dividend,split"]
    for symbol, closes in {"AAA": AAA, "BBB": BBB, "FND": FUND, **changes}.items():
        for day, close in zip(DAYS, closes, strict=True):
            split = "2" if symbol == "AAA" and day.day == 5 else ""
            paid = "0.2" if symbol == "FND" and day.day == 4 else ""
            if close:
                rows.append(f"{symbol},{day},{close},{paid},{split}")
    return "\n".join(rows) + "\n"


def portfolio(path: Path, *, toml: str = ONE + IRA + PRICES, **files: str) -> Path:
    given = {"main_history": MAIN, "main_positions": POSITIONS, "ira_history": IN_THE_IRA, "prices": prices(), **files}
    return folder(path / "portfolio", toml=toml, **given)


def performance(place: Path, *arguments: str) -> Ran:
    words = (*arguments, "--as-of", "2026-03-10", "--offline", "--fund", "FND")
    return run("performance", *words, folder=place, cache=place / "cache")


def rows(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran
    return list(csv.DictReader(io.StringIO(ran.out)))


def close_to(text: str, value: float) -> bool:
    return float(text) == pytest.approx(value, abs=6e-7)


def test_every_figure_by_hand(tmp_path: Path) -> None:
    year, whole = rows(performance(portfolio(tmp_path)))
    assert (year["account"], year["year"], whole["year"]) == ("main", "2026", "all")
    assert {**year, "year": "all"} == whole
    assert (whole["start"], whole["end"], whole["sessions"], whole["unknown"]) == ("2026-03-02", "2026-03-10", "7", "0")
    assert (whole["value_start"], whole["flows"], whole["value"]) == ("0", "12100", "12250")
    assert close_to(whole["time_weighted"], 1.05 * (11_700 / 12_600) * (12_250 / 11_700) - 1)
    half = (-2_100 + (2_100**2 + 4 * 10_000 * 12_250) ** 0.5) / 20_000  # 10,000 y² + 2,100 y = 12,250: half-way
    assert close_to(whole["money_weighted"], half**2 - 1)
    assert close_to(whole["fund_time_weighted"], 1.02 * 0.95 - 1)
    assert close_to(whole["tracking_difference"], 1.05 * 12_250 / 12_600 - 1.02 * 0.95)
    assert whole["tracking_error"] == ""  # of seven sessions there is none
    # 10,000 (2 % - 5 %) + 12,600 (-5 % + 900/12,600) + 11,700 (0 - 550/11,700)
    assert whole["drift_cost"] == "-580"
    assert (whole["short"], whole["long"], whole["short_losses"]) == ("-600", "0", "600")  # 40 of 100 washed by the IRA
    assert whole["dividends"] == "100"
    assert whole["tax"] == str(Decimal("-600") * Decimal("0.24") + 15).removesuffix(".00")
    assert whole["fund_tax"] == "0"  # its quarter has not ended
    mean = (10_000 + 3 * 10_500 + 12_600 + 11_700 + 12_250) / 7
    assert close_to(whole["tax_alpha"], 129 / (mean * 7 / 252))
    assert whole["delivered"] == "709"


def test_the_fund_takes_the_same_money_at_its_closes(tmp_path: Path) -> None:
    place = portfolio(tmp_path, toml=ONE + IRA + PRICES + "[costs]\nhalf_spread = 0\n")
    (_, whole) = rows(performance(place))
    # a share bought on the 2nd has earned 1.02 × 0.95; one of the 6th 0.95
    assert float(whole["fund_value"]) == pytest.approx(10_000 * 1.02 * 0.95 + 2_100 * 0.95, abs=0.01)
    z = (-2_100 + (2_100**2 + 4 * 10_000 * (10_000 * 1.02 * 0.95 + 2_100 * 0.95)) ** 0.5) / 20_000
    assert float(whole["fund_money_weighted"]) == pytest.approx(z**2 - 1, abs=2e-6)


def test_a_fee_charged_outside_comes_off_net_and_delivered_only(tmp_path: Path) -> None:
    place = portfolio(tmp_path)
    plain, charged = rows(performance(place))[1], rows(performance(place, "--fee", "0.0252"))[1]
    mean = (10_000 + 3 * 10_500 + 12_600 + 11_700 + 12_250) / 7
    assert float(charged["outside_fee"]) == pytest.approx(6 * 0.0001 * mean, abs=0.005)
    assert close_to(charged["net"], 1.05 * 12_250 / 12_600 * 0.9999**6 - 1)
    assert Decimal(charged["delivered"]) == Decimal(plain["delivered"]) - Decimal(charged["outside_fee"])
    changed = {name for name in plain if plain[name] != charged[name]}
    assert changed == {"net", "outside_fee", "delivered"}
    assert plain["net"] == plain["time_weighted"]
    meant = performance(place, "--fee", "0.4")  # 0.4 is 40 %
    assert meant.code == 2
    assert "--fee is a fraction between 0 and 0.05" in meant.err


def test_a_fee_in_the_history_is_in_the_returns_and_shown(tmp_path: Path) -> None:
    charged = MAIN + "2026-03-10,fee,,,-25\n"
    held = POSITIONS.replace("6200", "6175")
    whole = rows(performance(portfolio(tmp_path, main_history=charged, main_positions=held)))[1]
    assert (whole["fees"], whole["value"], whole["flows"]) == ("25", "12225", "12100")
    assert close_to(whole["time_weighted"], 1.05 * 12_225 / 12_600 - 1)


def test_an_unknown_day_without_a_flow_is_linked_over(tmp_path: Path) -> None:
    place = portfolio(tmp_path, prices=prices(BBB=("50", "50", "", "49", "49", "40", "41")))
    ran = performance(place, "-f", "json")
    whole = json.loads(ran.out)["performance"][1]
    assert whole["unknown"] == "1"
    assert close_to(whole["time_weighted"], 1.05 * 12_250 / 12_600 - 1)
    assert any("BBB (2026-03-04)" in note for note in json.loads(ran.out)["notes"])
    assert whole["tax_alpha"] is None  # of its mean value a day in seven is missing: more than a tenth
    assert whole["tax"] is not None


def test_money_on_a_day_of_unknown_value_leaves_the_return_unknown(tmp_path: Path) -> None:
    place = portfolio(tmp_path, prices=prices(BBB=("50", "50", "49", "49", "", "40", "41")))
    ran = performance(place, "-f", "json")
    whole = json.loads(ran.out)["performance"][1]
    assert [
        whole[name] for name in ("time_weighted", "money_weighted", "tracking_difference", "drift_cost", "net")
    ] == [None] * 5
    assert whole["delivered"] is None
    assert (whole["value"], whole["tax"]) == ("12250", "-129")  # what does not depend on it is known
    notes = json.loads(ran.out)["notes"]
    assert any("BBB (2026-03-06)" in note for note in notes)
    assert any("its value is not known on 2026-03-06, when money moved" in note for note in notes)


def test_a_history_after_the_day_asked_for_is_said_as_that(tmp_path: Path) -> None:
    place = portfolio(tmp_path)
    words = ("--as-of", "2025-01-02", "--offline", "--fund", "FND")
    ran = run("performance", *words, folder=place, cache=place / "cache")
    assert ran.code == 2
    assert 'account "main": its history begins on 2026-03-02, after --as-of 2025-01-02. Look from that day' in ran.err
    late = performance(place, "--start", "2026-04-01")
    assert late.code == 2
    assert "--start: 2026-04-01 is after the history" in late.err


def test_a_day_without_a_close_of_the_fund_is_said(tmp_path: Path) -> None:
    closes = prices(FND=(*FUND[:4], "", *FUND[5:]))
    made = json.loads(performance(portfolio(tmp_path, prices=closes), "-f", "json").out)
    assert "FND has no close on 2026-03-06: money waits for its next one" in made["notes"]
    assert close_to(made["performance"][1]["fund_time_weighted"], 1.02 * 0.95 - 1)
    bare = "".join(row for row in prices().splitlines(keepends=True) if "2026-03-05" not in row)
    made = json.loads(performance(portfolio(tmp_path / "bare", prices=bare), "-f", "json").out)
    assert "there is no price at all of 2026-03-05" in made["notes"]


def test_a_last_day_of_unknown_value_has_no_value(tmp_path: Path) -> None:
    place = portfolio(tmp_path, prices=prices(AAA=("100", "110", "110", "55", "55", "55", "")))
    whole = rows(performance(place))[1]
    assert (whole["value"], whole["time_weighted"], whole["unknown"]) == ("", "", "1")


def test_an_ira_has_returns_and_no_tax(tmp_path: Path) -> None:
    held = "symbol,quantity,value\nBBB,40,\nCASH,,3360\n"
    made = rows(performance(portfolio(tmp_path, ira_positions=held), "--account", "ira"))
    assert {one["account"] for one in made} == {"ira"}
    whole = made[-1]
    assert (whole["value"], whole["flows"]) == ("5000", "5000")
    assert [whole[name] for name in ("tax", "fund_tax", "tax_alpha", "short", "long_losses")] == [""] * 5
    assert Decimal(whole["delivered"]) == -Decimal(whole["drift_cost"])


def test_accounts_together_are_the_household(tmp_path: Path) -> None:
    held = "symbol,quantity,value\nBBB,40,\nCASH,,3360\n"
    place = portfolio(tmp_path, ira_positions=held)
    made = rows(performance(place, "--account", "main", "--account", "ira"))
    assert [(one["account"], one["year"]) for one in made] == [
        (name, year) for name in ("main", "ira", "household") for year in ("2026", "all")
    ]
    main, ira, both = (one for one in made if one["year"] == "all")
    for name in ("value", "flows", "dividends"):
        assert Decimal(both[name]) == Decimal(main[name]) + Decimal(ira[name])
    assert float(both["fund_value"]) == pytest.approx(float(main["fund_value"]) + float(ira["fund_value"]), abs=0.01)
    assert (both["tax"], both["short"], both["fund_tax"]) == (main["tax"], main["short"], main["fund_tax"])
    growth = (15_500 / 15_000) * (16_700 / 17_600) * (17_250 / 16_700)
    assert close_to(both["time_weighted"], growth - 1)


def test_together_ends_where_the_first_account_does(tmp_path: Path) -> None:
    """The IRA's files end on the 6th; what the other account got after that is in its own figures only."""
    ends = HISTORY + "2026-03-02,deposit,,,5000\n2026-03-06,interest,,,0\n"
    paid = MAIN.replace("2026-03-10,interest,,,0", "2026-03-10,dividend,AAA,,8")
    held = {"main_positions": POSITIONS.replace("6200", "6208"), "ira_positions": "symbol,quantity,value\nCASH,,5000\n"}
    place = portfolio(tmp_path, main_history=paid, ira_history=ends, **held)
    made = rows(performance(place, "--account", "main", "--account", "ira"))
    main, _, both = (one for one in made if one["year"] == "all")
    assert (main["end"], main["dividends"], main["short_losses"]) == ("2026-03-10", "108", "1000")
    assert (both["end"], both["dividends"], both["short_losses"]) == ("2026-03-06", "100", "0")
    assert both["value"] == "17600"


def test_together_counts_from_where_all_accounts_are_known(tmp_path: Path) -> None:
    """The IRA's history begins on the 6th with what it held already: before that nobody knows the household's value."""
    late = HISTORY + "2026-03-06,dividend,BBB,,4\n2026-03-10,interest,,,0\n"
    held = "symbol,quantity,value\nBBB,40,\nCASH,,3364\n"
    lots = "symbol,quantity,acquired,cost_basis\nBBB,40,2025-01-02,1000\n"
    place = portfolio(tmp_path, ira_history=late, ira_positions=held, ira_lots=lots)
    made = rows(performance(place, "--account", "main", "--account", "ira"))
    main, ira, both = (one for one in made if one["year"] == "all")
    assert (main["start"], ira["start"], both["start"]) == ("2026-03-02", "2026-03-05", "2026-03-05")
    assert Decimal(both["value_start"]) == 10_500 + Decimal(ira["value_start"]) == 10_500 + 40 * 49 + 3_360
    assert both["flows"] == "2100"
    before, middle = 10_500 + 5_320, 12_600 + 5_324
    growth = (middle - 2_100) / before * (11_700 + 4_964) / middle * (12_250 + 5_004) / (11_700 + 4_964)
    assert close_to(both["time_weighted"], growth - 1)
    assert both["short"] == "-1000"  # what the IRA bought is no purchase any more


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prices": prices(FND=("",) * 7)}, "FND: there are no prices of the fund to compare with"),
        (
            {"prices": "symbol,date,close\n" + "".join(f"{s},{d},10\n" for s in ("AAA", "BBB", "FND") for d in DAYS)},
            "prices.csv: it does not tell the dividends of FND",
        ),
        (
            {"prices": prices(AAA=("",) * 7, BBB=("",) * 7)},
            'account "main": its value is known on no day within 1%: held without a price',
        ),
        ({"main_history": "", "toml": ONE.replace("main*", "main_p*") + IRA + PRICES}, "no file tells its history"),
    ],
)
def test_what_cannot_be_measured_is_an_error(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    ran = performance(portfolio(tmp_path, **changes))
    assert ran.code == 2, ran
    assert said in ran.err
    assert ran.out == ""


def test_an_index_file_needs_a_fund(tmp_path: Path) -> None:
    place = portfolio(tmp_path)
    ran = run("performance", "--as-of", "2026-03-10", "--offline", folder=place, cache=tmp_path / "cache")
    assert ran.code == 2
    assert (
        "[index] benchmark: it is the file index.csv, which has no returns. Name a fund that follows it: --fund IVV."
        in (ran.err)
    )
    assert run("performance", "--fee", "4", "--fund", "FND", folder=place, cache=tmp_path / "cache").code == 2
    named = performance(place, "--account", "other")
    assert named.code == 2
    assert 'there is no account "other". Name one of: main, ira.' in named.err


def test_the_ticker_that_the_index_names_is_the_fund(tmp_path: Path) -> None:
    place = portfolio(tmp_path, head=HEAD.replace("index.csv", "IVV"), prices=prices(IVV=FUND, FND=("",) * 7).replace(
        "IVV,2026-03-04,10,,", "IVV,2026-03-04,10,0.2,"))  # fmt: skip
    ran = run("performance", "--as-of", "2026-03-10", "--offline", "-f", "json", folder=place, cache=tmp_path / "cache")
    assert ran.code == 0, ran
    made = json.loads(ran.out)
    assert made["summary"]["fund"] == "IVV"
    assert close_to(made["performance"][1]["fund_time_weighted"], 1.02 * 0.95 - 1)


def test_the_store_serves_as_a_price_file_does(tmp_path: Path) -> None:
    """Split-adjusted closes, dividends and splits of the store: the same figures to the last digit."""
    place = portfolio(tmp_path)
    listed = performance(place)
    stored = portfolio(tmp_path / "stored", toml=ONE + IRA)
    with Store(stored / "cache" / "prices.sqlite") as store:
        for symbol, closes in {"AAA": AAA, "BBB": BBB, "FND": FUND}.items():
            halved = [
                Decimal(c) / (2 if symbol == "AAA" and d.day < 5 else 1) for d, c in zip(DAYS, closes, strict=True)
            ]
            series = Series(
                symbol,
                tuple(DAYS),
                tuple(halved),
                {DAYS[2]: Decimal("0.2")} if symbol == "FND" else {},
                {DAYS[3]: Fraction(2)} if symbol == "AAA" else {},
            )
            store.put(series, wanted_from=DAYS[0], checked=DAYS[-1])
    assert performance(stored).out == listed.out


def test_a_later_start_counts_from_the_close_before_it(tmp_path: Path) -> None:
    whole = rows(performance(portfolio(tmp_path), "--start", "2026-03-06"))[1]
    assert (whole["start"], whole["value_start"], whole["flows"]) == ("2026-03-05", "10500", "2100")
    assert close_to(whole["time_weighted"], (11_700 / 12_600) * (12_250 / 11_700) - 1)
    assert whole["dividends"] == "0"  # it came before
    after = rows(performance(portfolio(tmp_path / "after"), "--start", "2026-03-10"))[1]
    assert (after["short"], after["tax"], after["start"]) == ("0", "0", "2026-03-09")  # the sale was before
    late = performance(portfolio(tmp_path / "late"), "--start", "2026-04-01")
    assert late.code == 2
    assert '2026-04-01 is after the history of "main", which ends on 2026-03-10' in late.err


def test_a_folder_of_the_backtest_stands_in_for_prices(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    closes = {"AAA": AAA, "BBB": BBB, "FND": FUND}
    listed = [f"{s},{d},{c}" for s, prices in closes.items() for d, c in zip(DAYS, prices, strict=True)]
    (data / "prices.csv").write_text("symbol,date,close\n" + "\n".join(listed) + "\n")
    (data / "weights.csv").write_text("date,symbol,weight\n2026-03-02,AAA,1\n2026-03-02,BBB,1\n")
    (data / "actions.csv").write_text(
        "date,symbol,type,value\n2026-03-05,AAA,split,2\n2026-03-04,FND,dividend,0.2\n2026-03-04,BBB,dividend,1\n"
    )
    place = portfolio(tmp_path)
    assert rows(performance(place, "--data", str(data))) == rows(performance(place))
    weights = (data / "weights.csv").read_text()
    (data / "weights.csv").write_text(weights.replace("03-02", "03-04"))
    ran = run("performance", "--as-of", "2026-03-10", "--data", str(data), folder=place, cache=tmp_path)
    assert rows(ran)[1]["start"] == "2026-03-04"  # the index is known from there
    (data / "weights.csv").write_text(weights)
    ran = run("performance", "--as-of", "2026-03-10", "--data", str(data), "-f", "json", folder=place, cache=tmp_path)
    made = json.loads(ran.out)
    assert made["summary"]["fund"] == "data"  # the folder's own index, less what a fund of it costs
    value, shares, index = [1.0, 1.0], [1 / 100, 1 / 50], 1.0
    for k in range(1, 7):
        now = [shares[0] * float(AAA[k]) * (2 if k > 2 else 1), shares[1] * float(BBB[k])]
        index *= (sum(now) + (shares[1] if k == 2 else 0.0)) / sum(value) - 0.0003 / 252
        value = now
    assert float(made["performance"][1]["fund_time_weighted"]) == pytest.approx(index - 1, abs=1e-6)


def test_prices_are_fetched_back_to_the_first_day_unless_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[set[str], int | None]] = []

    def fetch(_run: object, symbols: set[str], _quotes: object, *, days: int | None, **_: object) -> None:
        asked.append((symbols, days))
        raise MarketError(Fault("prices", "Yahoo does not answer"))

    monkeypatch.setattr("dicli.commands.fetching.fetch", fetch)
    place = portfolio(tmp_path, toml=ONE + IRA + '[prices]\nsource = "yfinance"\n')
    words = ("performance", "--fund", "FND", "--as-of", "2026-03-10")
    ran = run(*words, folder=place, cache=tmp_path / "cache")
    assert ran.code == 2
    assert "warning: prices: Yahoo does not answer" in ran.err
    assert "FND: there are no prices of the fund" in ran.err
    ((symbols, days),) = asked
    assert symbols == {"AAA", "BBB", "FND"}
    assert days == len(calendar.sessions(DAYS[0] - dt.timedelta(days=10), DAYS[-1]))
    assert run(*words, "--offline", folder=place, cache=tmp_path / "cache").code == 2
    assert len(asked) == 1


SCHWAB = """"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"03/10/2026","Credit Interest","","INTEREST","","","","$0.00"
"03/04/2026","Buy to Open","AAA 03/20/2026 120.00 C","CALL ALPHA","1","$0.50","$0.65","-$50.65"
"03/02/2026","Buy","AAA","ALPHA","50","$100","","-$5000.00"
"03/02/2026","MoneyLink Deposit","","Tfr BANK","","","","$10000.00"
"""


def test_rows_that_are_set_aside_and_moved_money_are_said(tmp_path: Path) -> None:
    toml = ONE.replace('"main*.csv"', '"main_history.csv", "main_positions.csv"') + IRA + PRICES
    held = "symbol,quantity,value\nAAA,100,\nCASH,,4949.35\n"
    place = portfolio(tmp_path, toml=toml, main_history=SCHWAB, main_positions=held)
    made = json.loads(performance(place, "-f", "json").out)
    assert "main_history.csv: 1 rows are set aside (an option): their money is in no figure" in made["notes"]
    assert any("50.65 of cash came in that the history does not spend" in note for note in made["notes"])
    assert made["performance"][1]["value"] == "10999.35"


def test_a_fund_that_runs_out_of_money_is_not_compared(tmp_path: Path) -> None:
    """AAA doubles and all of it is taken out: the fund would have had half of that."""
    history = HISTORY + "2026-03-02,deposit,,,5000\n2026-03-02,buy,AAA,50,-5000\n"
    history += "2026-03-10,sell,AAA,-50,10000\n2026-03-10,withdrawal,,,-10000\n"
    closes = prices(AAA=("100", "110", "120", "140", "160", "180", "200")).replace(",,2\n", ",,\n")
    place = portfolio(tmp_path, main_history=history, main_positions="symbol,quantity,value\nCASH,,0\n", prices=closes)
    ran = performance(place, "-f", "json")
    whole = json.loads(ran.out)["performance"][1]
    assert (whole["time_weighted"], whole["money_weighted"]) == ("1", "1")
    assert [whole[name] for name in ("fund_value", "fund_money_weighted", "fund_tax", "tax_alpha", "delivered")] == [
        None
    ] * 5
    assert whole["fund_time_weighted"] is not None
    assert "main: the fund would not have paid for all that was taken out" in json.loads(ran.out)["notes"]


def test_a_brokers_closed_lots_count_once(tmp_path: Path) -> None:
    history = HISTORY + "2026-03-06,sell,BBB,-10,490\n2026-03-10,interest,,,0\n"
    lots = "symbol,quantity,acquired,cost_basis\nBBB,10,2025-06-02,400\n"
    sold = "symbol,quantity,acquired,sold,proceeds,cost_basis\nBBB,10,2025-06-02,2026-03-06,490,400\n"
    held = "symbol,quantity,value\nBBB,10,\nCASH,,490\n"
    given = {"main_history": history, "main_lots": lots, "main_sales": sold, "main_positions": held}
    whole = rows(performance(portfolio(tmp_path, ira_history=HISTORY + "2026-03-02,deposit,,,1\n", **given)))[1]
    assert (whole["value_start"], whole["short"], whole["long"]) == ("980", "90", "0")


def test_sales_without_a_basis_leave_gains_and_tax_unknown(tmp_path: Path) -> None:
    history = HISTORY + "2026-03-06,sell,BBB,-10,490\n2026-03-10,interest,,,0\n"
    held = "symbol,quantity,value\nBBB,10,\nCASH,,490\n"
    ran = performance(portfolio(tmp_path, main_history=history, main_positions=held), "-f", "json")
    made = json.loads(ran.out)
    whole = made["performance"][1]
    assert [whole[name] for name in ("short", "long", "long_losses", "tax", "tax_alpha", "delivered")] == [None] * 6
    assert whole["value"] == "900"
    assert any("no file tells the lots or basis of sales of BBB: its gains of 2026" in note for note in made["notes"])


def test_an_unknown_year_leaves_the_tax_of_later_ones_unknown() -> None:
    tax = Tax(FilingStatus.SINGLE, Decimal(150_000))
    found = {2025: (Fraction(-3_000), Fraction(0)), 2026: None, 2027: (Fraction(0), Fraction(0))}
    assert tax_by_year(found, {}, tax) == {2025: Decimal("-720.00"), 2026: None, 2027: None}


def test_todays_carryover_is_none_of_an_earlier_years(tmp_path: Path) -> None:
    head = HEAD + "carryover = { short = 5000, long = 0 }\n"
    preferences = read(portfolio(tmp_path, head=head), DAYS[-1])[0]
    assert tax_of(preferences, dt.date(2026, 1, 2), DAYS[-1]).carryover.short == 5_000
    assert tax_of(preferences, dt.date(2025, 12, 31), DAYS[-1]).carryover.short == 0


def test_a_store_tells_the_dividends_that_a_file_does_not(tmp_path: Path) -> None:
    plain = "symbol,date,close\n" + "".join(
        f"{symbol},{day},{close}\n"
        for symbol, closes in {"AAA": AAA, "BBB": BBB, "FND": FUND}.items()
        for day, close in zip(DAYS, closes, strict=True)
    )
    place = portfolio(tmp_path, prices=plain)
    with Store(place / "cache" / "prices.sqlite") as store:
        paid = Series("FND", tuple(DAYS), tuple(map(Decimal, FUND)), {DAYS[2]: Decimal("0.2")})
        store.put(paid, wanted_from=DAYS[0], checked=DAYS[-1])
    assert close_to(rows(performance(place))[1]["fund_time_weighted"], 1.02 * 0.95 - 1)
