"""The trade list, as rows, with what it does to tax, tracking and cash."""

from __future__ import annotations

from decimal import Decimal

from dicli.model import Column, Figure, Report, Side
from dicli.plan import Plan
from dicli.plan.trades import CENT
from dicli.reports.targets import fraction

TRADE = (
    Column("account"),
    Column("side"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("price", Figure.PRICE, brief=False),
    Column("value", Figure.MONEY),
    Column("lot_acquired", Figure.DATE),
    Column("lot_basis", Figure.MONEY, brief=False),
    Column("gain", Figure.MONEY),
    Column("term", brief=False),
    Column("tax", Figure.MONEY),
    Column("reason", Figure.REASONS),
)


def dollars_of(amount: float) -> Decimal:
    """Out of float64, to the cent."""
    return Decimal(repr(float(amount))).quantize(CENT)


def trades(plan: Plan) -> Report:
    rows = tuple(
        (
            t.account,
            t.side,
            t.symbol,
            t.quantity,
            t.price,
            t.value,
            t.lot_acquired,
            None if t.lot_basis is None else t.lot_basis.quantize(CENT),
            None if t.gain is None else t.gain.quantize(CENT),
            t.term,
            t.tax,
            t.reasons,
        )
        for t in plan.trades
    )
    sold = sum((t.value for t in plan.trades if t.side is Side.SELL), Decimal(0))
    bought = sum((t.value for t in plan.trades if t.side is Side.BUY), Decimal(0))
    summary: dict[str, object] = {
        "value": plan.setting.value.quantize(CENT),
        "sold": sold,
        "bought": bought,
        "cash_after": sum(plan.cash.values(), Decimal(0)),
        "short_gain": plan.realised.short.quantize(CENT),
        "long_gain": plan.realised.long.quantize(CENT),
        "tax": plan.tax,
        "tax_later": plan.tax_later,
        "costs": plan.costs,
        "turnover": fraction(float(plan.turnover)),
        "tracking_error_before": fraction(plan.tracking_before),
        "tracking_error_after": fraction(plan.tracking_after),
        "risk_model": plan.setting.model.label,
        "cost": dollars_of(plan.cost),
        "bound": dollars_of(plan.bound),
        "gap": fraction(plan.gap),
        "positions_after": [
            {"account": account, "symbol": symbol, "quantity": quantity}
            for (account, symbol), quantity in sorted(plan.quantities.items())
        ],
    }
    saved = f"saves ${-plan.tax:,.0f} of tax" if plan.tax <= 0 else f"costs ${plan.tax:,.0f} of tax"
    title = (
        f"{len(plan.trades)} trades: {saved} this year; tracking error {plan.tracking_before:.2%} → "
        f"{plan.tracking_after:.2%} a year, ex ante; within {max(plan.gap, 0.0):.3%} of the best plan there is"
    )
    return Report("trades", TRADE, rows, summary, title, (*plan.year.notes, *plan.notes), finding=bool(rows))
