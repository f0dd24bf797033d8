"""Hooks that a plugin specifies for others: checked, looked up and listed as those of the core."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.errors import PluginError, PluginWarning
from nasframe.plugins import PluginManager, hookimpl, hookspec
from tests.plugins.made import install, plugin, with_plugins


def specs(**more: Any) -> ModuleType:
    """A module that specifies a hook of registration and one that is called."""
    module = ModuleType("specified_for_a_test")

    def register_cheeses() -> Mapping[str, Any]:  # type: ignore[empty-body]
        """Name → a cheese."""

    def cheese_was_eaten(cheese: str, grams: float) -> None:
        """A cheese was eaten."""

    vars(module).update(
        register_cheeses=hookspec(register_cheeses),
        cheese_was_eaten=hookspec(cheese_was_eaten),
        KINDS={"cheese": "register_cheeses"},
        **more,
    )
    return module


def dairy(**more: Any) -> ModuleType:
    return plugin(register_hookspecs=lambda: specs(**more))


def brie(**attributes: Any) -> ModuleType:
    module = plugin(register_cheeses=lambda: {"brie": int})
    vars(module).update(attributes)
    return module


@pytest.mark.parametrize("order", [*itertools.permutations(("dairy", "more"))])
def test_what_is_registered_is_found_in_whatever_order_plugins_are_loaded(order: tuple[str, ...]) -> None:
    modules = {"dairy": dairy(), "more": brie()}
    plugins = with_plugins(**{name: modules[name] for name in order})
    assert plugins.load("cheese", "brie") is int
    assert plugins.find("cheese", "more:brie").plugin == "more"
    with pytest.raises(PluginError, match=r"unknown cheese 'bri'; did you mean 'brie'\?"):
        plugins.find("cheese", "bri")
    assert plugins.kinds[-1] == "cheese"


def test_a_plugin_may_implement_its_own_hook_and_be_beside_others() -> None:
    own = dairy()
    vars(own)["register_cheeses"] = hookimpl(lambda: {"brie": float})
    plugins = with_plugins(dairy=own, more=brie())
    with pytest.raises(PluginError, match="registered by two plugins; say dairy:brie or more:brie"):
        plugins.find("cheese", "brie")


@pytest.mark.parametrize("order", [*itertools.permutations(("dairy", "wrong"))])
def test_a_wrong_signature_leaves_the_plugin_out_in_whatever_order(order: tuple[str, ...]) -> None:
    wrong = plugin(cheese_was_eaten=lambda cheeze: None)
    modules = {"dairy": dairy(), "wrong": wrong}
    plugins = PluginManager()
    message = (
        "hook cheese_was_eaten has a wrong signature: it takes cheese, grams, or some of them; found cheeze"
    )
    if order[0] == "dairy":
        plugins.register(modules["dairy"], "dairy")
        with pytest.raises(PluginError, match=message):
            plugins.register(wrong, "wrong")
    else:
        plugins.register(wrong, "wrong")
        with pytest.warns(PluginWarning, match=message):
            plugins.register(modules["dairy"], "dairy")
        assert message in plugins.failed["wrong"]
    assert plugins.names == ["dairy"]


@pytest.mark.parametrize("order", [*itertools.permutations(("dairy", "later"))])
def test_a_plugin_for_a_later_version_of_the_hooks_is_left_out_in_whatever_order(
    order: tuple[str, ...],
) -> None:
    modules = {"dairy": dairy(VERSION=2), "later": brie(NASFRAME_HOOKS={"nasframe": 1, "dairy": 3})}
    plugins = PluginManager()
    plugins.register(modules[order[0]], order[0])
    message = "written for version 3 of the hooks of dairy; this dairy has version 2, so upgrade dairy"
    if order[0] == "dairy":
        with pytest.raises(PluginError, match=message):
            plugins.register(modules["later"], "later")
    else:
        with pytest.warns(PluginWarning, match=message):
            plugins.register(modules["dairy"], "dairy")
    assert plugins.names == ["dairy"]


def test_a_plugin_for_the_version_that_is_there_or_an_earlier_one_is_taken() -> None:
    for version in (1, 2):
        plugins = with_plugins(dairy=dairy(VERSION=2), more=brie(NASFRAME_HOOKS={"dairy": version}))
        assert plugins.load("cheese", "brie") is int
    with pytest.raises(PluginError, match="NASFRAME_HOOKS must be a version.*found '1'"):
        with_plugins(more=brie(NASFRAME_HOOKS={"dairy": "1"}))


def test_a_hook_of_a_plugin_that_is_not_here_is_reported_unless_it_is_marked_optional(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = "import nasframe\n@nasframe.hookimpl({})\ndef register_cheeses():\n    return {{}}\n"
    install(tmp_path, "loud_cheeses", text.format(""))
    install(tmp_path, "quiet_cheeses", text.format("optionalhook=True"))
    plugins = PluginManager()
    with pytest.warns(PluginWarning) as said:
        plugins.load_entry_points()
    reports = [str(one.message) for one in said if "cheeses" in str(one.message)]
    (report,) = reports
    assert report.startswith("plugin 'loud_cheeses' implements unknown hook 'register_cheeses'")
    assert report.endswith("mark that of a plugin which need not be installed @hookimpl(optionalhook=True)")
    with pytest.raises(PluginError, match="there is no kind 'cheese' that plugins register"):
        plugins.find("cheese", "brie")


def test_a_mistyped_hook_of_a_plugin_is_reported_with_the_near_names(tmp_path: Path) -> None:
    file = tmp_path / "mistyped_cheeses.py"
    file.write_text("import nasframe\n@nasframe.hookimpl\ndef register_cheezes():\n    return {}\n")
    plugins = with_plugins(dairy=dairy())
    with pytest.warns(
        PluginWarning, match="unknown hook 'register_cheezes'; did you mean 'register_cheeses'"
    ):
        plugins.load_file(file)


def test_files_may_implement_hooks_that_a_later_file_specifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "soft_cheeses.py").write_text(
        "import nasframe\n\nclass Brie:\n    '''Soft.'''\n\n@nasframe.hookimpl\n"
        "def register_cheeses():\n    return {'brie': Brie}\n"
    )
    (tmp_path / "cheese_hooks.py").write_text(
        "import sys, nasframe\n\nKINDS = {'cheese': 'register_cheeses'}\n\n@nasframe.hookspec\n"
        "def register_cheeses():\n    '''Name → cheese.'''\n\n"
        "class Plugin:\n    pass\n\n@nasframe.hookimpl\ndef register_hookspecs():\n"
        "    return sys.modules[__name__]\n"
    )
    files = [str(tmp_path / f"{name}.py") for name in ("soft_cheeses", "cheese_hooks")]
    words = [word for file in files for word in ("--plugin", file)]
    assert main(["plugins", *words]) == 0
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines() if "brie" in line] == [
        ["cheese", "brie", "soft_cheeses", "Soft."]
    ]
    assert "unknown hook" not in shown.err
    assert main(["plugins", "show", "cheese:brie", *words]) == 0
    assert "brie: cheese of plugin soft_cheeses" in capsys.readouterr().out


def test_a_registration_hook_that_fails_takes_nothing_else_down() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no milk")

    plugins = with_plugins(dairy=dairy(), bad=plugin(register_cheeses=broken), good=brie())
    with pytest.warns(PluginWarning, match="plugin 'bad' register_cheeses raised ValueError: no milk"):
        assert plugins.load("cheese", "brie") is int


def test_the_hooks_of_a_plugin_go_with_it_and_come_again() -> None:
    plugins = with_plugins(dairy=dairy(), more=brie())
    plugins.unregister("dairy")
    assert "cheese" not in plugins.kinds
    plugins.register(dairy(), "dairy")
    assert plugins.load("cheese", "brie") is int


class Sources:
    """Wrong returns of `register_hookspecs`, with the reason."""

    @staticmethod
    def fails() -> Any:
        raise OSError("no disk")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Sources.fails, r"register_hookspecs raised OSError: no disk"),
        (lambda: {"register_cheeses": 1}, "must return a module with functions marked by nasframe.hookspec"),
        (lambda: specs(VERSION="two"), "VERSION must be a whole number from 1, found 'two'"),
        (
            lambda: SimpleNamespace(**{**vars(specs()), "KINDS": {"cheese": "register_cheezes"}}),
            "KINDS: 'cheese' is registered by 'register_cheezes', no hook; did you mean 'register_cheeses'",
        ),
        (
            lambda: SimpleNamespace(**{**vars(specs()), "KINDS": {"task": "register_cheeses"}}),
            "specifies kind 'task', which plugin 'nasframe' has already",
        ),
        (
            lambda: SimpleNamespace(**{**vars(specs()), "search_epoch": vars(specs())["cheese_was_eaten"]}),
            "specifies hook 'search_epoch', which plugin 'nasframe' has already",
        ),
    ],
)
def test_specifications_that_cannot_be_are_refused_with_the_reason(answer: Any, message: str) -> None:
    plugins = PluginManager()
    with pytest.raises(PluginError, match=f"plugin 'mine'.*{message}"):
        plugins.register(plugin(register_hookspecs=answer), "mine")
    assert plugins.names == []


def test_two_plugins_cannot_specify_one_hook() -> None:
    plugins = with_plugins(dairy=dairy())
    with pytest.raises(PluginError, match="which plugin 'dairy' has already"):
        plugins.register(dairy(), "another")


@pytest.mark.parametrize(
    "kinds", [{1: "register_cheeses"}, {"": "register_cheeses"}, {"a:b": "register_cheeses"}]
)
def test_a_kind_is_a_string_that_can_be_asked_for(kinds: Any) -> None:
    module = specs()
    module.KINDS = kinds
    with pytest.raises(PluginError, match="KINDS: a kind is a string without ':'"):
        with_plugins(dairy=plugin(register_hookspecs=lambda: module))


def test_a_hook_that_ends_the_process_is_reported_and_ends_nothing() -> None:
    plugins = with_plugins(leaving=plugin(register_operations=lambda: sys.exit(0)))
    with pytest.warns(PluginWarning, match="register_operations raised SystemExit"):
        assert plugins.registered("operation") == []
