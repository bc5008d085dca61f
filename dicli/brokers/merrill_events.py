"""Merrill: what several rows of a history say together: reinvested dividends, and the placeholders before a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from dicli.brokers.merrill_words import Sense
from dicli.model import SetAside, Transaction

Held = tuple[Transaction, Sense]


def without_due_bills(held: Sequence[Held], aside: list[SetAside]) -> list[Held]:
    """The history without the placeholders before a split's shares, where they cancel out within the file."""
    sums: dict[tuple[str, str | None], Decimal] = {}
    for row, sense in held:
        if sense is Sense.DUE_BILL:
            key = row.account, row.symbol
            sums[key] = sums.get(key, Decimal(0)) + (row.quantity or Decimal(0))
    cancelled = [entry for entry in held if entry[1] is Sense.DUE_BILL and not sums[entry[0].account, entry[0].symbol]]
    aside += (_left(row, "a placeholder for the shares of a split, taken back") for row, _ in cancelled)
    return [entry for entry in held if entry not in cancelled]


def reinvested(held: Sequence[Held], aside: list[SetAside]) -> list[Transaction]:
    """The history with each reinvestment's two rows made one: the shares, at what the cash row paid for them."""
    paid = [row for row, sense in held if sense is Sense.CASH_OF_DIVIDEND]
    whole = []
    for row, sense in held:
        if sense is Sense.CASH_OF_DIVIDEND:
            continue
        if sense is Sense.SHARES_OF_DIVIDEND:
            alike = [
                cash
                for cash in paid
                if (cash.account, cash.date, cash.symbol) == (row.account, row.date, row.symbol)
                and row.amount in (None, cash.amount)
            ]
            if alike:
                paid.remove(alike[0])
                aside.append(_left(alike[0], "the cash of a reinvestment, counted with its shares"))
                row = replace(row, amount=alike[0].amount)  # noqa: PLW2901
        whole.append(row)
    aside += (_left(cash, "the cash of a reinvestment whose shares are not on that day") for cash in paid)
    return whole


def _left(row: Transaction, why: str) -> SetAside:
    return SetAside(row.account, row.symbol, row.source.row if row.source else 0, why)
