"""Caveats: sentences that say which conclusions the numbers of a study support."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nasframe.runtime import format_names

__all__ = ["comparison_caveats", "sweep_caveats", "table_caveats"]

_LEVEL = 0.05

_MANY_ARCHITECTURES = 50
"""With fewer in a table, a percentile is a step of 2 % or more."""

_ENOUGH = 4
"""With fewer seeds, intervals and tests are not to be believed."""


def comparison_caveats(comparison: Mapping[str, Any], best_random: Collection[str]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a difference.

    Args:
        comparison: content of `comparison.json`.
        best_random: names of the rows of the best of several random architectures.
    """
    return [
        *_choice(comparison, "variants"),
        *_failed(comparison["failed"]),
        *_of_trials(comparison["trials"]),
        *_data(comparison),
        *_few_seeds(len(comparison["seeds"]), "intervals and tests"),
        *_between_variants(comparison),
        *_against_random(comparison, best_random),
        *_unfinished(comparison["trials"]),
    ]


def sweep_caveats(sweep: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a point of a sweep.

    Args:
        sweep: content of `sweep.json`.
    """
    failed = {trial["name"]: trial["error"] for trial in sweep["trials"] if trial["status"] != "done"}
    if [axis["key"] for axis in sweep["axes"]] == ["seed"]:
        seeds = ["Only the seed varies: its values are repetitions of one experiment, and none is chosen."]
    else:
        seeds = _few_seeds(len(sweep["seeds"]), "intervals")
    return [*_choice(sweep, "points"), *_failed(failed), *_of_trials(sweep["trials"]), *seeds]


def table_caveats(table: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a table of a space.

    Args:
        table: the record of a table.
    """
    count, trainings = table["count"], table.get("trainings") or [{}]
    whole = count in (table["space_size"], table.get("networks"))
    lines = _failed(table["failed"])
    if count < _MANY_ARCHITECTURES and not whole:
        lines.append(
            f"{count} architectures are few: below {_MANY_ARCHITECTURES}, the quantiles at the ends, "
            "the best of them, and percentiles in this table say little about the space."
        )
    if len(trainings) > 1:
        return lines
    lines.append(
        f"Each architecture was trained once (seed {table['seed']}), so two that are close may change places "
        "with another seed."
    )
    return lines


def _choice(study: Mapping[str, Any], many: str) -> list[str]:
    """Return the sentences of the choice; none where there was nothing to choose from."""
    chosen, objective = study["chosen"], study["objective"]
    if chosen is None or sum(row["kind"] != "baseline" for row in study["rows"]) < 2:
        return []
    among, equal, left_out = chosen["among"], chosen["equal"], chosen["left_out"]
    first = (
        f"{chosen['name']} was chosen on validation ({_mean(chosen['validation'])}) among {among} {many}; "
        f"its test {objective} is {_mean(chosen['test'])}."
    )
    if among > 1:
        first += f" The best test {objective} of all is not the result: picked from many, it is too high."
    lines = [first]
    if equal:
        lines.append(f"On validation equal to: {', '.join(equal)}. The first of them was chosen.")
    if left_out:
        lines.append(f"Left out of the choice, because of missing seeds: {', '.join(left_out)}.")
    return lines


def _mean(value: Mapping[str, Any]) -> str:
    """Return a mean with its interval, to four decimals."""
    if value["mean"] is None:
        return "undefined"
    ends = "" if value["low"] is None else f" [{value['low']:.4f}, {value['high']:.4f}]"
    return f"{value['mean']:.4f}{ends}"


def _few_seeds(seeds: int, doubtful: str) -> list[str]:
    if seeds == 1:
        return ["One seed: no interval and no test. Another seed may turn any order round."]
    if seeds >= _ENOUGH:
        return []
    return [
        f"{seeds} seeds are too few: below {_ENOUGH}, {doubtful} say little about other seeds and should not "
        "be believed."
    ]


def _failed(trials: Mapping[str, str]) -> list[str]:
    lines = [f"{name} {f'failed: {error}' if error else 'has not ended'}" for name, error in trials.items()]
    return [*lines, "Trials that failed or have not ended count in no mean and no test."] if lines else []


def _of_trials(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the runs say of their own metrics, each sentence once, with the names of the runs."""
    said: dict[str, list[str]] = {}
    for trial in trials:
        for sentence in trial.get("caveats", ()):
            said.setdefault(sentence, []).append(trial["name"])
    return [f"{format_names(names)}: {sentence}" for sentence, names in said.items()]


def _data(comparison: Mapping[str, Any]) -> list[str]:
    varied = sorted({key for variant in comparison["variants"] for key in variant["point"]})
    options = [key for key in varied if key.startswith("task.")]
    if not options:
        return []
    return [
        f"The variants differ in their task ({', '.join(options)}): where it makes or splits the data in "
        "another way, they are scored on different examples, so a difference may come from the examples."
    ]


def _between_variants(comparison: Mapping[str, Any]) -> list[str]:
    objective, seeds = comparison["objective"], len(comparison["seeds"])
    rows = [row for row in comparison["rows"] if row["kind"] == "variant"]
    if seeds == 1:
        return []
    found = [
        test
        for test in comparison["tests"]
        if test["family"] == "variants" and test["metric"] == objective and test["p_holm"] is not None
    ]
    lines = []
    clear = [test for test in found if test["p_holm"] < _LEVEL]
    for test in clear:
        more, less = (test["a"], test["b"]) if test["difference"] > 0 else (test["b"], test["a"])
        lines.append(
            f"{more} has a higher {objective} than {less}, by {abs(test['difference']):.4f} "
            f"({_p(test['p_holm'])} after Holm's correction)."
        )
    if found and not clear:
        smallest = min(test["p_holm"] for test in found)
        lines.append(
            f"No two variants differ significantly in {objective} (smallest p after Holm's correction: "
            f"{smallest:.2f}). With {seeds} seeds, that does not show that they are equal."
        )
    means = [row["values"][objective]["mean"] for row in rows]
    widths = [_half(row["values"][objective]) for row in rows]
    known = [value for value in means if value is not None]
    wide = max((width for width in widths if width is not None), default=0.0)
    if len(known) > 1 and not clear and wide > max(known) - min(known):
        lines.append(
            f"The intervals are wide: up to ±{wide:.4f} {objective}, and the means are at most "
            f"{max(known) - min(known):.4f} apart."
        )
    return lines


def _against_random(comparison: Mapping[str, Any], best_random: Collection[str]) -> list[str]:
    """Compare each variant with the best of several random architectures."""
    tests = [
        test
        for test in comparison["tests"]
        if test["family"] == "baselines"
        and test["metric"] == comparison["objective"]
        and test["b"] in best_random
        and test["difference"] is not None
    ]
    unclear: dict[str, list[str]] = {}
    lines = []
    for test in tests:
        if test["p_holm"] is None or test["p_holm"] >= _LEVEL:
            unclear.setdefault(test["b"], []).append(test["a"])
        else:
            word = "better" if test["difference"] > 0 else "worse"
            lines.append(f"{test['a']} is {word} than {test['b']} ({_p(test['p_holm'])}).")
    return [
        *lines,
        *(f"Not shown to be better or worse than {b}: {', '.join(names)}." for b, names in unclear.items()),
    ]


def _unfinished(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    searched = [trial for trial in trials if trial["search"] is not None]
    open_ = [trial for trial in searched if not trial["search"]["converged"]]
    if not open_:
        return []
    return [
        f"{len(open_)} of {len(searched)} searches did not converge: they used up their epochs, and the "
        "derived networks may be far worse than their supernets."
    ]


def _half(value: Mapping[str, Any]) -> float | None:
    return None if value["low"] is None else (value["high"] - value["low"]) / 2


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
