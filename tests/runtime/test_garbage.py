"""No garbage is collected while a large package is imported."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nasframe.runtime import import_uncollected


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package that tells whether garbage was collected while it was imported."""
    (tmp_path / "large_package").mkdir()
    source = "import gc\nWAS_ON = gc.isenabled()\n"
    (tmp_path / "large_package" / "__init__.py").write_text(source, encoding="utf-8")
    (tmp_path / "large_package" / "part.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "large_package"
    for name in ("large_package", "large_package.part"):
        sys.modules.pop(name, None)


def test_garbage_is_collected_again_after_an_import_that_fails(package: str, tmp_path: Path) -> None:
    page = tmp_path / package / "__init__.py"
    page.write_text("import gc\nassert not gc.isenabled()\nraise ValueError('in it')\n", encoding="utf-8")
    with import_uncollected(package), pytest.raises(ValueError, match="in it"):
        importlib.import_module(package)
    assert gc.isenabled()


def test_where_collection_is_off_it_stays_off(package: str) -> None:
    gc.disable()
    try:
        with import_uncollected(package):
            importlib.import_module(package)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_only_the_named_modules_are_imported_without_collection(package: str) -> None:
    with import_uncollected(package):
        assert importlib.import_module(package).WAS_ON is False
        assert importlib.import_module(f"{package}.part").WAS_ON is True
    assert gc.isenabled()
    del sys.modules[package]
    assert importlib.import_module(package).WAS_ON is True


def test_a_module_keeps_its_own_loader_and_source(package: str) -> None:
    with import_uncollected(package):
        module = importlib.import_module(package)
    assert module.__spec__ is not None
    assert type(module.__loader__).__name__ == type(module.__spec__.loader).__name__ == "SourceFileLoader"
    assert importlib.reload(module).WAS_ON is True


def test_a_package_that_is_not_there_is_missing_as_ever() -> None:
    with (
        import_uncollected("no_such_package"),
        pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"),
    ):
        importlib.import_module("no_such_package")


def test_a_command_collects_garbage_after_it_has_imported_torch() -> None:
    program = (
        "import gc, sys\n"
        "from nasframe.cli import main\n"
        "main(['show', 'nothing-here.json'])\n"
        "print('torch' in sys.modules, gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert made.stdout.split() == ["True", "True", "True"], made.stderr
