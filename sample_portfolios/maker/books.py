"""The books of an invented account: lots, sales and history rows that agree with one another to the cent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from maker.market import CENT, Market, cents, cut


@dataclass
class Lot:
    """One purchase still held; `washed` is the loss that a wash sale added to `basis`."""

    symbol: str
    acquired: dt.date
    quantity: Decimal
    basis: Decimal
    held_from: dt.date
    washed: Decimal = Decimal(0)


@dataclass(frozen=True)
class Sold:
    """One lot, or part of one, that was sold."""

    symbol: str
    acquired: dt.date
    sold: dt.date
    quantity: Decimal
    proceeds: Decimal
    basis: Decimal
    disallowed: Decimal = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One line of history; quantity and amount signed, cash in positive."""

    date: dt.date
    kind: str
    symbol: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    fees: Decimal = Decimal(0)


@dataclass
class Book:
    """An account kept by its trades, each at that day's close. Sales take the first lots first."""

    market: Market
    cash: Decimal = Decimal(0)
    lots: dict[str, list[Lot]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)

    def held(self, symbol: str) -> Decimal:
        """Shares of a name."""
        return sum((lot.quantity for lot in self.lots.get(symbol, ())), Decimal(0))

    def value(self, day: dt.date) -> Decimal:
        """Cash and holdings at a day's closes."""
        return self.cash + sum(cents(self.held(symbol) * self.market.price(symbol, day)) for symbol in self.lots)

    def _note(self, row: Row) -> None:
        self.cash += row.amount
        if self.cash < 0:
            raise ValueError(f"{row.date}: {row.kind} {row.symbol} leaves {self.cash} of cash")
        self.rows.append(row)

    def transfer(self, day: dt.date, amount: Decimal) -> None:
        """A deposit, or with a minus a withdrawal."""
        self._note(Row(day, "deposit" if amount > 0 else "withdrawal", "", Decimal(0), Decimal(0), amount))

    def buy(self, day: dt.date, symbol: str, quantity: Decimal, *, split_fill: bool = False) -> None:
        """Buy at the close; `split_fill` shows whole shares and the fraction as two rows of one order (Fidelity)."""
        price = self.market.price(symbol, day)
        whole = quantity.to_integral_value(rounding="ROUND_DOWN")
        parts = [whole, quantity - whole] if split_fill and 0 < whole < quantity else [quantity]
        basis = Decimal(0)
        for part in parts:
            amount = cents(part * price)
            basis += amount
            self._note(Row(day, "buy", symbol, part, price, -amount))
        self.lots.setdefault(symbol, []).append(Lot(symbol, day, quantity, basis, day))

    def buy_for(self, day: dt.date, symbol: str, dollars: Decimal, places: int, *, split_fill: bool = False) -> None:
        """Buy what a sum of money buys, in shares of so many places."""
        quantity = cut(dollars / self.market.price(symbol, day), places)
        if quantity:
            self.buy(day, symbol, quantity, split_fill=split_fill)

    def sell(self, day: dt.date, symbol: str, quantity: Decimal) -> None:
        """Sell at the close, first in first out; proceeds are spread over the lots by quantity, to the cent."""
        price = self.market.price(symbol, day)
        proceeds = cents(quantity * price)
        self._note(Row(day, "sell", symbol, -quantity, price, proceeds))
        left, unspent = quantity, proceeds
        while left:
            lot = self.lots[symbol][0]
            taken = min(left, lot.quantity)
            share = unspent if taken == left else cents(proceeds * taken / quantity)
            basis = lot.basis if taken == lot.quantity else cents(lot.basis * taken / lot.quantity)
            self.sold.append(Sold(symbol, lot.acquired, day, taken, share, basis))
            left, unspent = left - taken, unspent - share
            lot.quantity, lot.basis = lot.quantity - taken, lot.basis - basis
            if not lot.quantity:
                self.lots[symbol].pop(0)
        if not self.lots[symbol]:
            del self.lots[symbol]

    def dividend(self, day: dt.date, symbol: str, per_share: Decimal, *, reinvest: bool, places: int = 3) -> None:
        """A dividend on what is held, kept or put back into the same stock at the close."""
        amount = cents(self.held(symbol) * per_share)
        if amount < CENT:
            return
        self._note(Row(day, "dividend", symbol, Decimal(0), Decimal(0), amount))
        price = self.market.price(symbol, day)
        quantity = (amount / price).quantize(Decimal(1).scaleb(-places))
        if reinvest and quantity:
            self._note(Row(day, "reinvest", symbol, quantity, price, -amount))
            self.lots[symbol].append(Lot(symbol, day, quantity, amount, day))

    def interest(self, day: dt.date) -> None:
        """A month of interest on the cash, at about four percent a year."""
        amount = cents(self.cash * Decimal("0.0033"))
        if amount:
            self._note(Row(day, "interest", "", Decimal(0), Decimal(0), amount))


Action = Callable[[Book, dt.date], None]
Plan = list[tuple[dt.date, int, Action]]  # (day, rank, what to do); the actions of one day run by rank


def moving(amount: Decimal) -> Action:
    """A deposit, or with a minus a withdrawal."""
    return lambda book, day: book.transfer(day, amount)


def buying(symbol: str, quantity: Decimal) -> Action:
    """A purchase of so many shares."""
    return lambda book, day: book.buy(day, symbol, quantity)


def selling_all(symbol: str) -> Action:
    """The sale of a whole position."""
    return lambda book, day: book.sell(day, symbol, book.held(symbol))


def paying(symbol: str, per_share: Decimal, *, reinvest: bool) -> Action:
    """A dividend on whatever is held."""
    return lambda book, day: book.dividend(day, symbol, per_share, reinvest=reinvest)


def crediting() -> Action:
    """A month's interest."""
    return lambda book, day: book.interest(day)


def play(book: Book, first: dt.date, last: dt.date, plan: Plan) -> None:
    """Run an account's days in order, each action called with the book and the day.

    Raises ValueError for a day outside of the account's life.
    """
    for day, _, action in sorted(plan, key=lambda item: item[:2]):
        if not first <= day <= last:
            raise ValueError(f"{day} lies outside of the account's life")
        action(book, day)


def total(lots: Iterable[Lot]) -> tuple[Decimal, Decimal]:
    """Quantity and basis of some lots."""
    held = list(lots)
    return sum((lot.quantity for lot in held), Decimal(0)), sum((lot.basis for lot in held), Decimal(0))


def share_of(dollars: Decimal, price: Decimal, places: int) -> Decimal:
    """Shares that some dollars buy: whole ones from three upward, else with so many places."""
    return cut(dollars / price, 0 if dollars >= 3 * price else places)
