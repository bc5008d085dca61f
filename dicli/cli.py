"""The app: its commands, what day it is, and how an error becomes one message and an exit code."""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import decimal
import gc
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dicli import __version__
from dicli.commands import COMMANDS, prices
from dicli.commands.options import Caller
from dicli.errors import DicliError

CANNOT_RUN, A_BUG, INTERRUPTED = 2, 70, 130

app = typer.Typer(
    name="dicli",
    help="Direct indexing: own an index's stocks one by one, from your brokers' own files.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # rich would cost a tenth of a second at every start
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for name, function in COMMANDS.items():
    app.command(name)(function)
app.add_typer(prices.app, name="prices")


def now() -> dt.datetime:
    """The user's own clock: nothing below asks what time it is."""
    return dt.datetime.now().astimezone()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dicli {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("-C", "--folder", metavar="DIR", help="The portfolio folder, for any command.")
    ] = None,
) -> None:
    ctx.obj = Caller(now, folder)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr)


_SPELLED = {"→": "->", "…": "...", "–": "-", "─": "-", "−": "-", "×": "x", "÷": "/", "█": "#", "≤": "<=", "≥": ">=",
            "’": "'", "“": '"', "”": '"',
            "│": "|", "┤": "+", "├": "+", "└": "+", "┬": "+", "•": "*", "◦": "o", "▪": "#", "·": ".", "░": ":",
            "▒": "%", "▓": "@"}  # fmt: skip


def _spell(problem: UnicodeError) -> tuple[str, int]:
    """What a terminal or a pipe without UTF-8 gets for a character that it does not have: never a crash, never "?"."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    lacking = problem.object[problem.start : problem.end]
    spelled = (_SPELLED.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking)
    return "".join(spelled), problem.end


def _ready_streams() -> None:
    """Streams that take every character (Windows pipes and LC_ALL=C do not), and a stderr where the shell closed it:
    print() would put warnings among the data.
    """
    codecs.register_error("dicli", _spell)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 it lives as long as the program
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="dicli")


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 a finding, 2 could not run, 70 a bug, 130 interrupted."""
    decimal.getcontext().traps[decimal.FloatOperation] = True
    _ready_streams()
    if sys.stdout is None:
        _say("error: standard output is closed: there is nowhere to put what was asked for. Leave it open, or use -o.")
        return CANNOT_RUN
    try:
        code = app(arguments, prog_name="dicli", standalone_mode=False)
        sys.stdout.flush()
    except DicliError as error:
        for fault in error.faults:
            _say(f"error: {fault}")
        return error.exit_code
    except typer.TyperException as error:
        message = error.format_message()
        _say(message if message.startswith("Usage:") else f"error: {message}")  # `dicli` alone gets the help
        return CANNOT_RUN
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has seen enough (`| head -1`): what it did not want is nobody's error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # the one place that turns a bug into an exit code that no script mistakes for a finding
        import traceback

        _say(traceback.format_exc())
        _say("error: this is a bug in dicli. Please report the lines above, and the command that led to them.")
        return A_BUG
    return code if isinstance(code, int) else 0


def main() -> None:
    gc.disable()  # a command lives for a second and makes no rubbish to speak of; collecting costs a fifth of it
    sys.exit(run())
