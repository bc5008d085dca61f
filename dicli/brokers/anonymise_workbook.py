"""Workbooks in disguise: every cell rewritten where it stands, with its style; all that is no cell is left out.

A workbook is a ZIP archive of XML parts (ECMA-376). Only the parts that make the sheets are kept: comments, drawings,
document properties and printer settings, which name people and machines, are not.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from dicli.brokers.anonymise_table import disguised, symbols_in
from dicli.brokers.anonymise_text import Writer

_KEPT = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(workbook|styles|sharedStrings)\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/theme/[^/]*|xl/worksheets/[^/]*\.xml"
)
_SHEET = re.compile(r"xl/worksheets/[^/]*\.xml")
_ROW = re.compile(r"<row\b[^>]*?(?:/>|>(.*?)</row>)", re.DOTALL)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_EPOCH = dt.date(1899, 12, 30)
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_MEMBERS, _SIZE = 2_000, 200_000_000


@dataclass(frozen=True, slots=True)
class _Cell:
    column: int
    attributes: str
    said: str
    kind: str  # "text", "number", "date" or "other"


def parts(data: bytes) -> dict[str, str]:
    """The kept parts of a workbook as text. Raises ValueError for what is no workbook, or a very large one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            if len(found) > _MEMBERS or sum(one.file_size for one in found) > _SIZE:
                raise ValueError("the workbook is too large")
            kept = {one.filename: archive.read(one).decode("utf-8") for one in found if _KEPT.fullmatch(one.filename)}
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, RuntimeError, NotImplementedError) as problem:
        raise ValueError(f"this is no workbook that can be opened: {problem}") from None
    if not any(_SHEET.fullmatch(name) for name in kept):
        raise ValueError("this is no workbook: it has no sheets")
    return kept


def words(found: dict[str, str]) -> str:
    """All text of the sheets, to look for names in."""
    return "\n".join(said for name in found if _SHEET.fullmatch(name) for row in _grid(found, name) for said in row)


def symbols(found: dict[str, str]) -> set[str]:
    return {one for name in found if _SHEET.fullmatch(name) for one in symbols_in(_grid(found, name))}


def workbook(found: dict[str, str], writer: Writer) -> bytes:
    """The workbook in disguise: its text within the cells, the list of shared texts emptied."""
    made = dict(found)
    for name in found:
        if _SHEET.fullmatch(name):
            made[name] = _sheet(found, name, writer)
    if "xl/sharedStrings.xml" in made:
        counts = re.sub(r'\b(count|uniqueCount)="\d+"', r'\1="0"', made["xl/sharedStrings.xml"])
        made["xl/sharedStrings.xml"] = re.sub(r"(<sst\b[^>]*?)/?>.*", r"\1/>", counts, flags=re.DOTALL)
    made["xl/workbook.xml"] = _book(found.get("xl/workbook.xml", ""), writer)
    there = {f"/{name}" for name in made}
    for name, attribute in (("[Content_Types].xml", "PartName"), ("_rels/.rels", "Target")):
        made[name] = re.sub(
            rf'<(?:Override|Relationship)\b[^>]*\b{attribute}="([^"]*)"[^>]*?/>',
            lambda one: one[0] if f"/{one[1].lstrip('/')}" in there else "",
            made.get(name, ""),
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in made.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def _book(text: str, writer: Writer) -> str:
    """Sheets keep their known words; defined names and everything else that could name somebody goes."""
    text = re.sub(
        r"<(definedNames|externalReferences|fileSharing|mc:AlternateContent)\b.*?</\1>", "", text, flags=re.DOTALL
    )
    text = re.sub(r"<(?:fileSharing|workbookProtection|fileVersion)\b[^>]*/>", "", text)
    return re.sub(
        r'(<sheet\b[^>]*?\bname=")([^"]*)',
        lambda one: one[1] + html.escape(writer.text(html.unescape(one[2])), quote=True),
        text,
    )


def _grid(found: dict[str, str], name: str) -> list[list[str]]:
    return [_record(row) for row in _rows(found, name)]


def _record(row: Sequence[_Cell]) -> list[str]:
    record = [""] * (max((cell.column for cell in row), default=-1) + 1)
    for cell in row:
        record[cell.column] = cell.said
    return record


def _rows(found: dict[str, str], name: str) -> list[list[_Cell]]:
    shared = [
        _text(one)
        for one in re.findall(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", found.get("xl/sharedStrings.xml", ""), re.DOTALL)
    ]
    dates = _date_styles(found.get("xl/styles.xml", ""))
    rows = []
    for row in _ROW.finditer(found[name]):
        cells: list[_Cell] = []
        for one in _CELL.finditer(row[1] or ""):
            before = cells[-1].column if cells else -1
            cells.append(_cell(one[1], one[2] or "", before, shared, dates))
        rows.append(cells)
    return rows


def _cell(attributes: str, inner: str, before: int, shared: Sequence[str], dates: set[int]) -> _Cell:
    given = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
    column = _column(given["r"]) if "r" in given else before + 1
    value = re.search(r"<v\b[^>]*>(.*?)</v>", inner, re.DOTALL)
    said = html.unescape(value[1]) if value else ""
    kind = given.get("t", "n")
    if kind == "s":
        return _Cell(
            column, attributes, shared[int(said)] if said.isdigit() and int(said) < len(shared) else "", "text"
        )
    if kind == "inlineStr":
        return _Cell(column, attributes, _text(inner), "text")
    if kind in ("str", "d"):
        return _Cell(column, attributes, said, "text")
    if kind in ("b", "e"):
        return _Cell(column, attributes, said, "other")
    if said and int(given.get("s", "0")) in dates and re.fullmatch(r"\d+(\.\d+)?", said):
        return _Cell(column, attributes, str(_EPOCH + dt.timedelta(days=min(int(float(said)), 70_000))), "date")
    return _Cell(column, attributes, said, "number")


def _column(reference: str) -> int:
    number = 0
    for letter in re.match(r"[A-Z]*", reference)[0]:  # type: ignore[index]  # the pattern matches nothing too
        number = number * 26 + ord(letter) - 64
    return number - 1


def _text(inner: str) -> str:
    return html.unescape("".join(re.findall(r"<t\b[^>]*>(.*?)</t>", inner, re.DOTALL)))


def _date_styles(styles: str) -> set[int]:
    """The numbers of the cell styles that show a date."""
    own = {
        int(number)
        for number, code in re.findall(r'<numFmt\b[^>]*?numFmtId="(\d+)"[^>]*?formatCode="([^"]*)"', styles)
        if re.search(r"[ymdhs]", re.sub(r"&quot;.*?&quot;|\[[^]]*]|\\.", "", code), re.IGNORECASE)
    }
    formats = re.search(r"<cellXfs\b.*?</cellXfs>", styles, re.DOTALL)
    used = re.findall(r'<xf\b[^>]*?numFmtId="(\d+)"', formats[0]) if formats else []
    return {place for place, number in enumerate(used) if int(number) in _DATE_FORMATS | own}


def _sheet(found: dict[str, str], name: str, writer: Writer) -> str:
    rows = _rows(found, name)
    made = iter(zip(rows, disguised([_record(row) for row in rows], writer), strict=True))

    def row(one: re.Match[str]) -> str:
        cells, record = next(made)
        if one[1] is None:
            return one[0]
        rest = iter(cells)
        body = _CELL.sub(lambda _: _written((cell := next(rest)), record[cell.column], writer), one[1])
        return one[0].replace(one[1], body, 1)

    text = _ROW.sub(row, found[name])
    return re.sub(r"<(hyperlinks|headerFooter|dataValidations|conditionalFormatting|extLst)\b.*?</\1>"
                  r"|<(?:drawing|legacyDrawing|legacyDrawingHF|pageSetup|picture|tableParts)\b[^>]*/>"
                  r"|<tableParts\b.*?</tableParts>", "", text, flags=re.DOTALL)  # fmt: skip


def _written(cell: _Cell, said: str, writer: Writer) -> str:
    attributes = re.sub(r'\s*\bt="[^"]*"', "", cell.attributes)
    if cell.kind == "text":
        if not cell.said:
            return f"<c{attributes}/>"
        return f'<c{attributes} t="inlineStr"><is><t xml:space="preserve">{html.escape(said, quote=False)}</t></is></c>'
    if cell.kind == "date":
        day = writer.disguise.day(dt.date.fromisoformat(cell.said))
        return f"<c{attributes}><v>{(day - _EPOCH).days}</v></c>"
    if cell.kind == "other":
        return f"<c{cell.attributes}><v>{cell.said}</v></c>"
    return f"<c{attributes}><v>{said}</v></c>" if cell.said else f"<c{attributes}/>"
