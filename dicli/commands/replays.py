"""What `backtest` and `worth-it` are asked alike: money, flows, gains, fees; flags that come before [backtest]."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicli.commands.options import dollars

if TYPE_CHECKING:
    from dicli.preferences import Preferences


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONEY = {"metavar": "DOLLARS", "parser": dollars}
_FRACTION = {"metavar": "FRACTION", "parser": dollars}

MOST_FEE = Decimal("0.05")  # as in dicli.toml: 0.4 is 40 %, and was meant as 0.4 %

INITIAL = Annotated[Any, typer.Option(**_MONEY, help="Starting cash.")]
FUND_GAIN = Annotated[
    Any, typer.Option(**_MONEY, help="Long-term gain in the index fund that the money is in: leaving it is taxed.")
]
CONTRIBUTE = Annotated[Any, typer.Option(**_MONEY, help="Paid in every month.")]
WITHDRAW = Annotated[Any, typer.Option(**_MONEY, help="Taken out every month.")]
OUTSIDE_SHORT = Annotated[Any, typer.Option(**_MONEY, help="Short-term gains elsewhere, a year.")]
OUTSIDE_LONG = Annotated[Any, typer.Option(**_MONEY, help="Long-term gains elsewhere, a year.")]
FUND_FEE = Annotated[Any, typer.Option(**_FRACTION, help="Of the fund compared with, a year.")]
ACCOUNT_FEE = Annotated[Any, typer.Option(**_FRACTION, help="What whoever runs the account charges, a year.")]
MIN_LOSS = Annotated[Any, typer.Option(**_MONEY, help="Smallest loss worth taking; and")]
MIN_LOSS_FRACTION = Annotated[Any, typer.Option(**_FRACTION, help="smallest loss worth taking, of the lot's basis.")]
RECOVERY = Annotated[Any, typer.Option(**_FRACTION, help="Of the last price, at a delisting.")]


def asked(
    preferences: Preferences,
    *,
    initial: Decimal | None,
    fund_gain: Decimal | None,
    contribute: Decimal | None,
    withdraw: Decimal | None,
    outside_short: Decimal | None,
    outside_long: Decimal | None,
    fund_fee: Decimal | None,
    account_fee: Decimal | None,
    **others: Any,
) -> Preferences:
    """The preferences with [backtest] as the flags say; `others` are keys of it. Raises BadParameter for what cannot
    be.
    """
    from dicli.preferences import Flow, ShortLong

    flags: dict[str, Any] = {
        "initial": _above(initial, "--initial"),
        "fund_gain": fund_gain,
        "fund_fee": part(fund_fee, "--fund-fee", MOST_FEE),
        "account_fee": part(account_fee, "--account-fee", MOST_FEE),
        **{name: value.value if isinstance(value, StrEnum) else value for name, value in others.items()},
    }
    if contribute is not None:
        flags["contributions"] = Flow(_above(contribute, "--contribute") or Decimal(0))
    if withdraw is not None:
        flags["withdrawals"] = Flow(_above(withdraw, "--withdraw") or Decimal(0))
    if outside_short is not None or outside_long is not None:
        flags["outside_gains"] = ShortLong(outside_short or Decimal(0), outside_long or Decimal(0))
    said = {name: value for name, value in flags.items() if value is not None}
    wanted = replace(preferences.backtest, **said)
    if wanted.fund_gain and not 0 <= wanted.fund_gain <= (wanted.initial or Decimal(0)):
        raise typer.BadParameter("--fund-gain is the part of --initial that is gain: from 0 to all of it")
    return replace(preferences, backtest=wanted)


def _above(amount: Decimal | None, flag: str) -> Decimal | None:
    if amount is not None and amount <= 0:
        raise typer.BadParameter(f"{flag} takes an amount above zero")
    return amount


def part(value: Decimal | None, flag: str, most: Decimal = Decimal(1)) -> Decimal | None:
    """A fraction of the whole, from a flag."""
    if value is not None and not 0 <= value <= most:
        raise typer.BadParameter(f"{flag} is a fraction between 0 and {most} (0.0003 is 0.03 %)")
    return value
