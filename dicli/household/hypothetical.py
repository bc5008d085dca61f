"""Trades that somebody thinks of making today, from a sentence to events of the tax engine."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from dicli.errors import Fault, InputError
from dicli.household import Household
from dicli.model import Account, Lot, Side
from dicli.tax.ledger import Event, EventKind

FORM = 'Write it as "sell 10 AAPL" or "buy 5 MSFT in ira at 410.20"; a sale may say "from 2024-03-05", its lot\'s date.'
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(?:[./-][A-Z0-9]+)*")
_CLAUSES = {"in": "an account's name", "at": "a price in dollars", "from": "the lot's date (2024-03-05)"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A trade as it was written. `quantity` None: all there is."""

    text: str
    side: Side
    symbol: str
    quantity: Decimal | None
    account: str | None = None
    price: Decimal | None = None
    acquired: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """A trade that could be made: its event for the engine, and the price per share that it assumes."""

    wish: Wish
    event: Event
    account: Account
    quantity: Decimal
    price: Decimal


def parse(texts: Iterable[str]) -> tuple[Wish, ...]:
    """Read every sentence. Raises InputError that says, for each that cannot be read, what was expected."""
    wishes: list[Wish] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            wishes.append(_wish(text))
        except ValueError as problem:
            faults.append(Fault(f'--if "{text}"', str(problem), FORM))
    if faults:
        raise InputError(faults)
    return tuple(wishes)


def _wish(text: str) -> Wish:
    words = text.split()
    side = words[0].lower() if words else ""
    if side not in ("sell", "buy"):
        raise ValueError(f"expected sell or buy first, found {_found(words, 0)}")
    amount = _at(words, 1)
    quantity = None if amount.lower() == "all" and side == "sell" else _positive(amount)
    if quantity is None and (side == "buy" or amount.lower() != "all"):
        raise ValueError(f"expected a number of shares after {side}, found {_found(words, 1)}")
    symbol = _at(words, 2).upper().replace("/", ".").replace("-", ".")
    if not _SYMBOL.fullmatch(symbol) or symbol.lower() in _CLAUSES:
        raise ValueError(f"expected a symbol after the number of shares, found {_found(words, 2)}")
    said = _clauses(words[3:])
    price = acquired = None
    if "at" in said:
        price = _positive(said["at"].removeprefix("$"))
        if price is None:
            raise ValueError(f'expected a price in dollars after at, found "{said["at"]}"')
    if "from" in said:
        if side == "buy":
            raise ValueError("from names the lot that is sold: a purchase has none")
        try:
            acquired = dt.date.fromisoformat(said["from"])
        except ValueError:
            raise ValueError(f'expected the lot\'s date (2024-03-05) after from, found "{said["from"]}"') from None
    return Wish(text, Side(side), symbol, quantity, said.get("in"), price, acquired)


def _clauses(words: Sequence[str]) -> dict[str, str]:
    said: dict[str, list[str]] = {}
    now = ""
    for word in words:
        if word.lower() in _CLAUSES:
            now = word.lower()
            if now in said:
                raise ValueError(f"{now} is there twice")
            said[now] = []
        elif not now:
            raise ValueError(f'expected in, at or from after the symbol, found "{word}"')
        else:
            said[now].append(word)
    for clause, rest in said.items():
        if not rest:
            what = {"in": "an account's name", "at": "a price in dollars", "from": "the lot's date (2024-03-05)"}[
                clause
            ]
            raise ValueError(f"expected {what} after {clause}, found the end")
    return {clause: " ".join(rest) for clause, rest in said.items()}


def _at(words: Sequence[str], index: int) -> str:
    return words[index] if len(words) > index else ""


def _found(words: Sequence[str], index: int) -> str:
    return f'"{words[index]}"' if len(words) > index else "the end"


def _positive(text: str) -> Decimal | None:
    if not text or not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text.replace(",", ""))
    return value if value > 0 else None


def resolve(
    household: Household, wishes: Sequence[Wish], prices: Callable[[], Mapping[str, Decimal]]
) -> tuple[Hypothetical, ...]:
    """The trades on `household.as_of`, in the order given. `prices` is asked only where a wish says no `at`. Without
    `in`, a sale is of the one account that holds the symbol, or the one managed account that does, and a purchase is in
    the one managed account.

    Raises InputError naming each that cannot be: no such account, several that it could mean, more shares than are
    held with known lots, no price.
    """
    known = cache(prices)
    found: list[Hypothetical] = []
    faults: list[Fault] = []
    spent: dict[tuple[str, str], Decimal] = {}
    for number, wish in enumerate(wishes, start=1):
        try:
            account = _account(household, wish)
            lots = _lots(household, wish, account)
            taken = spent.get((account.name, wish.symbol), Decimal(0))
            quantity = _quantity(wish, account, lots, taken)
            price = wish.price if wish.price is not None else known().get(wish.symbol)
            if price is None:
                raise _NotPossible(f"no price of {wish.symbol} is at hand", 'Add "at" and a price in dollars.')
        except _NotPossible as problem:
            faults.append(Fault(f'--if "{wish.text}"', problem.what, problem.remedy))
            continue
        sold = quantity if wish.side is Side.SELL else -quantity
        spent[account.name, wish.symbol] = taken + sold
        event = Event(
            f"if:{number}",
            EventKind.SELL if wish.side is Side.SELL else EventKind.BUY,
            household.as_of,
            account.name,
            wish.symbol,
            quantity,
            quantity * price,
            lots=_named(lots, quantity) if wish.acquired is not None else (),
            order_id=f"if:{number}",
        )
        found.append(Hypothetical(wish, event, account, quantity, price))
    if faults:
        raise InputError(faults)
    return tuple(found)


class _NotPossible(Exception):  # noqa: N818  (an answer, turned into a fault by `resolve`)
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _account(household: Household, wish: Wish) -> Account:
    names = ", ".join(account.name for account in household.accounts)
    if wish.account is not None:
        for account in household.accounts:
            if account.name.lower() == wish.account.lower():
                return account
        raise _NotPossible(f'no account is called "{wish.account}"', f"The accounts are {names}.")
    if wish.side is Side.SELL:
        holders = sorted({lot.account for lot in household.lots if lot.symbol == wish.symbol})
        ours = [name for name in holders if household.account(name).managed]
        if len(holders) == 1 or len(ours) == 1:
            return household.account(ours[0] if ours else holders[0])
        if not holders:
            raise _NotPossible(f"no account holds {wish.symbol}", "Check the symbol.")
        raise _NotPossible(f"{' and '.join(holders)} hold {wish.symbol}", f'Say which: add "in {holders[0]}".')
    managed = [account for account in household.accounts if account.managed]
    if len(managed) == 1:
        return managed[0]
    raise _NotPossible("it does not say in which account", f'Add "in" and one of {names}.')


def _lots(household: Household, wish: Wish, account: Account) -> list[Lot]:
    if wish.side is Side.BUY:
        return []
    lots = [lot for lot in household.lots if (lot.account, lot.symbol) == (account.name, wish.symbol)]
    dated = [lot for lot in lots if lot.acquired is not None]
    if wish.acquired is None:
        if lots and not dated:
            what = f"no file tells the lots of {wish.symbol} in {account.name}"
            raise _NotPossible(what, "Add them (symbol,quantity,acquired,cost_basis): the gain is not known without.")
        return dated
    mine = [lot for lot in dated if lot.acquired == wish.acquired]
    if not mine:
        days = ", ".join(sorted({str(lot.acquired) for lot in dated})) or "none that a file tells"
        what = f"{account.name} has no lot of {wish.symbol} of {wish.acquired}"
        raise _NotPossible(what, f"The dates of its lots: {days}.")
    return mine


def _quantity(wish: Wish, account: Account, lots: Sequence[Lot], taken: Decimal) -> Decimal:
    if wish.side is Side.BUY:
        assert wish.quantity is not None  # "buy all" is not read
        return wish.quantity
    held = sum((lot.quantity for lot in lots), Decimal(0)) - taken
    quantity = held if wish.quantity is None else wish.quantity
    if quantity > held or quantity <= 0:
        when = f" of {wish.acquired}" if wish.acquired is not None else ""
        what = f"{account.name} holds {held.normalize():f} {wish.symbol}{when} whose lots are known"
        raise _NotPossible(what, "Sell no more than that; short sales are not covered (R-SHORT).")
    return quantity


def _named(lots: Sequence[Lot], quantity: Decimal) -> tuple[tuple[str, Decimal], ...]:
    """The shares of lots of one date, in order, by lot id (R-SPECID)."""
    by_id: dict[str, Decimal] = {}
    for lot in lots:
        take = min(lot.quantity, quantity)
        if take > 0:
            by_id[lot.id] = by_id.get(lot.id, Decimal(0)) + take
            quantity -= take
    return tuple(by_id.items())
