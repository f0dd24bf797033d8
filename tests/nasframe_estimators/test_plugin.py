"""The laboratory as a plugin: found by its entry point, light to import, and not missed where it is not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasframe_estimators
from nasframe import Run
from nasframe.cli import main, make_app
from nasframe.plugins import manager
from nasframe_estimators.commands import estimators


@pytest.fixture
def absent() -> Iterator[None]:
    """This machine without the plugin."""
    manager().unregister("nasframe_estimators")
    yield
    if "nasframe_estimators" not in manager().names:
        manager().register(nasframe_estimators, "nasframe_estimators")


def test_importing_and_registering_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, nasframe_estimators; "
        "from nasframe.plugins import manager; from nasframe.cli import make_app; "
        "assert 'nasframe_estimators' in manager().names; make_app(); "
        "print({'torch', 'scipy', 'numpy', 'nasframe_estimators.laboratory'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_its_page_and_the_guide_name_what_is_on_it() -> None:
    text = nasframe_estimators.__doc__ or ""
    guide = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^\| `nasframe_estimators` \|.*measurements:.*$", guide, re.MULTILINE)
    for name in nasframe_estimators.__all__:
        assert getattr(nasframe_estimators, name) is not None
        assert f"`{name}`" in text
        assert f"`{name}`" in listed
    with pytest.raises(AttributeError, match="module 'nasframe_estimators' has no attribute 'nothing'"):
        nasframe_estimators.nothing  # noqa: B018


def test_the_command_is_there_by_the_hook_of_the_plugin() -> None:
    command, _, _ = make_app().parse_known_args(["estimators", "--draws", "5"])[:3]
    assert command is estimators


@pytest.mark.usefixtures("absent")
def test_without_the_plugin_the_other_commands_are_there_and_this_one_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert "sweep" in listed
    assert "estimators" not in listed
    assert main(["estimators"]) == 2
    assert 'Unknown command "estimators"' in capsys.readouterr().err


def test_a_run_records_the_plugin_with_its_version_and_a_hash(tmp_path: Path) -> None:
    record = Run.create(tmp_path / "run", "seed = 0\n").record
    assert record["plugins"]["nasframe_estimators"]["version"] == record["nasframe"]
    assert len(record["plugins"]["nasframe_estimators"]["sha256"]) == 64


def test_a_run_that_was_begun_without_the_plugin_opens_and_goes_on(tmp_path: Path, absent: None) -> None:
    begun = Run.create(tmp_path / "run", "seed = 0\n")
    assert "nasframe_estimators" not in begun.record["plugins"]
    manager().register(nasframe_estimators, "nasframe_estimators")
    found = Run.open(tmp_path / "run")
    assert found.changed_plugins == []
    found.require_same_plugins()
    assert "nasframe_estimators" in Run.open(tmp_path / "run").record["plugins"]
