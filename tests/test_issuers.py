"""Holdings by ticker from an issuer as a local server plays it: fetched, checked, kept; in sickness the cache."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.errors import MarketError
from dicli.market import benchmark, issuers
from dicli.market.benchmark import Benchmark
from dicli.preferences.schema import Index, IndexPart
from tests.folders import HEAD, LOTS, folder
from tests.local_server import SICK, Response, Server, serving
from tests.program import run

DAY = dt.date(2026, 11, 20)
IVV = "/www.blackrock.com/varnish-api/"
OLD_LINK = "/www.ishares.com/us/products/239726/"
HEADER = (
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,"
    "FX Rate,Market Currency,Accrual Date"
)


def ticker(number: int) -> str:
    return "".join(chr(65 + number // 26**place % 26) for place in (2, 1, 0)) + "Q"


def ishares(day: dt.date = DAY, first: int = 0, count: int = 500, weight: str = "0.20") -> bytes:
    """An iShares file of `count` invented names, each of $1,000 times its number."""
    lines = ["Core Invented 500 ETF", f'Fund Holdings as of,"{day:%b %d, %Y}"', "", HEADER]
    for number in range(first, first + count):
        value = f"{1000 * (number + 1):,}.00"
        lines.append(
            f'"{ticker(number)}","INVENTED {number}","Energy","Equity","{value}","{weight}","{value}","10.00","100.00",'
            '"United States","NASDAQ","USD","1.00","USD","-"'
        )
    return "\n".join([*lines, ""]).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        started.routes[IVV] = lambda _path, _query: Response(ishares(), kind="text/csv")
        yield started


def load(server: Server, cache: Path, as_of: dt.date = DAY, **options: object) -> Benchmark:
    index = Index(parts=(IndexPart("IVV", Decimal(1), None),))
    given = {"cache": cache, "base": server.base, "deadline": 3.0, **options}
    return benchmark.load(index, as_of, **given)  # type: ignore[arg-type]


def answers(server: Server, response: Response) -> None:
    for start in (IVV, OLD_LINK):
        server.routes[start] = lambda _path, _query: response


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "holdings" / "IVV").glob("*"))


def test_a_fund_is_fetched_once_a_day_announced_and_kept_by_its_date(server: Server, tmp_path: Path) -> None:
    said: list[str] = []
    first = load(server, tmp_path, say=said.append)
    assert (len(first.constituents), first.as_of, first.name, first.warnings) == (500, DAY, "IVV", ())
    assert said == ["fetching the holdings of IVV from iShares"]
    assert kept(tmp_path) == ["2026-11-20.csv", "checked.json"]
    again = load(server, tmp_path, say=said.append)
    assert (again.weights(), len(said), len(server.asked)) == (first.weights(), 1, 1)
    load(server, tmp_path, DAY + dt.timedelta(days=1))
    assert len(server.asked) == 2


def test_the_second_address_serves_where_the_first_has_moved(server: Server, tmp_path: Path) -> None:
    server.routes[OLD_LINK] = server.routes.pop(IVV)
    assert len(load(server, tmp_path).constituents) == 500
    assert ["varnish" in path for path in server.asked] == [True, False]


def test_a_site_with_a_problem_is_asked_once_more_and_a_limit_is_not(server: Server, tmp_path: Path) -> None:
    wanted = issuers.fund("IVV")
    answers(server, SICK["500"])
    with pytest.raises(MarketError, match="HTTP 500"):
        issuers.fetch(wanted, DAY, lambda file: file, base=server.base, deadline=3, pause=0.01)
    assert len(server.asked) == 4
    answers(server, SICK["429"])
    with pytest.raises(MarketError, match="too many requests: the site limits the rate"):
        issuers.fetch(wanted, DAY, lambda file: file, base=server.base, deadline=3, pause=0.01)
    assert len(server.asked) == 6


SAID = {
    "401": "HTTP 401",
    "429": "HTTP 429 (too many requests: the site limits the rate)",
    "500": "HTTP 500 (the site has a problem)",
    "empty body": "the answer is empty",
    "truncated JSON": "IVV",
    "a promise not kept": "the answer broke off after 10 of 5000 bytes",
    "stalled": "no whole answer within",
    "30 s latency": "no whole answer within",
    "consent page": "a web page came instead of the file (a consent, sign-in or robot check)",
    "redirect": "a web page came instead of the file (a consent, sign-in or robot check)",
    "wrong content type": "IVV",
    "200 MB": "the answer is larger than 32 MB",
    "half a file": "www.blackrock.com: the weights add up to 60 %: the file seems to be cut off",
    "another fund": "the file has 300 names where 490 to 520 are expected",
    "an older file": "the file is of 2026-11-02, older than the one of 2026-11-19 in the cache",
}


@pytest.mark.parametrize("sickness", SAID)
def test_the_command_ends_in_time_and_falls_back_on_the_cache_with_a_warning(
    sickness: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(benchmark.load.__kwdefaults__, "deadline", 0.4)
    monkeypatch.setitem(issuers.fetch.__kwdefaults__, "pause", 0.01)
    monkeypatch.setenv("DICLI_HTTP_BASE", server.base)
    home = folder(tmp_path / "home", head=HEAD.replace("index.csv", "IVV"), main_lots=LOTS)
    cache = tmp_path / "cache"
    more = {
        "401": Response(b"Unauthorized", 401),
        "redirect": Response(b"", 302, headers={"Location": f"{server.base}/consent"}),
        "half a file": Response(ishares(count=300), kind="text/csv"),
        "another fund": Response(ishares(count=300, weight="0.33"), kind="text/csv"),
        "an older file": Response(ishares(dt.date(2026, 11, 2)), kind="text/csv"),
    }
    server.routes["/consent"] = lambda _path, _query: SICK["consent page"]
    if sickness != "an older file":
        answers(server, SICK.get(sickness) or more[sickness])
        began = time.monotonic()
        ran = run("index", "--as-of", str(DAY), folder=home, cache=cache)
        assert time.monotonic() - began < 2
        assert (ran.code, ran.out) == (2, ""), ran.err
        assert SAID[sickness] in ran.err
        assert "and none are in the cache. Download them from https://www.ishares.com/" in ran.err
        assert kept(cache) == []
    thursday = DAY - dt.timedelta(days=1)
    answers(server, Response(ishares(thursday), kind="text/csv"))
    assert run("index", "--as-of", str(thursday), folder=home, cache=cache).code == 0
    answers(server, SICK.get(sickness) or more[sickness])
    before = (cache / "holdings" / "IVV" / "2026-11-19.csv").read_bytes()
    ran = run("index", "--as-of", str(DAY), folder=home, cache=cache)
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 501
    assert "warning: IVV: its holdings could not be fetched (" in ran.err
    assert SAID[sickness] in ran.err
    assert "those of 2026-11-19 are used from the cache" in ran.err
    assert kept(cache) == ["2026-11-19.csv", "checked.json"]
    assert (cache / "holdings" / "IVV" / "2026-11-19.csv").read_bytes() == before


def test_offline_takes_the_cache_without_a_word_and_without_it_is_an_error(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MarketError, match="none are in the cache"):
        load(server, tmp_path, offline=True)
    load(server, tmp_path)
    asked = len(server.asked)
    assert load(server, tmp_path, DAY + dt.timedelta(days=3), offline=True).warnings == ()
    assert len(server.asked) == asked


def test_an_unknown_fund_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(MarketError, match=r"Known are IVV, .*VTI"):
        issuers.fund("ARKK")


def test_a_blend_of_a_fund_and_a_file_cut_to_the_top(server: Server, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("symbol,weight\nAAA,100\n")
    parts = (IndexPart("IVV", Decimal("0.6"), None), IndexPart("own.csv", Decimal("0.4"), own))
    made = benchmark.load(Index(parts=parts, top=3), DAY, cache=tmp_path, base=server.base)
    assert [item.symbol for item in made.constituents] == ["AAA", ticker(499), ticker(498)]
    assert sum(made.weights().values()) == 1


def test_old_files_leave_the_shelf(server: Server, tmp_path: Path) -> None:
    shelf = issuers.Shelf(issuers.fund("IVV"), tmp_path)
    for age in range(issuers.KEPT + 3):
        day = DAY - dt.timedelta(days=40 - age)
        shelf.keep(issuers.Fetched(ishares(day, count=1), server.base, "text/csv"), day, day)
    assert len(shelf.paths()) == issuers.KEPT
    (shelf.folder / "checked.json").write_text("{")
    assert shelf.checked is None, "a damaged note is as good as none"


# -- index diff ---------------------------------------------------------------------------------------------------


def test_diff_says_what_changed_since_the_last_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICLI_HTTP_BASE", server.base)
    home = folder(tmp_path / "home", head=HEAD.replace("index.csv", "IVV"), main_lots=LOTS)
    cache = tmp_path / "cache"
    thursday = DAY - dt.timedelta(days=1)
    answers(server, Response(ishares(thursday, first=0), kind="text/csv"))
    first = run("index", "diff", "--as-of", str(thursday), folder=home, cache=cache)
    assert first.code == 2
    assert "there is no earlier holdings file to compare with" in first.err
    answers(server, Response(ishares(DAY, first=1), kind="text/csv"))
    ran = run("index", "diff", "--as-of", str(DAY), "--exit-code", "-f", "json", folder=home, cache=cache)
    assert ran.code == 1, ran.err
    found = json.loads(ran.out)
    assert (found["summary"]["old_as_of"], found["summary"]["new_as_of"]) == ("2026-11-19", "2026-11-20")
    assert [(row["change"], row["symbol"]) for row in found["changes"][:3]] == [
        ("joined", ticker(500)),
        ("left", ticker(0)),
        ("weight", ticker(499)),
    ]
    assert run("index", "--as-of", str(DAY), folder=home, cache=cache).out.startswith("symbol,weight,")


def test_diff_of_two_files_and_of_nonsense(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("symbol,weight\nAAA,60\nBBB,40\n")
    (tmp_path / "new.csv").write_text("symbol,weight\nAAA,50\nCCC,50\n")
    ran = run("index", "diff", "old.csv", "new.csv", folder=tmp_path, cache=tmp_path)
    assert ran.code == 0, ran.err
    assert [line.split(",")[0] + line.split(",")[3] for line in ran.out.splitlines()[1:]] == [
        "CCCjoined", "BBBleft", "AAAweight",
    ]  # fmt: skip
    for words in (["what"], ["diff", "old.csv"]):
        wrong = run("index", *words, folder=tmp_path, cache=tmp_path)
        assert (wrong.code, "it takes nothing, diff, or diff and two files" in wrong.err) == (2, True)
