"""Do lots, history and positions agree? Positions are the control totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dicli.model import Lot, Position

UNTOLD = ":unknown"
"""How the id of a lot ends that stands for a position of which no file tells the lots: it is no second figure."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One holding whose figures disagree. None: that source says nothing of it."""

    account: str
    symbol: str
    by_lots: Decimal | None
    by_position: Decimal | None
    cause: str

    def __str__(self) -> str:
        lots = "no lots" if self.by_lots is None else f"{self.by_lots.normalize():f} in lots"
        position = "no position" if self.by_position is None else f"{self.by_position.normalize():f} in positions"
        return f"{lots}, {position}: {self.cause}"


def tolerance(rows: int) -> Decimal:
    """How far two sums of shares may lie apart by display alone: files show three decimals, each rounded on its own."""
    return Decimal("0.0005") * (rows + 1)


def compare(
    lots: Iterable[Lot], positions: Sequence[Position], gaps: Mapping[tuple[str, str], str]
) -> tuple[Discrepancy, ...]:
    """Every holding of an account with positions whose lots add up to something else, and every gap in a history."""
    by_lots: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    for lot in lots:
        by_lots[lot.account, lot.symbol].append(lot)
    by_position: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for position in positions:
        by_position[position.account, position.symbol] += position.quantity
    counted = {account for account, _ in by_position}
    out: list[Discrepancy] = []
    for holding in sorted({*by_lots, *by_position, *gaps}):
        account, symbol = holding
        rows = by_lots.get(holding, [])
        in_lots = sum((lot.quantity for lot in rows), Decimal(0))
        shown = by_position.get(holding)
        held = shown if shown is not None else Decimal(0) if account in counted else None
        agree = held is None or abs(in_lots - held) <= tolerance(len(rows))
        if agree and holding not in gaps:
            continue
        cause = gaps.get(holding) or _cause(rows, in_lots, held or Decimal(0))
        told = [lot.quantity for lot in rows if not lot.id.endswith(UNTOLD)]
        out.append(Discrepancy(account, symbol, sum(told, Decimal(0)) if told else None, shown, cause))
    return tuple(out)


def _cause(lots: Sequence[Lot], in_lots: Decimal, held: Decimal) -> str:
    if not lots:
        return "its lot file is missing; export its lots"
    if not held:
        return "sold since the lots were exported, or the positions are of another day; export both again"
    ratio = held / in_lots
    for new, old in (
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 1),
        (10, 1),
        (20, 1),
        (3, 2),
        (1, 2),
        (1, 5),
        (1, 8),
        (1, 10),
        (1, 20),
    ):
        if abs(ratio * old / new - 1) < Decimal("0.0001"):
            return f"a {new}-for-{old} split since the lots were exported, it seems; export the lots again"
    if in_lots < held:
        return "bought since the lots were exported, or a file of lots is missing; export the lots again"
    return "sold since the lots were exported, or two files show the same lots; export the lots again"
