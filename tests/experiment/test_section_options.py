"""The options of an experiment, section by section, as its classes and plugins declare them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from attrs import frozen

from nasframe.errors import PluginError
from nasframe.experiment import (
    DEFAULT_NAMES,
    ENGINE,
    PLUGINS,
    default_in_toml,
    option_keys,
    options_of_plugin,
    options_of_plugins,
    options_of_section,
)
from nasframe.options import option
from nasframe.plugins import hookimpl, manager
from nasframe.relaxations import Relaxation, Softmax


@frozen
class Melted(Relaxation):
    """Melts."""

    heat: "Celsius" = option(3, help="of the pan")  # type: ignore[name-defined]  # noqa: F821, UP037


@pytest.fixture
def broken() -> Iterator[None]:
    """A plugin whose relaxations cannot be imported or read, or are no classes, beside a good one."""
    names = {"gone": "no_such_module:Gone", "melted": Melted, "raw": lambda: None, "fine": Softmax}
    manager().register(SimpleNamespace(register_relaxations=hookimpl(lambda: names)), "broken")
    yield
    manager().unregister("broken")


def test_the_keys_are_those_that_an_experiment_may_have() -> None:
    names = {section: [group.name for group in options_of_plugins(section)[0]] for section in PLUGINS}
    groups = [options_of_section(section) for section in ("", *ENGINE)]
    groups += [group for section in PLUGINS for group in options_of_plugins(section)[0]]
    found = {group.key(item) for group in groups for item in group.options}
    assert found | {f"{section}.name" for section in PLUGINS} == {*option_keys({}, names)}


@pytest.mark.parametrize("section", ["", *ENGINE])
def test_every_option_of_a_section_has_a_help_text(section: str) -> None:
    assert [item.name for item in options_of_section(section).options if not item.description] == []


@pytest.mark.parametrize("section", PLUGINS)
def test_every_option_of_a_plugin_has_a_help_text(section: str) -> None:
    groups, broken = options_of_plugins(section)
    assert broken == {}
    assert [f"{g.title}.{item.name}" for g in groups for item in g.options if not item.description] == []


def test_the_default_of_a_section_is_marked() -> None:
    marked = {
        group.section: group.name for s in PLUGINS for group in options_of_plugins(s)[0] if group.is_default
    }
    assert marked == DEFAULT_NAMES


def test_limits_come_from_where_the_option_is_declared() -> None:
    options = {item.name: item for item in options_of_section("search").options}
    assert options["candidates"].limits == {"ge": 1, "le": 100_000}
    assert options["candidates"].limits_in_words == "1 to 100,000"
    assert options["schedule"].choices == ("constant", "cosine")
    assert options["schedule"].limits_in_words == ""  # the type says them


def test_a_default_is_written_as_a_file_has_it() -> None:
    options = {item.name: item for item in options_of_plugin("space", "bimodal").options}
    assert default_in_toml(options["operations"]) == '["zero", "sum", "attention", "linear_glu", "concat_fc"]'
    assert default_in_toml(options["tied"]) == "false"
    target = options_of_plugin("task", "tensors").options[1]
    assert (target.name, target.required, default_in_toml(target)) == ("target", True, None)


@pytest.mark.usefixtures("broken")
def test_a_plugin_that_cannot_be_shown_is_told_and_the_others_are_there() -> None:
    groups, wrong = options_of_plugins("relaxation")
    assert {"grmc", "softmax", "fine"} <= {group.name for group in groups}
    assert {*wrong} == {"gone", "melted", "raw"}
    assert "no_such_module" in wrong["gone"]
    assert "Celsius" in wrong["melted"]
    assert "expected a class of attrs" in wrong["raw"]


@pytest.mark.usefixtures("broken")
def test_a_plugin_that_cannot_be_shown_is_refused_where_it_is_asked_for() -> None:
    with pytest.raises(PluginError, match="no_such_module"):
        options_of_plugin("relaxation", "gone")


def test_a_name_of_two_plugins_is_told_with_its_plugin() -> None:
    other = SimpleNamespace(register_relaxations=hookimpl(lambda: {"softmax": Softmax}))
    manager().register(other, "another")
    try:
        names = [group.name for group in options_of_plugins("relaxation")[0]]
        assert {"another:softmax", "nasframe:softmax"} <= {*names}
        assert options_of_plugin("relaxation", "another:softmax").plugin == "another"
    finally:
        manager().unregister("another")


def test_a_group_names_the_class_that_has_the_options() -> None:
    group = options_of_plugin("relaxation", "grmc")
    assert group.target is importlib.import_module("nasframe.relaxations").GumbelRaoMonteCarlo
    assert group.title == "relaxation.grmc"
