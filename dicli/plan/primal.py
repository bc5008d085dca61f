"""The plan: with every name's side fixed what remains is convex, a sparse quadratic program solved by Clarabel.

    minimise   γ (‖f‖² + Σ σ_i² d_i²) + Σ c_i bought_i + Σ c_i sold_i + Σ tax_l sale_l
    subject to f = Gᵀ d + f0,   sold_i = Σ_{l of i} sale_l,   the coupling rows,   the limits of each side

in factor form (never an n × n matrix). Lots whose slope is far from the marginal one at the dual prices are settled
beforehand: sold whole or kept whole. How far is `window`; whether it was enough is seen from the certificate.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return _Program(pricing, sides, x, window, elastic, guess).solve()


class _Program:
    """The quadratic program in Clarabel's form: minimise ½ yᵀPy + qᵀy subject to b − Ay in a product of cones.

    Columns y: bought | sold | sale of the free lots | f | slack of the rows | slack of the tracking cap.
    """

    def __init__(
        self, pricing: Pricing, sides: Sides, x: Floats, window: float, elastic: float, guess: Choice | None
    ) -> None:
        self.pricing, self.sides, self.x, self.elastic = pricing, sides, x, elastic
        p, k, rows, b = pricing.p, pricing.k, pricing.rows, pricing.branches
        pricing.sort(x[k + rows.gain_rows])
        self.buyers, self.who = sides.buyers, b.name[sides.sellers]
        position = np.full(len(b.name), -1, dtype=np.int64)
        position[sides.sellers] = np.arange(len(sides.sellers))
        self.entry = np.flatnonzero(position[b.branch] >= 0)
        seller_of = position[b.branch[self.entry]]
        free, settled = self._settled(seller_of, window, guess)
        self.lots, self.of = pricing.lot[self.entry[free]], seller_of[free]
        whole = pricing.lot[self.entry[settled]]
        ahead = np.bincount(seller_of[settled], p.lots.weight[whole], minlength=len(self.who))
        self.ahead = ahead.astype(np.float64)

        slack = rows.linear if elastic else 0
        widths = (len(self.buyers), len(self.who), len(self.lots), k, slack, int(rows.tracking) if elastic else 0)
        starts = np.concatenate(([0], np.cumsum(widths)))
        self.buy, self.sell, self.sale, self.f, self.slack, self.over = (
            np.arange(start, start + width) for start, width in zip(starts, widths, strict=False)
        )
        self.columns = int(starts[-1])

        # What does not move: exits, and the lots sold whole.
        self.exited = np.zeros(len(p.held))
        self.exited[sides.exits] = p.held[sides.exits]
        self.rest = pricing.offset - self.exited
        leaving = self.exited[p.lots.name] > 0.0
        self.gone = np.where(leaving, p.lots.weight, 0.0)
        self.gone[whole] = p.lots.weight[whole]
        self.left = pricing.at_rest + np.einsum("ij,i->j", pricing.to_sell, self.exited)
        self.left[k + rows.gain_rows] += np.einsum("lj,l->j", rows.gains, self.gone)

        self.blocks: list[tuple[Ints, Ints, Floats]] = []
        self.right: list[Floats] = []
        self.cones: list[object] = []
        self.height = 0

    def _settled(self, seller_of: Ints, window: float, guess: Choice | None) -> tuple[Ints, Ints]:
        """Which of the sellers' lots stay free, and which are sold whole: by their slope against the marginal one."""
        pricing, entry, who = self.pricing, self.entry, self.who
        must = pricing.must[entry]
        if guess is None or not np.isfinite(window) or not len(entry):
            return np.flatnonzero(~must), np.flatnonzero(must)
        p, x = pricing.p, self.x
        sold = guess.sold[who]
        gamma = p.risk_aversion + (x[-1] if pricing.rows.tracking else 0.0)
        price = p.sell_cost[who] + np.einsum("ij,j->i", pricing.to_sell[who], x[: pricing.k + pricing.rows.linear])
        marginal = 2.0 * gamma * pricing.variance[who] * (pricing.offset[who] - sold) - price
        slope, before, weight = pricing.slope[entry], pricing.before[entry], pricing.weight[entry]
        amount = sold[seller_of]
        # The lots on either side of the present sale stay free, whatever their slope.
        last = np.flatnonzero((before < amount) & (amount <= before + weight + TINY))
        following = np.flatnonzero((before <= amount + TINY) & (amount < before + weight))
        low, high = marginal.copy(), marginal.copy()
        np.minimum.at(low, seller_of[last], slope[last])
        np.maximum.at(high, seller_of[following], slope[following])
        below = must | (slope < low[seller_of] - window)
        above = ~must & (slope > high[seller_of] + window)
        return np.flatnonzero(~below & ~above), np.flatnonzero(below)

    # The parts of the program

    def _put(self, row: Ints, column: Ints, value: Floats) -> None:
        some = value != 0.0  # most names are in few bands
        self.blocks.append((row[some] + self.height, column[some], value[some]))

    def _matrix(self, columns: Ints, values: Floats, first: int = 0) -> None:
        """`values` (columns, rows) into the rows from `first` on."""
        width = values.shape[1]
        self._put(first + np.tile(np.arange(width), len(columns)), np.repeat(columns, width), values.ravel())

    def _diagonal(self, columns: Ints, values: Floats, first: int = 0) -> None:
        self._put(first + np.arange(len(columns)), columns, values)

    def _close(self, right: Floats, cone: Callable[[int], object]) -> None:
        if len(right):
            self.right.append(right)
            self.cones.append(cone(len(right)))
            self.height += len(right)

    def _objective(self) -> tuple[Floats, Floats]:
        """Diagonal of P, and q."""
        p, variance, gamma = self.pricing.p, self.pricing.variance, self.pricing.p.risk_aversion
        P, q = np.zeros(self.columns), np.zeros(self.columns)
        P[self.buy] = 2.0 * gamma * variance[self.buyers]
        P[self.sell] = 2.0 * gamma * variance[self.who]
        P[self.f] = 2.0 * gamma
        q[self.buy] = p.buy_cost[self.buyers] + P[self.buy] * self.rest[self.buyers]
        q[self.sell] = p.sell_cost[self.who] - P[self.sell] * self.rest[self.who]
        q[self.sale] = p.lots.tax[self.lots]
        q[self.slack] = q[self.over] = self.elastic
        return P, q

    def _balances(self) -> None:
        """f − Gᵀ(bought − sold) = Gᵀ(d at rest) + f0; sold − Σ sale = what is settled."""
        k = self.pricing.k
        self._matrix(self.buy, -self.pricing.to_buy[self.buyers, :k])
        self._matrix(self.sell, -self.pricing.to_sell[self.who, :k])
        self._diagonal(self.f, np.ones(k))
        self._diagonal(self.sell, np.ones(len(self.sell)), first=k)
        self._put(k + self.of, self.sale, -np.ones(len(self.sale)))
        self._close(np.concatenate((self.left[:k], self.ahead)), clarabel.ZeroConeT)

    def _coupling(self) -> None:
        k, rows = self.pricing.k, self.pricing.rows
        self._matrix(self.buy, self.pricing.to_buy[self.buyers, k:])
        self._matrix(self.sell, self.pricing.to_sell[self.who, k:])
        for column, r in enumerate(rows.gain_rows):
            self._put(np.full(len(self.lots), r), self.sale, rows.gains[self.lots, column])
        self._diagonal(self.slack, -np.ones(len(self.slack)))
        # an equation keeps its margin on one side: two rows that both keep it would leave nothing between them
        margin = np.where(rows.twin, -MARGIN, MARGIN)
        self._close(-self.left[k:] - margin, clarabel.NonnegativeConeT)

    def _limits(self) -> None:
        sides, weight = self.sides, self.pricing.p.lots.weight[self.lots]
        low = np.concatenate((sides.buy_low, sides.sell_low, np.zeros(len(weight))))
        high = np.concatenate((sides.buy_high, sides.sell_high, weight))
        bounded = np.arange(len(low))
        self._diagonal(bounded, -np.ones(len(low)))
        self._close(-low, clarabel.NonnegativeConeT)
        self._diagonal(bounded, np.ones(len(low)))
        self._close(np.maximum(high, low), clarabel.NonnegativeConeT)
        slacks = np.concatenate((self.slack, self.over))
        self._diagonal(slacks, -np.ones(len(slacks)))
        self._close(np.zeros(len(slacks)), clarabel.NonnegativeConeT)

    def _cap(self) -> None:
        """(cap, f, σ d of the names that trade, the rest) in the second-order cone."""
        pricing, p, k = self.pricing, self.pricing.p, self.pricing.k
        moving = np.zeros(len(p.held), dtype=np.bool_)
        moving[self.buyers] = moving[self.who] = True
        still = float(np.sum((pricing.variance * self.rest**2)[~moving])) + p.fixed_variance
        place = np.cumsum(moving) + k
        self._diagonal(self.f, -np.ones(k), first=1)
        self._put(place[self.buyers], self.buy, -p.specific[self.buyers])
        self._put(place[self.who], self.sell, p.specific[self.who])
        self._diagonal(self.over, -np.ones(len(self.over)))
        right = ([p.tracking_cap - MARGIN], np.zeros(k), (p.specific * self.rest)[moving], [np.sqrt(still)])
        self._close(np.concatenate(right), clarabel.SecondOrderConeT)

    # The answer

    def solve(self) -> Plan | None:
        P, q = self._objective()
        self._balances()
        coupling = self.height
        self._coupling()
        self._limits()
        cap = self.height
        if self.pricing.rows.tracking:
            self._cap()
        row, column, value = (np.concatenate([block[j] for block in self.blocks]) for j in range(3))
        A = sparse.csc_matrix((value, (row, column)), shape=(self.height, self.columns))
        # With weights and costs both in units of 1 / UNIT the quadratic part shrinks by UNIT, the linear part stays.
        solved = clarabel_solve(
            sparse.diags_array(P / UNIT).tocsc(), q, A, np.concatenate(self.right) * UNIT, self.cones
        )
        if str(solved.status) not in ("Solved", "AlmostSolved"):
            return None
        rows, gamma, k = self.pricing.rows, self.pricing.p.risk_aversion, self.pricing.k
        y, z, multipliers = np.array(solved.x) / UNIT, np.array(solved.z), self.x.copy()
        multipliers[k : k + rows.linear] = np.maximum(z[coupling : coupling + rows.linear], 0.0)
        if rows.tracking:  # the cone's own multiplier is on the standard deviation, ρ on the variance
            multipliers[-1] = max(float(z[cap]) / (2.0 * self.pricing.p.tracking_cap), 0.0)
            gamma += float(multipliers[-1])
        multipliers[:k] = 2.0 * gamma * y[self.f]
        return self._plan(y, multipliers)

    def _plan(self, y: Floats, multipliers: Floats) -> Plan:
        """The exact plan behind the solver's answer, its last digits mended."""
        pricing, sides, weight = self.pricing, self.sides, self.pricing.p.lots.weight
        bought, sold, sale = np.zeros(len(self.exited)), self.exited.copy(), self.gone
        bought[self.buyers] = np.clip(y[self.buy], sides.buy_low, np.maximum(sides.buy_high, sides.buy_low))
        part: Floats = np.clip(y[self.sell], sides.sell_low, np.maximum(sides.sell_high, sides.sell_low))
        if len(pricing.rows.gain_rows):  # which lot goes first is the program's own choice where gains are budgeted
            sale[self.lots] = np.clip(y[self.sale], 0.0, weight[self.lots])
            part = self.ahead + np.bincount(self.of, sale[self.lots], minlength=len(part)).astype(np.float64)
        else:
            amounts = np.zeros(len(pricing.branches.name))
            amounts[sides.sellers] = part
            sale[pricing.lot[self.entry]] = pricing.lots_at(amounts)[self.entry]
        sold[self.who] += part
        return measure(pricing, sides.candidate, sides.branch, bought, sold, sale, multipliers)
