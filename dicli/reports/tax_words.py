"""A tax year in words: who took each disallowed dollar, what is provisional or unknown, what was taken for granted."""

from __future__ import annotations

from dicli.household.realized import TaxSale
from dicli.household.windows import known_through
from dicli.reports.tax_figures import KINDS, TaxYearFigures, marginal, rated
from dicli.tax.books import Match, cent, decimal


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
    if shown is not None and shown.proceeds is not None and sale.proceeds is not None:
        apart = cent(shown.proceeds - sale.proceeds)
        if apart > 0:
            said.append(f"{apart:,.2f} of selling costs are not in the broker's proceeds (code E)")
        elif apart:
            said.append(f"the broker's file shows {-apart:,.2f} less of proceeds than the history: compare the two")
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


def notes_of(this: TaxYearFigures, *, verbose: bool) -> tuple[str, ...]:
    notes = list(_assumed(this))
    if rated(this):
        notes.append(_next_dollar(this))
    washed = [sale for sale in this.sales if sale.disallowed]
    if verbose:
        notes += [f"{_name(sale)}: {text}" for sale in this.sales for text in explanations(sale)]
    elif washed:
        total = this.money([sale.disallowed for sale in washed])
        notes.append(f"wash sales: {total:,f} disallowed in {rows_of(len(washed))}; -v or JSON says by which purchases")
    provisional = [sale for sale in this.sales if sale.provisional]
    if provisional:
        last = known_through(this.household)
        ends = [
            f"no file tells what {name} bought" if day is None else f"{name} is known to {day} (export it anew)"
            for name, day in last.items()
            if day is None or day < this.household.as_of
        ]
        why = "a purchase within 30 days of the sale, not yet in the files, could still disallow them (R-YEAREND)"
        notes.append(f"provisional: {rows_of(len(provisional))}; {why}" + "".join(f"; {text}" for text in ends))
        if verbose:
            notes += [f"{_name(sale)}: provisional" for sale in provisional]
    notes += [f"unknown: {_name(sale)}: {sale.unknown}" for sale in this.sales if sale.unknown]
    if any(sale.unknown for sale in this.sales):
        notes.append("unknown rows are in no total: add the broker's realised file, or the lots of that time")
    return (*notes, *(f"warning: {text}" for text in warnings_of(this)))


def _assumed(this: TaxYearFigures) -> list[str]:
    tax = this.preferences.tax
    notes = list(this.made.notes)
    if this.year != this.household.as_of.year:
        notes.append(f"[tax] in dicli.toml is taken to be of {this.year}: its income, gains elsewhere and carryover")
    if tax.year_to_date is not None:
        notes.append("tax.year_to_date stands in for the accounts' gains in Schedule D and the tax, not in the form")
    if not rated(this):
        notes.append(f"the tax tables of {this.year} are not known: no tax is reckoned")
    elif tax.magi is None:
        notes.append("tax.magi is not given: taxable_income stands in for it (net investment income tax)")
    by_rule = sum(1 for sale in this.sales if not sale.unknown and (sale.shown is None or not sale.shown.source))
    if by_rule:
        notes.append(
            f"in no broker's realised file: {rows_of(by_rule)}; basis (e) is what a 1099-B shows by the rules "
            "(R-BROKER): compare it with yours"
        )
    various = sum(
        1 for s in this.sales if not s.unknown and s.acquired is None and (s.shown is None or s.shown.covered is None)
    )
    if various:
        notes.append(f"several dates, and no file tells whether basis is reported: {rows_of(various)}, taken as yes")
    skipped = sum(1 for line in this.lines if line is not None and line.may_skip_8949)
    if skipped:
        notes.append(f"no adjustment: {rows_of(skipped)}, which may go to lines 1a and 8a instead (Exception 1)")
    if this.others:
        notes.append(
            f"on the spouse's own return and not here: {rows_of(this.others)} (filing status {tax.filing_status})"
        )
    return notes


def _next_dollar(this: TaxYearFigures) -> str:
    found = marginal(this)

    def cost(kind: str) -> str:
        now = found[kind]["tax_now"]
        carried = found[kind]["carried_short"] + found[kind]["carried_long"]
        later = "" if not carried else f" and {abs(carried):.2f} {'more' if carried > 0 else 'less'} carried"
        return f"{kind.replace('_', '-term ')} {now:+.4f}{later}"

    return "tax this year on the next dollar: " + ", ".join(cost(kind) for kind in KINDS)


def rows_of(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _name(sale: TaxSale) -> str:
    return f"{decimal(sale.quantity).normalize():f} {sale.symbol} sold {sale.sold} in {sale.account}"


def warnings_of(this: TaxYearFigures) -> list[str]:
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
