"""What trades would do before they are made: loss, taint, clean date, harm to earlier losses, this year's tax."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from dicli.errors import Fault, InputError
from dicli.household import Household
from dicli.household.hypothetical import Hypothetical, parse, resolve
from dicli.household.taxyear import return_accounts, so_far, without_gains
from dicli.household.windows import WINDOW, doubts, mates, no_buys
from dicli.model import Column, Figure, Report, Side, Term, Value
from dicli.preferences import Preferences
from dicli.reports.tax_words import taker
from dicli.tax import harvest, netting
from dicli.tax.books import Books, Match, Realized, cent, decimal
from dicli.tax.harvest import WhatIf

IF = (
    Column("account"),
    Column("side"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("acquired", Figure.DATE),
    Column("price", Figure.PRICE, brief=False),
    Column("value", Figure.MONEY, brief=False),
    Column("basis", Figure.MONEY, brief=False),
    Column("gain", Figure.MONEY),
    Column("term", brief=False),
    Column("disallowed", Figure.MONEY),
    Column("permanent", Figure.MONEY, brief=False),
    Column("allowed", Figure.MONEY, brief=False),
    Column("clean_from", Figure.DATE),
    Column("rebuy_from", Figure.DATE, brief=False),
    Column("harm", Figure.MONEY, brief=False),
    Column("explanation", brief=False),
)
ZERO = Fraction(0)


def what_if(
    household: Household,
    preferences: Preferences,
    texts: Sequence[str],
    prices: Callable[[], Mapping[str, Decimal]],
) -> Report:
    """All of `texts` made on `household.as_of`, in that order, at the prices they name or the last ones known.

    One row for each lot and term sold and one for each purchase. `clean_from`: the first day on which the same loss
    would be clear if nothing more is bought; for a purchase, the first day on which it would wash nothing. `harm`: the
    losses taken before that the purchase would disallow. Raises InputError as `hypothetical.parse` and `resolve` do.
    """
    trades = resolve(household, parse(texts), prices)
    found = harvest.what_if(
        household.tax_accounts,
        household.events,
        [trade.event for trade in trades],
        choices=household.choices,
        identical=household.identical,
        method=household.methods,
        through=household.as_of,
    )
    _refuse_unknown_basis(household, trades, found)
    clean = _clean_days(household, trades)
    rows = [row for trade in trades for row in _rows(household, trade, found, clean)]
    summary = _summary(household, preferences, found)
    change = summary["tax_change"]
    assert isinstance(change, Decimal)
    how = "does not change" if not change else f"rises by {change:,.2f}" if change > 0 else f"falls by {-change:,.2f}"
    title = f"If made on {household.as_of}: this year's tax {how}"
    return Report("if", IF, tuple(rows), summary, title, tuple(_notes(household, trades, found, clean)))


def _refuse_unknown_basis(household: Household, trades: Sequence[Hypothetical], found: WhatIf) -> None:
    texts = {trade.event.id: trade.wish.text for trade in trades}
    faults = [
        Fault(
            f'--if "{texts[row.sale]}"',
            f"it sells the lot of {row.acquired} in {row.account}, whose basis no file tells",
            'Add its basis to a file, or name another lot with "from".',
        )
        for row in found.realized
        if row.lot in household.no_basis
    ]
    if faults:
        raise InputError(faults)


def _clean_days(household: Household, trades: Sequence[Hypothetical]) -> dict[str, Value]:
    """By lot id, when its loss at the trade's price would be clear, with the purchases among the trades made."""
    bought = [trade.event for trade in trades if trade.wish.side is Side.BUY]
    days: dict[str, Value] = {}
    for trade in trades:
        if trade.wish.side is Side.SELL:
            for one in harvest.opportunities(
                household.tax_accounts,
                [*household.events, *bought],
                as_of=household.as_of,
                prices={trade.wish.symbol: trade.price},
                choices=household.choices,
                identical=household.identical,
                method=household.methods,
            ):
                days[one.lot] = one.clean_from
    return days


def _rows(
    household: Household, trade: Hypothetical, found: WhatIf, clean: Mapping[str, Value]
) -> Iterator[tuple[Value, ...]]:
    symbol, price = trade.wish.symbol, trade.price
    if trade.wish.side is Side.BUY:
        harm = [match for _, match in _harmed(trade, found)]
        days = [one.free_from for one in no_buys(household, household.as_of) if one.symbol == symbol]
        lost = cent(sum((match.disallowed for match in harm), ZERO))
        said = tuple(_harm_words(trade, found))
        free = max(days, default=None)
        head = (trade.account.name, "buy", symbol, trade.quantity, None, price, trade.quantity * price)
        yield (*head, None, None, None, None, None, None, free, None, lost, said)
        return
    rows = [row for row in found.realized if row.sale == trade.event.id]
    if not rows:
        text = "a sale in a tax-free account: no gain is taxed and no loss counts"
        sold = (trade.account.name, "sell", symbol, trade.quantity, trade.wish.acquired, price, trade.quantity * price)
        yield (*sold, *((None,) * 9), (text,))
        return
    for row in rows:
        yield (
            row.account,
            "sell",
            row.symbol,
            decimal(row.quantity),
            row.acquired,
            price,
            cent(row.proceeds),
            cent(row.basis),
            cent(row.gain),
            row.term,
            cent(row.disallowed),
            cent(row.permanent),
            cent(row.allowed),
            clean.get(row.lot) if row.disallowed else None,
            _rebuy(household) if row.allowed < 0 else None,
            None,
            tuple(taker(match) for match in row.matches if match.disallowed),
        )


def _harmed(trade: Hypothetical, found: WhatIf) -> Iterator[tuple[Realized, Match]]:
    """The losses that a hypothetical purchase takes: earlier ones, and those of the other trades."""
    for row in found.after.realized:
        for match in row.matches:
            if match.lot == trade.event.id and match.disallowed:
                yield row, match


def _harm_words(trade: Hypothetical, found: WhatIf) -> Iterator[str]:
    for row, match in _harmed(trade, found):
        lost = ", lost for good" if match.permanent else ", deferred into the new shares"
        yield (
            f"washes {cent(match.disallowed):,.2f} of the loss on {row.symbol} sold {row.sold} in "
            f"{row.account}{lost} ({match.rule})"
        )


def _summary(household: Household, preferences: Preferences, found: WhatIf) -> dict[str, object]:
    year = household.as_of.year
    made = so_far(household, preferences, year)
    before = made.situation
    mine = return_accounts(household, preferences)
    change = {
        term: _allowed(found.after, year, term, mine) - _allowed(found.before, year, term, mine)
        for term in (Term.SHORT, Term.LONG)
    }
    after = replace(before, short=before.short + change[Term.SHORT], long=before.long + change[Term.LONG])
    clean = netting.bill(without_gains(before))
    one, other = netting.bill(before), netting.bill(after)
    return {
        "year": year,
        "short_term_change": cent(change[Term.SHORT]),
        "long_term_change": cent(change[Term.LONG]),
        "tax_added_before": cent(one.tax - clean.tax),
        "tax_added_after": cent(other.tax - clean.tax),
        "tax_change": cent(other.tax - one.tax),
        "tax_change_federal": cent(other.federal - one.federal),
        "tax_change_niit": cent(other.niit - one.niit),
        "tax_change_state": cent(other.state - one.state),
        "carryover_out_short": cent(other.netting.carry_short),
        "carryover_out_long": cent(other.netting.carry_long),
        "harm": [
            {
                "account": harm.account,
                "symbol": harm.symbol,
                "sold": harm.sold,
                "disallowed": cent(harm.disallowed),
                "permanent": cent(harm.permanent),
            }
            for harm in found.harm
        ],
        "warnings": [f"{notice.rule}: {notice.text}" for notice in found.warnings],
    }


def _rebuy(household: Household) -> dt.date:
    """The first day after the window of a sale made today (R-WINDOW)."""
    return household.as_of + WINDOW + dt.timedelta(days=1)


def _allowed(books: Books, year: int, term: Term, accounts: frozenset[str]) -> Fraction:
    rows = (row for row in books.year(year) if row.term is term and row.account in accounts)
    return sum((row.allowed for row in rows), ZERO)


def _notes(
    household: Household, trades: Sequence[Hypothetical], found: WhatIf, clean: Mapping[str, Value]
) -> Iterator[str]:
    doubtful = doubts(household, household.as_of)
    for row in found.realized:
        name = f"{decimal(row.quantity).normalize():f} {row.symbol} of {row.acquired}"
        for match in row.matches:
            yield f"{name}: {taker(match)}"
        if row.disallowed:
            yield f"{name}: the same loss is clear from {clean.get(row.lot)} on, if nothing more is bought"
        group = household.group(row.symbol)
        doubt = doubtful.get(group) or doubtful.get("")
        if row.gain < 0 and doubt:
            yield f"{name}: not known: {doubt}: a purchase that is not seen may wash this loss"
        if row.allowed < 0:
            yield f"{name}: buy none in any account before {_rebuy(household)}"
    for trade in trades:
        symbol = trade.wish.symbol
        if trade.wish.side is Side.BUY:
            yield from (f"{trade.wish.text}: {text}" for text in _harm_words(trade, found))
            for one in no_buys(household, household.as_of):
                if one.symbol == symbol and one.loss is None:
                    yield f"{trade.wish.text}: not known: {one.reason}: the purchase may wash it"
        elif not trade.account.taxable:
            yield f"{trade.wish.text}: in a tax-free account no gain is taxed and no loss counts"
        wrong = household.unsettled(trade.account.name).get(symbol)
        if wrong is not None:
            yield f"{trade.wish.text}: {symbol} in {trade.account.name} does not add up: {wrong}"
        for item in mates(household, {symbol}):
            if item != symbol:
                yield f"{trade.wish.text}: {item} is declared identical to {symbol}"
    for harm in found.harm:
        if harm.sold.year != household.as_of.year:
            more = f"{cent(harm.disallowed):,.2f}"
            yield f"the loss of {harm.sold} belongs to {harm.sold.year}: {more} of it no longer counts on that return"
    yield from (f"warning: {notice.rule}: {notice.text}" for notice in found.warnings)
