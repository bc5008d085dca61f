"""Looking again at an interval while the market is open, and saying only what is new."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable
from dataclasses import replace

import typer

from dicli.commands.options import Run, chosen_format, put, show
from dicli.errors import DicliError, Fault
from dicli.model import Report, Value
from dicli.views import Format, render

SHORTEST = 30
"""Seconds: more often, and Yahoo would take us for a robot."""

PATIENCE = 300.0
"""Seconds that --exec's command may take."""

_UNITS = {"s": 1, "m": 60, "h": 3600}
_LOT = ("account", "symbol", "acquired", "quantity", "basis")


def interval(text: str) -> int:
    """ "5m", "90s" or "1h" in seconds."""
    found = re.fullmatch(r"(\d+)([smh])", text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if seconds < SHORTEST:
        raise typer.BadParameter(f"{text!r} is no interval of {SHORTEST} seconds or more; write it as 5m, 90s or 1h")
    return seconds


def watch(
    run: Run,
    look: Callable[[Run], Report],
    *,
    every: int,
    execute: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Look now, and again every so many seconds while New York trades, until interrupted; show the lots that became
    clear to harvest since the last look (by their price, or by the end of a wash window).

    `execute` is a shell command that receives them as JSON on stdin. A look that fails (no network, a file half
    written) is a warning, and the next one comes; the first may not fail. Raises DicliError.
    """
    from dicli.market import calendar

    if run.output is not None:
        raise DicliError(Fault("--output", "a watch has no end, and a file is written whole", "Use --exec or a pipe."))
    if run.as_of != run.clock().date():
        raise DicliError(Fault("--as-of", "a watch looks at today", "Leave it out."))
    gc.enable()  # off for commands that live a second
    known: frozenset[tuple[Value, ...]] | None = None
    printed = False
    while True:
        now = run.clock()
        if known is None or calendar.is_open(now):
            try:
                report = look(replace(run, as_of=now.date()))
            except DicliError as error:
                if known is None:
                    raise
                run.warn(*(f"{fault}" for fault in error.faults))
            else:
                clear = _clear(report)
                new = [row for lot, row in clear.items() if known is None or lot not in known]
                if new:
                    told = replace(report, rows=tuple(new), summary={}, title=f"{now:%Y-%m-%d %H:%M}: {len(new)} new")
                    _tell(run, told, header=not printed)
                    printed = True
                    if execute is not None:
                        _execute(run, execute, render(told, Format.JSON))
                known = frozenset(clear)
        sleep(every)


def _clear(report: Report) -> dict[tuple[Value, ...], tuple[Value, ...]]:
    """The lots that are clear to harvest, by what identifies them."""
    names = [column.name for column in report.columns]
    key, status = [names.index(name) for name in _LOT], names.index("status")
    return {tuple(row[place] for place in key): row for row in report.rows if row[status] == "clear"}


def _tell(run: Run, report: Report, *, header: bool) -> None:
    if header or chosen_format(run) is not Format.CSV:
        show(run, report)
    else:  # one header for the whole stream
        put(run, render(report, Format.CSV).split("\n", 1)[1])


def _execute(run: Run, command: str, text: str) -> None:
    import subprocess

    try:
        done = subprocess.run(command, shell=True, input=text, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        run.warn(f"--exec: {command} was stopped after {PATIENCE:.0f} seconds")
        return
    if done.returncode:
        run.warn(f"--exec: {command} ended with exit code {done.returncode}")
