"""Preferences and broker files -> the household: accounts, open lots, sales, cash, and what does not add up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from dicli.household import files
from dicli.household.coverage import Blind, blind_spots
from dicli.household.ledger import Ledger, UnexplainedSale
from dicli.household.reconcile import Discrepancy, compare
from dicli.model import Account, AccountKind, Lot, Position, Quote, Reading, Sale, Transaction
from dicli.preferences import Preferences
from dicli.tax import ledger as tax_ledger
from dicli.tax import wash
from dicli.tax.books import Books, Realized, decimal
from dicli.tax.ledger import Event, EventKind, Identical, Method, TaxAccount


@dataclass(frozen=True, slots=True)
class Household:
    """All accounts whose purchases count for wash sales (R-SCOPE), as of one day.

    `lots` are open sub-lots, several with one `id` where a wash sale split a lot; those whose date or basis no file
    tells have None there and are never harvested. `events` is what the tax engine books; `books` what it made of it.
    `coverage` is, by account, the span of days that its histories vouch for, `blind` the days of the last 30 that
    no file vouches for. `discrepancies` name what lots, history
    and positions disagree on: nothing of it is planned. `reported` are the brokers' closed lots as their files show
    them; `closed` those that `sales` were taken from, by the id of their sale in the books. `no_basis`: ids of lots
    whose basis no file tells (the books hold them at nothing).
    """

    as_of: dt.date
    accounts: tuple[Account, ...]
    readings: tuple[Reading, ...]
    lots: tuple[Lot, ...]
    sales: tuple[Sale, ...]
    transactions: tuple[Transaction, ...]
    positions: tuple[Position, ...]
    cash: Mapping[str, Decimal]
    quotes: Mapping[str, tuple[Quote, ...]]
    coverage: Mapping[str, tuple[dt.date, dt.date]]
    blind: tuple[Blind, ...]
    doubtful: Mapping[tuple[str, str], dt.date]
    discrepancies: tuple[Discrepancy, ...]
    unexplained: tuple[UnexplainedSale, ...]
    reported: tuple[Sale, ...]
    closed: Mapping[str, Sale]
    no_basis: frozenset[str]
    books: Books
    events: tuple[Event, ...]
    tax_accounts: tuple[TaxAccount, ...]
    identical: Identical
    methods: Mapping[str, Method]
    choices: tax_ledger.Choices

    def account(self, name: str) -> Account:
        return next(account for account in self.accounts if account.name == name)

    def group(self, symbol: str) -> str:
        """The name of the symbol's identical group (R-IDENTICAL): the symbol itself where it is in none."""
        return self.identical.get(symbol, (symbol, 1))[0]

    def unsettled(self, account: str) -> dict[str, str]:
        """The symbols of an account that do not add up, and why in words."""
        return {d.symbol: str(d) for d in self.discrepancies if d.account == account}

    def realized(self, year: int) -> list[Sale]:
        """The taxable sales of a tax year."""
        taxable = {account.name for account in self.accounts if account.taxable}
        return [sale for sale in self.sales if sale.sold.year == year and sale.account in taxable]


def load(preferences: Preferences, as_of: dt.date) -> Household:
    """Read the household's files and keep its books. Raises InputError with all that is wrong in the files."""
    records = files.load(preferences, as_of)
    methods: dict[str, Method] = {a.name: a.lot_method for a in preferences.accounts}  # type: ignore[misc]
    made = Ledger(records, preferences.accounts, preferences.corporate_actions)
    accounts = tuple(TaxAccount(a.name, a.owner, a.kind) for a in preferences.accounts)
    identical = identical_groups(preferences)
    choices = tax_choices(preferences)
    events = tuple(sorted(made.events, key=lambda e: (e.date, e.kind is not EventKind.SPLIT, e.kind is EventKind.SELL)))
    books = wash.book(accounts, events, choices=choices, identical=identical, method=methods, through=as_of)
    lots = _open_lots(books, made, records)
    return Household(
        as_of=as_of,
        accounts=preferences.accounts,
        readings=records.readings,
        lots=lots,
        sales=_sales(books, made),
        transactions=records.transactions,
        positions=records.positions,
        cash=records.cash,
        quotes=_quotes(records),
        coverage=records.coverage,
        blind=blind_spots(records, _counted(preferences.accounts, choices), as_of),
        doubtful=made.doubtful,
        discrepancies=compare(lots, records.positions, made.gaps),
        unexplained=made.unexplained(as_of),
        reported=records.sales,
        closed=made.closed,
        no_basis=frozenset(made.no_basis),
        books=books,
        events=events,
        tax_accounts=accounts,
        identical=identical,
        methods=methods,
        choices=choices,
    )


def identical_groups(preferences: Preferences) -> Identical:
    """[identical] as the tax engine takes it: symbol -> (its group, group shares that one share stands for)."""
    return {
        symbol: (group[0], preferences.identical.ratio(symbol))
        for group in preferences.identical.groups
        for symbol in group
    }


def tax_choices(preferences: Preferences) -> tax_ledger.Choices:
    chosen = preferences.tax.choices
    return tax_ledger.Choices(
        holding_period=chosen.holding_period,  # type: ignore[arg-type]  # validated on reading
        scope=chosen.scope,  # type: ignore[arg-type]
        same_day=chosen.same_day,  # type: ignore[arg-type]
        sold_before=chosen.sold_before,  # type: ignore[arg-type]
        older_than_sold=chosen.older_than_sold,  # type: ignore[arg-type]
        ancestors=chosen.ancestors,  # type: ignore[arg-type]
        closed_together=chosen.closed_together,  # type: ignore[arg-type]
        spouse=chosen.spouse,  # type: ignore[arg-type]
        other_plans="ignored" if chosen.other_plans == "ignore" else "ira",
    )


def _counted(accounts: tuple[Account, ...], choices: tax_ledger.Choices) -> tuple[Account, ...]:
    """The accounts whose purchases can wash a loss (R-OTHERPLANS)."""
    left_out = (AccountKind.HSA, AccountKind.PLAN_401K) if choices.other_plans == "ignored" else ()
    return tuple(account for account in accounts if account.kind not in left_out)


def _open_lots(books: Books, made: Ledger, records: files.Records) -> tuple[Lot, ...]:
    opened = [
        Lot(
            account=lot.account,
            symbol=lot.symbol,
            quantity=decimal(lot.quantity),
            acquired=lot.acquired,
            holding_from=lot.held_from,
            basis=None if lot.lot in made.no_basis else decimal(lot.basis),
            id=lot.lot,
            disallowed=decimal(lot.adjustment),
        )
        for lot in books.lots
    ]
    lots = [*opened, *(lot for lot in made.unknown if lot.quantity)]
    return tuple(sorted(lots, key=lambda lot: (lot.account, lot.symbol, lot.acquired or dt.date.min, lot.id)))


def _sales(books: Books, made: Ledger) -> tuple[Sale, ...]:
    """Every sale: as the engine booked it, and for a broker's closed lots as the broker shows them with what the rest
    of the household disallows on top.
    """
    booked: dict[str, list[Realized]] = defaultdict(list)
    for row in books.realized:
        booked[row.sale].append(row)
    out: list[Sale] = []
    for name, sale in made.closed.items():
        rows = booked.pop(name, [])
        more = sum((decimal(row.disallowed) for row in rows), Decimal(0))
        out.append(replace(sale, disallowed=(sale.disallowed or Decimal(0)) + more))
    for rows in booked.values():
        out += [
            Sale(
                account=row.account,
                symbol=row.symbol,
                quantity=decimal(row.quantity),
                acquired=row.acquired,
                sold=row.sold,
                proceeds=decimal(row.proceeds),
                basis=None if row.lot in made.no_basis else decimal(row.basis),
                disallowed=decimal(row.disallowed),
                term=row.term,
            )
            for row in rows
        ]
    return tuple(sorted(out, key=lambda s: (s.sold, s.account, s.symbol, s.acquired or dt.date.min)))


def _quotes(records: files.Records) -> dict[str, tuple[Quote, ...]]:
    """The newest price of each symbol from each file that shows one."""
    found: dict[str, dict[str, Quote]] = defaultdict(dict)
    for row in records.quoted:
        if row.price is not None and row.price > 0:
            source = row.source.file if row.source is not None else ""
            found[row.symbol][source] = Quote(row.symbol, row.price, row.as_of, source)
    return {symbol: tuple(quotes.values()) for symbol, quotes in found.items()}


__all__ = ["Discrepancy", "Household", "Quote", "UnexplainedSale", "load"]
