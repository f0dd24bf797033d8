"""The rows of a comparison or sweep, one for each variant, point and baseline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.report import COSTS, value_of
from nasframe.studies.baselines import BaselineGroup
from nasframe.studies.metrics import number_of
from nasframe.studies.planned_runs import Variant
from nasframe.studies.statistics import UNBOUNDED, Bounds, mean

__all__ = ["Row", "baseline_rows", "mean_json", "row_json", "variant_rows"]

Result = Mapping[str, Any]
Seeds = Mapping[int, float | int | None]
Trained = Sequence[tuple[BaselineGroup, Sequence[Result]]]
"""The groups of baselines, each with the results of its networks that have been trained."""


@frozen
class Row:
    """A line of the table.

    Attributes:
        name: shown to the user.
        kind: `variant`, `point` or `baseline`.
        values: metric → seed → value on the test split, or cost.
        validation: seed → objective on the validation split, in the best epoch of the final training.
        variants: names of the variants that are compared with a baseline.
        is_best_random: each value is that of the best of several random architectures.
    """

    name: str
    kind: str
    values: Mapping[str, Seeds]
    validation: Seeds
    variants: Sequence[str] = ()
    is_best_random: bool = False


def variant_rows(
    variants: Sequence[Variant], results: Sequence[Result], metrics: Sequence[str], kind: str = "variant"
) -> list[Row]:
    """Return a row for each variant, from the results of its runs that have been evaluated."""
    rows = []
    for variant in variants:
        own = [result for result in results if _counts(result, variant)]
        found = {metric: {result["seed"]: value_of(result, metric) for result in own} for metric in metrics}
        validation = {result["seed"]: result["validation"]["trained"] for result in own}
        rows.append(Row(variant.name, kind, found, validation))
    return rows


def _counts(result: Result, variant: Variant) -> bool:
    return result["variant"] == variant.name and result["status"] == "done" and bool(result["test"])


def baseline_rows(
    trained: Trained,
    objective: str,
    metrics: Sequence[str],
    random: int,
) -> list[Row]:
    """Return the rows of the random architectures (mean, and the best on the validation split), of the best
    single stream, and of every network that the task or a plugin brings."""
    rows: list[Row] = []

    def add(name: str, own: Trained, *, is_best_random: bool = False) -> None:
        """Add the row of the mean of the networks that `own` holds for each seed."""
        variants = next(item.variants for item, _ in trained if (item.kind, item.label) == (kind, label))
        values = {
            metric: {item.seed: _mean(_of(network, metric) for network in found) for item, found in own}
            for metric in metrics
        }
        validation = {
            item.seed: _mean(network["validation"].get(objective) for network in found) for item, found in own
        }
        title = f"{name} [{label}]" if label else name
        rows.append(Row(title, "baseline", values, validation, variants, is_best_random))

    for kind, label in dict.fromkeys((item.kind, item.label) for item, _ in trained):
        own = [(item, found) for item, found in trained if (item.kind, item.label) == (kind, label)]
        if kind == "random":
            drawn = max(len(item.networks) for item, _ in own)
            count = f"{drawn} (all there are)" if drawn < random else str(drawn)
            # The best of fewer architectures would be another quantity.
            complete = [(item, found) for item, found in own if len(found) == len(item.networks)]
            add(f"random, mean of {count}", complete)
            best = _best(complete, objective)
            add(f"random, best of {count} on validation", best, is_best_random=True)
            continue
        streams = _best([(item, _with_names(found, item.single_streams)) for item, found in own], objective)
        if streams:
            names = dict.fromkeys(network["name"] for _, found in streams for network in found)
            add(f"best single stream ({', '.join(names)})", streams)
        for network in own[0][0].networks:
            add(
                network.name,
                [(item, found) for item, one in own if (found := _with_names(one, [network.name]))],
            )
    return rows


def mean_json(seeds: Seeds, bounds: Bounds = UNBOUNDED) -> dict[str, Any]:
    """Return the mean over seeds with its 95 % interval, and the value of each seed, as records hold it."""
    found = mean(list(seeds.values()), bounds)
    by_seed = {str(seed): value for seed, value in seeds.items()}
    return {"mean": found.mean, "low": found.low, "high": found.high, "by_seed": by_seed}


def row_json(row: Row, objective: str, bounds: Mapping[str, Bounds]) -> dict[str, Any]:
    """Return a row as records hold it, given metric → its bounds; a metric without bounds has none."""
    of = {metric: bounds.get(metric, UNBOUNDED) for metric in (*row.values, objective)}
    return {
        "name": row.name,
        "kind": row.kind,
        "values": {metric: mean_json(seeds, of[metric]) for metric, seeds in row.values.items()},
        "validation": mean_json(row.validation, of[objective]),
    }


def _with_names(networks: Sequence[Result], names: Collection[str]) -> list[Result]:
    return [network for network in networks if network["name"] in names]


def _best(own: Trained, objective: str) -> Trained:
    """Return of each seed the network that is best on the validation split; a seed without any has none."""
    return [(item, [_best_network(found, objective)]) for item, found in own if found]


def _mean(values: Iterable[float | int | None]) -> float | int | None:
    """Return the one value as it is, or the mean of several."""
    first, *others = values
    return mean([first, *others]).mean if others else first


def _best_network(networks: Sequence[Result], objective: str) -> Result:
    """Return the network with the best objective on the validation split."""

    def rank(network: Result) -> float:
        value = network["validation"].get(objective)
        return -float("inf") if value is None else value

    return max(networks, key=rank)


def _of(network: Result, metric: str) -> float | int | None:
    """Return a metric of a network that was trained without a search, so that `search_seconds` is None."""
    if metric == "search_seconds":
        return None
    return number_of(network[metric] if metric in COSTS else network["test"].get(metric))
