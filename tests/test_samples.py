"""The sample portfolios: the same bytes each time, and files that agree with one another to the share and the cent.

Nothing but the last section goes through dicli's readers: each figure is computed a second time, straight from the
files, with csv and Decimal. What a sample promises (README, issue) is checked as facts about its files.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from dicli import brokers
from dicli.market import benchmark
from dicli.model import Reading
from dicli.preferences import reader as preferences_reader

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_portfolios"
NAMES = ("starter", "tech_couple", "retiree")
AS_OF = dt.date(2026, 11, 20)
WINDOW = dt.timedelta(30)
CENT = Decimal("0.01")

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample portfolios are not part of a wheel")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,+%]", "", text) or "0")


def us_date(text: str) -> dt.date:
    month, day, year = map(int, text[:10].split("/"))
    return dt.date(year, month, day)


def dotted(symbol: str) -> str:
    """BRK/B, BRK-B and BRKB are one stock."""
    return {"BRKB": "BRK.B", "BFB": "BF.B"}.get(symbol, symbol.replace("/", ".").replace("-", "."))


def table(path: Path, first: str) -> list[dict[str, str]]:
    """The rows under the header whose first cell is `first`, up to the first line that is none."""
    rows: list[dict[str, str]] = []
    header: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            if not header:
                header = row if row and row[0] == first else []
            elif len(row) < 2:
                break
            else:
                rows.append(dict(zip(header, row, strict=False)))
    assert header, f"{path}: no header that begins with {first}"
    return rows


def only(pattern: str) -> Path:
    (path,) = SAMPLES.glob(pattern)
    return path


class Held(NamedTuple):
    """An open lot as a file shows it."""

    symbol: str
    acquired: dt.date
    held_from: dt.date
    quantity: Decimal
    basis: Decimal
    price: Decimal
    disallowed: Decimal


class Bought(NamedTuple):
    """A purchase, reinvested dividends included."""

    account: str
    symbol: str
    day: dt.date
    quantity: Decimal


@cache
def schwab_lots() -> tuple[Held, ...]:
    lots = []
    for path in sorted(SAMPLES.glob("tech_couple/schwab/lots/*.csv")):
        title = path.read_text(encoding="utf-8").split("\n", 1)[0]
        found = re.fullmatch(r'"(\S+) Lot Details for XXXX-4821 as of .* 11/20/2026"\r?', title)
        assert found, title
        for row in table(path, "Open Date"):
            if row["Open Date"] == "Total":
                continue
            opened = row.get("Transaction Open", "--")
            held_from = us_date(row["Open Date"])
            lots.append(
                Held(
                    dotted(found[1]),
                    held_from if opened == "--" else us_date(opened),
                    held_from,
                    number(row["Quantity"]),
                    number(row["Cost Basis"]),
                    number(row["Price"]),
                    number(row.get("Disallowed Loss", "--").replace("--", "0")),
                )
            )
    return tuple(lots)


@cache
def schwab_sales() -> tuple[dict[str, str], ...]:
    return tuple(table(only("tech_couple/schwab/*GainLoss_Realized*"), "Symbol"))


@cache
def schwab_history() -> tuple[dict[str, str], ...]:
    return tuple(table(only("tech_couple/schwab/*_Transactions_*"), "Date"))


@cache
def ofx(folder: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The two tables of an OfxDownload.csv."""
    path = SAMPLES / folder / "OfxDownload.csv"
    first, second = path.read_text(encoding="utf-8").split("\n\n\n", 1)
    tables = [list(csv.reader(part.strip().splitlines())) for part in (first, second)]
    return tuple([dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for rows in tables)  # type: ignore[return-value]


@cache
def fidelity(sample: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Positions and history of a sample's Fidelity account."""
    folder = SAMPLES / sample / "fidelity"
    return (
        table(folder / "Portfolio_Positions_Nov-20-2026.csv", "Account number"),
        table(folder / "Accounts_History.csv", "Run Date"),
    )


@cache
def purchases() -> tuple[Bought, ...]:
    """All purchases of the tech couple, from lots, sold lots and histories, each once."""
    found = [Bought("joint", lot.symbol, lot.acquired, lot.quantity) for lot in schwab_lots()]
    found += [
        Bought("joint", dotted(row["Symbol"]), us_date(row["Opened Date"]), number(row["Quantity"]))
        for row in schwab_sales()
    ]
    fills: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
    for row in fidelity("tech_couple")[1]:
        if row["Action"].startswith(("YOU BOUGHT", "REINVESTMENT")) and row["Symbol"] != "SPAXX":
            fills[dotted(row["Symbol"]), us_date(row["Run Date"])] += number(row["Quantity"])
    found += [Bought("spouse", symbol, day, quantity) for (symbol, day), quantity in fills.items()]
    found += [
        Bought("ira", dotted(row["Symbol"]), dt.date.fromisoformat(row["Trade Date"]), number(row["Shares"]))
        for row in ofx("tech_couple/ira")[1]
        if row["Transaction Type"] in ("Buy", "Reinvestment")
    ]
    return tuple(found)


def group(symbol: str) -> str:
    return "GOOGL" if symbol == "GOOG" else symbol


def near_today(symbol: str) -> list[Bought]:
    """What the household bought of a name, or of one declared identical, in the last 30 days."""
    return [bought for bought in purchases() if group(bought.symbol) == group(symbol) and AS_OF - bought.day <= WINDOW]


def losses(symbol: str) -> list[tuple[Held, Decimal]]:
    """A name's lots that are worth harvesting by the sample's own bounds, with the loss."""
    bounds = tomllib.loads((SAMPLES / "tech_couple/dicli.toml").read_text(encoding="utf-8"))["harvest"]
    found = []
    for lot in schwab_lots():
        loss = lot.basis - cents(lot.quantity * lot.price)
        if lot.symbol == symbol and loss >= Decimal(str(bounds["min_loss"])):
            assert loss >= Decimal(str(bounds["min_loss_fraction"])) * lot.basis
            found.append((lot, loss))
    return found


@pytest.fixture(scope="module")
def closes() -> object:
    """The generator's price path."""
    sys.path.insert(0, str(SAMPLES))
    try:
        from maker.market import Market  # type: ignore[import-not-found]

        return Market()
    finally:
        sys.path.remove(str(SAMPLES))


# ------------------------------------------------------------------------------------------------------- the script


def test_running_the_script_again_gives_the_same_bytes(tmp_path: Path) -> None:
    """Another order of sets and another folder, and still the same files."""
    environment = {**os.environ, "PYTHONHASHSEED": "4"}
    subprocess.run([sys.executable, SAMPLES / "make_samples.py", tmp_path], check=True, env=environment)
    for name in NAMES:
        made = {
            path.relative_to(tmp_path): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()
        }
        kept = {path.relative_to(SAMPLES): path.read_bytes() for path in (SAMPLES / name).rglob("*") if path.is_file()}
        assert sorted(made) == sorted(kept)
        assert [path for path in made if made[path] != kept[path]] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_complete(name: str) -> None:
    """Preferences, index, lists, a README, and for each account files that hold its number or no number at all."""
    preferences = tomllib.loads((SAMPLES / name / "dicli.toml").read_text(encoding="utf-8"))
    screens, tilts = preferences["screens"], preferences.get("tilts", {})
    named = [preferences["index"]["benchmark"], *screens.get("exclude_lists", [])]
    named += [theme["list"] for theme in tilts.get("themes", [])]
    for path in named:
        assert (SAMPLES / name / path).is_file()
    assert "invented" in (SAMPLES / name / "README.md").read_text(encoding="utf-8")
    for account in preferences["accounts"]:
        files = [path for pattern in account["broker_files"] for path in (SAMPLES / name).glob(pattern)]
        assert files
        assert any(account["number"].lstrip("…") in path.read_text(encoding="utf-8-sig") for path in files)


def test_the_table_of_securities() -> None:
    with (ROOT / "dicli" / "data" / "securities.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    symbols = [row["symbol"] for row in rows]
    assert symbols == sorted(set(symbols))
    assert len(symbols) >= 560
    assert {"GOOG", "GOOGL", "FOX", "FOXA", "NWS", "NWSA", "BRK.B", "BF.B"} <= set(symbols)
    assert {row["sector"] for row in rows} == {
        "Information Technology",
        "Health Care",
        "Financials",
        "Consumer Discretionary",
        "Communication",
        "Industrials",
        "Consumer Staples",
        "Energy",
        "Utilities",
        "Materials",
        "Real Estate",
    }
    sectors = defaultdict(set)
    for row in rows:
        assert all(value and value == value.strip() for value in row.values())
        sectors[row["industry"]].add(row["sector"])
    assert {industry for industry, found in sectors.items() if len(found) > 1} == set()
    assert {row["symbol"] for row in rows if row["industry"] == "Tobacco"} == {"PM", "MO"}


# -------------------------------------------------------------------------------------------------------- the index


@pytest.mark.parametrize("name", NAMES)
def test_the_index_file_is_in_the_layout_of_ishares(name: str) -> None:
    raw = (SAMPLES / name / "holdings/IVV_holdings.csv").read_bytes()
    text = raw.decode("utf-8-sig")
    lines = text.split("\n")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert lines[1] == 'Fund Holdings as of,"Nov 20, 2026"'
    assert lines[8] == "\u00a0"
    assert lines[9].startswith("Ticker,Name,Sector,Asset Class,Market Value,Weight (%)")
    assert "ILLUSTRATIVE AND INVENTED" in text
    assert not text.endswith("\n")
    rows = table(SAMPLES / name / "holdings/IVV_holdings.csv", "Ticker")
    kinds = Counter(row["Asset Class"] for row in rows if row["Asset Class"])
    assert kinds == {"Equity": 503, "Money Market": 1, "Cash": 1, "Cash Collateral and Margins": 1, "Futures": 1}
    whole = sum(number(row["Market Value"]) for row in rows if row["Asset Class"])
    for row in rows:
        if row["Asset Class"] == "Equity":
            assert number(row["Quantity"]) * number(row["Price"]) == number(row["Market Value"])
            assert abs(100 * number(row["Market Value"]) / whole - number(row["Weight (%)"])) <= Decimal("0.005")


# ------------------------------------------------------------------------------------------------------------ prices


def prices(name: str) -> list[tuple[str, Decimal]]:
    """Every price of the as-of day in a folder's files."""
    equities = table(SAMPLES / name / "holdings/IVV_holdings.csv", "Ticker")
    found = [(row["Ticker"], number(row["Price"])) for row in equities if row["Asset Class"] == "Equity"]
    if name == "retiree":
        found += [(row["Symbol"], number(row["Share Price"])) for row in ofx("retiree/vanguard")[0][:-1]]
        for row in table(SAMPLES / "retiree/vanguard/CostBasis.csv", "Account"):
            value = next(number(cell) for column, cell in row.items() if column.startswith("Market value"))
            if value:
                found.append((row["Symbol/CUSIP"], value / number(row["Quantity"])))
        return found
    found += [(row["Symbol"], number(row["Last price"])) for row in fidelity(name)[0] if row["Last price"]]
    if name == "tech_couple":
        found += [(lot.symbol, lot.price) for lot in schwab_lots()]
        found += [(row["Symbol"], number(row["Share Price"])) for row in ofx("tech_couple/ira")[0][:-1]]
        positions = table(only("tech_couple/schwab/*-Positions-*"), "Symbol")
        found += [(row["Symbol"], number(row["Price"])) for row in positions if row["Asset Type"] == "Equity"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_price_is_the_same_in_every_file_of_a_folder(name: str) -> None:
    seen: dict[str, set[Decimal]] = defaultdict(set)
    for symbol, price in prices(name):
        seen[dotted(symbol)].add(price)
    assert {symbol: found for symbol, found in seen.items() if len(found) > 1} == {}


def test_purchases_were_made_at_the_close_of_a_trading_day(closes) -> None:  # type: ignore[no-untyped-def]
    """Lots, sold lots and history rows follow one price path; a reinvested dividend by its four places of shares."""
    seen = [(lot.symbol, lot.acquired, lot.quantity, lot.basis - lot.disallowed) for lot in schwab_lots()]
    seen += [
        (dotted(row["Symbol"]), us_date(row["Opened Date"]), number(row["Quantity"]), number(row["Cost Basis (CB)"]))
        for row in schwab_sales()
    ]
    for name in ("starter", "tech_couple"):
        seen += [
            (dotted(row["Symbol"]), us_date(row["Run Date"]), number(row["Quantity"]), -number(row["Amount ($)"]))
            for row in fidelity(name)[1]
            if row["Action"].startswith(("YOU BOUGHT", "YOU SOLD", "REINVESTMENT")) and row["Symbol"] != "SPAXX"
        ]
    for folder in ("tech_couple/ira", "retiree/vanguard"):
        seen += [
            (
                dotted(row["Symbol"]),
                dt.date.fromisoformat(row["Trade Date"]),
                number(row["Shares"]),
                -number(row["Net Amount"]),
            )
            for row in ofx(folder)[1]
            if row["Transaction Type"] in ("Buy", "Sell", "Reinvestment")
        ]
    seen += [(lot.symbol, lot.acquired, lot.quantity, lot.basis) for lot in vanguard_lots()]
    assert len(seen) > 2500
    for symbol, day, quantity, amount in seen:
        assert day.weekday() < 5
        price = closes.price(symbol, day)  # refuses a day on which the exchange was closed
        assert abs(quantity * price - amount) <= CENT + price * Decimal("0.0006"), (symbol, day)


# ---------------------------------------------------------------------------------------------------------- Fidelity


@pytest.mark.parametrize("name", ["starter", "tech_couple"])
def test_fidelity_positions_are_the_sum_of_the_history(name: str) -> None:
    """Shares and cash exactly; the cost by taking the first lots first."""
    positions, history = fidelity(name)
    cash, cores = Decimal(0), Decimal(0)
    open_lots: dict[str, list[list[Decimal]]] = defaultdict(list)
    for row in reversed(history):
        symbol, quantity, amount = row["Symbol"].strip(), number(row["Quantity"]), number(row["Amount ($)"])
        cash += amount
        if symbol == "SPAXX":
            cores += quantity
        elif quantity > 0:
            open_lots[symbol].append([quantity, -amount])
        while quantity < 0:
            lot = open_lots[symbol][0]
            taken = min(-quantity, lot[0])
            lot[1] -= cents(lot[1] * taken / lot[0])
            lot[0] -= taken
            quantity += taken
            if not lot[0]:
                open_lots[symbol].pop(0)
    shown = {row["Symbol"]: row for row in positions}
    assert number(shown.pop("SPAXX**")["Current value"]) == cash + cores > 0
    assert set(shown) == {symbol for symbol, lots in open_lots.items() if lots}
    for symbol, row in shown.items():
        quantity = sum((lot[0] for lot in open_lots[symbol]), Decimal(0))
        assert number(row["Quantity"]) == quantity
        assert number(row["Cost basis total"]) == sum(lot[1] for lot in open_lots[symbol])
        assert number(row["Current value"]) == cents(quantity * number(row["Last price"]))


def test_fidelity_files_keep_their_oddities() -> None:
    folder = SAMPLES / "starter/fidelity"
    positions = (folder / "Portfolio_Positions_Nov-20-2026.csv").read_bytes().decode("utf-8").split("\n")
    history = (folder / "Accounts_History.csv").read_bytes().decode("utf-8").split("\n")
    assert positions[0].startswith("\ufeffAccount number,Account name,")
    assert all(line.count(",") == positions[0].count(",") + 1 for line in positions[1:90])
    assert history[:2] == ["\ufeff", ""]
    assert history[2].count(",") == 13
    assert ",Price ($),Quantity," in history[2]
    fills = Counter((row["Run Date"], row["Symbol"]) for row in fidelity("starter")[1] if "YOU BOUGHT" in row["Action"])
    assert max(fills.values()) == 2  # one order in whole shares and a fraction


def test_starter_is_what_it_says() -> None:
    positions, history = fidelity("starter")
    value = sum(number(row["Current value"]) for row in positions)
    assert 23000 < value < 28000
    assert 95 <= len(positions) - 1 <= 100
    assert min(us_date(row["Run Date"]) for row in history) > AS_OF - dt.timedelta(365)
    fresh = {
        row["Symbol"] for row in history if "BOUGHT" in row["Action"] and us_date(row["Run Date"]) >= AS_OF - WINDOW
    }
    ripe = [
        row["Symbol"]
        for row in positions
        if row["Symbol"] not in fresh
        and row["Total gain/loss dollar"].startswith("-")
        and number(row["Total gain/loss dollar"]) <= -5
        and number(row["Total gain/loss percent"]) <= -5
    ]
    assert set(ripe) >= {"ADBE", "DIS", "BA", "PFE"}
    sold = {row["Symbol"]: us_date(row["Run Date"]) for row in history if "YOU SOLD" in row["Action"]}
    assert len(sold) == 3
    for row in history:  # the losses of August were clean
        if "YOU BOUGHT" in row["Action"] and row["Symbol"] in sold:
            assert abs(us_date(row["Run Date"]) - sold[row["Symbol"]]) > WINDOW


# ------------------------------------------------------------------------------------------------------------ Schwab


def test_schwab_lots_add_up_to_the_positions() -> None:
    positions = {
        dotted(row["Symbol"]): row
        for row in table(only("tech_couple/schwab/*-Positions-*"), "Symbol")
        if row["Asset Type"] == "Equity"
    }
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    basis: dict[str, Decimal] = defaultdict(Decimal)
    for lot in schwab_lots():
        quantity[lot.symbol] += lot.quantity
        basis[lot.symbol] += lot.basis
    assert len(schwab_lots()) == 1500
    assert len(quantity) == 480
    assert set(positions) == set(quantity)
    for symbol, row in positions.items():
        assert number(row["Qty (Quantity)"]) == quantity[symbol], symbol
        assert number(row["Cost Basis"]) == basis[symbol], symbol
        assert number(row["Mkt Val (Market Value)"]) == cents(quantity[symbol] * number(row["Price"])), symbol


def test_schwab_positions_add_up_to_their_total() -> None:
    rows = table(only("tech_couple/schwab/*-Positions-*"), "Symbol")
    column = "Mkt Val (Market Value)"
    assert sum(number(row[column]) for row in rows[:-1]) == number(rows[-1][column])
    assert Decimal(1_400_000) < number(rows[-1][column]) < Decimal(1_600_000)


def test_schwab_history_and_lots_tell_the_same() -> None:
    """Each purchase since the history's first day is a lot, each lot of that time a purchase; so are the sales."""
    history = schwab_history()
    first = min(us_date(row["Date"]) for row in history)
    assert first <= AS_OF - dt.timedelta(60)
    assert max(us_date(row["Date"]) for row in history) <= AS_OF
    bought = Counter(
        (dotted(row["Symbol"]), us_date(row["Date"]), number(row["Quantity"]), -number(row["Amount"]))
        for row in history
        if row["Action"] in ("Buy", "Reinvest Shares")
    )
    lots = Counter(
        (lot.symbol, lot.acquired, lot.quantity, lot.basis - lot.disallowed)
        for lot in schwab_lots()
        if lot.acquired >= first
    )
    assert bought == lots
    sold = Counter(
        (dotted(row["Symbol"]), us_date(row["Date"]), -number(row["Quantity"]), number(row["Amount"]))
        for row in history
        if row["Action"] == "Sell"
    )
    realized = Counter(
        (dotted(row["Symbol"]), us_date(row["Closed Date"]), number(row["Quantity"]), number(row["Proceeds"]))
        for row in schwab_sales()
        if us_date(row["Closed Date"]) >= first
    )
    assert sold == realized
    assert len(sold) >= 5


def test_schwab_cash_is_never_below_zero() -> None:
    """Back from the cash of today through every row of the history."""
    (cash,) = [
        number(row["Mkt Val (Market Value)"])
        for row in table(only("tech_couple/schwab/*-Positions-*"), "Symbol")
        if row["Symbol"].startswith("Cash")
    ]
    for row in schwab_history():  # newest first
        assert cash >= 0, row
        cash -= number(row["Amount"])
    assert cash > 0


def test_schwab_rows_are_right_in_themselves() -> None:
    for row in schwab_history():
        if row["Action"] in ("Buy", "Sell", "Reinvest Shares"):
            gross = number(row["Quantity"]) * number(row["Price"])
            assert abs(-gross - number(row["Fees & Comm"]) - number(row["Amount"])) <= CENT, row
            assert (row["Action"] == "Sell") == (number(row["Quantity"]) < 0)
    for row in schwab_sales():
        opened, closed = us_date(row["Opened Date"]), us_date(row["Closed Date"])
        gain = number(row["Proceeds"]) - number(row["Cost Basis (CB)"])
        assert number(row["Gain/Loss ($)"]) == gain
        assert (row["Term"] == "Long Term") == (closed > opened.replace(year=opened.year + 1))
        assert closed.year == AS_OF.year


def test_schwab_flags_the_wash_sales_of_its_own_account_and_no_other() -> None:
    """A loss is flagged where the account bought the same stock within 30 days; one is, in the spring."""
    flagged = []
    for row in schwab_sales():
        symbol, closed, opened = dotted(row["Symbol"]), us_date(row["Closed Date"]), us_date(row["Opened Date"])
        near = [
            bought
            for bought in purchases()
            if bought.account == "joint" and bought.symbol == symbol and abs(bought.day - closed) <= WINDOW
        ]
        loss = number(row["Gain/Loss ($)"]) < 0
        assert (row["Wash Sale?"] == "Yes") == bool(loss and near and opened not in {bought.day for bought in near})
        if near:
            flagged.append(symbol)
            (lot,) = [lot for lot in schwab_lots() if lot.symbol == symbol]
            assert lot.disallowed == number(row["Disallowed Loss"]) == -number(row["Gain/Loss ($)"])
            assert lot.acquired - lot.held_from == closed - opened  # the days held before are added (R-TACK)
    assert flagged == ["FDX"]


def test_the_household_washes_one_loss_more_than_the_broker_saw() -> None:
    seen = {}
    for row in schwab_sales():
        symbol, closed = dotted(row["Symbol"]), us_date(row["Closed Date"])
        for bought in purchases():
            elsewhere = bought.account != "joint" and group(bought.symbol) == group(symbol)
            if elsewhere and number(row["Gain/Loss ($)"]) < 0 and abs(bought.day - closed) <= WINDOW:
                seen[symbol] = (bought.account, bought.day)
    assert seen == {"CVS": ("spouse", dt.date(2026, 11, 10))}


# ------------------------------------------------------------------------------------------- what harvest has to show


@pytest.mark.parametrize("symbol", ["NKE", "PYPL", "PFE"])
def test_a_clear_loss(symbol: str) -> None:
    assert losses(symbol)
    assert near_today(symbol) == []


def test_losses_tainted_by_the_spouse_in_part_and_wholly() -> None:
    nine_days_ago = AS_OF - dt.timedelta(9)
    for symbol, wholly in {"DIS": False, "SBUX": True}.items():
        ((lot, _),) = losses(symbol)
        (bought,) = near_today(symbol)
        assert (bought.account, bought.day) == ("spouse", nine_days_ago)
        assert (bought.quantity == lot.quantity) is wholly
        assert bought.quantity <= lot.quantity


def test_a_loss_tainted_by_the_other_share_class() -> None:
    ((lot, _),) = losses("GOOG")
    (bought,) = near_today("GOOG")
    assert (bought.account, bought.symbol) == ("spouse", "GOOGL")
    assert bought.quantity < lot.quantity
    preferences = tomllib.loads((SAMPLES / "tech_couple/dicli.toml").read_text(encoding="utf-8"))
    assert preferences["identical"]["groups"] == [["GOOG", "GOOGL"]]
    classes = Counter(lot.symbol for lot in schwab_lots())
    assert classes["GOOG"] >= 8
    assert classes["GOOGL"] >= 8


def test_a_loss_tainted_by_its_own_reinvested_dividend() -> None:
    lot, _ = max(losses("VZ"), key=lambda found: found[1])
    (bought,) = near_today("VZ")
    assert bought.account == "joint"
    assert bought.quantity < 2 < lot.quantity
    assert [
        row["Action"] for row in schwab_history() if row["Symbol"] == "VZ" and us_date(row["Date"]) == bought.day
    ] == [
        "Reinvest Dividend",
        "Reinvest Shares",
    ]


def test_losses_lost_for_good_to_the_ira() -> None:
    for symbol, wholly in {"ADBE": True, "CMCSA": False}.items():
        ((lot, _),) = losses(symbol)
        (bought,) = near_today(symbol)
        assert bought.account == "ira"
        assert AS_OF - dt.timedelta(11) <= bought.day <= AS_OF - dt.timedelta(7)  # last week
        assert (bought.quantity >= lot.quantity) is wholly


@pytest.mark.parametrize("symbol", ["KHC", "CLX"])
def test_a_loss_too_small(symbol: str) -> None:
    (lot,) = [lot for lot in schwab_lots() if lot.symbol == symbol]
    loss = lot.basis - cents(lot.quantity * lot.price)
    assert lot.basis * Decimal("0.05") <= loss < 50
    assert near_today(symbol) == []


def test_losses_taken_in_the_last_thirty_days() -> None:
    """31 days ago is free again, 30 days ago is not."""
    recent = {
        dotted(row["Symbol"]): (AS_OF - us_date(row["Closed Date"])).days
        for row in schwab_sales()
        if number(row["Gain/Loss ($)"]) < 0 and us_date(row["Closed Date"]) >= dt.date(2026, 10, 1)
    }
    assert recent == {"INTC": 31, "BA": 30, "CVS": 23, "MMM": 17, "TGT": 4}
    held = {lot.symbol for lot in schwab_lots()}
    assert held & set(recent) == {"TGT"}
    equities = {row["Ticker"] for row in table(SAMPLES / "tech_couple/holdings/IVV_holdings.csv", "Ticker")}
    assert set(recent) <= equities  # the index asks for them


def test_lots_that_turn_long_term_within_days() -> None:
    soon = {
        lot.symbol: lot.basis < lot.quantity * lot.price
        for lot in schwab_lots()
        if AS_OF < lot.held_from.replace(year=lot.held_from.year + 1) + dt.timedelta(1) <= AS_OF + dt.timedelta(7)
    }
    assert soon["ORCL"] is True
    assert soon["UPS"] is False


def test_share_classes_are_written_as_each_source_writes_them() -> None:
    schwab = {row["Symbol"] for row in table(only("tech_couple/schwab/*-Positions-*"), "Symbol")}
    assert {"BRK/B", "GOOG", "GOOGL"} <= schwab
    assert "BRKB" in {row["Symbol"] for row in fidelity("tech_couple")[0]}
    assert "BRK-B" in {row["Symbol"] for row in ofx("tech_couple/ira")[0]}
    assert "BRKB" in {row["Ticker"] for row in table(SAMPLES / "tech_couple/holdings/IVV_holdings.csv", "Ticker")}


def test_held_away_and_excluded_names() -> None:
    preferences = tomllib.loads((SAMPLES / "tech_couple/dicli.toml").read_text(encoding="utf-8"))
    held = {lot.symbol for lot in schwab_lots()}
    assert preferences["held_away"] == [{"symbol": "MSFT", "quantity": 1200}]
    assert "MSFT" not in held
    assert {"TSLA", "MO"} <= held  # excluded, and still to be sold


# ---------------------------------------------------------------------------------------------------------- Vanguard


@cache
def vanguard_lots() -> tuple[Held, ...]:
    lots = []
    for row in table(SAMPLES / "retiree/vanguard/CostBasis.csv", "Account"):
        quantity, day = number(row["Quantity"]), us_date(row["Acquired date"])
        if quantity:
            price = next(number(cell) for column, cell in row.items() if column.startswith("Market value")) / quantity
            lots.append(
                Held(dotted(row["Symbol/CUSIP"]), day, day, quantity, number(row["Total cost"]), price, Decimal(0))
            )
    return tuple(lots)


def test_the_ira_is_the_sum_of_its_history() -> None:
    holdings, rows = ofx("tech_couple/ira")
    shares: dict[str, Decimal] = defaultdict(Decimal)
    cash = Decimal(0)
    for row in rows:
        if not row["Transaction Type"].startswith("Sweep"):
            shares[row["Symbol"]] += number(row["Shares"])
            cash += number(row["Net Amount"])
    shown = {row["Symbol"]: row for row in holdings}
    assert number(shown.pop("VMFXX")["Shares"]) == cash > 0
    assert {symbol: number(row["Shares"]) for symbol, row in shown.items()} == {s: n for s, n in shares.items() if n}
    for row in shown.values():
        assert number(row["Total Value"]) == cents(number(row["Shares"]) * number(row["Share Price"]))


@pytest.mark.parametrize("folder", ["tech_couple/ira", "retiree/vanguard"])
def test_each_day_is_swept_into_the_settlement_fund(folder: str) -> None:
    net: dict[str, Decimal] = defaultdict(Decimal)
    for row in ofx(folder)[1]:
        net[row["Trade Date"]] += number(row["Net Amount"])
    assert {day: amount for day, amount in net.items() if amount} == {}


def test_retiree_lots_add_up_to_the_holdings_and_the_history() -> None:
    holdings, rows = ofx("retiree/vanguard")
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    for lot in vanguard_lots():
        quantity[lot.symbol] += lot.quantity
        assert lot.quantity == lot.quantity.to_integral_value()
    assert {dotted(row["Symbol"]): number(row["Shares"]) for row in holdings if row["Symbol"] != "VMFXX"} == quantity
    assert len(quantity) == 200
    value = sum(number(row["Total Value"]) for row in holdings)
    assert Decimal(850_000) < value < Decimal(950_000)

    first = min(dt.date.fromisoformat(row["Trade Date"]) for row in rows)
    kinds = ("Buy", "Sell")
    traded: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["Transaction Type"] in kinds:
            traded[dotted(row["Symbol"]), row["Trade Date"]] += number(row["Shares"])
    sold = {symbol for (symbol, _), shares in traded.items() if shares < 0}
    assert len(sold) == 3
    for symbol in sold:  # bought and sold within the history, whole
        assert sum(shares for (name, _), shares in traded.items() if name == symbol) == 0
        assert symbol not in quantity
    bought = {key: shares for key, shares in traded.items() if key[0] not in sold}
    lots = {(lot.symbol, lot.acquired.isoformat()): lot.quantity for lot in vanguard_lots() if lot.acquired >= first}
    assert bought == lots


def test_retiree_is_what_it_says() -> None:
    preferences = tomllib.loads((SAMPLES / "retiree/dicli.toml").read_text(encoding="utf-8"))
    assert preferences["limits"]["gains_budget"] == 5000.0
    assert preferences["screens"]["exclude_sectors"] == ["Energy"]
    assert preferences["accounts"][0]["fractional"] is False
    with (ROOT / "dicli" / "data" / "securities.csv").open(encoding="utf-8", newline="") as file:
        energy = {row["symbol"] for row in csv.DictReader(file) if row["sector"] == "Energy"}
    legacy = [lot for lot in vanguard_lots() if lot.symbol in energy]
    assert {lot.symbol for lot in legacy} == {"XOM", "CVX"}
    assert sum(cents(lot.quantity * lot.price) - lot.basis for lot in legacy) > 5000  # more than the budget allows
    rows = table(SAMPLES / "retiree/vanguard/CostBasis.csv", "Account")
    assert {row["Symbol/CUSIP"] for row in rows if not number(row["Quantity"])} == {"DOW", "LUV"}  # rows of no shares


# -------------------------------------------------------------------------------------------------- as dicli reads it


def readings(name: str) -> list[Reading]:
    """All broker files that a sample's preferences name, read by dicli."""
    folder = SAMPLES / name
    preferences = preferences_reader.load(folder)
    return [
        brokers.read(path)
        for account in preferences.accounts
        for pattern in account.broker_files
        for path in sorted(folder.glob(pattern))
    ]


@pytest.mark.parametrize(
    ("name", "lots", "sales", "positions"),
    [("starter", 0, 0, 97), ("tech_couple", 1500, 59, 521), ("retiree", 453, 0, 200)],
)
def test_dicli_reads_every_file_whole(name: str, lots: int, sales: int, positions: int) -> None:
    """Each row is a value or set aside for a reason; cash and shares are those of the files."""
    found = readings(name)
    assert sum(len(reading.lots) for reading in found) == lots
    assert sum(len(reading.sales) for reading in found) == sales
    assert sum(len(reading.positions) for reading in found) == positions
    for reading in found:
        values = [reading.positions, reading.lots, reading.transactions, reading.sales, reading.set_aside]
        assert sum(map(len, values)) + len(reading.cash) >= reading.rows > 0
        assert {aside.symbol for aside in reading.set_aside} <= {"SPAXX", "SPAXX**", "VMFXX", "DOW", "LUV", None}
    if name == "tech_couple":
        washed = [lot for reading in found for lot in reading.lots if lot.disallowed]
        assert [(lot.symbol, lot.acquired, lot.holding_from) for lot in washed] == [
            ("FDX", dt.date(2026, 3, 26), dt.date(2025, 12, 19))
        ]


@pytest.mark.parametrize("name", NAMES)
def test_dicli_reads_the_index(name: str) -> None:
    read = benchmark.read(SAMPLES / name / "holdings/IVV_holdings.csv")
    assert (read.as_of, len(read.constituents), len(read.set_aside)) == (AS_OF, 503, 4)
    assert sum(read.weights().values()) == 1
