"""The rows of a comparison or sweep, one for each variant, point and baseline; the choice, and tests."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.report import COSTS
from nasframe.studies.baselines import BaselineGroup
from nasframe.studies.intervals import UNBOUNDED, Bounds
from nasframe.studies.planned_runs import Variant
from nasframe.studies.results import number_of
from nasframe.studies.statistics import holm, mean, paired

__all__ = ["Row", "baseline_rows", "chosen", "gaps", "mean_json", "paired_tests", "row_json", "variant_rows"]

Result = Mapping[str, Any]
Seeds = Mapping[int, float | int | None]
Trained = Sequence[tuple[BaselineGroup, Sequence[Result]]]
"""The groups of baselines, each with the results of its networks that have been trained."""

STAGES = ("supernet", "inherited", "trained")


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
        found = {
            metric: {
                result["seed"]: number_of((result["search"] or {}).get("seconds"))
                if metric == "search_seconds"
                else number_of(result["test"].get(metric))
                for result in own
            }
            for metric in metrics
        }
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
    single stream, and of every network that the task brings."""
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
        streams = _best([(item, _called(found, item.single_streams)) for item, found in own], objective)
        if streams:
            names = dict.fromkeys(network["name"] for _, found in streams for network in found)
            add(f"best single stream ({', '.join(names)})", streams)
        for network in own[0][0].networks:
            add(network.name, [(item, found) for item, one in own if (found := _called(one, [network.name]))])
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


def chosen(rows: Sequence[Mapping[str, Any]], objective: str) -> dict[str, Any] | None:
    """Return the variant or point with the best mean on the validation split; None where none was measured.

    A mean of few seeds is no match for one of many, so only rows with the most seeds can be chosen.

    Args:
        rows: of `row_json`. Of equal ones the first is chosen.
        objective: the metric.

    Returns:
        Its `name`, and its objective on the `validation` and the `test` split, each a mean with its interval;
        `among`, the number of rows that could be chosen; `equal`, the names of the others with the same mean;
        `left_out`, the names of those with fewer seeds.
    """
    listed = {row["name"]: row for row in rows if row["kind"] != "baseline"}
    seeds = {
        name: sum(value is not None for value in row["validation"]["by_seed"].values())
        for name, row in listed.items()
    }
    most = max(seeds.values(), default=0)
    if most == 0:
        return None
    complete = [row for name, row in listed.items() if seeds[name] == most]
    best = max(complete, key=lambda row: row["validation"]["mean"])
    same = [row["name"] for row in complete if row["validation"]["mean"] == best["validation"]["mean"]]
    return {
        "name": best["name"],
        "validation": best["validation"],
        "test": best["values"][objective],
        "among": len(complete),
        "equal": [name for name in same if name != best["name"]],
        "left_out": [name for name in listed if seeds[name] < most],
    }


def paired_tests(
    rows: Sequence[Row], metrics: Sequence[str], bounds: Mapping[str, Bounds]
) -> list[dict[str, Any]]:
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
            made = [_test(a, b, metric, bounds.get(metric, UNBOUNDED)) for a, b in pairs]
            corrected = holm([item["p"] for item in made])
            found += [
                {**item, "p_holm": p, "family": family} for item, p in zip(made, corrected, strict=True)
            ]
    return found


def gaps(variants: Sequence[Variant], results: Sequence[Result], bounds: Bounds) -> list[dict[str, Any]]:
    """Return the objective of each variant on the validation split, before and after derivation.

    `supernet` is that of the supernet, `inherited` of the derived network with the supernet's weights,
    `trained` of the trained one; `drop` is supernet minus inherited, seed by seed.
    """
    found = []
    for variant in variants:
        own = [result["validation"] for result in results if result["variant"] == variant.name]
        entry: dict[str, Any] = {"variant": variant.name}
        for stage in STAGES:
            value = mean([item[stage] for item in own], bounds)
            entry[stage] = {"mean": value.mean, "low": value.low, "high": value.high}
        lost = paired([item["supernet"] for item in own], [item["inherited"] for item in own], bounds)
        entry["drop"] = {"mean": lost.difference, "low": lost.low, "high": lost.high}
        found.append(entry)
    return found


def _test(a: Row, b: Row, metric: str, bounds: Bounds) -> dict[str, Any]:
    here, there = a.values[metric], b.values[metric]
    shared = [seed for seed in here if seed in there]
    found = paired([here[seed] for seed in shared], [there[seed] for seed in shared], bounds)
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


def _called(networks: Sequence[Result], names: Collection[str]) -> list[Result]:
    return [network for network in networks if network["name"] in names]


def _best(own: Trained, objective: str) -> Trained:
    """Return of each seed the network that is best on the validation split; a seed without any has none."""
    return [(item, [_champion(found, objective)]) for item, found in own if found]


def _mean(values: Iterable[float | int | None]) -> float | int | None:
    """Return the one value as it is, or the mean of several."""
    first, *others = values
    return mean([first, *others]).mean if others else first


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
