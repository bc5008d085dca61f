"""Interactive Brokers: corporate actions, known by their words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from dicli.brokers.csvfile import Row
from dicli.brokers.ibkr_common import K, payer, symbol_of
from dicli.model import Transaction, TransactionKind

_AFFECTED = re.compile(r"\(([^(),]+), (.+), ([A-Z0-9]{9,12})\)\s*$")

# The words of a corporate action -> its kind. A split's rows say how many shares came and went; the rest is known
# only by what the user tells in [corporate_actions], so it is OTHER, with the broker's words.
_EVENTS: tuple[tuple[re.Pattern[str], TransactionKind], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"\) (?:forward |reverse )?split\b", K.SPLIT),
        (r"\bmerged\(.*\bFOR [A-Z]{3} [\d.]+ PER SHARE(?!.*\b(?:AND|WITH)\b)", K.SELL),
        (r"\bmerged\(|\bmerger\b|\bacquisition\b", K.OTHER),
        (r"\bspin-?off\b|\bspun off\b", K.OTHER),
        (r"\bstock dividend\b|\bdividend rights?\b|\brights? issue\b|\bchoice dividend\b|\bpurchase issue\b", K.OTHER),
        (r"\bcusip/isin change\b|\bchange to\b|\bname change\b|\bissue change\b|\bexchange\b", K.OTHER),
        (r"\btender(?:ed|s)?\b|\bdelisted\b|\bsubscri\w+\b|\bconver\w+\b|\bvoluntary\b|\bredemption\b", K.OTHER),
        (r"\bexpire\b|\bliquidat\w+\b|\bcall\b|\bbankrupt\w*\b|\bworthless\b|\bcontract change\b", K.OTHER),
    )
)


def corporate_action(
    row: Row,
    *,
    account: str,
    date: dt.date,
    symbol: str,
    quantity: Decimal,
    proceeds: Decimal,
    description: str,
    isin: str = "",
) -> Transaction | None:
    """A row of a corporate action: a split's added (or removed) shares, a merger for cash alone as the sale it is."""
    document = row.table.document
    kind = next((kind for words, kind in _EVENTS if words.search(description)), None)
    if kind is None:
        if not document.ignores(description, row.line):
            row.fault(
                f'unknown corporate action "{description}"',
                'If it means nothing for lots and wash sales, add its first words to "ignore_actions" of the account.',
            )
        return None
    if kind is K.SELL and not (quantity < 0 < proceeds):
        kind = K.OTHER
    affected = _AFFECTED.search(description)
    isin = isin or (affected[3] if affected else "")
    said = symbol or (affected[1] if affected else payer(description) or "")
    return Transaction(
        account=account,
        date=date,
        kind=kind,
        symbol=symbol_of(affected[1] if affected else said) or None,
        quantity=quantity,
        amount=proceeds or (Decimal(0) if kind is K.SPLIT else None),
        action=description.partition(") ")[2].partition(" (")[0] or "corporate action",
        description=description,
        cusip=isin[2:11] if len(isin) == 12 and isin.startswith("US") else None,
        source=row.source,
    )
