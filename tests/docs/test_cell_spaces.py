"""The page of the cell spaces: its code runs, and its tables name the options that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nasframe.operations import operation_class
from nasframe.options import argument_problems, options_of
from nasframe.plugins import manager

PAGE = (Path(__file__).parents[2] / "docs" / "cell-spaces.md").read_text(encoding="utf-8")


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    assert "pooled_head" in capsys.readouterr().out


@pytest.mark.parametrize(("title", "name"), [("NAS-Bench-201", "nas_bench_201"), ("DARTS", "darts")])
def test_the_table_of_a_space_has_its_options_with_their_defaults(title: str, name: str) -> None:
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, re.MULTILINE))
    found = {
        item.name: ", ".join(f"`{value}`" for value in item.default)
        if isinstance(item.default, tuple)
        else str(item.default).lower()
        for item in options_of(manager().load("space", name))
    }
    assert rows == found


def test_the_table_of_operations_names_all_of_them_with_options_that_they_take() -> None:
    section = PAGE.split("\n## Operations\n")[1].split("\n## ")[0]
    named = set()
    for names, options in re.findall(r"^\| (`[^|]+`) \| [^|]+ \| (`[^|]+`) \|", section, re.MULTILINE):
        of_row = re.findall(r"`(\w+)`", names)
        named |= set(of_row)
        for option in re.findall(r"`(\w+)`", options):
            taken = [
                not any(
                    "unknown" in problem
                    for problem in argument_problems(operation_class(name), {option: None})
                )
                for name in of_row
            ]
            assert any(taken), f"{option} of {names}"
    own = {entry.name for entry in manager().registered("operation") if entry.plugin == "nasframe_cells"}
    assert named == own
