"""docs/python.md lists every public name, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nasframe

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
LISTED = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_public_name_is_listed_once_with_a_line() -> None:
    assert sorted(name for name, _ in LISTED) == sorted(set(nasframe.__all__) - {"__version__"})
    assert all(len(line) > 10 for _, line in LISTED)
    assert "`nasframe.__version__`" in PAGE


def test_the_examples_run_from_top_to_bottom(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, object] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) > 10
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), values)
    assert {path.name for path in home.iterdir()} == {"runs", "cell.svg"}
    assert nasframe.load_run("runs/first").test
