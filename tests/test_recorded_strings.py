"""Strings that enter a seed, a fingerprint or the name of a file are data: old runs depend on them.

They are never renamed, however the code around them is called. A new one is added to the list here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from nasframe import Experiment
from nasframe.runtime.seeding import derive_seed
from nasframe.studies.axes import point_name
from nasframe.tasks import stage_fingerprints

ROOT = Path(__file__).parents[1]

SEEDS = {
    *("supernet", "search", "shuffle", "redrawn", "relaxation", "candidates", "drawn finalists"),
    *("paths", "validation paths", "ranking"),
    *("train", "train shuffle", "train redrawn", "build", "pretrain"),
    *("estimators", "batch", "time of estimators", "bias interval", "stgs"),
    *("testing", "operation"),
    *("loop check", "operation check", "rehearsal"),
    *("process",),
    *("order", "pairs", "item", "inputs read"),
    *("augmentation", "augmentations of a clip", "preview", "robustness", "tested clips"),
    *("random search", "evolution", "tpe", "nsga2", "training of the table"),
}
KEYS = {"search", "train", "baseline", "evaluate", "yardstick", "random architecture"}
FIELDS = {"fingerprint", "task", "cache"}
"""Keys of records, read inside such a call."""

FOLDERS = {
    "nasframe/runs": ("run.json", "run.lock", "experiment.toml", "metrics.jsonl", "test.json", "scores.json"),
    "nasframe/studies": (
        *("study.json", "study.lock", "trials", "tensors.safetensors", "baselines", "supernets"),
        *("architectures", "registered-"),
        *("study.sqlite3", "cells", "census"),  # of older versions, and still read
    ),
    "nasframe/tables": (
        *("table.json.xz", "on_demand"),
        *("table.json", "table.jsonl", "census.json", "census.jsonl"),  # of older versions, and still read
    ),
    "nasframe/jobs": ("workers.log",),
    "nasframe/tasks": (
        *("stage.json", "tensors", "target.json", "input/", "targets", "rows"),
        *("weights", "architecture", "validation", "test", "classes", "labels", "number"),
    ),
    "plugins/nasframe_deepfake": (
        *("sound alone", "picture alone", "late fusion", "concatenation"),
        *("fakeavceleb", "dataset_code", "ties", "split_leaks"),
        *("audit", "audit.json", "facts.csv"),
        *("augment", "copies.csv"),
    ),
    "plugins/nasframe_tabular": (
        *("linear", "mlp", "late fusion", "convolution", "fetch", "prepare"),
        *("images", "utterances", "weights", "architecture", "validation", "test"),
        *("wrist_axes", "wrist_whole", "rows", "columns", "mfcc", "change"),
        *("image", "sound", "image_noisy", "sound_noisy"),
        *("image_sums", "sound_energy", "image_other", "sound_other"),
    ),
}

EXPERIMENTS = {
    "plugins/nasframe_deepfake/demo.toml": "3ca34ae237cc4128bf0a2f0f68540a014dbf063edadd1da8c539ee12dda4bdc2",
    "examples/embedded.toml": "89b98a198361fe49fbc66942e6b1d0608898bd17ce5e8d3fb188d70711f37ad9",
    "examples/table2.toml": "23bf4fa97718d2c97e5e58a2011cd2621a7c562e2a57bb58e79dfb46c4c61530",
    "examples/table3.toml": "756fcc59e403586e2f341ee3e0cc70ace9befb04ffb4f320028b01704b49c0d4",
    "examples/table4.toml": "23bf4fa97718d2c97e5e58a2011cd2621a7c562e2a57bb58e79dfb46c4c61530",
    "examples/figure2.toml": "87931e81d8b596fa5a8be13806921569a728c8b60fdcc6f856ced7ceed518de2",
}
STAGES = {
    "synthesize": "7874d54b408e7ad263f22de9bfd63f14cbfbe683848f8b5d5a0c71081d5f5e2f",
    "prepare": "5886e9b731ab5cfee39455fa1a5fb2caebba5d5e1c1754726e38622ea688ed78",
    "audit": "9fe97480b49779e8102f72adb16a896be1991f33c800a38a78c958ff594b56e6",
    "pretrain": "5cb38f0e7a22524d0ebad4741b16a561820fce71143126e140f021b5381fa274",
    "features": "b684700d185e3c1c5a1b0379fdbea94ee67c63451b28f5d82bb3f16ad419ee55",
}

TABULAR = {
    "htad": "f97796c54c3288636b5c3561472d2fef6db7e90bc513ed409b4504866e69d871",
    "mfeat": "db13f1575d8353adb24023be12af1d022e3ea20958fcf57002df3f47879055e7",
    "av_digits": "a7f1c7f1dbb135145c3856ef7e7d2456549d7e875ed4d7f831ae448fb336f58d",
}


def strings(calls: set[str], folders: tuple[str, ...] = ("nasframe", "plugins", "search_spaces")) -> set[str]:
    """Every string that stands among the arguments of a call to one of these functions."""

    def found() -> Iterator[str]:
        for folder in folders:
            for file in (ROOT / folder).rglob("*.py"):
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call) and name(node.func) in calls:
                        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                        yield from (text for item in arguments for text in constants(item))

    return {*found()}


def name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def constants(node: ast.AST) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value


def test_every_string_that_enters_a_seed_is_on_the_list() -> None:
    assert strings({"derive_seed", "forked_seed", "generator"}) == SEEDS


def test_every_string_that_enters_a_fingerprint_is_on_the_list() -> None:
    assert strings({"fingerprint", "key"}) == KEYS | FIELDS


@pytest.mark.parametrize(
    ("names", "seed"),
    [
        (("supernet",), 6884819392562602835),
        (("search", 1), 28552787200925594),
        (("train shuffle", 2), 2734982686530238179),
        (("sound alone",), 3012336524985867631),
    ],
)
def test_a_seed_is_what_it_always_was(names: tuple[str | int, ...], seed: int) -> None:
    assert derive_seed(0, *names) == seed


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_of_files_and_folders_stay(folder: str) -> None:
    files = (ROOT / folder).rglob("*.py")
    there = {text for file in files for text in constants(ast.parse(file.read_text(encoding="utf-8")))}
    assert {*FOLDERS[folder]} <= there


@pytest.mark.parametrize("file", EXPERIMENTS)
def test_an_experiment_keeps_its_fingerprint(file: str) -> None:
    assert Experiment.load(ROOT / file).fingerprint() == EXPERIMENTS[file]


def test_the_demo_with_the_papers_method_keeps_the_fingerprint_that_the_demo_had_before() -> None:
    paper = Experiment.load(ROOT / "plugins/nasframe_deepfake/demo.toml", preset="paper")
    assert paper.fingerprint() == "ff640868cb42112f1262956a1a621d2ebc833d44e1f4aa6efbddeb88439d99ea"


@pytest.mark.parametrize("name", TABULAR)
def test_the_data_of_a_task_on_the_package_index_keeps_its_fingerprint(name: str) -> None:
    """Tables are made from it."""
    experiment = Experiment.load(ROOT / f"examples/tabular/{name}.toml")
    stages = experiment.task.stages(None, experiment.stage_seed)
    assert stage_fingerprints(stages)["prepare"] == TABULAR[name]


def test_the_stages_of_the_demo_keep_their_fingerprints() -> None:
    experiment = Experiment.load(ROOT / "plugins/nasframe_deepfake/demo.toml")
    stages = experiment.task.stages(None, experiment.stage_seed)
    assert stage_fingerprints(stages) == STAGES


def test_a_trial_keeps_the_name_of_its_folder() -> None:
    assert point_name({"relaxation.temperature": 0.1, "space.ports": "choose"}) == (
        "temperature=0.1,ports=choose"
    )
    assert point_name({"space.operations": ["zero", "sum"]}) == "operations=-zero-,-sum--967082"
