"""One managed account after another: what each may do, and what the optimizer makes of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import numpy as np

from dicli.errors import Fault, InfeasiblePlan
from dicli.household import Household
from dicli.household.windows import blocked, mates
from dicli.model import Account, Lot, Side, Term
from dicli.plan import optimizer
from dicli.plan.account import Budget, Rates, Sleeve, Taint, problem
from dicli.plan.losses import Loss, Status
from dicli.plan.optimizer import LEAST_SCALE
from dicli.plan.problem import Floats, Infeasible, Problem, Solution
from dicli.plan.survey import Setting
from dicli.plan.target import active_error
from dicli.plan.trades import Draft, drafts
from dicli.preferences import Preferences
from dicli.tax.term import term

_TIGHTEN = 5  # times that the tracking cap is tightened before it is called out of reach


@dataclass(frozen=True, slots=True)
class Part:
    """One managed account's share of the plan: what was asked of the optimizer, what it answered, and the drafts."""

    sleeve: Sleeve
    problem: Problem
    solution: Solution
    drafts: tuple[Draft, ...]
    notes: tuple[str, ...] = ()

    @property
    def account(self) -> Account:
        return self.sleeve.account

    @property
    def after(self) -> Floats:
        """(n,) weights held after the optimizer's trades, fractions of the whole."""
        return self.problem.held + self.solution.trade + self.sleeve.kept


def solve_all(
    household: Household,
    setting: Setting,
    preferences: Preferences,
    as_of: dt.date,
    *,
    rates: Rates,
    budget: Budget,
    losses: Sequence[Loss],
) -> tuple[Part, ...]:
    """Plan every managed account, taxable ones first, in the order of the preferences. Each later one completes what
    the earlier ones leave, buys nothing whose loss was taken in this plan, and takes no loss on what an earlier one
    buys. Raises InfeasiblePlan with the constraint and its shortfall.
    """
    parts: list[Part] = []
    residual = np.zeros(len(setting.universe.symbols))
    washed = blocked(household, as_of)
    for account in sorted((a for a in household.accounts if a.managed), key=lambda a: not a.taxable):
        taken = mates(household, _sold_at_a_loss(parts, setting))
        no_buy = {**washed, **{symbol: f"{why} is sold at a loss in this plan" for symbol, why in taken.items()}}
        sleeve = _sleeve(household, setting, account, residual, no_buy, losses)
        sleeve = replace(sleeve, stay=_would_be_washed(sleeve, mates(household, _bought(parts)), setting))
        part = _solve(sleeve, setting, preferences, household, rates, _left(budget, parts, setting.whole), as_of)
        parts.append(part)
        residual = residual + part.after - sleeve.target
    return tuple(parts)


def merged_lots(household: Household, account: str) -> list[Lot]:
    """The account's lots, sub-lots of one purchase together: a broker sells by lot, and the tax engine then takes its
    adjusted shares first (R-SUBLOT). A merged lot is long-term only when all of it is.
    """
    out: dict[str, Lot] = {}
    for lot in household.lots:
        if lot.account != account:
            continue
        seen = out.get(lot.id)
        if seen is None:
            out[lot.id] = lot
            continue
        basis = None if seen.basis is None or lot.basis is None else seen.basis + lot.basis
        start = [day for day in (seen.holding_from, lot.holding_from) if day is not None]
        out[lot.id] = replace(
            seen, quantity=seen.quantity + lot.quantity, basis=basis, holding_from=max(start, default=None)
        )
    return list(out.values())


def _sold_at_a_loss(parts: Sequence[Part], setting: Setting) -> set[str]:
    return {
        draft.symbol
        for part in parts
        if part.account.taxable
        for draft in part.drafts
        if draft.lot is not None and draft.lot.basis is not None and _at_a_loss(draft.lot, setting.prices[draft.symbol])
    }


def _bought(parts: Sequence[Part]) -> set[str]:
    return {draft.symbol for part in parts for draft in part.drafts if draft.side is Side.BUY}


def _would_be_washed(sleeve: Sleeve, bought: Collection[str], setting: Setting) -> frozenset[str]:
    """The account's losing lots of names that other accounts buy in this plan, or of what is identical to those."""
    if not sleeve.account.taxable:
        return frozenset()
    return frozenset(
        lot.id for lot in sleeve.lots if lot.symbol in bought and _at_a_loss(lot, setting.prices[lot.symbol])
    )


def _at_a_loss(lot: Lot, price: Decimal) -> bool:
    return lot.basis is not None and lot.quantity * price < lot.basis


def _sleeve(
    household: Household,
    setting: Setting,
    account: Account,
    residual: Floats,
    no_buy: Mapping[str, str],
    losses: Sequence[Loss],
) -> Sleeve:
    space, prices = setting.universe, setting.prices
    at = space.places
    frozen = household.unsettled(account.name)
    kept = np.zeros(len(space.symbols))
    lots: list[Lot] = []
    value = setting.cash[account.name]
    for lot in merged_lots(household, account.name):
        if lot.symbol not in prices:
            continue
        worth = lot.quantity * prices[lot.symbol]
        value += worth
        unknown = account.taxable and (lot.acquired is None or lot.basis is None)
        if lot.symbol in frozen or unknown:
            kept[at[lot.symbol]] += float(worth) / setting.whole
        else:
            lots.append(lot)
    own = [loss for loss in losses if loss.account == account.name]
    return Sleeve(
        account=account,
        lots=tuple(lots),
        kept=kept,
        cash=float(setting.cash[account.name]),
        target=setting.target.weight * (float(value) / float(setting.value)),
        residual=residual,
        blocked=no_buy,
        frozen=frozen,
        harvestable=frozenset(loss.lot for loss in own if loss.large and loss.status is not Status.UNKNOWN),
        taints={loss.lot: taint for loss in own if (taint := _taint(loss)) is not None},
    )


def _taint(loss: Loss) -> Taint | None:
    found = loss.opportunity
    if found is None or not found.disallowed:
        return None
    elsewhere = [match for match in found.matches if match.account != loss.account]
    return Taint(
        disallowed=float(sum(match.disallowed for match in elsewhere) / found.loss),
        permanent=float(sum(match.disallowed for match in elsewhere if match.permanent) / found.loss),
    )


def _left(budget: Budget, parts: Sequence[Part], whole: float) -> Budget:
    """The gains budget less what the accounts planned so far realise."""
    short = whole * sum(part.solution.short_gain for part in parts if part.account.taxable)
    long = whole * sum(part.solution.long_gain for part in parts if part.account.taxable)
    return Budget(budget.net - short - long, budget.short - short, budget.long - long)


def _solve(
    sleeve: Sleeve,
    setting: Setting,
    preferences: Preferences,
    household: Household,
    rates: Rates,
    budget: Budget,
    as_of: dt.date,
) -> Part:
    terms = {lot.id: term(lot.holding_from or lot.acquired or as_of, as_of) for lot in sleeve.lots}
    notes: list[str] = []
    for _ in range(_TIGHTEN):
        made, solution, said = _within_cap(sleeve, setting, preferences, rates, budget, terms, as_of)
        trades = drafts(
            solution,
            sleeve,
            setting.universe,
            setting.prices,
            whole=setting.whole,
            cash=setting.cash[sleeve.account.name],
        )
        part = Part(sleeve, made, solution, tuple(trades), (*notes, *said))
        bought = {draft.symbol for draft in trades if draft.side is Side.BUY}
        clash = {
            symbol: f"{why} is sold at a loss in this plan"
            for symbol, why in mates(household, _sold_at_a_loss([part], setting)).items()
            if symbol in bought and symbol != why
        }
        if not clash:
            return part
        # a purchase of what is identical to a loss taken here would wash it: forbid it and plan again
        sleeve = replace(sleeve, blocked={**sleeve.blocked, **clash})
    return part


def _within_cap(
    sleeve: Sleeve,
    setting: Setting,
    preferences: Preferences,
    rates: Rates,
    budget: Budget,
    terms: Mapping[str, Term],
    as_of: dt.date,
) -> tuple[Problem, Solution, tuple[str, ...]]:
    """Solve with limits.max_tracking_error, which is against the benchmark, as a cap on the distance to the target.

    Where the target is the best that the screens allow, TE² ≥ TE(target)² + distance²; where that is not enough, the
    cap on the distance is tightened until the tracking error against the benchmark holds. Raises InfeasiblePlan where
    the target itself is beyond it.
    """
    wanted = preferences.limits.max_tracking_error
    least = setting.target.tracking_error
    if wanted is None:
        return _forced(sleeve, setting, preferences, rates, budget, terms, np.inf, as_of)
    if least >= float(wanted):
        raise InfeasiblePlan(
            Fault(
                "limits.max_tracking_error",
                f"no plan keeps to {float(wanted):.2%} a year: the target itself, the nearest to the index that "
                f"screens, tilts and caps leave, tracks at {least:.2%}",
                "Raise it, or ask for less: `dicli target` says what each screen and tilt costs.",
            )
        )
    cap = math.sqrt(float(wanted) ** 2 - least**2)
    for _ in range(_TIGHTEN):
        made, solution, said = _forced(sleeve, setting, preferences, rates, budget, terms, cap, as_of)
        others = setting.managed - made.held - sleeve.kept
        held = made.held + solution.trade + sleeve.kept + others
        error = active_error(setting.model, setting.universe, held, setting.away)
        if error <= float(wanted) * (1.0 + 1e-6):
            return made, solution, said
        cap *= 0.98 * float(wanted) / error
    note = f"the plan tracks at {error:.2%} a year, not quite within limits.max_tracking_error = {float(wanted):.2%}"
    return made, solution, (*said, note)


def _forced(
    sleeve: Sleeve,
    setting: Setting,
    preferences: Preferences,
    rates: Rates,
    budget: Budget,
    terms: Mapping[str, Term],
    cap: float,
    as_of: dt.date,
) -> tuple[Problem, Solution, tuple[str, ...]]:
    """Solve with everything that screens and caps forbid sold and no more names than index.max_names; where that
    cannot be, first without the limit on names, then with as much sold as can be: legacy positions may take more than
    one plan, and more than one year's gains budget. The notes say what gave way.
    """
    failure: Infeasible | None = None
    names = preferences.index.max_names
    tries = [(True, names), (True, None), (False, names), (False, None)] if names is not None else _WITHOUT_NAMES
    for force_out, most in tries:
        asked = partial(
            problem,
            sleeve,
            setting.universe,
            setting.model,
            preferences,
            whole=setting.whole,
            rates=rates,
            terms=terms,
            budget=budget,
            tracking_cap=cap,
            as_of=as_of,
            force_out=force_out,
            max_names=most,
            flow=float(setting.flow) if sleeve.account.name == setting.first else 0.0,
        )
        made = asked()
        try:
            solution = optimizer.solve(made)
        except Infeasible as error:
            failure = failure or error
            continue
        notes = []
        if names is not None and most is None:
            notes.append(
                f"{sleeve.account.name} holds {solution.names_held} names after the plan, more than index.max_names = "
                f"{names}: fewer cannot be had within the other limits"
            )
        if not force_out:
            drawn, made = made, asked(subsidy=0.0)
            solution = _unsubsidised(drawn, made, solution)
            notes.append(
                f"{sleeve.account.name} keeps some of what screens and caps forbid: "
                "it cannot all be sold within the other limits"
            )
        return made, solution, tuple(notes)
    assert failure is not None
    raise infeasible(sleeve, failure, setting.whole) from failure


def _unsubsidised(drawn: Problem, plain: Problem, solution: Solution) -> Solution:
    """The same plan with what drew its sales of forbidden names taken out of cost and bound: no plan that sells as much
    of them costs less than the bound.
    """
    paid = float(np.sum((plain.lots.tax - drawn.lots.tax) * solution.lot_sale))
    cost, bound = solution.cost + paid, solution.bound + paid
    scale = max(abs(bound), LEAST_SCALE)
    return replace(solution, cost=cost, bound=bound, tax=solution.tax + paid, scale=scale, gap=(cost - bound) / scale)


_WITHOUT_NAMES: list[tuple[bool, int | None]] = [(True, None), (False, None)]


def infeasible(sleeve: Sleeve, error: Infeasible, whole: float) -> InfeasiblePlan:
    """The optimizer's shortfalls in the user's words: dollars for cash, gains and turnover, a fraction for risk; and
    what the nearest plan would be.
    """
    remedy = "Loosen that limit, or one that it collides with."
    if error.nearest is not None:
        near = error.nearest
        remedy += (
            f" The nearest plan trades {2 * near.turnover * whole:,.0f} dollars, adds {near.tax * whole:,.0f} of tax, "
            f"leaves {near.cash_after * whole:,.0f} in cash and tracks its target at {near.tracking_error:.2%}."
        )
    faults = []
    for row in error.shortfalls:
        if "tracking" in row.row:
            limit, needed = f"{row.limit:.2%}", f"{row.needed:.2%} a year"
        elif "names" in row.row:
            limit, needed = f"{row.limit:.0f}", f"{row.needed:.0f}"
        else:
            limit, needed = f"{row.limit * whole:,.2f}", f"{row.needed * whole:,.2f} dollars"
        faults.append(
            Fault(
                f'account "{sleeve.account.name}"',
                f"no plan keeps to {row.row}: the limit is {limit}, the nearest that can be had is {needed}",
                remedy if row is error.shortfalls[-1] else "",
            )
        )
    return InfeasiblePlan(faults)
