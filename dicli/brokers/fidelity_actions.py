"""Fidelity: what the free text in the history's column `Action` says, alone and with the rows beside it."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from dicli.brokers.values import parse_date
from dicli.model import Source, Transaction, TransactionKind

EITHER = "shares or cash: the signs tell the kind"
CORE = "the core account"
SHORT = "a short sale or its cover"

_K = TransactionKind

# The first beginning that fits counts.
ACTIONS: tuple[tuple[str, TransactionKind | str], ...] = (
    *((said, SHORT) for said in ("YOU SOLD SHORT SALE", "YOU BOUGHT SHORT COVER")),
    ("YOU BOUGHT", _K.BUY),
    ("YOU SOLD", _K.SELL),
    ("REINVESTMENT", _K.REINVEST),
    *((said, CORE) for said in ("REDEMPTION FROM CORE", "PURCHASE INTO CORE")),
    ("REDEMPTION PAYOUT", _K.SELL),
    *((said, _K.DIVIDEND) for said in ("DIVIDEND", "LONG-TERM CAP GAIN", "SHORT-TERM CAP GAIN")),
    *((said, _K.INTEREST) for said in ("INTEREST", "MUNI EXEMPT INT", "MARGIN INTEREST")),
    *((said, _K.TAX) for said in ("FOREIGN TAX", "ADJ FOREIGN", "NON-RESIDENT TAX", "FED TAX W/H", "STATE TAX W/H")),
    *((said, _K.FEE) for said in ("FEE CHARGED", "ADJUST FEE", "ADVISOR FEE", "ADVISORY FEE", "FOREIGN CUSTODY FEE")),
    ("DISTRIBUTION SPINOFF", _K.OTHER),
    ("DISTRIBUTION", _K.SPLIT),
    ("REVERSE SPLIT", _K.SPLIT),
    *((said, _K.OTHER) for said in ("MERGER", "NAME CHANGED", "IN LIEU OF", "RETURN OF CAPITAL", "EXCHANGED TO")),
    *((said, _K.OTHER) for said in ("BUY CANCEL", "SELL CANCEL")),
    *((said, EITHER) for said in ("TRANSFER", "JOURNALED", "ROLLOVER", "ROTH CONVERSION", "CONTRIBUTION")),
    *((said, EITHER) for said in ("CASH CONTRIBUTION", "PARTIC CONTR", "CO CONTR", "NORMAL DISTR", "EARLY DIST")),
    *((said, EITHER) for said in ("PARTIAL DISTRIBUTION", "PREMATURE DIST", "ELECTRONIC FUNDS TRANSFER")),
    *(
        (said, EITHER)
        for said in ("WIRE TRANSFER", "ADJUST WIRE", "DIRECT DEPOSIT", "DIRECT DEBIT", "DEPOSIT", "WITHDRAWAL")
    ),
    *((said, EITHER) for said in ("CHECK RECEIVED", "CHECK PAID", "BILL PAYMENT", "DEBIT CARD", "CASH ADVANCE")),
)
WORKPLACE_PLAN = re.compile(
    r"contributions?|dividends?|transfers?|withdrawals?|exchanges? (?:in|out)|loan repayments?|investment gain/loss|"
    r"chang(?:e|ed) (?:in|on) market value|revenue credit|recordkeeping fee.*|realized g/l|fee distribution|deduction",
    re.IGNORECASE,
)
_AS_OF = re.compile(
    r"\bas of (\d{4}-\d{2}-\d{2}|[a-z]{3}[-/]\d{1,2}[-/]\d{4}|\d{1,2}[-/]\d{1,2}[-/](?:\d{4}|\d{2}))\b", re.IGNORECASE
)
_NAMED = re.compile(r"\(([A-Z0-9./]{1,9}) ?\)(?: MORNING TRADE)?(?: \((?:Cash|Margin|Short|Shares)\))?$")


def meaning(action: str) -> TransactionKind | str | None:
    """The kind of row, or one of EITHER, CORE, SHORT; None for words that are not known."""
    return next((meaning for said, meaning in ACTIONS if action.upper().startswith(said)), None)


def ticker_in(action: str) -> str:
    """The symbol (or CUSIP) in parentheses at the end: `YOU SOLD APPLE INC (AAPL) (Cash)`."""
    named = _NAMED.search(action)
    return named[1] if named else ""


def effective(action: str) -> dt.date | None:
    """The day in `AS OF 12-31-20`, `as of Dec-30-2025`, None without one. Raises ValueError for an impossible one."""
    said = _AS_OF.search(action)
    return parse_date(said[1]) if said else None


def whole_events(history: list[Transaction]) -> list[Transaction]:
    """What several rows say together: the shares that a reverse split takes away, the sale that a cash merger is.

    A leg without its other stays a row of kind `other`, and so does a merger that gave shares.
    """
    legs: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    mergers: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    for row in history:
        if row.action.upper().startswith(("REVERSE SPLIT", "NAME CHANGED")):
            legs[row.account, row.date, row.symbol].append(row)
        elif row.action.upper().startswith("MERGER"):
            mergers[row.account, row.date].append(row)
    instead: dict[Source | None, Transaction | None] = {}
    for rows in legs.values():
        new = [row for row in rows if (row.quantity or 0) > 0]
        net = sum((row.quantity or Decimal(0) for row in rows), Decimal(0))
        paired = 0 < len(new) < len(rows)
        for row in rows:
            kind = _K.SPLIT if paired and net else _K.OTHER
            event = replace(row, kind=kind, quantity=net if paired else row.quantity)
            instead[row.source] = event if not paired or row is new[0] else None
    for rows in mergers.values():
        if len(rows) == 1 and (rows[0].quantity or 0) < 0 and (rows[0].amount or 0) > 0:
            instead[rows[0].source] = replace(rows[0], kind=_K.SELL)
    return [whole for row in history if (whole := instead.get(row.source, row)) is not None]
