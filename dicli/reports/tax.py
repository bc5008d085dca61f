"""A tax year: Form 8949 rows, their totals by box, Schedule D, the tax that the gains add, and what the next costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import TaxSale, of_year
from dicli.household.taxyear import YearSoFar, so_far, without_gains
from dicli.household.windows import known_through
from dicli.model import Column, Figure, Report, Value
from dicli.preferences import Preferences
from dicli.tax import form8949, netting, rates
from dicli.tax.books import Match, cent, decimal
from dicli.tax.form8949 import Row8949

FORM = (
    Column("account"),
    Column("box"),
    Column("part", brief=False),
    Column("line", brief=False),
    Column("description"),
    Column("acquired"),
    Column("sold", Figure.DATE),
    Column("proceeds", Figure.MONEY, brief=False),
    Column("basis", Figure.MONEY, brief=False),
    Column("code"),
    Column("adjustment", Figure.MONEY, brief=False),
    Column("gain", Figure.MONEY),
    Column("symbol", brief=False),
    Column("quantity", Figure.SHARES, brief=False),
    Column("term", brief=False),
    Column("right_basis", Figure.MONEY, brief=False),
    Column("disallowed", Figure.MONEY, brief=False),
    Column("permanent", Figure.MONEY, brief=False),
    Column("status"),
    Column("may_skip", brief=False),
    Column("source", brief=False),
    Column("explanation", brief=False),
)
BOXES = (
    Column("box"),
    Column("part"),
    Column("line"),
    Column("rows", Figure.TEXT),
    Column("proceeds", Figure.MONEY),
    Column("basis", Figure.MONEY),
    Column("adjustment", Figure.MONEY),
    Column("gain", Figure.MONEY),
)
_ALWAYS = ("short_term", "long_term", "line_7_net_short", "line_15_net_long", "line_16", "tax_added")
"""Figures that a table shows even where they are nothing."""
ZERO = Fraction(0)
Money = Callable[[Sequence[Fraction]], Decimal]


@dataclass(frozen=True, slots=True)
class _Year:
    """All that the reports of one tax year are made of. `lines` are the form's, None for sales with something unknown.

    `money` rounds a sum as the form does: to cents, or to whole dollars everywhere (R-ROUND).
    """

    household: Household
    preferences: Preferences
    year: int
    sales: tuple[TaxSale, ...]
    lines: tuple[Row8949 | None, ...]
    made: YearSoFar
    money: Money


def _to_cents(values: Sequence[Fraction]) -> Decimal:
    return cent(sum(values, ZERO))


def _to_dollars(values: Sequence[Fraction]) -> Decimal:
    return Decimal(form8949.whole_dollars(values))


def form_year(
    household: Household, preferences: Preferences, year: int, *, whole_dollars: bool = False, verbose: bool = False
) -> Report:
    """Form 8949, row by row: one per sale, lot and term (R-COLS), with everything else of the year in the summary."""
    this = _gather(household, preferences, year, whole_dollars=whole_dollars)
    rows = tuple(_form_row(this, sale, line) for sale, line in zip(this.sales, this.lines, strict=True))
    return Report("form8949", FORM, rows, _summary(this), _title(this), _notes(this, verbose=verbose))


def box_year(
    household: Household, preferences: Preferences, year: int, *, whole_dollars: bool = False, verbose: bool = False
) -> Report:
    """The same year by box of Form 8949; `verbose` says which purchase took each disallowed dollar."""
    this = _gather(household, preferences, year, whole_dollars=whole_dollars)
    rows = tuple(tuple(box.values()) for box in _boxes(this))
    figures = _summary(this).items()
    summary = {name: value for name, value in figures if name in _ALWAYS or (value and name not in ("year", "boxes"))}
    return Report("boxes", BOXES, rows, summary, _title(this), _notes(this, verbose=verbose))


def _gather(household: Household, preferences: Preferences, year: int, *, whole_dollars: bool) -> _Year:
    sales = of_year(household, year, shown=True)
    made = so_far(household, preferences, year, sales)
    lines = tuple(None if sale.unknown else line_of(sale) for sale in sales)
    this = _Year(household, preferences, year, sales, lines, made, _to_dollars if whole_dollars else _to_cents)
    if not whole_dollars:
        return this
    whole = made.situation
    own = made.realised
    short, long = Fraction(own.short), Fraction(own.long)
    if preferences.tax.year_to_date is None:
        totals = form8949.totals(line for line in lines if line is not None)
        short = sum((Fraction(this.money([t.h])) for t in totals if t.part == "I"), ZERO)
        long = sum((Fraction(this.money([t.h])) for t in totals if t.part == "II"), ZERO)
    tax = preferences.tax
    whole = replace(
        whole,
        short=short + Fraction(this.money([Fraction(tax.short_term_gains)])),
        long=long + Fraction(this.money([Fraction(tax.long_term_gains)])),
        carry_short=Fraction(this.money([whole.carry_short])),
        carry_long=Fraction(this.money([whole.carry_long])),
    )
    return replace(this, made=replace(made, situation=whole))


def line_of(sale: TaxSale) -> Row8949:
    """A sale's line of the form (R-COLS): (e) the basis that the 1099-B shows, with codes for what is wrong in it.

    Where the broker's file does not say whether basis is reported to the IRS, the purchase date decides (R-COVERED).
    """
    shown = sale.shown
    covered = shown.covered if shown is not None else None
    if covered is None:
        covered = sale.acquired is None or form8949.covered("stock", sale.acquired.year)
    entry = form8949.entry(
        sale.row(),
        basis_reported=covered,
        basis_1099=None if shown is None else shown.basis,
        broker_term=None if shown is None else shown.term,
        broker_wash=None if shown is None else shown.disallowed,
    )
    if sale.acquired is None and not sale.inherited:
        entry = replace(entry, acquired="VARIOUS")
    return form8949.row(entry)


def _form_row(this: _Year, sale: TaxSale, line: Row8949 | None) -> tuple[Value, ...]:
    def money(value: Fraction | None) -> Decimal | None:
        return None if value is None else this.money([value])

    quantity = decimal(sale.quantity)
    source = sale.shown.source if sale.shown is not None and sale.shown.source else None
    if line is None:
        words = f"{quantity.normalize():f} sh. {sale.symbol}"
        acquired = None if sale.acquired is None else sale.acquired.isoformat()
        head = (
            sale.account,
            None,
            None,
            None,
            words,
            acquired,
            sale.sold,
            money(sale.proceeds),
            None,
            None,
            None,
            None,
        )
        tail = (sale.symbol, quantity, sale.term, None, None, None, "unknown", None, source, (sale.unknown,))
        return (*head, *tail)
    said = list(explanations(sale))
    if line.statement:
        said.append(line.statement)
    return (
        sale.account,
        line.box,
        line.part,
        line.schedule_d_line,
        line.a,
        line.b,
        line.c,
        money(line.d),
        money(line.e),
        line.f,
        money(line.g),
        money(line.h),
        sale.symbol,
        quantity,
        sale.term,
        money(sale.basis),
        money(sale.disallowed),
        money(sale.permanent),
        "provisional" if sale.provisional else "final",
        line.may_skip_8949,
        source,
        tuple(said),
    )


def explanations(sale: TaxSale) -> tuple[str, ...]:
    """Who took each disallowed dollar, with the rule (R-MATCH), and why the broker's basis or term is not ours."""
    said = [taker(match) for match in sale.matches if match.disallowed]
    if sale.unnamed:
        said.append(f"{cent(sale.unnamed):,.2f} disallowed by the broker, whose file names no purchase (R-BROKER)")
    shown = sale.shown
    if sale.adjustment and (shown is None or shown.basis != sale.basis):
        said.append(
            f"its basis carries {cent(sale.adjustment):,.2f} of an earlier loss that wash sales moved here (R-BASIS)"
        )
    if shown is not None and shown.term is not None and sale.term is not None and shown.term is not sale.term:
        why = "a wash sale tacks an earlier holding period on (R-TACK)" if sale.tacked else "by its dates (R-TERM)"
        said.append(f"{sale.term}-term and not {shown.term}: {why}")
    return tuple(said)


def taker(match: Match) -> str:
    """ "3.60 disallowed: 0.2 CVS bought 2026-11-10 in spouse (R-SPOUSE)" """
    shares = f"{decimal(match.replacement_quantity).normalize():f}"
    lost = ", lost for good" if match.permanent else ""
    where = f"bought {match.acquired} in {match.account}{lost} ({match.rule})"
    return f"{cent(match.disallowed):,.2f} disallowed: {shares} {match.symbol} {where}"


def _boxes(this: _Year) -> list[dict[str, Value]]:
    return [
        {
            "box": box.box,
            "part": box.part,
            "line": box.schedule_d_line,
            "rows": box.rows,
            "proceeds": this.money([box.d]),
            "basis": this.money([box.e]),
            "adjustment": this.money([box.g]),
            "gain": this.money([box.h]),
        }
        for box in form8949.totals(line for line in this.lines if line is not None)
    ]


def _summary(this: _Year) -> dict[str, object]:
    tax, made = this.preferences.tax, this.made
    net = _net(this)
    unknown = [sale for sale in this.sales if sale.unknown]
    known = [sale for sale in this.sales if not sale.unknown]
    boxes = _boxes(this)

    def one(value: Fraction) -> Decimal:
        return this.money([value])

    out: dict[str, object] = {
        "year": this.year,
        "filing_status": str(tax.filing_status),
        "short_term": one(Fraction(made.realised.short)),
        "long_term": one(Fraction(made.realised.long)),
        "disallowed": this.money([sale.disallowed for sale in known]),
        "permanently_lost": this.money([sale.permanent for sale in known]),
        "short_term_elsewhere": one(Fraction(tax.short_term_gains)),
        "long_term_elsewhere": one(Fraction(tax.long_term_gains)),
        "carryover_in_short": one(made.situation.carry_short),
        "carryover_in_long": one(made.situation.carry_long),
        "line_7_net_short": one(net.line7),
        "line_15_net_long": one(net.line15),
        "line_16": one(net.line16),
        "line_21_deducted": one(-net.line21),
        "carryover_out_short": one(net.carry_short),
        "carryover_out_long": one(net.carry_long),
    }
    out |= _tax(this)
    out |= {
        "provisional_rows": sum(1 for sale in this.sales if sale.provisional),
        "unknown_rows": len(unknown),
        "boxes": boxes,
        "marginal": _marginal(this),
        "wash_sales": [_wash_row(sale, match) for sale in known for match in sale.matches if match.disallowed]
        + [_unnamed_row(sale) for sale in known if sale.unnamed],
        "unknown": [
            {
                "account": s.account,
                "symbol": s.symbol,
                "quantity": decimal(s.quantity),
                "sold": s.sold,
                "what": s.unknown,
            }
            for s in unknown
        ],
        "warnings": _warnings(this),
    }
    return out


def _rated(this: _Year) -> bool:
    """Whether the year's tables are known, or those of an earlier year can stand in for them."""
    return this.year >= min(rates.years())


def _net(this: _Year) -> netting.Netting:
    s = this.made.situation
    if _rated(this):
        return netting.bill(s).netting
    return netting.net(s.short, s.long, s.status, carry_short=s.carry_short, carry_long=s.carry_long)


def _tax(this: _Year) -> dict[str, Decimal | None]:
    """What all of the year's gains, losses and carryovers add to its tax (negative: they save it), and how much of it
    is by the accounts read here. None where the year's tables are not known.
    """
    names = ("tax_added_federal", "tax_added_niit", "tax_added_state", "tax_added", "tax_added_by_these_accounts")
    if not _rated(this):
        return dict.fromkeys(names)
    s, own = this.made.situation, this.made.realised
    whole, clean = netting.bill(s), netting.bill(without_gains(s))
    others = netting.bill(replace(s, short=s.short - Fraction(own.short), long=s.long - Fraction(own.long)))
    parts = (whole.federal - clean.federal, whole.niit - clean.niit, whole.state - clean.state)
    figures = [*(this.money([part]) for part in parts), this.money(parts), this.money([whole.tax - others.tax])]
    return dict(zip(names, figures, strict=True))


_KINDS = ("short_gain", "long_gain", "short_loss", "long_loss")


def _marginal(this: _Year) -> dict[str, dict[str, Decimal]]:
    """Per dollar of the next gain or loss: tax added this year (negative: saved), and loss carried to the next."""
    if not _rated(this):
        return {}
    found = netting.marginal(this.made.situation)
    return {
        kind: {
            "tax_now": decimal(getattr(found, kind).tax_now),
            "carried_short": decimal(getattr(found, kind).carried_short),
            "carried_long": decimal(getattr(found, kind).carried_long),
        }
        for kind in _KINDS
    }


def _wash_row(sale: TaxSale, match: Match) -> dict[str, object]:
    return {
        "account": sale.account,
        "symbol": sale.symbol,
        "acquired": sale.acquired,
        "sold": sale.sold,
        "term": sale.term,
        "quantity": decimal(match.quantity),
        "disallowed": cent(match.disallowed),
        "permanent": match.permanent,
        "rule": match.rule,
        "by_account": match.account,
        "by_symbol": match.symbol,
        "by_acquired": match.acquired,
        "by_quantity": decimal(match.replacement_quantity),
        "by_lot": match.lot,
    }


def _unnamed_row(sale: TaxSale) -> dict[str, object]:
    """What the broker's file disallows without a purchase."""
    return {
        "account": sale.account,
        "symbol": sale.symbol,
        "acquired": sale.acquired,
        "sold": sale.sold,
        "term": sale.term,
        "quantity": None,
        "disallowed": cent(sale.unnamed),
        "permanent": False,
        "rule": "R-BROKER",
        "by_account": sale.account,
        "by_symbol": sale.symbol,
        "by_acquired": None,
        "by_quantity": None,
        "by_lot": None,
    }


def _title(this: _Year) -> str:
    if not this.sales:
        return f"Tax year {this.year}: no taxable sale"
    own = this.made.realised
    short, long = (this.money([Fraction(value)]) for value in (own.short, own.long))
    return f"Tax year {this.year}: {len(this.sales)} rows, short-term {short:,f}, long-term {long:,f}"


def _notes(this: _Year, *, verbose: bool) -> tuple[str, ...]:
    notes = list(_assumed(this))
    if _rated(this):
        notes.append(_next_dollar(this))
    washed = [sale for sale in this.sales if sale.disallowed]
    if verbose:
        notes += [f"{_name(sale)}: {text}" for sale in this.sales for text in explanations(sale)]
    elif washed:
        total = this.money([sale.disallowed for sale in washed])
        notes.append(f"wash sales: {total:,f} disallowed in {len(washed)} rows; -v or JSON says by which purchases")
    provisional = [sale for sale in this.sales if sale.provisional]
    if provisional:
        last = known_through(this.household)
        ends = [f"{name} is known to {day} (export it anew)" for name, day in last.items() if day < this.household.as_of]
        why = "a purchase within 30 days of the sale, not yet in the files, could still disallow them (R-YEAREND)"
        notes.append(f"provisional: {len(provisional)} losses; {why}" + "".join(f"; {text}" for text in ends))
        if verbose:
            notes += [f"{_name(sale)}: provisional" for sale in provisional]
    notes += [f"unknown: {_name(sale)}: {sale.unknown}" for sale in this.sales if sale.unknown]
    if any(sale.unknown for sale in this.sales):
        notes.append("unknown rows are in no total: add the broker's realised file, or the lots of that time")
    return (*notes, *(f"warning: {text}" for text in _warnings(this)))


def _assumed(this: _Year) -> list[str]:
    tax = this.preferences.tax
    notes = list(this.made.notes)
    if this.year != this.household.as_of.year:
        notes.append(f"[tax] in dicli.toml is taken to be of {this.year}: its income, gains elsewhere and carryover")
    if tax.year_to_date is not None:
        notes.append("tax.year_to_date stands in for the accounts' gains in Schedule D and the tax, not in the form")
    if not _rated(this):
        notes.append(f"the tax tables of {this.year} are not known: no tax is reckoned")
    elif tax.magi is None:
        notes.append("tax.magi is not given: taxable_income stands in for it (net investment income tax)")
    by_rule = sum(1 for sale in this.sales if not sale.unknown and (sale.shown is None or not sale.shown.source))
    if by_rule:
        notes.append(
            f"{by_rule} rows are in no broker's realised file: their basis (e) is what a 1099-B shows by the rules "
            "(R-BROKER); compare it with yours"
        )
    various = sum(
        1 for s in this.sales if not s.unknown and s.acquired is None and (s.shown is None or s.shown.covered is None)
    )
    if various:
        notes.append(
            f"{various} rows have several dates and no file tells whether their basis is reported: taken as yes"
        )
    skipped = sum(1 for line in this.lines if line is not None and line.may_skip_8949)
    if skipped:
        notes.append(f"{skipped} rows need no adjustment and may go to lines 1a and 8a instead (Exception 1)")
    return notes


def _next_dollar(this: _Year) -> str:
    found = _marginal(this)

    def cost(kind: str) -> str:
        now = found[kind]["tax_now"]
        carried = found[kind]["carried_short"] + found[kind]["carried_long"]
        later = "" if not carried else f" and {abs(carried):.2f} {'more' if carried > 0 else 'less'} carried"
        return f"{kind.replace('_', '-term ')} {now:+.4f}{later}"

    return "tax this year on the next dollar: " + ", ".join(cost(kind) for kind in _KINDS)


def _name(sale: TaxSale) -> str:
    return f"{decimal(sale.quantity).normalize():f} {sale.symbol} sold {sale.sold} in {sale.account}"


def _warnings(this: _Year) -> list[str]:
    """The engine's warnings about this year's sales, once each: disputed terms (R-TACK), 401(k) and HSA purchases
    (R-OTHERPLANS), securities that may be identical (R-IDENTICAL), options …
    """
    names = {sale.sale: f"{sale.symbol} sold {sale.sold} in {sale.account}" for sale in this.sales}
    found: list[str] = []
    for notice in this.household.books.warnings:
        ends = [at for at, letter in enumerate(notice.about) if letter == "/"]
        about = next((names[part] for end in (*ends, None) if (part := notice.about[:end]) in names), None)
        if about is not None:
            subject = f"{about}: " if notice.rule in ("R-TACK", "R-SPECID", "R-SAMELOT") else ""
            found.append(f"{notice.rule}: {subject}{notice.text}")
    return list(dict.fromkeys(found))
