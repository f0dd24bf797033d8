"""An experiment to start from: every option stands in it, and what is commented out is the default."""

from __future__ import annotations

import re
import tomllib

import pytest

from nasframe.experiment import ENGINE, Experiment, option_keys, starting_file

VALUES = {
    "task": {"name": "tensors", "file": "a.csv", "target": "state"},
    "space": {"name": "bimodal", "channels": 8},
    "search": {"epochs": 3},
}


def commented_in(text: str) -> str:
    """The text with every option set; those without a default are left out."""
    return re.sub(r"^#(\w+ = )(?!…)", r"\1", text, flags=re.MULTILINE)


def test_it_is_the_experiment_of_its_values() -> None:
    assert Experiment.parse(tomllib.loads(starting_file(VALUES))) == Experiment.parse(VALUES)


def test_every_key_that_the_experiment_may_have_stands_in_it_once() -> None:
    section, found = "", []
    for line in starting_file(VALUES).splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = f"{match[1]}."
        elif match := re.match(r"#?(\w+) = ", line):
            found.append(f"{section}{match[1]}")
    assert sorted(found) == sorted(option_keys(VALUES))


def test_what_is_commented_out_is_the_default() -> None:
    text = starting_file(VALUES)
    assert "#patience = 3  # int, 1 or more" in text
    assert Experiment.parse(tomllib.loads(commented_in(text))) == Experiment.parse(VALUES)


def test_an_option_without_a_default_says_its_type() -> None:
    assert "#split = …  # str | none" in starting_file(VALUES)


def test_a_note_stands_above_its_option() -> None:
    text = starting_file(VALUES, ["at the top"], {"search.epochs": "few\x1b[31m, to see an end"})
    assert text.startswith("# at the top\n")
    assert "# → few\\x1b[31m, to see an end\nepochs = 3" in text


@pytest.mark.parametrize("section", ENGINE)
def test_a_section_that_the_values_lack_is_there_all_the_same(section: str) -> None:
    assert f"[{section}]" in starting_file({key: VALUES[key] for key in ("task", "space")})
