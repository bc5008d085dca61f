"""What an account really delivered, by year and in all, beside the benchmark's fund with the same money.

Definitions; a year's figures are those of the days that the history covers:

- time-weighted return: daily returns linked, flows at the close; the fund's is that of its closes and dividends.
  Dividends count on the day that the broker booked them, the fund's on the ex-date.
- money-weighted return: the internal rate of all flows, by actual days ÷ 365, for both sides.
- of "all", both are a year's where the span is a year or longer; every other return is that of its span as it is.
- realised tracking error: standard deviation of daily differences × √252, from 60 sessions on.
- tracking difference: the account's time-weighted return − the fund's, before tax. Drift cost is the same in dollars,
  a loss positive: Σ over days of the value before × (the fund's return − the account's).
- tax: what the account's gains and dividends add to the household's tax, and the fund's of the same money. Tax alpha:
  (the fund's tax − the account's) ÷ the account's mean value, a year of 252 sessions; not known where the value of more
  than a tenth of the sessions is not.
- net return: the time-weighted return less a fee that is charged outside the account, fee ÷ 252 each session.
- delivered: dollars more than the fund: tax saved − drift cost − the fee charged outside. Fees in the account's own
  history are in its returns already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dicli.backtest.figures import tracking_error
from dicli.backtest.panel import DAYS, Floats, dollars
from dicli.backtest.shadow import Shadow, Track, in_fund
from dicli.household import Household
from dicli.model import AccountKind
from dicli.performance.closes import Closes, days_said
from dicli.performance.history import History
from dicli.performance.realised import Gains, elsewhere, gains, tax_by_year, tax_of
from dicli.performance.returns import Links, annual, differences, drift_cost, links, money_weighted
from dicli.preferences import Preferences
from dicli.tax.books import cent

ALL = "all"
MOST_KNOWN = 0.9  # of the sessions: with less of it the mean value is a guess


@dataclass(frozen=True, eq=False)
class Curve:
    """The account's value and the fund's with the same money (T,), dollars at the close; `known` (T,): whether the
    account's is. Before the account begins there is nothing.
    """

    name: str
    dates: tuple[dt.date, ...]
    value: Floats
    fund: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """One calendar year, or all. Dollars are `Decimal`, ratios float; None where it cannot be known."""

    year: str
    start: dt.date
    end: dt.date
    value_start: Decimal | None
    value: Decimal | None
    flows: Decimal
    time_weighted: float | None
    money_weighted: float | None
    fund_value: Decimal | None
    fund_time_weighted: float
    fund_money_weighted: float | None
    tracking_error: float | None
    tracking_difference: float | None
    drift_cost: Decimal | None
    short: Decimal | None
    long: Decimal | None
    short_losses: Decimal | None
    long_losses: Decimal | None
    dividends: Decimal
    interest: Decimal
    fees: Decimal
    tax: Decimal | None
    fund_tax: Decimal | None
    tax_alpha: float | None
    net: float | None
    outside_fee: Decimal
    delivered: Decimal | None
    sessions: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """One account, or the household: its figures by year and, last, in all; its course; and what is to be said."""

    name: str
    figures: tuple[Figures, ...]
    curve: Curve
    notes: tuple[str, ...]


def measure(
    name: str,
    history: History,
    closes: Closes,
    household: Household,
    preferences: Preferences,
    *,
    fee: float = 0.0,
    taxed: History | None = None,
) -> Delivered:
    """All figures of a history. `fee`: charged outside the account, a fraction of its value a year. `taxed`: the part
    of it that is taxed, where that is not all or nothing of it.
    """
    return _Measured(name, history, closes, household, preferences, fee, taxed).made()


class _Measured:
    def __init__(
        self,
        name: str,
        history: History,
        closes: Closes,
        household: Household,
        preferences: Preferences,
        fee: float,
        taxed: History | None,
    ) -> None:
        self.name, self.history, self.fee = name, history, fee
        first, last = closes.place(history.dates[0]), closes.place(history.dates[-1]) + 1
        self.total = closes.fund.total[first:last] - closes.fund.fee / DAYS
        self.priced = closes.fund.priced[first:last]
        self.links: Links = links(history.value, history.flows, history.known)
        begun = min(history.since.values())  # not the day before, whose close is the opening
        self.tax = tax_of(preferences, begun, household.as_of)
        self.notes: list[str] = list(history.notes)
        self.notes += self._gaps()
        self.fund = self._beside(history, closes, preferences)
        self.gains: dict[int, Gains] = {}
        self.own: Mapping[int, Decimal | None] = {}
        self.theirs: Mapping[int, Decimal | None] = {}
        mine = history if history.taxable else taxed
        if mine is not None:
            years = sorted({day.year for day in mine.dates if day >= begun})
            self.gains = {year: gains(household, mine.since, mine.dates[-1], year) for year in years}
            known = {year: None if made.unknown else (made.short, made.long) for year, made in self.gains.items()}
            self.own = tax_by_year(known, {year: _of(mine.dividends, [year]) for year in years}, self.tax)
            fund = self.fund if mine is history else self._beside(mine, closes, preferences)
            if fund is not None and mine.own is not None:
                # read off its books at the end: a purchase in January can wash a loss of December
                theirs = {year: fund.ledger.gains(year) for year in years}
                self.theirs = tax_by_year(theirs, {year.year: year.dividends for year in fund.years}, self.tax)
            self.notes += [
                f"{name}: no file tells the lots or basis of sales of {', '.join(made.unknown)}: "
                f"its gains of {year} are not known"
                for year, made in self.gains.items()
                if made.unknown
            ]
            if mine.own is None:
                self.notes.append(f"{name}: no file tells all lots that it began with: the fund's tax is not known")

    def _gaps(self) -> list[str]:
        """Why returns are not known: money moved, or a year ended, on a day whose value is not."""
        dates, flows, notes = self.history.dates, self.history.flows, []
        unknown = np.flatnonzero(~self.history.known)
        moved = [dates[k] for k in unknown if flows[k] != 0.0]
        if moved:
            notes.append(f"its value is not known on {days_said(moved)}, when money moved: no return leads over it")
        ends = [dates[k] for k in unknown if k == len(dates) - 1 or dates[k].year != dates[k + 1].year]
        if ends:
            notes.append(f"its value is not known at the end of {days_said(ends)}: no return leads there")
        return [f"{self.name}: {note}" for note in notes]

    def _beside(self, history: History, closes: Closes, preferences: Preferences) -> Shadow | None:
        """The fund with the same money, its tax paid elsewhere like the account's; None where it runs out of it."""
        first = closes.place(history.dates[0])
        fund, last = closes.fund, first + len(history.dates)
        flows: dict[dt.date, Decimal] = {}
        for day, amount in history.paid_in.items():
            if day <= history.dates[-1]:
                k = closes.place(day)
                k += int(np.argmax(fund.priced[k:last]))  # money waits for a day on which the fund has a close
                flows[closes.dates[k]] = flows.get(closes.dates[k], Decimal(0)) + amount
        own = history.own or ()
        begun = sum((cent(worth) for _, worth in own), Decimal(0))
        flows[history.dates[0]] = flows.get(history.dates[0], Decimal(0)) - begun
        account = replace(preferences.accounts[0], managed=True, kind=AccountKind.TAXABLE)
        terms = replace(preferences.backtest, fund_fee=Decimal(repr(fund.fee)), dividends="reinvest")
        wanted = replace(preferences, accounts=(account,), backtest=terms, tax=self.tax)
        track = Track(history.dates, fund.total[first:last], fund.paid[first:last])
        made = in_fund(track, flows, wanted, elsewhere(self.tax), own=own, settles=False)
        if (made.value < -0.005).any():
            self.notes.append(f"{self.name}: the fund would not have paid for all that was taken out")
            return None
        return made

    def made(self) -> Delivered:
        dates = self.history.dates
        years = sorted({day.year for day in dates})
        spans = []
        for year in years:
            rows = [k for k, day in enumerate(dates) if day.year == year]
            if rows != [0] or not self.history.opening:  # a last day of December that only opens what follows
                spans.append(self._figures(str(year), rows[0], rows[-1], [year]))
        whole = self._figures(ALL, 0, len(dates) - 1, years)
        fund = np.full(len(dates), np.nan) if self.fund is None else self.fund.value
        curve = Curve(self.name, dates, self.history.value, fund, self.history.known)
        return Delivered(self.name, (*spans, whole), curve, tuple(self.notes))

    def _figures(self, label: str, first: int, last: int, years: list[int]) -> Figures:
        history, dates = self.history, self.history.dates
        base = max(first - 1, 0)
        days = (dates[last] - dates[base]).days if label == ALL else 0
        growth = self.links.growth(base, last)
        theirs = float(np.prod(1.0 + self.total[base + 1 : last + 1]) - 1.0)
        sessions = last - base
        net = None if growth is None else (1.0 + growth) * (1.0 - self.fee / DAYS) ** sessions - 1.0
        mine, fund = annual(growth, days), annual(theirs, days)
        drift = drift_cost(self.links, history.value, self.total, base, last)
        seen = history.value[first : last + 1][history.known[first : last + 1]]
        mean = float(seen.mean()) if len(seen) else 0.0
        own, other = self._sum(self.own, years), self._sum(self.theirs, years)
        saved = None if own is None or other is None else other - own
        outside = dollars(self.fee * mean * sessions / DAYS)
        taxed = bool(self.gains)
        delivered = None
        if drift is not None and not (taxed and saved is None):
            delivered = (saved or Decimal(0)) - dollars(drift) - outside
        found = [self.gains[year] for year in years if year in self.gains]
        told = found if taxed and not any(one.unknown for one in found) else None
        begun = history.opening if first == 0 else dollars(history.value[base]) if history.known[base] else None
        return Figures(
            year=label,
            start=dates[base],
            end=dates[last],
            value_start=begun,
            value=dollars(history.value[last]) if history.known[last] else None,
            flows=self._paid(first, last) - (history.opening if first == 0 else 0),
            time_weighted=mine,
            money_weighted=annual(self._rate(history.value, first, last), days),
            fund_value=None if self.fund is None else dollars(self.fund.value[last]),
            fund_time_weighted=fund or 0.0,
            fund_money_weighted=None if self.fund is None else annual(self._rate(self.fund.value, first, last), days),
            tracking_error=tracking_error(differences(self.links, self.total, self.priced, base, last)),
            tracking_difference=None if mine is None or fund is None else mine - fund,
            drift_cost=None if drift is None else dollars(drift),
            short=None if told is None else _total(one.short for one in told),
            long=None if told is None else _total(one.long for one in told),
            short_losses=None if told is None else _total(one.short_losses for one in told),
            long_losses=None if told is None else _total(one.long_losses for one in told),
            dividends=_of(history.dividends, years),
            interest=_of(history.interest, years),
            fees=_of(history.fees, years),
            tax=own,
            fund_tax=other,
            tax_alpha=None
            if saved is None or not mean or len(seen) < MOST_KNOWN * (last - first + 1)
            else float(saved) / (mean * (last - first + 1) / DAYS),
            net=annual(net, days),
            outside_fee=outside,
            delivered=delivered,
            sessions=last - first + 1,
            unknown=int((~history.known[first : last + 1]).sum()),
        )

    def _paid(self, first: int, last: int) -> Decimal:
        """Net flows of the sessions first to last, what the account starts with among them."""
        days = set(self.history.dates[first : last + 1])
        return sum((amount for day, amount in self.history.paid_in.items() if day in days), Decimal(0))

    def _rate(self, value: Floats, first: int, last: int) -> float | None:
        """The money-weighted growth of sessions first to last, of the account or of the fund with the same money."""
        dates, flows = self.history.dates, self.history.flows
        if self.links.growth(max(first - 1, 0), last) is None:
            return None
        if first == 0:
            return money_weighted(dates[: last + 1], flows[: last + 1].tolist(), float(value[last]))
        paid = [float(value[first - 1]), *flows[first : last + 1].tolist()]
        return money_weighted(dates[first - 1 : last + 1], paid, float(value[last]))

    @staticmethod
    def _sum(by_year: Mapping[int, Decimal | None], years: list[int]) -> Decimal | None:
        """None where one of the years is not known, or there is none."""
        found = [by_year[year] for year in years if year in by_year]
        known = [tax for tax in found if tax is not None]
        return sum(known, Decimal(0)) if found and len(known) == len(found) else None


def _of(by_day: Mapping[dt.date, Decimal], years: Collection[int]) -> Decimal:
    return sum((amount for day, amount in by_day.items() if day.year in years), Decimal(0))


def _total(parts: Iterable[Fraction]) -> Decimal:
    return cent(sum(parts, Fraction(0)))
