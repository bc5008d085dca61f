"""Broker exports: a table of formats, each identified by what is in the file, and one door to read them all."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dicli.brokers import (
    betterment,
    etrade,
    fidelity,
    generic,
    ibkr,
    jpmorgan,
    m1,
    merrill,
    morgan_stanley,
    robinhood,
    schwab,
    tdameritrade,
    vanguard,
    wealthfront,
    webull,
)
from dicli.brokers.accounts import account_matches, shown_digits
from dicli.brokers.document import Document
from dicli.brokers.formats import Format
from dicli.errors import Fault, InputError
from dicli.model import Reading

FORMATS: tuple[Format, ...] = (
    *generic.FORMATS,
    *schwab.FORMATS,
    *fidelity.FORMATS,
    *vanguard.FORMATS,
    *ibkr.FORMATS,
    *etrade.FORMATS,
    *morgan_stanley.FORMATS,
    *betterment.FORMATS,
    *jpmorgan.FORMATS,
    *m1.FORMATS,
    *merrill.FORMATS,
    *robinhood.FORMATS,
    *tdameritrade.FORMATS,
    *wealthfront.FORMATS,
    *webull.FORMATS,
)


def identify(document: Document, *, broker: str | None = None) -> tuple[Format, tuple[str, ...]]:
    """The one format that claims the file, and the signals it was recognised by.

    `broker` narrows the table to one broker's formats. Raises InputError where no format claims the file, or several.
    """
    formats = [entry for entry in FORMATS if broker is None or entry.broker == broker]
    if not formats:
        document.refuse(f'unknown broker "{broker}"', f"Known are: {', '.join(brokers())}.")
    claims = [(entry, seen) for entry in formats if (seen := entry.claims(document))]
    if not claims:
        document.refuse(_unclaimed(document), _looked_for(formats, document))
    if len(claims) > 1:
        several = "; ".join(f"{entry.broker} {'+'.join(entry.kinds)} (by {', '.join(seen)})" for entry, seen in claims)
        document.refuse(f"several formats claim this file: {several}", "Say which with --broker NAME.")
    return claims[0]


def read(path: str | Path, *, broker: str | None = None, ignore_actions: Sequence[str] = ()) -> Reading:
    """Read one file whole. `ignore_actions` are a broker's words for rows to set aside though dicli does not know them.

    Raises InputError with all that is wrong in the file.
    """
    return read_document(Document.open(path, ignore_actions=ignore_actions), broker=broker)


def read_document(document: Document, *, broker: str | None = None) -> Reading:
    """Read a file that is already open. Raises InputError with all that is wrong in it."""
    with _collector_paused():
        entry, signals = identify(document, broker=broker)
        reading = entry.read(document)
    document.raise_faults()
    return replace(
        reading,
        set_aside=(*reading.set_aside, *document.ignored),
        rows=document.rows_read,
        signals=signals,
        unknown_columns=tuple(dict.fromkeys(document.unknown_columns)),
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows are very many small objects without cycles: looking for cycles among them takes a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def brokers() -> list[str]:
    """The names that `--broker` takes."""
    return sorted({entry.broker for entry in FORMATS})


def _unclaimed(document: Document) -> str:
    if document.kind == "csv":
        start = document.text[:4000]
        for mark, name in ((";", "semicolons"), ("\t", "tabs")):
            if start.count(mark) > 2 * max(1, start.count(",")):
                return f"{name} separate the columns here: the file was saved by a spreadsheet, not by the broker"
    first = next((line for line in document.head.splitlines() if line), "")[:120]
    first = re.sub(r"\d{2,}(?=\d{4})", "…", first)  # no account number in full, not even here
    return f'no known format claims this file, which begins with "{first}"'


def _looked_for(formats: list[Format], document: Document) -> str:
    near = []
    for entry in formats:
        seen, lacking = entry.signs(document)
        if entry.broker != "generic" and any(sign.what in seen for sign in entry.signals):
            missing = lacking or [sign.what for sign in entry.signals if sign.what not in seen]
            name = f"{entry.broker} {'+'.join(entry.kinds)}"
            near.append(f"Like {name} it has {'; '.join(seen)}. Not seen: {'; '.join(missing)}.")
    known = sorted({entry.broker for entry in formats})
    said = " ".join(near[:2]) or f"Looked for the files of {', '.join(known)}."
    return f"{said} Anything else can come as symbol,quantity,acquired,cost_basis."


__all__ = [
    "FORMATS",
    "Document",
    "Fault",
    "Format",
    "InputError",
    "account_matches",
    "brokers",
    "identify",
    "read",
    "read_document",
    "shown_digits",
]
