"""Small pieces of text that the brokers' layouts share: rows, money, dates."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from maker.market import Market


def words(text: str, between: str = " ") -> list[str]:
    """The parts of a text: a header is easier to compare with a file when it stands in one piece."""
    return text.split(between)


def lines_of(
    rows: Iterable[Sequence[object]], quoting: int = csv.QUOTE_MINIMAL, tail: str = "", eol: str = "\n"
) -> str:
    """Rows as CSV text; `tail` is what a broker leaves behind the last field."""
    text = []
    for row in rows:
        cell = io.StringIO()
        csv.writer(cell, quoting=quoting, lineterminator="").writerow(row)  # type: ignore[arg-type]
        text.append(cell.getvalue() + tail + eol)
    return "".join(text)


def plain(number: Decimal) -> str:
    """A number without exponent or needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal, sign: str = "-") -> str:
    """$1,234.56 with the minus before the dollar; `sign` "+" shows a plus as well."""
    return f"{'-' if amount < 0 else '+' if '+' in sign else ''}${abs(amount):,.2f}"


def bare(amount: Decimal, sign: str = "-") -> str:
    """As `money` without thousands commas (Fidelity)."""
    return money(amount, sign).replace(",", "")


def percent(part: Decimal, whole: Decimal, sign: str = "-") -> str:
    if not whole:
        return "0%"
    return f"{'+' if '+' in sign and part >= 0 else ''}{100 * part / whole:.2f}%"


def us(day: dt.date) -> str:
    return f"{day:%m/%d/%Y}"


def long_term(held_from: dt.date, sold: dt.date) -> bool:
    """More than one year, counted from the day after (no sample lot begins on the last day of February)."""
    return sold > held_from.replace(year=held_from.year + 1)


def list_file(market: Market, symbols: Sequence[str]) -> str:
    """A list of symbols as a user keeps one: the first column counts."""
    return lines_of([["symbol", "name"], *([symbol, market.securities[symbol].name] for symbol in symbols)])
