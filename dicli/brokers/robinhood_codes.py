"""Robinhood's codes for what happened in an account, and what each of them must be accompanied by."""

from __future__ import annotations

from enum import Enum

from dicli.model import TransactionKind


class Sense(Enum):
    """What a row of a code must have, and where its signs come from."""

    IN = "shares come in, cash goes out"
    OUT = "shares go out, cash comes in"
    GIVEN = "shares come in, an amount may stand beside them"
    SHARES = "shares, signed as written"
    CASH = "cash, signed as written"
    EITHER = "shares or cash, signed as written; the sign tells the kind"
    EVENT = "shares or cash or both, signed as written"
    OPTION = "an option"


_K, _S = TransactionKind, Sense

CODES: dict[str, tuple[TransactionKind, Sense]] = {
    "buy": (_K.BUY, _S.IN),
    "sell": (_K.SELL, _S.OUT),
    # A share that is given as a reward is an acquisition on that day; what it cost is not in the file.
    "rec": (_K.BUY, _S.GIVEN),
    "spl": (_K.SPLIT, _S.SHARES),
    "cdiv": (_K.DIVIDEND, _S.CASH),
    "int": (_K.INTEREST, _S.CASH),
    **dict.fromkeys(("afee", "dfee", "gold"), (_K.FEE, _S.CASH)),
    "dtax": (_K.TAX, _S.CASH),
    # Cash by bank transfer, by instant transfer, between own accounts; ACATI and ACATO bring and take shares as well.
    **dict.fromkeys(("ach", "rtp", "itrf", "acati", "acato", "mtch", "cfir"), (_K.OTHER, _S.EITHER)),
    # Lending income, rewards, return of capital: cash that is no dividend.
    **dict.fromkeys(("slip", "misc", "roc", "xent_cc"), (_K.OTHER, _S.CASH)),
    # A stock exchanged for another, a stock dividend, a spin-off, cash in lieu: the file lacks the ratio.
    **dict.fromkeys(("sxch", "sdiv", "soff", "mrgs", "cil"), (_K.OTHER, _S.EVENT)),
    **dict.fromkeys(("bto", "btc", "sto", "stc", "oexp", "oasgn", "oca", "oexcs"), (_K.OTHER, _S.OPTION)),
}
