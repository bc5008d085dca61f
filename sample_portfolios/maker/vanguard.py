"""What Vanguard's web site exports as of 2026, oddities included; accounts, people and numbers are invented."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from maker.books import Lot, Row, total
from maker.market import AS_OF, Market, cents
from maker.text import lines_of, long_term, percent, us, words

_FUND = "VANGUARD FEDERAL MONEY MARKET FUND"
_VANGUARD = {
    "buy": ("Buy", "Buy"),
    "sell": ("Sell", "Sell"),
    "dividend": ("Dividend", "Dividend Received"),
    "interest": ("Dividend", "Dividend Received"),
    "reinvest": ("Reinvestment", "Dividend Reinvestment"),
    "deposit": ("Funds Received", "Funds received via Electronic Bank Transfer"),
    "withdrawal": ("Withdrawal", "Withdrawal via Electronic Bank Transfer"),
}


def vanguard_symbol(symbol: str) -> str:
    return symbol.replace(".", "-")


def vanguard_download(
    market: Market, number: str, lots: Mapping[str, list[Lot]], cash: Decimal, rows: Sequence[Row]
) -> str:
    """`OfxDownload.csv`: two tables with trailing commas, blank lines between; each day's net cash is swept."""
    held = {symbol: total(held)[0] for symbol, held in sorted(lots.items())}
    first = [["Account Number", "Investment Name", "Symbol", "Shares", "Share Price", "Total Value"]]
    for symbol, quantity in held.items():
        price = market.price(symbol)
        value = cents(quantity * price)
        name = market.securities[symbol].name.upper()
        first.append([number, name, vanguard_symbol(symbol), f"{quantity:.4f}", f"{price:.2f}", f"{value:.2f}"])
    first.append([number, _FUND, "VMFXX", f"{cash:.4f}", "1.0", f"{cash:.2f}"])
    second = [
        words(
            "Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Investment Name,Symbol,"
            "Shares,Share Price,Principal Amount,Commissions and Fees,Net Amount,Accrued Interest,Account Type",
            ",",
        )
    ]
    swept: dict[dt.date, Decimal] = {}
    for row in rows:
        swept[row.date] = swept.get(row.date, Decimal(0)) + row.amount
    for day in sorted(swept, reverse=True):
        amount = -swept[day]
        if amount:
            kind = ("Sweep in", "Sweep Into") if amount < 0 else ("Sweep out", "Sweep Out Of")
            about = f"{kind[1]} Money Market Settlement Fund"
            figures = ["0.0", "1.0", f"{amount:.2f}", "0.0", f"{amount:.2f}", "0.0", "Cash"]
            second.append([number, day.isoformat(), day.isoformat(), kind[0], about, _FUND, "", *figures])
        for row in rows:
            if row.date != day:
                continue
            name = (
                market.securities[row.symbol].name.upper()
                if row.symbol
                else _FUND
                if row.kind == "interest"
                else "CASH"
            )
            settles = market.next_session(day) if row.kind in ("buy", "sell") else day
            figures = [
                f"{row.quantity:.4f}",
                f"{row.price:.2f}",
                f"{row.amount:.2f}",
                "0.0",
                f"{row.amount:.2f}",
                "0.0",
            ]
            what = [day.isoformat(), settles.isoformat(), *_VANGUARD[row.kind], name, vanguard_symbol(row.symbol)]
            second.append([number, *what, *figures, "Cash"])
    return lines_of(first, tail=",") + "\n\n\n" + lines_of(second, tail=",")


def vanguard_lots(market: Market, number: str, lots: Mapping[str, list[Lot]], junk: Sequence[str]) -> str:
    """The cost basis download: two lines of prose, columns that carry a time, rows of no shares, " - " for nothing."""
    stamp = f" as of {us(AS_OF)} 04:22 PM, ET"
    header = words(
        f"Account|Symbol/CUSIP|Description|Acquired date|Cost basis method|Quantity|Cost per share|Total cost|"
        f"Market value{stamp}|Short term gain loss{stamp}|Long term gain loss{stamp}|Total gain loss{stamp}|"
        "Covered/Non-covered|Percent gain loss",
        "|",
    )
    rows = [header]
    for symbol in sorted([*lots, *junk]):
        name = market.securities[symbol].name.upper()
        if symbol in junk:
            nothing = [" - ", " - ", " - ", "Covered", "0%"]
            rows.append(
                [
                    number,
                    vanguard_symbol(symbol),
                    name,
                    "05/15/2024",
                    "SpecID",
                    "0.0000",
                    "0.00",
                    "0.00",
                    "0.00",
                    *nothing,
                ]
            )
        for lot in lots.get(symbol, ()):
            value = cents(lot.quantity * market.price(symbol))
            gain = value - lot.basis
            long = long_term(lot.held_from, AS_OF)
            rows.append(
                [
                    number,
                    vanguard_symbol(symbol),
                    name,
                    us(lot.acquired),
                    "SpecID",
                    f"{lot.quantity:.4f}",
                    f"{cents(lot.basis / lot.quantity):.2f}",
                    f"{lot.basis:.2f}",
                    f"{value:.2f}",
                    " - " if long else f"{gain:.2f}",
                    f"{gain:.2f}" if long else " - ",
                    f"{gain:.2f}",
                    "Covered",
                    percent(gain, lot.basis),
                ]
            )
    prose = (
        "This is an invented sample in the layout of Vanguard's cost basis download. No such account exists.\n"
        "Changes to a lot relief method or transaction would show after a few business days.\n"
    )
    return prose + lines_of(rows, csv.QUOTE_ALL)
