"""The guide to extending nasframe: every file and every command of it, as written."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import NASFRAME
from tests.forked_programs import ForkingServer

GUIDE = Path(__file__).parents[2] / "docs" / "extending.md"
TEXT = GUIDE.read_text(encoding="utf-8")
FILES = {name: code for code, name in re.findall(r"```(?:python|toml)\n(# (\S+)\n.*?)```", TEXT, re.DOTALL)}
BLOCKS = [block.splitlines() for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)]
COMMANDS = [line for block in BLOCKS for line in block]

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file of the guide in one folder."""
    made = tmp_path_factory.mktemp("guide")
    for name, code in FILES.items():
        (made / name).write_text(code, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def run(programs: ForkingServer, folder: Path) -> Run:
    """Run a command of the guide, once; the first one, and those of pytest, are started anew."""

    @functools.cache
    def run(line: str) -> subprocess.CompletedProcess[str]:
        program, *words = shlex.split(line)
        words = {
            "nasframe": [NASFRAME],
            "python": [],
            "pytest": ["-m", "pytest", "-p", "no:cacheprovider"],
        }[program] + words
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        if program != "pytest" and line != COMMANDS[0]:
            return programs.run(words, cwd=folder, env=environment)
        return subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_guide_shows_every_kind_of_extension() -> None:
    assert {
        "louder.py",
        "my_ops.py",
        "smoothed.py",
        "one_node.py",
        "entropies.py",
        "tensors.py",
        "one_by_one.py",
    } <= set(FILES)
    assert len(COMMANDS) >= 9


def test_the_first_operation_takes_ten_lines() -> None:
    lines = [line for line in FILES["my_ops.py"].splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) == 10


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0])
def test_every_command_of_the_guide_works_as_written(run: Run, block: list[str]) -> None:
    for line in block:
        done = run(line)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stderr


def test_what_the_guide_says_is_found_again(run: Run) -> None:
    for line in COMMANDS:
        if "runs/one" in line:
            done = run(line)
            assert done.returncode == 0, done.stderr
    assert "fuse" in done.stdout
    assert "projection" in done.stdout


def test_the_scores_of_the_guides_task_make_a_roc(run: Run, folder: Path) -> None:
    done = run(COMMANDS[0])
    assert done.returncode == 0, done.stderr
    page = (folder / "runs/louder/report.html").read_text(encoding="utf-8")
    assert "ROC" in page


def test_the_hook_of_the_guide_writes_a_line_an_epoch(run: Run, folder: Path) -> None:
    (line,) = [line for line in COMMANDS if "entropies.py" in line]
    done = run(line)
    assert done.returncode == 0, done.stderr
    written = (folder / "runs/heard/plugins/entropies/entropies.csv").read_text(encoding="utf-8")
    assert [row.split(",")[0] for row in written.splitlines()] == ["0", "1", "2"]
