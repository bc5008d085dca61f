"""Write the sample portfolios: `python sample_portfolios/make_samples.py [FOLDER]`.

Three complete portfolio folders in the brokers' own layouts, as of 2026-11-20. People, accounts and figures are
invented from one seed, so running it again gives the same bytes. Needs nothing but Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from maker import retiree, starter, tech_couple
from maker.market import Market

PORTFOLIOS = {"starter": starter.files, "tech_couple": tech_couple.files, "retiree": retiree.files}


def main(folder: Path) -> None:
    """Write all portfolios below `folder`; lot files of names that are no longer held go, all else is left alone."""
    market = Market()
    for name, files in PORTFOLIOS.items():
        made = files(market)
        for old in (folder / name).glob("schwab/lots/Lot-Details-*.csv"):
            if old.relative_to(folder / name).as_posix() not in made:
                old.unlink()
        for path, text in made.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
