"""Sectors and industries under one name each, whoever wrote them.

The eleven sectors and the industries are those of the Global Industry Classification Standard (GICS, 2023 structure).
Issuers shorten or rename them, Yahoo and FTSE (ICB) have words of their own, and Vanguard writes sub-industries, the
level below, cut at 40 characters.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple


class Class(NamedTuple):
    """Where a security belongs; None is not known."""

    sector: str | None
    industry: str | None


SECTORS = {
    "Communication Services": ("communication", "communications", "telecommunication services", "telecommunications",
                               "telecommunication", "telecom", "telecom services"),
    "Consumer Discretionary": ("consumer cyclical", "consumer cyclicals", "discretionary"),
    "Consumer Staples": ("consumer defensive", "consumer non-cyclicals", "consumer goods", "staples"),
    "Energy": ("oil & gas",),
    "Financials": ("financial", "financial services", "finance"),
    "Health Care": ("healthcare", "health"),
    "Industrials": ("industrial",),
    "Information Technology": ("technology", "info tech", "infotech", "it", "tech"),
    "Materials": ("basic materials", "basic material", "material"),
    "Real Estate": ("realestate", "reits"),
    "Utilities": ("utility",),
}  # fmt: skip
"""The sector's GICS name -> other names for it, lower case."""

_BY_NAME = {said: sector for sector, others in SECTORS.items() for said in (sector.lower(), *others)}
_NOTHING = {
    "",
    "-",
    "--",
    "n/a",
    "na",
    "none",
    "null",
    "unassigned",
    "unclassified",
    "unknown",
    "other",
    "not available",
}


def sector_name(text: str) -> str:
    """The one name for a sector ("Communication" -> "Communication Services"); what is none comes back as it is."""
    said = " ".join(text.split())
    return _BY_NAME.get(said.lower().replace(" and ", " & "), said)


def is_sector(text: str) -> bool:
    return sector_name(text) in SECTORS


def said(text: str | None) -> str | None:
    """A sector or industry cell, or None where it says nothing (`-`, `Unassigned` …)."""
    return None if text is None or text.strip().lower() in _NOTHING else " ".join(text.split())


@cache
def securities() -> dict[str, Class]:
    """What dicli knows of single names (shipped table, mostly large US companies): dotted symbol -> its class."""
    return {
        row["symbol"]: Class(said(row["sector"]) and sector_name(row["sector"]), said(row["industry"]))
        for row in _rows("securities.csv")
    }


@cache
def _industries() -> dict[str, Class]:
    """Lower-case name of an industry or a sub-industry, whole and cut at 40 characters -> its class."""
    table: dict[str, Class] = {}
    for row in _rows("industries.csv"):
        found = Class(row["sector"], row["industry"])
        for name in (row["industry"], row["sub_industry"]):
            for key in (name.lower(), name.lower()[:40].rstrip()):
                table.setdefault(key, found)
    return table


def industry_class(text: str) -> Class | None:
    """The sector and industry that an industry's or a sub-industry's name stands for; None where it is no such name."""
    return _industries().get(" ".join(text.lower().split()))


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("dicli").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
