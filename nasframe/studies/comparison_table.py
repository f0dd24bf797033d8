"""The tables of a comparison: a row for each variant and each baseline, tests between them, and the gap."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.report import COSTS
from nasframe.studies.baselines import BaselineGroup
from nasframe.studies.results import number_of
from nasframe.studies.statistics import holm, mean, paired
from nasframe.studies.variants import Variant

__all__ = ["Row", "baseline_rows", "gaps", "paired_tests", "row_json", "variant_rows"]

Result = Mapping[str, Any]
Seeds = Mapping[int, float | int | None]

STAGES = ("supernet", "inherited", "trained")


@frozen
class Row:
    """A line of the table.

    Attributes:
        name: shown to the user.
        kind: `variant` or `baseline`.
        values: metric → seed → value.
        variants: names of the variants that are compared with a baseline.
        is_best_random: each value is that of the best of several random architectures.
    """

    name: str
    kind: str
    values: Mapping[str, Seeds]
    variants: Sequence[str] = ()
    is_best_random: bool = False


def variant_rows(variants: Sequence[Variant], results: Sequence[Result], metrics: Sequence[str]) -> list[Row]:
    """Return a row for each variant, from the results of its runs that have been evaluated."""
    rows = []
    for variant in variants:
        own = [result for result in results if _counts(result, variant)]
        found = {
            metric: {
                result["seed"]: number_of((result["search"] or {}).get("seconds"))
                if metric == "search_seconds"
                else number_of(result["test"].get(metric))
                for result in own
            }
            for metric in metrics
        }
        rows.append(Row(variant.name, "variant", found))
    return rows


def _counts(result: Result, variant: Variant) -> bool:
    return result["variant"] == variant.name and result["status"] == "done" and bool(result["test"])


def baseline_rows(
    trained: Sequence[tuple[BaselineGroup, Sequence[Result]]],
    objective: str,
    metrics: Sequence[str],
    random: int,
) -> list[Row]:
    """Return the rows of the random architectures (mean, and the best on the validation split), of the best
    single stream, and of every network that the task brings."""
    rows = []
    for label in dict.fromkeys(item.label for item, _ in trained if item.kind == "random"):
        own = _grouped(trained, "random", label)
        drawn = max(len(item.networks) for item, _ in own)
        count = f"{drawn} (all there are)" if drawn < random else str(drawn)
        # The best of fewer architectures would be another quantity.
        complete = [(item, found) for item, found in own if len(found) == len(item.networks)]
        mean_of = {
            metric: {
                item.seed: mean([_of(network, metric) for network in found]).mean for item, found in complete
            }
            for metric in metrics
        }
        rows += [
            Row(_labelled(f"random, mean of {count}", label), "baseline", mean_of, own[0][0].variants),
            Row(
                _labelled(f"random, best of {count} on validation", label),
                "baseline",
                _best(complete, objective, metrics),
                own[0][0].variants,
                is_best_random=True,
            ),
        ]
    for label in dict.fromkeys(item.label for item, _ in trained if item.kind == "task"):
        own = _grouped(trained, "task", label)
        names = [network.name for network in own[0][0].networks]
        streams = [
            (item, [network for network in found if network["name"] in item.single_streams])
            for item, found in own
        ]
        streams = [(item, found) for item, found in streams if found]
        if streams:
            chosen = dict.fromkeys(_champion(found, objective)["name"] for _, found in streams)
            best = _best(streams, objective, metrics)
            name = _labelled(f"best single stream ({', '.join(chosen)})", label)
            rows.append(Row(name, "baseline", best, own[0][0].variants))
        for name in names:
            values = {
                metric: {
                    item.seed: _of(network, metric)
                    for item, found in own
                    for network in found
                    if network["name"] == name
                }
                for metric in metrics
            }
            rows.append(Row(_labelled(name, label), "baseline", values, own[0][0].variants))
    return rows


def row_json(row: Row) -> dict[str, Any]:
    """Return a row as `comparison.json` holds it."""
    values = {}
    for metric, seeds in row.values.items():
        found = mean(list(seeds.values()))
        by_seed = {str(seed): value for seed, value in seeds.items()}
        values[metric] = {"mean": found.mean, "low": found.low, "high": found.high, "by_seed": by_seed}
    return {"name": row.name, "kind": row.kind, "values": values}


def paired_tests(rows: Sequence[Row], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Return paired tests on the seeds: of every two variants, and of every variant against its baselines.

    For each metric the pairs of variants are one family of Holm's correction, and the pairs with baselines
    another.
    """
    variants = [row for row in rows if row.kind == "variant"]
    baselines = [row for row in rows if row.kind == "baseline"]
    families = {
        "variants": list(itertools.combinations(variants, 2)),
        "baselines": [(a, b) for a in variants for b in baselines if a.name in b.variants],
    }
    found = []
    for family, pairs in families.items():
        for metric in metrics:
            if family == "baselines" and metric in COSTS:
                continue
            made = [_test(a, b, metric) for a, b in pairs]
            corrected = holm([item["p"] for item in made])
            found += [
                {**item, "p_holm": p, "family": family} for item, p in zip(made, corrected, strict=True)
            ]
    return found


def gaps(variants: Sequence[Variant], results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the objective of each variant on the validation split, before and after derivation.

    `supernet` is that of the supernet, `inherited` of the derived network with the supernet's weights,
    `trained` of the trained one; `drop` is supernet minus inherited, seed by seed.
    """
    found = []
    for variant in variants:
        own = [result["validation"] for result in results if result["variant"] == variant.name]
        entry: dict[str, Any] = {"variant": variant.name}
        for stage in STAGES:
            value = mean([item[stage] for item in own])
            entry[stage] = {"mean": value.mean, "low": value.low, "high": value.high}
        lost = paired([item["supernet"] for item in own], [item["inherited"] for item in own])
        entry["drop"] = {"mean": lost.difference, "low": lost.low, "high": lost.high}
        found.append(entry)
    return found


def _test(a: Row, b: Row, metric: str) -> dict[str, Any]:
    here, there = a.values[metric], b.values[metric]
    shared = [seed for seed in here if seed in there]
    found = paired([here[seed] for seed in shared], [there[seed] for seed in shared])
    return {
        "a": a.name,
        "b": b.name,
        "metric": metric,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "pairs": found.count,
    }


def _grouped(
    trained: Sequence[tuple[BaselineGroup, Sequence[Result]]], kind: str, label: str
) -> list[tuple[BaselineGroup, Sequence[Result]]]:
    return [(item, found) for item, found in trained if (item.kind, item.label) == (kind, label)]


def _best(
    own: Sequence[tuple[BaselineGroup, Sequence[Result]]], objective: str, metrics: Sequence[str]
) -> dict[str, Seeds]:
    return {
        metric: {item.seed: _of(_champion(found, objective), metric) for item, found in own}
        for metric in metrics
    }


def _champion(networks: Sequence[Result], objective: str) -> Result:
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


def _labelled(name: str, label: str) -> str:
    return f"{name} [{label}]" if label else name
