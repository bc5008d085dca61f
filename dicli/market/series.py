"""A price series as a vendor gives it, and the checks that it must pass before it is stored.

Closes are split-adjusted as of the day of download (Yahoo's `Close`; vendors rewrite them after a split); dividends are
cash per share on the same footing. Total returns are made from closes and dividends, never from a vendor's adjusted
close, which changes back to the beginning with each dividend.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

MOST_JUMP = Decimal("0.40")
"""A close further than this from the one before needs a reason."""

HELD = 5
"""Sessions that a new level must hold to be a price: a bad tick comes back."""

SAME = Decimal("0.001")
"""How far a close may differ from what was stored for that day before its history counts as rewritten."""

CONFIRMS = Decimal("0.02")
MICRO = Decimal("0.000001")
"""Closes are kept to a millionth of a dollar."""


@dataclass(frozen=True, slots=True)
class Series:
    """One symbol's history: `days` ascending, a close for each; dividends and splits by their ex-date.

    A split's ratio is new shares per old: 4 for four-for-one.
    """

    symbol: str
    days: tuple[dt.date, ...]
    closes: tuple[Decimal, ...]
    dividends: Mapping[dt.date, Decimal] = field(default_factory=dict)
    splits: Mapping[dt.date, Fraction] = field(default_factory=dict)
    source: str = ""

    def between(self, first: dt.date, last: dt.date) -> Series:
        """The days from `first` to `last`, both included."""
        keep = [(day, close) for day, close in zip(self.days, self.closes, strict=True) if first <= day <= last]
        return replace(
            self,
            days=tuple(day for day, _ in keep),
            closes=tuple(close for _, close in keep),
            dividends={day: value for day, value in self.dividends.items() if first <= day <= last},
            splits={day: value for day, value in self.splits.items() if first <= day <= last},
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A close that was kept out."""

    symbol: str
    day: dt.date
    close: Decimal | None
    why: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What may be stored of a download, what may not, and whether history was rewritten (`series` is then no use)."""

    series: Series
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    rewritten: str = ""


def is_plain_ratio(ratio: Fraction) -> bool:
    """Whether a split's ratio is one that companies choose: 2:1, 3:2, 1:20, 5:4.

    Vendors code spin-offs as splits with ratios like 1.128: prices are adjusted by them, but no lot may ever be.
    """
    one = min(ratio.numerator, ratio.denominator)
    return ratio > 0 and ratio != 1 and one <= 4 and max(ratio.numerator, ratio.denominator) <= 200


def as_ratio(number: float | Decimal | str) -> Fraction:
    """A vendor's number as the fraction that it stands for: 1.5 -> 3/2, 0.05 -> 1/20, 1.128 -> 141/125."""
    exact = Fraction(str(number))
    simple = exact.limit_denominator(50)
    return simple if abs(simple - exact) <= Fraction(1, 100_000) * exact else exact


def split_adjusted(series: Series) -> Series:
    """The series on the footing of its last day, whichever way it was written: a file may have closes as traded.

    At each split the smaller of two moves tells: that of the closes as they are, or with the ratio taken out.
    """
    closes, dividends = list(series.closes), dict(series.dividends)
    for on, ratio in sorted(series.splits.items()):
        at = bisect.bisect_left(series.days, on)
        if not 0 < at < len(closes):
            continue
        factor = Decimal(ratio.denominator) / ratio.numerator
        if moves_less(closes[at - 1] * factor, closes[at - 1], closes[at]):
            closes[:at] = [close * factor for close in closes[:at]]
            dividends = {day: paid * factor if day < on else paid for day, paid in dividends.items()}
    return replace(series, closes=tuple(closes), dividends=dividends)


def moves_less(one: Decimal, other: Decimal, close: Decimal) -> bool:
    """Whether `close` lies nearer to `one` than to `other`, as ratios."""
    return max(one / close, close / one) < max(other / close, close / other)


def examine(
    new: Series,
    old: Series | None,
    last_finished: dt.date,
    second: Mapping[dt.date, Decimal] | None = None,
) -> Examined:
    """Check a download against itself, against what is stored (`old`) and against a `second` source's closes by day.

    Kept out, each with its reason: closes that are missing, zero or negative; days after the last finished session; a
    jump beyond MOST_JUMP without a split that explains it, a second source within CONFIRMS, or HELD sessions at the new
    level. Where a day that is stored comes back with another close, or a split is not in the stored closes yet,
    `rewritten` says so: the caller downloads the whole series again and has it examined without `old`.
    """
    rejected: list[Rejected] = []
    good = [
        (day, close)
        for day, close in zip(new.days, new.closes, strict=True)
        if _is_price(new.symbol, day, close, last_finished, rejected)
    ]
    stored = dict(zip(old.days, old.closes, strict=True)) if old is not None else {}
    for day, close in good:
        known = stored.get(day)
        if known is not None and abs(close / known - 1) > SAME:
            return Examined(new, tuple(rejected), (), _what_changed(new, day, known, close))
    notes: list[str] = []
    if old is None:
        new, good = _adjusted(new, good, notes)
    elif late := _not_yet_adjusted(new, [*stored.items(), *((day, close) for day, close in good if day not in stored)]):
        day, ratio = late[0]
        said = f"{new.symbol}: split {float(ratio):g} for 1 on {day}; its history was downloaded again"
        return Examined(new, tuple(rejected), (), said)
    before = [(day, close) for day, close in stored.items() if good and day < good[0][0]]
    kept = _without_jumps(new, before[-1:], good, second or {}, rejected)
    for day, ratio in new.splits.items():
        if not is_plain_ratio(ratio):
            notes.append(
                f"{new.symbol}: the vendor codes something as a split of {float(ratio):.4g} on {day}, "
                "perhaps a spin-off; prices follow it, lots never do"
            )
    days = {day for day, _ in kept}
    first = min(days, default=last_finished)
    return Examined(
        replace(
            new,
            days=tuple(day for day, _ in kept),
            closes=tuple(close for _, close in kept),
            dividends={day: paid for day, paid in new.dividends.items() if first <= day <= last_finished and paid > 0},
            splits={day: ratio for day, ratio in new.splits.items() if first <= day <= last_finished and ratio > 0},
        ),
        tuple(rejected),
        tuple(notes),
    )


def _not_yet_adjusted(new: Series, closes: Sequence[tuple[dt.date, Decimal]]) -> list[tuple[dt.date, Fraction]]:
    """Splits on whose day the close still jumps by the ratio: the vendor has not rewritten what was before."""
    ordered = sorted(closes)
    found = []
    for (_, last), (day, close) in pairwise(ordered):
        ratio = new.splits.get(day)
        if ratio and _jumps(last, close) and not _jumps(last, close * ratio.numerator / ratio.denominator):
            found.append((day, ratio))
    return found


def _adjusted(
    new: Series, good: list[tuple[dt.date, Decimal]], notes: list[str]
) -> tuple[Series, list[tuple[dt.date, Decimal]]]:
    """A whole history put on today's footing where the vendor has not done so yet."""
    for on, ratio in _not_yet_adjusted(new, good):
        factor = Decimal(ratio.denominator) / ratio.numerator
        good = [(day, close * factor if day < on else close) for day, close in good]
        paid = {day: cash * factor if day < on else cash for day, cash in new.dividends.items()}
        new = replace(new, dividends=paid)
        notes.append(f"{new.symbol}: the vendor has not adjusted its history for the split on {on} yet; dicli did")
    return new, good


def _is_price(symbol: str, day: dt.date, close: Decimal, last_finished: dt.date, rejected: list[Rejected]) -> bool:
    why = ""
    if not close.is_finite():
        why, known = "no price", None
    elif close < MICRO:
        why, known = f"a price of {close}", close
    elif day > last_finished:
        why, known = f"the session of {day} has not ended", close
    if why:
        rejected.append(Rejected(symbol, day, known, why))
    return not why


def _without_jumps(
    new: Series,
    before: Sequence[tuple[dt.date, Decimal]],
    good: Sequence[tuple[dt.date, Decimal]],
    second: Mapping[dt.date, Decimal],
    rejected: list[Rejected],
) -> list[tuple[dt.date, Decimal]]:
    kept: list[tuple[dt.date, Decimal]] = list(before)
    for place, (day, close) in enumerate(good):
        if kept and _jumps(kept[-1][1], close):
            last = kept[-1][1]
            later = [price for _, price in good[place + 1 : place + 1 + HELD]]
            held = len(later) == HELD and all(not _jumps(close, price) for price in later)
            confirmed = day in second and abs(close / second[day] - 1) <= CONFIRMS
            if not (held or confirmed):
                change = close / last - 1
                rejected.append(
                    Rejected(new.symbol, day, close, f"{change:+.0%} from {last} the session before, without a reason")
                )
                continue
        kept.append((day, close))
    return kept[len(before) :]


def _jumps(last: Decimal, close: Decimal) -> bool:
    return abs(close / last - 1) > MOST_JUMP


def _what_changed(new: Series, day: dt.date, known: Decimal, close: Decimal) -> str:
    splits = ", ".join(f"{float(ratio):g} for 1 on {on}" for on, ratio in new.splits.items() if on > day)
    reason = f" (split: {splits})" if splits else ""
    return f"{new.symbol}: the close of {day} was {known} and is now {close}{reason}; its history was downloaded again"
