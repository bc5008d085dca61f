"""Writes dicli/data/nyse.csv: the weekdays on which New York did not trade, and those that ended early.

    python benchmarks/nyse_calendar.py

The days come from the `exchange-calendars` library; a test compares the file with it. Run this before a release.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

FIRST, LAST = dt.date(1990, 1, 1), dt.date(2027, 12, 31)
FILE = Path(__file__).resolve().parents[1] / "dicli" / "data" / "nyse.csv"


def rows() -> list[tuple[str, str]]:
    """(date, closing time in New York), the time empty where there was no session."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    sessions = {session.date() for session in calendar.sessions}
    weekdays = (FIRST + dt.timedelta(days) for days in range((LAST - FIRST).days + 1))
    closed = [(day.isoformat(), "") for day in weekdays if day.weekday() < 5 and day not in sessions]
    early = [
        (session.date().isoformat(), calendar.closes[session].tz_convert("America/New_York").strftime("%H:%M"))
        for session in calendar.early_closes
    ]
    return sorted(closed + early)


def main() -> None:
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("date", "close"))
        writer.writerows(rows())
    print(f"{FILE}: {len(rows())} days from {FIRST} to {LAST}")


if __name__ == "__main__":
    main()
