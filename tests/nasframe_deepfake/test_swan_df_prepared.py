"""SWAN-DF goes through all stages as it is published: two files for a fake, pictures on their side."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch

from nasframe.cli import main
from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe.tasks import run_stages
from nasframe_audiovisual import FaceSettings, first_window, open_streams
from nasframe_deepfake.datasets import read_dataset
from nasframe_deepfake.detection.other_clips import SEEN
from nasframe_deepfake.preparation import PreparedClip, prepare, read_index
from nasframe_deepfake.preparation.contents import contents_of_files
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.serving.test_service import EXPERIMENT
from tests.nasframe_deepfake.swan_set import (
    HERTZ,
    VOICES,
    fake_name,
    genuine_name,
    video_name,
    voice_name,
    write_swan,
)
from tests.nasframe_deepfake.test_preparation_at_scale import contents, interrupt_after

PEOPLE = 6
CPU = torch.device("cpu")
SWAN_EXPERIMENT = EXPERIMENT.replace(
    'name = "deepfake"\n', 'name = "deepfake"\ndataset = "auto"\nshares = [0.35, 0.15, 0.15, 0.35]\n'
)


@pytest.fixture(scope="module")
def swan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_swan(tmp_path_factory.mktemp("swan"), PEOPLE)


@pytest.fixture(scope="module")
def swan_task() -> DeepfakeTask:
    return DeepfakeTask(
        dataset="swan_df", faces="none", size=32, frames=8, mels=32, backbone="resnet10t", workers=1
    )


@pytest.fixture(scope="module")
def prepared(swan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "prepared"
    words = ["--faces", "haar", "--workers", "1"]
    assert main(["deepfake", "prepare", str(swan), "--out", str(out), *words]) == 0
    return out


def by_name(prepared: Path) -> dict[str, PreparedClip]:
    return {clip.path: clip for clip in read_index(prepared / "index.csv")}


def test_every_clip_is_prepared_under_a_name_of_its_own(prepared: Path, swan: Path) -> None:
    report = json.loads((prepared / "report.json").read_text())
    clips = by_name(prepared)
    people = range(1, PEOPLE + 1)
    assert report["dataset"] == "swan_df"
    assert report["skipped"] == report["malformed"] == report["left_out"] == []
    assert clips.keys() == {
        *(genuine_name(person, recording) for person in people for recording in (1, 2)),
        *(fake_name(person, conversion) for person in people for conversion in VOICES),
    }
    for clip in clips.values():
        assert [path.is_file() for path in clip.files.paths(swan)] == [True] * (1 + clip.fake)
    with (prepared / "splits.csv").open(newline="") as file:
        assert {row["path"] for row in csv.DictReader(file)} == clips.keys()
    assert {clip.split for clip in clips.values()} == {"weights", "architecture", "validation", "test"}


def test_one_video_with_two_voices_is_two_clips_with_one_row_of_pictures(prepared: Path) -> None:
    clips = by_name(prepared)
    for person in range(1, PEOPLE + 1):
        one, other = (clips[fake_name(person, conversion)] for conversion in VOICES)
        assert one.picture == other.picture
        assert one.sound != other.sound
        assert one.content != other.content
    assert json.loads((prepared / "report.json").read_text())["streams"] == {
        "pictures": 3 * PEOPLE,
        "sounds": 4 * PEOPLE,
    }


def test_the_sound_of_a_fake_is_that_of_its_voice(prepared: Path) -> None:
    sounds, clips = open_streams(prepared, "sounds"), by_name(prepared)
    bands = {
        conversion: {
            int(sounds[torch.tensor([clips[fake_name(person, conversion)].sound])][0].mean(-1).argmax())
            for person in range(1, PEOPLE + 1)
        }
        for conversion in HERTZ
    }
    (low,), (high,) = (bands[conversion] for conversion in VOICES)
    assert low < high


def test_pictures_that_lie_are_upright(prepared: Path, tmp_path: Path) -> None:
    rows, clips = open_streams(prepared, "pictures"), by_name(prepared)
    upright = write_swan(tmp_path / "upright", 2, quarters=0)
    window, detector = DeepfakeTask(dataset="swan_df").preparation(0).window, FaceSettings("haar").make()
    for path in (genuine_name(1), genuine_name(2)):
        found = rows[torch.tensor([clips[path].picture])][0].numpy().astype(int)
        expected = first_window(upright / path, window, detector).recording.pictures
        others = [np.rot90(expected, quarters, (1, 2)) for quarters in (1, 2, 3)]
        assert np.abs(found - expected).mean() < min(np.abs(found - other).mean() for other in others) / 2


def test_the_index_has_the_second_file_and_the_hash_of_both(prepared: Path, swan: Path) -> None:
    clips = by_name(prepared)
    fake = clips[fake_name(1, VOICES[0])]
    assert fake.sound_file == voice_name(1, VOICES[0])
    digests = [
        hashlib.sha256((swan / path).read_bytes()).hexdigest()
        for path in (video_name(1), voice_name(1, VOICES[0]))
    ]
    assert fake.content == hashlib.sha256("".join(digests).encode()).hexdigest()
    genuine = clips[genuine_name(1)]
    assert genuine.sound_file == ""
    assert genuine.content == hashlib.sha256((swan / genuine.path).read_bytes()).hexdigest()


def test_the_index_of_clips_of_one_file_has_no_column_for_a_second_one(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    (folder,) = run_stages(task.stages(corpus, 0)[:1], tmp_path, CPU, Progress()).values()
    header = (folder.folder / "index.csv").read_text().splitlines()[0]
    assert header.split(",")[-1] == "content"


def test_an_interrupted_preparation_goes_on_to_the_same_bytes(
    swan: Path, swan_task: DeepfakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("shards", "writing"):
        monkeypatch.setattr(f"nasframe_audiovisual.streams.{module}.SHARD", 8)
    stage = swan_task.stages(swan, 0)[:1]
    whole = run_stages(stage, tmp_path / "whole", CPU, Progress())["prepare"].folder
    interrupt_after(monkeypatch, shards=1)
    with pytest.raises(KeyboardInterrupt):
        run_stages(stage, tmp_path / "cache", CPU, Progress())
    (partial,) = (tmp_path / "cache").rglob("shard-00000.json")
    kept = partial.stat().st_ino
    resumed = run_stages(stage, tmp_path / "cache", CPU, Progress())["prepare"].folder
    assert contents(resumed) == contents(whole)
    assert (resumed / partial.name).stat().st_ino == kept


def test_the_number_of_workers_changes_no_byte(swan: Path, swan_task: DeepfakeTask, tmp_path: Path) -> None:
    folders = []
    for workers in (1, 2):
        (out := tmp_path / str(workers)).mkdir()
        options = attrs.evolve(swan_task, workers=workers)
        prepare(swan, out, options.preparation(0), workers, Progress())
        folders.append(contents(out))
    assert folders[0] == folders[1]


def test_a_list_of_splits_names_clips_by_both_files(
    prepared: Path, swan: Path, swan_task: DeepfakeTask, tmp_path: Path
) -> None:
    splits = ["weights", "architecture", "validation", "test"]
    listed = {name: splits[int(clip.source) % 4] for name, clip in by_name(prepared).items()}
    path = tmp_path / "own.csv"
    path.write_text("path,split\n" + "".join(f"{name},{split}\n" for name, split in listed.items()))
    (out := tmp_path / "out").mkdir()
    task = attrs.evolve(swan_task, split_list=path)
    prepare(swan, out, task.preparation(0), 1, Progress())
    assert {name: clip.split for name, clip in by_name(out).items()} == listed


def test_a_fake_is_the_content_of_another_only_with_both_files(tmp_path: Path) -> None:
    root = write_swan(tmp_path / "set", 2)
    shutil.copy(root / video_name(1), root / video_name(2))
    names = [clip.name for clip in read_dataset("swan_df", root, "pairing").clips]
    assert contents_of_files(read_dataset("swan_df", root, "pairing")) == tuple(names)
    shutil.copy(root / voice_name(1, VOICES[1]), root / voice_name(2, VOICES[1]))
    found = dict(zip(names, contents_of_files(read_dataset("swan_df", root, "pairing")), strict=True))
    assert found.pop(fake_name(2, VOICES[1])) == fake_name(1, VOICES[1])
    assert all(name == content for name, content in found.items())


def test_a_broken_voice_leaves_out_its_clip_alone_and_is_named(
    swan: Path, swan_task: DeepfakeTask, tmp_path: Path
) -> None:
    root = shutil.copytree(swan, tmp_path / "set")
    (root / voice_name(1, VOICES[0])).write_bytes(b"RIFF")
    (root / video_name(2)).write_bytes((root / voice_name(2, VOICES[0])).read_bytes())
    (out := tmp_path / "out").mkdir()
    report = prepare(root, out, swan_task.preparation(0), 1, Progress())
    skipped = {item["path"]: item["reason"] for item in report["skipped"]}
    assert skipped.keys() == {fake_name(1, VOICES[0]), *(fake_name(2, one) for one in VOICES)}
    assert skipped[fake_name(1, VOICES[0])].startswith(
        f"{root / voice_name(1, VOICES[0])}: cannot be decoded"
    )
    assert skipped[fake_name(2, VOICES[0])] == f"{root / video_name(2)}: has no video stream"
    assert len(report["repeated"]) == 0


def test_a_set_of_which_no_clip_can_be_played_says_why(tmp_path: Path, swan_task: DeepfakeTask) -> None:
    root = write_swan(tmp_path / "set", 5)
    for path in root.rglob("*.*"):
        path.write_bytes(f"no clip {path}".encode())
    (out := tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="none of 20 clips can be used"):
        prepare(root, out, swan_task.preparation(0), 1, Progress())


def test_facts_of_both_files_are_audited(swan: Path, prepared: Path, tmp_path: Path) -> None:
    assert main(["deepfake", "audit", str(swan), "--out", str(tmp_path / "audit")]) == 0
    report = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert report["problems"] == []
    assert (report["clips"], report["fakes"]) == (4 * PEOPLE, 2 * PEOPLE)
    with (tmp_path / "audit" / "facts.csv").open(newline="") as file:
        facts = {row["path"]: row for row in csv.DictReader(file)}
    fake, genuine = facts[fake_name(1, VOICES[0])], facts[genuine_name(1)]
    assert fake["container"] == "mov/isom+wav"
    assert fake["codecs"] == "h264+pcm_s16le"
    assert float(fake["loudness"]) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)
    assert genuine["codecs"] == "h264+aac"
    (container,) = (item for item in report["shortcuts"] if item["name"] == "container")
    assert container["auc"] == 1.0
    # the audit of a preparation reads the same files
    assert (prepared / "facts.csv").read_text() == (tmp_path / "audit" / "facts.csv").read_text()


@pytest.fixture(scope="module")
def run(swan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "experiment.toml").write_text(SWAN_EXPERIMENT)
    words = [f"cache={folder / 'cache'}", "--data", str(swan), "--out", str(folder / "run")]
    assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return folder / "run"


def test_a_run_goes_through_all_stages(run: Path) -> None:
    scores = json.loads((run / "scores.json").read_text())
    assert json.loads((run / "test.json").read_text())["clips"] >= 4
    assert any("+audios/wav/" in line for line in json.dumps(scores).split('"'))


def test_the_run_is_tested_on_other_clips_of_two_files_and_leaves_out_those_that_it_knows(
    run: Path, swan: Path, tmp_path: Path
) -> None:
    other = write_swan(tmp_path / "other", 10)
    shutil.copytree(swan, other, dirs_exist_ok=True)
    out = tmp_path / "matrix"
    words = ["--on", f"own={swan}", "--on", f"other={other}", "--matrix", "--out", str(out)]
    assert main(["evaluate", str(run), *words]) == 0
    cells = {cell["on"]: cell for cell in json.loads((out / "matrix.json").read_text())["cells"]}
    assert cells["own"]["own"]
    assert not cells["other"]["own"]
    # people 1 to 6 are those of the run, in files of the same bytes
    clips = {
        len(found): found for found in map(read_index, (run.parent / "cache").rglob("prepare*/index.csv"))
    }
    trained = {clip.content for clip in clips[4 * PEOPLE] if clip.split != "test"}
    tested = [clip.content for clip in clips[4 * 10] if clip.split == "test"]
    seen = sum(content in trained for content in tested)
    assert cells["other"]["left_out"] == {SEEN: seen}
    assert cells["other"]["examples"] == len(tested) - seen
    assert 0 < seen < len(tested)
