"""The real program, run in this process: exit code, stdout and stderr as a shell would see them."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicli import cli

SAMPLES = Path(__file__).parents[1] / "sample_portfolios"
DAY = "2026-11-20"
"""The day of the sample portfolios."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


@contextlib.contextmanager
def _shell(folder: Path, cache: Path) -> Iterator[None]:
    """80 columns, no colour, a cache of its own, and `folder` as the current one."""
    before, here = dict(os.environ), Path.cwd()
    os.environ.update(COLUMNS="80", NO_COLOR="1", DICLI_CACHE_DIR=str(cache))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


def run(*arguments: str, folder: Path, cache: Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with _shell(folder, cache), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(list(arguments))
    return Ran(code, out.getvalue(), err.getvalue())
