"""CSV as others may rely on it: a header of stable names, plain decimals, ISO dates, empty for unknown."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

from dicli.model import Report, Value


def plain(value: Decimal) -> str:
    """A decimal in full, without exponent and without trailing zeros: 1E+3 is 1000, 2.50 is 2.5, -0 is 0."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "; ".join(value)
    return str(value)


def render(report: Report) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.name for column in report.columns)
    writer.writerows([cell(value) for value in row] for row in report.rows)
    return text.getvalue()
