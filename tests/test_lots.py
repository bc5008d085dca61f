"""Which shares a sale takes: before, sale, booked, after."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dicli.errors import InputError
from dicli.model import AccountKind, Owner
from dicli.tax.ledger import Choices, Event, EventKind, TaxAccount
from dicli.tax.wash import book

ACCOUNTS = [TaxAccount("T1", Owner.YOU, AccountKind.TAXABLE), TaxAccount("T2", Owner.YOU, AccountKind.TAXABLE)]


def event(kind: str, id_: str, day: str, quantity: int, amount: Any = None, **more: Any) -> Event:
    values: dict[str, Any] = {"account": "T1", "symbol": "X"} | more
    cost = None if amount is None else Decimal(amount)
    return Event(id_, EventKind(kind), dt.date.fromisoformat(day), quantity=Decimal(quantity), amount=cost, **values)


LOTS = [
    event("buy", "old", "2022-01-10", 10, 1000),
    event("buy", "dear", "2023-01-10", 10, 1500),
    event("buy", "cheap", "2024-01-10", 10, 500),
    event("buy", "new", "2025-01-10", 10, 1400),
]


def taken(method: str, quantity: int, price: int = 100, **options: Any) -> dict[str, int]:
    sale = event("sell", "s", "2025-06-02", quantity, quantity * price)
    found = book(ACCOUNTS, [*LOTS, sale], method=method, **options)  # type: ignore[arg-type]
    return {row.lot: int(row.quantity) for row in found.realized}


@pytest.mark.parametrize(
    ("method", "booked"),
    [
        ("fifo", {"old": 10, "dear": 5}),
        ("lifo", {"new": 10, "cheap": 5}),
        ("hifo", {"dear": 10, "new": 5}),
        ("lofo", {"cheap": 10, "old": 5}),
        # at 100: new loses 40 a share at the short rate (14.00), dear 50 at the long rate (7.50)
        ("lowest_tax", {"new": 10, "dear": 5}),
    ],
)
def test_standing_orders(method: str, booked: dict[str, int]) -> None:
    assert taken(method, 15) == booked


def test_lowest_tax_weighs_by_the_rates_given() -> None:
    flat = Choices(short_rate=Decimal("0.2"), long_rate=Decimal("0.2"))
    assert taken("lowest_tax", 10, choices=flat) == {"dear": 10}
    assert taken("lowest_tax", 10) == {"new": 10}


def test_a_sale_may_name_its_own_method_or_lots() -> None:
    events = [
        *LOTS,
        event("sell", "s1", "2025-06-02", 5, 500, method="hifo"),
        event("sell", "s2", "2025-06-03", 7, 700, lots=(("cheap", Decimal(3)), ("new", Decimal(4)))),
        event("sell", "s3", "2025-06-04", 5, 500),
    ]
    rows = [(row.sale, row.lot, int(row.quantity)) for row in book(ACCOUNTS, events, method="lifo").realized]
    assert rows == [("s1", "dear", 5), ("s2", "cheap", 3), ("s2", "new", 4), ("s3", "new", 5)]


def test_accounts_have_their_own_orders_and_their_own_shares() -> None:
    events = [
        *LOTS,
        event("buy", "there", "2021-01-10", 10, 10, account="T2"),
        event("sell", "s1", "2025-06-02", 5, 500),
        event("sell", "s2", "2025-06-02", 5, 500, account="T2"),
    ]
    rows = book(ACCOUNTS, events, method={"T1": "lifo"}).realized
    assert [(row.sale, row.lot) for row in rows] == [("s1", "new"), ("s2", "there")]


def test_shares_moved_in_take_their_place_by_date() -> None:
    events = [
        *LOTS,
        event("buy", "there", "2022-06-10", 10, 900, account="T2"),
        event("transfer", "t", "2025-02-03", 10, account="T2", to_account="T1"),
        event("sell", "s", "2025-06-02", 15, 1500),
    ]
    rows = book(ACCOUNTS, events).realized
    assert [(row.lot, int(row.quantity)) for row in rows] == [("old", 10), ("there", 5)]


def test_highest_basis_counts_wash_adjustments() -> None:
    events = [
        event("buy", "a", "2025-01-06", 10, 1000),
        event("sell", "s1", "2025-02-03", 10, 900),
        event("buy", "b", "2025-02-05", 10, 920),  # 1,020 with the loss
        event("buy", "c", "2025-04-01", 10, 1000),
        event("sell", "s2", "2025-06-02", 10, 1100),
    ]
    rows = book(ACCOUNTS, events, method="hifo").realized
    assert [(row.sale, row.lot, row.basis) for row in rows] == [("s1", "a", 1000), ("s2", "b", 1020)]


def test_average_basis_spreads_over_all_shares_and_terms_stay_first_in_first_out() -> None:
    events = [
        event("buy", "a", "2024-05-13", 200, 2000),
        event("buy", "b", "2025-05-17", 200, 2400),
        event("sell", "s", "2025-11-18", 300, 4500),
    ]
    found = book(ACCOUNTS, events, method={"T1": "average"})
    rows = [(row.lot, row.term.value, int(row.quantity), row.basis) for row in found.realized]
    assert rows == [("a", "long", 200, 2200), ("b", "short", 100, 1100)]
    assert [lot.basis for lot in found.lots] == [1100]


def test_naming_more_of_a_lot_than_it_holds_is_an_error() -> None:
    sale = event("sell", "s", "2025-06-02", 11, 500, lots=(("old", Decimal(11)),))
    with pytest.raises(InputError, match="sell of 11 X from lot old, of which account T1 holds 10 on 2025-06-02"):
        book(ACCOUNTS, [*LOTS, sale])


def test_an_opening_lot_keeps_its_holding_date() -> None:
    opening = event("buy", "a", "2025-02-05", 10, 1000, holding_from=dt.date(2024, 1, 3), adjustment=Decimal(80))
    (row,) = book(ACCOUNTS, [opening, event("sell", "s", "2025-03-03", 5, 700)]).realized
    assert (row.term.value, row.acquired, row.held_from, row.adjustment) == (
        "long", dt.date(2025, 2, 5), dt.date(2024, 1, 3), 40,
    )  # fmt: skip
