"""The page of the library: what is on it, in which words, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasframe_audiovisual

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "plugins" / "nasframe_audiovisual").rglob("*.py"))
OF_THE_DEEPFAKE_TASK = re.compile(r"(?i)\bfakes?\b|fake[_a-z]|\bgenuine|\breal\b|categor|deepfake|pairing")


def test_every_name_on_the_page_is_there_with_a_docstring() -> None:
    for name in nasframe_audiovisual.__all__:
        value = getattr(nasframe_audiovisual, name)
        if inspect.isclass(value):
            assert vars(value).get("__doc__"), name
        elif inspect.isroutine(value):
            assert value.__doc__, name
        else:
            assert name in {constant for file in FILES for constant in explained(file)}, name


def explained(file: Path) -> Iterator[str]:
    """The constants of a file with a string after them."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(following, ast.Expr):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def test_the_page_says_what_is_on_it_and_so_does_the_guide() -> None:
    guide = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    listed = guide[guide.index("## The public page") :]
    for text in (nasframe_audiovisual.__doc__ or "", listed):
        assert [name for name in nasframe_audiovisual.__all__ if f"`{name}`" not in text] == []


def test_the_names_for_type_checkers_are_those_that_are_imported_when_used() -> None:
    typed = {
        item.asname: node.module
        for node in ast.walk(ast.parse(FILES[0].read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nasframe_audiovisual.")
        for item in node.names
    }
    assert FILES[0].name == "__init__.py"
    assert typed == nasframe_audiovisual._MODULES
    assert sorted(typed) == nasframe_audiovisual.__all__ == dir(nasframe_audiovisual)


def test_a_name_that_is_not_on_the_page_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'nasframe_audiovisual' has no attribute 'nothing'"):
        nasframe_audiovisual.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("names", "heavy"),
    [
        ("", {"torch", "timm", "av", "torchaudio", "numpy"}),
        ("FaceSettings, Window, first_window, play, keep_freed_memory", {"torch", "timm", "torchaudio"}),
        ("describe_source, files_of, require_space, split_groups, read_index", {"torch", "timm", "av"}),
        ("log_mel", {"timm"}),
    ],
)
def test_importing_a_name_imports_only_what_it_needs(names: str, heavy: set[str]) -> None:
    statement = f"from nasframe_audiovisual import {names}" if names else "import nasframe_audiovisual"
    code = f"{statement}; import sys; print(*sorted({sorted(heavy)!r} & sys.modules.keys()))"
    code = code.replace(repr(sorted(heavy)), repr(set(heavy)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_has_a_word_about_fakes(file: Path) -> None:
    assert OF_THE_DEEPFAKE_TASK.findall(file.read_text(encoding="utf-8")) == []
