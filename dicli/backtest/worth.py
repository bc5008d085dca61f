"""Is direct indexing worth it for this user? Their own rates, gains, flows and fee, over many markets, by year.

Every market is one vintage: invented ones by their seed, or one start date each in a history of prices and weights. In
each the account and the index fund run side by side (`replay`, `shadow`); the benefit is the difference of what is left
after all tax, on every anniversary, while everything is held on and after a sale of everything.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dicli.backtest import schedule, study, workers
from dicli.backtest.panel import DAYS, Panel
from dicli.backtest.sweep import percentile, starts
from dicli.backtest.synthetic import DRIFT, generate
from dicli.backtest.workers import Progress
from dicli.model import Band, Chart, Column, Figure, Report, Series, Value
from dicli.preferences import Caps, Preferences, Screens, Tilts

NAMES = 100
"""Members of an invented index: the benefit hardly changes with more of them, the time it takes does."""

INVENTED_START = dt.date(2014, 1, 2)
LEAST = 5  # markets: of fewer a verdict would be an anecdote
LOW, HIGH = 10, 90  # percentiles: "in eight of ten markets between …"

COLUMNS = (
    Column("year", Figure.NUMBER),
    Column("kept", Figure.MONEY),
    Column("kept_low", Figure.MONEY),
    Column("kept_high", Figure.MONEY),
    Column("sold", Figure.MONEY),
    Column("sold_low", Figure.MONEY),
    Column("sold_high", Figure.MONEY),
    Column("ahead", Figure.FRACTION),
)


@dataclass(frozen=True, slots=True)
class Vintage:
    """One market. `kept` and `sold`: by anniversary, how far the account is ahead of the fund after all tax, dollars,
    while everything is held on and after a sale of everything. `rate`: the break-even fee of the whole run; `trades`: a
    year's purchases and sales; `lots`: open at the end; `notes`: what went otherwise than planned.
    """

    name: str
    kept: tuple[Decimal, ...]
    sold: tuple[Decimal, ...]
    rate: float
    tracking_error: float | None
    trades: int
    lots: int
    notes: tuple[str, ...] = ()


def in_invented(
    preferences: Preferences, markets: int, years: int, *, jobs: int | None, progress: Progress, names: int = NAMES
) -> tuple[list[Vintage], str]:
    """A vintage in each of so many invented markets, and what they are in words."""
    tasks = [(seed, years, names) for seed in range(1, markets + 1)]
    found = _all(invented, (preferences,), tasks, jobs, progress)
    words = (
        f"{markets} invented markets of {names} names, seeds 1 to {markets}: fat tails, births and deaths, a rise of "
        f"{DRIFT:.0%} a year on average; screens, tilts and caps on weights are left out; no figure from them says "
        "what real markets will do (--data DIR asks a history)"
    )
    return found, words


def in_history(
    panel: Panel, preferences: Preferences, every: str, years: int, *, jobs: int | None, progress: Progress
) -> tuple[list[Vintage], str]:
    """A vintage from every start date that leaves room for so many years, and what they are in words.

    Raises MarketError where there is none.
    """
    days = starts(panel, preferences, every, years)
    _ = panel.index  # reckoned here once: the workers get it with the panel
    found = _all(vintage, (panel, preferences), [(day, years) for day in days], jobs, progress)
    words = (
        f"{len(days)} start dates in {panel.name}, {days[0]} to {days[-1]}: those that overlap are not independent, "
        "and the range is narrower than that of the future"
    )
    return found, words


def _all(
    work: Callable[..., Vintage],
    shared: tuple[object, ...],
    tasks: Sequence[tuple[object, ...]],
    jobs: int | None,
    progress: Progress,
) -> list[Vintage]:
    """In the order of their names, whoever ends first."""
    progress(0, len(tasks))
    found: list[Vintage] = []
    with contextlib.closing(workers.each(work, shared, tasks, jobs=jobs)) as running:
        for one in running:
            found.append(one)
            progress(len(found), len(tasks))
    return sorted(found, key=lambda one: one.name)


def invented(preferences: Preferences, seed: int, years: int, names: int) -> Vintage:
    """A vintage in an invented market."""
    panel = generate(seed=seed, names=names, years=years + years // 20 + 1, start=INVENTED_START)  # 261 weekdays a year
    found = vintage(panel, _without_names(preferences), panel.dates[0], years)
    return replace(found, name=f"invented market {seed:3}")


def _without_names(preferences: Preferences) -> Preferences:
    """An invented index has no real names, and weights unlike a real one's: screens, tilts and caps on weights, all
    made for another index, would only add noise.
    """
    limits = replace(
        preferences.limits,
        max_weight=None,
        max_sector=Caps(),
        max_industry=Caps(),
        sector_band=Caps(),
        industry_band=Caps(),
        do_not_sell=(),
        do_not_buy=(),
    )
    return replace(preferences, screens=Screens(), tilts=Tilts(), limits=limits)


def vintage(panel: Panel, preferences: Preferences, start: dt.date, years: int) -> Vintage:
    """So many years from `start` on."""
    end = schedule.years_later(start, years)
    dated = replace(preferences, backtest=replace(preferences.backtest, start=start, end=end))
    made = study.case(panel, dated, "own", study.own_gains(preferences))
    pairs = list(zip(made.run.standings, made.fund.standings, strict=True))
    trades = sum(1 for entry in made.run.cashbook if entry.what.startswith(("buy ", "sell ")))
    return Vintage(
        name=str(start),
        kept=tuple(account.kept - fund.kept for account, fund in pairs),
        sold=tuple(account.sold - fund.sold for account, fund in pairs),
        rate=made.figures.break_even_fee,
        tracking_error=made.figures.tracking_error,
        trades=round(trades * DAYS / len(made.run.value)),
        lots=made.figures.lots,
        notes=made.run.notes,
    )


def break_even(vintages: Sequence[Vintage]) -> int | None:
    """The first year from whose end on the median account stays ahead of the fund after a sale; None: not in time."""
    found: int | None = None
    for year, values in enumerate(zip(*(one.sold for one in vintages), strict=True), start=1):
        if statistics.median(values) <= 0:
            found = None
        elif found is None:
            found = year
    return found


def report(vintages: Sequence[Vintage], preferences: Preferences, as_of: dt.date, *, markets: str) -> Report:
    """One row a year: medians, the 10th and 90th percentile, and the share of markets in which a sale leaves more than
    the fund. `markets` says in words where the vintages come from.
    """
    rows: list[tuple[Value, ...]] = []
    years = len(vintages[0].sold)
    for year in range(years):
        kept = sorted(one.kept[year] for one in vintages)
        sold = sorted(one.sold[year] for one in vintages)
        ahead = Decimal(sum(value > 0 for value in sold)) / len(sold)
        rows.append((Decimal(year + 1), *_range(kept), *_range(sold), ahead.quantize(Decimal("0.0001"))))
    when = break_even(vintages)
    rates = sorted(Decimal(repr(one.rate)).quantize(Decimal("1e-6")) for one in vintages)
    said, text = verdict(vintages)
    summary: dict[str, object] = {
        "verdict": said,
        "break_even": schedule.years_later(as_of, when) if when is not None else None,
        "years": years,
        "vintages": len(vintages),
        "benefit_rate": statistics.median(rates),
        "benefit_low_rate": percentile(rates, LOW),
        "benefit_high_rate": percentile(rates, HIGH),
        "trades_a_year": statistics.median_high([one.trades for one in vintages]),
        "lots_at_the_end": statistics.median_high([one.lots for one in vintages]),
    }
    return Report(
        "years",
        COLUMNS,
        tuple(rows),
        summary,
        f"{said[0].upper()}{said[1:]}: {text}",
        tuple(_notes(vintages, preferences, markets)),
        charts=(_chart(rows),),
    )


def _chart(rows: Sequence[tuple[Any, ...]]) -> Chart:
    by_name = dict(zip((column.name for column in COLUMNS), zip(*rows, strict=True), strict=True))
    return Chart(
        "Ahead of the index fund after all tax",
        tuple(f"{year:f}" for year in by_name["year"]),
        (Series("after a sale, median", by_name["sold"]), Series("held on, median", by_name["kept"])),
        band=Band("after a sale, low and high", by_name["sold_low"], by_name["sold_high"]),
        x_name="years",
        y_name="dollars",
    )


def verdict(vintages: Sequence[Vintage]) -> tuple[str, str]:
    """In a word, and in a sentence, by what is left after a sale of everything at the end.

    "worth it" where the account is ahead in nine of ten markets, "keep the fund" where it is not even in half of them,
    "not clear" between, and "too few to say" of fewer than LEAST markets.
    """
    sold = sorted(one.sold[-1] for one in vintages)
    years, middle = len(vintages[0].sold), statistics.median(sold)
    apart = study.ahead_of(middle, "the fund")
    low, high = percentile(sold, LOW), percentile(sold, HIGH)
    ahead = sum(value > 0 for value in sold)
    text = (
        f"after {years} year{'s' if years > 1 else ''} and a sale of everything the account is {apart} in the median "
        f"market ({_signed(low)} to {_signed(high)} {_reach(len(sold))}), ahead in {ahead} of {len(sold)}"
    )
    if len(sold) < LEAST:
        return "too few to say", text
    if low > 0:
        return "worth it", text
    return ("keep the fund" if middle <= 0 else "not clear"), text


def _reach(count: int) -> str:
    """What low and high are the ends of: of fewer than ten markets the percentiles are the lowest and the highest."""
    return "in eight of ten" if count >= 10 else "at its lowest and highest"


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.0f}"


def _range(values: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    middle = statistics.median(values).quantize(Decimal("0.01"))
    return middle, percentile(values, LOW), percentile(values, HIGH)


def _notes(vintages: Sequence[Vintage], preferences: Preferences, markets: str) -> list[str]:
    wanted, tax, gains = preferences.backtest, preferences.tax, study.own_gains(preferences)
    ends = "the 10th and 90th percentile" if len(vintages) >= 10 else "the lowest and the highest"
    notes = [
        f"kept: ahead of the fund while everything is held on; sold: after a sale of everything; low and high: {ends}; "
        "ahead: in how many of the markets a sale leaves more",
        markets,
        f"yours: {tax.filing_status.value}, a taxable income of {tax.taxable_income:,.0f}, a state rate of "
        f"{tax.state_rate:.2%}, gains elsewhere of {gains.short:,.0f} short-term and {gains.long:,.0f} long-term a "
        f"year; {_flows(preferences)}; plans every {wanted.plan_every}, losses looked for every "
        f"{wanted.harvest_every}; the account costs {wanted.account_fee:.2%} a year beside its half spreads of "
        f"{preferences.costs.half_spread:.2%}, the fund {wanted.fund_fee:.2%}",
    ]
    if not gains.short and not gains.long:
        notes.append(
            "no gains elsewhere are stated: losses save tax on 3,000 of income a year (1,500 if married separate), the "
            "rest is carried, and what is still carried at the end counts for nothing"
        )
    notes += [f"{one.name}: {note}" for one in vintages for note in one.notes]
    errors = sorted(one.tracking_error for one in vintages if one.tracking_error is not None)
    if errors:
        notes.append(
            f"part of the range is tracking luck: the account strays from its index by {statistics.median(errors):.2%} "
            "a year, realised"
        )
    if wanted.fund_gain:
        notes.append(
            f"the money is in the fund before, with a long-term gain of {wanted.fund_gain:,.0f}, which is taxed first; "
            "who stays keeps it untaxed"
        )
    else:
        notes.append(
            "a fund that you hold with a gain is taxed on the way out: --fund-gain puts that into these figures"
        )
    notes.append(
        "the law, rates and income are today's throughout; what it is worth to leave names out, or to give or bequeath "
        "the lots with the largest gains, is not in these figures"
    )
    return notes


def _flows(preferences: Preferences) -> str:
    wanted = preferences.backtest
    said = [f"{wanted.initial or 0:,.0f} at the start"]
    if wanted.contributions is not None:
        said.append(f"{wanted.contributions.amount:,.0f} paid in every {wanted.contributions.every}")
    if wanted.withdrawals is not None:
        said.append(f"{wanted.withdrawals.amount:,.0f} taken out every {wanted.withdrawals.every}")
    return ", ".join(said)
