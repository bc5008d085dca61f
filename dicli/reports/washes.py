"""The losses that a wash sale took after a plan, by the purchase that took them, and those that one still could."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.household.realized import of_year
from dicli.household.windows import WINDOW
from dicli.model import Side
from dicli.reports.happened import Name
from dicli.reports.outcomes import Outcome, Status, plain
from dicli.tax.books import cents, decimal


def washed(household: Household, since: dt.date, until: dt.date, planned: set[Name]) -> list[Outcome]:
    """Each loss that a purchase disallowed where the sale or the purchase falls between the two days, by purchase."""
    first = since - WINDOW
    sales = [
        sale
        for year in range(first.year, until.year + 1)
        for sale in of_year(household, year)
        if first <= sale.sold <= until and (sale.disallowed or sale.matches)
    ]
    sums: dict[tuple[str, str, dt.date, dt.date | None, str, str, dt.date, bool], list[Fraction]] = {}
    out: list[Outcome] = []
    for sale in sales:
        for match in sale.matches:
            if sale.sold >= since or match.acquired >= since:
                key = (
                    *(sale.account, sale.symbol, sale.sold, sale.acquired),
                    *(match.account, match.symbol, match.acquired, match.permanent),
                )
                found = sums.setdefault(key, [Fraction(0), Fraction(0)])
                found[0] += match.replacement_quantity
                found[1] += match.disallowed
        if sale.unnamed and sale.sold >= since:
            out.append(_wash(sale.account, sale.symbol, sale.acquired, sale.unnamed, "its broker names no purchase"))
    for (account, symbol, sold, acquired, buyer, bought, day, permanent), (shares, lost) in sums.items():
        asked = (buyer, Side.BUY, bought) in planned
        how = "bought before the plan" if day < since else "planned" if asked else "not planned"
        said = f"sold {sold}; {plain(decimal(shares))} {bought} bought {day} in {buyer} ({how})"
        said += ": lost for good" if permanent else ": carried into their basis"
        out.append(_wash(account, symbol, acquired, lost, said, permanent=permanent, as_planned=how != "not planned"))
    return out


def _wash(
    account: str,
    symbol: str,
    acquired: dt.date | None,
    lost: Fraction,
    said: str,
    *,
    permanent: bool = False,
    as_planned: bool = False,
) -> Outcome:
    dollars = cents([lost])[0]
    return Outcome(
        account,
        Side.SELL,
        symbol,
        Status.WASHED,
        lots_sold=() if acquired is None else (str(acquired),),
        disallowed=dollars,
        permanent=dollars if permanent else Decimal(0),
        as_planned=as_planned,
        what=f"${dollars:,.2f} disallowed: {said}",
    )


def open_losses(household: Household, since: dt.date, until: dt.date) -> list[str]:
    """Losses of these sales that a purchase could still wash, and sales of which no file tells gain or loss."""
    sales = [s for year in range(since.year, until.year + 1) for s in of_year(household, year) if s.sold >= since]
    found = []
    open_ = sorted({sale.symbol for sale in sales if sale.provisional and sale.sold <= until})
    if open_:
        last = max(sale.sold for sale in sales if sale.provisional) + WINDOW
        found.append(f"a purchase up to {last} would still wash losses of {', '.join(open_)}: see dicli do-not-buy")
    for sale in sales:
        if sale.unknown and sale.sold <= until:
            found.append(f"{sale.symbol} sold {sale.sold} in {sale.account}: {sale.unknown}")
    return found
