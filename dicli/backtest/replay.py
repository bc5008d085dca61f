"""The calendar replayed through the planner: the market of each day, its events, and the trades that `plan` asks for.

Each session in this order: splits and spin-offs before the open, dividends, delistings, flows and the yearly tax, and
at the close the plan: on the last session of each of its periods, whenever money moves, and on a harvest day on which a
loss is worth a look. Contributions and withdrawals come on the last session of their period, with the plan.
Trades are at the close, each paying its half spread. A spun-off company is sold the same day for what it is said to be
worth, its share of the basis taken by value. Dividends are there on the ex date; "reinvest" leaves them in the account
for the next plan (never into the same name by itself, which would wash its losses), "cash" pays them out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal
from fractions import Fraction

import numpy as np

from dicli import plan as planner
from dicli.backtest import schedule
from dicli.backtest.ledger import Ledger
from dicli.backtest.panel import Floats, Panel, exact
from dicli.backtest.settlement import Returns, Year, settle
from dicli.errors import Fault, InfeasiblePlan, MarketError, PreferencesError
from dicli.household import tax_choices
from dicli.model import Account, Side, Trade
from dicli.plan.risk import RiskModel
from dicli.preferences import Preferences, ShortLong
from dicli.tax.books import cent, decimal
from dicli.tax.ledger import Event, EventKind
from dicli.tax.prepare import exact as fraction

CENT = Decimal("0.01")
_QUANTUM = Decimal("0.001")
_SPUN = Decimal("0.000001")  # to which a spin-off's share of the basis is rounded
TAX_DAY = (4, 15)
OFFER_AGAIN = 0.02
"""A loss that a plan has passed over is looked at again once it is this much of its basis deeper."""

WORTH_A_LOOK = 0.0003
"""Of the account's value: a harvest day has no plan where the new losses together are less (300 dollars of a million).
They wait for more of them, or for the next scheduled plan.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of the account's cash: what it was for, and dollars (in: positive)."""

    date: dt.date
    what: str
    amount: Decimal


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
    flows are the user's own (initial amount, contributions, withdrawals, dividends paid out as negative ones), `taxes`
    (T,) what the yearly tax moved (paid: negative). `contributed`: the flows without dividends paid out, by day: what
    the fund that is compared with gets too. `log` is what the tax engine booked, `cashbook` every movement of cash,
    `spent` the half spreads paid, by day. `years` are the tax years, the last one reckoned as if it ended on the last
    day; `owed` is the tax of those that is not paid yet.
    """

    panel: Panel
    first: int
    last: int
    value: Floats
    flows: Floats
    taxes: Floats
    contributed: Mapping[dt.date, Decimal]
    years: tuple[Year, ...]
    owed: Decimal
    returns: Returns
    outside: ShortLong
    ledger: Ledger
    cash: Decimal
    cashbook: tuple[Entry, ...]
    looks: tuple[Look, ...]
    costs: Decimal
    spent: Mapping[dt.date, Decimal]
    notes: tuple[str, ...]

    @property
    def dates(self) -> tuple[dt.date, ...]:
        return self.panel.dates[self.first : self.last + 1]

    @property
    def log(self) -> list[Event]:
        return self.ledger.log


def span(panel: Panel, preferences: Preferences) -> tuple[int, int]:
    """The sessions of [backtest] start and end. Raises where they are not there or lie outside the panel."""
    wanted = preferences.backtest
    start = wanted.start or panel.dates[panel.known[0]]
    end = wanted.end or panel.dates[-1]
    if end <= start:
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


def replay(panel: Panel, preferences: Preferences, *, outside: ShortLong) -> Replay:
    """Replay [backtest] on the panel, with so much of gains a year outside the account.

    Raises PreferencesError and MarketError for dates that cannot be, InfeasiblePlan where a withdrawal cannot be met.
    """
    return _Run(panel, preferences, outside).run()


def managed_account(preferences: Preferences) -> Account:
    """The first managed taxable account: the one that is replayed."""
    for account in preferences.accounts:
        if account.managed and account.taxable:
            return account
    raise PreferencesError(Fault("[[accounts]]", "none is taxable and managed", "A backtest replays one that is."))


@dataclass(slots=True)
class _Model:
    """The risk model of the last scheduled plan, kept for the harvest days until the next."""

    made: RiskModel | None = None
    names: frozenset[str] = field(default_factory=frozenset)


class _Run:
    def __init__(self, panel: Panel, preferences: Preferences, outside: ShortLong) -> None:
        self.panel = panel
        self.wanted = preferences.backtest
        self.account = managed_account(preferences)
        self.outside = outside
        self.first, self.last = span(panel, preferences)
        tax = replace(preferences.tax, short_term_gains=outside.short, long_term_gains=outside.long)
        # one account and no other: what is held elsewhere has no history here
        self.preferences = replace(preferences, accounts=(self.account,), held_away=(), scheduled=(), tax=tax)
        method = self.wanted.lot_method or self.account.lot_method
        self.ledger = Ledger(
            self.account,
            tax_choices(preferences),
            method,  # type: ignore[arg-type]  # validated on reading
            wash_sales=self.wanted.wash_sales == "respect",
        )
        self.returns = Returns.start(tax)
        self.cash = Decimal(0)
        self.shares = np.zeros(len(panel.symbols))
        self.last_close = np.zeros(len(panel.symbols))
        self.cashbook: list[Entry] = []
        self.years: list[Year] = []
        self.dividends: dict[int, Decimal] = {}
        self.looks: list[Look] = []
        self.costs = Decimal(0)
        self.spent: dict[dt.date, Decimal] = {}
        self.notes: dict[str, int] = {}
        self.offered: dict[str, float] = {}
        self.model = _Model()
        self.number = 0
        self.contributed: dict[dt.date, Decimal] = {}

    # -- the calendar ---------------------------------------------------------------------------------------------

    def run(self) -> Replay:
        T = self.last - self.first + 1
        value, flows, taxes = np.zeros(T), np.zeros(T), np.zeros(T)
        dates = self.panel.dates
        plans = set(schedule.last_of(dates, self.wanted.plan_every, self.first, self.last))
        harvests = set(schedule.last_of(dates, self.wanted.harvest_every, self.first, self.last))
        for t in range(self.first, self.last + 1):
            day = dates[t]
            k = t - self.first
            there = np.isfinite(self.panel.close[t])
            if t > self.first:
                flows[k] += float(self._morning(t))
            self.last_close = np.where(there, self.panel.close[t], self.last_close)
            flow = self._flow(t)
            if flow:
                self.contributed[day] = flow
            tax = self._tax(t)
            flows[k] += float(flow)
            taxes[k] = float(tax)
            moved = flow + tax
            if moved or t == self.first or t in plans:
                self._plan(t, moved, keep_model=False)
            elif t in harvests and self._worth_a_look(t):
                self._plan(t, Decimal(0), keep_model=True)
            value[k] = float(self.cash) + float(self.shares @ np.nan_to_num(self.last_close))
            if t == self.last or dates[t + 1].year != day.year:
                self._close_year(day.year)
        owed = sum((year.tax for year in self.years if not self._paid(year.year)), Decimal(0))
        return Replay(
            panel=self.panel,
            first=self.first,
            last=self.last,
            value=value,
            flows=flows,
            taxes=taxes,
            contributed=self.contributed,
            years=tuple(self.years),
            owed=owed,
            returns=self.returns,
            outside=self.outside,
            ledger=self.ledger,
            cash=self.cash,
            cashbook=tuple(self.cashbook),
            looks=tuple(self.looks),
            costs=self.costs,
            spent=self.spent,
            notes=tuple(f"{text} ({count} times)" if count > 1 else text for text, count in self.notes.items()),
        )

    def _move(self, day: dt.date, what: str, amount: Decimal) -> None:
        self.cash += amount
        self.cashbook.append(Entry(day, what, amount))

    def _note(self, text: str) -> None:
        self.notes[text] = self.notes.get(text, 0) + 1

    def _id(self, what: str, symbol: str, day: dt.date) -> str:
        self.number += 1
        return f"{day}:{what}:{symbol}:{self.number}"

    # -- before the close -----------------------------------------------------------------------------------------

    def _morning(self, t: int) -> Decimal:
        """Splits, spin-offs, dividends and delistings of names that are held; dollars that the user took out."""
        panel, day = self.panel, self.panel.dates[t]
        holds = self.shares > 0.0
        events: list[Event] = []
        name = self.account.name
        for j in np.flatnonzero(holds & (panel.spinoffs[t] > 0.0)):
            events += self._spin_off(t, int(j))
        if events:
            self.ledger.record(events)
        splits = [
            Event(
                self._id("split", panel.symbols[j], day),
                EventKind.SPLIT,
                day,
                None,
                panel.symbols[j],
                ratio=Fraction(float(panel.splits[t, j])).limit_denominator(10_000),
            )
            for j in np.flatnonzero(holds & (panel.splits[t] != 1.0))
        ]
        if splits:
            self.ledger.record(splits)
            self._count([event.symbol for event in splits])
        total = Decimal(0)
        for j in np.flatnonzero(holds & (panel.dividends[t] > 0.0)):
            symbol = panel.symbols[j]
            each = Fraction(repr(float(panel.dividends[t, j])))
            paid = cent(sum((lot.quantity for lot in self.ledger.of(symbol)), Fraction(0)) * each)
            if paid:
                total += paid
                self._move(day, f"dividend {symbol}", paid)
        if total:
            self.dividends[day.year] = self.dividends.get(day.year, Decimal(0)) + total
        for j in np.flatnonzero(holds & self.panel.gone(t)):
            symbol = panel.symbols[j]
            quantity = sum((lot.quantity for lot in self.ledger.of(symbol)), Fraction(0))
            recovered = panel.last_price(symbol, t) * self.wanted.delisting_recovery
            amount = cent(quantity * fraction(recovered))
            self.ledger.record(
                [Event(self._id("delisted", symbol, day), EventKind.SELL, day, name, symbol, quantity, amount)]
            )
            self._move(day, f"delisted {symbol}", amount)
            self._count([symbol])
        if total and self.wanted.dividends == "cash":
            self._move(day, "dividends paid out", -total)
            return -total
        return Decimal(0)

    def _spin_off(self, t: int, j: int) -> list[Event]:
        """The child is handed out one for one and sold at once; its share of the basis is by value of the day."""
        panel, day, symbol = self.panel, self.panel.dates[t], self.panel.symbols[j]
        each = Decimal(repr(float(panel.spinoffs[t, j])))
        price = panel.close[t, j] if np.isfinite(panel.close[t, j]) else self.last_close[j]
        share = (each / (each + exact(float(price * panel.splits[t, j])))).quantize(_SPUN, ROUND_HALF_EVEN)
        child = f"{symbol}.SPUN.{day:%Y%m%d}"
        quantity = sum((lot.quantity for lot in self.ledger.of(symbol)), Fraction(0))
        amount = cent(quantity * fraction(each))
        self._move(day, f"spin-off {symbol}", amount)
        return [
            Event(
                self._id("spin-off", symbol, day),
                EventKind.SPINOFF,
                day,
                None,
                symbol,
                new_symbol=child,
                ratio=1,
                basis_fraction=share,
            ),
            Event(self._id("spun", child, day), EventKind.SELL, day, self.account.name, child, quantity, amount),
        ]

    def _flow(self, t: int) -> Decimal:
        """The user's money of this session; it is booked by the plan."""
        if t == self.first:
            if self.wanted.initial is None:
                raise PreferencesError(
                    Fault("[backtest] initial", "is not there", "Say with how many dollars the backtest starts.")
                )
            return self.wanted.initial
        flow = Decimal(0)
        dates = self.panel.dates
        for wanted, sign in ((self.wanted.contributions, 1), (self.wanted.withdrawals, -1)):
            if wanted is not None and t < self.last and schedule.last_of(dates, wanted.every, t, t + 1):
                flow += sign * wanted.amount
        return flow

    def _paid(self, year: int) -> bool:
        day = dt.date(year + 1, *TAX_DAY)
        return self.panel.dates[self.last] >= day and self.panel.row(day) <= self.last

    def _tax(self, t: int) -> Decimal:
        """Last year's tax on its day: negative where it is paid."""
        dates = self.panel.dates
        day = dt.date(dates[t].year, *TAX_DAY)
        if t == self.first or not dates[t - 1] < day <= dates[t]:
            return Decimal(0)
        due = [year for year in self.years if year.year == day.year - 1]
        return -due[0].tax if due else Decimal(0)

    def _close_year(self, year: int) -> None:
        made, self.returns = settle(
            self.preferences.tax,
            year,
            self.outside,
            self.returns,
            gains=self.ledger.gains(year),
            dividends=self.dividends.get(year, Decimal(0)),
        )
        self.years.append(made)

    # -- at the close ---------------------------------------------------------------------------------------------

    def _worth_a_look(self, t: int) -> bool:
        """Whether there are losses of WORTH_A_LOOK in lots beyond the [harvest] thresholds that no purchase of the last
        30 days stands in the way of, new ones or deeper than when a plan last passed them over.
        """
        harvest, day = self.preferences.harvest, self.panel.dates[t]
        least, part = float(harvest.min_loss), float(harvest.min_loss_fraction)
        recent = day - dt.timedelta(days=30)
        places, close = self.panel.places, self.panel.close[t]
        found = 0.0
        for lot_id, symbol, quantity, basis, acquired in self._lot_table():
            price = close[places[symbol]]
            loss = basis - quantity * price
            if not (loss >= least and loss >= part * basis):
                continue
            last = self.ledger.bought(symbol)
            if self.ledger.wash_sales and last is not None and last >= recent and last != acquired:
                continue
            if loss / basis >= self.offered.get(lot_id, 0.0) + (OFFER_AGAIN if lot_id in self.offered else 0.0):
                found += loss
        return found >= WORTH_A_LOOK * (float(self.cash) + float(self.shares @ np.nan_to_num(self.last_close)))

    def _lot_table(self) -> list[tuple[str, str, float, float, dt.date]]:
        if self._table is None:
            self._table = [
                (lot.id, lot.symbol, float(lot.quantity), float(lot.basis), lot.acquired) for lot in self.ledger.lots()
            ]
        return self._table

    _table: list[tuple[str, str, float, float, dt.date]] | None = None

    def _plan(self, t: int, moved: Decimal, *, keep_model: bool) -> None:
        panel, day = self.panel, self.panel.dates[t]
        household = self.ledger.household(day, self.cash)
        short, long = (cent(gain) for gain in self.ledger.gains(day.year))
        carried = self.returns.with_account
        tax = replace(
            self.preferences.tax,
            year_to_date=ShortLong(short, long),
            carryover=ShortLong(cent(carried[0]), cent(carried[1])),
        )
        wanted = replace(self.preferences, tax=tax)
        try:
            made = planner.plan(
                household,
                panel.benchmark_at(t),
                panel.market_at(t),
                wanted,
                day,
                cash_flow=moved,
                model=self.model.made if keep_model else None,
                valued=False,
            )
        except InfeasiblePlan:
            if moved < 0 and self.cash + moved < 0:
                raise
            self._note("a plan could not be made and was left out")
            made = None
        if moved:
            self._move(day, "flow", moved)
        if made is None:
            return
        self.model.made = made.setting.model
        self._trade(t, made.trades)
        self._remember(t)
        active = self._weights(t) - panel.weights_at(t)
        self.looks.append(
            Look(
                t,
                made.tracking_before,
                made.tracking_after,
                float(np.abs(active).sum() / 2.0),
                float(made.turnover),
                int((self.shares > 0.0).sum()),
                len(self._lot_table()),
            )
        )

    def _weights(self, t: int) -> Floats:
        held = self.shares * np.nan_to_num(self.last_close)
        return np.asarray(held / (held.sum() + float(self.cash)))

    def _remember(self, t: int) -> None:
        """Losses that the plan left: they are not offered again before they are deeper."""
        close, places = self.panel.close[t], self.panel.places
        self.offered = {
            lot_id: (basis - quantity * close[places[symbol]]) / basis
            for lot_id, symbol, quantity, basis, _ in self._lot_table()
            if basis > quantity * close[places[symbol]]
        }

    def _trade(self, t: int, trades: Sequence[Trade]) -> None:
        """Carry the trades out at the close: sales first, each with its half spread, cash never below zero."""
        day, name = self.panel.dates[t], self.account.name
        sold = [trade for trade in trades if trade.side is Side.SELL]
        bought = [trade for trade in trades if trade.side is Side.BUY]
        events = self._sales(day, sold)
        for event in events:
            assert isinstance(event.amount, Decimal)
            self._move(day, f"sell {event.symbol}", event.amount)
        purchases = self._affordable(bought, self.cash)
        for symbol, quantity, value, cost in purchases:
            events.append(Event(self._id("buy", symbol, day), EventKind.BUY, day, name, symbol, quantity, value + cost))
            self._spend(day, cost)
            self._move(day, f"buy {symbol}", -value - cost)
        if events:
            self.ledger.record(events)
            self._count([event.symbol for event in events])

    def _affordable(self, bought: Sequence[Trade], spare: Decimal) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """(symbol, quantity, value, half spread) of the purchases, the largest cut back until cash pays for them: the
        planner keeps its cash target, and only without one do the half spreads not fit.
        """
        quantum = _QUANTUM if self.account.fractional else Decimal(1)
        rows = [(trade, trade.quantity, trade.value, self._cost(trade.symbol, trade.value)) for trade in bought]
        while rows and (short := sum((value + cost for _, _, value, cost in rows), Decimal(0)) - spare) > 0:
            at = max(range(len(rows)), key=lambda i: rows[i][2])
            trade, quantity, _, _ = rows[at]
            quantity -= (short / trade.price / quantum).to_integral_value(ROUND_UP) * quantum
            value = (quantity * trade.price).quantize(CENT, ROUND_HALF_EVEN)
            rows[at : at + 1] = [(trade, quantity, value, self._cost(trade.symbol, value))] if quantity > 0 else []
        return [(trade.symbol, quantity, value, cost) for trade, quantity, value, cost in rows]

    def _spend(self, day: dt.date, cost: Decimal) -> None:
        self.costs += cost
        self.spent[day] = self.spent.get(day, Decimal(0)) + cost

    def _cost(self, symbol: str, value: Decimal) -> Decimal:
        return (value * self.preferences.costs.of(symbol)).quantize(CENT, ROUND_HALF_EVEN)

    def _sales(self, day: dt.date, sold: Sequence[Trade]) -> list[Event]:
        """One sale per lot; under a stated lot method one per name, whose lots that method chooses."""
        name = self.account.name
        events = []
        rows: list[tuple[str, Fraction, Decimal, tuple[tuple[str, Fraction], ...]]] = []
        for trade in sold:
            held = next(lot for lot in self.ledger.of(trade.symbol) if lot.id == trade.lot_id)
            # the planner saw 28 digits of the lot: a sale of all of it is one of all of it
            quantity = held.quantity if trade.quantity == decimal(held.quantity) else fraction(trade.quantity)
            rows.append((trade.symbol, quantity, trade.value, ((held.id, quantity),)))
        if self.wanted.lot_method is not None:
            by_name: dict[str, tuple[Fraction, Decimal]] = {}
            for symbol, quantity, value, _ in rows:
                before = by_name.get(symbol, (Fraction(0), Decimal(0)))
                by_name[symbol] = before[0] + quantity, before[1] + value
            rows = [(symbol, quantity, value, ()) for symbol, (quantity, value) in by_name.items()]
        for symbol, quantity, value, lots in rows:
            cost = self._cost(symbol, value)
            self._spend(day, cost)
            events.append(
                Event(
                    self._id("sell", symbol, day), EventKind.SELL, day, name, symbol, quantity, value - cost, lots=lots
                )
            )
        return events

    def _count(self, symbols: Sequence[str]) -> None:
        """Bring the float shares up to the books."""
        self._table = None
        for symbol in dict.fromkeys(symbols):
            self.shares[self.panel.places[symbol]] = float(
                sum((lot.quantity for lot in self.ledger.of(symbol)), Fraction(0))
            )
