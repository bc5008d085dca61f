"""What dicli made of the files: each of them, each account, and everything that does not add up."""

from __future__ import annotations

from dicli.brokers import shown_digits
from dicli.household import Household
from dicli.model import AccountKind, Column, Figure, Report
from dicli.reports.reading import asides

CHECK = (
    Column("file"),
    Column("broker", brief=False),
    Column("kind"),
    Column("accounts"),
    Column("rows", Figure.NUMBER),
    Column("set_aside", Figure.NUMBER),
    Column("as_of", Figure.DATE, brief=False),
    Column("from", Figure.DATE, brief=False),
    Column("to", Figure.DATE, brief=False),
)


def check(household: Household) -> Report:
    """One row a file; a finding where lots, history and positions disagree, or the files leave something unknown."""
    rows = tuple(
        (
            reading.file,
            reading.broker,
            "+".join(reading.kinds),
            tuple(f"…{shown_digits(account)}" if account else "(not named)" for account in reading.accounts),
            reading.rows,
            len(reading.set_aside),
            reading.as_of,
            reading.coverage[0] if reading.coverage else None,
            reading.coverage[1] if reading.coverage else None,
        )
        for reading in household.readings
    )
    wrong = [f"{d.account}, {d.symbol}: {d}" for d in household.discrepancies]
    notes = [f"wrong: {text}" for text in wrong]
    notes += _unknown(household)
    notes += [f"coverage: {text}" for text in _coverage(household).values()]
    for reading in household.readings:
        notes += [f"{reading.file}: {said}" for said in asides(reading)]
        if reading.unknown_columns:
            notes.append(f"{reading.file}: columns not known and not read: {', '.join(reading.unknown_columns)}")
    notes += [f"{notice.rule}: {notice.text}" for notice in household.books.warnings]
    summary: dict[str, object] = {
        "files": len(household.readings),
        "accounts": len(household.accounts),
        "open_lots": len(household.lots),
        "sales": len(household.sales),
        "discrepancies": wrong,
        "coverage": {name: list(span) for name, span in sorted(household.coverage.items())},
    }
    title = f"{len(household.readings)} files read whole, " + (
        "everything adds up" if not wrong else f"{len(wrong)} holdings do not add up"
    )
    return Report("files", CHECK, rows, summary, title, tuple(notes), finding=bool(wrong))


def _coverage(household: Household) -> dict[str, str]:
    """By account, in words, the days for which its history is known."""
    out = {}
    for account in household.accounts:
        known = household.coverage.get(account.name)
        span = "no history" if known is None else f"history from {known[0]} to {known[1]}"
        out[account.name] = f"{account.name}: {span}"
    return out


def _unknown(household: Household) -> list[str]:
    taxable = {account.name for account in household.accounts if account.taxable}
    out = []
    undated = [lot for lot in household.lots if lot.account in taxable and lot.acquired is None]
    for lot in undated:
        out.append(
            f"unknown: no file tells when {lot.quantity.normalize():f} {lot.symbol} in {lot.account} were bought"
        )
    for sale in household.unexplained:
        out.append(
            f"unknown: no file tells the basis of {sale.symbol}, sold in {sale.account} on {sale.sold}: "
            "it is treated as a loss until its window closes"
        )
    for blind in household.blind:
        effect = "every harvest is unknown until one does" if blind.whole else "a purchase then would wash a loss"
        if blind.whole and household.account(blind.account).kind in (AccountKind.PLAN_401K, AccountKind.HSA):
            effect += ' (or tax.choices.other_plans = "ignore" leaves 401(k)s and HSAs out)'
        out.append(f"unknown: {blind}: {effect}")
    return out
