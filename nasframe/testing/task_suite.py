"""The suite of tasks: stages, four splits, a loss, metrics, and scores of files."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import attrs
import pytest
import torch
from torch import Tensor

from nasframe.errors import NasframeError
from nasframe.operations import OpSpec
from nasframe.relaxations import GumbelRaoMonteCarlo
from nasframe.runtime import SILENT, without_nan
from nasframe.searching import Bilevel, Search, SearchOptions
from nasframe.space import Choice, SearchSpace
from nasframe.tasks import (
    STAGE_RECORD,
    Batch,
    Data,
    FileScorer,
    Split,
    StageContext,
    Task,
    baseline_records,
    checked_data,
    checked_stages,
    open_test_split,
    run_stages,
)
from nasframe.testing.minimal_plugins import EveryInput, FlatLinear
from nasframe.testing.registration import registered
from nasframe.testing.suite import PluginSuite, on_a_gpu, seeded
from nasframe.training import Training, TrainOptions

__all__ = ["TaskSuite"]

CPU = torch.device("cpu")
FLAT = "flat_linear"

Folders = Mapping[str, Path]


class TaskSuite(PluginSuite):
    """Everything `nasframe.Task` promises.

        class TestHeartbeats(TaskSuite):
            source = Path(__file__).parent / "twelve_heartbeats"

            def make(self):
                return Heartbeats(window=32)

    Stages: names that differ, inputs that JSON can hold and that are the same at every call, `after` naming
    earlier stages; run twice they write the same files, into their own folders alone. Data: shapes as
    announced; four splits of which no two share a name; batches in the order of the indices, the same at
    every call; sampling weights that can be drawn from; `redrawn` keeps number, names and weights and is
    seeded; the test split stays closed through search and training. Numbers: the loss is a finite scalar
    with a finite gradient; the metrics hold the objective and
    lie within the bounds that the task declares; metrics, calibration and evaluation are JSON-able;
    scores, where there are some, are one an example, with a label of two classes.
    Networks: baselines take the inputs by name. Files, where `score_meaning` is set: one record a file, in
    order, with an `error` for a missing one, the same from several threads at once; a column for each
    further number. An exported module takes its example, and gives an example the same alone and in a batch.
    Options: an attrs class with help texts, equal after a round trip.

    Stages run once for the class; give a small `source`, or options that make a small one.

    Attributes:
        source: the user's data, None for the task's own.
        files: some that the task can score; without any, only a missing file is tested.
    """

    source: Path | None = None
    files: Sequence[Path] = ()

    def make(self) -> Task:
        """Return the task to test."""
        self._lacks("make(self)", "MyTask()")

    @pytest.fixture
    def folders(self, tmp_path_factory: pytest.TempPathFactory) -> Folders:
        """The folders that the stages wrote, by name; one run for all tests of a class."""
        kind: Any = type(self)
        if "_cache" not in vars(kind):
            kind._cache = tmp_path_factory.mktemp("stages")
        results = run_stages(self.make().stages(self.source, 0), kind._cache, CPU, SILENT)
        return {name: result.folder for name, result in results.items()}

    @pytest.fixture
    def data(self, folders: Folders) -> Data:
        """The data that the task reads from the folders."""
        return self.make().data(folders)

    def test_it_passes_the_check_that_a_search_begins_with(self, folders: Folders) -> None:
        task = self.make()
        checked_stages(task, self.source, 0)
        open_test_split(task, checked_data(task, folders))

    # -- stages -----------------------------------------------------------------------------------------

    def test_stages_have_names_that_differ_and_can_be_folders(self) -> None:
        names = [stage.name for stage in self.make().stages(self.source, 0)]
        assert len(set(names)) == len(names), "two stages have one name"
        for name in names:
            assert name
            assert Path(name).name == name, f"{name!r} cannot be the name of a folder"

    def test_the_inputs_of_a_stage_are_json_and_the_same_at_every_call(self) -> None:
        first, again = ([_json(stage.inputs) for stage in self._stages()] for _ in range(2))
        assert first == again

    def test_a_stage_comes_after_earlier_ones(self) -> None:
        earlier: set[str] = set()
        for stage in self._stages():
            missing = set(stage.after) - earlier
            assert not missing, f"{stage.name} comes after {missing}, which is no earlier stage"
            earlier.add(stage.name)

    def test_stages_run_twice_write_the_same_files(self, folders: Folders, tmp_path: Path) -> None:
        source, again = self.source, dict[str, Path]()
        untouched = {} if source is None else _state(source)
        for stage in self._stages():
            before = {name: _state(folder) for name, folder in again.items()}
            out = tmp_path / stage.name
            out.mkdir()
            stage.run(StageContext(out, {name: again[name] for name in stage.after}, CPU, SILENT))
            for name, state in before.items():
                assert _state(again[name]) == state, f"{stage.name} wrote into the folder of {name}"
            again[stage.name] = out
        assert source is None or _state(source) == untouched, "a stage wrote into the source"
        for name, folder in again.items():
            first, second = _files(folders[name]), _files(folder)
            assert sorted(first) == sorted(second), f"{name} wrote other files the second time"
            for file, path in first.items():
                assert path.read_bytes() == second[file].read_bytes(), f"{name} wrote another {file}"

    # -- data -------------------------------------------------------------------------------------------

    def test_shapes_and_outputs_are_positive_numbers_under_plain_names(self, data: Data) -> None:
        assert data.inputs, "there is no input"
        assert data.outputs >= 1
        for name, shape in data.inputs.items():
            assert name
            assert not set(name) & set("/."), f"{name!r}: '/' and '.' separate the names of parameters"
            assert isinstance(shape, tuple)
            assert all(type(size) is int and size >= 1 for size in shape), f"{name}: {shape}"

    def test_no_two_splits_share_an_example_and_none_is_empty(self, data: Data) -> None:
        seen: dict[str, str] = {}
        for name, split in _splits(data).items():
            assert len(split) >= 1, f"the split {name} is empty"
            assert len(split.identifiers) == len(split), f"the split {name} needs a name for each example"
            for identifier in split.identifiers:
                assert identifier not in seen, f"{identifier} is in {seen[identifier]} and in {name}"
                seen[identifier] = name

    def test_batches_have_the_shapes_that_were_announced(self, data: Data) -> None:
        for split in _splits(data).values():
            for size in {1, min(3, len(split))}:
                batch = split.batch(torch.arange(size))
                assert set(batch.inputs) == set(data.inputs)
                for name, value in batch.inputs.items():
                    assert tuple(value.shape) == (size, *data.inputs[name]), f"input {name}"
                    assert value.is_floating_point(), f"input {name} is {value.dtype}"
                    assert value.isfinite().all(), f"input {name} is not finite"
                assert len(batch.targets) == size

    def test_a_batch_is_in_the_order_of_its_indices(self, data: Data) -> None:
        for split in _splits(data).values():
            last = len(split) - 1
            rows = [last, 0, last, last // 2]
            together, alone = split.batch(torch.tensor(rows)), [split.batch(torch.tensor([r])) for r in rows]
            for name, value in together.inputs.items():
                assert torch.equal(value, torch.cat([batch.inputs[name] for batch in alone]))
            assert torch.equal(together.targets, torch.cat([batch.targets for batch in alone]))

    def test_reading_draws_nothing_and_gives_the_same_every_time(self, folders: Folders) -> None:
        task, random = self.make(), torch.get_rng_state()
        first, again = (_splits(task.data(folders)) for _ in range(2))
        for name, split in first.items():
            assert list(split.identifiers) == list(again[name].identifiers)
            _assert_same(_all(split), _all(again[name]))
        assert torch.equal(torch.get_rng_state(), random)

    def test_changing_a_batch_changes_no_example(self, data: Data) -> None:
        split = data.splits.weights
        before = _copied(_all(split))
        for value in _all(split).inputs.values():
            value.zero_()
        _assert_same(_all(split), before)

    def test_sampling_weights_can_be_drawn_from(self, data: Data) -> None:
        for split in (data.splits.weights, data.splits.architecture):
            weights = split.sampling_weights
            if weights is not None:
                assert weights.shape == (len(split),)
                assert weights.isfinite().all()
                assert (weights >= 0).all()
                assert weights.sum() > 0

    def test_redrawing_keeps_number_names_and_weights_and_is_seeded(self, data: Data) -> None:
        random = torch.get_rng_state()
        for split in (data.splits.weights, data.splits.architecture):
            before = _copied(_all(split))
            one, two = split.redrawn(seeded(1)), split.redrawn(seeded(1))
            other = split.redrawn(seeded(2))
            for found in (one, other):
                assert len(found) == len(split)
                assert list(found.identifiers) == list(split.identifiers)
                assert _equal(found.sampling_weights, split.sampling_weights)
            _assert_same(_all(one), _all(two))
            _assert_same(_all(split), before)
        assert torch.equal(torch.get_rng_state(), random)

    def test_the_test_split_stays_closed_through_search_and_training(self, data: Data) -> None:
        def refuse() -> NoReturn:
            pytest.fail("the test split was opened")

        closed = attrs.evolve(data, splits=attrs.evolve(data.splits, test=refuse))
        task = self.make()
        with registered(operations={FLAT: FlatLinear}):
            search = Search(
                space=_space(data),
                task=task,
                data=closed,
                relaxation=GumbelRaoMonteCarlo(samples=3),
                loop=Bilevel(),
                options=SearchOptions(epochs=1, batch_size=8),
            )
            search.fit()
        network = EveryInput(data.inputs, data.outputs)
        _json(Training(network, task, closed, TrainOptions(epochs=1, batch_size=8)).fit())

    # -- numbers ----------------------------------------------------------------------------------------

    def test_the_loss_is_a_finite_scalar_with_a_finite_gradient(self, data: Data) -> None:
        task = self.make()
        for split in _splits(data).values():
            targets = _all(split).targets
            outputs = _outputs(data, len(split)).requires_grad_()
            loss = task.loss(outputs, targets)
            assert loss.shape == ()
            assert loss.isfinite()
            (gradient,) = torch.autograd.grad(loss, outputs)
            assert gradient.isfinite().all()

    def test_metrics_are_numbers_and_hold_the_objective(self, data: Data) -> None:
        task, targets = self.make(), _all(data.splits.validation).targets
        for size in {1, len(targets)}:
            metrics = task.metrics(_outputs(data, size), targets[:size])
            assert task.objective in metrics
            assert all(isinstance(value, float) for value in metrics.values()), metrics
            _json(metrics)

    def test_metrics_lie_within_their_bounds(self, data: Data) -> None:
        task, targets = self.make(), _all(data.splits.validation).targets
        metrics = task.metrics(_outputs(data, len(targets)), targets)
        for metric, (low, high) in task.bounds.items():
            assert low < high, f"{metric}: expected a smallest and a largest value, found {(low, high)}"
            value = metrics.get(metric, low)
            assert math.isnan(value) or low <= value <= high, f"{metric}: {value} lies outside {(low, high)}"

    def test_calibration_and_evaluation_are_json(self, data: Data) -> None:
        task, validation, test = self.make(), data.splits.validation, data.splits.test()
        calibration = task.calibrate(_outputs(data, len(validation)), _all(validation).targets)
        assert all(isinstance(value, float) for value in calibration.values()), calibration
        _json(calibration)
        _json(task.evaluate(_outputs(data, len(test)), test, calibration))

    def test_scores_are_one_an_example_with_labels_of_two_classes(self, data: Data) -> None:
        test = data.splits.test()
        scores = self.make().scores(_outputs(data, len(test)), test, {})
        if scores is None:
            return
        assert scores.log_odds.shape == scores.labels.shape == (len(test),)
        assert set(scores.labels.tolist()) <= {0, 1}
        assert len(scores.categories) in (0, len(test))

    # -- networks and files -----------------------------------------------------------------------------

    def test_baselines_take_the_inputs_by_name_and_learn(self, data: Data) -> None:
        task = self.make()
        baselines = baseline_records(task.baselines(data))
        if not baselines:
            pytest.skip("it brings no baselines")
        batch = data.splits.weights.batch(torch.arange(min(3, len(data.splits.weights))))
        for name, baseline in baselines.items():
            network = baseline.make()
            assert baseline.make() is not network, f"{name} gives one network twice"
            outputs = network(batch.inputs)
            assert tuple(outputs.shape) == (len(batch.targets), data.outputs), name
            task.loss(outputs, batch.targets).backward()  # type: ignore[no-untyped-call, unused-ignore]
            grads = [value.grad for value in network.parameters() if value.grad is not None]
            assert grads, f"nothing in {name} learns"
            assert all(grad.isfinite().all() for grad in grads), name

    def test_what_is_saved_says_how_many_parameters_are_frozen(
        self, folders: Folders, tmp_path: Path
    ) -> None:
        before = {name: _state(folder) for name, folder in folders.items()}
        frozen = self._saved(folders, tmp_path).frozen_parameters(tmp_path)
        assert type(frozen) is int
        assert frozen >= 0
        assert {name: _state(folder) for name, folder in folders.items()} == before

    def test_predict_answers_one_record_a_file_in_order(
        self, folders: Folders, data: Data, tmp_path: Path
    ) -> None:
        scorer, missing = self._scorer(folders, data, tmp_path), tmp_path / "there is no such file"
        files = [*self.files, missing, *reversed(self.files)]
        records = list(scorer.score(files))
        assert [record["file"] for record in records] == [str(file) for file in files]
        for file, record in zip(files, records, strict=True):
            assert ("error" in record) == (file is missing), record
            assert len(record) > 1, "a record holds the result, or the error"
        assert records == records[::-1], "a file was scored differently the second time"
        _json(records)

    def test_a_scorer_names_the_columns_of_its_further_numbers(
        self, folders: Folders, data: Data, tmp_path: Path
    ) -> None:
        scorer = self._scorer(folders, data, tmp_path)
        if not self.files:
            pytest.skip("no files to score")
        known = {"score", "threshold", *scorer.columns}
        for record in scorer.score(self.files):
            numbers = {name for name, value in record.items() if isinstance(value, int | float)}
            assert numbers <= known, f"columns lacks {', '.join(sorted(numbers - known))}"

    def test_a_scorer_is_used_again_and_from_several_threads_at_once(
        self, folders: Folders, data: Data, tmp_path: Path
    ) -> None:
        scorer = self._scorer(folders, data, tmp_path)
        lists = [[*self.files, tmp_path / f"no file {place}"] * 2 for place in range(4)]
        expected = [list(scorer.score(files)) for files in lists]
        together = threading.Barrier(len(lists))

        def score(files: Sequence[Path]) -> list[dict[str, Any]]:
            records, found = iter(scorer.score(files)), []
            for _ in files:
                together.wait(timeout=60)
                found.append(next(records))
            return found

        with ThreadPoolExecutor(len(lists)) as threads:
            assert list(threads.map(score, lists)) == expected

    def test_what_is_exported_takes_its_example_and_batches_of_any_size(
        self, folders: Folders, data: Data, tmp_path: Path
    ) -> None:
        task = self._saved(folders, tmp_path)
        validation = data.splits.validation
        calibration = task.calibrate(_outputs(data, len(validation)), _all(validation).targets)
        exported = task.exported(EveryInput(data.inputs, data.outputs).eval(), tmp_path, calibration)
        _json(without_nan(exported.settings))
        assert exported.example
        assert all(len(value) == 2 for value in exported.example.values()), "the example is a batch of two"
        module = exported.module.eval()
        with torch.no_grad():
            both = module(dict(exported.example))
            assert both
            for place in range(2):
                one = module({name: value[place : place + 1] for name, value in exported.example.items()})
                for name, value in one.items():
                    # sums of thousands of float32, which another batch adds in another order
                    torch.testing.assert_close(value[0], both[name][place], atol=1e-5, rtol=1e-5)

    @on_a_gpu
    def test_on_a_gpu_the_loss_and_the_metrics_are_numbers(self, data: Data) -> None:
        task, gpu = self.make(), torch.device("cuda")
        batch = _all(data.splits.validation).to(gpu)
        outputs = _outputs(data, len(batch.targets)).to(gpu)
        assert task.loss(outputs, batch.targets).isfinite()
        _json(task.metrics(outputs, batch.targets))

    # -- parts of the tests -----------------------------------------------------------------------------

    def _stages(self) -> Sequence[Any]:
        return self.make().stages(self.source, 0)

    def _scorer(self, folders: Folders, data: Data, saved: Path) -> FileScorer:
        """Return what scores files with an untrained network; skip the test where the task refuses to."""
        task = self._saved(folders, saved)
        network = EveryInput(data.inputs, data.outputs).eval()
        if not task.score_meaning:
            with pytest.raises(NasframeError):
                task.file_scorer(network, saved, {}, CPU)
            pytest.skip("it scores no files")
        validation = data.splits.validation
        calibration = task.calibrate(_outputs(data, len(validation)), _all(validation).targets)
        scorer = task.file_scorer(network, saved, calibration, CPU)
        assert isinstance(scorer, FileScorer), "file_scorer must return a FileScorer"
        return scorer

    def _saved(self, folders: Folders, out: Path) -> Task:
        task = self.make()
        task.save(folders, out)
        return task


def _json(value: Any) -> str:
    """Return a value as JSON; fail where JSON cannot hold it."""
    return json.dumps(dict(value) if isinstance(value, Mapping) else value)


def _files(folder: Path) -> dict[str, Path]:
    """Return relative name → file, without the record that `run_stages` adds."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != STAGE_RECORD
    }


def _state(place: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of every file."""
    files = _files(place).values() if place.is_dir() else [place]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _splits(data: Data) -> dict[str, Split]:
    splits = data.splits
    return {
        "weights": splits.weights,
        "architecture": splits.architecture,
        "validation": splits.validation,
        "test": splits.test(),
    }


def _all(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def _copied(batch: Batch) -> Batch:
    return Batch({name: value.clone() for name, value in batch.inputs.items()}, batch.targets.clone())


def _outputs(data: Data, examples: int) -> Tensor:
    return torch.randn(examples, data.outputs, generator=seeded(4))


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other or (one is not None and other is not None and torch.equal(one, other))


def _assert_same(one: Batch, other: Batch) -> None:
    assert set(one.inputs) == set(other.inputs)
    for name, value in one.inputs.items():
        assert torch.equal(value, other.inputs[name]), f"input {name} differs"
    assert torch.equal(one.targets, other.targets), "the targets differ"


def _space(data: Data) -> SearchSpace:
    """Return a space in which each input passes a linear layer, or is left out."""
    space = SearchSpace("tested")
    space.add_node("_sum", "identity")
    for index, (name, shape) in enumerate(data.inputs.items()):
        space.add_input(name, shape, OpSpec(FLAT, {"outputs": data.outputs}))
        space.connect(name, "_sum", choice=Choice(f"_edge{index}", ("zero", "identity"), "alpha"))
    space.set_output("_sum")
    return space
