"""`nasframe options`: every option can be found, and what is mistyped leads to what is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import attrs
import pytest

import nasframe
from nasframe.cli import main
from nasframe.options import option
from nasframe.plugins import hookimpl, manager


@pytest.fixture
def broken() -> Iterator[None]:
    names = {"gone": "no_such_module:Gone"}
    manager().register(SimpleNamespace(register_relaxations=hookimpl(lambda: names)), "broken")
    yield
    manager().unregister("broken")


def test_all_sections_are_shown_with_the_names_of_plugins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["options"]) == 0
    lines = capsys.readouterr().out.splitlines()
    words = [line.split() for line in lines]
    assert any(word[:4] == ["seed", "int", "default", "0"] for word in words)
    assert any(word[:1] == ["[search]:"] for word in words)
    assert any(line.startswith("[relaxation] name = …: ") and "grmc (default)" in line for line in lines)


def test_a_section_shows_type_default_limits_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "train"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["epochs"]]
    assert line.split()[1:7] == ["int", "default", "30", "1", "or", "more"]
    assert line.endswith("the best one is kept")


def test_a_section_of_plugins_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "relaxation"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if line.split()[:1] == ["grmc"]] == [
        ["grmc", "default"]
    ]
    assert "nasframe options relaxation.grmc" in out


@pytest.mark.parametrize("section", ["task", "space", "relaxation", "loop"])
def test_the_name_of_a_section_lists_its_plugins_as_the_section_does(
    section: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", section]) == main(["options", f"{section}.name"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]


def test_a_plugin_shows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "relaxation.grmc"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert names[:2] == ["samples", "temperature"]


@pytest.mark.parametrize(
    ("word", "key", "default"),
    [
        ("search.epochs", "search.epochs", "30"),
        ("relaxation.grmc.samples", "relaxation.samples", "100"),
        ("loop.order", "loop.order", "1"),
        ("seed", "seed", "0"),
    ],
)
def test_a_key_shows_one_option_whole(
    word: str, key: str, default: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", word]) == 0
    out = capsys.readouterr().out
    assert f"{key}={default}" in out
    assert "default" in out
    assert "in a file" in out


def test_a_key_of_several_plugins_shows_it_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "relaxation.temperature"]) == 0
    lines = [line.split()[:4] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert ["grmc", "float", "default", "0.1"] in lines
    assert ["softmax", "float", "default", "1.0"] in lines


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["search.epoch"], "did you mean 'search.epochs'"),
        (["grmc"], "did you mean 'relaxation.grmc'?"),
        (["relaxation:grmc"], "did you mean 'relaxation.grmc'?"),
        (["relaxation.grcm"], "did you mean 'relaxation.grmc'"),
        (["relaxation.grmc.sample"], "'relaxation.grmc.samples'"),
        (["serch"], "did you mean 'search'"),
        (["xyz"], "valid: baselines, cache, data_seed, device, loop, relaxation, search"),
        (["relaxation", "grmc"], "say nasframe options relaxation.grmc"),
        (["search", "--markdown"], "leave out search"),
        ([""], "'' names nothing; no word at all means all options"),
        (["[]"], "'[]' names nothing"),
        (["name"], "did you mean 'task.name' or 'space.name' or 'relaxation.name' or 'loop.name'?"),
    ],
)
def test_what_is_no_option_leads_to_what_is_meant(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["options", *words])
    captured = capsys.readouterr()
    assert status == 2
    assert hint in captured.err


@pytest.mark.parametrize("section", ["task", "search"])
def test_a_section_with_a_dot_behind_it_is_the_section(
    section: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", section]) == 0
    whole = capsys.readouterr().out
    assert main(["options", f"{section}."]) == 0
    assert capsys.readouterr().out == whole


class Odd:
    """A value that no file can hold."""


@attrs.frozen
class WithOdd(nasframe.Relaxation):
    """Has a default of such a kind."""

    odd: Odd = option(Odd(), help="anything")


def test_a_default_that_no_file_can_hold_is_said_to_be_one_of_python(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"with_odd": WithOdd}
    manager().register(SimpleNamespace(register_relaxations=hookimpl(lambda: names)), "odd_one")
    try:
        assert main(["options", "relaxation.with_odd.odd"]) == 0
    finally:
        manager().unregister("odd_one")
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["default", f"{__name__}:Odd, which only Python can give"] in lines
    assert not [line for line in lines if line[:1] == ["in"] or line[:1] == ["on"]]


@pytest.mark.parametrize(
    ("key", "found"),
    [("temperature", {"relaxation.grmc", "relaxation.softmax"}), ("epochs", {"search", "train"})],
)
def test_a_key_is_found_by_its_last_part_in_every_section(
    key: str, found: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", key]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert found <= {line[0] for line in lines}


@pytest.mark.parametrize(
    ("word", "valid"), [("search.foo", "search.epochs"), ("relaxation.grmc.foo", "relaxation.grmc.samples")]
)
def test_a_name_that_is_near_to_none_leads_to_all_keys_of_its_section(
    word: str, valid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", word]) == 2
    said = capsys.readouterr().err
    assert "did you mean" not in said
    assert valid in said


def test_as_json_each_option_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "--json"]) == 0
    records = {item["key"]: item for item in json.loads(capsys.readouterr().out)}
    assert records["search.candidates"] == {
        "key": "search.candidates",
        "section": "search",
        "plugin_name": None,
        "plugin": "nasframe",
        "name": "candidates",
        "type": "int",
        "default": 1,
        "required": False,
        "limits": {"ge": 1, "le": 100_000},
        "choices": [],
        "rule": "",
        "description": records["search.candidates"]["description"],
    }
    assert records["seed"]["section"] is None
    assert records["loop.order"]["choices"] == [1, 2]


def test_json_of_one_section_has_its_options_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "baselines", "--json"]) == 0
    keys = [item["key"] for item in json.loads(capsys.readouterr().out)]
    assert keys == ["baselines.random", "baselines.task", "baselines.registered"]


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    "words", [[], ["relaxation"], ["relaxation.temperature"], ["--json"], ["--markdown"]]
)
def test_a_plugin_that_does_not_load_is_named_and_the_others_are_there(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["options", *words]) == 0
    captured = capsys.readouterr()
    assert "left out: relaxation.gone: plugin 'broken' registers relaxation 'gone'" in captured.err
    assert "no_such_module" in captured.err
    assert "grmc" in captured.out


@pytest.mark.usefixtures("broken")
def test_a_plugin_that_does_not_load_is_refused_in_words_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["options", "relaxation.gone"]) == 2
    assert "no_such_module" in capsys.readouterr().err


@pytest.mark.parametrize("section", ["search", "train", "baselines", "relaxation"])
def test_plugins_show_leads_to_a_section(section: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", section]) == 0
    shown = capsys.readouterr().out
    assert main(["plugins", "show", section]) == 0
    assert capsys.readouterr().out == shown


def test_a_name_of_a_plugin_cannot_break_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "sear\x1b[31mch\nx"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_an_unknown_name_leads_to_a_few_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "epocs"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.endswith("'epocs'; did you mean 'search.epochs' or 'train.epochs'?")
