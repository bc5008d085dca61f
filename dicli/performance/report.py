"""`dicli performance` as a report: which accounts, beside which fund, and what is to be said of the figures."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from dicli.backtest import schedule
from dicli.backtest.panel import dollars
from dicli.backtest.study import ratio
from dicli.errors import Fault, PreferencesError
from dicli.household import Household
from dicli.model import Chart, Column, Figure, Report, Series, Value
from dicli.performance.closes import Closes
from dicli.performance.history import History, rebuild, together
from dicli.performance.measure import ALL, Delivered, Figures, measure
from dicli.performance.record import Record, record
from dicli.preferences import Preferences, broker_files
from dicli.tax import rates

HOUSEHOLD = "household"
"""What the rows of all accounts together are called, where there are several."""

_LONG = 400  # sessions: a longer course has a point a month, a shorter one a week
CANCELLED = "a cancelled trade"  # as the readers say it: it moved no money
COLUMNS = (
    Column("account"),
    Column("year"),
    Column("start", Figure.DATE, brief=False),
    Column("end", Figure.DATE, brief=False),
    Column("value_start", Figure.MONEY, brief=False),
    Column("value", Figure.MONEY),
    Column("flows", Figure.MONEY, brief=False),
    Column("time_weighted", Figure.FRACTION),
    Column("money_weighted", Figure.FRACTION),
    Column("fund_value", Figure.MONEY, brief=False),
    Column("fund_time_weighted", Figure.FRACTION),
    Column("fund_money_weighted", Figure.FRACTION, brief=False),
    Column("tracking_error", Figure.FRACTION),
    Column("tracking_difference", Figure.FRACTION, brief=False),
    Column("drift_cost", Figure.MONEY),
    Column("short", Figure.MONEY, brief=False),
    Column("long", Figure.MONEY, brief=False),
    Column("short_losses", Figure.MONEY, brief=False),
    Column("long_losses", Figure.MONEY, brief=False),
    Column("dividends", Figure.MONEY, brief=False),
    Column("interest", Figure.MONEY, brief=False),
    Column("fees", Figure.MONEY, brief=False),
    Column("tax", Figure.MONEY, brief=False),
    Column("fund_tax", Figure.MONEY, brief=False),
    Column("tax_alpha", Figure.FRACTION),
    Column("net", Figure.FRACTION, brief=False),
    Column("outside_fee", Figure.MONEY, brief=False),
    Column("delivered", Figure.MONEY),
    Column("sessions", Figure.NUMBER, brief=False),
    Column("unknown", Figure.NUMBER, brief=False),
)
"""`account` is an account's name or HOUSEHOLD; `year` a calendar year or ALL. `start` is the close that a row's returns
count from, `end` that which they count to; `value_start` and `value` are dollars at these, `flows` what came in between
(out: negative), `fund_value` the same money in the fund. `short` and `long` are realised and allowed, signed, the
losses among them positive; `fees` were paid in the account (commissions too), `outside_fee` is --fee. `unknown` are the
`sessions` whose value is not known. The rest: `performance`.
"""


def accounts_of(preferences: Preferences, named: Sequence[str]) -> list[str]:
    """The accounts asked for, each once; the managed ones where none are. Raises PreferencesError for other names."""
    known = [account.name for account in preferences.accounts]
    for name in named:
        if name not in known:
            raise PreferencesError(
                Fault("--account", f'there is no account "{name}"', f"Name one of: {', '.join(known)}.")
            )
    found = list(dict.fromkeys(named)) or [account.name for account in preferences.accounts if account.managed]
    if not found:
        raise PreferencesError(Fault("[[accounts]]", "none is managed", "Name one: --account NAME."))
    return found


def records(household: Household, names: Sequence[str], start: dt.date | None) -> list[Record]:
    """What the files tell of each account. Raises InputError for one without a history."""
    return [record(household, name, start) for name in names]


def report(
    household: Household, preferences: Preferences, told: Sequence[Record], closes: Closes, fee: Decimal
) -> Report:
    """The figures of each account by year and in all, and of all accounts together where there are several."""
    made = deliver(household, preferences, told, closes, fee)
    rows = tuple(_row(one.name, figures) for one in made for figures in one.figures)
    first = min(one.curve.dates[0] for one in made)
    last = max(one.curve.dates[-1] for one in made)
    summary: dict[str, object] = {"fund": closes.fund.name, "fee_rate": fee}
    for one in made:
        names = [column.name for column in COLUMNS]
        summary[one.name] = dict(list(zip(names, _row(one.name, one.figures[-1]), strict=True))[2:])
    title = f"{first} to {last}, beside the same money in {closes.fund.name}"
    notes = [
        *closes.notes,
        *_aside(household, preferences, told),
        *(note for one in made for note in one.notes),
        *_terms(preferences, household, made, fee),
    ]
    shown = {"net": bool(fee), "money_weighted": not fee}  # a terminal has room for one of them
    columns = tuple(column._replace(brief=shown.get(column.name, column.brief)) for column in COLUMNS)
    return Report("performance", columns, rows, summary, title, tuple(dict.fromkeys(notes)), charts=charts(made[-1]))


def charts(made: Delivered) -> tuple[Chart, ...]:
    """The account (or all of them together) and the fund, and its lead, at the ends of weeks or months; a day whose
    value is not known is a gap. Of the two lines a terminal goes without: they nearly meet.
    """
    curve = made.curve
    T = len(curve.dates)
    if T < 2 or np.isnan(curve.fund).all():
        return ()
    rows = [0, *schedule.last_of(curve.dates, "week" if T < _LONG else "month", 1, T - 1), T - 1]
    days = tuple(curve.dates[k] for k in rows)
    value = [dollars(curve.value[k]) if curve.known[k] else None for k in rows]
    fund = [dollars(curve.fund[k]) for k in rows]
    lead = tuple(None if mine is None else mine - theirs for mine, theirs in zip(value, fund, strict=True))
    both = (Series(made.name, tuple(value)), Series("fund", tuple(fund)))
    return (
        Chart(f"{made.name} and the fund", days, both, y_name="dollars", brief=False),
        Chart(f"{made.name} less the fund", days, (Series(made.name, lead),), y_name="dollars"),
    )


def deliver(
    household: Household, preferences: Preferences, told: Sequence[Record], closes: Closes, fee: Decimal
) -> list[Delivered]:
    """Each account's figures, and last those of all together where there are several."""
    histories = [rebuild(one, household, closes, preferences.corporate_actions) for one in told]
    made = [
        measure(one.account.name, history, closes, household, preferences, fee=float(fee))
        for one, history in zip(told, histories, strict=True)
    ]
    if len(histories) > 1:
        parts = _known_together(household, preferences, told, histories, closes)
        whole, taxed = together(parts), [history for history in parts if history.taxable]
        part = together(taxed, whole.dates[-1]) if taxed and not whole.taxable else None
        made.append(measure(HOUSEHOLD, whole, closes, household, preferences, fee=float(fee), taxed=part))
    return made


def _known_together(
    household: Household,
    preferences: Preferences,
    told: Sequence[Record],
    histories: Sequence[History],
    closes: Closes,
) -> list[History]:
    """The histories from the day on which all of them are known: where one begins with what it held already, no file
    tells what that was before.
    """
    first = max((history.dates[0] for history in histories if history.opening), default=None)
    parts = []
    for one, history in zip(told, histories, strict=True):
        if first is not None and history.dates[0] < first:
            later = record(household, one.account.name, first + dt.timedelta(days=1))
            parts.append(rebuild(later, household, closes, preferences.corporate_actions))
        else:
            parts.append(history)
    return parts


def _aside(household: Household, preferences: Preferences, told: Sequence[Record]) -> list[str]:
    """Rows of the histories that were set aside and may have moved money: options, bonds, what the user ignores."""
    files = {path for one in told for path in broker_files(one.account.broker_files, preferences.folder)}
    notes = []
    for reading in household.readings:
        if "transactions" not in reading.kinds or preferences.folder / reading.file not in files:
            continue
        left = [row.why for row in reading.set_aside if "cash" not in row.why and row.why != CANCELLED]
        if left:
            reasons = "; ".join(why for why, _ in Counter(left).most_common(3))
            notes.append(f"{reading.file}: {len(left)} rows are set aside ({reasons}): their money is in no figure")
    return notes


def _row(name: str, one: Figures) -> tuple[Value, ...]:
    return (
        name,
        one.year,
        one.start,
        one.end,
        one.value_start,
        one.value,
        one.flows,
        ratio(one.time_weighted),
        ratio(one.money_weighted),
        one.fund_value,
        ratio(one.fund_time_weighted),
        ratio(one.fund_money_weighted),
        ratio(one.tracking_error),
        ratio(one.tracking_difference),
        one.drift_cost,
        one.short,
        one.long,
        one.short_losses,
        one.long_losses,
        one.dividends,
        one.interest,
        one.fees,
        one.tax,
        one.fund_tax,
        ratio(one.tax_alpha),
        ratio(one.net),
        one.outside_fee,
        one.delivered,
        Decimal(one.sessions),
        Decimal(one.unknown),
    )


def _terms(preferences: Preferences, household: Household, made: Sequence[Delivered], fee: Decimal) -> list[str]:
    """The conventions, and what was taken for granted."""
    notes = [
        "returns link daily values, money counting at the close of its day; dividends count when the broker booked "
        "them, the fund's on the ex-date",
    ]
    if any((one.figures[-1].end - one.figures[-1].start).days >= 365 for one in made):
        notes.append(f'the returns of "{ALL}" are those of a year')
    if fee:
        notes.append(f"a fee of {fee:%} a year is charged outside the account: it is in net and delivered only")
    taxed = [one for one in made if any(figures.tax is not None for figures in one.figures)]
    if not taxed:
        return notes
    tax = preferences.tax
    notes.append(
        "taxes are what the account adds to the return, by today's law and paid elsewhere; dividends are taken as "
        f"qualified; gains outside the account are those of [tax]: {tax.short_term_gains:,.2f} short-term and "
        f"{tax.long_term_gains:,.2f} long-term a year"
    )
    first = min(int(one.figures[0].year) for one in taxed)
    if first < min(rates.years()):
        notes.append(f"years before {min(rates.years())} are taxed by its tables: older ones are not known")
    if first < household.as_of.year and (tax.carryover.short or tax.carryover.long):
        notes.append(f"the carryover in [tax] is that of {household.as_of.year}: {first} begins without one")
    if any(one.figures[-1].interest for one in taxed):
        notes.append("interest is in the returns and not in the tax")
    shown = {one.name for one in made}
    others = {sale.account for sale in household.sales if sale.sold.year >= first} - shown
    others &= {account.name for account in household.accounts if account.taxable}
    if others:
        notes.append(f"gains of {', '.join(sorted(others))} are not among those outside the account")
    return notes
