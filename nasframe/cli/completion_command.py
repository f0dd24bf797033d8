"""`nasframe completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from nasframe.cli.bash_values import with_values as with_values_in_bash
from nasframe.cli.completed_words import WordLists
from nasframe.cli.fish_values import with_values as with_values_in_fish
from nasframe.cli.plugin_files import OPTION as PLUGIN_OPTION
from nasframe.cli.verbosity_options import WORDS as VERBOSITY_WORDS
from nasframe.errors import ConfigurationError
from nasframe.plugins import manager
from nasframe.runtime import print_message, print_text, read_text, visible, write_text

__all__ = ["add_commands"]

Shell = Literal["bash", "zsh", "fish", "powershell"]
_SHELLS: tuple[Shell, ...] = ("bash", "zsh", "fish", "powershell")
_WITH_VALUES: Mapping[str, Callable[[str, WordLists], str]] = {
    "bash": with_values_in_bash,
    "fish": with_values_in_fish,
}
"""Shells whose script completes values and keys too."""


def add_commands(app: App) -> None:
    """Add the command; the script knows the commands that `app` has when the command runs."""

    def completion(
        shell: Shell | None = None,
        /,
        *,
        install: Annotated[
            bool, Parameter(help="Write it to its place, and a line into the shell's startup file.")
        ] = False,
    ) -> None:
        """Print the script by which a shell completes the commands and options, those of plugins too.

        Parameters
        ----------
        shell
            The shell. [default: that of SHELL]
        """
        found = shell or _own_shell()
        if install:
            place = app.install_completion(shell=found)
            if found in _WITH_VALUES:
                write_text(place, _WITH_VALUES[found](read_text(place), _word_lists()))
            print_message(f"nasframe: {visible(str(place))} is written; a new {found} completes nasframe")
            return
        script = app.generate_completion(shell=found)
        if found in _WITH_VALUES:
            script = _WITH_VALUES[found](script, _word_lists())
        print_text(script.rstrip("\n"))

    app.command(completion)


def _word_lists() -> WordLists:
    """Return what there is to complete now: values of options, keys of experiments, names of options."""
    from nasframe.experiment import ENGINE, PLUGINS, options_of_plugins, options_of_section

    titles: list[str] = [*PLUGINS, *ENGINE]
    groups = [options_of_section("")]
    for section in PLUGINS:
        found, _ = options_of_plugins(section)
        titles += [group.title for group in found]
        groups += found
    groups += [options_of_section(section) for section in ENGINE]
    names = {kind: sorted({entry.name for entry in manager().registered(kind)}) for kind in manager().kinds}
    of_keys = {f"{section}.name": names[section] for section in PLUGINS}
    keys = [f"{section}.name" for section in PLUGINS]
    for group in groups:
        for option in group.options:
            keys.append(group.key(option))
            values = ["true", "false"] if option.type == "bool" else [str(word) for word in option.choices]
            if values:
                known = of_keys.get(group.key(option), [])
                of_keys[group.key(option)] = list(dict.fromkeys([*known, *values]))
    keys = list(dict.fromkeys(keys))
    owners = Counter(key.rpartition(".")[2] for key in keys)
    short = {key: key.rpartition(".")[2] for key in keys if owners[key.rpartition(".")[2]] == 1}
    of_keys |= {short[key]: values for key, values in of_keys.items() if key in short}
    return WordLists(
        everywhere=(PLUGIN_OPTION, *VERBOSITY_WORDS),
        values={f"--{kind}": names[kind] for kind in ("relaxation", "loop", "preset", "executor")},
        first={"options": [*titles, *keys], "new": names["task"]},
        keys=[f"{key}=" for key in keys],
        axes=[f"{key}=" for key in dict.fromkeys([*keys, *short.values()])],
        of_keys=of_keys,
        plugins=sorted({*titles, *(name for found in names.values() for name in found)}),
    )


def _own_shell() -> Shell:
    """Return the user's shell.

    Raises:
        ConfigurationError: `SHELL` names none, or one that is not supported.
    """
    name = Path(os.environ.get("SHELL", "")).name
    for shell in _SHELLS:
        if name == shell:
            return shell
    found = f"SHELL is {name!r}" if name else "SHELL is not set"
    raise ConfigurationError("completion", [f"{found}; say one of {', '.join(_SHELLS)}"])
