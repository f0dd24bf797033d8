"""The changelog: its newest version is that of the package, and the names that it calls new exist."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
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
