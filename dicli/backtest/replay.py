"""The calendar replayed through the planner: the market of each day, its events, and the trades that `plan` asks for.

Each session in this order: splits and spin-offs before the open, dividends, delistings, flows, fees and the yearly tax,
and at the close the plan: on the last session of each of its periods, whenever money moves, and on a harvest day on
which a loss is worth a look. Contributions and withdrawals come on the last session of their period, with the plan.
Trades are at the close, each paying its half spread. "reinvest" leaves dividends in the account for the next plan
(never into the same name by itself, which would wash its losses), "cash" pays them out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np

from dicli import plan as planner
from dicli.backtest import schedule
from dicli.backtest.actions import morning
from dicli.backtest.book import Book, Entry
from dicli.backtest.execution import carry_out
from dicli.backtest.ledger import Ledger
from dicli.backtest.lookout import Lookout
from dicli.backtest.opening import Opening, in_cash
from dicli.backtest.panel import DAYS, Floats, Panel, dollars
from dicli.backtest.settlement import OpenYear, Standing, TaxYears, Year
from dicli.errors import Fault, InfeasiblePlan, MarketError, PreferencesError
from dicli.household import tax_choices
from dicli.model import Account
from dicli.plan.risk import RiskModel
from dicli.preferences import Preferences, ShortLong
from dicli.tax.books import cent
from dicli.tax.ledger import Event
from dicli.tax.prepare import exact


@dataclass(frozen=True, slots=True)
class Look:
    """The account after a plan: ex-ante tracking error before and after, active share, turnover, names and lots."""

    t: int
    tracking_before: float
    tracking_after: float
    active_share: float
    turnover: float
    names: int
    lots: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What happened from session `first` to `last` of the panel.

    `value` (T,) and `flows` (T,): dollars by session of the replay, the value after that session's trades and flows;
    flows are the user's own (contributions, withdrawals, dividends paid out as negative ones; on the first session what
    the account starts with), `taxes` (T,) what the yearly tax moved (paid: negative). `contributed`: the user's own by
    day without dividends paid out: what the fund that is compared with gets too. `own` are the lots that the account
    started with, each with what it was worth at the first close, `own_value` that of all. `cashbook` is every movement
    of cash, `spent` the half spreads paid, by day, `fees` the account's fees. `years` are the tax years, the last one
    reckoned as if it ended on the last day, `standings` the wealth on each anniversary of the start; `owed` is the tax
    of those that is not paid yet, and the fee since it was last paid.
    """

    panel: Panel
    first: int
    last: int
    value: Floats
    flows: Floats
    taxes: Floats
    contributed: Mapping[dt.date, Decimal]
    own: tuple[tuple[Event, Fraction], ...]
    own_value: Decimal
    years: tuple[Year, ...]
    standings: tuple[Standing, ...]
    owed: Decimal
    outside: ShortLong
    ledger: Ledger
    cash: Decimal
    cashbook: tuple[Entry, ...]
    looks: tuple[Look, ...]
    spent: Mapping[dt.date, Decimal]
    fees: Decimal
    ossified: float
    notes: tuple[str, ...]

    @property
    def dates(self) -> tuple[dt.date, ...]:
        return self.panel.dates[self.first : self.last + 1]

    @property
    def log(self) -> list[Event]:
        """What the tax engine booked, in order."""
        return self.ledger.log

    @property
    def costs(self) -> Decimal:
        """All half spreads."""
        return sum(self.spent.values(), Decimal(0))

    @property
    def index(self) -> Floats:
        """The index's total returns (T,) on the replay's sessions."""
        return np.asarray(self.panel.index[0][self.first : self.last + 1])

    def capital_at_start(self) -> Decimal:
        """What the account starts with: its own lots at the first close, and cash."""
        return self.own_value + self.contributed.get(self.dates[0], Decimal(0))

    def capital(self, year: int | None = None) -> Decimal:
        """What was put in, up to the end of a year or in all: the start and the contributions."""
        paid = (flow for day, flow in self.contributed.items() if flow > 0 and (year is None or day.year <= year))
        return sum(paid, self.own_value)


def span(panel: Panel, preferences: Preferences) -> tuple[int, int]:
    """The sessions of [backtest] start and end. Raises where they are not there or lie outside the panel."""
    wanted = preferences.backtest
    start = wanted.start or panel.dates[panel.known[0]]
    end = wanted.end or panel.dates[-1]
    if wanted.end is not None and end <= start:
        raise PreferencesError(Fault("[backtest]", f"end ({end}) is not after start ({start})", "Correct one of them."))
    first = panel.row(start)
    last = int(np.searchsorted(np.array(panel.dates, dtype="datetime64[D]"), np.datetime64(end, "D"), side="right")) - 1
    if panel.known[0] > first:
        raise MarketError(
            Fault(
                "index weights",
                f"the first are of {panel.dates[panel.known[0]]}, after the start on {panel.dates[first]}",
                "Start later, or add earlier weights.",
            )
        )
    if last <= first:
        raise MarketError(Fault("[backtest]", f"there are no prices between {start} and {end}", "Choose other dates."))
    return first, last


def replay(panel: Panel, preferences: Preferences, *, outside: ShortLong, opening: Opening | None = None) -> Replay:
    """Replay [backtest] on the panel, with so much of gains a year outside the account, from `opening`, else from
    [backtest] initial.

    Raises PreferencesError and MarketError for dates that cannot be, InfeasiblePlan where a withdrawal cannot be met.
    """
    return _Run(panel, preferences, outside, opening).run()


def managed_account(preferences: Preferences) -> Account:
    """The first managed taxable account: the one that is replayed."""
    for account in preferences.accounts:
        if account.managed and account.taxable:
            return account
    raise PreferencesError(Fault("[[accounts]]", "none is taxable and managed", "A backtest replays one that is."))


Moves = list[tuple[str, Decimal]]
"""What moves the account's cash on a session, beside trades: for what, and dollars (in: positive)."""


class _Run:
    def __init__(self, panel: Panel, preferences: Preferences, outside: ShortLong, opening: Opening | None) -> None:
        self.panel = panel
        self.wanted = preferences.backtest
        self.outside = outside
        self.first, self.last = span(panel, preferences)
        account = managed_account(preferences)
        self.opening = opening or in_cash(preferences, account, panel.dates[self.first])
        tax = replace(preferences.tax, short_term_gains=outside.short, long_term_gains=outside.long)
        # one account and no other: what is held elsewhere has no history here
        self.preferences = replace(preferences, accounts=(account,), held_away=(), scheduled=(), tax=tax)
        method = self.wanted.lot_method or account.lot_method
        ledger = Ledger(
            account,
            tax_choices(preferences),
            method,  # type: ignore[arg-type]  # validated on reading
            wash_sales=self.wanted.wash_sales == "respect",
        )
        self.book = Book(panel, account, ledger, preferences.costs)
        self.lookout = Lookout(self.book, preferences.harvest)
        self.tax = TaxYears(tax, outside, panel.dates[self.first : self.last + 1])
        self.fee = float(self.wanted.account_fee) / DAYS
        self.accrued = 0.0  # the fee since it was last paid
        self.fees = Decimal(0)
        self.looks: list[Look] = []
        self.notes: dict[str, int] = {}
        self.model: RiskModel | None = None  # of the last scheduled plan, kept for the harvest days until the next
        self.contributed: dict[dt.date, Decimal] = {}

    # -- the calendar ---------------------------------------------------------------------------------------------

    def run(self) -> Replay:
        T = self.last - self.first + 1
        value, flows, taxes = np.zeros(T), np.zeros(T), np.zeros(T)
        own = self._start()
        own_value = cent(sum((worth for _, worth in own), Fraction(0)))
        plans = self._sessions(self.wanted.plan_every)
        harvests = self._sessions(self.wanted.harvest_every)
        quarters = self._sessions("quarter")
        for k in range(T):
            t = self.first + k
            if k:
                flows[k] = float(self._morning(t))
            self.book.see(t)
            flow = self._flow(t)
            flows[k] += float(flow)
            tax = self.tax.due(self.panel.dates[t - 1], self.panel.dates[t]) if k else Decimal(0)
            taxes[k] = float(tax)
            moves = [("flow", flow), ("tax", tax), ("fee", self._fee_due(t in quarters))]
            if not k:
                moves.append(("out of the fund", self._leave()))
            moves = [(what, amount) for what, amount in moves if amount]
            if moves or not k or t in plans:
                self._plan(t, moves, keep_model=False)
            elif t in harvests and self.lookout.worth_a_look(t):
                self._plan(t, [], keep_model=True)
            value[k] = self.book.value()
            self.accrued += self.fee * float(value[k])
            self.tax.evening(k, self.book.ledger, partial(self._so_far, t), self._worth)
        flows[0] += float(own_value)
        return Replay(
            panel=self.panel,
            first=self.first,
            last=self.last,
            value=value,
            flows=flows,
            taxes=taxes,
            contributed=self.contributed,
            own=own,
            own_value=own_value,
            years=tuple(self.tax.years),
            standings=tuple(self.tax.standings),
            owed=self.tax.owed(self.panel.dates[self.last]) + self._fee(),
            outside=self.outside,
            ledger=self.book.ledger,
            cash=self.book.cash,
            cashbook=tuple(self.book.cashbook),
            looks=tuple(self.looks),
            spent=self.book.spent,
            fees=self.fees + self._fee(),
            ossified=self.book.ossified(),
            notes=(
                *self.opening.left_out,
                *(f"{text} ({count} times)" if count > 1 else text for text, count in self.notes.items()),
            ),
        )

    def _sessions(self, every: str) -> set[int]:
        return set(schedule.last_of(self.panel.dates, every, self.first, self.last))

    def _start(self) -> tuple[tuple[Event, Fraction], ...]:
        """Book the lots that the account starts with, each with its worth at the first close."""
        book, lots, leaving = self.book, self.opening.purchases, self.opening.leaving
        book.start(self.first, lots)
        if leaving is None:
            return tuple((lot, exact(lot.quantity or 0) * exact(book.price(lot.symbol))) for lot in lots)
        return tuple((lot, exact(leaving[1])) for lot in lots)

    def _leave(self) -> Decimal:
        """Sell the fund that the money was in; the plan of the first session books and invests what it brings."""
        if self.opening.leaving is None:
            return Decimal(0)
        sold, value = self.opening.leaving
        assert isinstance(sold.amount, Decimal)
        self.book.record([sold])
        self.book.spend(sold.date, value - sold.amount)
        return sold.amount

    def _morning(self, t: int) -> Decimal:
        """The day's actions; dollars that the user took out (negative)."""
        paid = morning(self.book, t, recovery=self.wanted.delisting_recovery)
        if not paid or self.wanted.dividends != "cash":
            return Decimal(0)
        self.book.move(self.panel.dates[t], "dividends paid out", -paid)
        return -paid

    def _flow(self, t: int) -> Decimal:
        """The user's money of this session; it is booked by the plan."""
        flow = self.opening.cash if t == self.first else Decimal(0)
        dates = self.panel.dates
        for wanted, sign in ((self.wanted.contributions, 1), (self.wanted.withdrawals, -1)):
            if wanted is not None and self.first < t < self.last and schedule.last_of(dates, wanted.every, t, t + 1):
                flow += sign * wanted.amount
        if flow:
            self.contributed[dates[t]] = flow
        return flow

    def _fee(self) -> Decimal:
        return dollars(self.accrued)

    def _fee_due(self, quarter_ends: bool) -> Decimal:
        """The account's fee of a quarter, negative, on its last session."""
        if not quarter_ends:
            return Decimal(0)
        due = self._fee()
        self.fees += due
        self.accrued = 0.0
        return -due

    def _worth(self) -> Decimal:
        return dollars(self.book.value()) - self._fee()

    def _so_far(self, t: int) -> OpenYear:
        book, day = self.book, self.panel.dates[t]
        paid = book.dividends.get(day.year, Decimal(0))
        return OpenYear(day, book.ledger.gains(day.year), paid, book.cash - self._fee(), book.estate(day))

    # -- at the close ---------------------------------------------------------------------------------------------

    def _plan(self, t: int, moves: Moves, *, keep_model: bool) -> None:
        book, panel, day = self.book, self.panel, self.panel.dates[t]
        moved = sum((amount for _, amount in moves), Decimal(0))
        short, long = (cent(gain) for gain in book.ledger.gains(day.year))
        carried = ShortLong(*(cent(loss) for loss in self.tax.with_account))
        tax = replace(self.preferences.tax, year_to_date=ShortLong(short, long), carryover=carried)
        try:
            made = planner.plan(
                book.ledger.household(day, book.cash),
                panel.benchmark_at(t),
                panel.market_at(t),
                replace(self.preferences, tax=tax),
                day,
                cash_flow=moved,
                model=self.model if keep_model else None,
                valued=False,
            )
        except InfeasiblePlan:
            if moved < 0 and book.cash + moved < 0:
                raise
            text = "a plan could not be made and was left out"
            self.notes[text] = self.notes.get(text, 0) + 1
            made = None
        for what, amount in moves:
            book.move(day, what, amount)
        if made is None:
            return
        self.model = made.setting.model
        carry_out(book, t, made.trades, by_method=self.wanted.lot_method is not None)
        self.lookout.remember(t)
        self.looks.append(
            Look(
                t,
                made.tracking_before,
                made.tracking_after,
                float(np.abs(book.weights() - panel.weights_at(t)).sum() / 2.0),
                float(made.turnover),
                int((book.shares > 0.0).sum()),
                len(book.lots()),
            )
        )


__all__ = ["Look", "Replay", "managed_account", "replay", "span"]
