"""`nasframe plugins`: the list of what plugins register, and the options of each entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cyclopts import App

from nasframe.errors import PluginError, nearest
from nasframe.plugins import Registered, manager
from nasframe.runtime import format_columns, print_columns, print_json, print_message, print_text, visible

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
        print_columns([("KIND", "NAME", "PLUGIN", "DESCRIPTION"), *rows])
    for plugin, missing in manager().missing_extras.items():
        print_message(f"nasframe: not usable: plugin {plugin!r} {missing}")
    for message in [f"plugin {plugin!r} {text}" for plugin, text in manager().failed.items()] + broken:
        print_message(f"nasframe: left out: {message}")


def show_plugin(name: str, /, *, json: bool = False) -> None:
    """Show the options of a plugin, with types and defaults.

    Parameters
    ----------
    name
        As `nasframe plugins` lists it; `kind:name` and `plugin:name` are narrower.
    json
        A list, one object for each kind that has the name.
    """
    records = [_record(entry) for entry in _matches(name)]
    if json:
        print_json(records)
        return
    for position, record in enumerate(records):
        owner = f"{record['name']}: {record['kind']} of plugin {record['plugin']}"
        print_text("\n" * (position > 0) + visible(owner))
        print_text(f"{visible(record['description'])}\n")
        for line in _option_lines(record["options"]):
            print_text(f"  {line}")


def _entries() -> list[Registered]:
    return [entry for kind in manager().kinds for entry in manager().registered(kind)]


def _matches(name: str) -> list[Registered]:
    entries = _entries()
    found = [e for e in entries if name in (e.name, f"{e.kind}:{e.name}", f"{e.plugin}:{e.name}")]
    if not found:
        raise PluginError(f"no plugin registers {name!r}{nearest(name, {entry.name for entry in entries})}")
    return found


def _record(entry: Registered) -> dict[str, Any]:
    from nasframe.options import options_of

    target = entry.load()
    has_options = entry.kind not in ("demo", "executor") and callable(target)
    options = options_of(target) if has_options else []
    return {
        "kind": entry.kind,
        "name": entry.name,
        "plugin": entry.plugin,
        "description": entry.description,
        "options": [
            {
                "name": option.name,
                "type": option.type,
                "default": _json_able(option.default),
                "required": option.required,
                "description": option.description,
            }
            for option in options
        ],
    }


def _json_able(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_json_able(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json_able(item) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else repr(value)


def _option_lines(options: list[dict[str, Any]]) -> list[str]:
    if not options:
        return ["no options"]
    rows = [
        (
            option["name"],
            option["type"],
            "required" if option["required"] else f"default {_shown(option['default'])}",
            option["description"],
        )
        for option in options
    ]
    return format_columns(rows)


def _shown(value: Any) -> str:
    """Return a default as TOML writes it, if TOML can."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else repr(value)
