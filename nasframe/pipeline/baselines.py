"""Baselines of a searched network: random architectures of its space, networks of task and plugins."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from attrs import frozen
from torch import nn

from nasframe.errors import ContractError, NasframeError, RunError, in_words
from nasframe.experiment import Experiment
from nasframe.network import build
from nasframe.pipeline.engines import training_engine
from nasframe.pipeline.preparation import Prepared
from nasframe.pipeline.trained_network import (
    calibration_of,
    cost_of_trained,
    read_trained,
    test_metrics,
    train_and_save,
)
from nasframe.pipeline.training_records import BASELINE
from nasframe.plugins import raised_at
from nasframe.runs import Checkpoint, Run, drop_checkpoint, reading_run
from nasframe.runtime import Progress, bounded_file_name, fingerprint, forked_seed
from nasframe.space import Architecture, SearchSpace
from nasframe.tasks import Baseline, Data, NamedBaseline, Split, make_each_once, named_baselines
from nasframe.training import OutputError, read_training

__all__ = [
    *("check_baselines", "draw_architectures", "draw_distinct_architectures"),
    *("score_baselines", "train_baselines"),
]

_IN_VAIN = 1000
"""Draws in a row without a new architecture, after which a space of unknown size counts as exhausted."""


@frozen
class _BaselineOfRun:
    """A baseline of a run: one of the task or of a plugin, or a random architecture.

    Attributes:
        named: the network, by the name that enters its seed.
        architecture: where it has one.
    """

    named: NamedBaseline
    architecture: Architecture | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.named.name

    @property
    def file(self) -> str:
        """The name of its training; the digits tell names apart that look alike as files."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return f"{BASELINE}{bounded_file_name(plain, self.name, 190)}-{fingerprint(self.name)[:6]}"


def check_baselines(run: Run | None, experiment: Experiment, data: Data) -> None:
    """Refuse networks of task and plugins that cannot be made, before hours of search and not after them.

    Args:
        run: the one that is gone on with; None for a new one.
        experiment: names them.
        data: for which they are made.

    Raises:
        PluginError: unknown or ambiguous name.
        ContractError: what the task or a plugin brings is no network.
    """
    make_each_once(_fixed_networks(run, experiment, data), experiment.seed, data)


def train_baselines(run: Run, experiment: Experiment, prepared: Prepared, progress: Progress) -> str:
    """Train what `experiment.baselines` asks for, each as the searched network was; skip what is trained.

    Returns:
        A fingerprint of all of them.
    """
    identity, started, made = experiment.fingerprint(), time.monotonic(), 0
    keys = {}
    for baseline in _baselines(run, experiment, prepared.data):
        parts = [baseline.name, baseline.architecture.fingerprint if baseline.architecture else ""]
        parts += [baseline.named.source] if baseline.named.source else []
        keys[baseline.name] = key = prepared.key("baseline", identity, *parts)
        found = _load(read_trained, run, _trained(baseline), progress)
        if found is None or found.values.get("key") != key:
            if not made:
                run.take_up()
                progress.say("baselines …")
            _train(baseline, key, run, experiment, prepared.data, progress)
            made += 1
        drop_checkpoint(run.checkpoints, baseline.file)  # of a training that has ended
    if keys:
        key = fingerprint(keys)
        if made:
            seconds = time.monotonic() - started
            run.mark_done("baselines", key, seconds)
            progress.say(f"baselines: {made} trained in {seconds:.1f} s")
        else:
            progress.say("baselines: unchanged, skipped")
    return fingerprint(keys)


def score_baselines(
    run: Run, experiment: Experiment, data: Data, test: Split, device: torch.device, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Return for each trained baseline, by name, the task's metrics on the test split, its cost, and the
    `validation` metrics of its best epoch; for a random architecture also its fingerprint.

    Raises:
        RunError: the outputs of one are not finite.
    """
    results = {}
    for baseline in _baselines(run, experiment, data):
        found = _load(read_trained, run, _trained(baseline), progress, device)
        if found is None:
            continue
        network = baseline.named.baseline.make().to(device)
        network.load_state_dict(found.state_of(network))
        cost = cost_of_trained(network, baseline.architecture, test, device)
        try:
            metrics = test_metrics(network, experiment, test, calibration_of(found), device)
        except OutputError as error:
            raise RunError(f"{run.path}: baseline {baseline.name!r}: {error}") from error
        results[baseline.name] = {
            **metrics,
            "parameters": cost.parameters,
            "multiply_adds": cost.multiply_adds,
            "validation": found.values["validation"],
            **({"architecture": baseline.architecture.fingerprint[:16]} if baseline.architecture else {}),
        }
    return results


def _baselines(run: Run, experiment: Experiment, data: Data) -> Iterator[_BaselineOfRun]:
    options, seed = experiment.baselines, experiment.seed
    for number, drawn in enumerate(
        draw_distinct_architectures(run.architecture.space, seed, options.random), start=1
    ):
        network = Baseline(_builder(drawn, seed))
        yield _BaselineOfRun(NamedBaseline(f"random {number}", network, "the space"), drawn)
    for item in _fixed_networks(run, experiment, data):
        yield _BaselineOfRun(item)


def _fixed_networks(run: Run | None, experiment: Experiment, data: Data) -> list[NamedBaseline]:
    options = experiment.baselines
    task = experiment.task if options.task else None
    with reading_run(run):
        return named_baselines(task, options.registered, data, ["searched"])


def draw_distinct_architectures(space: SearchSpace, seed: int, count: int) -> list[Architecture]:
    """Draw `count` different architectures at random; all there are where the space has fewer.

    A larger `count` begins with the same ones.
    """
    return list(itertools.islice(draw_architectures(space, seed), count))


def draw_architectures(space: SearchSpace, seed: int) -> Iterator[Architecture]:
    """Yield different architectures at random, until all of the space have been drawn.

    Where their number is not known, that is taken to be so once many draws in a row gave none that is new.
    """
    size, found, in_vain = space.how_many(), set[str](), 0
    for draw in itertools.count():
        if len(found) == size.value if size.exact else in_vain == _IN_VAIN:
            return
        in_vain += 1
        number = int(fingerprint(["random architecture", seed, draw])[:15], 16)
        architecture = Architecture(space, space.sample(number))
        if architecture.fingerprint not in found:
            found.add(architecture.fingerprint)
            in_vain = 0
            yield architecture


def _builder(architecture: Architecture, seed: int) -> Callable[[], nn.Module]:
    return lambda: build(architecture, seed=seed)


def _load(
    read: Callable[[Path, str, torch.device | str], Checkpoint | None],
    run: Run,
    name: str,
    progress: Progress,
    device: torch.device | str = "cpu",
) -> Checkpoint | None:
    """Return a checkpoint; None where there is none, or a damaged one, which is reported."""
    try:
        return read(run.checkpoints, name, device)
    except RunError as error:
        progress.warn(f"{error}; `nasframe run` makes it again")
        return None


def _trained(baseline: _BaselineOfRun) -> str:
    return f"{baseline.file}-network"


def _train(
    baseline: _BaselineOfRun, key: str, run: Run, experiment: Experiment, data: Data, progress: Progress
) -> None:
    unfinished = _load(read_training, run, baseline.file, progress)
    if unfinished is None or unfinished.values.get("key") != key:
        drop_checkpoint(run.checkpoints, baseline.file)
    with forked_seed(experiment.seed, baseline.name):
        network = baseline.named.baseline.make()
    engine = training_engine(
        network,
        experiment,
        data,
        progress,
        run=run,
        name=baseline.file,
        key=key,
        own_loss=baseline.named.baseline.loss,
    )
    try:
        train_and_save(engine, run, _trained(baseline))
    except (NasframeError, OSError):
        raise
    except (Exception, SystemExit) as error:  # the network of a task or a plugin may raise anything
        if baseline.architecture is not None:
            raise
        why = f"{in_words(error)}{raised_at(error)}"
        raise ContractError(f"{baseline.named.owner}: {baseline.name!r} cannot be trained: {why}") from error
