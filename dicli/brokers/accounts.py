"""Account numbers as files show them: whole, masked, or a name only."""

from __future__ import annotations

import re

_LAST_DIGITS = re.compile(r"(\d+)\W*$")
_MASKED = re.compile(r"(?:[Xx]{2,}-?[A-Za-z]?|\.{3}|…|\*{2,}|#{2,}|-)\d+\Z|\b[A-Z]{0,3}\d{4,}\Z")


def shown_digits(account: str) -> str:
    """The last four digits (or fewer) of an account as a file writes it; its whole text where it ends in no digit."""
    found = _LAST_DIGITS.search(account)
    return found[1][-4:] if found else account.strip()


def number_in(title: str) -> str:
    """The number at the end of an account's title as it is shown: "...234" of "Individual ...234"; else empty."""
    found = _MASKED.search(title.strip())
    return found[0] if found else ""


def account_matches(number: str, account: str) -> bool:
    """Whether an account in a file is the one whose `number` ("…4821", "4821") the preferences give.

    Masks are ignored (`XXXX-4821`, `...821`, `U***04821`): the digits at the end decide, and the shorter run must end
    the longer; at least three must be there on both sides. Texts without digits match when they are equal.
    """
    asked, shown = _LAST_DIGITS.search(number), _LAST_DIGITS.search(account)
    if asked is None or shown is None:
        return asked is shown and number.strip().casefold() == account.strip().casefold()
    shorter, longer = sorted((asked[1], shown[1]), key=len)
    return len(shorter) >= 3 and longer.endswith(shorter)
