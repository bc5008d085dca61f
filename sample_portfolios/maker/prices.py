"""A price file: the closes of what an account held, and an index fund with its dividends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from maker.market import Market, cents

FUND_PRICE = Decimal(600)
"""What a share of the fund costs on the last day."""


def closes_file(market: Market, symbols: Iterable[str], first: dt.date) -> str:
    """A row for each session from `first` on, a column for each symbol."""
    wanted = sorted(symbols)
    rows = [",".join(("date", *wanted))]
    for day in market.sessions:
        if day >= first:
            rows.append(",".join((f"{day}", *(f"{market.price(symbol, day)}" for symbol in wanted))))
    return "\n".join(rows) + "\n"


def fund_file(market: Market, ticker: str, first: dt.date) -> str:
    """A fund that holds the index: its close each session, and on the third Friday that closes a quarter what its
    members have paid since the one before.
    """
    shares = {symbol: FUND_PRICE * weight / market.price(symbol) for symbol, weight in market.weights.items()}
    paid: dict[dt.date, Decimal] = {}
    for symbol, count in shares.items():
        for day, dollars in market.dividends(symbol, first, market.sessions[-1]):
            paid[day] = paid.get(day, Decimal(0)) + count * dollars
    rows, pending = ["symbol,date,close,dividend"], Decimal(0)
    for day in market.sessions:
        if day < first:
            continue
        pending += paid.get(day, Decimal(0))
        each = ""
        if day.month % 3 == 0 and day.weekday() == 4 and 15 <= day.day <= 21 and pending:
            each, pending = f"{cents(pending)}", Decimal(0)
        close = cents(sum((count * market.price(symbol, day) for symbol, count in shares.items()), Decimal(0)))
        rows.append(f"{ticker},{day},{close},{each}")
    return "\n".join(rows) + "\n"
