"""The modules that are imported once for all workers of a study."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from nasframe.studies import PRELOAD

ROOT = Path(__file__).parents[2]


def makes_trials(file: Path) -> bool:
    """True where a file calls `make_trial`, whose functions stand in that file."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "make_trial"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )


def test_every_module_of_the_studies_whose_functions_are_trials_is_preloaded() -> None:
    files = filter(makes_trials, (ROOT / "nasframe" / "studies").rglob("*.py"))
    found = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
    assert found == {name for name in PRELOAD if name.startswith("nasframe.")}


def test_every_module_that_is_preloaded_is_there() -> None:
    assert [name for name in PRELOAD if find_spec(name) is None] == []
