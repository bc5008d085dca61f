"""Estimates of a factor model that an optimizer cannot fool: arrays in, arrays out.

A plain principal-component model understates the risk of any portfolio that was optimized with it: the optimizer seeks
out the directions in which the estimate happens to be too low. What helps is to forecast with the *expected*
covariance given the data, for which a portfolio chosen from the same data has no blind side. Four steps do that, each
of them standard, and all of them conserve every name's total variance, so that what is taken from the common factors
is given to the specific risk and nothing is lost to the forecast:

1. principal components of the correlations, their eigenvalues shrunk for sampling error: with n names and T effective
   days an observed λ belongs to a true ℓ < λ, and its eigenvector to the true one only by c² < 1 (`shrunk`: Donoho,
   Gavish and Johnstone, "Optimal Shrinkage of Eigenvalues in the Spiked Covariance Model", Annals of Statistics 2018);
2. a structured target whose exposures are known rather than estimated (`blocks`, `style`): average correlations within
   and between sectors, the ones between sectors half-way to one common figure (Ledoit and Wolf, "Honey, I Shrunk the
   Sample Covariance Matrix", 2004), plus momentum (quarter and year) and size, exposures as of today, variances of
   the daily cross-sectional slopes (Fama and MacBeth 1973; the styles of Menchero, Orr and Wang, "The Barra US Equity
   Model (USE4)", 2011, that prices and weights alone can show);
3. the covariance is 60 % of the first and 40 % of the second (`TARGET`: shrinkage to a structured target; Ledoit and
   Wolf 2003). An exposure that is hedged only by the noise of the first is still open in the second;
4. two share classes of one company keep one specific risk between them (`twins`).

`benchmarks/risk_validation.py` holds what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

TRADING_DAYS = 252
"""Daily variances times this are annual ones."""

HALF_LIFE = 252.0
"""Days. With 504 days it leaves about 436 effective ones; 126 and no weighting at all forecast no better."""

TARGET = 0.4
"""The structured target's share. From 0.3 to 0.5 the figures hardly move; at 0 a screened sector that the optimizer
has hedged realises 1.9 times its forecast, at 0.7 the portfolios themselves become worse."""

COMMON_CORRELATION = 0.5
"""How far the correlations between sectors are drawn to their average."""

QUARTER, YEAR = 63, 252
"""Days over which momentum is measured. Of what was sold for its losses, last quarter's losers are a common bet."""
MOST_FACTORS = 20
LEAST_SHARE = 0.004
"""A component is a factor where it explains this much of the average name's variance, after shrinkage."""

LEAST_DAYS = 126
"""Half a year: the least that a model is made from, and that a name's own volatility is trusted with in full."""

CAUTIOUS = 0.75
"""A name without history gets this quantile of its sector's volatilities."""

LEAST_SECTOR = 5
LEAST_STYLE = 20
TWIN = 0.95
FLOOR = 0.05  # annual; and a tenth of a name's own variance: no name is only factors
LEAST_VOLATILITY = 1e-3
VOLATILITY_FLOOR = 0.3  # of the median name's


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """`factors` (n, k) and `specific` (n,), annual; `components` of the k are statistical.

    `own` (n,): the name had enough history for exposures of its own. `residuals` (T, n): standardised daily returns
    net of market and sector × the square root of the day's weight, NaN where there is no price.
    """

    factors: Floats
    specific: Floats
    components: int
    own: Bools
    residuals: Floats


def day_weights(days: int, half_life: float = HALF_LIFE) -> Floats:
    """Exponential weights (T,), newest last, that sum to 1."""
    weight = 0.5 ** (np.arange(days)[::-1] / half_life)
    return np.asarray(weight / weight.sum())


def with_history(returns: Floats) -> Bools:
    """Which names (n,) have half of the days, and half a year at least: enough for exposures of their own."""
    return np.asarray(np.sum(~np.isnan(returns), axis=0) >= max(LEAST_DAYS, len(returns) // 2))


def estimate(returns: Floats, group: Ints, size: Floats | None = None) -> Estimate:
    """The model of daily simple `returns` (T, n), oldest first, NaN on missing days.

    `group` (n,): each name's sector as a number from 0; sectors of fewer than five names are thrown together.
    `size` (n,): anything proportional to market value (benchmark weights will do); 0 or NaN where unknown.
    At least `LEAST_DAYS` of returns are needed, and one name that has them (ValueError).
    """
    days = len(returns)
    seen = ~np.isnan(returns)
    own = with_history(returns)
    if days < LEAST_DAYS or not own.any():
        raise ValueError(f"{LEAST_DAYS} days of returns are needed for at least one name")
    weight = day_weights(days)
    member = _membership(group, own)
    demeaned = np.where(seen, returns - _mean(returns, seen, weight), 0.0)
    volatility = _volatility(demeaned, seen, weight, member, own)
    daily = demeaned / volatility  # per day, of a name whose annual standard deviation is 1
    average = _group_average(daily, seen & own, member)
    daily = np.where(seen, daily, average @ member.T)  # a missing day is the sector's day
    scaled = daily * np.sqrt(weight * TRADING_DAYS)[:, None]

    statistical = components(scaled, own, 1.0 / float(np.sum(weight**2)))
    structured = [blocks(scaled[:, own], member, own)]
    neutral = daily - average @ member.T
    if own.sum() >= LEAST_STYLE:
        for value, known in characteristics(np.where(seen, returns, 0.0), own, size):
            last = len(value)
            structured.append(style(value, neutral[-last:], weight[-last:], known))
    factors = np.hstack([np.sqrt(1.0 - TARGET) * statistical, np.sqrt(TARGET) * np.hstack(structured)])
    left = np.maximum(1.0 - np.sum(factors**2, axis=1), 0.1)
    specific = np.maximum(np.sqrt(left) * volatility, FLOOR)
    residuals = np.where(seen, neutral * np.sqrt(weight * TRADING_DAYS)[:, None], np.nan)
    shared, specific = twins(residuals[:, own], np.flatnonzero(own), specific, volatility)
    return Estimate(
        factors=np.hstack([factors * volatility[:, None], shared]),
        specific=specific,
        components=statistical.shape[1],
        own=own,
        residuals=residuals,
    )


def components(scaled: Floats, own: Bools, days: float) -> Floats:
    """Exposures (n, k) to the principal components of `scaled` (T, n), in units of each name's volatility.

    The components are those of the names with a history of their `own`; the others are projected on them. `days` is
    the number of effective observations.
    """
    Z = scaled[:, own]
    n = Z.shape[1]
    most = min(MOST_FACTORS, n // 4)
    if not most:
        return np.zeros((scaled.shape[1], 0))
    # The Gram matrix over days has the same eigenvalues, and 504 rows whatever the number of names.
    eigenvalue, vector = np.linalg.eigh(Z @ Z.T)
    eigenvalue, vector = eigenvalue[::-1], vector[:, ::-1]
    kept = shrunk(eigenvalue, n, days, most)
    k = int(np.sum(kept >= LEAST_SHARE * n))
    exposure = scaled.T @ (vector[:, :k] / np.sqrt(eigenvalue[:k]))
    heaviest = np.argmax(np.abs(np.round(exposure, 8)), axis=0)
    sign = np.sign(exposure[heaviest, np.arange(k)])
    return np.asarray(exposure * (sign * np.sqrt(kept[:k])))


def shrunk(eigenvalue: Floats, n: int, days: float, k: int) -> Floats:
    """What each of the `k` largest sample eigenvalues adds to the bulk in truth (k,), 0 where it cannot be told apart.

    Spiked model with γ = n ÷ days and the bulk at 1: λ = ℓ + γℓ ÷ (ℓ − 1), and the squared cosine of the sample
    eigenvector with the true one is c² = (1 − γ ÷ (ℓ − 1)²) ÷ (1 + γ ÷ (ℓ − 1)). Along the *sample* eigenvector the
    true variance is 1 + (ℓ − 1)c², the shrinker that is optimal in Frobenius loss.
    """
    gamma = n / days
    bulk = float(eigenvalue[k:].sum()) / max(n - k * (1.0 + gamma), 1.0)
    if bulk <= 0.0:
        return np.zeros(k)
    observed = eigenvalue[:k] / bulk
    above = observed > (1.0 + np.sqrt(gamma)) ** 2
    shifted = np.where(above, observed, (1.0 + np.sqrt(gamma)) ** 2) + 1.0 - gamma
    true = (shifted + np.sqrt(np.maximum(shifted**2 - 4.0 * (shifted - 1.0 + gamma), 0.0))) / 2.0
    spike = np.maximum(true - 1.0, 1e-9)
    cosine = np.maximum(1.0 - gamma / spike**2, 0.0) / (1.0 + gamma / spike)
    return np.asarray(np.where(above, bulk * spike * cosine, 0.0))


def blocks(Z: Floats, member: Floats, own: Bools) -> Floats:
    """Exposures (n, sectors) that reproduce the average correlation within and between sectors.

    `Z` (T, names with a history of their own), columns of unit length; `member` (n, sectors) of zeros and ones.
    """
    inside = member[own]
    count = inside.sum(axis=0)
    mean = Z @ (inside / count)
    between = mean.T @ mean
    # The mean of a sector's correlations without the ones on the diagonal; a lone name shares half its variance.
    self_part = np.sum(Z**2, axis=0) @ inside
    pairs = count * (count - 1.0)
    within = np.where(
        pairs > 0, (count**2 * np.diag(between) - self_part) / np.maximum(pairs, 1.0), 0.5 * np.diag(between)
    )
    off = ~np.eye(len(count), dtype=bool)
    if off.any():
        between[off] += COMMON_CORRELATION * (between[off].mean() - between[off])
    np.fill_diagonal(between, within)
    value, vector = np.linalg.eigh((between + between.T) / 2.0)
    # The symmetric square root: unlike Cholesky's or V√λ it has no signs or order to choose.
    return np.asarray(member @ (vector * np.sqrt(np.maximum(value, 0.0)) @ vector.T))


def characteristics(returns: Floats, own: Bools, size: Floats | None) -> list[tuple[Floats, Bools]]:
    """What a name's price and size say of it at each day's close, as (up to T, n) with the names (n,) known for it.

    The return of the last quarter, that of the last year, and log market value: today's carried back by the prices.
    """
    price = np.cumsum(np.log1p(returns), axis=0)
    made = [(price[days:] - price[:-days], own) for days in (QUARTER, YEAR) if len(price) >= days + QUARTER]
    if size is not None:
        known = own & (np.nan_to_num(size) > 0.0)
        made.append((np.log(np.where(known, size, 1.0)) + price - price[-1], known))
    return made


def style(characteristic: Floats, neutral: Floats, weight: Floats, known: Bools) -> Floats:
    """Exposures (n, 1) to the factor that goes with a characteristic, in units of each name's volatility.

    `characteristic` (T, n) at each day's close, `neutral` (T, n) standardised daily returns net of the sector. Each
    day's factor return is the slope of returns on the characteristic of the day *before*; its variance less what
    specific risk alone would give is the factor's. Names not `known` have exposure 0.
    """
    score = _scores(np.where(known, characteristic, np.nan)[:, known])
    given, then = score[:-1], neutral[1:, known]
    square = np.maximum(np.sum(given**2, axis=1), 1e-12)
    slope = np.sum(given * then, axis=1) / square
    share = weight[1:] / weight[1:].sum()
    noise = (given**2 @ (share @ then**2)) / square**2
    variance = max(float(share @ (slope**2 - noise)), 0.0) * TRADING_DAYS
    exposure = np.zeros((len(known), 1))
    exposure[known, 0] = score[-1] * np.sqrt(variance)
    return exposure


def twins(residuals: Floats, at: Ints, specific: Floats, volatility: Floats) -> tuple[Floats, Floats]:
    """Factors (n, pairs) that two lines of one company share, and the specific risks (n,) less that part.

    Twins are names whose returns net of market and sector correlate above `TWIN`, which share classes do and
    competitors do not; `residuals` (T, len(at)) are those of the rows `at`.
    """
    rho = correlations(residuals)
    np.fill_diagonal(rho, 0.0)
    specific = specific.copy()
    shared = []
    taken: set[int] = set()
    first, second = np.nonzero(np.triu(rho) > TWIN)
    for i, j in sorted(zip(first.tolist(), second.tolist(), strict=True), key=lambda pair: (-rho[pair], pair)):
        if taken & {i, j}:
            continue
        taken |= {i, j}
        pair = at[[i, j]]
        # As their factor exposures are all but equal, what makes the two differ is (1 − ρ) of the residual variance.
        spread = float(np.mean(np.nansum(residuals[:, [i, j]] ** 2, axis=0))) * (1.0 - float(rho[i, j]))
        common = np.clip(1.0 - spread * volatility[pair] ** 2 / specific[pair] ** 2, 0.0, 0.999)
        column = np.zeros(len(specific))
        column[pair] = np.sqrt(common) * specific[pair]
        specific[pair] *= np.sqrt(1.0 - common)
        shared.append(column)
    return (np.column_stack(shared) if shared else np.zeros((len(specific), 0))), specific


def correlations(residuals: Floats, least: int = QUARTER) -> Floats:
    """Pairwise correlations (n, n) over the days that both names have; 0 where they share fewer than `least`."""
    seen = ~np.isnan(residuals)
    filled = np.where(seen, residuals, 0.0)
    flags = seen.astype(np.float64)
    common = flags.T @ flags
    square = filled**2
    size = np.sqrt((square.T @ flags) * (flags.T @ square))
    return np.where((common >= least) & (size > 0.0), (filled.T @ filled) / np.where(size > 0.0, size, 1.0), 0.0)


def _membership(group: Ints, own: Bools) -> Floats:
    """Zeros and ones (n, sectors): a sector with too few names of their own history joins the rest."""
    count = np.bincount(group[own], minlength=int(group.max()) + 1)
    large = count >= LEAST_SECTOR
    number = np.where(large, np.cumsum(large) - 1, large.sum())[group]
    member = np.zeros((len(group), int(large.sum()) + 1))
    member[np.arange(len(group)), number] = 1.0
    if not member[own, -1].any():
        # Nobody to average over: whoever is left over is an average name.
        left = member[:, -1] > 0.0
        member = member[:, :-1]
        member[left] = 1.0 / member.shape[1]
    return member


def _mean(returns: Floats, seen: Bools, weight: Floats) -> Floats:
    return np.asarray((weight @ np.where(seen, returns, 0.0)) / np.maximum(weight @ seen, 1e-12))


def _group_average(daily: Floats, seen: Bools, member: Floats) -> Floats:
    """The average standardised return of each sector (T, sectors), of all names on a day when a sector has none."""
    count = seen @ member
    total = np.where(seen, daily, 0.0) @ member
    everyone = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1.0)
    return np.where(count > 0.0, total / np.maximum(count, 1e-12), everyone[:, None])


def _volatility(demeaned: Floats, seen: Bools, weight: Floats, member: Floats, own: Bools) -> Floats:
    """Annual standard deviations (n,). A name that missed calm or wild days is scaled to the whole window.

    With fewer than `LEAST_DAYS` days its own figure counts in proportion, the cautious one of its sector for the rest.
    """
    covered = np.maximum(weight @ seen, 1e-12)
    plain = np.maximum((weight @ demeaned**2) / covered, 1e-12)
    breadth = np.maximum(seen[:, own].sum(axis=1), 1)
    storm = (demeaned[:, own] ** 2 / plain[own]).sum(axis=1) / breadth
    whole = float(weight @ storm)
    alike = np.maximum(weight @ (seen * storm[:, None]) / covered, 1e-12)
    volatility = np.sqrt(plain * whole / alike * TRADING_DAYS)
    trust = np.minimum(seen.sum(axis=0) / LEAST_DAYS, 1.0)
    if (trust < 1.0).any():
        spread = [np.quantile(volatility[own & (m > 0.0)], CAUTIOUS) for m in member.T]
        cautious = (member @ np.array(spread)) / member.sum(axis=1)
        volatility = np.where(trust < 1.0, volatility**trust * cautious ** (1.0 - trust), volatility)
    # where no price moves at all there is no median to lean on
    floor = max(VOLATILITY_FLOOR * float(np.median(volatility[own])), LEAST_VOLATILITY)
    return np.asarray(np.maximum(volatility, floor))


def _scores(value: Floats) -> Floats:
    """Each day's cross-section (T, n) as robust scores within ±3, mean 0 and variance 1; 0 where all are alike."""
    value = value - np.median(value, axis=1, keepdims=True)
    value = np.clip(value / np.maximum(1.4826 * np.median(np.abs(value), axis=1, keepdims=True), 1e-12), -3.0, 3.0)
    value = value - value.mean(axis=1, keepdims=True)
    spread = value.std(axis=1, keepdims=True)
    return np.where(spread > 1e-9, value / np.maximum(spread, 1e-9), 0.0)
