"""One request over the network, bounded: by a deadline for all of it, by a size, and by what may come back.

`urllib` bounds each read, not the whole, and a name server can hang before the first one. So the work runs in a thread
that is left behind when its time is up; being a daemon, it cannot keep the program from ending.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

MOST_BYTES = 32 << 20
"""The largest honest answer is a total-market list of some 5 MB."""

_HEADERS = {
    # Issuers' sites refuse clients that do not look like a browser.
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Accept": "text/csv,application/json,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
}


class FetchError(Exception):
    """What went wrong with a request, in words; `status` is the HTTP status where there was one."""

    def __init__(self, what: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, whole, and the address that it came from in the end."""

    data: bytes
    address: str
    content_type: str


def base_address() -> str | None:
    """DICLI_HTTP_BASE: a server that stands in for every site, asked for /host/path (a mirror; the tests' server)."""
    return os.environ.get("DICLI_HTTP_BASE") or None


def at(address: str, base: str | None) -> str:
    """The address as it is asked for: itself, or under `base` where one stands in."""
    if base is None or address.startswith(base):
        return address
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{base.rstrip('/')}/{parts.netloc}{parts.path}{query}"


def bounded(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, or TimeoutError after `seconds`."""
    box: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put((work(), None))
        except BaseException as error:
            box.put((None, error))

    threading.Thread(target=run, daemon=True, name="dicli-request").start()
    try:
        value, error = box.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def get(address: str, *, seconds: float, most_bytes: int = MOST_BYTES, base: str | None = None) -> Answer:
    """GET an address. Raises FetchError for all that is not a whole answer with a body that is no web page."""
    try:
        answer = bounded(seconds, lambda: _get(at(address, base), seconds, most_bytes))
    except TimeoutError:
        raise FetchError(f"no whole answer within {seconds:.0f} seconds") from None
    if not answer.data.strip():
        raise FetchError("the answer is empty")
    start = answer.data[:300].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        raise FetchError("a web page came instead of the file (a consent, sign-in or robot check)")
    return answer


def _get(address: str, seconds: float, most_bytes: int) -> Answer:
    import urllib.error  # here: plans without a fetch start without them
    import urllib.request
    from http.client import HTTPException

    request = urllib.request.Request(address, headers=_HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            data = response.read(most_bytes + 1)
            if len(data) > most_bytes:
                raise FetchError(f"the answer is larger than {most_bytes >> 20} MB")
            length = response.headers.get("Content-Length")
            if length is not None and length.isdigit() and len(data) < int(length):
                raise FetchError(f"the answer broke off after {len(data)} of {length} bytes")
            return Answer(data, response.url, response.headers.get("Content-Type", ""))
    except urllib.error.HTTPError as error:
        error.close()
        reasons = {403: "refused", 404: "not there", 429: "too many requests: the site limits the rate"}
        reason = reasons.get(error.code, "the site has a problem" if error.code >= 500 else str(error.reason))
        raise FetchError(f"HTTP {error.code} ({reason})", error.code) from None
    except urllib.error.URLError as error:
        raise FetchError(f"no connection ({error.reason})") from None
    except (OSError, HTTPException) as error:
        raise FetchError(f"the connection broke ({type(error).__name__})") from None
