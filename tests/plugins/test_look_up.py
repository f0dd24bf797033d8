"""Look-up by kind and name."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from nasframe.errors import PluginError
from nasframe.plugins import manager
from nasframe.plugins.builtins import register_relaxations
from nasframe.plugins.former_names import FORMER_MODULES, moved_to
from nasframe.relaxations import Softmax
from tests.plugins.made import plugin, with_plugins

INSIDE = [
    f"nasframe.{package}.{name}"
    for package, names in {
        "relaxations": ("base", "conditional", "contract", "exact", "grmc", "pair", "quadrature", "race"),
        "report": ("comparison", "forming"),
        "space": ("records", "resolve"),
        "studies": ("census", "ranking", "remarks", "runs", "standing", "sweep", "trainings"),
        "supernet": ("forward", "probe"),
        "testing": ("operation", "probe", "relaxation", "space", "task"),
    }.items()
    for name in names
]
"""Old names of files that stayed in their packages."""


@pytest.mark.parametrize(
    ("kind", "hook"),
    [
        ("operation", "register_operations"),
        ("relaxation", "register_relaxations"),
        ("space", "register_search_spaces"),
        ("derivation", "register_derivation_rules"),
        ("loop", "register_loops"),
        ("task", "register_tasks"),
        ("baseline", "register_baselines"),
        ("demo", "register_demos"),
        ("preset", "register_presets"),
        ("executor", "register_executors"),
    ],
)
def test_what_a_registration_hook_returns_is_found_under_its_kind(kind: Any, hook: str) -> None:
    target = object()
    plugins = with_plugins(mine=plugin(**{hook: lambda: {"thing": target}}))
    assert plugins.load(kind, "thing") is target
    assert [entry.name for entry in plugins.registered(kind)] == ["thing"]
    assert all(not plugins.registered(other) for other in plugins.kinds if other != kind)


HOW = "; docs/changes-for-plugin-authors.md shows how"


def test_an_unknown_name_is_answered_with_the_near_ones() -> None:
    plugins = with_plugins(mine=plugin(register_relaxations=lambda: {"softmax": int, "grmc": float}))
    with pytest.raises(PluginError, match=r"unknown relaxation 'sofmax'; did you mean 'softmax'\?"):
        plugins.find("relaxation", "sofmax")


def test_a_name_like_no_other_is_answered_with_all_of_them() -> None:
    plugins = with_plugins(mine=plugin(register_loops=lambda: {"joint": int, "bilevel": float}))
    with pytest.raises(PluginError, match="unknown loop 'qqq'; valid: bilevel, joint"):
        plugins.find("loop", "qqq")


def test_a_look_up_of_a_name_that_no_plugin_registers_is_counted_whatever_becomes_of_its_error() -> None:
    plugins = with_plugins(mine=plugin(register_loops=lambda: {"joint": int}))
    plugins.find("loop", "joint")
    assert plugins.failed_look_ups == 0
    for kind, name in (("loop", "qqq"), ("task", "digits")):
        with contextlib.suppress(PluginError):
            plugins.find(kind, name)
    assert plugins.failed_look_ups == 2


def test_package_and_name_always_work() -> None:
    plugins = with_plugins(mine=plugin(register_tasks=lambda: {"digits": int}))
    assert plugins.load("task", "mine:digits") is int


def test_an_unknown_package_is_answered_with_the_near_ones() -> None:
    plugins = with_plugins(mine=plugin(register_tasks=lambda: {"digits": int}))
    with pytest.raises(PluginError, match="did you mean 'mine:digits'"):
        plugins.find("task", "mime:digits")


def test_a_name_held_twice_fails_at_look_up_and_names_both_plugins() -> None:
    plugins = with_plugins(
        one=plugin(register_operations=lambda: {"gate": int}),
        two=plugin(register_operations=lambda: {"gate": float}),
    )
    with pytest.raises(PluginError, match="registered by two plugins; say one:gate or two:gate"):
        plugins.find("operation", "gate")
    assert plugins.load("operation", "two:gate") is float


def test_a_target_given_as_text_is_imported_when_it_is_used() -> None:
    plugins = with_plugins(mine=plugin(register_operations=lambda: {"path": "pathlib:Path"}))
    assert plugins.load("operation", "path") is Path


@pytest.mark.parametrize("target", ["no_such_module:Thing", "pathlib:NoSuchThing"])
def test_a_target_that_cannot_be_imported_names_its_plugin(target: str) -> None:
    plugins = with_plugins(mine=plugin(register_operations=lambda: {"thing": target}))
    with pytest.raises(PluginError, match=f"plugin 'mine' registers operation 'thing' as '{target}'"):
        plugins.load("operation", "thing")


def test_a_target_in_a_module_that_has_moved_is_told_where_it_is_now() -> None:
    plugins = with_plugins(mine=plugin(register_loops=lambda: {"twice": "nasframe.loops.bilevel:Bilevel"}))
    told = f"; the names of nasframe.loops.bilevel are now imported from nasframe{HOW}"
    with pytest.raises(PluginError, match=f"{told}$"):
        plugins.load("loop", "twice")


@pytest.mark.parametrize(("old", "pages"), FORMER_MODULES.items())
def test_the_pages_that_moved_modules_are_sent_to_are_there(old: str, pages: str) -> None:
    assert (
        moved_to(ModuleNotFoundError(name=old)) == f"; the names of {old} are now imported from {pages}{HOW}"
    )
    for page in pages.replace(" and ", ", ").split(", "):
        importlib.import_module(page)


@pytest.mark.parametrize("old", [*FORMER_MODULES, *INSIDE])
def test_no_module_is_there_by_its_old_name(old: str) -> None:
    assert importlib.util.find_spec(old) is None


def page_of(module: str) -> str:
    """The public page that has the names of a module: its package, where plugins may import from that."""
    package = module.split(".")[1]
    return f"nasframe.{package}" if package in ("jobs", "relaxations", "runtime", "testing") else "nasframe"


@pytest.mark.parametrize("old", INSIDE)
def test_a_file_that_is_gone_from_its_package_names_the_package(old: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(old)
    assert moved_to(caught.value) == f"; the names of {old} are now imported from {page_of(old)}{HOW}"
    importlib.import_module(page_of(old))


def test_a_package_by_the_name_of_an_old_file_names_the_page_of_its_names() -> None:
    with pytest.raises(ImportError) as caught:
        exec("from nasframe.studies.comparison import Comparison")
    told = f"; the names of nasframe.studies.comparison are now imported from nasframe{HOW}"
    assert moved_to(caught.value) == told


def test_a_name_that_is_gone_from_a_file_names_the_package() -> None:
    with pytest.raises(ImportError) as caught:
        exec("from nasframe.relaxations.schedule import SCHEDULE_HELP")
    told = f"; the names of nasframe.relaxations.schedule are now imported from nasframe.relaxations{HOW}"
    assert moved_to(caught.value) == told


@pytest.mark.parametrize(
    "error",
    [ModuleNotFoundError(name="cheese"), ImportError(name="nasframe.task"), ValueError("nasframe.task")],
)
def test_another_error_is_not_taken_for_a_module_that_has_moved(error: Exception) -> None:
    assert moved_to(error) == ""


def test_a_description_is_the_first_line_of_the_docstring() -> None:
    class Gate:
        """Lets some through.

        And more about it.
        """

    plugins = with_plugins(mine=plugin(register_operations=lambda: {"gate": Gate}))
    assert plugins.find("operation", "gate").description == "Lets some through."


def test_the_core_registers_by_the_same_hooks_as_everyone() -> None:
    assert {entry.name for entry in manager().registered("relaxation")} >= set(register_relaxations())
    assert manager().find("loop", "bilevel").plugin == "nasframe"


LAZY = "def __getattr__(name):\n    import cheese.hard\n    return vars(cheese.hard)[name]"
HARD = "class Hard: ...\nclass Soft: ..."


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"__init__": "from cheese.hard import Hard", "hard": HARD}, "cheese:Hard"),
        ({"__init__": "from cheese.hard import Hard as Ripe", "hard": HARD}, "cheese:Ripe"),
        ({"__init__": "", "hard": HARD, "page": "from cheese.hard import Hard as Ripe"}, "cheese.page:Ripe"),
        ({"__init__": "", "hard": HARD, "page": "import cheese.hard as inner"}, "cheese.page:inner.Hard"),
        (
            {"__init__": LAZY, "hard": HARD},
            "cheese:Hard",
        ),
    ],
    ids=["a page", "another name", "a page that nobody imported", "a module on it", "a page that is lazy"],
)
def test_a_class_that_a_page_hands_on_is_recognised_under_the_name_it_is_registered_by(
    files: dict[str, str], target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "cheese"
    home.mkdir()
    for name, code in files.items():
        (home / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = with_plugins(mine=plugin(register_loops=lambda: {"hard": target}))
    try:
        module = importlib.import_module("cheese.hard")
        assert plugins.name_of("loop", module.Hard) == "hard"
        assert plugins.name_of("loop", module.Soft) is None
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "cheese"]:
            del sys.modules[name]


def test_the_name_of_a_class_is_that_of_its_own_file_where_a_page_hands_it_on_under_another() -> None:
    targets = {"a_page": "nasframe.relaxations:Softmax", "file": "nasframe.relaxations.softmax:Softmax"}
    plugins = with_plugins(mine=plugin(register_relaxations=lambda: targets))
    assert plugins.name_of("relaxation", Softmax) == "file"


def test_to_recognise_a_class_no_page_of_others_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = {"far": "this:Zen", "broken": "no_such_module:Softmax"}
    plugins = with_plugins(mine=plugin(register_relaxations=lambda: targets))
    monkeypatch.delitem(sys.modules, "this", raising=False)
    assert plugins.entry_of("relaxation", Softmax) is None
    assert "this" not in sys.modules
