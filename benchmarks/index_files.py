"""What dicli makes of real holdings files: `python -m benchmarks.index_files FILE… [--panel securities.csv]`.

One row a file: its date, how many constituents, what their weights sum to, what was set aside, and, beside a table of
known tickers (columns `ticker` and `ivv_symbols`, as the research data has them), how much of the weight has a symbol
in it.
"""

from __future__ import annotations

import argparse
import csv
from decimal import Decimal
from pathlib import Path

from dicli.brokers.symbols import SHARE_CLASSES, dotted
from dicli.errors import DicliError
from dicli.market import benchmark


def known_symbols(panel: Path) -> set[str]:
    """Today's tickers and earlier ones of the same companies."""
    with panel.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = {dotted(row["ticker"].split("~")[0]) for row in rows}
    known |= {dotted(symbol) for row in rows for symbol in row["ivv_symbols"].split()}
    return known | {SHARE_CLASSES[symbol].symbol for symbol in known if symbol in SHARE_CLASSES}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="+", type=Path)
    options.add_argument("--panel", type=Path)
    given = options.parse_args()
    known = known_symbols(given.panel) if given.panel else None
    print("| file | as of | constituents | sum | weight with a known symbol | not known | set aside |")
    print("|---|---|---|---|---|---|---|")
    for path in given.files:
        try:
            found = benchmark.read(path)
        except DicliError as error:
            print(f"| {path.name} | | | | | | refused: {error.faults[0].what} |")
            continue
        weights = found.weights()
        matched, missing = "", ""
        if known is not None:
            share = sum((weight for symbol, weight in weights.items() if symbol in known), Decimal(0))
            gone = [symbol for symbol in weights if symbol not in known]
            matched, missing = f"{share * 100:.3f} %", f"{len(gone)}: {', '.join(gone[:4])}" if gone else "0"
        aside = ", ".join(f"{count} × {why}" for why, count in found.set_aside_counts.items()) or "nothing"
        total = sum(weights.values()).normalize()
        print(f"| {path.name} | {found.as_of} | {len(weights)} | {total} | {matched} | {missing} | {aside} |")


if __name__ == "__main__":
    main()
