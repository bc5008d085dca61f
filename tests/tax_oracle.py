"""A second, slow wash-sale engine to compare the first with: every quarter of a share is an object of its own.

Written from the rules, not from the engine: no sub-lots, no splitting, no look-ahead structures. It knows purchases,
sales, gifts out, transfers and 2-for-1 splits, whole shares, all lot orders and choices that the case schema names.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

ATOMS = 4  # per share before any split


@dataclass(eq=False)
class Atom:
    """A piece of one lot: `share` of a share, which a split doubles."""

    lot: dict[str, Any]
    account: str
    share: Fraction
    basis: Fraction
    held: int
    used: bool = False
    matched: int = 10**9
    ancestors: set[str] = field(default_factory=set)
    open: bool = False
    gone: bool = False
    sale: str | None = None
    moved: int = 0


def is_long(held: int, sold: int) -> bool:
    start = dt.date.fromordinal(held + 1)
    try:
        year_on = start.replace(year=start.year + 1)
    except ValueError:
        year_on = dt.date(start.year + 1, 3, 1)
    return dt.date.fromordinal(sold) >= year_on


def solve(case: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0915  (one thing, told from top to bottom)
    settings = case.get("settings", {})
    accounts = {a["id"]: a for a in case["accounts"]}
    group = {s: g["group"] for s, g in case.get("identical", {}).items()}
    transactions = case["transactions"]
    splits = [(i, t["symbol"]) for i, t in enumerate(transactions) if t["type"] == "split"]
    atoms: list[Atom] = []
    taxable = {a for a in accounts if accounts[a]["type"] == "taxable"}
    for i, t in enumerate(transactions):
        if t["type"] not in ("buy", "reinvest", "vest"):
            continue
        qty = int(t["qty"])
        earlier = sum(1 for j, s in splits if j < i and s == t["symbol"])
        count = qty * ATOMS // 2**earlier
        assert count * 2**earlier == qty * ATOMS
        day = dt.date.fromisoformat(t["date"]).toordinal()
        lot = {"id": t["id"], "key": t.get("order_id") or t["id"], "symbol": t["symbol"], "day": day, "index": i}
        lot["buy_account"] = t["account"]
        each = Fraction(t["amount"]) / count
        atoms += [Atom(lot, t["account"], Fraction(qty, count), each, day) for _ in range(count)]
    rows: dict[tuple[str, str, str], dict[str, Fraction]] = {}
    matches = 0

    def named(t: dict[str, Any]) -> list[Atom]:
        account, day = t.get("from", t.get("account")), dt.date.fromisoformat(t["date"]).toordinal()
        free = [a for a in atoms if a.open and not a.gone and a.sale is None]
        free = [a for a in free if a.account == account and a.lot["symbol"] == t["symbol"]]
        free.sort(key=lambda a: (a.lot["day"], a.lot["index"], a.matched))
        wanted = t.get("lots") or [{"lot": None, "qty": t["qty"]}]
        method = "fifo" if t.get("lots") else t.get("method") or case.get("method", "fifo")
        if method == "lifo":
            free.sort(key=lambda a: (-a.lot["day"], -a.lot["index"], a.matched))
        elif method == "hifo":
            free.sort(key=lambda a: -a.basis / a.share)
        elif method == "lofo":
            free.sort(key=lambda a: a.basis / a.share)
        found = []
        for part in wanted:
            left = Fraction(part["qty"])
            for a in free:
                if left and a not in found and part["lot"] in (None, a.lot["id"]):
                    found.append(a)
                    left -= a.share
            assert left == 0, (t, left, day)
        return found

    def close(  # noqa: PLR0915
        day: int, sale: dict[str, Any], lot: dict[str, Any], sold: list[Atom]
    ) -> None:
        nonlocal matches
        for a in sold:
            a.gone = True
        account = sale["account"]
        if sale["type"] != "sell" or account not in taxable:
            return
        price = Fraction(sale["amount"]) / Fraction(sale["qty"])
        blocks: dict[Fraction, Fraction] = {}
        for a in sold:
            per = a.basis / a.share
            blocks[per] = blocks.get(per, Fraction(0)) + a.basis - price * a.share
        for a in sorted(sold, key=lambda a: a.matched):
            term = "long" if is_long(a.held, day) else "short"
            names = ("qty", "proceeds", "basis", "no", "lost")
            row = rows.setdefault((sale["id"], lot["id"], term), dict.fromkeys(names, Fraction(0)))
            row["qty"] += a.share
            row["proceeds"] += price * a.share
            row["basis"] += a.basis
            loss = a.basis - price * a.share
            if loss <= 0 or blocks[a.basis / a.share] < Fraction(1, 200):
                continue
            fits = []
            for b in atoms:
                if b.gone or b.used or b.lot["key"] == lot["key"] or abs(b.lot["day"] - day) > 30:
                    continue
                ours, theirs = lot["symbol"], b.lot["symbol"]
                if settings.get("scope") == "account":
                    if b.account != account or ours != theirs:
                        continue
                elif group.get(ours, ours) != group.get(theirs, theirs):
                    continue
                if settings.get("older_than_sold") == "excluded" and b.lot["day"] < lot["day"]:
                    continue
                if settings.get("ancestors") == "excluded" and b.lot["key"] in a.ancestors:
                    continue
                if settings.get("closed_together") == "excluded" and b.sale == sale["id"]:
                    continue
                fits.append(b)
            if not fits:
                continue
            first = min(fits, key=lambda b: (b.lot["day"], b.lot["buy_account"] not in taxable, b.lot["index"]))
            # Where a transfer has left one lot in two accounts: taxable first, then where it has lain longer.
            same = [b for b in fits if b.lot is first.lot]
            b = min(same, key=lambda b: (b.account not in taxable, b.moved))
            b.used = True
            matches += 1
            b.matched = matches
            row["no"] += loss
            if b.account not in taxable:
                row["lost"] += loss
                continue
            b.basis += loss
            b.ancestors = b.ancestors | a.ancestors | {lot["key"]}
            span = day - a.held
            how = settings.get("holding_period", "tack")
            if how == "tack":
                b.held -= span
            elif how == "union":
                b.held = b.held - span + max(0, day - max(b.held, a.held))
            else:
                b.held = a.held

    def settle(day: int, pending: list[tuple[int, dict[str, Any], list[Atom]]]) -> None:
        jobs: dict[tuple[str, str], list[Any]] = {}
        for i, sale, chosen in pending:
            for rank, a in enumerate(chosen):
                jobs.setdefault((sale["id"], a.lot["id"]), [i, rank, sale, a.lot, []])[4].append(a)
        work = list(jobs.values())
        if settings.get("same_day") == "listed":
            work.sort(key=lambda job: (job[0], job[1]))
        else:
            work.sort(key=lambda job: (job[3]["day"], job[3]["index"], job[0]))
        for _, _, sale, lot, sold in work:
            close(day, sale, lot, sold)

    pending: list[tuple[int, dict[str, Any], list[Atom]]] = []
    today = 0
    for i, t in enumerate(transactions):
        day = dt.date.fromisoformat(t["date"]).toordinal()
        if day != today:
            settle(today, pending)
            pending, today = [], day
        elif t["type"] == "split":
            settle(today, [job for job in pending if job[1]["symbol"] == t["symbol"]])
            pending = [job for job in pending if job[1]["symbol"] != t["symbol"]]
        if t["type"] in ("buy", "reinvest", "vest"):
            for a in atoms:
                if a.lot["id"] == t["id"]:
                    a.open = True
        elif t["type"] == "split":
            for a in atoms:
                if a.open and a.lot["symbol"] == t["symbol"]:
                    a.share *= 2
        elif t["type"] == "transfer":
            for a in named(t):
                there = [b.moved for b in atoms if b.lot is a.lot and b.account == t["to"] and not b.gone]
                a.account, a.moved = t["to"], there[0] if there else i
        else:
            chosen = named(t)
            for a in chosen:
                a.sale = t["id"]
            pending.append((i, t, chosen))
    settle(today, pending)
    lots: dict[tuple[str, str, int, Fraction], list[Fraction]] = {}
    for a in atoms:
        if not a.gone:
            sums = lots.setdefault((a.lot["id"], a.account, a.held, a.basis / a.share), [Fraction(0), Fraction(0)])
            sums[0] += a.share
            sums[1] += a.basis
    return {"rows": rows, "lots": lots}
