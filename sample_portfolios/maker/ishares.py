"""An index file as iShares publishes them; its weights and prices are invented and say so."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import NamedTuple

from maker.market import AS_OF, Market
from maker.text import lines_of

NBSP = "\u00a0"
INVENTED = "Weights, prices and sizes in this file are ILLUSTRATIVE AND INVENTED; only the company names are real."
FUND = Decimal("640000000000")  # dollars
_OTHER = "Cash and/or Derivatives"


class _Holding(NamedTuple):
    ticker: str
    name: str
    sector: str
    asset_class: str
    value: Decimal
    quantity: Decimal
    price: Decimal
    exchange: str


def _cash(ticker: str, name: str, asset_class: str, dollars: int, price: int) -> _Holding:
    return _Holding(ticker, name, _OTHER, asset_class, Decimal(dollars), Decimal(dollars), Decimal(price), "-")


_CASH = (
    _cash("XTSLA", "BLK CSH FND TREASURY SL AGENCY", "Money Market", 912_400_000, 1),
    _cash("USD", "USD CASH", "Cash", 187_300_000, 100),
    _cash("UBFUT", "CASH COLLATERAL USD UBFUT", "Cash Collateral and Margins", 71_900_000, 100),
)
_FUTURE = (
    f"ESZ6|S&P500 EMINI DEC 26|{_OTHER}|Futures|0.00|0.00|1,171,600,000.00|3,352.00|6,990.00|-|Index And Options Market"
)


def ishares_holdings(market: Market) -> str:
    """`IVV_holdings.csv`: nine lines of preamble with a lonely no-break space, holdings, a disclaimer of many lines."""
    holdings = list(_CASH)
    for symbol, weight in market.weights.items():
        price, security = market.price(symbol), market.securities[symbol]
        quantity = (FUND * weight / price).to_integral_value()
        where = "NASDAQ" if len(symbol.partition(".")[0]) > 3 else "New York Stock Exchange Inc."
        ticker, name = symbol.replace(".", ""), security.name.upper()
        holdings.append(_Holding(ticker, name, security.sector, "Equity", quantity * price, quantity, price, where))
    whole = sum((item.value for item in holdings), Decimal(0))
    rows = []
    for item in sorted(holdings, key=lambda item: (-item.value, item.ticker)):
        value, share = f"{item.value:,.2f}", f"{100 * item.value / whole:.2f}"
        sizes = [value, share, value, f"{item.quantity:,.2f}", f"{item.price:,.2f}"]
        rows.append([*item[:4], *sizes, "United States", item.exchange, "USD", "1.00", "USD", "-"])
    rows.append([*_FUTURE.split("|"), "USD", "1.00", "USD", "-"])
    return (
        "Illustrative Large Company Index (invented weights)\n"
        f'Fund Holdings as of,"{AS_OF:%b %d, %Y}"\n'
        'Inception Date,"May 15, 2000"\n'
        'Shares Outstanding,"1,080,000,000.00"\n'
        f'Stock,"-"\nBond,"-"\nCash,"-"\nOther,"-"\n{NBSP}\n'
        "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,"
        "Currency,FX Rate,Market Currency,Accrual Date\n"
        f"{lines_of(rows, csv.QUOTE_ALL)}"
        f'{NBSP}\n"{INVENTED}\n'
        "This file follows the layout in which BlackRock publishes the holdings of iShares funds; it is of no fund.\n"
        "The values for “price” are the invented closing prices of the sample portfolios.\n"
        'It is no research, no advice and no recommendation."'
    )
