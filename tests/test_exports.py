"""Trade lists out: what each broker takes, as goldens; and the rules that keep money from going astray.

`python -m tests.test_exports` writes the goldens anew.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.brokers import exports, symbols
from dicli.brokers import exports_checklist as checklist
from dicli.commands.upload import Broker
from dicli.model import Account, AccountKind, Owner, Position, Side, Term, Trade, Transaction, TransactionKind
from dicli.views import csv as csv_view
from tests.program import DAY, SAMPLES, run

D = Decimal
AS_OF = dt.date(2026, 11, 20)
GOLDENS = Path(__file__).parent / "exports"
AT = ("--as-of", DAY, "--offline")


def account(name: str, kind: AccountKind = AccountKind.TAXABLE, *, fractional: bool = True) -> Account:
    return Account(name, kind, Owner.YOU, True, fractional, "…4821", (), "hifo")


JOINT, IRA, WHOLE = account("joint"), account("ira", AccountKind.ROTH_IRA), account("joint", fractional=False)


def sale(symbol: str, quantity: str, price: str, acquired: str | None, basis: str, where: str = "joint") -> Trade:
    value = (D(quantity) * D(price)).quantize(D("0.01"))
    day = None if acquired is None else dt.date.fromisoformat(acquired)
    gain = value - D(basis)
    return Trade(where, Side.SELL, symbol, D(quantity), D(price), value, "", day, D(basis), gain, Term.LONG, None)


def purchase(symbol: str, quantity: str, price: str, where: str = "joint") -> Trade:
    value = (D(quantity) * D(price)).quantize(D("0.01"))
    return Trade(where, Side.BUY, symbol, D(quantity), D(price), value)


TRADES = (
    sale("XOM", "12.345", "101.20", "2024-01-05", "1402.11"),
    purchase("CVX", "8.117", "150.02"),
    sale("BRK.B", "3", "512.34", "2023-06-05", "1900"),
    sale("XOM", "4", "101.20", "2025-03-05", "500.5"),
    purchase("MSFT", "0.42", "498.7"),
    purchase("AAPL", "10", "248.19"),
)
HELD = {("joint", "XOM"): D("16.345"), ("joint", "BRK.B"): D(5)}


def checklist_of(broker: str, trades: Sequence[Trade], where: Account = JOINT) -> tuple[str, str]:
    """The text and the CSV."""
    style = exports.STYLES[broker]
    found, notes = exports.orders(trades, style, HELD)
    blocks = checklist.blocks(where, found, style.block)
    warnings = ("Dividends of XOM are reinvested in ira, as its positions say: switch that off.",)
    text = checklist.text(style, {where.name: blocks}, {where.name: notes}, warnings, AS_OF)
    return text, csv_view.render(checklist.report(style, blocks, warnings))


def made() -> dict[str, str]:
    """Every golden's name and text."""
    uploads = {name: exports.orders(TRADES, exports.STYLES[name], {})[0] for name in exports.UPLOADS}
    out = {
        "ibkr.csv": exports.basket(uploads["ibkr"], AS_OF),
        "alpaca.jsonl": exports.order_lines(uploads["alpaca"], AS_OF, JOINT),
    }
    for broker in exports.STYLES:
        if broker not in exports.UPLOADS:
            out[f"{broker}.txt"], out[f"{broker}.csv"] = checklist_of(broker, TRADES)
    return out


@pytest.mark.parametrize("name", made())
def test_every_broker_gets_what_its_golden_says(name: str) -> None:
    golden = (GOLDENS / name).read_bytes().decode()
    assert made()[name] == golden, "run `python -m tests.test_exports` and read the difference"


def test_there_is_a_golden_for_every_broker_that_the_command_takes() -> None:
    assert set(Broker) == set(exports.STYLES)
    assert {path.name for path in GOLDENS.iterdir()} == set(made())


def test_a_basket_is_as_documented() -> None:
    text = made()["ibkr.csv"]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert ", " not in text
    assert [(row["Action"], row["Symbol"], row["Quantity"]) for row in rows] == [
        ("SELL", "XOM", "16"),
        ("SELL", "BRK B", "3"),
        ("BUY", "CVX", "8"),
        ("BUY", "AAPL", "10"),
    ]
    assert {(row["SecType"], row["Exchange"], row["Currency"], row["TimeInForce"], row["OrderType"]) for row in rows} \
        == {("STK", "SMART", "USD", "DAY", "MKT")}  # fmt: skip


def test_whole_shares_unless_the_user_says_that_the_account_trades_fractions() -> None:
    style = exports.STYLES["ibkr"]
    found, notes = exports.orders(TRADES, style, {})
    assert [order.quantity for order in found] == [16, 3, 8, 10]
    assert notes == (
        "less than the smallest order, and left out: MSFT (0.42)",
        "rounded down to what Interactive Brokers takes: sales bring $34.91 less and purchases cost $227.01 less "
        "than planned",
    )
    # the lots of a sale that is cut back add up to it, the last one giving way
    assert [(lot.quantity, lot.lot_basis) for lot in found[0].lots] == [
        (D("12.345"), D("1402.11")),
        (D("3.655"), D("500.5") * D("3.655") / 4),
    ]
    found, notes = exports.orders(TRADES, style, {}, fractional=True)
    assert ([order.quantity for order in found], notes) == ([D("16.345"), 3, D("8.117"), D("0.42"), 10], ())


def test_a_fraction_goes_with_the_whole_position_and_never_alone() -> None:
    style = exports.STYLES["vanguard"]
    assert exports.orders(TRADES, style, HELD)[0][0].quantity == D("16.345")
    assert exports.orders(TRADES, style, HELD | {("joint", "XOM"): D(17)})[0][0].quantity == 16


def test_alpaca_gets_shares_or_dollars_and_never_both() -> None:
    lines = [json.loads(line) for line in made()["alpaca.jsonl"].splitlines()]
    assert all(("qty" in line) != ("notional" in line) for line in lines)
    assert all(line["type"] == "market" and line["time_in_force"] == "day" for line in lines)
    assert [(line["side"], line.get("qty"), line.get("notional")) for line in lines] == [
        ("sell", "16.345", None),
        ("sell", "3", None),
        ("buy", None, "1217.71"),
        ("buy", None, "209.45"),
        ("buy", None, "2481.9"),
    ]
    found = exports.orders(TRADES, exports.STYLES["alpaca"], {})[0]
    whole = [json.loads(line) for line in exports.order_lines(found, AS_OF, WHOLE).splitlines()]
    assert all("qty" in line for line in whole)


def test_alpaca_takes_nine_decimals() -> None:
    odd = [sale("XOM", "1.23456789012", "100", "2024-01-05", "100")]
    found, _ = exports.orders(odd, exports.STYLES["alpaca"], {})
    assert json.loads(exports.order_lines(found, AS_OF, JOINT))["qty"] == "1.23456789"
    assert found[0].lots[0].quantity == D("1.234567890")


def test_an_order_has_the_same_short_id_whenever_it_is_written_and_no_other_has_it() -> None:
    def ids(as_of: dt.date, where: Account, trades: Sequence[Trade]) -> list[str]:
        found = exports.orders(trades, exports.STYLES["alpaca"], {})[0]
        return [json.loads(line)["client_order_id"] for line in exports.order_lines(found, as_of, where).splitlines()]

    one = ids(AS_OF, JOINT, TRADES)
    assert one == ids(AS_OF, JOINT, TRADES)
    assert all(len(name) <= exports.ID_LENGTH for name in one)
    more = [*TRADES[:-1], purchase("AAPL", "11", "248.19")]
    several = [
        *one, *ids(AS_OF + dt.timedelta(days=1), JOINT, TRADES), *ids(AS_OF, IRA, TRADES), ids(AS_OF, JOINT, more)[-1]
    ]  # fmt: skip
    assert len(set(several)) == len(several) == 16
    long = [purchase("ABCDEF.WS", "1", "1")]
    assert len(ids(AS_OF, JOINT, long)[0]) <= exports.ID_LENGTH


@pytest.mark.parametrize("broker", exports.STYLES)
def test_a_symbol_comes_back_from_the_brokers_spelling(broker: str) -> None:
    spell = exports.STYLES[broker].spell
    for share_class in symbols.SHARE_CLASSES.values():
        said = spell(share_class.symbol)
        back = symbols.undotted(said, share_class.name) if broker == "fidelity" else symbols.dotted(said)
        assert back == share_class.symbol
    assert spell("XOM") == "XOM"


@pytest.mark.parametrize("broker", [name for name in exports.STYLES if name not in exports.UPLOADS])
def test_a_checklist_is_as_wide_as_paper_and_has_every_share(broker: str) -> None:
    big = [*TRADES, sale("BF.B", "123456.123456", "12.3456", "2001-01-05", "1234567.89"), purchase("GOOGL", "1", ".5")]
    text, rows = checklist_of(broker, big)
    assert max(map(len, text.splitlines())) <= checklist.WIDTH
    found, _ = exports.orders(big, exports.STYLES[broker], HELD)
    listed = list(csv.DictReader(io.StringIO(rows)))
    for side in Side:
        assert sum(D(row["quantity"]) for row in listed if row["side"] == side) == sum(
            order.quantity for order in found if order.side is side
        )
    sides = [row["side"] for row in listed]
    assert sides == sorted(sides, reverse=True)  # sales first
    for order in found:
        assert f"{order.side.upper():<4} {exports.STYLES[broker].spell(order.symbol)} " in text
        for lot in order.lots:
            assert f"lot of {lot.lot_acquired}" in text


def test_fidelity_takes_fifty_together_and_no_basket_of_one() -> None:
    style = exports.STYLES["fidelity"]
    for count, sizes in ((50, [50]), (51, [49, 2]), (101, [50, 49, 2]), (102, [50, 50, 2]), (1, [1])):
        trades = [purchase(f"A{number:03d}", "1", "10") for number in range(count)]
        found, _ = exports.orders(trades, style, {})
        blocks = checklist.blocks(JOINT, found, style.block)
        assert [len(block.orders) for block in blocks] == sizes
        assert [block.first for block in blocks] == [1 + sum(sizes[:at]) for at in range(len(sizes))]


def test_a_tax_free_account_has_no_lots_to_pick() -> None:
    text, _ = checklist_of("generic", [sale("XOM", "2", "100", None, "150", "ira")], IRA)
    assert "lot of" not in text
    assert "specified lots" not in text


def position(where: str, symbol: str, reinvests: bool | None) -> Position:
    return Position(where, symbol, D(1), None, None, None, reinvests=reinvests)


def reinvestment(where: str, symbol: str, day: dt.date) -> Transaction:
    return Transaction(where, day, TransactionKind.REINVEST, symbol, D(1), D(-1))


def test_reinvested_dividends_of_a_name_just_harvested_are_named_in_any_account() -> None:
    harvested = {"GOOG": "GOOG", "GOOGL": "GOOG", "XOM": "XOM", "KO": "KO"}
    lately, long_ago = AS_OF - dt.timedelta(days=100), AS_OF - dt.timedelta(days=401)
    said = exports.reinvest_warnings(
        harvested,
        [
            position("joint", "XOM", True), position("spouse", "XOM", False), position("ira", "GOOGL", True),
            position("ira", "MSFT", True), position("hsa", "KO", None),
        ],
        [
            reinvestment("spouse", "XOM", lately),  # but the broker's flag says that it is off now
            reinvestment("hsa", "KO", lately),
            reinvestment("joint", "KO", long_ago),
            reinvestment("joint", "PG", lately),
        ],
        AS_OF,
    )  # fmt: skip
    tail = ": switch that off before you sell, or the next dividend buys shares that wash the loss."
    assert said == (
        f"Dividends of KO are reinvested in hsa, as its history shows{tail}",
        f"Dividends of GOOGL (as GOOG) are reinvested in ira, as its positions say{tail}",
        f"Dividends of XOM are reinvested in joint, as its positions say{tail}",
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_the_command_writes_what_the_plan_says(cache: Path) -> None:
    folder = SAMPLES / "starter"
    plan = list(csv.DictReader(io.StringIO(run("trade", *AT, folder=folder, cache=cache).out)))
    ran = run("trade", *AT, "--for", "fidelity", "-f", "csv", folder=folder, cache=cache)
    assert ran.code == 0, ran.err
    listed = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(plan) == len(listed) > 50
    assert sum(D(row["value"]) for row in plan) == sum(D(row["value"]) for row in listed)
    text = run("trade", *AT, "--for", "fidelity", "-f", "table", "--exit-code", folder=folder, cache=cache)
    assert text.code == 1
    assert "SELL FIRST" in text.out
    assert max(map(len, text.out.splitlines())) <= 80


def test_the_command_warns_of_reinvestment_lots_and_other_brokers(cache: Path) -> None:
    ran = run("trade", *AT, "--for", "ibkr", folder=SAMPLES / "tech_couple", cache=cache)
    assert ran.code == 0
    assert "warning: the files of joint are those of schwab, not of ibkr" in ran.err
    assert "are reinvested in spouse, as its history shows" in ran.err
    assert "dicli trade --for generic --account joint lists them" in ran.err
    assert ran.out.startswith(exports.BASKET + "\nSELL,")


def test_an_upload_of_two_accounts_an_unknown_account_and_another_format_are_refused(
    cache: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "two"
    shutil.copytree(SAMPLES / "tech_couple", folder)
    toml = folder / "dicli.toml"
    toml.write_text(toml.read_text().replace("managed = false", "managed = true"))
    two = run("trade", *AT, "--for", "alpaca", folder=folder, cache=cache)
    assert (two.code, two.out) == (2, "")
    assert "and an upload goes to one account. Add --account joint, then the same for the others" in two.err
    one = run("trade", *AT, "--for", "alpaca", "--account", "joint", folder=folder, cache=cache)
    assert one.code == 0
    other = run("trade", *AT, "--for", "schwab", "--account", "mine", folder=folder, cache=cache)
    assert (other.code, other.out) == (2, "")
    assert "dicli.toml has no such account. It has: joint, spouse, ira." in other.err
    wrong = run("trade", *AT, "--for", "ibkr", "--account", "joint", "-f", "json", folder=folder, cache=cache)
    assert (wrong.code, wrong.out) == (2, "")
    both = run("trade", *AT, "--for", "generic", "-f", "table", folder=folder, cache=cache)
    assert both.out.count("TRADES FOR ") >= 2


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    for golden, text in made().items():
        (GOLDENS / golden).write_bytes(text.encode())
