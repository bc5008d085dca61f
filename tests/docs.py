"""The parts of README.md and docs/ that the program writes itself.

`python -m tests.docs` writes them anew; tests/test_docs.py fails where they are not what the program says now.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.program import SAMPLES, run

ROOT = Path(__file__).parents[1]
README, COMMANDS, PREFERENCES = ROOT / "README.md", ROOT / "docs" / "commands.md", ROOT / "docs" / "preferences.md"
BROKERS = ROOT / "docs" / "brokers.md"


def _help(command: str) -> str:
    with tempfile.TemporaryDirectory() as place:
        ran = run(*command.split(), "--help", folder=Path(place), cache=Path(place))
    assert ran.code == 0, ran.err
    return ran.out.rstrip()


def _commands() -> list[str]:
    from dicli import commands
    from dicli.commands.prices import PRICES

    return [*commands.COMMANDS, *(f"prices {name}" for name in PRICES)]


def commands_md() -> str:
    parts = ["# The commands of dicli", "", "What `dicli COMMAND --help` says.", "", "```text", _help(""), "```"]
    for command in _commands():
        parts += ["", f"## dicli {command}", "", "```text", _help(command), "```"]
    return "\n".join(parts) + "\n"


def preferences_md() -> str:
    from dicli.preferences import describe

    rows = ["# The keys of dicli.toml", "", "An unknown key is an error; so is a value that cannot be meant.", ""]
    rows += ["| key | allowed | default | meaning | read by |", "|---|---|---|---|---|"]
    for row in describe():
        cells = (f"`{row.key}`", row.allowed, row.default, row.meaning, row.by)
        rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def brokers_md() -> str:
    from dicli.brokers import FORMATS
    from dicli.market.benchmark import FORMATS as INDEX_FILES

    rows = ["# The files that dicli reads", "", "Known by what is in them, never by their names.", ""]
    rows += ["| whose | what |", "|---|---|"]
    kinds: dict[str, list[str]] = {}
    for entry in (*FORMATS, *INDEX_FILES):
        said = " and ".join(entry.kinds)
        if said not in kinds.setdefault(entry.broker, []) and entry.read.__qualname__.split(".")[0] != "refused":
            kinds[entry.broker].append(said)
    rows += [f"| {broker} | {', '.join(found)} |" for broker, found in sorted(kinds.items()) if found]
    rows += ["", "Anything else can come as a plain file:", ""]
    rows += ["```text", "symbol,quantity,acquired,cost_basis[,account,currency,term,wash_adj]"]
    rows += ["account,date,kind,symbol,quantity,amount[,price,fees,order_id]"]
    rows += ["symbol,quantity[,price,value,basis,account]", "```"]
    return "\n".join(rows) + "\n"


def _table() -> str:
    rows = []
    for command in _commands():
        text = _help(command)
        said = text.split("\n\n")[1].strip().replace("\n", " ")
        rows.append(f"| `dicli {command}` | {re.sub(' +', ' ', said)} |")
    return "\n".join(rows)


def _output(command: str) -> str:
    """What a command of the README prints: the words after `dicli`, `| head -n N` understood."""
    words, _, head = command.partition(" | head -n ")
    arguments = words.split()[1:]
    with tempfile.TemporaryDirectory() as cache:
        ran = run(*arguments, folder=ROOT, cache=Path(cache))
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    return "\n".join(lines[: int(head)] if head else lines)


def readme() -> str:
    text = README.read_text(encoding="utf-8")
    text = re.sub(
        r"(\| command \| what it says \|\n\|---\|---\|\n).*?\n\n",
        lambda m: f"{m[1]}{_table()}\n\n",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(
        r"<!-- output: (.*?) -->\n```text\n.*?```",
        lambda m: f"<!-- output: {m[1]} -->\n```text\n{_output(m[1])}\n```",
        text,
        flags=re.DOTALL,
    )
    sample = (SAMPLES / "tech_couple" / "dicli.toml").read_text(encoding="utf-8").split("\n\n", 1)[1]
    return re.sub(
        r"(<!-- preferences -->\n```toml\n).*?```",
        lambda m: f"{m[1]}{sample.rstrip()}\n```",
        text,
        flags=re.DOTALL,
    )


FILES = {README: readme, COMMANDS: commands_md, PREFERENCES: preferences_md, BROKERS: brokers_md}

if __name__ == "__main__":
    COMMANDS.parent.mkdir(exist_ok=True)
    for path, made in FILES.items():
        path.write_text(made(), encoding="utf-8")
