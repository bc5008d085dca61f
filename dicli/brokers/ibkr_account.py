"""Interactive Brokers: what gathers while the sections of a statement or of a Flex query are read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from dicli.brokers.csvfile import Row
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.ibkr_lots import Closing
from dicli.model import Lot, Position, Sale, SetAside, Transaction


@dataclass
class Statement:
    """What has been read so far, section by section."""

    document: Document
    account: str = ""
    many: bool = False
    whole: bool = False
    base: str = ""
    as_of: dt.date | None = None
    coverage: tuple[dt.date, dt.date] | None = None
    closing: Closing | None = None
    accounts: dict[str, None] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    history: list[Transaction] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    balances: dict[str, Decimal] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)

    def account_of(self, row: Row) -> str:
        """The row's account; a statement of several accounts has to name it in every table."""
        if "account" in row.table.index:
            said = row.text("account")
            if not said and self.many:
                row.fault("a row without its account in a statement of several", AGAIN)
            found = said or self.account
        else:
            found = self.account
            if self.many:
                row.fault(
                    "a statement of several accounts has a table that does not say whose rows they are",
                    "Download the statement of each account by itself.",
                )
        self.accounts[found] = None
        return found

    def leave(self, row: Row, symbol: str | None, why: str) -> None:
        self.aside.append(SetAside(self.account_of(row), symbol or None, row.line, why))
