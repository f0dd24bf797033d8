"""A set in the layout of each reader goes the whole way: `run`, `evaluate --matrix`, `predict`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from nasframe import predict
from nasframe.cli import main
from nasframe.runtime import Progress
from nasframe_deepfake.datasets import Clip, read_dataset, resolve_dataset_name
from nasframe_deepfake.synthesis import Corpus, write_corpus
from tests.nasframe_deepfake.serving.test_service import EXPERIMENT
from tests.nasframe_deepfake.swan_set import write_swan
from tests.nasframe_deepfake.test_av_deepfake1m import entry as entry_of_av
from tests.nasframe_deepfake.test_lav_df import entry as entry_of_lav
from tests.nasframe_deepfake.test_lav_df import fake as fake_of_lav

READERS = ("fakeavceleb", "swan_df", "lav_df", "av_deepfake1m", "folder")
PART = [0.3, 0.9]
"""Seconds that the lists say were altered."""


def clips_of(root: Path) -> Sequence[Clip]:
    """All clips but false pairings, of which some sets have none."""
    return [clip for clip in read_dataset("fakeavceleb", root, "pairing").clips if clip.category != "pairing"]


def as_lav_df(root: Path, clips: Sequence[Clip], out: Path) -> Path:
    """Four people in train, one in dev, one in test."""
    splits = ("train", "train", "train", "train", "dev", "test")
    people = sorted({clip.source for clip in clips})
    entries = []
    for number, clip in enumerate(clips):
        name = f"{splits[people.index(clip.source)]}/{number:06}.mp4"
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / clip.path, out / name)
        altered = (clip.fake_picture, clip.fake_voice)
        entries.append(fake_of_lav(name, None, *altered, PART) if clip.fake else entry_of_lav(name))
    (out / "metadata.json").write_text(json.dumps(entries))
    return out


def as_av_deepfake1m(root: Path, clips: Sequence[Clip], out: Path) -> Path:
    """Four people in train, two in val."""
    people = sorted({clip.source for clip in clips})
    lists: dict[str, list[object]] = {"train": [], "val": []}
    for number, clip in enumerate(clips):
        split = "train" if people.index(clip.source) < 4 else "val"
        pictures, sound = ("fake" if altered else "real" for altered in (clip.fake_picture, clip.fake_voice))
        kind = f"{pictures}_video_{sound}_audio" if clip.fake else "real"
        found = entry_of_av(
            kind,
            [PART] if clip.fake_voice else [],
            [PART] if clip.fake_picture else [],
            split,
            f"vox_celeb_2/{clip.source}/{number:011}/00001",
        )
        place = out / split / str(found["file"])
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / clip.path, place)
        # this one may name no genuine clip that is not there
        lists[split].append(found | {"original": None})
    for split, entries in lists.items():
        (out / f"{split}_metadata.json").write_text(json.dumps(entries))
    return out


def as_folder(root: Path, clips: Sequence[Clip], out: Path) -> Path:
    with (out / "clips.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "source", "category"])
        for number, clip in enumerate(clips):
            shutil.copy(root / clip.path, out / f"{number}.mp4")
            category = clip.category if clip.fake else ""
            table.writerow([f"{number}.mp4", "fake" if clip.fake else "real", clip.source, category])
    return out


@pytest.fixture(scope="module")
def sets(corpus: Path, other_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Reader → a set in its layout; no two have a clip in common."""
    both = tmp_path_factory.mktemp("both")
    write_corpus(both, Corpus(clips=60, seed=7, identities=12), 1, Progress())
    people = sorted({clip.source for clip in clips_of(both)})
    halves = [[clip for clip in clips_of(both) if clip.source in part] for part in (people[:6], people[6:])]
    return {
        "fakeavceleb": corpus,
        "swan_df": write_swan(tmp_path_factory.mktemp("swan")),
        "lav_df": as_lav_df(both, halves[0], tmp_path_factory.mktemp("lav")),
        "av_deepfake1m": as_av_deepfake1m(both, halves[1], tmp_path_factory.mktemp("av")),
        "folder": as_folder(other_corpus, clips_of(other_corpus), tmp_path_factory.mktemp("folder")),
    }


@pytest.fixture(scope="module")
def runs(sets: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on each set, called as its reader, which was recognised."""
    folder = tmp_path_factory.mktemp("runs")
    options = 'name = "deepfake"\ndataset = "auto"\nshares = [0.35, 0.15, 0.15, 0.35]\n'
    (folder / "experiment.toml").write_text(EXPERIMENT.replace('name = "deepfake"\n', options))
    for reader, data in sets.items():
        words = [f"cache={folder / 'cache'}", "--data", str(data), "--out", str(folder / reader)]
        assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return folder


@pytest.mark.parametrize("reader", READERS)
def test_a_set_is_recognised_trained_on_and_tested(reader: str, sets: Mapping[str, Path], runs: Path) -> None:
    assert resolve_dataset_name("auto", sets[reader]) == reader
    test = json.loads((runs / reader / "test.json").read_text())
    assert test["genuine"] >= 2
    assert test["clips"] > test["genuine"]
    assert 0 <= test["auc"] <= 1


def test_every_run_is_tested_on_every_set(sets: Mapping[str, Path], runs: Path, tmp_path: Path) -> None:
    words = [word for name, data in sets.items() for word in ("--on", f"{name}={data}")]
    out = tmp_path / "matrix"
    assert (
        main(["evaluate", *(str(runs / name) for name in READERS), *words, "--matrix", "--out", str(out)])
        == 0
    )
    cells = json.loads((out / "matrix.json").read_text())["cells"]
    assert {(cell["run"], cell["on"]) for cell in cells} == {(a, b) for a in READERS for b in READERS}
    for cell in cells:
        assert cell["own"] == (cell["run"] == cell["on"])
        assert 0 <= cell["metrics"]["auc"] <= 1
        assert cell["left_out"] == {}
    for reader in READERS:
        assert len({cell["examples"] for cell in cells if cell["on"] == reader}) == 1
    assert (out / "report.html").is_file()


@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_each_set_gets_a_verdict(reader: str, sets: Mapping[str, Path], runs: Path) -> None:
    listing = read_dataset(reader, sets[reader], "pairing")
    file = listing.root / next(clip.path for clip in listing.clips if not clip.sound_file)
    (answer,) = predict(runs / reader, [file])
    assert 0 <= answer["score"] <= 1
    assert answer["decision"] in ("real", "fake")
