"""An experiment made in Python, as plain values and tensors from which another process can make it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from nasframe.errors import ConfigurationError
from nasframe.experiment.experiment import Experiment
from nasframe.experiment.plain import kept_options, plain_value
from nasframe.experiment.sections import PLUGINS, made_in_python
from nasframe.plugins import manager

__all__ = ["tensors_of", "with_tensors", "without_tensors"]

Tensors = Mapping[tuple[str, ...], torch.Tensor]
"""Key path of an option, such as `("task", "tensors", "x")` → its tensor."""


def tensors_of(experiment: Experiment) -> dict[tuple[str, ...], torch.Tensor]:
    """Return the tensors among the options of an experiment; its other options are in `to_dict`.

    Returns:
        Key path → tensor, as `with_tensors` puts it back. Empty for an experiment that a file can hold.

    Raises:
        ConfigurationError: another process could not make the experiment: a plugin that is not registered, or
            an option that neither TOML nor a file of tensors can hold. All of them are named.
    """
    tensors: dict[tuple[str, ...], torch.Tensor] = {}
    problems: list[str] = []
    for section in PLUGINS:
        instance, name = getattr(experiment, section), experiment.names[section]
        registered = manager().entry_of(section, type(instance)) is not None
        if not registered and not made_in_python(section, name):
            hook = "register_search_spaces" if section == "space" else f"register_{section}s"
            problems.append(
                f"{section}: {name!r} was made in Python and no plugin registers it, so no other process can "
                f"make it; register it: put the class into a file with the hook {hook}, and load that with "
                "nasframe.load_plugin(FILE) or --plugin FILE (docs/extending.md)"
            )
            continue
        for path, value in _leaves(kept_options(instance), (section,)):
            if isinstance(value, torch.Tensor):
                tensors[path] = value
            elif not isinstance(value, str | bool | int | float | Path):
                problems.append(
                    f"{'.'.join(path)}: a {type(value).__qualname__} cannot be written into a file, so no "
                    "other process can have it; expected text, numbers or tensors"
                )
    if problems:
        raise ConfigurationError("experiment", problems)
    return tensors


def with_tensors(values: Mapping[str, Any], tensors: Tensors) -> dict[str, Any]:
    """Return plain values with the tensors in place of the text that stands for them."""
    result = dict(values)
    for path, tensor in tensors.items():
        table = result
        for part in path[:-1]:
            table[part] = dict(table.get(part, {}))
            table = table[part]
        table[path[-1]] = tensor
    return result


def without_tensors(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values with the text that stands for a tensor in the place of each."""
    return {
        key: without_tensors(value)
        if isinstance(value, Mapping)
        else plain_value(value)
        if isinstance(value, torch.Tensor)
        else value
        for key, value in values.items()
    }


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            if isinstance(inner, torch.Tensor):
                yield path, [inner]  # it could not be put back
            else:
                yield from _leaves(inner, path)
    else:
        yield path, value
