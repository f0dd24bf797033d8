"""The command `watch`: runs and studies as they are now, in a browser."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from nasframe.cli.run_folder import file_in_words, near_path
from nasframe.errors import RunError
from nasframe.runtime import print_message, print_text
from nasframe.signals import answer_interrupt, ending_signal

__all__ = ["add_commands"]


def add_commands(app: App) -> None:
    """Add the command."""
    app.command(watch)


def watch(
    folder: Path = Path("runs"),
    /,
    *,
    port: Annotated[
        int | None, Parameter(help="0 takes a free one. [default: the first free one from 8420 on]")
    ] = None,
) -> None:
    """Show runs and studies in a browser of this machine as they are now, until Ctrl-C. Nothing is written.

    Parameters
    ----------
    folder
        A run folder, a study, or a folder with any number of them below it. It need not be there yet.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: {file_in_words(folder, 'folder')}")

    from nasframe.watching import watch as serve

    is_there, near = folder.is_dir(), near_path(folder, folders=True)

    def say(address: str) -> None:
        print_text(f"{address}\nCtrl-C ends it")
        if not is_there:
            print_message(f"nasframe: {folder}: is not there yet; its pages come with it{near}")

    try:
        serve(folder, port, say)
    except KeyboardInterrupt as error:
        if ending_signal(error) != signal.SIGINT:
            raise
        answer_interrupt(error)  # the way to end it, so there is nothing to say
