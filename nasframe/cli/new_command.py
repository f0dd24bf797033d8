"""`nasframe new`: an experiment to start from, in which every option stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from attrs import evolve
from cyclopts import App, Parameter

from nasframe.cli.plugin_files import next_command
from nasframe.errors import ConfigurationError, DataError, NasframeError, PluginError, RunError, nearest
from nasframe.plugins import Registered, manager
from nasframe.runtime import print_columns, print_document, print_message, shell_line, write_text

if TYPE_CHECKING:
    from nasframe.space import SpaceFactory
    from nasframe.tasks import StartingValues

__all__ = ["add_commands"]

_FILES = "tensors"
"""The task of a file that is named alone."""

_PLAIN: Mapping[str, Mapping[str, Any]] = {
    "space": {"name": "bimodal", "channels": 16, "cells": 1},
    "loop": {"name": "bilevel", "architecture_rate": 0.1},
    "search": {"epochs": 20, "min_epochs": 5},
    "train": {"epochs": 20},
    "baselines": {"random": 3},
}
"""Sections of an experiment whose task proposes nothing for them."""


def add_commands(app: App) -> None:
    """Add `new`."""
    app.command(new)


def new(
    task: str,
    /,
    *words: Annotated[str, Parameter(name="FILE KEY=VALUE", help="A file of data, and options to set.")],
    out: Annotated[
        Path | None,
        Parameter(help="File to write; - prints it. [default: NAME.toml]", allow_leading_hyphen=True),
    ] = None,
    overwrite: Annotated[bool, Parameter(help="Replace a file that is there.")] = False,
) -> None:
    """Write an experiment to start from: all its options, with their defaults and their meaning.

    Of a table or a file of arrays it guesses the target and the inputs, and says what it took.

    Parameters
    ----------
    task
        A task (nasframe options task lists them), or a file of data, for the task tensors.
    """
    name, entry, source, overrides = _asked(task, words)
    target = out or Path(f"{source.stem if source is not None else entry.name}.toml")
    if str(target) != "-":
        _require_free(target, source, overwrite)
    text, notes = _written(name, entry, source, overrides, target)
    for key, note in notes.items():
        for line in note.splitlines():
            if line.startswith(("guessed", "left out", "warning")):
                print_message(f"nasframe: {key}: {line}")
    if str(target) == "-":
        print_document(text)
        return
    write_text(target, text)
    print_columns([("experiment", str(target)), ("next", next_command("run", _word(target)))])


def _asked(task: str, words: Sequence[str]) -> tuple[str, Registered, Path | None, list[str]]:
    """Return the name of the task, its entry, the file of its data, and the options to set."""
    overrides = [word for word in words if "=" in word and not Path(word).is_file()]
    files = [word for word in words if word not in overrides]
    if len(files) > 1:
        problem = f"expected one file, found {len(files)}: {shell_line(files)}"
        raise ConfigurationError("new", [problem])
    tasks = manager().registered("task")
    names = [entry.name for entry in tasks]
    if task in {*names, *(f"{entry.plugin}:{entry.name}" for entry in tasks)}:
        return task, manager().find("task", task), Path(files[0]) if files else None, overrides
    path = Path(task)
    if files and path.is_file():
        raise ConfigurationError("new", [f"expected a task before {files[0]!r}, found the file {task!r}"])
    if files:
        raise ConfigurationError("new", [f"unknown task {task!r}{nearest(task, names)}"])
    if path.exists() or path.suffix or path.name != task:
        return _FILES, manager().find("task", _FILES, _FILES), path, overrides
    raise ConfigurationError("new", [f"{task!r} is no task and no file{nearest(task, names)}"])


def _require_free(target: Path, source: Path | None, overwrite: bool) -> None:
    """Refuse a place in which something else would be lost, also where it may be replaced.

    Raises:
        RunError: says what is there.
    """
    if target.is_dir():
        raise RunError(f"--out {target}: is a folder; expected a name for a file")
    if not target.parent.is_dir():
        there = next(folder for folder in target.absolute().parents if folder.is_dir())
        raise RunError(f"--out {target}: no folder {target.parent}; the nearest that is there: {there}")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise RunError(f"--out {target}: is a link, or no regular file; expected a name for a file")
    if source is not None and target.exists() and source.exists() and target.samefile(source):
        raise RunError(f"--out {target}: is the file of the data; expected a name for the experiment")
    if target.exists() and not overwrite:
        raise RunError(f"{target}: is there already; --out says another name, and --overwrite replaces it")


def _written(
    name: str, entry: Registered, source: Path | None, overrides: Sequence[str], target: Path
) -> tuple[str, Mapping[str, str]]:
    """Return the experiment as text, and the notes of its task.

    Raises:
        ConfigurationError: an option that the user says is none; nothing is written then.
    """
    from nasframe.experiment import Experiment, overridden, overrides_without_effect, starting_file, unused_in

    given = overridden({}, "new", overrides)
    plain = overridden(_PLAIN, "new", overrides)
    without_effect = overrides_without_effect(unused_in(plain), overrides)
    of_task = given.get("task", {})
    own_task: Mapping[str, Any] = of_task if isinstance(of_task, dict) else {}
    try:
        proposed = _proposed(entry, source, own_task)
        if (
            "inputs" not in own_task
            and _is_given("space.name", given)
            and _one_input_is_wanted(str(given["space"]["name"]), proposed)
        ):
            views = proposed
            proposed = _proposed(entry, source, {**own_task, "inputs": _as_one(views)})
            proposed = evolve(proposed, notes={**_left_out(views), **proposed.notes})
    except (ConfigurationError, DataError) as error:
        others = Experiment.problems_beside("task", plain) + without_effect
        if not others:
            raise
        own = error.problems if isinstance(error, ConfigurationError) else [str(error)]
        raise ConfigurationError("new", [*own, *others]) from error
    values: dict[str, Any] = {**_PLAIN, **proposed.values}
    values["task"] = {"name": name, **values.get("task", {})}
    values = overridden(values, "new", overrides)
    unused = unused_in(values)
    values = {section: table for section, table in values.items() if section not in unused}
    notes = {key: note for key, note in proposed.notes.items() if not _is_given(key, given)}
    head = [
        f"An experiment on the task {name!r}, to start from.",
        "",
        f"    nasframe run {shell_line([_word(target)])}" if str(target) != "-" else "    nasframe run FILE",
        f"    nasframe options task.{name}",
    ]
    # the text has the known keys alone
    _require_valid(values, without_effect)
    text = starting_file(values, head, notes)
    return text, notes


def _require_valid(values: Mapping[str, Any], problems: Sequence[str]) -> None:
    """Refuse values of which no experiment can be made, together with other problems.

    Raises:
        ConfigurationError: with all of them.
    """
    from nasframe.experiment import Experiment

    try:
        Experiment.parse(values, "new")
    except ConfigurationError as error:
        problems = [*error.problems, *problems]
    if problems:
        raise ConfigurationError("new", problems)


def _proposed(entry: Registered, source: Path | None, given: Mapping[str, Any]) -> StartingValues:
    """Return what the task proposes; else the experiment of the demo that has its name."""
    from nasframe.experiment import read_toml
    from nasframe.tasks import StartingValues, Task

    found = entry.load()
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise ConfigurationError("new", [f"{entry} is {found!r}; expected a Task"])
    proposed = found.starting_values(source, given)
    if not isinstance(proposed, StartingValues):
        raise PluginError(f"{entry}: starting_values: expected StartingValues, found {proposed!r}")
    if proposed.values:
        return proposed
    for demo in manager().registered("demo"):
        if (demo.plugin, demo.name) != (entry.plugin, entry.name):
            continue
        values = read_toml(Path(demo.load()))
        if values.get("task", {}).get("name") == entry.name:
            return StartingValues(values, proposed.notes)
    return proposed


def _one_input_is_wanted(space: str, proposed: StartingValues) -> bool:
    """Return True where several views of the columns are proposed, and a space takes one input alone."""
    views = proposed.values.get("task", {}).get("inputs")
    if not isinstance(views, Mapping) or len(views) < 2:
        return False
    from nasframe.space import SpaceFactory

    try:
        factory = manager().load("space", space)()
    except (NasframeError, TypeError, ValueError):
        return False  # the check of the whole experiment says why
    if not isinstance(factory, SpaceFactory):
        return False
    return _takes(factory, 1) and not _takes(factory, len(views))


def _as_one(proposed: StartingValues) -> dict[str, list[str]]:
    """Return the columns of all proposed views as one input; a pattern would mean those left out, too."""
    views = proposed.values["task"]["inputs"].values()
    return {"x": [name for view in views for name in ([view] if isinstance(view, str) else view)]}


def _left_out(proposed: StartingValues) -> dict[str, str]:
    """Return the note on the inputs without the guess: what was left out of the views stays out of one."""
    lines = proposed.notes.get("task.inputs", "").splitlines()
    left = [line for line in lines if line.startswith("left out")]
    return {"task.inputs": "\n".join(left)} if left else {}


def _takes(factory: SpaceFactory, inputs: int) -> bool:
    """Return True where a space can be made for so many inputs of rows of numbers."""
    try:
        factory.build({f"x{number}": (1, 8) for number in range(inputs)}, 2)
    except (NasframeError, ValueError):
        return False
    return True


def _is_given(key: str, given: Mapping[str, Any]) -> bool:
    section, _, option = key.partition(".")
    table = given.get(section)
    return isinstance(table, Mapping) and option in table


def _word(path: Path) -> str:
    """Return a path in a form that is not taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text
