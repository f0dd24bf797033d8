"""A file of the working folder is never imported, whatever its name: data lies there, and no code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toys import SUMS, TOYS

TRAP = "open({file!r}, 'a').write(__name__ + '\\n'); raise ImportError('from the working folder')\n"
MORE = (
    "sitecustomize",
    "usercustomize",
    "nasframe_fusion",
    "nasframe_bimodal",
    "nasframe_cells",
    "numpy",
    "av",
    "timm",
    "readline",
)
CONSOLE = (str(Path(sys.executable).with_name("nasframe")),)
MODULE = (sys.executable, "-m", "nasframe")
SEARCHES = ["samples=1,2", "search.epochs=1", "cache=cache", "--workers", "2", "--out", "out"]
SWEEP = ["--plugin", str(TOYS / "toy_sums.py"), "sweep", str(SUMS), *SEARCHES]


@pytest.fixture(scope="module")
def before_us(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Modules that Python has imported by itself when `python -m PACKAGE` begins with the package."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "begins").mkdir()
    (folder / "begins" / "__init__.py").write_text("import sys\nprint(*sys.modules)\n", encoding="utf-8")
    (folder / "begins" / "__main__.py").write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "begins"], cwd=folder, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()} - {"begins"}


@pytest.fixture
def trapped(home: Path, before_us: set[str]) -> Path:
    """The working folder, with a file of the name of every module that these tests have imported.

    Not of nasframe itself: `python -m nasframe` is Python's word for that very file.
    """
    names = {name.partition(".")[0] for name in sys.modules} | {*sys.stdlib_module_names, *MORE}
    assert len(names) > 300
    for name in names - before_us - {"__main__", "nasframe"}:
        (home / f"{name}.py").write_text(TRAP.format(file=str(home / "imported")), encoding="utf-8")
    return home


def run(program: tuple[str, ...], *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run([*program, *words], env=environment, capture_output=True, text=True, check=False)


def imported(folder: Path) -> list[str]:
    file = folder / "imported"
    return file.read_text(encoding="utf-8").split() if file.exists() else []


@pytest.mark.parametrize(
    ("program", "word"), [(CONSOLE, "plugins"), ((sys.executable, "-bm", "nasframe"), "--version")]
)
def test_the_program_imports_nothing_from_the_working_folder(
    program: tuple[str, ...], word: str, trapped: Path
) -> None:
    done = run(program, word)
    assert (done.returncode, imported(trapped)) == (0, []), done.stderr


def test_neither_python_m_nasframe_nor_its_workers_import_from_the_working_folder(trapped: Path) -> None:
    done = run(MODULE, *SWEEP)
    assert (done.returncode, imported(trapped)) == (0, []), done.stderr


def test_with_the_safe_path_of_python_not_even_its_own_first_modules_come_from_there(home: Path) -> None:
    for name in ("contextlib", "functools", "importlib"):
        (home / f"{name}.py").write_text(TRAP.format(file=str(home / "imported")), encoding="utf-8")
    done = run((sys.executable, "-P", "-m", "nasframe"), "--version")
    assert (done.returncode, imported(home)) == (0, []), done.stderr


def test_another_program_keeps_the_working_folder_in_its_path(home: Path) -> None:
    (home / "mine").mkdir()
    (home / "mine" / "__init__.py").write_text("import nasframe\n", encoding="utf-8")
    (home / "mine" / "__main__.py").write_text("import beside\n", encoding="utf-8")
    (home / "beside.py").write_text("print('beside')\n", encoding="utf-8")
    assert run((sys.executable, "-m", "mine")).stdout == "beside\n"
    assert run((sys.executable, "-c", "import nasframe, beside")).stdout == "beside\n"


def test_a_folder_that_is_gone_stops_nobody(home: Path) -> None:
    (home / "gone").mkdir()
    line = f'cd gone && rmdir ../gone && exec "{sys.executable}" -m nasframe --version'
    assert subprocess.run(["sh", "-c", line], cwd=home, check=False).returncode == 0
