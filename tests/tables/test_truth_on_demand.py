"""A network that a table does not hold is trained by the table's recipe, kept, and found again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nasframe
from nasframe import Architecture, hookimpl, load_table, truth_on_demand
from nasframe.cli import main
from nasframe.errors import ArchitectureError, RunError
from nasframe.plugins import manager
from nasframe.runtime import default_cache
from nasframe.tables import TABLE_FILE, TabularBenchmark, facts_of
from nasframe.tables.document import read_document, write_document
from tests.tables.synthetic import pairs_space
from tests.toys import PAIRS

SMALL = ["train.epochs=2", "train.batch_size=20"]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, toy_pairs: None) -> Path:
    """A table of four networks with two trainings each; tests copy it."""
    folder = tmp_path_factory.mktemp("trained")
    words = [*SMALL, f"cache={folder / 'cache'}", "--architectures", "4", "--seeds", "2", "--workers", "1"]
    assert main(["tabulate", str(PAIRS), *words, "--out", str(folder / "pairs-table")]) == 0
    return folder / "pairs-table"


@pytest.fixture
def own(home: Path, trained: Path) -> TabularBenchmark:
    """The table in a folder of the user."""
    shutil.copytree(trained, "pairs-table")
    return load_table("pairs-table")


def missing(table: TabularBenchmark) -> Architecture:
    """An architecture of its space that a table does not hold."""
    space = pairs_space()
    return next(found for item in space.enumerate() if table.find(found := Architecture(space, item)) is None)


def rewritten(file: Path, change: Callable[[dict[str, Any]], Any]) -> TabularBenchmark:
    """The table of a file after `change(document)`."""
    from nasframe.runtime import read_compressed_json

    document = read_compressed_json(file)
    change(document)
    write_document(file, document, document["entries"])
    return load_table(file)


def test_a_network_that_is_not_there_is_trained_by_the_recipe_marked_and_found_again(
    own: TabularBenchmark,
) -> None:
    architecture = missing(own)
    entry = truth_on_demand(own, architecture)
    assert entry.on_demand
    assert entry.validation["accuracy"].shape == (2, 2)
    assert own.find(architecture) is entry
    again = load_table("pairs-table")
    assert again.find(architecture.fingerprint) is again.find(entry.key) is not None
    found = again.find(architecture)
    assert found is not None
    assert (found.key, found.on_demand, found.architecture) == (entry.key, True, None)
    np.testing.assert_allclose(found.test["accuracy"], entry.test["accuracy"], rtol=1e-4)
    assert (len(again), again.place(architecture)) == (4, None)  # nobody drew it
    assert facts_of(again).networks == 4
    assert [file.stem for file in Path("pairs-table/on_demand").iterdir()] == [entry.key]


def test_a_network_that_is_trained_on_demand_gets_the_numbers_that_the_table_would_hold(
    own: TabularBenchmark,
) -> None:
    held = own.listed[2]

    def without(document: dict[str, Any]) -> None:
        del document["entries"][2]

    less = rewritten(Path("pairs-table") / TABLE_FILE, without)
    entry = truth_on_demand(less, held.assignment)
    for split in ("validation", "test"):
        assert held.curves(split).keys() == entry.curves(split).keys()
        for metric, curve in held.curves(split).items():
            np.testing.assert_allclose(curve, entry.curves(split)[metric], rtol=1e-4)
    assert (held.best == entry.best).all()
    assert (held.parameters, held.multiply_adds) == (entry.parameters, entry.multiply_adds)


def test_a_network_outside_of_the_space_is_added_with_its_own_document(own: TabularBenchmark) -> None:
    deeper = pairs_space(nodes=2)
    architecture = Architecture(deeper, deeper.sample(1))
    assert own.find(architecture) is None
    entry = truth_on_demand(own, architecture)
    assert entry.architecture is not None
    assert entry.architecture["space"] == deeper.origin
    assert load_table("pairs-table").find(architecture) is not None


def test_a_table_in_a_package_is_never_written_into(home: Path, trained: Path) -> None:
    package = home / "package"
    package.mkdir()
    file = package / "small.json.xz"
    shutil.copy(trained / TABLE_FILE, file)
    manager().register(SimpleNamespace(register_tables=hookimpl(lambda: {"small": file})), "with_a_table")
    try:
        table = load_table("small")
        before = file.read_bytes()
        entry = truth_on_demand(table, missing(table))
        assert (list(package.iterdir()), file.read_bytes()) == ([file], before)
        (kept,) = (default_cache() / "tables").glob("*/*.json")
        assert kept.stem == entry.key
        assert load_table("small").entries.keys() | load_table("small").added.keys() > table.entries.keys()
        assert load_table("small").find(entry.key) is not None
    finally:
        manager().unregister("with_a_table")


def test_other_data_and_other_versions_are_refused_with_what_differs(own: TabularBenchmark) -> None:
    file = Path("pairs-table") / TABLE_FILE

    def other_data(document: dict[str, Any]) -> None:
        document["trainings"][1]["data"] = "f" * 64

    table = rewritten(file, other_data)
    message = (
        r"was made from other data: fingerprint f{16} in the table, [0-9a-f]{16} here\. Its task is 'pairs'"
    )
    with pytest.raises(RunError, match=message):
        truth_on_demand(table, missing(table))

    def older(document: dict[str, Any]) -> None:
        document["trainings"][1]["data"] = document["trainings"][0]["data"]
        document["versions"]["torch"] = "1.13.1+cpu"

    table = rewritten(file, older)
    with pytest.raises(RunError, match=r"other versions.*:\n  torch: 1\.13\.1\+cpu in the table, .* here"):
        truth_on_demand(table, missing(table))
    assert not (Path("pairs-table") / "on_demand").exists()
    assert truth_on_demand(table, missing(table), other_versions=True).on_demand


def test_a_network_that_was_trained_on_demand_says_the_versions_that_trained_it(
    own: TabularBenchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    def older(document: dict[str, Any]) -> None:
        document["versions"]["torch"] = "1.13.1+cpu"

    table = rewritten(Path("pairs-table") / TABLE_FILE, older)
    entry = truth_on_demand(table, missing(table), other_versions=True)
    assert entry.versions == {"nasframe": nasframe.__version__, "torch": str(torch.__version__)}
    assert load_table("pairs-table").added[entry.key].versions == entry.versions
    assert main(["tables", "pairs-table", entry.key]) == 0
    assert f"torch {torch.__version__}" in capsys.readouterr().out


def test_a_table_that_gets_more_seeds_stays_readable_and_says_what_is_left_out(
    own: TabularBenchmark, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture = missing(own)
    entry = truth_on_demand(own, architecture)
    words = [*SMALL, f"cache={trained.parent / 'cache'}", "--architectures", "4", "--workers", "1"]
    words = ["tabulate", str(PAIRS), *words, "--out", "pairs-table", "--seeds"]
    assert main([*words, "3"]) == 0
    table = load_table("pairs-table")
    assert (table.find(architecture), table.left_out) == (None, [entry.key])
    assert "trained on demand and are left out: 1." in table.caveats[-1]
    assert "on demand and are left out: 1." in Path("pairs-table/report.html").read_text("utf-8")
    capsys.readouterr()
    assert main(["tables", "pairs-table"]) == 0
    assert "trained on demand and are left out: 1." in capsys.readouterr().out
    again = truth_on_demand(table, architecture)
    assert (len(again.best), table.left_out) == (3, [])
    assert load_table("pairs-table").find(architecture) is not None


def test_additions_of_a_single_file_are_found_in_the_cache_that_trained_them(
    home: Path, trained: Path
) -> None:
    shutil.copy(trained / TABLE_FILE, "small.json.xz")
    table = load_table("small.json.xz")
    entry = truth_on_demand(table, missing(table), cache="own")
    assert load_table("small.json.xz", cache="own").find(entry.key) is not None
    assert load_table("small.json.xz").find(entry.key) is None


def test_another_experiment_or_length_has_another_folder_of_additions(own: TabularBenchmark) -> None:
    from nasframe.tables.additions import additions_folder

    file = Path("small.json.xz")
    shutil.copy(Path("pairs-table") / TABLE_FILE, file)
    folders = {additions_folder(load_table(file), Path("cache"))}
    for key, value in (("experiment", own.record["experiment"] + "\n"), ("epochs", 1)):
        other = TabularBenchmark(file, {**own.record, key: value}, own.trainings, own.listed)
        folders.add(additions_folder(other, Path("cache")))
    assert len(folders) == 3


def test_one_cache_is_the_default_of_all_that_is_read_and_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    from nasframe.doctor.examination import examine
    from nasframe.runtime import given_cache

    monkeypatch.delenv("NASFRAME_CACHE", raising=False)
    assert given_cache(None) is None
    assert nasframe.Experiment.load(PAIRS).cache_folder == default_cache()
    assert str(default_cache()) in examine().to_text()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("epochs = 2", "epochs = 3"), "train.epochs: 3 in its experiment, and its curves have 2 epochs"),
        (("batch_size = 20", "batch_size = 10"), "train.batch_size: 10 in its experiment, 20 beside it"),
        (("examples = 100", "examples = 60"), "task.examples: 60 in its experiment, 100 beside it"),
        (("nodes = 1", "nodes = 2"), "space.nodes: 2 in its experiment, 1 beside it"),
    ],
)
def test_a_table_that_says_two_things_of_its_trainings_trains_nothing(
    change: tuple[str, str], problem: str, own: TabularBenchmark
) -> None:
    def other(document: dict[str, Any]) -> None:
        assert change[0] in document["experiment"]
        document["experiment"] = document["experiment"].replace(*change)

    table = rewritten(Path("pairs-table") / TABLE_FILE, other)
    with pytest.raises(RunError, match=f"says two things of how its networks were trained:(.|\n)*{problem}"):
        truth_on_demand(table, missing(table))


def test_inputs_of_another_space_are_refused(own: TabularBenchmark) -> None:
    wider = pairs_space({"left": (2, 4), "right": (2, 3)})
    with pytest.raises(ArchitectureError, match="takes the inputs"):
        truth_on_demand(own, Architecture(wider, wider.sample(0)))


def test_a_damaged_addition_is_named_with_what_to_do(own: TabularBenchmark) -> None:
    entry = truth_on_demand(own, missing(own))
    file = Path("pairs-table/on_demand") / f"{entry.key}.json"
    whole = file.read_text(encoding="utf-8")
    for text in (
        "{",
        whole.replace('"best_epoch"', '"best_epochs"'),
        json.dumps({**json.loads(whole), "seconds": [1]}),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(
            RunError, match=rf"{entry.key}\.json.*; remove the file, and the network is trained"
        ):
            load_table("pairs-table")


def test_the_command_prints_an_entry_names_near_ones_and_trains(
    own: TabularBenchmark, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture = missing(own)
    architecture.save("mine.json")
    assert main(["tables", "pairs-table", "mine.json"]) == 2
    assert "does not hold the network of this architecture; near ones:" in capsys.readouterr().err
    assert main(["tables", "pairs-table", "mine.json", "--train"]) == 0
    assert "on demand" in capsys.readouterr().out
    assert main(["tables", "pairs-table", "mine.json", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["on_demand"] is True
    assert main(["tables", "pairs-table", own.listed[0].key]) == 0
    assert " of 4" in capsys.readouterr().out
    assert main(["tables", "pairs-table", "0" * 64]) == 2
    assert "holds no architecture and no network '0000" in capsys.readouterr().err


def test_a_table_of_format_1_trains_nothing(own: TabularBenchmark) -> None:
    from tests.studies.records import write_format_1

    write_format_1(Path("pairs-table"))
    table = load_table("pairs-table")
    with pytest.raises(RunError, match="is a table of format 1, which holds no curves"):
        truth_on_demand(table, missing(table))


def test_the_file_itself_never_changes(own: TabularBenchmark) -> None:
    before = (Path("pairs-table") / TABLE_FILE).read_bytes()
    truth_on_demand(own, missing(own))
    assert (Path("pairs-table") / TABLE_FILE).read_bytes() == before
    assert len(read_document(Path("pairs-table") / TABLE_FILE)) == 4
    assert nasframe.TabularBenchmark is type(own)
