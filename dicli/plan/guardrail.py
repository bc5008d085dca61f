"""What each screen, tilt and cap costs in tracking error, when together they cost more than the user allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from dicli.errors import DicliError
from dicli.household import Household
from dicli.market.benchmark import Benchmark
from dicli.plan.survey import Market, survey
from dicli.preferences import Caps, Preferences

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Contribution:
    """One thing that the user asked for, and how much less the target's ex ante tracking error would be without it."""

    what: str
    tracking_error: float


def contributions(
    household: Household, benchmark: Benchmark, market: Market, preferences: Preferences, together: float
) -> tuple[Contribution, ...]:
    """The marginal contribution of each: the target solved again without it alone, everything else as it is.

    `together` is the tracking error with all of them. Contributions do not add up to it: each hides others.
    """
    found = []
    for what, without in _each(preferences):
        try:
            alone = survey(household, benchmark, market, without).target.tracking_error
        except DicliError:
            continue  # without it nothing is feasible: it costs nothing that could be had back
        found.append(Contribution(what, together - alone))
    return tuple(sorted(found, key=lambda one: (-one.tracking_error, one.what)))


def _each(preferences: Preferences) -> Iterator[tuple[str, Preferences]]:
    screens, tilts, limits = preferences.screens, preferences.tilts, preferences.limits

    def screened(**changes: object) -> Preferences:
        return replace(preferences, screens=replace(screens, **changes))  # type: ignore[arg-type]

    for key in ("exclude", "exclude_sectors", "exclude_industries"):
        names: tuple[str, ...] = getattr(screens, key)
        for name in names:
            yield f"screens.{key}: {name}", screened(**{key: _without(names, name)})
    for listed in screens.exclude_lists:
        yield f"screens.exclude_lists: {listed.name}", screened(exclude_lists=_without(screens.exclude_lists, listed))
    for key in ("symbols", "sectors", "themes"):
        found = getattr(tilts, key)
        for tilt in found:
            less = replace(tilts, **{key: _without(found, tilt)})
            yield f"tilts.{key}: {tilt.name}", replace(preferences, tilts=less)
    none: dict[str, object] = {"max_weight": None, "max_sector": Caps(), "max_industry": Caps()}
    for key, nothing in none.items():
        if getattr(limits, key) != nothing:
            yield f"limits.{key}", replace(preferences, limits=replace(limits, **{key: nothing}))  # type: ignore[arg-type]
    if preferences.index.max_names is not None:
        yield "index.max_names", replace(preferences, index=replace(preferences.index, max_names=None))
    if preferences.held_away:
        yield "held_away", replace(preferences, held_away=())


def _without(items: tuple[T, ...], one: T) -> tuple[T, ...]:
    return tuple(item for item in items if item != one)
