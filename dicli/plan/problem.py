"""The planner's question and its answer: arrays in, arrays out, no knowledge of brokers or preferences.

Every weight, trade, cost, gain and cash figure is a **fraction of the account's value E** (0.01 is one percent of it);
prices of tax and trading are dollars per dollar traded; risk is annual. Shapes: n names, L lots, k factors, m bands.

The program (the words are those of `optimizer.py`): choose trades u to

    minimise   γ (‖f‖² + Σ σ_i² d_i² + v0)  +  Σ φ_i(u_i)        d = held + u − target + d0,   f = Gᵀ d + f0

where φ_i(u) is the cost of a purchase, or the tax and cost of a sale taken from the lots, subject to the rules per name
and per lot and to the coupling rows (cash, turnover, tracking error, gains, bands, number of names).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CANDIDATES = ("leave", "buy", "sell part", "sell all")


@dataclass(frozen=True, slots=True)
class Lots:
    """The lots of the account, all arrays (L,). The weights of a name's lots add up to its `held` weight.

    An account without taxes has one lot per name with tax 0.
    """

    name: Ints  # index of the lot's name, 0 … n−1
    weight: Floats  # what is there to sell, as a fraction of E
    tax: Floats  # dollars of tax per dollar sold; negative where selling saves tax
    short_gain: Floats  # short-term gain per dollar sold (negative: loss); 0 for a long-term lot
    long_gain: Floats  # long-term gain per dollar sold; 0 for a short-term lot
    sellable: Bools  # False: do not sell
    recent: Bools  # bought in the last 30 days: no OTHER lot of the name with a loss is sold while any of it is kept

    @classmethod
    def of(
        cls,
        name: ArrayLike,
        weight: ArrayLike,
        *,
        tax: ArrayLike = 0.0,
        short_gain: ArrayLike = 0.0,
        long_gain: ArrayLike = 0.0,
        sellable: ArrayLike = True,
        recent: ArrayLike = False,
    ) -> Lots:
        """Lots from anything array-like; scalars stand for all lots."""
        index = np.ascontiguousarray(name, dtype=np.int64).reshape(-1)
        L = len(index)
        return cls(
            index,
            _floats(weight, L),
            _floats(tax, L),
            _floats(short_gain, L),
            _floats(long_gain, L),
            _bools(sellable, L),
            _bools(recent, L),
        )


@dataclass(frozen=True, slots=True)
class Bands:
    """lower ≤ matrix @ (held + u) ≤ upper: weights *after* trading of sectors, industries, themes …"""

    matrix: Floats  # (m, n)
    lower: Floats  # (m,), −inf where there is none
    upper: Floats  # (m,), +inf where there is none
    names: tuple[str, ...]  # (m,), for messages: "sector Energy"


@dataclass(frozen=True, slots=True)
class Problem:
    """One account to plan. Make it with `Problem.of`, which fills in what is not asked for."""

    held: Floats  # (n,) weight held before trading
    target: Floats  # (n,) weight of the target
    factors: Floats  # (n, k) G: exposures × a square root of the annual factor covariance
    specific: Floats  # (n,) σ: annual standard deviation of the specific return
    risk_aversion: float  # γ: cost, as a fraction of E, of one unit of annual tracking variance
    cash: float  # before trading
    lots: Lots
    buy_cost: Floats  # (n,) dollars per dollar bought
    sell_cost: Floats  # (n,) dollars per dollar sold, tax apart
    max_buy: Floats  # (n,) most that may be bought; 0 = no purchase (a wash window, a no-buy name)
    lower: Floats  # (n,) least weight after trading
    upper: Floats  # (n,) greatest weight after trading; 0 = must be sold
    min_trade: Floats  # (n,) u = 0 or |u| ≥ min_trade; a full exit is always allowed
    step: (
        Floats  # (n,) weight of one share where only whole shares trade, 0 = fractional; a full exit is always allowed
    )
    cash_min: float  # least cash after trades and their costs
    cash_max: float
    turnover_cap: float  # on Σ|u| / 2
    tracking_cap: float  # on the annual tracking error √(‖f‖² + Σσ²d² + v0)
    short_gain_budget: float  # on the short-term gains realised by the plan, losses counted against them
    long_gain_budget: float  # the same, long-term
    net_gain_budget: float  # the same, both together
    bands: Bands
    max_names: int | None  # most names held after trading, among the `counted`
    counted: Bools  # (n,)
    fixed_factors: Floats  # (k,) f0: factor exposure of what is held away and completed
    fixed_active: Floats  # (n,) d0: active weight, by name, of what is held away
    fixed_variance: float  # v0: specific variance of held-away positions outside these n names
    names: tuple[str, ...] = field(default=())  # (n,) for messages

    @classmethod
    def of(
        cls,
        *,
        held: ArrayLike,
        target: ArrayLike,
        factors: ArrayLike,
        specific: ArrayLike,
        risk_aversion: float,
        cash: float,
        lots: Lots | None = None,
        buy_cost: ArrayLike = 0.0,
        sell_cost: ArrayLike = 0.0,
        max_buy: ArrayLike = np.inf,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        min_trade: ArrayLike = 0.0,
        step: ArrayLike = 0.0,
        cash_min: float = 0.0,
        cash_max: float = np.inf,
        turnover_cap: float = np.inf,
        tracking_cap: float = np.inf,
        short_gain_budget: float = np.inf,
        long_gain_budget: float = np.inf,
        net_gain_budget: float = np.inf,
        bands: Bands | None = None,
        max_names: int | None = None,
        counted: ArrayLike = True,
        fixed_factors: ArrayLike = 0.0,
        fixed_active: ArrayLike = 0.0,
        fixed_variance: float = 0.0,
        names: tuple[str, ...] = (),
    ) -> Problem:
        """A problem from anything array-like; scalars stand for all names; no `lots` means one untaxed lot a name.

        Raises ValueError where shapes or the lots' weights do not agree, or a figure is not a number: a mistake of
        the caller, never of the user.
        """
        w0 = np.ascontiguousarray(held, dtype=np.float64).reshape(-1)
        n = len(w0)
        G = np.ascontiguousarray(factors, dtype=np.float64)
        if G.ndim != 2 or G.shape[0] != n:
            raise ValueError(f"factors are {G.shape}, expected ({n}, k)")
        if lots is None:
            lots = Lots.of(np.flatnonzero(w0 > 0.0), w0[w0 > 0.0])
        if len(lots.name) and not (lots.name.min() >= 0 and lots.name.max() < n):
            raise ValueError(f"a lot names an index outside 0 … {n - 1}")
        if (lots.weight < 0.0).any():
            raise ValueError("a lot has a negative weight")
        in_lots = np.bincount(lots.name, lots.weight, minlength=n)
        if np.abs(in_lots - w0).max(initial=0.0) > 1e-9:
            raise ValueError(f"name {int(np.abs(in_lots - w0).argmax())}: its lots do not add up to its held weight")
        if bands is None:
            bands = Bands(np.zeros((0, n)), np.zeros(0), np.zeros(0), ())
        if bands.matrix.shape != (len(bands.names), n):
            raise ValueError(f"bands are {bands.matrix.shape}, expected ({len(bands.names)}, {n})")
        made = cls(
            held=w0,
            target=_floats(target, n),
            factors=G,
            specific=_floats(specific, n),
            risk_aversion=float(risk_aversion),
            cash=float(cash),
            lots=lots,
            buy_cost=_floats(buy_cost, n),
            sell_cost=_floats(sell_cost, n),
            max_buy=_floats(max_buy, n),
            lower=_floats(lower, n),
            upper=_floats(upper, n),
            min_trade=_floats(min_trade, n),
            step=_floats(step, n),
            cash_min=float(cash_min),
            cash_max=float(cash_max),
            turnover_cap=float(turnover_cap),
            tracking_cap=float(tracking_cap),
            short_gain_budget=float(short_gain_budget),
            long_gain_budget=float(long_gain_budget),
            net_gain_budget=float(net_gain_budget),
            bands=bands,
            max_names=max_names,
            counted=_bools(counted, n),
            fixed_factors=_floats(fixed_factors, G.shape[1]),
            fixed_active=_floats(fixed_active, n),
            fixed_variance=float(fixed_variance),
            names=names or tuple(f"name {i}" for i in range(n)),
        )
        for what in ("held", "target", "factors", "specific", "buy_cost", "sell_cost", "fixed_factors", "fixed_active"):
            if not np.isfinite(getattr(made, what)).all():
                raise ValueError(f"{what} has an entry that is not a finite number")
        if not (made.risk_aversion > 0.0 and (made.specific > 0.0).all()):
            raise ValueError("risk aversion and specific risks must be positive")
        return made


@dataclass(frozen=True, slots=True)
class Multiplier:
    """The price of one coupling row in the plan.

    `price` is what one more unit of the limit would save (fractions of E per unit of `limit`); 0 where the row does
    not bind. `value` is where the plan stands.
    """

    row: str  # "cash at least", "turnover", "tracking error", "net gains", "at most sector Energy", "names" …
    price: float
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds by stage."""

    bound: float
    plan: float
    rounding: float

    @property
    def total(self) -> float:
        return self.bound + self.plan + self.rounding


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan and the certificate of how far from the true optimum it can be.

    `cost` = `tax` + `tracking` + `trading`, fractions of E; `bound` ≤ true optimum ≤ `cost`;
    `gap` = (cost − bound) / `scale` with scale = max(|bound|, 1e-5).
    """

    trade: Floats  # (n,) u: bought > 0, sold < 0
    lot_sale: Floats  # (L,) weight sold of each lot; its sum by name is −u of the names sold
    cost: float
    bound: float
    gap: float
    scale: float
    tax: float  # Σ tax_l × sale_l
    tracking: float  # γ × variance
    trading: float  # Σ buy_cost × bought + sell_cost × sold
    multipliers: tuple[Multiplier, ...]
    candidate: Ints  # (n,) which of CANDIDATES the plan takes
    candidate_price: Floats  # (n, 4) price of each of CANDIDATES at the multipliers; inf where a rule forbids it
    candidate_trade: Floats  # (n, 4) the trade each of them would make at these prices; nan where forbidden
    regret: Floats  # (n,) price of the best candidate that the plan did not take minus that of the one it took
    tracking_error: float  # annual, ex ante, after the plan
    cash_after: float
    turnover: float  # Σ|u| / 2
    names_held: int  # among the counted
    short_gain: float  # realised by the plan, signed
    long_gain: float
    steps: int  # passes over all names and lots
    nodes: int  # 1, plus the branchings needed where the gap was still wide
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One constraint that no plan meets: `needed` is the nearest value that can be had, `limit` what was asked for."""

    row: str
    limit: float
    needed: float

    @property
    def amount(self) -> float:
        return abs(self.needed - self.limit)


class Infeasible(Exception):  # noqa: N818  (a finding about the preferences, not a failure of the program)
    """No plan meets all constraints. `nearest` is the best plan once each limit is moved by its shortfall."""

    def __init__(self, shortfalls: tuple[Shortfall, ...], nearest: Solution | None) -> None:
        self.shortfalls = shortfalls
        self.nearest = nearest
        super().__init__("; ".join(f"{s.row}: limit {s.limit:g}, at best {s.needed:g}" for s in shortfalls))


def _floats(values: ArrayLike, length: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (1,), (length,)):
        raise ValueError(f"an array is {array.shape}, expected ({length},)")
    if np.isnan(array).any():
        raise ValueError("an array holds nan")
    return np.ascontiguousarray(np.broadcast_to(array, (length,)))


def _bools(values: ArrayLike, length: int) -> Bools:
    array = np.asarray(values, dtype=np.bool_)
    if array.shape not in ((), (1,), (length,)):
        raise ValueError(f"an array is {array.shape}, expected ({length},)")
    return np.ascontiguousarray(np.broadcast_to(array, (length,)))
