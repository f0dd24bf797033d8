"""docs/architecture.md is true: its layers are checked, and its files are those that a search enters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
READ = re.findall(r"^\d+\. `([^`]+\.py)`: ", PAGE, flags=re.MULTILINE)
SKIPPED = {
    f"{folder}{name}.py"
    for folder, names in re.findall(r"^\| `([^`]+/)` ([\w, ]+) \| \S", PAGE, flags=re.MULTILINE)
    for name in names.split(", ")
} | {*re.findall(r"^\| `([^`]+\.py)` \| \S", PAGE, flags=re.MULTILINE)}
EXPERIMENT = """
[task]
name = "louder"

[space]
name = "bimodal"
channels = 8
cells = 1

[search]
epochs = 2
min_epochs = 1
candidates = 3
size_penalty = 0.1
"""
TRACER = """
import json, sys, threading
entered = set()

def profile(frame, event, argument):
    if event == "call" and frame.f_code.co_flags & 1:  # a function, and no body of a class or module
        entered.add(frame.f_code.co_filename)

from nasframe.cli import main
threading.setprofile(profile)
sys.setprofile(profile)
status = main(["search", "louder.toml", "--plugin", "louder.py", "--out", "run"])
sys.setprofile(None)
json.dump(sorted(entered), open("entered.json", "w"))
raise SystemExit(status)
"""


@pytest.fixture(scope="module")
def entered(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every file of the project of which `nasframe search` calls a function, relative to its root."""
    folder = tmp_path_factory.mktemp("traced")
    guide = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (task,) = re.findall(r"```python\n(# louder\.py\n.*?)```", guide, flags=re.DOTALL)
    (folder / "louder.py").write_text(task, encoding="utf-8")
    (folder / "louder.toml").write_text(EXPERIMENT, encoding="utf-8")
    environment = {**os.environ, "NASFRAME_TENSORBOARD": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", TRACER], cwd=folder, env=environment, check=True)
    paths = map(Path, json.loads((folder / "entered.json").read_text(encoding="utf-8")))
    own = (path.relative_to(ROOT).as_posix() for path in paths if path.is_relative_to(ROOT))
    return {name for name in own if name.split("/")[0] in ("nasframe", "plugins", "search_spaces")}


def test_the_layers_that_are_drawn_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    checked = next(item["layers"] for item in contracts if item["type"] == "layers")
    block = PAGE.split("```")[1]
    drawn = [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines()]
    assert drawn == [layer.replace("nasframe.", "") for layer in checked]


def test_the_layers_of_the_studies_that_are_drawn_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (checked,) = (item["layers"] for item in contracts if item.get("containers") == ["nasframe.studies"])
    block = PAGE.partition("## A study, from the call to the record")[2].split("```")[1]
    drawn = [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines()]
    assert drawn == checked


def test_every_file_and_folder_that_is_named_is_there() -> None:
    names = re.findall(r"`((?:nasframe|plugins|search_spaces|tests)/[^`\s]*)`", PAGE)
    assert len(names) > 50
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_a_search_enters_every_file_of_the_line(entered: set[str]) -> None:
    by_name_alone = {
        "nasframe/tasks/task.py",
        "nasframe/relaxations/relaxation.py",
    }  # contracts: no code runs
    assert len(READ) > 20
    assert {*READ} - by_name_alone <= entered


def test_every_file_that_a_search_enters_is_read_or_skipped_with_a_reason(entered: set[str]) -> None:
    assert entered - {*READ} - SKIPPED == set()


def test_no_file_is_skipped_that_a_search_does_not_enter(entered: set[str]) -> None:
    assert SKIPPED - entered == set()
