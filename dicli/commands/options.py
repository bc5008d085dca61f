"""The options that every command has, and what a command does with its report."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import os
import re
import shutil
import sys
import tempfile
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Concatenate, NamedTuple, ParamSpec

import typer

from dicli.errors import DicliError, Fault
from dicli.model import Report
from dicli.views import Format, picture, render

P = ParamSpec("P")


class Caller(NamedTuple):
    """What the app tells every command: the user's clock, and the folder given before the command's name."""

    clock: Callable[[], dt.datetime]
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Run:
    """What the user asked of every command alike."""

    folder: Path
    as_of: dt.date
    format: Format | None
    output: Path | None
    force: bool
    quiet: bool
    offline: bool
    exit_code: bool
    stale_ok: bool
    clock: Callable[[], dt.datetime]
    said: set[str] = field(default_factory=set)

    def warn(self, *texts: str) -> None:
        """Say it on stderr, unless `-q`; and once, however often a command looks again."""
        self.note(*(f"warning: {text}" for text in texts))

    def note(self, *texts: str) -> None:
        if not self.quiet:
            for text in texts:
                if text not in self.said:
                    print(text, file=sys.stderr)
                self.said.add(text)


_SUFFIXES = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".txt": Format.TABLE,
    ".svg": Format.SVG,
    ".png": Format.PNG,
}


def chosen_format(run: Run) -> Format:
    if run.format is not None:
        return run.format
    if run.output is not None:
        if run.output.suffix.lower() not in _SUFFIXES:
            raise DicliError(
                Fault(
                    f"--output {run.output}",
                    "the ending does not name a format",
                    "Use .csv, .json or .txt, .svg or .png for a report's charts, or add -f.",
                )
            )
        return _SUFFIXES[run.output.suffix.lower()]
    return Format.TABLE if sys.stdout.isatty() else Format.CSV


def refuse_early(run: Run) -> None:
    """What can be refused before the work is: a backtest takes minutes. Raises DicliError."""
    if run.output is not None and not run.output.is_dir():  # a folder may be what a command wants
        _refuse_existing(run.output, force=run.force)
    wanted = run.format
    if wanted is None and run.output is not None:
        wanted = _SUFFIXES.get(run.output.suffix.lower())
    if wanted is not None and wanted.is_picture:
        if run.output is None and sys.stdout.isatty():
            what = "a terminal shows no picture"
            raise DicliError(Fault(f"--format {wanted}", what, "Name a file with -o, or send it down a pipe."))
        from dicli.market.cache import cache_path
        from dicli.views import plot

        plot.load(cache_path())


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise DicliError(Fault(str(path), "there is such a file already", "Add --force to replace it."))


def write_file(path: Path, content: str | bytes, *, force: bool) -> None:
    """Write all of it or nothing, by rename; an existing file is replaced only with `force`. Text is UTF-8."""
    _refuse_existing(path, force=force)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as problem:
        raise DicliError(
            Fault(str(path), f"cannot be written: {problem.strerror}", "Choose another --output.")
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def show(run: Run, report: Report) -> None:
    """Put the report where the user wants it: the whole text at once, so that an error leaves nothing half-written."""
    chosen = chosen_format(run)
    if chosen.is_picture:
        from dicli.market.cache import cache_path

        put(run, picture(report, chosen, cache=cache_path()))
        return
    terminal = run.output is None and sys.stdout.isatty()
    colour = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    text = render(report, chosen, width=shutil.get_terminal_size((80, 24)).columns, colour=colour)
    if chosen is Format.CSV:
        run.note(*report.notes)
    put(run, text)


def put(run: Run, content: str | bytes) -> None:
    """Text or a file's bytes as they are, to the file that `-o` names or to stdout."""
    if run.output is not None:
        write_file(run.output, content, force=run.force)
        return
    try:
        if isinstance(content, bytes):
            sys.stdout.buffer.write(content)
        else:
            sys.stdout.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # a reader that has seen enough is no fault
    except OSError as problem:
        # what is left in the buffer goes nowhere: flushed at the end, it would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        what = f"cannot be written: {problem.strerror}"
        raise DicliError(Fault("standard output", what, "What has come out of it is not the whole.")) from None


def date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write it as 2026-11-20") from None


_DOLLARS = re.compile(r"[+-]?\$?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d*)?", re.ASCII)


def dollars(text: str) -> Decimal:
    """A parser for options that take an amount: +5000, -20000, $1,250.50. A comma stands before three digits only:
    1.250,50 is another country's thousand, and would pass for a dollar.
    """
    if not _DOLLARS.fullmatch(text.strip()):
        raise typer.BadParameter(f"{text!r} is no amount of dollars; write it as +5000 or -20000")
    return Decimal(text.strip().replace("$", "").replace(",", ""))


_FOLDER = Annotated[
    Path | None, typer.Option("-C", "--folder", metavar="DIR", envvar="DICLI_FOLDER", help="The portfolio folder.")
]
_AS_OF = Annotated[
    Any, typer.Option("--as-of", metavar="DATE", parser=date, help="The day to look from; today if not given.")
]
_FORMAT = Annotated[
    Format | None,
    typer.Option(
        "-f",
        "--format",
        metavar="FORMAT",
        help="table, csv, json; svg or png: the charts. Default: table in a terminal, csv in a pipe or a file.",
    ),
]
_OUTPUT = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here; the ending names the format.")
]
_FORCE = Annotated[bool, typer.Option("--force", help="Replace an existing output file.")]
_QUIET = Annotated[bool, typer.Option("-q", "--quiet", help="No warnings; errors stay.")]
_OFFLINE = Annotated[bool, typer.Option("--offline", envvar="DICLI_OFFLINE", help="Touch no network.")]
_EXIT_CODE = Annotated[bool, typer.Option("--exit-code", help="Exit 1 where there is something to act on.")]
_STALE_OK = Annotated[bool, typer.Option("--stale-ok", help="Go on with an old index file or old prices.")]

_COMMON: tuple[tuple[str, Any, Any], ...] = (
    ("format", _FORMAT, None),
    ("output", _OUTPUT, None),
    ("force", _FORCE, False),
    ("folder", _FOLDER, None),
    ("as_of", _AS_OF, None),
    ("quiet", _QUIET, False),
    ("offline", _OFFLINE, False),
    ("exit_code", _EXIT_CODE, False),
    ("stale_ok", _STALE_OK, False),
)


def command(function: Callable[Concatenate[Run, P], Report | None]) -> Callable[..., None]:
    """Give a command the common options; show what it returns; exit 1 on a finding if `--exit-code` asked for it."""
    hints = typing.get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **options: Any) -> None:
        common = {name: options.pop(name) for name, _, _ in _COMMON}
        caller: Caller = ctx.obj
        common["as_of"] = common["as_of"] or caller.clock().date()
        common["folder"] = common["folder"] or caller.folder or Path()
        run = Run(**common, clock=caller.clock)
        refuse_early(run)
        report = function(run, **options)  # type: ignore[call-arg]  # Typer fills the options by name
        if report is not None:
            show(run, report)
            if report.finding and run.exit_code:
                raise typer.Exit(1)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("ctx", keyword, annotation=typer.Context)]
    parameters += [parameter.replace(kind=keyword, annotation=hints[parameter.name]) for parameter in own]
    parameters += [inspect.Parameter(name, keyword, default=value, annotation=hint) for name, hint, value in _COMMON]
    del wrapper.__wrapped__
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper
