"""`nasframe completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from nasframe.errors import ConfigurationError
from nasframe.runtime import print_message, print_text, visible

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
            print_message(f"nasframe: {visible(str(place))} is written; a new {found} completes nasframe")
            return
        # so that bash puts a slash behind a folder, and no blank
        script = app.generate_completion(shell=found).replace("\ncomplete -F ", "\ncomplete -o filenames -F ")
        print_text(script.rstrip("\n"))

    app.command(completion)


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
