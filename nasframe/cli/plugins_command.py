"""`nasframe plugins`: the list of what plugins register, and the options of each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyclopts import App

from nasframe.cli.options_command import option_values, print_options, show_options
from nasframe.errors import PluginError, in_words, nearest
from nasframe.plugins import Registered, manager
from nasframe.runtime import print_columns, print_json, print_message, print_text, visible

if TYPE_CHECKING:
    from nasframe.options import Option

__all__ = ["add_commands"]


def add_commands(app: App) -> None:
    """Add `plugins` and `plugins show`."""
    plugins = App(name="plugins", help="List what is installed: operations, relaxations, spaces, …")
    plugins.default(list_plugins)
    plugins.command(show_plugin, name="show")
    app.command(plugins)


def list_plugins(*, json: bool = False) -> None:
    """List what is installed, one line each.

    Parameters
    ----------
    json
        A list of {kind, name, plugin, description} instead of a table.
    """
    rows, broken = [], []
    for entry in _entries():
        try:
            rows.append((entry.kind, entry.name, entry.plugin, entry.description))
        except PluginError as error:
            broken.append(str(error))
    if json:
        print_json([dict(zip(("kind", "name", "plugin", "description"), row, strict=True)) for row in rows])
    else:
        print_columns([("kind", "name", "plugin", "description"), *rows])
    for plugin, missing in manager().missing_extras.items():
        print_message(f"nasframe: not usable: plugin {plugin!r} {missing}")
    for message in [f"plugin {plugin!r} {text}" for plugin, text in manager().failed.items()] + broken:
        print_message(f"nasframe: left out: {message}")


def show_plugin(name: str, /, *, json: bool = False) -> None:
    """Show the options of a plugin, with types and defaults.

    Parameters
    ----------
    name
        As `nasframe plugins` lists it; `kind:name` and `plugin:name` are narrower. Or a section: search.
    json
        A list, one object for each kind that has the name.
    """
    entries = _matches(name)
    if not entries:  # a section of an experiment
        show_options(name, json=json)
        return
    records = [_record(entry) for entry in entries]
    if json:
        print_json(records)
        return
    for position, record in enumerate(records):
        owner = f"{record['name']}: {record['kind']} of plugin {record['plugin']}"
        print_text("\n" * (position > 0) + visible(owner))
        print_text(f"{visible(record['description'])}\n")
        print_options(_options(entries[position]))


def _entries() -> list[Registered]:
    return [entry for kind in manager().kinds for entry in manager().registered(kind)]


def _matches(name: str) -> list[Registered]:
    """Return the entries of that name; none for a section of an experiment, which has options of its own.

    Raises:
        PluginError: nothing has that name; the near ones are named.
    """
    entries = _entries()
    found = [e for e in entries if name in (e.name, f"{e.kind}:{e.name}", f"{e.plugin}:{e.name}")]
    if found:
        return found
    from nasframe.experiment import ENGINE, PLUGINS

    sections = (*PLUGINS, *ENGINE)
    if name in sections:
        return []
    valid = {*(entry.name for entry in entries), *sections}
    raise PluginError(f"no plugin registers {name!r}{nearest(name, valid)}")


def _options(entry: Registered) -> list[Option]:
    from nasframe.options import options_of

    target = entry.load()
    has_options = entry.kind not in ("demo", "executor") and callable(target)
    try:
        return options_of(target) if has_options else []
    except Exception as error:  # the types of a plugin's options may be any code
        raise PluginError(f"the options of {entry} cannot be read: {in_words(error)}") from error


def _record(entry: Registered) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "plugin": entry.plugin,
        "description": entry.description,
        "options": [option_values(option) for option in _options(entry)],
    }
