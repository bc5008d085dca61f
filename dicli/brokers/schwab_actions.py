"""Charles Schwab's words for what happened in an account, and what each of them must be accompanied by."""

from __future__ import annotations

from enum import Enum

from dicli.model import TransactionKind


class Sense(Enum):
    """What a row of an action must have, and where its signs come from."""

    IN = "shares come in, cash goes out"
    OUT = "shares go out, cash comes in"
    GRANT = "shares come in, nothing is paid"
    SHARES = "shares, signed as written"
    CASH = "cash, signed as written"
    EITHER = "shares or cash, signed as written; the sign tells the kind"
    EVENT = "shares or cash or both, signed as written"
    CANCEL = "the row that it takes back is in the file"
    OPTION = "an option"


_K, _S = TransactionKind, Sense
_DIVIDENDS = (
    *("cash dividend", "qualified dividend", "non-qualified div", "special dividend", "special qual div"),
    *("special non qual div", "pr yr cash div", "pr yr special div", "pr yr non qual div", "pr yr non-qual div"),
    *("long term cap gain", "short term cap gain", "div adjustment", "qualified div adj", "non-qual div adj"),
    *("rev pr yr cash div", "reinvest dividend", "qual div reinvest", "pr yr div reinvest"),
    *("long term cap gain reinvest", "short term cap gain reinvest"),
)
_INTEREST = ("bank interest", "bond interest", "credit interest", "cd interest", "margin interest", "interest adj")
_TAXES = (
    *("foreign tax paid", "foreign tax reclaim", "nra tax adj", "nra withholding", "pr yr nra tax"),
    *("irs withhold adj", "tax withholding"),
)
_FEES = ("adr mgmt fee", "service fee", "advisor fee", "fee")
_TRANSFERS = (
    *("journal", "journaled shares", "security transfer", "internal transfer", "moneylink transfer"),
    *("moneylink deposit", "moneylink adj", "wire sent", "wire received", "wire funds", "wire funds received"),
    *("wire funds adj", "funds received", "funds paid", "atm withdrawal", "visa purchase", "cd deposit funds"),
    *("bank transfer", "auto s1 credit", "auto s1 debit", "returned check"),
)
_OPTIONS = (
    *("buy to open", "buy to close", "sell to open", "sell to close", "expired", "assigned"),
    "exchange or exercise",
)
_SHARE_EVENTS = ("stock merger", "name change", "conversion", "spin-off", "stock div dist", "cash merger adj")
_CASH_EVENTS = (
    *("cash merger", "cash in lieu", "full redemption adj", "misc cash entry", "misc credits", "promotional award"),
    *("schwab atm rebate", "return of capital", "return of cap adj", "futures mm sweep"),
)
_EVENTS = (
    *("cash/stock merger", "mandatory reorg exc", "reorganized issue", "reorg adj", "final cash liquid"),
    *("final cash liquid adj", "expired warrants", "dist rights trans", "dist rgts n-trans"),
    "unissued rights redemption",
)

ACTIONS: dict[str, tuple[TransactionKind, Sense]] = {
    "buy": (_K.BUY, _S.IN),
    "sell": (_K.SELL, _S.OUT),
    "cancel buy": (_K.BUY, _S.CANCEL),
    "cancel sell": (_K.SELL, _S.CANCEL),
    # Not a sale of shares that are held: the household must not take them out of a lot.
    "sell short": (_K.OTHER, _S.OUT),
    "reinvest shares": (_K.REINVEST, _S.IN),
    # Shares vesting or bought in a plan are an acquisition on that day; what they cost is not in this file.
    "stock plan activity": (_K.BUY, _S.GRANT),
    **dict.fromkeys(("stock split", "reverse split", "stock split adj"), (_K.SPLIT, _S.SHARES)),
    **dict.fromkeys(_DIVIDENDS, (_K.DIVIDEND, _S.CASH)),
    **dict.fromkeys(_INTEREST, (_K.INTEREST, _S.CASH)),
    **dict.fromkeys(_TAXES, (_K.TAX, _S.CASH)),
    **dict.fromkeys(_FEES, (_K.FEE, _S.CASH)),
    **dict.fromkeys(_TRANSFERS, (_K.OTHER, _S.EITHER)),
    **dict.fromkeys((*_SHARE_EVENTS, "full redemption"), (_K.OTHER, _S.SHARES)),
    **dict.fromkeys(_CASH_EVENTS, (_K.OTHER, _S.CASH)),
    **dict.fromkeys(_EVENTS, (_K.OTHER, _S.EVENT)),
    **dict.fromkeys(_OPTIONS, (_K.OTHER, _S.OPTION)),
}
