"""Messages advise the options that the running command has, and no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.jobs import Trial, execute
from nasframe.runs import Command, Run, claimed
from nasframe.runtime import Lock, advised, offering, ways_out
from tests.toys import SUMS

ROOT = Path(__file__).parents[2]
OWN = re.compile(r"(?<![\w-])--(out|overwrite|yes|train-missing)(?![\w-]|: )")
"""Options that some commands have and others lack; before a colon, one is the key of a mistake."""

COMMANDS = re.compile(r"/cli/|/commands\.py$|/command_options\.py$|nasframe_deepfake/other_commands/")
"""The command line itself, which knows its options."""


def test_in_python_all_ways_are_told() -> None:
    assert ways_out("move it away", "choose another --out") == "move it away, or choose another --out"


def refuse(folder: Path, *_: object) -> None:
    raise RunError(advised("it cannot go on", "move it away", "choose another --out"))


def test_a_worker_advises_what_its_command_has(tmp_path: Path) -> None:
    trials = [Trial("a", tmp_path / "a", f"{__name__}:refuse")]
    with offering(["--data"]):
        own = execute(trials, tmp_path, workers=2)["a"]
    all_ways = execute(trials, tmp_path, workers=2)["a"]
    assert own.error.splitlines()[0] == "it cannot go on; move it away"
    assert all_ways.error.splitlines()[0] == "it cannot go on; move it away, or choose another --out"


def test_a_command_is_advised_the_options_that_it_has() -> None:
    with offering(["--out"]):
        assert advised("out: holds a run", "choose another --out", "say --overwrite") == (
            "out: holds a run; choose another --out"
        )
    with offering([]):
        assert advised("out: holds a run", "choose another --out") == "out: holds a run"
        assert ways_out("say --yes", otherwise="give its command again") == "give its command again"


def test_an_option_of_another_command_is_told_with_that_command() -> None:
    with offering([]):
        assert ways_out("say `nasframe train RUN --overwrite`") == "say `nasframe train RUN --overwrite`"


def texts(tree: ast.AST, inside: bool = False) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string that is no docstring, and is in no call that knows the options."""
    for node in ast.iter_child_nodes(tree):
        called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        # a tuple of ways is handed to such a call by its name
        knows = inside or called in ("advised", "ways_out") or _holds_ways(node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
            if not knows:
                yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not knows:
            yield node.lineno, node.value
        else:
            yield from texts(node, knows)


def _holds_ways(node: ast.AST) -> bool:
    names = [getattr(target, "id", "") for target in node.targets] if isinstance(node, ast.Assign) else []
    return any(name in ("REPLACE_IT", "_KEEP_SEARCH", "way", "ways", "replace") for name in names)


def test_no_message_below_the_command_line_advises_an_option_unasked() -> None:
    files = [*ROOT.glob("nasframe/**/*.py"), *ROOT.glob("plugins/**/*.py")]
    found = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for file in sorted(files)
        if not COMMANDS.search(file.as_posix())
        for line, text in texts(ast.parse(file.read_text(encoding="utf-8")))
        if OWN.search(re.sub("`[^`]*`", "", text))
    ]
    assert found == []


def interrupt(path: Path) -> None:
    experiment = nasframe.Experiment.load(SUMS).to_toml()
    with claimed(path, experiment, command=Command("run")):
        Run.create(path, experiment)
        raise KeyboardInterrupt


@pytest.mark.usefixtures("toy_sums")
def test_resume_advises_no_option_that_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        interrupt(path)
    lock = Lock.acquire(path / "run.lock")
    try:
        assert main(["resume", str(path)]) == 2
        said = capsys.readouterr().err
        assert "is at work in this run; wait until it has ended\n" in said
        assert main(["run", str(SUMS), "--out", str(path)]) == 2
        assert "wait until it has ended, or choose another --out" in capsys.readouterr().err
    finally:
        lock.release()
