"""E*TRADE's words for what happened in an account, in its three histories, and what must go with each."""

from __future__ import annotations

from enum import Enum

from dicli.model import TransactionKind


class Sense(Enum):
    """What a row must have, and where its signs come from."""

    IN = "shares come in, cash goes out"
    OUT = "shares go out, cash comes in"
    PAID = "cash, or with a quantity the shares that it bought: a reinvestment"
    SHARES = "shares, signed as written"
    CASH = "cash, signed as written"
    EITHER = "shares or cash, signed as written; the sign tells the kind"
    OPTION = "an option"


_K, _S = TransactionKind, Sense
ACTIONS: dict[str, tuple[TransactionKind, Sense]] = {
    **dict.fromkeys(("bought", "buy"), (_K.BUY, _S.IN)),
    **dict.fromkeys(("sold", "sell"), (_K.SELL, _S.OUT)),
    # No lot that is held is sold, or made, by these.
    **dict.fromkeys(("sold short", "sell short"), (_K.OTHER, _S.OUT)),
    **dict.fromkeys(("bought to cover", "buy to cover"), (_K.OTHER, _S.IN)),
    "dividend reinvestment": (_K.REINVEST, _S.PAID),
    **dict.fromkeys(
        ("dividend", "qualified dividend", "non-qualified dividend", "cash dividend", "special dividend"),
        (_K.DIVIDEND, _S.PAID),
    ),
    **dict.fromkeys(
        ("capital gain", "capital gains", "capital gains distribution", "lt cap gain distribution"),
        (_K.DIVIDEND, _S.PAID),
    ),
    **dict.fromkeys(
        ("long term capital gain", "short term capital gain", "st cap gain distribution"), (_K.DIVIDEND, _S.PAID)
    ),
    **dict.fromkeys(
        ("interest", "interest income", "margin interest", "bond interest", "credit interest"), (_K.INTEREST, _S.CASH)
    ),
    **dict.fromkeys(
        ("foreign tax", "foreign tax paid", "foreign tax withheld", "tax withholding", "nra withholding"),
        (_K.TAX, _S.CASH),
    ),
    **dict.fromkeys(
        ("fee", "service fee", "misc fee", "adr fee", "wire fee", "reorg fee", "account fee", "commission adjustment"),
        (_K.FEE, _S.CASH),
    ),
    **dict.fromkeys(("stock split", "split", "reverse split"), (_K.SPLIT, _S.SHARES)),
    **dict.fromkeys(
        ("reorganization", "merger", "spin off", "spin-off", "exchange", "name change"), (_K.OTHER, _S.SHARES)
    ),
    **dict.fromkeys(("stock dividend", "rights", "conversion"), (_K.OTHER, _S.SHARES)),
    **dict.fromkeys(("redemption", "cash in lieu", "return of capital", "misc trade"), (_K.OTHER, _S.CASH)),
    **dict.fromkeys(
        ("transfer", "online transfer", "journal", "adjustment", "wire", "wire in", "wire out", "ach", "check"),
        (_K.OTHER, _S.EITHER),
    ),
    **dict.fromkeys(
        ("deposit", "direct deposit", "withdrawal", "direct debit", "debit card", "atm", "bill payment", "transfer in"),
        (_K.OTHER, _S.EITHER),
    ),
    **dict.fromkeys(("transfer out", "contribution", "distribution", "cash transfer"), (_K.OTHER, _S.EITHER)),
    **dict.fromkeys(
        ("option expired", "option expire", "option expiration", "option assigned", "option assignment"),
        (_K.OTHER, _S.OPTION),
    ),
    **dict.fromkeys(("option exercised", "option exercise", "expired", "assigned", "exercised"), (_K.OTHER, _S.OPTION)),
    **dict.fromkeys(("bought to open", "sold to open", "bought to close", "sold to close"), (_K.OTHER, _S.OPTION)),
    **dict.fromkeys(("buy open", "sell open", "buy close", "sell close"), (_K.OTHER, _S.OPTION)),
}
