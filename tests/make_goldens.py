"""Golden pairs of broker files: `x.csv` and, beside it, `x.expected.json`, what dicli reads in it.

    python -m tests.make_goldens                 write every pair whose reading is new or has changed
    python -m tests.make_goldens FILE...         only these
    python -m tests.make_goldens --diff [FILE…]  write nothing, show what would change, exit 1 if anything would

A file whose name begins with `refused` is one that must be refused; its golden holds the faults. Look at a new golden
before you commit it: it is the test.
"""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import Any

from dicli import brokers
from dicli.errors import InputError
from dicli.reports.reading import reading_to_json

FOLDER = Path(__file__).parent / "brokers"
ENDINGS = {".csv", ".json", ".xml", ".xlsx", ".txt"}


def fixtures() -> list[Path]:
    """Every file under tests/brokers that is read, not a golden."""
    return sorted(
        path
        for path in FOLDER.rglob("*")
        if path.suffix.lower() in ENDINGS and not path.name.endswith(".expected.json") and "~" not in path.name
    )


def golden_of(path: Path) -> Path:
    """`x.expected.json` beside `x.csv`; beside `x.json`, `x.xml` … the ending stays in: `x.json.expected.json`."""
    return path.with_name((path.stem if path.suffix.lower() == ".csv" else path.name) + ".expected.json")


def expected_of(path: Path) -> dict[str, Any]:
    """What the golden should say. Raises InputError where a file is refused that is not named so, and the reverse."""
    refusable = path.name.startswith("refused")
    try:
        found = reading_to_json(brokers.read(path))
    except InputError as error:
        if not refusable:
            raise
        return {"file": path.name, "refused": [str(fault).replace(str(path), path.name) for fault in error.faults]}
    if refusable:
        raise ValueError(f"{path}: is read, and its name says that it must be refused")
    return found | {"file": path.name}


def text_of(expected: dict[str, Any]) -> str:
    """JSON with one row of a table per line, so that a diff shows rows."""
    lines = []
    for key, value in expected.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in value)
            lines.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> int:
    show_only = "--diff" in arguments
    named = [Path(argument).resolve() for argument in arguments if argument != "--diff"]
    changed = 0
    for path in named or fixtures():
        golden = golden_of(path)
        before = golden.read_text(encoding="utf-8") if golden.exists() else ""
        after = text_of(expected_of(path))
        if before == after:
            continue
        changed += 1
        if show_only:
            print("\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), golden.name, "now")))
        else:
            golden.write_text(after, encoding="utf-8")
            print(f"{'changed' if before else 'new'}: {golden}")
    return 1 if show_only and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
