"""The notebooks: each runs, and the outputs that are stored belong to its source."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

import nbformat

from docs.builder.notebooks import NOTEBOOKS, NotebookError, execute, is_current, read, store

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def ids(path: Path) -> str:
    return path.stem


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def with_cell(tmp_path: Path, source: str, kernel: str = "python3") -> Path:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": kernel, "display_name": kernel}})
    notebook.cells = [nbformat.v4.new_code_cell(source)]
    path = tmp_path / "made.ipynb"
    store(path, notebook)
    return path


def test_there_are_three_notebooks() -> None:
    assert [path.stem for path in PATHS] == ["read_a_run", "swap_a_relaxation", "your_own_operation"]


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_a_notebook_runs_and_gives_outputs_of_the_stored_kinds(path: Path, cache: None) -> None:
    stored, executed = read(path), execute(path)
    for before, after in zip(stored.cells, executed.cells, strict=True):
        kinds = [
            [(output.output_type, sorted(output.get("data", ()))) for output in cell.get("outputs", ())]
            for cell in (before, after)
        ]
        assert kinds[0] == kinds[1], before.source


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_the_stored_outputs_belong_to_the_stored_source(path: Path) -> None:
    notebook = read(path)
    assert is_current(notebook), f"say python -m docs.builder.notebooks {path.name}"
    changed = copy.deepcopy(notebook)
    next(cell for cell in changed.cells if cell.cell_type == "code").source += "\n1 + 1"
    assert not is_current(changed)


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_a_notebook_is_small_shows_pictures_and_names_no_place_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) < 150_000
    assert "image/svg+xml" in text
    assert re.findall(r"(?:/home|/root|/tmp|/Users|/var|/work|[A-Z]:\\\\)[/\\\w.-]*", text) == []
    assert os.fspath(Path.home()) not in text


def test_a_cell_that_raises_is_named_with_its_error(tmp_path: Path, cache: None) -> None:
    with pytest.raises(
        NotebookError, match=r"^made\.ipynb: cell 1 raises ZeroDivisionError: division by zero"
    ):
        execute(with_cell(tmp_path, "1 / 0"))


def test_a_notebook_whose_kernel_is_not_installed_says_which_package_has_it(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as error:
        execute(with_cell(tmp_path, "1", kernel="another"))
    assert "its kernel 'another' is not installed" in str(error.value)
    assert "pip install ipykernel" in str(error.value)


def test_a_file_that_is_no_notebook_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"made\.ipynb: is no notebook"):
        read(path)
