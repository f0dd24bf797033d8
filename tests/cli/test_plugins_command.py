"""`nasframe plugins` and `nasframe plugins show`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from nasframe.cli import main
from nasframe.plugins import hookimpl, manager
from nasframe.relaxations import Softmax


def test_every_plugin_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["kind", "name", "plugin", "description"]
    assert len(lines) == sum(len(manager().registered(kind)) for kind in manager().kinds)
    (grmc,) = [line for line in lines if line.split()[1] == "grmc"]
    assert grmc.split()[:3] == ["relaxation", "grmc", "nasframe"]
    assert len(grmc.split()) > 4


def test_json_lists_kind_name_plugin_and_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert all(set(record) == {"kind", "name", "plugin", "description"} for record in records)
    assert {(r["kind"], r["name"], r["plugin"]) for r in records} >= {
        ("relaxation", "softmax", "nasframe"),
        ("relaxation", "stgs", "nasframe"),
        ("relaxation", "grmc", "nasframe"),
        ("operation", "zero", "nasframe"),
        ("loop", "bilevel", "nasframe"),
        ("loop", "joint", "nasframe"),
    }


def test_every_installed_plugin_has_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    main(["plugins", "--json"])
    captured = capsys.readouterr()
    assert [record for record in json.loads(captured.out) if not record["description"]] == []
    assert captured.err == ""


def test_show_lists_options_with_types_defaults_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "show", "grmc"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "grmc: relaxation of plugin nasframe"
    (line,) = [line for line in out.splitlines() if line.split()[:1] == ["temperature"]]
    assert line.split()[:4] == ["temperature", "float", "default", "0.1"]


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "show", "grmc", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["kind"], record["name"], record["plugin"]) == ("relaxation", "grmc", "nasframe")
    options = {option["name"]: option for option in record["options"]}
    assert options["hard"]["type"] == "bool"
    assert options["hard"]["default"] is True
    assert options["hard"]["required"] is False
    assert set(options["hard"]) == {
        *("name", "type", "default", "required", "limits", "choices", "rule", "description")
    }


def test_every_plugin_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in manager().kinds:
        for entry in manager().registered(kind):
            assert main(["plugins", "show", f"{kind}:{entry.name}", "--json"]) == 0
            (record,) = json.loads(capsys.readouterr().out)
            assert (record["kind"], record["name"]) == (kind, entry.name)


@pytest.fixture
def two_kinds() -> Iterator[None]:
    plugin = SimpleNamespace(register_operations=hookimpl(lambda: {"softmax": Softmax}))
    manager().register(plugin, "another")
    yield
    manager().unregister("another")


@pytest.mark.usefixtures("two_kinds")
def test_a_name_of_two_kinds_is_shown_twice(capsys: pytest.CaptureFixture[str]) -> None:
    main(["plugins", "show", "softmax", "--json"])
    assert [record["kind"] for record in json.loads(capsys.readouterr().out)] == ["operation", "relaxation"]
    main(["plugins", "show", "relaxation:softmax", "--json"])
    assert [record["kind"] for record in json.loads(capsys.readouterr().out)] == ["relaxation"]
    main(["plugins", "show", "another:softmax", "--json"])
    assert [record["kind"] for record in json.loads(capsys.readouterr().out)] == ["operation"]


def test_a_demo_is_shown_by_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = SimpleNamespace(register_demos=hookimpl(lambda: {"small": tmp_path / "small.toml"}))
    manager().register(plugin, "another")
    try:
        assert main(["plugins", "show", "small"]) == 0
    finally:
        manager().unregister("another")
    assert str(tmp_path / "small.toml") in capsys.readouterr().out
