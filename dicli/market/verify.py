"""`dicli prices verify`: is the store whole, and would every close in it pass today's checks?"""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal
from itertools import pairwise

from dicli.errors import Fault
from dicli.market import calendar
from dicli.market.series import MOST_JUMP
from dicli.market.store import Store, unpacked

_REMEDY = "Remove the symbol with `dicli prices prune`, or the file, and download again."
FEWEST_GAP = 3
"""Sessions missing in a row that are worth a word: single ones are vendors' holes."""


def problems(store: Store) -> list[Fault]:
    """Every fault found, none where the store is whole."""
    with store.snapshot() as connection:
        return _problems(connection, str(store.path))


def _problems(connection: sqlite3.Connection, where: str) -> list[Fault]:
    found: list[Fault] = []
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            found.append(Fault(where, f"the file is damaged: {said}", "Remove it and download again."))
    for table, *_ in connection.execute("PRAGMA foreign_key_check").fetchall()[:1]:
        found.append(Fault(where, f"a row of {table} belongs to no symbol", _REMEDY))
    names = dict(connection.execute("SELECT id, symbol FROM symbols"))
    last_of: dict[int, tuple[int, int]] = {}
    for number, year, day_blob, close_blob in connection.execute(
        "SELECT symbol_id, year, days, closes FROM closes ORDER BY symbol_id, year"
    ):
        symbol = names.get(number, f"#{number}")
        found += _year(where, symbol, year, day_blob, close_blob, last_of.get(number))
        if day_blob and len(close_blob) == 2 * len(day_blob):
            last_of[number] = (unpacked("i", day_blob)[-1], unpacked("q", close_blob)[-1])
    for number, symbol, last, close in connection.execute("SELECT id, symbol, last, last_close FROM symbols"):
        if last is not None and last_of.get(number) != (last, close):
            found.append(Fault(where, f"{symbol}: its last close is not the last one stored", _REMEDY))
    return found


def _year(
    where: str, symbol: str, year: int, day_blob: bytes, close_blob: bytes, before: tuple[int, int] | None
) -> list[Fault]:
    if len(day_blob) % 4 or len(close_blob) != 2 * len(day_blob):
        return [Fault(where, f"{symbol}, {year}: days and closes do not match", _REMEDY)]
    days, closes = list(unpacked("i", day_blob)), list(unpacked("q", close_blob))
    found = []
    if any(later <= earlier for earlier, later in pairwise(days)):
        found.append(Fault(where, f"{symbol}, {year}: the days are not in order", _REMEDY))
    if any(dt.date.fromordinal(day).year != year for day in days):
        found.append(Fault(where, f"{symbol}, {year}: a day of another year", _REMEDY))
    joined = ([before] if before else []) + list(zip(days, closes, strict=True))
    for day, close in zip(days, closes, strict=True):
        if close <= 0:
            price = Decimal(close).scaleb(-6)
            found.append(Fault(where, f"{symbol}: a close of {price} on {dt.date.fromordinal(day)}", _REMEDY))
    for (was, old), (day, close) in pairwise(joined):
        first, then = dt.date.fromordinal(was), dt.date.fromordinal(day)
        missing = calendar.sessions_missed(first, then) - 1 if day - was > FEWEST_GAP else 0
        if missing >= FEWEST_GAP:
            found.append(Fault(where, f"{symbol}: {missing} sessions are missing between {first} and {then}", _REMEDY))
        elif old > 0 and close > 0 and abs(Decimal(close) / old - 1) > 2 * MOST_JUMP:
            found.append(Fault(where, f"{symbol}: {Decimal(close) / old - 1:+.0%} on {then}", "Compare it elsewhere."))
    return found
