"""Symbols in one dotted form (BRK.B), and the recognition of what is no stock or fund.

Brokers write share classes with a slash (Schwab), a hyphen (Vanguard), a space (Interactive Brokers), a dot (E*TRADE,
M1, State Street) or nothing at all (Fidelity, iShares). The last is ambiguous, so it is resolved by a fixed table
together with the security's name or CUSIP, and refused otherwise.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple


class ShareClass(NamedTuple):
    """A dotted symbol, a word of the company's name that proves it, and its CUSIP where one is on record."""

    symbol: str
    name: str
    cusip: str = ""


SHARE_CLASSES: dict[str, ShareClass] = {
    entry.symbol.replace(".", ""): entry
    for entry in (
        ShareClass("AKO.A", "andina"),
        ShareClass("AKO.B", "andina"),
        ShareClass("BF.A", "brown", "115637100"),
        ShareClass("BF.B", "brown", "115637209"),
        ShareClass("BH.A", "biglari"),
        ShareClass("BIO.B", "bio-rad"),
        ShareClass("BRK.A", "berkshire", "084670108"),
        ShareClass("BRK.B", "berkshire", "084670702"),
        ShareClass("CRD.A", "crawford"),
        ShareClass("CRD.B", "crawford"),
        ShareClass("CWEN.A", "clearway"),
        ShareClass("EBR.B", "eletrobras"),
        ShareClass("GEF.B", "greif"),
        ShareClass("GTN.A", "gray"),
        ShareClass("HEI.A", "heico", "422806208"),
        ShareClass("HVT.A", "haverty"),
        ShareClass("JW.A", "wiley"),
        ShareClass("JW.B", "wiley"),
        ShareClass("LEN.B", "lennar", "526057302"),
        ShareClass("LGF.A", "lions"),
        ShareClass("LGF.B", "lions"),
        ShareClass("MKC.V", "mccormick"),
        ShareClass("MOG.A", "moog", "615394202"),
        ShareClass("MOG.B", "moog"),
        ShareClass("PBR.A", "petrobras"),
        ShareClass("RDS.A", "shell"),
        ShareClass("RDS.B", "shell"),
        ShareClass("STZ.B", "constellation"),
        ShareClass("TAP.A", "molson"),
        ShareClass("UHAL.B", "haul"),
        ShareClass("WLY.B", "wiley"),
        ShareClass("WSO.B", "watsco"),
    )
}

_CLASS = re.compile(r"([A-Z]{1,5})(?:[./-]| +)([A-Z]{1,3})")
_TICKER = re.compile(r"[A-Z]{1,6}")
_CUSIP = re.compile(r"[0-9A-Z]{8}[0-9]")
_OPTION = re.compile(
    r"-?[A-Z.]{1,6} *\d{6}[CP]\d+(?:\.\d+)?"  # SPY   250321C00500000 · -SPY180125C260
    r"|[A-Z0-9./]{1,7} \d{1,2}/\d{1,2}/\d{2,4} [\d.]+ [CP]"  # SPY 03/31/2020 284.00 P
    r"|[A-Z.]{1,6} \d{1,2}[A-Z]{3}\d{2} [\d.]+ [CP]"  # TSLA 19JUN26 300 C
)
_FUTURE = re.compile(r"/[A-Z0-9]{2,8}")
_MONEY_FUND = re.compile(r"[A-Z]{3}XX")


class AmbiguousSymbolError(ValueError):
    """An undotted symbol that may be a share class or a ticker of its own; the message says what is missing."""


@lru_cache(maxsize=1 << 14)
def dotted(symbol: str) -> str:
    """The symbol in dicli's form: upper case, share classes after a dot. Footnote marks (`**`) are stripped."""
    said = symbol.strip().rstrip("*").strip().upper()
    found = _CLASS.fullmatch(said)
    return f"{found[1]}.{found[2]}" if found else said


def undotted(symbol: str, name: str = "", cusip: str = "") -> str:
    """The dotted form of a symbol from a broker that writes share classes without any mark.

    Raises AmbiguousSymbolError where the table knows a class by this spelling and neither name nor CUSIP proves it.
    """
    said = dotted(symbol)
    share_class = SHARE_CLASSES.get(said)
    if share_class is None:
        return said
    if share_class.name in name.lower() or (cusip and cusip.upper() == share_class.cusip):
        return share_class.symbol
    raise AmbiguousSymbolError(
        f'"{symbol.strip()}" may be {share_class.symbol} or a ticker of its own, and '
        + (f'the name "{name.strip()}" does not settle it' if name.strip() else "the row has no name to tell")
    )


def is_ticker(symbol: str) -> bool:
    """Whether a dotted symbol looks like a stock's or a fund's: letters, with at most one class after a dot."""
    return bool(_TICKER.fullmatch(symbol) or _CLASS.fullmatch(symbol))


@lru_cache(maxsize=1 << 14)
def is_cusip(symbol: str) -> bool:
    """Nine characters of which the last is a digit: a CUSIP in the place of a symbol."""
    return bool(_CUSIP.fullmatch(symbol.strip().upper()))


@lru_cache(maxsize=1 << 14)
def is_money_fund(symbol: str) -> bool:
    """Money-market funds' symbols have five letters ending in XX: SWVXX, SPAXX, VMFXX. They count as cash."""
    return bool(_MONEY_FUND.fullmatch(symbol.strip().rstrip("*").upper()))


def is_option(symbol: str) -> bool:
    return bool(_OPTION.fullmatch(symbol.strip().upper()))


@lru_cache(maxsize=1 << 14)
def no_stock(symbol: str) -> str | None:
    """Why a row with this symbol is set aside (an option, a future, a bond by its CUSIP); None for stocks and funds."""
    said = symbol.strip().upper()
    if is_option(said):
        return "an option"
    if _FUTURE.fullmatch(said):
        return "a future"
    if is_cusip(said):
        return "a bond, bill or other security known by its CUSIP only"
    return None


def no_holding(symbol: str, quantity: Decimal) -> str | None:
    """Why a row about so many shares of this symbol is set aside; None for a stock or a fund that is held."""
    if why := no_stock(symbol):
        return why
    if is_money_fund(symbol):
        return "a money-market fund, counted as cash"
    if not is_ticker(dotted(symbol)):
        return "a symbol that is no stock or fund"
    if quantity < 0:
        return "a short position"
    return None if quantity else "a quantity of zero"
