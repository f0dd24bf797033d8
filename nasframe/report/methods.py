"""The methods of a run or a study as a paragraph for a paper, made of their records.

A sentence states only numbers that the record holds; where it holds none, the sentence is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from nasframe.display import format_value
from nasframe.errors import NasframeError
from nasframe.report.costs import value_of
from nasframe.report.experiment_options import name_in, parsed_experiment
from nasframe.report.finalists import learnt_logits, selection_of
from nasframe.report.machines import computing_sentences, machine_sentences, version_sentences
from nasframe.report.variant_settings import first_run, trials_of_variants, variant_settings
from nasframe.runs import Run
from nasframe.runtime import counted

__all__ = ["run_methods", "study_methods"]

_FOR = {
    "weights": "to train the weights of the search",
    "architecture": "to decide the architecture",
    "validation": "to choose the epoch and the network",
    "test": "for the test",
}

_OF_SPLITS = re.compile(r"split|share|fold|seed|data_?set|examples|clips|identities|people")
"""Options of a task that say how its splits are made."""

_MOST_SPACES = 8
"""Spaces of a study whose sizes are told one by one."""

_MOST_INPUTS = 8
"""Inputs of a task that are told one by one."""

_TABLES = (".csv", ".tsv", ".txt")

_ANY_TENSORS = ("tensors", "TensorTask")
"""Tasks whose objective follows from the kind of their targets."""

_KIND_OF = {"accuracy": "classes", "f1_weighted": "labels", "r2": "number"}

_KINDS = {
    "classes": "It is a classification into {} classes",
    "labels": "It predicts {} labels at once",
    "number": "It predicts a number",
}

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
        *_baselines(run),
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
    run = None if folder is None else first_run(data["trials"], folder)
    machines, varied = data["machines"], _varied_keys(data)
    return [
        *([] if run is None else _data(run, settings, varied)),
        *_study_space(data, folder, settings),
        *_seeds(settings, data["seeds"], varied),
        *_varied(data),
        *_options(settings, data, folder),
        *_study_baselines(data),
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
        if key not in ("name", *left_out) and value not in ([], {})
    ]
    return f" ({', '.join(known)})" if known else ""


def _shown(value: object) -> str:
    """Return the value of an option as the experiment has it: `[sum, gate]`, `{width = 8}`."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {_shown(item)}' for key, item in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else format_value(value, "setting")


def _data(run: Run, settings: Settings, varied: Collection[str] = ()) -> list[str]:
    if "task.name" in varied:
        return []
    facts = (run.record["data"] or {}).get("task") or {}
    examples, test = dict(facts.get("examples") or {}), run.test or {}
    if test.get("examples") is not None:
        examples["test"] = test["examples"]
    name, objective = _named(settings, "task"), facts.get("objective") or test.get("objective")
    found, is_one = [], not any(key.startswith("task.") for key in varied)
    if name:
        by = f", and its objective is {objective}" if objective else ""
        file = _data_file(run, settings) if is_one else ""
        found.append(f"The task is {_in_words(name)}{f', on the data {file}' * bool(file)}{by}.")
        found += _kind_and_inputs(name, facts, settings, file) if is_one else []
    if examples and not any(key == "data_seed" or key.startswith("task.") for key in varied):
        parts = [f"{count:,} {_FOR.get(split, f'in the split {split}')}" for split, count in examples.items()]
        found.append(f"The numbers of examples are {', '.join(parts)}.")
    made = {
        key: value
        for key, value in _section(settings, "task").items()
        if _OF_SPLITS.search(key) and f"task.{key}" not in varied
    }
    listed = [f"{key} = {_shown(value)}" for key, value in made.items() if _is_plain(value)]
    if listed:
        found.append(f"The splits were made by the task with {', '.join(listed)}.")
    return found


def _in_words(name: str) -> str:
    """Return the name of a task; of one that was made in Python its class."""
    module, _, kind = name.rpartition(":")
    return f"made in Python, a {kind}" if "." in module else name


def _data_file(run: Run, settings: Settings) -> str:
    """Return the name of the data that a user gave, without its folder; empty where the task has its own."""
    given = (run.record["data"] or {}).get("source") or _section(settings, "task").get("file")
    return PurePath(given).name if isinstance(given, str) else ""


def _kind_and_inputs(name: str, facts: Mapping[str, Any], settings: Settings, file: str) -> list[str]:
    """Return sentences on what is predicted, of a task that learns from any tensors, and on the inputs."""
    found = []
    outputs, kind = facts.get("outputs"), _section(settings, "task").get("kind")
    if kind is None and name.rpartition(":")[2] in _ANY_TENSORS:
        kind = _KIND_OF.get(str(facts.get("objective")))
    if isinstance(kind, str) and kind in _KINDS and isinstance(outputs, int):
        found.append(f"{_KINDS[kind].format(outputs)}.")
    inputs = facts.get("inputs") or {}
    if 0 < len(inputs) <= _MOST_INPUTS:
        thing = "column" if PurePath(file).suffix.lower() in _TABLES else "number"
        parts = [f"{key} ({_shape_in_words(shape, thing)})" for key, shape in inputs.items()]
        found.append(f"{'Its input is' if len(parts) == 1 else 'Its inputs are'} {_listed(parts)}.")
    return found


def _shape_in_words(shape: Sequence[int], thing: str) -> str:
    if len(shape) == 2 and shape[0] == 1:
        return counted(shape[1], thing)
    return " × ".join(map(str, shape)) or "a number"


def _is_plain(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, bool | int | float | str) for item in items) and value != ""


def _seeds(settings: Settings, seeds: Sequence[Any], varied: Collection[str] = ()) -> list[str]:
    known = [str(seed) for seed in seeds if isinstance(seed, int)]
    if not known:
        return []
    what = f"seed {known[0]}" if len(known) == 1 else f"{len(known)} seeds ({', '.join(known)})"
    first = settings.get("data_seed", settings.get("seed"))
    data = f", and the data was made with seed {first}" if isinstance(first, int) else ""
    data = "" if "data_seed" in varied else data
    return [f"Search and training used {what}{data}."]


def _space(run: Run, settings: Settings) -> list[str]:
    size = _size(run)
    name = f"{_named(settings, 'space')}{_with_options(settings, 'space')}"
    return [f"The search space {name} has {size}."] if size else []


def _size(run: Run) -> str:
    """Return the number of architectures of a run's space in words; empty where it cannot be read."""
    try:
        return run.architecture.space.how_many().in_words
    except NasframeError:
        return ""


def _study_space(data: Mapping[str, Any], folder: Path | None, settings: Settings) -> list[str]:
    """Return the sentence of the space; where a study varies it, with the size of each of them."""
    varied = [key for key in _varied_keys(data) if key.partition(".")[0] == "space"]
    if folder is None:
        return []
    if not varied:
        run = first_run(data["trials"], folder)
        return [] if run is None else _space(run, settings)
    known = variant_settings(data, folder)
    sizes: dict[str, str] = {}
    for name, trials in trials_of_variants(data).items():
        own = _section(known.get(name, {}), "space")
        words = ", ".join(f"{_last(key)} = {_shown(own[_last(key)])}" for key in varied if _last(key) in own)
        if words in sizes or len(sizes) == _MOST_SPACES:
            continue
        run = first_run(trials, folder)
        if run is not None and (size := _size(run)):
            sizes[words] = size
    left = [key.partition(".")[2] for key in varied]
    options = "" if "name" in left else _with_options(settings, "space", left)
    named = "" if "name" in left else f" {_named(settings, 'space')}{options}"
    kinds = {str(_section(known.get(name, {}), "space")) for name in known}
    if not sizes or len(kinds) > len(sizes):
        return [f"The search space{named} varies with {_listed(varied)}, and its size with it."]
    told = "; ".join(f"{size} with {words}" for words, size in sizes.items())
    return [f"The search space{named} varies: {told}."]


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


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
    """Return the sentence of the computing time, with what is counted, beside the time of the stages."""
    summary = run.record.get("search") or {}
    search, selection = summary.get("seconds"), selection_of(run)
    lines = [line.get("seconds") for stage in ("train", "finetune") for line in run.history(stage)]
    training = sum(seconds for seconds in lines if seconds is not None)
    of_search = "its trials" if "trials" in summary else "its epochs"
    if selection:
        of_search += " and finalists" if selection.get("finals") else " and the choice among candidates"
    parts = []
    if search is not None:
        parts.append(f"the search took {search:,.1f} s{_beside(run, 'search', of_search)}")
    if training:
        took = "took " * (search is None)
        parts.append(f"the final training {took}{training:,.1f} s{_beside(run, 'train', 'its epochs')}")
    return [f"In computing time {' and '.join(parts)}."] if parts else []


def _beside(run: Run, stage: str, counts: str) -> str:
    """Return in brackets what a computing time is of, and the time of its whole stage where it is known."""
    whole = run.seconds.get(stage)
    took = f"; the whole stage took {whole:,.1f} s" if whole is not None else ""
    return f" ({counts} alone{took})"


def _baselines(run: Run) -> list[str]:
    """Return the sentence of the networks that a run was compared with."""
    found = (run.test or {}).get("baselines") or {}
    drawn = [name for name, values in found.items() if "architecture" in values]
    return _compared_with(str(len(drawn)) if drawn else "", [name for name in found if name not in drawn])


def _study_baselines(data: Mapping[str, Any]) -> list[str]:
    """Return the sentence of the networks that the variants of a comparison were compared with."""
    drawn: dict[tuple[Any, Any], int] = {}
    others: dict[str, None] = {}
    for network in data["baselines"]:
        place = (network.get("group"), network.get("seed"))
        if network.get("kind") == "random":
            drawn[place] = drawn.get(place, 0) + 1
        elif network.get("name"):
            others[network["name"]] = None
    counts = " or ".join(map(str, sorted(set(drawn.values()))))
    return _compared_with(counts, list(others), " for each seed")


def _compared_with(drawn: str, others: Sequence[str], each: str = "") -> list[str]:
    found = []
    if drawn:
        several = "architecture" if drawn == "1" else "architectures"
        found.append(f"{drawn} random {several} of the same space{each}")
    if others:
        found.append(f"the fixed {'network' if len(others) == 1 else 'networks'} {_listed(others)}")
    return [f"Trained in the same way, for comparison: {'; '.join(found)}."] if found else []


def _varied_keys(data: Mapping[str, Any]) -> list[str]:
    """Return the options that are not the same in all variants or points."""
    points = [variant.get("point") or {} for variant in data["variants"]]
    return list(
        dict.fromkeys([*(key for point in points for key in point), *(axis["key"] for axis in data["axes"])])
    )


def _varied(data: Mapping[str, Any]) -> list[str]:
    axes = [
        f"{axis['key']} in {{{', '.join(_shown(value) for value in axis['values'])}}}"
        for axis in data["axes"]
    ]
    if axes:
        return [f"A grid was searched over {', '.join(axes)}."]
    names = [variant["name"] for variant in data["variants"]]
    return [f"Compared were {', '.join(names)}, with the same seeds."] if len(names) > 1 else []


def _options(settings: Settings, data: Mapping[str, Any], folder: Path | None) -> list[str]:
    """Return the options of the sections, without those that vary; of plugins that vary, those of each."""
    varied, known = _varied_keys(data), variant_settings(data, folder)
    found = []
    for section, title in (
        ("relaxation", "Relaxation"),
        ("loop", "Loop"),
        ("search", "Search"),
        ("train", "Training"),
    ):
        left_out = [key.partition(".")[2] for key in varied if key.startswith(f"{section}.")]
        of = known.values() if f"{section}.name" in varied else [settings]
        told = dict.fromkeys(_named_options(each, section, left_out) for each in of)
        if words := "; ".join(filter(None, told)):
            found.append(f"{title if len(told) == 1 else f'{title}s'}: {words}.")
    return found


def _named_options(settings: Settings, section: str, left_out: Sequence[str]) -> str:
    options, name = _with_options(settings, section, left_out), _named(settings, section)
    return f"{name}{options}" if name else options.strip(" ()")


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
