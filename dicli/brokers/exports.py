"""Trade lists as brokers take them: an upload file where one exists, else orders for a checklist.

Only Interactive Brokers (BasketTrader CSV) and Alpaca (JSON, one order a line) document a file or call that takes a
list of orders from an individual; for the others `exports_checklist` writes a list to work through by hand. No upload
takes lots. Orders are market orders for the day: dicli names a price only so that the amounts can be checked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from dicli.model import Account, Position, Side, Trade, Transaction, TransactionKind

CENT = Decimal("0.01")
WHOLE = Decimal(1)
ZERO = Decimal(0)
REINVESTED_LATELY = dt.timedelta(days=400)
"""A stock that pays once a year shows its last reinvestment within this."""


class Style(NamedTuple):
    """How one broker wants its orders.

    `spell` gives the broker's own spelling of a dotted symbol. `step` is the finest fraction of a share that it
    takes. `whole`: whole shares only, unless the user says that the account trades fractions (`--fractional`),
    because nothing that the broker publishes says so. `block` is the most orders that it takes together.
    `lots` and `fractions` say in words where lots are chosen and how a fraction is ordered.
    """

    title: str
    spell: Callable[[str], str]
    step: Decimal
    whole: bool = False
    block: int | None = None
    lots: str = 'Choose the lots by hand on the ticket ("specified lots", "specific shares").'
    fractions: str = ""


def _with(mark: str) -> Callable[[str], str]:
    return lambda symbol: symbol.replace(".", mark)


STYLES: dict[str, Style] = {
    "ibkr": Style(
        "Interactive Brokers",
        _with(" "),
        Decimal("0.0001"),
        whole=True,
        lots="Choose the lots in the Tax Optimizer, or set its method to that of the account.",
    ),
    "alpaca": Style(
        "Alpaca",
        _with("."),
        Decimal("0.000000001"),
        lots="Alpaca documents no choice of lots: its own method decides which are sold.",
    ),
    "fidelity": Style(
        "Fidelity",
        _with(""),
        Decimal("0.001"),
        block=50,
        lots="Sell with an ordinary ticket and choose Specific Shares: a basket sells no chosen lots.",
        fractions="Purchases can go in one basket a block (2 to 50 symbols, market orders, regular hours).",
    ),
    "schwab": Style(
        "Schwab",
        _with("/"),
        Decimal("0.0001"),
        lots='Set the cost basis method of each sale to "Specified Lots".',
        fractions="A fraction of a share is bought by dollars (Stock Slices: names of the S&P 500, from $5); "
        "otherwise round down.",
    ),
    "vanguard": Style("Vanguard", _with("-"), Decimal("0.0001"), whole=True),
    "etrade": Style("E*TRADE", _with("."), Decimal("0.0001"), whole=True),
    "robinhood": Style("Robinhood", _with("."), Decimal("0.000001")),
    "m1": Style(
        "M1",
        _with("."),
        Decimal("0.00001"),
        fractions="Purchases are by dollars: the amount on the right is what to type.",
    ),
    "generic": Style("the broker", _with("."), Decimal("0.000000001")),
}
"""Upload formats and fractional rules as documented; where no rule was found, whole shares or as planned."""

UPLOADS = ("ibkr", "alpaca")


@dataclass(frozen=True, slots=True)
class Order:
    """One ticket: a name bought or sold in one account, with the lots that a sale takes. `value` in cents."""

    account: str
    side: Side
    symbol: str
    quantity: Decimal
    price: Decimal
    lots: tuple[Trade, ...] = ()

    @property
    def value(self) -> Decimal:
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_EVEN)


def orders(
    trades: Iterable[Trade], style: Style, held: Mapping[tuple[str, str], Decimal], *, fractional: bool = False
) -> tuple[list[Order], tuple[str, ...]]:
    """The tickets of one account, sales first, each name once, in shares that the broker takes; and what to know.

    `held` (account and symbol -> shares) tells which sales take all there is: with those a fraction goes too. Leave
    it empty for a file that is uploaded. Rounding is downwards: nothing is sold or bought beyond the plan.
    """
    together: dict[tuple[Side, str], list[Trade]] = {}
    for trade in trades:
        together.setdefault((trade.side, trade.symbol), []).append(trade)
    found: list[Order] = []
    tiny: list[str] = []
    lost = dict.fromkeys(Side, ZERO)
    for side in (Side.SELL, Side.BUY):
        for (this, symbol), parts in together.items():
            if this is not side:
                continue
            planned = sum((part.quantity for part in parts), ZERO)
            account, price = parts[0].account, parts[0].price
            everything = side is Side.SELL and held.get((account, symbol)) == planned
            step = WHOLE if style.whole and not fractional else style.step
            quantity = planned if everything or not planned % step else planned.quantize(step, ROUND_DOWN)
            lost[side] += (planned - quantity) * price
            if not quantity:
                tiny.append(f"{symbol} ({plain(planned)})")
                continue
            lots = _trimmed(parts, quantity) if side is Side.SELL else ()
            found.append(Order(account, side, symbol, quantity, price, lots))
    notes = [f"less than the smallest order, and left out: {', '.join(tiny)}"] if tiny else []
    if any(lost.values()):
        notes.append(
            f"rounded down to what {style.title} takes: sales bring ${lost[Side.SELL]:,.2f} less and purchases cost "
            f"${lost[Side.BUY]:,.2f} less than planned"
        )
    return found, tuple(notes)


def _trimmed(lots: Sequence[Trade], quantity: Decimal) -> tuple[Trade, ...]:
    """The lots of a sale cut back to `quantity`, from the end; basis and gain in proportion."""
    kept = []
    for lot in lots:
        take = min(lot.quantity, quantity)
        quantity -= take
        if take == lot.quantity:
            kept.append(lot)
        elif take:
            part = take / lot.quantity
            basis = None if lot.lot_basis is None else lot.lot_basis * part
            gain = None if lot.gain is None else lot.gain * part
            value = (take * lot.price).quantize(CENT, ROUND_HALF_EVEN)
            kept.append(replace(lot, quantity=take, value=value, lot_basis=basis, gain=gain))
    return tuple(kept)


def plain(number: Decimal) -> str:
    """In full, without exponent, thousands commas or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shares(quantity: Decimal) -> str:
    return f"{plain(quantity)} share{'' if quantity == 1 else 's'}"


BASKET = "Action,Quantity,Symbol,SecType,Exchange,Currency,TimeInForce,OrderType,BasketTag"


def basket(found: Sequence[Order], as_of: dt.date) -> str:
    """A BasketTrader file of one account: the field names first, no space after commas, no thousands commas.

    Source: Interactive Brokers, "Manually Create a Basket File" and "Basket Fields". `Account` is left out: the files
    show no whole account number, and the basket goes to the account that is open.
    """
    spell = STYLES["ibkr"].spell
    lines = [
        f"{order.side.upper()},{plain(order.quantity)},{spell(order.symbol)},STK,SMART,USD,DAY,MKT,dicli-{as_of:%Y%m%d}"
        for order in found
    ]
    return "\n".join([BASKET, *lines]) + "\n"


ID_LENGTH = 48


def order_lines(found: Sequence[Order], as_of: dt.date, account: Account) -> str:
    """One body of `POST /v2/orders` a line. Source: Alpaca, "How can I pass a fractional order".

    Sales say how many shares (`qty`), so that a lot goes whole; purchases of an account with fractional shares say
    how many dollars (`notional`), so that a price that has moved does not overspend. Never both: that is refused.
    `client_order_id` is made of the order alone: sending the same line twice is refused, so nothing is bought twice.
    """
    lines = []
    for order in found:
        by_dollars = order.side is Side.BUY and account.fractional
        size = {"notional": plain(order.value)} if by_dollars else {"qty": plain(order.quantity)}
        body = {"symbol": STYLES["alpaca"].spell(order.symbol), **size, "side": str(order.side)}
        body |= {"type": "market", "time_in_force": "day"}
        said = json.dumps([account.name, as_of.isoformat(), *body.values()])
        digest = hashlib.sha256(said.encode()).hexdigest()[:16]
        body["client_order_id"] = f"dicli-{as_of:%Y%m%d}-{order.side}-{order.symbol}-{digest}"[:ID_LENGTH]
        lines.append(json.dumps(body))
    return "".join(f"{line}\n" for line in lines)


def reinvest_warnings(
    harvested: Mapping[str, str],
    positions: Iterable[Position],
    transactions: Iterable[Transaction],
    as_of: dt.date,
) -> tuple[str, ...]:
    """A line an account of the household that reinvests dividends of a name just sold at a loss (R-WINDOW).

    `harvested`: each name, and all that is substantially identical, with the name sold. The broker's own flag decides
    where a positions file shows one; else a reinvestment in the last 400 days.
    """
    by_flag: dict[str, set[str]] = {}
    off: set[tuple[str, str]] = set()
    for position in positions:
        if position.symbol in harvested and position.reinvests is not None:
            if position.reinvests:
                by_flag.setdefault(position.account, set()).add(position.symbol)
            else:
                off.add((position.account, position.symbol))
    by_row: dict[str, set[str]] = {}
    for row in transactions:
        if row.kind is not TransactionKind.REINVEST or row.symbol is None or row.symbol not in harvested:
            continue
        if (row.account, row.symbol) in off:
            continue
        if as_of - REINVESTED_LATELY <= row.date <= as_of and row.symbol not in by_flag.get(row.account, ()):
            by_row.setdefault(row.account, set()).add(row.symbol)
    said = [(account, names, "as its positions say") for account, names in by_flag.items()]
    said += [(account, names, "as its history shows") for account, names in by_row.items()]
    return tuple(
        f"Dividends of {', '.join(_with_origin(names, harvested))} are reinvested in {account}, {how}: switch that off "
        "before you sell, or the next dividend buys shares that wash the loss."
        for account, names, how in sorted(said, key=lambda one: (one[0], one[2]))
    )


def _with_origin(names: Iterable[str], harvested: Mapping[str, str]) -> list[str]:
    return [name if harvested[name] == name else f"{name} (as {harvested[name]})" for name in sorted(names)]
