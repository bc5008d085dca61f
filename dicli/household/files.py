"""From broker files to one set of records per account: every file read once, every row claimed, nothing twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from dicli.brokers import Document, account_matches, read_document
from dicli.errors import DicliError, Fault, InputError
from dicli.model import Account, Lot, Position, Reading, Sale, Transaction
from dicli.preferences import Preferences, broker_files


@dataclass(frozen=True, slots=True)
class Records:
    """What the files say of the household, with each row under its account's name, oldest first."""

    readings: tuple[Reading, ...]
    positions: tuple[Position, ...]
    lots: tuple[Lot, ...]
    transactions: tuple[Transaction, ...]
    sales: tuple[Sale, ...]
    cash: dict[str, Decimal]
    quoted: tuple[Position | Lot, ...]
    coverage: dict[str, tuple[dt.date, dt.date]]


def load(preferences: Preferences, as_of: dt.date) -> Records:
    """Read every file that an account lists, and give its rows to the accounts that they belong to.

    Raises InputError with the faults of every file at once: unreadable files, an account that no entry claims (with
    the entry to add), a file that names no account but is listed by two, two undated snapshots that disagree, and
    files of a later day than `as_of`.
    """
    listed: dict[Path, list[Account]] = {}
    for account in preferences.accounts:
        for path in broker_files(account.broker_files, preferences.folder):
            listed.setdefault(path, []).append(account)
    faults: list[Fault] = []
    readings: list[Reading] = []
    claimed: list[_Claimed] = []
    ignored = dict(preferences.ignore_actions)
    for path, accounts in sorted(listed.items()):
        shown = (
            path.relative_to(preferences.folder).as_posix() if path.is_relative_to(preferences.folder) else str(path)
        )
        try:
            words = tuple(word for account in accounts for word in ignored.get(account.name, ()))
            reading = read_document(Document(shown, path.read_bytes(), ignore_actions=words))
        except OSError as problem:
            faults.append(Fault(shown, f"cannot be read: {problem.strerror}", "Check the file's permissions."))
            continue
        except DicliError as error:
            faults.extend(error.faults)
            continue
        readings.append(reading)
        owner = _owners(reading, accounts, preferences.accounts, faults)
        claimed.append(_Claimed(reading, owner))
    if faults:
        raise InputError(faults)
    positions = _newest_positions(claimed, faults)
    records = Records(
        readings=tuple(readings),
        positions=positions,
        lots=_newest_lots(claimed, faults),
        transactions=tuple(
            sorted(
                (t for t in _once(claimed, lambda r: r.transactions, _same_transaction) if t.date <= as_of),
                key=lambda t: (t.date, t.time or ""),
            )
        ),
        sales=tuple(
            sorted((s for s in _once(claimed, lambda r: r.sales, _same_sale) if s.sold <= as_of), key=lambda s: s.sold)
        ),
        cash=_newest_cash(claimed),
        quoted=tuple(
            row
            for c in claimed
            for rows in (c.reading.positions, c.reading.lots)
            for row in rows
            if row.price is not None
        ),
        coverage=_coverage(claimed),
    )
    faults += [
        Fault(
            reading.file,
            f"it shows holdings of {reading.as_of}, after --as-of {as_of}",
            "Look from that day or later, or move the file out of the account's broker_files.",
        )
        for reading in readings
        if reading.as_of is not None and reading.as_of > as_of
    ]
    if faults:
        raise InputError(faults)
    return records


@dataclass(frozen=True, slots=True)
class _Claimed:
    reading: Reading
    owner: dict[str, str]  # the account as the file writes it -> the account's name in the preferences


def _coverage(claimed: Sequence[_Claimed]) -> dict[str, tuple[dt.date, dt.date]]:
    """By account, the span of days that its histories vouch for: files that touch or overlap, the newest such run. A
    broker's realized gains have a span too, and say nothing of purchases.
    """
    spans: dict[str, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for one in claimed:
        if one.reading.coverage is not None and "transactions" in one.reading.kinds:
            for name in one.owner.values():
                spans[name].append(one.reading.coverage)
    out: dict[str, tuple[dt.date, dt.date]] = {}
    for name, known in spans.items():
        known.sort()
        start, end = known[0]
        for first, last in known[1:]:
            start, end = (start, max(end, last)) if first <= end + dt.timedelta(days=1) else (first, last)
        out[name] = (start, end)
    return out


def last_four(number: str) -> str:
    """An account number as it may be shown: its last four characters."""
    return f"…{number[-4:]}"


def _owners(
    reading: Reading, accounts: Sequence[Account], all_accounts: Sequence[Account], faults: list[Fault]
) -> dict[str, str]:
    owner: dict[str, str] = {}
    named = reading.accounts or ("",)
    for number in named:
        if number:
            claims = [a for a in accounts if a.number is not None and account_matches(a.number, number)]
            if not claims and len(named) == 1:
                # one account in the file and one entry that lists it and gives no number: there is no other reading
                claims = [a for a in accounts if a.number is None] if len(accounts) == 1 else []
        else:
            claims = list(accounts)
        if len(claims) == 1:
            owner[number] = claims[0].name
        elif not claims:
            faults.append(_unclaimed(reading, number, all_accounts, accounts))
        else:
            names = " and ".join(f'"{a.name}"' for a in claims)
            what = (
                f"the accounts {names} both claim {last_four(number)}"
                if number
                else f"it names no account, and the accounts {names} both list it"
            )
            faults.append(Fault(reading.file, what, "Narrow broker_files or number so that one account is left."))
    return owner


def _unclaimed(reading: Reading, number: str, accounts: Sequence[Account], listing: Sequence[Account]) -> Fault:
    known = next((a for a in accounts if a.number is not None and account_matches(a.number, number)), None)
    if known is not None:
        remedy = f'Add "{reading.file}" to broker_files of the account "{known.name}".'
    else:
        # an entry that lists the file and gives no number claims nothing in a file of several accounts
        nameless = " or ".join(f'"{a.name}"' for a in listing if a.number is None)
        remedy = (
            f'If it is {nameless}, write there number = "{last_four(number)}". Otherwise add' if nameless else "Add"
        )
        remedy += (
            " to dicli.toml:\n"
            "  [[accounts]]\n"
            f'  name = "{reading.broker}-{number[-4:].lower()}"\n'
            f'  broker_files = ["{reading.file}"]\n'
            f'  number = "{last_four(number)}"\n'
            '  kind = "taxable"      # or traditional_ira, roth_ira, hsa, 401k\n'
            "  managed = false       # true: dicli may trade it"
        )
    return Fault(reading.file, f"no entry of [[accounts]] claims its account {last_four(number)}", remedy)


Row = TypeVar("Row", Position, Lot, Transaction, Sale)


def _rows(claimed: _Claimed, rows: Iterable[Row]) -> list[Row]:
    return [replace(row, account=claimed.owner[row.account]) for row in rows]


def _once(
    claimed: Sequence[_Claimed], rows: Callable[[Reading], Iterable[Row]], same: Callable[[Row], Hashable]
) -> list[Row]:
    """The rows of overlapping downloads, each as often as it happened: the most that any one file shows of it."""
    kept: Counter[Hashable] = Counter()
    out: list[Row] = []
    for one in claimed:
        seen: Counter[Hashable] = Counter()
        for row in _rows(one, rows(one.reading)):
            key = same(row)
            seen[key] += 1
            if seen[key] > kept[key]:
                kept[key] += 1
                out.append(row)
    return out


def _same_transaction(row: Transaction) -> Hashable:
    return (row.account, row.date, row.kind, row.symbol, row.quantity, row.amount)


def _same_sale(row: Sale) -> Hashable:
    return (row.account, row.symbol, row.quantity, row.acquired, row.sold, row.proceeds, row.basis)


def _day(reading: Reading) -> dt.date:
    """The day that a file's holdings are of: as it states, else the last day of the history beside them (a Vanguard
    download dates its rows and not itself), else before all others.
    """
    if reading.as_of is not None:
        return reading.as_of
    return reading.coverage[1] if reading.coverage is not None else dt.date.min


def _newest_positions(claimed: Sequence[_Claimed], faults: list[Fault]) -> tuple[Position, ...]:
    """Each account's positions from its newest file; two undated files of one account must say the same."""
    snapshots: dict[str, list[tuple[dt.date, str, list[Position]]]] = defaultdict(list)
    for one in claimed:
        if "positions" not in one.reading.kinds:
            continue
        by_account: dict[str, list[Position]] = {name: [] for name in one.owner.values()}
        for position in _rows(one, one.reading.positions):
            by_account[position.account].append(position)
        for name, rows in by_account.items():
            snapshots[name].append((_day(one.reading), one.reading.file, rows))
    out: list[Position] = []
    for name, shots in sorted(snapshots.items()):
        newest = max(date for date, _, _ in shots)
        rivals = [(file, rows) for date, file, rows in shots if date == newest]
        first_file, first = rivals[0]
        for file, rows in rivals[1:]:
            if _holdings(rows) != _holdings(first):
                when = "of no stated date" if newest == dt.date.min else f"of {newest}"
                faults.append(
                    Fault(
                        file,
                        f'positions of account "{name}" {when} that differ from those in {first_file}',
                        "Keep the newer file only.",
                    )
                )
        out.extend(first)
    return tuple(out)


def _holdings(rows: Iterable[Position]) -> dict[str, Decimal]:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        held[row.symbol] += row.quantity
    return held


def _newest_lots(claimed: Sequence[_Claimed], faults: list[Fault]) -> tuple[Lot, ...]:
    """Each holding's lots from the newest file that speaks of it.

    Some brokers write one file a symbol, others one an account: a newer file of the whole account that no longer
    shows a symbol means that it was sold.
    """
    by_holding: dict[tuple[str, str], list[tuple[dt.date, str, list[Lot]]]] = defaultdict(list)
    whole_account: dict[str, dt.date] = {}
    for one in claimed:
        date = _day(one.reading)
        here: dict[tuple[str, str], list[Lot]] = defaultdict(list)
        for lot in _rows(one, one.reading.lots):
            here[lot.account, lot.symbol].append(lot)
        for key, lots in here.items():
            by_holding[key].append((date, one.reading.file, lots))
        for account in {account for account, _ in here}:
            if sum(1 for a, _ in here if a == account) > 1:
                whole_account[account] = max(date, whole_account.get(account, dt.date.min))
    out: list[Lot] = []
    for (account, symbol), files in sorted(by_holding.items()):
        newest = max(date for date, _, _ in files)
        if newest < whole_account.get(account, dt.date.min):
            continue
        rivals = [(file, lots) for date, file, lots in files if date == newest]
        first_file, first = rivals[0]
        for file, lots in rivals[1:]:
            if Counter(map(_same_lot, lots)) != Counter(map(_same_lot, first)):
                faults.append(
                    Fault(
                        file,
                        f'lots of {symbol} in account "{account}" that differ from those in {first_file}',
                        "Keep the newer file only.",
                    )
                )
        out.extend(first)
    return tuple(out)


def _same_lot(lot: Lot) -> Hashable:
    return (lot.symbol, lot.quantity, lot.acquired, lot.basis)


def _newest_cash(claimed: Sequence[_Claimed]) -> dict[str, Decimal]:
    newest: dict[str, tuple[dt.date, Decimal]] = {}
    for one in claimed:
        date = _day(one.reading)
        for number, cash in one.reading.cash.items():
            name = one.owner[number]
            if name not in newest or date >= newest[name][0]:
                newest[name] = (date, cash)
    return {name: cash for name, (_, cash) in newest.items()}
