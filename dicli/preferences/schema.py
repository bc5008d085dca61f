"""The shape of a dicli.toml once it is read: frozen values, defaults included.

Every key of the file is one field here, under the same name. Dollars, fractions and shares are `Decimal`; a fraction is
of the whole (0.08 is 8 %). Paths are absolute. What the user did not say and what has no default is None.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from dicli.model import Account, AccountKind, Owner

RISK_AVERSION = {"tight": Decimal(400), "balanced": Decimal(80), "harvest": Decimal(16)}
"""The dial `limits.tracking`: dollars a year that one unit of tracking variance is worth, per dollar of the account.

At 80 ("balanced") a tracking error of 1 % a year counts like a cost of 80 × 0.01² = 0.8 % of the account, and one of
0.3 % like 0.07 %. "tight" asks five times as much for it, "harvest" a fifth.
"""


MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class FilingStatus(StrEnum):
    SINGLE = "single"
    MFJ = "mfj"
    MFS = "mfs"
    HOH = "hoh"


@dataclass(frozen=True, slots=True)
class SymbolList:
    """A list file: `name` as the preferences write it, `symbols` from its first column in the file's order."""

    name: str
    path: Path
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One benchmark and its share of the index. `file` is None where `name` is the ticker of an ETF."""

    name: str
    weight: Decimal
    file: Path | None


@dataclass(frozen=True, slots=True)
class Index:
    """[index]. One part of weight 1 from `benchmark`, or several from `blend`, whose weights sum to exactly 1."""

    parts: tuple[IndexPart, ...]
    top: int | None = None
    max_names: int | None = None
    max_age_days: int = 45


@dataclass(frozen=True, slots=True)
class Screens:
    """[screens]. `redistribute` is "tracking" or "pro-rata"."""

    exclude: tuple[str, ...] = ()
    exclude_sectors: tuple[str, ...] = ()
    exclude_industries: tuple[str, ...] = ()
    exclude_lists: tuple[SymbolList, ...] = ()
    redistribute: str = "tracking"


@dataclass(frozen=True, slots=True)
class Tilt:
    """The wanted weight is `times` × the benchmark weight + `plus`; one of the two is neutral.

    `name` is the symbol, the sector or the list file; `plus` for a group is spread over its members in proportion to
    their benchmark weights. `symbols` holds the members of a theme and is empty otherwise.
    """

    name: str
    times: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tilts:
    """[tilts]"""

    symbols: tuple[Tilt, ...] = ()
    sectors: tuple[Tilt, ...] = ()
    themes: tuple[Tilt, ...] = ()


@dataclass(frozen=True, slots=True)
class Cash:
    """limits.cash: fractions of the managed value."""

    target: Decimal = Decimal("0.005")
    max: Decimal = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Caps:
    """One figure for every group, or one for each group that is named; `of` says which applies."""

    every: Decimal | None = None
    named: tuple[tuple[str, Decimal], ...] = ()

    def of(self, name: str) -> Decimal | None:
        return dict(self.named).get(name, self.every)


@dataclass(frozen=True, slots=True)
class GainsBudget:
    """limits.gains_budget: dollars of realised gain allowed this year. A plain number in the file is `net`."""

    net: Decimal | None = None
    short: Decimal | None = None
    long: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DoNotSell:
    """A name that is kept, or only its lots bought on one date or held in one account."""

    symbol: str
    acquired: dt.date | None = None
    account: str | None = None

    def covers(self, account: str, symbol: str, acquired: dt.date | None) -> bool:
        return symbol == self.symbol and self.acquired in (None, acquired) and self.account in (None, account)


@dataclass(frozen=True, slots=True)
class Limits:
    """[limits]. Bands are around the *target* weight of the sector or industry; `drift_band` is a name's."""

    max_weight: Decimal | None = None
    max_tracking_error: Decimal | None = None
    cash: Cash = Cash()
    min_trade: Decimal = Decimal(25)
    turnover: Decimal | None = None
    gains_budget: GainsBudget = GainsBudget()
    tracking: str | Decimal = "balanced"
    sector_band: Caps = Caps()
    industry_band: Caps = Caps()
    max_sector: Caps = Caps()
    max_industry: Caps = Caps()
    drift_band: Decimal = Decimal("0.01")
    do_not_sell: tuple[DoNotSell, ...] = ()
    do_not_buy: tuple[str, ...] = ()

    @property
    def risk_aversion(self) -> Decimal:
        """`tracking` as the number γ of the plan: γ × tracking variance × value, in dollars a year."""
        return self.tracking if isinstance(self.tracking, Decimal) else RISK_AVERSION[self.tracking]


@dataclass(frozen=True, slots=True)
class Harvest:
    """[harvest]. A lot is worth harvesting from `min_loss` dollars and `min_loss_fraction` of its basis on (both).

    `substitutes` is "same-industry", "same-sector" or "any".
    """

    min_loss: Decimal = Decimal(50)
    min_loss_fraction: Decimal = Decimal("0.05")
    substitutes: str = "same-industry"


@dataclass(frozen=True, slots=True)
class ShortLong:
    """Dollars by term."""

    short: Decimal = Decimal(0)
    long: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Choices:
    """[tax.choices]: where the law is silent or disputed (rule ids beside each); the defaults are dicli's choices.

    holding_period: tack | union | replace (R-TACK) · scope: household | account (R-SCOPE, R-BROKER) ·
    same_day: acquired | listed (R-ORDER) · sold_before: excluded | included (R-SOLDBEFORE) ·
    older_than_sold: included | excluded (R-OLDER) · ancestors: eligible | excluded (R-CHAIN) ·
    closed_together: eligible | excluded (R-TOGETHER) · spouse: basis | permanent (R-SPOUSE) ·
    other_plans: ira | ignore (R-OTHERPLANS)
    """

    holding_period: str = "tack"
    scope: str = "household"
    same_day: str = "acquired"
    sold_before: str = "excluded"
    older_than_sold: str = "included"
    ancestors: str = "eligible"
    closed_together: str = "eligible"
    spouse: str = "basis"
    other_plans: str = "ira"


@dataclass(frozen=True, slots=True)
class Tax:
    """[tax]. `taxable_income` is ordinary, before the gains of the accounts read here.

    `short_term_gains` and `long_term_gains` are expected elsewhere this year; carryovers are positive amounts of loss.
    `year_to_date` (signed) replaces what the files show as realised this year; None: the files know.
    `magi` None: taxable_income stands in for it, and the reports say so.
    """

    filing_status: FilingStatus
    taxable_income: Decimal
    state_rate: Decimal = Decimal(0)
    short_term_gains: Decimal = Decimal(0)
    long_term_gains: Decimal = Decimal(0)
    carryover: ShortLong = ShortLong()
    lot_method: str = "fifo"
    magi: Decimal | None = None
    year_to_date: ShortLong | None = None
    choices: Choices = Choices()


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One of [[accounts]] as the file has it; `Preferences.accounts` has the accounts themselves."""

    name: str
    broker_files: tuple[str, ...]
    kind: AccountKind
    number: str | None = None
    owner: Owner = Owner.YOU
    managed: bool = True
    fractional: bool = True
    lot_method: str | None = None  # None: tax.lot_method
    average_basis: tuple[str, ...] = ()
    ignore_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldAway:
    """[[held_away]]: exposure that is not traded. `basis` is the total in dollars."""

    symbol: str
    quantity: Decimal
    account: str | None = None
    basis: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Identical:
    """[identical]: groups of substantially identical securities beyond one CUSIP (R-IDENTICAL).

    `ratios` says how many shares of its group one share (or contract) stands for; 1 where nothing is said.
    """

    groups: tuple[tuple[str, ...], ...] = ()
    ratios: tuple[tuple[str, Decimal], ...] = ()

    def ratio(self, symbol: str) -> Decimal:
        return dict(self.ratios).get(symbol, Decimal(1))


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """[[corporate_actions]]: what a broker's row did not say. `date` is the effective (ex) date.

    kind            needs                                    optional
    split           ratio (new shares per old)
    rename          new_symbol
    merger          new_symbol, ratio (new per old)          cash_per_share
    spinoff         new_symbol, ratio (new per old), basis_fraction (of the old basis that goes to the new shares)
    return_of_capital   cash_per_share
    """

    kind: str
    symbol: str
    date: dt.date
    ratio: Fraction | None = None
    new_symbol: str | None = None
    basis_fraction: Decimal | None = None
    cash_per_share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """[prices]. `source` is "broker", "csv" (then `file` is a file or a folder) or "yfinance"."""

    source: str = "broker"
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """[[scheduled]]: a purchase that will happen by itself: kind buy | reinvest | vest (`vest` is an acquisition too).

    It happens on `date`, and where `every` is given again each week, month, quarter or year until `until` (inclusive).
    """

    symbol: str
    account: str
    date: dt.date
    kind: str = "buy"
    every: str | None = None
    until: dt.date | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None

    def dates(self, start: dt.date, end: dt.date) -> tuple[dt.date, ...]:
        """The days from `start` to `end`, both included, on which it happens.

        Months are counted from `date` itself, so that one of 31 January falls on 28 February and then on 31 March.
        """
        last = end if self.until is None else min(end, self.until)
        found, step, day = [], 0, self.date
        while day <= last:
            if day >= start:
                found.append(day)
            if self.every is None:
                break
            step += 1
            day = (
                self.date + dt.timedelta(days=7 * step)
                if self.every == "week"
                else _later(self.date, step * MONTHS[self.every])
            )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Costs:
    """[costs]: fractions of the value traded, for the planner and the backtest alike."""

    half_spread: Decimal = Decimal("0.0002")
    half_spreads: tuple[tuple[str, Decimal], ...] = ()

    def of(self, symbol: str) -> Decimal:
        return dict(self.half_spreads).get(symbol, self.half_spread)


@dataclass(frozen=True, slots=True)
class Flow:
    """Dollars moved each week, month, quarter or year."""

    amount: Decimal
    every: str = "month"


@dataclass(frozen=True, slots=True)
class Backtest:
    """[backtest]; flags of `dicli backtest` come before it, and what is not here is the live preference."""

    start: dt.date | None = None
    end: dt.date | None = None
    initial: Decimal | None = None  # dollars; None: the household's own lots
    fund_gain: Decimal = Decimal(0)  # long-term, in the index fund that `initial` is in before: leaving it is taxed
    contributions: Flow | None = None
    withdrawals: Flow | None = None
    plan_every: str = "month"
    harvest_every: str = "day"
    wash_sales: str = "respect"  # or "ignore"
    dividends: str = "reinvest"  # or "cash"
    lot_method: str | None = None  # None: the lots that the plan names
    outside_gains: ShortLong | None = None  # a year; None: tax.short_term_gains and long_term_gains
    fund_fee: Decimal = Decimal("0.0003")  # of the index fund that is compared with, a year
    account_fee: Decimal = Decimal(0)  # of the account's value, a year: what whoever runs it charges
    delisting_recovery: Decimal = Decimal(1)  # of the last price


@dataclass(frozen=True, slots=True)
class Preferences:
    """A whole dicli.toml. `ignore_actions` is by account name: a broker's words for rows that mean nothing here."""

    path: Path
    folder: Path
    index: Index
    tax: Tax
    accounts: tuple[Account, ...]
    screens: Screens = Screens()
    tilts: Tilts = Tilts()
    limits: Limits = Limits()
    harvest: Harvest = Harvest()
    held_away: tuple[HeldAway, ...] = ()
    identical: Identical = Identical()
    corporate_actions: tuple[CorporateAction, ...] = ()
    prices: Prices = Prices()
    scheduled: tuple[Scheduled, ...] = ()
    costs: Costs = Costs()
    backtest: Backtest = Backtest()
    ignore_actions: tuple[tuple[str, tuple[str, ...]], ...] = ()
