"""A chart as text: low, of characters that an ASCII stream can spell, each series with a mark of its own, so that it
can be read without colour.
"""

from __future__ import annotations

import textwrap
from typing import Any

from dicli.model import Chart
from dicli.views import axis

_POINTS = "•◦×▪+="
_BARS = "█░▒▓"
_EDGE = "·"  # of a band
_UNKNOWN = "?"  # where a bar would stand: no bar is a zero
_COLOURS = (12, 11, 13, 14, 10, 9)  # of the 16 that every terminal has, by plotext's numbers

_STEPS = 5
_ROWS = 10  # between the lowest mark and the highest, or a few less: marks stand on rows, evenly
_NARROWEST, _WIDEST = 40, 100
_BAR = 6  # columns, at the most


def render(chart: Chart, *, width: int, colour: bool) -> str:
    """The chart as lines of at most `width` columns; on a terminal of less than 40 they run on.

    The title, what each mark means, and the drawing; where no value is known, that.
    """
    width = max(_NARROWEST, min(width, _WIDEST))
    head = textwrap.wrap(f"{chart.title} ({chart.y_name})" if chart.y_name else chart.title, width)
    if not axis.known(chart):
        return "\n".join([*head, "no value is known"]) + "\n"
    upright = axis.of_values(chart, _STEPS)
    room = width - max(len(text) for _, text in upright.marks) - 1
    bars = _slots(chart, room) if chart.kind == "bars" else None
    marks = _BARS if bars is not None else _POINTS
    legend = [f"{marks[i % len(marks)]} {series.name}" for i, series in enumerate(chart.series)]
    if chart.band is not None:
        legend.append(f"{_EDGE} {chart.band.name}")
    if bars is not None and any(None in series.values for series in chart.series):
        legend.append(f"{_UNKNOWN} unknown")
    if len(legend) > 1:
        # a mark and its name stay together
        glued = "   ".join(text.replace(" ", "\0") for text in legend)
        head += [line.replace("\0", " ") for line in textwrap.wrap(glued, width, break_on_hyphens=False)]
    return "\n".join(head) + "\n" + _drawing(chart, upright, bars, width, room, colour)


def _slots(chart: Chart, room: int) -> int | None:
    """Columns for each x: its bars side by side and a space; None where they do not fit, and points have to do."""
    most = room // len(chart.x)
    return None if most < len(chart.series) + 1 else min(most, _BAR * len(chart.series) + 2)


def _drawing(chart: Chart, upright: axis.Axis, slot: int | None, width: int, room: int, colour: bool) -> str:
    import plotext  # an import of 25 ms that pipes never need

    steps = len(upright.marks) - 1
    rows = max(_ROWS // steps, 1) * steps + 1
    plotext.clear_figure()
    plotext.limit_size(False, False)  # the width is ours to choose, and a pipe has no height
    plotext.plot_size(width, rows + 2 + bool(chart.x_name))
    plotext.theme("clear")
    plotext.frame(False)
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.ylim(upright.low, upright.high)
    plotext.yticks([where for where, _ in upright.marks], [text for _, text in upright.marks])
    if chart.x_name:
        plotext.xlabel(chart.x_name)
    if upright.low < 0.0 < upright.high:
        plotext.hline(0)
    if slot is None:
        _lines(plotext, chart, room)
    else:
        _bars(plotext, chart, slot, room)
    text: str = plotext.build()
    return text if colour else plotext.uncolorize(text)


def _lines(plotext: Any, chart: Chart, room: int) -> None:
    longest = max(len(str(x)) for x in chart.x)
    level = axis.of_x(chart, max(room // (longest + 2), 2))
    where = axis.places(chart)
    plotext.xlim(level.low, level.high)
    plotext.xticks([at for at, _ in level.marks], [text for _, text in level.marks])
    drawn = [(series.values, _POINTS[i % len(_POINTS)], i) for i, series in enumerate(chart.series)]
    if chart.band is not None:
        drawn += [(edge, _EDGE, len(chart.series)) for edge in (chart.band.low, chart.band.high)]
    for values, mark, number in reversed(drawn):  # the first series over the others
        for at, heights in axis.runs(where, values):
            plotext.plot(at, heights, marker=mark, color=_COLOURS[number % len(_COLOURS)])


def _bars(plotext: Any, chart: Chart, slot: int, room: int) -> None:
    """One unit of the level axis is one column of the terminal: bars of a set are then equally wide."""
    wide = (slot - 1) // len(chart.series)
    start = (room - slot * len(chart.x)) // 2
    middle = [start + slot * i + (wide * len(chart.series) - 1) / 2 for i in range(len(chart.x))]
    every = -(-max(len(str(x)) + 1 for x in chart.x) // slot)
    plotext.xlim(0, room - 1)
    plotext.xticks(middle[::every], [str(x) for x in chart.x[::every]])
    for number, series in enumerate(chart.series):
        for i, value in enumerate(series.values):
            first = start + slot * i + wide * number
            if value is None:
                plotext.plot([first + wide // 2], [0], marker=_UNKNOWN)
            elif value:
                across = [first, first + wide - 1]
                mark, colour = _BARS[number % len(_BARS)], _COLOURS[number % len(_COLOURS)]
                plotext.rectangle(across, [0, float(value)], marker=mark, color=colour, lines=True, fill=True)
