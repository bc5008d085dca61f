"""How long the risk model takes: python benchmarks/risk_speed.py

Fits the statistical model to invented returns of 500 and 3,000 names over 504 days (a market, eleven sectors, fat
tails, a few gaps), and prints CPU and wall seconds of the fit, of one tracking error and of one name's substitutes.
"""

from __future__ import annotations

import datetime as dt
import time

import numpy as np

from dicli.plan import risk


def returns_of(n: int, days: int, seed: int) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    sector = rng.integers(0, 11, n)
    market = 0.011 * rng.standard_t(4, days)
    sectors = 0.006 * rng.standard_t(4, (days, 11))
    made = market[:, None] * rng.uniform(0.6, 1.5, n) + sectors[:, sector] + 0.012 * rng.standard_t(5, (days, n))
    made = np.clip(made, -0.5, 1.0)
    made[: days // 3, : n // 50] = np.nan
    return made, [f"sector {s}" for s in sector]


def main() -> None:
    for n in (500, 3000):
        returns, sectors = returns_of(n, risk.WINDOW, seed=7)
        symbols = [f"S{i}" for i in range(n)]
        dates = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(risk.WINDOW)]
        weights = np.exp(np.random.default_rng(1).standard_normal(n))
        active = np.random.default_rng(2).standard_normal(n) / n
        cpu, wall = [], []
        for _ in range(5):
            start, clock = time.process_time(), time.perf_counter()
            model = risk.statistical(returns, symbols, dates, sectors, sectors, weights)
            cpu.append(time.process_time() - start)
            wall.append(time.perf_counter() - clock)
        clock = time.perf_counter()
        risk.tracking_error(model, active)
        error = time.perf_counter() - clock
        clock = time.perf_counter()
        risk.substitutes(model, "S9", symbols)
        substitutes = time.perf_counter() - clock
        print(
            f"{n:5} names x {risk.WINDOW} days: fit {np.median(cpu):.2f} s CPU, {np.median(wall):.2f} s wall, "
            f"k = {model.factors.shape[1]}; tracking error {error * 1e6:.0f} us; substitutes {substitutes * 1e3:.0f} ms"
        )


if __name__ == "__main__":
    main()
