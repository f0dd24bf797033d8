"""The recipes: every file loads, every command in them exists, and says the paper's settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import make_app
from nasframe.experiment import Experiment

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = EXAMPLES.parent / "docs" / "reproducing.md"
PAPER = ("table2", "table3", "table4", "figure2")


def commands(path: Path) -> list[str]:
    """The lines of comments that are commands, or those of a page's console blocks."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return re.findall(r"^#   (\S.*)$", text, re.MULTILINE)
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


RECIPES = sorted(EXAMPLES.glob("*.toml"))
COMMANDS = [(path.name, line) for path in [*RECIPES, PAGE] for line in commands(path)]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_loads(path: Path) -> None:
    assert Experiment.load(path).names["task"] == "deepfake"


def test_there_is_a_recipe_for_each_table_and_the_figure_with_its_small_form() -> None:
    for name in PAPER:
        text = "\n".join(commands(EXAMPLES / f"{name}.toml"))
        assert f"examples/{name}.toml" in text
        assert "--data FakeAVCeleb" in text
        assert "examples/embedded.toml" in text


@pytest.mark.parametrize(("name", "line"), COMMANDS, ids=[f"{name}: {line}" for name, line in COMMANDS])
def test_every_command_of_a_recipe_exists_with_its_options_and_files(name: str, line: str) -> None:
    program, *words = shlex.split(line)
    for word in words:
        if word.startswith("examples/"):
            assert (EXAMPLES.parent / word).is_file()
    if program == "python":
        return
    assert program == "nasframe"
    command, _, unused = make_app().parse_known_args(words)[:3]
    assert command.__name__.removesuffix("_variants") in words[:2]  # the function behind `compare`
    assert not unused


def overrides(line: str) -> list[str]:
    """The words of a command that set one option to one value; `--on` names data in the same form."""
    words = shlex.split(line)
    named = {place + 1 for place, word in enumerate(words) if word == "--on"}
    found = enumerate(words)
    return [word for place, word in found if place not in named and re.fullmatch(r"[\w.]+=[^,]*", word)]


@pytest.mark.parametrize("line", [line for name, line in COMMANDS if overrides(line)])
def test_the_options_that_a_command_sets_are_there(line: str) -> None:
    (file,) = [word for word in shlex.split(line) if word.endswith(".toml")]
    table = Experiment.load(EXAMPLES.parent / file, overrides(line)).to_dict()
    for word in overrides(line):
        section, _, option = word.partition("=")[0].rpartition(".")
        assert option in (table[section] if section else table)


@pytest.mark.parametrize("name", PAPER)
def test_the_large_form_has_the_settings_of_the_paper(name: str) -> None:
    found: Any = Experiment.load(EXAMPLES / f"{name}.toml")
    assert (found.search.epochs, found.search.batch_size, found.train.batch_size) == (100, 8, 64)
    assert found.train.epochs == (1 if name == "figure2" else 100)
    assert (found.relaxation.samples, found.relaxation.temperature) == (100, 0.1)
    assert (found.space.channels, found.task.steps, found.space.ports) == (128, 8, "shared")
    assert found.task.backbone == "resnet34"
    assert not found.task.standardised


def test_the_logits_of_the_figure_have_no_decay_and_a_rate_that_falls_to_zero() -> None:
    """With a decay, or a constant rate, its searches do not come to rest."""
    found = [Experiment.load(EXAMPLES / "figure2.toml")]
    for path in (EXAMPLES / "figure2.toml", PAGE):
        (small,) = [line for line in commands(path) if "--out runs/figure2-small" in line]
        found.append(Experiment.load(EXAMPLES / "embedded.toml", overrides(small)))
    for experiment in found:
        assert experiment.to_dict()["loop"]["architecture_decay"] == 0
        assert experiment.search.architecture_schedule == "cosine"
        assert experiment.search.min_epochs == experiment.search.epochs == 100


def test_the_axes_of_table_4_are_options_of_its_relaxation() -> None:
    line = next(line for line in commands(EXAMPLES / "table4.toml") if "table4.toml" in line)
    axes = dict(word.split("=") for word in shlex.split(line) if "=" in word)
    assert axes == {"temperature": "0.1,0.5,1.0", "samples": "10,100,1000"}
    for key, values in axes.items():
        for value in values.split(","):
            Experiment.load(EXAMPLES / "table4.toml", [f"relaxation.{key}={value}"])
