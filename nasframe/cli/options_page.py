"""All options of an experiment as a page in Markdown, with an example in Python for each section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasframe.errors import in_words
from nasframe.runtime import visible

if TYPE_CHECKING:
    from nasframe.experiment import OptionGroup
    from nasframe.options import Option

__all__ = ["options_page"]

_HEAD = """\
# Options

Every option of an experiment, section by section: those of nasframe, and those of the plugins that are \
installed. This page is made by `nasframe options --markdown`, from the classes that declare the options; a \
test holds it to them. In a terminal, `nasframe options search` prints a section, `nasframe options \
relaxation.grmc` a plugin, and `nasframe options search.epochs` one option.

An option is said in the file of the experiment, under its section; on the command line as \
`search.epochs=3`; or in Python, as below. `nasframe new TASK` writes a file in which every option stands. A \
default of *none* means that the option is not set; a file leaves it out.

The examples in Python pass every option of their section, with its default where it has one. Each begins \
with these lines:

```python
import torch

import nasframe

left, right = torch.rand(2, 200, 8, 4)
labels = (right.mean((1, 2)) > left.mean((1, 2))).long()
task = nasframe.TensorTask({"left": left, "right": right}, labels)
```
"""

_SECTIONS = {
    "task": "The data, and what is learned from it. A task of your own on tensors or data sets is made in "
    "Python by `nasframe.TensorTask` and `nasframe.DatasetTask` ([your-data.md](your-data.md)).",
    "space": "What may be connected, and the operations that a node may compute.",
    "relaxation": "How a choice becomes differentiable. Loops without logits do not use it.",
    "loop": "How architectures are searched ([loops.md](loops.md)).",
}

_WIDTH = 96


def options_page(groups: Sequence[OptionGroup], broken: dict[str, str] | None = None) -> str:
    """Return the page of some sections and plugins, in their order; it ends with a line break.

    Args:
        groups: of the sections and plugins.
        broken: gets title → what is wrong, of the plugins that are left out, as a default of theirs cannot be
            written.
    """
    parts, section = [_HEAD], None
    for group in groups:
        try:
            options = [_table(group.options), *_example(group)]
        except Exception as error:  # the repr of a plugin's default may be any code
            if broken is not None:
                broken[group.title] = (
                    f"an option of plugin {group.plugin!r} cannot be written: {in_words(error)}"
                )
            continue
        if group.section != section:
            section = group.section
            parts.append(f"## {f'[{section}]' if section else 'Outside the sections'}\n")
            parts += [f"{_SECTIONS[section]}\n"] if section in _SECTIONS else []
        if group.name:
            default = ", the default" if group.is_default else ""
            of_plugin = f"of plugin `{group.plugin}`{default}"
            parts.append(f"### {_escaped(group.title)}\n")
            parts.append(f'{_escaped(group.description)} `name = "{_escaped(group.name)}"`, {of_plugin}.\n')
        elif section:
            parts.append(f"{_escaped(group.description)}\n")
        parts += options
    return "\n".join(parts)


def _table(options: Sequence[Option]) -> str:
    if not options:
        return "It has no options.\n"
    from nasframe.experiment import default_in_toml

    lines = ["| option | type | default | limits | |", "|---|---|---|---|---|"]
    for option in options:
        value = default_in_toml(option)
        none = "none" if option.default is None else "from Python alone"
        default = "required" if option.required else none if value is None else _code(value)
        cells = [_code(option.name), _escaped(option.type), default, option.limits_in_words]
        lines.append(f"| {' | '.join([*cells, _escaped(option.description)])} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def _example(group: OptionGroup) -> Iterator[str]:
    """Yield a script that passes every option of a group; nothing where one is required."""
    if any(option.required for option in group.options):
        return
    arguments = [_argument(option) for option in group.options]
    if not group.section:
        code = _call("experiment = nasframe.Experiment.of", ["task=task", 'space="bimodal"', *arguments])
    else:
        part = _call(f"{group.section} = {_maker(group)}", arguments)
        given = {"task": "task", "space": '"bimodal"', group.section: group.section}
        passed = ", ".join(f"{name}={value}" for name, value in given.items())
        code = f"{part}\nexperiment = nasframe.Experiment.of({passed})"
    yield f"```python\n{code}\n```\n"


def _maker(group: OptionGroup) -> str:
    """Return the expression of a class: its public name, else the look-up of its plugin."""
    import nasframe
    from nasframe import relaxations

    name = group.target.__name__
    for page in (nasframe, relaxations):
        if name in page.__all__ and getattr(page, name) is group.target:
            return f"{page.__name__}.{name}"
    return f"nasframe.manager().load({group.section!r}, {group.name!r})".replace("'", '"')


def _call(function: str, arguments: Sequence[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _argument(option: Option) -> str:
    """Return an argument; a long tuple has a line for each of its values, as formatters write it."""
    value = option.default
    line = f"{option.name}={_in_python(value)}"
    if len(line) <= _WIDTH or not isinstance(value, tuple):
        return line
    return f"{option.name}=(\n" + "".join(f"        {_in_python(item)},\n" for item in value) + "    )"


def _in_python(value: Any) -> str:
    if isinstance(value, tuple | list):
        inner = ", ".join(map(_in_python, value))
        return f"({inner}{',' * (len(value) == 1)})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, Path):
        value = str(value)
    text = repr(value)
    return f'"{text[1:-1]}"' if isinstance(value, str) and '"' not in text else text


def _code(text: str) -> str:
    return f"`{visible(text).replace('|', chr(92) + '|')}`"


def _escaped(text: str) -> str:
    """Return a text of a plugin for Markdown: on one line, without HTML and without the end of a cell."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*")
