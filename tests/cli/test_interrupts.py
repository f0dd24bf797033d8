"""Ctrl-C at a moment at which the interpreter would drop it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasframe.__main__ as program
from nasframe.cli import main

CALLBACK = """
import time, weakref

class Key:
    pass

def interrupted(_):
    raise KeyboardInterrupt

key = Key()
callback = weakref.ref(key, interrupted)
del key
for _ in range(1000):
    time.sleep(0.01)
"""


DROPPED = """
import contextlib, os, signal, time
from nasframe.signals import answer_interrupt, commands_begin, hear_signals

hear_signals("interrupted before anything was begun")
commands_begin()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
except KeyboardInterrupt as error:
    print("dropped", flush=True)
    if KNOWN:
        answer_interrupt(error)
try:
    time.sleep(60 if not KNOWN else 0.5)
    print("nothing came")
except KeyboardInterrupt as error:
    print("again", error.number, flush=True)
    os._exit(130)
"""


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Let Ctrl-C raise, also where a shell has started the tests in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_during_a_callback_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(CALLBACK, encoding="utf-8")
    before = sys.unraisablehook
    assert main(["spaces", "--plugin", str(slow)]) == 130
    assert capsys.readouterr().err.startswith("nasframe: interrupted")
    assert sys.unraisablehook is before


def test_another_exception_in_a_callback_is_reported_as_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: reported.append(found.exc_type))
    quick = tmp_path / "quick.py"
    text = CALLBACK.replace("raise KeyboardInterrupt", "raise ZeroDivisionError").replace("1000", "1")
    quick.write_text(text, encoding="utf-8")
    main(["plugins", "--plugin", str(quick)])
    assert reported == [ZeroDivisionError]


def test_an_interrupt_that_a_library_drops_comes_again() -> None:
    program = [sys.executable, "-c", DROPPED.replace("KNOWN", "False")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stdout, done.stderr) == (130, "dropped\nagain 15\n", "")


def test_an_interrupt_that_was_answered_does_not_come_again() -> None:
    program = [sys.executable, "-c", DROPPED.replace("KNOWN", "True")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stdout, done.stderr) == (0, "dropped\nnothing came\n", "")


@pytest.mark.parametrize("word", ["a\nb", "it's\x1b[2J", "back\\slash\u202e", "plain", "", "two words"])
def test_the_command_of_the_first_moment_is_the_same_words_for_a_shell(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["nasframe", word])
    line = program._command()
    assert line.isprintable()
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"nasframe\0{word}\0"
