"""The keys of what there is: the household's tax, accounts, positions held away and what happens to securities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicli.model import AccountKind, Owner
from dicli.preferences import schema
from dicli.preferences.containers import many, mapping, ordered, table
from dicli.preferences.files import PATTERN
from dicli.preferences.kinds import (
    ACCOUNT_NUMBER,
    DATE,
    DOLLARS,
    FLAG,
    LOT_METHOD,
    PERIOD,
    RATIO,
    SHARES,
    SIGNED_DOLLARS,
    SOME,
    SYMBOL,
    TEXT,
    Context,
    Key,
    KeyPath,
    Kind,
    Wrong,
    choice,
    fraction,
    member,
    number,
)

# --- [tax] ----------------------------------------------------------------------------------------------------------

LOSS = number("dollars", "0", hint="Losses that are carried are written as positive figures.")
SHORT_LONG_KEYS = (Key("short", LOSS, "short-term", "tax"), Key("long", LOSS, "long-term", "tax"))
SIGNED_KEYS = (Key("short", SIGNED_DOLLARS, "short-term", "tax"), Key("long", SIGNED_DOLLARS, "long-term", "tax"))
LOSSES = table(SHORT_LONG_KEYS, schema.ShortLong)
GAINS = table(SIGNED_KEYS, schema.ShortLong)

CHOICES = (
    Key(
        "holding_period",
        choice("tack", "union", "replace"),
        "R-TACK: days add up, overlap once, or old date",
        "tax.wash",
    ),
    Key("scope", choice("household", "account"), "R-SCOPE; account: a broker's view (R-BROKER)", "tax.wash"),
    Key(
        "same_day",
        choice("acquired", "listed"),
        "R-ORDER: one day's sales by purchase, or as the file lists them",
        "tax.wash",
    ),
    Key("sold_before", choice("excluded", "included"), "R-SOLDBEFORE: shares gone before the loss sale", "tax.wash"),
    Key("older_than_sold", choice("included", "excluded"), "R-OLDER: shares bought before the lot sold", "tax.wash"),
    Key("ancestors", choice("eligible", "excluded"), "R-CHAIN: the lot whose loss the shares sold carry", "tax.wash"),
    Key("closed_together", choice("eligible", "excluded"), "R-TOGETHER: lots closed on one day", "tax.wash"),
    Key(
        "spouse",
        choice("basis", "permanent"),
        "R-SPOUSE: a spouse's taxable purchase takes the loss, or nobody",
        "tax.wash",
    ),
    Key("other_plans", choice("ira", "ignore"), "R-OTHERPLANS: 401(k) and HSA purchases", "tax.wash"),
)


def check_tax(values: Mapping[str, Any]) -> None:
    if "magi" in values and values["magi"] < values["taxable_income"]:
        raise Wrong(
            f"magi ({values['magi']}) is less than taxable_income ({values['taxable_income']})",
            "Taxable income is what deductions leave of it: it cannot be more.",
        )


TAX = (
    Key(
        "filing_status",
        member(schema.FilingStatus, "mfj is married filing jointly, mfs separately, hoh head of household."),
        "the return's filing status",
        "tax.rates",
        required=True,
    ),
    Key(
        "taxable_income",
        DOLLARS,
        "ordinary taxable income of the year, in dollars, gains apart",
        "tax.rates",
        required=True,
    ),
    Key("state_rate", fraction("0", "0.25"), "marginal state rate on gains", "tax.rates"),
    Key("short_term_gains", SIGNED_DOLLARS, "short-term gains expected elsewhere this year", "tax.netting"),
    Key("long_term_gains", SIGNED_DOLLARS, "long-term gains expected elsewhere this year", "tax.netting"),
    Key("carryover", LOSSES, "losses carried into this year, as positive figures: { short, long }", "tax.netting"),
    Key("lot_method", LOT_METHOD, "which lots a sale takes where nothing is specified", "tax.lots, household"),
    Key("magi", DOLLARS, "modified adjusted gross income, gains apart; taxable_income stands in", "tax.rates (NIIT)"),
    Key(
        "year_to_date",
        GAINS,
        "realised this year so far, in place of what the files show: { short, long }",
        "tax.netting",
    ),
    Key("choices", table(CHOICES, schema.Choices), "where the law is silent or disputed", "tax"),
)

# --- [[accounts]] and the other lists of tables ---------------------------------------------------------------------


def _read_actions(value: object, path: KeyPath, context: Context) -> Any:
    if isinstance(value, dict):
        raise Wrong("expected a list in brackets, found a table", 'In its [[accounts]]: ignore_actions = ["YOU LENT"].')
    return context.read(many(TEXT), value, path)


ACCOUNTS = (
    Key("name", TEXT, "what to call it", "everything", required=True),
    Key(
        "broker_files",
        many(PATTERN, filled=True),
        "its files: patterns from the portfolio folder",
        "household",
        required=True,
    ),
    Key("kind", member(AccountKind), "what it is to the tax office", "tax, plan", required=True),
    Key("number", ACCOUNT_NUMBER, "last digits; needed where a file holds several accounts", "household"),
    Key("owner", member(Owner), "whose", "tax"),
    Key("managed", FLAG, "false: read for wash sales and completion only", "household, plan"),
    Key("fractional", FLAG, "whether the broker trades fractions of a share", "plan.trades"),
    Key("lot_method", LOT_METHOD, "as tax.lot_method, for this account", "tax.lots, household"),
    Key("average_basis", many(SYMBOL), "fund shares with the average-basis election; no stocks", "tax.lots, household"),
    Key(
        "ignore_actions",
        Kind("a list of texts", _read_actions),
        "words of the broker's history rows that mean nothing here",
        "household, brokers",
    ),
)

HELD_AWAY = (
    Key("symbol", SYMBOL, "the security", "plan.target", required=True),
    Key("quantity", SHARES, "shares", "plan.target", required=True),
    Key("account", TEXT, "where, as a label; it need not be one of [[accounts]]", "reports"),
    Key("basis", DOLLARS, "total basis in dollars", "reports"),
)

IDENTICAL = (
    Key("groups", many(many(SYMBOL)), "groups of substantially identical securities", "tax.wash"),
    Key(
        "ratios",
        mapping(SYMBOL, number("shares", "0", above=True)),
        "shares of its group that one share stands for",
        "tax.wash",
    ),
)


def check_identical(values: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for group in values.get("groups", ()):
        if len(group) < 2:
            raise Wrong(
                f"a group has {len(group) or 'no'} member{'s' * (len(group) != 1)}",
                "A group needs two symbols or more.",
            )
        if twice := sorted(seen.intersection(group)):
            raise Wrong(f"{', '.join(twice)} is in two groups", "Join the two groups.")
        seen.update(group)
    if loose := [symbol for symbol, _ in values.get("ratios", ()) if symbol not in seen]:
        raise Wrong(f"ratios names {', '.join(loose)}, which is in no group", "Add it to a group.")


ACTION_NEEDS = {
    "split": {"ratio"},
    "rename": {"new_symbol"},
    "merger": {"new_symbol", "ratio"},
    "spinoff": {"new_symbol", "ratio", "basis_fraction"},
    "return_of_capital": {"cash_per_share"},
}
_ACTION_ALLOWS = {"merger": {"cash_per_share"}}


def check_action(values: Mapping[str, Any]) -> None:
    given, needs = set(values) - {"kind", "symbol", "date"}, ACTION_NEEDS[values["kind"]]
    if missing := sorted(needs - given):
        raise Wrong(f"a {values['kind']} needs {' and '.join(missing)}", "Add it to this entry.")
    if extra := sorted(given - needs - _ACTION_ALLOWS.get(values["kind"], set())):
        raise Wrong(f"a {values['kind']} has no {' and no '.join(extra)}", "Remove it, or correct kind.")
    if values.get("new_symbol") == values["symbol"]:
        raise Wrong("new_symbol is the old one", "Name the security that came of it.")


CORPORATE_ACTIONS = (
    Key("kind", choice(*ACTION_NEEDS), "what happened", "household, tax.lots", required=True),
    Key("symbol", SYMBOL, "to which security", "household, tax.lots", required=True),
    Key("date", DATE, "the effective (ex) date", "household, tax.lots", required=True),
    Key("ratio", RATIO, "new shares per old (split, merger, spinoff)", "household, tax.lots"),
    Key("new_symbol", SYMBOL, "what it became, or what was spun off", "household, tax.lots"),
    Key("basis_fraction", SOME, "part of the basis that moves to the new shares (spinoff)", "household, tax.lots"),
    Key("cash_per_share", DOLLARS, "cash per old share (merger, return_of_capital)", "household, tax.lots"),
)


def check_scheduled(values: Mapping[str, Any]) -> None:
    ordered(values, "date", "until", schema.Scheduled)
    if "until" in values and "every" not in values:
        raise Wrong("until is only read with every", 'Add every = "month", or remove until.')
    if "quantity" in values and "amount" in values:
        raise Wrong("both quantity and amount are there", "Keep the one that is known.")


SCHEDULED = (
    Key("symbol", SYMBOL, "what is bought by itself", "reports.harvest, calendar", required=True),
    Key("account", TEXT, "in which of [[accounts]]", "reports.harvest, calendar", required=True),
    Key("date", DATE, "when, or when first", "reports.harvest, calendar", required=True),
    Key("kind", choice("buy", "reinvest", "vest"), "how", "reports.harvest, calendar"),
    Key("every", PERIOD, "and again each", "reports.harvest, calendar"),
    Key("until", DATE, "last date that it may happen", "reports.harvest, calendar"),
    Key("quantity", SHARES, "shares, where known", "calendar"),
    Key("amount", DOLLARS, "dollars, where known", "calendar"),
)
