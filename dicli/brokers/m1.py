"""M1 Finance: holdings, open and closed tax lots, activity. No file names its account (the lots' file names do).

Open and closed lots have one header below two lines of prose; a closed lot has a close date and a realized gain. No
price is in the lots: cost basis and unrealized gain make the value.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from dicli.brokers import m1_activity
from dicli.brokers.csvfile import Row, table
from dicli.brokers.document import AGAIN, Document
from dicli.brokers.formats import Format, columns
from dicli.brokers.symbols import is_money_fund, no_holding
from dicli.model import Lot, Position, Reading, Sale, SetAside, Term

HOLDINGS = {
    **dict.fromkeys(("symbol", "name", "quantity", "value"), ()),
    "average": ("avg. price",),
    "basis": ("cost basis",),
    "gain": ("unrealized gain",),
}
LOTS = {
    **dict.fromkeys(("symbol", "cusip", "quantity"), ()),
    "acquired": ("acquisition date",),
    "basis": ("cost basis",),
    "term": ("short/long term holding",),
    "gain": ("unrealized gain/loss",),
    "sold": ("close date",),
    "short": ("short term realized gain/loss",),
    "long": ("long term realized gain/loss",),
    "washed": ("wash sale indicator",),
    "disallowed": ("disallowed wash sale amount",),
    "id": ("m1 tax lot id",),
}
TERMS = {"short": Term.SHORT, "long": Term.LONG, "short term": Term.SHORT, "long term": Term.LONG}
WASHED = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False}


def read_holdings(document: Document) -> Reading:
    """What is held, with the basis. Cash is not in the file, unless as a money-market fund."""
    positions: list[Position] = []
    aside: list[SetAside] = []
    cash: dict[str, Decimal] = {}
    seen: set[str] = set()
    required = ("symbol", "name", "quantity", "average", "basis", "gain", "value")
    for row in table(document, HOLDINGS, required, ignored=("unrealized gain (%)",), skip=("total",)):
        symbol, quantity, value = row.text("symbol"), row.quantity("quantity"), row.money_or_none("value")
        basis, gain = row.money_or_none("basis"), row.money_or_none("gain")
        if symbol in seen:
            row.fault(f'"{symbol}" comes twice', AGAIN)
        seen.add(symbol)
        if why := no_holding(symbol, quantity):
            if is_money_fund(symbol):
                cash[""] = cash.get("", Decimal(0)) + row.money("value")
            aside.append(SetAside(None, symbol or None, row.line, why))
            continue
        row.check_product(quantity, row.money_or_none("average"), basis)
        _check_sum(row, basis, gain, value)
        positions.append(
            Position(
                account="",
                symbol=row.ticker(symbol, row.text("name")),
                quantity=quantity,
                price=None,
                value=value,
                basis=basis,
                name=row.text("name") or None,
                source=row.source,
            )
        )
    return Reading(
        document.path, "m1", ("positions",), 0, positions=tuple(positions), cash=cash, set_aside=tuple(aside)
    )


def read_lots(document: Document) -> Reading:
    """Open lots and closed ones, told apart row by row by the close date; one file has either."""
    lots: list[Lot] = []
    sales: list[Sale] = []
    aside: list[SetAside] = []
    ids: set[str] = set()
    closed = False
    for row in table(document, LOTS, tuple(LOTS), skip=("total",)):
        symbol, quantity = row.text("symbol"), row.quantity("quantity")
        sold, acquired = row.date_or_none("sold"), row.date_or_none("acquired")
        basis, gain = row.money("basis"), row.money_or_none("gain")
        realized = [amount for column in ("short", "long") if (amount := row.money_or_none(column)) is not None]
        closed = closed or sold is not None
        if (identity := row.text("id")) and not sold:
            if identity in ids:
                row.fault(f"the lot {identity} comes twice", AGAIN)
            ids.add(identity)
        if any(realized) if sold is None else not realized:
            row.fault("a closed lot has a close date and a realized gain, an open one neither", AGAIN)
        if why := no_holding(symbol, quantity):
            aside.append(SetAside(None, symbol or None, row.line, why))
        elif sold is None:
            lots.append(_lot(row, symbol, quantity, acquired, basis, gain))
        else:
            sales.append(_sale(row, symbol, quantity, acquired, sold, basis, sum(realized, Decimal(0))))
    return Reading(
        document.path,
        "m1",
        ("sales",) if closed and not lots else ("lots", "sales") if sales else ("lots",),
        0,
        lots=tuple(lots),
        sales=tuple(sales),
        set_aside=tuple(aside),
    )


def _lot(
    row: Row, symbol: str, quantity: Decimal, acquired: dt.date | None, basis: Decimal, gain: Decimal | None
) -> Lot:
    row.choice("term", TERMS)
    return Lot(
        account="",
        symbol=row.ticker(symbol, cusip=row.text("cusip")),
        quantity=quantity,
        acquired=acquired,
        holding_from=acquired,
        basis=basis,
        disallowed=_disallowed(row),
        price=None if gain is None else ((basis + gain) / quantity).quantize(Decimal("0.0001")),
        source=row.source,
    )


def _sale(
    row: Row, symbol: str, quantity: Decimal, acquired: dt.date | None, sold: dt.date, basis: Decimal, gain: Decimal
) -> Sale:
    """Proceeds are basis plus gain: the file has no column for them."""
    if acquired is not None and acquired > sold:
        row.fault(f"sold on {sold}, before the purchase on {acquired}", AGAIN)
    return Sale(
        account="",
        symbol=row.ticker(symbol, cusip=row.text("cusip")),
        quantity=quantity,
        acquired=acquired,
        sold=sold,
        proceeds=basis + gain,
        basis=basis,
        disallowed=_disallowed(row),
        term=row.choice("term", TERMS) if row.text("term") else row.term("short", "long"),
        source=row.source,
    )


def _disallowed(row: Row) -> Decimal | None:
    """The disallowed loss, positive; unknown for a wash sale without an amount."""
    washed = row.choice("washed", WASHED) if row.text("washed") else None
    amount = row.money_or_none("disallowed")
    if washed is False:
        if amount:
            row.fault(f"no wash sale and yet {amount} is disallowed", AGAIN)
        return Decimal(0)
    return None if amount is None else abs(amount)


def _check_sum(row: Row, basis: Decimal | None, gain: Decimal | None, value: Decimal | None) -> None:
    if basis is not None and gain is not None and value is not None and abs(basis + gain - value) > 1:
        row.fault(f"a basis of {basis:f} and a gain of {gain:f} do not make a value of {value:f}", AGAIN)


FORMATS = (
    Format(
        "m1",
        ("positions",),
        (
            columns("symbol", "name", "avg. price"),
            columns("cost basis", "unrealized gain", "unrealized gain (%)", "value"),
        ),
        read_holdings,
    ),
    Format(
        "m1",
        ("lots", "sales"),
        (
            columns("m1 tax lot id", "symbol"),
            columns("acquisition date", "short/long term holding"),
            columns("wash sale indicator", "disallowed wash sale amount"),
        ),
        read_lots,
    ),
    *m1_activity.FORMATS,
)
