"""Every reader of files of our own making, with a whole file of each: for tests that damage them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from nasframe import Architecture, Data, Experiment, Run, Stage
from nasframe.experiment.toml_file import read_toml
from nasframe.network import build
from nasframe.pipeline.engines import training_engine
from nasframe.pipeline.loading import load_supernet
from nasframe.pipeline.trained_network import load_network
from nasframe.report import read_page
from nasframe.runtime import SILENT, write_tensors
from nasframe.studies.folder import read_study
from nasframe.studies.tabular_benchmark import load_table
from nasframe.studies.training_trial import read_trained_network
from nasframe.tasks import read_stage, run_stages
from nasframe_audiovisual import load_standardiser, open_features, read_split_list
from nasframe_deepfake.datasets import FakeAVCeleb
from nasframe_deepfake.preparation import PreparedClip, read_index
from tests.mutations import Reader

__all__ = ["readers_of_features", "readers_of_pages", "readers_of_run", "readers_of_studies"]

Read = Callable[[], object]
_NAMES = [f"{kind}{stage}" for kind in "IS" for stage in range(1, 5)]


def _reader(name: str, kind: str, path: Path, read: Read) -> Reader:
    def put_and_read(content: bytes) -> object:
        path.write_bytes(content)
        return read()

    return Reader(name, kind, path.read_bytes(), put_and_read)


def readers_of_run(run: Run, experiment: Experiment, data: Data) -> list[Reader]:
    """Return the readers of the files of a finished run, with an unfinished training, `half`, in it."""
    folder, checkpoints = run.path, run.checkpoints

    def record() -> object:
        found = Run.open(folder)
        return found.record, found.seconds, found.names, found.changed_plugins

    def training() -> object:
        network = build(Architecture.load(folder / "architecture.json"))
        engine = training_engine(network, experiment, data, SILENT, run=run, name="half", key="half")
        return engine._resume(torch.optim.Adam(network.parameters()))

    def tensors(name: str) -> Path:
        return checkpoints / json.loads((checkpoints / f"{name}.json").read_text())["tensors"]

    readers = [
        _reader("run.json", "json", folder / "run.json", record),
        _reader("metrics.jsonl", "jsonl", folder / "metrics.jsonl", lambda: run.metrics),
        _reader("test.json", "json", folder / "test.json", lambda: run.test),
        _reader(
            "experiment.toml",
            "bytes",
            folder / "experiment.toml",
            lambda: read_toml(folder / "experiment.toml"),
        ),
        _reader("architecture.json", "json", folder / "architecture.json", lambda: run.architecture),
    ]
    if (folder / "scores.json").exists():
        readers.append(_reader("scores.json", "json", folder / "scores.json", lambda: run.scores))
    for name, read in {
        "network": lambda: load_network(run, experiment, "cpu"),
        "search": lambda: load_supernet(run),
        "half": training,
    }.items():
        readers.append(_reader(f"{name}.json", "json", checkpoints / f"{name}.json", read))
        readers.append(_reader(f"{name}.safetensors", "safetensors", tensors(name), read))
    return readers


def readers_of_pages(folders: Mapping[str, Path]) -> list[Reader]:
    """Return the readers of the documents that pages are made of, given kind of a page → folder."""
    files = {
        "run": ("run.json", "metrics.jsonl", "test.json", "scores.json"),
        "comparison": ("comparison.json",),
        "sweep": ("sweep.json",),
        "table": ("table.json", "table.jsonl"),
    }

    def reading(folder: Path) -> Read:
        return lambda: read_page(folder)

    return [
        _reader(f"page of {name}", name.rpartition(".")[2], folder / name, reading(folder))
        for kind, folder in folders.items()
        for name in files[kind]
    ]


def readers_of_studies(folder: Path) -> list[Reader]:
    """Return the readers of the other documents of studies, of whole files that are written into a folder."""
    study = {
        "format": 1,
        "kind": "sweep",
        "nasframe": "0",
        "plan": {"axes": [{"key": "seed", "values": [1]}]},
    }
    network = {"name": "x", "validation": {"auc": 0.5}, "test": {"auc": 0.5}, "data": "d", "parameters": 3}
    table = {
        "kind": "table",
        "format": 1,
        "objective": "auc",
        "space": {"name": "x"},
        "failed": {},
        "asked": 3,
    }
    row = {"fingerprint": "0" * 16, "assignment": {"a": "b"}, **network}
    contents = {"study.json": study, "network.json": network, "table.json": table, "table.jsonl": row}
    for name, content in contents.items():
        (folder / name).write_text(json.dumps({**content, "names": {}}) + "\n", encoding="utf-8")
    stage = run_stages([Stage("make", {"size": 3}, lambda _: None)], folder, torch.device("cpu"), SILENT)[
        "make"
    ]
    reads: dict[str, Read] = {
        "study.json": lambda: read_study(folder),
        "network.json": lambda: read_trained_network(folder / "network.json"),
        "table.json": lambda: _used(load_table(folder)),
        "table.jsonl": lambda: _used(load_table(folder)),
    }
    found = [_reader(name, name.rpartition(".")[2], folder / name, read) for name, read in reads.items()]
    return [
        *found,
        _reader("stage.json", "json", stage.folder / "stage.json", lambda: read_stage(stage.folder)),
    ]


def _used(table: Any) -> object:
    return table.scores("validation"), table.scores("test"), table.names, table.find("0" * 16)


def readers_of_features(folder: Path) -> list[Reader]:
    """Return the readers of the audio-visual library and the task on it, of files written into a folder."""
    for name in _NAMES:
        np.save(folder / f"{name}.npy", np.ones((4, 2, 3), np.float16))
    statistics = {name: torch.ones(2, 3) for name in _NAMES}
    write_tensors(folder / "statistics.safetensors", statistics)
    clip = PreparedClip("a.mp4", "test", "RV-RA", "real", "id1", "x", "y", 0, 0, 0, 1, 2)
    header = ",".join(item.name for item in attrs.fields(PreparedClip))
    (folder / "index.csv").write_text(f"{header}\n" + f"{','.join(map(str, attrs.astuple(clip)))}\n" * 3)
    (folder / "splits.csv").write_text("path,split\na.mp4,test\nb.mp4,weights\n", encoding="utf-8")
    (folder / "meta_data.csv").write_text(
        "source,target1,target2,method,category,type,race,gender,path,\n"
        "id1,-,-,real,A,RealVideo-RealAudio,x,y,index.csv,.\n",
        encoding="utf-8",
    )
    channels = dict.fromkeys(_NAMES, 3)

    def standardised() -> object:
        found = load_standardiser(folder / "statistics.safetensors", True, channels)
        return found("I1", torch.ones(1, 4, 3))

    return [
        _reader("statistics.safetensors", "safetensors", folder / "statistics.safetensors", standardised),
        _reader("I1.npy", "bytes", folder / "I1.npy", lambda: open_features(folder)["I1"].float().sum()),
        _reader("index.csv", "csv", folder / "index.csv", lambda: read_index(folder / "index.csv")),
        _reader("splits.csv", "csv", folder / "splits.csv", lambda: read_split_list(folder / "splits.csv")),
        _reader(
            "meta_data.csv", "csv", folder / "meta_data.csv", lambda: FakeAVCeleb().read(folder, "pairing")
        ),
    ]
