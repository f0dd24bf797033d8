"""The page for contributors is true: paths, commands, links, and the workflow that checks a change."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8"))


def test_every_path_is_there() -> None:
    names = re.findall(r"`((?:[\w.]+/)+[\w.]*|[A-Z]+\.md|pyproject\.toml)`", PAGE)
    assert len(names) > 20
    assert [name for name in names if not (ROOT / name).exists() and name != ".venv"] == []


def test_every_link_leads_to_a_file_and_its_heading() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", PAGE)
    assert len(links) > 3
    for file, heading in links:
        text = (ROOT / file).read_text(encoding="utf-8")
        titles = [
            re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        ]
        assert not heading or heading in titles, (file, heading)


@pytest.mark.parametrize("target", sorted({*re.findall(r"\bmake ([a-z]+)\b", PAGE)} - {"most"}))
def test_every_target_of_make_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_changes_people_make_most_are_five() -> None:
    section = PAGE.split("## The five changes")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| **")]
    assert len(rows) == 5


def test_the_workflow_runs_what_every_change_must_pass_on_every_python_that_is_said() -> None:
    (job,) = WORKFLOW["jobs"].values()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = [re.search(r"Python :: (3\.\d+)$", line) for line in project["classifiers"]]
    assert job["strategy"]["matrix"]["python"] == [found[1] for found in said if found]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert job["timeout-minutes"] <= 90
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {"push", "pull_request"} == {*WORKFLOW[True]}  # "on" is a truth value of YAML 1.1
