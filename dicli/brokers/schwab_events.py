"""Charles Schwab: what two rows of a history say together.

A reverse split names its old shares by CUSIP, a cash merger pays in one row and takes the shares in another, and a
cancelled trade stands beside the trade. Rows stay as they are where a day's rows allow more than one reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dicli.brokers.document import Document
from dicli.model import SetAside, Transaction, TransactionKind

PAID_APART = {"cash merger adj": "cash merger", "full redemption": "full redemption adj"}
"""The action that says how many shares went -> the action that says what was paid for them."""


def whole_events(document: Document, history: Sequence[Transaction], aside: list[SetAside]) -> list[Transaction]:
    """The history with such rows joined. Cancelled pairs move to `aside`; a cancellation alone is a fault."""
    whole: list[Transaction | None] = list(history)
    for place, row in enumerate(history):
        action = row.action.lower()
        if action.startswith("cancel "):
            trade = _cancelled(whole, row, action.removeprefix("cancel "))
            if trade is None:
                document.fault(_line(row), f'"{row.action}" without the trade that it takes back', _LONGER)
                continue
            for spot in (trade, place):
                aside.append(SetAside(row.account, row.symbol, _line(history[spot]), "a cancelled trade"))
                whole[spot] = None
        elif action == "reverse split" and row.symbol is None:
            whole[place] = replace(row, symbol=_old_shares_of(history, row))
        elif action in PAID_APART and row.symbol and (row.quantity or 0) < 0:
            paid = _payment(history, row, action)
            if paid is not None:
                whole[place] = replace(row, kind=TransactionKind.SELL, amount=history[paid].amount)
                whole[paid] = None
    return [row for row in whole if row is not None]


_LONGER = "Export a longer span, so that the trade is in the same file."


def _line(row: Transaction) -> int:
    return row.source.row if row.source else 0


def _cancelled(whole: Sequence[Transaction | None], cancel: Transaction, action: str) -> int | None:
    for place, row in enumerate(whole):
        if row is None or row.action.lower() != action or row.symbol != cancel.symbol:
            continue
        if abs(row.quantity or 0) == abs(cancel.quantity or 0) and abs(row.amount or 0) == abs(cancel.amount or 0):
            return place
    return None


def _old_shares_of(history: Sequence[Transaction], old: Transaction) -> str | None:
    """The one symbol whose row of the same day begins the old shares' description."""
    named = {
        row.symbol
        for row in history
        if row.date == old.date and row.action == old.action and row.symbol and row.description
        if old.description.upper().startswith(row.description.upper())
    }
    return named.pop() if len(named) == 1 else None


def _payment(history: Sequence[Transaction], row: Transaction, action: str) -> int | None:
    """The place of the one row that pays for these shares; None where stock was given as well, or rows are several."""
    same_day = [(place, other) for place, other in enumerate(history) if other.date == row.date]
    alike = [(place, other.action.lower()) for place, other in same_day if other.symbol == row.symbol]
    paid = [place for place, said in alike if said == PAID_APART[action]]
    given = [place for place, said in alike if said == action]
    stock = any("stock merger" in other.action.lower() for _, other in same_day)
    return paid[0] if len(paid) == len(given) == 1 and not stock else None
