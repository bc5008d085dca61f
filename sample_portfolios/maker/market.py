"""An invented market: real company names, made-up prices, sizes and dividends, on the exchange's real trading days.

Everything comes from one seed. Only +, -, × and ÷ touch the floats (no `gauss`, no `exp`, no `pow`), so the figures,
and with them the bytes of every file, are the same on every machine.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from bisect import bisect_left, bisect_right
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

SEED = 20261122
AS_OF = dt.date(2026, 11, 20)
FIRST_SESSION = dt.date(2022, 1, 3)
SECURITIES = Path(__file__).resolve().parents[2] / "dicli" / "data" / "securities.csv"
CENT = Decimal("0.01")

# Days on which the New York Stock Exchange was or will be closed.
_CLOSED = """
2022-01-17 2022-02-21 2022-04-15 2022-05-30 2022-06-20 2022-07-04 2022-09-05 2022-11-24 2022-12-26
2023-01-02 2023-01-16 2023-02-20 2023-04-07 2023-05-29 2023-06-19 2023-07-04 2023-09-04 2023-11-23 2023-12-25
2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 2024-12-25
2025-01-01 2025-01-09 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-11-27 2025-12-25
2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25
"""
CLOSED = frozenset(map(dt.date.fromisoformat, _CLOSED.split()))

# The largest companies in an invented order; all others follow in a random one.
_GIANTS = (
    "AAPL NVDA MSFT AMZN GOOGL GOOG META BRK.B AVGO TSLA LLY JPM V XOM MA UNH WMT COST PG HD JNJ ORCL ABBV BAC NFLX "
    "CRM KO MRK CVX ADBE PEP AMD TMO CSCO LIN MCD ACN DIS ABT WFC IBM GE PM NOW INTU CAT TXN QCOM VZ CMCSA NKE AMGN "
    "PFE NEE SBUX PYPL UPS BA MMM INTC CVS TGT LOW HON SPGI GS RTX ISRG BKNG T UBER AXP BLK GEV CEG MO LMT ADP MDLZ"
)
# Smaller companies that the samples need inside the index whatever the dice say.
_KEPT_IN_INDEX = (
    "FOX FOXA NWS NWSA BF.B FSLR AES XYL FDX KHC NOC GD LHX HII COP EOG SLB PSX ENPH NRG AWK CLX CPB HSY LUV DOW"
)
GIANTS, KEPT_IN_INDEX = _GIANTS.split(), _KEPT_IN_INDEX.split()
INDEX_SIZE = 503

# symbol -> trends, each (change, over how many of the last sessions): the names that play a part in a portfolio follow
# nearly straight lines; the later trend takes over from the earlier one.
STEERED: dict[str, tuple[tuple[float, int], ...]] = {
    "NKE": ((-0.34, 420),),
    "PYPL": ((-0.30, 170),),
    "DIS": ((-0.26, 170),),
    "SBUX": ((-0.24, 190),),
    "ADBE": ((-0.33, 210),),
    "CMCSA": ((-0.25, 160),),
    "KHC": ((-0.15, 200),),
    "VZ": ((-0.22, 290),),
    "GOOGL": ((0.80, 1020), (-0.11, 40)),
    "ORCL": ((0.38, 260),),
    "UPS": ((-0.24, 255),),
    "MMM": ((-0.28, 220),),
    "CVS": ((-0.30, 220),),
    "TGT": ((0.95, 1060), (-0.27, 180)),
    "BA": ((-0.28, 230),),
    "INTC": ((-0.32, 230),),
    "FDX": ((-0.24, 240),),
    "PFE": ((-0.30, 300),),
    "CLX": ((-0.26, 200),),
    "LUV": ((-0.28, 190),),
    "XOM": ((0.30, 800),),
    "CVX": ((0.24, 800),),
}
# Their last closes, in cents; all others are drawn.
LAST = {
    "NKE": 6184, "PYPL": 5527, "DIS": 8716, "SBUX": 7443, "ADBE": 26871, "CMCSA": 2906, "KHC": 2392, "VZ": 3518,
    "GOOGL": 24163, "ORCL": 21208, "UPS": 7695, "MMM": 11832, "CVS": 5264, "TGT": 8347, "BA": 16429, "INTC": 2251,
    "FDX": 19874, "PFE": 2138, "CLX": 9655, "LUV": 2783, "XOM": 12390, "CVX": 17045, "MSFT": 8215, "AAPL": 24819,
    "NVDA": 16377, "AMZN": 21642, "TSLA": 31105, "META": 58230, "BRK.B": 47718,
}  # fmt: skip
# The second share class follows the first at a fixed ratio.
TWINS = {"GOOG": ("GOOGL", 1.004), "FOX": ("FOXA", 0.93), "NWS": ("NWSA", 1.14)}


class Security(NamedTuple):
    """One line of the table of securities."""

    symbol: str
    name: str
    sector: str
    industry: str


def cents(value: Decimal) -> Decimal:
    """Round to whole cents, half up, as brokers do."""
    return value.quantize(CENT, ROUND_HALF_UP)


def cut(value: Decimal, places: int) -> Decimal:
    """Cut shares to the given number of places: no one is sold more than was paid for."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)


def _bell(dice: random.Random) -> float:
    """A number with mean 0 and variance 1, roughly normal: three uniforms."""
    return 2.0 * (dice.random() + dice.random() + dice.random() - 1.5)


class Market:
    """Closing prices in cents for each security and session, sizes of companies and dividends per share."""

    def __init__(self) -> None:
        with SECURITIES.open(encoding="utf-8", newline="") as file:
            self.securities = {row[0]: Security(*row) for row in list(csv.reader(file))[1:]}
        days = (FIRST_SESSION + dt.timedelta(n) for n in range((AS_OF - FIRST_SESSION).days + 1))
        self.sessions = [day for day in days if day.weekday() < 5 and day not in CLOSED]
        self._row = {day: row for row, day in enumerate(self.sessions)}
        dice = random.Random(SEED)
        self._cents = self._walk(dice)
        self._pays = {
            symbol: (dice.randrange(3), dice.randrange(8, 26), 0.0022 + 0.0065 * dice.random())
            for symbol in self.securities
            if dice.random() < 0.72 or symbol in {"VZ", "KO", "T", "CVS"}
        }
        self._pays |= {"VZ": (2, 2, 0.0145), "KO": (2, 6, 0.0075), "T": (2, 9, 0.012), "CVS": (2, 10, 0.009)}
        for twin, (first, _) in TWINS.items():
            self._pays.pop(twin, None)
            if first in self._pays:
                self._pays[twin] = self._pays[first]
        self.weights = self._sizes(dice)

    def _walk(self, dice: random.Random) -> dict[str, list[int]]:
        """Each price is common, sector and own movement multiplied up, then scaled to an invented price today."""
        count = len(self.sessions)
        common = [0.00060 + 0.0068 * _bell(dice) for _ in range(count)]
        sectors = sorted({security.sector for security in self.securities.values()})
        moves = {sector: [own + 0.0040 * _bell(dice) for own in common] for sector in sectors}
        paths: dict[str, list[int]] = {}
        for symbol, security in self.securities.items():
            move = moves[security.sector]
            own = 0.009 + 0.010 * dice.random()
            last = 24.0 + 390.0 * dice.random() * dice.random()
            trends = STEERED.get(symbol, ())
            level, path = 1.0, []
            for row in range(count):
                shock = own * _bell(dice)
                trend = next((c / length for c, length in reversed(trends) if row >= count - length), None)
                # steered: most of the noise gives way to the trend
                level *= 1.0 + (move[row] + shock if trend is None else trend + 0.25 * shock)
                path.append(level)
            last = LAST.get(symbol, round(100.0 * last))
            paths[symbol] = [round(last * level / path[-1]) for level in path]
        for twin, (first, ratio) in TWINS.items():
            paths[twin] = [round(ratio * price) for price in paths[first]]
        return paths

    def _sizes(self, dice: random.Random) -> dict[str, Decimal]:
        """Index weights: the n-th company weighs in proportion to 1 ÷ (n + 2.6); largest first, summing to 1."""
        others = [symbol for symbol in self.securities if symbol not in GIANTS and symbol not in KEPT_IN_INDEX]
        dice.shuffle(others)
        tail = others[: INDEX_SIZE - len(GIANTS) - len(KEPT_IN_INDEX)] + KEPT_IN_INDEX
        dice.shuffle(tail)
        raw = {symbol: 1 / (Decimal(rank) + Decimal("2.6")) for rank, symbol in enumerate(GIANTS + tail)}
        total = sum(raw.values())
        return {symbol: weight / total for symbol, weight in raw.items()}

    def price(self, symbol: str, day: dt.date = AS_OF) -> Decimal:
        """The close of a session; a day without one is an error, for nothing trades then."""
        return Decimal(self._cents[symbol][self._row[day]]).scaleb(-2)

    def previous(self, symbol: str) -> Decimal:
        """The close of the session before the last."""
        return Decimal(self._cents[symbol][-2]).scaleb(-2)

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first session on or after a day."""
        return self.sessions[bisect_left(self.sessions, day)]

    def next_session(self, day: dt.date) -> dt.date:
        """The session after a day: the day on which a trade settles. The last one settles on the next weekday."""
        row = bisect_right(self.sessions, day)
        return self.sessions[row] if row < len(self.sessions) else day + dt.timedelta(7 - day.weekday())

    def monthly(self, first: dt.date, last: dt.date, day: int) -> list[dt.date]:
        """Each month's first session on or after the given day of the month, between two dates."""
        months = ((year, month) for year in range(first.year, last.year + 1) for month in range(1, 13))
        days = (dt.date(year, month, day) for year, month in months)
        return [self.on_or_after(then) for then in days if first <= then <= last]

    def dividends(self, symbol: str, first: dt.date, last: dt.date) -> list[tuple[dt.date, Decimal]]:
        """Pay days with dollars a share, quarterly; nothing for those that pay nothing."""
        if symbol not in self._pays:
            return []
        offset, day, rate = self._pays[symbol]
        paid = []
        for then in self.monthly(first, last, day):
            if then.month % 3 == offset and first <= then <= last:
                per_share = Decimal(round(rate * self._cents[symbol][self._row[then]])).scaleb(-2)
                if per_share:
                    paid.append((then, per_share))
        return paid
