"""A study keeps its operations, though other plugins register their names later."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.plugins import manager
from tests.studies.records import write_format_1
from tests.toys import PAIRS

OURS = '''
"""The operation of the study."""
from nasframe import Operation, hookimpl


class Larger(Operation):
    """The larger of both."""

    arity = 2

    def forward(self, x, y):
        return x.maximum(y)


@hookimpl
def register_operations():
    return {"gate": Larger}
'''

OTHERS = '''
"""A plugin that is installed later, with the names of everything in the study."""
from nasframe import Operation, hookimpl


class Strange(Operation):
    """Cannot stand in the place of any of them."""

    arity = 5


@hookimpl
def register_operations():
    return dict.fromkeys(("gate", "zero", "identity", "head", "projection", "sum"), Strange)


@hookimpl
def register_search_spaces():
    return {"bimodal": int}


@hookimpl
def register_tasks():
    return {"pairs": int}


@hookimpl
def register_relaxations():
    return {"softmax": int, "grmc": int}


@hookimpl
def register_loops():
    return {"bilevel": int}
'''

COMMANDS = {
    "table": ("tabulate", "--architectures=2"),
    "sweep": ("sweep", "relaxation.temperature=0.1,0.5"),
    "comparison": ("compare", "--relaxation", "softmax,grmc", "--seeds=1", "--random=1"),
}


@pytest.fixture
def here(home: Path) -> Path:
    (home / "ours.py").write_text(OURS, encoding="utf-8")
    (home / "others.py").write_text(OTHERS, encoding="utf-8")
    return home


def command(kind: str, *words: str) -> list[str]:
    name, *options = COMMANDS[kind]
    quick = ["search.epochs=1", "train.epochs=1", "cache=cache", 'space.operations=["zero", "gate"]']
    return [name, str(PAIRS), *quick, *options, "--plugin", "ours.py", "--out", kind, *words]


def replaced(words: list[str], option: str) -> list[str]:
    """The command with another value of an option."""
    name = option.partition("=")[0]
    return [option if word.startswith(f"{name}=") else word for word in words]


def read(file: str) -> Any:
    return json.loads(Path(file).read_text(encoding="utf-8"))


def plain(kind: str) -> dict[str, Any]:
    """The record of a study without the seconds that its trials took."""
    if kind == "table":
        table = nasframe.load_table(kind)
        return {**table.record, "rows": [{**row, "seconds": 0} for row in table.rows]}
    found = read(f"{kind}/{kind}.json")
    for trial in found.get("trials", ()):
        trial.pop("seconds")
    return {**found, "caveats": sorted(found["caveats"])}


def forget(name: str) -> None:
    """Forget a file that was loaded, as a new process has."""
    manager().unregister(name)
    del sys.modules[name]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kind", [*COMMANDS])
def test_the_same_command_finds_a_study_finished_whatever_was_installed_since(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(kind)) == 0
    before, names = plain(kind), read(f"{kind}/study.json")["names"]
    assert names["operation"]["gate"] == "ours"
    assert names["operation"]["zero"] == "nasframe"
    assert names["task"]["pairs"] == "toy_pairs"
    capsys.readouterr()
    assert main(command(kind, "--plugin", "others.py")) == 0
    assert "done already, skipped" in capsys.readouterr().err
    assert plain(kind) == before
    assert read(f"{kind}/study.json")["names"]["operation"]["gate"] == "ours"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_study_that_grows_does_its_new_trials_with_the_operations_of_its_first(workers: str) -> None:
    assert main(command("comparison")) == 0
    assert main(command("table")) == 0
    more = ["--plugin", "others.py", "--workers", workers]
    assert main(replaced(command("comparison", *more), "--seeds=2")) == 0
    found = read("comparison/comparison.json")
    assert found["failed"] == {}
    for trial in found["trials"]:
        run = nasframe.load_run(Path("comparison") / trial["folder"])
        assert run.architecture.space.wiring.operations["gate"] == "ours"
        assert nasframe.load_experiment(run).names["relaxation"] in ("softmax", "grmc")
    assert main(replaced(command("table", *more), "--architectures=4")) == 0
    assert len(nasframe.load_table("table")) == 4


@pytest.mark.usefixtures("here")
def test_a_table_records_the_plugins_of_its_names_and_their_packages() -> None:
    assert main(command("table")) == 0
    record = nasframe.load_table("table").record
    assert record["names"]["operation"]["gate"] == "ours"
    assert record["names"]["operation"]["head"] == "nasframe_fusion"
    assert record["names"]["space"] == {"bimodal": "nasframe_bimodal"}
    assert record["names"]["task"] == {"pairs": "toy_pairs"}
    assert record["packages"]["ours"] == "ours.py"
    assert record["packages"]["nasframe_fusion"].startswith("nasframe ")


@pytest.mark.usefixtures("here")
def test_a_table_fits_a_comparison_though_other_plugins_have_its_names_since() -> None:
    assert main(command("table")) == 0
    assert main(command("comparison")) == 0  # whose names are those before the other plugin came
    words = ["--table", "table", "--plugin", "others.py"]
    assert main(command("comparison", *words)) == 0
    (table,) = read("comparison/comparison.json")["tables"]
    assert table["variants"] == ["softmax", "grmc"]


@pytest.mark.usefixtures("here")
def test_a_table_of_another_operation_of_the_same_name_is_refused_with_the_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(command("table")) == 0
    forget("ours")
    Path("theirs.py").write_text(OURS.replace("maximum", "minimum"), encoding="utf-8")
    words = [word.replace("ours.py", "theirs.py") for word in command("comparison", "--table", "table")]
    assert main(words) == 2
    assert "operation gate: that of plugin 'ours' in the table, of 'theirs' here" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_in_a_study_without_the_record_a_bare_name_is_nasframes_own() -> None:
    kept = [word for word in command("table") if not word.startswith("space.operations")]
    assert main(kept) == 0
    before = plain("table")
    write_format_1(Path("table"))
    for name in ("study", "table"):
        old = {k: v for k, v in read(f"table/{name}.json").items() if k not in ("names", "packages")}
        Path(f"table/{name}.json").write_text(json.dumps(old), encoding="utf-8")
    assert nasframe.load_table("table").names.plugins == {}
    Path("others.py").write_text(OTHERS.replace('{"pairs": int}', "{}"), encoding="utf-8")
    assert main([*kept, "--plugin", "others.py"]) == 0
    assert plain("table") == before


@pytest.mark.usefixtures("here")
def test_a_study_that_is_replaced_has_to_say_which_of_two_plugins_it_means(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(command("table")) == 0
    assert main(command("table", "--plugin", "others.py", "--overwrite")) == 2
    assert "say nasframe_bimodal:bimodal or others:bimodal" in capsys.readouterr().err
