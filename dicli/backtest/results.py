"""The file that a sweep keeps its results in: whole at any moment, refused where this sweep would not have written it.

A row per vintage and case, text throughout, as CSV or Parquet by the ending of its name. After each vintage it is
written anew, by rename: that is quadratic, and for 100 vintages comes to less than a second.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from dicli import __version__
from dicli.errors import DicliError, Fault

Row = dict[str, str]
"""One vintage and case: `dicli` (the version that made it), `setup`, `start`, `end`, `outside_gains` and the figures of
`study.summary_of`, as text, "" where there is none.
"""

KEYS = ("dicli", "setup", "start", "end", "outside_gains")
CASES = 2  # of a vintage: with outside gains and without
PARQUET, CSV = ".parquet", ".csv"
_ELSEWHERE = "Name another --results, or remove it."


def ready(path: Path) -> None:
    """Raise DicliError where results could not be written: before hours of work, not after them."""
    if path.suffix not in (PARQUET, CSV):
        raise DicliError(Fault(f"--results {path}", "the ending names no format", f"Use {PARQUET} or {CSV}."))
    if path.is_dir():
        raise DicliError(Fault(f"--results {path}", "it is a folder", "Name a file in it."))
    if path.suffix == PARQUET:
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            what, remedy = "Parquet needs pyarrow", f'pip install "dicli[sweep]", or name a {CSV} file.'
            raise DicliError(Fault(f"--results {path}", what, remedy)) from None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as problem:
        what = f"cannot be written: {problem.strerror}"
        raise DicliError(Fault(f"--results {path}", what, "Name a file in a folder that is there.")) from None
    os.close(handle)
    Path(name).unlink()


def read(path: Path, setup: str, figures: Collection[str]) -> list[Row]:
    """What is there already; `figures` are columns that it has to have.

    Raises DicliError where the file cannot be read, is cut off, or is of another dicli or set-up.
    """
    if not path.exists():
        return []
    rows = _rows(path)
    if faults := sorted({f'there is no "{name}" in it' for name in KEYS for row in rows if name not in row}):
        raise DicliError(Fault(str(path), f"cannot be read as results: {faults[0]}", _ELSEWHERE))
    if others := sorted({row["dicli"] for row in rows} - {__version__}):
        what = f"it was made by dicli {', '.join(others)}, and this is {__version__}: they may reckon differently"
        raise DicliError(Fault(str(path), what, _ELSEWHERE))
    if {row["setup"] for row in rows} - {setup}:
        raise DicliError(Fault(str(path), "it holds results of other prices or preferences", _ELSEWHERE))
    if wrong := _not_whole(rows, figures):
        raise DicliError(Fault(str(path), f"it is not as it was written: {wrong}", _ELSEWHERE))
    return rows


def _rows(path: Path) -> list[Row]:
    import pandas as pd

    try:
        if path.suffix == PARQUET:
            table = pd.read_parquet(path, engine="pyarrow", page_checksum_verification=True)
        else:
            text = path.read_text(encoding="utf-8")
            if not text.endswith("\n"):
                raise ValueError("it is cut off")
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
    # pyarrow's own errors are kinds of these, and so are those of pandas and of the disk
    except (OSError, ValueError, LookupError, TypeError, NotImplementedError, MemoryError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DicliError(Fault(str(path), f"cannot be read as results: {said}", _ELSEWHERE)) from None
    return [{str(name): str(value) for name, value in row.items()} for row in table.to_dict("records")]


def _not_whole(rows: Sequence[Row], figures: Collection[str]) -> str:
    """What a file that was cut or edited shows; empty where nothing."""
    labels = defaultdict(set)
    for row in rows:
        labels[row["start"]].add(row["outside_gains"])
        if lacking := sorted(set(figures) - set(row)):
            return f"it has no column {', '.join(lacking)}"
        for name in row.keys() - set(KEYS):
            try:
                wrong = row[name] != "" and not Decimal(row[name]).is_finite()
            except InvalidOperation:
                wrong = True
            if wrong:
                return f"{name} of {row['start']} is {row[name]!r}"
    halves = sorted(start for start, found in labels.items() if len(found) != CASES)
    if halves:
        return f"of {halves[0]} one case is missing"
    return "" if len(rows) == CASES * len(labels) else "a row is in it twice"


def write(path: Path, rows: Sequence[Row]) -> None:
    """The whole file anew, by rename."""
    import pandas as pd

    table = pd.DataFrame(rows)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        if path.suffix == PARQUET:
            table.to_parquet(name, engine="pyarrow", index=False, write_page_checksum=True)
        else:
            table.to_csv(name, index=False, lineterminator="\n")
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
