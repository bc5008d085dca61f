"""Every worked case in `tests/cases/`, and in the directories that DICLI_CASES names (separated as PATH is)."""

from __future__ import annotations

import json
import os
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.run_case import answer, main

HERE = Path(__file__).parent / "cases"
FOLDERS = [HERE, *(Path(name) for name in os.environ.get("DICLI_CASES", "").split(os.pathsep) if name)]
CASES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.json"))]
KEYS = ("sale", "lot", "account", "term")


def same(expected: Any, found: Any, tolerance: Fraction) -> bool:
    """Equal, or equal as numbers within the case's tolerance."""
    if expected == found:
        return True
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or found is None:
        return False
    try:
        return abs(Fraction(expected) - Fraction(found)) <= tolerance
    except (ValueError, TypeError):
        return False


def fits(row: dict[str, Any], found: dict[str, Any], tolerance: Fraction) -> bool:
    return all(name in found and same(value, found[name], tolerance) for name, value in row.items())


def differences(expected: Any, found: Any, tolerance: Fraction, where: str = "") -> list[str]:
    """What the case names and the answer has otherwise. Lists are compared as bags: every row on both sides once."""
    if isinstance(expected, dict):
        faults = []
        for name, value in expected.items():
            if name not in found:
                faults.append(f"{where}.{name} is missing")
            else:
                faults += differences(value, found[name], tolerance, f"{where}.{name}")
        return faults
    if isinstance(expected, list):
        left = list(found)
        faults = []
        for row in expected:
            hit = next((other for other in left if fits(row, other, tolerance)), None)
            if hit is None:
                faults.append(f"{where}: no row {row} in {left}")
            else:
                left.remove(hit)
        return faults + [f"{where}: unexpected row {row}" for row in left]
    return [] if same(expected, found, tolerance) else [f"{where}: {found}, expected {expected}"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    tolerance = Fraction(str(case.get("tolerance", "0.000000001")))
    assert differences(case["expected"], answer(case), tolerance) == []


def test_the_shipped_cases_are_all_there() -> None:
    kinds = Counter(json.loads(path.read_text("utf-8"))["kind"] for path in HERE.glob("*.json"))
    assert sum(kinds.values()) == 125
    assert kinds["trades"] == 73
    assert len(kinds) == 11


def test_a_field_that_could_change_the_answer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads((HERE / "drip-after.json").read_text("utf-8"))
    case["transactions"][0]["constructive_sale"] = True
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    assert main([str(path)]) == 2
    assert "event b1: unknown field constructive_sale" in capsys.readouterr().err


def test_selling_more_than_is_held_names_the_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads((HERE / "drip-after.json").read_text("utf-8"))
    case["transactions"][1]["qty"] = "100.5"
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    assert main([str(path)]) == 2
    assert "event s1: sell of 100.5 X, of which account T1 holds 100 on 2025-02-03" in capsys.readouterr().err
