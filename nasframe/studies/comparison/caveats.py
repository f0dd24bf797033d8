"""Caveats of a comparison: sentences that say which conclusions its numbers support."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nasframe.runtime import counted
from nasframe.studies.shared_caveats import choice_caveats, failed_trials, few_seeds, trial_caveats

__all__ = ["comparison_caveats"]

_LEVEL = 0.05


def comparison_caveats(comparison: Mapping[str, Any], best_random: Collection[str]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a difference.

    Args:
        comparison: content of `comparison.json`.
        best_random: names of the rows of the best of several random architectures.
    """
    return [
        *choice_caveats(comparison, "variants"),
        *failed_trials(comparison["failed"]),
        *trial_caveats(comparison["trials"]),
        *_data(comparison),
        *few_seeds(len(comparison["seeds"]), "intervals and tests"),
        *_between_variants(comparison),
        *_against_random(comparison, best_random),
        *_unfinished(comparison["trials"]),
    ]


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
    if found and all(test["low"] == test["high"] == 0 for test in found):
        lines.append(f"With every seed, all variants have the same {objective} on the test split.")
    elif found and not clear:
        smallest = min(test["p_holm"] for test in found)
        lines.append(
            f"No two variants differ significantly in {objective} (smallest p after Holm's correction: "
            f"{_digits(smallest)}). With {counted(seeds, 'seed')}, that does not show that they are equal."
        )
    means = [row["values"][objective]["mean"] for row in rows]
    widths = [_half(row["values"][objective]) for row in rows]
    known = [value for value in means if value is not None]
    wide = max((width for width in widths if width is not None), default=0.0)
    if len(known) > 1 and not clear and wide > max(known) - min(known):
        distance = max(known) - min(known)
        apart = f"at most {distance:.4f} apart" if distance else "equal"
        lines.append(f"The intervals are wide: up to ±{wide:.4f} {objective}, and the means are {apart}.")
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
    if len(searched) == 1:
        return [
            "The search did not converge: it used up its epochs, and the derived network may be far worse "
            "than its supernet."
        ]
    return [
        f"{len(open_)} of {counted(len(searched), 'search', 'searches')} did not converge: they used up "
        "their epochs, and the derived networks may be far worse than their supernets."
    ]


def _half(value: Mapping[str, Any]) -> float | None:
    return None if value["low"] is None else (value["high"] - value["low"]) / 2


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {_digits(value)}"


def _digits(p: float) -> str:
    return f"{p:.3f}"
