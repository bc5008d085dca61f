"""Every table of dicli.toml, by name: what the reader validates by and what the documentation prints (`describe`).

Kinds, meanings and readers of the keys are in `keys_plan` and `keys_household`; the defaults are those of `schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from dicli.preferences import keys_household as household
from dicli.preferences import keys_plan as plan
from dicli.preferences import schema
from dicli.preferences.containers import many, table
from dicli.preferences.kinds import Kind

SECTIONS: dict[str, Kind] = {
    "index": table(plan.INDEX, plan.build_index, plan.check_index, owner=schema.Index),
    "screens": table(plan.SCREENS, schema.Screens),
    "tilts": table(plan.TILTS, schema.Tilts),
    "limits": table(plan.LIMITS, schema.Limits),
    "harvest": table(plan.HARVEST, schema.Harvest),
    "tax": table(household.TAX, schema.Tax, household.check_tax),
    "accounts": many(table(household.ACCOUNTS, schema.AccountEntry), filled=True),
    "held_away": many(table(household.HELD_AWAY, schema.HeldAway)),
    "identical": table(household.IDENTICAL, schema.Identical, household.check_identical),
    "corporate_actions": many(table(household.CORPORATE_ACTIONS, schema.CorporateAction, household.check_action)),
    "prices": table(plan.PRICES, schema.Prices, plan.check_prices),
    "scheduled": many(table(household.SCHEDULED, schema.Scheduled, household.check_scheduled)),
    "costs": table(plan.COSTS, schema.Costs),
    "backtest": table(plan.BACKTEST, schema.Backtest, plan.check_backtest),
}
ENTRIES = ("accounts", "held_away", "corporate_actions", "scheduled")
REQUIRED = ("index", "tax", "accounts")


class Row(NamedTuple):
    """One key, documented. `default` is as TOML writes it, "required", or empty where there is none."""

    key: str
    allowed: str
    default: str
    meaning: str
    by: str


def _default(owner: type | Callable[..., Any] | None, name: str) -> str:
    value = None
    if is_dataclass(owner):
        defaults: Mapping[str, Any] = {f.name: f.default for f in fields(owner)}
        value = defaults.get(name)
    match value:
        case None | ():
            return ""
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case int() | Decimal():
            return str(value)
        case _:
            return "" if value is MISSING or is_dataclass(value) else str(value)


def _rows(prefix: str, kind: Kind) -> Iterator[Row]:
    for key in kind.keys:
        name = f"{prefix}.{key.name}"
        if key.kind.keys:
            yield from _rows(name, key.kind)
        else:
            default = "required" if key.required else _default(kind.owner, key.name)
            yield Row(name, key.kind.says, default, key.meaning, key.by)


def describe() -> tuple[Row, ...]:
    """Every key of dicli.toml with what it allows, its default, its meaning and what reads it, in the file's order."""
    return tuple(row for name, kind in SECTIONS.items() for row in _rows(f"[{name}]", kind))
