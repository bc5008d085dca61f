"""Account numbers as files show them: whole, masked, or a name only."""

from __future__ import annotations

import re

_LAST_DIGITS = re.compile(r"(\d+)\W*$")
_LAST_WORD = re.compile(r"(\w+)\W*$")
_MASKED = re.compile(r"(?:[Xx]{2,}-?[A-Za-z]?|\.{3}|…|\*{2,}|#{2,}|-)\d+\Z|\b[A-Z]{0,3}\d{4,}\Z")


def shown_digits(account: str) -> str:
    """The last four digits (or fewer) of an account as a file writes it; its whole text where it ends in no digit.

    Of a number with letters among its last four (Merrill's 42X-49U23) these four.
    """
    found = _LAST_DIGITS.search(account)
    lettered = _lettered(account)
    return (lettered or found[1])[-4:] if found else account.strip()


def number_in(title: str) -> str:
    """The number at the end of an account's title as it is shown: "...234" of "Individual ...234"; else empty."""
    found = _MASKED.search(title.strip())
    return found[0] if found else ""


def account_matches(number: str, account: str) -> bool:
    """Whether an account in a file is the one whose `number` ("…4821", "4821") the preferences give.

    Masks are ignored (`XXXX-4821`, `...821`, `U***04821`): the digits at the end decide, and the shorter run must end
    the longer; at least three must be there on both sides. Texts without digits match when they are equal, and numbers
    with letters among their last four (49U23) when the shorter ends the longer.
    """
    one, other = _lettered(number), _lettered(account)
    if one and other:
        shorter, longer = sorted((one, other), key=len)
        return longer.endswith(shorter)
    asked, shown = _LAST_DIGITS.search(number), _LAST_DIGITS.search(account)
    if asked is None or shown is None:
        return asked is shown and number.strip().casefold() == account.strip().casefold()
    shorter, longer = sorted((asked[1], shown[1]), key=len)
    return len(shorter) >= 3 and longer.endswith(shorter)


def _lettered(account: str) -> str:
    """The last word of a number such as 42X-49U23, which ends in fewer than three digits; empty for all others."""
    digits, word = _LAST_DIGITS.search(account), _LAST_WORD.search(account.upper())
    if digits is None or word is None or len(digits[1]) > 2 or len(word[1]) < 4:
        return ""
    return word[1] if sum(letter.isdigit() for letter in word[1]) > 2 else ""
