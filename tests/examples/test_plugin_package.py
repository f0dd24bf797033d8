"""The example package as a stranger would use it: wheels, a fresh environment, a search, uninstalled again.

The environment borrows the packages that nasframe's wheel declares, as links: what is not declared is not
there. Downloaded are pytest, which brings its program, and what builds a wheel.
"""

from __future__ import annotations

import email
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "nasframe_plugin_example"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", README, re.DOTALL)

(README_SEARCH,) = (code for language, code in BLOCKS if language == "python")
SEARCH = (
    README_SEARCH + "print(sorted(found.history[-1]['probabilities']['first']))\nprint(nasframe.__file__)\n"
)


def needed(lines: Sequence[str], extras: Sequence[str], own: str, seen: set[str]) -> Iterator[str]:
    """The distributions that lines of Requires-Dist name with these extras, and all that those need.

    `own` is the package of the first lines, whose extras may name each other.
    """
    for line in lines:
        item = Requirement(line)
        name = canonicalize_name(item.name)
        if item.marker and not any(item.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        if name == own:
            yield from needed(lines, sorted(item.extras - {*extras}), own, seen)
            continue
        if f"{name} {sorted(item.extras)}" in seen:
            continue
        seen.add(f"{name} {sorted(item.extras)}")
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield name
        yield from needed(distribution.requires or (), sorted(item.extras), name, seen)


def borrow(folder: Path, wheel: Path) -> None:
    """Links to all that a wheel and its extra `testing` need, with metadata, in a folder of their own."""
    with zipfile.ZipFile(wheel) as packed:
        (metadata,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        lines = email.message_from_bytes(packed.read(metadata)).get_all("Requires-Dist") or []
    folder.mkdir()
    for name in {*needed(lines, ["testing"], "nasframe", set())} - {"pytest"}:
        distribution = importlib.metadata.distribution(name)
        files = distribution.files or ()
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            source = Path(str(distribution.locate_file(top)))
            if not (folder / top).exists():
                (folder / top).symlink_to(source)


class Environment:
    """A virtual environment that only its own commands see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)

    def run(self, program: str, *words: str, status: int = 0) -> str:
        """Standard output and error of a command, which must end with `status`."""
        return self._run([str(self.bin / program), *words], self.folder, status)

    def type(self, line: str, folder: Path) -> str:
        """Standard output and error of a line as it is typed into a shell, which must succeed."""
        return self._run(["bash", "-c", line], folder, 0)

    def _run(self, command: Sequence[str], folder: Path, status: int) -> str:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}
        found = {"PATH": f"{self.bin}{os.pathsep}{kept['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(
            command,
            cwd=folder,
            env={**kept, **found},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """nasframe and the example, installed from wheels."""
    made = Environment(tmp_path_factory.mktemp("stranger"))
    wheels = made.folder / "wheels"
    made.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(ROOT), str(EXAMPLE))
    names = sorted(wheel.name for wheel in wheels.iterdir())
    assert [name.partition("-")[0] for name in names] == ["nasframe", "nasframe_plugin_example"]
    borrow(made.folder / "borrowed", wheels / names[0])
    (site,) = (made.folder / "venv" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(f"{made.folder / 'borrowed'}\n", encoding="utf-8")
    made.run("pip", "install", "--quiet", "--no-deps", "pytest", *map(str, wheels.iterdir()))
    return made


def test_it_is_installed_from_its_wheel_searches_and_leaves_no_trace(environment: Environment) -> None:
    listed = json.loads(environment.run("nasframe", "plugins", "--json"))
    mine = {(row["kind"], row["name"]) for row in listed if row["plugin"] == "nasframe_plugin_example"}
    assert mine == {("operation", "film"), ("relaxation", "straight_through"), ("space", "trimodal")}

    candidates, file = environment.run("python", "-c", SEARCH).strip().splitlines()[-2:]
    assert candidates == "['attention', 'film', 'sum']"
    assert Path(file).is_relative_to(environment.folder)
    run = environment.folder / "runs" / "trimodal"
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert record["plugins"]["nasframe_plugin_example"]["version"] == "1.0"
    journal = run / "plugins" / "nasframe_plugin_example" / "journal.md"
    assert journal.read_text(encoding="utf-8").startswith("# A search of ")
    assert "head" in environment.run("nasframe", "show", "runs/trimodal")

    environment.run("pip", "uninstall", "--quiet", "--yes", "nasframe-plugin-example")
    assert "film" not in environment.run("nasframe", "plugins")
    lost = environment.run("nasframe", "show", "runs/trimodal", status=2)
    assert "the plugin 'nasframe_plugin_example' (1.0), which is not installed" in lost
    assert "Traceback" not in lost


def test_the_wheel_of_nasframe_holds_every_template_style_and_script(environment: Environment) -> None:
    (wheel,) = (environment.folder / "wheels").glob("nasframe-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    folders = ("templates", "assets")
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nasframe").rglob("*.*")
        if path.parent.name in folders and path.is_file()
    }
    assert {"nasframe/display/templates/table.html", "nasframe/report/assets/page.js"} <= needed
    assert needed <= held


def test_every_command_of_its_readme_runs_as_printed(environment: Environment, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__")))
    environment.run("pip", "uninstall", "--quiet", "--yes", "nasframe-plugin-example")
    lines = [line for language, code in BLOCKS if language == "console" for line in code.splitlines()]
    assert lines == [
        "pip install .",
        "nasframe plugins",
        "nasframe plugins show film",
        "python search.py",
        'pip install ".[testing]"',
        "pytest",
    ]
    (folder / "search.py").write_text(README_SEARCH, encoding="utf-8")
    printed = {line: environment.type(line, folder) for line in lines}
    assert "nasframe_plugin_example" in printed["nasframe plugins"]
    assert "bias" in printed["nasframe plugins show film"]
    assert "head" in printed["python search.py"]
    assert (folder / "runs/trimodal/plugins/nasframe_plugin_example/journal.md").is_file()
    assert re.search(r"^=+ \d+ passed(, \d+ skipped)? in ", printed["pytest"].splitlines()[-1])


def test_its_own_tests_pass(environment: Environment) -> None:
    wheels = sorted((environment.folder / "wheels").glob("nasframe_plugin_example-*.whl"))
    environment.run("pip", "install", "--quiet", "--no-deps", *map(str, wheels))
    closing = environment.run(
        "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(EXAMPLE),
        str(EXAMPLE / "tests"),
    )
    assert re.search(r"\d+ passed", closing.splitlines()[-1])
    assert "failed" not in closing.splitlines()[-1]
