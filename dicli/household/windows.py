"""What the last 30 days leave open: what the household should not buy, and what its files cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dicli.household import Household
from dicli.model import AccountKind
from dicli.tax import harvest
from dicli.tax.books import cent

WINDOW = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class NoBuy:
    """A purchase of `symbol` up to and including `until` would wash what is left of one sale's loss (R-WINDOW).

    `loss`: dollars still allowed, positive, in cents; None where no file tells whether the sale was a loss.
    """

    symbol: str
    until: dt.date
    account: str
    sold_symbol: str
    sold: dt.date
    loss: Decimal | None

    @property
    def free_from(self) -> dt.date:
        return self.until + dt.timedelta(days=1)

    @property
    def reason(self) -> str:
        how = "a gain or loss that no file tells" if self.loss is None else f"a loss of {self.loss:,.2f}"
        return f"{self.sold_symbol} was sold in {self.account} on {self.sold}, at {how}"


def no_buys(household: Household, as_of: dt.date) -> tuple[NoBuy, ...]:
    """What no account of the household should buy on `as_of`: by symbol, the latest `until` first.

    Losses that nothing has replaced yet, under every identical symbol (R-IDENTICAL), and sales whose gain or loss is
    not known: they may have been losses.
    """
    losses: dict[tuple[str, str, str, dt.date], Fraction] = {}
    for row in harvest.do_not_buy(
        household.tax_accounts,
        household.events,
        as_of=as_of,
        choices=household.choices,
        identical=household.identical,
        method=household.methods,
    ):
        key = (row.symbol, row.account, row.sold_symbol, row.sold)
        losses[key] = losses.get(key, Fraction(0)) + row.loss
    found = [
        NoBuy(symbol, sold + WINDOW, account, sold_symbol, sold, cent(loss))
        for (symbol, account, sold_symbol, sold), loss in losses.items()
    ]
    for sale in household.unexplained:
        found += [
            NoBuy(symbol, sale.sold + WINDOW, sale.account, sale.symbol, sale.sold, None)
            for symbol in mates(household, {sale.symbol})
        ]
    return tuple(
        sorted(set(found), key=lambda one: (one.symbol, -one.until.toordinal(), one.loss is None, one.account))
    )


def blocked(household: Household, as_of: dt.date) -> dict[str, str]:
    """The symbols of `no_buys`, each with why and until when, in words."""
    out: dict[str, str] = {}
    for one in no_buys(household, as_of):
        out.setdefault(one.symbol, f"{one.reason}: not before {one.free_from}")
    return out


def mates(household: Household, symbols: Iterable[str]) -> dict[str, str]:
    """The symbols and all that is substantially identical to them (R-IDENTICAL), each with the one it comes from."""
    wanted = sorted(symbols)
    groups = {household.identical[s][0]: s for s in wanted if s in household.identical}
    found = {other: groups[group] for other, (group, _) in household.identical.items() if group in groups}
    return {**found, **{symbol: symbol for symbol in wanted}}


def doubts(household: Household, as_of: dt.date) -> dict[str, str]:
    """Identical groups in which some account may have bought in the last 30 days without a file that tells: it holds
    shares of unknown date and its history does not reach over the window. The key "" stands for every group: an
    account of which no file tells anything for those days.
    """
    found: dict[str, str] = {}
    if whole := [blind for blind in household.blind if blind.whole]:
        found[""] = "; ".join(map(str, whole))
    for lot in household.lots:
        known = household.coverage.get(lot.account)
        if lot.acquired is None and (known is None or known[0] > as_of - WINDOW):
            group = household.group(lot.symbol)
            found.setdefault(group, f"{lot.account} holds shares whose purchase date no file tells")
    for (account, symbol), bought in household.doubtful.items():
        if as_of - bought <= WINDOW:
            group = household.group(symbol)
            found.setdefault(group, f"{account} bought {symbol} on {bought}, and no file tells what is left of it")
    return found


def known_through(household: Household) -> dict[str, dt.date | None]:
    """By account whose purchases count, the last day that its files vouch for (R-YEAREND), at most `household.as_of`.

    The end of its history, or the day of the positions that the history was compared with; without a history the day
    of its lots, today's where they state none. None: no file tells what it bought, ever.
    """
    stated = {p.account: p.as_of for p in household.positions if p.as_of is not None}
    dated = {lot.account for lot in household.lots if lot.acquired is not None}
    found: dict[str, dt.date | None] = {}
    for account in household.accounts:
        name = account.name
        if account.kind in (AccountKind.HSA, AccountKind.PLAN_401K) and household.choices.other_plans == "ignored":
            continue
        if name in household.coverage:
            day = household.coverage[name][1]
            found[name] = min(max(day, stated.get(name, day)), household.as_of)
        else:
            found[name] = min(stated.get(name, household.as_of), household.as_of) if name in dated else None
    return found
