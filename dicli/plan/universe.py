"""What may be held: the benchmark after screens and tilts, as arrays over one list of names.

This is the border between exact values and float64: everything above it is `Decimal`, everything that `plan` computes
with is an array over `Universe.symbols`, and what leaves `plan` is quantised on the way out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from dicli.errors import Fault, InfeasiblePlan, PreferencesError
from dicli.market.sectors import industry_class, is_sector, sector_name
from dicli.model import Constituent
from dicli.plan.problem import Bools, Floats
from dicli.preferences import Caps, Preferences, Tilt


@dataclass(frozen=True, slots=True)
class Step:
    """One step from the benchmark weight of a name to its wanted weight, in words, and the weight after it."""

    what: str
    weight: float


@dataclass(frozen=True, slots=True)
class Universe:
    """The names of the benchmark and of the household, benchmark order first; arrays are (n,) in that order.

    `benchmark` and `reference` (the benchmark after tilts) sum to 1. `allowed` is False where a screen excludes a name
    or it has no price; `excluded` says why. `price` is nan where there is none. `places`: where each symbol stands.
    """

    symbols: tuple[str, ...]
    members: tuple[Constituent, ...]
    benchmark: Floats
    reference: Floats
    allowed: Bools
    excluded: Mapping[str, str]
    price: Floats
    steps: Mapping[str, tuple[Step, ...]]
    places: Mapping[str, int]

    @property
    def sectors(self) -> tuple[str | None, ...]:
        return tuple(member.sector for member in self.members)

    @property
    def industries(self) -> tuple[str | None, ...]:
        return tuple(member.industry for member in self.members)


def build(
    constituents: Iterable[Constituent],
    others: Iterable[Constituent],
    prices: Mapping[str, Decimal],
    preferences: Preferences,
) -> Universe:
    """The universe of a benchmark's constituents and of the `others` that the household holds besides.

    Raises InfeasiblePlan where screens leave nothing of the index, or tilts leave no weight; PreferencesError for a
    sector or industry that no name has.
    """
    members = [*constituents]
    inside = {member.symbol for member in members}
    members += [member for member in others if member.symbol not in inside]
    if faults := _unknown_groups(members, preferences):
        raise PreferencesError(faults)
    symbols = tuple(member.symbol for member in members)
    benchmark = np.array([float(m.weight) if m.symbol in inside else 0.0 for m in members])
    benchmark = benchmark / benchmark.sum()
    excluded = {m.symbol: why for m in members if (why := _screened(m, preferences)) is not None}
    excluded |= {symbol: "no price" for symbol in symbols if symbol not in prices and symbol not in excluded}
    allowed = np.array([symbol not in excluded for symbol in symbols])
    if not (allowed & (benchmark > 0.0)).any():
        raise InfeasiblePlan(
            Fault(
                "[screens]",
                "they leave no name of the index that has a price",
                "Exclude less, or see `dicli index` for what the index holds.",
            )
        )
    reference, steps = _tilted(members, benchmark, preferences)
    price = np.array([float(prices[symbol]) if symbol in prices else np.nan for symbol in symbols])
    places = {symbol: at for at, symbol in enumerate(symbols)}
    return Universe(symbols, tuple(members), benchmark, reference, allowed, excluded, price, steps, places)


def limit_of(caps: Caps, kind: str, group: str) -> Decimal | None:
    """The figure for a group, whichever of a sector's names the user wrote."""
    named = {sector_name(name) if kind == "sector" else name: figure for name, figure in caps.named}
    return named.get(group, caps.every)


def _unknown_groups(members: list[Constituent], preferences: Preferences) -> list[Fault]:
    """A sector or industry that neither a name nor the classification has is a typo, and typos are not passed over."""
    known = {
        "sector": {m.sector for m in members if m.sector is not None},
        "industry": {m.industry for m in members if m.industry is not None},
    }
    screens, tilts, limits = preferences.screens, preferences.tilts, preferences.limits
    asked = [("screens.exclude_sectors", "sector", name) for name in screens.exclude_sectors]
    asked += [("screens.exclude_industries", "industry", name) for name in screens.exclude_industries]
    asked += [("tilts.sectors", "sector", tilt.name) for tilt in tilts.sectors]
    for key, kind, caps in (
        ("limits.max_sector", "sector", limits.max_sector),
        ("limits.sector_band", "sector", limits.sector_band),
        ("limits.max_industry", "industry", limits.max_industry),
        ("limits.industry_band", "industry", limits.industry_band),
    ):
        asked += [(key, kind, name) for name, _ in caps.named]
    faults = []
    for key, kind, name in asked:
        there = known[kind]
        said = sector_name(name) if kind == "sector" else name
        if said in there or (is_sector(said) if kind == "sector" else industry_class(said) is not None):
            continue
        near = difflib.get_close_matches(name, sorted(there), n=1)
        remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(there)) or 'none'}."
        faults.append(Fault(f"{preferences.path.name}, {key}", f'no name of the index has the {kind} "{name}"', remedy))
    return faults


def _screened(member: Constituent, preferences: Preferences) -> str | None:
    screens = preferences.screens
    if member.symbol in screens.exclude:
        return "excluded by name"
    if member.sector is not None and member.sector in {sector_name(name) for name in screens.exclude_sectors}:
        return f"sector {member.sector} is excluded"
    if member.industry is not None and member.industry in screens.exclude_industries:
        return f"industry {member.industry} is excluded"
    for listed in screens.exclude_lists:
        if member.symbol in listed.symbols:
            return f"on the list {listed.name}"
    return None


def _tilted(
    members: list[Constituent], benchmark: Floats, preferences: Preferences
) -> tuple[Floats, dict[str, tuple[Step, ...]]]:
    """benchmark × tilts, sectors first, then themes, then single names; scaled back to 1."""
    wanted = benchmark.copy()
    steps: dict[str, tuple[Step, ...]] = {}
    tilts = preferences.tilts
    groups: list[tuple[Tilt, str, list[int]]] = []
    for tilt in tilts.sectors:
        at = [i for i, m in enumerate(members) if m.sector == sector_name(tilt.name)]
        groups.append((tilt, f"sector {tilt.name}", at))
    for tilt in tilts.themes:
        listed = set(tilt.symbols)
        groups.append((tilt, f"theme {tilt.name}", [i for i, m in enumerate(members) if m.symbol in listed]))
    groups += [
        (tilt, "your tilt", [i for i, m in enumerate(members) if m.symbol == tilt.name]) for tilt in tilts.symbols
    ]
    for tilt, name, at in groups:
        total = float(benchmark[at].sum())
        share = benchmark[at] / total if total > 0.0 else np.full(len(at), 1.0 / max(len(at), 1))
        wanted[at] = wanted[at] * float(tilt.times) + share * float(tilt.plus)
        how = f"{name} × {tilt.times}" if tilt.times != 1 else f"{name} {tilt.plus:+}"
        for i in at:
            steps[members[i].symbol] = (*steps.get(members[i].symbol, ()), Step(how, float(wanted[i])))
    wanted = np.maximum(wanted, 0.0)
    if wanted.sum() <= 0.0:
        raise InfeasiblePlan(Fault("[tilts]", "they leave no weight anywhere", "Keep some name above zero."))
    return wanted / wanted.sum(), steps
