"""Numbers R made, committed beside the script that made them; and the script run again."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

KEYS = ("data", "what", "key", "name", "variable")  # those of them that an oracle has


def read_oracle(folder: Path) -> pd.DataFrame:
    """The table R wrote: text keys, and `value` to its last digit."""
    texts = dict.fromkeys(KEYS, str)
    return pd.read_csv(folder / "oracle.csv", dtype=texts, float_precision="round_trip")


def read_values(folder: Path) -> pd.Series:
    """The values R wrote, by their keys in the order of the table's columns."""
    table = read_oracle(folder)
    return table.set_index(_keys(table))["value"].sort_index()


def _keys(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name in KEYS]


def make_again(oracle: Path, folder: Path) -> None:
    """Run the script of an oracle into a folder; skip where R or a package of it is missing."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed here")
    made = subprocess.run(
        ["Rscript", str(oracle / "make_oracle.R"), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    missing = re.search(r"there is no package called .(\w+).", made.stderr)
    if missing:
        pytest.skip(f"R lacks the package {missing[1]} here")
    assert made.returncode == 0, made.stderr


def check_made_again(oracle: Path, folder: Path) -> None:
    """Run the script of an oracle: its data are the committed ones, its numbers but for a BLAS."""
    make_again(oracle, folder)
    data = sorted(path.name for path in oracle.glob("*.csv") if path.name != "oracle.csv")
    assert data
    for name in data:
        assert (folder / name).read_bytes() == (oracle / name).read_bytes(), name
    made, committed = read_oracle(folder), read_oracle(oracle)
    pd.testing.assert_frame_equal(made[_keys(made)], committed[_keys(committed)])
    # another BLAS may differ in the last digits
    close = pytest.approx(committed["value"].to_numpy(), rel=1e-8, nan_ok=True)
    assert made["value"].to_numpy() == close
