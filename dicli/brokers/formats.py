"""What a format is: a broker's name, what it holds, the signals it is recognised by, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicli.brokers.document import Document
from dicli.model import Reading


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is looked for in the head of a file; `what` says it in words.

    An absence (`counts` false) may be demanded, but proves nothing.
    """

    what: str
    seen: Callable[[Document], bool]
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of one broker. A file is this when at least two of its signals, and all of `must`, are seen.

    `read` gets the whole document and gives the reading without `signals`, `rows` and `unknown_columns`, which
    `brokers.read` fills in.
    """

    broker: str
    kinds: tuple[str, ...]
    signals: tuple[Signal, ...]
    read: Callable[[Document], Reading]
    must: tuple[Signal, ...] = ()

    def claims(self, document: Document) -> tuple[str, ...]:
        """The words of the signals that were seen, if they are enough to claim the file; else none."""
        seen, lacking = self.signs(document)
        return seen if len(seen) >= 2 and not lacking else ()

    def signs(self, document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The words of the signals that were seen and count, and of those that must be there and are not."""
        seen = tuple(sign.what for sign in (*self.must, *self.signals) if sign.counts and sign.seen(document))
        return seen, tuple(sign.what for sign in self.must if not sign.seen(document))


def says(*phrases: str) -> Signal:
    """Any of these phrases stands in the head (lower case, no quotation marks, cells joined by a comma)."""
    return Signal(f'the words "{phrases[0]}"', lambda document: any(phrase in document.head for phrase in phrases))


def columns(*names: str) -> Signal:
    """One record in the head has all these columns (in `plain` form)."""
    wanted = frozenset(names)
    return Signal(
        f"the columns {', '.join(names)}", lambda document: any(wanted <= seen for seen in document.head_columns)
    )


def without(*names: str) -> Signal:
    """No record in the head has any of these columns: for `must`, to tell neighbouring layouts apart."""
    unwanted = frozenset(names)
    return Signal(
        f"no column {' or '.join(names)}",
        lambda document: all(unwanted.isdisjoint(seen) for seen in document.head_columns),
        counts=False,
    )


def only(*names: str) -> Signal:
    """The first record of at least two cells has none but these columns: for formats whose names are common ones."""
    allowed = frozenset(names) | {""}
    return Signal(
        f"columns from among {', '.join(names)} only",
        lambda document: next((seen <= allowed for seen in document.head_columns if len(seen) > 1), False),
    )


def is_kind(kind: str) -> Signal:
    """The file is csv, json, xml or xlsx, by content."""
    return Signal(f"a {kind} file", lambda document: document.kind == kind)


def refused(why: str, remedy: str) -> Callable[[Document], Reading]:
    """A reader for files that are recognised and cannot be used: always an InputError that says why."""

    def read(document: Document) -> Reading:
        document.refuse(why, remedy)

    return read
