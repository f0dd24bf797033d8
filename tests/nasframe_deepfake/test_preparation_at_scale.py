"""A preparation goes on after an interruption; order, workers, batches and bad clips change nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from cyclopts import App

from nasframe.runtime import Progress
from nasframe.tasks import run_stages
from nasframe_audiovisual import load_extractor, open_streams
from nasframe_audiovisual.streams.shards import Shards
from nasframe_deepfake import register_commands
from nasframe_deepfake.preparation import prepare, read_index
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import write_clip, write_float_clip
from tests.nasframe_deepfake.conftest import run_stages as run_all_stages
from tests.recorded_progress import Log

CPU = torch.device("cpu")


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shards", "writing"):
        monkeypatch.setattr(f"nasframe_audiovisual.streams.{module}.SHARD", 8)


def interrupt_after(monkeypatch: pytest.MonkeyPatch, shards: int) -> None:
    write = Shards.write

    def interrupted(self: Shards, *arguments: object) -> None:
        if len(self.counts["pictures"]) == shards:
            monkeypatch.setattr(Shards, "write", write)
            raise KeyboardInterrupt
        write(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Shards, "write", interrupted)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "stage.json"}


@pytest.mark.usefixtures("small_shards")
def test_an_interrupted_stage_goes_on_and_with_other_options_it_does_not(
    corpus: Path, task: DeepfakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = task.stages(corpus, 0)[:1]
    whole = run_stages(stage, tmp_path / "whole", CPU, Progress())["prepare"].folder
    interrupt_after(monkeypatch, shards=2)
    with pytest.raises(KeyboardInterrupt):
        run_stages(stage, tmp_path / "cache", CPU, Progress())
    other, log = attrs.evolve(task, trim=0.3).stages(corpus, 0)[:1], Log()
    run_stages(other, tmp_path / "cache", CPU, log)
    assert not [line for line in log.lines if "already" in line]
    done = run_stages(stage, tmp_path / "cache", CPU, log)["prepare"].folder
    assert "16 of 30 clips are decoded already, 14 are left" in log.lines
    assert contents(done) == contents(whole)
    assert not [*(tmp_path / "cache").glob(".*")]


@pytest.mark.usefixtures("small_shards")
def test_an_interrupted_command_goes_on_when_it_is_given_again(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = App(name="test", result_action="return_value")
    register_commands(app)
    words = ["deepfake", "prepare", str(corpus), "--faces", "none", "--workers", "1", "--out"]
    app([*words, str(tmp_path / "whole")], exit_on_error=False)
    interrupt_after(monkeypatch, shards=1)
    with pytest.raises(SystemExit):
        app([*words, str(tmp_path / "out")], exit_on_error=False)
    assert not (tmp_path / "out").exists()
    app([*words, str(tmp_path / "out")], exit_on_error=False)
    assert "8 of 30 clips are decoded already, 22 are left" in capsys.readouterr().err
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "whole"]


def test_the_order_of_files_and_rows_and_the_number_of_workers_change_nothing(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    """All later stages see nothing but this folder, so no feature and no score can differ."""
    header, *rows = (corpus / "meta_data.csv").read_text().splitlines()
    for path in sorted(corpus.rglob("*.mp4"), reverse=True):
        copy = tmp_path / "source" / path.relative_to(corpus)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    order = np.random.default_rng(0).permutation(len(rows))
    (tmp_path / "source" / "meta_data.csv").write_text("\n".join([header, *(rows[row] for row in order)]))
    for path in corpus.iterdir():
        if path.is_file() and path.name != "meta_data.csv":
            shutil.copy(path, tmp_path / "source")
    (tmp_path / "out").mkdir()
    prepare(tmp_path / "source", tmp_path / "out", task.preparation(0), 2, Progress())
    found, expected = contents(tmp_path / "out"), contents(folders["prepare"])
    reports = [json.loads(files.pop("report.json")) for files in (found, expected)]
    assert reports[0] | {"source": ""} == reports[1] | {"source": ""}
    assert found == expected


def test_the_size_of_a_batch_changes_no_feature(folders: Mapping[str, Path], task: DeepfakeTask) -> None:
    extractor = load_extractor(folders["pretrain"], task.backbone, task.steps, CPU)
    pictures, sounds = (open_streams(folders["prepare"], kind) for kind in ("pictures", "sounds"))
    features = [
        {
            **joined([extractor.pictures(batch) for batch in pictures.batches(size)]),
            **joined([extractor.sounds(batch) for batch in sounds.batches(size)]),
        }
        for size in (16, 1, 7, 64)
    ]
    for others in features[1:]:
        for name, values in features[0].items():
            torch.testing.assert_close(others[name], values, atol=1e-5, rtol=0)


def joined(parts: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def test_bad_clips_of_every_kind_are_left_out_and_named_and_no_stage_ends_with_them(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(corpus, source)
    clips = sorted(source.rglob("*.mp4"))
    bad = {
        0: b"",
        2: b"no film",
        4: clips[4].read_bytes()[:3000],
        6: bytes(5000),
        8: write_clip(tmp_path / "a.mp4", audio=False).read_bytes(),
        10: write_clip(tmp_path / "b.mp4", video=False).read_bytes(),
        12: write_clip(tmp_path / "c.mp4", seconds=0.2).read_bytes(),
        14: write_float_clip(tmp_path / "d.mkv", np.zeros(32_000)).read_bytes(),
        16: write_float_clip(tmp_path / "e.mkv", np.full(32_000, np.nan)).read_bytes(),
        18: write_float_clip(tmp_path / "f.mkv", np.full(32_000, np.inf)).read_bytes(),
    }
    for place, content in bad.items():
        clips[place].write_bytes(content)
    folders = run_all_stages(task, source, tmp_path / "stages")
    report = json.loads((folders["prepare"] / "report.json").read_text())
    names = [clips[place].relative_to(source).as_posix() for place in bad]
    assert [item["path"] for item in report["skipped"]] == names
    assert all(item["reason"].startswith(str(source / item["path"])) for item in report["skipped"])
    assert {clip.path for clip in read_index(folders["prepare"] / "index.csv")}.isdisjoint(names)
    split = task.data(folders).splits.test()
    batch = split.batch(torch.arange(len(split)))
    assert all(values.isfinite().all() for values in batch.inputs.values())
