"""The neutral cases: benchmarks/plan_case.py on files of the shared generator, scored by the shared evaluator.

Skipped where the shared folder beside the repository is absent.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
BENCH = REPOSITORY.parent / "shared" / "bench"

pytestmark = pytest.mark.skipif(not (BENCH / "evaluate.py").exists(), reason="the shared benchmark files are not here")


def run(*command: object) -> str:
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("names", "lots", "seed", "least"),
    [(100, 300, 7, 9852.3), (500, 1500, 7, 6229.4), (500, 5000, 7, 6500.0), (250, 1000, 11, 0.0)],
)
def test_the_plan_scores_what_was_promised_and_keeps_every_rule(tmp_path, names, lots, seed, least):
    case, trades = tmp_path / "case", tmp_path / "trades.csv"
    run(BENCH / "gen_opt_case.py", case, "--names", names, "--lots", lots, "--seed", seed)
    said = run(REPOSITORY / "benchmarks" / "plan_case.py", case, trades)
    score = json.loads(run(BENCH / "evaluate.py", case, trades))
    figures = {line.split()[0]: line.split()[1] for line in said.splitlines()}
    assert score["utility"] >= least
    # The scorer divides by the value after costs, the plan by the value before: a hundredth of a percent apart.
    assert score["utility"] == pytest.approx(float(figures["plan"]), rel=1e-3)
    assert float(figures["gap"].rstrip("%")) <= 0.1
    assert score["oversold_lots"] == score["names_bought_and_sold"] == 0
    assert score["wash_prior_buy_names"] == score["wash_rebuy_names"] == 0
    assert score["cash_after"] >= 0.0
    assert score["min_position"] >= 0.0
    assert score["gross_turnover"] <= 0.4 + 1e-5
    assert score["te_after"] <= 0.02
