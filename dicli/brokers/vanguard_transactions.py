"""Vanguard: the words of the transactions table, and what a row of it is.

The sign of a transfer tells its direction; the net amount is signed and has the commission in it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from dicli.brokers.csvfile import IGNORE, Row
from dicli.brokers.document import AGAIN, plain
from dicli.brokers.symbols import dotted, is_cusip, is_money_fund, is_ticker, no_stock
from dicli.model import Transaction, TransactionKind

COLUMNS = {
    "account": ("account number",),
    "date": ("trade date",),
    "type": ("transaction type",),
    "words": ("transaction description",),
    "name": ("investment name",),
    "symbol": (),
    "shares": (),
    "price": ("share price",),
    "fees": ("commissions and fees", "commission fees", "commissions & fees"),
    "amount": ("net amount",),
}
BOND = "a bond, bill or other security without a symbol"
EITHER = "shares or cash: the signs tell the kind"
SWEEP = "cash to cash: the settlement fund"

_K = TransactionKind
_TRADES = {_K.BUY, _K.SELL, _K.REINVEST}
_INCOME = {_K.DIVIDEND, _K.INTEREST, _K.FEE, _K.TAX}

TYPES: dict[str, TransactionKind | str] = {
    **dict.fromkeys(("buy", "buy (initial)", "buy (exchange)", "exchange in"), _K.BUY),
    **dict.fromkeys(("sell", "sell (exchange)", "exchange out"), _K.SELL),
    **dict.fromkeys(("reinvestment", "reinvestment (lt gain)", "reinvestment (st gain)"), _K.REINVEST),
    **dict.fromkeys(("dividend", "capital gain (lt)", "capital gain (st)"), _K.DIVIDEND),
    **dict.fromkeys(("interest", "interest charge"), _K.INTEREST),
    **dict.fromkeys(("withholding", "foreign tax", "foreign tax paid"), _K.TAX),
    "fee": _K.FEE,
    "stock split": _K.SPLIT,
    **dict.fromkeys(("return of capital", "buy cancel", "sell cancel", "merger (incoming)"), _K.OTHER),
    **dict.fromkeys(("merger (outgoing)", "conversion", "conversion (incoming)", "conversion (outgoing)"), _K.OTHER),
    **dict.fromkeys(("transfer", "transfer (incoming)", "transfer (outgoing)", "rollover (incoming)"), EITHER),
    **dict.fromkeys(("rollover (outgoing)", "funds received", "contribution", "contribution aip"), EITHER),
    **dict.fromkeys(("withdrawal", "distribution", "wire in", "wire out"), EITHER),
    **dict.fromkeys(("sweep in", "sweep out"), SWEEP),
    **dict.fromkeys(("sell short", "buy to cover"), "a short position"),
    **dict.fromkeys(("buy to open", "buy to close", "sell to open", "sell to close", "expired"), "an option"),
    **dict.fromkeys(("assigned", "exercised", "option assigned", "option expired", "option exercised"), "an option"),
}


def symbol_in(row: Row) -> str:
    said = row.text("symbol")
    return "" if said.lower() in {"null", "--", "n/a"} else said


def is_cash(symbol: str, name: str) -> bool:
    return is_money_fund(symbol) or (
        not symbol and any(said in name.lower() for said in ("money market", "settlement"))
    )


def why_aside(symbol: str) -> str | None:
    """Why a security is left out, None for stocks and funds."""
    if not symbol:
        return BOND
    return no_stock(symbol) or (None if is_ticker(dotted(symbol)) else "a symbol that is no stock's or fund's")


def transaction(row: Row) -> Transaction | str | None:
    """The transaction that a row is, or why it is set aside; None where the row is at fault."""
    said, symbol, name = row.text("type"), symbol_in(row), row.text("name")
    meaning = _K.OTHER if plain(said).startswith("corp action") else TYPES.get(plain(said))
    if meaning is None:
        if not row.table.document.ignores(said, row.line):
            row.fault(f'unknown transaction type "{said}"', IGNORE)
        return None
    if sum(letter.isdigit() for letter in symbol) > 5 and no_stock(symbol) is None:
        row.fault(f'"{symbol}" stands where a symbol is expected', AGAIN)
        return None
    shares, amount = row.quantity_or_none("shares") or None, row.money_or_none("amount")
    cash = is_cash(symbol, name)
    if cash and meaning in {*_TRADES, _K.SPLIT, _K.OTHER}:
        return SWEEP
    if isinstance(meaning, TransactionKind):
        kind = _K.OTHER if meaning is _K.SPLIT and not shares else meaning
    elif meaning is EITHER:
        amount = amount or (shares if cash else None)
        shares = None if cash else shares
        kind = _moved(shares, amount)
    else:
        return meaning
    if kind in _INCOME or (kind not in _TRADES and not shares):
        if not amount:
            return "it moves neither shares nor cash"
        return _made(row, kind, symbol if is_ticker(dotted(symbol)) else "", None, amount)
    if why := why_aside(symbol):
        return why
    if shares is None or (shares < 0 and kind in (_K.BUY, _K.REINVEST)):
        row.fault(f'"{said}" of {shares or "no"} shares', AGAIN)
        return None
    if kind in _TRADES and _contradicts(kind, amount, row.money_or_none("price")):
        row.fault(f'"{said}" of {shares} shares for {"no amount" if amount is None else amount}', AGAIN)
        return None
    if kind is _K.SELL:
        shares = -abs(shares)
    return _made(row, kind, symbol, shares, amount if kind in {*_TRADES, _K.OTHER} else None)


def _contradicts(kind: TransactionKind, amount: Decimal | None, price: Decimal | None) -> bool:
    """Whether the cash of a trade goes the wrong way, or does not move though there is a price."""
    if not amount:
        return bool(price)
    return (price or 0) < 0 or (amount < 0) is (kind is _K.SELL)


def _moved(shares: Decimal | None, amount: Decimal | None) -> TransactionKind:
    if shares:
        return _K.TRANSFER_IN if shares > 0 else _K.TRANSFER_OUT
    return _K.WITHDRAWAL if amount is not None and amount < 0 else _K.DEPOSIT


def _made(row: Row, kind: TransactionKind, symbol: str, shares: Decimal | None, amount: Decimal | None) -> Transaction:
    trade = kind in _TRADES
    return Transaction(
        account=row.text("account"),
        date=row.date("date"),
        kind=kind,
        symbol=dotted(symbol) or None,
        quantity=shares,
        amount=amount,
        price=row.money_or_none("price") if trade else None,
        fees=row.money_or_none("fees") or None,
        action=row.text("type"),
        description=row.text("name"),
        cusip=symbol if is_cusip(symbol) else None,
        source=row.source,
    )


def whole_splits(history: list[Transaction]) -> list[Transaction]:
    """A reverse split takes the old shares in one row and gives the new ones in another: one row says both."""
    legs: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    for row in history:
        if row.kind is _K.SPLIT:
            legs[row.account, row.date, row.symbol].append(row)
    whole = []
    for row in history:
        rows = legs[row.account, row.date, row.symbol] if row.kind is _K.SPLIT else [row]
        if row is rows[0]:
            whole.append(
                replace(row, quantity=sum((leg.quantity or Decimal(0) for leg in rows), Decimal(0)))
                if len(rows) > 1
                else row
            )
    return whole
