"""The price store: one SQLite file that cron and a terminal may use at once.

One row holds a symbol's closes of one year: the days and the prices as packed integers, so that five hundred last
closes come in milliseconds and two years of returns need no row by row work. Each symbol is written in one transaction,
so a reader sees its old state or its new one, and a killed process leaves nothing half done. Write-ahead logging lets
readers go on while one writer writes; a second writer waits.
"""

from __future__ import annotations

import bisect
import datetime as dt
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dicli.errors import Fault, MarketError
from dicli.market.cache import cache_dir, make_folder
from dicli.market.series import MICRO, Rejected, Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "prices.sqlite"
WAIT = 30.0
"""Seconds that a writer waits for another."""

_TABLES = """
CREATE TABLE symbols (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL UNIQUE,
    first INTEGER,           -- days as proleptic ordinals
    last INTEGER,
    last_close INTEGER,      -- millionths of a dollar
    wanted_from INTEGER,     -- the first day that was asked for: earlier ones the vendor does not have
    checked INTEGER,         -- the last finished session when the vendor was asked
    source TEXT NOT NULL DEFAULT ''
);
CREATE TABLE closes (
    symbol_id INTEGER NOT NULL REFERENCES symbols (id) ON DELETE CASCADE,
    year INTEGER NOT NULL,
    days BLOB NOT NULL,      -- int32, ascending
    closes BLOB NOT NULL,    -- int64
    PRIMARY KEY (symbol_id, year)
) WITHOUT ROWID;
CREATE TABLE actions (
    symbol_id INTEGER NOT NULL REFERENCES symbols (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('dividend', 'split')),
    value TEXT NOT NULL,     -- dollars a share, or the ratio as a fraction
    PRIMARY KEY (symbol_id, day, kind)
) WITHOUT ROWID;
CREATE TABLE rejected (
    symbol TEXT NOT NULL,
    day INTEGER NOT NULL,
    close TEXT,
    why TEXT NOT NULL,
    PRIMARY KEY (symbol, day)
) WITHOUT ROWID;
"""


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_create]
"""Step n brings a store from schema version n to n + 1; each runs in the transaction that also sets the version."""


class Last(NamedTuple):
    """A symbol's last close at some date, as it was traded then."""

    day: dt.date
    close: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class State:
    """What the store has of one symbol."""

    symbol: str
    first: dt.date | None
    last: dt.date | None
    close: Decimal | None
    wanted_from: dt.date | None
    checked: dt.date | None
    source: str


class Store:
    """An open store. Use as a context manager. Raises MarketError for a file that is no store, or a newer dicli's."""

    def __init__(self, path: Path | None = None, *, wait: float = WAIT) -> None:
        self.path = path or cache_dir() / FILE
        make_folder(self.path.parent)
        self._wait = wait
        try:
            self.connection = sqlite3.connect(self.path, timeout=wait, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise self._broken(error) from None
        try:
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute("PRAGMA foreign_keys=ON")
            if self.version() != len(MIGRATIONS):
                self._migrate()
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise self._broken(error) from None
        except BaseException:
            self.connection.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    # -- schema ---------------------------------------------------------------------------------------------------

    def version(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        if self.version() > len(MIGRATIONS):
            raise MarketError(
                Fault(
                    str(self.path),
                    f"the price store was made by a newer dicli (schema {self.version()}, known: {len(MIGRATIONS)})",
                    "Upgrade dicli, or remove the file: prices can be downloaded again.",
                )
            )
        # WAL is a property of the file; it is set outside of any transaction, and waits for other openers.
        self.connection.execute("PRAGMA journal_mode=WAL")
        with self._writing():
            for step in range(self.version(), len(MIGRATIONS)):  # again: another process may have been first
                MIGRATIONS[step](self.connection)
                self.connection.execute(f"PRAGMA user_version={step + 1}")

    def _broken(self, error: sqlite3.DatabaseError) -> MarketError:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            what, remedy = f"another dicli has been writing prices for {self._wait:.0f} seconds", "Try again."
        elif any(word in str(error) for word in ("full", "readonly", "unable to open", "disk I/O")):
            what = f"the price store cannot be written ({error})"
            remedy = "See to the disk and its permissions, or set DICLI_CACHE_DIR to another folder."
        else:
            what, remedy = (
                f"the price store cannot be read ({error})",
                "Remove the file: prices can be downloaded again (dicli prices update).",
            )
        return MarketError(Fault(str(self.path), what, remedy))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the writer's lock from its start, so that it never has to give up half-way."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._broken(error) from None
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.DatabaseError):
                if self.connection.in_transaction:  # SQLite rolls some errors back itself: a full disk
                    self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError):
                raise self._broken(error) from None
            raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """All that is read inside is of one moment, though another process writes meanwhile."""
        if self.connection.in_transaction:
            yield self.connection
            return
        try:
            self.connection.execute("BEGIN")
            yield self.connection
        except sqlite3.DatabaseError as error:
            raise self._broken(error) from None
        finally:
            with suppress(sqlite3.DatabaseError):  # a damaged file; what is wrong with it has been said
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    # -- writing --------------------------------------------------------------------------------------------------

    def put(
        self,
        series: Series,
        *,
        wanted_from: dt.date,
        checked: dt.date,
        replace: bool = False,
        rejected: Iterable[Rejected] = (),
    ) -> int:
        """Store one symbol's closes and actions, all or nothing; the number of days that are new.

        Days that are there are overwritten; with `replace`, all that was there of the symbol goes first.
        """
        return self.put_all([(series, wanted_from, checked, replace, tuple(rejected))])

    def put_all(self, entries: Sequence[tuple[Series, dt.date, dt.date, bool, tuple[Rejected, ...]]]) -> int:
        """`put` for several symbols in one transaction: (series, wanted_from, checked, replace, rejected)."""
        with self._writing() as connection:
            return sum(self._put(connection, *entry) for entry in entries)

    def _put(
        self,
        connection: sqlite3.Connection,
        series: Series,
        wanted_from: dt.date,
        checked: dt.date,
        replace: bool,
        rejected: tuple[Rejected, ...],
    ) -> int:
        connection.execute("INSERT INTO symbols (symbol) VALUES (?) ON CONFLICT DO NOTHING", (series.symbol,))
        number = connection.execute("SELECT id FROM symbols WHERE symbol = ?", (series.symbol,)).fetchone()[0]
        had = {} if replace else self._closes(number)
        count = len(had)
        if replace:
            connection.execute("DELETE FROM closes WHERE symbol_id = ?", (number,))
            connection.execute("DELETE FROM actions WHERE symbol_id = ?", (number,))
        had.update((day.toordinal(), _micro(close)) for day, close in zip(series.days, series.closes, strict=True))
        for year in sorted({day.year for day in series.days}):
            low, high = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
            days = sorted(day for day in had if low <= day <= high)
            connection.execute(
                "INSERT OR REPLACE INTO closes VALUES (?, ?, ?, ?)",
                (number, year, array("i", days).tobytes(), array("q", [had[day] for day in days]).tobytes()),
            )
        connection.executemany(
            "INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?)",
            [(number, day.toordinal(), "dividend", str(value)) for day, value in series.dividends.items()]
            + [(number, day.toordinal(), "split", str(ratio)) for day, ratio in series.splits.items()],
        )
        first, last = min(had, default=None), max(had, default=None)
        connection.execute(
            "UPDATE symbols SET first = ?, last = ?, last_close = ?, checked = max(ifnull(checked, 0), ?),"
            " wanted_from = min(ifnull(wanted_from, ?), ?), source = ? WHERE id = ?",
            (first, last, None if last is None else had[last], checked.toordinal(),
             wanted_from.toordinal(), wanted_from.toordinal(), series.source, number),
        )  # fmt: skip
        connection.execute(
            "DELETE FROM rejected WHERE symbol = ? AND day IN (SELECT value FROM json_each(?))",
            (series.symbol, str([day.toordinal() for day in series.days])),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO rejected VALUES (?, ?, ?, ?)",
            [
                (item.symbol, item.day.toordinal(), None if item.close is None else str(item.close), item.why)
                for item in rejected
            ],
        )
        return len(had) - count

    def prune(self, *, before: dt.date | None = None, keep: Iterable[str] | None = None) -> tuple[int, int]:
        """Drop whole years that end before `before`, and symbols that are not in `keep`; (symbols, years) dropped."""
        symbols = years = 0
        with self._writing() as connection:
            if keep is not None:
                wanted = set(keep)
                gone = [state.symbol for state in self.states() if state.symbol not in wanted]
                for symbol in gone:
                    connection.execute("DELETE FROM symbols WHERE symbol = ?", (symbol,))
                    connection.execute("DELETE FROM rejected WHERE symbol = ?", (symbol,))
                symbols = len(gone)
            if before is not None:
                years = connection.execute("DELETE FROM closes WHERE year < ?", (before.year,)).rowcount
                start = dt.date(before.year, 1, 1).toordinal()
                connection.execute("DELETE FROM actions WHERE day < ?", (start,))
                connection.execute("DELETE FROM rejected WHERE day < ?", (start,))
                touched = connection.execute("SELECT id FROM symbols WHERE first < ?", (start,)).fetchall()
                for (number,) in touched:
                    left = self._closes(number)
                    first, last = min(left, default=None), max(left, default=None)
                    connection.execute(
                        "UPDATE symbols SET first = ?, last = ?, last_close = ? WHERE id = ?",
                        (first, last, None if last is None else left[last], number),
                    )
                connection.execute("UPDATE symbols SET wanted_from = ? WHERE wanted_from < ?", (start, start))
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.execute("VACUUM")
        return symbols, years

    # -- reading --------------------------------------------------------------------------------------------------

    def states(self) -> list[State]:
        """All symbols, in alphabetical order."""
        with self.snapshot() as connection:
            rows = connection.execute(
                "SELECT symbol, first, last, last_close, wanted_from, checked, source FROM symbols ORDER BY symbol"
            ).fetchall()
        return [
            State(symbol, _day(first), _day(last), _price(close), _day(wanted), _day(checked), source)
            for symbol, first, last, close, wanted, checked, source in rows
        ]

    def rejected(self) -> list[Rejected]:
        """Closes that were kept out and have not come right since, the latest first."""
        with self.snapshot() as connection:
            rows = connection.execute(
                "SELECT symbol, day, close, why FROM rejected ORDER BY day DESC, symbol"
            ).fetchall()
        return [
            Rejected(symbol, dt.date.fromordinal(day), None if close is None else Decimal(close), why)
            for symbol, day, close, why in rows
        ]

    def last(self, symbols: Iterable[str], as_of: dt.date) -> dict[str, Last]:
        """The last close of each symbol on or before `as_of`, as traded then; symbols without one are left out."""
        with self.snapshot():
            return self._last(set(symbols), as_of)

    def _last(self, wanted: set[str], as_of: dt.date) -> dict[str, Last]:
        ordinal = as_of.toordinal()
        found: dict[str, Last] = {}
        for number, symbol, last, close, source in self.connection.execute(
            "SELECT id, symbol, last, last_close, source FROM symbols WHERE last IS NOT NULL"
        ).fetchall():
            if symbol not in wanted:
                continue
            if last <= ordinal:
                found[symbol] = Last(dt.date.fromordinal(last), _exact(close), source)
                continue
            earlier = self._last_before(number, as_of)
            if earlier is not None:
                day, price = earlier
                # The stored close knows of later splits; the price on that day did not.
                factor = Fraction(1)
                for (ratio,) in self.connection.execute(
                    "SELECT value FROM actions WHERE symbol_id = ? AND kind = 'split' AND day > ?", (number, day)
                ):
                    factor *= Fraction(ratio)
                found[symbol] = Last(dt.date.fromordinal(day), _exact(round(price * factor)), source)
        return found

    def series(self, symbol: str, first: dt.date | None = None, last: dt.date | None = None) -> Series | None:
        """All that is stored of a symbol, or None."""
        with self.snapshot() as connection:
            row = connection.execute("SELECT id, source FROM symbols WHERE symbol = ?", (symbol,)).fetchone()
            if row is None:
                return None
            number, source = row
            closes = sorted(self._closes(number).items())
            dividends, splits = self._actions(number)
        series = Series(
            symbol,
            tuple(dt.date.fromordinal(day) for day, _ in closes),
            tuple(_exact(close) for _, close in closes),
            dividends,
            splits,
            source,
        )
        return series.between(first or dt.date.min, last or dt.date.max)

    def returns(self, symbols: Sequence[str], as_of: dt.date, days: int) -> NDArray[np.float64]:
        """Daily total returns of the last `days` sessions up to `as_of`: float64, (days, symbols), NaN where unknown.

        A return is (close + dividend) ÷ the last session's close − 1; where the close of either session is missing
        it is NaN. Rows are the sessions that New York held, oldest first.
        """
        import numpy as np

        from dicli.market import calendar

        end = calendar.last_session(as_of)
        start = calendar.back(end, days)
        grid = np.array([day.toordinal() for day in calendar.sessions(start, end)], dtype=np.int64)
        places = {symbol: place for place, symbol in enumerate(symbols)}
        with self.snapshot() as connection:
            numbers = {
                number: places[symbol]
                for number, symbol in connection.execute("SELECT id, symbol FROM symbols")
                if symbol in places
            }
            closes = np.full((len(grid), len(symbols)), np.nan)
            for number, day_blob, close_blob in connection.execute(
                "SELECT symbol_id, days, closes FROM closes WHERE year BETWEEN ? AND ?", (start.year, end.year)
            ):
                place = numbers.get(number)
                if place is None:
                    continue
                stored = np.frombuffer(day_blob, dtype=np.int32)
                rows = np.searchsorted(grid, stored)
                rows[rows == len(grid)] = 0
                there = grid[rows] == stored
                closes[rows[there], place] = np.frombuffer(close_blob, dtype=np.int64)[there] * float(MICRO)
            gained = closes.copy()
            for number, day, value in connection.execute(
                "SELECT symbol_id, day, value FROM actions WHERE kind = 'dividend' AND day BETWEEN ? AND ?",
                (int(grid[0]), int(grid[-1])),
            ):
                place = numbers.get(number)
                row = int(np.searchsorted(grid, day))
                if place is not None and grid[row] == day:
                    gained[row, place] += float(value)
        return np.asarray(gained[1:] / closes[:-1] - 1.0)

    def _last_before(self, number: int, as_of: dt.date) -> tuple[int, int] | None:
        """The last (day, close) on or before `as_of`."""
        for day_blob, close_blob in self.connection.execute(
            "SELECT days, closes FROM closes WHERE symbol_id = ? AND year <= ? ORDER BY year DESC", (number, as_of.year)
        ):
            days = unpacked("i", day_blob)
            place = bisect.bisect_right(days, as_of.toordinal())
            if place:
                return days[place - 1], unpacked("q", close_blob)[place - 1]
        return None

    def _closes(self, number: int) -> dict[int, int]:
        """Ordinal of the day -> close in millionths."""
        found: dict[int, int] = {}
        for day_blob, close_blob in self.connection.execute(
            "SELECT days, closes FROM closes WHERE symbol_id = ? ORDER BY year", (number,)
        ):
            found.update(zip(unpacked("i", day_blob), unpacked("q", close_blob), strict=True))
        return found

    def _actions(self, number: int) -> tuple[Mapping[dt.date, Decimal], Mapping[dt.date, Fraction]]:
        dividends, splits = {}, {}
        for day, kind, value in self.connection.execute(
            "SELECT day, kind, value FROM actions WHERE symbol_id = ? ORDER BY day", (number,)
        ):
            if kind == "dividend":
                dividends[dt.date.fromordinal(day)] = Decimal(value)
            else:
                splits[dt.date.fromordinal(day)] = Fraction(value)
        return dividends, splits


def unpacked(kind: str, blob: bytes) -> array[int]:
    values: array[int] = array(kind)
    values.frombytes(blob)
    return values


def _micro(close: Decimal) -> int:
    return round(close / MICRO)


def _exact(micro: int) -> Decimal:
    """Millionths of a dollar as a price with two decimals or as many as it needs."""
    price = Decimal(micro).scaleb(-6)
    cents = price.quantize(Decimal("0.01"))
    return cents if cents == price else price.normalize()


def _price(micro: int | None) -> Decimal | None:
    return None if micro is None else _exact(micro)


def _day(ordinal: int | None) -> dt.date | None:
    return None if ordinal is None else dt.date.fromordinal(ordinal)
