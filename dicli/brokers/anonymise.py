"""Exports made anonymous: the layout to the letter, and nothing in it that is anybody's.

So that a user can send a file that dicli does not read. Nothing here depends on dicli's reading it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import PurePath

from dicli.brokers import anonymise_workbook as workbooks
from dicli.brokers.anonymise_disguise import Disguise
from dicli.brokers.anonymise_table import records_of, symbols_in, symbols_of, table
from dicli.brokers.anonymise_text import Writer, kind_of
from dicli.errors import Fault, InputError

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[-/](\d{1,2})[-/](?:\d{4})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)')
_TAG = re.compile(r"<[^<>]*>|[^<>]+")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)(\s*=\s*)(["'])(.*?)\3""", re.DOTALL)


def anonymise(files: Mapping[str, bytes], seed: int, *, keep_symbols: bool = False) -> dict[str, bytes]:
    """The files under new names, in disguise; what stands in several is changed alike in all.

    Raises InputError for files that are neither text nor workbook (PDF documents), all at once.
    """
    disguise = Disguise(seed, keep_symbols=keep_symbols)
    texts: dict[str, tuple[str, bytes, str]] = {}
    books: dict[str, dict[str, str]] = {}
    faults: list[Fault] = []
    for name, data in files.items():
        try:
            if data.startswith(b"PK\x03\x04"):
                books[name] = workbooks.parts(data)
            else:
                texts[name] = _decoded(data)
        except ValueError as problem:
            faults.append(Fault(name, str(problem), "Save it as CSV (UTF-8) and anonymise that."))
    if faults:
        raise InputError(faults)
    shown = [*(text for text, _, _ in texts.values()), *map(workbooks.words, books.values())]
    disguise.see(word for text in shown for word in re.findall(r"\b[^\W_]{9}\b|[^\W\d_]+", text))
    symbols = {symbol for text, _, _ in texts.values() for symbol in _symbols(text)}
    symbols |= {symbol for book in books.values() for symbol in workbooks.symbols(book)}
    out: dict[str, bytes] = {}
    for name in files:
        if name in books:
            writer = Writer(disguise, symbols)
            out[_new_name(name, writer, out)] = workbooks.workbook(books[name], writer)
            continue
        text, mark, encoding = texts[name]
        writer = Writer(disguise, symbols, day_first=_day_first(text), near=_near(text))
        made = _FORMS[_form(text)](text, writer)
        out[_new_name(name, writer, out)] = mark + made.encode(encoding, errors="replace")
    return out


def _decoded(data: bytes) -> tuple[str, bytes, str]:
    """The text, its byte-order mark and its encoding. Raises ValueError for what is no text."""
    if data.startswith((b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise ValueError("this is a PDF document or a workbook of before 2007")
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding), mark, encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text, b"", encoding
    raise ValueError("this is not a text in UTF-8, UTF-16 or Windows-1252")


def _form(text: str) -> str:
    start = text.lstrip()[:1]
    return "xml" if start == "<" else "json" if start in ("{", "[") and text.rstrip()[-1:] in ("}", "]") else "csv"


def _symbols(text: str) -> set[str]:
    if _form(text) == "csv":
        return symbols_in(records_of(text))
    found: set[str] = set()
    if _form(text) == "xml":
        for name, _, _, value in _ATTRIBUTE.findall(text):
            found |= symbols_of(html.unescape(value), kind_of(name))
        return found
    key = ""
    for string, colon, _ in _STRING.findall(text):
        if colon:
            key = string
        else:
            found |= symbols_of(string, kind_of(key))
    return found


def _day_first(text: str) -> bool:
    """Whether no date of the file works with the month first, and one does with the day first."""
    found = [(int(one), int(two)) for one, two in _DAY_FIRST.findall(text)]
    return any(one > 12 for one, _ in found) and not any(two > 12 for _, two in found)


def _near(text: str) -> int:
    """The year that the file shows most."""
    years = _YEAR.findall(text)
    return int(max(sorted(set(years)), key=years.count)) if years else 2025


def _json(text: str, writer: Writer) -> str:
    key = ""

    def changed(found: re.Match[str]) -> str:
        nonlocal key
        string, colon, number = found.groups()
        if number is not None:
            return writer.cell(number, kind_of(key))
        if colon is not None:
            key = string
            return f'"{writer.text(string) if re.search(r"[0-9]{3,}", string) else string}"{colon}'
        return f'"{writer.cell(string, kind_of(key))}"'

    return _STRING.sub(changed, text)


def _xml(text: str, writer: Writer) -> str:
    """Elements and attributes keep their names; what they hold is changed."""
    tag = ""

    def attribute(found: re.Match[str]) -> str:
        name, equals, quote, value = found.groups()
        made = writer.cell(html.unescape(value), kind_of(name))
        return f"{name}{equals}{quote}{html.escape(made, quote=quote == chr(34))}{quote}"

    def changed(found: re.Match[str]) -> str:
        nonlocal tag
        said = found[0]
        if not said.startswith("<"):
            return html.escape(writer.cell(html.unescape(said), kind_of(tag)), quote=False)
        if said.startswith("<!--"):
            return "<!-- -->"
        tag = re.sub(r"[^\w].*", "", said[1:], flags=re.DOTALL)
        return said if said.startswith(("<?", "<!")) else _ATTRIBUTE.sub(attribute, said)

    return _TAG.sub(changed, text)


_FORMS = {"csv": table, "json": _json, "xml": _xml}


def _new_name(name: str, writer: Writer, taken: Mapping[str, bytes]) -> str:
    """The file's name in disguise: brokers put accounts, names, symbols and dates into it."""
    path = PurePath(name)
    stem = writer.text(path.stem)
    made, number = f"{stem}{path.suffix}", 2
    while made in taken:
        made, number = f"{stem}-{number}{path.suffix}", number + 1
    return made
