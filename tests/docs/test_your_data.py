"""The page on your own data: its files and scripts run, and its tables name what there is."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.options import options_of
from nasframe.tasks.data_files import TensorFileTask
from nasframe.tasks.tensors import ClassTargets, LabelTargets, NumberTargets

PAGE = (Path(__file__).parents[2] / "docs" / "your-data.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"^nasframe .*$", PAGE, re.MULTILINE)


def test_the_page_shows_files_and_commands() -> None:
    assert {*FILES} == {
        *("make_table.py", "pumps.toml", "make_arrays.py", "scenes.toml"),
        *("two_inputs.py", "notes.py", "notes_task.py"),
    }
    assert len(COMMANDS) == 4


@pytest.fixture
def files(home: Path) -> Path:
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    for name in ("make_table.py", "make_arrays.py"):
        exec(FILES[name], {"__name__": "__main__"})
    return home


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_runs(files: Path, line: str) -> None:
    _, *words = shlex.split(line)
    assert main([*words, "--out", "run"]) == 0
    found = json.loads((files / "run" / "test.json").read_text())
    assert found[found["objective"]] is not None


def test_the_script_with_data_sets_draws_what_it_found(home: Path) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(FILES["notes.py"], {"__name__": "notes"})
    assert "left" in printed.getvalue()


def test_three_tensors_become_items_of_two_inputs() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(FILES["two_inputs.py"], {"__name__": "two_inputs"})
    assert printed.getvalue() == "{'left': (5,), 'right': (5,)}\n"


def test_a_table_of_one_input_goes_to_the_space_of_cells_that_the_page_names(files: Path) -> None:
    (space,) = re.findall(r"`name = \"(\w+)\"` \(\[cell-spaces", PAGE)
    words = [f"space.name={space}", "space.cells=1", "space.channels=4"]
    one = 'task.inputs={"x"=["flow_*", "noise_*"]}'
    assert main(["run", "pumps.toml", *words, one, "--out", "run"]) == 0


def test_the_table_of_options_has_those_of_the_task_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", PAGE.split("| option |")[1], re.MULTILINE))
    found = {item.name: item for item in options_of(TensorFileTask)}
    assert {*found} <= {*rows}
    for name in ("standardise", "split_seed"):
        assert rows[name] == str(found[name].default).lower()
    assert rows["fractions"] == ", ".join(map(str, found["fractions"].default))


@pytest.mark.parametrize(
    ("name", "kind"), [("classes", ClassTargets), ("labels", LabelTargets), ("number", NumberTargets)]
)
def test_the_table_of_kinds_names_objective_and_metrics(name: str, kind: type) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)
    assert f"`{kind.objective}`" in row  # type: ignore[attr-defined]
    assert all(f"`{metric}`" in row for metric in kind.bounds)  # type: ignore[attr-defined]
