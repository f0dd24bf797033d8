"""Percentiles of searched architectures in the census of their space, and how well a supernet ranks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.jobs import Outcome
from nasframe.pipeline import Prepared
from nasframe.runtime import Progress
from nasframe.studies.census_table import TABLE, Census, differences, load_census, made_from
from nasframe.studies.folder import Study
from nasframe.studies.ranking_trial import make_ranking_trial, read_ranking
from nasframe.studies.statistics import mean, percentile, spearman
from nasframe.studies.variants import Variant

__all__ = [
    "RANKINGS",
    "census_beside",
    "compare_with_censuses",
    "correlation",
    "fitting_censuses",
    "percentiles_of_run",
]

RANKINGS = "supernets"
"""Name of the folder of the rankings, beside the runs of a comparison."""


def census_beside(folder: Path, title: str) -> list[Census]:
    """Return the census at the default place of `nasframe census`, beside a folder or in `runs`; or none."""
    for parent in (folder.parent, Path("runs")):
        place = parent / f"{title}-census"
        try:
            if (place / TABLE).is_file():
                return [load_census(place)]
        except RunError:  # it has not ended
            continue
    return []


def fitting_censuses(
    variants: Sequence[Variant],
    prepared: Mapping[str, Prepared],
    named: Sequence[Census] | None,
    beside: Sequence[Census],
    progress: Progress,
) -> dict[str, Census]:
    """Return variant → the census that its architectures can be compared with.

    It is one of those that were `named`, or, where none was, of those that lie `beside` the comparison.

    Raises:
        RunError: a census that was named fits no variant.
    """
    found: dict[str, Census] = {}
    for census in beside if named is None else named:
        reasons: dict[str, list[str]] = {}
        for variant in variants:
            first, data = variant.first, prepared[variant.name]
            space = first.space.build(data.data.inputs, data.data.outputs)
            origin = made_from(first, space.origin, str(data.record["fingerprint"]))
            reasons[variant.name] = differences(census.record, origin)
            if not reasons[variant.name]:
                found.setdefault(variant.name, census)
        unfit = {name: lines for name, lines in reasons.items() if lines}
        if not unfit:
            continue
        name, lines = next(iter(unfit.items()))
        title = f"{census.path}: is a census of another space, task, training or data than {name}:"
        message = "\n  ".join([title, *lines[:8]])
        if named is not None and len(unfit) == len(variants):
            raise RunError(message)
        progress.say(f"{message}\n  it is not used for {', '.join(unfit)}")
    return found


def compare_with_censuses(
    study: Study,
    results: Sequence[Mapping[str, Any]],
    counted: Mapping[str, Census],
    objective: str,
    progress: Progress,
) -> tuple[list[dict[str, Any]], dict[str, Outcome]]:
    """Compare finished runs with the censuses of their spaces, and score the censuses by their supernets.

    Returns:
        One entry for each census: `path`, `architectures`, `variants` that it is a census of, `percentiles`
        of their runs, rank `correlation` of their supernets, and its own `scores`; and the outcomes of the
        trials that score by a supernet.
    """
    done = [result for result in results if result["status"] == "done" and result["variant"] in counted]
    trials = {
        result["name"]: make_ranking_trial(
            f"supernet of {result['name']}",
            study.path / RANKINGS / Path(result["folder"]).name,
            study.path / result["folder"],
            counted[result["variant"]],
        )
        for result in done
    }
    outcomes = study.execute(list(trials.values()), progress) if trials else {}
    rankings: dict[str, dict[int, Mapping[str, float | None]]] = {}
    for result in done:
        trial = trials[result["name"]]
        scores = read_ranking(trial) if outcomes[trial.name].status == "done" else None
        if scores is not None:
            rankings.setdefault(result["variant"], {})[result["seed"]] = scores
    censuses = {str(census.path): census for census in counted.values()}
    found = []
    for path, census in censuses.items():
        variants = [name for name, other in counted.items() if str(other.path) == path]
        found.append(
            {
                "path": path,
                "architectures": len(census),
                "variants": variants,
                "percentiles": {
                    result["name"]: percentiles_of_run(result, census, objective)
                    for result in done
                    if result["variant"] in variants
                },
                "correlation": {
                    name: correlation(scores, census) for name, scores in rankings.items() if name in variants
                },
                "scores": {
                    "validation": census.scores("validation"),
                    "test": census.scores("test"),
                    "parameters": [row["parameters"] for row in census.rows],
                },
            }
        )
    return found, outcomes


def percentiles_of_run(result: Mapping[str, Any], census: Census, objective: str) -> dict[str, float | None]:
    """Return the percentile of a run's retrained network in the census, on `validation` and on `test`."""
    test = result["test"] or {}
    return {
        "validation": percentile(result["validation"]["trained"], census.scores("validation")),
        "test": percentile(test.get(objective), census.scores("test")),
    }


def correlation(rankings: Mapping[int, Mapping[str, float | None]], census: Census) -> dict[str, Any]:
    """Return Spearman's rank correlation between the scores of a supernet and of the trained architectures.

    Both are scores on the validation split.

    Args:
        rankings: seed → architecture → its score in the supernet of that seed's search.
        census: scores of the trained architectures.

    Returns:
        `rho`, the mean over the seeds, with its interval `low` to `high`; `over`, which says whether the
        interval is over `seeds` or, with one seed, over `architectures`; `by_seed`; `architectures`, the
        number that was scored.
    """
    trained = dict(zip((row["fingerprint"] for row in census.rows), census.scores("validation"), strict=True))
    found = {
        seed: spearman(list(scores.values()), [trained[name] for name in scores])
        for seed, scores in rankings.items()
    }
    over = mean([item.rho for item in found.values()])
    low, high = over.low, over.high
    if over.count == 1:
        (low, high), *_ = ((item.low, item.high) for item in found.values() if item.rho is not None)
    return {
        "rho": over.mean,
        "low": None if low is None else max(low, -1.0),
        "high": None if high is None else min(high, 1.0),
        "over": "architectures" if over.count == 1 else "seeds",
        "by_seed": {str(seed): item.rho for seed, item in found.items()},
        "architectures": max((item.count for item in found.values()), default=0),
    }
