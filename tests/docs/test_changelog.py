"""The changelog: its newest version is that of the package, and the names that it calls new exist."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import tomllib
from pathlib import Path

import nasframe

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", TEXT, re.MULTILINE)
    assert versions[0] == nasframe.__version__ == importlib.metadata.version("nasframe")
    assert versions == sorted(versions, reverse=True)


def test_the_names_that_take_the_place_of_others_exist() -> None:
    table = TEXT[TEXT.index("### Deprecated") : TEXT.index("### Removed")]
    new = re.findall(r"^\| .* \| `(nasframe(?:\.\w+)+)", table, re.MULTILINE)
    assert len(new) >= 5
    for name in new:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_every_page_that_it_and_the_readme_name_is_there() -> None:
    for text in (TEXT, (ROOT / "README.md").read_text(encoding="utf-8")):
        links = re.findall(r"\]\(((?:docs|examples)/[^)#]+)", text)
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_lists_every_page_of_the_folder_of_pages() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| `docs/` |"))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert {name for name in pages if f"(docs/{name})" not in row} == set()


def test_the_page_of_installation_names_the_packages_of_an_extra() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    for extra in ("audiovisual", "tabular", "tensorboard", "tune", "onnx"):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{extra}` |"))
        names = {re.split(r"[<>=;\[]", requirement)[0].strip() for requirement in extras[extra]}
        brought = set(re.split(r", ", row.split("|")[2].strip()))
        assert names - brought <= {"torch"}, extra
