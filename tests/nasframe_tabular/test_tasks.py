"""The tasks: their inputs, splits, options and numbers; each through `nasframe run`."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from sklearn.metrics import f1_score

from nasframe import Choice, Data, Experiment, OpSpec, SearchSpace, SpaceFactory, TensorSplit, hookimpl
from nasframe.cli import main
from nasframe.errors import ConfigurationError, DataError
from nasframe.options import structure
from nasframe.plugins import PluginManager, manager
from nasframe.runtime import SILENT
from nasframe.tasks import run_stages
from nasframe_tabular.tasks import AudioVisualDigits, HomeActivities, Mnist1D, MultipleFeatures
from nasframe_tabular.tasks.classification import macro_f1
from tests.nasframe_tabular.conftest import PINS
from tests.nasframe_tabular.stages import folders_of

EXAMPLES = Path(__file__).parents[2] / "examples" / "tabular"
SMALL = [
    *("search.epochs=1", "train.epochs=1", "space.channels=4", "space.nodes=1", "relaxation.samples=1"),
    *('space.operations=["zero", "sum"]', "baselines.random=0", "baselines.task=false"),
]
SMALLER = {"av_digits": ["task.training_pairs=60", "task.validation_pairs=60", "task.test_pairs=60"]}


def tensors(split: Any) -> TensorSplit:
    assert isinstance(split, TensorSplit)
    return split


@pytest.mark.parametrize("name", ["htad", "mfeat", "av_digits"])
def test_a_task_goes_through_all_steps_on_a_wheel_of_the_user(
    name: str, pinned: Mapping[str, Path], offline: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(EXAMPLES / f"{name}.toml"), *SMALL, *SMALLER.get(name, [])]
    assert main([*words, "--data", str(pinned[name]), "--out", "run"]) == 0
    printed = capsys.readouterr()
    assert "fetch …" in printed.out + printed.err
    test = json.loads((home / "run" / "test.json").read_text(encoding="utf-8"))
    assert 0 <= test["accuracy"] <= 1
    assert {*test["recalls"]} == {*PINS[name].classes}
    assert not offline.exists()  # nothing was fetched


def test_a_wheel_is_needed_no_more_once_its_files_are_prepared(
    pinned: Mapping[str, Path], offline: Path, tmp_path: Path
) -> None:
    task, cache = HomeActivities(), tmp_path / "cache"
    run_stages(task.stages(pinned["htad"], 0), cache, torch.device("cpu"), SILENT)
    found = run_stages(task.stages(None, 0), cache, torch.device("cpu"), SILENT)
    assert [(name, item.skipped) for name, item in found.items()] == [("fetch", True), ("prepare", True)]


def test_another_file_than_the_wheel_is_refused_before_any_work(
    home: Path, pinned: Mapping[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXAMPLES / "htad.toml"), "--data", str(pinned["mfeat"]), "--out", "run"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{pinned['mfeat'].name}: is not multiviewstacking-0.7.5-py3-none-any.whl: expected" in line
    assert not (home / "run").exists()


def test_offline_without_a_wheel_a_run_ends_with_one_sentence(
    home: Path, offline: Path, pinned: Mapping[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXAMPLES / "htad.toml"), "--out", "run"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("nasframe: multiviewstacking-0.7.5-py3-none-any.whl is not in ")
    assert "say --data FILE" in line


@frozen
class Flat(SpaceFactory):
    """A space of one input: its projection, changed or not, and a head."""

    def make(self, inputs: Mapping[str, Any], outputs: int) -> SearchSpace:
        space = SearchSpace("flat")
        ((name, shape),) = inputs.items()
        space.add_input(name, shape, OpSpec("projection", {"channels": 4}))
        space.add_node("change", choice=Choice("change", ("identity", "layer_norm"), "gamma"))
        space.connect(name, "change")
        space.add_node("head", OpSpec("head", {"outputs": outputs}))
        space.connect("change", "head")
        space.set_output("head")
        return space


class FlatPlugin:
    """Registers the space."""

    @hookimpl
    def register_search_spaces(self) -> dict[str, type]:
        return {"flat": Flat}


def test_the_generated_task_goes_through_all_steps(home: Path, plugins: PluginManager) -> None:
    plugins.register(FlatPlugin(), "flat_plugin")
    Path("mine.toml").write_text('[task]\nname = "mnist1d"\n[space]\nname = "flat"\n', encoding="utf-8")
    words = ["search.epochs=1", "train.epochs=1", "baselines.task=true", "task.sizes=[30, 20, 20, 50]"]
    assert main(["run", "mine.toml", *words, "--out", "run"]) == 0
    test = json.loads(Path("run/test.json").read_text(encoding="utf-8"))
    assert test["examples"] == 50


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_experiment_loads(file: Path) -> None:
    experiment = Experiment.load(file)
    assert experiment.names["task"] == file.stem
    assert experiment.names["space"] == ("nas_bench_201" if file.stem == "mnist1d" else "bimodal")


def test_every_task_is_found_by_its_class_so_that_other_processes_can_make_it() -> None:
    for name, kind in {**PINS, "mnist1d": Mnist1D}.items():
        entry = manager().entry_of("task", kind)
        assert entry is not None
        assert (entry.name, entry.plugin) == (name, "nasframe_tabular")


# -- views ----------------------------------------------------------------------------------------------


@pytest.fixture
def activities(pinned: Mapping[str, Path], tmp_path: Path) -> Data:
    return HomeActivities().data(folders_of(HomeActivities(), pinned["htad"], tmp_path))


def test_activities_have_three_windows_of_sound_and_two_groups_of_wrist_features(activities: Data) -> None:
    assert activities.inputs == {
        **{f"sound_{number}": (1, 12) for number in (1, 2, 3)},
        "wrist_axes": (1, 9),
        "wrist_whole": (1, 7),
    }
    assert activities.outputs == 7


def test_features_are_standardised_by_the_split_that_weights_learn_from(activities: Data) -> None:
    values = tensors(activities.splits.weights).inputs["wrist_axes"]
    torch.testing.assert_close(values.mean(0), torch.zeros(1, 9), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(1, 9))
    assert float(tensors(activities.splits.test()).inputs["wrist_axes"].mean(0).abs().max()) > 1e-4


def test_each_example_has_the_features_of_its_row(
    pinned: Mapping[str, Path], tmp_path: Path, activities: Data
) -> None:
    lines = (tmp_path / "fetch" / "htad.csv").read_text().splitlines()[1:]
    split = tensors(activities.splits.validation)
    rows = [int(name.removeprefix("window ")) for name in split.identifiers]
    assert [HomeActivities.classes[number] for number in split.targets] == [
        lines[row].split(",")[0] for row in rows
    ]
    column = torch.tensor([float(lines[row].split(",")[13]) for row in rows])  # v1_mfcc13
    found = split.inputs["sound_2"][:, 0, 0]
    assert float(torch.corrcoef(torch.stack([column, found]))[0, 1]) == pytest.approx(1, abs=1e-5)


def test_the_views_that_are_chosen_are_the_inputs_in_that_order(
    pinned: Mapping[str, Path], tmp_path: Path
) -> None:
    task = MultipleFeatures(views=("zer", "mor"))
    found = task.data(folders_of(task, pinned["mfeat"], tmp_path))
    assert [*found.inputs.items()] == [("zer", (1, 47)), ("mor", (1, 6))]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (HomeActivities, {"fold": 5}, "fold"),
        (HomeActivities, {"shares": [0.5, 0.5, 0, 0.5]}, "expected four numbers above 0, found"),
        (MultipleFeatures, {"views": ["fou", "fou"]}, "expected each view once"),
        (MultipleFeatures, {"views": ["far"]}, "views"),
        (MultipleFeatures, {"views": []}, "views"),
        (AudioVisualDigits, {"views": 5}, "views"),
        (AudioVisualDigits, {"noise": -1.0}, "noise"),
        (Mnist1D, {"sizes": [10, 10, 10, 15]}, "expected four multiples of 10 above 0"),
    ],
)
def test_an_option_that_cannot_be_is_refused(kind: type, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        structure(kind, options, "mine.toml")


def test_the_data_depends_on_the_seed_of_the_splits_and_on_the_fold_alone(
    pinned: Mapping[str, Path],
) -> None:
    from nasframe import stage_fingerprints

    def key(task: HomeActivities, seed: int = 0) -> str:
        return stage_fingerprints(task.stages(pinned["htad"], seed))["prepare"]

    assert key(HomeActivities()) == key(HomeActivities(), seed=1)
    keys = {key(HomeActivities()), key(HomeActivities(split_seed=1))}
    keys |= {key(HomeActivities(fold=fold)) for fold in range(5)}
    assert len(keys) == 7
    assert key(HomeActivities(fold=0)) == key(HomeActivities(fold=0, shares=(0.4, 0.2, 0.15, 0.9)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sweep,", "swim,", "'swim' is none of the classes"),
        ("v2_meanX", "v2_meenX", "missing: v2_meanX"),
    ],
)
def test_a_table_with_other_content_is_refused_in_words(
    old: str, new: str, message: str, pinned: Mapping[str, Path], tmp_path: Path
) -> None:
    folders_of(HomeActivities(), pinned["htad"], tmp_path)
    file = tmp_path / "fetch" / "htad.csv"
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=message):
        HomeActivities().read(file.parent)


# -- sequences ------------------------------------------------------------------------------------------


def made(task: Mnist1D, folder: Path) -> Data:
    return task.data(folders_of(task, None, folder))


def test_sequences_have_one_channel_and_as_many_of_each_class(tmp_path: Path) -> None:
    data = made(Mnist1D(sizes=(30, 20, 40, 50)), tmp_path)
    assert data.inputs == {"sequence": (1, 40)}
    splits = data.splits
    for split, size in zip((splits.weights, splits.architecture, splits.validation), (3, 2, 4), strict=True):
        assert torch.bincount(tensors(split).targets).tolist() == [size] * 10
    assert torch.bincount(tensors(splits.test()).targets).tolist() == [5] * 10


def test_the_size_of_the_test_split_changes_no_other_split(tmp_path: Path) -> None:
    few, many = (made(Mnist1D(sizes=(30, 20, 20, size)), tmp_path / str(size)).splits for size in (10, 60))
    for name in ("weights", "architecture", "validation"):
        one, other = tensors(getattr(few, name)), tensors(getattr(many, name))
        assert torch.equal(one.inputs["sequence"], other.inputs["sequence"])
        assert one.identifiers == other.identifiers
    known = torch.cat([tensors(item).inputs["sequence"] for item in (many.weights, many.validation)])
    test = tensors(many.test()).inputs["sequence"]
    assert float(torch.cdist(test.flatten(1), known.flatten(1)).min()) > 0.1


def test_the_package_that_makes_sequences_leaves_the_global_generators_as_they_were(tmp_path: Path) -> None:
    random.seed(5)
    np.random.seed(5)
    before = random.random(), np.random.rand()
    random.seed(5)
    np.random.seed(5)
    made(Mnist1D(sizes=(10, 10, 10, 10)), tmp_path)
    assert (random.random(), np.random.rand()) == before


def test_sequences_take_no_data_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the task mnist1d makes its data itself; leave out --data"):
        Mnist1D().stages(tmp_path, 0)


def test_a_seed_that_the_package_cannot_take_is_refused() -> None:
    with pytest.raises(DataError, match=r"task\.split_seed: expected less than 2147483648, found 2147483648"):
        Mnist1D(split_seed=2**31).stages(None, 0)


# -- numbers --------------------------------------------------------------------------------------------


def test_macro_f1_is_that_of_scikit_learn() -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        found, targets = draw.integers(0, 5, 40), draw.integers(0, 4, 40)
        expected = f1_score(targets, found, average="macro")
        assert macro_f1(torch.tensor(found), torch.tensor(targets), 7) == pytest.approx(expected)


def test_metrics_of_outputs_that_are_not_finite_are_undefined() -> None:
    outputs = torch.full((3, 7), torch.nan)
    assert all(np.isnan(value) for value in HomeActivities().metrics(outputs, torch.arange(3)).values())


def test_an_evaluation_says_how_much_of_each_class_was_recognised(activities: Data) -> None:
    split = tensors(activities.splits.validation)
    outputs = torch.nn.functional.one_hot(split.targets, 7).float()
    outputs[split.targets == 2] = torch.eye(7)[3]
    found = HomeActivities().evaluate(outputs, split, {})
    assert found["recalls"] == {name: float(name != "mop_floor") for name in HomeActivities.classes}
    assert found["examples"] == len(split)


def test_baselines_are_linear_an_mlp_late_fusion_and_each_view_alone(activities: Data) -> None:
    found = HomeActivities().baselines(activities)
    assert [*found] == ["linear", "mlp", "late fusion", *(f"{name} alone" for name in activities.inputs)]
    assert [name for name, item in found.items() if item.single_stream] == [*found][3:]
    batch = activities.splits.weights.batch(torch.arange(4))
    for item in found.values():
        assert item.make()(batch.inputs).shape == (4, 7)


def test_a_view_alone_sees_no_other_view(activities: Data) -> None:
    network = HomeActivities().baselines(activities)["sound_2 alone"].make().eval()
    inputs = dict(activities.splits.weights.batch(torch.arange(4)).inputs)
    expected = network(inputs)
    others = {name: torch.randn_like(value) for name, value in inputs.items()} | {
        "sound_2": inputs["sound_2"]
    }
    assert torch.equal(network(others), expected)
