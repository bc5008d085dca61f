"""A seeded fuzzer for broker files: what a careless download, spreadsheet or editor does, and what must come of it.

Each mutant of a golden file has to be refused with an InputError, or read to what its kind of mutation allows:

    same      the same rows: the layout changed, the content did not
    unknown   the same rows, some values unknown (None): an optional column is gone
    subset    some of the same rows, at most one other: the file was cut
    few       at most a few rows differ: the values of a row or two were changed
    dates     the same but for the dates

Anything else (a traceback, other totals) fails. `benchmarks/fuzz_brokers.py` runs many more than the tests do.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError
from dicli.model import Reading
from dicli.reports.reading import reading_to_json

Rows = list[list[str]]
FEW = 6
_TABLES = ("positions", "lots", "transactions", "sales", "constituents")
_DATES = ("date", "acquired", "sold", "holding_from")


@dataclass(frozen=True)
class Mutant:
    path: Path
    kind: str
    rule: str
    data: bytes


def items(reading: Reading, *, leave_out: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """All rows of a reading as plain values, without their places."""
    found = reading_to_json(reading)
    dropped = {"row", "account", *leave_out}
    rows = [
        {"table": table} | {key: value for key, value in row.items() if key not in dropped}
        for table in _TABLES
        for row in found[table]
    ]
    cash = [{"table": "cash", "amount": str(sum(map(Decimal, found["cash"].values())))}] if found["cash"] else []
    return rows + cash


def said(error: InputError, mutant: Mutant) -> str:
    assert error.faults, mutant
    assert all(fault.where and fault.what for fault in error.faults), mutant
    return "refused"


def counted(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


@cache
def original(path: Path) -> Reading:
    return brokers.read(path)


def check(mutant: Mutant) -> str:
    """ "refused", or the rule that the mutant was read by. Raises AssertionError (or lets a traceback through)."""
    try:
        reading = brokers.read_document(Document(mutant.path, mutant.data))
    except InputError as error:
        return said(error, mutant)
    leave_out = _DATES if mutant.rule == "dates" else ()
    before, after = items(original(mutant.path), leave_out=leave_out), items(reading, leave_out=leave_out)
    lost, new = counted(before) - counted(after), counted(after) - counted(before)
    what = f"{mutant.kind} in {mutant.path.name}: lost {dict(lost)}, new {dict(new)}\n{mutant.data.decode('latin-1')}"
    if mutant.rule in ("same", "dates"):
        assert not lost, what
        assert not new, what
    elif mutant.rule == "unknown":
        assert len(before) == len(after), what
        for old, now in zip(before, after, strict=True):
            # Without a date of its own a holding period begins with the purchase.
            since = {None, "", now.get("acquired")}
            assert all(
                value in ((None, "", old[key]) if key != "holding_from" else (*since, old[key]))
                for key, value in now.items()
            ), what
    elif mutant.rule == "subset":
        assert new.total() <= 1, what
    else:
        assert lost.total() <= FEW, what
        assert new.total() <= FEW, what
    return mutant.rule


def mutants(path: Path, *, count: int, seed: int) -> Iterator[Mutant]:
    """`count` mutants of a file, the same ones for the same seed."""
    chance = random.Random(f"{seed} {path.name}")
    if path.suffix == ".xlsx":
        return
    data = path.read_bytes()
    text = data.decode("utf-8-sig")
    tabular = path.suffix == ".csv"
    kinds = list(MUTATIONS) if tabular else [kind for kind, (_, _, whole) in MUTATIONS.items() if whole]
    for _ in range(count):
        kind = chance.choice(kinds)
        rule, mutate, whole = MUTATIONS[kind]
        changed = mutate(text, chance) if whole else write(mutate(read(text), chance), text)  # type: ignore[operator]
        yield Mutant(path, kind, rule, changed if isinstance(changed, bytes) else changed.encode())


def read(text: str) -> Rows:
    return list(csv.reader(io.StringIO(text, newline="")))


def write(rows: Rows, like: str) -> str:
    """CSV in the manner of the file that it came from: all quoted, or only where needed."""
    out = io.StringIO()
    quoted = csv.QUOTE_ALL if like.lstrip("\ufeff").startswith('"') else csv.QUOTE_MINIMAL
    csv.writer(out, quoting=quoted, lineterminator="\r\n" if "\r\n" in like else "\n").writerows(rows)
    return out.getvalue()


def wide(rows: Rows) -> list[int]:
    """The places of the rows of tables: those that have many cells filled."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    return [place for place, count in enumerate(filled) if count >= min(4, max(filled))]


def header_of(rows: Rows) -> int:
    return next((place for place in wide(rows) if not any(re.search(r"\d{2}", cell) for cell in rows[place])), 0)


def data_cell(rows: Rows, chance: random.Random) -> tuple[int, int]:
    places = [place for place in wide(rows) if place > header_of(rows)] or wide(rows)
    place = chance.choice(places)
    return place, chance.choice([spot for spot, cell in enumerate(rows[place]) if cell.strip()])


# -- rows ---------------------------------------------------------------------------------------------------------


def _row_cut(rows: Rows, chance: random.Random) -> Rows:
    del rows[chance.randrange(len(rows))]
    return rows


def _row_doubled(rows: Rows, chance: random.Random) -> Rows:
    place = chance.choice(wide(rows))
    rows.insert(place, list(rows[place]))
    return rows


def _rows_swapped(rows: Rows, chance: random.Random) -> Rows:
    one, other = chance.choice(wide(rows)), chance.choice(wide(rows))
    rows[one], rows[other] = rows[other], rows[one]
    return rows


def _row_shortened(rows: Rows, chance: random.Random) -> Rows:
    place = chance.choice(wide(rows))
    rows[place] = rows[place][: chance.randrange(1, len(rows[place]))]
    return rows


def _cell_added(rows: Rows, chance: random.Random) -> Rows:
    place = chance.choice(wide(rows))
    rows[place].insert(chance.randrange(len(rows[place])), chance.choice(["", "1", "x"]))
    return rows


def _blank_rows(rows: Rows, chance: random.Random) -> Rows:
    rows.insert(0, [])
    rows.append([""])
    return rows


# -- columns ------------------------------------------------------------------------------------------------------


def _each_table(rows: Rows, change: Callable[[list[str]], list[str]]) -> Rows:
    width = max(len(row) for row in rows)
    return [change(row) if len(row) >= width - 1 else row for row in rows]


def _column_dropped(rows: Rows, chance: random.Random) -> Rows:
    spot = chance.randrange(len(rows[header_of(rows)]))
    return _each_table(rows, lambda row: row[:spot] + row[spot + 1 :])


def _columns_swapped(rows: Rows, chance: random.Random) -> Rows:
    width = len([cell for cell in rows[header_of(rows)] if cell])
    one, other = sorted((chance.randrange(width), chance.randrange(width)))

    def swap(row: list[str]) -> list[str]:
        if one == other or len(row) <= other:
            return row
        return [*row[:one], row[other], *row[one + 1 : other], row[one], *row[other + 1 :]]

    return _each_table(rows, swap)


def _column_doubled(rows: Rows, chance: random.Random) -> Rows:
    spot = chance.randrange(len(rows[header_of(rows)]))
    return _each_table(rows, lambda row: row[: spot + 1] + row[spot : spot + 1] + row[spot + 1 :])


def _column_renamed(rows: Rows, chance: random.Random) -> Rows:
    header = rows[header_of(rows)]
    spot = chance.randrange(len(header))
    header[spot] = chance.choice(["", "Column", header[spot] + "s", header[spot][::-1]])
    return rows


def _column_case(rows: Rows, chance: random.Random) -> Rows:
    place = header_of(rows)
    rows[place] = [chance.choice([cell.upper(), cell.lower(), f" {cell} "]) for cell in rows[place]]
    return rows


# -- cells --------------------------------------------------------------------------------------------------------


def _cell_blanked(rows: Rows, chance: random.Random) -> Rows:
    place, spot = data_cell(rows, chance)
    rows[place][spot] = chance.choice(["", "--", "N/A"])
    return rows


def _sign_changed(rows: Rows, chance: random.Random) -> Rows:
    place, spot = data_cell(rows, chance)
    cell = rows[place][spot]
    if re.search(r"\d", cell):
        rows[place][spot] = (
            cell.replace("-", "") if "-" in cell else chance.choice([f"-{cell}", f"({cell})", f"{cell}-"])
        )
    return rows


def _cell_swapped(rows: Rows, chance: random.Random) -> Rows:
    place, spot = data_cell(rows, chance)
    other = chance.randrange(len(rows[place]))
    row = rows[place]
    row[spot], row[other] = row[other], row[spot]
    return rows


def _cell_garbled(rows: Rows, chance: random.Random) -> Rows:
    place, spot = data_cell(rows, chance)
    cell = list(rows[place][spot])
    at = chance.randrange(len(cell))
    cell[at : at + chance.randrange(2)] = chance.choice(["", "x", "9", ".", ",", "$", "\u00e9", "\n", '"', "%"])
    rows[place][spot] = "".join(cell)
    return rows


def _one_european(rows: Rows, chance: random.Random) -> Rows:
    place, spot = data_cell(rows, chance)
    rows[place][spot] = _european(rows[place][spot])
    return rows


def _all_european(rows: Rows, chance: random.Random) -> Rows:
    head = header_of(rows)
    return [[_european(cell) for cell in row] if place > head else row for place, row in enumerate(rows)]


def _european(cell: str) -> str:
    if not re.fullmatch(r"[($+\-\s]*[\d,]*\.?\d+[)%\s]*", cell):
        return cell
    return cell.replace(",", "\0").replace(".", ",").replace("\0", ".")


def _dates_day_first(rows: Rows, chance: random.Random) -> Rows:
    return [[re.sub(r"\b(\d{2})/(\d{2})/(\d{4})", r"\2/\1/\3", cell) for cell in row] for row in rows]


# -- the whole text -----------------------------------------------------------------------------------------------


def _cut_off(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text))]


def _quote_lost(text: str, chance: random.Random) -> str:
    quotes = [found.start() for found in re.finditer('"', text)]
    if not quotes:
        return text
    at = chance.choice(quotes)
    return text[:at] + text[at + 1 :]


def _line_joined(text: str, chance: random.Random) -> str:
    ends = [found.start() for found in re.finditer(r"\n", text)]
    at = chance.choice(ends)
    return text[:at] + text[at + 1 :]


def _encoded(text: str, chance: random.Random) -> bytes:
    name = chance.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252", "cp037"])
    return text.replace("\u2026", "...").encode(name, errors="replace")


def _nul(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + "\x00" + text[at:]


def _semicolons(text: str, chance: random.Random) -> str:
    return text.replace(",", ";")


def _web_page(text: str, chance: random.Random) -> str:
    return f"<!DOCTYPE html>\n<html><body><pre>{text}</pre></body></html>"


def _line_ends(text: str, chance: random.Random) -> str:
    return text.replace("\r\n", "\n").replace("\n", chance.choice(["\r\n", "\r", "\n"]))


Mutation = tuple[str, Callable[..., Any], bool]
MUTATIONS: dict[str, Mutation] = {
    "row cut": ("few", _row_cut, False),
    "row doubled": ("few", _row_doubled, False),
    "rows swapped": ("same", _rows_swapped, False),
    "row shortened": ("few", _row_shortened, False),
    "cell added": ("few", _cell_added, False),
    "blank rows": ("same", _blank_rows, False),
    "column dropped": ("unknown", _column_dropped, False),
    "columns swapped": ("same", _columns_swapped, False),
    "column doubled": ("same", _column_doubled, False),
    "column renamed": ("unknown", _column_renamed, False),
    "header in another case": ("same", _column_case, False),
    "cell blanked": ("few", _cell_blanked, False),
    "sign changed": ("few", _sign_changed, False),
    "cells swapped": ("few", _cell_swapped, False),
    "cell garbled": ("few", _cell_garbled, False),
    "one decimal comma": ("few", _one_european, False),
    "decimal commas": ("same", _all_european, False),
    "dates day first": ("dates", _dates_day_first, False),
    "cut off": ("subset", _cut_off, True),
    "quotation mark lost": ("few", _quote_lost, True),
    "line end lost": ("few", _line_joined, True),
    "encoding": ("same", _encoded, True),
    "a NUL": ("same", _nul, True),
    "semicolons": ("same", _semicolons, True),
    "a web page": ("same", _web_page, True),
    "line ends": ("same", _line_ends, True),
}
"""Kind -> the rule that a mutant must meet, the change, and whether it works on the text (else on its cells)."""
