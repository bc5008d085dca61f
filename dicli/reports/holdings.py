"""What there is: lots, positions, sales and transactions, as rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from dicli.household import Household
from dicli.model import Column, Figure, Lot, Report, Term
from dicli.tax.term import term

LOTS = (
    Column("account"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("acquired", Figure.DATE),
    Column("holding_from", Figure.DATE, brief=False),
    Column("basis", Figure.MONEY),
    Column("price", Figure.PRICE, brief=False),
    Column("value", Figure.MONEY),
    Column("gain", Figure.MONEY),
    Column("term"),
)
SALES = (
    Column("account"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("acquired", Figure.DATE),
    Column("sold", Figure.DATE),
    Column("proceeds", Figure.MONEY, brief=False),
    Column("basis", Figure.MONEY),
    Column("gain", Figure.MONEY),
    Column("disallowed", Figure.MONEY),
    Column("term"),
)
POSITIONS = (
    Column("account"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("price", Figure.PRICE),
    Column("value", Figure.MONEY),
    Column("basis", Figure.MONEY),
)
TRANSACTIONS = (
    Column("account"),
    Column("date", Figure.DATE),
    Column("kind"),
    Column("symbol"),
    Column("quantity", Figure.SHARES),
    Column("amount", Figure.MONEY),
    Column("source", brief=False),
)


def _term(lot: Lot, as_of: dt.date) -> Term | None:
    start = lot.holding_from or lot.acquired
    return None if start is None else term(start, as_of)


def lots(household: Household, prices: Mapping[str, Decimal], as_of: dt.date) -> Report:
    """Every open lot, those of unknown date too."""
    rows = []
    for lot in household.lots:
        price = prices.get(lot.symbol)
        value = None if price is None else lot.quantity * price
        gain = None if value is None or lot.basis is None else value - lot.basis
        rows.append(
            (
                lot.account,
                lot.symbol,
                lot.quantity,
                lot.acquired,
                lot.holding_from,
                lot.basis,
                price,
                value,
                gain,
                _term(lot, as_of),
            )
        )
    return Report("lots", LOTS, tuple(rows))


def positions(household: Household, prices: Mapping[str, Decimal]) -> Report:
    """What each account holds: by the broker's own count where there is one, else by the lots."""
    counted = {position.account for position in household.positions}
    basis: dict[tuple[str, str], Decimal | None] = {}
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for lot in household.lots:
        key = (lot.account, lot.symbol)
        known = basis.get(key, Decimal(0))
        basis[key] = None if known is None or lot.basis is None else known + lot.basis
        if lot.account not in counted:
            held[key] += lot.quantity
    for position in household.positions:
        held[position.account, position.symbol] += position.quantity
    rows = []
    for (account, symbol), quantity in sorted(held.items()):
        price = prices.get(symbol)
        value = None if price is None else quantity * price
        rows.append((account, symbol, quantity, price, value, basis.get((account, symbol))))
    cash = tuple(f"cash in {account}: {amount:,.2f}" for account, amount in sorted(household.cash.items()))
    return Report("positions", POSITIONS, tuple(rows), notes=cash)


def sales(household: Household) -> Report:
    rows = tuple(
        (s.account, s.symbol, s.quantity, s.acquired, s.sold, s.proceeds, s.basis, s.gain, s.disallowed, s.term)
        for s in household.sales
    )
    return Report("sales", SALES, rows)


def transactions(household: Household) -> Report:
    rows = tuple(
        (t.account, t.date, t.kind, t.symbol, t.quantity, t.amount, str(t.source) if t.source else None)
        for t in household.transactions
    )
    return Report("transactions", TRANSACTIONS, rows)
