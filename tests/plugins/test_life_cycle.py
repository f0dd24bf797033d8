"""The hooks of the life cycle, alone and in a real search."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nasframe.errors import PluginWarning
from nasframe.plugins import manager
from tests.plugins.made import plugin, with_plugins


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
    (message,) = (str(item.message) for item in reported)
    assert re.fullmatch(
        r"plugin 'bad' search_step raised OSError: disk full \(.*test_life_cycle.py, line \d+\); disabled",
        message,
    )
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


@pytest.mark.parametrize("answer", [5, object(), ["color"], {"color": 3}, {3: "red"}])
def test_a_style_that_is_no_mapping_of_texts_is_the_fault_of_its_own_plugin(answer: Any) -> None:
    plugins = with_plugins(
        bad=plugin(style_node=lambda node, operation: answer),
        good=plugin(style_node=lambda node, operation: {"color": "red"}),
    )
    message = (
        r"'bad' style_node must return a mapping from text to text or None, found .*line \d+\); disabled"
    )
    with pytest.warns(PluginWarning, match=message):
        assert plugins.style("N1", "sum") == {"color": "red"}
    assert plugins.style("N1", "sum") == {"color": "red"}


def test_an_answer_that_is_no_architecture_is_the_fault_of_its_own_plugin() -> None:
    plugins = with_plugins(bad=plugin(read_architecture=lambda text: 5))
    message = r"'bad' read_architecture must return a nasframe.Architecture or None, found 5 .*; disabled"
    with pytest.warns(PluginWarning, match=message):
        assert plugins.read_architecture("a text") is None


def test_a_plugin_that_changes_a_record_changes_neither_the_search_nor_other_plugins() -> None:
    import torch

    heard: list[Any] = []

    def spoils(record: Any) -> None:
        record["loss"].mul_(0)
        record.pop("entropy").clear()

    plugins = with_plugins(
        a=plugin(search_step=spoils), b=plugin(search_step=lambda record: heard.append(record))
    )
    record = {"loss": torch.ones(()), "entropy": {"one": 0.5}}
    plugins.notify("search_step", run=None, step=0, record=record)
    for kept in (record, *heard):
        assert float(kept["loss"]) == 1
        assert kept["entropy"] == {"one": 0.5}
    assert len(heard) == 1


@pytest.fixture(scope="module")
def heard() -> list[tuple[str, dict[str, Any]]]:
    """The calls of the life-cycle hooks of a plugin during a search of two epochs."""
    import torch

    from nasframe.experiment import Experiment
    from nasframe.pipeline import search
    from nasframe.searching import SearchOptions
    from nasframe.tasks import TensorTask
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
