"""dicli index: what the benchmark holds, and what changed in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicli.commands.options import Run, command
from dicli.errors import DicliError, Fault
from dicli.model import Report

if TYPE_CHECKING:
    from dicli.market.benchmark import Benchmark

_WORDS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[diff [OLD NEW]]",
        help="What changed since the last file, or between two.",
        show_default=False,
    ),
]


@command
def index(run: Run, words: _WORDS = None) -> Report:
    """What the chosen index holds: constituents and weights, and what was set aside.

    \b
    dicli index -f csv > weights.csv
    dicli index diff
    dicli index diff IVV_holdings_june.csv IVV_holdings_july.csv
    """
    from dicli.market import benchmark
    from dicli.preferences import load
    from dicli.reports import constituents

    if words:
        old, new = _two(run, words)
        run.warn(*dict.fromkeys((*old.warnings, *new.warnings)))
        return benchmark.diff(old, new)
    preferences = load(run.folder)
    found = benchmark.load(preferences.index, run.as_of, offline=run.offline, stale_ok=run.stale_ok, say=run.note)
    run.warn(*found.warnings)
    return constituents.index(found)


def _two(run: Run, words: list[str]) -> tuple[Benchmark, Benchmark]:
    from dicli.market import benchmark
    from dicli.preferences import load

    match words:
        case ["diff", old, new]:
            return benchmark.read(Path(old)), benchmark.read(Path(new))
        case ["diff"]:
            preferences = load(run.folder)
            fetched = benchmark.load(
                preferences.index, run.as_of, offline=run.offline, stale_ok=run.stale_ok, say=run.note
            )
            run.warn(*fetched.warnings)
            return benchmark.last_change(preferences.index)
    said = " ".join(words)
    raise DicliError(Fault(f"index {said}", "it takes nothing, diff, or diff and two files", "See dicli index --help."))
