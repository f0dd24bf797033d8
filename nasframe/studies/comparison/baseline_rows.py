"""The rows of the baselines of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from nasframe.report import COSTS
from nasframe.studies.comparison.baselines import BaselineGroup
from nasframe.studies.statistics import mean
from nasframe.studies.variants import Row, number_of

__all__ = ["Network", "Trained", "baseline_rows"]

Network = Mapping[str, Any]
"""The result of a network that was trained without a search."""

Trained = Sequence[tuple[BaselineGroup, Sequence[Network]]]
"""The groups of baselines, each with the results of its networks that have been trained."""


def baseline_rows(
    trained: Trained,
    objective: str,
    metrics: Sequence[str],
    random: int,
) -> list[Row]:
    """Return the rows of the random architectures (mean, and the best on the validation split), of the best
    single stream, and of every network that the task or a plugin brings."""
    rows: list[Row] = []

    def add(name: str, own: Trained, *, tried: Trained = (), is_best_random: bool = False) -> None:
        """Add the row of the mean of the networks that `own` holds for each seed.

        Where one of several was taken, `tried` has all of them: each of them was trained, and costs.
        """
        variants = next(item.variants for item, _ in trained if (item.kind, item.label) == (kind, label))
        values = {
            metric: {item.seed: _mean(_of(network, metric) for network in found) for item, found in own}
            for metric in metrics
        }
        for metric in _TRAINING_COSTS.intersection(metrics if tried else ()):
            values[metric] = {
                item.seed: _sum(_of(network, metric) for network in found) for item, found in tried
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
            add(f"random, best of {count} on validation", best, tried=complete, is_best_random=True)
            continue
        alone = [(item, _with_names(found, item.single_streams)) for item, found in own]
        streams = _best(alone, objective)
        if streams:
            names = dict.fromkeys(network["name"] for _, found in streams for network in found)
            tried = [(item, found) for item, found in alone if found]
            add(f"best single stream ({', '.join(names)})", streams, tried=tried)
        for network in own[0][0].networks:
            add(
                network.name,
                [(item, found) for item, one in own if (found := _with_names(one, [network.name]))],
            )
    return rows


def _with_names(networks: Sequence[Network], names: Collection[str]) -> list[Network]:
    return [network for network in networks if network["name"] in names]


def _best(own: Trained, objective: str) -> Trained:
    """Return of each seed the network that is best on the validation split; a seed without any has none."""
    return [(item, [_best_network(found, objective)]) for item, found in own if found]


_TRAINING_COSTS = frozenset({"total_seconds", "cost_in_trainings"})


def _sum(values: Iterable[float | int | None]) -> float | int | None:
    """Return the sum; None where one is not known."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _mean(values: Iterable[float | int | None]) -> float | int | None:
    """Return the one value as it is, or the mean of several."""
    first, *others = values
    return mean([first, *others]).mean if others else first


def _best_network(networks: Sequence[Network], objective: str) -> Network:
    """Return the network with the best objective on the validation split."""

    def rank(network: Network) -> float:
        value = network["validation"].get(objective)
        return -float("inf") if value is None else value

    return max(networks, key=rank)


def _of(network: Network, metric: str) -> float | int | None:
    """Return a metric of a network that was trained without a search, so that `search_seconds` is None."""
    if metric == "search_seconds":
        return None
    if metric == "cost_in_trainings":
        return 1
    if metric == "total_seconds":
        return number_of(network.get("seconds"))
    return number_of(network[metric] if metric in COSTS else network["test"].get(metric))
