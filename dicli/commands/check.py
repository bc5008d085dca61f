"""dicli check: was every file read whole, and does everything add up?"""

from __future__ import annotations

import typer

from dicli.commands.options import Run, command, show
from dicli.commands.portfolio import open_household
from dicli.model import Report


@command
def check(run: Run) -> Report | None:
    """Was every file read whole? Do lots, history and positions agree? Exits 1 where they do not.

    \b
    dicli check
    dicli check -C ~/my-portfolio -f json
    """
    from dicli.reports import checks

    _, household = open_household(run)
    report = checks.check(household)
    show(run, report)
    if report.finding:
        raise typer.Exit(1)
    return None
