"""The seven studies on the research panel: python -m benchmarks.studies.run --keep FOLDER [--runs monthly,fifo]

Each run is kept in the folder as JSON and not made again; the studies whose runs are all there are then judged.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

from benchmarks import backtest_data
from benchmarks.studies.specifications import (
    DECAY_YEARS,
    END,
    INVENTED,
    OLD_END,
    OLD_START,
    RUNS,
    START,
    STUDIES,
    Spec,
)
from dicli.backtest.panel import Panel
from dicli.backtest.replay import Replay
from dicli.backtest.study import case
from dicli.backtest.synthetic import generate
from dicli.model import Account, AccountKind, Owner
from dicli.preferences import Backtest, FilingStatus, Index, IndexPart, Preferences, Tax
from dicli.tax.prepare import exact

INCOME = 400_000
NAMES = 100  # of an invented market


def investor(backtest: Backtest) -> Preferences:
    """Married, a taxable income of 400,000, one account, everything else as dicli's defaults are."""
    from decimal import Decimal

    account = Account("main", AccountKind.TAXABLE, Owner.YOU, True, True, None, (), "fifo")
    return Preferences(
        path=Path("dicli.toml"),
        folder=Path(),
        index=Index((IndexPart("S&P 500", Decimal(1), None),)),
        tax=Tax(FilingStatus.MFJ, Decimal(INCOME)),
        accounts=(account,),
        backtest=backtest,
    )


def made(panel: Panel, spec: Spec) -> dict[str, object]:
    """One run's figures as JSON has them."""
    started = time.process_time()
    found = case(panel, investor(spec.backtest), "stated", spec.outside)
    f = found.figures
    return {
        "tax_alpha": f.tax_alpha,
        "harvested": [year.harvested for year in f.years],
        "harvested_since": since_start(found.run),
        "net_losses": str(f.net_losses),
        "losses": str(sum(year.short_losses + year.long_losses for year in f.years)),
        "capital": str(f.capital),
        "costs": str(f.costs),
        "wealth": str(f.wealth),
        "fund_wealth": str(f.fund_wealth),
        "liquidated": str(f.liquidated),
        "fund_liquidated": str(f.fund_liquidated),
        "break_even_fee": f.break_even_fee,
        "tracking_error": f.tracking_error,
        "tracking_difference": f.tracking_difference,
        "ossified": f.ossified,
        "plans": len(found.run.looks),
        "lots": f.lots,
        "notes": list(found.run.notes),
        "seconds": round(time.process_time() - started, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def since_start(run: Replay) -> list[float]:
    """Allowed losses by years since the start, of the capital."""
    found: dict[int, Fraction] = defaultdict(Fraction)
    first = run.dates[0]
    for row in run.ledger.realized():
        if row.allowed < 0:
            found[(row.sold - first).days * 400 // 146097] -= row.allowed
    return [float(found[year] / exact(run.capital())) for year in range(max(found, default=0) + 1)]


def market(spec: Spec) -> Panel:
    if spec.seed is not None:
        return generate(seed=spec.seed, names=NAMES, years=DECAY_YEARS + 1, start=INVENTED)
    span = (OLD_START, OLD_END) if spec.survivors else (START, END)
    return backtest_data.load(*span, survivors=spec.survivors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--runs", default=",,".join(RUNS), help="names with ,, between them")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    panels: dict[tuple[bool, int | None], Panel] = {}
    for name in options.runs.split(",,"):
        path, spec = options.keep / f"{name}.json", RUNS[name]
        if path.exists():
            continue
        which = spec.survivors, spec.seed
        if which not in panels:
            panels[which] = market(spec)
        path.write_text(json.dumps(made(panels[which], spec), indent=1), encoding="utf-8")
        print(name, path.read_text(encoding="utf-8"), file=sys.stderr)
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in options.keep.glob("*.json")}
    for study in STUDIES:
        lacking = [run for run in study.runs if run not in found]
        if lacking:
            print(f"{study.name}: not run ({', '.join(lacking)})")
            continue
        said, inside = study.judge(found)
        print(f"{study.name}: {'inside' if inside else 'OUTSIDE'} | {said} | band: {study.band}")


if __name__ == "__main__":
    main()
