"""The command `watch`: runs and studies as they are now, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from nasframe.cli.run_folder import near_path
from nasframe.errors import RunError
from nasframe.runtime import print_text

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
        A run folder, a study, or a folder with any number of them below it.
    """
    if not folder.is_dir():
        problem = "is a file; expected a folder" if folder.exists() else f"no such folder{near_path(folder)}"
        raise RunError(f"{folder}: {problem}")

    from nasframe.watching import watch as serve

    serve(folder, port, lambda address: print_text(f"{address}\nCtrl-C ends it"))
