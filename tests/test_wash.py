"""Wash sales at the corners: what the worked cases do not reach."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dicli.errors import InputError
from dicli.model import AccountKind, Owner, Term
from dicli.tax.books import Books, cents, decimal
from dicli.tax.ledger import Choices, Event, EventKind, TaxAccount
from dicli.tax.wash import book

T1 = TaxAccount("T1", Owner.YOU, AccountKind.TAXABLE)
T2 = TaxAccount("T2", Owner.YOU, AccountKind.TAXABLE)
S1 = TaxAccount("S1", Owner.SPOUSE, AccountKind.TAXABLE)
IRA = TaxAccount("IRA", Owner.YOU, AccountKind.TRADITIONAL_IRA)
HSA = TaxAccount("HSA", Owner.YOU, AccountKind.HSA)
CHILD = TaxAccount("UTMA", Owner.YOU, AccountKind.TAXABLE, scanned=False)
ACCOUNTS = [T1, T2, S1, IRA, HSA, CHILD]


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2025-{text}" if len(text) == 5 else text)


def trade(kind: str, id_: str, day: str, quantity: Any, amount: Any = None, **more: Any) -> Event:
    values: dict[str, Any] = {"account": "T1", "symbol": "X"} | more
    number = None if amount is None else Decimal(str(amount))
    return Event(id_, EventKind(kind), on(day), quantity=Decimal(str(quantity)), amount=number, **values)


def action(kind: str, id_: str, day: str, **more: Any) -> Event:
    values: dict[str, Any] = {"account": None, "symbol": "X"} | more
    return Event(id_, EventKind(kind), on(day), **values)


def booked(*events: Event, **options: Any) -> Books:
    return book(ACCOUNTS, events, **options)


def rows(books: Books) -> list[tuple[str, str, Fraction, Fraction]]:
    return [(row.sale, row.lot, row.gain, row.disallowed) for row in books.realized]


LOSS = (trade("buy", "b1", "01-06", 10, 1000), trade("sell", "s1", "03-03", 10, 900))


# -- who took it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "rule", "permanent"),
    [("T1", "R-WINDOW", 0), ("T2", "R-SCOPE", 0), ("S1", "R-SPOUSE", 0), ("IRA", "R-IRA", 100),
     ("HSA", "R-OTHERPLANS", 100)],
)  # fmt: skip
def test_each_disallowed_dollar_names_the_purchase_that_took_it(account: str, rule: str, permanent: int) -> None:
    (row,) = booked(*LOSS, trade("buy", "b2", "03-10", 20, 1800, account=account)).realized
    (match,) = row.matches
    assert (match.lot, match.account, match.acquired, match.quantity) == ("b2", account, on("03-10"), 10)
    assert (match.disallowed, match.rule, row.permanent) == (100, rule, permanent)


def test_a_childs_account_is_not_scanned_and_an_hsa_only_unless_ignored() -> None:
    assert rows(booked(*LOSS, trade("buy", "b2", "03-10", 10, 900, account="UTMA"))) == [("s1", "b1", -100, 0)]
    bought = trade("buy", "b2", "03-10", 10, 900, account="HSA")
    assert [note.rule for note in booked(*LOSS, bought).warnings] == ["R-OTHERPLANS"]
    ignored = booked(*LOSS, bought, choices=Choices(other_plans="ignored"))
    assert rows(ignored) == [("s1", "b1", -100, 0)]
    assert ignored.warnings == ()


def test_a_spouses_purchase_is_permanent_only_by_choice() -> None:
    bought = trade("buy", "b2", "03-10", 10, 900, account="S1")
    (row,) = booked(*LOSS, bought, choices=Choices(spouse="permanent")).realized
    assert (row.disallowed, row.permanent) == (100, 100)


@pytest.mark.parametrize(("day", "washed"), [("02-01", 100), ("01-31", 0), ("04-02", 100), ("04-03", 0)])
def test_the_window_is_thirty_days_either_side_inclusive(day: str, washed: int) -> None:
    found = booked(*LOSS[:1], trade("buy", "b2", day, 10, 950), trade("sell", "s1", "03-03", 10, 900))
    assert found.realized[0].disallowed == washed


def test_provisional_until_thirty_days_have_passed() -> None:
    assert booked(*LOSS).realized[0].provisional
    assert booked(*LOSS, through=on("04-01")).realized[0].provisional
    assert not booked(*LOSS, through=on("04-02")).realized[0].provisional
    washed = booked(*LOSS, trade("buy", "b2", "03-04", 10, 900)).realized[0]
    assert not washed.provisional  # nothing is left that a later purchase could take


def test_a_share_marked_as_used_does_not_replace_again() -> None:
    opening = trade("buy", "b2", "03-10", 10, 900, replaced=Decimal(4))
    (row,) = booked(*LOSS, opening).realized
    assert row.disallowed == 60


def test_exempt_symbols_have_no_wash_sales_and_related_sales_no_loss() -> None:
    again = trade("buy", "b2", "03-10", 10, 900)
    assert rows(booked(*LOSS, again, exempt=["X"])) == [("s1", "b1", -100, 0)]
    (row,) = booked(LOSS[0], trade("sell", "s1", "03-03", 10, 900, to_related=True)).realized
    assert (row.disallowed, row.nondeductible, row.matches) == (100, 100, ())


def test_literal_text_pushes_a_loss_back_into_a_closed_sale() -> None:
    events = (
        trade("buy", "b1", "01-06", 10, 1000),
        trade("buy", "b2", "01-20", 10, 950),
        trade("sell", "s1", "01-27", 10, 980, lots=(("b2", Decimal(10)),)),
        trade("sell", "s2", "02-03", 10, 900),
    )
    assert rows(booked(*events)) == [("s1", "b2", 30, 0), ("s2", "b1", -100, 0)]
    literal = booked(*events, choices=Choices(sold_before="included"))
    assert rows(literal) == [("s1", "b2", -70, 0), ("s2", "b1", -100, 100)]


# -- order and time ---------------------------------------------------------------------------------------------------


def test_rows_of_one_day_may_be_listed_newest_first() -> None:
    found = booked(trade("sell", "s1", "03-03", 10, 900), trade("buy", "b1", "03-03", 10, 1000))
    assert rows(found) == [("s1", "b1", -100, 0)]


def test_known_times_are_kept_to() -> None:
    sale = trade("sell", "s1", "03-03", 10, 900, time="09:30")
    with pytest.raises(InputError, match="event s1: sell of 10 X, of which account T1 holds 0"):
        booked(sale, trade("buy", "b1", "03-03", 10, 1000, time="10:00"))


def test_purchases_of_one_day_replace_in_order_of_time() -> None:
    first = trade("buy", "b2", "03-10", 10, 900, time="15:00")
    second = trade("buy", "b3", "03-10", 10, 900, time="9:31:05")
    (row,) = booked(*LOSS, first, second).realized
    assert [match.lot for match in row.matches] == ["b3"]


def test_the_order_of_events_in_the_input_does_not_matter_across_days() -> None:
    events = [*LOSS, trade("buy", "b2", "03-10", 5, 450), trade("sell", "s2", "04-01", 5, 400)]
    assert booked(*events).realized == booked(*events[::-1]).realized


# -- corporate actions ------------------------------------------------------------------------------------------------


def test_reverse_split_in_the_window_rescales_the_match() -> None:
    found = booked(*LOSS, action("split", "x", "03-05", ratio=Fraction(1, 10)), trade("buy", "b2", "03-10", "0.4", 400))
    assert found.realized[0].disallowed == 40  # 0.4 new shares are 4 old ones


def test_a_split_reported_by_two_brokers_counts_once() -> None:
    found = booked(
        *LOSS,
        action("split", "x1", "03-05", ratio=2, account="T1"),
        action("split", "x2", "03-05", ratio=2, account="T2"),
        trade("buy", "b2", "03-10", 10, 450, account="T2"),
    )
    assert found.realized[0].disallowed == 50


def test_a_purchase_under_the_new_name_replaces_shares_sold_under_the_old() -> None:
    renamed = action("merger", "m", "03-05", new_symbol="NEW", ratio=1)
    bought = trade("buy", "b2", "03-10", 10, 900, symbol="NEW")
    assert booked(*LOSS, renamed, bought).realized[0].disallowed == 100
    assert booked(*LOSS, bought).realized[0].disallowed == 0


def test_two_companies_are_two_securities_until_they_merge() -> None:
    merged = action("merger", "m", "03-20", new_symbol="NEW", ratio=1)
    bought = trade("buy", "b2", "03-10", 10, 900, symbol="NEW")
    assert booked(*LOSS, merged, bought).realized[0].disallowed == 0


def test_boot_of_a_merger_is_taxed_up_to_the_gain() -> None:
    cash = action("merger", "m", "03-05", new_symbol="NEW", ratio=1, per_share=Decimal(20), fmv=Decimal(90))
    found = booked(trade("buy", "b1", "01-06", 10, 1000), cash)
    assert [(row.proceeds, row.basis, row.gain) for row in found.realized] == [(200, 100, 100)]
    assert found.lots[0].basis == 900  # 1,000 − 200 + 100
    loss = booked(trade("buy", "b1", "01-06", 10, 2000), cash)
    assert [row.gain for row in loss.realized] == [0]
    assert loss.lots[0].basis == 1800


def test_a_spin_off_divides_adjusted_sub_lots_and_keeps_their_dates() -> None:
    spun = action("spinoff", "d", "05-01", new_symbol="NEW", ratio=Fraction(1, 2), basis_fraction=Decimal("0.25"))
    found = booked(*LOSS, trade("buy", "b2", "03-10", 20, 1800), spun)
    lots = {(lot.lot, lot.held_from.isoformat()): (lot.quantity, lot.basis) for lot in found.lots}
    assert lots == {
        ("b2", "2025-01-13"): (10, 750),
        ("b2", "2025-03-10"): (10, 675),
        ("d:b2", "2025-01-13"): (5, 250),
        ("d:b2", "2025-03-10"): (5, 225),
    }


def test_return_of_capital_in_an_ira_is_no_income() -> None:
    paid = action("roc", "r", "06-02", per_share=Decimal(150))
    found = booked(trade("buy", "b1", "01-06", 10, 1000), trade("buy", "b2", "01-06", 10, 1000, account="IRA"), paid)
    assert [(row.lot, row.gain, row.quantity) for row in found.realized] == [("b1", 500, 0)]


def test_shares_moved_between_accounts_keep_their_flags() -> None:
    moved = trade("transfer", "t", "03-20", 10, to_account="T2")
    found = booked(*LOSS, trade("buy", "b2", "03-10", 10, 900), moved)
    (lot,) = found.lots
    assert (lot.account, lot.basis, lot.replaced, lot.held_from) == ("T2", 1000, True, on("01-13"))


# -- gifts, warnings, errors ------------------------------------------------------------------------------------------


def test_a_gift_sold_at_a_loss_counts_from_the_gift_and_can_be_washed() -> None:
    gift = trade("gift_in", "g", "02-10", 100, 10000, fmv=Decimal(9000), acquired=on("2015-05-05"))
    sold = trade("sell", "s", "06-10", 100, 8000)
    (row,) = booked(gift, sold).realized
    assert (row.term, row.basis, row.gain, row.held_from) == (Term.SHORT, 9000, -1000, on("02-10"))
    (row,) = booked(gift, sold, trade("buy", "b", "06-12", 50, 4000)).realized
    assert row.disallowed == 500


def test_the_term_is_doubted_where_tacking_decides_it() -> None:
    events = (
        trade("buy", "b1", "2024-03-01", 10, 1000),
        trade("buy", "b2", "2024-06-10", 10, 950),
        trade("sell", "s1", "2024-07-01", 10, 900, lots=(("b1", Decimal(10)),)),
        trade("sell", "s2", "2025-02-20", 10, 1200),
    )
    assert [(note.rule, note.about) for note in booked(*events).warnings] == [("R-TACK", "s2/b2")]


def test_look_alikes_are_pointed_out_unless_decided() -> None:
    bought = trade("buy", "b2", "03-10", 10, 900, symbol="GOOGL")
    sold = [trade("buy", "b1", "01-06", 10, 1000, symbol="GOOG"), trade("sell", "s1", "03-03", 10, 900, symbol="GOOG")]
    assert [note.rule for note in booked(*sold, bought).warnings] == ["R-IDENTICAL"]
    decided = {"GOOG": ("GOOG", 1), "GOOGL": ("GOOGL", 1)}
    assert booked(*sold, bought, identical=decided).warnings == ()
    call = trade("buy", "c", "03-10", 1, 300, symbol="X 250620C50")
    assert [note.rule for note in booked(*LOSS, call).warnings] == ["R-OPTIONS"]


def test_lots_named_after_settlement_are_pointed_out() -> None:
    named = {"lots": (("b1", Decimal(10)),)}
    in_time = trade("sell", "s1", "03-03", 10, 900, identified=on("03-04"), **named)
    late = trade("sell", "s1", "03-03", 10, 900, identified=on("03-05"), **named)
    assert booked(LOSS[0], in_time).warnings == ()
    assert [note.rule for note in booked(LOSS[0], late).warnings] == ["R-SPECID"]


def test_purchases_of_one_day_without_order_ids_are_pointed_out() -> None:
    two = (trade("buy", "b1", "01-20", 4, 400), trade("buy", "b2", "01-20", 6, 606))
    found = booked(*two, trade("sell", "s1", "02-03", 4, 360))
    assert [note.rule for note in found.warnings] == ["R-SAMELOT"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        booked(
            trade("buy", "b1", "01-06", 10),
            trade("buy", "b1", "01-07", -5, 10),
            trade("sell", "s1", "01-08", 1, 1, account="T9"),
            action("split", "x", "01-09"),
            trade("sell", "s2", "01-10", 3, 1, lots=(("b1", Decimal(2)),)),
            Event("f", EventKind.BUY, on("01-11"), "T1", "X", 1.5, Decimal(1)),  # type: ignore[arg-type]
        )
    said = str(caught.value)
    for part in ("needs its amount", "two events have this id", "quantity -5", "account T9", "needs its ratio",
                 "lots add up to 2, not 3", "1.5 is not an exact number"):  # fmt: skip
        assert part in said


def test_short_positions_of_all_families_are_named_together() -> None:
    with pytest.raises(InputError) as caught:
        booked(trade("sell", "s1", "01-06", 1, 5), trade("sell", "s2", "01-06", 2, 5, symbol="Y"))
    assert [fault.where for fault in caught.value.faults] == ["event s1", "event s2"]
    assert "R-SHORT" in str(caught.value)


# -- showing ----------------------------------------------------------------------------------------------------------


def test_cents_of_parts_add_up_to_the_cents_of_the_whole() -> None:
    third = Fraction(100, 3)
    assert cents([third] * 3) == (Decimal("33.34"), Decimal("33.33"), Decimal("33.33"))
    assert cents([-third] * 3) == (Decimal("-33.33"), Decimal("-33.33"), Decimal("-33.34"))
    assert cents([Fraction(1, 200)]) == (Decimal("0.01"),)
    assert cents([Fraction(-1, 200)]) == (Decimal("-0.01"),)
    assert decimal(Fraction(1, 8)) == Decimal("0.125")
