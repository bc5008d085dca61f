"""Broker files as text in a test: read, or refused and why; a fixture with something in it changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError
from dicli.model import Reading


def read(text: str | bytes, *ignore: str) -> Reading:
    data = text if isinstance(text, bytes) else text.encode()
    return brokers.read_document(Document("x.csv", data, ignore_actions=ignore))


def refusal(text: str | bytes) -> str:
    """All that is said of a file that must be refused."""
    with pytest.raises(InputError) as refused:
        read(text)
    return "\n".join(str(fault) for fault in refused.value.faults)


def changed(path: Path, *changes: tuple[str, str]) -> str:
    """A file's text with each (old, new) put through; each old must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text
