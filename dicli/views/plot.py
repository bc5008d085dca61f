"""A report's charts as one picture, SVG or PNG. It travels without its text, so that it has its title, the names and
units of its axes, and the report's notes in small print. The same report gives the same bytes.
"""

from __future__ import annotations

import io
import logging
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dicli.errors import DicliError, Fault
from dicli.model import Chart, Report
from dicli.views import axis

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container

    Named = dict[str, Artist | Container]
    """What stands for each name in a legend."""

# told apart by every kind of colour vision: Okabe and Ito, Color Universal Design (2008); and never by colour alone
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_LINES = ("solid", "dashed", "dashdot", "dotted")
_POINTS = ("o", "s", "^", "D")
_HATCHES = ("", "////", "....", "xxxx")
_FEW = 24  # points of a chart that are each marked

_WIDTH = 8.0  # inches
_HEIGHT = 3.1  # of one chart
_DPI = 150
_TITLE, _SMALL = 11.0, 7.5  # points
_TITLE_LETTERS, _SMALL_LETTERS = 74, 120  # of one line: also in a viewer whose letters are wider than ours
_STEPS, _MARKS = 6, 10
_ABREAST = 3  # names of a legend
_MARK_LETTERS = 90  # that fit under a chart

_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",  # text stays text, for search and screen readers
    "svg.hashsalt": "dicli",  # else the names of an SVG's parts are random
    "text.parse_math": False,  # $ is dollars
}


def load(cache: Path) -> None:
    """Import matplotlib, whose list of fonts is kept below `cache`. Raises DicliError where it is not installed."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))
    # where it cannot write there it makes do with a folder that it deletes at the end: nobody's concern
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise DicliError(
            Fault("a chart as a picture", "it needs matplotlib, which is not installed", 'pip install "dicli[plots]".')
        ) from None


def render(report: Report, kind: Literal["svg", "png"], *, cache: Path) -> bytes:
    """All charts of a report, one below the other. Raises DicliError where it has none, or matplotlib is not there."""
    if not report.charts:
        raise DicliError(Fault("a chart as a picture", "this report has no chart", "Write it as .csv, .json or .txt."))
    load(cache)
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    title = textwrap.wrap(report.title, _TITLE_LETTERS)
    notes = [line for note in report.notes for line in textwrap.wrap(note, _SMALL_LETTERS, subsequent_indent="  ")]
    height = _HEIGHT * len(report.charts) + (len(title) * _TITLE + len(notes) * _SMALL) * 1.4 / 72.0
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a matplotlibrc of the user's would make it another picture
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(_WIDTH, height), layout=ConstrainedLayoutEngine(h_pad=0.08))
        if title:
            figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=_TITLE, fontweight="bold")
        if notes:
            figure.supxlabel("\n".join(notes), x=0.01, ha="left", fontsize=_SMALL, color="#444444")
        for chart, axes in zip(report.charts, figure.subplots(len(report.charts), squeeze=False)[:, 0], strict=True):
            _draw(axes, chart)
        made = io.BytesIO()
        figure.savefig(made, format=kind, dpi=_DPI, metadata=_metadata(report, kind))
    return made.getvalue()


def _metadata(report: Report, kind: str) -> dict[str, Any]:
    """What the file says of itself: no date and no version, which would make the same picture another file."""
    if kind == "png":
        return {"Software": None}
    title = report.title or report.charts[0].title
    return {"Date": None, "Creator": "dicli", "Title": title, "Description": " ".join(report.notes) or None}


def _draw(axes: Axes, chart: Chart) -> None:
    if not axis.known(chart):
        axes.set_title(chart.title, loc="left")
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no value is known", ha="center", transform=axes.transAxes)
        return
    upright = axis.of_values(chart, _STEPS)
    longest = max(len(str(x)) for x in chart.x)
    words = isinstance(chart.x[0], str) or chart.kind == "bars"
    level = axis.of_x(chart, max(_MARK_LETTERS // (longest + 2), 1) if words else _MARKS)
    legend = _bars(axes, chart) if chart.kind == "bars" else _lines(axes, chart)
    room = 0.5 if chart.kind == "bars" else (level.high - level.low) * (0.05 if chart.point_names else 0.02)
    axes.set_xlim(level.low - room, level.high + room)
    axes.set_ylim(upright.low, upright.high)
    axes.set_xticks([at for at, _ in level.marks], [text for _, text in level.marks])
    axes.set_yticks([at for at, _ in upright.marks], [text for _, text in upright.marks])
    axes.set_xlabel(chart.x_name)
    axes.set_ylabel(chart.y_name)
    if upright.low < 0.0 <= upright.high:
        axes.axhline(0.0, color="#444444", linewidth=0.8)
    rows = 0
    if len(legend) > 1:
        axes.legend(
            legend.values(),
            legend.keys(),
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderaxespad=0.0,
            ncols=_ABREAST,
            frameon=False,
            handlelength=3.2,
        )
        rows = -(-len(legend) // _ABREAST)
    axes.set_title(chart.title, loc="left", fontsize=10.5, pad=6.0 + 16.0 * rows)


def _lines(axes: Axes, chart: Chart) -> Named:
    """Draw them, the first over the others."""
    where = axis.places(chart)
    found: Named = {}
    for number, series in enumerate(chart.series):
        for at, heights in axis.runs(where, series.values):
            (found[series.name],) = axes.plot(
                at,
                heights,
                color=_COLOURS[number % len(_COLOURS)],
                linestyle=_LINES[number % len(_LINES)],
                marker=_POINTS[number % len(_POINTS)] if len(at) == 1 or len(where) <= _FEW else "",
                markersize=4.0,
                zorder=3.0 - number * 0.1,
                clip_on=False,  # no value is beyond the axes, and a line on their edge is as thick as any
            )
    if chart.band is not None:
        low, high = chart.band.low, chart.band.high
        both = [None not in pair for pair in zip(low, high, strict=True)]
        lower, upper = ([float(v) if v is not None else 0.0 for v in edge] for edge in (low, high))
        found[chart.band.name] = axes.fill_between(
            where, lower, upper, where=both, color=_COLOURS[0], alpha=0.15, linewidth=0.0
        )
    for name, x, y in zip(chart.point_names, where, chart.series[0].values, strict=False):
        if y is not None:
            axes.annotate(name, (x, float(y)), (-5.0, 4.0), textcoords="offset points", ha="right", fontsize=8.0)
    return found


def _bars(axes: Axes, chart: Chart) -> Named:
    """Sets of bars side by side; an unknown value is a question mark on zero, where a zero would be nothing."""
    where = axis.places(chart)
    wide = 0.8 / len(chart.series)
    found: Named = {}
    for number, series in enumerate(chart.series):
        at = [x - 0.4 + wide * (number + 0.5) for x in where]
        known = [(x, float(value)) for x, value in zip(at, series.values, strict=True) if value is not None]
        found[series.name] = axes.bar(
            [x for x, _ in known],
            [value for _, value in known],
            wide,
            color=_COLOURS[number % len(_COLOURS)],
            hatch=_HATCHES[number % len(_HATCHES)],
            edgecolor="white",
        )
        for x, value in zip(at, series.values, strict=True):
            if value is None:
                axes.annotate("?", (x, 0.0), (0.0, 2.0), textcoords="offset points", ha="center")
    if any(None in series.values for series in chart.series):
        found["? unknown"] = axes.plot([], [], linestyle="none")[0]
    return found
