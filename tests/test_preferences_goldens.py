"""Complete broken files: each `errors/preferences_*.toml` with all that dicli says of it beside it.

`python -m tests.test_preferences_goldens` writes the .txt files anew, to be read before they are committed.
"""

import tempfile
from pathlib import Path

import pytest

from dicli import preferences
from dicli.errors import PreferencesError

GOLDENS = sorted((Path(__file__).parent / "errors").glob("preferences_*.toml"))
FOLDER = {
    "schwab/positions.csv": "",
    "fidelity/positions.csv": "",
    "fidelity/history.csv": "",
    "ira/vanguard.csv": "",
    "holdings/SPY.csv": "",
    "prices.csv": "",
    "lists/weapons.csv": "Ticker,Name\nLMT,Lockheed Martin\nBA,Boeing\n",
    "lists/clean-power.csv": "FSLR\n",
    "lists/none.csv": "symbol\n# nothing yet\n\n",
    "lists/names.csv": "Name,Ticker\nLockheed Martin,LMT\nboeing,BA\n",
    "lists/book.csv": b"PK\x03\x04\x14\x00\xff\xfe",
}


def furnish(folder: Path) -> None:
    """The files that the broken preferences refer to."""
    (folder / "empty").mkdir()
    for name, content in FOLDER.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def said_of(golden: Path, folder: Path) -> str:
    furnish(folder)
    (folder / "dicli.toml").write_bytes(golden.read_bytes())
    with pytest.raises(PreferencesError) as caught:
        preferences.load(folder)
    return f"{caught.value}\n".replace(str(folder.resolve()), "<folder>")


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_every_fault_of_a_broken_file_is_said(golden: Path, tmp_path: Path) -> None:
    assert said_of(golden, tmp_path) == golden.with_suffix(".txt").read_text(encoding="utf-8")


def test_the_goldens_are_there() -> None:
    assert len(GOLDENS) >= 8


if __name__ == "__main__":
    for each in GOLDENS:
        with tempfile.TemporaryDirectory() as name:
            each.with_suffix(".txt").write_text(said_of(each, Path(name)), encoding="utf-8")
