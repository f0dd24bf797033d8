"""A disk that fails at any operation of a small search: files are whole or absent, and the work goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import nasframe
from nasframe.cli import main
from tests.cli.file_operations import counted
from tests.comparing import tree, without_time
from tests.toys import SUMS

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.ENAMETOOLONG)
TURNS = 4
COMMAND = ["search", str(SUMS), "search.epochs=1", "task.examples=16", "cache=cache", "--out", "run"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, toy_sums: None) -> dict[str, Any]:
    """The same search on a disk that does not fail, and the number of its operations."""
    operations = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        with counted(lambda number, name, _: operations.append(name)):
            assert main(COMMAND) == 0
        return {**found(), "operations": operations}


def found() -> dict[str, Any]:
    run = nasframe.load_run("run")
    return {
        "architecture": run.architecture.fingerprint,
        "tensors": {file.name: file.read_bytes() for file in run.checkpoints.glob("*.safetensors")},
        "metrics": without_time(run.metrics),
        "files": [name for name in tree(run.path) if "lock" not in name],
    }


def check_whole(folder: Path) -> None:
    """Read every file that has its name."""
    for path in (item for item in folder.rglob("*") if item.is_file()):
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            assert all(json.loads(line) and line.endswith("\n") for line in lines)
        elif path.suffix == ".safetensors":
            load_file(path)
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".svg":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</svg>")
        else:
            assert path.suffix in (".dot", ".lock", ".txt"), path


def failing(number: int, error: int) -> Callable[[int, str, tuple[Any, ...]], None]:
    """Let one operation fail; as the system's, the error names a file only where the operation was given one."""

    def fail(count: int, name: str, arguments: tuple[Any, ...]) -> None:
        if count == number:
            named = [str(item) for item in arguments[:1] if not isinstance(item, int)]
            raise OSError(error, os.strerror(error), *named)

    return fail


@pytest.mark.parametrize("turn", range(TURNS))
def test_an_operation_that_fails_leaves_whole_files_words_and_a_search_that_goes_on(
    turn: int, whole: dict[str, Any], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operations = whole["operations"]
    assert len(operations) > 80
    resumed = 0
    for number in range(1 + turn, len(operations) + 1, TURNS):
        error = ERRORS[number // TURNS % len(ERRORS)]
        with counted(failing(number, error)):
            status = main(COMMAND)
        said = capsys.readouterr().err
        check_whole(home)
        assert "Traceback" not in said
        assert status in (0, 2), (number, said)
        if status == 2:
            (line,) = said[said.index("nasframe: ") :].splitlines()
            assert os.strerror(error).lower() in line.lower(), (number, line)
            assert "; " in line, line  # what to do
        if number % 3 == 0 or status == 0:
            resumed += status == 2
            has_begun = Path("run/run.json").exists()
            assert main(["resume", "run"] if has_begun else COMMAND) == 0
            assert {**found(), "operations": operations} == whole, number
        for folder in ("run", "cache"):
            shutil.rmtree(folder, ignore_errors=True)
    assert resumed > 3
