"""The values that pass between the rooms: frozen, exact, and named as the field names them.

Money, prices and shares are `Decimal`. What is not known is `None`, never zero and never a guess. Symbols are dotted
(`BRK.B`). `basis`, `proceeds`, `value` and `amount` are totals in dollars; what is per share says so in its name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple


class Source(NamedTuple):
    """The place in a file that a value was read from; rows count from 1 at the file's first line."""

    file: str
    row: int

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}"


class AccountKind(StrEnum):
    TAXABLE = "taxable"
    TRADITIONAL_IRA = "traditional_ira"
    ROTH_IRA = "roth_ira"
    HSA = "hsa"
    PLAN_401K = "401k"


class Owner(StrEnum):
    YOU = "you"
    SPOUSE = "spouse"


class Term(StrEnum):
    """Long is *more than* one year by calendar, counted from the day after acquisition (R-TERM)."""

    SHORT = "short"
    LONG = "long"


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class TransactionKind(StrEnum):
    BUY = "buy"
    SELL = "sell"
    REINVEST = "reinvest"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    SPLIT = "split"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the household, as the preferences describe it.

    `number` is the last few digits as the user wrote them, None where each of its files holds one account.
    `managed` accounts are traded; the others are read for wash sales and completion only. `average_basis`: the fund
    shares of which it has elected the average (R-AVERAGE).
    """

    name: str
    kind: AccountKind
    owner: Owner
    managed: bool
    fractional: bool
    number: str | None
    broker_files: tuple[str, ...]
    lot_method: str
    average_basis: tuple[str, ...] = ()

    @property
    def taxable(self) -> bool:
        return self.kind is AccountKind.TAXABLE


@dataclass(frozen=True, slots=True)
class Position:
    """What an account holds of one security by the broker's own count: a control total.

    `account` is as the file writes it until `household` has claimed it for an entry of the preferences.
    `reinvests` is the broker's dividend-reinvestment flag where the export shows one.
    """

    account: str
    symbol: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    basis: Decimal | None
    name: str | None = None
    reinvests: bool | None = None
    as_of: dt.date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """One acquisition that is still open, or what is left of it.

    `acquired` is the real purchase date, `holding_from` the date that the holding period counts from: earlier after
    a wash sale or a gift. `basis` is the total in dollars, wash adjustments included. `id` names the lot within its
    household and is empty straight from a file. `disallowed` is the wash adjustment inside `basis`, where known.
    """

    account: str
    symbol: str
    quantity: Decimal
    acquired: dt.date | None
    holding_from: dt.date | None
    basis: Decimal | None
    id: str = ""
    disallowed: Decimal | None = None
    covered: bool | None = None
    price: Decimal | None = None
    as_of: dt.date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A lot, or part of one, closed. `disallowed` is positive; `gain` is signed and before any disallowance."""

    account: str
    symbol: str
    quantity: Decimal
    acquired: dt.date | None
    sold: dt.date
    proceeds: Decimal | None
    basis: Decimal | None
    disallowed: Decimal | None
    term: Term | None
    name: str | None = None
    covered: bool | None = None
    source: Source | None = None

    @property
    def gain(self) -> Decimal | None:
        return None if self.proceeds is None or self.basis is None else self.proceeds - self.basis


@dataclass(frozen=True, slots=True)
class Transaction:
    """One row of an account's history.

    `date` is the trade date (R-TRADEDATE). `quantity` and `amount` are signed: a sale has a negative quantity, cash
    out a negative amount; a split's quantity is the shares *added*. `action` is the broker's own word for the row.
    `order_id` and `time` are there where the export shows them (R-SAMELOT, R-ORDER), and `lot_acquired` where it names
    the lot that a sale took by its day (R-SPECID).
    """

    account: str
    date: dt.date
    kind: TransactionKind
    symbol: str | None
    quantity: Decimal | None
    amount: Decimal | None
    price: Decimal | None = None
    fees: Decimal | None = None
    action: str = ""
    description: str = ""
    cusip: str | None = None
    order_id: str | None = None
    time: str | None = None
    lot_acquired: dt.date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Constituent:
    """One member of a benchmark; `weight` is a fraction of the whole."""

    symbol: str
    weight: Decimal
    sector: str | None = None
    name: str | None = None
    industry: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that was understood and left out, and why: an option, a bond, a future, a short position …"""

    account: str | None
    symbol: str | None
    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says, in the order of its rows.

    `accounts` are as the file writes them. Where a file names none its rows carry the account "", and belong to the
    entry of the preferences that lists the file. `cash` is by account. `as_of` is the date of its positions.
    `coverage` is the span of dates that a history vouches for. `unknown_columns` were ignored.
    """

    file: str
    broker: str
    kinds: tuple[str, ...]
    rows: int
    accounts: tuple[str, ...] = ()
    as_of: dt.date | None = None
    positions: tuple[Position, ...] = ()
    lots: tuple[Lot, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    sales: tuple[Sale, ...] = ()
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    constituents: tuple[Constituent, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    coverage: tuple[dt.date, dt.date] | None = None
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A price that some source shows; `date` is None where the source does not say of when."""

    symbol: str
    price: Decimal
    date: dt.date | None
    source: str


@dataclass(frozen=True, slots=True)
class Trade:
    """What to do in one account with one lot (a sale) or one name (a purchase). Never an order: that is the broker's.

    `gain`, `term` and `tax` belong to sales in taxable accounts; `tax` is in dollars, negative where it is saved.
    """

    account: str
    side: Side
    symbol: str
    quantity: Decimal
    price: Decimal
    value: Decimal
    lot_id: str = ""
    lot_acquired: dt.date | None = None
    lot_basis: Decimal | None = None
    gain: Decimal | None = None
    term: Term | None = None
    tax: Decimal | None = None
    reasons: tuple[str, ...] = ()


class Figure(StrEnum):
    """What kind of value a column holds, so that a view can show it; files carry every value in full."""

    TEXT = "text"
    DATE = "date"
    SHARES = "shares"
    PRICE = "price"
    MONEY = "money"
    FRACTION = "fraction"
    NUMBER = "number"
    REASONS = "reasons"  # a tuple of texts, the weightiest first


Value = str | int | bool | Decimal | dt.date | tuple[str, ...] | None


class Column(NamedTuple):
    """`name` is the CSV header and the JSON key: a contract. `brief` columns are the ones a terminal shows."""

    name: str
    figure: Figure = Figure.TEXT
    brief: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """A line, or a set of bars: one value for each x of its chart. None is unknown, and stays a gap."""

    name: str
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """What a chart's lines may lie between, for each x: the 10th and 90th percentiles over vintages, say."""

    name: str
    low: tuple[Decimal | None, ...]
    high: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures, for any view that draws: series over dates, numbers (lines) or words (lines or bars).

        Chart("Tax alpha by year", ("2024", "2025"), (Series("account", (Decimal("0.012"), None)),), Figure.FRACTION,
              kind="bars", y_name="of the account's value, a year")

    `figure` is that of the values, `x_figure` that of an x of numbers. `x_name` and `y_name` say what the axes measure
    and in what (dollars). The series that matters most comes first: it is drawn over the others; up to four are told
    apart without colour. The band lies behind lines. `point_names` are words beside the points of the first series, one
    for each x, where x alone does not say which point it is (in pictures only). A terminal shows `brief` charts only.
    """

    title: str
    x: tuple[dt.date, ...] | tuple[Decimal, ...] | tuple[str, ...]
    series: tuple[Series, ...]
    figure: Figure = Figure.MONEY
    kind: Literal["lines", "bars"] = "lines"
    band: Band | None = None
    x_name: str = ""
    y_name: str = ""
    x_figure: Figure = Figure.NUMBER
    point_names: tuple[str, ...] = ()
    brief: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Rows and figures, ready for any view. `key` names the rows in JSON; `title`, `notes` and `charts` are for people:
    CSV and JSON have the figures.
    """

    key: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    summary: Mapping[str, object] = field(default_factory=dict)
    title: str = ""
    notes: tuple[str, ...] = ()
    finding: bool = False
    brief_rows: int | None = None  # a terminal shows only so many, and says how many more there are
    charts: tuple[Chart, ...] = ()
