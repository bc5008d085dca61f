"""What not to buy today, as rows: the planner's own list, with what the preferences forbid."""

from __future__ import annotations

from dicli.household import Household
from dicli.household.windows import known_through, no_buys
from dicli.model import Column, Figure, Report, Value
from dicli.preferences import Preferences

DO_NOT_BUY = (
    Column("symbol"),
    Column("until", Figure.DATE, brief=False),
    Column("free_from", Figure.DATE),
    Column("account", brief=False),
    Column("sold", Figure.DATE, brief=False),
    Column("loss", Figure.MONEY),
    Column("reason"),
)


def do_not_buy(household: Household, preferences: Preferences) -> Report:
    """A row for each sale that a purchase would wash, in whole or in part (`loss` empty: no file tells it), and one for
    each symbol of limits.do_not_buy, which is free from no day.
    """
    rows: list[tuple[Value, ...]] = [
        (one.symbol, one.until, one.free_from, one.account, one.sold, one.loss, one.reason)
        for one in no_buys(household, household.as_of)
    ]
    rows += [
        (symbol, None, None, None, None, None, "limits.do_not_buy in dicli.toml")
        for symbol in preferences.limits.do_not_buy
    ]
    rows.sort(key=lambda row: str(row[0]))
    symbols = sorted({str(row[0]) for row in rows})
    taxable = {account.name for account in household.accounts if account.taxable}
    notes = [
        f"no file tells what {name} sold"
        if day is None
        else f"{name} is known to {day} only: a later sale at a loss is not seen"
        for name, day in known_through(household).items()
        if name in taxable and (day is None or day < household.as_of)
    ]
    title = f"Not to be bought on {household.as_of}: {', '.join(symbols) or 'nothing'}"
    return Report("do_not_buy", DO_NOT_BUY, tuple(rows), {"symbols": symbols}, title, tuple(notes), finding=bool(rows))
