"""Small portfolio folders for tests: a dicli.toml and plain files, written to a temporary folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from dicli import household
from dicli.household import Household
from dicli.preferences import Preferences, load

AS_OF = dt.date(2026, 11, 20)

INDEX = "symbol,weight,sector,name\nAAA,40,Energy,Alpha\nBBB,30,Utilities,Beta\nCCC,30,Materials,Gamma\n"
HEAD = '[index]\nbenchmark = "index.csv"\n[tax]\nfiling_status = "single"\ntaxable_income = 150000\n'
ONE = '[[accounts]]\nname = "main"\nkind = "taxable"\nbroker_files = ["main*.csv"]\n'
IRA = '[[accounts]]\nname = "ira"\nkind = "roth_ira"\nmanaged = false\nbroker_files = ["ira*.csv"]\n'

LOTS = "symbol,quantity,acquired,cost_basis\n"
HISTORY = "date,kind,symbol,quantity,amount\n"
POSITIONS = "symbol,quantity,price,value\n"


def folder(path: Path, *, toml: str = ONE, head: str = HEAD, index: str = INDEX, **files: str) -> Path:
    """Write the folder; `main_lots="..."` becomes main_lots.csv."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "dicli.toml").write_text(head + toml, encoding="utf-8")
    (path / "index.csv").write_text(index, encoding="utf-8")
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def read(path: Path, as_of: dt.date = AS_OF) -> tuple[Preferences, Household]:
    preferences = load(path)
    return preferences, household.load(preferences, as_of)
