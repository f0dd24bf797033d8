"""The options of an experiment, section by section, as its classes and the installed plugins declare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
from attrs import field, frozen

from nasframe.errors import PluginError, in_words
from nasframe.experiment.experiment import Settings
from nasframe.experiment.plain import is_plain, plain_value
from nasframe.experiment.sections import BASES, DEFAULT_NAMES
from nasframe.experiment.toml_value import in_toml
from nasframe.options import Option, options_of, unstructure
from nasframe.plugins import Registered, manager

__all__ = ["OptionGroup", "default_in_toml", "options_of_plugin", "options_of_plugins", "options_of_section"]


@frozen
class OptionGroup:
    """The options of one section; where a section names a plugin, those of one plugin.

    Attributes:
        section: such as `search` or `relaxation`; empty for the keys outside every section.
        name: by which an experiment names the plugin, such as `grmc`; empty for a section without one.
        plugin: that registers it.
        description: the first line of its documentation.
        options: in the order in which its class declares them.
        target: the class.
        is_default: it is the one that an experiment has whose file names none.
    """

    section: str
    name: str
    plugin: str
    description: str
    options: tuple[Option, ...]
    target: Any = field(repr=False)
    is_default: bool = False

    @property
    def title(self) -> str:
        """Its name as `nasframe options` takes it: `search`, `relaxation.grmc`."""
        return f"{self.section}.{self.name}" if self.name else self.section

    def key(self, option: Option) -> str:
        """Return the dotted key of an option in an experiment, such as `relaxation.samples`."""
        return f"{self.section}.{option.name}" if self.section else option.name


def options_of_section(section: str) -> OptionGroup:
    """Return the options of a section that names no plugin: `search`, `train`, `baselines`; or, for an empty
    text, the keys outside every section."""
    target = BASES[section] if section else Settings
    return OptionGroup(section, "", "nasframe", _on_one_line(target), tuple(options_of(target)), target)


def options_of_plugins(section: str) -> tuple[list[OptionGroup], Mapping[str, str]]:
    """Return the options of each plugin that a section may name, and the plugins that cannot be shown.

    Args:
        section: one of `PLUGINS`.

    Returns:
        The options, sorted by the names of the plugins; and name → what is wrong with it.
    """
    entries = manager().registered(section)
    count = Counter(entry.name for entry in entries)
    found: list[OptionGroup] = []
    broken: dict[str, str] = {}
    for entry in entries:
        name = entry.name if count[entry.name] == 1 else f"{entry.plugin}:{entry.name}"
        try:
            found.append(_group(section, name, entry))
        except PluginError as error:
            broken[name] = str(error)
    return found, broken


def options_of_plugin(section: str, name: str) -> OptionGroup:
    """Return the options of the plugin that a section may name so.

    Raises:
        PluginError: an unknown or ambiguous name, or it cannot be imported.
    """
    return _group(section, name, manager().find(section, name, DEFAULT_NAMES.get(section)))


def default_in_toml(option: Option) -> str | None:
    """Return a default as a file has it; None where a file cannot have it, or there is none."""
    if option.required or option.default is None:
        return None
    default = unstructure(option.default)
    return in_toml(plain_value(default)) if is_plain(default) else None


def _group(section: str, name: str, entry: Registered) -> OptionGroup:
    target = entry.load()
    if not (isinstance(target, type) and attrs.has(target)):
        raise PluginError(f"{entry} is {target!r}; expected a class of attrs, whose fields are the options")
    try:
        options = tuple(options_of(target))
    except Exception as error:  # the types of a plugin's options may be any code
        raise PluginError(f"the options of {entry} cannot be read: {in_words(error)}") from error
    is_default = name == DEFAULT_NAMES.get(section)
    return OptionGroup(section, name, entry.plugin, entry.description, options, target, is_default)


def _on_one_line(target: type) -> str:
    return (target.__doc__ or "").strip().partition("\n")[0]
