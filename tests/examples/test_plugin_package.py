"""The example package as a stranger would use it: wheels, a fresh environment, a search, uninstalled again.

The environment borrows torch and what torch needs, which are gigabytes; all else is installed into it.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "nasframe_plugin_example"
BORROWED = ("torch", "torchvision", "torchaudio")

(README_SEARCH,) = re.findall(
    r"```python\n(.*?)```", (EXAMPLE / "README.md").read_text(encoding="utf-8"), re.DOTALL
)
SEARCH = (
    README_SEARCH + "print(sorted(found.history[-1]['probabilities']['first']))\nprint(nasframe.__file__)\n"
)


def requirements(name: str, seen: set[str]) -> Iterator[str]:
    """A distribution and all that it needs, of those that are installed."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    seen.add(key)
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return
    yield name
    for line in distribution.requires or ():
        if "extra ==" not in line:
            yield from requirements(re.split(r"[ ;<>=!~\[(]", line, maxsplit=1)[0], seen)


def borrow(folder: Path) -> None:
    """Links to torch and its kin, with their metadata, in a folder of their own."""
    folder.mkdir()
    seen: set[str] = set()
    for name in [kin for borrowed in BORROWED for kin in requirements(borrowed, seen)]:
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
        borrow(folder / "kin")
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (site / "kin.pth").write_text(f"{folder / 'kin'}\n", encoding="utf-8")

    def run(self, program: str, *words: str, status: int = 0) -> str:
        """Standard output and error of a command, which must end with `status`."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}
        done = subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.folder,
            env={**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
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
    made.run("pip", "install", "--quiet", "pytest", "pytest-timeout", *map(str, wheels.iterdir()))
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
