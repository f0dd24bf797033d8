"""A preset is laid over the file and under the words of the command line, or refused with its reasons."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nasframe.errors import ConfigurationError, PluginError
from nasframe.experiment import Experiment
from nasframe.plugins import hookimpl, manager
from nasframe.relaxations import Softmax
from tests.toys import PAIRS

FILE = """
seed = 4
[task]
name = "tensors"
file = "mine.csv"
target = "kind"
[space]
name = "bimodal"
channels = 8
ports = "choose"
[relaxation]
name = "grmc"
samples = 20
temperature = 0.3
[loop]
name = "one_shot"
weight_decay = 0.5
[search]
epochs = 7
batch_size = 5
"""

Loaded = Callable[..., Experiment]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Loaded]:
    """Load the experiment with a preset of the given text."""
    file, preset = tmp_path / "mine.toml", tmp_path / "quick.toml"
    file.write_text(FILE, encoding="utf-8")
    plugin = SimpleNamespace(
        register_presets=hookimpl(lambda: {"quick": preset}),
        register_relaxations=hookimpl(lambda: {"stgs": Softmax}),
    )
    manager().register(plugin, "speedy")

    def loaded(text: str, *words: str, **more: Any) -> Experiment:
        preset.write_text(text, encoding="utf-8")
        return Experiment.load(file, words, preset="quick", **more)

    yield loaded
    manager().unregister("speedy")


def test_its_keys_are_laid_over_those_of_the_file(load: Loaded) -> None:
    found = load("[search]\nepochs = 3\n[relaxation]\nsamples = 2\n").to_dict()
    assert (found["search"]["epochs"], found["search"]["batch_size"]) == (3, 5)
    assert (found["relaxation"]["samples"], found["relaxation"]["temperature"]) == (2, 0.3)
    assert found["seed"] == 4


def test_the_same_name_keeps_the_options_of_the_file(load: Loaded) -> None:
    found = load('[space]\nname = "bimodal"\nports = "paired"\n').to_dict()
    assert (found["space"]["ports"], found["space"]["channels"]) == ("paired", 8)


def test_another_name_takes_the_place_of_the_whole_table(load: Loaded) -> None:
    found = load('[loop]\nname = "bilevel"\narchitecture_rate = 0.2\n').to_dict()
    assert found["loop"]["name"] == "bilevel"
    assert found["loop"]["architecture_rate"] == 0.2
    assert found["loop"]["weight_decay"] != 0.5


def test_words_of_the_command_line_are_laid_over_it(load: Loaded) -> None:
    text = '[search]\nepochs = 3\n[loop]\nname = "bilevel"\norder = 2\n[relaxation]\nsamples = 2\n'
    assert load(text, "search.epochs=9").search.epochs == 9
    assert load(text, "loop.name=joint").names["loop"] == "joint"
    assert load(text, relaxation="softmax").to_dict()["relaxation"] == {"name": "softmax", "temperature": 1.0}


def test_what_it_makes_is_an_experiment_that_stands_alone(load: Loaded) -> None:
    found = load('[loop]\nname = "joint"\n[search]\nepochs = 3\n')
    assert Experiment.parse(tomllib.loads(found.to_toml())) == found


def test_its_names_are_those_of_its_plugin(load: Loaded) -> None:
    assert load('[relaxation]\nname = "stgs"\n').names["relaxation"] == "speedy:stgs"


def test_an_unknown_preset_is_answered_with_the_near_ones(load: Loaded) -> None:
    with pytest.raises(PluginError, match=r"unknown preset 'quikc'; did you mean 'quick'\?"):
        Experiment.load(PAIRS, preset="quikc")
    with pytest.raises(PluginError, match=r"unknown preset 'x'; valid: .*quick"):
        Experiment.load(PAIRS, preset="x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[search]\nepohcs = 3", "search.epohcs: unknown key; did you mean 'epochs' or"),
        ("[search]\nepochs = 'many'", "search.epochs: expected int, found 'many'"),
        ("[serach]\nepochs = 3", "serach: unknown section; did you mean 'search'?"),
        ("epochs = 3", "epochs: unknown key; did you mean 'search.epochs' or"),
        ("temprature = 3", "temprature: unknown key; did you mean 'relaxation.temperature'"),
        ("seed = 3", "seed: unknown key"),
        ("loop = 'joint'", "loop: expected a table [loop], found 'joint'"),
        ("[loop]\nname = 'bileval'", "loop.name: unknown loop 'bileval'; did you mean 'bilevel'?"),
        ("[loop]\narchitecture_rate = 1.0", "loop.architecture_rate: unknown key"),
        ("[task]\nname = 'deepfake'", "task.name: the preset is for the task 'deepfake'; "),
        ("[search", "line 1"),
    ],
)
def test_what_is_wrong_with_it_is_said_with_its_name_its_file_and_the_key(
    load: Loaded, text: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert caught.value.source.startswith("preset 'quick' (")
    assert caught.value.source.endswith("quick.toml)")
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


def test_a_mistake_of_the_file_is_said_of_the_file(load: Loaded, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(FILE.replace("batch_size", "bacth_size"), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load("[search]\nepochs = 3\n")
    assert caught.value.source == str(tmp_path / "mine.toml")
