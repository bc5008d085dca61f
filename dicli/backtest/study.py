"""A backtest as a user asks for it: with outside gains and without, each against its shadow; and as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dicli.backtest import schedule
from dicli.backtest.figures import Figures, YearFigures, figures
from dicli.backtest.opening import Opening
from dicli.backtest.panel import Floats, Panel, dollars
from dicli.backtest.replay import Replay, replay
from dicli.backtest.shadow import Shadow, shadow
from dicli.model import Chart, Column, Figure, Report, Series, Value
from dicli.preferences import Preferences, ShortLong

ASSUMED = Decimal("0.05")
"""Outside gains, of each term and of the initial amount a year, where the user states none: an assumption that every
report names. It is there to show what gains to offset are worth, not because anyone has them.
"""

COLUMNS = (
    Column("outside_gains"),
    Column("year"),
    Column("value", Figure.MONEY),
    Column("fund_value", Figure.MONEY),
    Column("short", Figure.MONEY, brief=False),
    Column("long", Figure.MONEY, brief=False),
    Column("short_losses", Figure.MONEY, brief=False),
    Column("long_losses", Figure.MONEY, brief=False),
    Column("harvested", Figure.FRACTION),
    Column("dividends", Figure.MONEY, brief=False),
    Column("tax", Figure.MONEY),
    Column("fund_tax", Figure.MONEY, brief=False),
    Column("tax_alpha", Figure.FRACTION),
    Column("carried", Figure.MONEY, brief=False),
    Column("tracking_error", Figure.FRACTION),
    Column("active_share", Figure.FRACTION, brief=False),
    Column("turnover", Figure.FRACTION, brief=False),
    Column("costs", Figure.MONEY, brief=False),
    Column("plans", Figure.NUMBER, brief=False),
    Column("names", Figure.NUMBER, brief=False),
    Column("lots", Figure.NUMBER, brief=False),
    Column("liquidated", Figure.MONEY, brief=False),
    Column("fund_liquidated", Figure.MONEY, brief=False),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One run and its shadow. `label` says which outside gains it had: "stated", "assumed" or "none"."""

    label: str
    run: Replay
    fund: Shadow
    figures: Figures


def case(
    panel: Panel, preferences: Preferences, label: str, outside: ShortLong, opening: Opening | None = None
) -> Case:
    """One run, from [backtest] initial or `opening`, against its shadow."""
    made = replay(panel, preferences, outside=outside, opening=opening)
    fund = shadow(made, preferences)
    return Case(label, made, fund, figures(made, fund))


def own_gains(preferences: Preferences) -> ShortLong:
    """The gains outside the account that the user states, and no others: [backtest] outside_gains, else [tax]."""
    stated = preferences.backtest.outside_gains
    return stated or ShortLong(preferences.tax.short_term_gains, preferences.tax.long_term_gains)


def outside_gains(preferences: Preferences, value: Decimal) -> tuple[str, ShortLong]:
    """`own_gains`, else ASSUMED of the `value` at the start; and which it is."""
    stated = own_gains(preferences)
    if stated.short or stated.long:
        return "stated", stated
    each = (value * ASSUMED).quantize(Decimal("0.01"))
    return "assumed", ShortLong(each, each)


def cases(panel: Panel, preferences: Preferences, opening: Opening | None = None) -> tuple[Case, Case]:
    """With outside gains and without: the same money, market and rules."""
    none = case(panel, preferences, "none", ShortLong(), opening)
    label, outside = outside_gains(preferences, none.run.capital_at_start())
    return case(panel, preferences, label, outside, opening), none


def report(panel: Panel, made: Sequence[Case], preferences: Preferences) -> Report:
    """One row per case and year; the whole runs in the summary; what was assumed in the notes."""
    rows = tuple(_row(one.label, year) for one in made for year in one.figures.years)
    summary = {f"outside_gains_{one.label}": summary_of(one.figures) for one in made}
    first = made[0].run
    title = f"{panel.name}, {first.dates[0]} to {first.dates[-1]}: direct indexing against the index fund"
    notes = tuple(_notes(panel, made, preferences))
    return Report("years", COLUMNS, rows, summary=summary, title=title, notes=notes, charts=charts(made))


def charts(made: Sequence[Case]) -> tuple[Chart, ...]:
    """Both values at the ends of months (lines that nearly meet: a terminal goes without), the account's lead over the
    fund in each case, and the losses harvested by year; values are before the tax that is not paid yet.
    """
    first = made[0]
    run = first.run
    T = len(run.dates)
    rows = [*schedule.last_of(run.dates, "month", 0, T - 1), T - 1]
    days = tuple(run.dates[k] for k in rows)
    years = first.figures.years
    gains = {one.label: called(one.label) for one in made}
    lead = {one.label: one.run.value - one.fund.value for one in made}
    harvested = (
        Series("short-term", tuple(year.short_losses for year in years)),
        Series("long-term", tuple(year.long_losses for year in years)),
    )
    return (
        Chart(
            f"The account and the fund, {gains[first.label]}",
            days,
            (Series("account", _dollars(run.value[rows])), Series("fund", _dollars(first.fund.value[rows]))),
            y_name="dollars",
            brief=False,
        ),
        Chart(
            "The account less the fund",
            days,
            tuple(Series(gains[label], _dollars(value[rows])) for label, value in lead.items()),
            y_name="dollars",
        ),
        Chart(
            f"Losses harvested, {gains[first.label]}",
            tuple(str(year.year) for year in years),
            harvested,
            kind="bars",
            y_name="dollars",
        ),
    )


def called(label: str) -> str:
    """A case's label in words."""
    return "no outside gains" if label == "none" else f"outside gains {label}"


def _dollars(values: Floats) -> tuple[Decimal, ...]:
    return tuple(dollars(value) for value in values)


def summary_of(found: Figures) -> dict[str, Value]:
    """The figures of a whole run: dollars in cents, ratios to a hundredth of a basis point."""
    return {
        "capital": found.capital,
        "wealth": found.wealth,
        "fund_wealth": found.fund_wealth,
        "liquidated": found.liquidated,
        "fund_liquidated": found.fund_liquidated,
        "tax_alpha": ratio(found.tax_alpha),
        "harvested": ratio(found.harvested),
        "losses_used": found.used,
        "losses_carried": found.carried,
        "tracking_error": ratio(found.tracking_error),
        "tracking_difference": ratio(found.tracking_difference),
        "costs": found.costs,
        "fees": found.fees,
        "names": found.names,
        "lots": found.lots,
        "ossified": ratio(found.ossified),
        "break_even_fee": ratio(found.break_even_fee),
    }


def _row(label: str, year: YearFigures) -> tuple[Value, ...]:
    return (
        label,
        str(year.year),
        year.value,
        year.fund_value,
        year.short,
        year.long,
        year.short_losses,
        year.long_losses,
        ratio(year.harvested),
        year.dividends,
        year.tax,
        year.fund_tax,
        ratio(year.tax_alpha),
        year.carried,
        ratio(year.tracking_error),
        ratio(year.active_share),
        ratio(year.turnover),
        year.costs,
        Decimal(year.plans),
        Decimal(year.names),
        Decimal(year.lots),
        year.liquidated,
        year.fund_liquidated,
    )


def ratio(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(float(value))).quantize(Decimal("1e-6")) + 0


def _notes(panel: Panel, made: Sequence[Case], preferences: Preferences) -> list[str]:
    wanted = preferences.backtest
    run = made[0].run
    notes = [_said(one) for one in made]
    notes += [
        "the law, rates and brackets are today's throughout; dividends are taken as qualified and are there on the ex "
        "date; each year's tax is paid from, and each saving paid into, the account on the first session from 15 April",
        f"trades are at the close and pay {preferences.costs.half_spread:%} of half spread; the fund costs "
        f"{wanted.fund_fee:%} a year, the account {wanted.account_fee:%} besides its trades",
        "loss that is still carried on the last day counts for nothing in the liquidated wealth",
    ]
    if wanted.fund_gain:
        notes.append(
            f"the money is in the index fund before, with a long-term gain of {wanted.fund_gain:,.2f}: the account "
            "sells it first and pays the tax, the fund beside it keeps its lot"
        )
    elif run.own:
        held = len({lot.symbol for lot, _ in run.own})
        notes.append(
            f"it starts with {len(run.own)} own lots of {held} names, worth {run.own_value:,.2f}; the fund starts with "
            "lots of the same value, basis and dates"
        )
    for one in made:
        if one.label == "assumed":
            notes.append(
                f"no outside gains are stated: {one.run.outside.short:,.2f} short-term and {one.run.outside.long:,.2f} "
                "long-term a year are assumed in one of the two runs"
            )
    rows = [i for i, t in enumerate(panel.known) if t <= run.last]
    worst = max((float(panel.missing[i]) for i in rows), default=0.0)
    if worst > 0.0:
        dates = sum(1 for i in rows if panel.missing[i] > 0.0)
        named = ", ".join(panel.unpriced[:8]) + (" …" if len(panel.unpriced) > 8 else "")
        notes.append(
            f"members without a price on some date of weights: {len(panel.unpriced)} ({named}); "
            f"on {dates} of {len(rows)} dates up to {worst:.2%} of the weight was left out, the rest scaled up to 1"
        )
    notes += _left_out(made[0].run.ledger.account.name, preferences)
    if wanted.wash_sales == "ignore":
        notes.append("wash sales are ignored: no tax return can do that; it is for comparison with papers that do")
    notes += [f"with outside gains {one.label}: {note}" for one in made for note in one.run.notes]
    return notes


def _said(one: Case) -> str:
    """A whole run in a sentence, for people: the summary of files has its figures."""
    found = one.figures
    held, sold = found.wealth - found.fund_wealth, found.liquidated - found.fund_liquidated
    gains = {"none": "without outside gains"}.get(one.label, f"with outside gains {one.label}")
    said = (
        f"{gains}: {ahead_of(held, 'the fund')} after all tax while everything is held, {ahead_of(sold, 'it')} after a "
        f"sale of everything; tax alpha {found.tax_alpha:.2%} a year; losses used {found.used:,.0f}, carried "
        f"{found.carried:,.0f}; break-even fee {found.break_even_fee:.2%} a year"
    )
    if found.tracking_error is not None:
        said += f"; tracking error {found.tracking_error:.2%} a year, realised"
    return said


def ahead_of(amount: Decimal, whom: str) -> str:
    """$12,345 ahead of the fund, or behind it."""
    return f"${abs(amount):,.0f} {'ahead of' if amount > 0 else 'behind'} {whom}"


def _left_out(account: str, preferences: Preferences) -> list[str]:
    """What the preferences say and a backtest does not replay."""
    notes = []
    others = [entry.name for entry in preferences.accounts if entry.name != account]
    if others or preferences.held_away or preferences.scheduled:
        tables = {"[[held_away]]": preferences.held_away, "[[scheduled]]": preferences.scheduled}
        said = ", ".join([*others, *(name for name, entries in tables.items() if entries)])
        notes.append(f'only the account "{account}" is replayed; left out: {said}')
    if preferences.identical.groups:
        notes.append("[identical] is left out: in the backtest a security is replaced by itself only")
    return notes
