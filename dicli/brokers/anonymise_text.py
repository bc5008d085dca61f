"""One cell, or one stretch of free text, in disguise: token by token, known words kept, all else changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from enum import StrEnum

from dicli.brokers.anonymise_disguise import Disguise
from dicli.brokers.anonymise_words import IN_COMPANY, KINDS_OF_ACCOUNT, SETTLEMENT_FUNDS, WORDS
from dicli.brokers.symbols import SHARE_CLASSES, is_money_fund


class Kind(StrEnum):
    """What a column holds, by its heading; TEXT where no heading tells."""

    QUANTITY = "quantity"
    PRICE = "price"
    AMOUNT = "amount"
    KEPT = "kept"
    IDENTITY = "identity"
    SYMBOL = "symbol"
    PERSON = "person"
    TEXT = "text"


_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.KEPT, r"%|percent|\bmult(iplier)?\b|\b(fx|exchange) ?rate\b|\bfxrate|\blevel|\bcode\b|\bratio\b|\bterm\b"),
    (Kind.AMOUNT, r"\bsales? price\b|\bproceeds$|wash|\bgain|\bloss|p/l|pnl"),
    (Kind.PERSON, r"^(account |client |owner |customer |holder )?name$|nickname|\bowner|alias|e-?mail|address"),
    (Kind.SYMBOL, r"symbol|ticker|^instrument$|underlying$|underlyingsymbol"),
    (Kind.IDENTITY, r"\bacc(oun)?t ?(number|no|num|#|id)\b|\baccount$|^account|cusip|isin|sedol|figi|conid|\bid$|\bids$"
     r"|order ?(number|no|#|id|ref)|reference|confirmation|\bref\b|phone|zip|ssn|routing|check ?(number|no)|\bserial"),
    (Kind.PRICE, r"price|per (share|unit)|/ ?share|unit cost|average cost|avg\.? cost|\bnav\b|strike|\brate\b|quote"),
    (Kind.QUANTITY, r"quantity|\bqty|\bshares?\b|\bunits?\b|^position$|^filled$|^sellable$|^vested$|^released$"),
    (Kind.AMOUNT, r"amount|value|basis|cost|proceeds|total|cash|net|commission|fee|income|dividend|interest|balance"
     r"|principal|tax|disallowed|money|debit|credit|discount|adj|change|gross|price"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(words)) for kind, words in _KINDS)


def kind_of(heading: str) -> Kind:
    """What a column of this heading holds; `costBasisMoney` is read as `cost basis money`."""
    said = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading.strip().strip('"'))
    said = re.sub(r"[\s_]+", " ", said).lower()
    return next((kind for kind, words in _COMPILED if words.search(said)), Kind.TEXT)


NUMBER = re.compile(
    r"\s*\(?\s*[-+−]?\s*\$?\s*[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*(?P<percent>%)?\s*\)?S?\s*", re.ASCII
)
_PLAIN_RUN = re.compile(r"\s*-?\d{5,}\s*", re.ASCII)
TICKER = re.compile(r"[A-Z]{1,6}(?:[./ -][A-Z]{1,4})?")
_MARKED = re.compile(r"([A-Z]{1,6}(?:[./ -][A-Z]{1,4})?)(\*+)")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november")
_LONG_MONTHS = (*_LONG, "december")
_MON = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_B, _E = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"

_TOKEN = re.compile(
    rf"""
      (?P<option>{_B}-?[A-Z]{{1,6}}\ *\d{{6}}[CP]\d+(?:\.\d+)?{_E})
    | (?P<iso>{_B}(?:19|20)\d\d[-/]\d{{1,2}}[-/]\d{{1,2}}(?!\d))
    | (?P<us>{_B}\d{{1,2}}(?P<sep>[-/.])\d{{1,2}}(?P=sep)(?:\d{{4}}|\d\d)(?!\d))
    | (?P<compact>(?<!\d)(?<![A-Za-z])(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])
        (?:[;T\ ]?(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)?(?!\d))
    | (?P<unix>{_B}{_MON}\ +\d{{1,2}}\ +\d\d:\d\d:\d\d\ \w+\ \d{{4}}{_E})
    | (?P<month_first>{_B}{_MON}\.?[-/\ ]\d{{1,2}}(?:,\ +|[-/,\ ]'?)(?:\d{{4}}|\d\d)(?![\d.,:]*\d){_E})
    | (?P<day_first>{_B}\d{{1,2}}[-/\ ]?{_MON}[-/\ ]?(?:\d{{4}}|\d\d)(?![\d.,:]*\d){_E})
    | (?P<month_year>{_B}{_MON}[-\ ](?:19|20)\d\d{_E})
    | (?P<clock>(?<!\d)\d{{1,2}}:\d\d(?::\d\d)?(?!\d))
    | (?P<ratio>{_B}\d{{1,3}}(?:\ *:\ *|\ *-?(?:for|FOR|For)-?\ *)\d{{1,3}}{_E})
    | (?P<partial>{_B}(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?![\d/.]))
    | (?P<biorad>{_B}bio-rad{_E})
    | (?P<masked>(?:[Xx]{{2,}}|\.{{2,}}|…|\*{{2,}}|\#+)[-\ ]?[A-Za-z]?\d+)
    | (?P<form>{_B}(?:1099|8949|401|403|457|529)[-A-Za-z]{{0,5}}{_E})
    | (?P<mixed>(?<![0-9A-Za-z])(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[0-9A-Za-z]+{_E})
    | (?P<percent>(?<![0-9A-Za-z])[\d,]*\.?\d+%)
    | (?P<number>(?<![0-9A-Za-z])\$?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)?\.\d+
        |\$(?:\d{{1,3}}(?:,\d{{3}})+|\d+)|\d{{1,3}}(?:,\d{{3}})+)
    | (?P<run>\d+)
    | (?P<share_class>{_B}[A-Z]{{1,5}}[./\ _-][A-Z]{_E})
    | (?P<word>[^\W\d_]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SHARES = re.compile(r"\s*(?:sh|shs|shares?)\b", re.IGNORECASE)
_TRADED = re.compile(r"\b(?:bought|sold|buy|sell|holding|purchased?)\s+$", re.IGNORECASE)
_EACH = re.compile(r"(?:@|\bat)\s*\$?$|\b(?:put|call)\b.*$", re.IGNORECASE)
_PER = re.compile(r"\s*(?:per|/)\s*(?:share|sh|unit)\b|\s*(?:put|call|[CP]$)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:\bending in|\baccount|\bacct\.?|#|\bno\.?|(?<![\w.])-)\s*$", re.IGNORECASE)


class Writer:
    """Cells of one file in disguise. `symbols`: the tickers that the files show; `day_first`: the order of its dates;
    `near`: a year of the file, for dates without one.
    """

    def __init__(self, disguise: Disguise, symbols: set[str], *, day_first: bool = False, near: int = 2025) -> None:
        self.disguise = disguise
        self.symbols = symbols
        self.day_first = day_first
        self.near = near

    def cell(self, text: str, kind: Kind = Kind.TEXT, *, counted: bool = True, in_dollars: bool = False) -> str:
        """One cell. `counted`: its table has a column of quantities, so that a number that begins a text is none.
        `in_dollars`: its row has a price of one: quantities are dollars, and the price stays.
        """
        said = text.strip()
        if not said:
            return text
        if kind is not Kind.IDENTITY and NUMBER.fullmatch(text):
            return self.number(text, kind, in_dollars=in_dollars)
        if kind is Kind.IDENTITY and re.fullmatch(r"[0-9A-Z]{9}|[A-Z]{2}[0-9A-Z]{10}", said):
            return text.replace(said, self.disguise.cusip(said))
        if kind in (Kind.SYMBOL, Kind.TEXT, Kind.IDENTITY):
            marked = _MARKED.fullmatch(said)
            bare = marked[1] if marked else said
            listed = bare in self.symbols or kind is Kind.SYMBOL
            if TICKER.fullmatch(bare) and listed and (kind is Kind.SYMBOL or bare.lower() not in WORDS):
                return text.replace(bare, self.disguise.symbol(bare))
        return self.text(text, kind, counted=counted)

    def heading(self, text: str) -> str:
        """A heading keeps its known words and short numbers: a line of words with a name in it can look like one."""

        def changed(found: re.Match[str]) -> str:
            group = found.lastgroup or ""
            if group in _DATES:
                return self._date(group, found[0]) or found[0]
            if group in ("word", "share_class"):
                return self._other(found, text, Kind.TEXT, WORDS, counted=True)
            if group == "run":
                return found[0] if found[0] in ("100", "500") else self._run(found[0], text, found.start(), Kind.TEXT)
            digits = sum(letter.isdigit() for letter in re.sub("1099|8949", "", found[0]))
            long = group == "masked" or digits >= (3 if group == "mixed" else 5)
            return self.disguise.masked(found[0]) if long else found[0]

        return _TOKEN.sub(changed, text)

    def number(self, text: str, kind: Kind, *, in_dollars: bool = False) -> str:
        """A cell that is a number and nothing else. A percentage says nothing of dollars, and stays true as it is."""
        if "%" in text or (kind is Kind.KEPT and len(re.sub(r"\D|\..*", "", text)) < 4):
            return text
        compact = _TOKEN.fullmatch(text.strip())
        if compact and compact.lastgroup == "compact" and (made := self._date("compact", text.strip())):
            return text.replace(text.strip(), made)  # nobody has so many dollars that they look like a day
        if kind in (Kind.TEXT, Kind.SYMBOL, Kind.PERSON):
            if _PLAIN_RUN.fullmatch(text) or kind is not Kind.TEXT:
                return text.replace(text.strip(), self.disguise.cusip(text.strip()))
            said = text.strip()
            if said.isdigit() and len(said) == 4 and 1950 <= int(said) <= 2060:
                return text.replace(said, str(self.disguise.year(int(said))))
        d = self.disguise
        if in_dollars and re.fullmatch(r"\s*\$?1(\.0*)?\s*", text):
            return text
        if kind is Kind.QUANTITY and not in_dollars:
            return d.scaled(text, d.share, 0, 0)
        if kind is Kind.PRICE and not in_dollars:
            return d.scaled(text, d.price, 6, 4)
        return d.scaled(text, d.amount, 2, 0)

    def text(self, text: str, kind: Kind = Kind.TEXT, *, counted: bool = True) -> str:
        """Free text, token by token. Where people write names of their own, fewer words count as known."""
        known = KINDS_OF_ACCOUNT if kind is Kind.PERSON else WORDS

        def changed(found: re.Match[str]) -> str:
            group = found.lastgroup or "word"
            if group in _DATES:
                return self._date(group, found[0]) or self._other(found, text, kind, known, counted=counted)
            if group in ("clock", "ratio", "form", "percent"):
                return found[0]
            return self._other(found, text, kind, known, counted=counted)

        return _TOKEN.sub(changed, text)

    def _other(self, found: re.Match[str], text: str, kind: Kind, known: frozenset[str], *, counted: bool) -> str:
        d, said, start = self.disguise, found[0], found.start()
        group = found.lastgroup
        if group == "biorad":
            return d.word(said)
        if group == "option":
            return self._option(said)
        if group == "masked":
            return d.masked(said)
        if group == "mixed":
            if is_money_fund(said) or len(said) < 4:
                return said if len(said) < 4 and kind is not Kind.IDENTITY else d.mixed(said)
            return d.cusip(said)
        if group == "share_class":
            parts = re.fullmatch(r"([A-Za-z]+)([./ _-])([A-Za-z])", said)
            if parts and parts[1].isupper() and parts[3].isupper() and parts[1] + parts[3] in SHARE_CLASSES:
                mine = SHARE_CLASSES[parts[1] + parts[3]].symbol
                if mine == f"{parts[1]}.{parts[3]}":
                    return d.symbol(mine).replace(".", parts[2])
            if parts:
                first = self._word(parts[1], text, start, known, kind)
                return f"{first}{parts[2]}{parts[3]}"
        if group == "number" or (group == "run" and self._counts(text, start, found.end(), counted=counted)):
            return self._amount(said, text, start, found.end(), counted=counted)
        if said.isdigit():
            return self._run(said, text, start, kind)
        return self._word(said, text, start, known, kind)

    def _word(self, word: str, text: str, start: int, known: frozenset[str], kind: Kind) -> str:
        if word.isupper() and word in self.symbols and self._names_a_stock(word, text, start, known, kind):
            return self.disguise.symbol(word)
        if word in SETTLEMENT_FUNDS or (word.isupper() and is_money_fund(word)):
            return word
        if word.lower() in IN_COMPANY and known is WORDS:
            behind, before = IN_COMPANY[word.lower()]
            if word.lower() == "grant" and text.strip() == word:
                return word  # a kind of row of stock plans, in a column that is not one of names
            last = re.search(r"([A-Za-z]+)[^A-Za-z]*$", text[:start])
            following = re.match(r"[^A-Za-z]*([A-Za-z]+)", text[start + len(word) :])
            if (last and last[1].lower() in behind) or (following and following[1].lower() in before):
                return word
        return self.disguise.word(word, known)

    def _names_a_stock(self, word: str, text: str, start: int, known: frozenset[str], kind: Kind) -> bool:
        """Whether a word that is one of the files' tickers is meant as one: (COST) is, that of COST BASIS is not."""
        first = not text[:start].strip()
        mixed = any(letter.islower() for letter in text)  # where not all is in capitals, capitals mean a ticker
        if text[start - 1 : start] == "(" and text[start + len(word) : start + len(word) + 1] in (")", ",", " "):
            return True
        if first and (mixed or (kind is Kind.SYMBOL and any(letter.isdigit() for letter in text))):
            return True
        return len(word) > 1 and (mixed or word.lower() not in known)

    def _counts(self, text: str, start: int, end: int, *, counted: bool) -> bool:
        """Whether a run of digits in a text is a number of shares."""
        if _SHARES.match(text, end) or _TRADED.search(text[:start]):
            return True
        return not counted and not text[:start].strip() and text[end : end + 1] == " "

    def _amount(self, said: str, text: str, start: int, end: int, *, counted: bool) -> str:
        d = self.disguise
        if self._counts(text, start, end, counted=counted):
            return d.scaled(said, d.share, 0, 0)
        if _EACH.search(text[:start]) or _PER.match(text, end):
            return d.scaled(said, d.price, 6, 4)
        return d.scaled(said, d.amount, 2, 0)

    def _run(self, run: str, text: str, start: int, kind: Kind) -> str:
        if kind is not Kind.IDENTITY and len(run) == 4 and 1950 <= int(run) <= 2060:
            return str(self.disguise.year(int(run)))
        if len(run) == 9:
            return self.disguise.cusip(run)
        if len(run) >= 3 or (kind is Kind.IDENTITY and len(run) > 1) or _NUMBERED.search(text[:start]):
            return self.disguise.digits(run)
        return run

    def _option(self, said: str) -> str:
        parts = re.fullmatch(r"(-?)([A-Z]+)( *)(\d{6})([CP])(\d+(?:\.\d+)?)", said)
        if parts is None:
            return self.disguise.mixed(said)
        day = _made(2000 + int(parts[4][:2]), int(parts[4][2:4]), int(parts[4][4:]))
        when = parts[4] if day is None else f"{self.disguise.day(day):%y%m%d}"
        strike = self.disguise.scaled(parts[6], self.disguise.price, 0, 0)
        strike = strike.zfill(len(parts[6])) if len(parts[6]) == 8 else strike
        return f"{parts[1]}{self.disguise.symbol(parts[2])}{parts[3]}{when}{parts[5]}{strike}"

    def _date(self, group: str, said: str) -> str | None:
        return _DATES[group](self, said)

    # -- dates, each in the shape that it had ------------------------------------------------------------------

    def _iso(self, said: str) -> str | None:
        parts = re.fullmatch(r"(\d{4})([-/])(\d{1,2})([-/])(\d{1,2})", said)
        day = parts and _made(int(parts[1]), int(parts[3]), int(parts[5]))
        if not parts or day is None:
            return None
        new = self.disguise.day(day)
        return f"{new.year}{parts[2]}{_like(new.month, parts[3])}{parts[4]}{_like(new.day, parts[5])}"

    def _us(self, said: str) -> str | None:
        parts = re.fullmatch(r"(\d{1,2})([-/.])(\d{1,2})([-/.])(\d{2,4})", said)
        if not parts:
            return None
        first, second, year = int(parts[1]), int(parts[3]), _century(parts[5])
        swapped = self.day_first or (first > 12 and second <= 12)
        day = _made(year, second, first) if swapped else _made(year, first, second)
        if day is None:
            return None
        new = self.disguise.day(day)
        one, two = (new.day, new.month) if swapped else (new.month, new.day)
        return f"{_like(one, parts[1])}{parts[2]}{_like(two, parts[3])}{parts[4]}{_year(new, parts[5])}"

    def _compact(self, said: str) -> str | None:
        day = _made(int(said[:4]), int(said[4:6]), int(said[6:8]))
        return None if day is None else f"{self.disguise.day(day):%Y%m%d}{said[8:]}"

    def _partial(self, said: str) -> str | None:
        month, _, number = said.partition("/")
        day = _made(self.near, int(month), int(number))
        if day is None:
            return None
        new = self.disguise.day(day)
        return f"{_like(new.month, month)}/{_like(new.day, number)}"

    def _named(self, said: str) -> str | None:
        """Any date with a month's name in it."""
        month = re.search(r"[A-Za-z]+", said)
        numbers = list(re.finditer(r"(?<![:\d])\d+(?![:\d])", said))
        if month is None or month[0][:3].lower() not in _MONTHS or not numbers:
            return None
        if len(month[0]) > 3 and month[0].lower() not in (*_LONG_MONTHS, "sept"):
            return None
        at = _MONTHS.index(month[0][:3].lower()) + 1
        day = _made(_century(numbers[-1][0]), at, int(numbers[0][0]) if len(numbers) > 1 else 15)
        if day is None:
            return None
        new = self.disguise.day(day)
        names = _LONG_MONTHS if month[0].lower() in _LONG_MONTHS and len(month[0]) > 3 else _MONTHS
        name = names[new.month - 1]
        name = name.upper() if month[0].isupper() else name.capitalize() if month[0][0].isupper() else name
        spans = [(*month.span(), name), (*numbers[-1].span(), _year(new, numbers[-1][0]))]
        if len(numbers) > 1:
            spans.append((*numbers[0].span(), _like(new.day, numbers[0][0])))
        for start, end, put in sorted(spans, reverse=True):
            said = said[:start] + put + said[end:]
        return said


_DATES: dict[str, Callable[[Writer, str], str | None]] = {
    "iso": Writer._iso,
    "us": Writer._us,
    "compact": Writer._compact,
    "partial": Writer._partial,
    "unix": Writer._named,
    "month_first": Writer._named,
    "day_first": Writer._named,
    "month_year": Writer._named,
}


def _made(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1900 <= year <= 2100 else None
    except ValueError:
        return None


def _century(year: str) -> int:
    return int(year) if len(year) > 2 else int(year) + (2000 if int(year) < 70 else 1900)


def _like(number: int, shown: str) -> str:
    """With a leading zero where there was one, or where two digits say nothing of it."""
    return f"{number:02d}" if len(shown) > 1 else str(number)


def _year(day: dt.date, shown: str) -> str:
    return f"{day.year:04d}" if len(shown) > 2 else f"{day.year % 100:02d}"
