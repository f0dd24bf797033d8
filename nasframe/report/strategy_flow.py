"""The strategy of a run: its search as it was done, from the first step to the test, with its numbers.

All is taken from the record of the run, so a loop that nobody here knows is drawn as those of the core are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from nasframe.display import format_value
from nasframe.plugins import PROJECT
from nasframe.report.experiment_options import name_in, option_lines, settings_of
from nasframe.report.finalists import learnt_logits, selection_of
from nasframe.report.flow import Stack, Step, flow_chart
from nasframe.report.trials import best_trial, trials_of
from nasframe.runs import Run
from nasframe.runtime import counted

__all__ = ["draw_strategy"]

_MOST_ROUNDS = 6

Settings = Mapping[str, Mapping[str, Any]]


def draw_strategy(run: Run) -> Markup:
    """Return the strategy of a run as a flow from left to right."""
    settings, searched, trials = settings_of(run), run.history("search"), trials_of(run)
    if searched:
        columns = _supernet(run, settings, searched)
    elif trials:
        columns = _proposals(settings, trials)
    else:
        columns = [[Step("Architecture", ["given, not searched"])]]
    return flow_chart([*columns, [_training(run, settings)], [_test(run)]], "The strategy")


def _supernet(run: Run, settings: Settings, history: Sequence[Mapping[str, Any]]) -> list[Stack]:
    """Return the steps of a search that trained a supernet."""
    summary, relaxes = run.record.get("search") or {}, learnt_logits(history)
    loop, options = settings.get("loop", {}), settings.get("search", {})
    selection = selection_of(run)
    lines = [counted(summary.get("epochs", len(history)), "epoch")]
    warmup = options.get("warmup_epochs")
    if relaxes and warmup:
        lines.append(f"the first {warmup} without the logits")
    if not relaxes:
        lines.append(_paths(run, name_in(settings, "loop")))
    if relaxes and "converged" in summary:
        lines.append("converged" if summary["converged"] else "did not converge")
    title = f"Supernet, loop {name_in(settings, 'loop')}"
    first = [Step(title, [*lines, *option_lines(loop, 3)], "choice")]
    if relaxes:
        title = f"Relaxation {name_in(settings, 'relaxation')}"
        first.insert(0, Step(title, option_lines(settings.get("relaxation", {})), "choice"))
    columns: list[Stack] = [first]
    if relaxes:
        columns.append([Step("Derivation", _derived(run, history))])
    if selection:
        columns.append([_candidates(selection, loop)])
        if selection.get("finals"):
            columns.append([_finalists(selection["finals"], options)])
    return columns


def _paths(run: Run, loop: str) -> str:
    """Return on which paths a loop without logits trains its supernet, as far as it is known."""
    owner = run.names.owner("loop", loop)
    return "on uniform paths" if loop == "one_shot" and owner in (None, PROJECT) else "on paths that it draws"


def _derived(run: Run, history: Sequence[Mapping[str, Any]]) -> list[str]:
    rule = run.architecture.space.derivation
    named = rule if isinstance(rule, str) else getattr(rule, "__name__", "a function")
    entropies = [value for value in history[-1]["entropy"].values() if value is not None]
    mean = [f"entropy {sum(entropies) / len(entropies):.2f} at the end"] if entropies else []
    return [f"rule {named}", *mean]


def _candidates(selection: Mapping[str, Any], loop: Mapping[str, Any]) -> Step:
    ranked = loop.get("rank_by")
    by = f"ranked by the supernet's {ranked}" if isinstance(ranked, str) else "ranked by the supernet"
    return Step("Candidates", [counted(selection["candidates"], "architecture"), by, "on validation"])


def _finalists(finals: Mapping[str, Any], options: Mapping[str, Any]) -> Step:
    rounds = [
        f"{counted(item['networks'], 'network')} to epoch {item['epochs']:,}" for item in finals["rounds"]
    ]
    start = {"inherit": "from the supernet's weights", "scratch": "from scratch"}.get(
        str(options.get("finalist_start"))
    )
    ends = [*([start] if start else []), f"{counted(finals['spent'], 'epoch')} in all"]
    return Step("Finalists", [*_shortened(rounds, "rounds"), *ends], "choice")


def _proposals(settings: Settings, trials: Sequence[Mapping[str, Any]]) -> list[Stack]:
    """Return the steps of a search that proposed architectures."""
    networks = len({line.get("network") for line in trials})
    by_epochs = sorted(Counter(line["epochs"] for line in trials).items())
    rounds = [f"{counted(count, 'training')} to epoch {epochs:,}" for epochs, count in by_epochs]
    failed = sum("failed" in line for line in trials)
    lines = [
        f"{counted(len(trials), 'trial')}, {counted(networks, 'network')}",
        *_shortened(rounds, "lengths"),
        *([f"{failed:,} failed"] if failed else []),
        f"cost {trials[-1]['cost']:.4g} full trainings",
    ]
    found = best_trial(trials)
    title = f"Proposals, loop {name_in(settings, 'loop')}"
    columns: list[Stack] = [
        [Step(title, option_lines(settings.get("loop", {})), "choice")],
        [Step("Trainings", lines, "choice")],
    ]
    if found is not None:
        said = [f"trial {found['trial']:,}", f"validation {format_value(found['score'])}"]
        columns.append([Step("Best trial", said)])
    return columns


def _training(run: Run, settings: Settings) -> Step:
    trained, test = run.history("train"), run.test or {}
    lines = [f"{counted(len(trained), 'epoch')} of training"] if trained else ["not trained yet"]
    if trained:
        inherits = settings.get("train", {}).get("inherit") is True
        lines.append("from the supernet's weights" if inherits else "from scratch")
    if tuned := len(run.history("finetune")):
        kept = (run.record.get("finetune") or {}).get("epoch")
        lines.append(f"{counted(tuned, 'epoch')} of fine-tuning{', not kept' * (kept == 0)}")
    if "parameters" in test:
        lines.append(counted(test["parameters"], "parameter"))
    return Step(f"Network {run.architecture.fingerprint[:12]}", lines, "output")


def _test(run: Run) -> Step:
    test = run.test
    if test is None:
        return Step("Test", ["not evaluated yet"])
    lines = [f"{test['objective']} {format_value(test.get(test['objective']))}"]
    if test.get("examples") is not None:
        lines.append(f"of {counted(test['examples'], 'example')}")
    return Step("Test", lines)


def _shortened(lines: Sequence[str], what: str) -> list[str]:
    left = len(lines) - _MOST_ROUNDS
    return [*lines] if left <= 1 else [*lines[:_MOST_ROUNDS], f"and {left} more {what}"]
