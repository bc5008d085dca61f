"""An account's value day by day out of its real transactions, and the money that went in and out.

Deposits, withdrawals and transfers of shares (at the day's closes) are flows, and so are shares that came for nothing
(a vest); dividends, interest, fees and taxes withheld stay inside, on the day that the broker booked them. All of it
counts at the close of its day, or of the next session.

A name without a close on a day stands at its last one; where it had none before, at what the account itself paid or
got for it, or at the broker's own price. Every such name is said. Days on which these names, and shares or cash that do
not tie out, make up more than BOUND of the value count as unknown.
"""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dicli.backtest.panel import Floats, dollars
from dicli.errors import Fault, MarketError
from dicli.household import Household
from dicli.market import calendar
from dicli.model import TransactionKind
from dicli.performance.closes import Closes, days_said
from dicli.performance.past_lots import lots_then
from dicli.performance.rebuild import Walk, walk
from dicli.performance.record import TRANSFERS, Record, moves
from dicli.performance.valuation import Prices, names_said
from dicli.preferences import CorporateAction
from dicli.tax.ledger import Event

BOUND = 0.01
"""Of an account's value: a day on which more than this has no price, or does not tie out, has no known value."""

_DAY = dt.timedelta(days=1)
_K = TransactionKind
_CENT = Decimal("0.005")


@dataclass(frozen=True, eq=False)
class History:
    """T sessions of one account, or of several together.

    `value` (T,): dollars at the close. `known` (T,): whether it is. `flows` (T,): dollars that came in (out: negative);
    the first session's are what the account starts with, of which `opening` was there before. `paid_in`: the same by
    day, in cents. `own`: the lots of the opening, each with its worth; None where no file tells them. `since`: by
    account, the day from which its sales belong to it. `dividends`, `interest` and `fees` (positive) are by session.
    """

    since: Mapping[str, dt.date]
    taxable: bool
    dates: tuple[dt.date, ...]
    value: Floats
    known: NDArray[np.bool_]
    flows: Floats
    opening: Decimal
    paid_in: Mapping[dt.date, Decimal]
    own: tuple[tuple[Event, Fraction], ...] | None
    dividends: Mapping[dt.date, Decimal]
    interest: Mapping[dt.date, Decimal]
    fees: Mapping[dt.date, Decimal]
    notes: tuple[str, ...] = ()


def rebuild(told: Record, household: Household, closes: Closes, actions: Sequence[CorporateAction]) -> History:
    """The history that the rows of an account tell, from its first day, or from where prices and value are known.

    Raises MarketError where its value is known on no day.
    """
    walked = walk(told, closes.dates, closes.symbols, closes.splits, actions)
    prices = Prices(told, household, closes, walked)
    worth = np.where(walked.shares != 0.0, walked.shares * prices.each, 0.0)  # NaN where there is no price of any kind
    cash = np.array([float(amount) for amount in walked.cash])
    value = cash + worth.sum(axis=1)
    flows = _Flows(told, walked, closes, prices)
    uncovered = flows.doubtful + np.where(prices.closed, 0.0, np.abs(worth)).sum(axis=1)
    for symbol, (shares, until) in walked.lacking.items():
        uncovered[: until + 1] += shares * np.nan_to_num(prices.each[: until + 1, closes.symbols.index(symbol)])
    if told.cash is None:
        uncovered += np.maximum(-cash, 0.0)
    if not walked.before:
        uncovered += max(float(-walked.cash_before), 0.0)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(value) & (uncovered <= BOUND * np.abs(value))
    said = [*walked.notes, *prices.notes, *_untied(told, walked, closes)]
    end = bisect_right(closes.dates, told.last)
    start, opened, notes = _start(told, walked, closes, known[:end], said)
    opening = Decimal(0)
    if not opened:
        opening = dollars(value[start])
        flows.amounts[start], flows.paid[start] = value[start], opening
        if start == max(closes.place(told.first) - 1, 0):
            held = names_said([closes.symbols[column] for column in np.flatnonzero(walked.shares[start])])
            notes.append(f"before its history begins it held {opening:,.2f} in {held or 'cash'}")
    if flows.moved:
        notes.append(
            f"shares of {names_said(sorted(flows.moved))} came or went without a trade: they count at the day's close, "
            "and in the fund as bought or sold then"
        )
    if calendar.last_session(told.last) > closes.dates[-1]:
        notes.append(f"the prices end on {closes.dates[-1]}, the history on {told.last}")
    first = start if opened else start + 1
    dividends, interest, fees = _sums(told, closes, first, end)
    return History(
        since={told.account.name: told.first if opened else closes.dates[start] + _DAY},
        taxable=told.account.taxable,
        dates=closes.dates[start:end],
        value=value[start:end],
        known=known[start:end],
        flows=flows.amounts[start:end],
        opening=opening,
        paid_in={closes.dates[k]: amount for k, amount in sorted(flows.paid.items()) if start <= k < end and amount},
        own=() if opened else lots_then(household, told.account.name, start, closes, walked, prices),
        dividends=dividends,
        interest=interest,
        fees=fees,
        notes=tuple(f"{told.account.name}: {note}" for note in (*notes, *said)),
    )


def together(histories: Sequence[History], until: dt.date = dt.date.max) -> History:
    """Several accounts of one set of sessions as one, up to the earliest end, or to `until`. What an account that
    begins later than the first holds by then comes in as a flow.
    """
    first = min(history.dates[0] for history in histories)
    last = min(until, *(history.dates[-1] for history in histories))
    longest = next(history for history in histories if history.dates[0] == first)
    dates = tuple(day for day in longest.dates if day <= last)
    value, flows, known = np.zeros(len(dates)), np.zeros(len(dates)), np.ones(len(dates), dtype=bool)

    def added(parts: Iterable[Mapping[dt.date, Decimal]]) -> dict[dt.date, Decimal]:
        whole: dict[dt.date, Decimal] = defaultdict(Decimal)
        for day, amount in itertools.chain.from_iterable(part.items() for part in parts):
            if day <= last:
                whole[day] += amount
        return dict(whole)

    for one in histories:
        at = bisect_left(dates, one.dates[0])
        length = len(dates) - at
        value[at:] += one.value[:length]
        flows[at:] += one.flows[:length]
        known[at:] &= one.known[:length]
    begun = [one for one in histories if one.dates[0] == first]
    lots = [one.own for one in begun if one.own is not None]
    return History(
        since={name: day for one in histories for name, day in one.since.items()},
        taxable=all(one.taxable for one in histories),
        dates=dates,
        value=value,
        known=known,
        flows=flows,
        opening=sum((one.opening for one in begun), Decimal(0)),
        paid_in=added(one.paid_in for one in histories),
        own=tuple(lot for some in lots for lot in some) if len(lots) == len(begun) else None,
        dividends=added(one.dividends for one in histories),
        interest=added(one.interest for one in histories),
        fees=added(one.fees for one in histories),
    )


def _start(
    told: Record, walked: Walk, closes: Closes, known: NDArray[np.bool_], said: Sequence[str]
) -> tuple[int, bool, list[str]]:
    """The first session, whether the account was opened on it (there was nothing before), and what is to be said."""
    late = calendar.last_session(closes.dates[0] - _DAY) >= told.first  # a session of the history has no prices
    opened = not late and not walked.before and walked.cash_before < _CENT
    at = 0 if late else max(closes.place(told.first) - 1, 0)
    if opened:
        first = told.rows[0].date if told.rows else told.first
        at = min(closes.place(first), max(len(known) - 1, 0))
    if not known[at:].any():
        raise MarketError(
            Fault(
                f'account "{told.account.name}"',
                f"its value is known on no day within {BOUND:.0%}: {'; '.join(said) or 'no prices'}",
                "Fetch the prices (dicli prices update SYMBOL …), or add what its history lacks.",
            )
        )
    if opened:
        return at, True, []
    start = at + int(np.argmax(known[at:]))
    if start == at and not late:
        return start, False, []
    why = "prices" if late and start == at else "prices of nearly all that it held"
    return start, False, [f"the history begins on {told.first}, the {why} on {closes.dates[start]}: so do the figures"]


def _untied(told: Record, walked: Walk, closes: Closes) -> list[str]:
    """What does not add up, in words."""
    notes = []
    if walked.lacking:
        said = [f"{name} ({more:g}, up to {closes.dates[k]})" for name, (more, k) in walked.lacking.items()]
        notes.append(f"more shares bought than what is held and was sold explains, rows lack: {names_said(said)}")
    if not walked.before and walked.cash_before < -_CENT:
        notes.append(f"{-walked.cash_before:,.2f} of cash came in that the history does not spend: rows of it lack")
    if told.cash is None:
        notes.append("no file tells its cash: it is what the history leaves, or else taken to be nothing at the end")
    short = [closes.dates[k] for k, amount in enumerate(walked.cash) if amount < Decimal("-0.005")]
    if short:
        notes.append(f"cash is below zero, at worst {min(walked.cash):,.2f}: {days_said(short)}")
    return notes


class _Flows:
    """Money in and out: `paid` in cents by session, `amounts` (T,) the same, `doubtful` (T,) what of it has no close of
    its day, `moved` the symbols whose shares came or went.
    """

    def __init__(self, told: Record, walked: Walk, closes: Closes, prices: Prices) -> None:
        T = len(closes.dates)
        self.paid: dict[int, Decimal] = defaultdict(Decimal)
        self.amounts, self.doubtful = np.zeros(T), np.zeros(T)
        self.moved: set[str] = set()
        places = {symbol: column for column, symbol in enumerate(closes.symbols)}
        for row in told.rows:
            k = closes.place(row.date)
            if k == T:
                continue
            given = row.kind is _K.BUY and row.amount is None
            if row.kind in (_K.DEPOSIT, _K.WITHDRAWAL) or (row.kind in TRANSFERS and not row.quantity):
                self.paid[k] += row.amount or Decimal(0)
            elif row.symbol and moves(row) and (row.kind in TRANSFERS or given) and id(row) not in walked.seen:
                self.moved.add(row.symbol)
                column = places[row.symbol]
                worth = float(row.quantity or 0) * float(prices.each[k, column])
                known = np.isfinite(worth)
                self.paid[k] += dollars(worth) if known else Decimal(0)
                gone = worth < 0.0 and not prices.priced[k, column]  # what came in is part of the evening's value
                if gone or not known:
                    self.doubtful[k] += abs(worth) if known else np.inf
        for k, amount in self.paid.items():
            self.amounts[k] = float(amount)


def _sums(
    told: Record, closes: Closes, first: int, end: int
) -> tuple[dict[dt.date, Decimal], dict[dt.date, Decimal], dict[dt.date, Decimal]]:
    """Dividends, interest and fees (commissions too; positive) by session, first ≤ t < end."""
    dividends: dict[dt.date, Decimal] = defaultdict(Decimal)
    interest: dict[dt.date, Decimal] = defaultdict(Decimal)
    fees: dict[dt.date, Decimal] = defaultdict(Decimal)
    for row in told.rows:
        k = closes.place(row.date)
        if not first <= k < end:
            continue
        day, amount = closes.dates[k], row.amount or Decimal(0)
        if row.kind is _K.DIVIDEND:
            dividends[day] += amount
        elif row.kind is _K.INTEREST:
            interest[day] += amount
        elif row.kind is _K.FEE:
            fees[day] -= amount
        elif row.fees:
            fees[day] += abs(row.fees)
    return dict(dividends), dict(interest), dict(fees)
