"""The plugin manager: look-up by name, and what a bad plugin can and cannot do."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasframe import hookspecs
from nasframe.builtins import register_relaxations
from nasframe.errors import PluginError, PluginWarning
from nasframe.hookspecs import hookimpl
from nasframe.plugins import KINDS, PluginManager, manager

HOOKS = [
    name
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and hasattr(value, f"{hookspecs.PROJECT}_spec")
]


def plugin(**hooks: Any) -> ModuleType:
    """A module that implements these hooks."""
    module = ModuleType("made_for_a_test")
    for name, function in hooks.items():
        function.__name__ = name
        setattr(module, name, hookimpl(function))
    return module


def with_plugins(**modules: ModuleType) -> PluginManager:
    plugins = PluginManager()
    for name, module in modules.items():
        plugins.register(module, name)
    return plugins


# -- the interface --------------------------------------------------------------------------------------


def test_there_are_hooks() -> None:
    assert len(HOOKS) >= 13


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    text = inspect.getdoc(getattr(hookspecs, hook))
    assert text
    assert text[0].isupper()
    assert len(text) > 20


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_named_by_a_test(hook: str) -> None:
    tests = [*Path(__file__).parent.rglob("test_*.py")]
    assert any(hook in file.read_text(encoding="utf-8") for file in tests), f"no test mentions {hook}"


def test_the_hook_interface_has_a_version() -> None:
    assert isinstance(hookspecs.VERSION, int)


# -- look-up --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "hook"),
    [
        ("operation", "register_operations"),
        ("relaxation", "register_relaxations"),
        ("space", "register_search_spaces"),
        ("loop", "register_loops"),
        ("task", "register_tasks"),
        ("demo", "register_demos"),
    ],
)
def test_what_a_registration_hook_returns_is_found_under_its_kind(kind: Any, hook: str) -> None:
    target = object()
    plugins = with_plugins(mine=plugin(**{hook: lambda: {"thing": target}}))
    assert plugins.load(kind, "thing") is target
    assert [entry.name for entry in plugins.registered(kind)] == ["thing"]
    assert all(not plugins.registered(other) for other in KINDS if other != kind)


def test_an_unknown_name_is_answered_with_the_near_ones() -> None:
    plugins = with_plugins(mine=plugin(register_relaxations=lambda: {"softmax": int, "grmc": float}))
    with pytest.raises(PluginError, match=r"unknown relaxation 'sofmax'; did you mean 'softmax'\?"):
        plugins.find("relaxation", "sofmax")


def test_a_name_like_no_other_is_answered_with_all_of_them() -> None:
    plugins = with_plugins(mine=plugin(register_loops=lambda: {"joint": int, "bilevel": float}))
    with pytest.raises(PluginError, match="unknown loop 'qqq'; valid: bilevel, joint"):
        plugins.find("loop", "qqq")


def test_package_and_name_always_work() -> None:
    plugins = with_plugins(mine=plugin(register_tasks=lambda: {"digits": int}))
    assert plugins.load("task", "mine:digits") is int


def test_an_unknown_package_is_answered_with_the_near_ones() -> None:
    plugins = with_plugins(mine=plugin(register_tasks=lambda: {"digits": int}))
    with pytest.raises(PluginError, match="did you mean 'mine:digits'"):
        plugins.find("task", "mime:digits")


def test_a_name_held_twice_fails_at_look_up_and_names_both_plugins() -> None:
    plugins = with_plugins(
        one=plugin(register_operations=lambda: {"gate": int}),
        two=plugin(register_operations=lambda: {"gate": float}),
    )
    with pytest.raises(PluginError, match="registered by two plugins; say one:gate or two:gate"):
        plugins.find("operation", "gate")
    assert plugins.load("operation", "two:gate") is float


def test_a_target_given_as_text_is_imported_when_it_is_used() -> None:
    plugins = with_plugins(mine=plugin(register_operations=lambda: {"path": "pathlib:Path"}))
    assert plugins.load("operation", "path") is Path


@pytest.mark.parametrize("target", ["no_such_module:Thing", "pathlib:NoSuchThing"])
def test_a_target_that_cannot_be_imported_names_its_plugin(target: str) -> None:
    plugins = with_plugins(mine=plugin(register_operations=lambda: {"thing": target}))
    with pytest.raises(PluginError, match=f"plugin 'mine' registers operation 'thing' as '{target}'"):
        plugins.load("operation", "thing")


def test_a_description_is_the_first_line_of_the_docstring() -> None:
    class Gate:
        """Lets some through.

        And more about it.
        """

    plugins = with_plugins(mine=plugin(register_operations=lambda: {"gate": Gate}))
    assert plugins.find("operation", "gate").description == "Lets some through."


def test_the_core_registers_by_the_same_hooks_as_everyone() -> None:
    assert {entry.name for entry in manager().registered("relaxation")} >= set(register_relaxations())
    assert manager().find("loop", "bilevel").plugin == "nasframe"


# -- plugins that break a contract ----------------------------------------------------------------------


def test_a_hook_with_a_wrong_signature_is_an_error_that_names_the_plugin() -> None:
    def wrong(run: Any, no_such_argument: int) -> None: ...

    plugins = PluginManager()
    with pytest.raises(PluginError, match=r"plugin 'mine'.*no_such_argument|'mine'[\s\S]*no_such_argument"):
        plugins.register(plugin(search_finished=wrong), "mine")
    assert plugins.names == []


def test_two_plugins_cannot_have_one_name() -> None:
    plugins = with_plugins(mine=plugin())
    with pytest.raises(PluginError, match="mine"):
        plugins.register(plugin(), "mine")
    assert plugins.names == ["mine"]


def test_a_registration_hook_that_raises_takes_nothing_else_down() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(
        bad=plugin(register_relaxations=broken), good=plugin(register_relaxations=lambda: {"brie": int})
    )
    with pytest.warns(PluginWarning, match="plugin 'bad' register_relaxations raised ValueError: no cheese"):
        assert [entry.name for entry in plugins.registered("relaxation")] == ["brie"]
    assert "no cheese" in plugins.failed["bad"]


def test_the_same_failure_is_reported_once() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no cheese")

    plugins = with_plugins(bad=plugin(register_relaxations=broken))
    with pytest.warns(PluginWarning) as reported:
        assert [plugins.registered("relaxation") for _ in range(2)] == [[], []]
    assert len(reported) == 1


def test_commands_that_cannot_be_added_take_nothing_else_down() -> None:
    added: list[Any] = []

    def broken(app: Any) -> None:
        raise RuntimeError("no command")

    plugins = with_plugins(
        bad=plugin(register_commands=broken), good=plugin(register_commands=lambda app: added.append(app))
    )
    with pytest.warns(PluginWarning, match="plugin 'bad' register_commands raised RuntimeError: no command"):
        plugins.add_commands("the app")
    assert added == ["the app"]


# -- life cycle -----------------------------------------------------------------------------------------


def test_life_cycle_hooks_get_the_arguments_they_ask_for() -> None:
    seen: list[Any] = []
    plugins = with_plugins(
        mine=plugin(
            search_started=lambda run, space, relaxation: seen.append(("started", run, space, relaxation)),
            search_step=lambda step: seen.append(("step", step)),
            search_epoch=lambda epoch, record: seen.append(("epoch", epoch, record)),
            architecture_derived=lambda architecture: seen.append(("derived", architecture)),
            search_finished=lambda summary: seen.append(("finished", summary)),
        )
    )
    plugins.notify("search_started", run=None, space="S", relaxation="R")
    plugins.notify("search_step", run=None, step=3, record={})
    plugins.notify("search_epoch", run=None, epoch=1, record={"loss": 0.5})
    plugins.notify("architecture_derived", run=None, architecture="A")
    plugins.notify("search_finished", run=None, summary={"epochs": 1})
    assert seen == [
        ("started", None, "S", "R"),
        ("step", 3),
        ("epoch", 1, {"loss": 0.5}),
        ("derived", "A"),
        ("finished", {"epochs": 1}),
    ]


def test_a_life_cycle_hook_that_raises_is_reported_once_and_disabled() -> None:
    calls: list[int] = []

    def broken(step: int) -> None:
        calls.append(step)
        raise OSError("disk full")

    heard: list[int] = []
    plugins = with_plugins(
        bad=plugin(search_step=broken), good=plugin(search_step=lambda step: heard.append(step))
    )
    with pytest.warns(PluginWarning) as reported:
        plugins.notify("search_step", run=None, step=0, record={})
    assert [str(item.message) for item in reported] == [
        "plugin 'bad' search_step raised OSError: disk full; disabled"
    ]
    # A second report would be an error: pytest is told to make one of every PluginWarning.
    plugins.notify("search_step", run=None, step=1, record={})
    plugins.notify("search_step", run=None, step=2, record={})
    assert calls == [0]
    assert heard == [0, 1, 2]


def test_the_styles_of_plugins_are_laid_over_each_other() -> None:
    plugins = with_plugins(
        one=plugin(style_node=lambda node, operation: {"color": "red", "shape": "box"}),
        two=plugin(style_node=lambda node, operation: {"color": "blue"} if operation == "sum" else None),
    )
    assert plugins.style("N1", "sum") == {"color": "blue", "shape": "box"}
    assert plugins.style("N1", "attention") == {"color": "red", "shape": "box"}


# -- installed plugins ----------------------------------------------------------------------------------


def install(folder: Path, name: str, code: str) -> None:
    """What a wheel of a one-module plugin would put into site-packages."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[nasframe]\n{name} = {name}\n", encoding="utf-8")


def plugins_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from nasframe.cli import main; sys.exit(main())",
            "plugins",
            *arguments,
        ],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_plugin_is_found_by_its_entry_point(tmp_path: Path) -> None:
    code = (
        "from nasframe import hookimpl\n"
        "class Brie:\n    'A soft one.'\n"
        "@hookimpl\ndef register_relaxations():\n    return {'brie': Brie}\n"
    )
    install(tmp_path, "cheese_plugin", code)
    done = plugins_command(tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "brie" in line]
    assert line.split() == ["relaxation", "brie", "cheese_plugin", "A", "soft", "one."]


def test_a_plugin_that_fails_at_import_is_reported_and_takes_nothing_down(tmp_path: Path) -> None:
    install(tmp_path, "rotten_plugin", "raise RuntimeError('smells')\n")
    done = plugins_command(tmp_path)
    assert done.returncode == 0
    assert "grmc" in done.stdout
    assert "left out: plugin 'rotten_plugin' cannot be loaded from 'rotten_plugin': smells" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistyped_hook_of_an_installed_plugin_is_reported(tmp_path: Path) -> None:
    code = "from nasframe import hookimpl\n@hookimpl\ndef register_relaxation():\n    return {}\n"
    install(tmp_path, "typing_plugin", code)
    done = plugins_command(tmp_path)
    assert "unknown hook 'register_relaxation'; did you mean 'register_relaxations'" in done.stderr


def test_the_record_of_a_run_names_the_versions_of_plugins() -> None:
    assert manager().versions()["nasframe"]


# -- in a real search -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def heard() -> list[tuple[str, dict[str, Any]]]:
    """What the life-cycle hooks of a plugin were told during a search of two epochs."""
    import torch

    from nasframe.api import search
    from nasframe.experiment import Experiment
    from nasframe.loops import SearchOptions
    from nasframe.task import TensorTask
    from nasframe_bimodal.space import Bimodal

    calls: list[tuple[str, dict[str, Any]]] = []

    def record(hook: str, **arguments: Any) -> None:
        calls.append((hook, arguments))

    listener = plugin(
        search_started=lambda run, space, relaxation: record(
            "started", run=run, space=space, relaxation=relaxation
        ),
        search_step=lambda run, step, record: calls.append(("step", {"step": step, "record": dict(record)})),
        search_epoch=lambda run, epoch, record: calls.append(
            ("epoch", {"epoch": epoch, "record": dict(record)})
        ),
        architecture_derived=lambda run, architecture: record("derived", architecture=architecture),
        search_finished=lambda run, summary: record("finished", summary=summary),
    )
    streams = {name: torch.rand(32, 4, 6) for name in ("left", "right")}
    experiment = Experiment.of(
        task=TensorTask(streams, torch.arange(32) % 2),
        space=Bimodal(channels=4, cells=1, nodes=1),
        search=SearchOptions(epochs=2, batch_size=8),
        device="cpu",
    )
    manager().register(listener, "listener")
    try:
        calls.append(("returned", {"architecture": search(experiment).architecture}))
    finally:
        manager().unregister("listener")
    return calls


def test_a_search_calls_the_life_cycle_hooks_in_order(heard: list[tuple[str, dict[str, Any]]]) -> None:
    names = [name for name, _ in heard]
    assert names[0] == "started"
    assert [name for name in names if name != "step"] == [
        *("started", "epoch", "epoch", "derived", "finished", "returned"),
    ]
    assert names[1:].index("epoch") > 0  # the steps of an epoch come before its end


def test_a_search_without_a_folder_has_no_run(heard: list[tuple[str, dict[str, Any]]]) -> None:
    assert heard[0][1]["run"] is None
    assert heard[0][1]["space"].name == "bimodal"


def test_steps_are_numbered_in_each_epoch_and_say_their_kind_and_loss(
    heard: list[tuple[str, dict[str, Any]]],
) -> None:
    steps = [arguments for name, arguments in heard if name == "step"]
    numbers = [step["step"] for step in steps]
    assert numbers == 2 * list(range(len(numbers) // 2))  # two epochs
    assert {step["record"]["kind"] for step in steps} == {"weights", "architecture"}
    assert all(float(step["record"]["loss"]) > 0 for step in steps)


def test_the_derived_architecture_is_the_one_that_is_returned(
    heard: list[tuple[str, dict[str, Any]]],
) -> None:
    told = {name: arguments for name, arguments in heard if name in ("derived", "returned")}
    assert told["derived"]["architecture"] == told["returned"]["architecture"]
