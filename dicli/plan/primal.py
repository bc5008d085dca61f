"""The plan: with every name's side fixed what remains is convex, a sparse quadratic program solved by Clarabel.

    minimise   γ (‖f‖² + Σ σ_i² d_i²) + Σ c_i bought_i + Σ c_i sold_i + Σ tax_l sale_l
    subject to f = Gᵀ d + f0,   sold_i = Σ_{l of i} sale_l,   the coupling rows,   the limits of each side

in factor form (never an n × n matrix). Lots whose slope is far from the marginal one at the dual prices are settled
beforehand: sold whole or kept whole. How far is `window`; whether it was enough is seen from the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
from scipy import sparse

from dicli.plan.bundle import clarabel_solve
from dicli.plan.dual import BUY, EXIT, SELL, TINY, Choice, Pricing
from dicli.plan.problem import Floats, Ints

UNIT = 1e3  # the solver sees weights in tenths of a percent, so that its absolute tolerances are far below a cent
MARGIN = 1e-10  # rows are asked for with this much to spare: a solver's last digit must not overdraw the cash
SLACK = 2e-9  # a row violated by less is met


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its exact cost, and its multipliers where they came out of a quadratic program."""

    candidate: Ints  # (n,)
    branch: Ints  # (n,)
    bought: Floats  # (n,)
    sold: Floats  # (n,)
    sale: Floats  # (L,)
    tax: float
    tracking: float
    trading: float
    rows: Floats  # (K,) left sides of the coupling rows (`dual.Rows`), the first k the factors' exposures
    excess: Floats  # (R + names + tracking,) by how much each row is violated; 0 where it is met
    x: Floats  # (K,) multipliers

    @property
    def cost(self) -> float:
        return self.tax + self.tracking + self.trading

    @property
    def feasible(self) -> bool:
        return bool((self.excess <= SLACK).all())


@dataclass(frozen=True, slots=True)
class Sides:
    """What each name may do in the program: at most one of a purchase and a sale, or (a relaxation) both."""

    buyers: Ints
    buy_low: Floats
    buy_high: Floats
    sellers: Ints  # branches
    sell_low: Floats
    sell_high: Floats
    exits: Ints  # names sold whole
    candidate: Ints  # (n,)
    branch: Ints  # (n,)


def sides_of(pricing: Pricing, candidate: Ints, branch: Ints) -> Sides:
    """The program's sides when each name takes the given candidate."""
    buyers = np.flatnonzero(candidate == BUY)
    sellers = branch[candidate == SELL]
    return Sides(
        buyers=buyers,
        buy_low=pricing.buy_low[buyers],
        buy_high=pricing.buy_high[buyers],
        sellers=sellers,
        sell_low=pricing.sell_low[sellers],
        sell_high=pricing.sell_high[sellers],
        exits=np.flatnonzero(candidate == EXIT),
        candidate=candidate,
        branch=np.where(candidate == SELL, branch, -1),
    )


def measure(
    pricing: Pricing, candidate: Ints, branch: Ints, bought: Floats, sold: Floats, sale: Floats, x: Floats
) -> Plan:
    """The exact cost and rows of given trades."""
    p, rows, k, R = pricing.p, pricing.rows, pricing.k, pricing.rows.linear
    left = np.zeros(pricing.K)
    left[: k + R] = pricing.at_rest + np.einsum("ij,i->j", pricing.to_buy, bought)
    left[: k + R] += np.einsum("ij,i->j", pricing.to_sell, sold)
    if len(rows.gain_rows):
        left[k + rows.gain_rows] += np.einsum("lj,l->j", rows.gains, sale)
    active = pricing.offset + bought - sold
    variance = float(np.sum(left[:k] ** 2)) + float(np.sum(pricing.variance * active**2)) + p.fixed_variance
    if rows.names and p.max_names is not None:
        left[k + R] = np.sum(pricing.counted & (p.held + bought - sold > TINY)) - p.max_names
    excess = np.maximum(left[k:], 0.0)
    if rows.tracking:
        left[-1] = variance - p.tracking_cap**2
        excess[-1] = max(np.sqrt(variance) - p.tracking_cap, 0.0)
    return Plan(
        candidate=candidate,
        branch=branch,
        bought=bought,
        sold=sold,
        sale=sale,
        tax=float(np.sum(p.lots.tax * sale)),
        tracking=p.risk_aversion * variance,
        trading=float(np.sum(p.buy_cost * bought) + np.sum(p.sell_cost * sold)),
        rows=left,
        excess=excess,
        x=x,
    )


def convex_plan(
    pricing: Pricing, sides: Sides, x: Floats, *, window: float, elastic: float = 0.0, guess: Choice | None = None
) -> Plan | None:
    """The cheapest plan with these sides, or None where there is none.

    `x` are the dual prices that settle the lots outside `window` (dollars of slope; inf: settle none) around the sales
    of `guess`. With `elastic` > 0 every coupling row may be violated at that price per unit, so that a plan is always
    found.
    """
    p, k, R, b = pricing.p, pricing.k, pricing.rows.linear, pricing.branches
    rows = pricing.rows
    n = len(p.held)
    pricing._sort(x[k + rows.gain_rows])
    sellers, buyers = sides.sellers, sides.buyers
    ns, nb = len(sellers), len(buyers)
    who = b.name[sellers]
    position = np.full(len(b.name), -1, dtype=np.int64)
    position[sellers] = np.arange(ns)
    entry = np.flatnonzero(position[b.branch] >= 0)
    seller_of = position[b.branch[entry]]
    free, settled = _window(pricing, sides, x, entry, seller_of, window, guess)
    lots, of = pricing.lot[entry[free]], seller_of[free]
    nl = len(lots)
    whole = pricing.lot[entry[settled]]
    ahead = np.bincount(seller_of[settled], p.lots.weight[whole], minlength=ns)

    # Columns: bought | sold | sale | f | slack of the rows | slack of the tracking cap.
    slack = R if elastic else 0
    c_sold, c_sale, c_f = nb, nb + ns, nb + ns + nl
    c_slack = c_f + k
    soc = rows.tracking
    columns = c_slack + slack + (1 if elastic and soc else 0)
    gamma = p.risk_aversion
    fixed_sold = np.zeros(n)
    fixed_sold[sides.exits] = p.held[sides.exits]
    rest = pricing.offset - fixed_sold
    money = 1.0 / UNIT  # the objective is scaled by UNIT as well: its linear part then needs no factor
    diagonal = np.concatenate(
        (
            2.0 * gamma * pricing.variance[buyers],
            2.0 * gamma * pricing.variance[who],
            np.zeros(nl),
            np.full(k, 2.0 * gamma),
            np.zeros(columns - c_slack),
        )
    )
    P = sparse.csc_matrix((diagonal * money, (np.arange(columns), np.arange(columns))), shape=(columns, columns))
    q = np.concatenate(
        (
            p.buy_cost[buyers] + 2.0 * gamma * pricing.variance[buyers] * rest[buyers],
            p.sell_cost[who] - 2.0 * gamma * pricing.variance[who] * rest[who],
            p.lots.tax[lots],
            np.zeros(k),
            np.full(columns - c_slack, elastic),
        )
    )

    blocks: list[tuple[Ints, Ints, Floats]] = []
    right: list[Floats] = []
    cones = []
    height = 0

    def put(row: Ints, column: Ints, value: Floats) -> None:
        some = value != 0.0  # most names are in few bands
        blocks.append((row[some] + height, column[some], value[some]))

    def close(b_: Floats, cone: type) -> None:
        nonlocal height
        if len(b_):
            right.append(b_)
            cones.append(cone(len(b_)))
            height += len(b_)

    exit_rows = pricing.at_rest + np.einsum("ij,i->j", pricing.to_sell, fixed_sold)
    gone = np.zeros(len(p.lots.weight))
    gone[whole] = p.lots.weight[whole]
    leaving = np.zeros(n, dtype=np.bool_)
    leaving[sides.exits] = True
    gone[leaving[p.lots.name]] = p.lots.weight[leaving[p.lots.name]]
    if len(rows.gain_rows):
        exit_rows[k + rows.gain_rows] += np.einsum("lj,l->j", rows.gains, gone)

    # f − Gᵀ(bought − sold) = Gᵀ(d at rest) + f0 ; sold − Σ sale = what is settled
    to_buy, to_sell = pricing.to_buy[buyers], pricing.to_sell[who]
    grid = np.arange(k)
    put(np.tile(grid, nb), np.repeat(np.arange(nb), k), -to_buy[:, :k].ravel())
    put(np.tile(grid, ns), np.repeat(c_sold + np.arange(ns), k), -to_sell[:, :k].ravel())
    put(grid, c_f + grid, np.ones(k))
    put(k + np.arange(ns), c_sold + np.arange(ns), np.ones(ns))
    put(k + of, c_sale + np.arange(nl), -np.ones(nl))
    close(np.concatenate((exit_rows[:k], ahead)), clarabel.ZeroConeT)

    # the coupling rows
    grid = np.arange(R)
    put(np.tile(grid, nb), np.repeat(np.arange(nb), R), to_buy[:, k:].ravel())
    put(np.tile(grid, ns), np.repeat(c_sold + np.arange(ns), R), to_sell[:, k:].ravel())
    for column, r in enumerate(rows.gain_rows):
        put(np.full(nl, r), c_sale + np.arange(nl), rows.gains[lots, column])
    if slack:
        put(grid, c_slack + grid, -np.ones(R))
    coupling_at = height
    close(-exit_rows[k:] - MARGIN, clarabel.NonnegativeConeT)

    # limits; slacks are not negative
    low = np.concatenate((sides.buy_low, sides.sell_low, np.zeros(nl)))
    high = np.concatenate((sides.buy_high, sides.sell_high, p.lots.weight[lots]))
    bounded = np.arange(nb + ns + nl)
    put(bounded, bounded, -np.ones(len(bounded)))
    close(-low, clarabel.NonnegativeConeT)
    put(bounded, bounded, np.ones(len(bounded)))
    close(np.maximum(high, low), clarabel.NonnegativeConeT)
    if columns > c_slack:
        extra = np.arange(columns - c_slack)
        put(extra, c_slack + extra, -np.ones(len(extra)))
        close(np.zeros(len(extra)), clarabel.NonnegativeConeT)

    cap_at = height
    if soc:  # (cap, f, σ d of those that trade, the rest) in the second-order cone
        moving = np.zeros(n, dtype=np.bool_)
        moving[buyers] = moving[who] = True
        still = float(np.sum((pricing.variance * rest**2)[~moving])) + p.fixed_variance
        place = np.full(n, -1, dtype=np.int64)
        place[moving] = np.arange(int(moving.sum()))
        grid = np.arange(k)
        put(1 + grid, c_f + grid, -np.ones(k))
        put(1 + k + place[buyers], np.arange(nb), -p.specific[buyers])
        put(1 + k + place[who], c_sold + np.arange(ns), p.specific[who])
        if elastic:
            put(np.zeros(1, dtype=np.int64), np.array([columns - 1]), -np.ones(1))
        head = np.concatenate(([p.tracking_cap - MARGIN], np.zeros(k), (p.specific * rest)[moving], [np.sqrt(still)]))
        close(head, clarabel.SecondOrderConeT)

    row, column, value = (np.concatenate([block[j] for block in blocks]) for j in range(3))
    A = sparse.csc_matrix((value, (row, column)), shape=(height, columns))
    solved = clarabel_solve(P, q, A, np.concatenate(right) * UNIT, cones)
    if str(solved.status) not in ("Solved", "AlmostSolved"):
        return None
    answer = np.array(solved.x) / UNIT
    z = np.array(solved.z)

    bought, sold, sale = np.zeros(n), fixed_sold.copy(), gone
    bought[buyers] = np.clip(answer[:nb], sides.buy_low, np.maximum(sides.buy_high, sides.buy_low))
    part = np.clip(answer[c_sold:c_sale], sides.sell_low, np.maximum(sides.sell_high, sides.sell_low))
    sold[who] = sold[who] + part
    if len(rows.gain_rows) and not elastic:
        # Which lot is sold first is the program's choice where gains are budgeted; only its last digits are mended.
        drawn = np.clip(answer[c_sale:c_f], 0.0, p.lots.weight[lots])
        sale[lots] = drawn
        sold[who] = np.bincount(seller_of[settled], p.lots.weight[whole], minlength=ns) + np.bincount(
            of, drawn, minlength=ns
        )
    else:
        amounts = np.zeros(len(b.name))
        amounts[sellers] = part
        sale[pricing.lot[entry]] = pricing.lots_at(amounts)[entry]

    multipliers = x.copy()
    rho = float(z[cap_at]) / (2.0 * p.tracking_cap) if soc else 0.0
    if soc:
        multipliers[-1] = max(rho, 0.0)
    multipliers[:k] = 2.0 * (gamma + rho) * answer[c_f:c_slack]
    multipliers[k : k + R] = np.maximum(z[coupling_at : coupling_at + R], 0.0)
    return measure(pricing, sides.candidate, sides.branch, bought, sold, sale, multipliers)


def _window(pricing, sides, x, entry, seller_of, window, guess):  # type: ignore[no-untyped-def]
    """Which of the sellers' lots stay free, and which are sold whole: by their slope against the marginal slope."""
    must = pricing.must[entry]
    if guess is None or not np.isfinite(window) or not len(entry):
        return np.flatnonzero(~must), np.flatnonzero(must)
    p, k, R, b = pricing.p, pricing.k, pricing.rows.linear, pricing.branches
    who = b.name[sides.sellers]
    amounts = guess.sold[who]
    gamma = p.risk_aversion + (x[-1] if pricing.rows.tracking else 0.0)
    price = p.sell_cost[who] + np.einsum("ij,j->i", pricing.to_sell[who], x[: k + R])
    marginal = 2.0 * gamma * pricing.variance[who] * (pricing.offset[who] - amounts) - price
    slope, before, weight = pricing.slope[entry], pricing.before[entry], pricing.weight[entry]
    amount = amounts[seller_of]
    # The lots on either side of the present sale stay free, whatever their slope.
    last = (before < amount) & (amount <= before + weight + TINY)
    next_ = (before <= amount + TINY) & (amount < before + weight)
    lowest = np.minimum(marginal, _of_seller(slope, last, seller_of, marginal, np.minimum))
    highest = np.maximum(marginal, _of_seller(slope, next_, seller_of, marginal, np.maximum))
    below = must | (slope < lowest[seller_of] - window)
    above = ~must & (slope > highest[seller_of] + window)
    return np.flatnonzero(~below & ~above), np.flatnonzero(below)


def _of_seller(slope, where, seller_of, default, pick):  # type: ignore[no-untyped-def]
    values = default.copy()
    chosen = np.flatnonzero(where)
    pick.at(values, seller_of[chosen], slope[chosen])
    return values
