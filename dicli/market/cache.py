"""Where dicli keeps what it has fetched: one folder of the user's, or the one that DICLI_CACHE_DIR names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_dir() -> Path:
    """The folder, made if it is not there yet."""
    named = os.environ.get("DICLI_CACHE_DIR")
    if named:
        folder = Path(named).expanduser()
    else:
        import platformdirs  # here: commands that cache nothing do without it

        folder = platformdirs.user_cache_path("dicli", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by rename, so that a reader sees the old one or the new one and never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
