"""One thin file per subcommand: options -> one call into the core -> a report to show."""

from __future__ import annotations

from collections.abc import Callable

from dicli.commands.anonymise import anonymise
from dicli.commands.backtest import backtest
from dicli.commands.check import check
from dicli.commands.holdings import lots, positions, sales, transactions
from dicli.commands.index import index
from dicli.commands.init import init
from dicli.commands.performance import performance
from dicli.commands.plans import drift, harvest, target, trade, why
from dicli.commands.read import read
from dicli.commands.reconcile import reconcile
from dicli.commands.taxes import calendar, do_not_buy, tax
from dicli.commands.transition import donate, leave
from dicli.commands.worth import worth_it

COMMANDS: dict[str, Callable[..., object]] = {
    "init": init,
    "read": read,
    "check": check,
    "anonymise": anonymise,
    "positions": positions,
    "lots": lots,
    "transactions": transactions,
    "sales": sales,
    "index": index,
    "target": target,
    "drift": drift,
    "harvest": harvest,
    "trade": trade,
    "why": why,
    "reconcile": reconcile,
    "tax": tax,
    "calendar": calendar,
    "do-not-buy": do_not_buy,
    "exit": leave,
    "donate": donate,
    "backtest": backtest,
    "performance": performance,
    "worth-it": worth_it,
}
"""In the order of the help."""
