"""The files that the preferences name: brokers' exports by pattern, lists of symbols, index and price files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dicli.preferences.kinds import TEXT, Context, KeyPath, Kind, Wrong, dotted_symbol, nearest
from dicli.preferences.schema import SymbolList

INDEX_ENDINGS = (".csv", ".xlsx", ".xls", ".json", ".txt")
_HEADERS = {"symbol", "symbols", "ticker", "tickers", "ticker symbol"}
_SHOWN = 5


def is_file_name(benchmark: str) -> bool:
    """Whether a benchmark names a file: it has a separator or a file's ending. Anything else is a ticker."""
    return "/" in benchmark or "\\" in benchmark or benchmark.lower().endswith(INDEX_ENDINGS)


def existing(name: str, context: Context, *, or_folder: bool = False) -> Path:
    """The absolute path of a file (or a folder) that the preferences name; raises Wrong where there is none."""
    path = (context.folder / Path(name).expanduser()).resolve()
    if context.files and not (path.is_file() or (or_folder and path.is_dir())):
        if path.is_dir():
            raise Wrong(f'"{name}" is a folder, not a file', "Name a file in it.")
        near = (
            nearest(path.name, sorted(entry.name for entry in path.parent.iterdir())) if path.parent.is_dir() else None
        )
        hint = f'Did you mean "{Path(name).with_name(near).as_posix()}"?' if near else ""
        raise Wrong(f'there is no file "{name}"', hint or f"Paths start at the folder of {context.file}.")
    return path


def matching(pattern: str, folder: Path) -> tuple[Path, ...]:
    """The files that a pattern of `broker_files` matches, sorted; hidden ones only where the pattern says so."""
    own = Path(pattern).expanduser()
    found = Path(own.anchor).glob(str(own.relative_to(own.anchor))) if own.is_absolute() else folder.glob(pattern)
    wants_hidden = Path(pattern).name.startswith(".")
    return tuple(sorted({path for path in found if path.is_file() and (wants_hidden or path.name[0] not in ".~")}))


def broker_files(patterns: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """The files of one account: what its patterns match under the portfolio folder, each once, sorted."""
    return tuple(sorted({path for pattern in patterns for path in matching(pattern, folder)}))


def _read_pattern(value: object, path: KeyPath, context: Context) -> str:
    pattern: str = TEXT.read(value, path, context)
    if "**" in pattern and "**" not in Path(pattern).parts:
        raise Wrong(f'"{pattern}" is not a pattern', "** stands for whole folders: **/*.csv.")
    if context.files and context.exports and not matching(pattern, context.folder):
        inside = (context.folder / Path(pattern).expanduser()).parent
        there = inside.name if inside != context.folder else "the folder of " + context.file
        seen = sorted(e.name for e in inside.iterdir() if e.name[0] not in ".~") if inside.is_dir() else None
        if seen is None:
            hint = f"There is no folder {inside}." if "*" not in str(inside) else "Check the folder names."
        else:
            more = ", …" if len(seen) > _SHOWN else ""
            hint = (
                f"There are {', '.join(seen[:_SHOWN])}{more} in {there}." if seen else f"There is nothing in {there}."
            )
        raise Wrong(f'"{pattern}" matches no file in {context.folder}', hint)
    return pattern


PATTERN = Kind("a file pattern, as schwab/*.csv", _read_pattern)


def _read_symbol_list(value: object, path: KeyPath, context: Context) -> SymbolList:
    name: str = TEXT.read(value, path, context)
    file = existing(name, context)
    if not file.is_file():
        return SymbolList(name, file, ())
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong(f'"{name}" is not a text file in UTF-8', "Save it as CSV (UTF-8): one symbol a row.") from None
    symbols: dict[str, None] = {}
    faults: list[tuple[int, Wrong]] = []
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        for row in rows:
            cell = row[0].strip() if row else ""
            first = not symbols and not faults
            if (
                (not cell and not any(map(str.strip, row)))
                or cell.startswith("#")
                or (first and cell.casefold() in _HEADERS)
            ):
                continue
            try:
                symbols[dotted_symbol(cell)] = None
            except Wrong as problem:
                faults.append((rows.line_num, problem))
    except csv.Error as problem:
        raise Wrong(f'"{name}", row {rows.line_num}: {problem}', "Save it again as CSV: one symbol a row.") from None
    for row_number, wrong in faults[:_SHOWN]:
        context.fault(path, wrong.what, wrong.remedy, where=f"{name}, row {row_number}")
    if faults:
        more = f" ({len(faults) - _SHOWN} more rows are like these)" if len(faults) > _SHOWN else ""
        raise Wrong(
            f'"{name}" has rows whose first column is no symbol{more}', "A line that starts with # is left out."
        )
    if not symbols:
        raise Wrong(f'"{name}" has no symbols', "Put one symbol a row in its first column.")
    return SymbolList(name, file, tuple(symbols))


SYMBOL_LIST = Kind("a list file (first column: symbols)", _read_symbol_list)


def _read_path(value: object, path: KeyPath, context: Context) -> Path:
    return existing(TEXT.read(value, path, context), context, or_folder=True)


FILE_OR_FOLDER = Kind("a file or a folder", _read_path)
