"""How many names are enough: tracking error against their number, and the smallest account that can hold them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_UP, Decimal

import numpy as np

from dicli.household import Household
from dicli.market.benchmark import Benchmark
from dicli.model import Column, Figure, Report
from dicli.plan.survey import Market, survey
from dicli.preferences import Preferences
from dicli.reports.targets import fraction

NAMES = (
    Column("names", Figure.NUMBER),
    Column("tracking_error", Figure.FRACTION),
    Column("smallest_weight", Figure.FRACTION),
    Column("smallest_fractional", Figure.MONEY),
    Column("smallest_whole", Figure.MONEY),
)


def names(
    household: Household, benchmark: Benchmark, market: Market, preferences: Preferences, counts: Sequence[int]
) -> Report:
    """One row a number of names. `smallest_fractional`: the account in which the smallest position is worth
    limits.min_trade. `smallest_whole`: the one in which every position is at least one share.
    """
    rows = []
    label = ""
    for count in counts:
        setting = survey(household, benchmark, market, preferences, max_names=count)
        label = setting.model.label
        weight = setting.target.of_managed()
        held = np.flatnonzero(weight > 1e-9)
        smallest = float(weight[held].min())
        one_of_each = float((setting.universe.price[held] / weight[held]).max())
        rows.append(
            (
                Decimal(len(held)),
                fraction(setting.target.tracking_error),
                fraction(smallest),
                _dollars(float(preferences.limits.min_trade) / smallest),
                _dollars(one_of_each),
            )
        )
    notes = (f"tracking error ex ante, annual: {label}",)
    return Report("names", NAMES, tuple(rows), title="How many names are enough", notes=notes)


def _dollars(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(Decimal(1), ROUND_UP)
