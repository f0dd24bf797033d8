"""Axes: what varies between the trials of a study, as words of a command line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import ConfigurationError
from nasframe.studies import is_axis
from nasframe.studies.axes import (
    Axis,
    experiment_at,
    experiments_at,
    parse_axes,
    point_name,
    points,
    stage_seed,
)
from tests.toys import SUMS as EXPERIMENT


@pytest.fixture
def values(home: Path) -> dict[str, Any]:
    return tomllib.loads(EXPERIMENT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("word", "axis"),
    [
        ("relaxation.temperature=0.1,0.5", Axis("relaxation.temperature", (0.1, 0.5))),
        ("temperature=0.1, 0.5", Axis("relaxation.temperature", (0.1, 0.5))),
        ("samples=1,10,100", Axis("relaxation.samples", (1, 10, 100))),
        ('samples=10,"exact"', Axis("relaxation.samples", (10, "exact"))),
        ("ports=shared,choose", Axis("space.ports", ("shared", "choose"))),
        ("trouble='a,b',c", Axis("task.trouble", ("a,b", "c"))),
        ('operations=["zero", "sum"],["sum"]', Axis("space.operations", (["zero", "sum"], ["sum"]))),
        ("inherit=true,false", Axis("train.inherit", (True, False))),
        ("seed=3,4", Axis("seed", (3, 4))),
        ("relaxation=softmax,stgs", Axis("relaxation.name", ("softmax", "stgs"))),
        ("loop.name=joint", Axis("loop.name", ("joint",))),
    ],
)
def test_a_word_names_an_option_and_its_values(word: str, axis: Axis, values: dict[str, Any]) -> None:
    assert parse_axes([word], values) == [axis]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["temprature=1,2"], "temprature: there is no such option; did you mean 'temperature'"),
        (["relaxation.sample=1,2"], "did you mean 'relaxation.samples'"),
        (["epochs=1,2"], "epochs: is an option of several sections; say search.epochs or train.epochs"),
        (["samples"], "'samples': expected key=value,value…"),
        (["=1,2"], "'=1,2': expected key=value,value…"),
        (["samples="], "samples: has no value"),
        (["samples=1,,2"], "samples: has an empty value between its commas"),
        (["samples=1,2,1"], "samples: has the value 1 twice"),
        (["temperature=1,1.0"], "temperature: has the value 1.0 twice"),
        (["samples=1,2", "relaxation.samples=3,4"], "relaxation.samples: is an axis twice"),
        (["zzz=1,2"], "zzz: there is no such option; `nasframe options`"),
    ],
)
def test_a_word_that_names_no_axis_is_refused_in_words(
    words: list[str], problem: str, values: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_axes(words, values, "sums.toml")
    assert problem in str(caught.value)


def test_all_that_is_wrong_with_the_words_is_said_at_once(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_axes(["temprature=1,2", "samples=", "epochs=1,2"], values)
    assert len(caught.value.problems) == 3


def test_an_option_of_a_plugin_that_is_an_axis_itself_can_vary_too(values: dict[str, Any]) -> None:
    values["relaxation"] = {"name": "softmax"}
    axes = parse_axes(["samples=1,2", "relaxation=grmc"], values)
    assert {axis.key for axis in axes} == {"relaxation.samples", "relaxation.name"}


@pytest.mark.parametrize(
    ("word", "answer"),
    [("samples=1,2", True), ("samples=1", False), ("operations=[1, 2]", False), ("samples=", True)],
)
def test_a_word_with_several_values_is_an_axis(word: str, answer: bool) -> None:
    assert is_axis(word) is answer


def test_the_points_of_a_grid_are_all_combinations_the_last_axis_fastest() -> None:
    grid = points([Axis("a", (1, 2)), Axis("b.c", ("x", "y"))])
    assert [tuple(point.values()) for point in grid] == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert [*grid[0]] == ["a", "b.c"]


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ({"relaxation.temperature": 0.1, "relaxation.samples": 10}, "temperature=0.1,samples=10"),
        ({"relaxation.name": "grmc", "seed": 3}, "relaxation=grmc,seed=3"),
        ({"search.epochs": 1, "train.epochs": 2}, "search.epochs=1,train.epochs=2"),
        ({"train.inherit": True}, "inherit=true"),
    ],
)
def test_a_point_has_a_name_that_a_folder_can_have(point: dict[str, Any], name: str) -> None:
    assert point_name(point) == name


def test_points_that_a_folder_name_cannot_tell_apart_have_different_names() -> None:
    strange = ["a/b", "a-b", "a b", "../x", "1", "x" * 300, "x" * 301]
    values = [*strange, 1, ["a", "b"], "[a, b]"]
    names = [point_name({"task.kind": value}) for value in values]
    assert len({*names}) == len(values)
    assert all("/" not in name and len(name) < 120 for name in names)


def test_a_trial_is_the_experiment_with_its_point_and_seed_and_shared_data(values: dict[str, Any]) -> None:
    point = {"relaxation.temperature": 0.25, "task.trouble": "1"}
    shared = stage_seed(values, "sums.toml", point)
    trial = experiment_at(values, "sums.toml", point, seed=7, data_seed=shared)
    assert trial.relaxation.temperature == 0.25
    assert trial.task.trouble == "1"  # a string stays one
    assert (trial.seed, trial.stage_seed) == (7, 1)


def test_a_seed_that_is_an_axis_leaves_the_data_alone(values: dict[str, Any]) -> None:
    shared = stage_seed(values, "sums.toml", {"seed": 5})
    seeds = [experiment_at(values, "", {"seed": seed}, data_seed=shared).stage_seed for seed in (5, 6)]
    assert seeds == [1, 1]


def test_another_plugin_starts_from_its_own_defaults(values: dict[str, Any]) -> None:
    values["relaxation"]["temperature"] = 0.123
    assert experiment_at(values, "", {"relaxation.name": "stgs"}).relaxation.temperature != 0.123


def test_what_is_wrong_with_any_trial_is_said_before_any_is_begun(values: dict[str, Any]) -> None:
    values["task"]["exampels"] = 3
    axes = parse_axes(["relaxation=softmax,grmc", "samples=10,0"], values)
    with pytest.raises(ConfigurationError) as caught:
        experiments_at(values, "sums.toml", [(point, seed) for point in points(axes) for seed in (1, 2)])
    problems = "\n".join(caught.value.problems)
    assert "relaxation.samples: unknown key" in problems
    assert "found 0 (at relaxation=grmc,samples=0" in problems
    assert problems.count("task.exampels: unknown key; did you mean 'examples'?") == 1


def test_an_axis_of_the_section_task_that_is_misspelt_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'task.examples'"):
        parse_axes(["task.exampels=32,48"], values)
