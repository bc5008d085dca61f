"""The file of a sweep: read as it was written, or refused with what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dicli.backtest import results
from dicli.errors import DicliError

FIGURES = ("tax_alpha", "names")
SETUP = "0123456789abcdef"


def rows(version: str = results.__version__, setup: str = SETUP) -> list[results.Row]:
    return [
        {"dicli": version, "setup": setup, "start": start, "end": "2016-01-02", "outside_gains": label}
        | {"tax_alpha": "0.0123", "names": ""}
        for start in ("2014-01-02", "2014-02-28")
        for label in ("none", "stated")
    ]


@pytest.fixture(params=[".csv", ".parquet"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / f"runs{request.param}"


def test_what_was_written_is_read(path: Path) -> None:
    assert results.read(path, SETUP, FIGURES) == []
    results.ready(path)
    assert not path.exists()
    results.write(path, rows())
    first = path.read_bytes()
    assert results.read(path, SETUP, FIGURES) == rows()
    results.write(path, rows())
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_cut_off_or_something_else_is_refused(path: Path) -> None:
    results.write(path, rows())
    whole = path.read_bytes()
    damaged = [whole[:size] for size in range(0, len(whole), len(whole) // 60)] + [
        b"\x00" * 300,
        b"PAR1" * 80,
        b"a,b\n1,2\n",
    ]
    for data in damaged:
        path.write_bytes(data)
        if path.suffix == results.CSV and data.endswith(b"\n") and data.count(b"\n") in (1, 3):
            continue  # it ends with a vintage: a file of an earlier moment
        with pytest.raises(DicliError, match=r"Name another --results, or remove it.$"):
            results.read(path, SETUP, FIGURES)


def test_a_page_that_has_changed_on_the_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    results.write(path, rows())
    data = bytearray(path.read_bytes())
    data[data.index(b"0.0123") + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(DicliError, match=r"cannot be read as results: .*CRC"):
        results.read(path, SETUP, FIGURES)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (rows(version="0.0.1"), "it was made by dicli 0.0.1, and this is"),
        (rows(setup="another"), "other prices or preferences"),
        (rows()[:3], "of 2014-02-28 one case is missing"),
        ([*rows(), rows()[0]], "a row is in it twice"),
        ([row | {"names": "many"} for row in rows()], "names of 2014-01-02 is 'many'"),
        ([row | {"names": "NaN"} for row in rows()], "names of 2014-01-02 is 'NaN'"),
        ([{name: row[name] for name in row if name != "tax_alpha"} for row in rows()], "no column tax_alpha"),
        ([{name: row[name] for name in row if name != "setup"} for row in rows()], 'no "setup" in it'),
    ],
)
def test_results_of_another_dicli_or_set_up_or_with_gaps_are_refused(
    path: Path, made: list[results.Row], said: str
) -> None:
    results.write(path, made)
    with pytest.raises(DicliError, match=said) as raised:
        results.read(path, SETUP, FIGURES)
    assert str(raised.value).endswith("Name another --results, or remove it.")


def test_what_cannot_be_written_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.csv").mkdir()
    for name, said in (
        ("none/runs.csv", "cannot be written: No such file or directory. Name a file in a folder that is there"),
        ("file/runs.csv", "cannot be written: Not a directory"),
        ("folder.csv", "it is a folder"),
        ("runs", "the ending names no format. Use .parquet or .csv"),
    ):
        with pytest.raises(DicliError, match=said):
            results.ready(tmp_path / name)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DicliError, match=r'Parquet needs pyarrow. pip install "dicli.sweep.", or name a .csv file'):
        results.ready(tmp_path / "runs.parquet")
    results.ready(tmp_path / "runs.csv")
