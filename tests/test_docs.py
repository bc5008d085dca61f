"""README.md and docs/ say what the program says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicli.commands import COMMANDS
from dicli.commands.prices import PRICES
from tests.docs import FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path](), "run `python -m tests.docs` and read the difference"


def test_every_command_has_one_line_and_two_examples() -> None:
    prices = {f"prices {name}": function for name, function in PRICES.items()}
    for name, function in {**COMMANDS, **prices}.items():
        text = (function.__doc__ or "").strip()
        assert text.splitlines()[0].endswith((".", "?", "not.")), name
        assert text.count(f"dicli {name}") >= 2, name
