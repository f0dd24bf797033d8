"""Pipes and devices in place of files, and words that are no options: told, never a hang."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.errors import ConfigurationError
from nasframe.experiment.overrides import apply_overrides
from nasframe.studies.axes import parse_axes, point_name, points
from tests.toys import STREAMS

VALUES = {"relaxation": {"name": "grmc", "temperature": 0.5}, "search": {"epochs": 3}}
WORDS = (
    *(
        "relaxation=softmax,grmc",
        "temperature=0.1,0.5",
        "search.epochs=2,5",
        "loop=joint,bilevel",
        "seed=1,2",
    ),
    *("relaxation.temperature={start=1.0,end=0.1},0.5", "space.operations=['sum'],['zero','sum']"),
)
PARTS = (
    *("[[1]]", "{}", "[]", "{a=1}", "1e400", "nan", "-inf", "9" * 5000, "'", '"', "\\", "\0", "\n", "=", ","),
    *(".", "..", "true", "1979-05-27", "0x", "\udcff", "[" * 300, "{a=" * 200, "name", "relaxation", "'''"),
)


@pytest.fixture
def pipe(home: Path) -> Path:
    os.mkfifo(home / "pipe.py")
    return home / "pipe.py"


@pytest.mark.parametrize(
    "words",
    [
        ["show", "PIPE"],
        ["show", "/dev/zero"],
        ["run", "PIPE"],
        ["search", "/dev/zero"],
        ["train", "PIPE"],
        ["run", str(STREAMS), "--plugin", "PIPE"],
        ["run", str(STREAMS), "--out", "PIPE"],
        ["train", str(STREAMS), "--architecture", "PIPE"],
    ],
)
def test_a_pipe_or_a_device_as_an_argument_is_named_and_not_waited_for(
    words: list[str], pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(pipe) if word == "PIPE" else word for word in words]
    assert main(given) == 2
    message = capsys.readouterr().err
    assert any(name in message for name in (str(pipe), "/dev/zero"))


def test_a_list_in_place_of_a_plugins_name_is_a_mistake_of_the_command_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", str(STREAMS), "relaxation=[[1]],x"]) == 2
    assert "relaxation.name: expected a string, found [[1]]" in capsys.readouterr().err


def _mistyped(chance: random.Random) -> str:
    word = chance.choice(WORDS)
    for _ in range(chance.randint(1, 3)):
        place, part = chance.randrange(len(word) + 1), chance.choice(PARTS)
        key, _, _ = word.partition("=")
        cut = word[:place] + word[place + chance.randint(1, 4) :]
        word = chance.choice(
            [word[:place] + part + word[place:], cut, f"{key}={part},{chance.choice(PARTS)}"]
        )
    return word


def test_any_words_in_place_of_overrides_and_axes_end_in_words() -> None:
    refused = 0
    for number in range(400):
        words = [_mistyped(random.Random(f"{number} {index}")) for index in range(1 + number % 2)]
        apply_overrides(VALUES, words, relaxation=None, seed=None, device=None)
        try:
            for point in points(parse_axes(words, VALUES)):
                assert point_name(point)
        except ConfigurationError:
            refused += 1
    assert refused > 100
