"""The options of a loop that is looked up are held to the epochs of the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.studies import compare_on_table, tabulate
from tests.toys import PAIRS


@pytest.mark.usefixtures("home", "toy_pairs")
def test_a_rung_may_be_as_long_as_the_longest_training_of_the_table(tmp_path: Path) -> None:
    tabulate(
        PAIRS,
        tmp_path / "table",
        overrides=[f"cache={tmp_path / 'cache'}"],
        vary=["train.epochs=1,3"],
        architectures=200,
        exhaustive=True,
        yes=True,
        seeds=1,
    )
    found = compare_on_table(
        tmp_path / "table",
        tmp_path / "comparison",
        loops=["halving"],
        overrides=["loop.least=2", "loop.candidates=2"],
        seeds=2,
    )
    assert [item["name"] for item in found["loops"]] == ["halving"]
