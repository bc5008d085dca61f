"""What an index holds, as rows."""

from __future__ import annotations

from dicli.market.benchmark import Benchmark
from dicli.model import Column, Figure, Report

INDEX = (
    Column("symbol"),
    Column("weight", Figure.FRACTION),
    Column("sector"),
    Column("industry", brief=False),
    Column("name"),
    Column("price", Figure.PRICE, brief=False),
)


def index(benchmark: Benchmark) -> Report:
    rows = tuple((c.symbol, c.weight, c.sector, c.industry, c.name, c.price) for c in benchmark.constituents)
    summary: dict[str, object] = {
        "name": benchmark.name,
        "as_of": benchmark.as_of,
        "constituents": len(rows),
        "weighed_by": benchmark.weighed_by,
        "source": benchmark.source,
        "set_aside": benchmark.set_aside_counts,
    }
    aside = tuple(f"set aside: {count} × {why}" for why, count in benchmark.set_aside_counts.items())
    return Report("constituents", INDEX, rows, summary, benchmark.name, (*benchmark.notes, *aside))
