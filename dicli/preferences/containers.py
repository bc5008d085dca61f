"""Kinds made of kinds: lists, tables of known keys, tables whose keys the user chooses, and either of two shapes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from dicli.preferences.kinds import BAD, SYMBOL, Context, Key, KeyPath, Kind, Wrong, nearest, shown


def many(kind: Kind, *, filled: bool = False) -> Kind:
    """A list without repetition, as a tuple; `filled`: of at least one."""
    says = f"a list{' of at least one' if filled else ''}, each entry {kind.says}"

    def read(value: object, path: KeyPath, context: Context) -> Any:
        if not isinstance(value, list):
            hint = f'Put it in brackets: ["{value if isinstance(value, str) else "…"}"].'
            raise Wrong(f"expected a list in brackets, found {shown(value)}", hint)
        if filled and not value:
            raise Wrong("the list is empty", "Put at least one entry in it, or leave the key out.")
        items: list[Any] = []
        for i, entry in enumerate(value, 1):
            item = context.read(kind, entry, (*path, i))
            if item is not BAD and item in items:
                named = f'"{item}"' if isinstance(item, str) else "the same entry"
                context.fault((*path, i), f"{named} is in the list twice", "Keep one of them.")
                item = BAD
            items.append(item)
        return BAD if any(item is BAD for item in items) else tuple(items)

    return Kind(says, read, kind.keys, kind.owner)


def mapping(keys: Kind, values: Kind) -> Kind:
    """A table whose keys the user chooses, as a tuple of pairs."""

    def read(value: object, path: KeyPath, context: Context) -> Any:
        if not isinstance(value, dict):
            raise Wrong(f"expected a table, found {shown(value)}", "Write it like { NAME = 0.5 }.")
        pairs: list[tuple[Any, Any]] = []
        fine = True
        for name, entry in value.items():
            if keys is SYMBOL and isinstance(entry, dict) and all(re.fullmatch(r"[A-Z]{1,3}", part) for part in entry):
                inner = next(iter(entry), "")
                context.fault(
                    (*path, name), f"{name}.{inner} is read as a table", f'Quote the symbol: "{name}.{inner}".'
                )
                fine = False
                continue
            key, item = context.read(keys, name, (*path, name)), context.read(values, entry, (*path, name))
            if key is not BAD and any(key == other for other, _ in pairs):
                context.fault((*path, name), f'"{key}" is in the table twice', "Keep one of them.")
                fine = False
            fine = fine and key is not BAD and item is not BAD
            pairs.append((key, item))
        return tuple(pairs) if fine else BAD

    return Kind(f"a table of {values.says} by {keys.says.removeprefix('a ')}", read)


def either(says: str, *, table: Kind, plain: Kind, make: Callable[[Any], Any] = lambda value: value) -> Kind:
    """A table read by one kind, anything else by the other and then made into the same type."""

    def read(value: object, path: KeyPath, context: Context) -> Any:
        if isinstance(value, dict):
            return context.read(table, value, path)
        item = context.read(plain, value, path)
        return BAD if item is BAD else make(item)

    return Kind(says, read)


def table(
    keys: tuple[Key, ...],
    build: Callable[..., Any],
    check: Callable[[Mapping[str, Any]], None] = lambda values: None,
    *,
    owner: type | None = None,
) -> Kind:
    """A table of known keys. `check` may raise Wrong over values that do not go together; `build` gets the values.

    `owner` is the dataclass whose defaults the keys have, where that is not `build` itself.
    """
    known = {key.name: key for key in keys}

    def read(value: object, path: KeyPath, context: Context) -> Any:
        if not isinstance(value, dict):
            raise Wrong(f"expected a table, found {shown(value)}", f"Its keys are {', '.join(known)}.")
        values: dict[str, Any] = {}
        for name, entry in value.items():
            if name in known:
                values[name] = context.read(known[name].kind, entry, (*path, name))
                continue
            meant = nearest(name, known)
            remedy = f'Did you mean "{meant}"?' if meant else f"The keys here are {', '.join(known)}."
            context.fault((*path, name), "unknown key", remedy)
            values[name] = BAD
        for key in keys:
            if key.required and key.name not in value:
                context.fault((*path, key.name), "missing", f"Expected {key.kind.says}: {key.meaning}.")
                values[key.name] = BAD
        if any(item is BAD for item in values.values()):
            return BAD
        check(values)
        return build(**values)

    return Kind("a table", read, keys, owner or build)


def ordered(values: Mapping[str, Any], low: str, high: str, owner: type) -> None:
    """Raise Wrong unless `low` ≤ `high`, the dataclass's defaults standing in for what is not there."""
    ends = []
    for name in (low, high):
        default = next(f.default for f in fields(owner) if f.name == name)
        ends.append(values.get(name, None if default is MISSING else default))
    if None not in ends and ends[0] > ends[1]:
        than = "later" if isinstance(ends[0], dt.date) else "more"
        raise Wrong(f"{low} ({ends[0]}) is {than} than {high} ({ends[1]})", "Correct one of the two.")
