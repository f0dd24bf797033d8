"""The page of the API: the docstring of every public name, grouped by the package that defines it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nasframe

__all__ = ["api_page", "groups"]

# of package → heading; in the order of the page
_HEADINGS = {
    "nasframe.experiment": "Experiments",
    "nasframe.pipeline": "Steps of a run, and what uses one",
    "nasframe.runs": "Runs",
    "nasframe.space": "Spaces and architectures",
    "nasframe.render": "Drawings",
    "nasframe.studies": "Studies",
    "nasframe.tables": "Tables of the truth",
    "nasframe.tasks": "Tasks and data",
    "nasframe.searching": "Search loops",
    "nasframe.training": "Training",
    "nasframe.relaxations": "Relaxations",
    "nasframe.operations": "Operations",
    "nasframe.network": "Networks",
    "nasframe.supernet": "The supernet",
    "nasframe.module_names": "Names of modules",
    "nasframe.plugins": "Plugins",
}


def groups() -> Mapping[str, Sequence[str]]:
    """Return heading → the public names of that package, in alphabetical order; every name is in one."""
    found: dict[str, list[str]] = {heading: [] for heading in _HEADINGS.values()}
    for name, module in sorted(nasframe._MODULES.items()):
        found[_HEADINGS[module]].append(name)
    return found


def api_page() -> str:
    """Return the page, in Markdown with the directives of mkdocstrings."""
    lines = [
        "# API",
        "Every public name of `nasframe` with its docstring. One line each, with examples: "
        "[Python](python.md). Names of other modules that plugins use: "
        "[the public page](extending.md#the-public-page).",
    ]
    for heading, names in groups().items():
        lines.append(f"## {heading}")
        lines += [f"::: nasframe.{name}" for name in names]
    return "\n\n".join(lines) + "\n"
