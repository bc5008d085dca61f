"""Charts as pictures: they say all that is needed, the same bytes each time, and refuse in time and in words."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest

from dicli.commands import options
from dicli.errors import DicliError
from dicli.model import Chart, Column, Report, Series
from dicli.views import Format, picture
from tests.program import DAY, SAMPLES, run
from tests.test_chart import BARS, CHARTS, LEAD

AT = ("--as-of", DAY, "--offline")
REPORT = Report(
    "years",
    (Column("year"),),
    (),
    title="Direct indexing costs $5 or $6 → less than <the> fund & more",
    notes=("an assumption in small print " * 8, "another note"),
    charts=CHARTS,
)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))


def svg(report: Report) -> str:
    return picture(report, Format.SVG, cache=Path("unused")).decode()


def words(report: Report) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg(report)).iter() if element.tag[-4:] == "text"]


def test_an_svg_says_everything_as_text() -> None:
    said = words(REPORT)
    whole = " ".join(" ".join(said).split())
    assert REPORT.title in whole
    assert whole.count("an assumption in small print") == 8
    assert "another note" in said
    for chart in CHARTS:
        assert chart.title in said
        assert not chart.y_name or chart.y_name in said
        if len(chart.series) > 1 or chart.band:
            assert {series.name for series in chart.series} <= set(said)
    assert {"10th to 90th percentile", "tracking error", "2020-07", "-20k", "1.5%", "? unknown", "?"} <= set(said)


def test_the_words_beside_points_are_there() -> None:
    chart = Chart("Dial", (Decimal(1), Decimal(2)), (Series("a", (Decimal(1), None)),), point_names=("tight", "loose"))
    said = words(replace(REPORT, charts=(chart,)))
    assert "tight" in said
    assert "loose" not in said  # its point is unknown


def test_a_gap_is_no_line_and_an_unknown_bar_no_zero() -> None:
    def lines(chart: Chart) -> int:
        return svg(replace(REPORT, charts=(chart,))).count("stroke-dasharray")

    whole = replace(LEAD.series[1], values=tuple(value or Decimal(0) for value in LEAD.series[1].values))
    assert lines(LEAD) == lines(replace(LEAD, series=(LEAD.series[0], whole))) + 1
    known = replace(BARS.series[1], values=(Decimal(1), Decimal(0), Decimal(0)))
    assert "? unknown" not in words(replace(REPORT, charts=(replace(BARS, series=(BARS.series[0], known)),)))


@pytest.mark.parametrize("chosen", [Format.SVG, Format.PNG])
def test_the_same_report_gives_the_same_bytes(chosen: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    report = replace(REPORT, charts=(LEAD, BARS))
    one = picture(report, chosen, cache=Path("unused"))
    with matplotlib.rc_context():
        matplotlib.rcParams["lines.linewidth"] = 7.0  # what a user's matplotlibrc may say
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
        assert picture(report, chosen, cache=Path("unused")) == one
        assert matplotlib.rcParams["lines.linewidth"] == 7.0
    assert b"dc:date" not in one
    assert matplotlib.__version__.encode() not in one
    assert one.startswith(b"<?xml" if chosen is Format.SVG else b"\x89PNG\r\n\x1a\n")


def test_nothing_known_is_said() -> None:
    nothing = Chart("Nothing", ("a",), (Series("one", (None,)),))
    assert {"Nothing", "no value is known"} <= set(words(replace(REPORT, charts=(nothing,))))


def frontier(*flags: str, folder: Path) -> tuple[int, str, str]:
    ran = run(
        "trade", "--frontier", *AT, "-C", str(SAMPLES / "starter"), *flags, folder=folder, cache=folder.parent / "cache"
    )
    return ran.code, ran.out, ran.err


def test_a_picture_is_written_whole_and_its_ending_names_the_kind(tmp_path: Path) -> None:
    assert frontier("-o", "dial.svg", folder=tmp_path) == (0, "", "")
    assert "balanced" in (tmp_path / "dial.svg").read_text(encoding="utf-8")
    (tmp_path / "dial.png").write_bytes(b"old")
    code, _, said = frontier("-o", "dial.png", folder=tmp_path)
    assert (code, said) == (2, "error: dial.png: there is such a file already. Add --force to replace it.\n")
    assert (tmp_path / "dial.png").read_bytes() == b"old"
    assert frontier("-o", "dial.png", "--force", folder=tmp_path) == (0, "", "")
    assert (tmp_path / "dial.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dial.png", "dial.svg"]


def never(*_: object) -> None:
    raise AssertionError("the work was done before it was refused")


@pytest.fixture
def unworked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["dicli.commands.plans"], "open_portfolio", never)


def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.mark.usefixtures("unworked")
def test_without_matplotlib_the_remedy_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_matplotlib(monkeypatch)
    code, out, said = frontier("-o", "dial.svg", folder=tmp_path)
    assert (code, out) == (2, "")
    assert said == (
        'error: a chart as a picture: it needs matplotlib, which is not installed. pip install "dicli[plots]".\n'
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unworked")
def test_an_existing_file_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "dial.csv").write_text("old")
    assert frontier("-o", "dial.csv", folder=tmp_path)[0] == 2


def test_a_report_without_charts_is_refused_in_words(tmp_path: Path) -> None:
    to = tmp_path / "lots.svg"
    ran = run("lots", *AT, "-o", str(to), folder=SAMPLES / "starter", cache=tmp_path / "cache")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: a chart as a picture: this report has no chart. Write it as .csv, .json or .txt.\n"
    assert not to.exists()


def test_a_terminal_shows_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    off = dict.fromkeys(("force", "quiet", "offline", "exit_code", "stale_ok"), False)
    asked = options.Run(folder=Path(), as_of=dt.date.min, format=Format.PNG, output=None, clock=never, **off)  # type: ignore[arg-type]
    with pytest.raises(DicliError, match=r"a terminal shows no picture\. Name a file with -o, or send it down a pipe"):
        options.refuse_early(asked)
    options.refuse_early(replace(asked, format=Format.TABLE))


def piped(folder: Path, cache: Path) -> subprocess.CompletedProcess[bytes]:
    """A backtest's charts as SVG into a pipe, with nothing of the user's but the folder and a cache."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG", "MPL"))}
    environment |= {"HOME": str(folder / "file" / "home"), "DICLI_CACHE_DIR": str(cache), "TMPDIR": str(folder)}
    program = [sys.executable, "-W", "error", "-m", "dicli", "backtest", "-q", "-f", "svg"]
    market = ["--synthetic", "--names", "11", "--years", "1", "--plan-every", "year", "--harvest-every", "year"]
    environment["PYTHONIOENCODING"] = "ascii"
    return subprocess.run([*program, *market], capture_output=True, check=False, env=environment, cwd=folder)


def test_a_pipe_gets_the_bytes_and_the_list_of_fonts_is_kept_in_the_cache(tmp_path: Path) -> None:
    ran = piped(tmp_path, tmp_path / "cache")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b">Losses harvested, outside gains assumed<" in ran.stdout
    ElementTree.fromstring(ran.stdout.decode("utf-8"))
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["matplotlib"]


def test_folders_that_cannot_be_written_are_nobodys_concern(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    ran = piped(tmp_path, tmp_path / "file" / "cache")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"</svg>" in ran.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
