"""The page of options is made anew from the classes, and its examples pass every option of their section."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from nasframe.cli.options_page import options_page
from nasframe.experiment import ENGINE, PLUGINS, OptionGroup, options_of_plugins, options_of_section

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
HEAD, *EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = {*PROJECT["entry-points"]["nasframe"]}


def own_groups() -> list[OptionGroup]:
    found = [options_of_section("")]
    for section in PLUGINS:
        found += [group for group in options_of_plugins(section)[0] if group.plugin in OWN]
    return [*found, *map(options_of_section, ENGINE)]


GROUPS = own_groups()


def test_the_page_is_that_which_the_command_makes() -> None:
    assert options_page(GROUPS) == PAGE, "make it anew: nasframe options --markdown > docs/options.md"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.title or "settings")
def test_every_option_stands_on_the_page_under_its_section(group: OptionGroup) -> None:
    title = (
        f"### {group.title}\n" if group.name else f"## [{group.section}]\n" if group.section else "## Outside"
    )
    part = re.split(r"\n##", PAGE.split(title)[1])[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == [item.name for item in group.options]


def test_every_section_but_the_task_of_files_has_an_example() -> None:
    assert len(EXAMPLES) == len(GROUPS) - 1


@pytest.mark.parametrize(
    ("group", "code"),
    [*zip([group for group in GROUPS if group.title != "task.tensors"], EXAMPLES, strict=True)],
    ids=lambda value: (value.title or "settings") if isinstance(value, OptionGroup) else "",
)
def test_an_example_runs_and_passes_every_option_of_its_section_once(group: OptionGroup, code: str) -> None:
    names: dict[str, object] = {}
    exec(HEAD + code, names)
    if group.section:
        assert type(getattr(names["experiment"], group.section)) is group.target
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    passed = max(([item.arg for item in call.keywords] for call in calls), key=len)
    own = [item.name for item in group.options]
    assert (passed[2:] if not group.section else passed) == own or len(own) < 4
    assert all(f"{name}=" in code for name in own)
