"""dicli.toml -> Preferences: found, read, validated; everything that is wrong is said at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dicli.errors import Fault, PreferencesError
from dicli.model import Account
from dicli.preferences.files import broker_files
from dicli.preferences.keys import ENTRIES, REQUIRED, SECTIONS
from dicli.preferences.kinds import BAD, Context, nearest
from dicli.preferences.lines import key_lines
from dicli.preferences.schema import AccountEntry, Limits, Preferences, Scheduled, Screens, Tax, Tilts

FILE_NAME = "dicli.toml"


def find(start: Path) -> Path:
    """The nearest dicli.toml: `start` itself, in it, or in a folder above it. Raises PreferencesError where none is."""
    begin = start.expanduser().resolve()
    if not begin.exists():
        # never a folder above it: a misspelt folder inside another portfolio would show that one's figures
        raise PreferencesError(Fault(str(start), "there is no such folder", "Name the portfolio folder with -C DIR."))
    if begin.is_file():
        return begin
    for folder in (begin, *begin.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise PreferencesError(
        Fault(
            str(begin),
            f"there is no {FILE_NAME} here or in a folder above",
            "Make one with `dicli init`, or name the portfolio folder with -C DIR.",
        )
    )


def load(start: Path, *, exports: bool = True) -> Preferences:
    """The preferences of the nearest dicli.toml from `start` upward; raises PreferencesError with every fault in it.

    With `exports` false the brokers' files need not be there yet: who only asks what would be has none.
    """
    path = find(start)
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise PreferencesError(
            Fault(str(path), f"cannot be read: {problem.strerror}", "Check its permissions.")
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        fault = Fault(f"{path.name}, line {line}", "is not text in UTF-8", "Save the file as UTF-8 in your editor.")
        raise PreferencesError(fault) from None
    return parse(text, path, exports=exports)


def parse(text: str, path: Path, *, files: bool = True, exports: bool = True) -> Preferences:
    """The preferences that a text says, as though it stood at `path`.

    With `files` false the files that it names need not be there yet, with `exports` false those of the brokers. Raises
    PreferencesError.
    """
    text = text.replace("\r\n", "\n")
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise PreferencesError(_syntax_fault(str(problem), text, path.name)) from None
    context = Context(path.name, path.parent, files, exports)
    values = _sections(raw, context)
    _check_across(values, raw, context)
    if context.found:
        raise PreferencesError(context.in_order(key_lines(text)))
    entries: tuple[AccountEntry, ...] = values.pop("accounts")
    return Preferences(
        path=path,
        folder=path.parent,
        accounts=tuple(_account(entry, values["tax"]) for entry in entries),
        ignore_actions=tuple((entry.name, entry.ignore_actions) for entry in entries if entry.ignore_actions),
        **values,
    )


def _sections(raw: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The sections that are there, each read by its kind, or BAD."""
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name in SECTIONS:
            if name in ENTRIES and isinstance(value, dict):
                context.fault((name,), "expected a list of tables, found one table", f"Its heading is [[{name}]].")
                values[name] = BAD
            elif name not in ENTRIES and isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
                context.fault((name,), "expected one table, found a list of tables", f"Its heading is [{name}].")
                values[name] = BAD
            else:
                values[name] = context.read(SECTIONS[name], value, (name,))
            continue
        owners = [section for section, kind in SECTIONS.items() if any(key.name == name for key in kind.keys)]
        meant = nearest(name, SECTIONS)
        if owners and not isinstance(value, dict | list):
            context.fault((name,), "stands outside its table", f"Move it under {' or '.join(map(_heading, owners))}.")
        elif meant:
            context.fault((name,), "unknown table", f"Did you mean {_heading(meant)}?")
        else:
            context.fault((name,), "unknown table", f"The tables are {', '.join(map(_heading, SECTIONS))}.")
    for name in REQUIRED:
        if name not in raw:
            context.fault((name,), "missing", f"Add {_heading(name)}; `dicli init` writes a whole file.")
            values[name] = BAD
    return values


def _heading(section: str) -> str:
    return f"[[{section}]]" if section in ENTRIES else f"[{section}]"


def _account(entry: AccountEntry, tax: Tax) -> Account:
    return Account(
        name=entry.name,
        kind=entry.kind,
        owner=entry.owner,
        managed=entry.managed,
        fractional=entry.fractional,
        number=entry.number,
        broker_files=entry.broker_files,
        average_basis=entry.average_basis,
        lot_method=entry.lot_method or tax.lot_method,
    )


# --- what has to fit together across tables --------------------------------------------------------------------------


def _check_across(values: Mapping[str, Any], raw: Mapping[str, Any], context: Context) -> None:
    _check_account_names(values, raw, context)
    if values.get("accounts", BAD) is not BAD:
        _check_claims(values["accounts"], context)
    screens, tilts = values.get("screens", Screens()), values.get("tilts", Tilts())
    if screens is not BAD and tilts is not BAD:
        _check_tilts(screens, tilts, context)


def _check_account_names(values: Mapping[str, Any], raw: Mapping[str, Any], context: Context) -> None:
    listed = raw.get("accounts", ())
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    names = [name for entry in entries if isinstance(name := entry.get("name"), str)]
    seen: set[str] = set()
    for i, entry in enumerate(entries, 1):
        name = entry.get("name")
        if isinstance(name, str) and name.casefold() in seen:
            context.fault(("accounts", i, "name"), f'"{name}" is the name of another account', "Each needs its own.")
        elif isinstance(name, str):
            seen.add(name.casefold())

    def known(name: str | None, *path: str | int) -> None:
        if name is not None and name not in names:
            meant = nearest(name, names)
            remedy = f'Did you mean "{meant}"?' if meant else f"The accounts are {', '.join(names) or 'not there yet'}."
            context.fault(path, f'there is no account "{name}"', remedy)

    scheduled: tuple[Scheduled, ...] | object = values.get("scheduled", ())
    if isinstance(scheduled, tuple):
        for i, plan in enumerate(scheduled, 1):
            known(plan.account, "scheduled", i, "account")
    limits = values.get("limits", BAD)
    if isinstance(limits, Limits):
        for i, kept in enumerate(limits.do_not_sell, 1):
            known(kept.account, "limits", "do_not_sell", i, "account")


def _check_claims(entries: Sequence[AccountEntry], context: Context) -> None:
    """No rows of a file may belong to two accounts: each of a shared file's entries needs its own number."""
    claims: dict[Path, list[int]] = {}
    for i, entry in enumerate(entries):
        for file in broker_files(entry.broker_files, context.folder):
            claims.setdefault(file, []).append(i)
    said: set[tuple[int, int]] = set()
    for file, claimants in claims.items():
        for n, one in enumerate(claimants):
            for other in claimants[n + 1 :]:
                if (one, other) in said:
                    continue
                said.add((one, other))
                _check_pair(entries, one, other, _shown_path(file, context.folder), context)


def _shown_path(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _check_pair(entries: Sequence[AccountEntry], one: int, other: int, file: str, context: Context) -> None:
    first, second = entries[one], entries[other]
    if first.number is None or second.number is None:
        bare = one if first.number is None else other
        rival = first if bare == other else second
        what = f'the file {file} also belongs to account "{rival.name}", and "{entries[bare].name}" has no number'
        context.fault(("accounts", bare + 1, "number"), what, 'Give its last four: number = "…4821".')
    elif _same_end(first.number, second.number):
        what = f'the file {file} is also claimed by account "{first.name}" for a number that ends the same way'
        context.fault(("accounts", other + 1, "number"), what, "Write more of the two numbers, or correct one.")


def _same_end(one: str, other: str) -> bool:
    """Whether one account in a file could be both: the digits at the end decide, as a file may mask the rest."""
    first, second = re.search(r"\d+$", one), re.search(r"\d+$", other)
    if first is None or second is None:
        return one == other
    return first[0].endswith(second[0]) or second[0].endswith(first[0])


def _check_tilts(screens: Screens, tilts: Tilts, context: Context) -> None:
    """A tilt on what a screen removes would do nothing: one of the two is a mistake."""
    out = dict.fromkeys(screens.exclude, "screens.exclude")
    for listed in screens.exclude_lists:
        out |= dict.fromkeys(listed.symbols, listed.name)
    for tilt in tilts.symbols:
        if tilt.name in out:
            path = ("tilts", "symbols", tilt.name)
            context.fault(path, f"{tilt.name} is excluded by {out[tilt.name]}", "Remove it there, or this tilt.")
    for tilt in tilts.sectors:
        if tilt.name in screens.exclude_sectors:
            path = ("tilts", "sectors", tilt.name)
            context.fault(path, f"{tilt.name} is excluded by screens.exclude_sectors", "Remove it there, or this tilt.")


# --- syntax ----------------------------------------------------------------------------------------------------------

_BY_LINE: tuple[tuple[str, str], ...] = (
    (r"[“”‘’]", 'Use straight quotes, as "joint".'),
    (r"=\s*[{\[]?[^\"'#]*\d\s*%", "Write fractions out: 0.08 for 8 %."),
    (r"=\s*[^\"'#]*\$", "Write dollars as a plain number: 5000.0."),
    (r"=\s*-?\d{1,3}(,\d{3})+(?!\d)", "Write the number without commas: 310000.0."),
    (r"=\s*-?\d+,\d+", "Write decimals with a point: 0.08."),
    (r"=\s*(True|False|TRUE|FALSE|yes|no|Yes|No)\b", "Write true or false, in small letters."),
    (r"=\s*\d{1,2}/\d{1,2}/\d{2,4}", "Write dates as 2026-11-20."),
    (r"=\s*0\d+\s*(#.*)?$", "Write an account number in quotes; other numbers do not start with 0."),
    (r"=\s*-?\.\d", "Write a 0 before the point: 0.08."),
    (r"=\s*-?\d+\.\s*(#.*)?$", "Write a digit after the point, or no point."),
    (r"=\s*\[?\s*[A-Za-z_][\w .-]*", 'Texts stand in quotes: kind = "taxable".'),
    (r"^\s*[\w.-]+\s*:", "A key and its value stand with = between them: managed = true."),
)
_BY_MESSAGE: tuple[tuple[str, str], ...] = (
    ("Unescaped", 'Write paths with /, as "schwab/*.csv".'),
    ("Cannot overwrite", "The same key is there twice, or a key and a table share a name: keep one."),
    ("Cannot declare", "The same table is there twice: put their keys together; accounts have [[accounts]]."),
    ("Cannot mutate", "A table in { } is complete: add the key inside it."),
    ("Expected ']'", "Close the heading: [limits]."),
    ("Expected ']]'", "Close the heading: [[accounts]]."),
    ("Unterminated string", "Close the quotes."),
    ('Expected "\'"', "Close the quotes on the line on which they start."),
    ("Found invalid character", "Close the quotes on the line on which they start."),
    ("Illegal character '\\n'", "Close the quotes on the line on which they start."),
    ("Illegal character", "Take out the invisible character, or close the quotes."),
    ("Unclosed array", "Close the list with ], and put commas between its entries."),
    ("Unclosed inline table", "Close the table with } on the same line, and put commas between its keys."),
    ("Expected '='", "A key and its value stand with = between them: managed = true."),
    ("Expected newline", "One key and one value on each line."),
    ("Invalid value", "Expected a number, a text in quotes, true, false, a date or a list in brackets."),
    ("Invalid statement", "Expected [table], key = value or # comment."),
)


def _syntax_fault(message: str, text: str, file: str) -> Fault:
    """tomllib's message with its place in front and the likely cure behind."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    what = message[: found.start()] if found else message
    rows = text.split("\n")
    while len(rows) > 1 and not rows[-1].strip():
        rows.pop()
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = len(rows), len(rows[-1]) + 1
    row = rows[line - 1] if line <= len(rows) else ""
    remedy = next(
        (cure for start, cure in _BY_MESSAGE if what.startswith(start)), "See toml.io for how TOML is written."
    )
    if what.startswith(("Expected newline", "Invalid value", "Expected '='", "Invalid statement", "Unclosed")):
        remedy = next((cure for pattern, cure in _BY_LINE if re.search(pattern, row)), remedy)
    return Fault(f"{file}, line {line}, column {column}", what[:1].lower() + what[1:], remedy)
