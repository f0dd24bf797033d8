"""The variants of a comparison, from options that vary."""

from __future__ import annotations

from typing import Any

import pytest

from nasframe.errors import ConfigurationError
from nasframe.studies.axes import parse_axes
from nasframe.studies.variants import Variant, make_variants
from tests.toys.toy_digits import Plugin


def variants(plugins: Any, *words: str, overrides: tuple[str, ...] = ()) -> list[Variant]:
    if "digits_plugin" not in plugins.names:
        plugins.register(Plugin(), "digits_plugin")
    values: dict[str, Any] = {"task": {"name": "digits"}, "space": {"name": "bimodal"}}
    return make_variants(values, "it.toml", parse_axes(words, values, "it.toml"), overrides, seeds=2)


def test_a_loop_that_does_not_relax_is_one_variant_whatever_relaxations_vary(plugins: Any) -> None:
    found = variants(
        plugins,
        "relaxation.name=softmax,grmc",
        "loop.name=bilevel,one_shot,random",
        overrides=("search.candidates=20",),
    )
    assert [item.name for item in found] == [
        "softmax,loop=bilevel",
        "loop=one_shot",
        "loop=random",
        "grmc,loop=bilevel",
    ]
    assert found[1].point == {"loop.name": "one_shot"}
    assert [run.experiment.seed for run in found[1].runs] == [0, 1]
    assert {run.experiment.names["loop"] for run in found[1].runs} == {"one_shot"}


def test_other_options_than_those_of_a_relaxation_make_variants_of_such_a_loop(plugins: Any) -> None:
    found = variants(
        plugins,
        "relaxation.name=softmax,grmc",
        "loop.name=joint,one_shot",
        "search.epochs=2,3",
        overrides=("search.candidates=20",),
    )
    assert [item.name for item in found if "one_shot" in item.name] == [
        "loop=one_shot,epochs=2",
        "loop=one_shot,epochs=3",
    ]


def test_an_experiment_as_it_is_has_the_name_of_what_it_searches_by(plugins: Any) -> None:
    assert [item.name for item in variants(plugins, overrides=("relaxation.name=stgs",))] == ["stgs"]
    named = variants(plugins, overrides=("loop.name=one_shot", "search.candidates=20"))
    assert [item.name for item in named] == ["one_shot"]


def test_relaxations_alone_are_refused_where_no_loop_has_logits(plugins: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"relaxation\.name: varies nothing, as the loop 'random'"):
        variants(plugins, "relaxation.name=softmax,grmc", overrides=("loop.name=random",))


def test_a_key_that_no_variant_has_is_refused_once_in_the_words_that_the_user_gave(plugins: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        variants(
            plugins, "relaxation.name=softmax,grmc", overrides=("relaxation.temprature=0.1", "space.cells=-1")
        )
    first, second = caught.value.problems
    assert first == "relaxation.temprature: unknown key; did you mean 'temperature' or 'temperature_end'?"
    assert second.startswith("space.cells: must be >= 1")
    assert "(at" not in second
