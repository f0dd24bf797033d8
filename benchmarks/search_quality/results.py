"""The tables of docs/search-quality.md, in Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from cost import CostOfSearch
from scipy import stats
from strategies import FIXED
from tasks import TASKS
from trial import Trial

import nasframe
from nasframe.display import Estimate, Interval, IntervalChart
from nasframe.studies.statistics import holm

__all__ = ["beside_table", "claims", "comparisons", "figure", "settings_table"]

_RESAMPLES = 2**20  # all sign flips of 20 pairs


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
    tasks = len(found["random"])
    needed = [f"- {row['task']}: {_needed(row, tasks)}" for row in found["random"]]
    return "\n".join(
        [*lines, "", f"Seeds for a power of .8 at p = .05 / {tasks}, by these differences:", *needed]
    )


def figure(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> IntervalChart:
    """Return the difference to each rival, task by task, given the comparisons: means and 95 % intervals."""
    tasks = [row["task"] for row in found["random"]]
    return IntervalChart(
        name="search-quality",
        title=f"one_shot and rivals of its cost, {found['random'][0]['seeds']} seeds",
        x="difference of the mean test scores",
        intervals=[
            Interval(row["task"], Estimate(row["difference"], *row["interval"]), series, f"minus {rival}")
            for task in tasks
            for series, (rival, rows) in enumerate(found.items())
            for row in rows
            if row["task"] == task
        ],
        has_zero=True,
    )


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


def _needed(row: Mapping[str, Any], tasks: int) -> str:
    """Return the pairs for a power of .8 at the sharpest level of Holm's tests, by the normal law.

    A sign-flip test of n pairs has no p below 2¹⁻ⁿ, so fewer pairs than that takes are never enough.
    """
    level = 0.05 / tasks
    least = math.ceil(1 - math.log2(level))
    if not row["difference"]:
        return "no number, for there is no difference"
    quantiles = stats.norm.ppf(1 - level / 2) + stats.norm.ppf(0.8)
    return f"{max(least, math.ceil((quantiles * row['deviation'] / row['difference']) ** 2)):,} seeds"


def beside_table(out: Path, name: str, trials: Sequence[Trial]) -> str:
    """Return the table of a task: a row for each strategy of the trials, then one for each fixed network."""
    table = nasframe.load_table(TASKS[name].table) if TASKS[name].table else None
    own = [trial for trial in trials if trial.task == name]
    lines = [
        "",
        f"### {TASKS[name].name}",
        "",
        "| strategy | seeds | test | sd | regret | percentile | supernet, round 1 | parameters | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for strategy in dict.fromkeys(trial.strategy for trial in own):
        found = [_read(trial, out) for trial in own if trial.strategy == strategy]
        if strategy == FIXED:
            lines += _fixed_rows(found)
        else:
            lines.append(_row(strategy, found, table))
    return "\n".join(lines)


def settings_table(out: Path, tasks: Sequence[str], trials: Sequence[Trial]) -> str:
    """Return the mean test scores of the networks found: a row for each strategy, a column for each task."""
    lines = [
        f"| setting | {' | '.join(TASKS[name].name for name in tasks)} |",
        "|---" * (1 + len(tasks)) + "|",
    ]
    for strategy in dict.fromkeys(trial.strategy for trial in trials):
        own = [trial for trial in trials if trial.strategy == strategy]
        means = [fmean(_read(trial, out)["test"] for trial in own if trial.task == name) for name in tasks]
        lines.append(f"| {strategy} | {' | '.join(f'{mean:.4f}' for mean in means)} |")
    return "\n".join(lines)


def _fixed_rows(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a row for each network, and one for all that see one view: the best on validation."""
    alone = [name for name in found[0] if name.endswith(" alone")]
    rows = [_fixed_row(name, [item[name] for item in found]) for name in found[0] if name not in alone]
    if alone:
        best = [max((item[name] for name in alone), key=lambda one: one["validation"]) for item in found]
        rows.append(_fixed_row("best view alone, by validation", best))
    return rows


def _fixed_row(network: str, values: Sequence[Mapping[str, Any]]) -> str:
    size = fmean(value["parameters"] for value in values)
    tests = _mean_and_spread([value["test"] for value in values])
    return f"| {network} | {len(values)} | {tests} | — | — | — | {size:,.0f} | — |"


def _mean_and_spread(values: Sequence[float]) -> str:
    return f"{fmean(values):.4f} | {stdev(values):.4f}" if len(values) > 1 else f"{values[0]:.4f} | —"


def _row(strategy: str, found: Sequence[Mapping[str, Any]], table: Any) -> str:
    regret = share = order = "—"
    if table is not None:
        truth = sorted(value for value in table.scores("test") if value is not None)
        entries = [table.entries.get(item["network"]) for item in found if item["draw"] == 0]
        known = [table.score(entry, "test") for entry in entries if entry is not None]
        if known:
            regret = f"{truth[-1] - fmean(known):.4f}"
            below = fmean(sum(value < score for value in truth) for score in known)
            share = f"{100 * below / len(truth):.1f}"
    firsts = [item["finals"]["rounds"][0]["supernet"] for item in found if item["finals"]]
    orders = [value for value in firsts if value is not None]
    if orders:
        order = f"{fmean(orders):+.2f}"
    tests = _mean_and_spread([item["test"] for item in found])
    size, seconds = (fmean(item[key] for item in found) for key in ("parameters", "seconds"))
    cells = [strategy, len(found), tests, regret, share, order, f"{size:,.0f}", f"{seconds:.1f}"]
    return f"| {' | '.join(map(str, cells))} |"


def _read(trial: Trial, out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trial.file(out).read_text("utf-8"))
    return found
