"""Harvest opportunities, as rows: what each losing lot is worth to sell, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.household import Household, windows
from dicli.model import Column, Figure, Report, Value
from dicli.plan.losses import Loss, Status, find
from dicli.plan.risk import Substitute, substitutes
from dicli.plan.survey import Setting
from dicli.plan.taxes import Realised, TaxYear
from dicli.preferences import Preferences
from dicli.tax.books import decimal

HARVEST = (
    Column("account"),
    Column("symbol"),
    Column("acquired", Figure.DATE),
    Column("quantity", Figure.SHARES, brief=False),
    Column("price", Figure.PRICE, brief=False),
    Column("basis", Figure.MONEY, brief=False),
    Column("loss", Figure.MONEY),
    Column("disallowed", Figure.MONEY, brief=False),
    Column("permanent", Figure.MONEY, brief=False),
    Column("allowed", Figure.MONEY, brief=False),
    Column("term", brief=False),
    Column("tax_value", Figure.MONEY),
    Column("status"),
    Column("clean_from", Figure.DATE, brief=False),
    Column("rebuy_from", Figure.DATE, brief=False),
    Column("substitutes", brief=False),
    Column("reason"),
)
_NEAR = {
    "same-industry": ("industry",),
    "same-sector": ("industry", "sector"),
    "any": ("industry", "sector", "market"),
}
"""[harvest] substitutes: how far a substitute may be from what it stands in for."""
_ORDER = {
    Status.CLEAR: 0,
    Status.TAINTED: 1,
    Status.PERMANENT: 2,
    Status.UNKNOWN: 3,
    Status.TOO_SMALL: 4,
}


def harvest(household: Household, setting: Setting, preferences: Preferences, as_of: dt.date) -> Report:
    """Every losing lot. A finding where one is clear and worth taking.

    `substitutes`: the closest names, and the tracking error (annual, of the whole) that each leaves in its place.
    """
    year = TaxYear.of(household, preferences, as_of)
    losses = find(household, setting.prices, preferences, year, as_of)
    no_buy = windows.blocked(household, as_of)
    space = setting.universe
    able = [
        symbol
        for i, symbol in enumerate(space.symbols)
        if space.allowed[i] and symbol not in no_buy and space.benchmark[i] > 0.0
    ]
    named: dict[str, tuple[Substitute, ...]] = {}
    rows = []
    for loss in sorted(losses, key=lambda one: _ORDER[one.status]):
        if loss.symbol not in named:
            same = windows.mates(household, {loss.symbol})
            found = substitutes(setting.model, loss.symbol, [c for c in able if c not in same])
            near = _NEAR[preferences.harvest.substitutes]
            named[loss.symbol] = tuple(one for one in found if one.within in near)
        size = float(loss.quantity * loss.price) / setting.whole
        rows.append(_row(loss, tuple(f"{one.symbol} {one.tracking_error * size:.3%}" for one in named[loss.symbol])))
    clear = [loss.opportunity for loss in losses if loss.status is Status.CLEAR and loss.opportunity is not None]
    short = sum((decimal(o.short_allowed) for o in clear), Decimal(0))
    long = sum((decimal(o.long_allowed) for o in clear), Decimal(0))
    bill = year.tax(Realised(-short, -long))
    summary: dict[str, object] = {
        "clear_loss": short + long,
        "tax_saved_this_year": -bill.now,
        "tax_saved_later": -bill.later,
        "lots": {str(status): sum(1 for loss in losses if loss.status is status) for status in Status},
    }
    title = (
        f"Harvest: {len(clear)} clear lots with a loss of ${short + long:,.0f}; "
        f"together they save ${-bill.now:,.0f} of tax this year"
    )
    if bill.later:
        title += f" and, carried, some ${-bill.later:,.0f} later"
    notes = (*year.notes, *setting.notes, *_risks(preferences, losses, as_of))
    return Report("harvest", HARVEST, tuple(rows), summary, title, notes, finding=bool(clear))


def _row(loss: Loss, mates: tuple[str, ...]) -> tuple[Value, ...]:
    o = loss.opportunity
    if o is None:
        unknown: tuple[None, ...] = (None,) * 7
        head = (loss.account, loss.symbol, None, loss.quantity, loss.price, *unknown)
        return (*head, loss.status, None, None, mates, loss.reason)
    return (
        loss.account,
        loss.symbol,
        o.acquired,
        loss.quantity,
        loss.price,
        decimal(o.basis),
        decimal(o.loss),
        decimal(o.disallowed),
        decimal(o.permanent),
        decimal(o.allowed),
        o.term,
        loss.tax_value,
        loss.status,
        o.clean_from,
        o.rebuy_from,
        mates,
        loss.reason,
    )


def _risks(preferences: Preferences, losses: tuple[Loss, ...], as_of: dt.date) -> list[str]:
    """The household's scheduled purchases inside the next 30 days that would wash a harvest made today (R-HARVEST)."""
    losing = {loss.symbol for loss in losses}
    return [
        f"risk: {item.symbol} is scheduled to be bought on {day} in {item.account} ({item.kind}): "
        "stop it before harvesting"
        for item in preferences.scheduled
        if item.symbol in losing
        for day in item.dates(as_of, as_of + dt.timedelta(days=30))
    ]
