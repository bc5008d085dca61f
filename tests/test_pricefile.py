"""Price files whole: two layouts, dividends and splits, and what they do not tell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dicli.errors import InputError
from dicli.market.pricefile import read_file, read_series
from dicli.market.series import Series, split_adjusted

D = Decimal
DAYS = [dt.date(2026, 3, day) for day in (2, 3, 4, 5)]


def written(path: Path, text: str, name: str = "prices.csv") -> Path:
    path.mkdir(exist_ok=True)
    (path / name).write_text(text, encoding="utf-8")
    return path / name


def test_a_column_for_each_symbol_reads_like_a_row_for_each_close(tmp_path: Path) -> None:
    wide = written(tmp_path, "Date,AAPL,brk-b,NEW\n2026-03-02,10,20,\n2026-03-03,11,21,5\n2026-03-04,12,,6\n")
    rows = "".join(
        f"{symbol},2026-03-0{day},{close}\n"
        for symbol, closes in {"AAPL": (10, 11, 12), "BRK.B": (20, 21, None), "NEW": (None, 5, 6)}.items()
        for day, close in zip((2, 3, 4), closes, strict=True)
        if close
    )
    long = written(tmp_path, "symbol,date,close\n" + rows, "long.csv")
    one, other = read_series(wide), read_series(long)
    assert {s: (x.days, x.closes) for s, x in one.series.items()} == {
        s: (x.days, x.closes) for s, x in other.series.items()
    }
    assert one.without_dividends == other.without_dividends == {"AAPL", "BRK.B", "NEW"}
    quotes = [(quote.symbol, quote.date, quote.price) for quote in read_file(wide, DAYS[1])]
    assert quotes == [("AAPL", DAYS[1], 11), ("BRK.B", DAYS[1], 21), ("NEW", DAYS[1], 5)]


def test_faults_of_a_wide_file_name_row_and_symbol(tmp_path: Path) -> None:
    path = written(tmp_path, "date,AAPL,MSFT\n2026-03-02,10,-1\n2026-03-03,x,2\n2026-03-02,9,2\n")
    with pytest.raises(InputError) as caught:
        read_series(path)
    said = [str(fault) for fault in caught.value.faults]
    assert [text.split(": ", 1)[0].split(", ")[1] for text in said] == ["row 2", "row 3", "row 4"]
    assert "MSFT has a close of -1" in said[0]
    assert 'column "AAPL" has "x"' in said[1]
    assert "AAPL closed at 10 on 2026-03-02 in an earlier row, and at 9 here" in said[2]
    with pytest.raises(InputError, match='two columns for "AAPL"'):
        read_series(written(tmp_path, "date,AAPL,AAPL\n2026-03-02,1,2\n"))


def test_dividends_are_stated_or_follow_from_adjusted_closes(tmp_path: Path) -> None:
    stated = written(tmp_path, "symbol,date,close,dividend\nAAA,2026-03-02,100,\nAAA,2026-03-03,99,1.5\n")
    assert read_series(stated).series["AAA"].dividends == {DAYS[1]: D("1.5")}
    assert not read_series(stated).without_dividends
    # 99 and 1.50 of dividend: a total return of half a percent; the day after only a rounded cent
    rows = "AAA,2026-03-02,100,98.51\nAAA,2026-03-03,99,99.01\nAAA,2026-03-04,99,99.03\n"
    adjusted = read_series(written(tmp_path, "symbol,date,close,adj_close\n" + rows)).series["AAA"]
    assert list(adjusted.dividends) == [DAYS[1]]
    assert float(adjusted.dividends[DAYS[1]]) == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("closes", [("100", "102", "51", "52"), ("50", "51", "51", "52")])
def test_closes_come_on_the_footing_of_the_last_day(tmp_path: Path, closes: tuple[str, ...]) -> None:
    rows = [f"AAA,{day},{close},{'2/1' if day == DAYS[2] else ''}" for day, close in zip(DAYS, closes, strict=True)]
    made = read_series(written(tmp_path, "symbol,date,close,split\n" + "\n".join(rows) + "\n")).series["AAA"]
    assert made.closes == (50, 51, 51, 52)
    assert made.splits == {DAYS[2]: Fraction(2)}


def test_a_dividend_before_a_split_is_of_the_old_shares() -> None:
    series = Series("A", tuple(DAYS), (D(100), D(100), D(50), D(50)), {DAYS[1]: D(1)}, {DAYS[2]: Fraction(2)})
    assert split_adjusted(series).dividends == {DAYS[1]: D("0.5")}


def test_a_split_that_is_no_number_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='a split of "two"'):
        read_series(written(tmp_path, "symbol,date,close,split\nAAA,2026-03-02,1,two\n"))
