"""The page for plugin authors: its new lines work, its old ones warn or fail with the way to the new ones."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import warnings
from pathlib import Path

import pytest

import nasframe
import nasframe_deepfake.hookspecs
from nasframe.errors import NasframeError
from nasframe.plugins import hookspecs
from nasframe.plugins.former_names import moved_to
from nasframe.space.decisions import Decisions
from nasframe.space.graph import Node, SpaceGraph

PAGE = Path(__file__).parents[2] / "docs" / "changes-for-plugin-authors.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```diff\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
OLD = [line[1:] for line in LINES if re.match(r"-(from|import) ", line)]
NEW = [line[1:] for line in LINES if re.match(r"\+(from|import) ", line)]


def told_by(line: str) -> list[str]:
    """The words of an import about its names: a failed one, or one whose names are then used."""
    names: dict[str, object] = {}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            exec(line, names)
        except ImportError as error:
            return [moved_to(error)]
        for value in filter(inspect.isfunction, names.values()):
            needed = [p for p in inspect.signature(value).parameters.values() if p.default is p.empty]
            # called with nothing sensible: the warning comes first
            with contextlib.suppress(TypeError, NasframeError):
                value(*({} for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD))
    return [str(item.message) for item in found if item.category is DeprecationWarning]


def test_the_page_shows_imports_of_both_kinds() -> None:
    assert len(OLD) == len(NEW) > 25


@pytest.mark.parametrize("line", NEW)
def test_a_new_import_works_without_a_warning(line: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        names: dict[str, object] = {}
        exec(line, names)
    assert len(names) > 1  # beside the builtins


@pytest.mark.parametrize("line", OLD)
def test_an_old_import_warns_or_fails_with_the_way_to_the_new_one(line: str) -> None:
    told = told_by(line)
    assert any(re.match(r"(; )?(the names of )?nasframe\S* (is|are) (now|imported)", item) for item in told)


def test_options_of_a_node_are_gone() -> None:
    assert "options" not in inspect.signature(SpaceGraph.add_node).parameters
    assert not hasattr(Node, "options")


def test_a_candidate_with_options_has_the_name_that_the_page_says() -> None:
    choice = nasframe.Choice("fuse", ("sum", nasframe.OpSpec("gate", {"bias": False})), "gamma")
    assert choice.candidates == ("sum", "gate(bias=false)")


def test_the_signatures_are_those_of_the_page() -> None:
    assert list(inspect.signature(nasframe.stage_fingerprints).parameters) == ["stages"]
    assert "for_steps" in inspect.signature(nasframe.claimed).parameters
    assert hasattr(Decisions, "alternatives")
    assert not hasattr(Decisions, "options")
    assert nasframe.Task.bounds == {"accuracy": (0.0, 1.0)}


OLD_HOOKS = {
    "architecture_derived",
    "read_architecture",
    "register_commands",
    "register_demos",
    "register_loops",
    "register_operations",
    "register_relaxations",
    "register_search_spaces",
    "register_tasks",
    "search_epoch",
    "search_finished",
    "search_started",
    "search_step",
    "style_node",
}


def section(heading: str) -> str:
    """Return the text below a heading, up to the next one."""
    return TEXT.partition(f"\n{heading}\n")[2].partition("\n#")[0]


def test_the_new_hooks_are_those_of_the_page() -> None:
    assert hookspecs.VERSION == 1
    assert "`NASFRAME_HOOKS = 1`" in TEXT
    specified = {
        name
        for module in (hookspecs, nasframe_deepfake.hookspecs)
        for name in vars(module)
        if hasattr(getattr(module, name), "nasframe_spec")
    }
    of_02 = re.findall(r"`(register_\w+)`", section("## Hooks").partition("No hook of 0.1")[0])
    since = re.findall(r"^\| `(\w+)` \|", section("### New hooks"), re.MULTILINE)
    assert sorted(specified - OLD_HOOKS) == sorted([*of_02, *since])
    assert specified >= OLD_HOOKS


@pytest.mark.parametrize(
    "name", ["temperature_end_option", "check_schedule", "positive", "SCHEDULE_HELP", "Scheduled"]
)
def test_a_name_that_the_page_calls_gone_is_gone(name: str) -> None:
    assert not hasattr(importlib.import_module("nasframe.relaxations"), name)
