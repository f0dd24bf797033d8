"""Percentiles of searched architectures in the table of their space, and how well a supernet ranks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.jobs import Outcome, Trial
from nasframe.studies.comparison.ranking_trial import make_ranking_trial, read_ranking
from nasframe.studies.procedure import Study
from nasframe.studies.statistics import CORRELATION, PERCENTILE, mean, percentile, spearman
from nasframe.studies.variants import PlannedRun, Variant, mean_json
from nasframe.tables import TabularBenchmark

__all__ = ["RANKINGS", "compare_with_tables", "correlation", "percentiles_of_run", "ranking_trials"]

RANKINGS = "supernets"
"""Name of the folder of the rankings, beside the runs of a comparison."""

_SPLITS = ("validation", "test")


def ranking_trials(
    study: Study,
    pairs: Sequence[tuple[Variant, PlannedRun]],
    results: Sequence[Mapping[str, Any]],
    fitting: Mapping[str, TabularBenchmark],
) -> dict[str, Trial]:
    """Return name of a finished run → the trial in which its supernet scores the table of its space.

    Args:
        study: the comparison.
        pairs: each run with its variant.
        results: of the runs, in order.
        fitting: variant → its table.
    """
    return {
        result["name"]: make_ranking_trial(
            f"supernet of {result['name']}",
            study.folder.path / RANKINGS / Path(result["folder"]).name,
            study.folder.path / result["folder"],
            run.experiment,
            fitting[variant.name],
            study,
        )
        for (variant, run), result in zip(pairs, results, strict=True)
        if result["status"] == "done" and variant.name in fitting and "trials" not in result["search"]
    }


def compare_with_tables(
    results: Sequence[Mapping[str, Any]],
    trials: Mapping[str, Trial],
    outcomes: Mapping[str, Outcome],
    fitting: Mapping[str, TabularBenchmark],
    objective: str,
) -> list[dict[str, Any]]:
    """Compare finished runs with the tables of their spaces.

    Args:
        results: of the runs.
        trials: of `ranking_trials`.
        outcomes: name of such a trial → its outcome.
        fitting: variant → its table.
        objective: the metric.

    Returns:
        One entry for each table: `path`, `architectures`, `variants` that it is a table of, `percentiles` of
        their runs, `mean_percentiles` of the variants, rank `correlation` of their supernets, and its own
        `scores`.
    """
    done = [result for result in results if result["name"] in trials]
    rankings: dict[str, dict[int, Mapping[str, float | None]]] = {}
    for result in done:
        trial = trials[result["name"]]
        scores = read_ranking(trial) if outcomes[trial.name].status == "done" else None
        if scores is not None:
            rankings.setdefault(result["variant"], {})[result["seed"]] = scores
    found = []
    for path, table in {str(table.path): table for table in fitting.values()}.items():
        names = [name for name, other in fitting.items() if str(other.path) == path]
        own = [result for result in done if result["variant"] in names]
        percentiles = {result["name"]: percentiles_of_run(result, table, objective) for result in own}
        found.append(
            {
                "path": path,
                "architectures": len(table),
                "variants": names,
                "percentiles": percentiles,
                "mean_percentiles": {name: _mean_percentiles(name, own, percentiles) for name in names},
                "correlation": {
                    name: correlation(rankings[name], table) for name in names if name in rankings
                },
                "scores": {
                    "validation": table.scores("validation"),
                    "test": table.scores("test"),
                    "parameters": [row["parameters"] for row in table.rows],
                },
            }
        )
    return found


def percentiles_of_run(
    result: Mapping[str, Any], table: TabularBenchmark, objective: str
) -> dict[str, float | None]:
    """Return the percentile of a run's retrained network in the table, on `validation` and on `test`."""
    test = result["test"] or {}
    return {
        "validation": percentile(result["validation"]["trained"], table.scores("validation")),
        "test": percentile(test.get(objective), table.scores("test")),
    }


def correlation(
    rankings: Mapping[int, Mapping[str, float | None]], table: TabularBenchmark
) -> dict[str, Any]:
    """Return Spearman's rank correlation between the scores of a supernet and of the trained architectures.

    Both are scores on the validation split.

    Args:
        rankings: seed → architecture → its score in the supernet of that seed's search.
        table: scores of the trained architectures.

    Returns:
        `rho`, the mean over the seeds, with its interval `low` to `high`, which is Fisher's; `over`, which
        says whether the interval is over `seeds` or, with one seed, over `architectures`; `by_seed`;
        `architectures`, the number that was scored.
    """
    trained = dict(zip((row["fingerprint"] for row in table.rows), table.scores("validation"), strict=True))
    found = {
        seed: spearman(list(scores.values()), [trained[name] for name in scores])
        for seed, scores in rankings.items()
    }
    over = mean([item.rho for item in found.values()], CORRELATION)
    low, high = over.low, over.high
    if over.count == 1:
        (low, high), *_ = ((item.low, item.high) for item in found.values() if item.rho is not None)
    return {
        "rho": over.mean,
        "low": low,
        "high": high,
        "over": "architectures" if over.count == 1 else "seeds",
        "by_seed": {str(seed): item.rho for seed, item in found.items()},
        "architectures": max((item.count for item in found.values()), default=0),
    }


def _mean_percentiles(
    name: str, results: Sequence[Mapping[str, Any]], percentiles: Mapping[str, Mapping[str, float | None]]
) -> dict[str, Any]:
    """Return the mean percentile of a variant on each split, with its interval."""
    own = {result["seed"]: percentiles[result["name"]] for result in results if result["variant"] == name}
    return {
        split: mean_json({seed: found[split] for seed, found in own.items()}, PERCENTILE) for split in _SPLITS
    }
