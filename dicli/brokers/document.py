"""A broker's file, opened once: its bytes made into text, records with their line numbers, a head to recognise it by.

The same object serves CSV text, JSON, XML and workbooks; each form is made when first asked for. Faults found while
reading gather here, and `brokers.read` raises them together.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from dicli.errors import Fault, InputError
from dicli.model import SetAside, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Record = tuple[int, list[str]]
"""A line number (from 1, of the record's first line) and the cells of one record."""

HEAD_RECORDS = 60
MOST_FAULTS = 50
AGAIN = "Download it again from the broker's site and leave it as it is (no spreadsheet in between)."

_SPACES = re.compile(r"\s+")
_END = "\x03"


@lru_cache(maxsize=1 << 12)
def plain(name: str) -> str:
    """A column name or title as it is compared: lower case, single spaces, without a trailing `($)`, `$` or `#`."""
    said = _SPACES.sub(" ", name.replace("\ufeff", "")).strip().lower()
    while said.endswith((" ($)", "($)", " $", "$", " #", "#")):
        said = said.removesuffix("($)").rstrip("$#").rstrip()
    return said


class Document:
    """One file. `kind` is csv, json, xml or xlsx, by content. Raises InputError for what is none of these."""

    def __init__(self, path: str | Path, data: bytes, *, ignore_actions: Sequence[str] = ()) -> None:
        self.path = str(path)
        self.data = data
        self.ignore_actions = tuple(plain(action) for action in ignore_actions)
        self.ignored: list[SetAside] = []
        self.faults: list[Fault] = []
        self.more_faults = 0
        self.unknown_columns: list[str] = []
        self.rows_read = 0
        self.kind: Literal["csv", "json", "xml", "xlsx"] = self._kind()

    @classmethod
    def open(cls, path: str | Path, *, ignore_actions: Sequence[str] = ()) -> Document:
        try:
            return cls(path, Path(path).read_bytes(), ignore_actions=ignore_actions)
        except OSError as error:
            raise InputError(Fault(str(path), f"cannot be read: {error.strerror}")) from error

    # -- what it is ---------------------------------------------------------------------------------------------

    def _kind(self) -> Literal["csv", "json", "xml", "xlsx"]:
        if not self.data.strip():
            self.refuse("the file is empty", AGAIN)
        if self.data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return "xlsx"
        if self.data.startswith(b"%PDF"):
            self.refuse("this is a PDF document, not a CSV file", "Download the CSV export instead.")
        start = self.text.lstrip()[:300].lower()
        if not start:
            self.refuse("the file is empty", AGAIN)
        if re.match(r"<!doctype html|<html|<head|<body|<table|<div|<!--|<script|<meta", start):
            self.refuse("this is a web page saved under a CSV file's name, perhaps a sign-in page", AGAIN)
        if start.startswith("<"):
            return "xml"
        if start.startswith(("{", "[")):
            return "json"
        return "csv"

    @cached_property
    def text(self) -> str:
        """The file as text: UTF-8 (with or without a mark), UTF-16 with a mark, or Windows-1252 as the last resort."""
        data = self.data
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            try:
                text = data.decode("utf-16")
            except UnicodeDecodeError:
                self.refuse("the file starts like UTF-16 text but is not", AGAIN)
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                try:
                    text = data.decode("cp1252")
                except UnicodeDecodeError:
                    self.refuse("the file is not text in UTF-8, UTF-16 or Windows-1252", AGAIN)
        if "\x00" in text or _END in text:
            self.refuse("the file is not text: it holds bytes that no CSV export has", AGAIN)
        return text

    # -- its forms ----------------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> list[Record]:
        """All records of the CSV text (or of a workbook's first sheet) with the line each begins on."""
        if self.kind == "xlsx":
            return next(iter(self.sheets.values()), [])
        if self.kind != "csv":
            return []
        records: list[Record] = []
        line = 1
        # An end mark on a line of its own: if it comes back inside a cell, a quotation mark was never closed.
        text = self.text if self.text.endswith(("\n", "\r")) else self.text + "\n"
        reader = csv.reader(io.StringIO(text + _END, newline=""))
        try:
            for cells in reader:
                records.append((line, cells))
                line = reader.line_num + 1
        except csv.Error as error:
            self.refuse(f"the text cannot be read as CSV: {error}", AGAIN, line)
        line, last = records.pop()
        if last != [_END]:
            self.refuse("a quotation mark is opened here and never closed: the file seems to be cut off", AGAIN, line)
        return records

    @cached_property
    def sheets(self) -> dict[str, list[Record]]:
        """The sheets of a workbook, every cell as text; dates in ISO form."""
        import python_calamine  # here, because few files are workbooks and the import costs time

        try:
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(self.data))
            return {
                name: [
                    (row, [_cell(value) for value in cells])
                    for row, cells in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1)
                ]
                for name in book.sheet_names
            }
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            self.refuse(f"the workbook cannot be opened: {error}", AGAIN)

    @cached_property
    def json(self) -> Any:
        """The parsed JSON, its numbers as Decimal."""
        try:
            return json.loads(self.text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            self.refuse(f"the JSON text is broken: {error.msg}", AGAIN, error.lineno)
        except (ValueError, RecursionError) as error:
            self.refuse(f"the JSON text is broken: {error}", AGAIN)

    @cached_property
    def xml(self) -> Element:
        """The root element of XML text. Entity definitions are refused: no broker writes them, and they can explode."""
        from xml.etree import ElementTree

        if "<!DOCTYPE" in self.text or "<!ENTITY" in self.text:
            self.refuse("the XML text defines entities, which no broker's export does")
        try:
            return ElementTree.fromstring(self.text.lstrip().encode())
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            self.refuse(f"the XML text is broken: {error}", AGAIN)

    # -- to recognise it by -------------------------------------------------------------------------------------

    @cached_property
    def head(self) -> str:
        """The start of the file, lower case, without quotation marks, single spaces, one line per record.

        Cells are joined by a comma without spaces. A workbook's sheets each begin with a line `sheet: name`.
        """
        if self.kind in ("json", "xml"):
            return _SPACES.sub(" ", self.text[:8000].lower())
        lines: list[str] = []
        if self.kind == "xlsx":
            for name, records in self.sheets.items():
                lines.append(f"sheet: {name.lower()}")
                lines += (_joined(cells) for _, cells in records[:HEAD_RECORDS])
        else:
            lines = [_joined(cells) for _, cells in self.records[:HEAD_RECORDS]]
        return "\n".join(lines)

    @cached_property
    def head_columns(self) -> list[frozenset[str]]:
        """The `plain` names of each record in the head: where a header row is looked for."""
        sheets = self.sheets.values() if self.kind == "xlsx" else [self.records]
        return [frozenset(map(plain, cells)) for records in sheets for _, cells in records[:HEAD_RECORDS]]

    def title(self, words: str) -> str:
        """The cell with these words (lower case) that begins one of the first records; empty where there is none."""
        return next((cells[0].strip() for _, cells in self.records[:5] if cells and words in cells[0].lower()), "")

    # -- what is wrong with it ----------------------------------------------------------------------------------

    def where(self, line: int | None = None) -> str:
        return self.path if line is None else str(Source(self.path, line))

    def fault(self, line: int | None, what: str, remedy: str = "") -> None:
        """Remember what is wrong; `brokers.read` raises all at once. Of very many the first are kept, and a count."""
        fault = Fault(self.where(line), what, remedy)
        if fault in self.faults:
            return
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more_faults += 1

    def ignores(self, action: str, line: int) -> bool:
        """Whether the user ignores this action (or the words that it begins with); the row is then set aside."""
        if not self.ignore_actions or not plain(action).startswith(self.ignore_actions):
            return False
        self.ignored.append(SetAside(None, None, line, f'"{action}" is in ignore_actions'))
        return True

    def refuse(self, what: str, remedy: str = "", line: int | None = None) -> NoReturn:
        """Stop here: nothing more can be read. Raises InputError with all faults so far."""
        raise InputError([*self._all_faults(), Fault(self.where(line), what, remedy)])

    def raise_faults(self) -> None:
        if self.faults:
            raise InputError(self._all_faults())

    def _all_faults(self) -> Iterator[Fault]:
        yield from self.faults
        if self.more_faults:
            yield Fault(self.path, f"and {self.more_faults} more of this kind")


def _joined(cells: list[str]) -> str:
    return _SPACES.sub(" ", ",".join(map(str.strip, cells))).lower()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    isoformat = getattr(value, "isoformat", None)
    # A float's repr is the shortest text that gives the same float: what the sheet shows, not its binary tail.
    return (
        isoformat(sep=" ")
        if hasattr(value, "hour") and isoformat and hasattr(value, "year")
        else (isoformat() if isoformat else (repr(value) if isinstance(value, float) else str(value)))
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
