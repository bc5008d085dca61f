"""What commands say of the sample portfolios, whole: tests/cli/NAME.txt.

    python -m tests.cli_goldens                 write every golden whose output is new or has changed
    python -m tests.cli_goldens --diff          write nothing, show what would change, exit 1 if anything would

Look at a new golden before you commit it: it is the test.
"""

from __future__ import annotations

import difflib
import shlex
import sys
import tempfile
from pathlib import Path

from tests.program import DAY, SAMPLES, run

FOLDER = Path(__file__).parent / "cli"
COMMANDS = {
    "tax_couple": ("tech_couple", "tax -f table -v"),
    "tax_couple_form": ("tech_couple", "tax -f csv"),
    "tax_couple_whole_dollars": ("tech_couple", "tax -f csv --whole-dollars"),
    "tax_couple_reconcile": ("tech_couple", "tax --reconcile -f csv"),
    "tax_couple_if": ("tech_couple", 'tax -f table --if "sell all DIS" --if "buy 5 TGT in ira"'),
    "tax_starter_form": ("starter", "tax -f csv"),
    "tax_retiree": ("retiree", "tax -f table"),
    "tax_retiree_2025": ("retiree", "tax --year 2025 -f json"),
    "calendar_couple": ("tech_couple", "calendar -f csv"),
    "calendar_couple_table": ("tech_couple", "calendar --days 14 -f table"),
    "calendar_couple_ics": ("tech_couple", "calendar --days 7 --ics"),
    "do_not_buy_couple": ("tech_couple", "do-not-buy -f csv"),
    "do_not_buy_couple_table": ("tech_couple", "do-not-buy -f table"),
    "do_not_buy_couple_plain": ("tech_couple", "do-not-buy --plain"),
    "performance_starter": ("starter", "performance --fund IVV --fee 0.0025 -f table"),
}
"""Golden -> (sample, what is typed after `dicli`)."""


def said(name: str) -> str:
    sample, words = COMMANDS[name]
    with tempfile.TemporaryDirectory() as cache:
        ran = run(*shlex.split(words), "--as-of", DAY, folder=SAMPLES / sample, cache=Path(cache))
    return f"$ dicli {words} --as-of {DAY}    # in {sample}\n{ran}"


def main(arguments: list[str]) -> int:
    changed = 0
    for name in COMMANDS:
        golden = FOLDER / f"{name}.txt"
        before = golden.read_bytes().decode("utf-8") if golden.exists() else ""
        after = said(name)
        if before == after:
            continue
        changed += 1
        if "--diff" in arguments:
            print("\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), golden.name, "now")))
        else:
            FOLDER.mkdir(exist_ok=True)
            golden.write_bytes(after.encode("utf-8"))  # calendar files end their lines in CR LF
            print(f"{'changed' if before else 'new'}: {golden.name}")
    return 1 if changed and "--diff" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
