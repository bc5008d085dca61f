"""Tables on terminals of every width: no figure is cut, and nothing to show is said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from dicli.model import Column, Figure, Report
from dicli.views.table import render

COLUMNS = (
    Column("account"),
    Column("symbol"),
    Column("value", Figure.MONEY),
    Column("lot_acquired", Figure.DATE),
    Column("gain", Figure.MONEY),
    Column("reason", Figure.REASONS),
)
ROWS = (
    ("joint", "BRK.B", Decimal(1234567), dt.date(2025, 11, 5), Decimal(-193), ("harvest: a short-term loss", "drift")),
    ("ira", "A", Decimal(12), dt.date(2024, 1, 2), None, ("cash: 5,000.00 more is wanted than there is",)),
)


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 200])
def test_no_figure_date_or_symbol_is_cut_however_narrow_the_terminal(width: int) -> None:
    text = render(Report("trades", COLUMNS, ROWS), width=width)
    for whole in ("BRK.B", "1,234,567", "2025-11-05", "2024-01-02", "-193", "joint", "harvest: a"):
        assert whole in text


def test_a_table_that_fits_is_no_wider_than_the_terminal() -> None:
    assert max(map(len, render(Report("trades", COLUMNS, ROWS), width=80).splitlines())) <= 80


def test_a_title_is_folded_to_the_terminal_though_the_table_is_wider() -> None:
    lines = render(Report("trades", COLUMNS, ROWS, title="346 trades: saves tax this year"), width=20).splitlines()
    assert lines[:2] == ["346 trades: saves", "tax this year"]


def test_no_rows_are_said() -> None:
    assert render(Report("sales", COLUMNS, ())) == "none\n"
