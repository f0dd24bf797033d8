"""The baselines of a comparison: random architectures, and the networks that the task and plugins bring.

They depend on the data, the training and the seed, the random ones also on the space, and not on the search.
So variants that differ only in their search share them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import frozen

from nasframe.experiment import Experiment
from nasframe.jobs import Trial
from nasframe.pipeline import Prepared, draw_distinct_architectures
from nasframe.runtime import fingerprint
from nasframe.studies.axes import point_name
from nasframe.studies.network_training import NetworkToTrain, make_training_trial, read_trained_network
from nasframe.studies.procedure import Study
from nasframe.studies.variants import Variant
from nasframe.tasks import Data, NamedBaseline, make_each_once, named_baselines

__all__ = ["BaselineGroup", "make_baseline_groups", "read_baselines"]

_TASK = ("task", "train")
_RANDOM = (*_TASK, "space")

_Networks = tuple[list[NetworkToTrain], list[str]]
"""Networks, and the names of those that look at a single stream."""


@frozen
class BaselineGroup:
    """Baselines of one kind that are trained for one seed.

    Attributes:
        kind: `random` architectures, or `task`: the task's own networks and those that plugins register.
        label: the options in which this group differs from others of its kind, "" where there is one.
        variants: names of the variants that are compared with them.
        seed: of their training.
        networks: the networks.
        trial: the trial that trains them.
        single_streams: names of those that look at a single stream.
    """

    kind: str
    label: str
    variants: Sequence[str]
    seed: int
    networks: Sequence[NetworkToTrain]
    trial: Trial
    single_streams: Collection[str] = ()


def make_baseline_groups(
    variants: Sequence[Variant],
    prepared: Mapping[str, Prepared],
    study: Study,
    random: int,
    registered: Sequence[str] = (),
) -> list[BaselineGroup]:
    """Return the groups of baselines; variants with the same data, training and space share theirs.

    Args:
        variants: that are compared.
        prepared: variant → its data.
        study: the comparison.
        random: how many random architectures a seed gets.
        registered: names of functions of plugins whose networks are trained beside those of the task.

    Raises:
        PluginError, ContractError: a function is unknown, or brings something else than networks.
    """
    ready = [variant for variant in variants if variant.name in prepared]
    drawn = partial(_random_networks, count=random)
    names = [variant.name for variant in variants]
    brought = partial(_brought_networks, registered=registered, other_names=names)
    return [
        *_groups("random", _RANDOM, ready, prepared, study, drawn),
        *_groups("task", _TASK, ready, prepared, study, brought),
    ]


def _groups(
    kind: str,
    sections: Sequence[str],
    variants: Sequence[Variant],
    prepared: Mapping[str, Prepared],
    study: Study,
    networks_for: Callable[[Experiment, Data], _Networks],
) -> Iterator[BaselineGroup]:
    """Yield a group of one kind for each seed of the variants that have `sections` and data in common."""
    sharing: dict[str, list[Variant]] = {}
    for variant in variants:
        sharing.setdefault(_key(variant, sections, prepared[variant.name]), []).append(variant)
    for key, members in sharing.items():
        first, names = members[0], [item.name for item in members]
        point = {k: v for k, v in first.point.items() if k.partition(".")[0] in sections}
        label = point_name(point) if len(sharing) > 1 else ""
        for seed, experiment in first.experiments.items():
            networks, single_streams = networks_for(experiment, prepared[first.name].data)
            if not networks:
                continue
            name = ",".join(part for part in (f"{kind}-networks", label, f"seed={seed}") if part)
            place = study.folder.path / "baselines" / f"{kind}-{key[:12]}-seed={seed}"
            trial = make_training_trial(name, place, experiment, networks, study)
            yield BaselineGroup(kind, label, names, seed, networks, trial, single_streams)


def _random_networks(experiment: Experiment, data: Data, count: int) -> _Networks:
    space = experiment.space.build(data.inputs, data.outputs)
    architectures = draw_distinct_architectures(space, experiment.seed, count)
    return [
        NetworkToTrain(f"random {number}", f"random-{number}.json", drawn.assignment)
        for number, drawn in enumerate(architectures, start=1)
    ], []


def _brought_networks(
    experiment: Experiment, data: Data, registered: Sequence[str], other_names: Sequence[str]
) -> _Networks:
    brought = named_baselines(experiment.task, registered, data, other_names)
    make_each_once(brought, experiment.seed, data)
    networks = [
        NetworkToTrain(item.name, _file(number, item), source=item.source)
        for number, item in enumerate(brought, start=1)
    ]
    return networks, [item.name for item in brought if item.baseline.single_stream]


def read_baselines(group: BaselineGroup) -> list[dict[str, Any]]:
    """Return the results of the networks of a group that have been trained; see `read_trained_network`."""
    read = (read_trained_network(group.trial.folder / item.file) for item in group.networks)
    return [item for item in read if item is not None]


def _file(number: int, item: NamedBaseline) -> str:
    """Return the name of a network's file; that of a registered one stays when others are added."""
    if not item.source:
        return f"{number}.json"
    return f"registered-{fingerprint([item.source, item.name])[:16]}.json"


def _key(variant: Variant, sections: Sequence[str], prepared: Prepared) -> str:
    """Return a fingerprint of all that the networks depend on except the seed."""
    values = variant.first.to_dict()
    # "yardstick" is in the folder's name on disk: never rename it
    return prepared.key("yardstick", fingerprint({section: values[section] for section in sections}))
