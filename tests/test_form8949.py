"""Form 8949: rows from books, totals by box, rounding; reconciliation with a broker's rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dicli.model import AccountKind, Owner, Sale, Term
from dicli.tax import form8949
from dicli.tax.books import Realized
from dicli.tax.form8949 import Entry, covered, entry, row, summary, totals, whole_dollars
from dicli.tax.funds import extraordinary_dividend_loss
from dicli.tax.ledger import Event, EventKind, TaxAccount
from dicli.tax.reconcile import reconcile
from dicli.tax.wash import book

ACCOUNTS = [TaxAccount("T1", Owner.YOU, AccountKind.TAXABLE), TaxAccount("T2", Owner.YOU, AccountKind.TAXABLE)]


def trade(kind: str, id_: str, day: str, quantity: Any, amount: Any, account: str = "T1", symbol: str = "X") -> Event:
    return Event(id_, EventKind(kind), dt.date.fromisoformat(day), account, symbol, Decimal(quantity), Decimal(amount))


EVENTS = [
    trade("buy", "b1", "2024-01-10", 10, 1000),
    trade("sell", "s1", "2024-10-10", 10, 900),
    trade("buy", "b2", "2024-10-20", 10, 900, "T2"),
    trade("sell", "s2", "2025-02-03", 10, 1300, "T2"),
]


def realized() -> tuple[Realized, ...]:
    return book(ACCOUNTS, EVENTS).realized


def test_a_wash_across_brokers_is_w_when_sold_and_bt_when_the_replacement_goes() -> None:
    sold, replaced = realized()
    first = row(entry(sold, basis_1099=1000, broker_term=Term.SHORT))
    assert (first.part, first.box, first.a, first.b, first.f) == ("I", "A", "10 sh. X", "2024-01-10", "W")
    assert (first.d, first.e, first.g, first.h) == (900, 1000, 100, 0)
    second = row(entry(replaced, basis_1099=900, broker_term=Term.SHORT))
    assert (second.part, second.box, second.b, second.f) == ("II", "D", "2024-10-20", "BT")
    assert (second.d, second.e, second.g, second.h) == (1300, 900, -100, 300)


def test_totals_foot() -> None:
    lines = [row(entry(each, basis_1099=basis)) for each, basis in zip(realized(), (1000, 900), strict=True)]
    found = totals(lines)
    assert [(sums.box, sums.schedule_d_line, sums.rows) for sums in found] == [("A", "1b", 1), ("D", "8b", 1)]
    assert all(sums.h == sums.d - sums.e + sums.g for sums in found)
    assert sum(sums.h for sums in found) == sum(each.allowed for each in realized())
    assert [(line.f, line.b) for line in summary(lines, "Broker")] == [("MW", "VARIOUS"), ("BM", "VARIOUS")]


@pytest.mark.parametrize(
    ("values", "box", "line"),
    [
        ({}, "A", "1b"),
        ({"basis_reported": False}, "B", "2"),
        ({"reported": False}, "C", "3"),
        ({"digital": True}, "G", "1b"),
        ({"digital": True, "basis_reported": False}, "H", "2"),
        ({"digital": True, "reported": False}, "I", "3"),
    ],
)
def test_boxes_and_lines(values: dict[str, bool], box: str, line: str) -> None:
    short = row(Entry(Term.SHORT, Fraction(10), Fraction(5), **values))  # type: ignore[arg-type]
    assert (short.box, short.schedule_d_line) == (box, line)
    long = row(Entry(Term.LONG, Fraction(10), Fraction(5), **values))  # type: ignore[arg-type]
    assert long.box == chr(ord(box) + 3)
    assert long.schedule_d_line == {"1b": "8b", "2": "9", "3": "10"}[line]


def test_basis_not_reported_needs_no_adjustment() -> None:
    found = row(Entry(Term.SHORT, Fraction(100), Fraction(80), basis_reported=False, basis_1099=Fraction(70)))
    assert (found.e, found.f, found.g, found.h) == (80, "B", 0, 20)


def test_a_statement_where_the_broker_disallowed_more() -> None:
    found = row(Entry(Term.SHORT, Fraction(50), Fraction(100), wash=Fraction(10), broker_wash=Fraction(30)))
    assert found.f == "W"
    assert found.statement
    assert not row(
        Entry(Term.SHORT, Fraction(50), Fraction(100), wash=Fraction(30), broker_wash=Fraction(30))
    ).statement


def test_rounding_is_of_the_total() -> None:
    assert whole_dollars([Fraction("0.49"), Fraction("0.49")]) == 1
    assert whole_dollars([Fraction("0.50")]) == 1
    assert whole_dollars([Fraction("0.49")]) == 0
    assert whole_dollars([Fraction("-0.50")]) == -1


def test_covered_since() -> None:
    found = [covered(kind, 2012) for kind in ("stock", "fund", "debt", "option", "digital")]
    assert found == [True, True, False, False, False]
    assert not covered("stock", 2010)


def test_extraordinary_dividend() -> None:
    assert extraordinary_dividend_loss(50, 10, 100) == (10, 40)
    assert extraordinary_dividend_loss(50, 9, 100) == (0, 50)
    assert extraordinary_dividend_loss(50, 5, 100, preferred=True) == (5, 45)


def theirs(**values: Any) -> Sale:
    day = dt.date(2024, 10, 10)
    known: dict[str, Any] = {
        "account": "T1", "symbol": "X", "quantity": Decimal(10), "acquired": dt.date(2024, 1, 10), "sold": day,
        "proceeds": Decimal(900), "basis": Decimal(1000), "disallowed": Decimal(0), "term": Term.SHORT,
    }  # fmt: skip
    return Sale(**(known | values))


def test_reconciliation_gives_the_reason_that_the_broker_cannot_see() -> None:
    other = {"account": "T2", "acquired": dt.date(2024, 10, 20), "sold": dt.date(2025, 2, 3), "proceeds": Decimal(1300)}
    found = reconcile(realized(), [theirs(), theirs(**other, basis=Decimal(900))])
    assert [(each.account, each.fields, each.expected) for each in found] == [
        ("T1", ("disallowed",), True),
        ("T2", ("basis", "term"), True),
    ]
    assert "lot b2, 2024-10-20, account T2 (R-SCOPE)" in found[0].reasons[0]
    assert ["R-BROKER" in reason for reason in found[1].reasons] == [True, True]


def test_rows_that_agree_to_the_cent_are_not_listed_and_missing_ones_are() -> None:
    first = realized()[:1]
    assert reconcile(first, [theirs(disallowed=Decimal("100.00"))]) == ()
    assert reconcile(first, [theirs(disallowed=None, basis=None, term=None)]) == ()
    (lost,) = reconcile(first, [])
    assert (lost.fields, lost.theirs, lost.expected) == (("row",), None, False)
    (proceeds,) = reconcile(first, [theirs(disallowed=Decimal(100), proceeds=Decimal(905))])
    assert (proceeds.fields, proceeds.reasons, proceeds.expected) == (("proceeds",), (), False)


def test_a_broker_row_without_purchase_date_is_compared_with_the_whole_sale() -> None:
    assert reconcile(realized()[:1], [theirs(acquired=None, disallowed=Decimal(100))]) == ()


def test_boxes_are_twelve() -> None:
    assert sorted(form8949.BOXES.values()) == list("ABCDEFGHIJKL") == sorted(form8949.LINES)
