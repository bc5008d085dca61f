"""The ETFs whose holdings dicli can fetch by their ticker: where from, how many names to expect, and what was kept.

The addresses are the issuers' own download links as of 2026. They move: then the error names the fund's page, from
which a person can download the file and give its path instead.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dicli.errors import Fault, InputError, MarketError
from dicli.market import net
from dicli.market.cache import cache_dir, write_whole

T = TypeVar("T")

DEADLINE = 60.0
"""Seconds for all the addresses of one fund together."""

PAUSE = 1.0
KEPT = 24
"""Files that stay in the cache for one fund."""


@dataclass(frozen=True, slots=True)
class Fund:
    """`addresses` are tried in order, `{date}` in one being the day asked for. `names`: the fewest and most."""

    ticker: str
    issuer: str
    page: str
    addresses: tuple[str, ...]
    names: tuple[int, int]


def _ishares(ticker: str, product: int, slug: str, names: tuple[int, int]) -> Fund:
    page = f"https://www.ishares.com/us/products/{product}/{slug}"
    return Fund(
        ticker,
        "iShares",
        page,
        (
            "https://www.blackrock.com/varnish-api/blk-one01-product-data/product-data/api/v1/get-fund-document"
            "?appType=PRODUCT_PAGE&appSubType=ISHARES&targetSite=us-ishares&locale=en_US&component=holdings"
            f"&userType=individual&portfolioId={product}",
            f"{page}/1467271812596.ajax?fileType=csv&fileName={ticker}_holdings&dataType=fund",
        ),
        names,
    )


def _state_street(ticker: str, names: tuple[int, int]) -> Fund:
    file = f"products/fund-data/etfs/us/holdings-daily-us-en-{ticker.lower()}.xlsx"
    return Fund(
        ticker,
        "State Street",
        f"https://www.ssga.com/us/en/intermediary/etfs/{ticker.lower()}",
        (
            f"https://www.ssga.com/us/en/intermediary/library-content/{file}",
            f"https://www.ssga.com/library-content/{file}",
        ),
        names,
    )


def _invesco(ticker: str, names: tuple[int, int]) -> Fund:
    return Fund(
        ticker,
        "Invesco",
        f"https://www.invesco.com/{ticker.lower()}-etf/en/about.html",
        (
            f"https://dng-api.invesco.com/cache/v1/accounts/en_US/shareclasses/{ticker}/holdings/fund"
            "?idType=ticker&interval=daily&productType=ETF",
        ),
        names,
    )


def _vanguard(ticker: str, names: tuple[int, int]) -> Fund:
    query = "start=1&count=20000"
    return Fund(
        ticker,
        "Vanguard",
        f"https://investor.vanguard.com/investment-products/etfs/profile/{ticker.lower()}",
        (
            f"https://investor.vanguard.com/vmf/api/{ticker}/portfolio-holding/stock.json?{query}",
            f"https://investor.vanguard.com/investment-products/etfs/profile/api/{ticker}/portfolio-holding/stock?{query}",
        ),
        names,
    )


def _schwab(ticker: str, names: tuple[int, int]) -> Fund:
    folder = f"https://www.schwabassetmanagement.com/sites/g/files/eyrktu361/files/product_files/{ticker}"
    return Fund(
        ticker,
        "Schwab",
        f"https://www.schwabassetmanagement.com/allholdings/{ticker}",
        (f"{folder}/{ticker}_FundHoldings_{{date}}.CSV",),
        names,
    )


_SP500 = (490, 520)

FUNDS: dict[str, Fund] = {
    entry.ticker: entry
    for entry in (
        _ishares("IVV", 239726, "ishares-core-sp-500-etf", _SP500),
        _ishares("ITOT", 239724, "ishares-core-sp-total-us-stock-market-etf", (1800, 4500)),
        _ishares("IWB", 239707, "ishares-russell-1000-etf", (950, 1100)),
        _ishares("IWM", 239710, "ishares-russell-2000-etf", (1700, 2200)),
        _ishares("IWV", 239714, "ishares-russell-3000-etf", (2200, 3300)),
        _ishares("OEF", 239723, "ishares-sp-100-etf", (95, 110)),
        _state_street("SPY", _SP500),
        _state_street("SPLG", _SP500),
        _state_street("SPYM", _SP500),
        _invesco("QQQ", (95, 115)),
        _invesco("QQQM", (95, 115)),
        _vanguard("VOO", _SP500),
        _vanguard("VTI", (2800, 4800)),
        _vanguard("VV", (350, 700)),
        _schwab("SCHB", (1800, 3000)),
        _schwab("SCHX", (650, 850)),
    )
}


def fund(ticker: str) -> Fund:
    """Raises MarketError for a ticker that is not in the table."""
    found = FUNDS.get(ticker.upper())
    if found is None:
        raise MarketError(
            Fault(
                f"index.benchmark = {ticker}",
                "dicli does not know where this fund's holdings are published",
                f"Known are {', '.join(FUNDS)}; for any other fund give the path of its holdings file.",
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Fetched:
    data: bytes
    address: str
    content_type: str


def fetch(
    wanted: Fund,
    as_of: dt.date,
    accept: Callable[[Fetched], T],
    *,
    base: str | None = None,
    deadline: float = DEADLINE,
    pause: float | None = None,
) -> tuple[Fetched, T]:
    """The fund's file, from the first of its addresses that gives one which `accept` takes, and what that returns.

    `accept` refuses a file by an InputError or a MarketError. A site that limits the rate is not asked again; one that
    has a problem is asked once more after `pause` seconds. Raises MarketError with what each address said.
    """
    end = time.monotonic() + deadline
    pause = PAUSE if pause is None else pause
    base = base or net.base_address()
    said: list[str] = []
    for template in wanted.addresses:
        address = template.replace("{date}", as_of.isoformat())
        site = urlsplit(address).netloc
        for attempt in (1, 2):
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                answer = net.get(address, seconds=min(left, deadline / 2), base=base)
                fetched = Fetched(answer.data, address, answer.content_type)
                return fetched, accept(fetched)
            except (InputError, MarketError) as error:
                said.append(f"{site}: {'; '.join(fault.what for fault in error.faults[:2])}")
                break
            except net.FetchError as error:
                said.append(f"{site}: {error}")
                if attempt == 2 or error.status is None or error.status < 500:
                    break
                time.sleep(max(0.0, min(pause, end - time.monotonic())))
    raise MarketError(
        Fault(wanted.ticker, "; ".join(dict.fromkeys(said)) or f"no answer within {deadline:.0f} seconds")
    )


class Shelf:
    """The files of one fund in the cache, each named by the day of its holdings; `checked` is when we last asked."""

    def __init__(self, of: Fund, cache: Path | None = None) -> None:
        self.folder = (cache or cache_dir()) / "holdings" / of.ticker

    def paths(self) -> list[Path]:
        """Oldest first."""
        return sorted(path for path in self.folder.glob("[0-9]*-*-*.*") if path.suffix in (".csv", ".json", ".xlsx"))

    def newest(self, as_of: dt.date) -> Path | None:
        """The last one of `as_of` or before; where all are later, the first of those."""
        paths = self.paths()
        before = [path for path in paths if path.stem <= as_of.isoformat()]
        return before[-1] if before else paths[0] if paths else None

    @property
    def checked(self) -> dt.date | None:
        try:
            return dt.date.fromisoformat(json.loads((self.folder / "checked.json").read_text(encoding="utf-8"))["on"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, fetched: Fetched, as_of: dt.date | None, on: dt.date) -> Path:
        """Store a file that was found good, under its own day (or the day it was asked for), and drop the oldest."""
        data = fetched.data
        suffix = ".xlsx" if data.startswith(b"PK") else ".json" if data.lstrip()[:1] in (b"{", b"[") else ".csv"
        path = self.folder / f"{(as_of or on).isoformat()}{suffix}"
        write_whole(path, data)
        write_whole(self.folder / "checked.json", json.dumps({"on": on.isoformat()}).encode())
        for old in self.paths()[:-KEPT]:
            old.unlink(missing_ok=True)
        return path
