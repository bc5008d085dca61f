"""Why each trade is there, in plain words with their dollars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dicli.model import Side
from dicli.plan.losses import Loss, Status
from dicli.plan.sleeves import Part
from dicli.plan.survey import Setting
from dicli.plan.trades import Draft
from dicli.preferences import Preferences
from dicli.tax.books import Realized, decimal


def dollars(amount: Decimal | float, places: int = 2) -> str:
    """$1,250.00, or -$1,250.00; what rounds to nothing has no sign."""
    shown = f"{abs(amount):,.{places}f}"
    return f"-${shown}" if amount < 0 and shown.strip("0.") else f"${shown}"


def explain(
    draft: Draft,
    part: Part,
    rows: Sequence[Realized],
    setting: Setting,
    preferences: Preferences,
    losses: Sequence[Loss],
) -> tuple[str, ...]:
    """The reasons of one trade, the weightiest first."""
    i = setting.universe.places[draft.symbol]
    managed = setting.target.managed
    weight = float(setting.managed[i]) / managed
    wanted = float(setting.target.weight[i]) / managed
    today = float(setting.weight_today()[i])
    if draft.side is Side.BUY:
        return _of_purchase(draft, part, setting, (today, weight, wanted))
    out: list[str] = []
    gain = sum((decimal(row.gain) for row in rows), Decimal(0))
    washed = sum((decimal(row.disallowed) for row in rows), Decimal(0))
    lost = sum((decimal(row.permanent) for row in rows), Decimal(0))
    lot = draft.lot.id if draft.lot is not None else ""
    loss = next((one for one in losses if one.lot == lot), None)
    if rows and gain < 0 and loss is not None and loss.status is Status.UNKNOWN:
        out.append(f"a loss of {dollars(-gain)} that may be washed: {loss.reason}")
    elif rows and gain < 0 and loss is not None and loss.large:
        allowed = f", {dollars(-gain - washed)} of it allowed" if washed else ""
        out.append(f"harvest: a {rows[0].term}-term loss of {dollars(-gain)}{allowed}")
    excluded = setting.universe.excluded.get(draft.symbol)
    if excluded is not None:
        out.append(f"screen: {excluded}")
    limit = preferences.limits.max_weight
    if limit is not None and today > float(limit):
        out.append(f"cap: {today:.2%} is over max_weight {float(limit):.2%}")
    if today > wanted:
        out.append(f"drift: {today:.2%} held, target {wanted:.2%}")
    elif weight > wanted:
        out.append(
            f"cash: with {dollars(-setting.flow)} going out it is {weight:.2%} of what stays, target {wanted:.2%}"
        )
    away = float(setting.away[i])
    if away > 0.0:
        out.append(f"completion: {dollars(round(away * setting.whole, 2))} of it is held away")
    short_of = part.problem.cash_min - part.problem.cash
    if short_of > 0.0:
        out.append(f"cash: {dollars(round(short_of * setting.whole, 2))} more is wanted than there is")
    if rows and gain > 0:
        out.append(f"realises a {rows[0].term}-term gain of {dollars(gain)}")
    if lost:
        out.append(f"wash sale: {dollars(lost)} of the loss is lost for good")
    if washed - lost > 0:
        out.append(f"wash sale: {dollars(washed - lost)} of the loss is deferred")
    return tuple(out) or ("tracking: it offsets what the other trades change",)


def _of_purchase(draft: Draft, part: Part, setting: Setting, weights: tuple[float, float, float]) -> tuple[str, ...]:
    """`weights`: today, with the user's flow, and the target."""
    out: list[str] = []
    today, weight, wanted = weights
    if wanted > today:
        out.append(f"drift: {today:.2%} held, target {wanted:.2%}")
    elif wanted > weight:
        out.append(f"cash: with {dollars(setting.flow)} coming in it is {weight:.2%} of all, target {wanted:.2%}")
    if weight + float(draft.value) / float(setting.value) > wanted:
        member = setting.universe.members[setting.universe.places[draft.symbol]]
        sold = sorted(
            {
                other.symbol
                for other in part.drafts
                if other.side is Side.SELL
                and setting.universe.members[setting.universe.places[other.symbol]].industry == member.industry
                and member.industry is not None
            }
        )
        if sold:
            out.append(f"substitute: for {', '.join(sold[:3])}, sold in {member.industry}")
        else:
            out.append("substitute: the closest in risk to what is sold or may not be bought")
    return tuple(out) or ("tracking: it offsets what the other trades change",)
