"""Trees of the user that are damaged, one-sided or small."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_deepfake.datasets import read_fakeavceleb
from nasframe_deepfake.preparation import prepare
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.conftest import run_stages


def part(corpus: Path, root: Path, keep: Callable[[str], bool]) -> Path:
    """A tree with the rows of `corpus` that are to be kept."""
    shutil.copytree(corpus, root)
    header, *rows = (corpus / "meta_data.csv").read_text().splitlines()
    (root / "meta_data.csv").write_text("\n".join([header, *filter(keep, rows)]) + "\n")
    return root


def genuine(row: str) -> bool:
    return ",real," in row


def of_person(*numbers: int) -> Callable[[str], bool]:
    return lambda row: int(row[2:7]) in numbers


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (genuine, r"12 clips of 6 sources .*There is no fake clip at all"),
        (lambda row: not genuine(row), r"18 clips of 6 sources .*There is no genuine clip at all"),
        (of_person(1), r"5 clips of 1 source cannot .*four sources with genuine clips are needed, found 1"),
        (of_person(1, 2, 3), r"15 clips of 3 sources .*four sources with genuine clips are needed, found 3"),
        (lambda row: False, r"meta_data\.csv: no clip to use"),
    ],
    ids=["genuine only", "fake only", "one source", "three sources", "nothing"],
)
def test_a_tree_that_cannot_be_split_is_refused_before_anything_is_decoded(
    corpus: Path,
    task: DeepfakeTask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: Callable[[str], bool],
    reason: str,
) -> None:
    source, out = part(corpus, tmp_path / "tree", keep), tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr("nasframe_deepfake.preparation.preparing.write_streams", None)
    with pytest.raises(DataError, match=reason):
        prepare(source, out, task.preparation(0), 1, Progress())
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    "keep",
    [
        lambda row: of_person(1, 2, 3, 4)(row) and ("00001.mp4" in row or "_3_" in row),
        lambda row: genuine(row) or "desync" in row,
        lambda row: "FakeVideo" not in row,
        lambda row: "FakeAudio" not in row,
    ],
    ids=["fewer clips than a batch", "pairings only", "altered voices only", "altered pictures only"],
)
def test_a_tree_that_lacks_something_goes_all_the_way(
    corpus: Path, task: DeepfakeTask, tmp_path: Path, keep: Callable[[str], bool]
) -> None:
    folders = run_stages(task, part(corpus, tmp_path / "tree", keep), tmp_path / "stages")
    splits = task.data(folders).splits
    for split in (splits.weights, splits.architecture, splits.validation, splits.test()):
        batch = split.batch(torch.arange(len(split)))
        assert set(batch.targets[:, 0].tolist()) == {0.0, 1.0}
        assert all(values.isfinite().all() for values in batch.inputs.values())


def test_an_unreadable_clip_in_the_middle_of_five_hundred_costs_only_itself(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    header, *rows = (corpus / "meta_data.csv").read_text().splitlines()
    source, lines = tmp_path / "source", []
    for copy in range(17):
        for row in rows:
            *first, name, folder = row.split(",")
            place = folder.removeprefix("FakeAVCeleb/")
            (source / place).mkdir(parents=True, exist_ok=True)
            os.link(corpus / place / name, source / place / f"{copy}_{name}")
            lines.append(",".join([*first, f"{copy}_{name}", folder]))
    (source / "meta_data.csv").write_text("\n".join([header, *lines]) + "\n")
    bad = read_fakeavceleb(source).clips[250].path
    (source / bad).unlink()
    (source / bad).write_bytes(os.urandom(20_000))
    out = tmp_path / "out"
    out.mkdir()
    report = prepare(source, out, task.preparation(0), 2, Progress())
    assert report["clips"] == 509
    assert [item["path"] for item in report["skipped"]] == [bad]
    assert report["streams"] == {"pictures": 20, "sounds": 20}


def test_a_tree_whose_readable_clips_are_of_one_class_is_refused(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    source, out = tmp_path / "tree", tmp_path / "out"
    shutil.copytree(corpus, source)
    out.mkdir()
    for clip in read_fakeavceleb(source).clips:
        if clip.fake:
            (source / clip.path).write_text("no film")
    with pytest.raises(DataError, match=r"12 clips of 6 sources .*There is no fake clip at all"):
        prepare(source, out, task.preparation(0), 1, Progress())
