"""The methods of a run or a study as a paragraph for a paper, made of their records.

A sentence states only numbers that the record holds; where it holds none, the sentence is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.display import format_value
from nasframe.errors import NasframeError
from nasframe.report.costs import value_of
from nasframe.report.experiment_options import name_in, parsed_experiment
from nasframe.report.finalists import learnt_logits, selection_of
from nasframe.report.machines import computing_sentences, machine_sentences, version_sentences
from nasframe.runs import Run
from nasframe.runtime import counted, path_inside

__all__ = ["run_methods", "study_methods"]

_FOR = {
    "weights": "to train the weights of the search",
    "architecture": "to decide the architecture",
    "validation": "to choose the epoch and the network",
    "test": "for the test",
}

_OF_SPLITS = re.compile(r"split|share|fold|seed|data_?set|examples|clips|identities|people")
"""Options of a task that say how its splits are made."""

Settings = Mapping[str, Any]


def run_methods(run: Run) -> list[str]:
    """Return the methods of a run as sentences."""
    settings = parsed_experiment(run.experiment_toml)
    return [
        *_data(run, settings),
        *_seeds(settings, [settings.get("seed")]),
        *_space(run, settings),
        *_search(run, settings),
        *_training(run, settings),
        *_cost(run),
        *computing_sentences(run.record.get("machines") or (), settings.get("device")),
        *machine_sentences(run.record.get("machines") or ()),
    ]


def study_methods(data: Mapping[str, Any], folder: Path | None = None) -> list[str]:
    """Return the methods of a comparison or a sweep as sentences.

    Args:
        data: its record with current names.
        folder: of the study; what all runs have in common is read from the first that is done.
    """
    settings = parsed_experiment(data["experiment"])
    run = None if folder is None else _first_run(data, folder)
    machines = data["machines"]
    return [
        *([] if run is None else [*_data(run, settings), *_space(run, settings)]),
        *_seeds(settings, data["seeds"]),
        *_varied(data),
        *_options(settings, data),
        *_study_cost(data),
        *_intervals(data),
        *computing_sentences(machines, settings.get("device")),
        *(machine_sentences(machines) or version_sentences([data["versions"]])),
    ]


def _section(settings: Settings, name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, Mapping) else {}


def _named(settings: Settings, name: str) -> str:
    return name_in({key: value for key, value in settings.items() if isinstance(value, Mapping)}, name)


def _with_options(settings: Settings, section: str, left_out: Sequence[str] = ()) -> str:
    """Return the options of a section in brackets: ` (samples = 100, temperature = 0.1)`."""
    known = [
        f"{key} = {_shown(value)}"
        for key, value in _section(settings, section).items()
        if key not in ("name", *left_out) and isinstance(value, bool | int | float | str)
    ]
    return f" ({', '.join(known)})" if known else ""


def _shown(value: object) -> str:
    """Return the value of an option as the experiment has it."""
    return str(value).lower() if isinstance(value, bool) else format_value(value, "setting")


def _data(run: Run, settings: Settings) -> list[str]:
    facts = (run.record["data"] or {}).get("task") or {}
    examples, test = dict(facts.get("examples") or {}), run.test or {}
    if test.get("examples") is not None:
        examples["test"] = test["examples"]
    name, objective = _named(settings, "task"), facts.get("objective") or test.get("objective")
    found = []
    if name:
        by = f", and its objective is {objective}" if objective else ""
        found.append(f"The task is {name}{by}.")
    if examples:
        parts = [f"{count:,} {_FOR.get(split, f'in the split {split}')}" for split, count in examples.items()]
        found.append(f"The numbers of examples are {', '.join(parts)}.")
    made = {key: value for key, value in _section(settings, "task").items() if _OF_SPLITS.search(key)}
    listed = [f"{key} = {_shown(value)}" for key, value in made.items() if _is_plain(value)]
    if listed:
        found.append(f"The splits were made by the task with {', '.join(listed)}.")
    return found


def _is_plain(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, bool | int | float | str) for item in items) and value != ""


def _seeds(settings: Settings, seeds: Sequence[Any]) -> list[str]:
    known = [str(seed) for seed in seeds if isinstance(seed, int)]
    if not known:
        return []
    what = f"seed {known[0]}" if len(known) == 1 else f"{len(known)} seeds ({', '.join(known)})"
    first = settings.get("data_seed", settings.get("seed"))
    data = f", and the data was made with seed {first}" if isinstance(first, int) else ""
    return [f"Search and training used {what}{data}."]


def _space(run: Run, settings: Settings) -> list[str]:
    try:
        count = run.architecture.space.how_many().in_words
    except NasframeError:
        return []
    return [f"The search space {_named(settings, 'space')}{_with_options(settings, 'space')} has {count}."]


def _search(run: Run, settings: Settings) -> list[str]:
    summary, searched = run.record.get("search") or {}, run.history("search")
    loop = f"the loop {_named(settings, 'loop')}{_with_options(settings, 'loop')}"
    if not summary:
        return []
    if "trials" in summary:
        cost = f", at the cost of {summary['cost']:.4g} full trainings" if "cost" in summary else ""
        return [f"Architectures were proposed by {loop}: {counted(summary['trials'], 'trial')}{cost}."]
    relaxes = bool(searched) and learnt_logits(searched)
    by = f", relaxed by {_named(settings, 'relaxation')}{_with_options(settings, 'relaxation')}"
    epochs = f" for {counted(summary['epochs'], 'epoch')}" if "epochs" in summary else ""
    found = [f"The supernet was trained{epochs} by {loop}{by * relaxes}."]
    if options := _with_options(settings, "search"):
        found.append(f"The options of the search were {options.strip(' ()')}.")
    if relaxes and "converged" in summary:
        found.append("The search converged." if summary["converged"] else "The search did not converge.")
    selection = selection_of(run)
    if selection:
        scored = counted(selection["candidates"], "architecture")
        finals = selection.get("finals")
        trained = (
            f", and {counted(finals['rounds'][0]['networks'], 'finalist')} were trained, "
            f"for {counted(finals['spent'], 'epoch')} in all"
            if finals and finals["rounds"]
            else ""
        )
        found.append(f"The supernet compared {scored} on the validation split{trained}.")
    return found


def _training(run: Run, settings: Settings) -> list[str]:
    trained = run.history("train")
    if not trained:
        return []
    options = _with_options(settings, "train")
    found = [f"The final network was trained for {counted(len(trained), 'epoch')}{options}."]
    test = run.test or {}
    if "parameters" in test:
        adds = f" and {test['multiply_adds']:,} multiply-adds for an example" * ("multiply_adds" in test)
        found.append(f"It has {test['parameters']:,} parameters{adds}.")
    return found


def _cost(run: Run) -> list[str]:
    search = (run.record.get("search") or {}).get("seconds")
    lines = [line.get("seconds") for stage in ("train", "finetune") for line in run.history(stage)]
    training = sum(seconds for seconds in lines if seconds is not None)
    parts = [f"the search took {search:,.1f} s"] if search is not None else []
    parts += [f"the final training {'took ' * (search is None)}{training:,.1f} s"] if training else []
    return [f"In computing time {' and '.join(parts)}."] if parts else []


def _first_run(data: Mapping[str, Any], folder: Path) -> Run | None:
    for trial in data["trials"]:
        try:
            if trial["status"] == "done":
                return Run.open(path_inside(folder, trial["folder"], "its folder"))
        except (NasframeError, KeyError):  # the folder of a trial may have been removed
            continue
    return None


def _varied(data: Mapping[str, Any]) -> list[str]:
    axes = [
        f"{axis['key']} in {{{', '.join(_shown(value) for value in axis['values'])}}}"
        for axis in data["axes"]
    ]
    if axes:
        return [f"A grid was searched over {', '.join(axes)}."]
    names = [variant["name"] for variant in data["variants"]]
    return [f"Compared were {', '.join(names)}, with the same seeds."] if len(names) > 1 else []


def _options(settings: Settings, data: Mapping[str, Any]) -> list[str]:
    """Return the options of the sections that are the same in all trials, or nearly so."""
    points = [variant.get("point") or {} for variant in data["variants"]]
    varied = {key for point in points for key in point} | {axis["key"] for axis in data["axes"]}
    found = []
    for section, title in (
        ("relaxation", "Relaxation"),
        ("loop", "Loop"),
        ("search", "Search"),
        ("train", "Training"),
    ):
        if f"{section}.name" in varied:
            continue  # each variant has options of its own
        left_out = [key.partition(".")[2] for key in varied if key.startswith(f"{section}.")]
        options = _with_options(settings, section, left_out)
        name = _named(settings, section)
        if options or name:
            found.append(f"{title}: {f'{name}{options}' if name else options.strip(' ()')}.")
    return found


def _study_cost(data: Mapping[str, Any]) -> list[str]:
    """Return the sentence of the cost of tuning: every trial counts, the chosen one and the others."""
    done = [trial for trial in data["trials"] if trial["status"] == "done"]
    seconds = [value for trial in done if (value := value_of(trial, "total_seconds")) is not None]
    if not seconds or len(seconds) < len(done):
        return []
    trainings = [value for trial in done if (value := value_of(trial, "cost_in_trainings")) is not None]
    as_many = f", as much as {sum(trainings):,.1f} final trainings" if len(trainings) == len(done) else ""
    return [
        f"All {counted(len(done), 'search', 'searches')} and trainings took {sum(seconds):,.1f} s{as_many}."
    ]


def _intervals(data: Mapping[str, Any]) -> list[str]:
    if len(data["seeds"]) < 2:
        return []
    found = [
        "Numbers are means over the seeds with 95 % intervals (Student's t, within the bounds of a metric)."
    ]
    if data["tests"]:
        found.append("Differences are tested by paired t-tests on the seeds, with Holm's correction.")
    return found
