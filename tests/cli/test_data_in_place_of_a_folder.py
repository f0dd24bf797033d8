"""A file of data where a command expects a run, a study or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.cli import main


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
