"""Tables inside a file: the header found by content, columns by their names, cells read in context.

A broker module names its columns with their synonyms and gets rows whose cells are read by kind. What is wrong (a
cell, a row, a missing column) becomes a fault that names file, row and column, and reading goes on so that all faults
are said at once; the stand-in value returned meanwhile never leaves `brokers.read`, which raises them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.symbols import AmbiguousSymbolError, dotted, undotted
from dicli.brokers.values import BLANK, UNKNOWN_DATE, parse_date, parse_money, parse_percent, parse_quantity
from dicli.errors import Fault, InputError
from dicli.model import Source, Term

Columns = Mapping[str, Sequence[str]]
"""Canonical name -> the names that files give it, in `plain` form. A second column of one name is `name.2`."""

IGNORE = 'If it means nothing for lots and wash sales, add it to "ignore_actions" of the account; else report it.'
T = TypeVar("T")
_ZERO = Decimal(0)


class Row:
    """One record of a table. `text`, `money` … take a canonical column name; `line` counts from 1."""

    __slots__ = ("cells", "line", "table")

    def __init__(self, table: Table, line: int, cells: list[str]) -> None:
        self.table = table
        self.line = line
        self.cells = cells

    def text(self, column: str) -> str:
        """The cell, stripped; empty where the file has no such column."""
        index = self.table.index.get(column)
        return "" if index is None else self.cells[index].strip()

    def money(self, column: str) -> Decimal:
        return self._needed(column, parse_money, _ZERO)

    def money_or_none(self, column: str) -> Decimal | None:
        return self._optional(column, parse_money, BLANK)

    def quantity(self, column: str) -> Decimal:
        return self._needed(column, parse_quantity, _ZERO)

    def quantity_or_none(self, column: str) -> Decimal | None:
        return self._optional(column, parse_quantity, BLANK)

    def percent_or_none(self, column: str) -> Decimal | None:
        return self._optional(column, parse_percent, BLANK)

    def date(self, column: str) -> dt.date:
        return self._needed(column, parse_date, dt.date.min)

    def date_or_none(self, column: str) -> dt.date | None:
        """A date, or None for an empty cell and for `Various` and its kin."""
        return self._optional(column, parse_date, UNKNOWN_DATE)

    def choice(self, column: str, choices: Mapping[str, T], remedy: str = "") -> T | None:
        """The value that stands for the cell's words (compared in `plain` form); an unknown word is a fault."""
        said = self.text(column)
        found = choices.get(plain(said))
        if found is None:
            self.fault(
                f'unknown {plain(self.table.heading(column))} "{said}"',
                remedy or "Please report it with the row, amounts changed: dicli must know what it means.",
            )
        return found

    def action(self, column: str, choices: Mapping[str, T]) -> T | None:
        """As `choice`, for the broker's word for what happened: one that the user ignores is set aside, no fault."""
        said = self.text(column)
        if plain(said) not in choices and self.table.document.ignores(said, self.line):
            return None
        return self.choice(column, choices, IGNORE)

    def ticker(self, said: str, name: str = "", cusip: str = "", *, needed: bool = True) -> str:
        """A symbol in dotted form, from a broker that may write share classes without a mark (BRKB).

        Where neither name nor CUSIP settles what an undotted one is: a fault, or an empty text if it is not needed.
        """
        try:
            return undotted(said, name, cusip)
        except AmbiguousSymbolError as error:
            if needed:
                self.fault(str(error), "Please report it with the row, amounts changed.")
            return dotted(said) if needed else ""

    def term(self, short: str, long: str) -> Term | None:
        """The term of a closed lot by the column that holds its gain; None where neither does, or both do."""
        gains = self.money_or_none(short), self.money_or_none(long)
        filled = [gain for gain in gains if gain] or [gain for gain in gains if gain is not None]
        return None if len(filled) != 1 else Term.SHORT if filled[0] is gains[0] else Term.LONG

    def check_product(
        self, quantity: Decimal | None, price: Decimal | None, amount: Decimal | None, fees: Decimal | None = None
    ) -> None:
        """A fault where quantity x price is not the amount: cells moved, or a number lost its end or its point.

        Fees, the rounding of the price and 5% (funds keep back up to 2% without showing it) are allowed for.
        """
        if quantity is None or price is None or amount is None:
            return
        off = abs(abs(quantity * price) - abs(amount))
        if off <= 1:
            return
        exponent = price.as_tuple().exponent
        step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else _ZERO
        allowed = abs(fees or _ZERO) + abs(amount) / 20 + abs(quantity) * step + 1
        if off > allowed:
            self.fault(f"{quantity:f} shares at {price:f} are not {amount:f}: a number is wrong or cut off", AGAIN)

    def fault(self, what: str, remedy: str = "") -> None:
        self.table.document.fault(self.line, what, remedy)

    @property
    def source(self) -> Source:
        return Source(self.table.document.path, self.line)

    def _needed(self, column: str, parse: Callable[[str], T], stand_in: T) -> T:
        said = self.text(column)
        try:
            return parse(said)
        except ValueError as expected:
            self._unread(column, said, expected)
            return stand_in

    def _optional(self, column: str, parse: Callable[[str], T], blank: frozenset[str]) -> T | None:
        index = self.table.index.get(column)
        if index is None:
            return None
        said = self.cells[index].strip()
        if not said:
            return None
        try:
            return parse(said)
        except ValueError as expected:
            if said.lower() not in blank:
                self._unread(column, said, expected)
            return None

    def _unread(self, column: str, said: str, expected: ValueError) -> None:
        seen = f'"{said}"' if said else "nothing"
        self.fault(f'column "{self.table.heading(column)}" has {seen} where {expected} is expected', AGAIN)


class Table:
    """A header row and the records after it.

    `skip` and `stop` are beginnings (lower case) of a record's first filled cell: rows to leave out (totals), and
    trailers that end the table. `short` tells which rows may have too few cells. Iterating checks every row's width:
    cells beyond the header must be blank, cells missing are a fault (a file cut off in mid-row). After that,
    `skipped` holds the records left out and `end` the place of the trailer in `records`.
    """

    def __init__(
        self,
        document: Document,
        header: Record,
        records: Sequence[Record],
        columns: Columns,
        required: Sequence[str] = (),
        *,
        skip: Sequence[str] = (),
        stop: Sequence[str] = (),
        short: Callable[[Row], bool] | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        self.document = document
        self.line, self.header = header
        self.records = records
        self.skip, self.stop, self.short = tuple(skip), tuple(stop), short
        names = numbered(self.header)
        self.width = max((place + 1 for place, name in enumerate(names) if name), default=0)
        known = {synonym: column for column, synonyms in columns.items() for synonym in (*synonyms, column)}
        self.index: dict[str, int] = {}
        for place, name in enumerate(names):
            column = known.get(name)
            first, _, number = name.rpartition(".")
            base = known.get(first) if name not in known and number.isdigit() else None
            if column is not None and column not in self.index:
                self.index[column] = place
            elif column is not None or base is not None:
                self._ambiguous(column or base or name)
            elif name and name not in ignored:
                self.document.unknown_columns.append(self.header[place].strip())
        self.end = len(records)
        self.skipped: list[Record] = []
        missing = [column for column in required if column not in self.index]
        if missing:
            self._missing(missing, columns)

    def heading(self, column: str) -> str:
        """The column's name as the file writes it."""
        index = self.index.get(column)
        return column if index is None else " ".join(self.header[index].split())

    def no_gap(self) -> None:
        """A fault for a heading without a name between others: a cell was put in, and those after it have moved."""
        if not all(name.strip() for name in self.header[: self.width]):
            self.document.fault(self.line, "a heading between others is empty: cells may have moved", AGAIN)

    def row(self, line: int, cells: list[str]) -> Row:
        """A row from a record, padded to the header's width or cut to it; a wrong number of cells is a fault."""
        width = self.width
        count = len(cells)
        row = Row(self, line, cells)
        if count < width:
            row.cells = cells + [""] * (width - count)
            if self.short is None or not self.short(row):
                row.fault(f"the row has {count} cells where the header (row {self.line}) has {width}", AGAIN)
        elif count > width and any(cell.strip() for cell in cells[width:]):
            row.fault(f"the row has {count} cells where the header (row {self.line}) has {width}", AGAIN)
        return row

    def __iter__(self) -> Iterator[Row]:
        for place, (line, cells) in enumerate(self.records):
            start = cells[0].strip() if cells else ""
            if not start:
                start = next((cell.strip() for cell in cells if cell and not cell.isspace()), "")
            if not start or cells == self.header:
                continue
            start = start.lower()
            if self.stop and start.startswith(self.stop):
                self.end = place
                self._nothing_after(place)
                return
            if self.skip and start.startswith(self.skip):
                self.skipped.append((line, cells))
                continue
            self.document.rows_read += 1
            yield self.row(line, cells)

    def _nothing_after(self, place: int) -> None:
        for line, cells in self.records[place + 1 :]:
            if cells != self.header and 2 * sum(1 for cell in cells if cell.strip()) > self.width > 3:
                self.document.fault(line, "a row of the table stands after its end", AGAIN)

    def _ambiguous(self, column: str) -> None:
        self.document.fault(
            self.line, f'two columns for "{self.heading(column)}": which one counts cannot be known', AGAIN
        )

    def _missing(self, missing: Sequence[str], columns: Columns) -> None:
        has = ", ".join(f'"{cell.strip()}"' for cell in self.header if cell.strip())
        faults = [
            Fault(
                self.document.where(self.line),
                f"the header has no column {' or '.join(_quoted(columns.get(column) or (column,)))}",
                f"It has: {has}. {AGAIN}",
            )
            for column in missing
        ]
        raise InputError([*self.document.faults, *faults])


def table(
    document: Document,
    columns: Columns,
    required: Sequence[str],
    *,
    records: Sequence[Record] | None = None,
    skip: Sequence[str] = (),
    stop: Sequence[str] = (),
    short: Callable[[Row], bool] | None = None,
    ignored: Sequence[str] = (),
) -> Table:
    """The first table in `records` (all of the document's by default) whose header has the `required` columns.

    Where no record has them all, the one that has most is taken for the header and the missing ones are an error.
    Names of columns that are neither in `columns` nor in `ignored` end up in the reading's `unknown_columns`.
    """
    rows = document.records if records is None else records
    wanted = _wanted(columns, required)
    best, best_score = -1, 1
    for place, (_, cells) in enumerate(rows):
        score = _score(cells, wanted)
        if score > best_score:
            best, best_score = place, score
            if score == len(wanted):
                break
    if best < 0:
        names = ", ".join(_quoted((columns.get(column) or (column,))[0] for column in required))
        document.refuse(f"no header row with the columns {names} was found", AGAIN)
    if records is None:
        _nothing_above(document, best)
    return Table(
        document, rows[best], rows[best + 1 :], columns, required, skip=skip, stop=stop, short=short, ignored=ignored
    )


def sections(
    document: Document,
    columns: Columns,
    required: Sequence[str],
    *,
    skip: Sequence[str] = (),
    ignored: Sequence[str] = (),
) -> Iterator[tuple[str, Table]]:
    """Tables one after the other, each below a line of one filled cell (an account's name): pairs of line and table.

    The line of a table without one is empty for the first, and a fault for those after it.
    """
    wanted = _wanted(columns, required)
    heads = [place for place, (_, cells) in enumerate(document.records) if 2 * _score(cells, wanted) > len(wanted)]
    if not heads:
        table(document, columns, required)  # says what is missing
    else:
        _nothing_above(document, heads[0])
    starts: list[tuple[int, str]] = []
    for number, head in enumerate(heads):
        after = heads[number - 1] + 1 if number else 0
        label, start = "", head
        for place in range(head - 1, after - 1, -1):
            filled = [cell.strip() for cell in document.records[place][1] if cell.strip()]
            if len(filled) == 1:
                label, start = filled[0], place
            if filled:
                break
        if number and not label:
            document.fault(document.records[head][0], "a second table begins without the name of its account", AGAIN)
        starts.append((start, label))
    ends = [start for start, _ in starts[1:]] + [len(document.records)]
    for head, (_, label), end in zip(heads, starts, ends, strict=True):
        records = document.records
        yield (
            label,
            Table(document, records[head], records[head + 1 : end], columns, required, skip=skip, ignored=ignored),
        )


def table_of_objects(
    document: Document,
    objects: Sequence[object],
    columns: Columns,
    required: Sequence[str],
    ignored: Sequence[str] = (),
) -> Table:
    """A table from a list of JSON objects: keys are the header; `line` counts the objects from 1."""
    header: dict[str, None] = {}
    for number, item in enumerate(objects, start=1):
        if not isinstance(item, dict):
            document.refuse(f"item {number} of the list is not an object", AGAIN)
        header.update(dict.fromkeys(item))
    records = [
        (number, ["" if item.get(key) is None else str(item[key]) for key in header])
        for number, item in enumerate(objects, start=1)
        if isinstance(item, dict)
    ]
    return Table(document, (1, list(header)), records, columns, required, ignored=ignored)


def _wanted(columns: Columns, required: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset((column, *columns.get(column, ()))) for column in required]


def _score(cells: Sequence[str], wanted: Sequence[frozenset[str]]) -> int:
    """How many of the wanted columns a record names."""
    names = set(map(plain, cells))
    return sum(1 for known in wanted if not known.isdisjoint(names))


def _nothing_above(document: Document, head: int) -> None:
    """A fault for rows of the table right above its header: the file was sorted or edited."""
    width = sum(1 for cell in document.records[head][1] if cell.strip())
    for line, cells in reversed(document.records[:head]):
        filled = sum(1 for cell in cells if cell.strip())
        if len(cells) < width or not filled >= 3 or 2 * filled < width:
            return
        document.fault(line, "a row of the table stands above its header", AGAIN)


def no_history_above(rows: Table) -> None:
    """A fault for each record above the header that begins with a date: the rows of a history were sorted or moved.

    For histories whose rows leave most cells empty; a line of prose begins with a word or fills one or two cells.
    """
    for line, cells in rows.document.records:
        filled = [cell for cell in cells if cell.strip()]
        if line < rows.line and len(filled) > 2 and _is_date(filled[0]):
            rows.document.fault(line, "a row of the table stands above its header", AGAIN)


def _is_date(cell: str) -> bool:
    try:
        return parse_date(cell) > dt.date.min
    except ValueError:
        return False


def numbered(header: Sequence[str]) -> list[str]:
    """The `plain` names of a header, the second column of one name marked `.2`, the third `.3`."""
    seen: dict[str, int] = {}
    names = []
    for cell in header:
        name = plain(cell)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 or not name else f"{name}.{seen[name]}")
    return names


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]
