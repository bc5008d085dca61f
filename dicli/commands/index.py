"""dicli index: what the benchmark holds."""

from __future__ import annotations

from dicli.commands.options import Run, command
from dicli.model import Report


@command
def index(run: Run) -> Report:
    """What the chosen index holds: constituents and weights, and what was set aside.

    \b
    dicli index
    dicli index -f csv > weights.csv
    """
    from dicli.market import benchmark
    from dicli.preferences import load
    from dicli.reports import constituents

    preferences = load(run.folder)
    found = benchmark.load(preferences.index, run.as_of, offline=run.offline, stale_ok=run.stale_ok, say=run.note)
    run.warn(*found.warnings)
    return constituents.index(found)
