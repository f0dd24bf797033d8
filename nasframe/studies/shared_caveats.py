"""Caveats that several kinds of studies have: of the choice, of seeds, of trials that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Estimate
from nasframe.runtime import format_names

__all__ = ["choice_caveats", "failed_trials", "few_seeds", "trial_caveats"]

_ENOUGH = 4
"""With fewer seeds, intervals and tests are not to be believed."""


def choice_caveats(study: Mapping[str, Any], many: str) -> list[str]:
    """Return the sentences of the choice; none where there was nothing to choose from."""
    chosen, objective = study["chosen"], study["objective"]
    if chosen is None or sum(row["kind"] != "baseline" for row in study["rows"]) < 2:
        return []
    among, equal, left_out = chosen["among"], chosen["equal"], chosen["left_out"]
    validation, test = (Estimate.read(chosen[split]).to_text() for split in ("validation", "test"))
    validation = validation.replace(" (", ", ").removesuffix(")")  # it stands in brackets itself
    first = (
        f"{chosen['name']} was chosen on validation ({validation}) among {among} {many}; "
        f"its test {objective} is {test}."
    )
    if among > 1:
        first += f" The best test {objective} of all is not the result: picked from many, it is too high."
    lines = [first]
    if equal:
        lines.append(f"On validation equal to: {', '.join(equal)}. The first of them was chosen.")
    if left_out:
        lines.append(f"Left out of the choice, because of missing seeds: {', '.join(left_out)}.")
    return lines


def few_seeds(seeds: int, doubtful: str) -> list[str]:
    """Return the sentence of a study with few seeds, which names what is doubtful; none with enough."""
    if seeds == 1:
        return ["One seed: no interval and no test. Another seed may turn any order round."]
    if seeds >= _ENOUGH:
        return []
    return [
        f"{seeds} seeds are too few: below {_ENOUGH}, {doubtful} say little about other seeds and should not "
        "be believed."
    ]


def failed_trials(trials: Mapping[str, str]) -> list[str]:
    """Return the sentences of trials that failed, or have not ended, given the error of each."""
    lines = [f"{name} {f'failed: {error}' if error else 'has not ended'}" for name, error in trials.items()]
    return [*lines, "Trials that failed or have not ended count in no mean and no test."] if lines else []


def trial_caveats(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the runs say of their own metrics, each sentence once, with the names of the runs."""
    said: dict[str, list[str]] = {}
    for trial in trials:
        for sentence in trial.get("caveats", ()):
            said.setdefault(sentence, []).append(trial["name"])
    return [f"{format_names(names)}: {sentence}" for sentence, names in said.items()]
