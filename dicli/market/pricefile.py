"""Prices from the user's own file: `symbol,date,close`, one file or a folder of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from dicli.brokers.csvfile import table
from dicli.brokers.document import Document
from dicli.brokers.symbols import dotted
from dicli.errors import DicliError, Fault, InputError
from dicli.model import Quote

COLUMNS: dict[str, tuple[str, ...]] = {"symbol": ("ticker",), "date": ("day",), "close": ("price", "close price")}


def read_file(path: Path, as_of: dt.date) -> list[Quote]:
    """The last close of each symbol on or before `as_of`, from a CSV file or every *.csv of a folder.

    Raises InputError with all that is wrong in all of them: no such file, a price that is not above zero, two closes
    of one day that differ.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    faults: list[Fault] = []
    if not files:
        faults.append(Fault(str(path), "there is no *.csv in this folder", "Put symbol,date,close files there."))
    last: dict[str, Quote] = {}
    for file in files:
        try:
            _read_one(file, as_of, last)
        except DicliError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    return [last[symbol] for symbol in sorted(last)]


def _read_one(path: Path, as_of: dt.date, last: dict[str, Quote]) -> None:
    document = Document.open(path)
    said: dict[tuple[str, dt.date], Quote] = {}
    for row in table(document, COLUMNS, ("symbol", "date", "close")):
        symbol, day, close = dotted(row.text("symbol")), row.date("date"), row.money_or_none("close")
        if not symbol:
            row.fault('column "symbol" is empty', "Write the ticker, share classes dotted (BRK.B).")
        if close is None or close <= 0:
            said_close = "no close" if close is None else f"a close of {close:f}"
            row.fault(f"{symbol} has {said_close}", "A price is above zero: leave the row out if there is none.")
            continue
        quote = Quote(symbol, close, day, path.name)
        other = said.setdefault((symbol, day), quote)
        if other.price != close:
            row.fault(
                f"{symbol} closed at {other.price:f} on {day} in an earlier row, and at {close:f} here", "Keep one."
            )
        if day <= as_of and (symbol not in last or day >= (last[symbol].date or dt.date.min)):
            last[symbol] = quote
    document.raise_faults()
