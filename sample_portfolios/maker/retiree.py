"""`retiree`: about $900,000 at Vanguard in some 200 names, whole shares, lived from; gains are rationed."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from maker.books import Book, Lot, Row
from maker.ishares import ishares_holdings
from maker.market import AS_OF, SEED, Market, cents
from maker.text import list_file
from maker.vanguard import vanguard_download, vanguard_lots

NUMBER = "60213309"
COVERED_FROM = dt.date(2025, 5, 20)
VALUE = Decimal(890000)
CASH = Decimal("16284.57")
# Oil companies bought years ago at a large gain: the screen wants them out, the gains budget slows it down.
LEGACY = ("XOM", "CVX")
# Bought in June 2025 and sold again: the only sales in the file, whole, with both ends in the history.
ROUND_TRIPS = {"EBAY": dt.date(2025, 12, 9), "GRMN": dt.date(2025, 12, 9), "HPQ": dt.date(2026, 3, 18)}
JUNK = ("DOW", "LUV")  # sold out long ago; the download still shows them with no shares

PREFERENCES = """\
# Living from the portfolio: no energy, whole shares, at most $5,000 of net gains a year.
# A withdrawal is planned with: dicli trade --cash -20000 --as-of 2026-11-20

[index]
benchmark = "holdings/IVV_holdings.csv"   # weights and prices in this file are illustrative and invented
max_names = 220
max_age_days = 45

[screens]
exclude_sectors = ["Energy"]
exclude_lists = ["lists/casinos.csv"]
redistribute = "tracking"

[limits]
max_weight = 0.06
cash = { target = 0.015, max = 0.03 }
min_trade = 400.0
turnover = 0.10
gains_budget = 5000.0

[harvest]
min_loss = 100.0
min_loss_fraction = 0.05
substitutes = "same-industry"

[tax]
filing_status = "single"
taxable_income = 61000.0
state_rate = 0.0495
lot_method = "hifo"

[[accounts]]
name = "brokerage"
broker_files = ["vanguard/*.csv"]
number = "…3309"
kind = "taxable"
owner = "you"
managed = true
fractional = false
"""

README = """\
# retiree

Invented throughout: a Vanguard account of about ${value:,.0f}, {lots} lots over {names} names in whole
shares, from which its owner draws $2,500 a month. Vanguard's cost basis download carries the lots
(`vanguard/CostBasis.csv`), the `OfxDownload.csv` the holdings and eighteen months of transactions.

It shows: a sector left out although two of its names are still held at large gains, a gains budget that slows their
sale ({used} of this year's $5,000 is used), whole shares, and a withdrawal:

    dicli -C sample_portfolios/retiree trade --cash -20000 --as-of 2026-11-20 --offline

The index file is in the iShares layout; its weights and prices are illustrative and invented.
"""


def files(market: Market) -> dict[str, str]:
    """The folder's files by name."""
    dice = random.Random(SEED + 2)
    casinos = ("LVS", "WYNN", "MGM")
    out = {*casinos, *JUNK, *ROUND_TRIPS, "GOOG"}
    names = [s for s in market.weights if s not in out and market.securities[s].sector != "Energy"][:198] + list(LEGACY)
    scale = sum(market.weights[symbol] for symbol in names)
    days = [*market.monthly(dt.date(2022, 2, 1), dt.date(2026, 9, 30), 15)]
    lots: dict[str, list[Lot]] = {}
    for symbol in names:
        share = VALUE * min(market.weights[symbol] / scale, Decimal("0.055"))
        share *= Decimal(dice.randrange(80, 121)) / 100
        count = 1 if share < 1500 else min(6, 1 + dice.randrange(4) + int(share / 9000))
        if symbol in LEGACY:
            bought, share = [dt.date(2022, 11, 15), dt.date(2023, 2, 15)], share * 2
        else:
            bought = sorted(_pick(market, dice, symbol, days, count))
        price = market.price(symbol)
        for day in bought:
            quantity = max(Decimal(1), (share / len(bought) / price).to_integral_value())
            lots.setdefault(symbol, []).append(
                Lot(symbol, day, quantity, cents(quantity * market.price(symbol, day)), day)
            )

    rows = [
        Row(lot.acquired, "buy", lot.symbol, lot.quantity, market.price(lot.symbol, lot.acquired), -lot.basis)
        for held in lots.values()
        for lot in held
        if lot.acquired >= COVERED_FROM
    ]
    used = Decimal(0)
    for symbol, sold in ROUND_TRIPS.items():
        opened = dt.date(2025, 6, 16)
        first, last = market.price(symbol, opened), market.price(symbol, sold)
        quantity = (Decimal(2200) / first).to_integral_value()
        rows.append(Row(opened, "buy", symbol, quantity, first, -cents(quantity * first)))
        rows.append(Row(sold, "sell", symbol, -quantity, last, cents(quantity * last)))
        used += cents(quantity * last) - cents(quantity * first) if sold.year == AS_OF.year else 0
    for symbol in names:
        for day, dollars in market.dividends(symbol, COVERED_FROM, AS_OF):
            held = sum((lot.quantity for lot in lots[symbol] if lot.acquired < day - dt.timedelta(14)), Decimal(0))
            if held:
                rows.append(Row(day, "dividend", symbol, Decimal(0), Decimal(0), cents(held * dollars)))
    nothing = Decimal(0)
    rows += [
        Row(day, "withdrawal", "", nothing, nothing, Decimal(-2500)) for day in market.monthly(COVERED_FROM, AS_OF, 3)
    ]
    rows += [
        Row(day, "interest", "", nothing, nothing, Decimal(3800 + dice.randrange(2400)).scaleb(-2))
        for day in market.monthly(COVERED_FROM, AS_OF, 1)
    ]
    rows.sort(key=lambda row: row.date, reverse=True)
    book = Book(market, CASH, lots)
    return {
        "vanguard/CostBasis.csv": vanguard_lots(market, NUMBER, lots, JUNK),
        "vanguard/OfxDownload.csv": vanguard_download(market, NUMBER, lots, CASH, rows),
        "holdings/IVV_holdings.csv": "\ufeff" + ishares_holdings(market),
        "lists/casinos.csv": list_file(market, casinos),
        "dicli.toml": PREFERENCES,
        "README.md": README.format(
            value=book.value(AS_OF), lots=sum(map(len, lots.values())), names=len(lots), used=f"${used:,.2f}"
        ),
    }


def _pick(market: Market, dice: random.Random, symbol: str, days: list[dt.date], count: int) -> list[dt.date]:
    """Different days to buy on; most of those that would be a loss today are drawn again: they were harvested."""
    picked: set[dt.date] = set()
    while len(picked) < count:
        day = days[dice.randrange(len(days))]
        if market.price(symbol, day) > market.price(symbol) and dice.random() < 0.75:
            continue
        picked.add(day)
    return list(picked)
