"""The keys of what is planned: index, screens, tilts, limits, harvests, costs, prices and the backtest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dicli.preferences import schema
from dicli.preferences.containers import either, many, mapping, ordered, table
from dicli.preferences.files import FILE_OR_FOLDER, SYMBOL_LIST, existing, is_file_name
from dicli.preferences.keys_household import GAINS
from dicli.preferences.kinds import (
    BAD,
    DATE,
    DOLLARS,
    LOT_METHOD,
    PART,
    PERIOD,
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
    number,
    shown,
    whole,
)

# --- [index] --------------------------------------------------------------------------------------------------------


def _read_benchmark(value: object, path: KeyPath, context: Context) -> schema.IndexPart:
    name: str = TEXT.read(value, path, context)
    if is_file_name(name):
        return schema.IndexPart(name, Decimal(1), existing(name, context))
    return schema.IndexPart(SYMBOL.read(name, path, context), Decimal(1), None)


BENCHMARK = Kind("a file, or the ticker of an ETF whose holdings are fetched", _read_benchmark)


def _read_blend_part(value: object, path: KeyPath, context: Context) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        raise Wrong(f"expected a pair of benchmark and weight, found {shown(value)}", 'Write it like ["VTI", 0.7].')
    part, weight = context.read(BENCHMARK, value[0], (*path, 1)), context.read(SOME, value[1], (*path, 2))
    return BAD if part is BAD or weight is BAD else schema.IndexPart(part.name, weight, part.file)


def check_index(values: Mapping[str, Any]) -> None:
    if ("benchmark" in values) == ("blend" in values):
        found = "both benchmark and blend are there" if "blend" in values else "neither benchmark nor blend is there"
        raise Wrong(found, 'Write one of them: benchmark = "IVV", or blend = [["VTI", 0.7], ["QQQ", 0.3]].')
    if "blend" in values:
        total = sum(part.weight for part in values["blend"])
        if total != 1:
            raise Wrong(f"the weights of blend sum to {total}", "They have to sum to 1.")
        if len({part.name for part in values["blend"]}) < len(values["blend"]):
            raise Wrong("blend names a benchmark twice", "Add the two weights up.")


def build_index(
    benchmark: schema.IndexPart | None = None, blend: tuple[schema.IndexPart, ...] = (), **rest: Any
) -> schema.Index:
    return schema.Index(parts=(benchmark,) if benchmark else blend, **rest)


INDEX = (
    Key("benchmark", BENCHMARK, "the index to follow; or blend", "market.benchmark"),
    Key(
        "blend",
        many(Kind("pairs of benchmark and weight", _read_blend_part), filled=True),
        'several benchmarks by weight, which sum to 1: [["VTI", 0.7], ["QQQ", 0.3]]',
        "market.benchmark",
    ),
    Key("top", whole(1), "cut the benchmark to this many largest members, by weight", "market.benchmark"),
    Key("max_names", whole(1), "hold at most this many names", "plan"),
    Key("max_age_days", whole(1), "an older index file is a warning, one twice as old an error", "market.benchmark"),
)

# --- [screens], [tilts] ---------------------------------------------------------------------------------------------

SCREENS = (
    Key("exclude", many(SYMBOL), "symbols never to hold", "plan.target"),
    Key("exclude_sectors", many(TEXT), "sectors never to hold, as the index file calls them", "plan.target"),
    Key("exclude_industries", many(TEXT), "industries never to hold", "plan.target"),
    Key("exclude_lists", many(SYMBOL_LIST), "files of symbols never to hold", "plan.target"),
    Key(
        "redistribute",
        choice("tracking", "pro-rata"),
        "where the removed weight goes: where it tracks best, or to all in proportion",
        "plan.target",
    ),
)

TIMES = number("a multiple of the benchmark weight", "0", "100")
PLUS = fraction("-1", "1")


def _one_tilt(values: Mapping[str, Any]) -> None:
    if ("times" in values) == ("plus" in values):
        found = "both times and plus are there" if "times" in values else "neither times nor plus is there"
        raise Wrong(found, "times = 1.5 multiplies the benchmark weight, plus = 0.01 adds 1 %: write one of them.")


TILT_KEYS = (
    Key("times", TIMES, "× benchmark weight", "plan.target"),
    Key("plus", PLUS, "added weight, a fraction of the whole", "plan.target"),
)
TILT = either(
    "a multiple of the benchmark weight, or { plus = … }",
    table=table(TILT_KEYS, lambda **given: given, _one_tilt),
    plain=TIMES,
    make=lambda times: {"times": times},
)


def _tilts_by(keys: Kind) -> Kind:
    pairs = mapping(keys, TILT)

    def read(value: object, path: KeyPath, context: Context) -> Any:
        found = context.read(pairs, value, path)
        return found if found is BAD else tuple(schema.Tilt(name, **given) for name, given in found)

    return Kind(pairs.says, read)


def _theme(list: schema.SymbolList, **given: Decimal) -> schema.Tilt:  # noqa: A002  (the key's own name)
    return schema.Tilt(list.name, **given, symbols=list.symbols)


THEME_KEYS = (Key("list", SYMBOL_LIST, "the file of the theme's symbols", "plan.target", required=True), *TILT_KEYS)
TILTS = (
    Key("symbols", _tilts_by(SYMBOL), "symbols: { NVDA = 0.5 }, or { NVDA = { plus = 0.01 } }", "plan.target"),
    Key("sectors", _tilts_by(TEXT), "sectors, likewise", "plan.target"),
    Key("themes", many(table(THEME_KEYS, _theme, _one_tilt)), "list files, each with times or plus", "plan.target"),
)

# --- [limits] -------------------------------------------------------------------------------------------------------

CASH_KEYS = (
    Key("target", PART, "cash to keep, of the managed value", "plan"),
    Key("max", PART, "more cash than this is invested", "plan, reports.drift"),
)
CASH = table(CASH_KEYS, schema.Cash, lambda values: ordered(values, "target", "max", schema.Cash))

BUDGET_KEYS = (
    Key("net", DOLLARS, "net realised gain", "plan"),
    Key("short", DOLLARS, "net short-term gain", "plan"),
    Key("long", DOLLARS, "net long-term gain", "plan"),
)
BUDGET = either(
    "dollars (net), or { net, short, long }",
    table=table(BUDGET_KEYS, schema.GainsBudget),
    plain=DOLLARS,
    make=lambda net: schema.GainsBudget(net=net),
)


def _named_caps(value: object, path: KeyPath, context: Context) -> Any:
    named = context.read(mapping(TEXT, SOME), value, path)
    return BAD if named is BAD else schema.Caps(named=named)


CAPS = either(
    "a fraction for every group, or a table of fractions by name",
    table=Kind("", _named_caps),
    plain=SOME,
    make=lambda every: schema.Caps(every=every),
)


DIAL_NUMBER = number("a risk aversion", "0", "1000000", above=True)
DIAL_NAME = choice(*schema.RISK_AVERSION)


def _read_dial(value: object, path: KeyPath, context: Context) -> str | Decimal:
    if isinstance(value, str):
        return str(DIAL_NAME.read(value, path, context))
    return Decimal(DIAL_NUMBER.read(value, path, context))


DO_NOT_SELL_KEYS = (
    Key("symbol", SYMBOL, "the name", "plan", required=True),
    Key("acquired", DATE, "only the lots bought on this date", "plan"),
    Key("account", TEXT, "only in this account", "plan"),
)
DO_NOT_SELL = either(
    "a symbol, or { symbol, acquired, account }",
    table=table(DO_NOT_SELL_KEYS, schema.DoNotSell),
    plain=SYMBOL,
    make=lambda symbol: schema.DoNotSell(symbol=symbol),
)
LIMITS = (
    Key("max_weight", SOME, "largest weight of one name", "plan.target, plan"),
    Key("max_tracking_error", SOME, "largest tracking error, ex ante, a year", "plan, reports.drift"),
    Key("cash", CASH, "cash: { target, max }", "plan"),
    Key("min_trade", DOLLARS, "smallest trade, in dollars", "plan"),
    Key("turnover", SOME, "most turnover of one plan: Σ|trades| ÷ (2 × value)", "plan"),
    Key("gains_budget", BUDGET, "realised gain allowed this year, in dollars", "plan"),
    Key(
        "tracking",
        Kind(f"{DIAL_NAME.says} | a number above 0", _read_dial),
        "the dial between tax saved and tracking: risk aversion "
        + ", ".join(f"{n} = {v}" for n, v in schema.RISK_AVERSION.items()),
        "plan",
    ),
    Key("sector_band", CAPS, "how far a sector's weight may be from its target weight, ±", "plan, reports.drift"),
    Key("industry_band", CAPS, "how far an industry's weight may be from its target weight, ±", "plan, reports.drift"),
    Key("max_sector", CAPS, "largest weight of a sector", "plan.target, plan"),
    Key("max_industry", CAPS, "largest weight of an industry", "plan.target, plan"),
    Key("drift_band", SOME, "a name further than this from its target weight is a breach", "reports.drift"),
    Key("do_not_sell", many(DO_NOT_SELL), "names, or lots, that are kept", "plan"),
    Key("do_not_buy", many(SYMBOL), "symbols that are not bought; what is held may stay", "plan"),
)

# --- [harvest], [prices], [costs] -----------------------------------------------------------------------------------

HARVEST = (
    Key("min_loss", DOLLARS, "smallest loss worth taking, in dollars, and", "reports.harvest, plan"),
    Key("min_loss_fraction", PART, "smallest loss worth taking, of the lot's basis", "reports.harvest, plan"),
    Key(
        "substitutes",
        choice("same-industry", "same-sector", "any"),
        "among which names a harvest's substitutes are looked for",
        "reports.harvest",
    ),
)


def check_prices(values: Mapping[str, Any]) -> None:
    csv = values.get("source", schema.Prices.__dataclass_fields__["source"].default) == "csv"
    if csv and "file" not in values:
        raise Wrong('source = "csv" needs a file', 'Add file = "prices.csv", or a folder.')
    if "file" in values and not csv:
        raise Wrong('file is only read with source = "csv"', "Remove it, or change source.")


PRICES = (
    Key("source", choice("broker", "csv", "yfinance"), "where prices come from", "market.prices"),
    Key(
        "file",
        FILE_OR_FOLDER,
        "symbol,date,close, or date and a column for each symbol: a file, or a folder of them",
        "market.prices",
    ),
)


COSTS = (
    Key("half_spread", fraction("0", "0.1"), "cost of trading, of the value traded", "plan, backtest"),
    Key("half_spreads", mapping(SYMBOL, fraction("0", "0.1")), "the same by symbol", "plan, backtest"),
)


def check_backtest(values: Mapping[str, Any]) -> None:
    if "start" in values and "end" in values and values["start"] >= values["end"]:
        raise Wrong(f"start ({values['start']}) is not before end ({values['end']})", "Correct one of the two dates.")
    if values.get("fund_gain", 0) > values.get("initial", values.get("fund_gain", 0)):
        raise Wrong("fund_gain is more than initial", "It is the part of the starting cash that is gain.")


STEP = choice("day", "week", "month", "quarter", "year")
FLOW_KEYS = (
    Key("amount", DOLLARS, "how much", "backtest", required=True),
    Key("every", PERIOD, "how often", "backtest"),
)
FLOW = table(FLOW_KEYS, schema.Flow)
BACKTEST = (
    Key("start", DATE, "first day", "backtest"),
    Key("end", DATE, "last day", "backtest"),
    Key(
        "initial", number("dollars", "0", above=True), "starting cash; without it, the household's own lots", "backtest"
    ),
    Key(
        "fund_gain",
        DOLLARS,
        "long-term gain in the index fund that the starting cash is in before: leaving it is taxed",
        "backtest",
    ),
    Key("contributions", FLOW, "paid in: { amount, every }", "backtest"),
    Key("withdrawals", FLOW, "taken out: { amount, every }", "backtest"),
    Key("plan_every", STEP, "how often the whole plan is made", "backtest"),
    Key("harvest_every", STEP, "how often losses are looked for", "backtest"),
    Key("wash_sales", choice("respect", "ignore"), "ignore: to compare with papers that do", "backtest"),
    Key("dividends", choice("reinvest", "cash"), "what happens to dividends", "backtest"),
    Key("lot_method", LOT_METHOD, "sell by this order; without it, the lots that the plan names", "backtest"),
    Key("outside_gains", GAINS, "gains elsewhere, a year: { short, long }; those of [tax] stand in", "backtest"),
    Key("fund_fee", fraction("0", "0.05"), "fee of the index fund compared with, a year", "backtest"),
    Key("account_fee", fraction("0", "0.05"), "fee for running the account, a year, of its value", "backtest"),
    Key("delisting_recovery", PART, "what a delisted name pays, of its last price", "backtest"),
)
