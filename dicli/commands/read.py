"""dicli read: what dicli sees in files, no portfolio needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dicli.commands.options import Run, chosen_format, command, put
from dicli.errors import DicliError, Fault, InputError
from dicli.model import Report
from dicli.views import Format


@command
def read(
    run: Run,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Broker exports or index holdings files.")],
    broker: Annotated[str | None, typer.Option(metavar="NAME", help="Whose file it is, where two could be.")] = None,
) -> Report | None:
    """Show what dicli sees in files: broker, kind, accounts, rows, and what it set aside.

    \b
    dicli read Downloads/*.csv
    dicli read positions.csv -f json
    """
    from dicli import brokers
    from dicli.market import benchmark
    from dicli.market.holdings import layout_of
    from dicli.reports import reading as report

    readings = []
    faults: list[Fault] = []
    for path in files:
        try:
            document = brokers.Document.open(path)
            if broker is None and layout_of(document) is not None:
                readings.append(benchmark.to_reading(document))
            else:
                readings.append(brokers.read_document(document, broker=broker))
        except DicliError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    if chosen_format(run) is Format.JSON:
        put(run, json.dumps(report.readings_to_json(readings), indent=1, ensure_ascii=False) + "\n")
        return None
    return report.summary(readings)
