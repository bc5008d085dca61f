"""dicli tax, calendar, do-not-buy: the tax year, what is coming, and what to leave alone."""

from __future__ import annotations

from typing import Annotated

import typer

from dicli.commands.options import Run, chosen_format, command, put
from dicli.commands.portfolio import known_prices, open_household
from dicli.errors import DicliError, Fault
from dicli.model import Report
from dicli.views import Format

_YEAR = Annotated[int | None, typer.Option("--year", metavar="YEAR", help="Default: the year of --as-of.")]
_FORM = Annotated[bool, typer.Option("--form", help="Form 8949 row by row (CSV and JSON always are).")]
_WHOLE = Annotated[bool, typer.Option("--whole-dollars", help="Round every figure to whole dollars.")]
_VERBOSE = Annotated[bool, typer.Option("-v", "--verbose", help="Which purchase took each disallowed dollar.")]
_RECONCILE = Annotated[bool, typer.Option("--reconcile", help="Our rows against the brokers' realised files.")]
_IF = Annotated[
    list[str] | None,
    typer.Option(
        "--if",
        metavar="TRADE",
        help='What a trade would do: "sell 10 AAPL", "buy 5 MSFT in ira at 410.20", "sell 3 KO from 2024-03-05".',
    ),
]


@command
def tax(
    run: Run,
    year: _YEAR = None,
    trades: _IF = None,
    form: _FORM = False,
    reconcile: _RECONCILE = False,
    whole_dollars: _WHOLE = False,
    verbose: _VERBOSE = False,
) -> Report:
    """The tax year: realised gains, wash sales, carryover, Form 8949; or what a trade would do to it.

    \b
    dicli tax --year 2026 -f csv -o form8949.csv
    dicli tax --if "sell 10 AAPL" --if "buy 5 MSFT in ira"
    """
    if trades and (year is not None or form or reconcile or whole_dollars):
        what = "looks at trades made on --as-of, and goes with no option but -v"
        raise DicliError(Fault("--if", what, "Leave out --year, --form, --reconcile and --whole-dollars."))
    if year is not None and year > run.as_of.year:
        raise DicliError(Fault(f"--year {year}", f"it has not begun on {run.as_of}", "Choose a later --as-of."))
    preferences, household = open_household(run)
    if trades:
        from dicli.reports import whatif

        return whatif.what_if(household, preferences, trades, lambda: known_prices(preferences, household))
    wanted = run.as_of.year if year is None else year
    if reconcile:
        from dicli.reports import reconciliation

        return reconciliation.reconciliation(household, wanted)
    from dicli.reports import tax as reports

    if form or chosen_format(run) is not Format.TABLE:
        return reports.form_year(household, preferences, wanted, whole_dollars=whole_dollars, verbose=verbose)
    return reports.box_year(household, preferences, wanted, whole_dollars=whole_dollars, verbose=verbose)


@command
def calendar(
    run: Run,
    days: Annotated[int, typer.Option("--days", metavar="N", min=0, help="How far to look.")] = 60,
    ics: Annotated[bool, typer.Option("--ics", help="As a calendar file (-o FILE.ics asks for one too).")] = False,
) -> Report | None:
    """What is coming: lots turning long-term, wash windows closing, re-buy dates, scheduled purchases, year-end.

    \b
    dicli calendar --days 30
    dicli calendar -o calendar.ics
    """
    from dicli.reports import calendar as reports

    if ics and run.format is not None:
        raise DicliError(Fault("--ics", f"--format {run.format} asks for another format", "Leave one of them out."))
    preferences, household = open_household(run)
    report = reports.coming(household, preferences, known_prices(preferences, household), days)
    named = run.format is None and run.output is not None and run.output.suffix.lower() == ".ics"
    if not (ics or named):
        return report
    from dicli.views import ics as view

    run.note(*report.notes)
    put(run, view.render(report, stamp=run.as_of))
    return None


@command
def do_not_buy(
    run: Run,
    plain: Annotated[bool, typer.Option("--plain", help="Only the symbols, one a line.")] = False,
) -> Report | None:
    """Every symbol that no account of the household should buy today, until when, and why.

    \b
    dicli do-not-buy
    dicli do-not-buy --plain | grep -qx TGT && echo "not yet"
    """
    from dicli.reports import donotbuy

    preferences, household = open_household(run)
    report = donotbuy.do_not_buy(household, preferences)
    if not plain:
        return report
    if run.format is not None:
        raise DicliError(Fault("--plain", f"--format {run.format} asks for another format", "Leave one of them out."))
    symbols = sorted({str(row[0]) for row in report.rows})
    put(run, "".join(f"{symbol}\n" for symbol in symbols))
    return None
