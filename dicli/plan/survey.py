"""Where the household stands: its weights, the prices, the risk model and the target, over one list of names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

import numpy as np

from dicli.errors import Fault, InfeasiblePlan, MarketError
from dicli.household import Household
from dicli.market import sectors
from dicli.market.benchmark import Benchmark
from dicli.model import Account, Constituent
from dicli.plan import risk, target, universe
from dicli.plan.problem import Floats
from dicli.plan.target import Target
from dicli.plan.universe import Universe
from dicli.preferences import Preferences


class Market(Protocol):
    """What the planner may know of the market: nothing after the day that it is for."""

    def close(self, symbol: str) -> Decimal | None: ...

    def returns(self, symbols: Sequence[str]) -> tuple[Floats, list[dt.date]] | None: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What every question about the household starts from: prices, weights, risk and the target."""

    universe: Universe
    model: risk.RiskModel
    target: Target
    prices: Mapping[str, Decimal]
    value: Decimal  # of the managed accounts, cash and the user's flow included
    whole: float  # managed and held away, dollars
    away: Floats  # (n,) held-away weights, fractions of the whole
    managed: Floats  # (n,) managed weights, fractions of the whole
    cash: Mapping[str, Decimal]  # by managed account, the user's flow included
    notes: tuple[str, ...]
    flow: Decimal = Decimal(0)  # what the user puts in (> 0) or takes out, in `value`, `whole` and `cash` already
    first: str = ""  # the account that it goes to or comes from

    def weight_today(self) -> Floats:
        """Managed weights (n,) before the user's flow, fractions of what the managed accounts are worth now."""
        now = float(self.value - self.flow)
        return self.managed * (self.whole / now) if now > 0.0 else np.zeros_like(self.managed)

    def tracking_today(self) -> float:
        """Tracking error, ex ante, annual, before the user's flow: weights of money that is still there."""
        now = self.whole - float(self.flow)
        scale = self.whole / now if now > 0.0 else 0.0
        return target.active_error(self.model, self.universe, self.managed * scale, self.away * scale)

    def drift(self) -> Floats:
        """weight − target_weight (n,), fractions of the managed value."""
        return (self.managed - self.target.weight) / self.target.managed


def survey(
    household: Household,
    benchmark: Benchmark,
    market: Market,
    preferences: Preferences,
    *,
    cash_flow: Decimal = Decimal(0),
    max_names: int | None = None,
    model: risk.RiskModel | None = None,
) -> Setting:
    """Where the household stands against its target. Raises InfeasiblePlan where no target meets the preferences, and
    where nothing is managed.

    `model`: a risk model made before (the backtest keeps one for some days); it counts where it knows every name.
    """
    managed_accounts = [account for account in household.accounts if account.managed]
    if not managed_accounts:
        raise InfeasiblePlan(Fault("[[accounts]]", "none is managed", "Set managed = true for those to be traded."))
    symbols = {item.symbol for item in benchmark.constituents} | {lot.symbol for lot in household.lots}
    symbols |= {item.symbol for item in preferences.held_away}
    prices = {symbol: price for symbol in sorted(symbols) if (price := market.close(symbol)) is not None}
    known = sectors.securities()
    others = [
        Constituent(symbol, Decimal(0), *_class_of(symbol, known))
        for symbol in sorted(symbols)
        if symbol in prices or any(lot.symbol == symbol for lot in household.lots)
    ]
    space = universe.build(benchmark.constituents, others, prices, preferences)
    at = space.places
    names = {account.name for account in managed_accounts}
    cash = {a.name: household.cash.get(a.name, Decimal(0)) for a in managed_accounts}
    cash = _with_flow(cash, managed_accounts, cash_flow)
    dollars = np.zeros(len(space.symbols))
    away = np.zeros(len(space.symbols))
    notes: list[str] = []
    value = sum(cash.values(), Decimal(0))
    left_out: dict[str, None] = {}
    stocks = {item.symbol for item in benchmark.constituents} | set(known)
    for lot in household.lots:
        if lot.symbol not in prices:
            left_out[f"no price for {lot.symbol}: it is left out of values and trades"] = None
        elif lot.account in names:
            value += lot.quantity * prices[lot.symbol]
            dollars[at[lot.symbol]] += float(lot.quantity * prices[lot.symbol])
        elif lot.symbol in stocks:
            away[at[lot.symbol]] += float(lot.quantity * prices[lot.symbol])
        else:
            left_out[f"{lot.symbol} in {lot.account} is no stock that dicli knows: it is not completed"] = None
    for item in preferences.held_away:
        if item.symbol in prices:
            away[at[item.symbol]] += float(item.quantity * prices[item.symbol])
        else:
            left_out[f"no price for {item.symbol}, which is held away: it is not completed"] = None
    notes += left_out
    if value <= 0:
        there = value - cash_flow
        raise InfeasiblePlan(
            Fault(
                "the managed accounts",
                f"they hold {there:,.2f} dollars" + (f", and {-cash_flow:,.2f} are to go out" if cash_flow else ""),
                "Take out less." if cash_flow else "Add money, or a file that shows it.",
            )
        )
    _check_first(household, managed_accounts[0], cash, prices, cash_flow)
    whole = float(value) + float(away.sum())
    model = _kept(model, space) or _risk_model(space, market)
    goal = target.solve(
        space,
        model,
        preferences,
        managed=float(value) / whole,
        away=away / whole,
        min_position=float(preferences.limits.min_trade) / whole,
        max_names=max_names,
    )
    return Setting(
        space,
        model,
        goal,
        prices,
        value,
        whole,
        away / whole,
        dollars / whole,
        cash,
        tuple(notes),
        cash_flow,
        managed_accounts[0].name,
    )


def _check_first(
    household: Household,
    account: Account,
    cash: Mapping[str, Decimal],
    prices: Mapping[str, Decimal],
    cash_flow: Decimal,
) -> None:
    """A withdrawal of more than the account that it comes from is worth: said before the limits that it breaks."""
    own = (lot for lot in household.lots if lot.account == account.name and lot.symbol in prices)
    left = cash[account.name] + sum((lot.quantity * prices[lot.symbol] for lot in own), Decimal(0))
    if cash_flow < 0 and left < 0:
        raise InfeasiblePlan(
            Fault(
                f'account "{account.name}"',
                f"it holds {left - cash_flow:,.2f} dollars, and {-cash_flow:,.2f} are to go out",
                "Take out less, or put another account first: a withdrawal comes from the first managed one.",
            )
        )


def _class_of(symbol: str, known: Mapping[str, sectors.Class]) -> tuple[str | None, None, str | None]:
    found = known.get(symbol)
    return (None, None, None) if found is None else (found.sector, None, found.industry)


def _kept(model: risk.RiskModel | None, space: Universe) -> risk.RiskModel | None:
    """The model's rows in the order of the universe; None where it lacks one of them."""
    if model is None or model.symbols == space.symbols:
        return model
    places = {symbol: row for row, symbol in enumerate(model.symbols)}
    if any(symbol not in places for symbol in space.symbols):
        return None
    rows = [places[symbol] for symbol in space.symbols]
    return replace(
        model,
        symbols=space.symbols,
        factors=model.factors[rows],
        specific=model.specific[rows],
        sectors=space.sectors,
        industries=space.industries,
        residuals=None if model.residuals is None else model.residuals[:, rows],
    )


def _risk_model(space: Universe, market: Market) -> risk.RiskModel:
    history = market.returns(space.symbols)
    if history is not None:
        returns, dates = history
        try:
            return risk.statistical(
                returns, space.symbols, dates, space.sectors, space.industries, weights=space.benchmark
            )
        except MarketError:
            pass  # too short a history, or prices that cannot be: the label then says that sector blocks stand in
    return risk.sector_blocks(space.symbols, space.sectors)


def _with_flow(cash: Mapping[str, Decimal], accounts: list[Account], flow: Decimal) -> dict[str, Decimal]:
    """A deposit goes to, and a withdrawal comes from, the first managed account: the one that the user put first."""
    return {name: amount + (flow if name == accounts[0].name else 0) for name, amount in cash.items()}
