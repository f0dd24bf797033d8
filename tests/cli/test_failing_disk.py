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
from nasframe import Experiment
from nasframe.cli import main
from nasframe.errors import NasframeError
from nasframe.pipeline import resume
from nasframe.runtime import describe_system_error
from tests.cli.file_operations import counted
from tests.comparing import tree, without_time
from tests.toys import SUMS

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.ENAMETOOLONG)
TURNS = 4
OVERRIDES = ["search.epochs=1", "task.examples=16", "cache=cache"]


@pytest.fixture(scope="module")
def experiment(toy_sums: None) -> Experiment:
    return Experiment.load(SUMS, OVERRIDES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, experiment: Experiment) -> dict[str, Any]:
    """The same search on a disk that does not fail, and the number of its operations."""
    operations: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        with counted(lambda number, name, _: operations.append(name)):
            nasframe.search(experiment, "run")
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
    """Let one operation fail; the error names a file only where the operation was given one, as usual."""

    def fail(count: int, name: str, arguments: tuple[Any, ...]) -> None:
        if count == number:
            named = [str(item) for item in arguments[:1] if not isinstance(item, int)]
            raise OSError(error, os.strerror(error), *named)

    return fail


def search_with(at_each: Callable[..., None], experiment: Experiment) -> Exception | None:
    """Return the error with which a search ended, None where it ended well."""
    with counted(at_each):
        try:
            nasframe.search(experiment, "run")
        except (NasframeError, OSError) as error:
            return error
    return None


def message(error: Exception) -> str:
    return describe_system_error(error) if isinstance(error, OSError) else str(error)


@pytest.mark.parametrize("turn", range(TURNS))
def test_an_operation_that_fails_leaves_whole_files_words_and_a_search_that_goes_on(
    turn: int, whole: dict[str, Any], experiment: Experiment, home: Path
) -> None:
    operations, resumed = whole["operations"], 0
    assert len(operations) > 80
    for number in range(1 + turn, len(operations) + 1, TURNS):
        error = ERRORS[number // TURNS % len(ERRORS)]
        raised = search_with(failing(number, error), experiment)
        said = "" if raised is None else message(raised)
        assert raised is None or os.strerror(error).lower() in said.lower(), said
        if isinstance(raised, OSError):
            assert raised.errno == error
            assert "; " in said, said  # what to do
            assert not said.lower().startswith(os.strerror(error).lower()), said  # the file comes first
        check_whole(home)
        if number % 8 == turn or not said:
            resumed += 1
            commands = list(resume("run")) if Path("run/run.json").exists() else []
            if not Path("run/architecture.json").exists():
                assert not commands
                nasframe.search(experiment, "run")
            assert {**found(), "operations": operations} == whole, number
        for folder in ("run", "cache"):
            shutil.rmtree(folder, ignore_errors=True)
    assert resumed > 1


@pytest.mark.parametrize("number", [9, 40, 75])
def test_the_command_says_it_in_one_line_and_ends_with_exit_status_2(
    number: int, toy_sums: None, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["search", str(SUMS), *OVERRIDES, "--out", "run"]
    with counted(failing(number, errno.ENOSPC)):
        assert main(words) == 2
    said = capsys.readouterr().err
    (line,) = said[said.index("nasframe: ") :].splitlines()
    assert "no space left on device; make room on that disk" in line
    assert main(["resume", "run"] if Path("run/run.json").exists() else words) == 0
