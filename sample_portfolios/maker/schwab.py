"""What Schwab's web site exports as of 2026, oddities included; accounts, people and numbers are invented."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from maker.books import Lot, Row, Sold, total
from maker.market import AS_OF, Market, cents
from maker.text import lines_of, long_term, money, percent, plain, us, words


def schwab_symbol(symbol: str) -> str:
    return symbol.replace(".", "/")


def schwab_positions(market: Market, lots: Mapping[str, list[Lot]], cash: Decimal, reinvesting: frozenset[str]) -> str:
    """`Joint_Tenant-Positions-….csv`, third generation: double names, prices without a dollar, "...821"."""
    header = words(
        "Symbol|Description|Qty (Quantity)|Price|Price Chng $ (Price Change $)|Price Chng % (Price Change %)|"
        "Mkt Val (Market Value)|Day Chng $ (Day Change $)|Day Chng % (Day Change %)|Cost Basis|Gain $ (Gain/Loss $)|"
        "Gain % (Gain/Loss %)|Ratings|Reinvest?|Reinvest Capital Gains?|% of Acct (% of Account)|Asset Type",
        "|",
    )
    sums = {symbol: total(held) for symbol, held in sorted(lots.items())}
    worth = {symbol: cents(quantity * market.price(symbol)) for symbol, (quantity, _) in sums.items()}
    whole = sum(worth.values()) + cash
    rows, day_sum, basis_sum = [header], Decimal(0), Decimal(0)
    for symbol, (quantity, basis) in sums.items():
        price, before, value = market.price(symbol), market.previous(symbol), worth[symbol]
        day = cents(quantity * (price - before))
        day_sum, basis_sum = day_sum + day, basis_sum + basis
        rows.append(
            [
                schwab_symbol(symbol),
                market.securities[symbol].name.upper(),
                f"{quantity.normalize():,f}",
                f"{price:,.2f}",
                f"{price - before:.2f}",
                percent(price - before, before),
                money(value),
                money(day),
                percent(price - before, before),
                money(basis),
                money(value - basis),
                percent(value - basis, basis),
                "--",
                "Yes" if symbol in reinvesting else "No",
                "N/A",
                percent(value, whole),
                "Equity",
            ]
        )
    held = sum(worth.values())
    rows.append(
        [
            "Cash & Cash Investments",
            "--",
            "--",
            "--",
            "--",
            "--",
            money(cash),
            "$0.00",
            "0%",
            "--",
            "--",
            "--",
            "--",
            "--",
            "--",
            percent(cash, whole),
            "Cash and Money Market",
        ]
    )
    rows.append(
        [
            "Positions Total",
            "",
            "--",
            "--",
            "--",
            "--",
            money(whole),
            money(day_sum),
            percent(day_sum, whole - day_sum),
            money(basis_sum),
            money(held - basis_sum),
            percent(held - basis_sum, basis_sum),
            "--",
            "--",
            "--",
            "--",
            "--",
        ]
    )
    title = f'"Positions for account Joint Tenant ...821 as of 04:35 PM ET, {AS_OF:%Y/%m/%d}"\n\n'
    return title + lines_of(rows, csv.QUOTE_ALL, tail=",")


def schwab_lots(market: Market, symbol: str, lots: Sequence[Lot]) -> str:
    """`Lot-Details-SYM.csv`: the symbol stands in the title only; six more columns where a wash sale changed a lot."""
    price = market.price(symbol)
    wide = any(lot.washed for lot in lots)
    rows: list[list[str]] = []
    for lot in sorted(lots, key=lambda lot: lot.acquired, reverse=True):
        value = cents(lot.quantity * price)
        gain, first = value - lot.basis, lot.basis - lot.washed
        term = "Long Term" if long_term(lot.held_from, AS_OF) else "Short Term"
        per_share, sizes = cents(lot.basis / lot.quantity), [plain(lot.quantity), money(price)]
        if not wide:
            cells = [
                *sizes,
                money(per_share),
                money(value),
                money(lot.basis),
                money(gain),
                percent(gain, lot.basis, "+"),
            ]
            rows.append([f"{us(lot.held_from)} 00:00:00", *cells, term])
            continue
        opened = f"{us(lot.acquired)} 00:00:00" if lot.washed else "--"
        rows.append(
            [
                f"{us(lot.held_from)} 00:00:00",
                opened,
                *sizes,
                money(per_share),
                money(cents(first / lot.quantity)),
                money(value),
                money(lot.basis),
                money(first),
                money(gain),
                money(value - first),
                percent(gain, lot.basis, "+"),
                percent(value - first, first, "+"),
                term,
                money(lot.washed) if lot.washed else "--",
            ]
        )
    quantity, basis = total(lots)
    value = cents(quantity * price)
    figures = [money(value - basis), percent(value - basis, basis, "+")]
    if wide:
        header = words(
            "Open Date|Transaction Open|Quantity|Price|Cost/Share|Transaction CPS|Market Value|Cost Basis|"
            "Transaction CB|Gain/Loss $|Transaction G/L $|Gain/Loss %|Transaction G/L %|Holding Period|Disallowed Loss",
            "|",
        )
        last = ["Total", "--", plain(quantity), "--", "--", "--", money(value), money(basis), "--", figures[0], "--"]
        rows.append([*last, figures[1], "--", "--", "--"])
    else:
        header = words(
            "Open Date|Quantity|Price|Cost/Share|Market Value|Cost Basis|Gain/Loss $|Gain/Loss %|Holding Period", "|"
        )
        rows.append(["Total", plain(quantity), "--", "--", money(value), money(basis), *figures, "--"])
    title = f'"{schwab_symbol(symbol)} Lot Details for XXXX-4821 as of 04:41 PM ET, {us(AS_OF)}"\r\n\r\n'
    return title + lines_of([header, *rows], csv.QUOTE_ALL, tail=",", eol="\r\n")


_SCHWAB = {
    "buy": "Buy",
    "sell": "Sell",
    "dividend": "Qualified Dividend",
    "drip": "Reinvest Dividend",
    "reinvest": "Reinvest Shares",
    "interest": "Credit Interest",
    "deposit": "MoneyLink Transfer",
}
_SCHWAB_TEXT = {"interest": "SCHWAB1 INT", "deposit": "Tfr FIRST EXAMPLE BANK"}


def schwab_transactions(market: Market, rows: Iterable[Row]) -> str:
    """`Joint_Tenant_XXX821_Transactions_….csv`: newest first, no title, no account, sells negative since 2026."""
    cells = [["Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount"]]
    for row in sorted(rows, key=lambda row: row.date, reverse=True):
        name = market.securities[row.symbol].name.upper() if row.symbol else _SCHWAB_TEXT[row.kind]
        figures = [plain(row.quantity), money(row.price)] if row.quantity else ["", ""]
        fees = money(row.fees) if row.fees else ""
        cells.append(
            [us(row.date), _SCHWAB[row.kind], schwab_symbol(row.symbol), name, *figures, fees, money(row.amount)]
        )
    return lines_of(cells, csv.QUOTE_ALL)


def schwab_realized(market: Market, sold: Iterable[Sold]) -> str:
    """`Joint_Tenant_GainLoss_Realized_Details_….csv`: a title padded to 25 cells, then 25 columns."""
    header = words(
        "Symbol|Name|Closed Date|Opened Date|Quantity|Proceeds Per Share|Cost Per Share|Proceeds|Cost Basis (CB)|"
        "Gain/Loss ($)|Gain/Loss (%)|Long Term Gain/Loss|Short Term Gain/Loss|Term|Unadjusted Cost Basis|Wash Sale?|"
        "Disallowed Loss|Transaction Closed Date|Transaction Cost Basis|Total Transaction Gain/Loss ($)|"
        "Total Transaction Gain/Loss (%)|LT Transaction Gain/Loss ($)|LT Transaction Gain/Loss (%)|"
        "ST Transaction Gain/Loss ($)|ST Transaction Gain/Loss (%)",
        "|",
    )
    title = (
        f"Realized Gain/Loss - Lot Details for Joint_Tenant as of {AS_OF:%a %b %d}  16:44:08 EST {AS_OF.year} "
        f"from 01/01/{AS_OF.year} to {us(AS_OF)}"
    )
    rows = [[title, *[""] * 24], header]
    for sale in sorted(sold, key=lambda sale: (sale.sold, sale.symbol, sale.acquired), reverse=True):
        gain = sale.proceeds - sale.basis
        long = long_term(sale.acquired, sale.sold)
        rows.append(
            [
                schwab_symbol(sale.symbol),
                market.securities[sale.symbol].name.upper()[:20].strip(),
                us(sale.sold),
                us(sale.acquired),
                plain(sale.quantity),
                money(cents(sale.proceeds / sale.quantity)),
                money(cents(sale.basis / sale.quantity)),
                money(sale.proceeds),
                money(sale.basis),
                money(gain),
                percent(gain, sale.basis),
                money(gain) if long else "",
                "" if long else money(gain),
                "Long Term" if long else "Short Term",
                money(sale.basis),
                "Yes" if sale.disallowed else "No",
                money(sale.disallowed) if sale.disallowed else "",
                us(sale.sold),
                *([""] * 7),
            ]
        )
    return lines_of(rows, csv.QUOTE_ALL)
