"""`--preset paper`: the paper's method on the demo, whatever the demo's own method is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment
from nasframe.searching.gradient import SearchOptions
from nasframe_deepfake import register_demos, register_presets
from tests.toys import PAIRS

DEMO = register_demos()["deepfake"]

METHOD: dict[str, dict[str, Any]] = {
    "space": {"name": "bimodal", "ports": "shared", "derive": "split"},
    "relaxation": {"name": "grmc", "samples": 100, "temperature": 0.1},
    "loop": {"name": "bilevel", "weight_rate": 1e-3, "architecture_rate": 0.1, "architecture_decay": 1e-3},
    "search": {"epochs": 80, "batch_size": 16, "candidates": 40, "warmup_epochs": 25, "finalists": 0},
}

ONE_SHOT = """
[loop]
name = "one_shot"
weight_decay = 1e-2

[search]
epochs = 40
batch_size = 32
candidates = 1000
finalists = 20
architecture_schedule = "cosine"
empty_ports = "redraw"
"""


@pytest.fixture
def other_demo(tmp_path: Path) -> Path:
    """The demo with a third method: other options of one_shot, and some of searches with logits."""
    head, rest = DEMO.read_text(encoding="utf-8").split("[loop]")
    file = tmp_path / "demo.toml"
    file.write_text(head + ONE_SHOT + "\n[train]" + rest.split("[train]")[1], encoding="utf-8")
    return file


def assert_is_the_papers(experiment: Experiment) -> None:
    found = experiment.to_dict()
    for section, options in METHOD.items():
        assert found[section].items() >= options.items()
    assert "order" not in found["loop"] or found["loop"]["order"] == 1


def test_the_demo_with_the_preset_is_the_papers_method() -> None:
    assert_is_the_papers(Experiment.load(DEMO, preset="paper"))


def test_what_is_not_method_stays_that_of_the_demo() -> None:
    plain, paper = Experiment.load(DEMO), Experiment.load(DEMO, preset="paper")
    assert (plain.task, plain.train, plain.baselines) == (paper.task, paper.train, paper.baselines)
    assert plain.seed == paper.seed
    size = {"channels", "cells", "nodes"}
    assert {key: plain.to_dict()["space"][key] for key in size} == {
        key: paper.to_dict()["space"][key] for key in size
    }


def test_nothing_of_another_method_is_left(other_demo: Path) -> None:
    assert Experiment.load(other_demo).names["loop"] == "one_shot"
    paper = Experiment.load(other_demo, preset="paper")
    assert_is_the_papers(paper)
    again = Experiment.load(DEMO, preset="paper")
    assert paper.fingerprint() == again.fingerprint()


def test_it_says_every_option_of_a_search() -> None:
    said = tomllib.loads(register_presets()["paper"].read_text(encoding="utf-8"))["search"]
    assert said.keys() == attrs.fields_dict(SearchOptions).keys()


def test_it_is_refused_for_another_task() -> None:
    with pytest.raises(
        ConfigurationError, match=r"preset 'paper' \(.*paper\.toml\).*\n +task\.name: the preset is"
    ):
        Experiment.load(PAIRS, preset="paper")
