"""Interactive Brokers: Flex queries, whose columns the user chose, as XML and as CSV.

An XML file holds a statement per account, with a container per section. A CSV file holds one table per section, each
below its header, with or without `BOF`/`BOS`/`EOS`/`EOF` lines and `HEADER`/`DATA` marks. Sections that say nothing
about lots are not read; rows at several levels of detail count once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.parsers import expat

from dicli.brokers.document import AGAIN, Document, Record, plain
from dicli.brokers.formats import Format, columns, is_kind, refused, says
from dicli.brokers.ibkr_account import Statement
from dicli.brokers.ibkr_common import NAME, without_cancelled
from dicli.brokers.ibkr_flex_sections import SECTIONS, read_section, section_of
from dicli.brokers.ibkr_lots import reconcile
from dicli.brokers.values import parse_date
from dicli.model import Reading, SetAside

# Sections with quantities that say nothing more than the ones that are read, or nothing about shares that are owned.
REPEATS = frozenset(
    (
        *(
            "ChangeInDividendAccruals",
            "OpenDividendAccruals",
            "SLBFees",
            "SLBActivities",
            "OptionEAE",
            "PendingExcercises",
        ),
        *("PriorPeriodPositions", "NetStockPositionSummary", "TransactionTaxes", "UnbundledCommissionDetails"),
        *("StmtFunds", "FxTransactions", "FxLots", "FxPositions", "ComplexPositions", "SLBOpenContracts"),
    )
)
TAG_LEVELS = {
    "trade": "EXECUTION",
    "tradeconfirm": "EXECUTION",
    "order": "ORDER",
    "lot": "CLOSED_LOT",
    "symbolsummary": "SYMBOL_SUMMARY",
    "assetsummary": "ASSET_SUMMARY",
    "washsale": "WASH_SALE",
}


def _finish(statements: Sequence[Statement], document: Document, others: Sequence[str]) -> Reading:
    document.unknown_columns.clear()  # dozens of columns that the user chose and that say nothing about lots
    everything = [found for statement in statements for found in statement.positions]
    lots = [lot for statement in statements for lot in statement.lots]
    reconcile(document, everything, lots)
    history = without_cancelled(document, [row for statement in statements for row in statement.history])
    sales = [sale for statement in statements for sale in statement.sales]
    cash = {account: amount for statement in statements for account, amount in statement.balances.items()}
    aside: list[SetAside] = [entry for statement in statements for entry in statement.aside]
    kinds = {"positions": everything, "lots": lots, "transactions": history, "sales": sales, "cash": cash}
    spans = [statement.coverage for statement in statements if statement.coverage]
    found = tuple(kind for kind, rows in kinds.items() if rows)
    if not found and not aside and not document.faults:
        document.refuse(
            f"no section that dicli reads is in this Flex query; it has: {', '.join(others) or 'nothing'}",
            "Add Open Positions (Lot), Trades (Execution and Closed Lots), Cash Transactions and Corporate Actions.",
        )
    return Reading(
        document.path,
        NAME,
        tuple(kind for kind in found if kind != "cash") or ("positions",),
        0,
        accounts=tuple(dict.fromkeys(name for statement in statements for name in statement.accounts if name)),
        as_of=max((statement.as_of for statement in statements if statement.as_of), default=None),
        positions=tuple(everything),
        lots=tuple(lots),
        transactions=tuple(history),
        sales=tuple(sales),
        cash=cash,
        set_aside=tuple(aside),
        coverage=(min(first for first, _ in spans), max(last for _, last in spans)) if spans else None,
    )


def read_xml(document: Document) -> Reading:
    lines: list[int] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: lines.append(parser.CurrentLineNumber)
    root = document.xml
    above = document.text[: len(document.text) - len(document.text.lstrip())].count("\n")
    parser.Parse(document.text.lstrip().encode())
    line_of = {id(element): line + above for element, line in zip(root.iter(), lines, strict=True)}
    statements, others = [], []
    for element in root.iter("FlexStatement"):
        statement = Statement(document, element.get("accountId", ""))
        span = _span(document, element.get("fromDate", ""), element.get("toDate", ""))
        statement.as_of = span[1] if span else None
        if any(container.tag in ("Trades", "TradeConfirms") for container in element):
            statement.coverage = span
        statements.append(statement)
        for container in element:
            if container.tag not in SECTIONS:
                others.append(container.tag)
                if container.tag not in REPEATS and any("quantity" in item.attrib for item in container):
                    why = f"the section {container.tag}, which is not read"
                    statement.aside.append(SetAside(statement.account, None, line_of[id(container)], why))
            elif len(container):
                items = [
                    (line_of[id(item)], item.tag.lower(), {key.lower(): value for key, value in item.items()})
                    for item in container
                ]
                names = list(dict.fromkeys(key for _, _, item in items for key in item))
                if container.tag in ("Trades", "TradeConfirms") and "levelofdetail" not in names:
                    names.append("levelofdetail")
                records = [
                    (
                        line,
                        [item.get(key) or (TAG_LEVELS.get(tag, "") if key == "levelofdetail" else "") for key in names],
                    )
                    for line, tag, item in items
                ]
                read_section(statement, container.tag, (line_of[id(container)], names), records)
    return _finish(statements, document, others)


def _span(document: Document, first: str, last: str) -> tuple[dt.date, dt.date] | None:
    try:
        return parse_date(first), parse_date(last)
    except ValueError:
        document.fault(None, f'the period of the statement, "{first}" to "{last}", is no pair of dates', AGAIN)
        return None


def read_csv(document: Document) -> Reading:
    known = {
        name for columns_, _, _ in SECTIONS.values() for name in (*columns_, *sum(map(tuple, columns_.values()), ()))
    }
    statement = Statement(document)
    others: list[str] = []
    found: list[tuple[str, Record, list[Record]]] = []
    open_ = ended = False
    code = ""
    for line, whole in document.records:
        mark = whole[0].strip().upper() if whole else ""
        if mark in ("BOF", "BOA", "BOS", "EOS", "EOA", "EOF"):
            open_, ended = open_ or mark == "BOF", mark == "EOF"
            if mark == "BOA" and len(whole) > 1:
                statement.account = whole[1].strip()
            if mark == "EOS" and len(whole) > 2 and whole[2].strip().isdigit() and found:
                count = int(whole[2])
                if found[-1][0] and count != len(found[-1][2]):
                    document.fault(line, f"the section has {len(found[-1][2])} rows and says {count}", AGAIN)
            continue
        cells = whole[2:] if mark in ("HEADER", "DATA", "TRAILER") and len(whole) > 2 else whole
        if not any(cell.strip() for cell in cells) or mark == "TRAILER":
            continue
        names = frozenset(map(plain, cells))
        if mark in ("HEADER", "DATA"):
            said = whole[1].strip() if len(whole) > 1 else ""
            if mark == "DATA" and code != said:
                document.fault(line, f'a row of "{said}" below the header of "{code}"', AGAIN)
            code = said
        if len(names & known) >= 3:
            section = section_of(names)
            if section is None:
                others.append(cells[0])
            found.append((section or "", (line, cells), []))
        elif not found:
            document.fault(line, "a row above the first header", AGAIN)
        else:
            found[-1][2].append((line, cells))
    if open_ and not ended:
        document.fault(None, "the line EOF at the end is missing: the file seems to be cut off", AGAIN)
    for section, header, records in found:
        if section:
            read_section(statement, section, header, records)
    if any(section == "Trades" for section, _, _ in found):
        dates = [row.date for row in statement.history]
        statement.coverage = (min(dates), max(dates)) if dates else None
    return _finish([statement], document, others)


FORMATS = (
    Format(
        NAME,
        ("positions", "lots", "transactions", "sales"),
        (says("<flexqueryresponse"), says("<flexstatement "), says("<flexstatements")),
        read_xml,
        must=(is_kind("xml"),),
    ),
    Format(
        NAME,
        ("error",),
        (says("<flexstatementresponse"), says("<errorcode", "<status>")),
        refused(
            "this is an answer of IBKR's Flex service, not the statement itself",
            "Run the query again and save what it gives.",
        ),
    ),
    Format(
        NAME,
        ("positions", "lots", "transactions", "sales"),
        (
            *(
                columns(name)
                for name in ("currencyprimary", "clientaccountid", "tradeprice", "ibcommission", "buy/sell")
            ),
            *(columns(name) for name in ("levelofdetail", "costbasismoney", "assetclass", "endingcash", "actionid")),
            columns("settledate", "amount"),
            says("bof,"),
            says("bos,"),
        ),
        read_csv,
        must=(is_kind("csv"),),
    ),
)
