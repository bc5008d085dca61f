"""A web server on 127.0.0.1 that plays the issuers' sites and Yahoo's, in health and in sickness.

`DICLI_HTTP_BASE` sends every request of dicli to it, as /host/path. Yahoo's closes are made up from the symbol's name,
so that they are the same in every run.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from dicli.market import calendar

NEW_YORK = ZoneInfo("America/New_York")
CONSENT = "<!DOCTYPE html><html><body><form>We value your privacy</form></body></html>"


@dataclass(frozen=True)
class Response:
    """`promised`: the Content-Length that is said; `stall`: seconds of silence after the body; `delay`: before it."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    delay: float = 0.0
    stall: float = 0.0
    endless: int = 0
    """Bytes to send beyond the body, in pieces, without a promise of how many."""


Route = Callable[[str, dict[str, str]], Response]


class Server:
    """`routes` by the start of the path, the longest first; `asked` are the paths in the order of the requests."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[str] = []
        self.sent = 0
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two packets: 40 ms a request otherwise

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                outer.asked.append(self.path)
                with contextlib.suppress(OSError):
                    outer.answer(self, parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

            do_POST = do_GET  # noqa: N815  (the library's names)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.base = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, str]) -> None:
        found = max((start for start in self.routes if path.startswith(start)), key=len, default=None)
        response = self.routes[found](path, query) if found is not None else Response(b"not there", 404, "text/plain")
        self.closing.wait(response.delay)
        handler.send_response(response.status)
        handler.send_header("Content-Type", response.kind)
        if not response.endless:
            length = len(response.body) if response.promised is None else response.promised
            handler.send_header("Content-Length", str(length))
        else:
            handler.close_connection = True
        for name, value in response.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(response.body)
        handler.wfile.flush()
        self.closing.wait(response.stall)
        for _ in range(response.endless >> 16):
            if self.closing.is_set():
                break
            handler.wfile.write(b"x" * (1 << 16))
            self.sent += 1 << 16
        if response.promised is not None:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)

    def charts(self) -> list[str]:
        """The symbols whose prices were asked for, in that order."""
        return [urlsplit(path).path.rsplit("/", 1)[1] for path in self.asked if "/v8/finance/chart/" in path]


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.http.shutdown()
        server.http.server_close()


SICK: dict[str, Response] = {
    "429": Response(b"Too Many Requests", 429, "text/plain"),
    "500": Response(b"oops", 500, "text/plain"),
    "empty body": Response(b""),
    "truncated JSON": Response(b'{"chart": {"result": [{"meta": {"symb'),
    "a promise not kept": Response(b'{"chart": ', promised=5000),
    "stalled": Response(b'{"chart": ', promised=5000, stall=30),
    "30 s latency": Response(b"{}", delay=30),
    "consent page": Response(CONSENT.encode(), 200, "text/html"),
    "wrong content type": Response(b"\x89PNG\r\n\x1a\n\x00\x00", 200, "image/png"),
    "200 MB": Response(b"{", endless=200 << 20),
}


# -- Yahoo --------------------------------------------------------------------------------------------------------


def close_of(symbol: str, day: dt.date) -> float:
    """An invented close: a slow wave around a level of the symbol's own, in cents."""
    level = 20 + zlib.crc32(symbol.encode()) % 30000 / 100
    return round(level * (1 + 0.002 * ((day.toordinal() * 7919 + len(symbol)) % 11 - 5)), 2)


def seconds_of(day: dt.date, hour: int = 9, minute: int = 30) -> int:
    return int(dt.datetime.combine(day, dt.time(hour, minute), NEW_YORK).timestamp())


@dataclass
class Yahoo:
    """Yahoo as of a moment: its last bar is today's, finished or not.

    `closes` overrides the invented closes of a symbol from a day on; `splits`, `dividends` are its events; `gone` are
    symbols it knows nothing of; `ends` is the last day of others; `only` are the answers in place of the honest ones.
    """

    now: dt.datetime
    splits: dict[str, dict[dt.date, tuple[int, int]]] = field(default_factory=dict)
    dividends: dict[str, dict[dt.date, float]] = field(default_factory=dict)
    prices: dict[str, Callable[[dt.date], float | None]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    ends: dict[str, dt.date] = field(default_factory=dict)
    only: dict[str, Response] = field(default_factory=dict)
    currency: dict[str, str] = field(default_factory=dict)
    after: dict[int, Response] = field(default_factory=dict)
    """Number of charts -> what is answered from then on."""
    charts: int = 0
    crumb: str = "fresh"
    good_crumbs: frozenset[str] = frozenset({"fresh"})

    def serve(self, server: Server) -> None:
        server.routes["/fc.yahoo.com"] = lambda _path, _query: Response(b"", 404, "text/html")
        server.routes["/guce.yahoo.com"] = lambda _path, _query: Response(CONSENT.encode(), 200, "text/html")
        for host in ("query1", "query2"):
            server.routes[f"/{host}.finance.yahoo.com/v1/test/getcrumb"] = lambda _path, _query: Response(
                self.crumb.encode(), 200, "text/plain"
            )
            server.routes[f"/{host}.finance.yahoo.com/v8/finance/chart/"] = self.chart
            server.routes[f"/{host}.finance.yahoo.com/v7/finance/quote"] = self.quote

    def chart(self, path: str, query: dict[str, str]) -> Response:
        symbol = path.rsplit("/", 1)[1]
        self.charts += 1
        late = [count for count in self.after if self.charts > count]
        if late:
            return self.after[max(late)]
        if symbol in self.only:
            return self.only[symbol]
        if query.get("crumb") not in self.good_crumbs:
            return _error("Unauthorized", "Invalid Cookie", 401)
        if symbol in self.gone:
            return _error("Not Found", "No data found, symbol may be delisted", 404)
        first = dt.datetime.fromtimestamp(int(query["period1"]), NEW_YORK).date()
        today = self.now.astimezone(NEW_YORK).date()
        days = calendar.sessions(first, min(today, self.ends.get(symbol, today)))
        price = self.prices.get(symbol, lambda day: close_of(symbol, day))
        closes = [price(day) for day in days]
        events: dict[str, dict[str, dict[str, object]]] = {}
        for day, (new, old) in self.splits.get(symbol, {}).items():
            if first <= day:
                ratio = {"date": seconds_of(day), "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
                events.setdefault("splits", {})[str(seconds_of(day))] = ratio
        for day, paid in self.dividends.get(symbol, {}).items():
            if first <= day:
                events.setdefault("dividends", {})[str(seconds_of(day))] = {"amount": paid, "date": seconds_of(day)}
        result = {
            "meta": self._meta(symbol),
            "timestamp": [seconds_of(day) for day in days],
            "events": events,
            "indicators": {
                "quote": [{"open": closes, "high": closes, "low": closes, "close": closes,
                           "volume": [1000] * len(days)}],
                "adjclose": [{"adjclose": closes}],
            },
        }  # fmt: skip
        return Response(json.dumps({"chart": {"result": [result], "error": None}}).encode())

    def quote(self, _path: str, query: dict[str, str]) -> Response:
        if "quote" in self.only:
            return self.only["quote"]
        today = self.now.astimezone(NEW_YORK).date()
        rows = [
            {
                "symbol": symbol,
                "currency": self.currency.get(symbol, "USD"),
                "regularMarketPrice": self.prices.get(symbol, lambda day, of=symbol: close_of(of, day))(today),
                "regularMarketTime": int(self.now.timestamp()),
            }
            for symbol in query["symbols"].split(",")
            if symbol not in self.gone
        ]
        return Response(json.dumps({"quoteResponse": {"result": rows, "error": None}}).encode())

    def _meta(self, symbol: str) -> dict[str, object]:
        periods = {
            name: {"timezone": "EST", "gmtoffset": -18000, "start": 0, "end": 0} for name in ("pre", "regular", "post")
        }
        return {
            "currency": self.currency.get(symbol, "USD"),
            "symbol": symbol,
            "exchangeName": "NMS",
            "instrumentType": "EQUITY",
            "firstTradeDate": 345479400,
            "regularMarketTime": int(self.now.timestamp()),
            "gmtoffset": -18000,
            "timezone": "EST",
            "exchangeTimezoneName": "America/New_York",
            "priceHint": 2,
            "currentTradingPeriod": periods,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        }


def _error(code: str, text: str, status: int) -> Response:
    return Response(
        json.dumps({"chart": {"result": None, "error": {"code": code, "description": text}}}).encode(), status
    )


def until(when: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not when():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
