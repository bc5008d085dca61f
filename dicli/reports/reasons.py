"""Why a name weighs what it weighs, and why it is traded or not: every step, in words and figures."""

from __future__ import annotations

import numpy as np

from dicli.errors import DicliError, Fault
from dicli.household import Household
from dicli.model import Column, Report, Value
from dicli.plan import Plan
from dicli.plan.problem import CANDIDATES
from dicli.plan.reasons import dollars
from dicli.plan.sleeves import Part
from dicli.preferences import Preferences
from dicli.tax.term import long_from

WHY = (Column("step"), Column("value"), Column("what"))
_CHOICES = {"leave": "leave it as it is", "buy": "buy", "sell part": "sell a part", "sell all": "sell all of it"}


def why(symbol: str, plan: Plan, household: Household, preferences: Preferences) -> Report:
    """Benchmark weight, each step to the target, lots, windows, trades, prices at work and rejected alternatives.

    Raises DicliError where neither the index nor the household knows the symbol.
    """
    setting = plan.setting
    space = setting.universe
    at = space.places
    if symbol not in at:
        near = [s for s in space.symbols if s.replace(".", "") == symbol.replace(".", "").replace("-", "")]
        remedy = f"Did you mean {near[0]}?" if near else "`dicli index` lists what the index holds."
        raise DicliError(Fault(symbol, "neither the index nor an account holds it", remedy))
    i = at[symbol]
    member, part = space.members[i], setting.target.managed
    rows: list[tuple[Value, ...]] = [
        ("benchmark", f"{member.name or symbol}, {member.sector or 'sector unknown'}, {member.industry or '–'}",
         f"{space.benchmark[i]:.3%}"),
    ]  # fmt: skip
    rows += [("tilt", step.what, f"{step.weight:.3%}") for step in space.steps.get(symbol, ())]
    if abs(space.reference[i] - space.benchmark[i]) > 1e-12:
        rows.append(("tilts", "scaled so that all weights add up to 1", f"{space.reference[i]:.3%}"))
    if symbol in space.excluded:
        rows.append(("screen", space.excluded[symbol], "0.000%"))
    if setting.away[i] > 0.0:
        rows.append(("completion", "held away or in an account that is not managed", f"{setting.away[i]:.3%} of all"))
    cap = preferences.limits.max_weight
    if cap is not None and setting.target.weight[i] / part >= float(cap) * 0.9999:
        rows.append(("cap", "limits.max_weight binds", f"{float(cap):.3%}"))
    rows.append(("target", "weight in the managed accounts", f"{setting.target.weight[i] / part:.3%}"))
    rows.append(("held", "weight in the managed accounts today", f"{setting.weight_today()[i]:.3%}"))
    rows += _lots(symbol, plan, household)
    for one in plan.parts:
        if symbol in one.sleeve.blocked:
            rows.append(("window", f"{one.account.name}: {one.sleeve.blocked[symbol]}", "no purchase"))
        if symbol in one.sleeve.frozen:
            rows.append(("unsettled", f"{one.account.name}: {one.sleeve.frozen[symbol]}", "no trade"))
    for trade in plan.trades:
        if trade.symbol == symbol:
            amount = f"{trade.quantity.normalize():f} in {trade.account} at {trade.price:f}"
            what = f"{trade.side} {amount}: {'; '.join(trade.reasons)}"
            tax = "" if trade.tax is None else f", tax {dollars(trade.tax)}"
            rows.append(("trade", what, f"{dollars(trade.value)}{tax}"))
    if not any(trade.symbol == symbol for trade in plan.trades):
        rows.append(("trade", "none", ""))
    for one in plan.parts:
        rows += _worth(i, one, plan)
        rows += _alternatives(i, one, plan)
    rows += _prices(plan)
    shown = tuple((step, value, what) for step, what, value in rows)
    return Report("steps", WHY, shown, {"symbol": symbol, "risk_model": setting.model.label}, f"Why {symbol}")


def _lots(symbol: str, plan: Plan, household: Household) -> list[tuple[Value, ...]]:
    price = plan.setting.prices.get(symbol)
    losses = {loss.lot: loss for loss in plan.losses}
    out: list[tuple[Value, ...]] = []
    for lot in household.lots:
        if lot.symbol != symbol:
            continue
        gain = None if price is None or lot.basis is None else lot.quantity * price - lot.basis
        start = lot.holding_from or lot.acquired
        term = "date unknown" if start is None else f"long-term from {long_from(start)}"
        loss = losses.get(lot.id)
        status = "" if loss is None else f"; harvest: {loss.status}, {loss.reason}"
        bought = f"bought {lot.acquired or 'on an unknown day'}"
        what = f"{lot.quantity.normalize():f} in {lot.account}, {bought}, {term}{status}"
        out.append(("lot", what, "gain unknown" if gain is None else f"gain {dollars(gain)}"))
    for sale in household.sales:
        if sale.symbol == symbol and abs((plan.as_of - sale.sold).days) <= 61:
            gain = sale.gain
            out.append(
                ("sale", f"{sale.quantity.normalize():f} in {sale.account} on {sale.sold}",
                 "gain unknown" if gain is None else f"gain {dollars(gain)}")
            )  # fmt: skip
    return out


def _worth(i: int, part: Part, plan: Plan) -> list[tuple[Value, ...]]:
    """The trade's dollars, by the optimizer's reckoning: what it gains over leaving the name alone, split into tax,
    costs and what it does for tracking, cash and the other limits (at their prices).
    """
    solution, whole = part.solution, plan.setting.whole
    leave, chosen = float(solution.candidate_price[i][0]), float(solution.candidate_price[i][solution.candidate[i]])
    u = float(solution.trade[i])
    if not u or not np.isfinite(leave):
        return []
    mine = part.problem.lots.name == i
    tax = float(np.sum(part.problem.lots.tax[mine] * solution.lot_sale[mine])) * whole
    cost = abs(u) * float(part.problem.buy_cost[i] if u > 0.0 else part.problem.sell_cost[i]) * whole
    gained = (leave - chosen) * whole
    what = (
        f"over leaving it alone: tax {dollars(round(-tax, 2))}, costs {dollars(round(-cost, 2))}, "
        f"tracking, cash and limits {dollars(round(gained + tax + cost, 2))}"
    )
    return [("worth", what, dollars(round(gained, 2)))]


def _alternatives(i: int, part: Part, plan: Plan) -> list[tuple[Value, ...]]:
    """What else could have been done with the name, and what it would cost more, by the optimizer's own prices."""
    whole = plan.setting.whole
    solution = part.solution
    chosen = int(solution.candidate[i])
    out: list[tuple[Value, ...]] = []
    for number, name in enumerate(CANDIDATES):
        price = float(solution.candidate_price[i][number])
        if number == chosen or not np.isfinite(price):
            continue
        more = (price - float(solution.candidate_price[i][chosen])) * whole
        trade = float(solution.candidate_trade[i][number]) * whole
        size = "" if not trade else f" ({dollars(round(abs(trade), 2))})"
        worse = f"{dollars(round(more, 2))} worse" if more >= 0.01 else "no better"
        out.append(("rejected", f"{_CHOICES[name]}{size} in {part.account.name}", worse))
    return out


def _prices(plan: Plan) -> list[tuple[Value, ...]]:
    """The multipliers at work: what a little more room in each binding limit would be worth."""
    out: list[tuple[Value, ...]] = []
    for part in plan.parts:
        for row in part.solution.multipliers:
            if "tracking" in row.row:
                room, worth = "one basis point more", row.price * 1e-4 * plan.setting.whole
            elif "names" in row.row:
                room, worth = "one name more", row.price * plan.setting.whole
            else:
                room, worth = "1,000 dollars more", row.price * 1000.0
            if worth >= 0.01:
                out.append(
                    ("price", f"is what {room} would be worth: {row.row} binds in {part.account.name}", dollars(worth))
                )
    return out
