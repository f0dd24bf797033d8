"""The example package as a stranger would use it: wheels, a fresh environment, a search, uninstalled again.

The environment borrows the packages that nasframe's wheel declares, as links: what is not declared is not
there. Downloaded are pytest, which brings its program, and what builds a wheel.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.environments import ROOT, Environment, build_wheel

EXAMPLE = ROOT / "examples" / "nasframe_plugin_example"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", README, re.DOTALL)

(README_SEARCH,) = (code for language, code in BLOCKS if language == "python")
SEARCH = (
    README_SEARCH + "print(sorted(found.history[-1]['probabilities']['first']))\nprint(nasframe.__file__)\n"
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """nasframe and the example, installed from wheels."""
    folder = tmp_path_factory.mktemp("stranger")
    wheel, example = build_wheel(folder / "core"), build_wheel(folder / "example", EXAMPLE)
    assert wheel.name.startswith("nasframe-")
    # a link brings no program `pytest`
    made = Environment(folder, wheel, "testing", without=["pytest"], pip=True)
    made.run("pip", "install", "--quiet", "--no-deps", "pytest", str(example))
    return made


def test_it_is_installed_from_its_wheel_searches_and_leaves_no_trace(environment: Environment) -> None:
    listed = json.loads(environment.type("nasframe plugins --json 2>/dev/null", environment.folder))
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
    (wheel,) = (environment.folder / "core").glob("*.whl")
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
        "nasframe report runs/trimodal",
        'pip install ".[testing]"',
        "pytest",
    ]
    (folder / "search.py").write_text(README_SEARCH, encoding="utf-8")
    printed = {line: environment.type(line, folder) for line in lines}
    assert "nasframe_plugin_example" in printed["nasframe plugins"]
    assert "bias" in printed["nasframe plugins show film"]
    assert "head" in printed["python search.py"]
    page = (folder / "runs/trimodal/report.html").read_text(encoding="utf-8")
    assert "When each choice was made" in page
    assert (folder / "runs/trimodal/plugins/nasframe_plugin_example/journal.md").is_file()
    assert re.search(r"^=+ \d+ passed(, \d+ skipped)? in ", printed["pytest"].splitlines()[-1])


def test_its_own_tests_pass(environment: Environment) -> None:
    (wheel,) = (environment.folder / "example").glob("*.whl")
    environment.run("pip", "install", "--quiet", "--no-deps", str(wheel))
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
