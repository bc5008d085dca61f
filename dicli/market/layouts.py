"""How each issuer writes its holdings files: names of columns, and which rows are no stock.

iShares, State Street, Invesco (2018, 2023 and 2026 columns, JSON), Vanguard (CSV old and new, JSON old and new), Schwab
Asset Management, and a plain `symbol,weight` list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dicli.brokers.csvfile import Columns, Row
from dicli.brokers.document import Document, plain
from dicli.brokers.formats import Signal, columns, is_kind, says, without
from dicli.brokers.values import is_blank

AGAIN = "Download it again from the issuer's site and leave it as it is (no spreadsheet in between)."

FUTURE_NAME = re.compile(r"\be-?mini\b|\bfut(?:ures?)?\b", re.I)


@dataclass(frozen=True, slots=True)
class Layout:
    """One issuer's files: at least two of `signals`, and all of `must`, are seen in them.

    `aside` says why a row is set aside; None lets the rules for all issuers decide. `undotted`: share classes are
    written without a mark (BRKB). `percent`: weights are percents; if not, their sum tells.
    """

    issuer: str
    signals: tuple[Signal, ...]
    columns: Columns
    required: tuple[str, ...]
    aside: Callable[[Row], str | None] = field(default=lambda _: None)
    must: tuple[Signal, ...] = ()
    ignored: tuple[str, ...] = ()
    undotted: bool = False
    percent: bool = True
    objects: Callable[[Document], Sequence[object]] | None = None
    name: Callable[[Document], str | None] = field(default=lambda _: None)

    def claims(self, document: Document) -> tuple[str, ...]:
        """The words of the signals that were seen, if they are enough; else none."""
        seen = tuple(signal.what for signal in (*self.must, *self.signals) if signal.seen(document))
        return seen if len(seen) > 1 and all(signal.seen(document) for signal in self.must) else ()


def _names(**synonyms: tuple[str, ...]) -> Columns:
    """Canonical names with an issuer's own words; a canonical name counts unless it is given to another column."""
    known = ("symbol", "name", "sector", "industry", "value", "weight", "quantity", "price", "kind", "cusip",
             "currency", "exchange", "date")  # fmt: skip
    taken = {word for words in synonyms.values() for word in words}
    return {column: () for column in known if column not in taken} | synonyms


_KINDS = {
    "cash": "cash or a money-market fund",
    "currency": "cash or a money-market fund",
    "money market": "cash or a money-market fund",
    "cash collateral and margins": "cash collateral",
    "futures": "a future",
    "forwards": "a currency forward",
    "fx": "a currency forward",
    "rights": "a right, a warrant, an escrow or a private share",
    "warrants": "a right, a warrant, an escrow or a private share",
    "fixed income": "a bond",
    "options": "an option",
    "swaps": "a swap",
}


def _kind_aside(row: Row) -> str | None:
    """iShares: only rows whose asset class is Equity count."""
    kind = row.text("kind").lower()
    return None if kind == "equity" else _KINDS.get(kind, f'of the asset class "{row.text("kind")}"')


_SHARES = re.compile(
    r"stock|depositary|depository|\badrs?\b|\bgdr\b|ordinary|common|registered|reg shr|reit|unit|class|share", re.I
)


def _class_aside(row: Row) -> str | None:
    """Invesco: a class of shares that is none is set aside; the files before 2023 have no such column."""
    kind = row.text("kind")
    if is_blank(kind) or _SHARES.search(kind):
        return None
    return _KINDS.get(kind.lower(), f'of the class "{kind}"')


def _placeholder_aside(row: Row) -> str | None:
    """State Street: `DUMMY` and `CASH_USD` rows."""
    symbol = row.text("symbol").upper()
    if symbol == "DUMMY":
        return "a placeholder"
    return "cash or a money-market fund" if symbol.startswith("CASH") else None


def _vanguard_aside(row: Row) -> str | None:
    kinds = (row.text("kind"), row.text("subkind"))
    if row.text("position").upper() == "SHORT":
        return "a short position"
    if any("future" in kind.lower() for kind in kinds):
        return "a future"
    if "mutual fund" in kinds[1].lower():
        return "cash or a money-market fund"
    main = kinds[0].lower()
    return None if main in ("", "equity", "stock", "eq", "eq_stock") else _KINDS.get(main, f'of the kind "{kinds[0]}"')


def _schwab_aside(row: Row) -> str | None:
    """Schwab: cash and futures are the rows without a sector."""
    if "sector" not in row.table.index or not is_blank(row.text("sector")):
        return None
    return "a future" if FUTURE_NAME.search(row.text("name")) else "cash or a money-market fund"


def _beside(*labels: str) -> Callable[[Document], str | None]:
    """The cell to the right of any of these labels."""

    def find(document: Document) -> str | None:
        for _, cells in document.records[:12]:
            if cells and plain(cells[0]) in labels and len(cells) > 1 and cells[1].strip():
                return cells[1].strip()
        return None

    return find


def _first_line(document: Document) -> str | None:
    return next((cells[0].strip() for _, cells in document.records if cells and cells[0].strip()), None)


def _first_cell(column: str) -> Callable[[Document], str | None]:
    def find(document: Document) -> str | None:
        (_, header), *rest = document.records
        place = next(
            (place for place, cell in enumerate(header) if plain(cell) in (column, column.replace(" ", ""))), None
        )
        return rest[0][1][place].strip() if place is not None and rest and len(rest[0][1]) > place else None

    return find


def _dated(item: object, day: object) -> object:
    """The object with its day (`2026-06-30T00:00:00-04:00`) cut to the date."""
    return {**item, "asOfDate": str(day or item.get("asOfDate") or "")[:10]} if isinstance(item, dict) else item


def _invesco_objects(document: Document) -> Sequence[object]:
    """The list of holdings in Invesco's JSON: `{effectiveDate, effectiveBusinessDate, holdings: […]}`."""
    found = document.json
    holdings = found.get("holdings") if isinstance(found, dict) else None
    if not isinstance(holdings, list):
        return document.refuse("the JSON text has no list of holdings", AGAIN)
    day = found.get("effectiveBusinessDate") or found.get("effectiveDate")
    return [_dated(item, day) for item in holdings]


def _vanguard_objects(document: Document) -> Sequence[object]:
    """The list of holdings in Vanguard's JSON: `[{holdingDetailItem: […]}]`, or `{fund: {entity: […]}}` since 2023."""
    found = document.json
    if isinstance(found, list) and found:
        parts = [part.get("holdingDetailItem") if isinstance(part, dict) else None for part in found]
        if all(isinstance(part, list) for part in parts):
            return [item for part in parts for item in part or ()]
    fund = found.get("fund") if isinstance(found, dict) else None
    entity = fund.get("entity") if isinstance(fund, dict) else None
    if isinstance(entity, list):
        return [_dated(item, found.get("asOfDate")) for item in entity]
    return document.refuse("the JSON text has no list of holdings", AGAIN)


ISHARES = Layout(
    "iShares",
    (
        says("fund holdings as of"),
        says("inception date"),
        says("shares outstanding"),
        columns("ticker", "name", "asset class", "market value"),
    ),
    _names(
        symbol=("ticker",),
        kind=("asset class",),
        value=("market value",),
        weight=("weight (%)",),
        quantity=("shares",),
        price_currency=("market currency",),
    ),
    ("symbol", "name", "kind", "value"),
    _kind_aside,
    ignored=("notional value", "location", "fx rate", "accrual date", "isin", "sedol"),
    undotted=True,
    name=_first_line,
)

STATE_STREET = Layout(
    "State Street",
    (
        says("fund name:"),
        says("ticker symbol:"),
        says("holdings:,as of"),
        columns("name", "ticker", "identifier", "weight", "shares held"),
    ),
    _names(symbol=("ticker",), quantity=("shares held",), currency=("local currency",), cusip=("identifier",)),
    ("symbol", "name", "weight"),
    _placeholder_aside,
    ignored=("sedol",),
    name=_beside("fund name:"),
)

INVESCO = Layout(
    "Invesco",
    (
        columns("fund ticker", "holding ticker"),
        columns("fundticker", "holdingsticker"),
        columns("security identifier"),
        columns("securitynum"),
        columns("% tna"),
        columns("share/ par", "company"),
    ),
    _names(
        symbol=("holding ticker", "holdingsticker", "ticker"),
        name=("company",),
        value=("marketvalue", "market value"),
        weight=("% tna",),
        quantity=("shares/par value", "shares", "share/ par"),
        kind=("class of shares",),
        cusip=("security identifier", "securitynum"),
    ),
    ("symbol", "name", "value", "weight"),
    _class_aside,
    ignored=("fund ticker", "fundticker"),
    name=_first_cell("fund ticker"),
)

INVESCO_JSON = Layout(
    "Invesco JSON",
    (says("effectivedate"), says("totalnumberofholdings")),
    _names(
        symbol=("ticker",),
        name=("issuername",),
        value=("marketvaluebase",),
        weight=("percentageoftotalnetassets",),
        quantity=("units",),
        kind=("securitytypename",),
        date=("asofdate",),
    ),
    ("symbol", "name", "weight"),
    _class_aside,
    must=(is_kind("json"), says("percentageoftotalnetassets")),
    ignored=("securitytypecode", "coupon", "maturitydate", "nextcalldate", "spmoodysrating", "localcurrencyname"),
    objects=_invesco_objects,
)

_PERCENT_OF_FUND = ("% of fund*", "% of funds*", "% of fund", "% of funds")

VANGUARD = Layout(
    "Vanguard",
    (columns("sedol"), columns("ticker"), says("stock holdings", "vanguard")),
    _names(
        symbol=("ticker",),
        name=("holding name", "holdings"),
        value=("market value",),
        weight=_PERCENT_OF_FUND,
        quantity=("shares",),
        industry=("sector",),
    ),
    ("symbol", "name", "weight"),
    must=(
        is_kind("csv"),
        Signal(
            "a column % of funds*",
            lambda document: any(not seen.isdisjoint(_PERCENT_OF_FUND) for seen in document.head_columns),
        ),
    ),
    ignored=("sedol", "country", "security depository receipt type"),
    name=_first_line,
)

VANGUARD_JSON = Layout(
    "Vanguard JSON",
    (says("holdingdetailitem", "\"entity\""), says("mktvalpercent", "percentweight")),
    _names(
        symbol=("bticker", "ticker"),
        name=("longname",),
        value=("marketval", "marketvalue"),
        weight=("mktvalpercent", "percentweight"),
        quantity=("sharesheld",),
        kind=("parentissuetypename", "secmaintype"),
        subkind=("issuetypename", "secsubtype"),
        position=("salesposition",),
        industry=("sector",),
        date=("effectivedate", "asofdate"),
    ),
    ("symbol", "name", "weight"),
    _vanguard_aside,
    must=(is_kind("json"), says("mktvalpercent", "percentweight")),
    ignored=("reportingname", "shortname", "sedol", "isin", "issuetypecode", "parentissuetypecode", "market", "type",
             "countryofriskcode", "icblevel4sectorname", "notionalvalue", "holdingtype"),
    objects=_vanguard_objects,
)  # fmt: skip

SCHWAB = Layout(
    "Schwab",
    (
        columns("as-of-date"),
        says("percent of assets", "percent_of_assets"),
    ),
    _names(
        date=("as-of-date",),
        weight=("percent of assets", "percent_of_assets"),
        value=("market value",),
        name=("security name", "description"),
    ),
    ("date", "symbol", "weight"),
    _schwab_aside,
    ignored=("bbg_figi", "coupon_rate", "maturity_date"),
    undotted=True,
)

PLAIN = Layout(
    "plain",
    (says("symbol,weight", "ticker,weight"),),
    _names(symbol=("ticker",), date=("as of", "as_of")),
    ("symbol", "weight"),
    must=(
        is_kind("csv"),
        Signal(
            "the columns symbol and weight",
            lambda document: any("weight" in seen and seen & {"symbol", "ticker"} for seen in document.head_columns),
        ),
        without("quantity", "shares", "cost basis", "cost_basis", "acquired", "identifier", "holding ticker",
                "holdingsticker", "asset class", "value", "market value"),
    ),
    percent=False,
)  # fmt: skip

LAYOUTS = (ISHARES, STATE_STREET, INVESCO, INVESCO_JSON, VANGUARD, VANGUARD_JSON, SCHWAB, PLAIN)
