"""Charts in a terminal: whole, low, legible without colour and in ASCII; what is not known is a gap."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from dicli import cli
from dicli.model import Band, Chart, Column, Figure, Report, Series
from dicli.views import Format, axis, render
from dicli.views.chart import render as drawn

D = Decimal
DAYS = tuple(dt.date(2020 + month // 12, month % 12 + 1, 28) for month in range(36))
LEAD = Chart(
    "The account less the fund",
    DAYS,
    (
        Series("outside gains assumed", tuple(D(2000 * month - 10_000) for month in range(36))),
        Series("no outside gains", tuple(None if 12 <= m < 18 else D(900 * m - 5_000) for m in range(36))),
    ),
    y_name="dollars",
)
LEAD_TEXT = """\
The account less the fund (dollars)
• outside gains assumed   ◦ no outside gains
 60k┤                                                                      •••••
    │                                                           •••••••••••
 40k┤                                                 ••••••••••
    │                                      •••••••••••                       ◦◦◦
 20k┤                            ••••••••••           ◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦◦
    │                 •••••••••••          ◦◦◦◦◦◦◦◦◦◦◦
   0├◦◦◦◦◦◦•••••••••••◦◦◦◦◦◦◦───────────────────────────────────────────────────
    │••••••
-20k┤
    └───────────┬────────────┬───────────┬────────────┬───────────┬─────────────
             2020-07      2021-01     2021-07      2022-01     2022-07
"""

BARS = Chart(
    "Losses harvested",
    ("2024", "2025", "2026"),
    (Series("short-term", (D(3000), D(0), D(500))), Series("long-term", (D(-1000), D(2000), None))),
    kind="bars",
    y_name="dollars",
)
BARS_TEXT = """\
Losses harvested (dollars)
█ short-term   ░ long-term   ? unknown
 3k┤                 ██████
   │                 ██████
 2k┤                 ██████              ░░░░░░
   │                 ██████              ░░░░░░
 1k┤                 ██████              ░░░░░░
   │                 ██████              ░░░░░░  ██████
  0├─────────────────██████░░░░░░────────░░░░░░──██████───?─────────────────────
   │                       ░░░░░░
-1k┤                       ░░░░░░
   └───────────────────────┬─────────────┬─────────────┬────────────────────────
                         2024          2025          2026
"""
ALL_ALIKE = Chart("Alike", ("a", "b", "c"), (Series("one", (D(5), D(5), D(5))),), Figure.NUMBER)
ONE = Chart("One day", (dt.date(2024, 3, 1),), (Series("rate", (D("0.0125"),)),), Figure.FRACTION)
NEGATIVE = Chart("Negative", ("a", "b"), (Series("alpha", (D("-0.002"), D("-0.01"))),), Figure.FRACTION, kind="bars")
RANGE = Chart(
    "Range",
    DAYS,
    (Series("median", tuple(D(m) for m in range(36))),),
    Figure.NUMBER,
    band=Band("10th to 90th percentile", tuple(D(m - 20) for m in range(36)), tuple(D(m + 20) for m in range(36))),
)
NUMBERS = Chart(
    "Frontier",
    (D("0.02"), D("0.015"), D("0.01")),
    (Series("tax saved", (D(900), D(800), D(300))),),
    x_figure=Figure.FRACTION,
    x_name="tracking error",
)
CHARTS = (LEAD, BARS, ALL_ALIKE, ONE, NEGATIVE, RANGE, NUMBERS)


def text(chart: Chart, width: int = 80) -> str:
    return "\n".join(line.rstrip() for line in drawn(chart, width=width, colour=False).splitlines()) + "\n"


def canvas(chart: Chart) -> list[str]:
    """The rows between the axes, without their marks."""
    return [re.split("[│┤├]", line, maxsplit=1)[1] for line in text(chart).splitlines() if re.search("[│┤├]", line)]


def test_lines_and_bars_whole() -> None:
    assert text(LEAD) == LEAD_TEXT
    assert text(BARS) == BARS_TEXT


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_a_chart_is_low_and_no_wider_than_the_terminal(chart: Chart) -> None:
    for width in (40, 57, 80):
        lines = text(chart, width).splitlines()
        assert max(map(len, lines)) <= width
        assert 10 <= len(lines) <= 17
    lines = text(chart, 300).splitlines()
    assert max(map(len, lines)) == len(next(line for line in lines if "└" in line)) == 100


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_an_ascii_stream_gets_a_chart_that_still_tells_its_series_apart(chart: Chart) -> None:
    codecs.register_error("spelled", cli._spell)
    said = text(chart).replace("? unknown", "").replace("?", "")
    spelled = said.encode("ascii", "spelled").decode("ascii")
    assert "\\" not in spelled
    assert [len(line) for line in spelled.splitlines()] == [len(line) for line in said.splitlines()]
    assert len({spelled[said.index(mark)] for mark in "•◦·█░" if mark in said}) == len(set("•◦·█░") & set(said))


def test_colour_adds_nothing_but_colour() -> None:
    coloured = drawn(LEAD, width=80, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn(LEAD, width=80, colour=False)
    assert "\x1b" not in drawn(LEAD, width=80, colour=False)


def test_a_chart_is_the_same_each_time_whatever_was_drawn_before() -> None:
    first = [text(chart) for chart in CHARTS]
    assert [text(chart) for chart in reversed(CHARTS)] == first[::-1]


def test_an_unknown_value_is_a_gap_and_no_line_crosses_it() -> None:
    flat = replace(ALL_ALIKE, x=tuple("abcdefg"), series=(Series("one", (D(5), D(5), None, None, None, D(5), D(5))),))
    (row,) = (row for row in canvas(flat) if "•" in row)
    assert re.fullmatch(r"•{10,15} {30,55}•{10,15} *", row)
    alone = replace(flat, series=(Series("one", (None, None, None, D(5), None, None, None)),))
    (row,) = (row for row in canvas(alone) if "•" in row)
    assert row.count("•") == 1


def test_an_unknown_bar_is_no_zero() -> None:
    zero = replace(BARS, series=(BARS.series[0], replace(BARS.series[1], values=(D(-1000), D(2000), D(0)))))
    assert "? unknown" in text(BARS)
    assert sum(row.count("?") for row in canvas(BARS)) == 1
    assert "?" not in text(zero)


def test_nothing_known_is_said() -> None:
    nothing = replace(ALL_ALIKE, series=(Series("one", (None, None, None)),))
    assert text(nothing) == "Alike\nno value is known\n"
    assert text(replace(nothing, x=(), series=())) == "Alike\nno value is known\n"


def test_one_value_stands_in_the_middle_with_its_day_below() -> None:
    rows = canvas(ONE)
    (row,) = (k for k, row in enumerate(rows) if "•" in row)
    assert 3 <= row <= len(rows) - 4
    assert "2024-03-01" in text(ONE).splitlines()[-1]


def test_equal_values_are_a_level_line_and_negative_bars_hang_from_zero() -> None:
    assert [row.count("•") for row in canvas(ALL_ALIKE) if "•" in row] == [76]
    rows = canvas(NEGATIVE)
    assert rows[0].count("█") == 2 * rows[-1].count("█") > 0
    assert text(NEGATIVE).splitlines()[1].startswith("    0┤")


def test_more_bars_than_columns_become_lines() -> None:
    years = tuple(str(year) for year in range(1980, 2020))
    many = Chart("Many", years, (Series("x", (D(1),) * 40), Series("y", (D(2),) * 40)), kind="bars")
    assert "█" not in text(many)
    assert "◦ y" in text(many)
    assert "1980" in text(many).splitlines()[-1]


def test_a_band_has_both_its_edges() -> None:
    assert "· 10th to 90th percentile" in text(RANGE)
    columns = ["".join(column) for column in zip(*(row.ljust(80) for row in canvas(RANGE)), strict=True)]
    assert re.fullmatch(r" +· +• +· +", columns[40])


@pytest.mark.parametrize(
    ("days", "most", "marks"),
    [
        ([dt.date(2014, 1, 2), dt.date(2018, 12, 31)], 6, "2014 2015 2016 2017 2018"),
        ([dt.date(2014, 1, 20), dt.date(2018, 12, 31)], 6, "2015 2016 2017 2018"),
        ([dt.date(1990, 1, 2), dt.date(2024, 12, 31)], 8, "1990 1995 2000 2005 2010 2015 2020"),
        ([dt.date(2014, 1, 2), dt.date(2014, 12, 31)], 6, "2014-01 2014-03 2014-05 2014-07 2014-09 2014-11"),
        ([dt.date(2014, 1, 9), dt.date(2014, 1, 16), dt.date(2014, 1, 24)], 2, "2014-01-09 2014-01-24"),
    ],
)
def test_an_axis_of_dates_has_years_months_or_days(days: list[dt.date], most: int, marks: str) -> None:
    found = axis.of_x(Chart("", tuple(days), (Series("", (D(1),) * len(days)),)), most)
    assert " ".join(mark for _, mark in found.marks) == marks
    assert all(found.low <= at <= found.high for at, _ in found.marks)


@pytest.mark.parametrize(
    ("values", "figure", "marks"),
    [
        ("980000 2100000", Figure.MONEY, "0.5M 1.0M 1.5M 2.0M 2.5M"),
        ("-20000 71500", Figure.MONEY, "-20k 0 20k 40k 60k 80k"),
        ("0 3", Figure.MONEY, "0 1 2 3"),
        ("1.1 1.4", Figure.PRICE, "1.1 1.2 1.3 1.4"),
        ("0.0231 0.0274", Figure.FRACTION, "2.3% 2.4% 2.5% 2.6% 2.7% 2.8%"),
        ("0 0.00011", Figure.FRACTION, "0 0.005% 0.010% 0.015%"),
        ("-3e9 5e9", Figure.MONEY, "-4B -2B 0 2B 4B 6B"),
        ("0", Figure.MONEY, "-1.0 -0.5 0 0.5 1.0"),
    ],
)
def test_an_axis_of_values_has_round_numbers_that_take_them_in(values: str, figure: Figure, marks: str) -> None:
    numbers = [D(value) for value in values.split()]
    found = axis.numbers(numbers, figure, 5)
    assert " ".join(mark for _, mark in found.marks) == marks
    assert found.low <= float(min(numbers)) <= float(max(numbers)) <= found.high


def test_a_table_has_the_brief_charts_below_its_rows_and_csv_and_json_have_none() -> None:
    report = Report("years", (Column("year"),), (("2024",),), title="A title", notes=("a note",))
    charted = replace(report, charts=(LEAD, replace(BARS, brief=False)))
    lines = render(charted, Format.TABLE, width=80).splitlines()
    places = [lines.index(line) for line in (" 2024", "The account less the fund (dollars)", "a note")]
    assert places == sorted(places)
    assert "Losses harvested" not in "\n".join(lines)
    for chosen in (Format.CSV, Format.JSON):
        assert render(charted, chosen) == render(report, chosen)
