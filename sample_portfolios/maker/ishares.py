"""An index file as iShares publishes them; its weights and prices are invented and say so."""

from __future__ import annotations

import csv
from decimal import Decimal

from maker.market import AS_OF, Market
from maker.text import lines_of

NBSP = "\u00a0"
INVENTED = "Weights, prices and sizes in this file are ILLUSTRATIVE AND INVENTED; only the company names are real."


def ishares_holdings(market: Market) -> str:
    """`IVV_holdings.csv`: nine lines of preamble with a lonely no-break space, holdings, a disclaimer of many lines."""
    fund = Decimal("640000000000")
    day = f"{AS_OF:%b %d, %Y}"
    head = [
        ["Illustrative Large Company Index (invented weights)"],
        ["Fund Holdings as of", day],
        ["Inception Date", "May 15, 2000"],
        ["Shares Outstanding", "1,080,000,000.00"],
    ]
    text = head[0][0] + "\n" + "".join(f'{name},"{value}"\n' for name, value in head[1:])
    text += "".join(f'{name},"-"\n' for name in ("Stock", "Bond", "Cash", "Other")) + NBSP + "\n"
    text += (
        "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,"
        "Currency,FX Rate,Market Currency,Accrual Date\n"
    )
    holdings = []
    for symbol, weight in market.weights.items():
        price = market.price(symbol)
        quantity = (fund * weight / price).to_integral_value()
        security = market.securities[symbol]
        where = "NASDAQ" if len(symbol.partition(".")[0]) > 3 else "New York Stock Exchange Inc."
        ticker = symbol.replace(".", "")
        holdings.append(
            [ticker, security.name.upper(), security.sector, "Equity", quantity * price, quantity, price, where]
        )
    other = "Cash and/or Derivatives"
    holdings += [
        [
            "XTSLA",
            "BLK CSH FND TREASURY SL AGENCY",
            other,
            "Money Market",
            Decimal(912400000),
            Decimal(912400000),
            1,
            "-",
        ],
        ["USD", "USD CASH", other, "Cash", Decimal(187300000), Decimal(187300000), 100, "-"],
        [
            "UBFUT",
            "CASH COLLATERAL USD UBFUT",
            other,
            "Cash Collateral and Margins",
            Decimal(71900000),
            Decimal(71900000),
            100,
            "-",
        ],
    ]
    whole = sum(row[4] for row in holdings)
    rows = []
    for ticker, name, sector, kind, value, quantity, price, where in sorted(
        holdings, key=lambda row: (-row[4], row[0])
    ):
        share = f"{100 * value / whole:.2f}"
        rows.append(
            [
                ticker,
                name,
                sector,
                kind,
                f"{value:,.2f}",
                share,
                f"{value:,.2f}",
                f"{quantity:,.2f}",
                f"{price:,.2f}",
                "United States",
                where,
                "USD",
                "1.00",
                "USD",
                "-",
            ]
        )
    future = [
        "ESZ6",
        "S&P500 EMINI DEC 26",
        other,
        "Futures",
        "0.00",
        "0.00",
        "1,171,600,000.00",
        "3,352.00",
        "6,990.00",
    ]
    rows.append([*future, "-", "Index And Options Market", "USD", "1.00", "USD", "-"])
    text += lines_of(rows, csv.QUOTE_ALL)
    return text + (
        f'{NBSP}\n"{INVENTED}\n'
        "This file follows the layout in which BlackRock publishes the holdings of iShares funds; it is of no fund.\n"
        "The values for “price” are the invented closing prices of the sample portfolios.\n"
        'It is no research, no advice and no recommendation."'
    )
