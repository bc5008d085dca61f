"""What a replay and its shadow come to: wealth, tax alpha, harvested losses, tracking, costs, by year and in all.

Every figure is a difference against the fund with the same flows under the same tax rules. Definitions:

- pre-liquidation wealth: the value on the last day less the tax of years that is not paid yet (`owed`).
- post-liquidation wealth: everything sold on the last day at its half spread, and that year's tax reckoned with those
  gains. Loss that is carried beyond the last day counts for nothing, and is shown.
- tax alpha of a year: (the fund's tax − the account's tax) ÷ the account's mean value in the year, annualised. Taxes
  count in the year for which they are due.
- harvested losses of a year: losses allowed after wash sales, by term, as a fraction of the capital paid in up to then.
- realised tracking error: standard deviation of daily time-weighted return less the index's, × √252, of whole runs and
  of years with at least 60 sessions.
- break-even fee: what the account could cost a year beyond what it does, as a fraction of its value, before its
  post-liquidation wealth falls to the fund's: difference ÷ Σ over days of value ÷ 252. No compounding.
- ossification: share of the stocks' value in lots whose gain is over half of their basis.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from dicli.backtest.panel import DAYS, Floats
from dicli.backtest.replay import Replay
from dicli.backtest.settlement import Year
from dicli.backtest.shadow import Shadow
from dicli.model import Term
from dicli.tax.books import cent
from dicli.tax.prepare import exact

ENOUGH = 60
"""Sessions that a realised tracking error needs."""


@dataclass(frozen=True, slots=True)
class YearFigures:
    """One calendar year. Dollars are `Decimal`, ratios float; None where the year is too short to say."""

    year: int
    value: Decimal  # at its end
    fund_value: Decimal
    short: Decimal  # realised and allowed, signed
    long: Decimal
    short_losses: Decimal  # harvested, positive
    long_losses: Decimal
    harvested: float  # short and long losses, of the capital paid in
    dividends: Decimal
    tax: Decimal
    fund_tax: Decimal
    tax_alpha: float
    carried: Decimal
    tracking_error: float | None
    active_share: float | None  # mean over the year's plans
    turnover: float  # Σ trades ÷ (2 × mean value)
    costs: Decimal
    plans: int
    names: int
    lots: int
    liquidated: Decimal  # everything sold on its last session, and all tax paid
    fund_liquidated: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole run. `liquidated` wealth is after all tax; `used` of the harvested net losses met a gain or income."""

    years: tuple[YearFigures, ...]
    capital: Decimal
    wealth: Decimal
    fund_wealth: Decimal
    liquidated: Decimal
    fund_liquidated: Decimal
    tax_alpha: float
    tracking_error: float | None
    tracking_difference: float
    harvested: float
    net_losses: Decimal
    carried: Decimal
    used: Decimal
    costs: Decimal
    fees: Decimal
    names: int
    lots: int
    ossified: float
    break_even_fee: float


def figures(run: Replay, other: Shadow) -> Figures:
    """All figures of one run against its shadow."""
    active = daily_returns(run) - run.index
    active[0] = 0.0
    losses = _losses(run)
    years = tuple(_year(run, other, made, active, losses) for made in run.years)
    capital = run.capital()
    wealth = cent(exact(_value(run.value[-1]))) - run.owed
    fund_wealth = cent(exact(_value(other.value[-1]))) - other.owed
    liquidated, fund_liquidated = run.years[-1].liquidated, other.years[-1].liquidated
    span = len(run.value) / DAYS
    last_year = run.years[-1]
    carried = last_year.carried.short + last_year.carried.long
    net = sum((min(year.short + year.long, Decimal(0)) for year in run.years), Decimal(0))
    average = float(run.value.sum()) / DAYS
    return Figures(
        years=years,
        capital=capital,
        wealth=wealth,
        fund_wealth=fund_wealth,
        liquidated=liquidated,
        fund_liquidated=fund_liquidated,
        tax_alpha=float(sum((y.fund_tax - y.tax for y in years), Decimal(0))) / average,
        tracking_error=tracking_error(active[1:]),
        tracking_difference=float(np.log1p(daily_returns(run)[1:]).sum() - np.log1p(run.index[1:]).sum()) / span,
        harvested=float(sum((y.short_losses + y.long_losses for y in years), Decimal(0)) / capital),
        net_losses=-net,
        carried=carried,
        used=max(-net - max(carried, Decimal(0)), Decimal(0)),
        costs=run.costs,
        fees=run.fees,
        names=len(run.ledger.held()),
        lots=sum(1 for _ in run.ledger.lots()),
        ossified=run.ossified,
        break_even_fee=float(liquidated - fund_liquidated) / average,
    )


def daily_returns(run: Replay) -> Floats:
    """Time-weighted daily returns (T,) before the yearly tax, flows at the close: the first is 0."""
    moved = run.flows + run.taxes
    found = np.zeros(len(run.value))
    found[1:] = (run.value[1:] - moved[1:]) / run.value[:-1] - 1.0
    return found


def tracking_error(active: Floats) -> float | None:
    """Realised: the standard deviation of daily differences × √252; None for fewer than ENOUGH of them."""
    return None if len(active) < ENOUGH else float(np.std(active, ddof=1) * np.sqrt(DAYS))


def _value(amount: float) -> Decimal:
    return Decimal(repr(round(float(amount), 4)))


def _losses(run: Replay) -> dict[tuple[int, Term], Fraction]:
    """Allowed losses by year and term, positive."""
    found: dict[tuple[int, Term], Fraction] = defaultdict(Fraction)
    for row in run.ledger.realized():
        if row.allowed < 0:
            found[row.sold.year, row.term] -= row.allowed
    return found


def _year(
    run: Replay, other: Shadow, made: Year, active: Floats, losses: Mapping[tuple[int, Term], Fraction]
) -> YearFigures:
    rows = [k for k, day in enumerate(run.dates) if day.year == made.year]
    first, last = rows[0], rows[-1]
    fund = next(year for year in other.years if year.year == made.year)
    short, long = losses.get((made.year, Term.SHORT), Fraction(0)), losses.get((made.year, Term.LONG), Fraction(0))
    looks = [look for look in run.looks if run.panel.dates[look.t].year == made.year]
    mean = float(run.value[first : last + 1].mean())
    costs = traded = Decimal(0)
    for entry in run.cashbook:
        if entry.date.year == made.year and entry.what.startswith(("buy ", "sell ")):
            traded += abs(entry.amount)
    for day, cost in run.spent.items():
        if day.year == made.year:
            costs += cost
    after = looks[-1] if looks else None
    return YearFigures(
        year=made.year,
        value=cent(exact(_value(run.value[last]))),
        fund_value=cent(exact(_value(other.value[last]))),
        short=made.short,
        long=made.long,
        short_losses=cent(short),
        long_losses=cent(long),
        harvested=float((short + long) / exact(run.capital(made.year))),
        dividends=made.dividends,
        tax=made.tax,
        fund_tax=fund.tax,
        tax_alpha=float(fund.tax - made.tax) / (mean * len(rows) / DAYS),
        carried=made.carried.short + made.carried.long,
        tracking_error=tracking_error(active[max(first, 1) : last + 1]),
        active_share=float(np.mean([look.active_share for look in looks])) if looks else None,
        turnover=float(traded) / (2.0 * mean),
        costs=costs,
        plans=len(looks),
        names=after.names if after else 0,
        lots=after.lots if after else 0,
        liquidated=made.liquidated,
        fund_liquidated=fund.liquidated,
    )
