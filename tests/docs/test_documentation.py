"""The commands in the README, the page of commands and that of data sets exist as written there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from nasframe.cli import main, make_app
from nasframe.plugins import manager
from tests.toys import STREAMS as EXPERIMENT

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "commands.md", ROOT / "docs" / "deepfake-data.md"]


pytestmark = pytest.mark.usefixtures("toy_streams")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


COMMANDS = [
    line
    for page in PAGES
    for block in blocks(page, "console")
    for line in block.splitlines()
    if line.startswith("nasframe ")
]


def test_the_pages_show_commands() -> None:
    assert len(COMMANDS) > 20
    shown = {line.split()[1] for line in COMMANDS}
    assert shown >= {"run", "search", "train", "evaluate", "predict", "show", "demo", "plugins"}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_is_shown_exists_with_its_options(line: str) -> None:
    _, *words = shlex.split(line)
    if "--plugin" in words:  # taken out before the command is looked up
        place = words.index("--plugin")
        del words[place : place + 2]
    command, _, unused = make_app().parse_known_args(words)[:3]
    named_otherwise = (
        "list_plugins",
        "show_plugin",
        "synthesize",
        "prepare",
        "audit",
        "preview",
        "robustness",
        "per_second",
        "serve",
        "compare_variants",
        "graph_bench",
        "list_cache",
        "remove_from_cache",
    )
    assert command.__name__ in (words[0], *named_otherwise)
    assert not unused


def test_the_experiment_that_is_shown_is_valid(home: Path) -> None:
    from nasframe.experiment import Experiment

    (text,) = blocks(PAGES[1], "toml")
    assert Experiment.parse(tomllib.loads(text)).names["relaxation"] == "grmc"


def test_the_operation_of_the_readme_can_be_chosen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = next(block for block in blocks(PAGES[0], "python") if "register_operations" in block)
    module = ModuleType("my_ops")
    exec(code, module.__dict__)
    manager().register(module, "my_ops")
    try:
        words = ['space.operations=["zero", "maximum"]', "search.epochs=1"]
        assert main(["search", str(EXPERIMENT), *words]) == 0
    finally:
        manager().unregister("my_ops")
    assert "maximum" in capsys.readouterr().out


def test_the_python_of_the_readme_runs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = next(block for block in blocks(PAGES[0], "python") if "TensorTask" in block)
    exec(code, {})
    assert "head" in capsys.readouterr().out
    assert list(home.iterdir()) == []
