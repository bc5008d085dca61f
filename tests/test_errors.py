"""What a user meets when something is wrong: exit code, message with file, row and remedy, and nothing half-done.

Each case has its golden in tests/errors/. `python -m tests.test_errors` writes them anew: read the difference.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import DAY, SAMPLES, Ran, run

GOLDENS = Path(__file__).parent / "errors"
POSITIONS = "fidelity/Portfolio_Positions_Nov-20-2026.csv"
HISTORY = "fidelity/Accounts_History.csv"
INDEX = "holdings/IVV_holdings.csv"
LOTS = "vanguard/CostBasis.csv"
TOML = "dicli.toml"

Breaks = Callable[[Path], None]


def replaced(name: str, old: str, new: str, count: int = -1) -> Breaks:
    def breaks(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, count), encoding="utf-8", newline="")

    return breaks


def written(name: str, content: str | bytes) -> Breaks:
    def breaks(folder: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)

    return breaks


def removed(name: str) -> Breaks:
    return lambda folder: (folder / name).unlink()


def copied(name: str, to: str, old: str = "", new: str = "") -> Breaks:
    def breaks(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / to).write_text(text.replace(old, new) if old else text, encoding="utf-8", newline="")

    return breaks


def cut(name: str, characters: int) -> Breaks:
    def breaks(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text[:characters], encoding="utf-8", newline="")

    return breaks


def european(name: str) -> Breaks:
    """As a German spreadsheet saves it: 1.234,56."""
    return replaced(name, "$3190.23", '"3.190,23"', 1)


def nothing(_: Path) -> None:
    pass


PRICES = "date,symbol,close\n2024-01-02,AAPL,185.64\n2024-01-03,AAPL,184.25\n2024-01-04,AAPL,181.91\n"
WEIGHTS = "date,symbol,weight\n2024-01-02,AAPL,100\n"


def market(prices: str = PRICES, weights: str = WEIGHTS) -> Breaks:
    """A folder of prices and weights as `backtest --data` takes it."""

    def breaks(folder: Path) -> None:
        (folder / "market").mkdir()
        written("market/prices.csv", prices)(folder)
        written("market/weights.csv", weights)(folder)

    return breaks


REPLAY = ("backtest", "--data", "market", "--initial", "100000")
INVENTED = ("backtest", "--synthetic", "--names", "11", "--years", "1")

CASES: dict[str, tuple[str, Breaks, tuple[str, ...]]] = {
    # name: (sample, what is done to its files, the command)
    "truncated_row": ("starter", cut(HISTORY, 40_000), ("check",)),
    "missing_column": ("starter", replaced(POSITIONS, ",Quantity,", ",Anzahl,", 1), ("check",)),
    "renamed_column": ("retiree", replaced(LOTS, '"Acquired date"', '"Date bought"', 1), ("check",)),
    "unknown_action": ("starter", replaced(HISTORY, "YOU BOUGHT", "YOU LENT", 2), ("trade",)),
    "european_decimals": ("starter", european(POSITIONS), ("check",)),
    "html_saved_as_csv": (
        "starter",
        written(POSITIONS, "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"),
        ("check",),
    ),
    "empty_file": ("starter", written(POSITIONS, ""), ("check",)),
    "wrong_encoding": ("starter", written(POSITIONS, b"\x00\x81\xfe\xff\x00\x00Account number"), ("check",)),
    "semicolons": ("starter", written(POSITIONS, "Account;Symbol;Quantity\nZ30417725;AAPL;12\n"), ("check",)),
    "not_a_brokers_file": ("starter", written(POSITIONS, "name,colour\napple,red\n"), ("check",)),
    "checking_account": (
        "starter",
        written(
            "fidelity/x.csv",
            '"Date","Status","Type","CheckNumber","Description","Withdrawal","Deposit","RunningBalance"\n'
            '"11/02/2026","Posted","ACH","","RENT","$900.00","","$100.00"\n',
        ),
        ("check",),
    ),
    "duplicated_file": (
        "starter",
        copied(POSITIONS, "fidelity/p2.csv", ",AAPL,APPLE,12.854,", ",AAPL,APPLE,2.854,"),
        ("check",),
    ),
    "day_first_dates": ("starter", replaced(HISTORY, "11/20/2026", "20/11/2026"), ("check",)),
    "bad_number": ("retiree", replaced(LOTS, '"36.0000"', '"36.OOOO"', 2), ("lots",)),
    "lots_differ_from_positions": ("retiree", replaced(LOTS, '"14.0000","49.86"', '"24.0000","49.86"', 1), ("check",)),
    "lots_missing_for_a_position": ("retiree", replaced(LOTS, '"AA","ALCOA"', '"AAT","ALCOA"', 1), ("check",)),
    "unclaimed_account": ("starter", replaced(TOML, "…7725", "…9999"), ("positions",)),
    "toml_typo": ("starter", replaced(TOML, "max_names", "max_name"), ("target",)),
    "toml_syntax": ("starter", replaced(TOML, "min_trade = 5.0", "min_trade = 5,0"), ("target",)),
    "toml_percent": ("retiree", replaced(TOML, "max_weight = 0.06", "max_weight = 6"), ("target",)),
    "pattern_matches_nothing": ("starter", replaced(TOML, "fidelity/*.csv", "fidelty/*.csv"), ("check",)),
    "unknown_sector": ("retiree", replaced(TOML, '"Energy"', '"Enegry"'), ("drift",)),
    "index_missing": ("starter", removed(INDEX), ("target",)),
    "index_is_html": ("starter", written(INDEX, "<html>consent</html>"), ("target",)),
    "index_too_old": ("starter", replaced(INDEX, "Nov 20, 2026", "Jan 20, 2026"), ("target",)),
    "index_of_a_holiday": ("starter", replaced(INDEX, '"Nov 20, 2026"', '"-"'), ("index",)),
    "list_missing": ("starter", removed("lists/no-thanks.csv"), ("target",)),
    "no_portfolio": ("starter", removed(TOML), ("check",)),
    "before_the_files": ("starter", nothing, ("positions", "--as-of", "2026-11-02")),
    "bad_date": ("starter", nothing, ("positions", "--as-of", "20.11.2026")),
    "bad_cash": ("starter", nothing, ("trade", "--cash", "lots")),
    "too_large_a_withdrawal": ("retiree", nothing, ("trade", "--cash", "-2000000")),
    "unknown_symbol": ("starter", nothing, ("why", "BRKB")),
    "unknown_option": ("starter", nothing, ("drift", "--exitcode")),
    "output_without_a_format": ("starter", nothing, ("lots", "-o", "lots.xls")),
    "output_exists": ("starter", written("lots.csv", "mine"), ("lots", "-o", "lots.csv")),
    "price_file": (
        "starter",
        lambda folder: (
            written("prices.csv", "symbol,date,close\nAAPL,2026-11-19,0\nMSFT,2026-11-19,n/a\n")(folder),
            replaced(TOML, 'file = "prices" ', 'file = "prices.csv" ')(folder),
        )[0],
        ("drift",),
    ),
    "performance_of_an_index_file": ("starter", nothing, ("performance",)),
    "performance_without_prices": ("retiree", nothing, ("performance", "--fund", "IVV")),
    "performance_without_dividends": (
        "starter",
        copied("prices/IVV.csv", "prices/IVV.csv", ",dividend", ",yield"),
        ("performance", "--fund", "IVV"),
    ),
    "performance_without_a_history": ("starter", removed(HISTORY), ("performance", "--fund", "IVV")),
    "backtest_of_nothing": ("starter", nothing, ("backtest",)),
    "backtest_without_prices": ("starter", nothing, ("backtest", "--data", "nowhere", "--initial", "1000")),
    "backtest_of_a_zero": ("starter", market(PRICES.replace("184.25", "0")), REPLAY),
    "backtest_of_unsorted_prices": ("starter", market(PRICES.replace("2024-01-04", "2024-01-02")), REPLAY),
    "backtest_of_a_negative_weight": ("starter", market(weights=WEIGHTS.replace("100", "-4")), REPLAY),
    "backtest_of_unpriced_weight": ("starter", market(weights=f"{WEIGHTS}2024-01-02,NVDA,8\n"), REPLAY),
    "backtest_that_ends_before_it_starts": (
        "starter",
        market(),
        (*REPLAY, "--start", "2024-01-04", "--end", "2024-01-02"),
    ),
    "backtest_beyond_the_prices": ("starter", market(), (*REPLAY, "--start", "2025-01-02")),
    "backtest_of_lots_of_a_later_day": ("starter", market(), ("backtest", "--data", "market")),
    "backtest_with_a_fee_in_percent": ("starter", nothing, (*INVENTED, "--account-fee", "0.4")),
    "backtest_log_exists": (
        "starter",
        written("trades.csv", "mine"),
        (*INVENTED, "--plan-every", "year", "--harvest-every", "year", "--log", "."),
    ),
    "backtest_results_without_vintages": ("starter", nothing, (*INVENTED, "--results", "runs.parquet")),
    "backtest_results_of_another_making": (
        "starter",
        written("runs.csv", "start,end\n2014-01-02,2015-01-02\n"),
        (*INVENTED[:-1], "2", "--start-every", "quarter", "--horizon", "1", "--results", "runs.csv"),
    ),
    "backtest_on_a_cluster_offline": (
        "starter",
        nothing,
        (*INVENTED, "--start-every", "month", "--horizon", "1", "--scheduler", "tcp://127.0.0.1:8786"),
    ),
    "vintages_too_long": ("starter", nothing, (*INVENTED, "--start-every", "month", "--horizon", "9")),
    "worth_it_without_money": ("starter", nothing, ("worth-it",)),
    "picture_of_a_table": ("starter", nothing, ("lots", "-o", "lots.svg")),
    "prices_offline": ("starter", nothing, ("prices", "update")),
    "prices_without_a_store": ("starter", nothing, ("prices", "status")),
    "prices_prune_of_nothing": ("starter", nothing, ("prices", "prune")),
    "index_of_what": ("starter", nothing, ("index", "difference")),
    "index_diff_without_an_earlier_file": ("starter", nothing, ("index", "diff")),
    "watch_without_an_interval": ("starter", nothing, ("harvest", "--watch", "often")),
    "exec_without_watch": ("starter", nothing, ("harvest", "--exec", "cat")),
    "offline_without_a_cache": ("starter", replaced(TOML, "holdings/IVV_holdings.csv", "IVV"), ("target",)),
}


def outcome(name: str, place: Path) -> tuple[Ran, Path]:
    sample, breaks, command = CASES[name]
    folder = place / "portfolio"
    shutil.copytree(SAMPLES / sample, folder)
    breaks(folder)
    before = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
    date = () if "--as-of" in command else ("--as-of", DAY)
    ran = run(*command, *date, "--offline", folder=folder, cache=place / "cache")
    assert before == sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
    shown = Ran(ran.code, ran.out, ran.err.replace(str(folder), "PORTFOLIO").replace(str(place), "PLACE"))
    return shown, folder


@pytest.mark.parametrize("name", CASES)
def test_what_is_said(name: str, tmp_path: Path) -> None:
    ran, _ = outcome(name, tmp_path)
    golden = (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")
    assert str(ran) == golden
    assert ran.code == (1 if CASES[name][2] == ("check",) and ran.out else 2)
    assert "Traceback" not in ran.err
    if ran.code == 2:
        assert ran.out == ""
        assert ran.err.startswith("error: ")


def test_an_existing_file_is_left_as_it_was(tmp_path: Path) -> None:
    _, folder = outcome("output_exists", tmp_path)
    assert (folder / "lots.csv").read_text() == "mine"


if __name__ == "__main__":
    for case in CASES:
        with tempfile.TemporaryDirectory() as place:
            said, _ = outcome(case, Path(place))
            (GOLDENS / f"{case}.txt").write_text(str(said), encoding="utf-8")
