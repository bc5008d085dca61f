"""What goes into the tax engine: accounts, events and the choices where the law is silent. Frozen values.

Quantities and amounts are `Decimal`, `Fraction` or `int`, never float. Inside the engine they are `Fraction` (R-EXACT).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeAlias

from dicli.model import AccountKind, Owner

Number: TypeAlias = Decimal | Fraction | int

Method: TypeAlias = Literal["fifo", "lifo", "hifo", "lofo", "lowest_tax", "average"]

Identical: TypeAlias = Mapping[str, tuple[str, Number]]
"""R-IDENTICAL: symbol -> (name of its group, group shares that one share or contract of it counts for).

A symbol that is not in the table is a group of its own name, one for one: {"X 250620C50": ("X", 100)} says that a call
replaces 100 shares of X.
"""


class EventKind(StrEnum):
    """R-ACQUIRED: only `buy`, `reinvest` and `vest` are acquisitions that can wash a loss."""

    BUY = "buy"
    REINVEST = "reinvest"
    VEST = "vest"
    SELL = "sell"
    GIFT_IN = "gift_in"
    INHERIT = "inherit"
    GIFT_OUT = "gift_out"
    DONATE = "donate"
    TRANSFER = "transfer"
    SPLIT = "split"
    MERGER = "merger"
    SPINOFF = "spinoff"
    ROC = "roc"


@dataclass(frozen=True, slots=True)
class TaxAccount:
    """One account of the household. `scanned=False` leaves its purchases out of the wash-sale search: a 529 plan or a
    child's custodial account (R-OTHERPLANS).
    """

    id: str
    owner: Owner
    kind: AccountKind
    scanned: bool = True

    @property
    def taxable(self) -> bool:
        return self.kind is AccountKind.TAXABLE


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to lots. `id` is unique in the household; a purchase's id is its lot's id.

    `date` is the trade date (R-TRADEDATE). `quantity` is positive. `amount` is the total in dollars: for a purchase the
    cost with commissions and fees (R-BASIS0), for a sale the proceeds less selling costs (R-PROCEEDS), for `gift_in`
    the donor's basis (`fmv` the value on the day, `acquired` the donor's date), for `inherit` the value at death.

    - `account` and `quantity`: every kind but split, merger, spinoff and roc, which reach all accounts that hold
      `symbol` (or only `account`, where it is given). `transfer` goes from `account` to `to_account`.
    - `holding_from`: a lot read from a broker's lot file whose holding period began before `date`.
    - `adjustment`: the wash adjustment already inside `amount` of such a lot; `replaced`: how many of its shares have
      already replaced others (R-ONEBITE).
    - `lots`: specific identification, ((lot id, quantity), …), adding up to `quantity`; `method` overrides the
      account's standing order for this event; `identified`: the day the identification was made (R-SPECID).
    - `time` "HH:MM[:SS]" and `order_id` where the broker shows them (R-ORDER, R-SAMELOT).
    - `new_symbol`, `ratio` (new shares per old), `basis_fraction` (share of basis that goes to the new stock),
      `per_share` (return of capital in dollars).
    - `to_related`: a sale to a related party (R-RELATED).

    Same-day events without times are taken in the order given, so list a split before the day's trades.
    """

    id: str
    kind: EventKind
    date: dt.date
    account: str | None
    symbol: str
    quantity: Number | None = None
    amount: Number | None = None
    holding_from: dt.date | None = None
    adjustment: Number | None = None
    replaced: Number | None = None
    fmv: Number | None = None
    acquired: dt.date | None = None
    lots: tuple[tuple[str, Number], ...] = ()
    method: Method | None = None
    identified: dt.date | None = None
    time: str | None = None
    order_id: str | None = None
    to_account: str | None = None
    new_symbol: str | None = None
    ratio: Number | None = None
    basis_fraction: Number | None = None
    per_share: Number | None = None
    to_related: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """`[tax.choices]`: points on which the law is silent or disputed. The first value of each is dicli's default.

    - `holding_period` (R-TACK): the days that the sold share was held are added (`tack`); overlapping days count once
      (`union`); the old date as it is (`replace`).
    - `scope` (R-SCOPE): the whole `household`, or one `account` and one security, as a broker's 1099-B sees it
      (R-BROKER).
    - `same_day` (R-ORDER): disposals of one day without times in order of acquisition (`acquired`) or as `listed`.
    - `sold_before` (R-SOLDBEFORE): shares already sold do not replace (`excluded`), or do (`included`: the loss goes
      back into the basis of the closed sale).
    - `older_than_sold` (R-OLDER), `ancestors` (R-CHAIN), `closed_together` (R-TOGETHER): may such shares replace?
    - `spouse` (R-SPOUSE): a spouse's taxable purchase takes the `basis`, or the loss is `permanent`.
    - `other_plans` (R-OTHERPLANS): 401(k) and HSA purchases count like an `ira`'s, or are `ignored`.
    - `short_rate`, `long_rate`: rates that the `lowest_tax` order weighs short and long gains with.
    """

    holding_period: Literal["tack", "union", "replace"] = "tack"
    scope: Literal["household", "account"] = "household"
    same_day: Literal["acquired", "listed"] = "acquired"
    sold_before: Literal["excluded", "included"] = "excluded"
    older_than_sold: Literal["included", "excluded"] = "included"
    ancestors: Literal["eligible", "excluded"] = "eligible"
    closed_together: Literal["eligible", "excluded"] = "eligible"
    spouse: Literal["basis", "permanent"] = "basis"
    other_plans: Literal["ira", "ignored"] = "ira"
    short_rate: Decimal = Decimal("0.35")
    long_rate: Decimal = Decimal("0.15")
