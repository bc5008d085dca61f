"""Wash sales: the books of a household (being written; the signature is final)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from dicli.tax.books import Books
from dicli.tax.ledger import Choices, Event, Identical, Method, TaxAccount


def book(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    choices: Choices = Choices(),  # noqa: B008  (frozen)
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
    through: dt.date | None = None,
) -> Books:
    """`method`: one standing order, or by account id (others FIFO). `exempt`: symbols without wash sales (R-CRYPTO,
    R-NAVMMF). `through`: the day up to which the data is complete (default: the last event's date). Raises InputError.
    """
    raise NotImplementedError
