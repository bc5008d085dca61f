"""dicli init: a first dicli.toml, from flags, and from questions only in a terminal and only for what no flag said."""

from __future__ import annotations

import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from dicli.errors import Fault, PreferencesError

_FLAGS = {
    "index.benchmark": "--benchmark",
    "tax.filing_status": "--filing-status",
    "tax.taxable_income": "--income",
    "tax.state_rate": "--state-rate",
    "tax.lot_method": "--lot-method",
    "tax.carryover.short": "--carryover-short",
    "tax.carryover.long": "--carryover-long",
    "limits.max_tracking_error": "--max-tracking-error",
    "accounts": "--account",
}
_NEEDED = {
    "benchmark": ("Index to follow: a holdings file, or an ETF's ticker", "--benchmark IVV"),
    "filing_status": ("Filing status: single, mfj, mfs or hoh", "--filing-status mfj"),
    "income": ("Ordinary taxable income this year, in dollars", "--income 120000"),
    "account": (
        "Account, as NAME:KIND:FILES[:you|spouse[:LAST FOUR]]",
        '--account "joint:taxable:schwab/*.csv:you:4821"',
    ),
}


def _flag_of(where: str) -> str:
    """The flag that a fault in the new file comes from."""
    key = where.partition(", ")[2].partition(" (line")[0]
    return next(
        (flag for name, flag in _FLAGS.items() if key == name or key.startswith((f"{name}[", f"{name}."))), where
    )


def _number(text: str, flag: str) -> Decimal:
    from dicli.commands.options import dollars

    try:
        return dollars(text)
    except typer.BadParameter:
        raise PreferencesError(
            Fault(flag, f'expected a number, found "{text}"', "Write it like 120000 or 0.093.")
        ) from None


def _terminal() -> bool:
    return sys.stdin.isatty()


def _accepted(name: str, answer: str) -> str:
    """An answer that could stand in the file; what is wrong with it is said at once, and the question comes again."""
    from dicli import preferences

    sound: dict[str, Any] = {"benchmark": "IVV", "filing_status": "single", "income": "0", "account": ["a:taxable:*"]}
    sound[name] = [answer] if name == "account" else answer
    try:
        preferences.template(
            benchmark=sound["benchmark"],
            filing_status=sound["filing_status"],
            taxable_income=_number(sound["income"], "--income"),
            accounts=[preferences.account_from_flag(entry) for entry in sound["account"]],
        )
    except PreferencesError as error:
        raise typer.BadParameter("; ".join(f"{fault.what}. {fault.remedy}" for fault in error.faults)) from None
    return answer


def _ask(name: str, question: str) -> str:
    return typer.prompt(question, err=True, value_proc=partial(_accepted, name))  # type: ignore[no-any-return]


def _another() -> str:
    return typer.prompt(  # type: ignore[no-any-return]
        "Another account (empty: none)",
        default="",
        err=True,
        show_default=False,
        value_proc=lambda answer: answer and _accepted("account", answer),
    )


def _fill(given: dict[str, Any]) -> None:
    """Ask for what is missing; where there is no terminal to ask in, say which flags are."""
    missing = [name for name in _NEEDED if not given[name]]
    if missing and not _terminal():
        flags = {name: "--" + name.replace("_", "-") for name in missing}
        raise PreferencesError(
            Fault("dicli init", f"{flags[name]} is missing", f"For example {_NEEDED[name][1]}.") for name in missing
        )
    for name in missing:
        answer = _ask(name, _NEEDED[name][0])
        given[name] = [answer] if name == "account" else answer
        while name == "account" and (another := _another()):
            given[name].append(another)


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The portfolio folder; made where it is not there.")
    ] = Path(),
    *,
    benchmark: Annotated[str | None, typer.Option(help="A holdings file, or the ticker of an ETF to follow.")] = None,
    filing_status: Annotated[str | None, typer.Option(help="single, mfj, mfs or hoh.")] = None,
    income: Annotated[str | None, typer.Option(metavar="DOLLARS", help="Ordinary taxable income this year.")] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:KIND:FILES[:OWNER[:NUMBER]]", help="One account; repeat it for others."),
    ] = None,
    state_rate: Annotated[str, typer.Option(metavar="FRACTION", help="Marginal state rate; 0.093 is 9.3 %.")] = "0",
    carryover_short: Annotated[
        str, typer.Option(metavar="DOLLARS", help="Short-term loss carried into the year.")
    ] = "0",
    carryover_long: Annotated[str, typer.Option(metavar="DOLLARS", help="Long-term loss carried into the year.")] = "0",
    lot_method: Annotated[str, typer.Option(help="fifo, lifo, hifo, lofo or lowest_tax.")] = "fifo",
    max_tracking_error: Annotated[
        str | None, typer.Option(metavar="FRACTION", help="Largest tracking error a year; 0.01 is 1 %.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing dicli.toml.")] = False,
) -> None:
    """Write a first dicli.toml.

    Examples:

    dicli init --benchmark IVV --filing-status mfj --income 310000 --account "joint:taxable:schwab/*.csv"

    dicli init my-portfolio --benchmark holdings/IVV.csv --filing-status single --income 90000 --state-rate 0.05
    --account "main:taxable:fidelity/*.csv:you:4821" --account "ira:roth_ira:fidelity/*.csv:you:7733"
    """
    from dicli import preferences  # after the options are read, so that --help starts at once

    path = folder / preferences.FILE_NAME
    if path.exists() and not force:
        raise PreferencesError(Fault(str(path), "there is such a file already", "Add --force to replace it."))
    given: dict[str, Any] = {
        "benchmark": benchmark,
        "filing_status": filing_status,
        "income": income,
        "account": list(account or ()),
    }
    _fill(given)
    try:
        text = preferences.template(
            benchmark=given["benchmark"],
            filing_status=given["filing_status"],
            taxable_income=_number(given["income"], "--income"),
            accounts=[preferences.account_from_flag(entry) for entry in given["account"]],
            state_rate=_number(state_rate, "--state-rate"),
            carryover_short=_number(carryover_short, "--carryover-short"),
            carryover_long=_number(carryover_long, "--carryover-long"),
            lot_method=lot_method,
            max_tracking_error=None
            if max_tracking_error is None
            else _number(max_tracking_error, "--max-tracking-error"),
        )
    except PreferencesError as error:
        raise PreferencesError(Fault(_flag_of(f.where), f.what, f.remedy) for f in error.faults) from None
    preferences.save(text, path, force=force)
    print(f"wrote {path}", file=sys.stderr)
    try:
        preferences.load(path)
    except PreferencesError as error:
        # only files that are not there yet: the text itself has been read
        for fault in error.faults:
            print(f"to do: {fault}", file=sys.stderr)
    else:
        print("next: dicli check", file=sys.stderr)
