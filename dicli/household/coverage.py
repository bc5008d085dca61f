"""For which days the files vouch for an account's purchases: what they are silent on may hide a wash sale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dicli.household.files import Records
from dicli.model import Account

WINDOW = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Blind:
    """Days of the last 30 for which no file tells what an account bought.

    `whole`: it is all or the middle of them, so that a harvest that depends on it is unknown. Otherwise it is only the
    days since the newest file, which the user can vouch for: named, and no more.
    """

    account: str
    first: dt.date
    last: dt.date
    whole: bool

    def __str__(self) -> str:
        return f"no file tells what {self.account} bought from {self.first} to {self.last}"


def blind_spots(records: Records, accounts: Sequence[Account], as_of: dt.date) -> tuple[Blind, ...]:
    """The blind days of every account whose purchases count for wash sales (R-SCOPE), none where there are none.

    A history vouches for the days that it spans, and up to the day of the account's positions, which were compared with
    it; a snapshot of lots for all days up to its own (what was bought and
    sold again before it cannot replace anything any more, R-SOLDBEFORE). Positions alone vouch for nothing: they carry
    no dates. Lots of a file that states no day are taken to be of the day of the account's positions, or of today.
    """
    snapshots = _snapshots(records, as_of)
    counted = {p.account: p.as_of for p in records.positions if p.as_of is not None}
    out = []
    for account in accounts:
        start = as_of - WINDOW
        known_to = start - dt.timedelta(days=1)
        span = records.coverage.get(account.name)
        if span is not None and span[0] <= start:
            known_to = max(known_to, span[1], counted.get(account.name, span[1]))
        snapshot = snapshots.get(account.name)
        if snapshot is not None:
            known_to = max(known_to, snapshot)
        if span is not None and span[0] <= known_to + dt.timedelta(days=1):
            known_to = max(known_to, span[1])
        if known_to < as_of:
            first = max(known_to + dt.timedelta(days=1), start)
            out.append(Blind(account.name, first, as_of, whole=first == start))
    return tuple(out)


def _snapshots(records: Records, as_of: dt.date) -> Mapping[str, dt.date]:
    """By account, the newest day whose lots a file shows."""
    positions = {p.account: p.as_of for p in records.positions if p.as_of is not None}
    found: dict[str, dt.date] = {}
    for lot in records.lots:
        if lot.acquired is not None:
            day = lot.as_of or positions.get(lot.account) or as_of
            found[lot.account] = max(day, found.get(lot.account, day))
    return found
