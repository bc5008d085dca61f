"""Where dicli keeps what it has fetched: one folder of the user's, or the one that DICLI_CACHE_DIR names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dicli.errors import Fault, MarketError


def cache_path() -> Path:
    """The folder, there or not."""
    named = os.environ.get("DICLI_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    import platformdirs  # here: commands that cache nothing do without it

    return platformdirs.user_cache_path("dicli", appauthor=False)


def cache_dir() -> Path:
    """The folder, made if it is not there yet. Raises MarketError where it cannot be."""
    folder = cache_path()
    make_folder(folder)
    return folder


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(path: Path, error: OSError) -> MarketError:
    return MarketError(
        Fault(
            str(path),
            f"what dicli fetches cannot be kept here: {error.strerror}",
            "See to the disk and its permissions, or set DICLI_CACHE_DIR to another folder.",
        )
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by rename, so that a reader sees the old one or the new one and never half of it.

    Raises MarketError where it cannot be written.
    """
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None
