"""Docstrings as files have them, without an import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from nasframe.plugins import Registered, manager
from nasframe.plugins.installed import own_plugins
from nasframe.plugins.written_docstring import written_docstring

OWN = [
    entry
    for kind in manager().kinds
    if kind not in ("demo", "preset", "table")
    for entry in manager().registered(kind)
    if entry.plugin in ("nasframe", *own_plugins()) and isinstance(entry.target, str)
]


@pytest.mark.parametrize("entry", OWN, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_the_description_of_an_own_entry_is_the_first_line_of_its_docstring(entry: Registered) -> None:
    assert not entry.missing_extra
    text = inspect.cleandoc(entry.load().__doc__ or "")
    assert entry.description == (text.partition("\n")[0] or "no description")


def test_the_list_of_plugins_does_not_wait_for_torch() -> None:
    program = (
        "import sys; from nasframe.cli import main; main(['plugins']); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Gumbel" in done.stdout


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of some files that cannot be imported."""
    made = tmp_path / "dairy"
    (made / "cellar").mkdir(parents=True)
    (made / "__init__.py").write_text("from .cellar import Brie as Soft\nfrom dairy.cellar.hard import *\n")
    (made / "cellar" / "__init__.py").write_text(
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from dairy.cellar.soft import Brie\n"
    )
    (made / "cellar" / "soft.py").write_text(
        'raise RuntimeError\n\n\nclass Brie:\n    """Runs.\n\n    In summer."""\n\n\n'
        "class Mild:\n    pass\n\n\n"
        "Made = type('Made', (), {})\n"
    )
    (made / "cellar" / "broken.py").write_text("class (:\n")
    monkeypatch.syspath_prepend(tmp_path)
    return made


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("dairy.cellar.soft:Brie", "Runs.\n\nIn summer."),
        ("dairy.cellar:Brie", "Runs.\n\nIn summer."),
        ("dairy:Soft", "Runs.\n\nIn summer."),
        ("dairy.cellar.soft:Mild", ""),
        ("dairy.cellar.soft:Made", None),
        ("dairy.cellar.soft:Gone", None),
        ("dairy.cellar.broken:Brie", None),
        ("dairy.cellar.gone:Brie", None),
        ("no_such_package.soft:Brie", None),
    ],
)
def test_a_name_is_followed_to_the_file_that_defines_it(
    package: Path, target: str, found: str | None
) -> None:
    assert written_docstring(target) == found
    assert "dairy" not in sys.modules
