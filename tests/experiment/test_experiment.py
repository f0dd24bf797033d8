"""The experiment: read from TOML, changed from the command line, written back, refused with reasons."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from attrs import define, field, frozen, validators
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import ConfigurationError, RunError
from nasframe.experiment import Experiment, resolve_device
from nasframe.operations import Shape
from nasframe.plugins import hookimpl, manager
from nasframe.relaxations import GumbelRaoMonteCarlo, Softmax
from nasframe.searching import Bilevel, SearchOptions
from nasframe.space import SearchSpace, SpaceFactory
from nasframe.tasks import Data, Task, TensorTask
from nasframe.training import TrainOptions


@define
class Cheese(Task):
    """Tells cheeses apart."""

    kinds: int = field(default=3, validator=validators.ge(2))
    ripe: bool = False
    cellar: Path | None = None

    def data(self, folders: Mapping[str, Path]) -> Data:
        raise NotImplementedError

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {}


@frozen
class Board(SpaceFactory):
    """Arranges cheeses."""

    cells: int = 2

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _cheese_plugin() -> Iterator[None]:
    plugin = SimpleNamespace(
        register_tasks=hookimpl(lambda: {"cheese": Cheese}),
        register_search_spaces=hookimpl(lambda: {"board": Board}),
    )
    manager().register(plugin, "cheese_shop")
    yield
    manager().unregister("cheese_shop")


TOML = """
seed = 4
[task]
name = "cheese"
kinds = 5
cellar = "below"
[space]
name = "board"
[relaxation]
name = "grmc"
samples = 20
temperature = 0.3
"""


def parse(*overrides: str, text: str = TOML, **shortcuts: Any) -> Experiment:
    return Experiment.parse(tomllib.loads(text), "exp.toml", overrides, **shortcuts)


def problems_of(*overrides: str, text: str = TOML, **shortcuts: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(*overrides, text=text, **shortcuts)
    return caught.value.problems


# -- reading --------------------------------------------------------------------------------------------


def test_an_experiment_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "exp.toml"
    file.write_text(TOML, encoding="utf-8")
    experiment = Experiment.load(file)
    assert experiment.task == Cheese(kinds=5, cellar=Path("below"))
    assert experiment.space == Board()
    assert isinstance(experiment.relaxation, GumbelRaoMonteCarlo)
    assert (experiment.relaxation.samples, experiment.relaxation.temperature) == (20, 0.3)
    assert experiment.seed == 4
    assert experiment.cache is None
    assert dict(experiment.names) == {
        "task": "cheese",
        "space": "board",
        "relaxation": "grmc",
        "loop": "bilevel",
    }


def test_a_bilevel_search_is_of_first_or_second_order_and_no_other_loop_has_an_order() -> None:
    assert parse("loop.order=2").loop == Bilevel(order=2)
    assert parse("loop.order=1").loop == parse().loop == Bilevel()
    assert problems_of("loop.order=3") == ("loop.order: expected 1 | 2, found 3",)
    (found,) = problems_of("loop.name=joint", "loop.order=2")
    assert found.startswith("loop.order: unknown key; valid: ")


def test_sections_that_are_left_out_have_their_defaults() -> None:
    experiment = parse(text='[task]\nname = "cheese"\n[space]\nname = "board"\n')
    assert experiment.relaxation == GumbelRaoMonteCarlo()
    assert experiment.search == SearchOptions()
    assert experiment.train == TrainOptions()


def test_what_is_written_loads_back_to_an_equal_experiment() -> None:
    experiment = parse("search.epochs=3", "train.epochs=4", "task.ripe=true", "loop.name=joint")
    again = parse(text=experiment.to_toml())
    assert again == experiment
    assert again.to_toml() == experiment.to_toml()


def test_what_is_written_holds_the_defaults() -> None:
    written = tomllib.loads(parse().to_toml())
    assert written["task"] == {"name": "cheese", "kinds": 5, "ripe": False, "cellar": "below"}
    assert written["space"] == {"name": "board", "cells": 2}
    assert written["relaxation"]["hard"] is True
    assert "epochs" in written["train"]


def test_a_plugin_may_be_named_with_its_package() -> None:
    experiment = parse("task.name=cheese_shop:cheese")
    assert experiment.task == Cheese(kinds=5, cellar=Path("below"))


# -- overrides ------------------------------------------------------------------------------------------


def test_an_override_is_read_as_toml_and_else_as_a_string() -> None:
    experiment = parse("task.kinds=7", "task.ripe=true", "task.cellar=up/stairs", "relaxation.temperature=1")
    assert experiment.task == Cheese(kinds=7, ripe=True, cellar=Path("up/stairs"))
    assert experiment.relaxation.temperature == 1.0  # type: ignore[attr-defined]


def test_an_override_may_open_a_section_that_the_file_has_not() -> None:
    assert parse("search.epochs=3").search == SearchOptions(epochs=3)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse("task.cellar=a=b").task == Cheese(kinds=5, cellar=Path("a=b"))


def test_a_date_or_a_line_break_is_taken_as_a_string() -> None:
    assert parse("task.cellar=2024-01-02").task == Cheese(kinds=5, cellar=Path("2024-01-02"))
    assert parse("task.cellar=1\nkinds=3").task == Cheese(kinds=5, cellar=Path("1\nkinds=3"))


def test_short_cuts_set_relaxation_seed_and_device() -> None:
    experiment = parse(relaxation="softmax", seed=9, device="cpu")
    assert isinstance(experiment.relaxation, Softmax)
    assert (experiment.seed, experiment.device) == (9, "cpu")


@pytest.mark.parametrize("how", [{"relaxation": "stgs"}, {"overrides": ["relaxation.name=stgs"]}])
def test_another_relaxation_starts_from_its_own_defaults(how: dict[str, Any]) -> None:
    swapped = Experiment.parse(tomllib.loads(TOML), "exp.toml", **how)
    plain = parse(text='[task]\nname="cheese"\n[space]\nname="board"\n[relaxation]\nname="stgs"\n')
    assert swapped.relaxation == plain.relaxation
    assert swapped.task == Cheese(kinds=5, cellar=Path("below"))


def test_overrides_hold_for_the_swapped_relaxation() -> None:
    experiment = parse("relaxation.temperature=0.7", relaxation="stgs")
    assert experiment.relaxation.temperature == 0.7  # type: ignore[attr-defined]


def test_naming_the_same_relaxation_keeps_its_options() -> None:
    for name in ("grmc", "nasframe:grmc"):
        assert parse(relaxation=name).relaxation == parse().relaxation


# -- mistakes -------------------------------------------------------------------------------------------


def test_every_mistake_of_a_file_is_reported_at_once() -> None:
    text = """
    sede = 3
    device = "gpu"
    [task]
    name = "chese"
    [space]
    name = "board"
    cell = 3
    [relaxation]
    name = "grmc"
    samples = 0
    temperature = -1
    [relaxtion]
    name = "grmc"
    [search]
    epoch = 3
    [train]
    epochs = "many"
    """
    found = "\n".join(problems_of("nonsense", "space.cells.deep=3", text=text))
    for expected in (
        "'nonsense': expected key=value",
        "sede: unknown key; did you mean 'seed'",
        "device: unknown device 'gpu'; valid: auto, cpu, cuda, cuda:N",
        "task.name: unknown task 'chese'; did you mean 'cheese'",
        "space.cell: unknown key; did you mean 'cells'?",
        "relaxation.samples: ",
        "relaxation.temperature: ",
        "relaxtion: unknown section; did you mean 'relaxation'?",
        "search.epoch: unknown key; did you mean 'epochs'",
        "train.epochs: expected int, found 'many'",
    ):
        assert expected in found
    assert len(found.splitlines()) == 11


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("relaxation.samples=0", "relaxation.samples"),
        ("relaxation.samples=-3", "relaxation.samples"),
        ("relaxation.temperature=0", "relaxation.temperature"),
        ("relaxation.temperature=-0.1", "relaxation.temperature"),
        ("relaxation.temperature=nan", "relaxation.temperature"),
        ("task.kinds=1", "task.kinds"),
        ("seed=-1", "seed"),
        ("seed=half", "seed"),
    ],
)
def test_a_value_out_of_range_names_its_key(override: str, key: str) -> None:
    (problem,) = problems_of(override)
    assert problem.startswith(f"{key}: ")


def test_a_task_and_a_space_must_be_named() -> None:
    found = problems_of(text="")
    assert found[0].startswith("task.name: is missing; valid: ")
    assert "cheese" in found[0]
    assert found[1].startswith("space.name: is missing; valid: ")


def test_a_section_that_is_no_table_is_refused() -> None:
    assert problems_of("search=3") == ("search: expected a table [search], found 3",)


def test_a_section_set_to_the_name_of_a_plugin_says_how_to_write_it() -> None:
    assert problems_of("loop=joint") == ("loop: expected a table [loop], found 'joint'; say loop.name=joint",)


def test_an_option_without_its_section_is_told_where_it_belongs() -> None:
    assert problems_of("temperature=0.5") == (
        "temperature: unknown key; did you mean 'relaxation.temperature'?",
    )
    (found,) = problems_of("epochs=5")
    assert "'search.epochs' or 'train.epochs'" in found


def test_a_plugin_that_registers_something_else_is_named() -> None:
    broken = SimpleNamespace(register_loops=hookimpl(lambda: {"spiral": Board}))
    manager().register(broken, "spirals")
    try:
        (found,) = problems_of("loop.name=spiral")
    finally:
        manager().unregister("spirals")
    assert found.startswith("loop.name: loop 'spiral' of plugin 'spirals' (")
    assert "expected a GradientLoop or ProposalLoop that is an attrs class" in found


def test_two_values_for_one_key_are_refused() -> None:
    assert problems_of("seed=1", seed=2) == ("seed: given twice, as 1 and as 2",)


def test_an_override_below_a_value_is_refused() -> None:
    assert problems_of("task.kinds.more=3") == ("task.kinds.more: task.kinds is no table but 5",)


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "exp.toml"
    file.write_text('seed = 1\n[task]\nname = cheese"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"exp.toml: 1 problem\n  line 3, column 8: .*name = cheese"):
        Experiment.load(file)


@pytest.mark.parametrize("text", ["seed = 1\n[task]\nname = cheese\n", "seed = 1\nname = [\n", "seed = "])
def test_the_place_of_a_mistake_is_the_same_where_the_error_carries_it(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From Python 3.14 on the error has attributes; before, its text ends with the place."""
    (tmp_path / "exp.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as by_text:
        Experiment.load(tmp_path / "exp.toml")

    def loads(content: str) -> None:
        try:
            usual(content)
        except tomllib.TOMLDecodeError as error:
            what, _, place = str(error).rpartition(" (at ")
            numbers = [int(number) for number in re.findall(r"\d+", place)] or [content.count("\n") + 1, 1]
            lines = content.splitlines(keepends=True)
            at_end = "end of document" in place
            position = len(content) if at_end else len("".join(lines[: numbers[0] - 1])) + numbers[1] - 1
            newer: Any = tomllib.TOMLDecodeError("no place")
            newer.msg, newer.doc, newer.pos, (newer.lineno, newer.colno) = what, content, position, numbers
            raise newer from None

    usual = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", loads)
    with pytest.raises(ConfigurationError) as by_attributes:
        Experiment.load(tmp_path / "exp.toml")
    assert by_attributes.value.problems == by_text.value.problems


def test_a_file_that_ends_too_soon_names_its_last_line(tmp_path: Path) -> None:
    file = tmp_path / "exp.toml"
    file.write_text("seed = 1\n[task", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"line 2"):
        Experiment.load(file)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exp.toml"
    file.write_bytes(b"seed = 1\n\xff\xfe")
    with pytest.raises(ConfigurationError, match="byte 9 is not UTF-8"):
        Experiment.load(file)


def test_a_missing_file_is_answered_with_the_near_ones(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").touch()
    with pytest.raises(
        ConfigurationError, match=r"demos.toml: 1 problem\n  no such file; did you mean 'demo.toml'"
    ):
        Experiment.load(tmp_path / "demos.toml")


def test_a_missing_folder_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file, and no folder"):
        Experiment.load(tmp_path / "nowhere" / "exp.toml")
    with pytest.raises(ConfigurationError, match="is a folder"):
        Experiment.load(tmp_path)


# -- made in Python -------------------------------------------------------------------------------------


def test_an_experiment_is_made_from_instances_and_names() -> None:
    experiment = Experiment.of(task=Cheese(kinds=4), space="board", relaxation=Softmax(), seed=3)
    assert experiment.task == Cheese(kinds=4)
    assert experiment.space == Board()
    assert dict(experiment.names) == {
        "task": "cheese",
        "space": "board",
        "relaxation": "softmax",
        "loop": "bilevel",
    }
    assert parse(text=experiment.to_toml()) == experiment


def test_what_is_no_instance_of_the_contract_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Experiment.of(task=3, space="bord", relaxation=Board(), search=TrainOptions())  # type: ignore[arg-type]
    found = "\n".join(caught.value.problems)
    assert "task: expected a Task or the name of one, found 3" in found
    assert "space.name: unknown space 'bord'; did you mean 'board'" in found
    assert "relaxation: expected a Relaxation or the name of one" in found
    assert "search: expected a SearchOptions, found" in found


def tensor_task(shift: float) -> TensorTask:
    return TensorTask({"x": torch.arange(8.0)[:, None] + shift}, torch.arange(8) % 2)


def test_tensors_are_recorded_by_shape_and_hash() -> None:
    written = tomllib.loads(Experiment.of(task=tensor_task(0), space="board").to_toml())
    assert written["task"]["name"] == "nasframe.task:TensorTask"
    assert written["task"]["tensors"]["x"].startswith("float32 [8, 1] sha256:")


def test_what_was_made_in_python_is_not_read_back_from_a_file() -> None:
    written = Experiment.of(task=tensor_task(0), space="board").to_toml()
    (found,) = problems_of(text=written)
    assert found.startswith("task.name: 'nasframe.task:TensorTask' was made in Python")
    assert "pass `experiment=…` in Python, or register the task as a plugin" in found


def test_a_value_that_toml_cannot_hold_is_refused_not_dropped() -> None:
    @define
    class Aged(Cheese):
        months: int | None = 12

    experiment = Experiment.of(task=Aged(months=None), space="board")
    with pytest.raises(ConfigurationError, match=r"task.months: TOML has no None"):
        experiment.to_dict()


# -- fingerprints and devices ---------------------------------------------------------------------------


def test_the_fingerprint_depends_on_what_decides_the_result() -> None:
    prints = {
        parse(*override).fingerprint()
        for override in [(), ("seed=5",), ("search.epochs=3",), ("task.kinds=3",)]
    }
    assert len(prints) == 4
    tensors = {Experiment.of(task=tensor_task(shift), space="board").fingerprint() for shift in (0, 1)}
    assert len(tensors) == 2


def test_an_option_that_is_new_keeps_the_fingerprint_at_what_was_before_it() -> None:
    assert parse("search.empty_ports=allow").fingerprint() == parse().fingerprint()
    assert parse("search.empty_ports=redraw").fingerprint() != parse().fingerprint()


def test_the_fingerprint_does_not_depend_on_where_things_lie() -> None:
    assert parse("cache=elsewhere", device="cpu").fingerprint() == parse().fingerprint()


def test_a_cache_may_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("cache=~/prepared").cache_folder == tmp_path / "prepared"
    with pytest.raises(RunError, match=r"the cache ~nobody-of-that-name/x cannot be found"):
        _ = parse("cache=~nobody-of-that-name/x").cache_folder


def test_auto_is_a_device_of_this_machine() -> None:
    assert parse().torch_device().type in ("cpu", "cuda")
    assert resolve_device("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_refused_when_it_is_used() -> None:
    experiment = parse(device="cuda:99")  # a run made elsewhere must load
    with pytest.raises(ConfigurationError, match=r"'cuda:99' is not on this machine.*valid: auto, cpu"):
        experiment.torch_device()


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "CPU", "", "cuda:-1"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown device"):
        resolve_device(name)


def test_several_seeds_share_their_data_where_the_data_has_a_seed_of_its_own() -> None:
    values = {"task": {"name": "deepfake"}, "space": {"name": "bimodal"}, "seed": 3}
    assert Experiment.parse(values).stage_seed == 3
    shared = Experiment.parse(values, overrides=["data_seed=5"])
    assert shared.stage_seed == 5
    assert Experiment.parse(shared.to_dict()) == shared
    assert shared.fingerprint() != Experiment.parse(values).fingerprint()
    assert "data_seed" not in Experiment.parse(values).to_dict()


@pytest.mark.parametrize(
    "overrides",
    [
        ["search.epochs=3", "loop.name=joint", "seed=5"],
        {"search.epochs": 3, "loop.name": "joint", "seed": 5},
        {"search": {"epochs": 3}, "loop": {"name": "joint"}, "seed": 5},
    ],
    ids=["words", "dotted keys", "sections"],
)
def test_overrides_are_words_or_a_mapping_alike(overrides: Any) -> None:
    found = Experiment.parse(tomllib.loads(TOML), overrides=overrides)
    assert (found.search.epochs, found.names["loop"], found.seed) == (3, "joint", 5)


def test_a_value_of_overrides_that_no_file_holds_is_refused_by_its_key() -> None:
    with pytest.raises(ConfigurationError, match=r"search.epochs: expected a number, a text, .* found None"):
        Experiment.parse({}, overrides={"search.epochs": None})
