"""Preferences -> dicli.toml: what it writes reads again to the same Preferences."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from dicli.errors import Fault, PreferencesError
from dicli.preferences.keys import ENTRIES, SECTIONS
from dicli.preferences.reader import FILE_NAME, parse
from dicli.preferences.schema import (
    AccountEntry,
    Caps,
    Cash,
    Costs,
    DoNotSell,
    GainsBudget,
    Harvest,
    Identical,
    Index,
    Limits,
    Preferences,
    SymbolList,
    Tilt,
    Tilts,
)

HEADER = """\
# dicli.toml: what dicli needs to know about this household. docs/preferences.md of dicli explains every key.
# Fractions are written out (0.08 is 8 %), dollars without commas, symbols dotted (BRK.B), paths from this folder.
"""
TO_EDIT = """\
# The limits and thresholds below are dicli's defaults, written down so that you can change them.
"""


def _plain(value: Any) -> Any:
    """A value as TOML has it. Decimals go out as they are: tomli-w writes them digit by digit."""
    match value:
        case SymbolList():
            return value.name
        case Caps():
            return value.every if value.every is not None else dict(value.named)
        case GainsBudget():
            only_net = value.short is None and value.long is None and value.net is not None
            return value.net if only_net else _table(value)
        case DoNotSell():
            return value.symbol if value.acquired is None and value.account is None else _table(value)
        case Fraction():
            return f"{value.numerator}:{value.denominator}"
        case tuple():
            return [_plain(item) for item in value]
        case Identical():
            return {
                name: item for name, item in (("groups", _plain(value.groups)), ("ratios", dict(value.ratios))) if item
            }
        case Costs():
            table = _table(value)
            return table | ({"half_spreads": dict(value.half_spreads)} if value.half_spreads else {})
        case Index():
            return _index(value)
        case Tilts():
            return _tilts(value)
        case Path():
            return str(value)
        case str():
            return str(value)  # an enumeration's member as its word
        case _:
            return _table(value) if is_dataclass(value) else value


def _table(value: Any) -> dict[str, Any]:
    """What of a dataclass differs from its defaults, by key."""
    table: dict[str, Any] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.default is MISSING or item != field.default:
            table[field.name] = _plain(item)
    return {name: item for name, item in table.items() if item is not None}


def _tilts(tilts: Tilts) -> dict[str, Any]:
    def given(tilt: Tilt) -> dict[str, Any]:
        return {"plus": tilt.plus} if tilt.plus else {"times": tilt.times}

    def by_name(several: Sequence[Tilt]) -> dict[str, Any]:
        # all in one form: tomli-w writes plain values before tables, which would change the order
        plain = not any(tilt.plus for tilt in several)
        return {tilt.name: tilt.times if plain else given(tilt) for tilt in several}

    parts = {
        "symbols": by_name(tilts.symbols),
        "sectors": by_name(tilts.sectors),
        "themes": [{"list": tilt.name} | given(tilt) for tilt in tilts.themes],
    }
    return {name: part for name, part in parts.items() if part}


def _index(index: Index) -> dict[str, Any]:
    rest = {name: item for name, item in _table(index).items() if name != "parts"}
    if len(index.parts) == 1 and index.parts[0].weight == 1:
        return {"benchmark": index.parts[0].name} | rest
    return {"blend": [[part.name, part.weight] for part in index.parts]} | rest


def _accounts(preferences: Preferences) -> list[dict[str, Any]]:
    ignored = dict(preferences.ignore_actions)
    entries = []
    for account in preferences.accounts:
        method = account.lot_method if account.lot_method != preferences.tax.lot_method else None
        entry = AccountEntry(
            name=account.name,
            broker_files=account.broker_files,
            kind=account.kind,
            number=account.number,
            owner=account.owner,
            managed=account.managed,
            fractional=account.fractional,
            lot_method=method,
            average_basis=account.average_basis,
            ignore_actions=ignored.get(account.name, ()),
        )
        entries.append(_table(entry))
    return entries


def _toml(tables: dict[str, Any]) -> str:
    """Tables as text, in the order of `SECTIONS`; lists of tables under [[…]], which tomli-w alone does not promise."""
    import tomli_w  # like tempfile below, only where a file is written

    parts: list[str] = []
    for name in SECTIONS:
        if name in ENTRIES:
            parts += [f"[[{name}]]\n{tomli_w.dumps(entry)}" for entry in tables.get(name, [])]
        elif tables.get(name):
            parts.append(tomli_w.dumps({name: tables[name]}))
    return "\n".join(parts)


def dumps(preferences: Preferences) -> str:
    """The preferences as a dicli.toml: what differs from the defaults, in the order of the documentation."""
    tables = {name: _plain(getattr(preferences, name)) for name in SECTIONS if name != "accounts"}
    return f"{HEADER}\n{_toml(tables | {'accounts': _accounts(preferences)})}"


def account_from_flag(text: str) -> dict[str, Any]:
    """One of [[accounts]] from NAME:KIND:GLOB[:OWNER[:NUMBER]]; raises PreferencesError where a part is missing."""
    parts = [part.strip() for part in text.split(":")]
    if not 3 <= len(parts) <= 5 or not all(parts[:3]):
        raise PreferencesError(
            Fault(
                f'--account "{text}"',
                "expected NAME:KIND:GLOB[:OWNER[:NUMBER]]",
                'For example --account "joint:taxable:schwab/*.csv:you:4821".',
            )
        )
    names = ("name", "kind", "broker_files", "owner", "number")
    entry: dict[str, Any] = {name: part for name, part in zip(names, parts, strict=False) if part}
    return entry | {"broker_files": [entry["broker_files"]]}


def template(
    *,
    benchmark: str,
    filing_status: str,
    taxable_income: Decimal,
    accounts: Sequence[dict[str, Any]],
    state_rate: Decimal = Decimal(0),
    carryover_short: Decimal = Decimal(0),
    carryover_long: Decimal = Decimal(0),
    lot_method: str = "fifo",
    max_tracking_error: Decimal | None = None,
) -> str:
    """A first dicli.toml from the few things that only the user knows; `accounts` as `account_from_flag` gives them.

    Raises PreferencesError for what would not read again. The files that it names need not be there yet.
    """
    limits, cash, harvest = Limits(), Cash(), Harvest()
    tables: dict[str, Any] = {
        "index": {"benchmark": benchmark},
        "limits": {
            "cash": {"target": cash.target, "max": cash.max},
            "min_trade": limits.min_trade,
            "tracking": limits.tracking,
        },
        "harvest": {
            "min_loss": harvest.min_loss,
            "min_loss_fraction": harvest.min_loss_fraction,
            "substitutes": harvest.substitutes,
        },
        "tax": {
            "filing_status": filing_status,
            "taxable_income": taxable_income,
            "state_rate": state_rate,
            "lot_method": lot_method,
            "carryover": {"short": carryover_short, "long": carryover_long},
        },
        "accounts": list(accounts),
    }
    if max_tracking_error is not None:
        tables["limits"]["max_tracking_error"] = max_tracking_error
    text = f"{HEADER}{TO_EDIT}\n{_toml(tables)}"
    parse(text, Path(FILE_NAME).absolute(), files=False)
    return text


def save(text: str, path: Path, *, force: bool = False) -> None:
    """Write a dicli.toml, whole or not at all, by rename; an existing one is replaced only with `force`.

    Its folder is made where it is not there yet. Raises PreferencesError, also for a text that would not read again.
    """
    import tempfile

    parse(text, path, files=False)
    if path.exists() and not force:
        raise PreferencesError(Fault(str(path), "there is such a file already", "Add --force to replace it."))
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).replace(path.resolve())
    except OSError as problem:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        fault = Fault(str(path), f"cannot be written: {problem.strerror}", "Choose another folder.")
        raise PreferencesError(fault) from None
