"""Our realised rows against a broker's: where they differ, and why that may be right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from dicli.model import Sale, Term
from dicli.tax.books import Realized
from dicli.tax.prepare import exact

HALF_A_CENT = Fraction(1, 200)
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Side:
    """One side's sums for an account, symbol, day of sale and day of purchase. None: the broker's file does not say."""

    quantity: Fraction
    proceeds: Fraction | None
    basis: Fraction | None
    disallowed: Fraction | None
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs (`fields`), both sides (None: no such row), the reasons with their rule ids, and whether the
    difference is one that the rules lead one to expect (R-BROKER).
    """

    account: str
    symbol: str
    sold: dt.date
    acquired: dt.date | None
    fields: tuple[str, ...]
    ours: Side | None
    theirs: Side | None
    reasons: tuple[str, ...]
    expected: bool


Key = tuple[str, str, dt.date, dt.date | None]


def reconcile(ours: Iterable[Realized], theirs: Iterable[Sale]) -> tuple[Difference, ...]:
    """Compare rows summed by (account, symbol, sold, acquired); to the cent, one cent of rounding allowed per row.

    R-BROKER: a 1099-B sees one account and one CUSIP, so ours may disallow more; the taxpayer must report the rest.
    R-BROKERTERM: the broker tacks only the wash sales that it reports, so terms may differ where another account was
    the cause. Rows without a purchase date are compared with all of ours of that account, symbol and day of sale.
    """
    mine: dict[Key, list[Realized]] = {}
    for row in ours:
        mine.setdefault((row.account, row.symbol, row.sold, row.acquired), []).append(row)
    broker: dict[Key, list[Sale]] = {}
    for sale in theirs:
        broker.setdefault((sale.account, sale.symbol, sale.sold, sale.acquired), []).append(sale)
    for key in [key for key in broker if key[3] is None]:
        merged = [other for other in mine if other[:3] == key[:3]]
        rows = [row for other in merged for row in mine.pop(other)]
        for other in [other for other in broker if other[:3] == key[:3] and other[3] is not None]:
            broker[key] += broker.pop(other)
        if rows:
            mine[key] = rows
    found = []
    for key in sorted({*mine, *broker}, key=lambda key: (key[2], key[0], key[1], key[3] or dt.date.min)):
        difference = _difference(key, mine.get(key, []), broker.get(key, []))
        if difference is not None:
            found.append(difference)
    return tuple(found)


def _difference(key: Key, ours: list[Realized], theirs: list[Sale]) -> Difference | None:
    left, right = _ours(ours), _theirs(theirs)
    if left is None or right is None:
        missing = "the broker's file has no such sale" if right is None else "no such sale in the history"
        text = f"{missing}: a file is missing or covers another span, or the lots were chosen otherwise (R-SPECID)"
        return Difference(*key, ("row",), left, right, (text,), False)
    slack = HALF_A_CENT + Fraction(len(ours) + len(theirs), 100)
    fields = []
    for name in ("quantity", "proceeds", "basis", "disallowed"):
        one, other = getattr(left, name), getattr(right, name)
        if other is not None and abs(one - other) > (slack if name != "quantity" else ZERO):
            fields.append(name)
    if right.terms and left.terms != right.terms:
        fields.append("term")
    if not fields:
        return None
    reasons = _reasons(fields, ours, left, right)
    return Difference(*key, tuple(fields), left, right, tuple(reasons), bool(reasons) and "quantity" not in fields)


def _reasons(fields: list[str], ours: list[Realized], left: Side, right: Side) -> list[str]:
    """The causes that a broker cannot see, out of our own matches; a rule id in each."""
    found: list[str] = []
    if "disallowed" in fields:
        beyond = {
            "R-SCOPE": "a purchase in another account of yours",
            "R-IRA": "a purchase in an IRA",
            "R-OTHERPLANS": "a purchase in a 401(k) or HSA",
            "R-SPOUSE": "a purchase in a spouse's account",
            "R-IDENTICAL": "a purchase of a security declared identical",
        }
        for match in (match for row in ours for match in row.matches if match.rule in beyond):
            text = f"{beyond[match.rule]}: lot {match.lot}, {match.acquired}, account {match.account} ({match.rule})"
            if text not in found:
                found.append(text)
        if right.disallowed is not None and left.disallowed is not None and left.disallowed < right.disallowed:
            found.append("the broker disallowed more: same-day order, older or jointly closed lots are points of "
                         "choice (R-SUBLOT, R-TOGETHER, R-OLDER)")  # fmt: skip
    if "basis" in fields and any(row.adjustment for row in ours):
        found.append("our basis carries wash adjustments that the broker may not see (R-BROKER, code B)")
    if "term" in fields and any(row.held_from < row.acquired for row in ours):
        found.append("a tacked holding period that the broker may not see (R-BROKERTERM, code T)")
    return found


def _ours(rows: list[Realized]) -> Side | None:
    if not rows:
        return None
    return Side(
        sum((row.quantity for row in rows), ZERO),
        sum((row.proceeds for row in rows), ZERO),
        sum((row.basis for row in rows), ZERO),
        sum((row.disallowed for row in rows), ZERO),
        tuple(sorted({row.term for row in rows})),
    )


def _theirs(rows: list[Sale]) -> Side | None:
    if not rows:
        return None

    def known(name: str) -> Fraction | None:
        values = [getattr(row, name) for row in rows]
        return None if any(value is None for value in values) else sum((exact(value) for value in values), ZERO)

    terms = {row.term for row in rows}
    stated = tuple(sorted(term for term in terms if term is not None)) if None not in terms else ()
    quantity = sum((exact(row.quantity) for row in rows), ZERO)
    return Side(quantity, known("proceeds"), known("basis"), known("disallowed"), stated)
