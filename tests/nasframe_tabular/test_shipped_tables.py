"""The tables that the plugin ships: their recipes, the program that makes them, and those that are there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import nasframe_tabular
from nasframe import Experiment, load_table, manager
from nasframe.runtime import SILENT
from nasframe.tables import save_table

ROOT = Path(__file__).parents[2]
HOME = Path(nasframe_tabular.__file__).parent / "tables"
LIMIT = 3_000_000  # bytes of all tables together

VIEWS = (
    "image",
    "sound",
    "image_noisy",
    "sound_noisy",
    "image_sums",
    "sound_energy",
    "image_other",
    "sound_other",
)
RECIPES = {
    "av-digits-fusion": ({"rows": (8, 8), "columns": (8, 8), "mfcc": (8, 13), "change": (8, 13)}, 10, 342),
    "htad-fusion": (
        {**{f"sound_{k}": (1, 12) for k in (1, 2, 3)}, "wrist_axes": (1, 9), "wrist_whole": (1, 7)},
        7,
        570,
    ),
    "av-digits-views": (dict.fromkeys(VIEWS, (8, 8)), 10, 1596),
    "mnist1d-cells": ({"sequence": (1, 40)}, 10, 729),
}
"""Name → inputs, outputs, number of architectures."""


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """`benchmarks/tables.py`."""
    spec = importlib.util.spec_from_file_location("tables_program", ROOT / "benchmarks" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", RECIPES)
def test_the_space_of_a_recipe_has_the_architectures_that_its_table_is_said_to_have(name: str) -> None:
    inputs, outputs, count = RECIPES[name]
    experiment = Experiment.load(HOME / f"{name}.toml")
    assert experiment.space.build(inputs, outputs).count() == count


def test_the_program_knows_every_recipe_and_no_other(program: ModuleType) -> None:
    assert {file.stem for file in HOME.glob("*.toml")} == {*program.DESIGNS} == {*RECIPES}


def test_a_pair_is_of_its_image_and_of_its_utterance(program: ModuleType) -> None:
    names = ["test 7: image 1203, utterance 88", "test 8: image 4, utterance 88"]
    assert program.by_pair(names) == [["image 1203", "image 4"], ["utterance 88", "utterance 88"]]


def test_a_table_in_the_folder_is_registered_by_its_name() -> None:
    files = {file.name.removesuffix(".json.xz") for file in HOME.glob("*.json.xz")}
    assert {*nasframe_tabular.register_tables()} == files
    assert files <= {entry.name for entry in manager().registered("table")}


def test_tables_that_are_there_pass_the_rule_and_take_little_space() -> None:
    from nasframe.tables import facts_of

    files = [*HOME.glob("*.json.xz")]
    assert sum(file.stat().st_size for file in files) < LIMIT
    for file in files:
        assert facts_of(load_table(file)).passes is True, file.name


def test_a_check_whose_trainings_are_all_missing_says_so_and_fails(
    program: ModuleType, toy_pairs: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.tables.synthetic import table_at

    def without_the_first(_: Any, rows: list[dict[str, Any]]) -> None:
        rows[0]["best_epoch"][0] = None

    assert program.check(table_at(tmp_path, without_the_first), 50, SILENT) == 1
    assert "0 networks trained again" in capsys.readouterr().out


def test_the_program_makes_checks_and_describes_a_table(
    program: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of little data, two operations and two nodes; another table of it is found to be wrong."""
    home = tmp_path / "home"
    home.mkdir()
    text = (HOME / "mnist1d-cells.toml").read_text(encoding="utf-8")
    for old, new in (
        ("[700, 300, 500, 1000]", "[30, 20, 20, 40]"),
        ("stages = 1\n", "stages = 1\nnodes = 2\n"),
        ('"zero", "identity", "nor_conv_3"', '"identity", "nor_conv_3"'),
        ("epochs = 30", "epochs = 2"),
    ):
        assert old in text
        text = text.replace(old, new)
    (home / "mnist1d-cells.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(program, "HOME", home)
    monkeypatch.chdir(tmp_path)

    assert program.main(["make", "mnist1d-cells"]) == 0
    said = capsys.readouterr().out
    table = load_table(home / "mnist1d-cells.json.xz")
    assert f"{len(table)} networks in" in said
    assert table.title == "mnist1d-cells"
    assert table.metrics("test") == ["accuracy"]
    assert table.curves("test").shape == (len(table), 3, 2)
    error = table.record["standard_error"]
    assert error["over"] == "examples"
    assert error["units"] == {"examples": 40}
    assert error["value"] == max(error["training"].values()) > 0

    assert program.main(["check", "mnist1d-cells", "--every", "1"]) == 0
    assert "largest difference 0.0000" in capsys.readouterr().out  # on one machine the bits are the same

    assert program.main(["facts", "mnist1d-cells"]) == 0
    page = capsys.readouterr().out
    assert f"| networks | {len(table)} |" in page
    assert f"| best | {max(table.scores('test')):.3f} |" in page
    assert "| convolution |" in page

    for entry in table.listed:
        for curve in entry.test.values():
            curve[:] = np.where(curve > 0.5, curve - 0.5, curve + 0.5)
    save_table(table, home / "mnist1d-cells.json.xz")
    assert program.main(["check", "mnist1d-cells", "--every", "1"]) == 1
    assert "in the table" in capsys.readouterr().out
