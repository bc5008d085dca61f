"""How fast a long history is booked: seconds of CPU, peak memory, and the growth from one size to the next.

    python benchmarks/wash_history.py [TRADES ...] [--symbols 500] [--ira 0.1]

Histories come from `shared/bench/gen_wash_case.py` beside the repository where it is there, else from a seeded
generator of the same shape here (random buys and sells of whole shares, at most one a day per account and symbol). The
yardstick is the time to read the same rows from CSV into `Decimal`s, which any tool has to spend.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from dicli.model import AccountKind, Owner
from dicli.tax.ledger import Event, EventKind, TaxAccount
from dicli.tax.wash import book

GENERATOR = Path(__file__).resolve().parents[2] / "shared" / "bench" / "gen_wash_case.py"
ACCOUNTS = (
    TaxAccount("taxable", Owner.YOU, AccountKind.TAXABLE),
    TaxAccount("ira", Owner.YOU, AccountKind.TRADITIONAL_IRA),
)


def own_history(path: Path, trades: int, symbols: int, ira: float) -> None:
    """Write history.csv as the shared generator would."""
    rng = random.Random(11)
    count = min(symbols, max(2, trades // 4))
    price = {i: rng.lognormvariate(4.2, 0.7) for i in range(count)}
    held: dict[tuple[str, int], int] = defaultdict(int)
    start = dt.date(2023, 1, 3)
    seen = set()
    rows = []
    for day in sorted(rng.randrange(1095) for _ in range(trades)):
        i = rng.randrange(count)
        account = "ira" if rng.random() < ira else "taxable"
        price[i] *= rng.lognormvariate(0, 0.05)
        if (day, account, i) in seen:
            continue
        seen.add((day, account, i))
        have = held[account, i]
        side = "SELL" if have and rng.random() < 0.45 else "BUY"
        quantity = rng.randint(1, have) if side == "SELL" else rng.randint(1, 39)
        held[account, i] += quantity if side == "BUY" else -quantity
        cost = f"{quantity * max(1, round(price[i], 2)):.2f}"
        row = [f"X{len(rows):06d}", start + dt.timedelta(days=day), account, account, f"T{i:03d}", side, quantity]
        rows.append([*row, "", cost])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["txn_id", "date", "account", "account_type", "ticker", "side", "quantity", "price", "amount"])
        writer.writerows(rows)


def history(folder: Path, trades: int, symbols: int, ira: float) -> Path:
    path = folder / "history.csv"
    if GENERATOR.exists():
        size = ["--tx", str(trades), "--names", str(symbols), "--ira", str(ira)]
        subprocess.run([sys.executable, str(GENERATOR), str(folder), *size], check=True, stdout=subprocess.DEVNULL)
    else:
        own_history(path, trades, symbols, ira)
    return path


def read(path: Path) -> Iterator[Event]:
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            yield Event(
                id=row["txn_id"],
                kind=EventKind(row["side"].lower()),
                date=dt.date.fromisoformat(row["date"]),
                account=row["account"],
                symbol=row["ticker"],
                quantity=Decimal(row["quantity"]),
                amount=Decimal(row["amount"]),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trades", nargs="*", type=int, default=[10_000, 50_000])
    parser.add_argument("--symbols", type=int, default=500, help="at the first size; they grow with the trades")
    parser.add_argument("--ira", type=float, default=0.1, help="share of trades in an IRA")
    parser.add_argument("--fixed", action="store_true", help="keep the number of symbols at every size")
    arguments = parser.parse_args()
    source = "shared generator" if GENERATOR.exists() else "own generator"
    print(f"source: {source}; {arguments.ira:.0%} of trades in an IRA")
    print("  trades  symbols     rows   washed   read s   book s  ratio  us/trade")
    for trades in arguments.trades:
        scale = 1 if arguments.fixed else trades / arguments.trades[0]
        symbols = max(1, round(arguments.symbols * scale))
        with tempfile.TemporaryDirectory() as folder:
            path = history(Path(folder), trades, symbols, arguments.ira)
            began = time.process_time()
            events = list(read(path))
            reading = time.process_time() - began
        began = time.process_time()
        books = book(ACCOUNTS, events)
        took = time.process_time() - began
        washed = sum(1 for row in books.realized if row.disallowed)
        print(
            f"{len(events):>8} {symbols:>8} {len(books.realized):>8} {washed:>8} {reading:>8.2f} {took:>8.2f} "
            f"{took / reading:>6.1f} {took / len(events) * 1e6:>9.1f}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
