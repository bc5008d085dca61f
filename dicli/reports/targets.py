"""Target holdings and drift, as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Decimal

import numpy as np

from dicli.household import Household
from dicli.model import Column, Figure, Report
from dicli.plan.guardrail import Contribution
from dicli.plan.survey import Setting
from dicli.plan.target import active_error
from dicli.plan.trades import CENT, FRACTIONAL, WHOLE
from dicli.plan.universe import limit_of
from dicli.preferences import Preferences

WEIGHT = Decimal("1e-8")
"""Weights leave float64 in these steps: a ten-thousandth of a basis point."""

TARGET = (
    Column("symbol"),
    Column("name", brief=False),
    Column("sector", brief=False),
    Column("benchmark_weight", Figure.FRACTION),
    Column("target_weight", Figure.FRACTION),
    Column("target_shares", Figure.SHARES),
    Column("target_value", Figure.MONEY),
    Column("shares", Figure.SHARES),
    Column("value", Figure.MONEY, brief=False),
    Column("drift", Figure.FRACTION),
)
DRIFT = (
    Column("symbol"),
    Column("sector", brief=False),
    Column("weight", Figure.FRACTION),
    Column("target_weight", Figure.FRACTION),
    Column("drift", Figure.FRACTION),
    Column("benchmark_weight", Figure.FRACTION),
    Column("active_weight", Figure.FRACTION),
)


def weight(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(WEIGHT) + 0  # + 0: never "-0"


def fraction(value: float) -> Decimal:
    """A tracking error or share, to a hundredth of a basis point."""
    return Decimal(repr(float(value))).quantize(Decimal("1e-6")) + 0


def _held(household: Household) -> dict[str, Decimal]:
    managed = {account.name for account in household.accounts if account.managed}
    held: dict[str, Decimal] = defaultdict(Decimal)
    for lot in household.lots:
        if lot.account in managed:
            held[lot.symbol] += lot.quantity
    return held


def target(
    household: Household,
    setting: Setting,
    preferences: Preferences,
    contributions: Callable[[], Sequence[Contribution]] = lambda: (),
) -> Report:
    """The target of the managed accounts together: largest first; names neither wanted nor held are left out.

    `contributions` is asked only where the tracking error is over its cap: each takes another target to solve.
    """
    space, part = setting.universe, setting.target.managed
    held = _held(household)
    quantum = FRACTIONAL if any(a.fractional for a in household.accounts if a.managed) else WHOLE
    order = sorted(range(len(space.symbols)), key=lambda i: (-setting.target.weight[i], space.symbols[i]))
    rows = []
    for i in order:
        symbol, member = space.symbols[i], space.members[i]
        wanted = weight(setting.target.weight[i] / part)
        shares = held.get(symbol, Decimal(0))
        if not wanted and not shares and space.excluded.get(symbol) is None:
            continue
        price = setting.prices.get(symbol)
        value = (wanted * setting.value).quantize(CENT)
        rows.append(
            (
                symbol,
                member.name,
                member.sector,
                weight(space.benchmark[i]),
                wanted,
                None if price is None else (value / price).quantize(quantum, ROUND_DOWN),
                value,
                shares,
                None if price is None else (shares * price).quantize(CENT),
                None if price is None else weight(setting.managed[i] / part) - wanted,
            )
        )
    cap = preferences.limits.max_tracking_error
    error = fraction(setting.target.tracking_error)
    over = cap is not None and error > cap
    summary: dict[str, object] = {
        "value": setting.value.quantize(CENT),
        "names": int(np.count_nonzero(setting.target.weight > 0.0)),
        "tracking_error": error,
        "tracking_error_cap": cap,
        "risk_model": setting.model.label,
        "gap": fraction(setting.target.gap),
        "excluded": len(space.excluded),
    }
    notes = list(setting.notes)
    if over:
        notes.append(f"the target's ex ante tracking error of {error:.2%} a year is over the cap of {cap:.2%}")
        found = [(one.what, fraction(one.tracking_error)) for one in contributions()]
        summary["contributions"] = [{"what": what, "tracking_error": cost} for what, cost in found]
        notes += [f"  without {what}: {_less(cost)}" for what, cost in found]
    return Report("target", TARGET, tuple(rows), summary, title="Target holdings", notes=tuple(notes), finding=over)


def _less(cost: Decimal) -> str:
    shown = f"{abs(cost):.2%}"
    return "the same" if shown == "0.00%" else f"{shown} {'less' if cost > 0 else 'more'}"


def drift(setting: Setting, preferences: Preferences) -> Report:
    """How far the managed accounts are from their target: names, sectors, tracking error."""
    space, part = setting.universe, setting.target.managed
    limits = preferences.limits
    away = setting.drift()
    order = sorted(range(len(space.symbols)), key=lambda i: (-abs(away[i]), space.symbols[i]))
    rows = []
    for i in order:
        held, wanted = setting.managed[i] / part, setting.target.weight[i] / part
        if held == 0.0 and wanted == 0.0 and space.benchmark[i] == 0.0:
            continue
        benchmark = weight(space.benchmark[i])
        member = space.members[i]
        rows.append(
            (
                space.symbols[i],
                member.sector,
                weight(held),
                weight(wanted),
                weight(held) - weight(wanted),
                benchmark,
                weight(held) - benchmark,
            )
        )
    cash = sum(setting.cash.values(), Decimal(0))
    error = fraction(active_error(setting.model, space, setting.managed, setting.away))
    breaches = _breaches(setting, preferences, error, cash / setting.value)
    summary: dict[str, object] = {
        "value": setting.value.quantize(CENT),
        "cash": cash,
        "tracking_error": error,
        "active_share": fraction(float(np.abs(setting.managed / part - space.benchmark).sum()) / 2.0),
        "turnover_to_target": fraction(float(np.abs(away).sum()) / 2.0),
        "breaches": breaches,
        "risk_model": setting.model.label,
        "tracking_error_cap": limits.max_tracking_error,
        "sectors": _sectors(setting),
    }
    said = tuple(f"breach: {breach}" for breach in breaches)
    title = f"Drift: tracking error {error:.2%} a year, ex ante ({setting.model.label})"
    notes = (*setting.notes, *said)
    return Report("drift", DRIFT, tuple(rows), summary, title, notes, finding=bool(breaches), brief_rows=25)


def _sectors(setting: Setting) -> list[dict[str, object]]:
    space, part = setting.universe, setting.target.managed
    out = []
    for sector in sorted({s for s in space.sectors if s is not None}):
        inside = np.array([s == sector for s in space.sectors])
        held = weight(float(setting.managed[inside].sum()) / part)
        wanted = weight(float(setting.target.weight[inside].sum()) / part)
        out.append({"sector": sector, "weight": held, "target_weight": wanted, "drift": held - wanted})
    return out


def _breaches(setting: Setting, preferences: Preferences, error: Decimal, cash: Decimal) -> list[str]:
    limits = preferences.limits
    out = []
    if limits.max_tracking_error is not None and error > limits.max_tracking_error:
        out.append(f"tracking error {error:.2%} is over {limits.max_tracking_error:.2%}")
    if cash > limits.cash.max:
        out.append(f"cash {cash:.2%} is over {limits.cash.max:.2%}")
    away = setting.drift()
    for i, symbol in enumerate(setting.universe.symbols):
        if abs(away[i]) > float(limits.drift_band):
            out.append(f"{symbol} is {away[i]:+.2%} from its target, band {limits.drift_band:.2%}")
    for row in _sectors(setting):
        band = limit_of(limits.sector_band, "sector", str(row["sector"]))
        gone = row["drift"]
        if band is not None and isinstance(gone, Decimal) and abs(gone) > band:
            out.append(f"sector {row['sector']} is {gone:+.2%} from its target, band {band:.2%}")
    return out
