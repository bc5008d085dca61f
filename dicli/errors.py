"""What can go wrong, said so that the reader can mend it.

An error carries a list of faults: all that is wrong in a file is said at once, not the first thing only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what to do about it.

    `where` is a file with a row ("fidelity/history.csv, row 41") or a key path ("dicli.toml, limits.cash.max");
    rows count from 1 at the first line of the file, as an editor shows them.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.where}: {self.what}" if self.where else self.what
        return f"{said.rstrip('.')}. {self.remedy}".rstrip()


class DicliError(Exception):
    """Something that the user can mend. `main()` prints every fault and exits with `exit_code`."""

    exit_code = 2

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[DicliError], tuple[tuple[Fault, ...]]]:
        """From a process of its own it comes back with its faults: an exception is made anew from its text."""
        return type(self), (self.faults,)


class InputError(DicliError):
    """A broker, holdings, list or price file that cannot be read as it stands."""


class PreferencesError(DicliError):
    """A dicli.toml that is missing or wrong."""


class MarketError(DicliError):
    """Prices or a benchmark that could not be had."""


class InfeasiblePlan(DicliError):  # noqa: N818  (the planner's word: not every plan exists)
    """Preferences that no plan can meet: the faults name the constraint and by how much it fails."""
