"""Morgan Stanley StockPlan Connect: plans have no tickers, so each row is given back as a line to complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError

FOLDER = Path(__file__).parent / "brokers" / "morgan_stanley"
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples" / "morgan_stanley"
HEADER = "date,kind,symbol,quantity,amount\n"


def refusal(data: bytes) -> list[str]:
    with pytest.raises(InputError) as refused:
        brokers.read_document(Document("x.csv", data))
    return [str(fault) for fault in refused.value.faults]


def lines(said: list[str]) -> list[str]:
    """The lines to write that the faults give."""
    return [fault.partition("Write it as: ")[2] for fault in said if "Write it as: " in fault]


def test_vests_are_given_as_purchases_of_what_was_kept() -> None:
    said = refusal((FOLDER / "refused_releases.csv").read_bytes())
    assert lines(said) == ["2025-02-25,buy,TICKER,36.211,-6460.04", "2026-03-25,buy,TICKER,12.000,-14173.80"]
    assert "names plans and no tickers" in said[-1]


def test_sales_are_given_with_what_they_brought() -> None:
    said = refusal((FOLDER / "refused_withdrawals.csv").read_bytes())
    assert lines(said) == ["2026-04-02,sell,TICKER,-12,2162.94"]


@pytest.mark.parametrize("name", ["refused_releases.csv", "refused_withdrawals.csv"])
def test_the_lines_are_read_once_the_ticker_is_filled_in(name: str) -> None:
    found = lines(refusal((FOLDER / name).read_bytes()))
    text = HEADER + "".join(line.replace("TICKER", "GOOG") + "\n" for line in found)
    assert len(brokers.read_document(Document("mine.csv", text.encode())).transactions) == len(found)


def test_a_sale_of_a_positive_number_of_shares_is_a_fault() -> None:
    data = (FOLDER / "refused_withdrawals.csv").read_bytes().replace(b"$180.25,-12", b"$180.25,12")
    assert "a sale of 12 shares: a negative number is expected" in refusal(data)[0]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("stockplan__1.csv", 2, "names plans and no tickers"),
        ("stockplan__2.csv", 0, "Use the Releases Report"),
        ("stockplan__3.csv", 2, "names plans and no tickers"),
        ("stockplan__4.csv", 0, "Use the Releases Report"),
    ],
)
def test_the_samples_are_refused_with_the_reason(name: str, count: int, expected: str) -> None:
    said = refusal((SAMPLES / name).read_bytes())
    assert len(lines(said)) == count
    assert expected in said[-1]
