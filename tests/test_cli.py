"""The command line: streams, formats, contracts, exit codes, start-up. What the commands say is tested elsewhere."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from dicli import cli
from dicli.commands.options import dollars
from tests.program import DAY, SAMPLES, Ran, run

AT = ("--as-of", DAY, "--offline")
CONTRACTS = {
    "lots": "account,symbol,quantity,acquired,holding_from,basis,price,value,gain,term",
    "sales": "account,symbol,quantity,acquired,sold,proceeds,basis,gain,disallowed,term",
    "positions": "account,symbol,quantity,price,value,basis",
    "transactions": "account,date,kind,symbol,quantity,amount,source",
    "target": "symbol,name,sector,benchmark_weight,target_weight,target_shares,target_value,shares,value,drift",
    "drift": "symbol,sector,weight,target_weight,drift,benchmark_weight,active_weight",
    "harvest": "account,symbol,acquired,quantity,price,basis,loss,disallowed,permanent,allowed,term,tax_value,status,"
    "clean_from,rebuy_from,substitutes,reason",
    "trade": "account,side,symbol,quantity,price,value,lot_acquired,lot_basis,gain,term,tax,reason",
}
"""The columns that others may rely on; a new one goes last."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def rows(ran: Ran) -> list[dict[str, str]]:
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


@pytest.mark.parametrize("command", CONTRACTS)
def test_csv_and_json_have_the_same_columns_and_rows(command: str, cache: Path) -> None:
    folder = SAMPLES / "starter"
    as_csv = run(command, *AT, folder=folder, cache=cache)
    assert as_csv.out.splitlines()[0] == CONTRACTS[command]
    as_json = json.loads(run(command, *AT, "-f", "json", folder=folder, cache=cache).out)
    key = next(iter(as_json))
    assert [",".join(row) for row in as_json[key][:1]] == [CONTRACTS[command]]
    assert len(as_json[key]) == len(rows(as_csv))
    first = {name: "" if value is None else value for name, value in as_json[key][0].items()}
    plain = {k: "; ".join(v) if isinstance(v, list) else v for k, v in first.items()}
    assert plain == rows(as_csv)[0]


def test_the_summaries_that_others_may_rely_on(cache: Path) -> None:
    drift = json.loads(run("drift", *AT, "-f", "json", folder=SAMPLES / "starter", cache=cache).out)
    assert list(drift["summary"])[:6] == [
        "value", "cash", "tracking_error", "active_share", "turnover_to_target", "breaches",
    ]  # fmt: skip
    trade = json.loads(run("trade", *AT, "-f", "json", folder=SAMPLES / "starter", cache=cache).out)
    assert Decimal(trade["summary"]["gap"]) < Decimal("0.002")


@pytest.mark.parametrize("sample", ["starter", "tech_couple", "retiree"])
def test_every_command_runs_on_every_sample(sample: str, cache: Path) -> None:
    for command in (*CONTRACTS, "check", "index", "why AAPL"):
        ran = run(*command.split(), *AT, "-f", "table", folder=SAMPLES / sample, cache=cache)
        assert ran.code == 0, ran.err
        assert ran.err == ""
        assert max(map(len, ran.out.splitlines())) <= 80
        assert "\x1b" not in ran.out


def test_findings_exit_1_only_when_asked(cache: Path) -> None:
    for command in ("drift", "harvest", "trade"):
        assert run(command, *AT, folder=SAMPLES / "starter", cache=cache).code == 0
        assert run(command, *AT, "--exit-code", folder=SAMPLES / "starter", cache=cache).code == 1
    assert run("lots", *AT, "--exit-code", folder=SAMPLES / "starter", cache=cache).code == 0


def test_the_folder_is_found_upward_and_named(cache: Path, tmp_path: Path) -> None:
    inside = run("positions", *AT, folder=SAMPLES / "starter" / "fidelity", cache=cache)
    named = run("positions", *AT, "-C", str(SAMPLES / "starter"), folder=tmp_path, cache=cache)
    before = run("-C", str(SAMPLES / "starter"), "positions", *AT, folder=tmp_path, cache=cache)
    assert inside.out == named.out == before.out


def test_a_misspelt_folder_inside_a_portfolio_does_not_show_that_portfolio(cache: Path) -> None:
    ran = run("positions", *AT, "-C", "no-such-folder", folder=SAMPLES / "starter", cache=cache)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: no-such-folder: there is no such folder. Name the portfolio folder with -C DIR.\n"


def test_a_file_is_written_whole_and_its_ending_names_the_format(cache: Path, tmp_path: Path) -> None:
    to = tmp_path / "lots.json"
    ran = run("lots", *AT, "-C", str(SAMPLES / "starter"), "-o", str(to), folder=tmp_path, cache=cache)
    assert (ran.code, ran.out) == (0, "")
    assert len(json.loads(to.read_text())["lots"]) == 669
    again = run("sales", *AT, "-C", str(SAMPLES / "starter"), "-o", str(to), "--force", folder=tmp_path, cache=cache)
    assert again.code == 0
    assert "sales" in json.loads(to.read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["lots.json"]


@pytest.mark.parametrize("amount", ["nan", "inf", "1e3", "1.250,50", "12,50", "5000 USD", "", "."])
def test_an_amount_that_is_none_is_refused(amount: str, cache: Path) -> None:
    """1.250,50 would be a dollar and a quarter, and nan a crash."""
    ran = run("trade", *AT, "--cash", amount, folder=SAMPLES / "starter", cache=cache)
    assert (ran.code, ran.out) == (2, "")
    assert "is no amount of dollars; write it as +5000 or -20000" in ran.err


@pytest.mark.parametrize(("text", "amount"), [("+5000", "5000"), ("-$1,250.50", "-1250.5"), (".5", "0.5"), ("7.", "7")])
def test_amounts_as_people_write_them(text: str, amount: str) -> None:
    assert dollars(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--account", "joint"), "--account goes with --for BROKER"),
        (("--fractional",), "--fractional goes with --for BROKER"),
        (("--gains-budget", "-100"), "--gains-budget: a budget is at least 0; 0 allows no net gain"),
        (("--frontier", "--for", "schwab"), "--frontier and --for are two questions: ask one"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(flags: tuple[str, ...], said: str, cache: Path) -> None:
    ran = run("trade", *AT, *flags, folder=SAMPLES / "tech_couple", cache=cache)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: Invalid value: {said}\n")


def test_a_symbol_of_which_there_is_nothing_is_said(cache: Path) -> None:
    ran = run("lots", "aapl", "brkb", "FOO", *AT, "-f", "csv", folder=SAMPLES / "tech_couple", cache=cache)
    assert {line.split(",")[1] for line in ran.out.splitlines()[1:]} == {"AAPL"}
    assert ran.err == "BRKB: nothing here. Did you mean BRK.B?\nFOO: nothing here\n"
    assert ran.code == 0


def test_quiet_says_no_warnings(cache: Path) -> None:
    late = ("--as-of", "2027-01-15", "--offline", "--stale-ok")
    loud = run("drift", *late, folder=SAMPLES / "starter", cache=cache)
    quiet = run("drift", *late, "-q", folder=SAMPLES / "starter", cache=cache)
    assert "warning: the newest prices are of 2026-11-20: 37 sessions have ended since" in loud.err
    assert "(index.max_age_days = 45)" in loud.err
    assert quiet.err == ""
    assert loud.out == quiet.out


def test_what_happened_is_told_by_the_exit_code(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("dicli.household.load", interrupted)
    assert run("lots", *AT, folder=SAMPLES / "starter", cache=cache).code == 130
    monkeypatch.setattr("dicli.household.load", broken)
    bug = run("lots", *AT, folder=SAMPLES / "starter", cache=cache)
    assert bug.code == 70
    assert "ZeroDivisionError: oh" in bug.err
    assert "this is a bug in dicli" in bug.err
    assert bug.out == ""


def test_a_float_beside_money_is_a_bug(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicli.household.load", lambda *_: Decimal(1) < 0.5)
    assert run("lots", *AT, folder=SAMPLES / "starter", cache=cache).code == 70


def shell(*arguments: str, code: str | None = None, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments] if code else [sys.executable, "-m", "dicli", *arguments]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "DICLI_CACHE_DIR": str(cache)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_pipe_that_closes_early_is_nobodys_error(cache: Path) -> None:
    command = f"{sys.executable} -m dicli trade -C {SAMPLES / 'starter'} --as-of {DAY} --offline -f csv | head -1"
    environment = {**os.environ, "DICLI_CACHE_DIR": str(cache)}
    piped = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False, env=environment
    )
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == CONTRACTS["trade"] + "\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_stream_without_utf8_gets_every_character_spelled(encoding: str, cache: Path) -> None:
    code = "import sys; from dicli import cli; sys.exit(cli.run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "trade", *AT, "-f", "table", "-C", str(SAMPLES / "starter")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "120", "DICLI_CACHE_DIR": str(cache)}
    ran = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (ran.returncode, ran.stderr) == (0, b"")
    text = ran.stdout.decode(encoding)
    assert "2.26% -> 1." in text.splitlines()[0]
    assert "-----" in text
    assert "?" not in text
    assert "\\" not in text


def test_output_that_cannot_be_written_is_said_and_no_bug(cache: Path) -> None:
    command = f"{sys.executable} -m dicli lots -C {SAMPLES / 'starter'} --as-of {DAY} --offline -f csv"
    environment = {**os.environ, "DICLI_CACHE_DIR": str(cache)}

    def ended(redirection: str) -> tuple[int, str, str]:
        ran = subprocess.run(
            ["bash", "-c", command + redirection], capture_output=True, text=True, check=False, env=environment
        )
        return ran.returncode, ran.stdout, ran.stderr

    assert ended(" >&-")[::2] == (
        2,
        "error: standard output is closed: there is nowhere to put what was asked for. Leave it open, or use -o.\n",
    )
    if Path("/dev/full").exists():
        code, _, said = ended(" > /dev/full")
        assert (code, said) == (
            2,
            "error: standard output: cannot be written: No space left on device. "
            "What has come out of it is not the whole.\n",
        )
    late = command.replace(DAY, "2027-01-20").replace("lots", "tax")
    said = subprocess.run(["bash", "-c", late], capture_output=True, text=True, check=False, env=environment)
    assert "the tax tables of 2027 are not known" in said.stderr
    silent = subprocess.run(
        ["bash", "-c", late + " 2>&-"], capture_output=True, text=True, check=False, env=environment
    )
    assert silent.stdout == said.stdout


def test_without_a_command_the_help_is_no_error(cache: Path) -> None:
    ran = run(folder=SAMPLES / "starter", cache=cache)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: dicli")


HEAVY = "pandas numpy scipy yfinance rich matplotlib plotext clarabel pydantic python_calamine exchange_calendars"
LOADED = f"""
import sys
from dicli import cli
from dicli.commands.options import dollars
cli.run(sys.argv[1:])
print([m for m in {HEAVY.split()!r} if m in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "loads"),
    [("--help", []), ("drift --help", []), ("check", []), ("lots", []), ("positions", []), ("sales", [])],
)
def test_light_commands_load_nothing_heavy(command: str, loads: list[str], cache: Path) -> None:
    sample = [] if "--help" in command else [*AT, "-C", str(SAMPLES / "starter")]
    ran = shell(*command.split(), *sample, code=LOADED, cache=cache)
    assert ran.stderr.splitlines()[-1] == str(loads)


def test_planning_loads_no_pandas(cache: Path) -> None:
    ran = shell("trade", *AT, "-C", str(SAMPLES / "starter"), code=LOADED, cache=cache)
    loaded = ran.stderr.splitlines()[-1]
    assert "clarabel" in loaded
    assert not any(name in loaded for name in ("pandas", "yfinance", "rich", "exchange_calendars"))


def test_the_version_is_said() -> None:
    from dicli import __version__

    assert cli.run(["--version"]) == 0
    assert __version__.count(".") == 2


def test_harvest_shows_every_status_on_tech_couple(cache: Path) -> None:
    found = rows(run("harvest", *AT, folder=SAMPLES / "tech_couple", cache=cache))
    by_status = defaultdict(list)
    for row in found:
        by_status[row["status"]].append(row)
    assert {"clear", "tainted", "permanent", "too small"} <= set(by_status)
    assert any("in spouse" in row["reason"] and "2026-11-" in row["reason"] for row in by_status["tainted"])
    assert all("lost for good (R-IRA)" in row["reason"] for row in by_status["permanent"])
    assert all(Decimal(row["permanent"]) > 0 for row in by_status["permanent"])
    assert all(Decimal(row["disallowed"]) == 0 for row in by_status["clear"])


def _day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  a calendar day has no zone


def test_trade_buys_nothing_that_it_may_not_recomputed_from_the_raw_files(cache: Path) -> None:
    """The windows by other means: csv and a first-in-first-out queue, straight from the brokers' files."""
    home, today = SAMPLES / "tech_couple", dt.date.fromisoformat(DAY)
    lost: set[str] = set()
    bought_by_ira: set[str] = set()
    dot = str.maketrans("/-", "..")
    realized = next((home / "schwab").glob("*GainLoss*"))
    with realized.open(newline="") as file:
        next(file)
        for row in csv.DictReader(file):
            recent = row["Symbol"] and row["Closed Date"] and (today - _day(row["Closed Date"])).days <= 30
            if recent and row["Gain/Loss ($)"].startswith("-"):
                lost.add(row["Symbol"].translate(dot))
    history = (home / "fidelity" / "Accounts_History.csv").read_text(encoding="utf-8-sig").lstrip()
    queues: dict[str, list[list[Decimal]]] = defaultdict(list)
    for row in reversed(list(csv.DictReader(io.StringIO(history)))):
        action, symbol = row["Action"] or "", (row["Symbol"] or "").strip()
        if action.startswith(("YOU BOUGHT", "REINVESTMENT")):
            queues[symbol].append([Decimal(row["Quantity"]), -Decimal(row["Amount ($)"])])
        elif action.startswith("YOU SOLD"):
            left, cost = -Decimal(row["Quantity"]), Decimal(0)
            while left > 0:
                lot = queues[symbol][0]
                part = min(left, lot[0])
                share = lot[1] * part / lot[0]
                cost, left = cost + share, left - part
                lot[0], lot[1] = lot[0] - part, lot[1] - share
                if not lot[0]:
                    queues[symbol].pop(0)
            if Decimal(row["Amount ($)"]) < cost and (today - _day(row["Run Date"])).days <= 30:
                lost.add({"BRKB": "BRK.B"}.get(symbol, symbol))
    with (home / "ira" / "OfxDownload.csv").open(newline="") as file:
        for cells in csv.reader(file):
            if len(cells) < 9 or cells[3] not in ("Buy", "Reinvestment") or cells[6] == "VMFXX":
                continue
            if (today - dt.date.fromisoformat(cells[1])).days <= 30:
                bought_by_ira.add(cells[6].translate(dot))
    assert lost
    assert bought_by_ira
    if lost & {"GOOG", "GOOGL"}:
        lost |= {"GOOG", "GOOGL"}
    made = rows(run("trade", *AT, folder=home, cache=cache))
    bought = {row["symbol"] for row in made if row["side"] == "buy"}
    sold_at_a_loss = {row["symbol"] for row in made if row["gain"].startswith("-")}
    assert not bought & lost
    assert not bought & sold_at_a_loss
    assert not sold_at_a_loss & bought_by_ira
    assert not ({"GOOG", "GOOGL"} & bought and {"GOOG", "GOOGL"} & sold_at_a_loss)


def test_the_same_inputs_give_the_same_bytes_on_one_thread_or_two(cache: Path) -> None:
    command = [sys.executable, "-m", "dicli", "trade", *AT, "-f", "json", "-C", str(SAMPLES / "starter")]
    said = [
        subprocess.run(
            command,
            capture_output=True,
            check=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": seed, "DICLI_CACHE_DIR": str(cache)},
        ).stdout
        for threads, seed in (("1", "1"), ("2", "99"))
    ]
    assert said[0] == said[1]


def test_check_says_for_which_days_each_history_is_known(cache: Path) -> None:
    ran = run("check", *AT, "-f", "json", folder=SAMPLES / "tech_couple", cache=cache)
    document = json.loads(ran.out)
    assert document["summary"]["coverage"]["ira"] == ["2026-01-20", "2026-11-12"]
    # its realized gains go back to January, and tell no purchase
    assert document["summary"]["coverage"]["joint"] == ["2026-09-03", "2026-11-20"]
    assert "coverage: spouse: history from 2026-02-17 to 2026-11-20" in document["notes"]
    first = document["files"][0]
    assert (first["broker"], first["from"], first["to"]) == ("fidelity", "2026-02-17", "2026-11-20")
