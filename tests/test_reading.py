"""What `dicli read -f json` says of a file: the keys that others may rely on, and no account number in full."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from dicli import brokers
from dicli.model import Position, Reading, SetAside, Source
from dicli.reports.reading import reading_to_json, readings_to_json

LOTS = Path(__file__).parent / "brokers" / "schwab" / "lots.csv"
KEYS = {
    "positions": ["account", "symbol", "quantity", "basis"],
    "lots": ["account", "symbol", "quantity", "acquired", "basis"],
    "transactions": ["account", "date", "kind", "symbol", "quantity", "amount"],
    "sales": ["account", "symbol", "quantity", "acquired", "sold", "proceeds", "basis", "disallowed", "term"],
    "set_aside": ["account", "symbol", "row", "why"],
}

TABLES = ("positions", "lots", "transactions", "sales")


def test_the_contract_s_keys_come_first_and_in_order() -> None:
    folder = Path(__file__).parent / "brokers" / "schwab"
    for name, kind in [
        ("positions_2019.csv", "positions"),
        ("lots.csv", "lots"),
        ("transactions_2020.csv", "transactions"),
        ("realized.csv", "sales"),
        ("positions_2019.csv", "set_aside"),
    ]:
        (file,) = readings_to_json([brokers.read(folder / name)])["files"]
        keys = [*("file", "broker", "kind", "accounts"), *TABLES, "cash", "constituents", "set_aside"]
        assert list(file)[: len(keys)] == keys
        assert list(file[kind][0])[: len(KEYS[kind])] == KEYS[kind]


def test_numbers_are_strings_dates_iso_and_the_unknown_null() -> None:
    file = reading_to_json(brokers.read(LOTS))
    assert file["lots"][0] == {
        "account": "4821",
        "symbol": "KO",
        "quantity": "80",
        "acquired": "2017-10-30",
        "basis": "3672.00",
        "holding_from": "2017-10-30",
        "disallowed": None,
        "covered": None,
    }
    json.dumps(file)


def test_no_account_number_is_shown_in_full_and_two_that_end_alike_stay_apart() -> None:
    def held(account: str) -> Position:
        return Position(account, "KO", Decimal(1), None, None, None, source=Source("x.csv", 2))

    reading = Reading(
        *("x.csv", "fidelity", ("positions",), 2),
        accounts=("X11114821", "X22224821"),
        positions=(held("X11114821"), held("X22224821")),
        cash={"X11114821": Decimal("1E+3"), "X22224821": Decimal(5)},
        set_aside=(SetAside("X22224821", None, 4, "an option"), SetAside(None, "SPY", 5, "an option")),
    )
    file = reading_to_json(reading)
    assert file["accounts"] == [row["account"] for row in file["positions"]] == ["4821", "4821 (2)"]
    assert file["cash"] == {"4821": "1000", "4821 (2)": "5"}
    assert [row["account"] for row in file["set_aside"]] == ["4821 (2)", None]
    assert "1111" not in json.dumps(file)
