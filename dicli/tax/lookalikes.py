"""Securities that may be substantially identical although nobody has said so: warnings, never decisions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dicli.tax.books import Notice, Realized
from dicli.tax.ledger import EventKind, Identical
from dicli.tax.prepare import ACQUISITIONS, Step

_CLASSES = (
    ("GOOG", "GOOGL"), ("FOX", "FOXA"), ("NWS", "NWSA"), ("UA", "UAA"), ("Z", "ZG"), ("CENT", "CENTA"),
    ("LBRDA", "LBRDK"), ("LILA", "LILAK"), ("FWONA", "FWONK"), ("BATRA", "BATRK"), ("LLYVA", "LLYVK"),
    ("RUSHA", "RUSHB"), ("PARA", "PARAA"), ("LBTYA", "LBTYB", "LBTYK"),
)  # fmt: skip
"""Share classes of one issuer whose symbols do not show it (BRK.A and BRK.B do)."""

_INDEXES = {
    "the S&P 500": ("SPY", "IVV", "VOO", "SPLG", "SPYM"),
    "the S&P 500 Growth": ("IVW", "SPYG", "VOOG"),
    "the S&P 500 Value": ("IVE", "SPYV", "VOOV"),
    "the S&P MidCap 400": ("MDY", "IJH", "SPMD", "IVOO"),
    "the S&P SmallCap 600": ("IJR", "SPSM", "VIOO"),
    "the Nasdaq-100": ("QQQ", "QQQM"),
    "the Russell 1000": ("IWB", "VONE"),
    "the Russell 1000 Growth": ("IWF", "VONG"),
    "the Russell 1000 Value": ("IWD", "VONV"),
    "the Russell 2000": ("IWM", "VTWO"),
    "the Russell 3000": ("IWV", "VTHR"),
}
"""ETFs that follow one index."""

_KNOWN = {symbol: f"share classes of one issuer ({classes[0]})" for classes in _CLASSES for symbol in classes}
_KNOWN |= {symbol: f"ETFs of one index, {index}" for index, symbols in _INDEXES.items() for symbol in symbols}
_DOTTED = re.compile(r"^([A-Z]+)\.[A-Z]$")
_OPTION = re.compile(r"^([A-Z.]+) +\d{6}([CP])[\d.]+$")


def kinship(symbol: str) -> str:
    """What a symbol may share with others; the same words mean that they may be substantially identical."""
    dotted = _DOTTED.match(symbol)
    root = dotted.group(1) if dotted else symbol
    return _KNOWN.get(symbol) or f"share classes of one issuer ({root})"


def warnings(rows: Iterable[Realized], steps: Iterable[Step], identical: Identical) -> tuple[Notice, ...]:
    """Purchases within 30 days of a loss that still counts, in a security that may be substantially identical.

    R-IDENTICAL: share classes of one issuer and ETFs of one index, unless the user's table holds them (then he has
    decided, one way or the other). R-OPTIONS: a call bought, or a put sold, on the stock: whether it replaces hangs on
    facts that the files do not hold (for a put: no substantial likelihood that it expires unexercised).
    """
    by_kin: dict[str, list[Step]] = {}
    symbols: dict[str, set[str]] = {}
    for step in steps:
        option = _OPTION.match(step.symbol)
        if option and step.symbol not in identical:
            bought_call = option.group(2) == "C" and step.kind in ACQUISITIONS
            sold_put = option.group(2) == "P" and step.kind is EventKind.SELL
            if bought_call or sold_put:
                by_kin.setdefault(f"option on {option.group(1)}", []).append(step)
        elif step.kind in ACQUISITIONS:
            kin = kinship(step.symbol)
            by_kin.setdefault(kin, []).append(step)
            symbols.setdefault(kin, set()).add(step.symbol)
    found: dict[tuple[str, str], Notice] = {}
    for row in rows:
        if not row.allowed_loss_quantity:
            continue
        kin = kinship(row.symbol)
        others = [] if symbols.get(kin, set()) <= {row.symbol} else by_kin[kin]
        for step in (*others, *by_kin.get(f"option on {row.symbol}", ())):
            if step.symbol == row.symbol or abs(step.day - row.sold.toordinal()) > 30:
                continue
            if row.symbol in identical and step.symbol in identical:
                continue
            option = _OPTION.match(step.symbol)
            rule, why = ("R-OPTIONS", "an option on it") if option else ("R-IDENTICAL", kin)
            text = (
                f"{row.symbol} was sold at a loss on {row.sold} and {step.symbol} traded on {step.event.date} in "
                f"account {step.account} ({why}). If the two are substantially identical the loss is disallowed: "
                "say so in the table of identical securities."
            )
            found.setdefault((row.sale, step.event.id), Notice(rule, f"{row.sale}/{step.event.id}", text))
    return tuple(found.values())
