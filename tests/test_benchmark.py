"""Index holdings files: every layout, exact weights, what is set aside, what is refused, and what changes."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import InputError, MarketError
from dicli.market import benchmark, sectors, weighing
from dicli.market.benchmark import Benchmark
from dicli.model import Constituent

SHARED = Path(__file__).resolve().parents[2] / "shared"
NBSP = "\u00a0"

ISHARES = f"""\ufeffCore Invented 500 ETF
Fund Holdings as of,"Nov 20, 2026"
Inception Date,"May 15, 2000"
Shares Outstanding,"1,061,000.00"
Stock,"-"
Bond,"-"
Cash,"-"
Other,"-"
{NBSP}
Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,Currency,FX Rate,Market Currency,Accrual Date
"AAPL","APPLE INC","Information Technology","Equity","600,000.00","60.00","600,000.00","2,000.00","300.00","United States","NASDAQ","USD","1.00","USD","-"
"BRKB","BERKSHIRE HATHAWAY INC CLASS B","Financials","Equity","300,000.00","30.00","300,000.00","600.00","500.00","United States","New York Stock Exchange Inc.","USD","1.00","USD","-"
"TINY","TINY CORP","Communication","Equity","1.00","0.00","1.00","1.00","1.00","United States","NASDAQ","USD","1.00","USD","-"
"XTSLA","BLK CSH FND TREASURY SL AGENCY","Cash and/or Derivatives","Money Market","90,000.00","9.00","90,000.00","90,000.00","1.00","United States","-","USD","1.00","USD","-"
"UBFUT","CASH COLLATERAL USD UBFUT","Cash and/or Derivatives","Cash Collateral and Margins","9,999.00","1.00","9,999.00","9,999.00","100.00","United States","-","USD","1.00","USD","-"
"ESZ6","S&P500 EMINI DEC 26","Cash and/or Derivatives","Futures","0.00","0.00","0.00","5.00","6,639.75","United States","Index And Options Market","USD","1.00","USD","-"
"INH","INHIBRX INC CVR","Health Care","Equity","10.00","0.00","10.00","10.00","1.00","United States","NO MARKET (E.G. UNLISTED)","USD","1.00","USD","-"
"OLD","OLD CORP","Health Care","Equity","10.00","0.00","10.00","10.00","1.00","United States","NO MARKET (E.G. UNLISTED)","USD","1.00","USD","-"
"-","AMERGENT GROUP INC","Health Care","Equity","0.01","0.00","0.01","10.00","0.00","United States","NASDAQ","USD","1.00","USD","-"
"ALV","ALLIANZ","Financials","Equity","50.00","0.00","50.00","1.00","50.00","Germany","Xetra","USD","1.00","EUR","-"
{NBSP}
"The content contained herein is owned, or licensed,
over several lines, with ""quotes"", commas."
"""  # noqa: E501  (the issuer's lines)

PLAIN = "symbol,weight,sector,name\nAAPL,60,Technology,Apple\nBRK-B,30,Financial,Berkshire\nZZZZ,10,Utilities,Zed\n"


def save(folder: Path, text: str, name: str = "index.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def faults(error: pytest.ExceptionInfo[InputError]) -> str:
    return "\n".join(str(fault) for fault in error.value.faults)


def ideal(**amounts: str) -> dict[str, Decimal]:
    """Shares of the sum to 15 places by the largest-remainder method, in whole fractions."""
    total = sum(Fraction(amount) for amount in amounts.values())
    shares = {symbol: Decimal(int(Fraction(amount) / total * 10**15)) / 10**15 for symbol, amount in amounts.items()}
    remainders = {symbol: Fraction(amount) / total - Fraction(shares[symbol]) for symbol, amount in amounts.items()}
    left = int((1 - sum(shares.values())) * 10**15)
    for symbol in sorted(remainders, key=lambda name: -remainders[name])[:left]:
        shares[symbol] += Decimal(1) / 10**15
    return shares


def weights(of: Benchmark) -> dict[str, Decimal]:
    return of.weights()


# -- layouts ------------------------------------------------------------------------------------------------------


def test_ishares_file(tmp_path: Path) -> None:
    found = benchmark.read(save(tmp_path, ISHARES))
    assert (found.name, found.as_of) == ("Core Invented 500 ETF", dt.date(2026, 11, 20))
    assert [item.symbol for item in found.constituents] == ["AAPL", "BRK.B", "TINY"]
    assert weights(found) == ideal(AAPL="600000", **{"BRK.B": "300000"}, TINY="1")  # not 60.00, 30.00, 0.00
    assert weights(found)["TINY"] > 0  # shown as 0.00 % in the file
    assert sum(weights(found).values()) == 1
    assert [item.sector for item in found.constituents] == [
        "Information Technology",
        "Financials",
        "Communication Services",
    ]
    assert [item.price for item in found.constituents] == [Decimal("300.00"), Decimal("500.00"), Decimal("1.00")]
    assert found.set_aside_counts == {
        "cash or a money-market fund": 1,
        "cash collateral": 1,
        "a future": 1,
        "a right, a warrant, an escrow or a private share": 1,
        "unlisted": 1,
        "no ticker": 1,
        "not listed in the United States but on Xetra": 1,
    }
    assert {(item.symbol, item.row) for item in found.set_aside} >= {("INH", 17), ("AMERGENT GROUP INC", 19)}
    assert any("not listed in the United States" in warning for warning in found.warnings)


def test_ishares_industry_comes_from_the_shipped_table_and_is_said(tmp_path: Path) -> None:
    found = benchmark.read(save(tmp_path, ISHARES))
    by_symbol = {item.symbol: item.industry for item in found.constituents}
    assert by_symbol["AAPL"] == sectors.securities()["AAPL"].industry
    assert by_symbol["TINY"] is None
    assert "industry from dicli's own table: 2 of 3 names" in found.notes
    assert "industry not known: 1 of 3 names" in found.notes


def test_industry_is_not_filled_where_the_sectors_differ(tmp_path: Path) -> None:
    found = benchmark.read(save(tmp_path, PLAIN.replace("Technology", "Utilities")))
    assert {item.symbol: item.industry for item in found.constituents}["AAPL"] is None


STATE_STREET = [
    ["Fund Name:", "Invented 500 ETF Trust"],
    ["Ticker Symbol:", "SPY"],
    ["Holdings:", "As of 18-Nov-2026"],
    [],
    ["Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"],
    ["APPLE INC", "AAPL", "037833100", "2046251", 69.5, "-", 2000.0, "USD"],
    ["BERKSHIRE HATHAWAY INC CL B", "BRK.B", "084670702", "2073390", "30.123456", "Financials", "100.000", "USD"],
    ["DUMMY", "DUMMY", "-", "-", "-", "DUMMY", "-", "-"],
    ["U.S. Dollar", "CASH_USD", "CASH_USD", "Unassigned", "0.25", "Unassigned", "100", "USD"],
    ["US DOLLAR", "-", "999USDZ92", "-", 0.1, "-", 732.53, "USD"],
    [],
    ["Past performance is not a reliable indicator of future performance."],
]


def test_state_street_workbook_with_numbers_as_floats_and_as_text(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "holdings"
    for row in STATE_STREET:
        book.active.append(row)
    path = tmp_path / "spy.xlsx"
    book.save(path)
    found = benchmark.read(path)
    assert (found.name, found.as_of) == ("Invented 500 ETF Trust", dt.date(2026, 11, 18))
    assert weights(found) == ideal(AAPL="69.5", **{"BRK.B": "30.123456"})
    assert found.weighed_by == "the weight column"
    assert found.set_aside_counts == {"cash or a money-market fund": 2, "a placeholder": 1}
    assert found.constituents[0].sector == "Information Technology"  # from the shipped table: the file says "-"
    assert "sector from dicli's own table: 1 of 2 names" in found.notes


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        (
            "FundTicker,SecurityNum,HoldingsTicker,Shares,MarketValue,Weight,Name,Sector,Date\r\n"
            'QQQ,037833100,AAPL ,"2,000","600,000.00",60.0,Apple Inc,Information Technology,05/14/2018\r\n'
            'QQQ,594918104,MSFT ,"1,000","400,000.00",40.0,Microsoft Corp,Information Technology,05/14/2018',
            dt.date(2018, 5, 14),
        ),
        (
            "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,Class of Shares,"
            "Sector,Date\r\n"
            'QQQ,037833100,AAPL ,"2,000","600,000.00",60.0,Apple Inc,Common Stock,Information Technology,01/13/2023\r\n'
            'QQQ,594918104,MSFT ,"1,000","400,000.00",39.9,Microsoft Corp,American Depository Receipt,-,01/13/2023\r\n'
            "QQQ,USD,USD ,10,10.00,0.1,Cash,Currency,-,01/13/2023\r\n",
            dt.date(2023, 1, 13),
        ),
        (
            "\ufeffTicker,Company,Share/ Par,% TNA,Class of shares,CUSIP,Market value\n"
            'AAPL,Apple Inc,"2,000",60.00%,Common Stock,037833100,"$600,000.00"\n'
            'MSFT,Microsoft Corp,"1,000",40.00%,Common Stock,594918104,"$400,000.00"\n'
            "# as of 2026-09-24\n",
            dt.date(2026, 9, 24),
        ),
        (
            json.dumps(
                {
                    "cusip": "QQQ",
                    "effectiveDate": "2026-09-25",
                    "effectiveBusinessDate": "2026-09-24",
                    "totalNumberOfHoldings": 3,
                    "holdings": [
                        {
                            "ticker": symbol,
                            "issuerName": name,
                            "units": units,
                            "percentageOfTotalNetAssets": weight,
                            "securityTypeName": kind,
                            "marketValueBase": value,
                            "currency": "USD",
                        }
                        for symbol, name, units, weight, kind, value in (
                            ("AAPL", "Apple Inc", 2000, 60.0, "Common Stock", 600000.0),
                            ("MSFT", "Microsoft Corp", 1000, 40.0, "Common Stock", 400000.0),
                            ("NQZ6", "NASDAQ 100 E-MINI Dec26", 1, 0.0, "Index Future", 0.0),
                        )
                    ],
                }
            ),
            dt.date(2026, 9, 24),
        ),
    ],
    ids=["2018", "2023", "2026", "json"],
)
def test_invesco_files(tmp_path: Path, text: str, as_of: dt.date) -> None:
    found = benchmark.read(save(tmp_path, text))
    assert weights(found) == {"AAPL": Decimal("0.6"), "MSFT": Decimal("0.4")}
    assert found.as_of == as_of
    assert [item.price for item in found.constituents] == [Decimal(300), Decimal(400)]  # market value ÷ shares


VANGUARD_OLD = """Vanguard Invented Index Fund,
"as of 10/31/2026"

Stock holdings
,SEDOL,Ticker,Holding name,Shares,Market value,% of fund*,Sector,Country,Security depository receipt type
,="2046251",AAPL,Apple Inc.,"2,000","$600,000",60.00%,"Technology Hardware, Storage & Periphera",US,—
,="2073390",BRK.B,Berkshire Hathaway Inc.,500,"$390,000",39.00%,Multi-Sector Holdings,US,—
,="1234567",TINY,Tiny Corp.,5,$10,<0.01%,Biotechnology,US,—

Bond holdings
,SEDOL,Holding name,Face amount,Market value,% of fund*,Coupon
,="7654321",United States Treasury Bill,100,"$9,000",0.90%,0.00
Short-term reserve holdings
,SEDOL,Holding name,Shares,Market value,% of fund*
,="CMT0011",Vanguard Market Liquidity Fund,10,"$1,000",0.10%
"""

VANGUARD_NEW = """,Vanguard Invented ETF
,as of 10/31/2026
,,
,SEDOL,TICKER,HOLDINGS,SHARES,MARKET VALUE,% OF FUNDS*,SECTOR
,2046251,AAPL,Apple Inc.,"2,000","$600,000",60.00%,"Technology Hardware, Storage & Peripherals"
,2073390,BRK.B,Berkshire Hathaway Inc.,500,"$390,000",39.00%,Multi-Sector Holdings
,1234567,TINY,Tiny Corp.,5,$10,<0.01%,Biotechnology
"""

VANGUARD_JSON_OLD = json.dumps(
    [
        {
            "portId": "0968",
            "holdingDetailItem": [
                {
                    "effectiveDate": "2026-10-31",
                    "name": name,
                    "quantity": quantity,
                    "mktValPercent": weight,
                    "salesPosition": "LONG",
                    "bticker": symbol,
                    "issueTypeName": kind,
                    "parentIssueTypeName": parent,
                    "sector": industry,
                    "marketVal": value,
                    "reportingName": name,
                }
                for symbol, name, quantity, weight, kind, parent, industry, value in (
                    ("AAPL", "Apple Inc.", 2000.0, 60.0, "Common Stock", "Equity", "Systems Software", 600000.0),
                    ("BRK.B", "Berkshire", 500.0, 39.0, "Common Stock", "Equity", "Multi-Sector Holdings", 390000.0),
                    ("TINY", "Tiny Corp.", 5.0, 0.001, "Common Stock", "Equity", "Biotechnology", 10.0),
                    ("ESZ6", "S&P500 EMINI FUT", 1.0, 0.5, "Index Future", "Futures", None, 5000.0),
                    (None, "MKTLIQ", 9.0, 0.4, "Mutual Fund", "Equity", None, 4000.0),
                )
            ],
        }
    ]
)

VANGUARD_JSON_NEW = json.dumps(
    {
        "size": 3,
        "asOfDate": "2026-10-31T00:00:00-04:00",
        "fund": {
            "entity": [
                {
                    "longName": name,
                    "ticker": symbol,
                    "percentWeight": weight,
                    "sharesHeld": shares,
                    "marketValue": value,
                    "secMainType": "Equity",
                }
                for symbol, name, weight, shares, value in (
                    ("AAPL", "Apple Inc.", "60.00", "2000", 600000.0),
                    ("BRK.B", "Berkshire Hathaway", "39.00", "500", 390000.0),
                    ("TINY", "Tiny Corp.", "0.00", "5", 10.0),
                )
            ]
        },
    }
)


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        (VANGUARD_OLD, {"in the section bond holdings": 1, "in the section short-term reserve holdings": 1}),
        (VANGUARD_NEW, {}),
        (VANGUARD_JSON_OLD, {"a future": 1, "cash or a money-market fund": 1}),
        (VANGUARD_JSON_NEW, {}),
    ],
    ids=["old csv", "new csv", "old json", "new json"],
)
def test_vanguard_files(tmp_path: Path, text: str, aside: dict[str, int]) -> None:
    found = benchmark.read(save(tmp_path, text))
    assert found.as_of == dt.date(2026, 10, 31)
    assert weights(found) == ideal(AAPL="600000", **{"BRK.B": "390000"}, TINY="10")
    assert found.set_aside_counts == aside


def test_vanguard_sub_industries_become_industries_and_sectors(tmp_path: Path) -> None:
    found = benchmark.read(save(tmp_path, VANGUARD_OLD))
    by_symbol = {item.symbol: (item.sector, item.industry) for item in found.constituents}
    assert by_symbol["TINY"] == ("Health Care", "Biotechnology")
    # the issuer cuts this name at 40 characters
    assert by_symbol["AAPL"] == ("Information Technology", "Technology Hardware, Storage & Peripherals")


def test_schwab_file_with_a_blank_weight_on_rebalance_day(tmp_path: Path) -> None:
    text = (
        "As-Of-Date,Symbol,Quantity,Percent_of_Assets,Name,BBG_FIGI,Sector\n"
        "2026-09-17,AAPL,2000,59.7,APPLE INC,BBG1,Information Technology\n"
        "2026-09-17,CWENA,500,40.0,CLEARWAY ENERGY INC CL A,BBG2,Utilities\n"
        "2026-09-17,NEWCO,500,,NEWCO INC,BBG2,Utilities\n"
        "2026-09-17,USD,10,0.2,US DOLLAR,,\n"
        "2026-09-17,ESZ6,1,0.1,S&P500 EMINI FUT DEC26,,\n"
    )
    found = benchmark.read(save(tmp_path, text))
    assert list(weights(found)) == ["AAPL", "CWEN.A"]
    assert found.set_aside_counts == {
        "cash or a money-market fund": 1,
        "a future": 1,
        "no weight in the file": 1,
    }
    assert found.as_of == dt.date(2026, 9, 17)
    assert any("1 names have no value or weight" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "rows",
    ["AAPL,60\nBRK.B,30\nZZZZ,10\n", "AAPL,60%\nBRK-B,30%\nZZZZ,10%\n", "AAPL,0.6\nBRK/B,0.3\nZZZZ,0.1\n"],
    ids=["percent", "percent signs", "fractions"],
)
def test_plain_weights_are_percents_or_fractions_by_their_sum(tmp_path: Path, rows: str) -> None:
    found = benchmark.read(save(tmp_path, "ticker,weight\n" + rows))
    assert weights(found) == {"AAPL": Decimal("0.6"), "BRK.B": Decimal("0.3"), "ZZZZ": Decimal("0.1")}
    assert found.as_of is None
    assert found.name == "index"


def test_plain_list_may_say_its_date_and_have_blank_lines(tmp_path: Path) -> None:
    text = "# as of 2026-11-20\nsymbol,weight,industry\nAAPL,60,Tobacco\n\nMSFT,40,Software\n"
    found = benchmark.read(save(tmp_path, text))
    assert (found.as_of, len(found.constituents)) == (dt.date(2026, 11, 20), 2)
    assert found.constituents[0].industry == "Tobacco"


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("symbol,weight\n", "no row with a stock"),
        ("symbol,weight\nAAPL,20\nMSFT,14.7\n", "the weights add up to 34.7, which is neither 1"),
        ("symbol,weight\nAAPL,60\nMSFT,30\nAAPL,10\n", "row 2: AAPL stands there again (row 4)"),
        ("symbol,weight\nAAPL,110\nMSFT,-10\n", "row 3: MSFT has a negative weight"),
        ("symbol,weight\nAAPL,sixty\nMSFT,40\n", 'row 2: column "weight" has "sixty"'),
        ("symbol,weight\nAAPL,60\nMSFT,40\nGOOG\n", 'the row has nothing but "GOOG"'),
        ("symbol,weight\nBRKB,60\nMSFT\n", 'the row has nothing but "MSFT"'),
        (ISHARES.replace('"Nov 20, 2026"', '"-"'), "the issuer gives no holdings for that day"),
        (ISHARES.replace("BERKSHIRE HATHAWAY INC CLASS B", "BRAKE BEARINGS INC"), '"BRKB" may be BRK.B or a ticker'),
        (ISHARES.replace('"600,000.00","60.00"', '"-600,000.00","60.00"'), "row 11: AAPL has a negative market value"),
        (ISHARES.replace('"600,000.00","60.00"', '"600,000.00","6.00"'), "the weights add up to 46"),
        (
            ISHARES.replace('"30.00"', '"31.00"').replace('"60.00"', '"59.00"'),
            "AAPL is 60.00 % by its market value and 59.00 % by its weight",
        ),
        (ISHARES[: ISHARES.index('"300.00"')], "the row has 9 cells where the header"),
        (ISHARES[: ISHARES.index('"BRKB"')], "the weights add up to 60 %: the file seems to be cut off"),
        ("symbol,name\nAAPL,Apple\n", "no index holdings file that dicli knows"),
        ("<html><body>consent</body></html>", "a web page saved under a CSV file's name"),
    ],
)
def test_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        benchmark.read(save(tmp_path, text))
    assert said in faults(error)
    assert "broker" not in faults(error)


def test_all_faults_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        benchmark.read(save(tmp_path, "symbol,weight\nAAPL,x\nMSFT,y\nGOOG,100\n"))
    assert len(error.value.faults) == 2


def test_two_tables_that_agree_are_read_once_and_two_that_differ_are_refused(tmp_path: Path) -> None:
    table = ISHARES[: ISHARES.index('"The content')]
    found = benchmark.read(save(tmp_path, table + table.lstrip("\ufeff")))
    assert len(found.constituents) == 3
    assert any("read once" in warning for warning in found.warnings)
    other = table.lstrip("\ufeff").replace('"600,000.00"', '"600,001.00"')
    with pytest.raises(InputError, match="several tables of holdings, and they differ"):
        benchmark.read(save(tmp_path, table + other))


# -- identification -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        (ISHARES, "iShares"),
        (VANGUARD_OLD, "Vanguard"),
        (VANGUARD_JSON_NEW, "Vanguard JSON"),
        (PLAIN, "plain"),
        ("symbol,quantity,acquired,cost_basis\nAAPL,1,2020-01-02,100\n", None),
        ("symbol,weight,quantity\nAAPL,1,5\n", None),
        ("", None),
        ("<html>", None),
    ],
)
def test_identify(tmp_path: Path, text: str, issuer: str | None) -> None:
    assert benchmark.identify(save(tmp_path, text)) == issuer


def test_reading_shows_constituents_and_signals(tmp_path: Path) -> None:
    reading = benchmark.to_reading(Document.open(save(tmp_path, ISHARES)))
    assert (reading.broker, reading.kinds, reading.as_of) == ("iShares", ("index",), dt.date(2026, 11, 20))
    assert len(reading.constituents) == 3
    assert len(reading.signals) >= 2
    assert reading.rows == 10


def test_formats_serve_beside_the_brokers(tmp_path: Path) -> None:
    document = Document.open(save(tmp_path, PLAIN))
    claims = [entry.broker for entry in (*brokers.FORMATS, *benchmark.FORMATS) if entry.claims(document)]
    assert claims == ["plain"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample files are not here")
def test_broker_samples_are_no_index_files_and_index_files_no_broker_files() -> None:
    for path in sorted((SHARED / "brokers" / "samples").rglob("*.*")):
        if path.suffix.lower() not in (".csv", ".json", ".xlsx", ".xml"):
            continue
        index = path.parent.name == "index_holdings"
        assert (benchmark.identify(path) is not None) == index, path
        if index:
            document = Document.open(path)
            assert not [entry.broker for entry in brokers.FORMATS if entry.claims(document)], path


REAL = {
    "data/holdings/invesco_QQQ_2018-05-14.csv": (103, 0),
    "data/holdings/ishares_ITOT_2020-04-29.csv": (3620, 15),
    "data/holdings/ishares_IVV_2025-11-18.csv": (503, 5),
    "data/holdings/ishares_IWV_2025-05-21.csv": (2642, 16),
    "data/holdings/ssga_SPY_2025-11-18.xlsx": (503, 1),
    "brokers/samples/index_holdings/invesco_QQQ__1.csv": (101, 0),
    "brokers/samples/index_holdings/ishares_HEWU__1.csv": (1, 5),
    "brokers/samples/index_holdings/ishares_IVV__1.csv": (503, 5),
    "brokers/samples/index_holdings/ishares_IVV__3.csv": (503, 5),
    "brokers/samples/index_holdings/ssga_SPY__1.xlsx": (503, 2),
    "brokers/samples/index_holdings/vanguard_VOO__1.json": (503, 3),
}


@pytest.mark.skipif(not SHARED.exists(), reason="the real holdings files are not here")
@pytest.mark.parametrize("name", REAL)
def test_real_files(name: str) -> None:
    found = benchmark.read(SHARED / name)
    assert (len(found.constituents), len(found.set_aside)) == REAL[name]
    assert sum(weights(found).values()) == 1
    assert min(weights(found).values()) > 0


# -- weights ------------------------------------------------------------------------------------------------------


@given(st.lists(st.decimals("0.01", "1e13", places=2), min_size=1, max_size=60))
def test_exact_weights_sum_to_one_and_are_within_a_unit_of_the_ideal(amounts: list[Decimal]) -> None:
    shares = weighing.exact(amounts)
    assert sum(shares) == 1
    total = sum(amounts)
    assert all(abs(share - amount / total) <= weighing.UNIT for share, amount in zip(shares, amounts, strict=True))


def make(name: str, as_of: dt.date | None = None, **amounts: str) -> Benchmark:
    return Benchmark(name, as_of, tuple(Constituent(symbol, Decimal(weight)) for symbol, weight in amounts.items()))


def test_cut_keeps_the_heaviest_in_proportion() -> None:
    found = benchmark.cut(make("X", A="0.5", B="0.3", C="0.2"), 2)
    assert weights(found) == {"A": Decimal("0.625"), "B": Decimal("0.375")}
    assert found.name == "X, top 2"
    with pytest.raises(MarketError):
        benchmark.cut(found, 0)


def test_blend_adds_up_names_and_is_as_old_as_its_oldest_part() -> None:
    first = make("VTI", dt.date(2026, 11, 1), A="0.6", B="0.4")
    second = make("QQQ", dt.date(2026, 10, 1), B="0.5", C="0.5")
    found = benchmark.blend([(first, Decimal("0.7")), (second, Decimal("0.3"))])
    assert weights(found) == {"A": Decimal("0.42"), "B": Decimal("0.43"), "C": Decimal("0.15")}
    assert found.as_of == dt.date(2026, 10, 1)
    assert found.name == "70 % VTI + 30 % QQQ"


@pytest.mark.parametrize(
    ("days", "warned"), [(45, False), (46, True), (90, True), (-1, True)], ids=["fresh", "old", "nearly", "future"]
)
def test_age_warns(days: int, warned: bool) -> None:
    today = dt.date(2026, 11, 23)
    found = make("X", today - dt.timedelta(days=days), A="1")
    assert bool(benchmark.check_age(found, today, 45)) == warned


def test_age_beyond_twice_is_an_error_unless_stale_is_ok() -> None:
    today = dt.date(2026, 11, 23)
    found = make("X", today - dt.timedelta(days=91), A="1")
    with pytest.raises(MarketError, match="91 days before 2026-11-23; more than 90 days is too old"):
        benchmark.check_age(found, today, 45)
    assert benchmark.check_age(found, today, 45, stale_ok=True)


def test_a_file_without_a_date_is_warned_about() -> None:
    assert "does not say which day" in benchmark.check_age(make("X", None, A="1"), dt.date(2026, 11, 23), 45)[0]


def test_diff_lists_joiners_and_leavers_first() -> None:
    old = make("X", dt.date(2026, 10, 1), A="0.5", B="0.3", C="0.2")
    new = make("X", dt.date(2026, 11, 1), A="0.45", D="0.35", C="0.2")
    report = benchmark.diff(old, new)
    assert [(row[0], row[3], row[6]) for row in report.rows] == [
        ("D", "joined", Decimal("0.35")),
        ("B", "left", Decimal("-0.3")),
        ("A", "weight", Decimal("-0.05")),
    ]
    assert report.rows[0][4] is None
    assert report.finding
    assert report.summary["turnover"] == Decimal("0.35")
    assert not benchmark.diff(old, old).rows


# -- sectors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Communication", "Communication Services"),
        ("communication services", "Communication Services"),
        ("Telecommunication Services", "Communication Services"),
        ("Technology", "Information Technology"),
        ("Healthcare", "Health Care"),
        ("Consumer Cyclical", "Consumer Discretionary"),
        ("Consumer Defensive", "Consumer Staples"),
        ("Financial Services", "Financials"),
        ("Basic Materials", "Materials"),
        ("Space Mining", "Space Mining"),
    ],
)
def test_sector_names(said: str, name: str) -> None:
    assert sectors.sector_name(said) == name


def test_the_shipped_tables_agree_with_each_other() -> None:
    for symbol, found in sectors.securities().items():
        assert found.sector in sectors.SECTORS, symbol
        assert found.industry is not None
        known = sectors.industry_class(found.industry)
        assert known is not None, (symbol, found.industry)
        assert known == found, symbol


def test_text_may_come_from_memory() -> None:
    found = benchmark.read_document(Document("from the net", io.BytesIO(PLAIN.encode()).getvalue()))
    assert found.source == "from the net"
