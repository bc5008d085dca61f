"""dicli trade --for BROKER: the trade list as the broker takes it, or as a checklist."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dicli.commands.options import Run, chosen_format, put
from dicli.errors import DicliError, Fault
from dicli.model import Account, Report, Side, Trade
from dicli.views import Format

if TYPE_CHECKING:
    from dicli.brokers.exports import Order
    from dicli.household import Household


class Broker(StrEnum):
    IBKR = "ibkr"
    ALPACA = "alpaca"
    FIDELITY = "fidelity"
    SCHWAB = "schwab"
    VANGUARD = "vanguard"
    ETRADE = "etrade"
    ROBINHOOD = "robinhood"
    M1 = "m1"
    GENERIC = "generic"


FOR = Annotated[
    Broker | None, typer.Option("--for", help="Instead: the file that this broker takes, or a checklist to print.")
]
ACCOUNT = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="With --for: the trades of this account only.")
]
FRACTIONAL = Annotated[
    bool,
    typer.Option(
        "--fractional", help="With --for ibkr, vanguard or etrade: the account does trade fractions of a share."
    ),
]


def refuse_alone(broker: Broker | None, only: str | None, *, fractions: bool) -> None:
    """Options that mean nothing without --for must not be passed over in silence."""
    if broker is None and (only is not None or fractions):
        raise typer.BadParameter(f"{'--account' if only is not None else '--fractional'} goes with --for BROKER")


def hand_over(
    run: Run, household: Household, trades: Sequence[Trade], broker: Broker, only: str | None, *, fractions: bool
) -> Report | None:
    """Print the upload file or the text checklist, or return the checklist's rows for CSV and JSON."""
    from dicli.brokers import exports
    from dicli.brokers import exports_checklist as checklist

    style = exports.STYLES[broker]
    accounts = _chosen(household, trades, broker, only, uploads=broker in exports.UPLOADS)
    held: dict[tuple[str, str], Decimal] = {}
    if broker not in exports.UPLOADS:
        for lot in household.lots:
            held[lot.account, lot.symbol] = held.get((lot.account, lot.symbol), exports.ZERO) + lot.quantity
    found: dict[str, list[Order]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for account in accounts:
        its = [trade for trade in trades if trade.account == account.name]
        allowed = fractions and account.fractional
        found[account.name], notes[account.name] = exports.orders(its, style, held, fractional=allowed)
    warnings = _warnings(run, household, trades)
    run.warn(*_other_brokers(household, accounts, broker))
    if broker in exports.UPLOADS:
        _refuse_other_format(run, broker)
        account = accounts[0]
        run.warn(*warnings, *notes[account.name], *_lots_to_choose(found[account.name], account, style.lots))
        orders = found[account.name]
        lines = exports.order_lines(orders, run.as_of, account)
        put(run, exports.basket(orders, run.as_of) if broker is Broker.IBKR else lines)
    else:
        blocks = {a.name: checklist.blocks(a, found[a.name], style.block) for a in accounts}
        if chosen_format(run) is not Format.TABLE:
            said = [f"{name}: {note}" for name, its in notes.items() for note in its]
            return checklist.report(style, [b for its in blocks.values() for b in its], [*warnings, *said])
        put(run, checklist.text(style, blocks, notes, warnings, run.as_of))
    if run.exit_code and any(found.values()):
        raise typer.Exit(1)
    return None


def _chosen(
    household: Household, trades: Sequence[Trade], broker: str, only: str | None, *, uploads: bool
) -> list[Account]:
    """The accounts whose trades are wanted. One file goes to one account: an upload of several is refused."""
    if only is not None:
        named = [account for account in household.accounts if account.name == only]
        if not named:
            known = ", ".join(account.name for account in household.accounts)
            raise DicliError(Fault(f"--account {only}", "dicli.toml has no such account", f"It has: {known}."))
        return named
    trading = {trade.account for trade in trades}
    accounts = [account for account in household.accounts if account.name in trading]
    if not accounts:
        accounts = [account for account in household.accounts if account.managed][:1]
    if uploads and len(accounts) > 1:
        names = " and ".join(account.name for account in accounts)
        raise DicliError(
            Fault(
                f"--for {broker}",
                f"there are trades for {names}, and an upload goes to one account",
                f"Add --account {accounts[0].name}, then the same for the others.",
            )
        )
    return accounts


def _refuse_other_format(run: Run, broker: Broker) -> None:
    takes = Format.CSV if broker is Broker.IBKR else Format.JSON
    if run.format not in (None, takes):
        raise DicliError(
            Fault(
                f"--format {run.format}",
                f"the file for {broker} has a format of its own",
                "Leave -f out; dicli trade --for generic makes a list to read.",
            )
        )


def _warnings(run: Run, household: Household, trades: Sequence[Trade]) -> tuple[str, ...]:
    """Dividends that the household reinvests in what it harvests now, or has harvested in the last 30 days."""
    from dicli.brokers import exports
    from dicli.household.windows import mates, no_buys

    taxable = {account.name for account in household.accounts if account.taxable}
    losing = {t.symbol for t in trades if t.account in taxable and t.gain is not None and t.gain < 0}
    harvested = {one.symbol: one.sold_symbol for one in no_buys(household, run.as_of)} | mates(household, losing)
    return exports.reinvest_warnings(harvested, household.positions, household.transactions, run.as_of)


def _lots_to_choose(orders: Sequence[Order], account: Account, how: str) -> list[str]:
    sales = sum(1 for order in orders if order.side is Side.SELL)
    if not sales or not account.taxable:
        return []
    return [
        f"the file names no lots ({sales} sales). {how} dicli trade --for generic --account {account.name} lists them"
    ]


def _other_brokers(household: Household, accounts: Sequence[Account], broker: Broker) -> list[str]:
    """An account whose files come from another broker than the one asked for: its list would be misspelt."""
    by_file = {reading.file: reading.broker for reading in household.readings}
    said = []
    for account in accounts:
        told = [(row.account, row.source) for row in household.positions]
        told += [(row.account, row.source) for row in household.transactions]
        told += [(sale.account, sale.source) for sale in household.reported]
        files = {source.file for name, source in told if name == account.name and source is not None}
        found = sorted({by_file[file] for file in files if file in by_file} - {"generic"})
        if broker is not Broker.GENERIC and found and broker not in found:
            said.append(f"the files of {account.name} are those of {' and '.join(found)}, not of {broker}")
    return said
