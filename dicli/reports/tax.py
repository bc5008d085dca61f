"""A tax year: Form 8949 rows, their totals by box, Schedule D, the tax that the gains add, and what the next costs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import TaxSale
from dicli.model import Column, Figure, Report, Value
from dicli.preferences import Preferences
from dicli.reports.tax_figures import TaxYearFigures, boxes_of, gather, marginal, net, tax_added
from dicli.reports.tax_words import explanations, notes_of, rows_of, warnings_of
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


def form_year(
    household: Household, preferences: Preferences, year: int, *, whole_dollars: bool = False, verbose: bool = False
) -> Report:
    """Form 8949, row by row: one per sale, lot and term (R-COLS), with everything else of the year in the summary."""
    this = gather(household, preferences, year, whole_dollars=whole_dollars)
    rows = tuple(_form_row(this, sale, line) for sale, line in zip(this.sales, this.lines, strict=True))
    return Report("form8949", FORM, rows, _summary(this), _title(this), notes_of(this, verbose=verbose))


def box_year(
    household: Household, preferences: Preferences, year: int, *, whole_dollars: bool = False, verbose: bool = False
) -> Report:
    """The same year by box of Form 8949; `verbose` says which purchase took each disallowed dollar."""
    this = gather(household, preferences, year, whole_dollars=whole_dollars)
    rows = tuple(tuple(box.values()) for box in boxes_of(this))
    figures = _summary(this).items()
    summary = {name: value for name, value in figures if name in _ALWAYS or (value and name not in ("year", "boxes"))}
    return Report("boxes", BOXES, rows, summary, _title(this), notes_of(this, verbose=verbose))


def _form_row(this: TaxYearFigures, sale: TaxSale, line: Row8949 | None) -> tuple[Value, ...]:
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


def _summary(this: TaxYearFigures) -> dict[str, object]:
    tax, made = this.preferences.tax, this.made
    lines = net(this)
    unknown = [sale for sale in this.sales if sale.unknown]
    known = [sale for sale in this.sales if not sale.unknown]
    boxes = boxes_of(this)

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
        "line_7_net_short": one(lines.line7),
        "line_15_net_long": one(lines.line15),
        "line_16": one(lines.line16),
        "line_21_deducted": one(-lines.line21),
        "carryover_out_short": one(lines.carry_short),
        "carryover_out_long": one(lines.carry_long),
    }
    out |= tax_added(this)
    out |= {
        "provisional_rows": sum(1 for sale in this.sales if sale.provisional),
        "unknown_rows": len(unknown),
        "boxes": boxes,
        "marginal": marginal(this),
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
        "warnings": warnings_of(this),
    }
    return out


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


def _title(this: TaxYearFigures) -> str:
    if not this.sales:
        return f"Tax year {this.year}: no taxable sale"
    own = this.made.realised
    short, long = (this.money([Fraction(value)]) for value in (own.short, own.long))
    return f"Tax year {this.year}: {rows_of(len(this.sales))}, short-term {short:,f}, long-term {long:,f}"
