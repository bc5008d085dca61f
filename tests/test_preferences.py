"""dicli.toml read, defaulted and written. The messages of whole broken files are in test_preferences_goldens.py."""

import dataclasses
import datetime as dt
import decimal
import subprocess
import sys
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from dicli import preferences
from dicli.errors import PreferencesError
from dicli.model import AccountKind, Owner
from dicli.preferences import keys, schema
from dicli.preferences.kinds import ACCOUNT_NUMBER, Context, Wrong, dotted, dotted_symbol, nearest
from dicli.preferences.lines import key_lines

MINIMAL = """\
[index]
benchmark = "IVV"
[tax]
filing_status = "mfj"
taxable_income = 310000
[[accounts]]
name = "joint"
kind = "taxable"
broker_files = ["schwab/*.csv"]
"""

ISSUE_EXAMPLE = """\
[index]
benchmark = "holdings/IVV_holdings.csv"
max_names = 150
max_age_days = 45

[screens]
exclude = ["XOM"]
exclude_sectors = ["Energy"]
exclude_industries = ["Tobacco"]
exclude_lists = ["lists/weapons.csv"]
redistribute = "tracking"

[tilts]
symbols = { NVDA = 0.5 }
sectors = { "Information Technology" = 1.1 }
themes  = [ { list = "lists/clean-power.csv", times = 2.0 } ]

[limits]
max_weight = 0.08
max_tracking_error = 0.0175
cash = { target = 0.005, max = 0.02 }
min_trade = 25.0
turnover = 0.20
gains_budget = 5000.0

[harvest]
min_loss = 50.0
min_loss_fraction = 0.05
substitutes = "same-industry"

[tax]
filing_status = "mfj"
taxable_income = 310000.0
state_rate = 0.093
short_term_gains = 12000.0
carryover = { short = 0.0, long = 4200.0 }
lot_method = "hifo"

[[accounts]]
name = "joint"
broker_files = ["schwab/*.csv"]
number = "…4821"
kind = "taxable"
owner = "you"
managed = true
fractional = true

[[held_away]]
symbol = "MSFT"
quantity = 1200

[identical]
groups = [["GOOG", "GOOGL"]]
"""


def read(text: str, folder: Path = Path("/nowhere")) -> preferences.Preferences:
    return preferences.parse(text, folder / "dicli.toml", files=False)


def faults(text: str) -> list[str]:
    with pytest.raises(PreferencesError) as caught:
        read(text)
    return [str(fault) for fault in caught.value.faults]


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_example_of_the_design_reads_as_it_says(tmp_path: Path) -> None:
    for name, text in {
        "holdings/IVV_holdings.csv": "",
        "lists/weapons.csv": "\ufeffSymbol,Name\nLMT,Lockheed Martin\n\n# a remark\nBF-B,Brown-Forman\nLMT,again\n",
        "lists/clean-power.csv": "FSLR\n",
        "schwab/a.csv": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "dicli.toml").write_text(ISSUE_EXAMPLE, encoding="utf-8")
    found = preferences.load(tmp_path)

    assert found.folder == tmp_path.resolve()
    assert found.path == tmp_path.resolve() / "dicli.toml"
    assert found.index.parts == (
        schema.IndexPart("holdings/IVV_holdings.csv", Decimal(1), tmp_path.resolve() / "holdings/IVV_holdings.csv"),
    )
    assert (found.index.top, found.index.max_names, found.index.max_age_days) == (None, 150, 45)
    assert found.screens.exclude == ("XOM",)
    assert found.screens.exclude_lists[0].symbols == ("LMT", "BF.B")
    assert found.tilts.symbols == (schema.Tilt("NVDA", times=Decimal("0.5")),)
    assert found.tilts.themes == (schema.Tilt("lists/clean-power.csv", Decimal(2), Decimal(0), ("FSLR",)),)
    assert found.limits.cash == schema.Cash(Decimal("0.005"), Decimal("0.02"))
    assert found.limits.gains_budget == schema.GainsBudget(net=Decimal(5000))
    assert found.tax.filing_status is schema.FilingStatus.MFJ
    assert found.tax.carryover == schema.ShortLong(Decimal(0), Decimal(4200))
    account = found.accounts[0]
    assert (account.name, account.kind, account.owner, account.number) == (
        "joint",
        AccountKind.TAXABLE,
        Owner.YOU,
        "4821",
    )
    assert account.lot_method == "hifo"  # from [tax]
    assert found.held_away == (schema.HeldAway("MSFT", Decimal(1200)),)
    assert found.identical.groups == (("GOOG", "GOOGL"),)


def test_what_is_not_said_has_its_default() -> None:
    found = read(MINIMAL)
    assert found.limits == schema.Limits()
    assert found.harvest == schema.Harvest(Decimal(50), Decimal("0.05"), "same-industry")
    assert found.tax.choices == schema.Choices()
    assert found.tax.magi is None
    assert found.tax.year_to_date is None
    assert found.prices == schema.Prices("broker", None)
    account = found.accounts[0]
    assert (account.managed, account.fractional, account.number, account.lot_method) == (True, True, None, "fifo")
    assert found.index == schema.Index((schema.IndexPart("IVV", Decimal(1), None),), None, None, 45)


def test_the_further_keys_are_read() -> None:
    found = read(
        MINIMAL.replace('benchmark = "IVV"', 'blend = [["VTI", 0.7], ["QQQ", 0.3]]\ntop = 500')
        + """ignore_actions = ["YOU LENT"]
lot_method = "lifo"
[tilts]
symbols = { NVDA = { plus = 0.01 } }
[limits]
tracking = 33.5
gains_budget = { short = 0, long = 100 }
sector_band = 0.005
max_sector = { "Information Technology" = 0.35 }
do_not_sell = ["AAPL", { symbol = "MSFT", acquired = 2019-03-01, account = "joint" }]
do_not_buy = ["BRK/B"]
[tax.choices]
holding_period = "union"
[tax.year_to_date]
short = -200
[identical]
groups = [["BRK.A", "BRK.B"]]
ratios = { "BRK.A" = 1500 }
[[corporate_actions]]
kind = "split"
symbol = "GE"
date = 2021-08-02
ratio = "1:8"
[[corporate_actions]]
kind = "spinoff"
symbol = "GE"
new_symbol = "GEV"
date = 2024-04-02
ratio = 0.25
basis_fraction = 0.2
[[scheduled]]
symbol = "VTI"
account = "joint"
date = 2026-12-01
kind = "reinvest"
every = "quarter"
[costs]
half_spreads = { BRK-A = 0.001 }
[backtest]
contributions = { amount = 1000 }
"""
    )
    assert [(part.name, part.weight) for part in found.index.parts] == [
        ("VTI", Decimal("0.7")),
        ("QQQ", Decimal("0.3")),
    ]
    assert found.index.top == 500
    assert found.tilts.symbols == (schema.Tilt("NVDA", Decimal(1), Decimal("0.01")),)
    assert found.ignore_actions == (("joint", ("YOU LENT",)),)
    assert found.accounts[0].lot_method == "lifo"
    assert found.limits.risk_aversion == Decimal("33.5")
    assert found.limits.gains_budget == schema.GainsBudget(None, Decimal(0), Decimal(100))
    assert found.limits.sector_band.of("Energy") == Decimal("0.005")
    assert found.limits.max_sector.of("Information Technology") == Decimal("0.35")
    assert found.limits.max_sector.of("Energy") is None
    assert found.limits.do_not_buy == ("BRK.B",)
    assert found.tax.choices.holding_period == "union"
    assert found.tax.year_to_date == schema.ShortLong(Decimal(-200), Decimal(0))
    assert found.identical.ratio("BRK.A") == 1500
    assert found.identical.ratio("BRK.B") == 1
    assert [action.ratio for action in found.corporate_actions] == [Fraction(1, 8), Fraction(1, 4)]
    assert found.costs.of("BRK.A") == Decimal("0.001")
    assert found.costs.of("AAPL") == schema.Costs().half_spread
    assert found.backtest.contributions == schema.Flow(Decimal(1000), "month")
    kept = found.limits.do_not_sell
    assert kept[0].covers("any", "AAPL", None)
    assert kept[1].covers("joint", "MSFT", dt.date(2019, 3, 1))
    assert not kept[1].covers("ira", "MSFT", dt.date(2019, 3, 1))
    assert not kept[1].covers("joint", "MSFT", dt.date(2019, 3, 4))
    assert not kept[1].covers("joint", "MSFT", None)


def test_numbers_are_exact_and_never_floats() -> None:
    with decimal.localcontext() as context:
        context.traps[decimal.FloatOperation] = True
        found = read(MINIMAL + "[limits]\nmax_weight = 0.1\nmin_trade = 1_000.10\n")
    assert str(found.limits.max_weight) == "0.1"
    assert found.limits.min_trade == Decimal("1000.10")


def test_the_dial_is_a_risk_aversion() -> None:
    assert read(MINIMAL).limits.risk_aversion == 80
    assert read(MINIMAL + '[limits]\ntracking = "tight"\n').limits.risk_aversion > 80
    assert read(MINIMAL + '[limits]\ntracking = "harvest"\n').limits.risk_aversion < 80


# --- finding ---------------------------------------------------------------------------------------------------------


def test_the_nearest_file_upward_is_taken(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "dicli.toml").write_text("outer")
    assert preferences.find(inner) == tmp_path.resolve() / "dicli.toml"
    (inner / "dicli.toml").write_text("inner")
    assert preferences.find(inner) == inner.resolve() / "dicli.toml"
    assert preferences.find(tmp_path / "dicli.toml") == tmp_path.resolve() / "dicli.toml"


def test_no_file_and_no_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(PreferencesError) as caught:
        preferences.find(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path.resolve()}: there is no dicli.toml here or in a folder above. "
        "Make one with `dicli init`, or name the portfolio folder with -C DIR."
    )
    with pytest.raises(PreferencesError, match="there is no such folder"):
        preferences.find(tmp_path / "missing")


def test_byte_order_mark_and_windows_lines_are_read_and_other_encodings_refused(tmp_path: Path) -> None:
    (tmp_path / "schwab").mkdir()
    (tmp_path / "schwab" / "a.csv").touch()
    file = tmp_path / "dicli.toml"
    file.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert preferences.load(tmp_path).accounts[0].name == "joint"
    file.write_bytes(MINIMAL.replace("joint", "Zoë").encode("latin-1"))
    with pytest.raises(PreferencesError) as caught:
        preferences.load(tmp_path)
    assert str(caught.value) == "dicli.toml, line 7: is not text in UTF-8. Save the file as UTF-8 in your editor."


def test_an_accounts_files_are_each_there_once_sorted_and_never_hidden(tmp_path: Path) -> None:
    for name in ("s/b.csv", "s/a.csv", "s/.c.csv", "s/~lock.csv", "t/d.csv", "t/deep/e.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "s" / "folder.csv").mkdir()
    found = preferences.broker_files(["t/**/*.csv", "s/*.csv", "s/a.csv"], tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "s/a.csv",
        "s/b.csv",
        "t/d.csv",
        "t/deep/e.csv",
    ]
    assert preferences.broker_files([f"{tmp_path}/s/a*.csv"], Path("/nowhere")) == (tmp_path / "s" / "a.csv",)


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "cure"),
    [
        ("max_weight = 0,08", 15, "Write decimals with a point: 0.08."),
        ("income = 310,000", 13, "Write the number without commas: 310000.0."),
        ("max = 8%", 8, "Write fractions out: 0.08 for 8 %."),
        ("trade = $25", 9, "Write dollars as a plain number: 5000.0."),
        ("kind = taxable", 8, 'Texts stand in quotes: kind = "taxable".'),
        ("exclude = [XOM]", 12, 'Texts stand in quotes: kind = "taxable".'),
        ("name = “joint”", 8, 'Use straight quotes, as "joint".'),
        ("managed = True", 11, "Write true or false, in small letters."),
        ("date = 11/20/2026", 10, "Write dates as 2026-11-20."),
        ("number = 0821", 11, "Write an account number in quotes; other numbers do not start with 0."),
        ("max = .5", 7, "Write a 0 before the point: 0.08."),
        ("max = 5.", 8, "Write a digit after the point, or no point."),
        ("managed: true", 8, "A key and its value stand with = between them: managed = true."),
        ('files = "c:\\x"', 14, 'Write paths with /, as "schwab/*.csv".'),
        ("[tax]", 5, "The same table is there twice: put their keys together; accounts have [[accounts]]."),
        ("[limits", 8, "Close the heading: [limits]."),
        ("[[accounts]", 11, "Close the heading: [[accounts]]."),
        ('x = "a', 7, "Close the quotes on the line on which they start."),
        ("a = { b = 0.1", 14, "Close the table with } on the same line, and put commas between its keys."),
        ("x = ", 5, "Expected a number, a text in quotes, true, false, a date or a list in brackets."),
        ("x = { a = 1 }\nx.b = 2", None, "A table in { } is complete: add the key inside it."),
        ("<html>", 1, "Expected [table], key = value or # comment."),
    ],
)
def test_a_slip_in_the_syntax_has_its_place_and_its_cure(row: str, column: int | None, cure: str) -> None:
    found = faults(f"[tax]\n{row}\n[harvest]\n")
    assert len(found) == 1
    assert found[0].startswith(
        "dicli.toml, line 3, column" if column is None else f"dicli.toml, line 2, column {column}: "
    )
    assert found[0].endswith(f". {cure}")


def test_a_slip_says_what_was_found_in_its_place() -> None:
    assert faults("[tax]\na = 1\na = 2\n") == [
        "dicli.toml, line 3, column 6: cannot overwrite a value. "
        "The same key is there twice, or a key and a table share a name: keep one."
    ]
    assert faults('a = """x') == ["dicli.toml, line 1, column 9: unterminated string. Close the quotes."]
    assert faults("a = [1, 2\n\n") == [
        "dicli.toml, line 1, column 10: unclosed array. Close the list with ], and put commas between its entries."
    ]


def test_faults_of_one_file_come_together_in_its_order() -> None:
    text = MINIMAL.replace('"mfj"', '"mjf"').replace('"taxable"', '"taxabel"') + "[limits]\nmax_weight = 8\n[indx]\n"
    found = faults(text)
    assert [said.partition(":")[0] for said in found] == [
        "dicli.toml, tax.filing_status (line 4)",
        "dicli.toml, accounts[1].kind (line 8)",
        "dicli.toml, limits.max_weight (line 11)",
        "dicli.toml, indx (line 12)",
    ]
    assert 'Did you mean "mfj"?' in found[0]


def test_an_empty_file_lacks_three_tables() -> None:
    assert faults("") == [
        f"dicli.toml, {name}: missing. Add {heading}; `dicli init` writes a whole file."
        for name, heading in (("index", "[index]"), ("tax", "[tax]"), ("accounts", "[[accounts]]"))
    ]


@pytest.mark.parametrize("weights", [("0.7", "0.2"), ("0.7", "0.31")])
def test_a_blend_is_whole(weights: tuple[str, str]) -> None:
    text = MINIMAL.replace('benchmark = "IVV"', f'blend = [["VTI", {weights[0]}], ["QQQ", {weights[1]}]]')
    total = Decimal(weights[0]) + Decimal(weights[1])
    assert faults(text) == [f"dicli.toml, index (line 1): the weights of blend sum to {total}. They have to sum to 1."]


def test_one_benchmark_stands_once_in_a_blend_and_one_is_needed() -> None:
    twice = MINIMAL.replace('benchmark = "IVV"', 'blend = [["VTI", 0.7], ["VTI", 0.3]]')
    assert faults(twice) == ["dicli.toml, index (line 1): blend names a benchmark twice. Add the two weights up."]
    none = MINIMAL.replace('benchmark = "IVV"\n', "top = 5\n")
    assert faults(none) == [
        "dicli.toml, index (line 1): neither benchmark nor blend is there. "
        'Write one of them: benchmark = "IVV", or blend = [["VTI", 0.7], ["QQQ", 0.3]].'
    ]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('groups = [["SPY"]]', "a group has 1 member. A group needs two symbols or more."),
        ("groups = [[]]", "a group has no members. A group needs two symbols or more."),
        (
            'groups = [["SPY", "IVV"]]\nratios = { VOO = 2 }',
            "ratios names VOO, which is in no group. Add it to a group.",
        ),
    ],
)
def test_identical_groups_are_groups(tables: str, said: str) -> None:
    assert faults(f"{MINIMAL}[identical]\n{tables}\n") == [f"dicli.toml, identical (line 10): {said}"]


def test_average_basis_is_no_method_for_a_whole_account() -> None:
    assert faults(MINIMAL + 'lot_method = "average"\n') == [
        'dicli.toml, accounts[1].lot_method (line 10): expected "fifo" | "lifo" | "hifo" | "lofo" | "lowest_tax", '
        'found the text "average". '
        "Write one of these; average basis is for fund shares alone, never for a whole account (R-AVERAGE)."
    ]


def test_two_accounts_may_share_a_file_where_their_numbers_tell_them_apart(tmp_path: Path) -> None:
    (tmp_path / "schwab").mkdir()
    (tmp_path / "schwab" / "all.csv").touch()
    entry = MINIMAL[MINIMAL.index("[[") :]
    both = MINIMAL + 'number = "…4821"\n' + entry.replace("joint", "ira") + 'number = "{}"\n'
    file = tmp_path / "dicli.toml"
    file.write_text(both.format("…4822"), encoding="utf-8")
    assert [account.number for account in preferences.load(tmp_path).accounts] == ["4821", "4822"]
    for alike in ("…821", "B4821", "…4821"):
        file.write_text(both.format(alike), encoding="utf-8")
        with pytest.raises(PreferencesError) as caught:
            preferences.load(tmp_path)
        assert str(caught.value) == (
            "dicli.toml, accounts[2].number (line 15): the file schwab/all.csv is also claimed by account "
            '"joint" for a number that ends the same way. Write more of the two numbers, or correct one.'
        )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("…4821", "4821"), ("...4821", "4821"), ("x4821", "4821"), ("XXXX-4821", "4821"), ("4821", "4821"),
        ("****4821", "4821"), ("U…1234", "1234"), ("U***1234", "1234"), ("Z12-345678", "Z12345678"),
        ("u1234567", "U1234567"), ("...482", "482"),
    ],
)  # fmt: skip
def test_an_account_number_is_kept_without_its_mask(written: str, kept: str) -> None:
    assert ACCOUNT_NUMBER.read(written, (), Context("", Path())) == kept


@pytest.mark.parametrize("written", ["12", "…", "", "joint", "(4821)", 4821, True])
def test_what_is_no_account_number_is_refused(written: object) -> None:
    with pytest.raises(Wrong):
        ACCOUNT_NUMBER.read(written, (), Context("", Path()))


def test_symbols_are_dotted() -> None:
    assert [dotted_symbol(text) for text in ("BRK.B", "BRK-B", "BRK/B", "BRK B", " XOM ", "BAC.PRL", "7203.T")] == [
        "BRK.B", "BRK.B", "BRK.B", "BRK.B", "XOM", "BAC.PRL", "7203.T",
    ]  # fmt: skip
    for text in ("brk.b", "", "Lockheed Martin", "A.", "$XOM", "BRK--B"):
        with pytest.raises(Wrong):
            dotted_symbol(text)


def test_the_nearest_word_is_the_one_that_was_meant() -> None:
    assert nearest("mjf", ("mfs", "mfj")) == "mfj"
    assert nearest("max_tracking", ("tracking", "max_tracking_error")) == "max_tracking_error"
    assert nearest("qqqq", ("tracking",)) is None


# --- lines -----------------------------------------------------------------------------------------------------------


def test_every_key_and_entry_has_its_line() -> None:
    text = '''# a comment with a [table] and key = value
[limits] # here
cash = { target = 0.1, max = 0.2 } # and { here }
do_not_sell = [
  "A", # ] not the end
  { symbol = "B#]", acquired = 2020-01-01 },
]
"quoted.key"."x" = """
[not a table]
"""

[[accounts]]
name = 'one'
[accounts.sub]
a.b = 1
[[accounts]]

name = "two"
'''
    lines = key_lines(text)
    expected = {
        ("limits",): 2, ("limits", "cash"): 3, ("limits", "cash", "max"): 3, ("limits", "do_not_sell"): 4,
        ("limits", "do_not_sell", 1): 5, ("limits", "do_not_sell", 2): 6, ("limits", "do_not_sell", 2, "acquired"): 6,
        ("limits", "quoted.key"): 8, ("limits", "quoted.key", "x"): 8, ("accounts",): 12, ("accounts", 1): 12,
        ("accounts", 1, "name"): 13, ("accounts", 1, "sub"): 14, ("accounts", 1, "sub", "a", "b"): 15,
        ("accounts", 2): 16, ("accounts", 2, "name"): 18,
    }  # fmt: skip
    assert {path: lines[path] for path in expected} == expected
    assert dotted(("limits", "quoted.key", "x", 2)) == 'limits."quoted.key".x[2]'


# --- the table of keys -----------------------------------------------------------------------------------------------


def test_every_field_has_its_key_and_every_key_its_field() -> None:
    fields_of = {name: {field.name for field in dataclasses.fields(kind.owner)} for name, kind in keys.SECTIONS.items()}
    fields_of["index"] = fields_of["index"] - {"parts"} | {"benchmark", "blend"}
    assert {name: {key.name for key in kind.keys} for name, kind in keys.SECTIONS.items()} == fields_of
    whole = {field.name for field in dataclasses.fields(schema.Preferences)}
    assert set(keys.SECTIONS) == whole - {"path", "folder", "ignore_actions"}
    nested = [
        key.kind for kind in keys.SECTIONS.values() for key in kind.keys if key.kind.keys and key.name != "themes"
    ]
    assert len(nested) >= 7
    for kind in nested:
        assert {key.name for key in kind.keys} == {field.name for field in dataclasses.fields(kind.owner)}


def test_the_documentation_states_every_default() -> None:
    rows = {row.key: row for row in preferences.describe()}
    assert rows["[limits].cash.max"].default == "0.02"
    assert rows["[index].max_age_days"].default == "45"
    assert rows["[accounts].managed"].default == "true"
    assert rows["[accounts].owner"].default == '"you"'
    assert rows["[tax].choices.holding_period"].default == '"tack"'
    assert rows["[tax].filing_status"].default == "required"
    assert rows["[limits].max_weight"].default == ""
    for row in rows.values():
        assert row.allowed, row.key
        assert row.meaning, row.key
        assert row.by, row.key


def test_every_stated_default_is_allowed_and_changes_nothing() -> None:
    """What `describe` prints can be written into the file, and then says what was the case without it."""
    plain = read(MINIMAL)
    for row in preferences.describe():
        section, _, key = row.key.partition("].")
        name = section.strip("[")
        if (
            row.default in ("", "required")
            or name in keys.ENTRIES
            or key.startswith(("outside_gains", "year_to_date", "contributions", "withdrawals"))
        ):
            continue
        raw = tomllib.loads(MINIMAL, parse_float=Decimal)
        assert key not in raw.get(name, {})
        extra = f"{key} = {row.default}\n"
        text = MINIMAL.replace(f"[{name}]\n", f"[{name}]\n{extra}") if name in raw else f"{MINIMAL}[{name}]\n{extra}"
        assert read(text) == plain, row.key


# --- scheduled -------------------------------------------------------------------------------------------------------


def test_a_schedule_falls_on_its_days() -> None:
    def days(every: str | None, until: dt.date | None = None) -> list[str]:
        plan = schema.Scheduled("VTI", "joint", dt.date(2024, 1, 31), every=every, until=until)
        return [day.isoformat() for day in plan.dates(dt.date(2024, 2, 1), dt.date(2024, 5, 1))]

    assert days("month") == ["2024-02-29", "2024-03-31", "2024-04-30"]
    assert days("quarter") == ["2024-04-30"]
    assert days("year") == []
    assert days("week")[:2] == ["2024-02-07", "2024-02-14"]
    assert days("month", until=dt.date(2024, 3, 31)) == ["2024-02-29", "2024-03-31"]
    assert days(None) == []
    once = schema.Scheduled("VTI", "joint", dt.date(2024, 3, 15))
    assert once.dates(dt.date(2024, 3, 15), dt.date(2024, 3, 15)) == (dt.date(2024, 3, 15),)


# --- start-up --------------------------------------------------------------------------------------------------------


def test_reading_preferences_loads_nothing_heavy() -> None:
    code = (
        "import sys, pathlib, dicli.preferences as p;"
        f"p.parse({MINIMAL!r}, pathlib.Path('/nowhere/dicli.toml'), files=False);"
        "print(*sorted({'numpy','pandas','rich','typer','difflib','tomli_w','tempfile','yfinance'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
