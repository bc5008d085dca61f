"""The plain files: what a hand may get wrong, and dicli's own columns read back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError
from dicli.model import Reading

LOTS = "symbol,quantity,acquired,cost_basis,currency,term\n"
HISTORY = "date,kind,symbol,quantity,amount,price,fees\n"
SALES = "symbol,quantity,acquired,sold,proceeds,cost_basis,disallowed,term\n"


def read(text: str) -> Reading:
    return brokers.read_document(Document("x.csv", text.encode()))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (LOTS + "KO,-1,2024-01-02,60,,\n", "a quantity of -1"),
        (LOTS + "KO,0,2024-01-02,60,,\n", "a quantity of 0"),
        (LOTS + ",1,2024-01-02,60,,\n", '"symbol" is empty'),
        (LOTS + "KO,1,2024-01-02,60,EUR,\n", 'the currency is "EUR"'),
        (LOTS + "KO,1,2024-01-02,60,,middle\n", 'unknown term "middle"'),
        (LOTS + "KO,1,sometime,60,,\n", "a date like"),
        (HISTORY + "2026-01-02,purchase,KO,1,-60,,\n", 'unknown kind "purchase". Write one of: buy, sell'),
        (HISTORY + "2026-01-02,sell,KO,1,60,,\n", "a sell with quantity 1"),
        (HISTORY + "2026-01-02,buy,KO,-1,-60,,\n", "a buy with quantity -1"),
        (HISTORY + "2026-01-02,buy,KO,,-60,,\n", "a buy without a symbol or a quantity"),
        (HISTORY + "2026-01-02,transfer_in,,2,,,\n", "a transfer_in without a symbol or a quantity"),
        (HISTORY + "2026-01-02,buy,KO,1,60,,\n", "a buy with amount 60"),
        (HISTORY + "2026-01-02,sell,KO,-1,-60,,\n", "a sell with amount -60"),
        (HISTORY + "2026-01-02,sell,KO,-10,60,60,\n", "10 shares at 60 are not 60"),
        ("symbol,quantity\nKO,1\nKO,2\n", '"KO" comes twice'),
        ("symbol,quantity\nKO,-1\n", "a quantity of -1"),
        (SALES + "KO,1,2024-01-02,2025-01-02,60,70,-5,\n", "a disallowed loss of -5"),
        (SALES + "KO,1,2024-01-02,,60,70,5,\n", "a date like"),
    ],
)
def test_what_a_hand_gets_wrong_is_said_with_its_row(text: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        read(text)
    assert what in str(refused.value)
    assert all(fault.where.startswith("x.csv, row ") and fault.remedy for fault in refused.value.faults)


def test_dicli_s_own_lots_keep_their_holding_period() -> None:
    (lot,) = read(
        "account,symbol,quantity,acquired,holding_from,basis,price,value,gain,term\n"
        "4821,KO,5,2026-02-02,2025-03-04,350.00,71.00,355.00,5.00,long\n"
    ).lots
    assert (lot.acquired, lot.holding_from) == (dt.date(2026, 2, 2), dt.date(2025, 3, 4))
    assert (lot.basis, lot.price) == (350, 71)


def test_cash_is_a_position_called_so() -> None:
    reading = read("symbol,quantity,account\nKO,1,a\nCASH,12.50,a\nCASH,3,b\n")
    assert reading.cash == {"a": Decimal("12.50"), "b": 3}
    assert reading.accounts == ("a", "b")


def test_a_broker_s_positions_are_not_taken_for_plain_ones() -> None:
    with pytest.raises(InputError, match="no known format claims"):
        read("Symbol,Quantity,Last Seen,Mood\nKO,1,2,3\n")
