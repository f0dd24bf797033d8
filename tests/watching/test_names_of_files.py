"""The names of the files that the watcher looks for are those of the rooms that write them."""

from __future__ import annotations

import ast
from pathlib import Path

import nasframe.watching
from nasframe.report import TRIAL_FOLDERS
from nasframe.runs import OTHER_TESTS
from nasframe.studies import NETWORKS, SEARCHES
from nasframe.studies.folder.layout import OLD_TRIALS, TRIALS

NAMES = {NETWORKS, SEARCHES, OTHER_TESTS}


def test_the_folders_of_trials_are_those_of_the_studies() -> None:
    assert (TRIALS, OLD_TRIALS) == TRIAL_FOLDERS


def test_the_watcher_writes_no_name_of_a_file_that_another_room_names() -> None:
    for file in sorted(Path(nasframe.watching.__file__).parent.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not {item for item in found if isinstance(item, str)} & NAMES, file.name
