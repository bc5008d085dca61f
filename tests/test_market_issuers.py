"""Index holdings fetched by an ETF's ticker: files that parse and are wrong, earlier days, the table of funds."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from dicli.errors import MarketError
from dicli.market import benchmark, issuers
from dicli.market.benchmark import Benchmark
from dicli.preferences.schema import Index, IndexPart
from tests.local_server import Response, Server, serving

TODAY = dt.date(2026, 11, 20)
IVV = Index((IndexPart("IVV", Decimal(1), None),))
FIRST = "/www.blackrock.com/varnish-api/"
SECOND = "/www.ishares.com/us/products/239726/"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def ishares(day: dt.date = TODAY, names: int = 503, heaviest: str = "AAPL") -> Response:
    """A holdings file of invented values."""
    out = io.StringIO()
    out.write(f'Invented 500 ETF\nFund Holdings as of,"{day:%b %d, %Y}"\nInception Date,"May 15, 2000"\n')
    out.write('Shares Outstanding,"1,000.00"\n\xa0\nTicker,Name,Sector,Asset Class,Market Value,Weight (%),Price\n')
    rows = csv.writer(out)
    symbols = [
        heaviest,
        *(f"{chr(65 + n // 676)}{chr(65 + n // 26 % 26)}{chr(65 + n % 26)}Z" for n in range(names - 1)),
    ]
    total = sum(range(1, names + 1))
    for place, symbol in enumerate(symbols):
        value = names - place
        rows.writerow(
            (symbol, f"{symbol} INC", "Energy", "Equity", f"{value}.00", f"{100 * value / total:.2f}", "9.50")
        )
    out.write('\xa0\n"The content contained herein is owned or licensed."\n')
    return Response(out.getvalue().encode(), 200, "text/csv")


def load(
    server: Server | None, cache: Path, as_of: dt.date = TODAY, index: Index = IVV, deadline: float = 20.0
) -> Benchmark:
    """`server` None: offline."""
    base = server.base if server is not None else "http://127.0.0.1:9"
    return benchmark.load(index, as_of, offline=server is None, cache=cache, base=base, deadline=deadline)


# -- in health ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["half", "few", "old", "json"])
def test_the_second_address_serves_where_the_first_gives_a_bad_file(server: Server, tmp_path: Path, first: str) -> None:
    whole = ishares().body
    bad = {
        "half": whole[: whole.index(b"AAFZ")].rsplit(b"\n", 1)[0],
        "few": ishares(names=250).body,
        "old": ishares(dt.date(2026, 11, 2)).body,
        "json": b'{"error": "moved"}',
    }
    server.routes[FIRST] = lambda _path, _query: ishares(dt.date(2026, 11, 18))
    load(server, tmp_path, dt.date(2026, 11, 18))
    server.routes[FIRST] = lambda _path, _query: Response(bad[first], 200, "text/csv")
    server.routes[SECOND] = lambda _path, _query: ishares()
    found = load(server, tmp_path)
    assert (found.as_of, len(found.constituents), found.warnings) == (TODAY, 503, ())


def test_an_earlier_day_gets_the_file_of_that_time_from_the_cache(server: Server, tmp_path: Path) -> None:
    for day, heaviest in ((dt.date(2026, 11, 2), "OLD"), (TODAY, "NEW")):
        server.routes[FIRST] = lambda _path, _query, day=day, heaviest=heaviest: ishares(day, heaviest=heaviest)
        load(server, tmp_path, day)
    asked = len(server.asked)
    found = load(server, tmp_path, dt.date(2026, 11, 10))
    assert (found.as_of, found.constituents[0].symbol, len(server.asked)) == (dt.date(2026, 11, 2), "OLD", asked)


def test_every_fund_of_the_table_has_addresses_a_page_and_plausible_counts() -> None:
    assert {"IVV", "ITOT", "IWB", "IWV", "IWM", "SPY", "QQQ", "VTI", "VOO", "SCHB", "SCHX"} <= issuers.FUNDS.keys()
    for ticker, fund in issuers.FUNDS.items():
        assert fund.addresses, ticker
        assert all(address.startswith("https://") for address in (*fund.addresses, fund.page))
        assert 1 < fund.names[0] < fund.names[1]


# -- in sickness --------------------------------------------------------------------------------------------------


def test_a_day_without_holdings_and_a_dead_server_are_said(server: Server, tmp_path: Path) -> None:
    empty = ishares().body.replace(b'"Nov 20, 2026"', b'"-"')
    for route in (FIRST, SECOND):
        server.routes[route] = lambda _path, _query: Response(empty, 200, "text/csv")
    with pytest.raises(MarketError, match="the issuer gives no holdings for that day"):
        load(server, tmp_path)
    server.http.server_close()
    with pytest.raises(MarketError, match=r"no connection .* and none are in the cache"):
        load(server, tmp_path, deadline=2.0)


def test_a_much_shorter_or_an_older_file_does_not_replace_a_good_one(server: Server, tmp_path: Path) -> None:
    index = Index((IndexPart("ITOT", Decimal(1), None),))
    server.routes[FIRST] = lambda _path, _query: ishares(dt.date(2026, 11, 18), names=2600)
    load(server, tmp_path, dt.date(2026, 11, 18), index)
    for answer, said in (
        (ishares(dt.date(2026, 11, 19), names=2000), "the file has 2000 names, and 2600 on 2026-11-18"),
        (ishares(dt.date(2026, 11, 17), names=2600), "the file is of 2026-11-17, older than the one of 2026-11-18"),
    ):
        server.routes[FIRST] = lambda _path, _query, answer=answer: answer
        found = load(server, tmp_path, TODAY, index)
        assert found.as_of == dt.date(2026, 11, 18)
        assert said in found.warnings[0]


def test_too_old_a_cache_is_an_error(server: Server, tmp_path: Path) -> None:
    server.routes[FIRST] = lambda _path, _query: ishares(dt.date(2026, 7, 1))
    with pytest.raises(MarketError, match="142 days before 2026-11-20; more than 90 days is too old"):
        load(server, tmp_path)
