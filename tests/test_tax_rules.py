"""Every rule of the specification (sections 1 to 7, and 9) is named by a docstring of the code that keeps it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import dicli.tax

LIST = """
    R-TRADEDATE R-BASIS0 R-PROCEEDS R-EXACT R-CENT R-ROUND R-FIFO R-SPECID R-STANDING R-AVERAGE R-HIFO R-SUBLOT R-TERM
    R-MONTHEND R-INHERIT R-GIFT R-SPOUSEXFER R-XDIV R-LOSS R-WINDOW R-ACTUAL R-ACQUIRED R-IDENTICAL R-SCOPE R-IRA
    R-OTHERPLANS R-SPOUSE R-ORDER R-MATCH R-ONEBITE R-SAMELOT R-SOLDBEFORE R-TOGETHER R-OLDER R-CHAIN R-BASIS R-TACK
    R-PERSHARE R-YEAREND R-FRACTION R-SHORT R-OPTIONS R-CRYPTO R-NAVMMF R-RELATED R-HARVEST R-BROKER R-BROKERTERM
    R-COVERED R-BOX R-SDLINE R-COLS R-CODE-W R-CODE-B R-CODE-T R-CODE-E R-STMT R-NET R-LIMIT R-CARRY R-CARRY151 R-NCG
    R-QDI R-ROC R-SPLIT R-SPINOFF R-MERGER R-GIVE
"""
RULES = LIST.split()


def documentation() -> str:
    """All docstrings of dicli.tax: of modules, classes and functions."""
    found = []
    for path in Path(dicli.tax.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                found.append(ast.get_docstring(node) or "")
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                found.append(node.value.value)  # a string below a constant documents it
    return "\n".join(found)


def test_every_rule_is_named_by_a_docstring() -> None:
    named = set(re.findall(r"R-[A-Z0-9]+(?:-[A-Z])?", documentation()))
    assert sorted(set(RULES) - named) == []


def test_no_docstring_names_a_rule_that_does_not_exist() -> None:
    named = set(re.findall(r"R-[A-Z0-9]+(?:-[A-Z])?", documentation()))
    assert sorted(named - set(RULES)) == []
