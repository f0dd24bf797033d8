"""The harm that a plugin which breaks a contract can do, and cannot."""

from __future__ import annotations

import functools
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasframe.errors import PluginError, PluginWarning
from nasframe.plugins import PluginManager, hookimpl
from nasframe.plugins.contract import UnfitPluginError
from tests.plugins.made import plugin, with_plugins


def test_a_hook_with_a_wrong_signature_is_an_error_that_names_the_plugin() -> None:
    def wrong(run: Any, no_such_argument: int) -> None: ...

    plugins = PluginManager()
    with pytest.raises(PluginError, match=r"plugin 'mine'.*no_such_argument|'mine'[\s\S]*no_such_argument"):
        plugins.register(plugin(search_finished=wrong), "mine")
    assert plugins.names == []


def test_the_error_of_a_plugin_that_cannot_be_registered_has_its_name_and_the_reason() -> None:
    plugins = PluginManager()
    with pytest.raises(UnfitPluginError) as caught:
        plugins.register(plugin(search_epoch=lambda epohc: None), "mine")
    assert caught.value.plugin == "mine"
    assert caught.value.reason.startswith("hook search_epoch has a wrong signature")
    assert str(caught.value) == f"plugin 'mine': {caught.value.reason}"


def test_two_plugins_cannot_have_one_name() -> None:
    plugins = with_plugins(mine=plugin())
    with pytest.raises(PluginError, match="mine"):
        plugins.register(plugin(), "mine")
    assert plugins.names == ["mine"]


def test_a_registration_hook_that_raises_takes_nothing_else_down() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(
        bad=plugin(register_relaxations=broken), good=plugin(register_relaxations=lambda: {"brie": int})
    )
    with pytest.warns(PluginWarning, match="plugin 'bad' register_relaxations raised ValueError: no cheese"):
        assert [entry.name for entry in plugins.registered("relaxation")] == ["brie"]
    assert "no cheese" in plugins.failed["bad"]


def test_the_same_failure_is_reported_once() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(bad=plugin(register_relaxations=broken))
    with pytest.warns(PluginWarning) as reported:
        assert [plugins.registered("relaxation") for _ in range(2)] == [[], []]
    assert len(reported) == 1


def test_commands_that_cannot_be_added_take_nothing_else_down() -> None:
    added: list[Any] = []

    def broken(app: Any) -> None:
        raise RuntimeError("no command")

    plugins = with_plugins(
        bad=plugin(register_commands=broken), good=plugin(register_commands=lambda app: added.append(app))
    )
    with pytest.warns(PluginWarning, match="plugin 'bad' register_commands raised RuntimeError: no command"):
        plugins.add_commands("the app")
    assert added == ["the app"]


def test_a_wrong_signature_says_what_the_hook_takes_and_where_it_was_written() -> None:
    def wrong(run: Any, no_such_argument: int) -> None: ...

    with pytest.raises(PluginError) as caught:
        PluginManager().register(plugin(search_finished=wrong), "mine")
    assert str(caught.value) == (
        "plugin 'mine': hook search_finished has a wrong signature: it takes run, summary, or some of them; "
        "found no_such_argument"
    )


def test_an_argument_with_a_default_is_the_plugins_own_affair() -> None:
    heard: list[Any] = []
    plugins = with_plugins(mine=plugin(search_epoch=lambda epoch, limit=3: heard.append((epoch, limit))))
    plugins.notify("search_epoch", run=None, epoch=1, record={})
    assert heard == [(1, 3)]


def test_a_registration_hook_that_returns_no_mapping_is_reported() -> None:
    plugins = with_plugins(bad=plugin(register_tasks=lambda: ["digits"]))
    with pytest.warns(
        PluginWarning, match=r"'bad' register_tasks must return a mapping .* found \['digits'\]"
    ):
        assert plugins.registered("task") == []


@pytest.mark.parametrize("name", ["a:b", "", 3])
def test_a_name_that_could_not_be_looked_up_is_reported(name: Any) -> None:
    plugins = with_plugins(bad=plugin(register_tasks=lambda: {name: int}))
    with pytest.warns(PluginWarning, match="register_tasks: a name is a string without ':', found"):
        assert plugins.registered("task") == []


def test_an_unknown_name_is_answered_with_the_plugins_that_were_left_out() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(bad=plugin(register_relaxations=broken))
    with pytest.warns(PluginWarning), pytest.raises(PluginError) as caught:
        plugins.find("relaxation", "brie")
    assert "plugin 'bad' register_relaxations raised ValueError: no cheese" in str(caught.value)


def test_a_name_held_twice_names_the_file_of_each(tmp_path: Path) -> None:
    plugins = PluginManager()
    for name in ("one", "two"):
        code = (
            "from nasframe import hookimpl\n@hookimpl\ndef register_operations():\n    return {'gate': int}\n"
        )
        file = tmp_path / f"gate_{name}.py"
        file.write_text(code, encoding="utf-8")
        plugins.load_file(file)
    with pytest.raises(PluginError) as caught:
        plugins.find("operation", "gate")
    assert "say gate_one:gate or gate_two:gate" in str(caught.value)
    assert f"'gate_one' ({tmp_path / 'gate_one.py'})" in str(caught.value)
    assert f"'gate_two' ({tmp_path / 'gate_two.py'})" in str(caught.value)


def test_what_is_forgotten_takes_its_failures_with_it() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(bad=plugin(register_relaxations=broken))
    with pytest.warns(PluginWarning):
        plugins.registered("relaxation")
    plugins.unregister("bad")
    assert plugins.failed == {}


def made(kind: str) -> Any:
    """A marked hook that nobody could call for its answer."""

    async def waiting(epoch: int) -> None: ...

    def yielding(epoch: int) -> Any:
        yield epoch

    def named(*, run: Any, epoch: int) -> None: ...

    return {
        "async": lambda: hookimpl(waiting),
        "generator": lambda: hookimpl(yielding),
        "wrapper": lambda: hookimpl(wrapper=True)(yielding),
        "old wrapper": lambda: hookimpl(hookwrapper=True)(yielding),
        "keyword-only": lambda: hookimpl(named),
        "object": lambda: hookimpl(functools.partial(waiting, epoch=3)),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "message"),
    {
        "async": "must be a plain function, found an async one, which nobody would await",
        "generator": "must be a plain function, found a generator, whose body would never run",
        "wrapper": "cannot be a wrapper",
        "old wrapper": "cannot be a wrapper",
        "keyword-only": "has a wrong signature: .* found run, epoch after a .*, and hooks get theirs by",
        "object": "must be a function, found partial",
    }.items(),
)
def test_a_hook_that_could_not_be_called_for_its_answer_is_refused(kind: str, message: str) -> None:
    module = ModuleType("made_for_a_test")
    setattr(module, "search_epoch", made(kind))  # noqa: B010
    with pytest.raises(PluginError, match=f"plugin 'mine': hook search_epoch {message}"):
        PluginManager().register(module, "mine")
