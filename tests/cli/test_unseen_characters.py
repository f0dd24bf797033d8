"""No command prints a name in a form that moves the cursor or begins a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.plugins import PluginManager
from tests.plugins.made import plugin

NAME = "a\x1b]8;;x\x07\nnasframe: all is well\u202e[/red]"
SHOWN = r"a\x1b]8;;x\x07\nnasframe: all is well\u202e[/red]"


@pytest.mark.parametrize(
    "words",
    [["show", NAME], ["report", NAME], ["evaluate", NAME], ["run", NAME], [NAME], ["plugins", "show", NAME]],
    ids=lambda words: words[0][:1] + str(len(words)),
)
def test_an_error_of_the_command_line_shows_a_word_on_its_line(words: list[str], capfd: Any) -> None:
    assert main(words) == 2
    out, err = capfd.readouterr()
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err
    assert not any(line.startswith("nasframe: all") for line in (out + err).splitlines())
    assert SHOWN.split("\\n")[0] in err


def test_the_message_of_a_plugin_is_shown_on_its_line(plugins: PluginManager, capfd: Any) -> None:
    def commands(app: Any) -> None:
        @app.command
        def hostile() -> None:
            raise RunError(f"{NAME}: no such thing")

    plugins.register(plugin(register_commands=commands), "mine")
    assert main(["hostile"]) == 2
    assert capfd.readouterr().err == f"nasframe: {SHOWN}: no such thing\n"


def test_names_of_plugins_are_listed_as_they_can_be_seen_and_whole_in_json(
    plugins: PluginManager, capfd: Any
) -> None:
    name, seen = NAME.replace(":", ""), SHOWN.replace(":", "")  # a name has no colon
    plugins.register(plugin(register_demos=lambda: {name: Path("x.toml")}), "mine\x1b[0m")
    assert main(["plugins"]) == 0
    out = capfd.readouterr().out
    assert any(seen in line and r"mine\x1b[0m" in line for line in out.splitlines())
    assert "\x1b" not in out
    assert main(["plugins", "--json"]) == 0
    out = capfd.readouterr().out
    assert out.isascii() or out.replace("\n", "").isprintable()
    assert any(entry["name"] == name for entry in json.loads(out))
