"""A report of days as an iCalendar file (RFC 5545): one all-day event a row."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

from dicli.model import Report
from dicli.views.csv import cell

_LINE = 75  # octets, without the line break (RFC 5545, section 3.1)


def escaped(text: str) -> str:
    """TEXT (section 3.3.11): backslash, semicolon, comma and line breaks are escaped; other control letters dropped."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\r", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return "".join(letter for letter in text if letter >= " " and letter != "\x7f")


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, none of them ending inside a letter (section 3.1)."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode("utf-8"))
        if size + octets > _LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    return "\r\n".join([*pieces, piece])


def render(report: Report, *, stamp: dt.date) -> str:
    """The report's rows as events; it must have the columns `date`, `kind`, `account`, `symbol` and `what`.

    `what` is the event's summary, the rest of the row its description. Event ids hold from run to run, so that a
    calendar program that reads the file again replaces its events; `stamp` is the day of the report (DTSTAMP).
    """
    names = [column.name for column in report.columns]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//dicli//dicli calendar//EN", "CALSCALE:GREGORIAN"]
    seen: Counter[str] = Counter()
    for row in report.rows:
        values = dict(zip(names, row, strict=True))
        day = values["date"]
        assert isinstance(day, dt.date)
        key = "|".join(cell(values[name]) for name in ("date", "kind", "account", "symbol"))
        seen[key] += 1
        uid = hashlib.sha256(f"{key}|{seen[key]}".encode()).hexdigest()[:32]
        rest = [
            f"{name.replace('_', ' ')}: {cell(value)}"
            for name, value in values.items()
            if name not in ("date", "what") and value is not None
        ]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}@dicli",
            f"DTSTAMP:{stamp:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"SUMMARY:{escaped(cell(values['what']))}",
            f"DESCRIPTION:{escaped(chr(10).join(rest))}",
            f"CATEGORIES:{escaped(cell(values['kind']))}",
            "TRANSP:TRANSPARENT",  # a day to remember is no day to be busy
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)
