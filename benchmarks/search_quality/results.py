"""The tables of docs/search-quality.md, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from cost import CostOfSearch
from scipy import stats
from tasks import TASKS
from trial import Trial

import nasframe
from nasframe.studies.statistics import holm

__all__ = ["beside_table", "claims", "comparisons"]

_RESAMPLES = 99_999


def comparisons(
    out: Path, trials: Sequence[Trial], rivals: Sequence[Trial], costs: Mapping[str, CostOfSearch]
) -> dict[str, list[dict[str, Any]]]:
    """Return for each rival the difference to it on each task, a sign-flip test, and Holm over the tasks."""
    found = {}
    for rival in ("random", "halving"):
        rows = [_compared(out, name, trials, rivals, rival, costs[name]) for name in costs]
        for row, value in zip(rows, holm([row["p"] for row in rows]), strict=True):
            row["p_holm"] = value
        found[rival] = rows
    return found


def claims(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the tables of the claims, and the pairs that a power of .8 takes, given the comparisons."""
    lines = []
    for rival, rows in found.items():
        lines += [
            "",
            f"### against {rival}, at equal cost",
            "",
            f"| task | seeds | cost in trainings | one_shot | {rival} | difference (95 %) | p | p, Holm |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in rows:
            low, high = row["interval"]
            lines.append(
                f"| {row['task']} | {row['seeds']} | {row['cost']:.1f} | {row['own']:.4f} | "
                f"{row['rival']:.4f} | {row['difference']:+.4f} [{low:+.4f}, {high:+.4f}] | {row['p']:.2g} | "
                f"{row['p_holm']:.2g} |"
            )
    needed = [f"- {row['task']}: {_needed(row):,} seeds" for row in found["random"]]
    return "\n".join([*lines, "", "Seeds for a power of .8 at p = .05 / 6, by these differences:", *needed])


def _compared(
    out: Path, name: str, trials: Sequence[Trial], rivals: Sequence[Trial], rival: str, cost: CostOfSearch
) -> dict[str, Any]:
    own = {trial.seed: _read(trial, out) for trial in trials if trial.task == name}
    other = {
        trial.seed: _read(trial, out)
        for trial in rivals
        if trial.task == name and trial.strategy.startswith(rival)
    }
    seeds = sorted(own)
    pairs = [(own[seed]["test"], other[seed]["test"]) for seed in seeds]
    differences = np.array([a - b for a, b in pairs])
    test = stats.permutation_test(
        (differences,),
        lambda sample, axis=-1: sample.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(0),
    )
    half = stats.t.ppf(0.975, len(seeds) - 1) * differences.std(ddof=1) / len(seeds) ** 0.5
    mean = float(differences.mean())
    return {
        "task": TASKS[name].name,
        "seeds": len(seeds),
        "cost": fmean(cost.trainings(own[seed]) for seed in seeds),
        "own": fmean(a for a, _ in pairs),
        "rival": fmean(b for _, b in pairs),
        "difference": mean,
        "deviation": float(differences.std(ddof=1)),
        "interval": (mean - half, mean + half),
        "p": float(test.pvalue),
    }


def _needed(row: Mapping[str, Any]) -> int:
    """Return the pairs for a power of .8 at the sharpest level of Holm's six tests, by the normal law."""
    quantiles = stats.norm.ppf(1 - 0.05 / 12) + stats.norm.ppf(0.8)
    if not row["difference"]:
        return 10**9
    return max(2, int(np.ceil((quantiles * row["deviation"] / row["difference"]) ** 2)))


def beside_table(
    out: Path,
    names: Sequence[str],
    strategies: Sequence[str],
    seeds: Sequence[int],
    costs: Mapping[str, CostOfSearch],
) -> str:
    """Return a table for each task: test, regret, percentile, parameters and seconds of each strategy."""
    lines = []
    for name in names:
        table = nasframe.load_table(TASKS[name].table) if TASKS[name].table else None
        lines += [
            "",
            f"### {TASKS[name].name}",
            "",
            "| strategy | test | sd | regret | percentile | parameters | seconds |",
            "|---|---|---|---|---|---|---|",
        ]
        for strategy in strategies:
            found = [
                _read(trial, out)
                for seed in seeds
                for trial in [Trial(name, seed % len(TASKS[name].draws), seed, strategy)]
                if trial.file(out).exists()
            ]
            if found:
                lines.append(_row(strategy, found, table))
    return "\n".join(lines)


def _row(strategy: str, found: Sequence[Mapping[str, Any]], table: Any) -> str:
    scores = [item["test"] for item in found]
    regret = share = "—"
    if table is not None:
        own = sorted(value for value in table.scores("test") if value is not None)
        known = []
        for item in found:
            entry = table.entries.get(item["network"]) if item["draw"] == 0 else None
            if entry is not None:
                known.append(table.score(entry, "test"))
        if known:
            regret = f"{own[-1] - fmean(known):.4f}"
            share = f"{fmean(100 * sum(value < score for value in own) / len(own) for score in known):.1f}"
    spread = f"{stdev(scores):.4f}" if len(scores) > 1 else "—"
    size = fmean(item["parameters"] for item in found)
    seconds = fmean(item["seconds"] for item in found)
    return (
        f"| {strategy} | {fmean(scores):.4f} | {spread} | {regret} | {share} | {size:,.0f} | {seconds:.1f} |"
    )


def _read(trial: Trial, out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trial.file(out).read_text("utf-8"))
    return found
