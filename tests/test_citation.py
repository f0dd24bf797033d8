"""CITATION.cff says what the package says of itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nasframe

ROOT = Path(__file__).parents[1]
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def value(key: str) -> str:
    (found,) = re.findall(rf"^{key}: (.+)$", CITATION, flags=re.MULTILINE)
    return str(found)


def test_the_citation_has_the_version_of_the_package() -> None:
    assert value("version") == nasframe.__version__


def test_the_citation_has_the_name_and_the_licence_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert value("title") == project["name"]
    assert value("license") == project["license"]


def test_the_citation_has_every_key_that_the_format_demands() -> None:
    assert value("cff-version") == "1.2.0"
    assert value("message")
    assert "\nauthors:\n  - name: The nasframe developers\n" in CITATION
