from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.errors import NasframeError
from nasframe.runtime import require_processor
from nasframe.runtime.processor import missing_instructions

OLD = "processor\t: 0\nflags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt\n"


def test_a_processor_without_the_instructions_of_the_wheels_is_named_by_what_it_lacks() -> None:
    assert missing_instructions(OLD) == ["avx"]
    assert missing_instructions(OLD.replace("popcnt", "popcnt avx")) == []


def test_a_processor_that_says_nothing_of_its_instructions_is_let_through() -> None:
    assert missing_instructions("Features\t: fp asimd\n") == []


def test_a_processor_that_cannot_compute_is_refused_with_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_, **__: OLD)
    with pytest.raises(NasframeError, match="lacks the instructions avx, which the wheels"):
        require_processor()
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    require_processor()


def test_this_processor_is_good_enough() -> None:
    require_processor()
    assert not missing_instructions(Path("/proc/cpuinfo").read_text(encoding="utf-8"))


def test_a_command_says_what_is_missing_and_help_still_helps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise NasframeError("this processor lacks the instructions avx")

    monkeypatch.setattr("nasframe.cli.require_processor", refuse)
    assert main(["plugins"]) == 2
    assert capsys.readouterr().err == "nasframe: this processor lacks the instructions avx\n"
    assert main(["--help"]) == 0
