"""Merrill's words for what happened: the beginnings of a description, the longer one before the shorter."""

from __future__ import annotations

from enum import Enum

from dicli.model import TransactionKind

_K = TransactionKind


class Sense(Enum):
    """What a row is, with the kind of its transaction and the words that stand for it where a row has only prose."""

    BUY = (_K.BUY, "Purchase")
    SELL = (_K.SELL, "Sale")
    SHARES_OF_DIVIDEND = (_K.REINVEST, "Reinvestment Share(s)")
    CASH_OF_DIVIDEND = (_K.OTHER, "Reinvestment Program")
    DIVIDEND = (_K.DIVIDEND, "Dividend")
    INTEREST = (_K.INTEREST, "Interest")
    FEE = (_K.FEE, "Fee")
    TAX = (_K.TAX, "Tax")
    SPLIT = (_K.SPLIT, "Stock Split")
    EITHER = (_K.OTHER, "Transfer")
    EVENT = (_K.OTHER, "Event")
    OPTION = (_K.OTHER, "Option")
    SWEEP = (_K.OTHER, "Deposit program")

    @property
    def kind(self) -> TransactionKind:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


_S = Sense
WORDS: dict[str, Sense] = {
    **dict.fromkeys(("purchase", "buy"), _S.BUY),
    **dict.fromkeys(("sale", "sell", "fractional share sale"), _S.SELL),
    "reinvestment share": _S.SHARES_OF_DIVIDEND,
    "reinvestment program": _S.CASH_OF_DIVIDEND,
    **dict.fromkeys(("dividend", "foreign dividend", "qualified dividend", "rpt fgn div"), _S.DIVIDEND),
    **dict.fromkeys(("long term capital gain", "short term capital gain", "lt cap gain", "st cap gain"), _S.DIVIDEND),
    **dict.fromkeys(("interest", "bank interest", "margin interest", "bond interest"), _S.INTEREST),
    **dict.fromkeys(("depository bank (adr) fee", "advisory", "fee", "program fee", "annual fee"), _S.FEE),
    **dict.fromkeys(("foreign tax", "fgn tax", "tax withh", "federal tax", "state tax", "non-resident tax"), _S.TAX),
    "stock split": _S.SPLIT,
    **dict.fromkeys(("funds received", "funds transfer", "direct deposit", "electronic", "wire", "check"), _S.EITHER),
    **dict.fromkeys(("deposit", "withdrawal", "transfer", "journal", "pre authdebit", "atm", "visa"), _S.EITHER),
    **dict.fromkeys(("current year contribution", "prior year contribution", "contribution"), _S.EITHER),
    **dict.fromkeys(("rollover", "security transfer", "received", "delivered"), _S.EITHER),
    **dict.fromkeys(("stock dividend", "merger", "exchange", "spin", "name change", "tender", "redemption"), _S.EVENT),
    **dict.fromkeys(("cash in lieu", "liquidation", "other income", "return of capital", "reverse split"), _S.EVENT),
    **dict.fromkeys(("option purchase", "option sale", "option exp", "option assign", "option exer"), _S.OPTION),
    **dict.fromkeys(("deposit ml", "withdrawal ml", "check accumulation", "deposit program"), _S.SWEEP),
}
_LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)


def meaning(said: str) -> Sense | None:
    """What a description says happened; None for words that are not known."""
    plain = " ".join(said.lower().split())
    return next((WORDS[words] for words in _LONGEST_FIRST if plain.startswith(words)), None)
