"""The plugins that a run was made with and that this machine lacks, named in an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import NasframeError, RunError, in_lines
from nasframe.plugins import manager
from nasframe.runs.plugin_record import missing_plugins
from nasframe.runs.run import Run
from nasframe.runtime import shell_line

__all__ = ["naming_missing_plugins"]


@contextmanager
def naming_missing_plugins(run: Path) -> Iterator[None]:
    """Name the missing plugins of a run in an error of the block, if a look-up of a name failed in it.

    A command puts it around everything that it reads from a run, such as its experiment or supernet. The user
    is then told which plugin to install, or which file to give with --plugin:

        with naming_missing_plugins(folder):
            experiment = nasframe.load_experiment(folder)

    Args:
        run: the folder; where it holds no run, errors pass as they are.

    Raises:
        RunError: in place of the error, with its text and a line for each missing plugin.
    """
    before = manager().failed_look_ups
    try:
        yield
    except NasframeError as error:
        missing = _missing(run) if manager().failed_look_ups > before else []
        if not missing:
            raise
        raise RunError(in_lines(str(error), *missing)) from error


def _missing(run: Path) -> list[str]:
    """Return a sentence for each plugin of the run that is not here; none where `run` is no run folder."""
    try:
        recorded = Run.open(run).record.get("plugins", {})
    except NasframeError:
        return []
    failed, lines = manager().failed, []
    for name in missing_plugins(recorded):
        version, file = (recorded[name].get(key) for key in ("version", "file"))
        title = f"{name!r}{f' ({version})' if version else ''}"
        why = "which is not installed"
        if name in failed:
            why = f"which {failed[name]}"
        elif file:
            why = f"which is a file that is not loaded by itself; add --plugin {shell_line([file])}"
        lines.append(f"{run} was made with the plugin {title}, {why}")
    return lines
