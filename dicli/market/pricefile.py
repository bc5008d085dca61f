"""Prices from the user's own files, one file or a folder of them, in one of two layouts.

    symbol,date,close[,dividend,split,adj_close]    a row for each close; what `dicli prices export` writes
    date,AAPL,MSFT,BRK.B …                          a row for each day and a column for each symbol; empty: no close

`dividend` is dollars a share on the ex-date, `split` new shares per old (4, or 3/2). Where there is an `adj_close` and
no `dividend`, the dividends are those that it tells of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from dicli.brokers.csvfile import Row, Table, table
from dicli.brokers.document import Document, plain
from dicli.brokers.symbols import dotted
from dicli.errors import DicliError, Fault, InputError
from dicli.market.series import Series, split_adjusted
from dicli.model import Quote

COLUMNS: dict[str, tuple[str, ...]] = {
    "symbol": ("ticker",),
    "date": ("day",),
    "close": ("price", "close price"),
    "dividend": ("dividends",),
    "split": ("splits", "stock splits"),
    "adjusted": ("adj_close", "adj close", "adjusted close"),
}
LEAST_DIVIDEND = Decimal("0.0005")
"""Of the price: adjusted closes are rounded to cents, and what they move by less than this is no dividend."""


class _Close(NamedTuple):
    """One close, with the row that it stands in; None: that column is empty or not there."""

    row: Row
    symbol: str
    day: dt.date
    close: Decimal
    dividend: Decimal | None = None
    split: Fraction | None = None
    adjusted: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceFile:
    """All that the files have: a series for each symbol, and the symbols whose dividends no file tells."""

    series: dict[str, Series] = field(default_factory=dict)
    without_dividends: frozenset[str] = frozenset()


def read_file(path: Path, as_of: dt.date) -> list[Quote]:
    """The last close of each symbol on or before `as_of`, from a CSV file or every *.csv of a folder.

    Raises InputError with all that is wrong in all of them: no such file, a price that is not above zero, two closes
    of one day that differ.
    """
    last: dict[str, Quote] = {}
    for _, closes in _files(path):
        for one in closes:
            if one.day <= as_of and (one.symbol not in last or one.day >= (last[one.symbol].date or dt.date.min)):
                last[one.symbol] = Quote(one.symbol, one.close, one.day, Path(one.row.source.file).name)
    return [last[symbol] for symbol in sorted(last)]


def read_series(path: Path) -> PriceFile:
    """The same files whole, closes on today's footing where the file states the splits. Raises as `read_file` does."""
    found: dict[str, dict[dt.date, _Close]] = {}
    told: set[str] = set()
    for rows, closes in _files(path):
        tells = bool({"dividend", "adjusted"} & rows.index.keys())
        for one in closes:
            found.setdefault(one.symbol, {})[one.day] = one
            if tells:
                told.add(one.symbol)
    series = {symbol: _series(symbol, closes) for symbol, closes in sorted(found.items())}
    return PriceFile(series, frozenset(series) - told)


def _series(symbol: str, closes: dict[dt.date, _Close]) -> Series:
    days = sorted(closes)
    dividends = {day: paid for day in days if (paid := closes[day].dividend)}
    splits = {day: ratio for day in days if (ratio := closes[day].split)}
    if not dividends:
        for before, day in pairwise(days):
            one, other = closes[before], closes[day]
            if one.adjusted and other.adjusted and day not in splits:
                # what a share must have paid for the total return to be that of the adjusted closes
                paid = one.close * other.adjusted / one.adjusted - other.close
                if paid > other.close * LEAST_DIVIDEND:
                    dividends[day] = paid
    made = Series(
        symbol,
        tuple(days),
        tuple(closes[day].close for day in days),
        dividends,
        splits,
        closes[days[-1]].row.source.file,
    )
    return split_adjusted(made)


def _files(path: Path) -> Iterator[tuple[Table, list[_Close]]]:
    """Each file's table and closes; raises once all of them are read, where something was wrong."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    faults: list[Fault] = []
    if not files:
        faults.append(Fault(str(path), "there is no *.csv in this folder", "Put symbol,date,close files there."))
    for file in files:
        try:
            document = Document.open(file)
            wide = _wide(document)
            rows = table(document, COLUMNS, ("symbol", "date", "close")) if wide is None else wide
            closes = list(_once(_of_rows(rows) if wide is None else _of_columns(rows)))
            document.raise_faults()
        except DicliError as error:
            faults.extend(error.faults)
        else:
            yield rows, closes
    if faults:
        raise InputError(faults)


def _wide(document: Document) -> Table | None:
    """The table of a file with a column for each symbol; None for the other layout."""
    if not document.records:
        return None
    header = document.records[0]
    names = [plain(cell) for cell in header[1]]
    words = {word for column in ("symbol", "close") for word in (column, *COLUMNS[column])}
    if names[0] not in ("date", *COLUMNS["date"]) or len(names) < 2 or words & set(names):
        return None
    columns = {"date": COLUMNS["date"], **dict.fromkeys(filter(None, names[1:]), ())}
    return Table(document, header, document.records[1:], columns, ("date",))


def _of_columns(rows: Table) -> Iterator[_Close]:
    symbols = [(name, dotted(rows.heading(name))) for name in rows.index if name != "date"]
    for row in rows:
        day = row.date("date")
        for name, symbol in symbols:
            if (close := _positive(row, symbol, name)) is not None:
                yield _Close(row, symbol, day, close)


def _of_rows(rows: Table) -> Iterator[_Close]:
    for row in rows:
        symbol, day = dotted(row.text("symbol")), row.date("date")
        if not symbol:
            row.fault('column "symbol" is empty', "Write the ticker, share classes dotted (BRK.B).")
        close = _positive(row, symbol, "close", needed=True)
        if close is not None:
            adjusted = _positive(row, symbol, "adjusted")
            yield _Close(row, symbol, day, close, row.money_or_none("dividend"), _split(row), adjusted)


def _positive(row: Row, symbol: str, column: str, *, needed: bool = False) -> Decimal | None:
    price = row.money_or_none(column)
    if price is None and not needed:
        return None
    if price is None or price <= 0:
        said = "no close" if price is None else f"a close of {price:f}"
        row.fault(f"{symbol} has {said}", "A price is above zero: leave the row out if there is none.")
        return None
    return price


def _split(row: Row) -> Fraction | None:
    """New shares per old, written 4 or 3/2; 0 and 1 say that there was none."""
    said = row.text("split")
    try:
        ratio = Fraction(said) if said else Fraction(0)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(-1)
    if ratio < 0:
        row.fault(f'a split of "{said}"', "Write new shares per old: 4, or 3/2.")
    return ratio if ratio > 0 and ratio != 1 else None


def _once(closes: Iterator[_Close]) -> Iterator[_Close]:
    """Each close of a file once; two of one day that differ are a fault."""
    said: dict[tuple[str, dt.date], Decimal] = {}
    for one in closes:
        other = said.setdefault((one.symbol, one.day), one.close)
        if other != one.close:
            one.row.fault(
                f"{one.symbol} closed at {other:f} on {one.day} in an earlier row, and at {one.close:f} here",
                "Keep one.",
            )
        yield one
