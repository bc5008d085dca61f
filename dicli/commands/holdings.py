"""dicli lots, positions, sales, transactions: what the files say, under the accounts' names."""

from __future__ import annotations

from typing import Annotated

import typer

from dicli.commands.options import Run, command
from dicli.commands.portfolio import known_prices, open_household
from dicli.model import Report

_ONLY = Annotated[list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Only these.")]


def _only(report: Report, symbols: list[str] | None) -> Report:
    """The rows of some symbols; one of which there is no row is said, with the spelling that was meant."""
    from dataclasses import replace

    if not symbols:
        return report
    at = next(i for i, column in enumerate(report.columns) if column.name == "symbol")
    wanted = list(dict.fromkeys(symbol.upper() for symbol in symbols))
    there = sorted({str(row[at]) for row in report.rows if row[at] is not None})
    notes = list(report.notes)
    for symbol in wanted:
        if symbol not in there:
            meant = [s for s in there if _letters(s) == _letters(symbol)]
            notes.append(f"{symbol}: nothing here" + (f". Did you mean {meant[0]}?" if meant else ""))
    return replace(report, rows=tuple(row for row in report.rows if row[at] in wanted), notes=tuple(notes))


def _letters(symbol: str) -> str:
    return "".join(c for c in symbol if c.isalnum())


@command
def lots(run: Run, symbols: _ONLY = None) -> Report:
    """Every open lot, with its basis after wash sales, its gain and term.

    \b
    dicli lots AAPL
    dicli lots -f csv > lots.csv
    """
    from dicli.reports import holdings

    preferences, household = open_household(run)
    prices = known_prices(preferences, household)
    return _only(holdings.lots(household, prices, run.as_of), symbols)


@command
def positions(run: Run, symbols: _ONLY = None) -> Report:
    """What each account holds, by the broker's own count.

    \b
    dicli positions
    dicli positions -f json
    """
    from dicli.reports import holdings

    preferences, household = open_household(run)
    prices = known_prices(preferences, household)
    return _only(holdings.positions(household, prices), symbols)


@command
def sales(run: Run, symbols: _ONLY = None) -> Report:
    """Every sale, lot by lot, with what a wash sale disallows.

    \b
    dicli sales
    dicli sales XOM -f csv
    """
    from dicli.reports import holdings

    return _only(holdings.sales(open_household(run)[1]), symbols)


@command
def transactions(run: Run, symbols: _ONLY = None) -> Report:
    """The history of every account, each row once.

    \b
    dicli transactions AAPL
    dicli transactions -f csv | wc -l
    """
    from dicli.reports import holdings

    return _only(holdings.transactions(open_household(run)[1]), symbols)
