"""One secret mapping: the same account, name, symbol, number or date becomes the same other one wherever it stands.

Quantities are multiplied by a whole number, so that lots still add up to positions; amounts by a secret factor below
one and rounded as they were, so that no factor can be read off them; prices by the quotient of the two, so that
quantity x price is the amount where it was. Digits of numbers are changed from the right, each by what stands right of
it: `...821` stays the end of the account that ends in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
import string
from collections.abc import Collection, Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from dicli.brokers.anonymise_words import CURRENCIES, SETTLEMENT_FUNDS, TICKERS, WORDS
from dicli.brokers.symbols import SHARE_CLASSES, ShareClass, is_money_fund

_VOWELS, _OTHERS = "aeiou", "cdfghjklmnprstvwz"
_NO_DATES = (dt.date(1969, 12, 31), dt.date(1970, 1, 1), dt.date(1900, 1, 1))
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DIGITS = re.compile(r"(?P<whole>\d[\d,]*|)(?P<point>\.?)(?P<part>\d*)", re.ASCII)


class Disguise:
    """The mapping of one run, from a seed. `keep_symbols`: tickers and share classes stay as they are."""

    def __init__(self, seed: int, *, keep_symbols: bool = False) -> None:
        chance = random.Random(seed)
        self.key = str(seed).encode()
        self.keep_symbols = keep_symbols
        self.amount = Decimal(chance.randrange(2011, 8987)) / 10000
        self.share = Decimal(chance.choice((2, 3, 4, 6, 7, 8, 9)))
        self.price = self.amount / self.share
        self.shift = dt.timedelta(days=-7 * chance.randrange(15, 140))  # weeks, so that no sale falls on a Sunday
        self._words: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._taken: set[str] = set()
        self._chance = chance
        self._classes: dict[ShareClass, ShareClass] = {}
        self._names: dict[str, str] = {}
        self.see(())

    def see(self, words: Iterable[str]) -> None:
        """Words and runs of letters and digits of the files to come: none of them is made up for another."""
        self._taken.update(word.lower() for word in words)
        self._classes = _class_images(self._chance, self._taken)
        self._names = {mine.name: other.name for mine, other in self._classes.items()}

    # -- names -------------------------------------------------------------------------------------------------

    def word(self, word: str, known: Collection[str] = WORDS) -> str:
        """The word itself where it is `known` or a single letter; else another of its length and capitals."""
        plain = word.lower()
        if len(word) == 1 or plain in known:
            return word
        if len(parts := _HUMPS.findall(word)) > 1 and "".join(parts) == word:
            return "".join(self.word(part, known) for part in parts)
        if plain in self._names and not self.keep_symbols:
            return _cased(self._names[plain], word)
        if plain in self._names:
            return word
        if plain not in self._words:
            for attempt in range(1000):
                made = self._made_up(plain, attempt)
                if made not in self._taken and made not in WORDS:
                    break
            self._taken.add(made)
            self._words[plain] = made
        return _cased(self._words[plain], word)

    def _made_up(self, word: str, attempt: int) -> str:
        at = self._hash(f"{word}|{attempt}")
        letters = []
        for number in range(len(word)):
            kind = _VOWELS if (number + at) % 2 else _OTHERS
            letters.append(kind[self._hash(f"{word}|{attempt}|{number}") % len(kind)])
        return "".join(letters)

    def _hash(self, text: str) -> int:
        return int.from_bytes(hashlib.blake2b(text.encode(), key=self.key[:64], digest_size=8).digest(), "big")

    # -- symbols -----------------------------------------------------------------------------------------------

    def symbol(self, symbol: str) -> str:
        """Another ticker of its shape; share classes keep their mark; money-market and settlement funds stay."""
        if self.keep_symbols or is_money_fund(symbol) or symbol in SETTLEMENT_FUNDS:
            return symbol
        if symbol in SHARE_CLASSES:
            return self._classes[SHARE_CLASSES[symbol]].symbol.replace(".", "")
        found = re.fullmatch(r"([A-Z]+)([./ _-]+)([A-Z]{1,4})", symbol)
        if found:
            if found[1] in CURRENCIES and found[3] in CURRENCIES:
                return symbol
            mine = SHARE_CLASSES.get(found[1] + found[3])
            if mine is not None and mine.symbol == f"{found[1]}.{found[3]}":
                return self._classes[mine].symbol.replace(".", found[2])
            return f"{self.symbol(found[1])}{found[2]}{found[3]}"
        if symbol not in self._symbols:
            self._symbols[symbol] = self._other_ticker(symbol)
        return self._symbols[symbol]

    def _other_ticker(self, symbol: str) -> str:
        """A ticker that stands for no other yet, and in none of the files where there are enough of its length."""
        fund = len(symbol) == 5 and symbol.endswith("X")
        used = set(self._symbols.values()) | {symbol}
        alike = [t for t in TICKERS if len(t) == len(symbol) and (len(t) == 5 and t.endswith("X")) == fund]
        if len(symbol) == 1:
            free = [letter for letter in string.ascii_uppercase if letter not in used]
            return self._chance.choice(free or [symbol])
        free = [t for t in alike if t not in used and t.lower() not in self._taken and t.lower() not in WORDS]
        for attempt in range(10_000):
            if free:
                break
            made = "".join(self._chance.choice(string.ascii_uppercase) for _ in range(len(symbol) - fund)) + "X" * fund
            known = attempt < 5_000 and (made.lower() in self._taken or made.lower() in WORDS)
            free = [] if known or made in used or made in SHARE_CLASSES or is_money_fund(made) else [made]
        return self._chance.choice(free or [symbol])

    def cusip(self, text: str) -> str:
        """Another CUSIP; that of a share class becomes the other class's, where both are on record."""
        for mine, other in self._classes.items():
            if mine.cusip and mine.cusip in text:
                if self.keep_symbols:
                    return text
                if other.cusip:
                    return text.replace(mine.cusip, other.cusip)
        return self.mixed(text)

    # -- numbers -----------------------------------------------------------------------------------------------

    def digits(self, run: str) -> str:
        """Other digits for a run that names something (an account, an order): each changed by what is right of it."""
        return "".join(
            str((int(digit) + 1 + self._hash(run[place + 1 :] + "#") % 9) % 10) for place, digit in enumerate(run)
        )

    def masked(self, text: str) -> str:
        """The digits changed, all else kept: `XXX821`, `U***04821`."""
        return re.sub(r"\d+", lambda found: self.digits(found[0]), text)

    def mixed(self, text: str) -> str:
        """Letters and digits together: digits changed, and letters too where there are more than two in a row."""
        return re.sub(r"[A-Za-z]{3,}", lambda found: self.word(found[0]), self.masked(text))

    def scaled(self, text: str, factor: Decimal, least: int, most: int) -> str:
        """The number in `text` times `factor`, signs, dollar, commas and number of decimals kept.

        At least `least` decimals where the result needs them, at most `most` beyond those that there were. What was
        not zero stays so.
        """
        found = next((one for one in _DIGITS.finditer(text) if one[0].strip(".,")), None)
        if found is None:
            return text
        value = Decimal(f"{found['whole'].replace(',', '') or '0'}.{found['part'] or '0'}")
        before = len(found["part"])
        places = max(before, least, min(before + most, 9) if most else 0)
        unit = Decimal(1).scaleb(-places)
        made = (value * factor).quantize(unit, ROUND_HALF_UP)
        made = unit if value and not made else made
        whole, _, part = f"{made:,f}".partition(".")
        part = part[:before] + part[before:].rstrip("0")
        if "," not in found["whole"]:
            whole = whole.replace(",", "")
        if not found["whole"] and whole == "0":
            whole = ""
        point = "." if part or found["point"] else ""
        return f"{text[: found.start()]}{whole}{point}{part}{text[found.end() :]}"

    def day(self, day: dt.date) -> dt.date:
        """The day as many weeks earlier as all others; what computers write for no date at all stays."""
        if day in _NO_DATES:
            return day
        return day + self.shift if day.toordinal() + self.shift.days > 400 else day

    def year(self, year: int) -> int:
        """A year that stands alone moves by what its middle does."""
        return (dt.date(year, 7, 1) + self.shift).year


@lru_cache(maxsize=1 << 12)
def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    if like[:1].isupper() and like[1:].islower():
        return word.capitalize()
    return "".join(
        letter.upper() if place < len(like) and like[place].isupper() else letter for place, letter in enumerate(word)
    )


def _class_images(chance: random.Random, seen: Collection[str]) -> dict[ShareClass, ShareClass]:
    """Each share class with another company's class of the same letter, so that name or CUSIP still prove its symbol.

    As far as there are enough, no company stands for two, and none whose name is among the words `seen` for another.
    """
    companies: dict[str, dict[str, ShareClass]] = {}
    for entry in SHARE_CLASSES.values():
        companies.setdefault(entry.name, {}).setdefault(entry.symbol.partition(".")[2], entry)
    here = {
        entry.name
        for entry in SHARE_CLASSES.values()
        if not {
            entry.name.partition("-")[0],
            *entry.symbol.lower().split(".")[:1],
            entry.symbol.replace(".", "").lower(),
        }.isdisjoint(seen)
    }
    order = list(companies)
    chance.shuffle(order)
    image: dict[str, str] = {}

    def fits(mine: str, other: str) -> tuple[bool, ...]:
        """The better, the larger."""
        letters = companies[mine].items()
        return (
            mine != other,
            all(letter in companies[other] for letter, _ in letters),
            all(
                letter in companies[other] and companies[other][letter].cusip
                for letter, one in letters
                if one.cusip in seen
            ),
            other not in image.values(),
            other not in here,
            not any(entry.cusip for entry in companies[other].values()),  # left for those that need one
        )

    for mine in sorted(order, key=lambda name: name not in here):
        image[mine] = max(order, key=lambda other: fits(mine, other))
    out = {}
    for entry in SHARE_CLASSES.values():
        classes = companies[image[entry.name]]
        out[entry] = classes.get(entry.symbol.partition(".")[2]) or next(iter(classes.values()))
    return out
