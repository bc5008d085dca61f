"""Opportunities, what-if and do-not-buy: each against the books with the trade really in them."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings

from dicli.model import AccountKind, Owner, Term
from dicli.tax.harvest import do_not_buy, opportunities, what_if
from dicli.tax.ledger import Choices, Event, EventKind, TaxAccount
from dicli.tax.wash import book
from tests.run_case import household
from tests.test_wash_properties import SEEDS, history

T1 = TaxAccount("T1", Owner.YOU, AccountKind.TAXABLE)
IRA = TaxAccount("IRA", Owner.SPOUSE, AccountKind.ROTH_IRA)
ACCOUNTS = [T1, IRA]
DAY = dt.date(2025, 12, 1)


def trade(kind: str, id_: str, day: str, quantity: Any, amount: Any, account: str = "T1", symbol: str = "X") -> Event:
    date = dt.date.fromisoformat(day)
    return Event(id_, EventKind(kind), date, account, symbol, Decimal(quantity), Decimal(amount))


OLD = trade("buy", "b1", "2024-06-03", 10, 1000)


def test_an_ira_purchase_taints_for_good_and_says_so() -> None:
    events = [OLD, trade("buy", "i", "2025-11-15", 4, 320, "IRA"), trade("buy", "late", "2025-12-05", 10, 800)]
    (found,) = opportunities(ACCOUNTS, events, as_of=DAY, prices={"X": Decimal(80)})
    assert (found.loss, found.disallowed, found.permanent, found.allowed) == (200, 80, 80, 120)
    assert (found.term, found.long_allowed, found.short_allowed) == (Term.LONG, 120, 0)
    assert (found.clean_from, found.rebuy_from) == (dt.date(2025, 12, 16), dt.date(2026, 1, 1))
    assert [(match.lot, match.rule) for match in found.matches] == [("i", "R-IRA")]


def test_the_last_purchase_decides_the_clean_day_although_the_first_takes_the_loss() -> None:
    events = [OLD, trade("buy", "b2", "2025-11-10", 10, 700), trade("buy", "b3", "2025-11-20", 1, 70)]
    found = opportunities(ACCOUNTS, events, as_of=DAY, prices={"X": Decimal(80)})
    assert [(row.lot, row.disallowed, row.clean_from) for row in found] == [("b1", 200, dt.date(2025, 12, 21))]


def test_lots_without_a_price_or_a_loss_are_left_out() -> None:
    events = [
        OLD,
        trade("buy", "y", "2025-01-06", 5, 500, symbol="Y"),
        trade("buy", "z", "2025-01-06", 5, 5, symbol="Z"),
    ]
    found = opportunities(ACCOUNTS, events, as_of=DAY, prices={"X": Decimal(80), "Z": Decimal(2)})
    assert [row.lot for row in found] == ["b1"]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SEEDS)
def test_an_opportunity_is_the_books_with_that_one_sale_in_them(seed: int) -> None:
    rng = random.Random(seed)
    accounts, events, options = household(history(rng))
    as_of = events[-1].date + dt.timedelta(days=rng.choice([0, 0, 1, 5, 40]))
    prices = {"X": Fraction(rng.randint(60, 110)), "Y": Fraction(rng.randint(60, 110))}
    found = opportunities(accounts, events, as_of=as_of, prices=prices, **options)
    before = book(accounts, events, **options)
    taxable = {account.id for account in accounts if account.taxable}
    lots: dict[tuple[str, str, str], list[Fraction]] = {}
    for lot in before.lots:
        if lot.account in taxable:
            sums = lots.setdefault((lot.account, lot.lot, lot.symbol), [Fraction(0), Fraction(0)])
            sums[0] += lot.quantity
            sums[1] += lot.basis
    losing = {(key[0], key[1]) for key, (quantity, basis) in lots.items() if prices[key[2]] * quantity < basis}
    if as_of > events[-1].date:  # on a day with other sales the order of the day may change what a lot would lose
        assert {(row.account, row.lot) for row in found} == losing

    def sold(row: Any, day: dt.date) -> list[Any]:
        sale = Event("?", EventKind.SELL, day, row.account, row.symbol, row.quantity, row.price * row.quantity,
                     lots=((row.lot, row.quantity),))  # fmt: skip
        return [done for done in book(accounts, [*events, sale], **options).realized if done.sale == "?"]

    for row in found:
        rows = sold(row, as_of)
        assert row.loss == -sum(done.gain for done in rows)
        assert row.disallowed == sum(done.disallowed for done in rows)
        assert row.permanent == sum(done.permanent for done in rows)
        assert sum(done.disallowed for done in sold(row, row.clean_from)) == 0
        if row.clean_from > as_of + dt.timedelta(days=1):
            assert sum(done.disallowed for done in sold(row, row.clean_from - dt.timedelta(days=1))) > 0


def test_what_if_shows_the_trade_and_the_harm_it_does() -> None:
    events = [OLD, trade("sell", "s1", "2025-11-20", 10, 900), trade("buy", "y", "2025-01-06", 5, 500, symbol="Y")]
    found = what_if(ACCOUNTS, events, [trade("buy", "?", "2025-12-01", 5, 400, "IRA")])
    assert [(harm.sale, harm.disallowed, harm.permanent) for harm in found.harm] == [("s1", 50, 50)]
    assert found.realized == ()
    assert {lot.symbol for lot in found.after.lots} == {"X"}  # Y is not touched, so not computed
    found = what_if(ACCOUNTS, events, [trade("sell", "?", "2025-12-01", 5, 400, symbol="Y")])
    assert [(row.sale, row.gain, row.disallowed) for row in found.realized] == [("?", -100, 0)]
    assert found.harm == ()


SOLD = [OLD, trade("sell", "s1", "2025-11-20", 10, 900)]


def test_do_not_buy_to_the_thirtieth_day_inclusive() -> None:
    (row,) = do_not_buy(ACCOUNTS, SOLD, as_of=DAY)
    assert (row.symbol, row.until, row.free_from) == ("X", dt.date(2025, 12, 20), dt.date(2025, 12, 21))
    assert (row.account, row.sale, row.sold, row.loss, row.quantity) == ("T1", "s1", dt.date(2025, 11, 20), 100, 10)
    assert do_not_buy(ACCOUNTS, SOLD, as_of=row.until) == (row,)
    assert do_not_buy(ACCOUNTS, SOLD, as_of=row.free_from) == ()


def test_a_loss_already_taken_by_a_purchase_forbids_no_more_than_is_left() -> None:
    (row,) = do_not_buy(ACCOUNTS, [*SOLD, trade("buy", "b2", "2025-11-25", 4, 360)], as_of=DAY)
    assert (row.loss, row.quantity) == (60, 6)
    assert do_not_buy(ACCOUNTS, [*SOLD, trade("buy", "b2", "2025-11-25", 10, 900)], as_of=DAY) == ()


def test_gains_and_sales_in_an_ira_forbid_nothing() -> None:
    gain = [OLD, trade("sell", "s1", "2025-11-20", 10, 1100)]
    assert do_not_buy(ACCOUNTS, gain, as_of=DAY) == ()
    ira = [trade("buy", "b1", "2024-06-03", 10, 1000, "IRA"), trade("sell", "s1", "2025-11-20", 10, 900, "IRA")]
    assert do_not_buy(ACCOUNTS, ira, as_of=DAY) == ()


def test_do_not_buy_reaches_identical_securities_and_new_names() -> None:
    table = {"X": ("X", 1), "XA": ("X", 1500), "X 260116C50": ("X", 100)}
    found = do_not_buy(ACCOUNTS, SOLD, as_of=DAY, identical=table)
    assert {row.symbol: row.quantity for row in found} == {
        "X": 10, "XA": Fraction(10, 1500), "X 260116C50": Fraction(1, 10),
    }  # fmt: skip
    renamed = Event("m", EventKind.MERGER, dt.date(2025, 11, 25), None, "X", new_symbol="NEW", ratio=2)
    (row,) = do_not_buy(ACCOUNTS, [*SOLD, renamed], as_of=DAY)
    assert (row.symbol, row.sold_symbol, row.quantity) == ("NEW", "X", 20)


def test_every_forbidden_purchase_would_do_harm_and_no_other_would() -> None:
    for symbol, washed in (("X", 100), ("Y", 0)):
        found = what_if(ACCOUNTS, SOLD, [trade("buy", "?", "2025-12-20", 10, 800, symbol=symbol)], choices=Choices())
        assert sum(harm.disallowed for harm in found.harm) == washed
