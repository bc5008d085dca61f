"""The coupling rows: the few limits that tie the names together, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicli.plan.problem import Bools, Floats, Ints, Problem


@dataclass(frozen=True, slots=True)
class Rows:
    """The coupling rows, each as  base + buy·bought + sell·sold + Σ lot·sale ≤ 0,  those with a finite limit only.

    Columns of x after the k factor multipliers ν: the R linear rows, then κ (number of names) and ρ (tracking error)
    where they are asked for.
    """

    labels: tuple[str, ...]  # R, + "number of names", + "tracking error"
    limits: Floats  # as the caller gave them
    signs: Floats  # value of the row as the caller knows it = signs × (left side) + limit
    base: Floats  # (R,) the left side when nothing is traded
    twin: Bools  # (R,) the row before demands at least what this one allows at most: together an equation
    buy: Floats  # (n, R)
    sell: Floats  # (n, R)
    gain_rows: Ints  # which of the R are gains budgets
    gains: Floats  # (L, len(gain_rows)) gain per dollar sold of each lot
    names: bool
    tracking: bool

    @property
    def linear(self) -> int:
        return len(self.base)


def coupling_rows(p: Problem) -> Rows:
    """The rows of a problem in a fixed order: cash, turnover, bands, gains, number of names, tracking error."""
    n = len(p.held)
    labels: list[str] = []
    limits: list[float] = []
    signs: list[float] = []
    base: list[float] = []
    twin: list[bool] = []
    buy: list[Floats] = []
    sell: list[Floats] = []

    def row(
        label: str, limit: float, sign: float, value: float, bought: Floats, sold: Floats, *, equal: bool = False
    ) -> None:
        if np.isfinite(limit):
            labels.append(label)
            limits.append(limit)
            signs.append(sign)
            base.append(sign * (value - limit))
            twin.append(equal)
            buy.append(sign * bought)
            sell.append(sign * sold)

    spent, raised = -(1.0 + p.buy_cost), 1.0 - p.sell_cost
    row("cash at least", p.cash_min, -1.0, p.cash, spent, raised)
    row("cash at most", p.cash_max, 1.0, p.cash, spent, raised, equal=p.cash_max <= p.cash_min)
    row("turnover", p.turnover_cap, 1.0, 0.0, np.full(n, 0.5), np.full(n, 0.5))
    for A, low, high, name in zip(p.bands.matrix, p.bands.lower, p.bands.upper, p.bands.names, strict=True):
        at = float(np.sum(A * p.held))
        row(f"{name} at least", float(low), -1.0, at, A, -A)
        row(f"{name} at most", float(high), 1.0, at, A, -A, equal=float(high) <= float(low))
    gain_rows: list[int] = []
    gains: list[Floats] = []
    short, long = p.lots.short_gain, p.lots.long_gain
    for label, budget, gain in (
        ("short-term gains", p.short_gain_budget, short),
        ("long-term gains", p.long_gain_budget, long),
        ("net gains", p.net_gain_budget, short + long),
    ):
        if np.isfinite(budget):
            gain_rows.append(len(labels))
            gains.append(gain)
            row(label, budget, 1.0, 0.0, np.zeros(n), np.zeros(n))
    if p.max_names is not None:
        labels.append("number of names")
        limits.append(float(p.max_names))
        signs.append(1.0)
    if np.isfinite(p.tracking_cap):
        labels.append("tracking error")
        limits.append(p.tracking_cap)
        signs.append(1.0)
    R = len(base)
    return Rows(
        labels=tuple(labels),
        limits=np.array(limits),
        signs=np.array(signs),
        base=np.array(base),
        twin=np.array(twin, dtype=np.bool_),
        buy=np.array(buy).reshape(R, n).T.copy(),
        sell=np.array(sell).reshape(R, n).T.copy(),
        gain_rows=np.array(gain_rows, dtype=np.int64),
        gains=np.array(gains).reshape(len(gains), len(short)).T.copy(),
        names=p.max_names is not None,
        tracking=bool(np.isfinite(p.tracking_cap)),
    )
