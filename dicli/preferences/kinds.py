"""The kinds of value that a key may have: each reads one TOML value, or says what is wrong with it and what to write.

A kind raises `Wrong` for a value that is no good as a whole; what is wrong inside a list or a table is recorded in the
`Context` fault by fault, so that everything wrong is said at once, and the answer is then `BAD`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from dicli.errors import Fault

KeyPath = tuple[str | int, ...]
"""Keys from the top of the file; the entries of an array count from 1."""

BAD: Final = object()
"""Stands for a value whose faults are recorded."""


class Wrong(Exception):  # noqa: N818  (what a kind says of a value; never leaves this package)
    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def dotted(path: KeyPath) -> str:
    """`limits.cash.max`, `accounts[2].kind`, `tilts.sectors."Health Care"`"""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[\w-]+", part, re.ASCII) else f'"{part}"')
    return text


@dataclass(slots=True)
class Context:
    """One reading of one file: what was found wrong so far, and where."""

    file: str
    folder: Path
    files: bool = True  # False: files that the preferences name need not be there
    exports: bool = True  # False: the brokers' files need not be there
    found: list[tuple[KeyPath, Fault]] = field(default_factory=list)

    def fault(self, path: KeyPath, what: str, remedy: str = "", where: str | None = None) -> None:
        """Record a fault of the key at `path`; `where` names another place that it leads to, such as a list file."""
        self.found.append((path, Fault(where or f"{self.file}, {dotted(path)}", what, remedy)))

    def in_order(self, lines: Mapping[KeyPath, int]) -> list[Fault]:
        """The faults as the file runs, with their lines: that of the nearest key around where a key is not there."""
        placed = []
        for path, fault in self.found:
            line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)
            ours = line and fault.where == f"{self.file}, {dotted(path)}"
            placed.append((line, Fault(f"{fault.where} (line {line})", fault.what, fault.remedy) if ours else fault))
        return [fault for _, fault in sorted(placed, key=lambda pair: pair[0])]

    def read(self, kind: Kind, value: object, path: KeyPath) -> Any:
        """What `kind` makes of the value, or BAD with the fault recorded."""
        try:
            return kind.read(value, path, self)
        except Wrong as wrong:
            self.fault(path, wrong.what, wrong.remedy)
            return BAD


@dataclass(frozen=True, slots=True)
class Kind:
    """`says` completes "expected …" and the documentation's "allowed" column; a table has its `keys` too."""

    says: str
    read: Callable[[object, KeyPath, Context], Any]
    keys: tuple[Key, ...] = ()
    owner: Callable[..., Any] | None = None  # the dataclass whose defaults the keys have


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `by` names the parts of dicli that read it."""

    name: str
    kind: Kind
    meaning: str
    by: str
    required: bool = False


def shown(value: object) -> str:
    match value:
        case str():
            return f'the text "{value}"'
        case bool():
            return f"the switch {str(value).lower()}"
        case int() | Decimal():
            return f"the number {value}"
        case dt.datetime() | dt.date() | dt.time():
            return f"the date or time {value}"
        case list():
            return "a list"
        case _:
            return "a table"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    import difflib  # only where something is wrong

    folded = word.casefold()
    by_fold: dict[str, str] = {}
    for name in known:
        by_fold.setdefault(name.casefold(), name)
    for fold, name in by_fold.items():
        # letters in another order, or a word cut short: difflib would rather see one letter changed
        if sorted(fold) == sorted(folded) or (len(folded) > 3 and fold.startswith(folded)):
            return name
    close = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.5)
    return by_fold[close[0]] if close else None


# --- numbers ---------------------------------------------------------------------------------------------------------


def _exact(value: object, says: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        remedy = ""
        if isinstance(value, str):
            bare = value.strip().replace(",", "").replace("_", "").removeprefix("$")
            if re.fullmatch(r"[+-]?\d+(\.\d+)?", bare):
                remedy = f"Write {bare}, without quotes."
            elif re.fullmatch(r"\d+(\.\d+)?\s*%", bare):
                remedy = f"Write {_plain(Decimal(bare.rstrip('% ')) / 100)}, without quotes."
        raise Wrong(f"expected {says}, found {shown(value)}", remedy or "Write it as a plain number, such as 5000.0.")
    number = Decimal(value)
    if not number.is_finite():
        raise Wrong(f"expected {says}, found {value}", "Leave the key out where there is no figure.")
    exponent = number.as_tuple().exponent
    if number.adjusted() > 15 or (isinstance(exponent, int) and exponent < -18):
        raise Wrong(
            f"expected {says}, found {value}", "A figure has at most 16 digits before the point and 18 after it."
        )
    return number


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fraction(low: str = "0", high: str = "1", *, above: bool = False) -> Kind:
    """A part of a whole, from `low` to `high`; `above`: more than `low`."""
    least, most = Decimal(low), Decimal(high)
    says = f"a fraction {'above' if above else 'from'} {low} {'and up' if above else ''} to {high}".replace("  ", " ")

    def read(value: object, path: KeyPath, context: Context) -> Decimal:
        number = _exact(value, says)
        if not (least < number if above else least <= number) or number > most:
            percent = number / 100
            meant = number > most and (least < percent <= most)
            remedy = f"{_plain(percent)} means {_plain(number)} %." if meant else "0.08 means 8 %."
            raise Wrong(f"expected {says}, found {value}", remedy)
        return number

    return Kind(says, read)


def number(says: str, low: str, high: str | None = None, *, above: bool = False, hint: str = "") -> Kind:
    """A figure of at least (`above`: more than) `low`, at most `high`; `hint` is the remedy for one that is not."""
    least = Decimal(low)
    bounds = f"{'more than' if above else 'at least'} {low}" + (f" and at most {high}" if high else "")

    def read(value: object, path: KeyPath, context: Context) -> Decimal:
        figure = _exact(value, says)
        if not (least < figure if above else least <= figure) or (high is not None and figure > Decimal(high)):
            raise Wrong(f"expected {says}, {bounds}, found {value}", hint or "Correct it, or leave the key out.")
        return figure

    return Kind(f"{says}, {bounds}", read)


def signed(says: str) -> Kind:
    return Kind(says, lambda value, path, context: _exact(value, says))


PART = fraction()
SOME = fraction(above=True)
DOLLARS = number("dollars", "0")
SIGNED_DOLLARS = signed("dollars, negative for a loss")
SHARES = number("shares", "0", above=True)


def whole(low: int) -> Kind:
    says = f"a whole number of at least {low}"

    def read(value: object, path: KeyPath, context: Context) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"expected {says}, found {shown(value)}", "Write it without a point and without quotes.")
        if not low <= value <= 1_000_000:
            raise Wrong(f"expected {says}, found {value}", "Correct it, or leave the key out.")
        return value

    return Kind(says, read)


def _read_ratio(value: object, path: KeyPath, context: Context) -> Fraction:
    if isinstance(value, str):
        parts = re.fullmatch(r"\s*(\d{1,40}(?:\.\d{1,18})?)\s*[:/]\s*(\d{1,40}(?:\.\d{1,18})?)\s*", value)
        ratio = Fraction(parts[1]) / Fraction(parts[2]) if parts and Fraction(parts[2]) else None
    else:
        ratio = Fraction(_exact(value, RATIO.says))
    if ratio is None or ratio <= 0:
        raise Wrong(
            f"expected {RATIO.says}, found {value if ratio is not None else shown(value)}",
            'A 3-for-2 split is "3:2" or 1.5, a 1-for-10 reverse split "1:10".',
        )
    return ratio


RATIO = Kind('new shares per old, as a number or as "3:2"', _read_ratio)


# --- words -----------------------------------------------------------------------------------------------------------


def _read_flag(value: object, path: KeyPath, context: Context) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"expected true or false, found {shown(value)}", "Write it without quotes.")
    return value


FLAG = Kind("true or false", _read_flag)


def _read_text(value: object, path: KeyPath, context: Context) -> str:
    if not isinstance(value, str):
        raise Wrong(f"expected a text, found {shown(value)}", "Texts stand in quotes.")
    if not value.strip():
        raise Wrong("expected a text, found nothing between the quotes", "Write it, or leave the key out.")
    if value != value.strip() or not value.isprintable():
        raise Wrong(f"expected a text, found {value!r}", "Take out the spaces around it and the line breaks.")
    return value


TEXT = Kind("a text", _read_text)

_SYMBOL = re.compile(r"[A-Z0-9]{1,21}(\.[A-Z0-9]{1,6}){0,2}")
_CLASS = re.compile(r"(?<=[A-Z])[-/ ](?=[A-Z]{1,3}$)")


def dotted_symbol(text: str) -> str:
    """A symbol in dicli's form: BRK-B, BRK/B and BRK B are BRK.B. Raises Wrong for what is no symbol."""
    symbol = _CLASS.sub(".", text.strip())
    if _SYMBOL.fullmatch(symbol):
        return symbol
    upper = _CLASS.sub(".", text.strip().upper())
    remedy = f'Symbols are in capitals: "{upper}".' if _SYMBOL.fullmatch(upper) else 'Write it like "XOM" or "BRK.B".'
    raise Wrong(f'"{text}" is not a symbol', remedy)


def _read_symbol(value: object, path: KeyPath, context: Context) -> str:
    return dotted_symbol(_read_text(value, path, context))


SYMBOL = Kind("a symbol", _read_symbol)


def choice(*words: str, hint: str = "Write one of these.") -> Kind:
    """One of some words; `hint` is the remedy where none of them is near."""
    says = " | ".join(f'"{word}"' for word in words)

    def read(value: object, path: KeyPath, context: Context) -> str:
        if value in words and isinstance(value, str):
            return value
        remedy = hint
        if isinstance(value, str) and value:
            inside = [word for word in words if value.casefold() in word]  # "ira" is two of the kinds of account
            meant = inside if len(inside) > 1 else [nearest(value, words)]
            remedy = 'Did you mean "' + '" or "'.join(filter(None, meant)) + '"?' if meant != [None] else hint
        raise Wrong(f"expected {says}, found {shown(value)}", remedy)

    return Kind(says, read)


LOT_METHOD = choice(
    *("fifo", "lifo", "hifo", "lofo", "lowest_tax"),
    hint="Write one of these; average basis is for fund shares alone, never for a whole account (R-AVERAGE).",
)
PERIOD = choice("week", "month", "quarter", "year")


def member(words: type[StrEnum], hint: str = "Write one of these.") -> Kind:
    """One of an enumeration's words, as its member."""
    plain = choice(*(str(word) for word in words), hint=hint)
    return Kind(plain.says, lambda value, path, context: words(plain.read(value, path, context)))


def _read_date(value: object, path: KeyPath, context: Context) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    remedy = "Write it as 2026-11-20, without quotes."
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        remedy = f"Take the quotes off: {value}."
    raise Wrong(f"expected a date, found {shown(value)}", remedy)


DATE = Kind("a date, as 2026-11-20", _read_date)

_MASK = re.compile(r"^(?:[xX*•.…-]+(?=[0-9]))|^[A-Za-z]*(?:[*•…]|\.{2,}|[xX]{2,})+")


def _read_number(value: object, path: KeyPath, context: Context) -> str:
    if not isinstance(value, str):
        raise Wrong(
            f"expected the last digits of an account number in quotes, found {shown(value)}",
            f'Write "{value if isinstance(value, int) and not isinstance(value, bool) else "…4821"}".',
        )
    kept = re.sub(r"[\s-]", "", _MASK.sub("", value.strip()))
    if not re.fullmatch(r"[A-Za-z0-9]{3,20}", kept) or not re.search(r"\d", kept):
        raise Wrong(
            f'"{value}" is not the end of an account number', 'Write its last four as the broker does: "…4821".'
        )
    return kept.upper()


ACCOUNT_NUMBER = Kind('the last digits of the account number, as "…4821"', _read_number)
