"""Merrill's words for what happened: the beginnings of a description, the longer one before the shorter."""

from __future__ import annotations

from enum import Enum

from dicli.model import TransactionKind

_K = TransactionKind


class Sense(Enum):
    """What a row is."""

    BUY = "shares come in, cash goes out"
    SELL = "shares go out, cash comes in"
    SHARES_OF_DIVIDEND = "the shares that a dividend bought"
    CASH_OF_DIVIDEND = "the cash that they cost"
    DIVIDEND = "a dividend; of shares, where no cash came"
    INTEREST = "interest"
    FEE = "a fee"
    TAX = "tax withheld"
    SPLIT = "shares, signed as written"
    EITHER = "shares or cash; the sign tells the kind"
    EVENT = "shares or cash or both, signed as written"
    OPTION = "an option"
    SWEEP = "cash to cash"
    NOTE = "a note about cash that has a row of its own"
    DUE_BILL = "a placeholder for the shares of a split, taken back later"
    BOND = "a bond that was paid back, unless it has a ticker"


KINDS: dict[Sense, TransactionKind] = {
    Sense.BUY: _K.BUY,
    Sense.SELL: _K.SELL,
    Sense.SHARES_OF_DIVIDEND: _K.REINVEST,
    Sense.DIVIDEND: _K.DIVIDEND,
    Sense.INTEREST: _K.INTEREST,
    Sense.FEE: _K.FEE,
    Sense.TAX: _K.TAX,
    Sense.SPLIT: _K.SPLIT,
}
"""The kind of a row's transaction; `other` where there is none here."""

_S = Sense
WORDS: dict[str, Sense] = {
    **dict.fromkeys(("purchase", "buy"), _S.BUY),
    **dict.fromkeys(("sale", "sell", "fractional share sale"), _S.SELL),
    "reinvestment share": _S.SHARES_OF_DIVIDEND,
    "reinvestment program": _S.CASH_OF_DIVIDEND,
    **dict.fromkeys(("dividend", "foreign dividend", "qualified dividend", "rpt fgn div", "cdiv"), _S.DIVIDEND),
    **dict.fromkeys(("long term capital gain", "short term capital gain", "lt cap gain", "st cap gain"), _S.DIVIDEND),
    **dict.fromkeys(("interest", "bank interest", "margin interest", "bond interest"), _S.INTEREST),
    **dict.fromkeys(("depository bank (adr) fee", "advisory", "fee", "program fee", "annual fee"), _S.FEE),
    **dict.fromkeys(("foreign tax", "fgn tax", "tax withh", "federal tax", "state tax", "non-resident tax"), _S.TAX),
    "stock split": _S.SPLIT,
    **dict.fromkeys(("funds received", "funds transfer", "direct deposit", "electronic", "wire", "check"), _S.EITHER),
    **dict.fromkeys(("deposit", "withdrawal", "transfer", "journal", "pre authdebit", "atm", "visa"), _S.EITHER),
    **dict.fromkeys(("rollover", "security transfer", "received", "delivered", "overdraft"), _S.EITHER),
    **dict.fromkeys(("pre-authorized withdrawal", "opening balance"), _S.EITHER),
    **dict.fromkeys(("current year contribution", "prior year contribution"), _S.NOTE),
    "stock dividend due bill": _S.DUE_BILL,
    **dict.fromkeys(("redemption", "principal payment"), _S.BOND),
    **dict.fromkeys(("stock dividend", "merger", "exchange", "spin", "name change", "tender"), _S.EVENT),
    **dict.fromkeys(("cash in lieu", "liquidat", "other income", "return of capital", "reverse split"), _S.EVENT),
    **dict.fromkeys(("option purchase", "option sale", "option exp", "option assign", "option exer"), _S.OPTION),
    **dict.fromkeys(("deposit ml", "withdrawal ml", "check accumulation", "deposit program"), _S.SWEEP),
}
_LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)


def meaning(said: str) -> tuple[str, Sense] | None:
    """The words that a description begins with, as it writes them, and what they mean; None for unknown ones."""
    prose = " ".join(said.split())
    plain = prose.lower()
    return next(((prose[: len(words)], WORDS[words]) for words in _LONGEST_FIRST if plain.startswith(words)), None)
