"""Numbers and dates as brokers write them, read exactly or not at all.

Every shape in the samples of a dozen brokers is here; what is none of them is a `ValueError` that says what was
expected. Nothing is guessed: `1.234,56` is not a number, and 13/25/2025 is not a date.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache

BLANK = frozenset(
    {"", "-", "--", "---", "n/a", "na", "not applicable", "null", "none", "incomplete", "missing", "not tracked"}
)
UNKNOWN_DATE = BLANK | {"various", "unknown", "multiple", "not available"}

# ($1,234.56) · -$1.50 · $-0.88 · +719.73% · .2915 · 200. · -2.637E-4
_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<dollar>\$)?\s*(?P<inner>[+-])?\s*"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)"
    r"(?P<exponent>[eE][+-]?\d{1,2})?\s*(?P<percent>%)?\s*(?P<close>\))?",
    re.ASCII,
)
# The commonest shapes, for speed: a sign, a dollar, digits. Whatever is not one of them goes through _NUMBER.
_COMMON = re.compile(r"-?\$?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,12})?", re.ASCII)
_EUROPEAN = re.compile(r"[($+\s-]*\d{1,3}(?:\.\d{3})*,\d+[)%\s]*|[($+\s-]*\d+,\d+[)%\s]*", re.ASCII)
_MINUS = str.maketrans({"−": "-", "\u00a0": " "})

_TIME = r"(?:[ ,;T]+\d{1,2}:?\d{2}(?::?\d{2})?(?:\.\d+)?(?: ?[AaPp][Mm])?(?: ?[A-Za-z]{1,4})?)?"
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})" + _TIME, re.ASCII)
_US_DASHED = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})" + _TIME, re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})" + _TIME, re.ASCII)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})" + _TIME, re.ASCII)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?[-/ ](\d{1,2})[-/, ]+(\d{4})" + _TIME, re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[-/ ]([A-Za-z]{3,9})[-/ ](\d{4}|\d{2})" + _TIME, re.ASCII)
# Not `calendar.month_name`, which speaks the user's language.
_MONTH_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name[:cut]: n for n, name in enumerate(_MONTH_NAMES.split(" "), start=1) for cut in (3, 4, 9)}


def is_blank(text: str) -> bool:
    """Whether a cell says nothing: empty, `--`, `N/A` and their kin."""
    return text.strip().lower() in BLANK


@lru_cache(maxsize=1 << 15)
def parse_money(text: str) -> Decimal:
    """An amount or a price, a `$` allowed. Raises ValueError, saying what is expected."""
    return _parse(text, dollar=True, percent=False)


@lru_cache(maxsize=1 << 15)
def parse_quantity(text: str) -> Decimal:
    """A count of shares: a `$` or a `%` in it means that the columns have moved. Raises ValueError."""
    return _parse(text, dollar=False, percent=False)


@lru_cache(maxsize=1 << 12)
def parse_percent(text: str) -> Decimal:
    """The number in front of a `%` sign, which may be missing; 6.5% is 6.5. Raises ValueError."""
    return _parse(text, dollar=False, percent=True)


def _parse(text: str, *, dollar: bool, percent: bool) -> Decimal:
    if _COMMON.fullmatch(text) and (dollar or "$" not in text):
        return Decimal(text.replace("$", "").replace(",", ""))
    found = _NUMBER.fullmatch(text.translate(_MINUS).strip())
    if found is None or len(text) > 40:
        if _EUROPEAN.fullmatch(text):
            raise ValueError("a number with a decimal point, like 1,234.56; this one seems to have a decimal comma")
        raise ValueError("a number like 1,234.56")
    if bool(found["open"]) != bool(found["close"]) or (found["sign"] and found["inner"]):
        raise ValueError("a number like 1,234.56 or (1,234.56)")
    if found["open"] and (found["sign"] or found["inner"]):
        raise ValueError("a number like 1,234.56 or (1,234.56), with one sign only")
    if found["dollar"] and not dollar:
        raise ValueError("a number without a dollar sign" if percent else "a number of shares, without a dollar sign")
    if found["percent"] and not percent:
        raise ValueError("an amount, not a percentage")
    number = Decimal(found["digits"].replace(",", "") + (found["exponent"] or ""))
    return -number if found["open"] or "-" in (found["sign"], found["inner"]) else number


_DATE_IN_TEXT = re.compile(
    r"\d{1,2}/\d{1,2}/\d{4}|\d{4}[-/]\d{2}[-/]\d{2}|[A-Z][a-z]{2}-\d{2}-\d{4}|[A-Z][a-z]{2,8} \d{1,2}, \d{4}"
)
_UNIX_DATE = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) +\d\d:\d\d:\d\d \w+ (\d{4})")


def dates_in(text: str) -> list[dt.date]:
    """The dates in a title, in its order: "as of 12:52 PM ET, 2023/04/23", "Sun May 03  13:18:19 EDT 2026 from …"."""
    found = []
    for shape in _DATE_IN_TEXT.findall(_UNIX_DATE.sub(r"\1 \2, \3", text)):
        try:
            found.append(parse_date(shape))
        except ValueError:
            continue
    return found


@lru_cache(maxsize=1 << 14)
def parse_date(text: str) -> dt.date:
    """A date in any of the brokers' shapes, a time of day behind it ignored; of `A as of B`, B (the effective day).

    Two-digit years count from 1970 to 2069. Raises ValueError, saying what is expected.
    """
    expected = "a date like 12/31/2025 (month first)"
    said = text.translate(_MINUS).strip()
    if " as of " in said:
        posted, effective = said.split(" as of ", 1)
        parse_date(posted)
        return parse_date(effective)
    if found := _US_DATE.fullmatch(said) or _US_DASHED.fullmatch(said):
        month, day, year = int(found[1]), int(found[2]), int(found[3])
        if month > 12 and day <= 12:
            expected += "; this one seems to have its day first"
    elif (found := _ISO_DATE.fullmatch(said)) or (found := _COMPACT_DATE.fullmatch(said)):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif found := _MONTH_FIRST.fullmatch(said):
        year, month, day = int(found[3]), _MONTHS.get(found[1].lower(), 0), int(found[2])
    elif found := _DAY_FIRST.fullmatch(said):
        year, month, day = int(found[3]), _MONTHS.get(found[2].lower(), 0), int(found[1])
    else:
        raise ValueError(expected)
    if year < 100:
        year += 2000 if year < 70 else 1900
    if not 1900 <= year <= 2100:
        raise ValueError(f"{expected} with a year between 1900 and 2100")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(expected) from None
