"""What was planned beside what happened: fills, lots, slippage, and the losses that a wash sale took."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.model import Report, Side
from dicli.reports.happened import Fill, Name, SoldLot, Traded, traded
from dicli.reports.outcomes import Outcome, Status, plain, report
from dicli.reports.planned import Planned
from dicli.reports.washes import open_losses, washed
from dicli.tax.books import cents, decimal

SLACK = Decimal("0.001")
"""Shares: files show three decimals."""
DOLLARS = Decimal("0.05")
"""A purchase ordered by dollars spends them to a few cents, whatever number of shares that buys."""


def reconcile(planned: Sequence[Planned], household: Household, since: dt.date, until: dt.date) -> Report:
    """Each planned trade with what the files show from `since` (the day of the plan, inclusive) to `until`.

    Fills are matched by account, side and name; sales also by the date that their lot was acquired on. A finding where
    anything is not as planned.
    """
    happened = traded(household, since, until)
    by_name: dict[Name, list[Planned]] = defaultdict(list)
    for one in planned:
        by_name[one.account, one.side, one.symbol].append(one)
    rows: list[Outcome] = []
    for name, ones in by_name.items():
        rows += _of_name(name, ones, happened, household, since)
    ours = {one.account for one in planned} | {a.name for a in household.accounts if a.managed}
    rows += [
        _unplanned(name, fill, "dividends reinvested" if fill.reinvested else "not in the plan")
        for name, its in sorted(happened.fills.items())
        for fill in its
        if name[0] in ours and (fill.reinvested or name not in by_name)
    ]
    rows += washed(household, since, until, set(by_name))
    fees = sum((fill.fees for name, its in happened.fills.items() if name in by_name for fill in its), Decimal(0))
    return report(rows, fees, since, until, open_losses(household, since, until))


def _of_name(
    name: Name, ones: Sequence[Planned], happened: Traded, household: Household, since: dt.date
) -> list[Outcome]:
    """The planned rows of one account, side and name, and what was traded beyond them."""
    account, side, symbol = name
    fills = [fill for fill in happened.fills.get(name, ()) if not fill.reinvested]
    if (account, symbol) in happened.splits:
        day = happened.splits[account, symbol]
        split = f"a split on {day}: shares before and after do not compare"
        return [_row(one, Status.UNKNOWN, what=split) for one in ones]
    if not fills:
        status, what = _absent(account, household, since)
        return [_row(one, status, filled=None if status is Status.UNKNOWN else Decimal(0), what=what) for one in ones]
    done = sum((fill.quantity for fill in fills), Decimal(0))
    gross = None
    if all(fill.gross is not None for fill in fills):
        gross = sum((fill.gross or Decimal(0) for fill in fills), Decimal(0))
    price = None if gross is None else Fraction(gross) / Fraction(done)
    for_dollars = side is Side.BUY and gross is not None and abs(gross - _cost(ones)) <= DOLLARS
    if for_dollars:
        parts = _spread(ones, done)
    elif side is Side.SELL and household.account(account).taxable:
        parts = _matched_lots(ones, done, happened.lots.get((account, symbol), ()))
    else:
        parts = _in_order(ones, done)
    rows = _filled(ones, parts, side, price, for_dollars=for_dollars)
    used = sum((quantity for its in parts for quantity, _ in its), Decimal(0))
    if done - used > SLACK:
        rest = None if gross is None else gross * (done - used) / done
        beyond = f"beyond the {plain(sum((one.quantity for one in ones), Decimal(0)))} planned"
        rows.append(_unplanned(name, Fill(fills[-1].date, done - used, rest, Decimal(0)), beyond))
    return rows


Part = tuple[Decimal, SoldLot | None]
"""Shares of a planned row that were traded, and out of which lot."""


def _cost(ones: Sequence[Planned]) -> Decimal:
    return sum((one.quantity * one.price for one in ones), Decimal(0))


def _spread(ones: Sequence[Planned], done: Decimal) -> list[list[Part]]:
    """All shares given to the rows of one name in proportion: ordered by dollars, their number is the market's."""
    whole = sum((one.quantity for one in ones), Decimal(0))
    shares = [(one.quantity * done / whole).quantize(Decimal("0.000001")) for one in ones[:-1]]
    return [[(share, None)] for share in (*shares, done - sum(shares, Decimal(0)))]


def _in_order(ones: Sequence[Planned], done: Decimal) -> list[list[Part]]:
    out: list[list[Part]] = []
    for one in ones:
        take = min(one.quantity, done)
        done -= take
        out.append([(take, None)] if take else [])
    return out


def _matched_lots(ones: Sequence[Planned], done: Decimal, sold: Iterable[SoldLot]) -> list[list[Part]]:
    """The lots that were sold, given to the planned rows: those of the right date first, then the rest in order.

    Shares whose lot no file tells come last, as a lot without a date.
    """
    left = [SoldLot(lot.acquired, lot.quantity, lot.gain, lot.by) for lot in sold]
    untold = done - sum((lot.quantity for lot in left), Decimal(0))
    if untold > SLACK:
        left.append(SoldLot(None, untold, None, ""))
    wanted = [one.quantity for one in ones]
    parts: list[list[Part]] = [[] for _ in ones]
    for right in (True, False):
        for at, one in enumerate(ones):
            for lot in left:
                take = min(wanted[at], lot.quantity)
                if take <= 0 or (right and lot.acquired != one.acquired):
                    continue
                gain = None if lot.gain is None else lot.gain * Fraction(take) / Fraction(lot.quantity)
                parts[at].append((take, SoldLot(lot.acquired, take, gain, lot.by)))
                lot.gain = None if lot.gain is None or gain is None else lot.gain - gain
                lot.quantity -= take
                wanted[at] -= take
    return parts


def _filled(
    ones: Sequence[Planned], parts: Sequence[Sequence[Part]], side: Side, price: Fraction | None, *, for_dollars: bool
) -> list[Outcome]:
    """The rows of one name with their shares, lots and slippage; the slippage in cents adds up to the name's."""
    shares = [sum((quantity for quantity, _ in its), Decimal(0)) for its in parts]
    sign = 1 if side is Side.BUY else -1
    slips: Sequence[Decimal | None] = [None] * len(ones)
    if price is not None:
        pairs = zip(ones, shares, strict=True)
        slips = cents([sign * Fraction(quantity) * (price - Fraction(one.price)) for one, quantity in pairs])
    out = []
    for one, its, quantity, slip in zip(ones, parts, shares, slips, strict=True):
        status, said = _status(one, its, quantity, for_dollars=for_dollars)
        lots = [lot for _, lot in its if lot is not None]
        gains = [lot.gain for lot in lots]
        known = bool(gains) and None not in gains
        out.append(
            _row(
                one,
                status,
                filled=quantity,
                lots_sold=tuple(dict.fromkeys(str(lot.acquired) if lot.acquired else "not told" for lot in lots)),
                price=None if price is None or not quantity else decimal(price),
                slippage=slip if quantity else None,
                planned_for=quantity * one.price if slip is not None else None,
                gain=cents([sum((gain or Fraction(0) for gain in gains), Fraction(0))])[0] if known else None,
                what=said,
            )
        )
    return out


def _status(one: Planned, parts: Sequence[Part], filled: Decimal, *, for_dollars: bool) -> tuple[Status, str]:
    said = []
    status = Status.FILLED
    if not filled:
        return Status.MISSING, "other lots of it were sold" if one.side is Side.SELL else "not bought"
    if any(lot is not None for _, lot in parts) and one.acquired is not None:
        wrong = [lot for _, lot in parts if lot is not None and lot.acquired not in (None, one.acquired)]
        untold = sum((lot.quantity for _, lot in parts if lot is not None and lot.acquired is None), Decimal(0))
        if untold:
            status = Status.UNKNOWN
            said.append(f"no file tells which lot {plain(untold)} of them came from: export the realised gains")
        for lot in wrong:
            status = Status.WRONG_LOT
            said.append(f"{plain(lot.quantity)} came from the lot of {lot.acquired}, by {lot.by}")
    short = one.quantity - filled
    if short > SLACK and not for_dollars:
        status = Status.PARTLY if status is Status.FILLED else status
        said.append(f"{plain(short)} are left")
    return status, "; ".join(said)


def _absent(account: str, household: Household, since: dt.date) -> tuple[Status, str]:
    """Why there is no fill: it did not happen, or no file reaches that day."""
    known = household.coverage.get(account)
    if known is None or known[1] < since:
        end = "has no dates" if known is None else f"ends on {known[1]}"
        return Status.UNKNOWN, f"the history of {account} {end}: export it again"
    return Status.MISSING, f"not in the history of {account}, which ends on {known[1]}"


def _row(one: Planned, status: Status, **more: object) -> Outcome:
    return Outcome(
        one.account,
        one.side,
        one.symbol,
        status,
        planned=one.quantity,
        lot_planned=one.acquired,
        planned_price=one.price,
        planned_gain=one.gain,
        **more,  # type: ignore[arg-type]
    )


def _unplanned(name: Name, fill: Fill, why: str) -> Outcome:
    account, side, symbol = name
    price = None if fill.gross is None else decimal(Fraction(fill.gross) / Fraction(fill.quantity))
    return Outcome(
        account, side, symbol, Status.UNPLANNED, filled=fill.quantity, price=price, what=f"on {fill.date}: {why}"
    )
