"""From a household and a benchmark to trades: the one planner, live and in the backtest."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from dicli.household import Household
from dicli.market.benchmark import Benchmark
from dicli.model import Side, Term, Trade
from dicli.plan.losses import Loss, find
from dicli.plan.reasons import explain
from dicli.plan.risk import RiskModel
from dicli.plan.sleeves import Part, solve_all
from dicli.plan.survey import Market, Setting, survey
from dicli.plan.target import active_error
from dicli.plan.taxes import Realised, TaxYear
from dicli.plan.trades import CENT, Draft
from dicli.preferences import Preferences
from dicli.tax import harvest
from dicli.tax.books import Realized, decimal
from dicli.tax.ledger import Event, EventKind

_ROUNDS = 3
"""Rates depend on the plan and the plan on the rates: each is found from the other, this many times at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Trades, what the managed accounts hold after them, and the certificate of how good they are.

    `quantities` (by account and symbol) and `cash` are what is left after the trades, exact. `tax` is what the trades
    add to this year's tax by the tax engine (negative: saved) and `tax_later` what they are worth in later years
    through carryovers; `costs` are the expected half spreads. `bound` ≤ the cost of the best possible plan ≤ `cost`,
    in dollars by the optimizer's reckoning; `gap` = (cost − bound) / |bound|.
    """

    as_of: dt.date
    setting: Setting
    parts: tuple[Part, ...]
    trades: tuple[Trade, ...]
    losses: tuple[Loss, ...]
    quantities: Mapping[tuple[str, str], Decimal]
    cash: Mapping[str, Decimal]
    year: TaxYear
    realised: Realised
    tax: Decimal
    tax_later: Decimal
    costs: Decimal
    turnover: Decimal
    tracking_before: float
    tracking_after: float
    cost: float
    bound: float
    gap: float
    notes: tuple[str, ...]


def plan(
    household: Household,
    benchmark: Benchmark,
    market: Market,
    preferences: Preferences,
    as_of: dt.date,
    *,
    cash_flow: Decimal = Decimal(0),
    model: RiskModel | None = None,
    valued: bool = True,
) -> Plan:
    """The trades that bring the managed accounts closest to their target at the least tax and cost.

    `cash_flow`: dollars that come in (> 0) or are to go out (< 0). Taxable accounts are planned first; the others
    complete what those leave and buy nothing that would wash a loss. `model`: a risk model at hand, else one is made
    from the market. Without `valued`, what each loss is worth is left open and small losses are not listed: the trades
    are the same. Raises InfeasiblePlan.
    """
    setting = survey(household, benchmark, market, preferences, cash_flow=cash_flow, model=model)
    year = TaxYear.of(household, preferences, as_of)
    losses = find(household, setting.prices, preferences, year, as_of, valued=valued)
    rates = year.rates(Realised())
    for _ in range(_ROUNDS):
        parts = solve_all(
            household, setting, preferences, as_of, rates=rates, budget=year.budget(preferences), losses=losses
        )
        booked = _book(household, parts, as_of)
        realised = Realised.of(booked.realized)
        before, rates = rates, year.rates(realised)
        if rates == before:
            break
    return _finished(household, setting, preferences, as_of, year, losses, parts, booked)


def _book(household: Household, parts: Sequence[Part], as_of: dt.date) -> harvest.WhatIf:
    """What the tax engine makes of the drafts: sales first, then purchases, all on `as_of`.

    Sales in a tax-free account are left out: they have no tax, and their lots may have no dates.
    """
    sales: list[Event] = []
    purchases: list[Event] = []
    for part in parts:
        name = part.account.name
        for number, draft in enumerate(part.drafts):
            key = _event_id(name, number)
            if draft.side is Side.BUY:
                kind = EventKind.BUY
                purchases.append(Event(key, kind, as_of, name, draft.symbol, draft.quantity, draft.value))
            elif part.account.taxable and draft.lot is not None:
                lots = ((draft.lot.id, draft.quantity),)
                sales.append(
                    Event(key, EventKind.SELL, as_of, name, draft.symbol, draft.quantity, draft.value, lots=lots)
                )
    return harvest.what_if(
        household.tax_accounts,
        household.events,
        [*sales, *purchases],
        choices=household.choices,
        identical=household.identical,
        method=household.methods,
    )


def _event_id(account: str, number: int) -> str:
    return f"plan:{account}:{number}"


def _finished(
    household: Household,
    setting: Setting,
    preferences: Preferences,
    as_of: dt.date,
    year: TaxYear,
    losses: tuple[Loss, ...],
    parts: tuple[Part, ...],
    booked: harvest.WhatIf,
) -> Plan:
    rows: dict[str, list[Realized]] = defaultdict(list)
    for row in booked.realized:
        rows[row.sale].append(row)
    realised = Realised.of(booked.realized)
    tax = year.tax(realised)
    of_rows = year.shares(booked.realized)
    trades: list[Trade] = []
    for part in parts:
        for number, draft in enumerate(part.drafts):
            key = _event_id(part.account.name, number)
            trades.append(_trade(draft, part, rows.get(key, []), of_rows.get(key), setting, preferences, losses))
    quantities, cash = apply(household, setting.cash, trades)
    traded = sum((trade.value for trade in trades), Decimal(0))
    costs = sum((trade.value * preferences.costs.of(trade.symbol) for trade in trades), Decimal(0)).quantize(CENT)
    space, at = setting.universe, setting.universe.places
    after = np.zeros(len(space.symbols))
    for (_, symbol), quantity in quantities.items():
        if symbol in setting.prices:
            after[at[symbol]] += float(quantity * setting.prices[symbol])
    cost = sum(part.solution.cost for part in parts) * setting.whole
    bound = sum(part.solution.bound for part in parts) * setting.whole
    scale = sum(part.solution.scale for part in parts) * setting.whole
    harm = [
        f"the purchase of {h.symbol} disallows {decimal(h.disallowed):,.2f} of the loss of {h.sold} in {h.account}"
        for h in booked.harm
    ]
    return Plan(
        as_of=as_of,
        setting=setting,
        parts=parts,
        trades=tuple(trades),
        losses=losses,
        quantities=quantities,
        cash=cash,
        year=year,
        realised=realised,
        tax=tax.now,
        tax_later=tax.later,
        costs=costs,
        turnover=traded / (2 * setting.value),
        tracking_before=setting.tracking_today(),
        tracking_after=active_error(setting.model, space, after / setting.whole, setting.away),
        cost=cost,
        bound=bound,
        gap=(cost - bound) / scale,
        notes=(*setting.notes, *(note for part in parts for note in part.notes), *harm),
    )


def _trade(
    draft: Draft,
    part: Part,
    rows: Sequence[Realized],
    tax: Decimal | None,
    setting: Setting,
    preferences: Preferences,
    losses: Sequence[Loss],
) -> Trade:
    gain = sum((decimal(row.gain) for row in rows), Decimal(0)) if rows else None
    terms = {row.term for row in rows}
    lot = draft.lot
    basis = None
    if lot is not None and lot.basis is not None:
        basis = (
            sum((decimal(row.basis) for row in rows), Decimal(0)) if rows else lot.basis * draft.quantity / lot.quantity
        )
    return Trade(
        account=part.account.name,
        side=draft.side,
        symbol=draft.symbol,
        quantity=draft.quantity,
        price=draft.price,
        value=draft.value,
        lot_id=lot.id if lot is not None else "",
        lot_acquired=lot.acquired if lot is not None else None,
        lot_basis=basis,
        gain=gain,
        term=None if not terms else Term.SHORT if Term.SHORT in terms else Term.LONG,
        tax=tax,
        reasons=explain(draft, part, rows, setting, preferences, losses),
    )


def apply(
    household: Household, cash: Mapping[str, Decimal], trades: Sequence[Trade]
) -> tuple[dict[tuple[str, str], Decimal], dict[str, Decimal]]:
    """What the managed accounts hold once the trades are done: shares by account and symbol, and cash.

    Raises ArithmeticError where a sale takes more than there is or cash falls below zero: a bug, never an input.
    """
    quantities: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    left = dict(cash)
    for lot in household.lots:
        if lot.account in left:
            quantities[lot.account, lot.symbol] += lot.quantity
    for trade in trades:
        sign = 1 if trade.side is Side.BUY else -1
        quantities[trade.account, trade.symbol] += sign * trade.quantity
        left[trade.account] -= sign * trade.value
    short = [f"{symbol} in {account}" for (account, symbol), quantity in quantities.items() if quantity < 0]
    short += [f"cash in {account}" for account, amount in left.items() if amount < 0 and amount < cash[account]]
    if short:
        raise ArithmeticError(f"the plan leaves less than nothing of {', '.join(short)}")
    return {key: quantity for key, quantity in quantities.items() if quantity}, left


__all__ = ["Market", "Plan", "Setting", "apply", "plan", "survey"]
