"""Symbols in one dotted form, and the recognition of what is no stock."""

from __future__ import annotations

import pytest

from dicli.brokers.symbols import (
    SHARE_CLASSES,
    AmbiguousSymbolError,
    dotted,
    is_cusip,
    is_money_fund,
    is_option,
    is_ticker,
    no_stock,
    undotted,
)


@pytest.mark.parametrize("said", ["BRK/B", "BRK-B", "BRK B", "BRK.B", " brk.b ", "BRK  B"])
def test_a_class_has_one_form_whatever_the_broker_writes(said: str) -> None:
    assert dotted(said) == "BRK.B"


@pytest.mark.parametrize(
    ("said", "symbol"), [("KO", "KO"), ("SPAXX**", "SPAXX"), ("BAC/PRL", "BAC.PRL"), ("MSFT ", "MSFT"), ("", "")]
)
def test_other_symbols_stay(said: str, symbol: str) -> None:
    assert dotted(said) == symbol


def test_an_undotted_class_is_proved_by_its_name_or_its_cusip() -> None:
    assert undotted("BRKB", name="BERKSHIRE HATHAWAY INC CL B") == "BRK.B"
    assert undotted("BFB", cusip="115637209") == "BF.B"
    assert undotted("AAPL", name="APPLE INC") == "AAPL"
    assert undotted("BRK/B") == "BRK.B"


@pytest.mark.parametrize("name", ["", "BIG FUND B"])
def test_an_undotted_class_without_proof_is_refused(name: str) -> None:
    with pytest.raises(AmbiguousSymbolError, match=r'"BFB" may be BF\.B or a ticker of its own'):
        undotted("BFB", name=name)
    with pytest.raises(AmbiguousSymbolError):
        undotted("BFB", name=name, cusip="000000000")


def test_the_table_of_classes_is_consistent() -> None:
    for spelling, entry in SHARE_CLASSES.items():
        assert entry.symbol.replace(".", "") == spelling
        assert entry.name == entry.name.lower()
        assert not entry.cusip or is_cusip(entry.cusip)


@pytest.mark.parametrize(
    "symbol",
    [
        "SPY   250321C00500000",
        "TSLA  230317P00180000",
        "SPY 03/31/2020 284.00 P",
        "-AAPL241220C150",
        "TSLA 19JUN26 300 C",
        *("-SPY180125C260", "BRKB220414C357.5"),
    ],
)
def test_options_are_set_aside(symbol: str) -> None:
    assert is_option(symbol)
    assert no_stock(symbol) == "an option"


def test_futures_and_cusips_are_set_aside_and_stocks_are_not() -> None:
    assert no_stock("/ESZ6") == "a future"
    assert "CUSIP" in (no_stock("912796TP4") or "")
    for symbol in ("KO", "BRK.B", "BRK/B", "GOOGL", "SWTSX", "V", "BAC/PRL"):
        assert no_stock(symbol) is None
        assert is_ticker(dotted(symbol))
        assert not is_option(symbol)


def test_money_funds_are_known_by_their_letters() -> None:
    assert all(map(is_money_fund, ("SWVXX", "SPAXX**", "VMFXX", "FDRXX")))
    assert not any(map(is_money_fund, ("SWTSX", "XX", "EXXX.A", "KO", "ABCDXX")))
