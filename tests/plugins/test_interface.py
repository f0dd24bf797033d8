"""The interface of the hooks: each documented, each tested, all of a version."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest

from nasframe.errors import PluginError
from nasframe.plugins import hookspecs
from tests.plugins import test_hooks
from tests.plugins.made import with_plugins

HOOKS = [
    name
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and hasattr(value, f"{hookspecs.PROJECT}_spec")
]


def test_there_are_hooks() -> None:
    assert len(HOOKS) >= 13


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    text = inspect.getdoc(getattr(hookspecs, hook))
    assert text
    assert text[0].isupper()
    assert len(text) > 20


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_line_in_the_guide(hook: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert f"| `{hook}({arguments})` |" in guide


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test_that_is_named_after_it(hook: str) -> None:
    tests = [name for name in vars(test_hooks) if name.startswith("test_")]
    assert [name for name in tests if name.startswith(f"test_{hook}_")], f"no test is named after {hook}"


def test_the_hook_interface_has_a_version_that_plugins_may_ask_for() -> None:
    with_plugins(mine=SimpleNamespace(NASFRAME_HOOKS=hookspecs.VERSION))
    with pytest.raises(PluginError, match="plugin 'mine'.* written for version 99 of the hooks"):
        with_plugins(mine=SimpleNamespace(NASFRAME_HOOKS=99))
    with pytest.raises(PluginError, match="NASFRAME_HOOKS must be a version.*found '1'"):
        with_plugins(mine=SimpleNamespace(NASFRAME_HOOKS="1"))
