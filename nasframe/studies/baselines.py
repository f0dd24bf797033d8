"""The baselines of a comparison: random architectures, and the networks that the task and plugins bring.

They depend on the data, the training and the seed, the random ones also on the space, and not on the search.
So variants that differ only in their search share them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.jobs import Trial
from nasframe.pipeline import Prepared, draw_distinct_architectures
from nasframe.runtime import fingerprint
from nasframe.studies.axes import point_name
from nasframe.studies.planned_runs import Variant
from nasframe.studies.study import Study
from nasframe.studies.training_trial import NetworkToTrain, make_training_trial, read_trained_network
from nasframe.tasks import NamedBaseline, named_baselines, require_makeable

__all__ = ["BaselineGroup", "make_baseline_groups", "read_baselines"]

_TASK = ("task", "train")
_RANDOM = (*_TASK, "space")


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
    found = []
    for kind, sections in (("random", _RANDOM), ("task", _TASK)):
        groups: dict[str, list[Variant]] = {}
        for variant in (item for item in variants if item.name in prepared):
            groups.setdefault(_key(variant, sections, prepared[variant.name]), []).append(variant)
        for key, members in groups.items():
            first = members[0]
            point = {k: v for k, v in first.point.items() if k.partition(".")[0] in sections}
            label = point_name(point) if len(groups) > 1 else ""
            for seed, experiment in first.experiments.items():
                data = prepared[first.name].data
                single_streams: list[str] = []
                if kind == "random":
                    space = experiment.space.build(data.inputs, data.outputs)
                    networks = [
                        NetworkToTrain(f"random {number}", f"random-{number}.json", drawn.assignment)
                        for number, drawn in enumerate(
                            draw_distinct_architectures(space, seed, random), start=1
                        )
                    ]
                else:
                    taken = [f"random {number}" for number in range(1, random + 1)]
                    brought = named_baselines(experiment.task, registered, data, taken)
                    require_makeable(brought, seed)
                    networks = [
                        NetworkToTrain(item.name, _file(number, item), registered=item.registered)
                        for number, item in enumerate(brought, start=1)
                    ]
                    single_streams = [item.name for item in brought if item.baseline.single_stream]
                if not networks:
                    continue
                name = ",".join(part for part in (f"{kind}-networks", label, f"seed={seed}") if part)
                place = study.folder.path / "baselines" / f"{kind}-{key[:12]}-seed={seed}"
                trial = make_training_trial(name, place, experiment, networks, study)
                names = [item.name for item in members]
                found.append(BaselineGroup(kind, label, names, seed, networks, trial, single_streams))
    return found


def read_baselines(group: BaselineGroup) -> list[dict[str, Any]]:
    """Return the results of the networks of a group that have been trained; see `read_trained_network`."""
    read = (read_trained_network(group.trial.folder / item.file) for item in group.networks)
    return [item for item in read if item is not None]


def _file(number: int, item: NamedBaseline) -> str:
    """Return the name of a network's file; that of a registered one stays when others are added."""
    if not item.registered:
        return f"{number}.json"
    return f"registered-{fingerprint([item.registered, item.name])[:16]}.json"


def _key(variant: Variant, sections: Sequence[str], prepared: Prepared) -> str:
    """Return a fingerprint of all that the networks depend on except the seed."""
    values = variant.first.to_dict()
    # "yardstick" is in the folder's name on disk: never rename it
    return prepared.key("yardstick", fingerprint({section: values[section] for section in sections}))
