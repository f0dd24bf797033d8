"""`nasframe options`: every option of an experiment, with type, default, limits and meaning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from nasframe.cli.run_folder import is_there
from nasframe.errors import ConfigurationError, near_names, nearest
from nasframe.runtime import (
    print_columns,
    print_document,
    print_json,
    print_message,
    print_text,
    visible,
)

if TYPE_CHECKING:
    from nasframe.experiment import OptionGroup
    from nasframe.options import Option

__all__ = ["add_commands", "option_values", "print_options", "show_options"]

_MOST_NEAR = 4
"""Names that are suggested in place of an unknown one."""


def add_commands(app: App) -> None:
    """Add `options`."""
    app.command(options)


def options(
    *names: Annotated[
        str,
        Parameter(
            name="NAME",
            help="A section (search), a plugin of one (relaxation.grmc), or a key (search.epochs, "
            "temperature). [default: all]",
        ),
    ],
    json: bool = False,
    markdown: bool = False,
) -> None:
    """Show the options of an experiment: of all sections, of one, of a plugin, or one option.

    Parameters
    ----------
    json
        A list, one object for each option.
    markdown
        All of them as a page, with an example in Python for each section.
    """
    section, joined = "".join(names[:1]), ".".join(names)
    if len(names) > 1:
        from nasframe.experiment import PLUGINS

        word = joined if names[0] in PLUGINS else section
        raise ConfigurationError("options", [f"expected one name; say nasframe options {visible(word)}"])
    if names and not section.strip(" []"):
        raise ConfigurationError("options", [f"{section!r} names nothing; no word at all means all options"])
    if not markdown:
        show_options(section, json=json)
        return
    if section or json:
        other = "--json" if json else visible(section)
        raise ConfigurationError("options", [f"--markdown: writes the whole page; leave out {other}"])
    from nasframe.cli.options_page import options_page

    groups, broken = _all_groups()
    print_document(options_page(groups, broken))
    _say_broken(broken)


def show_options(word: str, *, json: bool = False) -> None:
    """Print the options that a word names; see `options`.

    Raises:
        ConfigurationError: nothing has that name; the near ones are named.
        PluginError: the plugin that it names is unknown, or cannot be imported.
    """
    from nasframe.experiment import PLUGINS

    word = word.strip().removeprefix("[").removesuffix("]")
    word = word.removesuffix(".")  # of a key that was not typed to its end
    if word.removesuffix(".name") in PLUGINS:  # its values are the plugins of the section
        word = word.removesuffix(".name")
    found, broken = _found(word)
    if json:
        print_json([_record(group, option) for group, chosen in found for option in chosen])
    elif not word:
        _print_overview([group for group, _ in found])
    elif word in PLUGINS:
        _print_plugins(word, [group for group, _ in found])
    elif len(found) == 1 and not found[0][0].name and found[0][0].title == word:
        _print_group(found[0][0])
    elif len(found) == 1 and len(found[0][1]) == 1 and word != found[0][0].title:
        _print_option(found[0][0], found[0][1][0])
    elif len(found) == 1:
        _print_group(found[0][0])
    else:
        _print_of_several(word, found)
    _say_broken(broken)


def option_values(option: Option) -> dict[str, Any]:
    """Return what there is to say of an option, as JSON can hold it; a default as a file has it."""
    from nasframe.experiment import plain_value
    from nasframe.options import unstructure

    default = option.default
    return {
        "name": option.name,
        "type": option.type,
        "default": None if default is None else plain_value(unstructure(default)),
        "required": option.required,
        "limits": dict(option.limits),
        "choices": [plain_value(choice) for choice in option.choices],
        "rule": option.rule,
        "description": option.description,
    }


def print_options(chosen: list[Option] | tuple[Option, ...]) -> None:
    """Print a row for each option: name, type, default, limits where there are some, meaning."""
    if not chosen:
        print_text("  no options")
        return
    rows = [
        [option.name, option.type, _default(option), option.limits_in_words, option.description]
        for option in chosen
    ]
    if not any(row[3] for row in rows):
        rows = [[*row[:3], row[4]] for row in rows]
    print_columns(rows, "  ")


Found = list[tuple["OptionGroup", tuple["Option", ...]]]


def _all_groups() -> tuple[list[OptionGroup], dict[str, str]]:
    """Return the options of all sections and plugins, and what could not be read, by its title."""
    from nasframe.experiment import ENGINE, PLUGINS, options_of_plugins, options_of_section

    groups: list[OptionGroup] = [options_of_section("")]
    broken: dict[str, str] = {}
    for section in PLUGINS:
        found, wrong = options_of_plugins(section)
        groups += found
        broken |= {f"{section}.{name}": why for name, why in wrong.items()}
    return [*groups, *map(options_of_section, ENGINE)], broken


def _found(word: str) -> tuple[Found, dict[str, str]]:
    from nasframe.experiment import ENGINE, PLUGINS, options_of_plugin, options_of_plugins, options_of_section
    from nasframe.plugins import manager

    section, _, rest = word.partition(".")
    if not word:
        groups, broken = _all_groups()
        return [(group, group.options) for group in groups], broken
    if section not in (*PLUGINS, *ENGINE):
        groups, broken = _all_groups()
        named = [(group, tuple(one for one in group.options if one.name == word)) for group in groups]
        named = [(group, own) for group, own in named if own]
        if not named:
            raise _unknown(word)
        outside = [(group, own) for group, own in named if not group.section]
        return (outside, {}) if outside else (named, broken)
    if section in ENGINE:
        group = options_of_section(section)
        own = tuple(option for option in group.options if rest in ("", option.name))
        if not own:
            raise _unknown(word, section)
        return [(group, own)], {}
    groups, unreadable = options_of_plugins(section)
    wrong = {f"{section}.{name}": why for name, why in unreadable.items()}
    if not rest:
        return [(group, group.options) for group in groups], wrong
    entries = manager().registered(section)
    names = {name for entry in entries for name in (entry.name, f"{entry.plugin}:{entry.name}")}
    plugin, _, key = rest.rpartition(".")
    if rest in names:
        group = options_of_plugin(section, rest)
        return [(group, group.options)], {}
    if plugin in names:
        group = options_of_plugin(section, plugin)
        own = tuple(option for option in group.options if option.name == key)
        if not own:
            raise _unknown(word, section)
        return [(group, own)], {}
    having = [(group, tuple(option for option in group.options if option.name == rest)) for group in groups]
    having = [(group, own) for group, own in having if own]
    if not having:
        raise _unknown(word, section)
    return having, wrong


def _unknown(word: str, section: str = "") -> ConfigurationError:
    """Return the error for a word that names nothing, with those that it may mean."""
    from nasframe.experiment import ENGINE, PLUGINS, SETTINGS
    from nasframe.tasks import data_file_hint

    if is_there(Path(word)) and Path(word).suffix:
        found = data_file_hint(Path(word)) or "is a file, in which options are set"
        return ConfigurationError(
            "options",
            [f"{visible(word)}: {found}; expected a section, a plugin or a key, or no word for all"],
        )
    groups, _ = _all_groups()
    titles = [group.title for group in groups if group.title]
    keys = [group.key(option) for group in groups for option in group.options]
    keys += [f"{section}.name" for section in PLUGINS]
    keys += [f"{group.title}.{option.name}" for group in groups if group.name for option in group.options]
    valid = list(dict.fromkeys([*PLUGINS, *ENGINE, *SETTINGS, *titles, *keys]))
    last = word.replace(":", ".").rpartition(".")[2]
    meant = [name for name in valid if name == word.replace(":", ".")]
    # the name alone, without its section
    meant = meant or [name for name in [*titles, *dict.fromkeys(keys)] if name.split(".", 1)[-1] == last]
    if not section and meant:
        hint = f"; did you mean {' or '.join(map(repr, meant[:_MOST_NEAR]))}?"
    elif section:
        hint = _beside(word, section, valid)
    else:
        last_words = [name.rpartition(".")[2] for name in valid]
        close = near_names(word, [*valid, *last_words])[:1]
        near = [name for name in valid if close and close[0] in (name, name.rpartition(".")[2])]
        hint = (
            f"; did you mean {' or '.join(map(repr, near[:_MOST_NEAR]))}?"
            if near
            else nearest(word, [*PLUGINS, *ENGINE, *SETTINGS])
        )
    return ConfigurationError("options", [f"no section, plugin or option {word!r}{hint}"])


def _beside(word: str, section: str, valid: Sequence[str]) -> str:
    """Return the end of a message: names that are near below the same section or plugin, else all of them."""
    for above in (word.rpartition(".")[0], section):
        below = {name.removeprefix(f"{above}."): name for name in valid if name.startswith(f"{above}.")}
        if below:
            near = near_names(word.removeprefix(f"{above}."), below)
            if near:
                return f"; did you mean {' or '.join(repr(below[name]) for name in near)}?"
            return f"; valid: {', '.join(f'{above}.{name}' for name in sorted(below) if '.' not in name)}"
    return ""


def _record(group: OptionGroup, option: Option) -> dict[str, Any]:
    return {
        "key": group.key(option),
        "section": group.section or None,
        "plugin_name": group.name or None,
        "plugin": group.plugin,
        **option_values(option),
    }


def _default(option: Option) -> str:
    from nasframe.experiment import default_in_toml

    return "required" if option.required else f"default {default_in_toml(option) or _no_default(option)}"


def _no_default(option: Option) -> str:
    """Return in words that there is no default, or one that a file cannot have."""
    from nasframe.experiment import plain_value
    from nasframe.options import unstructure

    if option.default is None:
        return "none"
    return f"{plain_value(unstructure(option.default))}, which only Python can give"


def _print_overview(groups: list[OptionGroup]) -> None:
    from nasframe.experiment import PLUGINS

    print_text("outside the sections")
    print_options(groups[0].options)
    for section in PLUGINS:
        names = [
            f"{group.name}{' (default)' * group.is_default}" for group in groups if group.section == section
        ]
        print_text(f"\n[{section}] name = …: {visible(', '.join(names))}")
    for group in groups:
        if group.section and not group.name:
            print_text()
            _print_group(group)
    print_text()
    print_columns(
        [
            ("options of a plugin", "nasframe options relaxation.grmc"),
            ("one option", "nasframe options search.epochs"),
            ("an experiment with all", "nasframe new TASK"),
        ]
    )


def _print_plugins(section: str, groups: list[OptionGroup]) -> None:
    print_text(f"[{section}] name = …\n")
    rows = [(group.name, "default" if group.is_default else "", group.description) for group in groups]
    print_columns(rows, "  ")
    if groups:
        chosen = next((group for group in groups if group.is_default), groups[0])
        print_text(f"\nThe options of one: nasframe options {visible(chosen.title)}")


def _print_group(group: OptionGroup) -> None:
    from nasframe.experiment import in_toml

    name = f" name = {in_toml(group.name)}, of plugin {group.plugin}" if group.name else ""
    print_text(visible(f"[{group.section}]{name}: {group.description}"))
    print_options(group.options)


def _print_option(group: OptionGroup, option: Option) -> None:
    from nasframe.experiment import default_in_toml

    key, value = group.key(option), default_in_toml(option) or "…"
    print_text(visible(group.title + "." + option.name if group.title else key))
    print_text(f"  {visible(option.description)}\n")
    in_file = f"[{group.section}] " if group.section else ""
    rows = [
        ("type", option.type),
        ("default", "required" if option.required else default_in_toml(option) or _no_default(option)),
        *([("limits", option.limits_in_words)] if option.limits_in_words else []),
    ]
    if option.default is None or option.required or default_in_toml(option) is not None:
        rows += [
            ("in a file", f"{in_file}{option.name} = {value}"),
            ("on the command line", f"{key}={value}"),
        ]
    print_columns(rows, "  ")


def _print_of_several(word: str, found: Found) -> None:
    """Print an option that several plugins or sections have, a line each."""
    print_text(f"{visible(word)}\n")
    rows = [
        (
            group.name if "." in word else group.title,
            option.type,
            _default(option),
            option.limits_in_words,
            option.description,
        )
        for group, chosen in found
        for option in chosen
    ]
    print_columns(rows, "  ")


def _say_broken(broken: dict[str, str]) -> None:
    for title, why in broken.items():
        print_message(f"nasframe: left out: {title}: {why}")
