"""dicli anonymise: an export that can be sent to others."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dicli.commands.options import Run, command
from dicli.errors import DicliError, Fault, InputError

FOLDER = Path("anonymised")


@command
def anonymise(
    run: Run,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports, whether dicli reads them or not.")],
    keep_symbols: Annotated[bool, typer.Option("--keep-symbols", help="Leave tickers as they are.")] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Keep it secret: with it the same disguise is made again.")
    ] = None,
) -> None:
    """Rewrite exports so that they can be sent: layout intact; accounts, names, amounts and dates changed alike.

    Written to the folder that -o names, else to "anonymised". Files given together are changed alike.

    \b
    dicli anonymise statement.csv
    dicli anonymise schwab/*.csv -o to-send --keep-symbols
    """
    from dicli.brokers.anonymise import anonymise as disguised

    found: dict[str, bytes] = {}
    faults: list[Fault] = []
    for path in files:
        try:
            found[str(path)] = path.read_bytes()
        except OSError as problem:
            faults.append(Fault(str(path), f"cannot be read: {problem.strerror}"))
    if faults:
        raise InputError(faults)
    made = disguised(found, secrets.randbits(64) if seed is None else seed, keep_symbols=keep_symbols)
    folder = run.output or FOLDER
    _write(folder, made, force=run.force)
    for (old, data), (new, other) in zip(found.items(), made.items(), strict=True):
        print(folder / new)
        run.note(f"{old}: {_compared(old, data, new, other)}")
    run.note(
        "Look the files over before you send them: what is no word of a layout was changed, but a name that is such a "
        "word (Price, Cash, Long) stays where no heading calls it a name."
    )


def _compared(old: str, data: bytes, new: str, other: bytes) -> str:
    """Whether dicli does with the new file as with the old one: that is what it is made for."""
    before, after = _read(old, data), _read(new, other)
    if before == after:
        return "dicli reads the new file as it does the old one" if before else "dicli refuses the new file too"
    return "dicli does not do the same with the new file: say so when you send it"


def _read(name: str, data: bytes) -> tuple[object, ...]:
    """What a reading comes to, in numbers of rows; empty where the file is refused."""
    from dicli import brokers

    try:
        reading = brokers.read_document(brokers.Document(name, data))
    except DicliError:
        return ()
    rows = (reading.positions, reading.lots, reading.transactions, reading.sales, reading.set_aside)
    return (reading.broker, reading.kinds, *map(len, rows))


def _write(folder: Path, made: dict[str, bytes], *, force: bool) -> None:
    """All files or none: an existing one is replaced only with `force`."""
    there = [folder / name for name in made if (folder / name).exists()]
    if there and not force:
        raise DicliError(
            [Fault(str(path), "there is such a file already", "Add --force, or -o DIR.") for path in there]
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in made.items():
            handle, draft = tempfile.mkstemp(dir=folder, prefix=".anonymise.")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(draft).replace(folder / name)
    except OSError as problem:
        raise DicliError(
            Fault(str(folder), f"cannot be written: {problem.strerror}", "Choose another folder with -o.")
        ) from None
