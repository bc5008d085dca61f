"""`starter`: a first portfolio. One Fidelity account of about $25,000 in some hundred names, opened within the year."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from maker.books import Book, Plan, crediting, moving, paying, play, selling_all
from maker.fidelity import fidelity_history, fidelity_positions
from maker.ishares import ishares_holdings
from maker.market import AS_OF, SEED, Market
from maker.prices import closes_file, fund_file
from maker.text import list_file

NUMBER, NAME = "Z30417725", "Individual"
OPENED = dt.date(2025, 12, 3)
EXCLUDED = ("PM", "MO")  # tobacco
NO_THANKS = ("LMT", "NOC", "GD")
# Bought at the start, sold at a loss in August, not bought again since.
HARVESTED = {"TGT": dt.date(2026, 8, 12), "INTC": dt.date(2026, 8, 12), "UPS": dt.date(2026, 8, 13)}
# Losses that nothing has been bought around: ready to be harvested.
RIPE = ("ADBE", "DIS", "BA", "PFE")

PREFERENCES = """\
# A first portfolio: some hundred names that follow a large-company index, in one Fidelity account.
# Run the commands with --as-of 2026-11-20, the day of these files.

[index]
benchmark = "holdings/IVV_holdings.csv"   # weights and prices in this file are illustrative and invented
max_names = 100
max_age_days = 45

[screens]
exclude_industries = ["Tobacco"]
exclude_lists = ["lists/no-thanks.csv"]
redistribute = "tracking"

[limits]
cash = { target = 0.005, max = 0.02 }
min_trade = 5.0

[harvest]
min_loss = 5.0
min_loss_fraction = 0.05
substitutes = "same-industry"

[tax]
filing_status = "single"
taxable_income = 84000.0
state_rate = 0.05
lot_method = "fifo"

[prices]
source = "csv"
file = "prices"                           # invented too: every close of what was held, and of a fund of the index

[[accounts]]
name = "individual"
broker_files = ["fidelity/*.csv"]
number = "…7725"
kind = "taxable"
owner = "you"
managed = true
fractional = true
"""

README = """\
# starter

A first portfolio, invented throughout: one Fidelity account of about ${value:,.0f} with {names} names in fractional
shares. It was opened on {opened} and funded each month, so that the history (`fidelity/Accounts_History.csv`) covers
every lot; the positions (`fidelity/Portfolio_Positions_Nov-20-2026.csv`) are only the control totals. Fidelity exports
no lots: dicli rebuilds them from the history.

`prices/` has the closes of all that it ever held, and of a fund that holds the index, so that `performance` can say
what the account has delivered beside the same money in the fund.

It shows: at most 100 names out of an index of about 500 (`holdings/IVV_holdings.csv`, in the iShares layout; its
weights and prices are illustrative and invented), an industry and a list left out, three losses taken in August, and
a few that are ripe today.

    dicli -C sample_portfolios/starter harvest --as-of 2026-11-20 --offline
    dicli -C sample_portfolios/starter trade --cash +1000 --as-of 2026-11-20 --offline
    dicli -C sample_portfolios/starter performance --fund IVV --as-of 2026-11-20 --offline
"""


def files(market: Market) -> dict[str, str]:
    """The folder's files by name."""
    dice = random.Random(SEED + 1)
    wanted = [symbol for symbol in market.weights if symbol not in (*EXCLUDED, *NO_THANKS)]
    wanted = wanted[:100]
    scale = sum(market.weights[symbol] for symbol in wanted)
    target = {symbol: market.weights[symbol] / scale for symbol in wanted}
    book = Book(market)

    def invest(book: Book, day: dt.date) -> None:
        """Put the cash, less one percent, where the account is furthest below its target."""
        value = book.value(day)
        cash = book.cash - value / 100
        resting = {symbol for symbol, sold in HARVESTED.items() if sold <= day + dt.timedelta(31)}
        if day > OPENED:  # what is ripe today was not bought again
            resting |= set(RIPE)
        gaps = {s: target[s] * value - book.held(s) * market.price(s, day) for s in wanted if s not in resting}
        short = sorted((s for s in gaps if gaps[s] > 4), key=lambda s: (-gaps[s], s))
        enough = next((n for n in range(18, len(short)) if sum(gaps[s] for s in short[:n]) >= cash), len(short))
        short = short if day == OPENED else short[:enough]
        need = sum((gaps[s] for s in short), Decimal(0))
        for symbol in sorted(short):
            book.buy_for(day, symbol, gaps[symbol] * min(Decimal(1), cash / need), 3, split_fill=dice.random() < 0.3)

    plan: Plan = [(OPENED, 0, moving(Decimal(12000)))]
    plan += [(OPENED, 5, invest)]
    for day in market.monthly(OPENED, AS_OF - dt.timedelta(9), 4):
        if day > OPENED:
            plan += [(day, 0, moving(Decimal(1000))), (day, 5, invest)]
    for day in market.monthly(OPENED, AS_OF, 1):
        if day > OPENED:
            plan.append((market.sessions[market.sessions.index(day) - 1], 9, crediting()))
    for symbol in wanted:
        for day, dollars in market.dividends(symbol, OPENED + dt.timedelta(14), AS_OF):
            plan.append((day, 2, paying(symbol, dollars, reinvest=False)))
    for symbol, day in HARVESTED.items():
        plan.append((day, 3, selling_all(symbol)))
    plan.append((dt.date(2026, 8, 14), 5, invest))
    play(book, OPENED, AS_OF, plan)
    return {
        "fidelity/Portfolio_Positions_Nov-20-2026.csv": "\ufeff"
        + fidelity_positions(market, NUMBER, NAME, book.lots, book.cash),
        "fidelity/Accounts_History.csv": "\ufeff" + fidelity_history(market, NUMBER, NAME, book.rows),
        "holdings/IVV_holdings.csv": "\ufeff" + ishares_holdings(market),
        "prices/closes.csv": closes_file(market, {row.symbol for row in book.rows if row.symbol}, OPENED),
        "prices/IVV.csv": fund_file(market, "IVV", OPENED),
        "lists/no-thanks.csv": list_file(market, NO_THANKS),
        "dicli.toml": PREFERENCES,
        "README.md": README.format(
            value=book.value(AS_OF), names=len(book.lots), opened=f"{OPENED:%B} {OPENED.day}, {OPENED.year}"
        ),
    }
