"""JSON with the same names as the CSV; decimals are strings, so that no reader rounds them, and unknown is null."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal

from dicli.model import Report
from dicli.views.csv import plain


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def render(report: Report) -> str:
    names = [column.name for column in report.columns]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in report.rows]
    document: dict[str, object] = {report.key: rows}
    if report.summary:
        document["summary"] = _plain(report.summary)
    if report.notes:
        document["notes"] = list(report.notes)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
