"""Form 8949 rows, boxes, codes and adjustments, and their totals by box and Schedule D line (2025)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dicli.model import Term
from dicli.tax.books import Realized, cents
from dicli.tax.ledger import Number
from dicli.tax.prepare import exact

ZERO = Fraction(0)

BOXES: dict[tuple[Term, bool, str], str] = {
    (Term.SHORT, False, "basis"): "A",
    (Term.SHORT, False, "no basis"): "B",
    (Term.SHORT, False, "none"): "C",
    (Term.LONG, False, "basis"): "D",
    (Term.LONG, False, "no basis"): "E",
    (Term.LONG, False, "none"): "F",
    (Term.SHORT, True, "basis"): "G",
    (Term.SHORT, True, "no basis"): "H",
    (Term.SHORT, True, "none"): "I",
    (Term.LONG, True, "basis"): "J",
    (Term.LONG, True, "no basis"): "K",
    (Term.LONG, True, "none"): "L",
}
"""R-BOX: (term, digital asset, what the 1099 reported) -> box. G to L are new for 2025."""

LINES = {"A": "1b", "G": "1b", "B": "2", "H": "2", "C": "3", "I": "3"}
LINES |= {"D": "8b", "J": "8b", "E": "9", "K": "9", "F": "10", "L": "10"}
"""R-SDLINE: box -> line of Schedule D."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one sale, before the form.

    `reported`: there is a 1099-B or 1099-DA; `basis_reported`: it reported basis to the IRS. `basis_1099`: the basis
    that it shows (None: none). `correct_basis`: right for tax, wash adjustments inside. `wash`: the right disallowed
    loss; `broker_wash`: the broker's box 1g (None: none shown). `nondeductible`: losses disallowed for another reason.
    `selling_expense`: costs that the 1099's proceeds do not show. `broker_term`: the 1099's, where it shows one.
    """

    term: Term
    proceeds: Fraction
    correct_basis: Fraction
    reported: bool = True
    basis_reported: bool = True
    digital: bool = False
    basis_1099: Fraction | None = None
    broker_term: Term | None = None
    wash: Fraction = ZERO
    broker_wash: Fraction | None = None
    nondeductible: Fraction = ZERO
    selling_expense: Fraction = ZERO
    description: str = ""
    acquired: str = ""
    sold: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Row8949:
    """One line of the form, columns (a) to (h), signed and exact; `statement`: why one must be attached, or ""."""

    part: str
    box: str
    schedule_d_line: str
    may_skip_8949: bool
    a: str
    b: str
    c: dt.date | None
    d: Fraction
    e: Fraction
    f: str
    g: Fraction
    h: Fraction
    statement: str = ""


def covered(kind: str, acquired_year: int) -> bool:
    """R-COVERED: must the broker report basis? Stock bought after 2010, fund and dividend-reinvestment-plan shares
    after 2011, debt and options after 2013 (some only after 2015), digital assets after 2025. Instr. 8949 column (e).

    `kind`: stock, fund, debt, option or digital. KeyError for another.
    """
    return acquired_year > {"stock": 2010, "fund": 2011, "debt": 2013, "option": 2013, "digital": 2025}[kind]


def row(entry: Entry) -> Row8949:
    """The line of one sale (R-COLS): h = d − e + g.

    R-CODE-B: a wrong basis on a form that reported it stays in (e), the difference goes to (g); where basis was not
    reported the right basis is in (e) and (g) is 0. This is how a wash adjustment from another account comes in when
    the replacement is sold. R-CODE-W: the disallowed loss as a positive number; W with 0 where the broker showed one
    and none is left. R-CODE-T: the broker's term is wrong: right part, 0. R-CODE-E: selling costs not on the form,
    negative; L: other nondeductible losses, positive. Several codes stand in alphabetical order over one net amount.
    A row with basis reported and no adjustment may skip the form (R-SDLINE, Exception 1).
    """
    told = "basis" if entry.basis_reported else "no basis"
    box = BOXES[entry.term, entry.digital, told if entry.reported else "none"]
    codes: set[str] = set()
    e, g = entry.correct_basis, ZERO
    shown = entry.basis_1099 if entry.reported else None
    if shown is not None and shown != entry.correct_basis:
        codes.add("B")
        if entry.basis_reported:
            e, g = shown, shown - entry.correct_basis
    statement = ""
    if entry.wash or (entry.reported and entry.broker_wash):
        codes.add("W")
        g += entry.wash
        if entry.broker_wash is not None and entry.wash < entry.broker_wash:
            statement = "The wash sale loss is less than the broker reported: explain the difference."
    if entry.selling_expense:
        codes.add("E")
        g -= entry.selling_expense
    if entry.nondeductible:
        codes.add("L")
        g += entry.nondeductible
    if entry.reported and entry.broker_term is not None and entry.broker_term is not entry.term:
        codes.add("T")
    return Row8949(
        part="I" if entry.term is Term.SHORT else "II",
        box=box,
        schedule_d_line=LINES[box],
        may_skip_8949=entry.reported and entry.basis_reported and not codes,
        a=entry.description,
        b=entry.acquired,
        c=entry.sold,
        d=entry.proceeds,
        e=e,
        f="".join(sorted(codes)),
        g=g,
        h=entry.proceeds - e + g,
        statement=statement,
    )


def entry(
    realized: Realized,
    *,
    reported: bool = True,
    basis_reported: bool = True,
    digital: bool = False,
    basis_1099: Number | None = None,
    broker_term: Term | None = None,
    broker_wash: Number | None = None,
) -> Entry:
    """The entry of one realised row, with what the broker's 1099 (or realised-gains file) says of it.

    (a) "100 sh. XYZ"; (b) the **actual** trade date, never a tacked one, or INHERITED (R-COLS, R-INHERIT).
    """
    quantity = realized.quantity
    number = f"{float(quantity):.10g}" if quantity.denominator != 1 else str(quantity.numerator)
    return Entry(
        term=realized.term,
        proceeds=realized.proceeds,
        correct_basis=realized.basis,
        reported=reported,
        basis_reported=basis_reported,
        digital=digital,
        basis_1099=None if basis_1099 is None else exact(basis_1099),
        broker_term=broker_term,
        wash=realized.disallowed - realized.nondeductible,
        broker_wash=None if broker_wash is None else exact(broker_wash),
        nondeductible=realized.nondeductible,
        description=f"{number} sh. {realized.symbol}",
        acquired="INHERITED" if realized.inherited else realized.acquired.isoformat(),
        sold=realized.sold,
    )


@dataclass(frozen=True, slots=True)
class BoxTotals:
    """Sums of columns d, e, g, h of one box, and the line of Schedule D that they go to."""

    box: str
    part: str
    schedule_d_line: str
    rows: int
    d: Fraction
    e: Fraction
    g: Fraction
    h: Fraction


def totals(rows: Iterable[Row8949]) -> tuple[BoxTotals, ...]:
    """Totals per box (one box per page), in the order of the boxes; h foots to Schedule D: h = d − e + g."""
    by_box: dict[str, list[Row8949]] = {}
    for line in rows:
        by_box.setdefault(line.box, []).append(line)
    found = []
    for box, lines in sorted(by_box.items()):
        sums = {name: sum((getattr(line, name) for line in lines), ZERO) for name in "degh"}
        found.append(BoxTotals(box, lines[0].part, LINES[box], len(lines), **sums))
    return tuple(found)


def summary(rows: Sequence[Row8949], broker: str) -> tuple[Row8949, ...]:
    """R-STMT (Exception 2): one row per box with code M and "see attached statement", totals of the attached rows.

    Codes of the rows join M in alphabetical order.
    """
    found = []
    for sums in totals(rows):
        lines = [line for line in rows if line.box == sums.box]
        codes = "".join(sorted({"M"} | {code for line in lines for code in line.f}))
        found.append(
            Row8949(
                sums.part,
                sums.box,
                sums.schedule_d_line,
                False,
                f"{broker}: see attached statement",
                "VARIOUS",
                None,
                sums.d,
                sums.e,
                codes,
                sums.g,
                sums.h,
            )
        )
    return tuple(found)


def whole_dollars(amounts: Iterable[Fraction]) -> int:
    """R-ROUND: add up the cents, then round the total: below 50 cents down, from 50 cents up (in size).

    All or nothing: a form either rounds every figure so or none.
    """
    total = sum((exact(value) for value in cents(list(amounts))), ZERO)
    size = int((abs(total) + Fraction(1, 2)) // 1)
    return size if total >= 0 else -size
