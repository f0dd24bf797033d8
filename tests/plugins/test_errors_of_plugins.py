"""An error raised in the code of a plugin names the plugin, its file and line and its words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import field, frozen

from nasframe.cli import main
from nasframe.errors import ConfigurationError, in_words
from nasframe.jobs import Trial, do_trial
from nasframe.options import structure
from nasframe.plugins import PluginManager
from tests.toys import STREAMS

HEAD = '''
import os
from pathlib import Path
from attrs import define
from nasframe import Operation, hookimpl
from nasframe.errors import DataError
from toy_streams import Streams


class Mute(Exception):
    def __str__(self):
        raise ValueError("nothing to say")


class Away(BaseException):
    pass


def deep():
    return deep()


def fail():
    {statement}


@define
class Rotten(Streams):
    """A task that fails somewhere in a search."""

    def {method}(self, *arguments):
        if SEARCHING or "{method}" == "data":
            fail()
        return super().{method}(*arguments)


SEARCHING = []


@hookimpl
def search_started():
    SEARCHING.append(True)  # until now, the check of the task has called it


@hookimpl
def register_tasks():
    return {{"rotten": Rotten}}


def mine():
    fail()


@hookimpl
def register_commands(app):
    app.command(mine)
'''

RAISED = {
    "KeyError": ("raise KeyError('cheese')", "KeyError: 'cheese'", 70),
    "AttributeError": ("None.cheese", "AttributeError: 'NoneType' object has no attribute 'cheese'", 70),
    "RecursionError": ("deep()", "RecursionError: maximum recursion depth exceeded", 70),
    "mute": ("raise Mute", "Mute, whose text cannot be made (ValueError)", 70),
    "BaseException": ("raise Away('far')", "Away: far", 70),
    "torch": ("import torch; torch.ones(2) @ torch.ones(3)", "RuntimeError: ", 70),
    "NasframeError": ("raise DataError('no cheese here')", "no cheese here", 2),
    "OSError": ("open('no-such-file')", "no-such-file: no such file or directory", 2),
    "OSError with words": ("raise OSError('the mill stands still')", "the mill stands still", 2),
}


@pytest.fixture
def rotten(plugins: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NASFRAME_TRACEBACK", raising=False)
    yield tmp_path
    for name, file in list(plugins.files.items()):
        if file.resolve().is_relative_to(tmp_path):
            plugins.unregister(name)
            sys.modules.pop(name, None)


def write(folder: Path, statement: str, method: str = "loss") -> None:
    text = HEAD.format(statement=statement, method=method)
    (folder / "rotten.py").write_text(text, encoding="utf-8")


def line_of(statement: str, folder: Path) -> int:
    lines = (folder / "rotten.py").read_text(encoding="utf-8").splitlines()
    word = "return deep()" if statement == "deep()" else statement
    return next(number for number, line in enumerate(lines, start=1) if word in line)


@pytest.mark.parametrize(
    ("kind", "method"),
    [(kind, "loss") for kind in (*RAISED, "SystemExit")]
    + [("KeyError", "data"), ("SystemExit", "data"), ("KeyError", "metrics"), ("SystemExit", "metrics")],
)
def test_an_error_of_a_task_is_told_with_plugin_line_and_words_and_no_traceback(
    rotten: Path, toy_streams: object, capsys: pytest.CaptureFixture[str], kind: str, method: str
) -> None:
    statement, words, status = RAISED.get(kind, ("raise SystemExit(0)", "SystemExit: 0", 70))
    write(rotten, statement, method)
    code = main(["search", str(STREAMS), "task.name=rotten", "--out", "run", "--plugin", "rotten.py"])
    error = capsys.readouterr().err
    assert words in error
    assert "plugin 'rotten'" in error
    assert f"rotten.py, line {line_of(statement, rotten)}" in error
    assert "Traceback" not in error
    assert code == (2 if method == "data" else status)  # the check of the task calls `data`
    if code == 70:
        assert "This is an error of plugin 'rotten', not of nasframe. NASFRAME_TRACEBACK=1" in error


def test_the_variable_shows_the_traceback(
    rotten: Path, toy_streams: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASFRAME_TRACEBACK", "1")
    write(rotten, "raise KeyError('cheese')")
    assert main(["mine", "--plugin", "rotten.py"]) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_command_of_a_plugin_may_end_the_program(rotten: Path, toy_streams: object) -> None:
    write(rotten, "raise SystemExit(3)")
    with pytest.raises(SystemExit) as ended:
        main(["mine", "--plugin", "rotten.py"])
    assert ended.value.code == 3


def test_an_error_of_nasframe_itself_says_so(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasframe.experiment.Experiment.load", lambda *_, **__: {}["cheese"])
    assert main(["search", str(STREAMS)]) == 70
    error = capsys.readouterr().err
    assert "KeyError: 'cheese'" in error
    assert "This is an error of nasframe itself; please report it" in error
    assert "Traceback" not in error


def test_a_failed_trial_names_plugin_and_line(
    rotten: Path, toy_streams: object, plugins: PluginManager
) -> None:
    write(rotten, "raise Away('far')")
    plugins.load_file("rotten.py")
    sys.modules["rotten"].work = lambda *_: sys.modules["rotten"].fail()  # type: ignore[attr-defined]
    outcome = do_trial(Trial("one", rotten, "rotten:work", {}))
    place = f"rotten.py, line {line_of('raise Away', rotten)}"
    assert (outcome.status, outcome.error) == ("failed", f"Away: far (plugin 'rotten', {place})")


def looks(instance: object, attribute: object, value: int) -> None:
    raise KeyError("cheese") if value else ValueError("it must not be nought")


@frozen
class Checked:
    size: int = field(default=1, validator=looks)


@frozen
class Joined:
    size: int = 1

    def __attrs_post_init__(self) -> None:
        raise SystemExit("no cheese")


@pytest.mark.parametrize(
    ("target", "value", "message"),
    [
        (Checked, 1, r"size: KeyError: 'cheese' \(test_errors_of_plugins.py, line \d+\)"),
        (Checked, 0, "size: it must not be nought"),
        (Joined, 1, r"Joined: SystemExit: no cheese \(test_errors_of_plugins.py, line \d+\)"),
    ],
)
def test_an_error_in_the_check_of_an_option_is_told_with_its_line(
    target: type, value: int, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        structure(target, {"size": value}, "my.toml")


def test_the_words_of_an_error_can_always_be_made() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RecursionError

    assert in_words(MuteError()) == "MuteError, whose text cannot be made (RecursionError)"
    assert in_words(KeyError("x")) == "KeyError: 'x'"
    assert in_words(ValueError()) == "ValueError"
