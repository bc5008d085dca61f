"""The ways of selling a name, lot by lot, without washing its own losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicli.plan.problem import Bools, Floats, Ints, Problem


@dataclass(frozen=True, slots=True)
class Branches:
    """The ways of selling a name. Nearly every name has one: its lots, the cheapest first.

    A name with lots bought in the last 30 days has one more for each way of not washing its losses: sell all of the
    recent lots first (then any lot may follow); sell all recent lots but one loss, and of the others only those without
    a loss; or sell no lot with a loss. Each is convex, and their least is the name's cost of a sale.
    """

    name: Ints  # (b,) in ascending order
    first: Ints  # (b,) where its lots begin in the arrays below
    forced: Floats  # (b,) weight that has to be sold before anything else
    total: Floats  # (b,) weight that can be sold
    lot: Ints  # (e,) the lots of the branches, branch after branch
    branch: Ints  # (e,)
    must: Bools  # (e,) one of the forced lots


def selling_branches(p: Problem) -> Branches:
    """Every name with something to sell, and its branches."""
    lots = p.lots
    usable = lots.sellable & (lots.weight > 0.0)
    loss = lots.short_gain + lots.long_gain < 0.0
    counts = np.bincount(lots.name[lots.recent & (lots.weight > 0.0)], minlength=len(p.held)) > 0
    plain = np.flatnonzero(usable & ~counts[lots.name])
    pieces: list[tuple[Ints, Ints, Ints, Bools]] = [
        (lots.name[plain], plain, np.zeros(len(plain), dtype=np.int64), np.zeros(len(plain), dtype=np.bool_))
    ]
    for i in np.flatnonzero(counts):
        mine = np.flatnonzero((lots.name == i) & (lots.weight > 0.0))
        recent = mine[lots.recent[mine]]
        ways: list[tuple[Ints, Ints]] = []  # (lots that must go, lots that may follow)
        if usable[recent].all():
            ways.append((recent, mine[usable[mine] & ~lots.recent[mine]]))
        gainers = mine[usable[mine] & ~loss[mine]]
        lonely = 0
        for r in recent[usable[recent] & loss[recent]]:
            others = recent[recent != r]
            if usable[others].all():
                follow = np.sort(np.append(gainers[~lots.recent[gainers]], r))
                ways.append((others, follow))
                lonely += len(others) == 0
        if not lonely and len(gainers):
            ways.append((mine[:0], gainers))
        for way, (forced, may) in enumerate(ways):
            both = np.concatenate((forced, may))
            if len(both):
                pieces.append(
                    (np.full(len(both), i), both, np.full(len(both), way), np.arange(len(both)) < len(forced))
                )
    names, those, ranks, flags = zip(*pieces, strict=True)
    name, lot, rank = np.concatenate(names), np.concatenate(those), np.concatenate(ranks)
    must: Bools = np.concatenate(flags)
    order = np.lexsort((lot, ~must, rank, name))
    name, lot, rank, must = name[order], lot[order], rank[order], must[order]
    new = np.ones(len(name), dtype=np.bool_)
    new[1:] = (name[1:] != name[:-1]) | (rank[1:] != rank[:-1])
    first = np.flatnonzero(new)
    branch = np.cumsum(new) - 1
    weight = lots.weight[lot]
    return Branches(
        name=name[first],
        first=first,
        forced=np.bincount(branch, weight * must, minlength=len(first)).astype(np.float64),
        total=np.bincount(branch, weight, minlength=len(first)).astype(np.float64),
        lot=lot,
        branch=branch,
        must=must,
    )
