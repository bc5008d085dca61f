"""Every format against its golden pairs, and against what a spreadsheet or a mail program may do to a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from dicli import brokers
from dicli.brokers.document import Document
from dicli.errors import Fault, InputError
from dicli.model import Reading
from tests.make_goldens import expected_of, fixtures, golden_of, main
from tests.mutations import MUTATIONS, check, mutants, original

FIXTURES = fixtures()
READ = [path for path in FIXTURES if not path.name.startswith("refused")]
SAMPLES = Path(__file__).parents[2] / "shared" / "brokers" / "samples"


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", FIXTURES, ids=name)
def test_reads_as_its_golden_says(path: Path) -> None:
    golden = golden_of(path)
    assert golden.exists(), f"make it with: python -m tests.make_goldens {path}"
    assert expected_of(path) == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", READ, ids=name)
def test_is_claimed_by_one_format_of_its_broker(path: Path) -> None:
    document = Document.open(path)
    claims = [entry for entry in brokers.FORMATS if entry.claims(document)]
    assert len(claims) == 1
    assert len(claims[0].claims(document)) >= 2


def test_every_golden_has_its_file() -> None:
    folder = Path(__file__).parent / "brokers"
    assert {golden_of(path) for path in FIXTURES} == set(folder.rglob("*.expected.json"))


@pytest.mark.parametrize("path", [path for path in READ if path.suffix == ".csv"], ids=name)
def test_line_ends_and_encodings_change_nothing(path: Path) -> None:
    text = Document.open(path).text.replace("\r\n", "\n")
    as_it_is = brokers.read(path)
    for data in (
        text.encode(),
        text.replace("\n", "\r\n").encode(),
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.rstrip("\n").encode(),
        ("\n\n" + text + "\n\n").encode(),
    ):
        assert same(brokers.read_document(Document(path, data)), as_it_is)


@pytest.mark.parametrize("path", [path for path in READ if path.suffix == ".csv"], ids=name)
def test_a_spreadsheet_that_pads_rows_and_drops_quotation_marks_changes_nothing(path: Path) -> None:
    rows = [cells for _, cells in Document.open(path).records]
    width = max(map(len, rows))
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([*cells, *[""] * (width - len(cells))] for cells in rows)
    assert same(brokers.read_document(Document(path, out.getvalue().encode("utf-8-sig"))), brokers.read(path))


def same(one: Reading, other: Reading) -> bool:
    """Equal but for the lines that the rows stand on."""

    def values(reading: Reading) -> list[object]:
        rows = (*reading.positions, *reading.lots, *reading.transactions, *reading.sales, *reading.constituents)
        return [
            *(str(row).partition("source=")[0] for row in rows),
            dict(reading.cash),
            reading.accounts,
            reading.kinds,
        ]

    return values(one) == values(other)


@pytest.mark.parametrize("path", READ, ids=name)
def test_no_mutant_is_misread(path: Path) -> None:
    for mutant in mutants(path, count=40, seed=7):
        check(mutant)


def test_the_fuzzer_notices_a_misread_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(path for path in READ if path.name == "lots.csv" and path.parent.name == "generic")
    mutant = next(mutant for mutant in mutants(path, count=200, seed=1) if mutant.kind == "columns swapped")
    wrong = brokers.read(next(path for path in READ if path.name == "lots_wide.csv"))
    original(path)  # what the mutant is held against, read before the reader goes wrong
    monkeypatch.setattr(brokers, "read_document", lambda document, **_: wrong)
    with pytest.raises(AssertionError):
        check(mutant)
    assert {mutant.kind for mutant in mutants(path, count=400, seed=1)} <= set(MUTATIONS)


def test_make_goldens_writes_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "new.csv"
    copy.write_text("symbol,quantity,acquired,cost_basis\nKO,1,2024-01-02,60\n")
    assert main(["--diff", str(copy)]) == 1
    assert not golden_of(copy).exists()
    assert main([str(copy)]) == 0
    assert json.loads(golden_of(copy).read_text())["lots"][0]["basis"] == "60"
    assert main(["--diff", str(copy)]) == 0
    copy.write_text("symbol,quantity,acquired,cost_basis\nKO,2,2024-01-02,60\n")
    assert main(["--diff", str(copy)]) == 1
    assert '"quantity": "2"' in capsys.readouterr().out


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public sample files are not beside the repository")
@pytest.mark.parametrize(
    "path", [path for path in sorted(SAMPLES.rglob("*")) if path.is_file() and path.suffix != ".md"], ids=name
)
def test_every_public_sample_is_read_or_refused_with_a_reason(path: Path) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        assert brokers.read(path).rows
    except InputError as error:
        faults = error.faults
    assert all(fault.what and fault.remedy for fault in faults)
