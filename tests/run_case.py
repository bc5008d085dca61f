"""Answer a worked tax case: `python -m tests.run_case CASE.json` prints a JSON object in the shape of its `expected`.

The schema is that of `tests/cases/`: kinds trades, harvest, holding, netting, income_tax, niit, qualified_dividend,
average_basis, fund_loss, gift_basis and form8949. Everything is computed by the public functions of `dicli.tax`. A
field that is not known is refused, because it might change the answer. Numbers are printed as decimals, or as p/q
where they do not end.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from dicli.errors import DicliError, Fault, InputError
from dicli.model import AccountKind, Owner, Term
from dicli.tax import books, dividends, form8949, funds, harvest, netting, rates, term, wash
from dicli.tax.ledger import Choices, Event, EventKind, TaxAccount

Case = Mapping[str, Any]

TEXT = {"id", "kind", "title", "source", "note", "arithmetic", "choice", "tolerance", "expected"}
KINDS = {"ira": AccountKind.TRADITIONAL_IRA, "403b": AccountKind.PLAN_401K} | {kind.value: kind for kind in AccountKind}
SETTINGS = {"holding_period", "scope", "same_day", "sold_before", "older_than_sold", "ancestors", "closed_together"}
SETTINGS |= {"spouse", "other_plans"}
STATUSES = {status.value: status for status in rates.FilingStatus} | {"qw": rates.FilingStatus.SURVIVING_SPOUSE}


def refuse(where: str, what: str) -> None:
    raise InputError(Fault(where, what, "Only the fields of the case schema are understood."))


def known(where: str, given: Mapping[str, Any], names: set[str]) -> None:
    """Refuse what is not in the schema."""
    extra = sorted(set(given) - names)
    if extra:
        refuse(where, f"unknown field {', '.join(extra)}")


def number(value: Any) -> Fraction:
    """An exact number from "12.5", "1/3" or an integer; a JSON float is refused, it is not exact."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        refuse(repr(value), "numbers are strings or integers")
    return Fraction(value)


def maybe(value: Any) -> Fraction | None:
    return None if value is None else number(value)


def day(value: str | None) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(value)


def shown(value: Fraction) -> str:
    """A decimal where the number ends, else p/q."""
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


COMMON = {"id", "type", "date", "symbol", "settled", "note"}
COST = {"account", "qty", "price", "fee", "amount", "time", "order_id"}
FIELDS = {
    EventKind.BUY: COST | {"replacement_used", "held_from"},
    EventKind.REINVEST: COST | {"replacement_used", "held_from"},
    EventKind.VEST: COST | {"replacement_used", "held_from"},
    EventKind.SELL: COST | {"lots", "method"},
    EventKind.GIFT_IN: COST | {"fmv", "acquired"},
    EventKind.INHERIT: COST | {"acquired"},
    EventKind.GIFT_OUT: COST | {"lots", "method", "fmv"},
    EventKind.DONATE: COST | {"lots", "method", "fmv"},
    EventKind.TRANSFER: {"from", "to", "account", "to_account", "qty", "lots", "method", "time"},
    EventKind.SPLIT: {"account", "ratio"},
    EventKind.MERGER: {"account", "new_symbol", "ratio"},
    EventKind.SPINOFF: {"account", "new_symbol", "ratio", "basis_fraction"},
    EventKind.ROC: {"account", "per_share"},
}


def event(given: Mapping[str, Any]) -> Event:
    """One transaction. `settled` is ignored on purpose (R-TRADEDATE)."""
    where = f"event {given.get('id')}"
    try:
        kind = EventKind(given["type"])
    except (KeyError, ValueError):
        refuse(where, f"unknown type {given.get('type')!r}")
    known(where, given, COMMON | FIELDS[kind])
    quantity = maybe(given.get("qty"))
    amount = maybe(given.get("amount"))
    if amount is None and given.get("price") is not None and quantity is not None:
        fee = number(given.get("fee", 0))
        amount = number(given["price"]) * quantity + (-fee if kind is EventKind.SELL else fee)
    account = given.get("from", given.get("account"))
    if kind is EventKind.MERGER and given.get("ratio") is None:
        refuse(where, "a merger needs its ratio")
    return Event(
        id=given["id"],
        kind=kind,
        date=dt.date.fromisoformat(given["date"]),
        account=account,
        symbol=given["symbol"],
        quantity=quantity,
        amount=amount,
        holding_from=day(given.get("held_from")),
        replaced=maybe(given.get("replacement_used")),
        fmv=maybe(given.get("fmv")),
        acquired=day(given.get("acquired")),
        lots=tuple((part["lot"], number(part["qty"])) for part in given.get("lots") or ()),
        method=given.get("method"),
        time=given.get("time"),
        order_id=given.get("order_id"),
        to_account=given.get("to", given.get("to_account")),
        new_symbol=given.get("new_symbol"),
        ratio=maybe(given.get("ratio")),
        basis_fraction=maybe(given.get("basis_fraction")),
        per_share=maybe(given.get("per_share")),
    )


def household(case: Case) -> tuple[list[TaxAccount], list[Event], dict[str, Any]]:
    """Accounts, events and options of a `trades` or `harvest` case."""
    accounts = []
    for given in case["accounts"]:
        known(f"account {given.get('id')}", given, {"id", "owner", "type", "note"})
        accounts.append(TaxAccount(given["id"], Owner(given["owner"]), KINDS[given["type"]]))
    settings = case.get("settings") or {}
    known("settings", settings, SETTINGS)
    identical = {}
    for symbol, given in (case.get("identical") or {}).items():
        known(f"identical {symbol}", given, {"group", "equiv"})
        identical[symbol] = (given["group"], number(given.get("equiv", 1)))
    options = {"choices": Choices(**settings), "identical": identical, "method": case.get("method") or "fifo"}
    return accounts, [event(given) for given in case["transactions"]], options


def open_lots(found: books.Books) -> list[dict[str, str]]:
    """One row per sub-lot; those that differ in nothing that can be seen are one."""
    rows: dict[tuple[Any, ...], list[Fraction]] = {}
    for lot in found.lots:
        key = (lot.lot, lot.account, lot.acquired, lot.held_from, lot.basis / lot.quantity)
        sums = rows.setdefault(key, [Fraction(0), Fraction(0)])
        sums[0] += lot.quantity
        sums[1] += lot.basis
    return [
        {
            "lot": lot,
            "account": account,
            "qty": shown(quantity),
            "basis": shown(basis),
            "acquired": acquired.isoformat(),
            "held_from": held_from.isoformat(),
        }
        for (lot, account, acquired, held_from, _), (quantity, basis) in rows.items()
    ]


def trades(case: Case) -> dict[str, Any]:
    known("case", case, TEXT | {"settings", "method", "identical", "accounts", "transactions"})
    accounts, events, options = household(case)
    found = wash.book(accounts, events, **options)
    realized = [
        {
            "sale": row.sale,
            "lot": row.lot,
            "account": row.account,
            "term": row.term.value,
            "qty": shown(row.quantity),
            "proceeds": shown(row.proceeds),
            "basis": shown(row.basis),
            "gain": shown(row.gain),
            "disallowed": shown(row.disallowed),
            "permanent": shown(row.permanent),
            "allowed": shown(row.allowed),
        }
        for row in found.realized
    ]
    totals = {
        str(year): {
            part.value: {
                "proceeds": shown(sums.proceeds),
                "basis": shown(sums.basis),
                "adjustment": shown(sums.adjustment),
                "gain": shown(sums.gain),
            }
            for part, sums in terms.items()
        }
        for year, terms in books.totals(found.realized).items()
    }
    return {"realized": realized, "lots": open_lots(found), "totals": totals}


def harvests(case: Case) -> dict[str, Any]:
    known("case", case, TEXT | {"settings", "method", "identical", "accounts", "transactions", "as_of", "prices"})
    accounts, events, options = household(case)
    found = harvest.opportunities(
        accounts,
        events,
        as_of=dt.date.fromisoformat(case["as_of"]),
        prices={symbol: number(price) for symbol, price in case["prices"].items()},
        **options,
    )
    return {
        "harvest": [
            {
                "lot": row.lot,
                "account": row.account,
                "qty": shown(row.quantity),
                "loss": shown(row.loss),
                "disallowed": shown(row.disallowed),
                "permanent": shown(row.permanent),
                "allowed": shown(row.allowed),
                "clean_from": row.clean_from.isoformat(),
                "rebuy_from": row.rebuy_from.isoformat(),
            }
            for row in found
        ]
    }


def holding(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"acquired", "sold", "inherited"})
    acquired = dt.date.fromisoformat(given["acquired"])
    found = term.term(acquired, dt.date.fromisoformat(given["sold"]), inherited=bool(given.get("inherited")))
    return {"term": found.value, "long_from": term.long_from(acquired).isoformat()}


def schedule_d(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"filing_status", "short", "long", "carry_short", "carry_long", "taxable_income"})
    found = netting.net(
        number(given.get("short", 0)),
        number(given.get("long", 0)),
        STATUSES[given["filing_status"]],
        carry_short=number(given.get("carry_short", 0)),
        carry_long=number(given.get("carry_long", 0)),
        taxable_income=maybe(given.get("taxable_income")),
    )
    names = ("line7", "line15", "line16", "line21", "carry_short", "carry_long", "net_capital_gain")
    return {name: shown(getattr(found, name)) for name in names}


def income_tax(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"year", "filing_status", "taxable_income", "net_capital_gain", "qualified_dividends"})
    preferential = number(given.get("net_capital_gain", 0)) + number(given.get("qualified_dividends", 0))
    found = rates.income_tax(
        number(given["taxable_income"]), preferential, int(given["year"]), STATUSES[given["filing_status"]]
    )
    return {name: shown(getattr(found, name)) for name in ("at0", "at15", "at20", "tax")}


def niit(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"filing_status", "magi", "net_investment_income", "year"})
    arguments = number(given["magi"]), number(given["net_investment_income"]), STATUSES[given["filing_status"]]
    return {"base": shown(rates.niit_base(*arguments)), "tax": shown(rates.niit(*arguments))}


def qualified_dividend(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"acquired", "ex_date", "sold", "preferred", "diminished"})
    found = dividends.qualified(
        dt.date.fromisoformat(given["acquired"]),
        dt.date.fromisoformat(given["ex_date"]),
        day(given.get("sold")),
        preferred=bool(given.get("preferred")),
        diminished=[dt.date.fromisoformat(text) for text in given.get("diminished") or ()],
    )
    return {"days": found.days, "qualified": found.qualified}


def average_basis(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"transactions", "round_average_to_cents"})
    events = [event(row) for row in given["transactions"]]
    found = funds.average_basis(events, round_to_cents=bool(given.get("round_average_to_cents")))
    return {
        "sales": [
            {
                "sale": row.sale,
                "average": shown(row.average),
                "basis": shown(row.basis),
                "long_qty": shown(row.long_quantity),
                "short_qty": shown(row.short_quantity),
            }
            for row in found
        ]
    }


def fund_loss(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"acquired", "sold", "basis", "proceeds", "exempt_interest_dividends", "capital_gain_distributions"}
    known("input", given, names)
    found = funds.fund_loss(
        dt.date.fromisoformat(given["acquired"]),
        dt.date.fromisoformat(given["sold"]),
        number(given["basis"]),
        number(given["proceeds"]),
        exempt_interest_dividends=number(given.get("exempt_interest_dividends", 0)),
        capital_gain_distributions=number(given.get("capital_gain_distributions", 0)),
    )
    return {name: shown(getattr(found, name)) for name in ("disallowed", "long", "short")}


def gift_basis(given: Mapping[str, Any]) -> dict[str, Any]:
    known("input", given, {"fmv", "donor_basis", "proceeds", "gift_tax", "taxable_gift", "round_fraction_3"})
    found = funds.gift_basis(
        number(given["fmv"]),
        number(given["donor_basis"]),
        gift_tax=number(given.get("gift_tax", 0)),
        taxable_gift=maybe(given.get("taxable_gift")),
        fraction_places=3 if given.get("round_fraction_3") else None,
    )
    answer = {"basis": shown(found.basis), "loss_basis": shown(found.loss_basis)}
    if given.get("proceeds") is not None:
        answer["gain"] = shown(found.gain(number(given["proceeds"])))
    return answer


def form(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"reported", "basis_reported", "digital", "term", "broker_term", "proceeds", "basis_1099", "correct_basis"}
    known("input", given, names | {"wash", "broker_wash", "selling_expense", "nondeductible"})
    row = form8949.row(
        form8949.Entry(
            term=Term(given["term"]),
            proceeds=number(given["proceeds"]),
            correct_basis=number(given["correct_basis"]),
            reported=given.get("reported", True),
            basis_reported=given.get("basis_reported", True),
            digital=given.get("digital", False),
            basis_1099=maybe(given.get("basis_1099")),
            broker_term=Term(given["broker_term"]) if given.get("broker_term") else None,
            wash=number(given.get("wash", 0)),
            broker_wash=maybe(given.get("broker_wash")),
            nondeductible=number(given.get("nondeductible", 0)),
            selling_expense=number(given.get("selling_expense", 0)),
        )
    )
    money = {name: shown(getattr(row, name)) for name in "degh"}
    return {
        "box": row.box,
        "part": row.part,
        "schedule_d_line": row.schedule_d_line,
        "may_skip_8949": row.may_skip_8949,
        "f": row.f,
        **money,
        "statement": row.statement,
    }


WITH_INPUT: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "holding": holding,
    "netting": schedule_d,
    "income_tax": income_tax,
    "niit": niit,
    "qualified_dividend": qualified_dividend,
    "average_basis": average_basis,
    "fund_loss": fund_loss,
    "gift_basis": gift_basis,
    "form8949": form,
}


def answer(case: Case) -> dict[str, Any]:
    """The answer to one case, of any kind."""
    kind = case.get("kind")
    if kind == "trades":
        return trades(case)
    if kind == "harvest":
        return harvests(case)
    if kind not in WITH_INPUT:
        refuse(str(case.get("id")), f"unknown kind {kind!r}")
    known("case", case, TEXT | {"input"})
    return WITH_INPUT[str(kind)](case["input"])


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.run_case CASE.json", file=sys.stderr)
        return 2
    try:
        found = answer(json.loads(Path(arguments[0]).read_text("utf-8")))
    except DicliError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    gc.disable()  # one case and out: looking for cycles in a large history costs a fifth of the time
    sys.exit(main(sys.argv[1:]))
