"""Yahoo's prices through yfinance: wrapped, never trusted.

yfinance answers trouble in many ways: an empty frame, a log line, a dozen kinds of exception, a wait without end. Here
each becomes a Series or one of two exceptions. All of its requests go through a session of ours, which bounds them in
time and size, can send them to another server (DICLI_HTTP_BASE), and remembers what the last answer was, so that the
message can tell a limit from a robot check. Nothing else of yfinance is touched, and only `market.prices` calls this.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import threading
import time
import warnings
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dicli.market import net
from dicli.market.series import Series, as_ratio
from dicli.model import Quote

NAME = "yfinance"
MOST_BYTES = 8 << 20
"""Two years of one symbol are 60 kB, sixty years 2 MB."""

_TOO_LARGE = f"the answer is larger than {MOST_BYTES >> 20} MB"

BATCH = 100
"""Symbols in one request for current prices."""


class NoPrices(Exception):  # noqa: N818  (what happened, in the words that the user reads)
    """One symbol's prices did not come.

    `passing`: another try may help. `site`: the trouble is the site's and not the symbol's. `said`: Yahoo says itself
    that it has none, which an empty answer does not.
    """

    def __init__(self, what: str, *, passing: bool = False, site: bool = False, said: bool = False) -> None:
        self.passing = passing
        self.site = site
        self.said = said
        super().__init__(what)


class RateLimited(NoPrices):
    """Yahoo asks us to stop."""

    def __init__(self) -> None:
        super().__init__("Yahoo limits the rate (HTTP 429)", site=True)


def to_yahoo(symbol: str) -> str:
    """BRK.B -> BRK-B."""
    return symbol.replace(".", "-")


def from_yahoo(symbol: str) -> str:
    return symbol.replace("-", ".")


class Yahoo:
    """Yahoo as a source, open until `end` (on the monotonic clock): no request begins or goes on after it.

    `cache` is the folder for yfinance's own files (cookies, pickled); `seconds` bounds a single request. Several
    threads may call the same object.
    """

    def __init__(self, cache: Path, *, end: float, seconds: float = 10.0, base: str | None = None) -> None:
        import yfinance

        cache.mkdir(parents=True, exist_ok=True)
        logging.getLogger("yfinance").setLevel(logging.CRITICAL + 1)  # what went wrong is said here, once
        warnings.filterwarnings("ignore", module=r"yfinance\b")  # what pandas thinks of its code helps no user
        yfinance.set_tz_cache_location(str(cache))
        yfinance.config.debug.hide_exceptions = False
        self._session = _session(end, seconds, base or net.base_address())
        self._renew = threading.Lock()
        _forget(self._session)

    def history(self, symbol: str, first: dt.date, last: dt.date) -> Series:
        """Closes, dividends and splits from `first` to `last`; later days (today's unfinished bar) are left out.

        Raises NoPrices, RateLimited.
        """
        import yfinance

        self._session.seen.clear()
        try:
            ticker = yfinance.Ticker(to_yahoo(symbol), session=self._session)
            # All that dicli follows trades in New York. Said here, it saves one request in two; a later yfinance that
            # ignores the attribute asks Yahoo instead.
            ticker._tz = "America/New_York"
            # Without `end`: given one in the past, yfinance keeps answers, bad ones too, and a second try is in vain.
            frame = ticker.history(start=first.isoformat(), auto_adjust=False, actions=True)
            meta = ticker.get_history_metadata() if len(frame) else {}
            currency, said = meta.get("currency"), meta.get("symbol")  # no more of it: other keys are fetched when read
        except Exception as error:  # yfinance lets through whatever its parsers stumble over
            raise self._trouble(error) from None
        if not len(frame):
            raise self._trouble(None)
        if currency not in (None, "USD"):
            raise NoPrices(f"Yahoo's prices of it are in {currency}", said=True)
        if said not in (None, to_yahoo(symbol)):
            raise NoPrices(f"Yahoo answered with the prices of {said}")
        return _series(symbol, frame, first, last)

    def quotes(self, symbols: Sequence[str], day: dt.date) -> list[Quote]:
        """Prices of this moment, of those symbols that Yahoo has one for today (`day`, New York). Raises as above."""
        from yfinance.data import YfData

        found: list[Quote] = []
        for start in range(0, len(symbols), BATCH):
            batch = symbols[start : start + BATCH]
            self._session.seen.clear()
            try:
                answer = YfData(session=self._session).get_raw_json(
                    "https://query1.finance.yahoo.com/v7/finance/quote",
                    params={"symbols": ",".join(map(to_yahoo, batch))},
                )
                found += _quotes(answer["quoteResponse"]["result"], frozenset(batch), day)
            except Exception as error:  # as above
                raise self._trouble(error) from None
        return found

    def forget(self) -> None:
        """Drop the cookies, those on disk too: after a 401 yfinance would offer the same ones again for a year."""
        with self._renew:
            _forget(self._session)
            from yfinance import cache

            cache.get_cookie_cache().store("curlCffi", None)

    def _trouble(self, error: Exception | None) -> NoPrices:
        """What happened, from the exception and from the answer that came last."""
        kind = type(error).__name__
        seen = self._session.seen.last
        if kind == "YFRateLimitError" or seen.status == 429:
            return RateLimited()
        if seen.status in (401, 403):
            self.forget()
            return NoPrices(f"Yahoo refused (HTTP {seen.status})", passing=True, site=True)
        if getattr(error, "yahoo_reason", None) or (seen.status == 404 and seen.json):
            return NoPrices("Yahoo has no prices of it", said=True)
        if seen.status is not None and seen.status >= 500:
            return NoPrices(f"Yahoo has a problem (HTTP {seen.status})", passing=True, site=True)
        if seen.failed:
            return NoPrices(seen.failed, passing=seen.failed != _TOO_LARGE, site=True)
        if seen.page:
            return NoPrices("a web page came instead of prices (a consent or robot check)", site=True)
        if error is None or (kind in ("YFPricesMissingError", "YFTzMissingError") and seen.json):
            return NoPrices("Yahoo's answer has no prices in it")
        if isinstance(error, (ValueError, KeyError, TypeError, IndexError)):
            return NoPrices("Yahoo's answer broke off or is not what it should be", passing=True, site=True)
        return NoPrices(f"yfinance failed ({kind})", passing=True, site=True)


class _Answer:
    """What the last answer was."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.page = False
        self.json = False
        self.failed = ""


class _Seen(threading.local):
    """The last answer to each thread."""

    def __init__(self) -> None:
        self.last = _Answer()

    def clear(self) -> None:
        self.last = _Answer()


def _session(end: float, seconds: float, base: str | None) -> Any:
    """A session as yfinance makes it, with our bounds."""
    from curl_cffi import CurlOpt, requests

    class Session(requests.Session):  # type: ignore[type-arg]
        seen = _Seen()

        def request(self, method: Any, url: str, **options: Any) -> Any:  # type: ignore[override]
            answer = self.seen.last
            left = min(seconds, end - time.monotonic())
            if left <= 0:
                answer.failed = "no time was left"
                raise requests.exceptions.Timeout(answer.failed)
            try:
                response = super().request(method, net.at(url, base), **{**options, "timeout": left})
            except requests.exceptions.RequestException as error:
                answer.failed = _failure(error)
                raise
            body = response.content[:300].lstrip().lower()
            answer.status = response.status_code
            answer.failed = ""
            answer.page = body.startswith((b"<!doctype html", b"<html", b"<head", b"<script"))
            answer.json = body.startswith(b"{")
            return response

    return Session(impersonate="chrome", curl_options={CurlOpt.MAXFILESIZE_LARGE: MOST_BYTES})


def _failure(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "no answer in time"
    if "maximum allowed file size" in str(error):
        return _TOO_LARGE
    if name in ("ConnectionError", "DNSError", "ProxyError", "SSLError", "CertificateVerifyError"):
        return f"no connection ({name})"
    return f"the connection broke ({name})"


def _forget(session: Any) -> None:
    """yfinance keeps one session, cookie and crumb for the whole process: put ours in, and nothing remembered."""
    from yfinance.data import YfData

    kept = YfData(session=session)
    kept._crumb = kept._cookie = None
    session.cookies.clear()


def _series(symbol: str, frame: Any, first: dt.date, last: dt.date) -> Series:
    """A frame of yfinance as a Series: New York's days, prices as written, NaN closes as Decimal("NaN")."""
    index = frame.index if frame.index.tz is None else frame.index.tz_convert("America/New_York")
    days = [day for day in index.date.tolist() if isinstance(day, dt.date)]
    if "Close" not in frame.columns or len(days) != len(frame):
        raise NoPrices("Yahoo's answer has no closes", passing=True, site=True)
    found = zip(days, _prices(frame["Close"]), strict=True)
    closes = {day: close for day, close in found if first <= day <= last}
    dividends: dict[dt.date, Decimal] = {}
    for column in ("Dividends", "Capital Gains"):
        if column in frame.columns:
            for day, paid in _events(days, frame[column]):
                dividends[day] = dividends.get(day, Decimal(0)) + paid
    splits = {}
    if "Stock Splits" in frame.columns:
        splits = {day: as_ratio(ratio) for day, ratio in _events(days, frame["Stock Splits"])}
    if not any(close.is_finite() for close in closes.values()):
        raise NoPrices("Yahoo has no prices of it in these days")
    ordered = sorted(closes)
    return Series(
        symbol,
        tuple(ordered),
        tuple(closes[day] for day in ordered),
        {day: paid for day, paid in sorted(dividends.items()) if first <= day <= last},
        {day: ratio for day, ratio in sorted(splits.items()) if first <= day <= last},
        NAME,
    )


def _prices(column: Any) -> Iterable[Decimal]:
    """Yahoo's prices are 32-bit numbers written as 64-bit ones: 187.1499938964844 was 187.15."""
    import numpy as np

    values = column.to_numpy(dtype=np.float64, na_value=math.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype(np.float32)
    same = np.isclose(short.astype(np.float64), values, rtol=1e-12, atol=0.0)  # whether printed with 16 digits or 17
    for value, brief, exact in zip(values.tolist(), short, same.tolist(), strict=True):
        yield Decimal(str(brief)) if exact else Decimal(repr(value))


def _events(days: Sequence[dt.date], column: Any) -> Iterable[tuple[dt.date, Decimal]]:
    """The days on which something happened."""
    for day, value in zip(days, column.tolist(), strict=True):
        if isinstance(value, (int, float)) and math.isfinite(value) and value > 0:
            yield day, Decimal(str(value))


def _quotes(rows: Iterable[dict[str, Any]], wanted: frozenset[str], day: dt.date) -> list[Quote]:
    from zoneinfo import ZoneInfo

    new_york = ZoneInfo("America/New_York")
    found = []
    for row in rows:
        symbol, price, moment = (
            from_yahoo(str(row["symbol"])),
            row.get("regularMarketPrice"),
            row.get("regularMarketTime"),
        )
        if symbol not in wanted or row.get("currency", "USD") != "USD" or not isinstance(price, (int, float)):
            continue
        if not math.isfinite(price) or price <= 0 or not isinstance(moment, (int, float)):
            continue
        at = dt.datetime.fromtimestamp(moment, new_york)
        if at.date() == day:
            found.append(Quote(symbol, Decimal(str(price)), day, f"{NAME} at {at:%H:%M}"))
    return found
