"""One account as the optimizer's problem: its lots priced by tax, its rules as bounds, its limits as rows.

All weights are fractions of the *whole*: every managed account and what is held away together, in dollars `whole`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dicli.model import Account, Lot, Term
from dicli.plan.problem import Bands, Floats, Lots, Problem
from dicli.plan.risk import RiskModel
from dicli.plan.target import caps
from dicli.plan.universe import Universe, limit_of
from dicli.preferences import Preferences

SUBSIDY = 1.0
"""What a dollar of a screened name is made to be worth when not all of it can be sold: more than any tax on it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The household's marginal tax, dollars per dollar of gain or loss, as the tax engine computed it (float64)."""

    short_gain: float
    long_gain: float
    short_loss: float
    long_loss: float

    def on(self, gain: float, term: Term) -> float:
        if term is Term.LONG:
            return self.long_gain if gain >= 0.0 else self.long_loss
        return self.short_gain if gain >= 0.0 else self.short_loss


@dataclass(frozen=True, slots=True)
class Taint:
    """What a wash sale would do to a lot's loss, as shares of the loss (0 … 1), by purchases in *other* accounts.

    Purchases in the lot's own account are left to the optimizer, which may sell them too (`Lots.recent`).
    """

    disallowed: float = 0.0
    permanent: float = 0.0


@dataclass(frozen=True, slots=True)
class Sleeve:
    """What one account brings to the plan.

    `lots` are those that may be planned with: settled, priced, with a known basis where it matters; `kept` weights
    (n,) are the rest of the account, which stays as it is. `cash` is before trades, after the user's own flow.
    `blocked` names may not be bought here and say why; `frozen` symbols are not traded at all and say why.
    `stay` are ids of lots that are not sold, since an account planned before this one buys what would wash their loss.
    `residual` (n,) is the active weight that accounts planned before this one leave to be completed.
    """

    account: Account
    lots: tuple[Lot, ...]
    kept: Floats
    cash: float
    target: Floats
    residual: Floats
    blocked: Mapping[str, str]
    frozen: Mapping[str, str]
    harvestable: frozenset[str]  # ids of the lots whose loss passes the [harvest] thresholds
    taints: Mapping[str, Taint] = field(default_factory=dict)
    stay: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """Dollars of gain that may still be realised this year; inf where the user set none."""

    net: float = np.inf
    short: float = np.inf
    long: float = np.inf


def problem(
    sleeve: Sleeve,
    universe: Universe,
    model: RiskModel,
    preferences: Preferences,
    *,
    whole: float,
    rates: Rates,
    terms: Mapping[str, Term],
    budget: Budget,
    tracking_cap: float,
    as_of: dt.date,
    force_out: bool = True,
    max_names: int | None = None,
    flow: float = 0.0,
    subsidy: float = SUBSIDY,
) -> Problem:
    """The optimizer's problem of one account.

    `terms` is by lot id. With `force_out` what the screens and caps forbid must be sold; without, as much of it is
    sold as the other limits let through, drawn by `subsidy` dollars a dollar sold, which is no money.
    """
    at = universe.places
    n = len(universe.symbols)
    limits = preferences.limits
    taxable = sleeve.account.taxable
    lots = sleeve.lots
    value = np.array([float(lot.quantity) * universe.price[at[lot.symbol]] for lot in lots])
    name = np.array([at[lot.symbol] for lot in lots], dtype=np.int64)
    weight = value / whole
    held = np.bincount(name, weight, minlength=n) if len(lots) else np.zeros(n)
    tax, short_gain, long_gain = _priced(sleeve, lots, value, rates, terms) if taxable else (np.zeros(len(lots)),) * 3
    equity = float(weight.sum() + sleeve.kept.sum()) + sleeve.cash / whole
    never = [
        lot.id in sleeve.stay or any(rule.covers(lot.account, lot.symbol, lot.acquired) for rule in limits.do_not_sell)
        for lot in lots
    ]
    frozen = np.array([symbol in sleeve.frozen for symbol in universe.symbols])
    sellable = np.array([not stay and not frozen[i] for stay, i in zip(never, name, strict=True)], dtype=bool)
    recent = np.array(
        [taxable and lot.acquired is not None and (as_of - lot.acquired).days <= 30 for lot in lots], dtype=bool
    )

    cap = np.inf if limits.max_weight is None else float(limits.max_weight) * equity
    stuck = np.bincount(name[~sellable], weight[~sellable], minlength=n) if len(lots) else np.zeros(n)
    upper = np.where(universe.allowed, cap, 0.0) - sleeve.kept
    upper = np.maximum(np.maximum(upper, 0.0), stuck)
    sell_cost = np.array([float(preferences.costs.of(symbol)) for symbol in universe.symbols])
    buy_cost = sell_cost.copy()
    if not force_out:
        # on the tax and not on the cost of a sale: costs are paid in cash, and this is nobody's money
        tax = np.where((held > upper)[name], tax - subsidy, tax) if len(lots) else tax
        upper = np.maximum(upper, held)
    no_buy = frozen | np.array([s in sleeve.blocked or s in limits.do_not_buy for s in universe.symbols])
    max_buy = np.where(no_buy | ~universe.allowed, 0.0, np.inf)
    price = np.where(np.isnan(universe.price), 0.0, universe.price)
    return Problem.of(
        held=held,
        target=sleeve.target - sleeve.kept,
        factors=model.factors,
        specific=model.specific,
        risk_aversion=float(limits.risk_aversion),
        cash=sleeve.cash / whole,
        lots=Lots.of(
            name, weight, tax=tax, short_gain=short_gain, long_gain=long_gain, sellable=sellable, recent=recent
        ),
        buy_cost=buy_cost,
        sell_cost=sell_cost,
        max_buy=max_buy,
        upper=upper,
        min_trade=float(limits.min_trade) / whole,
        step=0.0 if sleeve.account.fractional else price / whole,
        cash_min=max(0.0, float(limits.cash.target) * equity),
        cash_max=float(limits.cash.max) * equity,
        # what the user puts in or takes out has to be traded whatever the limit
        turnover_cap=np.inf if limits.turnover is None else float(limits.turnover) * equity + abs(flow) / (2.0 * whole),
        tracking_cap=tracking_cap,
        short_gain_budget=budget.short / whole if taxable else np.inf,
        long_gain_budget=budget.long / whole if taxable else np.inf,
        net_gain_budget=budget.net / whole if taxable else np.inf,
        bands=_bands(sleeve, universe, preferences, equity),
        max_names=None if max_names is None else max(max_names - int(np.count_nonzero(sleeve.kept)), 0),
        fixed_active=sleeve.residual,
        names=universe.symbols,
    )


def _priced(
    sleeve: Sleeve, lots: Sequence[Lot], value: Floats, rates: Rates, terms: Mapping[str, Term]
) -> tuple[Floats, Floats, Floats]:
    """Tax, short gain and long gain per dollar sold, by lot.

    A loss that is too small to harvest earns no credit here: it may be sold for another reason, never for the loss.
    What a purchase elsewhere would disallow earns none either, and what it would lose for good is charged.
    """
    tax = np.zeros(len(lots))
    short, long = np.zeros(len(lots)), np.zeros(len(lots))
    for at, lot in enumerate(lots):
        gain = 1.0 - float(lot.basis or 0) / value[at]
        term = terms[lot.id]
        rate = rates.on(gain, term)
        if gain >= 0.0:
            tax[at] = rate * gain
        else:
            taint = sleeve.taints.get(lot.id, Taint())
            credited = (1.0 - taint.disallowed) if lot.id in sleeve.harvestable else 0.0
            tax[at] = rate * gain * (credited - taint.permanent)
        (long if term is Term.LONG else short)[at] = gain
    return tax, short, long


def _bands(sleeve: Sleeve, universe: Universe, preferences: Preferences, equity: float) -> Bands:
    """The caps of the target, and limits.sector_band and industry_band around the target's own weights."""
    top = caps(universe, preferences, equity)
    rows, lower, upper, labels = [*top.matrix], [*top.lower], [*top.upper], [*top.names]
    limits = preferences.limits
    for kind, band, groups in (
        ("sector", limits.sector_band, universe.sectors),
        ("industry", limits.industry_band, universe.industries),
    ):
        for group in sorted({g for g in groups if g is not None}):
            width = limit_of(band, kind, group)
            if width is None:
                continue
            row = np.array([1.0 if g == group else 0.0 for g in groups])
            middle = float(row @ (sleeve.target - sleeve.kept))
            rows.append(row)
            lower.append(max(0.0, middle - float(width) * equity))
            upper.append(middle + float(width) * equity)
            labels.append(f"{kind} {group}")
    n = len(universe.symbols)
    return Bands(np.array(rows).reshape(len(rows), n), np.array(lower), np.array(upper), tuple(labels))
