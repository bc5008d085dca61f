"""A trade list read back: the CSV of `dicli trade -f csv`."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from dicli.brokers.values import parse_date, parse_money, parse_quantity
from dicli.errors import Fault, InputError
from dicli.model import Side

NEEDED = ("account", "side", "symbol", "quantity", "price", "lot_acquired")
REMEDY = "Make the list with: dicli trade -f csv -o trades.csv."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of a trade list: a purchase, or a sale out of one lot. `price` is the plan's; `gain` in dollars."""

    account: str
    side: Side
    symbol: str
    quantity: Decimal
    price: Decimal
    acquired: dt.date | None
    gain: Decimal | None
    row: int


def read_trades(path: Path, accounts: Collection[str]) -> tuple[Planned, ...]:
    """The rows of a trade list, in its order; a header alone is a plan of nothing.

    Raises InputError with all that is wrong: no such file, missing columns, accounts that dicli.toml does not have,
    and cells that are no side, number or date.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise InputError(Fault(str(path), f"cannot be read: {problem.strerror}", REMEDY)) from None
    except UnicodeDecodeError:
        raise InputError(Fault(str(path), "is not text in UTF-8", REMEDY)) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(Fault(str(path), f"the trade list has no column {', '.join(missing)}", REMEDY))
    faults: list[Fault] = []
    rows = [_planned(path, reader.line_num, cells, accounts, faults) for cells in reader]
    if faults:
        raise InputError(faults)
    return tuple(row for row in rows if row is not None)


def _planned(
    path: Path, line: int, cells: Mapping[str, str | None], accounts: Collection[str], faults: list[Fault]
) -> Planned | None:
    before = len(faults)
    where = f"{path}, row {line}"

    def cell(name: str) -> str:
        return (cells.get(name) or "").strip()

    def parsed(name: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(cell(name))
        except ValueError as expected:
            faults.append(Fault(where, f'column "{name}" has "{cell(name)}" where {expected} is expected', REMEDY))
            return None

    account, symbol = cell("account"), cell("symbol").upper()
    if account not in accounts:
        faults.append(
            Fault(where, f'dicli.toml has no account "{account}"', f"It has: {', '.join(accounts)}. Use the same -C.")
        )
    if not symbol:
        faults.append(Fault(where, 'column "symbol" is empty', REMEDY))
    side = parsed("side", _side)
    quantity = parsed("quantity", _positive)
    price = parsed("price", parse_money)
    acquired = parsed("lot_acquired", parse_date) if cell("lot_acquired") else None
    gain = parsed("gain", parse_money) if cell("gain") else None
    if len(faults) > before or side is None or quantity is None or price is None:
        return None
    return Planned(account, side, symbol, quantity, price, acquired, gain, line)


def _side(text: str) -> Side:
    try:
        return Side(text.lower())
    except ValueError:
        raise ValueError("buy or sell") from None


def _positive(text: str) -> Decimal:
    number = parse_quantity(text)
    if number <= 0:
        raise ValueError("a number of shares above zero")
    return number
