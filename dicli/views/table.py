"""Tables for a terminal: the brief columns, rounded for the eye; what does not fit is folded, never lost silently."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dicli.model import Chart, Column, Figure, Report, Value
from dicli.views.csv import cell, plain

_PLACES = {
    Figure.SHARES: Decimal("0.001"),
    Figure.PRICE: Decimal("0.01"),
    Figure.MONEY: Decimal("1"),
    Figure.NUMBER: Decimal("0.01"),
}


def shown(value: Value, figure: Figure) -> str:
    """One value as a person reads it: 12,345 for money, 1.25% for a fraction, – for unknown."""
    if value is None:
        return "–"
    if isinstance(value, Decimal) and figure is Figure.NUMBER and value == value.to_integral_value():
        return f"{value:,.0f}"
    if isinstance(value, Decimal):
        if figure is Figure.FRACTION:
            return f"{value * 100:.2f}%"
        rounded = value.quantize(_PLACES.get(figure, Decimal("0.01")), ROUND_HALF_EVEN)
        if figure is Figure.SHARES:
            return f"{Decimal(plain(rounded)):,f}"
        return f"{rounded if rounded else abs(rounded):,f}"  # never "-0"
    if isinstance(value, tuple) and len(value) > 1 and figure is Figure.REASONS:
        return f"{value[0]} (+{len(value) - 1})"
    return cell(value)


def _figure_of(name: str) -> Figure:
    """How a summary's figure is shown: its name says what it is."""
    if "tracking_error" in name or name.endswith(("share", "weight", "turnover", "turnover_to_target", "gap", "rate")):
        return Figure.FRACTION
    return Figure.MONEY


_LONG = 24
_FOLDED = 16
"""A folded column is no narrower than this: on a narrower terminal the lines run on, but no figure is cut."""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _alike(report: Report, index: int) -> bool:
    """An account that is the same in every row needs no column: a line above the table says it."""
    return report.columns[index].name == "account" and len({row[index] for row in report.rows}) == 1


def _heading(column: Column) -> str:
    # a heading of two words over a column of figures would make it twice as wide as its figures
    return _words(column.name) if column.figure is Figure.TEXT else column.name.replace("_", "\n")


def _charted(chart: Chart, width: int, colour: bool) -> str:
    from dicli.views import chart as view  # few reports have one, and numbers are read first

    return view.render(chart, width=width, colour=colour) + "\n"


def render(report: Report, *, width: int | None = None, colour: bool = False) -> str:
    """The report as text of at most `width` columns (80 where nothing says otherwise)."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or 80,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
    )
    if report.title:
        console.print(Text(report.title, style="bold"))
    for index, column in enumerate(report.columns):
        if report.rows and _alike(report, index):
            console.print(Text(f"{column.name}: {shown(report.rows[0][index], column.figure)}"))
    if report.rows:
        kept = [index for index, column in enumerate(report.columns) if column.brief and not _alike(report, index)]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
        needed = 0
        for index in kept:
            column = report.columns[index]
            text = column.figure in (Figure.TEXT, Figure.DATE, Figure.REASONS)
            # only long words and the last column are folded: a symbol cut in two is no symbol
            longest = max(len(shown(row[index], column.figure)) for row in report.rows)
            folds = column.figure in (Figure.TEXT, Figure.REASONS) and (index == kept[-1] or longest > _LONG)
            heading = _heading(column)
            widest = max(longest, *map(len, heading.split("\n")))
            needed += 2 + (min(widest, _FOLDED) if folds else widest)
            table.add_column(
                heading,
                justify="left" if text else "right",
                no_wrap=not folds,
                overflow="fold",
            )
        for row in report.rows[: report.brief_rows]:
            table.add_row(*(Text(shown(row[index], report.columns[index].figure)) for index in kept))
        console.width = max(console.width, needed)
        console.print(table)
        console.width = width or 80
        if report.brief_rows is not None and len(report.rows) > report.brief_rows:
            console.print(Text(f"… and {len(report.rows) - report.brief_rows} more: -f csv has them all"))
    elif not (report.title or report.summary or report.notes):
        console.print(Text("none"))  # an empty screen looks like a failure
    for chart in report.charts:
        if chart.brief:
            out.write(_charted(chart, width or 80, colour))
    for name, value in report.summary.items():
        if isinstance(value, Mapping | list | tuple):
            continue
        figure = shown(value, _figure_of(name)) if isinstance(value, Decimal | dt.date) or value is None else str(value)
        console.print(Text(f"{_words(name)}: {figure}"))
    for note in report.notes:
        console.print(Text(note))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
