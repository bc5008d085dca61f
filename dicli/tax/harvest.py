"""Harvest opportunities, what-if and do-not-buy (being written; the signatures are final)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from dicli.model import Term
from dicli.tax.books import Books, Match, Notice, Realized
from dicli.tax.ledger import Choices, Event, Identical, Method, Number, TaxAccount


@dataclass(frozen=True, slots=True)
class Opportunity:
    """R-HARVEST: selling all of one losing lot of a taxable account on `as_of` at `price`, everything else as it is.

    `loss`, `disallowed`, `permanent`, `allowed` are positive dollars, allowed = loss − disallowed. `clean_from`: first
    day on which the same sale would be clean if nothing more is bought. `rebuy_from`: as_of + 31. `matches`: who
    taints it. `short_allowed` / `long_allowed`: the allowed loss by term (a lot's sub-lots may differ).
    """

    lot: str
    account: str
    symbol: str
    quantity: Fraction
    acquired: dt.date
    held_from: dt.date
    term: Term
    price: Fraction
    basis: Fraction
    loss: Fraction
    disallowed: Fraction
    permanent: Fraction
    allowed: Fraction
    short_allowed: Fraction
    long_allowed: Fraction
    clean_from: dt.date
    rebuy_from: dt.date
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Harm:
    """An earlier loss that the hypothetical trades disallow: the row's key, and by how much more."""

    sale: str
    lot: str
    account: str
    symbol: str
    sold: dt.date
    disallowed: Fraction
    permanent: Fraction


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`realized`: the rows of the hypothetical sales. `harm`: earlier losses disallowed by them. `before`, `after`:
    the books of the symbols touched. `warnings` are those that are new.
    """

    realized: tuple[Realized, ...]
    harm: tuple[Harm, ...]
    before: Books
    after: Books
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class DoNotBuy:
    """A purchase of `symbol` up to and including `until` would wash a loss; `free_from` = until + 1.

    `account` (that realised it), `sold_symbol`, `sold`, `sale`, `lot`, `loss` (dollars still allowed, positive),
    `quantity` (loss shares not yet replaced, in shares of `symbol`) say because of what.
    """

    symbol: str
    until: dt.date
    free_from: dt.date
    account: str
    sold_symbol: str
    sold: dt.date
    sale: str
    lot: str
    loss: Fraction
    quantity: Fraction


def opportunities(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    as_of: dt.date,
    prices: Mapping[str, Number],
    choices: Choices = Choices(),  # noqa: B008  (frozen)
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
) -> tuple[Opportunity, ...]:
    """Lots of symbols without a price are left out: the caller names them. Events after `as_of` are not looked at."""
    raise NotImplementedError


def what_if(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    trades: Iterable[Event],
    *,
    choices: Choices = Choices(),  # noqa: B008  (frozen)
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
) -> WhatIf:
    """`trades`: hypothetical events (buys, sells), with ids of their own, dated as they would be."""
    raise NotImplementedError


def do_not_buy(
    accounts: Iterable[TaxAccount],
    events: Iterable[Event],
    *,
    as_of: dt.date,
    choices: Choices = Choices(),  # noqa: B008  (frozen)
    identical: Identical | None = None,
    method: Method | Mapping[str, Method] = "fifo",
    exempt: Collection[str] = (),
) -> tuple[DoNotBuy, ...]:
    """Sorted by symbol, then latest `until` first; one row per loss row. Through identical groups and renames."""
    raise NotImplementedError
