"""`tech_couple`: a household. Schwab joint account of 1,500 lots, a spouse's Fidelity account, an IRA at Vanguard.

The names that play a part are fixed below, with the dates that make the part; all else is drawn.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal

from maker.books import (
    Book,
    Lot,
    Plan,
    Row,
    Sold,
    buying,
    crediting,
    moving,
    paying,
    play,
    share_of,
    total,
)
from maker.fidelity import fidelity_history, fidelity_positions
from maker.ishares import ishares_holdings
from maker.market import AS_OF, CENT, SEED, Market, cents
from maker.schwab import schwab_lots, schwab_positions, schwab_realized, schwab_transactions
from maker.text import list_file, words
from maker.vanguard import vanguard_download

LOTS, NAMES = 1500, 480
VALUE, CASH = Decimal(1600000), Decimal("14906.38")
COVERED_FROM = dt.date(2026, 9, 1)  # the first day of the transactions file
SPOUSE, SPOUSE_NAME, IRA = "Z25806137", "Individual", "51847702"
HELD_AWAY, EXCLUDED = ("MSFT", 1200), ("TSLA", "META")
DEFENCE = ("LMT", "NOC", "GD", "RTX", "LHX", "HII")
CLEAN_POWER = ("NEE", "FSLR", "GEV", "CEG", "AES", "XYL")
OFF_INDEX = 4  # names held that are not in the index (any more)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# symbol -> the lots of names that play a part: (bought, shares)
CAST: dict[str, tuple[tuple[str, int], ...]] = {
    "NKE": (("2025-04-07", 40), ("2026-02-05", 25)),  # clear: a long-term and a short-term loss
    "PYPL": (("2026-03-05", 45),),  # clear, short
    "PFE": (("2025-10-06", 60),),  # clear, long
    "DIS": (("2026-04-06", 24),),  # tainted in part: the spouse bought 9 shares
    "SBUX": (("2026-03-05", 15),),  # tainted wholly: the spouse bought 15 shares
    "ADBE": (("2026-02-05", 12),),  # permanently lost: the IRA bought 12 shares
    "CMCSA": (("2026-04-06", 60),),  # permanently lost in part: the IRA bought 20 shares
    "KHC": (("2026-02-05", 10),),  # too small
    "CLX": (("2026-02-05", 1),),  # too small
    "VZ": (("2025-10-06", 120),),  # tainted a little by its own dividend, reinvested on November 2
    "ORCL": (("2024-06-05", 30), ("2025-11-24", 20)),  # a gain that turns long-term on November 25
    "UPS": (("2025-11-25", 30),),  # a loss that turns long-term on November 26
}
# The two share classes of Alphabet; GOOG's last lot is a loss that the spouse's GOOGL taints as a declared group.
ALPHABET = {
    "GOOGL": "2022-11-07 2023-02-06 2023-05-05 2023-09-05 2024-01-05 2024-05-06 2024-10-07 2025-03-05 2025-08-05",
    "GOOG": "2022-12-05 2023-03-06 2023-06-05 2023-10-05 2024-02-05 2024-06-05 2024-11-05 2025-04-07 2026-09-24",
}
# Sold at a loss in the last weeks: symbol -> (bought, sold, shares). October 20 is 31 days ago, so INTC may be bought
# again; October 21 is 30 days ago, so BA may not.
SOLD_AT_A_LOSS = {
    "INTC": ("2026-01-05", "2026-10-20", 90),
    "BA": ("2026-02-05", "2026-10-21", 14),
    "CVS": ("2026-01-05", "2026-10-28", 55),  # the spouse's dividend of November 10 bought CVS again
    "MMM": ("2026-02-05", "2026-11-03", 18),
    "TGT": ("2026-03-05", "2026-11-16", 40),  # older lots with gains are kept
}
TGT_KEPT = (("2022-10-05", 25), ("2023-06-05", 15))
# A wash sale of the spring, which Schwab saw: sold at a loss, bought again two weeks later.
WASHED = ("FDX", dt.date(2025, 12, 5), dt.date(2026, 3, 12), dt.date(2026, 3, 26), Decimal(10))
REINVESTING = frozenset({"VZ", "KO", "T"})
HARVEST_DAYS = tuple(map(day, ("2026-03-12", "2026-04-16", "2026-06-18", "2026-08-20", "2026-09-17")))

# The spouse's and the IRA's purchases near today: (account, day, symbol, shares).
SPOUSE_BOUGHT = (("2026-11-04", "GOOGL", 4), ("2026-11-11", "DIS", 9), ("2026-11-11", "SBUX", 15))
IRA_BOUGHT = (("2026-11-12", "ADBE", 12), ("2026-11-12", "CMCSA", 20))
SPOUSE_HOLDS = words("AAPL NVDA AMZN BRK.B JPM V WMT COST PG HD JNJ KO PEP CVS UNH LIN NEE SO DUK MCD LOW HON CAT TMO")
IRA_HOLDS = words("BRK.B LLY ABBV MRK GILD TXN QCOM CSCO O PLD AMT DE")

PREFERENCES = """\
# A household: a joint taxable account that is managed, and two accounts that are read for their purchases.
# Run the commands with --as-of 2026-11-20, the day of these files.

[index]
benchmark = "holdings/IVV_holdings.csv"   # weights and prices in this file are illustrative and invented
max_age_days = 45

[screens]
exclude = ["TSLA", "META"]
exclude_industries = ["Tobacco"]
exclude_lists = ["lists/weapons.csv"]
redistribute = "tracking"

[tilts]
symbols = { NVDA = 0.5 }                  # the employer's customer: enough of that at work
themes = [ { list = "lists/clean-power.csv", times = 2.0 } ]

[limits]
max_weight = 0.08
max_tracking_error = 0.02
cash = { target = 0.005, max = 0.02 }
min_trade = 25.0
turnover = 0.20

[harvest]
min_loss = 50.0
min_loss_fraction = 0.05
substitutes = "same-industry"

[tax]
filing_status = "mfj"
taxable_income = 310000.0
state_rate = 0.093
short_term_gains = 60000.0                # what selling vested employer shares brings this year
carryover = { short = 0.0, long = 4200.0 }
lot_method = "hifo"

[[accounts]]
name = "joint"
broker_files = ["schwab/*.csv", "schwab/lots/*.csv"]
number = "…4821"
kind = "taxable"
owner = "you"
managed = true
fractional = true

[[accounts]]
name = "spouse"
broker_files = ["fidelity/*.csv"]
number = "…6137"
kind = "taxable"
owner = "spouse"
managed = false
fractional = true

[[accounts]]
name = "ira"
broker_files = ["ira/OfxDownload.csv"]
number = "…7702"
kind = "traditional_ira"
owner = "you"
managed = false
fractional = true

[[held_away]]
symbol = "MSFT"
quantity = 1200

[identical]
groups = [["GOOG", "GOOGL"]]
"""

README = """\
# tech_couple

A household, invented throughout: a joint Schwab account of about ${value:,.0f} ({lots:,} lots over {names} names),
1,200 shares of an employer's stock held elsewhere, a spouse's Fidelity account and an IRA at Vanguard, both read only.

| file | what |
|---|---|
| `schwab/Joint_Tenant-Positions-….csv` | positions: the control totals |
| `schwab/lots/Lot-Details-….csv` | the open lots, one file for each name, as Schwab exports them |
| `schwab/Joint_Tenant_XXX821_Transactions_….csv` | the history since September 1 |
| `schwab/Joint_Tenant_GainLoss_Realized_Details_….csv` | the lots sold this year |
| `fidelity/…` | the spouse's positions and the history of the account's whole life |
| `ira/OfxDownload.csv` | the IRA's holdings and the history of its whole life |
| `holdings/IVV_holdings.csv` | an index in the iShares layout; weights and prices are illustrative and invented |

What to look at, as of 2026-11-20:

- **clear** losses: NKE, PYPL, PFE and others
- **tainted** by the spouse's purchases of November 11: DIS (9 of 24 shares), SBUX (all 15); by those of November 4,
  because GOOG and GOOGL are declared identical: GOOG (4 of 10); by the account's own dividend reinvested on November 2:
  VZ
- **permanently lost** to the IRA's purchases of November 12: ADBE (all 12 shares), CMCSA (20 of 60)
- **too small**: KHC, CLX
- not to be bought, for they were sold at a loss within 30 days: BA, CVS, MMM, TGT; INTC's 31 days are over
- CVS: Schwab saw no wash sale, but the spouse's reinvested dividend of November 10 is one
- ORCL's lot of November 24, 2025 turns long-term on November 25, the UPS lot of November 25, 2025 a day later
- the employer's stock is counted as exposure to Microsoft: the account itself buys none

Try `harvest`, `trade` and `why SBUX` with `-C sample_portfolios/tech_couple --as-of 2026-11-20 --offline`.
"""


class Joint:
    """The Schwab account, drawn lot by lot; the files are derived from the same lots, sales and rows."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.dice = random.Random(SEED + 3)
        self.lots: dict[str, list[Lot]] = {}
        self.sold: list[Sold] = []
        self.rows: list[Row] = []
        self.pool = market.monthly(dt.date(2022, 10, 1), dt.date(2026, 10, 10), 5)
        self.elsewhere = {*SPOUSE_HOLDS, *IRA_HOLDS}
        self._cast()
        names = self._names()
        self._sales_of_the_year(names)
        self._fill(names)
        self._recent(names)
        self._history()

    def _buy(self, symbol: str, when: dt.date, quantity: Decimal) -> None:
        price = self.market.price(symbol, when)
        self.lots.setdefault(symbol, []).append(Lot(symbol, when, quantity, cents(quantity * price), when))

    def _sell(
        self, symbol: str, bought: dt.date, sold: dt.date, quantity: Decimal, disallowed: Decimal = Decimal(0)
    ) -> None:
        gross = cents(quantity * self.market.price(symbol, sold))
        basis = cents(quantity * self.market.price(symbol, bought))
        self.sold.append(Sold(symbol, bought, sold, quantity, gross - _fee(gross), basis, disallowed))

    def _cast(self) -> None:
        for symbol, purchases in [*CAST.items(), ("TGT", TGT_KEPT)]:
            for text, shares in purchases:
                self._buy(symbol, day(text), Decimal(shares))
        for symbol, days in ALPHABET.items():
            for text in days.split():
                self._buy(symbol, day(text), Decimal(10 if text.startswith("2026") else self.dice.randrange(11, 26)))
        for symbol, (bought, sold, shares) in SOLD_AT_A_LOSS.items():
            self._sell(symbol, day(bought), day(sold), Decimal(shares))
        symbol, bought_on, sold_on, again, quantity = WASHED
        gross = cents(quantity * self.market.price(symbol, sold_on))
        loss = cents(quantity * self.market.price(symbol, bought_on)) - (gross - _fee(gross))
        self._sell(symbol, bought_on, sold_on, quantity, loss)
        self._buy(symbol, again, quantity)
        lot = self.lots[symbol][-1]
        lot.basis, lot.washed, lot.held_from = lot.basis + loss, loss, again - (sold_on - bought_on)
        for symbol in sorted(REINVESTING - {"VZ"}):
            for text in ("2023-05-05", "2024-03-05"):
                self._buy(symbol, day(text), Decimal(self.dice.randrange(20, 60)))
        for symbol in sorted(REINVESTING):
            for when, per_share in self.market.dividends(symbol, dt.date(2026, 1, 1), AS_OF):
                held = total(lot for lot in self.lots[symbol] if lot.acquired < when - dt.timedelta(10))[0]
                amount = cents(held * per_share)
                price = self.market.price(symbol, when)
                quantity = (amount / price).quantize(Decimal("0.0001"))
                self.lots[symbol].append(Lot(symbol, when, quantity, amount, when))
                if when >= COVERED_FROM:
                    self.rows.append(Row(when, "drip", symbol, Decimal(0), Decimal(0), amount))
                    self.rows.append(Row(when, "reinvest", symbol, quantity, price, -amount))

    def _names(self) -> list[str]:
        """The names to hold besides the cast: index members that are allowed, and a few that have left the index."""
        never = {HELD_AWAY[0], "META", "PM", *DEFENCE, *SOLD_AT_A_LOSS}
        allowed = [s for s in self.market.weights if s not in never and s not in self.lots]
        outside = sorted(set(self.market.securities) - set(self.market.weights) - set(DEFENCE))
        off = [outside[self.dice.randrange(len(outside))] for _ in range(40)]
        off = list(dict.fromkeys(off))[:OFF_INDEX]
        surplus = len(allowed) + len(self.lots) + OFF_INDEX - NAMES
        for _ in range(surplus):  # a few small members are simply not held
            allowed.pop(len(allowed) - 1 - self.dice.randrange(120))
        return allowed + off

    def _sales_of_the_year(self, names: list[str]) -> None:
        """Losses taken on the harvest days and a few gains in May; their names are bought again only much later."""
        free = [s for s in names if s not in self.elsewhere]
        self.dice.shuffle(free)
        for when in HARVEST_DAYS:
            taken = 0
            while taken < 9:
                symbol = free.pop()
                bought = self.pool[self.dice.randrange(24, len(self.pool))]
                if bought > when - dt.timedelta(40):
                    continue
                price, paid = self.market.price(symbol, when), self.market.price(symbol, bought)
                if price < paid * Decimal("0.9"):
                    dollars = Decimal(self.dice.randrange(600, 4200))
                    self._sell(symbol, bought, when, share_of(dollars, price, 4))
                    taken += 1
        gains, when = 0, dt.date(2026, 5, 14)
        while gains < 8:
            symbol, bought = free.pop(), self.pool[self.dice.randrange(24)]
            if self.market.price(symbol, when) > self.market.price(symbol, bought) * Decimal("1.1"):
                self._sell(symbol, bought, when, share_of(Decimal(900), self.market.price(symbol, when), 4))
                gains += 1

    def _fill(self, names: list[str]) -> None:
        """Lots for all other names: as many as are missing, on different days, most of them gains by now."""
        left = LOTS - sum(map(len, self.lots.values())) - len(RECENT)
        counts = dict.fromkeys(names, 1)
        for _ in range(left - len(names)):
            while True:  # the larger half of the names gets two lots of three
                half = len(names) // 2
                symbol = names[self.dice.randrange(half) if self.dice.randrange(3) else self.dice.randrange(len(names))]
                if counts[symbol] < 11:
                    break
            counts[symbol] += 1
        held = sum(total(lots)[0] * self.market.price(symbol) for symbol, lots in self.lots.items())
        scale = sum(self.market.weights.get(symbol, Decimal("0.0004")) for symbol in names)
        for symbol in names:
            weight = self.market.weights.get(symbol, Decimal("0.0004")) / scale
            weight = weight * (Decimal("0.6") if symbol == "NVDA" else Decimal("0.3") if symbol == "TSLA" else 1)
            value = (VALUE - held) * weight * Decimal(self.dice.randrange(78, 119)) / 100
            shares = [Decimal(self.dice.randrange(60, 141)) for _ in range(counts[symbol])]
            days = self._days(symbol, counts[symbol])
            for when, share in zip(days, shares, strict=True):
                self._buy(symbol, when, share_of(value * share / sum(shares), self.market.price(symbol), 4))

    def _days(self, symbol: str, count: int) -> list[dt.date]:
        sold = [sale for sale in self.sold if sale.symbol == symbol]
        picked: set[dt.date] = set()
        while len(picked) < count:
            when = self.pool[self.dice.randrange(len(self.pool))]
            near = any(abs((when - sale.sold).days) <= 60 or when == sale.acquired for sale in sold)
            loss = self.market.price(symbol, when) * Decimal("0.97") > self.market.price(symbol)
            if near or (loss and self.dice.random() < 0.85):
                continue
            picked.add(when)
        return sorted(picked)

    def _recent(self, names: list[str]) -> None:
        for symbol in RECENT:
            if symbol not in names:
                raise ValueError(f"{symbol} is not held")
            when = dt.date(2026, 11, 9)
            self._buy(symbol, when, share_of(Decimal(2100), self.market.price(symbol, when), 4))

    def _history(self) -> None:
        """The rows since `COVERED_FROM` that the lots and sales call for, with dividends, interest and deposits."""
        nothing = Decimal(0)
        drips = {(row.symbol, row.date) for row in self.rows}
        for symbol, lots in self.lots.items():
            for lot in lots:
                if lot.acquired >= COVERED_FROM and (symbol, lot.acquired) not in drips:
                    price = self.market.price(symbol, lot.acquired)
                    self.rows.append(Row(lot.acquired, "buy", symbol, lot.quantity, price, -lot.basis))
            for when, per_share in self.market.dividends(symbol, COVERED_FROM, AS_OF):
                held = total(lot for lot in lots if lot.acquired < when - dt.timedelta(14))[0]
                amount = cents(held * per_share)
                if (symbol, when) not in drips and amount:
                    self.rows.append(Row(when, "dividend", symbol, nothing, nothing, amount))
        for sale in self.sold:
            if sale.sold >= COVERED_FROM:
                price = self.market.price(sale.symbol, sale.sold)
                fee = cents(sale.quantity * price) - sale.proceeds
                self.rows.append(Row(sale.sold, "sell", sale.symbol, -sale.quantity, price, sale.proceeds, fee))
        for when in self.market.monthly(COVERED_FROM, AS_OF, 3):
            self.rows.append(Row(when, "deposit", "", nothing, nothing, Decimal(6000)))
        for when in self.market.monthly(COVERED_FROM, AS_OF, 16):
            self.rows.append(
                Row(when, "interest", "", nothing, nothing, Decimal(180 + self.dice.randrange(90)).scaleb(-2))
            )
        self.rows.sort(key=lambda row: (row.date, row.kind != "deposit", row.symbol))


RECENT = ("AAPL", "AMZN", "JPM", "LLY", "V", "XOM", "COST", "NFLX", "GE", "NOW")  # bought on November 9


def _fee(gross: Decimal) -> Decimal:
    """The regulatory fee on a sale: at least a cent."""
    return max(CENT, cents(gross * Decimal("0.0000206")))


def _small_account(
    market: Market,
    holds: Iterable[str],
    opened: dt.date,
    funded: Decimal,
    bought: Sequence[tuple[str, str, int]],
    *,
    reinvest: bool,
) -> Book:
    """An account that buys its names on two days, lives from dividends, and makes a few purchases near today."""
    book, names = Book(market), list(holds)
    second = market.on_or_after(opened + dt.timedelta(45))

    needed = sum((cents(n * market.price(s, day(when))) for when, s, n in bought), Decimal(0))
    needed = (needed / 100 + 1).quantize(Decimal(1)) * 100

    def invest(book: Book, when: dt.date) -> None:
        part = names[::2] if when == opened else names[1::2]
        for symbol in part:
            book.buy_for(when, symbol, funded * Decimal("0.9") / len(names), 3, split_fill=reinvest)

    plan: Plan = [
        (opened, 0, moving(funded)),
        (opened, 5, invest),
        (second, 5, invest),
        (dt.date(2026, 11, 2), 0, moving(needed)),
    ]
    for symbol in dict.fromkeys([*names, *(symbol for _, symbol, _ in bought)]):
        for when, dollars in market.dividends(symbol, opened + dt.timedelta(14), AS_OF):
            plan.append((when, 2, paying(symbol, dollars, reinvest=reinvest)))
    firsts = [when for when in market.monthly(opened, AS_OF, 1) if when > opened]
    plan += [(market.sessions[market.sessions.index(when) - 1], 9, crediting()) for when in firsts]
    for text, symbol, shares in bought:
        plan.append((day(text), 6, buying(symbol, Decimal(shares))))
    play(book, opened, AS_OF, plan)
    return book


def files(market: Market) -> dict[str, str]:
    """The folder's files by name."""
    joint = Joint(market)
    spouse = _small_account(market, SPOUSE_HOLDS, dt.date(2026, 2, 17), Decimal(38000), SPOUSE_BOUGHT, reinvest=True)
    ira = _small_account(market, IRA_HOLDS, dt.date(2026, 1, 20), Decimal(61500), IRA_BOUGHT, reinvest=False)
    lots = {symbol: sorted(joint.lots[symbol], key=lambda lot: lot.acquired) for symbol in sorted(joint.lots)}
    value = CASH + sum(cents(total(held)[0] * market.price(symbol)) for symbol, held in lots.items())
    return {
        "schwab/Joint_Tenant-Positions-2026-11-20-163512.csv": schwab_positions(market, lots, CASH, REINVESTING),
        "schwab/Joint_Tenant_XXX821_Transactions_20261120-163655.csv": schwab_transactions(market, joint.rows),
        "schwab/Joint_Tenant_GainLoss_Realized_Details_20261120-164408.csv": schwab_realized(market, joint.sold),
        **{
            f"schwab/lots/Lot-Details-{symbol.replace('.', '_')}.csv": schwab_lots(market, symbol, held)
            for symbol, held in lots.items()
        },
        "fidelity/Portfolio_Positions_Nov-20-2026.csv": "\ufeff"
        + fidelity_positions(market, SPOUSE, SPOUSE_NAME, spouse.lots, spouse.cash),
        "fidelity/Accounts_History.csv": "\ufeff" + fidelity_history(market, SPOUSE, SPOUSE_NAME, spouse.rows),
        "ira/OfxDownload.csv": vanguard_download(market, IRA, ira.lots, ira.cash, ira.rows),
        "holdings/IVV_holdings.csv": "\ufeff" + ishares_holdings(market),
        "lists/weapons.csv": list_file(market, DEFENCE),
        "lists/clean-power.csv": list_file(market, CLEAN_POWER),
        "dicli.toml": PREFERENCES,
        "README.md": README.format(value=value, lots=sum(map(len, lots.values())), names=len(lots)),
    }
