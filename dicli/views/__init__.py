"""Rows in, text out: `render` turns a report into a table, CSV or JSON; `picture` draws its charts."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from dicli.model import Report
from dicli.views import csv, json


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    SVG = "svg"
    PNG = "png"

    @property
    def is_picture(self) -> bool:
        return self in (Format.SVG, Format.PNG)


def _table(report: Report, width: int | None, colour: bool) -> str:
    # rich takes a tenth of a second to import, and pipes and cron never need it
    from dicli.views import table

    return table.render(report, width=width, colour=colour)


def render(report: Report, chosen: Format, *, width: int | None = None, colour: bool = False) -> str:
    """The whole text of a report, newline at the end. `width` and `colour` matter to tables only."""
    return _VIEWS[chosen](report, width, colour)


def picture(report: Report, chosen: Format, *, cache: Path) -> bytes:
    """The report's charts; `cache` is where matplotlib may keep its list of fonts. Raises DicliError, as plot does."""
    from dicli.views import plot

    return plot.render(report, "svg" if chosen is Format.SVG else "png", cache=cache)


_VIEWS: dict[Format, Callable[[Report, int | None, bool], str]] = {
    Format.TABLE: _table,
    Format.CSV: lambda report, _width, _colour: csv.render(report),
    Format.JSON: lambda report, _width, _colour: json.render(report),
}
