"""What is coming: lots that turn long-term, wash windows that close, purchases that happen by themselves, year-end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.windows import mates, no_buys
from dicli.market.calendar import last_session
from dicli.model import Column, Figure, Report
from dicli.preferences import Preferences
from dicli.tax import harvest
from dicli.tax.books import cent, decimal
from dicli.tax.term import long_from

CALENDAR = (
    Column("date", Figure.DATE),
    Column("kind"),
    Column("account", brief=False),
    Column("symbol", brief=False),
    Column("quantity", Figure.SHARES, brief=False),
    Column("amount", Figure.MONEY, brief=False),
    Column("what"),
)
LONG, CLEAN, REBUY, SCHEDULED, YEAR_END = "long-term", "clean", "rebuy", "scheduled", "year-end"
_ORDER = (YEAR_END, LONG, CLEAN, REBUY, SCHEDULED)


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing on one day. `quantity` in shares; `amount` in dollars: the gain of a lot that turns long-term, the
    loss that a closing window frees (negative), the cost of a scheduled purchase. None where not known.
    """

    date: dt.date
    kind: str
    account: str | None
    symbol: str | None
    quantity: Decimal | None
    amount: Decimal | None
    what: str


def coming(household: Household, preferences: Preferences, prices: Mapping[str, Decimal], days: int) -> Report:
    """Everything from the day after `household.as_of` through `days` days later, in order of date.

    - long-term: the first day on which a sale of the lot is long-term (R-TERM), taxable accounts only.
    - clean: the first day on which a loss that a purchase taints today could be taken whole, nothing more bought.
    - rebuy: the first day on which a symbol of `dicli do-not-buy` may be bought.
    - scheduled: purchases of the preferences' [[scheduled]], those of today too.
    - year-end: the last session of the year, the last day for its gains and losses (R-TRADEDATE).
    """
    first = household.as_of + dt.timedelta(days=1)
    last = household.as_of + dt.timedelta(days=days)
    found = [
        *_turning_long(household, prices),
        *_closing(household, preferences, prices),
        *_rebuys(household),
        *_scheduled(preferences, household.as_of, last),
        *_year_ends(household.as_of, last),
    ]
    kept = [one for one in found if first <= one.date <= last or one.kind == SCHEDULED]
    kept.sort(key=lambda one: (one.date, _ORDER.index(one.kind), one.account or "", one.symbol or "", one.what))
    rows = tuple((o.date, o.kind, o.account, o.symbol, o.quantity, o.amount, o.what) for o in kept)
    title = f"What is coming from {first} to {last}: {len(rows)} entries"
    return Report("calendar", CALENDAR, rows, title=title, notes=_notes(household, prices))


def _turning_long(household: Household, prices: Mapping[str, Decimal]) -> Iterator[Coming]:
    taxable = {account.name for account in household.accounts if account.taxable}
    sums: dict[tuple[dt.date, str, str], list[Decimal | None]] = {}
    for lot in household.lots:
        start = lot.holding_from or lot.acquired
        if lot.account not in taxable or start is None or long_from(start) <= household.as_of:
            continue
        price = prices.get(lot.symbol)
        gain = None if price is None or lot.basis is None else lot.quantity * price - lot.basis
        known = sums.setdefault((long_from(start), lot.account, lot.symbol), [Decimal(0), Decimal(0)])
        known[0] = (known[0] or Decimal(0)) + lot.quantity
        known[1] = None if known[1] is None or gain is None else known[1] + gain
    for (day, account, symbol), (quantity, gain) in sums.items():
        how = "" if gain is None else f", at a {'gain' if gain >= 0 else 'loss'} of {abs(gain):,.0f} by the last price"
        what = f"{_shares(quantity)} {symbol} in {account} turn long-term{how}"
        yield Coming(day, LONG, account, symbol, quantity, _cents(gain), what)


def _closing(household: Household, preferences: Preferences, prices: Mapping[str, Decimal]) -> Iterator[Coming]:
    tainted: dict[tuple[dt.date, str, str], list[harvest.Opportunity]] = {}
    for one in harvest.opportunities(
        household.tax_accounts,
        household.events,
        as_of=household.as_of,
        prices=prices,
        choices=household.choices,
        identical=household.identical,
        method=household.methods,
    ):
        if one.disallowed and one.lot not in household.no_basis:
            tainted.setdefault((one.clean_from, one.account, one.symbol), []).append(one)
    for (day, account, symbol), lots in tainted.items():
        group = mates(household, {symbol})
        again = [
            bought
            for item in preferences.scheduled
            if item.symbol in group
            for bought in item.dates(household.as_of, day)
        ]
        spoilt = f"; the purchase scheduled for {min(again)} taints it anew" if again else ""
        shares = sum((decimal(one.quantity) for one in lots), Decimal(0))
        loss = cent(sum((one.loss for one in lots), Fraction(0)))
        what = (
            f"{_shares(shares)} {symbol} in {account}: the loss of {loss:,.0f} is clear of wash sales, if nothing more "
            f"is bought{spoilt}"
        )
        yield Coming(day, CLEAN, account, symbol, shares, -loss, what)


def _rebuys(household: Household) -> Iterator[Coming]:
    latest: set[str] = set()
    for one in no_buys(household, household.as_of):
        if one.symbol not in latest:  # the latest of each symbol comes first
            latest.add(one.symbol)
            what = f"{one.symbol} may be bought again: {one.reason}"
            loss = None if one.loss is None else -one.loss
            yield Coming(one.free_from, REBUY, one.account, one.symbol, None, loss, what)


def _scheduled(preferences: Preferences, start: dt.date, end: dt.date) -> Iterator[Coming]:
    for item in preferences.scheduled:
        for day in item.dates(start, end):
            size = f"{_shares(item.quantity)} " if item.quantity is not None else ""
            cost = f" for {item.amount:,.2f}" if item.amount is not None else ""
            what = f"{item.kind} of {size}{item.symbol} in {item.account}{cost}: it washes losses within 30 days"
            yield Coming(day, SCHEDULED, item.account, item.symbol, item.quantity, item.amount, what)


def _year_ends(start: dt.date, end: dt.date) -> Iterator[Coming]:
    for year in range(start.year, end.year + 1):
        if dt.date(year, 12, 24) <= end:  # the calendar of a year further off need not be there
            day = last_session(dt.date(year, 12, 31))
            what = f"last session of {year}: sales count for {year} by trade date"
            yield Coming(day, YEAR_END, None, None, None, None, what)


def _notes(household: Household, prices: Mapping[str, Decimal]) -> tuple[str, ...]:
    taxable = {account.name for account in household.accounts if account.taxable}
    mine = [lot for lot in household.lots if lot.account in taxable]
    undated = sorted({lot.symbol for lot in mine if lot.acquired is None})
    unpriced = sorted({lot.symbol for lot in mine if lot.symbol not in prices})
    notes = []
    if undated:
        notes.append(f"unknown: no file tells when {', '.join(undated)} were bought: their lots are not here")
    if unpriced:
        notes.append(f"unknown: no price of {', '.join(unpriced)}: whether their lots lose is not known")
    return tuple(notes)


def _shares(quantity: Decimal | None) -> str:
    return "?" if quantity is None else f"{quantity.normalize():f}"


def _cents(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.01"))
