"""The audit of a data set: its own set is clean, and what leaks is red, measured on real files."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import av
import numpy as np
import pytest
import torch
from cyclopts import App

from nasframe import Run, StageContext
from nasframe.errors import ConfigurationError, DataError, RunError
from nasframe.runtime import Progress
from nasframe.tasks import stage_fingerprints
from nasframe_audiovisual import Window
from nasframe_deepfake import register_commands, report_sections
from nasframe_deepfake.auditing import (
    AuditedClip,
    audit,
    audit_section,
    audit_table,
    in_lines,
    measuring,
    read_audit,
)
from nasframe_deepfake.datasets import Clip, read_dataset
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask
from tests.recorded_progress import Log
from tests.toys import toy_jobs

Change = Callable[[Path, Path], None]
"""Writes the clip at the first path anew at the second one."""


def clips_of(root: Path) -> list[Clip]:
    return read_dataset("fakeavceleb", root, "pairing").clips


def audited(root: Path, out: Path, workers: int = 1) -> dict[str, Any]:
    clips = [AuditedClip(clip.path, clip.category, clip.source, clip.fake) for clip in clips_of(root)]
    out.mkdir(exist_ok=True)
    return audit(root, clips, out, Window(), 0, workers, Progress())


def red(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """Fact → what it gives away; `fakes` are all."""
    found = {}
    for shortcut in report["shortcuts"]:
        parts = {"fakes": shortcut, **shortcut["per_category"]}
        if away := [name for name, part in parts.items() if part["found"]]:
            found[shortcut["name"]] = away
    return found


def leaking(
    corpus: Path, out: Path, genuine: Change, fake: Change, fakes: Callable[[Clip], bool] | None = None
) -> Path:
    """A copy of a set in which all clips are written anew, the fakes in another way."""
    shutil.copytree(corpus, out)
    leaks = fakes or (lambda clip: clip.fake)
    for clip in clips_of(corpus):
        (fake if leaks(clip) else genuine)(corpus / clip.path, out / clip.path)
    return out


def with_silence(seconds: float) -> Change:
    """The same pictures, and so many seconds of zeros in the place of the first sound."""

    def change(source: Path, path: Path) -> None:
        with av.open(str(source)) as container:
            samples = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
        samples[:, : round(seconds * 16_000)] = 0
        with av.open(str(source)) as container, av.open(str(path), "w") as out:
            video: Any = out.add_stream_from_template(container.streams.video[0])
            audio: Any = out.add_stream("aac", rate=16_000, layout="mono")
            for packet in container.demux(container.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = video
                    out.mux(packet)
            for start in range(0, samples.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, start : start + 1024]), format="fltp", layout="mono"
                )
                frame.sample_rate, frame.pts = 16_000, start
                out.mux(audio.encode(frame))
            out.mux(audio.encode(None))

    return change


def filled(more: int) -> Change:
    """The same clip, and so many bytes after it that players skip."""

    def change(source: Path, path: Path) -> None:
        path.write_bytes(source.read_bytes() + (8 + more).to_bytes(4, "big") + b"free" + bytes(more))

    return change


def contained(kind: str) -> Change:
    """The same packets in another container, filled up to the same size of the file."""

    def change(source: Path, path: Path) -> None:
        options = {"fflags": "+bitexact"}
        with av.open(str(source)) as container, av.open(str(path), "w", format=kind, options=options) as out:
            streams = {stream.index: out.add_stream_from_template(stream) for stream in container.streams}
            for packet in container.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
        filled(source.stat().st_size + 4000 - path.stat().st_size)(path, path)

    return change


AS_MP4, AS_QUICKTIME = contained("mp4"), contained("mov")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 clips of 40 people."""
    out = tmp_path_factory.mktemp("embedded")
    write_corpus(out, Corpus(400, seed=1, identities=40), 0, Progress())
    return out


def test_the_embedded_set_has_no_shortcut(embedded: Path, tmp_path: Path) -> None:
    report = audited(embedded, tmp_path / "audit")
    assert report["clips"] == 400
    assert report["problems"] == []
    assert red(report) == {}
    assert all(0.5 <= shortcut["auc"] < 0.55 for shortcut in report["shortcuts"])
    assert in_lines(report) == [
        "shortcuts: none of 13 facts of 400 files alone tells fakes from genuine clips (lower bound of the "
        "AUC above 0.55)"
    ]


@pytest.mark.parametrize(
    ("change", "how", "facts"),
    [
        (with_silence, (0.0, 0.35), {"leading_silence", "window_silence"}),
        (contained, ("mp4", "mov"), {"container"}),
        (filled, (0, 2000), {"bit_rate"}),
    ],
    ids=["silence", "container", "bytes"],
)
def test_fakes_that_a_fact_of_the_file_gives_away_are_found(
    corpus: Path, tmp_path: Path, change: Callable[[Any], Change], how: tuple[Any, Any], facts: set[str]
) -> None:
    genuine, fake = map(change, how)
    report = audited(leaking(corpus, tmp_path / "set", genuine, fake), tmp_path / "audit")
    found = red(report)
    assert facts <= {name for name, away in found.items() if "fakes" in away}
    assert not {"duration", "frame_rate", "pixels", "resolution", "sample_rate"} & found.keys()
    lines = in_lines(report)
    assert f"{len(found)} of 13 facts of 30 files alone tell fakes" in lines[0]
    assert sum(line.startswith("SHORTCUT ") for line in lines) == len(found)


def test_silence_that_the_trim_cuts_off_is_red_in_the_file_and_not_in_the_window(
    corpus: Path, tmp_path: Path
) -> None:
    report = audited(
        leaking(corpus, tmp_path / "set", with_silence(0.0), with_silence(0.15)), tmp_path / "audit"
    )
    found = red(report)
    assert "fakes" in found["leading_silence"]
    assert "window_silence" not in found
    (silence,) = (line for line in in_lines(report) if "leading silence" in line)
    assert silence.startswith("SHORTCUT leading silence, s: all fakes AUC ")
    assert "; genuine 0, fake 0.1" in silence


def test_one_category_of_fakes_that_leaks_is_named_alone(embedded: Path, tmp_path: Path) -> None:
    root = leaking(embedded, tmp_path / "set", AS_MP4, AS_QUICKTIME, lambda clip: clip.category == "RV-FA")
    found = red(audited(root, tmp_path / "audit"))
    assert found == {"container": ["fakes", "RV-FA"]}


def test_neither_the_number_of_workers_nor_the_order_of_the_clips_changes_the_audit(
    corpus: Path, tmp_path: Path
) -> None:
    first = audited(corpus, tmp_path / "one")
    assert audited(corpus, tmp_path / "two", workers=2) == first
    assert (tmp_path / "one" / "facts.csv").read_bytes() == (tmp_path / "two" / "facts.csv").read_bytes()
    clips = [AuditedClip(clip.path, clip.category, clip.source, clip.fake) for clip in clips_of(corpus)]
    (tmp_path / "back").mkdir()
    back = audit(corpus, clips[::-1], tmp_path / "back", Window(), 0, 1, Progress())
    assert back == first


def test_the_table_of_facts_has_a_line_for_each_clip_with_what_it_is_and_its_facts(
    corpus: Path, tmp_path: Path
) -> None:
    audited(corpus, tmp_path / "audit")
    with (tmp_path / "audit" / "facts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [*rows[0]] == [
        *("path", "category", "source", "fake", "container", "codecs", "encoder", "duration", "bit_rate"),
        *("frame_rate", "width", "height", "sample_rate", "leading_silence", "loudness", "window_silence"),
        *("window_loudness", "problem"),
    ]
    clips = {clip.path: clip for clip in clips_of(corpus)}
    assert rows[0]["width"] == "112"
    assert {row["path"]: (row["source"], row["fake"]) for row in rows} == {
        path: (clip.source, str(int(clip.fake))) for path, clip in clips.items()
    }


def test_damaged_files_are_named_and_left_out_and_end_nothing(corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(corpus, root)
    first, second = (clip.path for clip in clips_of(root)[:2])
    (root / first).write_bytes(b"no clip")
    (root / second).write_bytes((root / second).read_bytes()[:300])
    report = audited(root, tmp_path / "audit")
    assert report["clips"] == 28
    assert [item["path"] for item in report["problems"]] == [first, second]
    assert red(report) == {}
    assert in_lines(report)[1].startswith(
        f"2 files could not be measured, or not to the end; the first: {first}: cannot be decoded"
    )


def test_a_set_of_too_few_people_is_not_judged_and_says_so(tmp_path: Path) -> None:
    write_corpus(tmp_path / "set", Corpus(20, seed=2), 1, Progress())
    root = leaking(tmp_path / "set", tmp_path / "leaking", AS_MP4, AS_QUICKTIME)
    report = audited(root, tmp_path / "audit")
    container = next(item for item in report["shortcuts"] if item["name"] == "container")
    assert (container["auc"], container["low"], container["found"]) == (1.0, None, False)
    assert in_lines(report) == [
        "shortcuts: not judged; 12 fakes among 20 clips, of too few people (fewer than 6 with a fake, or "
        "with a genuine clip)"
    ]
    nameless = {**report, "people": 0, "nameless_clips": 20}
    assert "of too few clips (fewer than 6" in in_lines(nameless)[0]
    assert "with the 95 % interval over clips" in audit_table(nameless).title


# -- the stage, the page, the command ----------------------------------------------------------------------


def test_the_stage_audits_the_clips_of_the_index_and_says_what_it_found(
    corpus: Path, task: DeepfakeTask, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    log = Log()
    (stage,) = (stage for stage in task.stages(corpus, 0) if stage.name == "audit")
    stage.run(StageContext(tmp_path, folders, torch.device("cpu"), log))
    report = read_audit(tmp_path)
    assert report is not None
    assert report["clips"] == json.loads((folders["prepare"] / "report.json").read_text())["clips"]
    assert [line for line in log.lines if line.startswith("shortcuts: none of 13 facts of 30 files")]
    assert report == read_audit(folders["audit"])


def test_an_audit_changes_no_data_so_its_stage_is_beside_the_others(corpus: Path, task: DeepfakeTask) -> None:
    stages = task.stages(corpus, 0)
    assert [stage.name for stage in stages if stage.beside] == ["audit"]
    assert not any("audit" in stage.after for stage in stages)
    without = stage_fingerprints([stage for stage in stages if stage.name != "audit"])
    assert {**stage_fingerprints(stages), **without} == stage_fingerprints(stages)
    wider = stage_fingerprints(attrs.evolve(task, seconds=1.5).stages(corpus, 0))
    assert wider["audit"] != stage_fingerprints(stages)["audit"]


def test_a_run_keeps_the_audit_and_its_page_shows_what_leaks_in_red(
    corpus: Path, task: DeepfakeTask, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    audited(leaking(corpus, tmp_path / "set", AS_MP4, AS_QUICKTIME), tmp_path / "audit")
    run = Run(tmp_path / "run")
    task.save({**folders, "audit": tmp_path / "audit"}, run.task_folder)
    (section,) = report_sections(run)
    shown = "".join(part if isinstance(part, str) else part.to_html() for part in section.parts)
    assert "1 of 13 facts of 30 files alone tell fakes" in shown
    assert "The detector of this run gets 1.6 s of each clip, from 0.2 s on" in shown
    (table,) = (part for part in section.parts if not isinstance(part, str))
    rows = {str(row[0]): row for row in table.rows}
    assert str(rows["container"][-1]).startswith("all fakes")
    lines = [line for line in str(table.to_html()).splitlines() if 'class="bad"' in line]
    assert len(lines) == 1
    assert "container" in lines[0]


def test_a_run_without_an_audit_has_no_such_section(folders: Mapping[str, Path], tmp_path: Path) -> None:
    assert report_sections(Run(tmp_path)) == []


def test_a_page_of_a_set_without_shortcuts_has_nothing_red(embedded: Path, tmp_path: Path) -> None:
    section = audit_section(audited(embedded, tmp_path / "audit"))
    shown = "".join(part if isinstance(part, str) else part.to_html() for part in section.parts)
    assert "None of 13 facts of 400 files alone tells fakes from genuine clips" in shown
    assert 'class="bad"' not in shown


def test_an_audit_of_a_stranger_that_contradicts_itself_is_refused(corpus: Path, tmp_path: Path) -> None:
    report = audited(corpus, tmp_path)
    report["shortcuts"][0] |= {"found": True, "low": None}
    (tmp_path / "audit.json").write_text(json.dumps(report))
    with pytest.raises(RunError, match="leading_silence: was found without an AUC and its interval"):
        read_audit(tmp_path)


@pytest.fixture
def app() -> App:
    app = App(name="test", result_action="return_value")
    register_commands(app)
    return app


def call(app: App, *tokens: object) -> None:
    app([str(token) for token in tokens], exit_on_error=False)


def test_the_command_audits_data_before_it_is_prepared_and_shows_an_audit_that_is_there(
    app: App, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = leaking(corpus, tmp_path / "set", AS_MP4, AS_QUICKTIME)
    call(app, "deepfake", "audit", root, "--out", tmp_path / "audit", "--workers", 1)
    first = capsys.readouterr().out
    assert first.startswith("shortcuts: 1 of 13 facts of 30 files alone tell fakes")
    assert "\nSHORTCUT container: all fakes AUC 1.000 (95 % 1.000 to 1.000)" in first
    assert "genuine mov/isom (100%), fake mov/qt (100%)" in first
    assert sorted(path.name for path in (tmp_path / "audit").iterdir()) == ["audit.json", "facts.csv"]
    call(app, "deepfake", "audit", tmp_path / "audit", corpus, "--workers", 1)
    both = capsys.readouterr().out
    assert both.startswith(f"{tmp_path / 'audit'}:\n{first}")
    assert f"{corpus}:\nshortcuts: none of 13 facts" in both
    assert not (root / "audit.json").exists()


def test_the_command_says_what_it_cannot_audit(app: App, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text("{}")
    with pytest.raises(DataError, match=r"is a run that has no audit.json, as one of an older version"):
        call(app, "deepfake", "audit", tmp_path / "old")
    with pytest.raises(ConfigurationError, match="holds the audit of one folder of data, found 2 sources"):
        call(app, "deepfake", "audit", corpus, corpus, "--out", tmp_path / "out")
    audited(corpus, tmp_path / "there")
    with pytest.raises(ConfigurationError, match=r"audit.json is there already"):
        call(app, "deepfake", "audit", tmp_path / "there", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_section_of_a_page_needs_neither_torch_nor_a_codec() -> None:
    code = (
        "import sys; from nasframe_deepfake.auditing import audit_section, in_lines, read_audit; "
        "print({'torch', 'av', 'numpy'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_a_clip_whose_file_never_answers_has_a_problem_and_the_others_are_measured(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [AuditedClip(clip.path, clip.category, clip.source, clip.fake) for clip in clips_of(corpus)[:3]]
    monkeypatch.setenv("HANGS_AT", clips[1].path)
    monkeypatch.setattr(measuring, "_measured", toy_jobs.measure_or_hang)
    monkeypatch.setattr(measuring, "CLIP_PATIENCE", 0.5)
    facts = measuring.measure_files(corpus, clips, Window(), 2, Progress())
    assert [bool(one.container) for one in facts] == [True, False, True]
    assert facts[1].problem == (
        "cannot be measured, each process that read it hung and said nothing for 0.5 seconds"
    )
