"""A file of data where a command expects a run, a study or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import ArchitectureError


@pytest.mark.parametrize("command", ["evaluate", "predict", "report", "resume", "watch", "tables"])
def test_a_file_of_data_in_place_of_a_folder_leads_to_the_command_that_makes_use_of_it(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "data.csv").write_text("a,b,y\n1,2,0\n")
    assert main([command, "data.csv"]) == 2
    error = capsys.readouterr().err
    assert (
        "data.csv: is a file of data; nasframe new data.csv writes an experiment on it; expected a" in error
    )


def test_another_file_in_place_of_a_folder_is_said_to_be_a_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "notes.md").write_text("notes")
    assert main(["evaluate", "notes.md"]) == 2
    assert "notes.md: is a file; expected a run folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind"),
    [("my.svg", "a picture"), ("my.PNG", "a picture"), ("my.html", "a page")],
)
def test_another_file_in_place_of_an_architecture_is_said_to_be_what_it_is(
    name: str, kind: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / name).write_bytes(b"\x89 nothing to read")
    assert main(["show", name]) == 2
    error = capsys.readouterr().err
    assert f"{name}: is {kind}" in error
    assert "expected a run folder, the architecture.json of one, or a genotype" in error
    with pytest.raises(ArchitectureError, match=f"is {kind}"):
        nasframe.draw(home / name)


def test_a_table_in_place_of_an_architecture_is_said_to_be_one_in_python_too(home: Path) -> None:
    (home / "my.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ArchitectureError, match=r"my.csv: is a table; expected a run folder"):
        nasframe.draw("my.csv")
