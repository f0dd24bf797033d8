"""An experiment to start from, as TOML: every option stands in it, those with their default commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nasframe.experiment.section_options import (
    OptionGroup,
    default_in_toml,
    options_of_plugin,
    options_of_section,
)
from nasframe.experiment.sections import DEFAULT_NAMES, ENGINE, PLUGINS
from nasframe.experiment.toml_value import in_toml
from nasframe.experiment.unused_sections import unused_in
from nasframe.runtime import visible

__all__ = ["starting_file"]

_WIDTH = 100

_OF_SECTION: Mapping[str, str] = {
    "task": "The data, and what is learned from it.",
    "space": "What may be connected, and the operations that a node may compute.",
    "relaxation": "How a choice becomes differentiable.",
    "loop": "How architectures are searched.",
    "search": "The length of a search, its batches and its end.",
    "train": "The training of the network that was found, and of all that it is compared with.",
    "baselines": "The networks beside the searched one.",
}


def starting_file(
    values: Mapping[str, Any], head: Sequence[str] = (), notes: Mapping[str, str] | None = None
) -> str:
    """Return an experiment as TOML in which every option stands, each with its help text.

    Those that `values` has are set; the others are commented out, as `#key = default`, or `#key = …` where
    there is no default that TOML can hold. A section that has no part in the loop is left out, unless
    `values` has it.

    Args:
        values: of the experiment; `task.name` and `space.name` are there.
        head: lines of the comment at its top.
        notes: dotted key → a line or several about its value.

    Raises:
        PluginError: a plugin that is named is unknown, or cannot be imported.
    """
    lines = [f"# {visible(line)}".rstrip() for line in head]
    lines += [
        "#",
        "# A line #key = value is an option with its default: take the # away to set it. → says why.",
        "# Where there is no default, … stands for a value of yours.",
        "",
    ]
    known = dict(notes or {})
    lines += _options(options_of_section(""), values, known)
    unused = unused_in(values)
    for section in (*PLUGINS, *ENGINE):
        if section in unused and section not in values:
            continue
        table = values.get(section, {})
        lines += ["", *_comment(_OF_SECTION[section]), f"[{section}]"]
        if section in ENGINE:
            group = options_of_section(section)
        else:
            name = str(table.get("name", DEFAULT_NAMES.get(section)))
            group = options_of_plugin(section, name)
            lines += [*_comment(group.description), *_note(known.get(f"{section}.name", ""))]
            lines.append(f"name = {in_toml(name)}")
        lines += _options(group, table, known)
    return "\n".join(lines) + "\n"


def _options(group: OptionGroup, values: Mapping[str, Any], notes: Mapping[str, str]) -> Iterator[str]:
    for option in group.options:
        yield from _comment(option.description)
        yield from _note(notes.get(group.key(option), ""))
        facts = visible(", ".join(filter(None, [option.type, option.limits_in_words])))
        if option.name in values:
            yield f"{option.name} = {in_toml(values[option.name])}  # {facts}"
        else:
            needed = "required: " if option.required else ""
            yield f"#{option.name} = {default_in_toml(option) or '…'}  # {needed}{facts}"


def _note(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in _comment(f"→ {line}")]


def _comment(text: str) -> list[str]:
    """Return a sentence as lines of a comment; what cannot be seen in it is escaped."""
    shown = textwrap.wrap(visible(text), _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [f"# {line}" for line in shown]
