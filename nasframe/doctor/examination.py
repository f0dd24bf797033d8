"""All inspections, one after the other; one that fails is a problem itself."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nasframe.doctor.findings import Findings
from nasframe.doctor.folders import inspect_folders
from nasframe.doctor.machine import inspect_machine, inspect_python
from nasframe.doctor.packages import inspect_packages
from nasframe.doctor.plugins import inspect_plugins
from nasframe.doctor.renderers import inspect_renderers
from nasframe.doctor.torch_devices import inspect_torch
from nasframe.user_cache import CACHE_VARIABLE, prepared_folder

__all__ = ["examine"]


def examine(cache: Path | None = None, *, imports: bool = False) -> Findings:
    """Inspect this installation and return the findings; no broken part of it raises an error.

    Args:
        cache: folder of prepared data; None is the one that no command and no experiment names.
        imports: import the packages of extras that take seconds, too.
    """
    findings = Findings()
    given = os.environ.get(CACHE_VARIABLE)
    place = cache or (_expanded(given) if given else prepared_folder())
    inspections: dict[str, Callable[[Findings], None]] = {
        "Python": inspect_python,
        "the machine": inspect_machine,
        "the packages": partial(inspect_packages, imports=imports),
        "torch": inspect_torch,
        "the renderers": inspect_renderers,
        "the plugins": inspect_plugins,
        "the folders": partial(inspect_folders, cache=place),
    }
    # What a package prints or warns of when it is imported is no part of the answer.
    with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        for name, inspect in inspections.items():
            try:
                inspect(findings)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a package may raise anything
                findings.problem(
                    f"{name} cannot be inspected: {type(error).__name__}: {error}",
                    "install nasframe anew: pip install --force-reinstall nasframe",
                )
    return findings


def _expanded(given: str) -> Path:
    """Return a path with the home folder in place of a `~`; as it is where there is none."""
    try:
        return Path(given).expanduser()
    except RuntimeError:
        return Path(given)
