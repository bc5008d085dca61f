"""The risk model: what it recovers and floors, what it says of itself, and what an optimizer cannot do to it."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from dicli.errors import MarketError
from dicli.plan import risk, risk_factors
from dicli.plan.risk import RiskModel, sector_blocks, statistical, substitutes, tracking_error

DAYS = 504


def dates(days: int = DAYS) -> list[dt.date]:
    return [dt.date(2025, 1, 1) + dt.timedelta(days=i) for i in range(days)]


class World:
    """Returns drawn from a covariance that is known: a market, sectors, and each name's own."""

    def __init__(self, n: int = 120, sectors: int = 6, days: int = DAYS, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        self.symbols = tuple(f"S{i:03}" for i in range(n))
        self.sector = np.arange(n) % sectors
        self.sectors = tuple(f"sector {s}" for s in self.sector)
        self.factors = np.column_stack([0.18 * rng.uniform(0.7, 1.3, n), 0.12 * np.eye(sectors)[self.sector]])
        self.specific = rng.uniform(0.18, 0.32, n)
        self.returns = self.draw(days, rng)

    def draw(self, days: int, rng: np.random.Generator) -> np.ndarray:
        common = rng.standard_normal((days, self.factors.shape[1])) @ self.factors.T
        return (common + rng.standard_normal((days, len(self.specific))) * self.specific) / math.sqrt(252)

    @property
    def covariance(self) -> np.ndarray:
        return self.factors @ self.factors.T + np.diag(self.specific**2)

    def error(self, active: np.ndarray) -> float:
        return float(np.sqrt(active @ self.covariance @ active))

    def model(self, **changes: object) -> RiskModel:
        return statistical(
            **({"returns": self.returns, "symbols": self.symbols, "dates": dates(), "sectors": self.sectors} | changes)
        )


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def model(world: World) -> RiskModel:
    return world.model()


def covariance(model: RiskModel) -> np.ndarray:
    return model.factors @ model.factors.T + np.diag(model.specific**2)


def least_tracking(cov: np.ndarray, benchmark: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Weights on `held` that sum to 1 and track best, short sales allowed: closed form."""
    inverse = np.linalg.inv(cov[np.ix_(held, held)])
    wish = inverse @ (cov[held] @ benchmark)
    ones = inverse @ np.ones(len(held))
    weights = np.zeros(len(benchmark))
    weights[held] = wish + ones * (1.0 - wish.sum()) / ones.sum()
    return weights


# --- tracking error ---------------------------------------------------------------------------------------------------


def test_tracking_error_is_the_root_of_the_quadratic_form():
    model = RiskModel(("A", "B"), np.array([[0.2, 0.0], [0.2, 0.1]]), np.array([0.3, 0.4]), "by hand")
    # Market 0.2·(0.1 − 0.1) = 0; the second factor −0.01; specific 0.03 and 0.04.
    assert tracking_error(model, np.array([0.1, -0.1])) == pytest.approx(math.sqrt(0.01**2 + 0.03**2 + 0.04**2))
    assert tracking_error(model, np.zeros(2)) == 0.0
    assert model.volatility() == pytest.approx([math.hypot(0.2, 0.3), math.sqrt(0.04 + 0.01 + 0.16)])


def test_an_unknown_symbol_is_a_key_error(model: RiskModel):
    assert model.index("S007") == 7
    with pytest.raises(KeyError, match="XYZ"):
        model.index("XYZ")


# --- a known covariance is recovered ----------------------------------------------------------------------------------


def test_volatilities_are_annual(world: World, model: RiskModel):
    truth = np.sqrt(np.diag(world.covariance))
    assert np.median(model.volatility() / truth) == pytest.approx(1.0, abs=0.03)
    assert np.abs(model.volatility() / truth - 1.0).max() < 0.2


def test_variance_is_conserved_from_sample_to_model(world: World, model: RiskModel):
    """What shrinkage takes from the factors goes to the specific risk: nothing is lost to the forecast."""
    weight = risk_factors.day_weights(DAYS)
    sample = np.sqrt(252 * (weight @ (world.returns - weight @ world.returns) ** 2))
    assert model.volatility() == pytest.approx(sample, rel=1e-6)


def test_random_portfolios_are_forecast_as_they_are(world: World, model: RiskModel):
    rng = np.random.default_rng(0)
    n = len(world.symbols)
    ratios = []
    for _ in range(50):
        active = np.full(n, -1.0 / n)
        chosen = rng.choice(n, 25, replace=False)
        active[chosen] += 1.0 / 25
        ratios.append(world.error(active) / tracking_error(model, active))
    assert np.median(ratios) == pytest.approx(1.0, abs=0.05)


def test_the_optimizer_cannot_feed_on_the_estimate(world: World, model: RiskModel):
    """The portfolio that the sample covariance likes best is far worse than promised, the model's own is not."""
    benchmark = np.full(len(world.symbols), 1.0 / len(world.symbols))
    sample = np.cov(world.returns, rowvar=False) * 252
    honest, plain = [], []
    rng = np.random.default_rng(1)
    for _ in range(20):
        held = np.sort(rng.choice(len(benchmark), 100, replace=False))
        active = least_tracking(covariance(model), benchmark, held) - benchmark
        honest.append(world.error(active) / tracking_error(model, active))
        active = least_tracking(sample, benchmark, held) - benchmark
        plain.append(world.error(active) / math.sqrt(active @ sample @ active))
    assert np.median(plain) > 1.2
    assert 0.9 < np.median(honest) < 1.1


def test_a_sector_left_out_cannot_be_hedged_away(world: World, model: RiskModel):
    """Other sectors know nothing of this one, whatever the loadings in 504 days look like."""
    benchmark = np.full(len(world.symbols), 1.0 / len(world.symbols))
    held = np.flatnonzero(world.sector != 0)
    active = least_tracking(covariance(model), benchmark, held) - benchmark
    assert world.error(active) / tracking_error(model, active) == pytest.approx(1.0, abs=0.15)


def test_the_market_and_the_sectors_are_the_factors_found():
    world = World(n=200, sectors=4)
    model = world.model()
    assert model.label == "statistical, 4 factors and 4 sectors from 504 days to 2026-05-19"


def test_noise_has_next_to_no_factors():
    """Twenty plain components of pure noise would claim a third of its variance."""
    rng = np.random.default_rng(5)
    returns = 0.02 * rng.standard_normal((DAYS, 100))
    model = statistical(returns, [f"N{i}" for i in range(100)], dates())
    assert "and 1 block (sectors unknown) from 504 days" in model.label
    assert np.mean(model.factors**2) * model.factors.shape[1] < 0.02 * np.mean(model.volatility() ** 2)


def test_size_is_a_factor_where_weights_say_who_is_large():
    """Small names move together, large ones against them."""
    world = World()
    rng = np.random.default_rng(9)
    size = rng.standard_normal(len(world.symbols))
    loading = (size - size.mean()) / size.std()
    returns = world.returns + 0.06 / math.sqrt(252) * rng.standard_normal((DAYS, 1)) * loading
    known = world.model(returns=returns, weights=np.exp(size))
    unknown = world.model(returns=returns)
    assert known.factors.shape[1] == unknown.factors.shape[1] + 1
    column = known.factors[:, -1] / known.volatility()
    assert abs(np.corrcoef(column, loading)[0, 1]) > 0.9


def test_a_name_of_unknown_size_has_no_exposure_to_it(world: World):
    weights = np.linspace(1.0, 5.0, len(world.symbols))
    weights[4], weights[5] = 0.0, np.nan
    column = world.model(weights=weights).factors[:, -1]
    assert column[4] == column[5] == 0.0
    assert np.count_nonzero(column) >= len(column) - 3


def test_last_quarters_winners_are_a_common_bet():
    """They move together from now on and never did before: nothing but the characteristic can show that."""
    rng = np.random.default_rng(11)
    n, daily = 200, 0.08 / math.sqrt(252)
    returns = 0.015 * rng.standard_normal((DAYS, n))
    for day in range(64, DAYS):
        trend = returns[day - 63 : day].sum(axis=0)
        returns[day] += daily * rng.standard_normal() * (trend - trend.mean()) / trend.std()
    model = statistical(returns, [f"N{i}" for i in range(n)], dates())
    trend = returns[-63:].sum(axis=0)
    active = np.where(trend > np.median(trend), 1.0, -1.0) / n
    score = (trend - trend.mean()) / trend.std()
    bet = 0.08 * float(active @ score)
    noise = float(np.sqrt(np.sum((model.specific * active) ** 2)))
    assert tracking_error(model, active) > noise * 1.5
    assert tracking_error(model, active) < 1.3 * math.hypot(bet, noise)


def test_a_style_has_the_variance_of_its_slopes():
    """Characteristic of the day before × a bet of 10 % a year, beneath specific noise ten times as large."""
    rng = np.random.default_rng(12)
    n, days = 300, 2000
    score = rng.standard_normal((days, n))
    neutral = rng.standard_normal((days, n)) / math.sqrt(252)
    neutral[1:] += 0.1 / math.sqrt(252) * rng.standard_normal((days - 1, 1)) * score[:-1]
    exposure = risk_factors.style(score, neutral, np.full(days, 1.0 / days), np.ones(n, dtype=bool))
    assert exposure.std() == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(exposure[:, 0], score[-1])[0, 1] > 0.99


def test_noise_has_no_style():
    """Neither from the noise in each day's slope, nor from a characteristic that has seen the day's return."""
    neutral = np.random.default_rng(13).standard_normal((2000, 300)) / math.sqrt(252)
    exposure = risk_factors.style(neutral, neutral, np.full(2000, 1 / 2000), np.ones(300, dtype=bool))
    assert exposure.std() < 0.02  # the slope's own noise alone would be 1 / √300 = 0.058


# --- shrinkage, by known answers --------------------------------------------------------------------------------------


def test_shrunk_eigenvalue_of_a_spike():
    """ℓ = 5, γ = 0.5: λ = ℓ + γℓ/(ℓ−1) = 5.625, c² = (1 − γ/16)/(1 + γ/4) = 0.8611, excess (ℓ−1)c² = 3.4444."""
    n, days = 200, 400.0
    bulk = np.full(n - 1, 1.0) * (n - 1.5) / (n - 1)  # so that n − k(1 + γ) of it is a bulk of exactly 1
    kept = risk_factors.shrunk(np.concatenate([[5.625], bulk]), n, days, 1)
    assert kept == pytest.approx([4 * (1 - 0.5 / 16) / (1 + 0.5 / 4)])


def test_an_eigenvalue_inside_the_bulk_is_noise():
    edge = (1 + math.sqrt(0.5)) ** 2
    bulk = np.full(199, 198.5 / 199)
    for eigenvalue, kept in ((edge * 0.99, 0.0), (edge * 1.2, None)):
        found = risk_factors.shrunk(np.concatenate([[eigenvalue], bulk]), 200, 400.0, 1)[0]
        assert found == 0.0 if kept == 0.0 else 0.0 < found < eigenvalue - 1.0


def test_blocks_reproduce_average_correlations():
    """Three names in two sectors, drawn so that within and between are known exactly."""
    Z = np.linalg.cholesky(np.array([[1, 0.6, 0.2, 0.2], [0.6, 1, 0.2, 0.2], [0.2, 0.2, 1, 0.4], [0.2, 0.2, 0.4, 1]])).T
    member = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=float)
    G = risk_factors.blocks(Z, member, np.ones(4, dtype=bool))
    made = G @ G.T
    assert made[0, 1] == pytest.approx(0.6)
    assert made[2, 3] == pytest.approx(0.4)
    assert made[0, 2] == pytest.approx(0.2)


def test_correlations_between_sectors_are_drawn_to_their_average():
    correlation = np.full((6, 6), 0.1)
    correlation[0:2, 2:4] = correlation[2:4, 0:2] = 0.4
    for i in (0, 2, 4):
        correlation[i : i + 2, i : i + 2] = 0.5
    np.fill_diagonal(correlation, 1.0)
    member = np.repeat(np.eye(3), 2, axis=0)
    G = risk_factors.blocks(np.linalg.cholesky(correlation).T, member, np.ones(6, dtype=bool))
    assert (G @ G.T)[0, 2] == pytest.approx(0.3)  # average 0.2, half-way from 0.4
    assert (G @ G.T)[0, 4] == pytest.approx(0.15)


def test_day_weights_halve_in_a_half_life():
    weight = risk_factors.day_weights(504)
    assert weight.sum() == pytest.approx(1.0)
    assert weight[-1] / weight[-1 - 252] == pytest.approx(2.0)


def test_recent_days_count_for_more(world: World):
    calm = world.returns * np.where(np.arange(DAYS) < DAYS // 2, 2.0, 1.0)[:, None]
    wild = world.returns * np.where(np.arange(DAYS) < DAYS // 2, 1.0, 2.0)[:, None]
    assert np.median(world.model(returns=wild).volatility()) > 1.1 * np.median(world.model(returns=calm).volatility())


# --- what the planner needs of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 7, 30, 300])
def test_positive_and_finite_at_any_size(n: int):
    world = World(n=n, sectors=min(n, 11))
    model = world.model(weights=np.arange(1.0, n + 1.0))
    assert model.factors.shape[0] == len(model.specific) == n
    assert np.isfinite(model.factors).all()
    assert (model.specific > 0.0).all()
    assert np.linalg.eigvalsh(covariance(model)).min() > 0.0
    assert model.factors.shape[1] <= 20 + 12 + 3


def test_a_price_that_stands_still_is_not_free_of_risk(world: World):
    """A suspended name or a fixed takeover price: its returns are 0, its risk is not."""
    returns = world.returns.copy()
    returns[:, 3] = 0.0
    model = world.model(returns=returns)
    assert model.specific[3] >= risk_factors.FLOOR
    assert model.volatility()[3] == pytest.approx(0.3 * np.median(model.volatility()), rel=0.02)


def test_prices_that_all_stand_still_are_no_division_by_zero():
    model = statistical(np.zeros((DAYS, 6)), [f"N{i}" for i in range(6)], dates())
    assert np.isfinite(model.factors).all()
    assert (model.specific > 0.0).all()


def test_no_name_is_only_factors():
    """Thirty names that are all but the market: a tenth of each one's variance stays its own."""
    rng = np.random.default_rng(2)
    returns = 0.02 * rng.standard_normal((DAYS, 1)) + 1e-3 * rng.standard_normal((DAYS, 30))
    model = statistical(returns, [f"N{i}" for i in range(30)], dates())
    assert (model.specific >= math.sqrt(0.1) * 0.99 * 0.02 * math.sqrt(252) * 0.9).all()
    assert np.median(model.specific) == pytest.approx(math.sqrt(0.1) * 0.02 * math.sqrt(252), rel=0.1)


def test_no_specific_risk_is_below_the_floor():
    returns = 1e-5 * np.random.default_rng(2).standard_normal((DAYS, 30))
    assert statistical(returns, [f"N{i}" for i in range(30)], dates()).specific == pytest.approx(risk_factors.FLOOR)


def test_signs_of_factors_are_fixed(world: World):
    """A solver is free to turn a factor round; the exposure that is largest is positive whatever it does."""
    scaled = world.returns / np.sqrt((world.returns**2).sum(axis=0))
    own = np.ones(len(world.symbols), dtype=bool)
    found = risk_factors.components(scaled, own, float(DAYS))
    assert found.shape[1] >= 5
    assert (found[np.abs(found).argmax(axis=0), range(found.shape[1])] > 0.0).all()
    rng = np.random.default_rng(0)  # each of these has the same components, through other eigenvectors over days
    for days in (rng.permutation(DAYS) for _ in range(5)):
        assert risk_factors.components(scaled[days], own, float(DAYS)) == pytest.approx(found, abs=1e-8)
    assert risk_factors.components(-scaled, own, float(DAYS)) == pytest.approx(found, abs=1e-8)


def test_there_are_twenty_components_at_most():
    rng = np.random.default_rng(0)
    Z = np.repeat(rng.standard_normal((DAYS, 30)), 8, axis=1) + rng.standard_normal((DAYS, 240))
    Z = Z / np.sqrt((Z**2).sum(axis=0))
    assert risk_factors.components(Z, np.ones(240, dtype=bool), float(DAYS)).shape[1] == 20


def test_small_sectors_are_thrown_together(world: World):
    sectors = [*world.sectors[:-3], "alone", "lone", None]
    assert world.model(sectors=sectors).factors.shape[1] == world.model().factors.shape[1] + 1


def test_the_same_returns_give_the_same_model_in_any_order_of_names(world: World, model: RiskModel):
    order = np.random.default_rng(4).permutation(len(world.symbols))
    other = world.model(
        returns=world.returns[:, order],
        symbols=[world.symbols[i] for i in order],
        sectors=[world.sectors[i] for i in order],
    )
    assert other.specific == pytest.approx(model.specific[order], abs=1e-7)
    assert covariance(other) == pytest.approx(covariance(model)[np.ix_(order, order)], abs=1e-7)
    assert other.factors == pytest.approx(model.factors[order], abs=1e-6)  # signs and order of factors too


def test_only_the_last_504_days_count(world: World, model: RiskModel):
    longer = np.vstack([np.full((100, len(world.symbols)), 0.3), world.returns])
    other = world.model(returns=longer, dates=[dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(604)])
    assert np.array_equal(other.factors, model.factors)
    assert "from 504 days" in other.label


# --- gaps -------------------------------------------------------------------------------------------------------------


def test_a_few_missing_days_change_little(world: World, model: RiskModel):
    returns = world.returns.copy()
    returns[100:110, 5] = np.nan
    gappy = world.model(returns=returns)
    assert gappy.volatility()[5] == pytest.approx(model.volatility()[5], rel=0.05)
    assert gappy.label == model.label


def test_a_name_that_missed_the_storm_is_not_thought_calm(world: World):
    """Listed after a year of threefold volatility: its own days are scaled to those of the others."""
    storm = np.where(np.arange(DAYS) < 240, 3.0, 1.0)[:, None]
    returns = world.returns * storm
    full = world.model(returns=returns)
    returns[:240, 5] = np.nan
    young = world.model(returns=returns)
    assert young.volatility()[5] == pytest.approx(full.volatility()[5], rel=0.15)


def test_a_name_without_history_moves_with_its_sector(world: World):
    returns = world.returns.copy()
    returns[:, 8] = np.nan
    blank = world.model(returns=returns)
    peers = [i for i in range(len(world.symbols)) if world.sector[i] == world.sector[8] and i != 8]
    strangers = [i for i in range(len(world.symbols)) if world.sector[i] != world.sector[8]]
    common = blank.factors @ blank.factors.T
    assert common[8, peers].mean() == pytest.approx(common[np.ix_(peers, peers)].mean(), rel=0.2)
    assert common[8, peers].mean() > 1.2 * common[8, strangers].mean()
    # Cautious: three quarters of its sector are calmer.
    assert blank.volatility()[8] == pytest.approx(np.quantile(blank.volatility()[peers], 0.75), rel=1e-6)
    assert blank.label.endswith("; 1 of 120 names have under half of them and lean on their sector")


def test_a_name_without_history_or_sector_is_an_average_one(world: World):
    returns = world.returns.copy()
    returns[:, 8] = np.nan
    model = world.model(returns=returns, sectors=[*world.sectors[:8], None, *world.sectors[9:]])
    assert model.volatility()[8] == pytest.approx(np.quantile(model.volatility(), 0.75), rel=0.1)
    market = np.delete(model.factors, 8, axis=0).mean(axis=0)
    assert model.factors[8] @ market == pytest.approx(market @ market, rel=0.25)


def test_two_months_of_history_count_in_part(world: World):
    returns = world.returns.copy()
    returns[:, 8] *= 3.0
    wild = world.model(returns=returns).volatility()[8]
    returns[: DAYS - 42, 8] = np.nan
    young = world.model(returns=returns)
    sector = np.quantile([young.volatility()[i] for i in range(120) if world.sector[i] == 2 and i != 8], 0.75)
    assert sector * 1.1 < young.volatility()[8] < wild * 0.9


def test_days_before_the_store_was_filled_do_not_count(world: World):
    returns = world.returns.copy()
    returns[:300, 10:] = np.nan
    returns[400] = np.nan
    returns[-1] = np.nan
    recent = world.model(returns=returns)
    days = [i for i in range(300, 503) if i != 400]
    assert recent.label == "statistical, 6 factors and 6 sectors from 202 days to 2026-05-18"
    alone = world.model(returns=world.returns[days], dates=[dates()[i] for i in days])
    assert np.array_equal(recent.factors, alone.factors)


# --- one company, two lines -------------------------------------------------------------------------------------------


def test_share_classes_keep_one_specific_risk_between_them(world: World):
    rng = np.random.default_rng(6)
    returns = np.column_stack([world.returns, world.returns[:, 0] + 0.02 / math.sqrt(252) * rng.standard_normal(DAYS)])
    model = world.model(returns=returns, symbols=[*world.symbols, "TWIN"], sectors=[*world.sectors, world.sectors[0]])
    active = np.zeros(121)
    active[0], active[-1] = 0.02, -0.02
    assert tracking_error(model, active) == pytest.approx(0.02 * 0.02, rel=0.5)
    assert tracking_error(model, np.abs(active)) == pytest.approx(0.04 * model.volatility()[0], rel=0.02)
    assert np.count_nonzero(model.factors[:, -1]) == 2
    active[-1], active[6] = 0.0, -0.02  # a competitor in the same sector is no twin
    assert tracking_error(model, active) > 0.02 * 0.2


# --- faults -----------------------------------------------------------------------------------------------------------


def test_returns_that_cannot_be_are_named(world: World):
    returns = world.returns.copy()
    returns[5, 3], returns[7, 9] = -1.0, np.inf
    with pytest.raises(MarketError) as caught:
        world.model(returns=returns)
    assert [fault.where for fault in caught.value.faults] == ["prices of S003", "prices of S009"]


def test_too_short_a_history_is_refused(world: World):
    with pytest.raises(MarketError, match="126 days of returns of half of the names; 0 of 120 have them in 125 days"):
        world.model(returns=world.returns[:125], dates=dates(125))
    with pytest.raises(MarketError, match="0 of 120"):
        world.model(returns=np.full_like(world.returns, np.nan))
    assert world.model(returns=world.returns[:126], dates=dates(126)).label.endswith("from 126 days to 2025-05-06")


def test_a_download_that_broke_off_is_no_history(world: World):
    """With prices of a few names only, the rest would be guesses under the name of statistics."""
    returns = world.returns.copy()
    returns[:, 59:] = np.nan
    with pytest.raises(MarketError, match="59 of 120 have them in 504 days"):
        world.model(returns=returns)
    returns[:, 59] = world.returns[:, 59]
    assert "; 60 of 120 names have under half of them" in world.model(returns=returns).label


def test_shapes_and_dates_must_fit(world: World):
    with pytest.raises(ValueError, match="shape"):
        world.model(symbols=world.symbols[:-1])
    with pytest.raises(ValueError, match="ascend"):
        world.model(dates=dates()[::-1])


# --- sector blocks ----------------------------------------------------------------------------------------------------


def test_sector_blocks_have_the_stated_volatilities():
    model = sector_blocks(
        "ABCDE", ["Tech", "Tech", "Tech", "Energy", None], ["Chips", "Chips", "Software", "Oil", None]
    )
    made = covariance(model)
    market, sector, industry, own = 0.25**2, 0.12**2, 0.14**2, 0.25**2
    assert np.diag(made) == pytest.approx([market + sector + industry + own] * 5)
    assert made[0, 1] == pytest.approx(market + sector + industry)
    assert made[0, 2] == pytest.approx(market + sector)
    assert made[0, 3] == made[3, 4] == pytest.approx(market)
    assert model.specific[0] == pytest.approx(0.25)
    assert model.specific[4] == pytest.approx(math.sqrt(sector + industry + own))


def test_one_industry_name_in_two_sectors_is_two_industries():
    made = covariance(sector_blocks("ABCD", ["X", "X", "Y", "Y"], ["Services"] * 4))
    assert made[0, 1] > made[0, 2] == pytest.approx(0.25**2)


def test_sector_blocks_say_what_they_are():
    label = sector_blocks(["A"], [None]).label
    assert label.startswith("sector blocks with stated default volatilities: no price history")
    assert "market 25%" in label
    assert "statistical" not in label


# --- substitutes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drinks() -> RiskModel:
    """COLA, PEPS and KOLA share a bet to different degrees; BANK is of another sector, MILK of another industry."""
    rng = np.random.default_rng(8)
    n = 60
    returns = 0.011 * rng.standard_normal((DAYS, 1)) + 0.012 * rng.standard_normal((DAYS, n))
    soda = rng.standard_normal(DAYS) * 0.012
    for i, share in ((0, 1.0), (1, 0.8), (2, 0.4)):
        returns[:, i] = 0.6 * returns[:, i] + share * soda
    returns[:, 4] = returns[:, 0] + 0.004 * rng.standard_normal(DAYS)  # the closest of all, in another industry
    symbols = ["COLA", "PEPS", "KOLA", "BANK", "MILK", "NEWS", *(f"S{i}" for i in range(6, n))]
    returns[:, 5] = np.nan
    sectors = ["Staples"] * 3 + ["Financials"] + ["Staples"] * 2 + ["Staples", "Financials"] * 27
    industries = ["Beverages"] * 3 + ["Banks", "Food", "Beverages"] + [None] * 54
    return statistical(returns, symbols, dates(), sectors, industries)


def test_substitutes_are_the_closest_of_the_industry(drinks: RiskModel):
    found = substitutes(drinks, "COLA", ["BANK", "MILK", "KOLA", "PEPS", "COLA", "GONE"], n=2)
    assert [s.symbol for s in found] == ["PEPS", "KOLA"]
    assert {s.within for s in found} == {"industry"}
    assert 1.0 > found[0].correlation > found[1].correlation > 0.0
    assert found[0].tracking_error < found[1].tracking_error


def test_the_sector_fills_up_where_the_industry_is_short(drinks: RiskModel):
    found = substitutes(drinks, "COLA", ["MILK", "PEPS", "BANK"], n=3)
    assert [(s.symbol, s.within) for s in found] == [("PEPS", "industry"), ("MILK", "sector"), ("BANK", "market")]
    assert found[1].correlation > found[0].correlation  # a nearer group goes first all the same


def test_a_substitute_without_history_has_no_correlation(drinks: RiskModel):
    found = substitutes(drinks, "COLA", ["NEWS", "PEPS"])
    assert [(s.symbol, s.correlation is None) for s in found] == [("PEPS", False), ("NEWS", True)]


def test_what_a_swap_leaves_is_what_history_shows(drinks: RiskModel):
    rng = np.random.default_rng(8)
    market, own = 0.011 * rng.standard_normal((DAYS, 1)), 0.012 * rng.standard_normal((DAYS, 60))
    soda = rng.standard_normal(DAYS) * 0.012
    returns = 0.6 * (market + own)[:, :2] + soda[:, None] * [1.0, 0.8]
    truth = (returns[:, 0] - returns[:, 1]).std() * math.sqrt(252)
    assert substitutes(drinks, "COLA", ["PEPS"])[0].tracking_error == pytest.approx(truth, rel=0.2)
    assert risk.swap_error(drinks, 0, 1, None) > 1.25 * truth


def test_substitutes_without_history_go_by_the_model():
    model = sector_blocks("ABCD", ["X", "X", "Y", "X"], ["i", "j", "k", "i"])
    found = substitutes(model, "A", "CBD")
    assert [(s.symbol, s.correlation, s.within) for s in found] == [
        ("D", None, "industry"),
        ("B", None, "sector"),
        ("C", None, "market"),
    ]
    assert found[0].tracking_error == pytest.approx(risk.SPECIFIC_VOLATILITY * math.hypot(1.0, 1.0), rel=0.2)
    assert found[0].tracking_error < found[1].tracking_error < found[2].tracking_error


def test_no_substitute_is_made_up(drinks: RiskModel):
    assert substitutes(drinks, "COLA", []) == []
    with pytest.raises(KeyError):
        substitutes(drinks, "GONE", ["PEPS"])
