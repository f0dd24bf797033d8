from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch

from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_audiovisual import FaceSettings, first_window, log_mel, open_streams, write_index
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation import prepare, read_index, summary
from nasframe_deepfake.preparation.clip_index import PreparedClip, with_details
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import write_float_clip


def test_every_clip_of_a_clean_set_is_used_and_its_rows_hold_its_streams(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    entries = read_index(folders["prepare"] / "index.csv")
    pictures, sounds = (open_streams(folders["prepare"], kind) for kind in ("pictures", "sounds"))
    assert len(entries) == 30
    for entry in entries[::7]:
        window = task.preparation(0).window
        recording = first_window(corpus / entry.path, window, FaceSettings("none").make()).recording
        np.testing.assert_array_equal(pictures[torch.tensor([entry.picture])][0], recording.pictures)
        np.testing.assert_array_equal(
            sounds[torch.tensor([entry.sound])][0],
            log_mel(torch.from_numpy(recording.samples), task.mels).numpy(),
        )


def test_a_stream_that_occurs_in_several_clips_is_kept_once(folders: Mapping[str, Path]) -> None:
    entries = read_index(folders["prepare"] / "index.csv")
    streams = json.loads((folders["prepare"] / "report.json").read_text())["streams"]
    # 12 genuine pictures and 8 altered ones; 12 genuine voices and 8 copied ones
    assert streams == {"pictures": 20, "sounds": 20}
    genuine = {(entry.picture, entry.sound) for entry in entries if not entry.fake}
    for entry in entries:
        if entry.category == "pairing":
            assert (entry.picture, entry.sound) not in genuine
            assert entry.picture in {picture for picture, _ in genuine}
            assert entry.sound in {sound for _, sound in genuine}


def test_the_index_tells_who_was_used_and_the_hash_of_each_file(
    corpus: Path, folders: Mapping[str, Path]
) -> None:
    for entry in read_index(folders["prepare"] / "index.csv"):
        assert entry.content == hashlib.sha256((corpus / entry.path).read_bytes()).hexdigest()
        assert json.loads(entry.targets) == []  # a pairing is made of clips of one person
        assert (entry.official_split, entry.fake_segments) == ("", "")


def test_no_person_is_in_two_splits(folders: Mapping[str, Path]) -> None:
    entries = read_index(folders["prepare"] / "index.csv")
    assert len({(entry.source, entry.split) for entry in entries}) == 6
    assert {entry.split for entry in entries} == {"weights", "architecture", "validation", "test"}


def test_unreadable_clips_are_skipped_and_listed_with_their_reasons(corpus: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(corpus, source)
    clips = sorted(source.rglob("*.mp4"))
    clips[0].write_text("no film")
    clips[9].write_bytes(clips[9].read_bytes()[:3000])
    clips[20].write_bytes(b"")
    clips[25].unlink()
    shutil.copy(clips[1], source / "stray.mp4")
    out = tmp_path / "out"
    out.mkdir()
    report = prepare(source, out, DeepfakeTask(size=32).preparation(0), 1, Progress())
    assert report["clips"] == 26
    skipped = {item["path"]: item["reason"] for item in report["skipped"]}
    assert list(skipped) == [clips[number].relative_to(source).as_posix() for number in (0, 9, 20)]
    assert all(Path(path).name in reason for path, reason in skipped.items())
    assert report["missing"] == [clips[25].relative_to(source).as_posix()]
    assert report["unlisted"] == ["stray.mp4"]
    assert json.loads((out / "report.json").read_text()) == report
    assert any("3 clips cannot be used; the first: " in line for line in summary(report))


def test_one_clip_that_cannot_be_used_is_told_as_one(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "source")
    broken = sorted((tmp_path / "source").rglob("*.mp4"))[4]
    broken.write_bytes(b"no film")
    (tmp_path / "out").mkdir()
    report = prepare(
        tmp_path / "source", tmp_path / "out", DeepfakeTask(size=32).preparation(0), 1, Progress()
    )
    (line,) = (line for line in summary(report) if "cannot be used" in line)
    assert line.startswith("1 clip cannot be used; this one: ")
    assert broken.name in line


def test_clips_whose_sound_is_no_number_are_left_out_and_listed(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "source")
    clips = sorted((tmp_path / "source").rglob("*.mp4"))
    for place, factor in ((3, np.nan), (11, np.inf), (17, 1e6), (23, 3e38)):
        samples = np.full(32_000, 0.3)
        samples[8000] *= factor
        write_float_clip(tmp_path / "bad.mkv", samples).rename(clips[place])
    (tmp_path / "out").mkdir()
    report = prepare(
        tmp_path / "source", tmp_path / "out", DeepfakeTask(size=32).preparation(0), 1, Progress()
    )
    assert report["clips"] == 26
    assert [Path(item["path"]).name for item in report["skipped"]] == [clips[p].name for p in (3, 11, 17, 23)]
    for item, words in zip(
        report["skipped"], ("nan, at", "inf, at", "times as loud", "as loud"), strict=True
    ):
        assert words in item["reason"]
    open_streams(tmp_path / "out", "sounds").require_finite()


def test_a_set_without_a_readable_clip_is_an_error(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "source")
    for path in (tmp_path / "source").rglob("*.mp4"):
        path.write_text("no film")
    with pytest.raises(DataError, match="none of 30 clips can be used:\n"):
        prepare(tmp_path / "source", tmp_path, DeepfakeTask().preparation(0), 1, Progress())


def test_the_result_does_not_depend_on_the_number_of_workers(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    prepare(corpus, tmp_path, task.preparation(0), 2, Progress())
    for name in (path.name for path in folders["prepare"].iterdir()):
        assert (tmp_path / name).read_bytes() == (folders["prepare"] / name).read_bytes()


def test_a_list_of_the_users_own_replaces_our_splits(
    corpus: Path, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    swap = {"weights": "test", "test": "weights"}
    lines = (folders["prepare"] / "splits.csv").read_text().splitlines()
    mine = [lines[0], *(f"{p},{swap.get(s, s)}" for p, s in (line.rsplit(",", 1) for line in lines[1:]))]
    (tmp_path / "mine.csv").write_text("\n".join(mine) + "\n")
    task = DeepfakeTask(size=32, split_list=tmp_path / "mine.csv")
    (tmp_path / "out").mkdir()
    prepare(corpus, tmp_path / "out", task.preparation(0), 1, Progress())
    ours = {entry.path: entry.split for entry in read_index(folders["prepare"] / "index.csv")}
    for entry in read_index(tmp_path / "out" / "index.csv"):
        assert entry.split == swap.get(ours[entry.path], ours[entry.path])


def test_a_list_of_splits_that_lacks_a_class_is_refused_before_anything_is_decoded(
    corpus: Path, folders: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (folders["prepare"] / "splits.csv").read_text().splitlines()
    (tmp_path / "mine.csv").write_text("\n".join(line for line in lines if not line.endswith("test")) + "\n")
    monkeypatch.setattr("nasframe_deepfake.preparation.preparing.write_streams", None)
    task = DeepfakeTask(split_list=tmp_path / "mine.csv")
    with pytest.raises(DataError, match=r"mine\.csv: .*test has no genuine clip; test has no fake clip"):
        prepare(corpus, tmp_path, task.preparation(0), 1, Progress())


def test_the_parts_and_people_of_a_clip_are_told_exactly(tmp_path: Path) -> None:
    names = ('b;"c', "dé")
    clip = Clip("a.mp4", "FV-FA", "both", "ann", names, "", "", fake_segments=((0.5, 1.25), (3.0, 4.1)))
    plain = PreparedClip("a.mp4", "test", "FV-FA", "both", "ann", "", "", 1, 1, 1, 0, 0)
    told = with_details(plain, clip, tmp_path)
    write_index(tmp_path / "index.csv", [told])
    assert read_index(tmp_path / "index.csv") == [told]
    assert json.loads(told.targets) == [*names]
    assert told.fake_segments == "0.5-1.25;3-4.1"
    assert (told.fake_picture_segments, told.content) == ("", "")  # not known, and no file
    silent = attrs.evolve(clip, fake_voice_segments=())
    assert with_details(plain, silent, tmp_path).fake_voice_segments == "none"
