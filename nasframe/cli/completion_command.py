"""`nasframe completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from nasframe.cli.bash_values import WordLists, with_values
from nasframe.cli.plugin_files import OPTION as PLUGIN_OPTION
from nasframe.cli.verbosity_options import WORDS as VERBOSITY_WORDS
from nasframe.errors import ConfigurationError
from nasframe.plugins import manager
from nasframe.runtime import print_message, print_text, read_text, visible, write_text

__all__ = ["add_commands"]

Shell = Literal["bash", "zsh", "fish", "powershell"]
_SHELLS: tuple[Shell, ...] = ("bash", "zsh", "fish", "powershell")


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
            if found == "bash":
                write_text(place, with_values(read_text(place), _word_lists()))
            print_message(f"nasframe: {visible(str(place))} is written; a new {found} completes nasframe")
            return
        script = app.generate_completion(shell=found)
        if found == "bash":
            script = with_values(script, _word_lists())
        print_text(script.rstrip("\n"))

    app.command(completion)


def _word_lists() -> WordLists:
    """Return what there is to complete now: values of options, keys of experiments, names of options."""
    from nasframe.experiment import ENGINE, PLUGINS, options_of_plugins, options_of_section

    titles: list[str] = [*PLUGINS, *ENGINE]
    keys = [option.name for option in options_of_section("").options]
    for section in PLUGINS:
        groups, _ = options_of_plugins(section)
        titles += [group.title for group in groups]
        keys += [f"{section}.name", *(group.key(option) for group in groups for option in group.options)]
    keys += [
        f"{section}.{option.name}" for section in ENGINE for option in options_of_section(section).options
    ]
    names = {
        kind: sorted({entry.name for entry in manager().registered(kind)})
        for kind in ("relaxation", "loop", "preset", "executor", "task")
    }
    return WordLists(
        everywhere=(PLUGIN_OPTION, *VERBOSITY_WORDS),
        values={f"--{kind}": found for kind, found in names.items() if kind != "task"},
        first={"options": titles, "new": names["task"]},
        keys=[f"{key}=" for key in dict.fromkeys(keys)],
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
    raise ConfigurationError("nasframe completion", [f"{found}; say one of {', '.join(_SHELLS)}"])
