"""What Fidelity's web site exports as of mid-2026, oddities included; accounts, people and numbers are invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from maker.books import Lot, Row, total
from maker.market import AS_OF, Market, cents
from maker.text import bare, lines_of, percent, plain, us

_FIDELITY_NOTES = (
    '"The data and information in this spreadsheet is provided to you solely for your use and is not for distribution. '
    'It is an invented sample: no such account exists."\n'
    '"The layout is that of a Fidelity export of 2026; the names of companies are real and every figure is made up."\n'
)


def fidelity_symbol(symbol: str) -> str:
    return symbol.replace(".", "")


def fidelity_positions(market: Market, number: str, name: str, lots: Mapping[str, list[Lot]], cash: Decimal) -> str:
    """`Portfolio_Positions_Nov-20-2026.csv` as of mid-2026: sentence case, one field more than the header."""
    header = (
        "Account number,Account name,Symbol,Description,Quantity,Last price,Last price change,Current value,"
        "Today's gain/loss dollar,Today's gain/loss percent,Total gain/loss dollar,Total gain/loss percent,"
        "Percent of account,Cost basis total,Average cost basis,Type\n"
    )
    sums = {symbol: total(held) for symbol, held in lots.items()}
    worth = {symbol: cents(quantity * market.price(symbol)) for symbol, (quantity, _) in sums.items()}
    whole = sum(worth.values()) + cash
    rows = [[number, name, "SPAXX**", "HELD IN MONEY MARKET", "", "", "", bare(cash), "", "", "", ""]]
    rows[0] += [percent(cash, whole), "", "", "Cash"]
    for symbol in sorted(sums):
        quantity, basis = sums[symbol]
        price, before, value = market.price(symbol), market.previous(symbol), worth[symbol]
        move, day, gain = price - before, cents(quantity * (price - before)), value - basis
        rows.append(
            [
                number,
                name,
                fidelity_symbol(symbol),
                market.securities[symbol].name.upper(),
                plain(quantity),
                bare(price),
                bare(move, "+"),
                bare(value),
                bare(day, "+"),
                percent(move, before, "+"),
                bare(gain, "+"),
                percent(gain, basis, "+"),
                percent(value, whole),
                bare(basis),
                bare(cents(basis / quantity)),
                "Cash",
            ]
        )
    downloaded = f'"Date downloaded {AS_OF:%b-%d-%Y} 6:12 p.m ET"\n'
    return header + lines_of(rows, tail=",") + "\n" + _FIDELITY_NOTES + "\n" + downloaded


_FIDELITY = {"buy": "YOU BOUGHT", "sell": "YOU SOLD", "dividend": "DIVIDEND RECEIVED", "reinvest": "REINVESTMENT"}
_CORE = "FIDELITY GOVERNMENT MONEY MARKET"


def fidelity_history(market: Market, number: str, name: str, rows: Sequence[Row]) -> str:
    """`Accounts_History.csv` of 2025-26, 14 columns: two blank lines, newest first, price before quantity.

    Interest of the core fund shows as a dividend and its reinvestment at one dollar; neither changes the cash.
    """
    cells: list[list[str]] = []
    quoted = "\0"  # the export quotes account, action and description only

    def add(
        day: dt.date, text: str, symbol: str, about: str, price: str, quantity: str, amount: Decimal, settles: str
    ) -> None:
        first = [
            us(day),
            quoted + name,
            quoted + number,
            quoted + text,
            symbol,
            quoted + about,
            "Cash",
            price,
            quantity,
        ]
        cells.append([*first, "", "", "", plain(amount), settles])

    for row in sorted(rows, key=lambda row: row.date)[::-1]:
        if row.kind in ("deposit", "withdrawal"):
            way = "Received" if row.amount > 0 else "Paid"
            add(row.date, f"Electronic Funds Transfer {way} (Cash)", " ", "No Description", "", "0.000", row.amount, "")
        elif row.kind == "interest":
            reinvested = f"REINVESTMENT {_CORE} (SPAXX) (Cash)"
            add(row.date, reinvested, "SPAXX", _CORE, "1", plain(row.amount), -row.amount, "")
            add(row.date, f"DIVIDEND RECEIVED {_CORE} (SPAXX) (Cash)", "SPAXX", _CORE, "", "0.000", row.amount, "")
        else:
            about, symbol = market.securities[row.symbol].name.upper(), fidelity_symbol(row.symbol)
            text = f"{_FIDELITY[row.kind]} {about} ({symbol}) (Cash)"
            traded = row.kind in ("buy", "sell")
            price = plain(row.price) if row.quantity else ""
            quantity = plain(row.quantity) if row.quantity else "0.000"
            settles = us(market.next_session(row.date)) if traded else ""
            add(row.date, text, symbol, about, price, quantity, row.amount, settles)
    text = (
        "\n\nRun Date,Account,Account Number,Action,Symbol,Description,Type,Price ($),Quantity,Commission ($),Fees ($),"
    )
    text += "Accrued Interest ($),Amount ($),Settlement Date\n"
    for line in cells:
        text += ",".join(f'"{cell[1:]}"' if cell.startswith(quoted) else cell for cell in line) + "\n"
    return text + "\n\n\n" + _FIDELITY_NOTES + f"\nDate downloaded {us(AS_OF)} 6:14 pm\n"
