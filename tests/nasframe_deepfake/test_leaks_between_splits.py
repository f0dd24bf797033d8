"""Trees of real clips in which a person has two names, or a clip stands under two people."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import av
import pytest
from cyclopts import App

from nasframe import stage_fingerprints
from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_deepfake import register_commands
from nasframe_deepfake.datasets import person_key
from nasframe_deepfake.preparation import PreparedClip, prepare, read_index, summary
from nasframe_deepfake.task import DeepfakeTask

TABLE = "meta_data.csv"


@pytest.fixture
def tree(corpus: Path, tmp_path: Path) -> Path:
    """Thirty clips of six people, `id00001` to `id00006`."""
    return Path(shutil.copytree(corpus, tmp_path / "tree"))


def rewrite(tree: Path, change: Callable[[int, list[str]], Iterable[list[str]]]) -> None:
    """Replace each row of the table by those that a function makes of it."""
    header, *rows = (tree / TABLE).read_text().splitlines()
    changed = [fields for number, row in enumerate(rows) for fields in change(number, row.split(","))]
    (tree / TABLE).write_text("\n".join([header, *map(",".join, changed)]) + "\n")


def prepared(tree: Path, task: DeepfakeTask) -> tuple[dict[str, Any], list[PreparedClip]]:
    out = tree.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    report = prepare(tree, out, task.preparation(0, tree), 1, Progress())
    return report, read_index(out / "index.csv")


def splits_of(clips: Iterable[PreparedClip], key: Callable[[PreparedClip], Any]) -> dict[Any, set[str]]:
    found = defaultdict(set)
    for clip in clips:
        found[key(clip)].add(clip.split)
    return found


def copied(tree: Path, source: str, target: str, write: Callable[[Path, Path], Any]) -> str:
    """Put the first genuine clip of a person under another one too; return its path."""
    placed = []

    def change(number: int, fields: list[str]) -> list[list[str]]:
        if placed or fields[0] != source or fields[3] != "real":
            return [fields]
        *others, name, folder = fields
        new = [target, *others[1:], "copy.mp4", folder.replace(source, target)]
        place = new[-1].removeprefix("FakeAVCeleb/")
        (tree / place).mkdir(parents=True, exist_ok=True)
        write(tree / folder.removeprefix("FakeAVCeleb/") / name, tree / place / "copy.mp4")
        placed.append(f"{place}/copy.mp4")
        return [fields, new]

    rewrite(tree, change)
    (path,) = placed
    return path


def rewrapped(source: Path, target: Path) -> None:
    """Write the same packets with a title, so that the bytes of the file are others."""
    with (
        av.open(str(source)) as read,
        av.open(str(target), "w", options={"movflags": "faststart"}) as written,
    ):
        written.metadata["title"] = "another"
        streams = {stream.index: written.add_stream_from_template(stream) for stream in read.streams}
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                written.mux(packet)
    assert source.read_bytes() != target.read_bytes()


def respelled(number: int, fields: list[str]) -> list[list[str]]:
    """The first genuine clip of each person with the name in another spelling."""
    spelled = (f"ID{int(fields[0][2:])}", f"\uff49d{int(fields[0][2:]):03d}\u200b")[number % 4 // 2]
    return [[spelled, *fields[1:]] if number in range(0, 12, 2) else fields]


def test_people_whose_names_are_spelled_in_several_ways_are_split_as_if_they_had_one_name(
    tree: Path, folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    rewrite(tree, respelled)
    report, clips = prepared(tree, task)
    assert all(len(found) == 1 for found in splits_of(clips, lambda clip: person_key(clip.source)).values())
    assert (tree.parent / "out" / "splits.csv").read_bytes() == (
        folders["prepare"] / "splits.csv"
    ).read_bytes()
    assert (tree.parent / "out" / "index.csv").read_bytes() == (folders["prepare"] / "index.csv").read_bytes()
    assert report["people"] == 6
    assert [person["name"] for person in report["spellings"]] == [f"id{number:05d}" for number in range(1, 7)]
    assert {"ID1", "id00001"} <= {*report["spellings"][0]["spellings"]}
    lines = summary(report)
    assert any(line.startswith("6 people whose name is spelled in several ways") for line in lines)
    assert lines[-1] == "splits share no people and no contents"


@pytest.mark.parametrize("write", [shutil.copy, rewrapped], ids=["same bytes", "same streams, other bytes"])
def test_a_clip_under_two_people_keeps_them_in_one_split(
    tree: Path, folders: Mapping[str, Path], task: DeepfakeTask, write: Callable[[Path, Path], Any]
) -> None:
    before = {clip.source: clip.split for clip in read_index(folders["prepare"] / "index.csv")}
    source = "id00001"
    target = next(name for name, split in sorted(before.items()) if split != before[source])
    path = copied(tree, source, target, write)
    report, clips = prepared(tree, task)
    assert (report["clips"], report["contents"], report["people"]) == (31, 30, 6)
    assert all(
        len(found) == 1 for found in splits_of(clips, lambda clip: (clip.picture, clip.sound)).values()
    )
    assert {clip.split for clip in clips if clip.source in (source, target)} == {
        clip.split for clip in clips if clip.path == path
    }
    (repeated,) = report["repeated"]
    assert path in repeated
    assert report["disjoint"] == ["people", "contents"]
    assert report["shared"] == {"sources": {}, "people": {}, "contents": []}


def test_a_content_that_is_called_both_genuine_and_fake_is_told(tree: Path, task: DeepfakeTask) -> None:
    genuine, fake = (
        next(iter(sorted((tree / kind).rglob("*.mp4"))))
        for kind in ("RealVideo-RealAudio", "FakeVideo-RealAudio")
    )
    shutil.copy(genuine, fake)
    report, _ = prepared(tree, task)
    names = {path.relative_to(tree).as_posix() for path in (genuine, fake)}
    assert [{*paths} >= names for paths in report["contradicted"]] == [True]
    assert any(line.startswith("1 content that is called both genuine and fake") for line in summary(report))


def test_clips_under_everybody_are_each_in_one_split_and_the_people_that_they_tie_are_named(
    tree: Path, task: DeepfakeTask
) -> None:
    for number in range(1, 6):
        copied(tree, f"id{number:05d}", f"id{number + 1:05d}", shutil.copy)
    report, clips = prepared(tree, task)
    assert (report["clips"], report["contents"]) == (35, 30)
    assert all(
        len(found) == 1 for found in splits_of(clips, lambda clip: (clip.picture, clip.sound)).values()
    )
    people = {name for name, found in splits_of(clips, lambda clip: clip.source).items() if len(found) > 1}
    assert people
    assert {*report["shared"]["sources"]} == people
    assert report["disjoint"] == ["contents"]
    assert f"but share {len(people)} p" in summary(report)[-1]


def leaking_list(tree: Path, folders: Mapping[str, Path]) -> tuple[Path, Counter[str]]:
    """A list that puts the second clip of each person into another split than the first."""
    other = {"weights": "test", "test": "weights"}
    lines, seen = ["path,split"], Counter[str]()
    for clip in read_index(folders["prepare"] / "index.csv"):
        seen[clip.source] += 1
        split = other.get(clip.split, clip.split) if seen[clip.source] == 2 else clip.split
        lines.append(f"{clip.path},{split}")
    path = tree.parent / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    homes = splits_of(read_index(folders["prepare"] / "index.csv"), lambda clip: clip.source)
    return path, Counter(name for name, found in homes.items() if found & {*other})


@pytest.fixture
def app() -> App:
    app = App(name="test", result_action="return_value")
    register_commands(app)
    return app


def test_a_list_that_puts_people_into_several_splits_is_refused_before_anything_is_decoded(
    tree: Path, folders: Mapping[str, Path], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, people = leaking_list(tree, folders)
    monkeypatch.setattr("nasframe_deepfake.preparation.preparing.write_streams", None)
    words = rf"mine\.csv: puts into several splits {len(people)} people \({min(people)} in weights and test; "
    tokens = ["deepfake", "prepare", str(tree), "--out", str(tree.parent / "out"), "--split-list", str(path)]
    with pytest.raises(DataError, match=words):
        app(tokens, exit_on_error=False)
    with pytest.raises(DataError, match=words):
        DeepfakeTask(split_list=path).stages(tree, 0)


def test_on_request_the_leaks_of_a_list_are_counted_in_the_report_and_the_last_line(
    tree: Path, folders: Mapping[str, Path], app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    path, people = leaking_list(tree, folders)
    options = ("--split-list", path, "--split-leaks", "count", "--faces", "none", "--workers", 1)
    tokens = ["deepfake", "prepare", tree, "--out", tree.parent / "out", *options]
    app([str(token) for token in tokens], exit_on_error=False)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        f"splits share no contents, but share {len(people)} people ({min(people)} in weights and"
    )
    report = (tree.parent / "out" / "report.json").read_text()
    assert all(f'"{name}"' in report for name in people)


@pytest.mark.parametrize("write", [shutil.copy, rewrapped], ids=["same bytes", "same streams, other bytes"])
def test_a_list_that_puts_a_clip_and_its_copy_into_two_splits_is_refused(
    tree: Path, folders: Mapping[str, Path], task: DeepfakeTask, write: Callable[[Path, Path], Any]
) -> None:
    before = {clip.source: clip.split for clip in read_index(folders["prepare"] / "index.csv")}
    target = next(name for name, split in sorted(before.items()) if split != before["id00001"])
    copy = copied(tree, "id00001", target, write)
    path = tree.parent / "mine.csv"
    path.write_text((folders["prepare"] / "splits.csv").read_text() + f"{copy},{before[target]}\n")
    options = {
        "size": task.size,
        "frames": task.frames,
        "mels": task.mels,
        "faces": "none",
        "split_list": path,
    }
    with pytest.raises(DataError, match=r"puts into several splits 1 content \(.*copy\.mp4"):
        prepared(tree, DeepfakeTask(**options))
    report, _ = prepared(tree, DeepfakeTask(**options, split_leaks="count"))
    assert report["disjoint"] == ["people"]
    assert [len(found["paths"]) for found in report["shared"]["contents"]] == [2]


def test_files_of_the_same_words_that_are_no_clips_tie_nobody(
    tree: Path, folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    """Pointers to where the clips lie, or pages of an error, which a download left under many names."""
    for person in range(1, 7):
        for path in sorted(tree.rglob(f"id{person:05d}/*.mp4"))[:1]:
            path.write_text("404 Not Found")
    report, _ = prepared(tree, task)
    assert (report["clips"], len(report["skipped"])) == (24, 6)
    assert report["disjoint"] == ["people", "contents"]
    options = {"size": task.size, "frames": task.frames, "mels": task.mels, "faces": "none"}
    mine = DeepfakeTask(**options, split_list=folders["prepare"] / "splits.csv")
    assert prepared(tree, mine)[0]["clips"] == 24


def prepare_inputs(tree: Path, **options: Any) -> Mapping[str, Any]:
    return DeepfakeTask(**options).stages(tree, 0)[0].inputs


def test_what_was_prepared_before_is_taken_unless_names_or_contents_tie_people(
    tree: Path, folders: Mapping[str, Path]
) -> None:
    """An old preparation that leaks has another fingerprint; others keep theirs, with the new option too."""
    clean = prepare_inputs(tree)
    assert {"ties", "split_leaks"}.isdisjoint(clean)
    assert prepare_inputs(tree, split_leaks="count") == clean
    mine = prepare_inputs(tree, split_list=folders["prepare"] / "splits.csv")
    assert mine.keys() == clean.keys()
    assert stage_fingerprints(DeepfakeTask().stages(None, 0)) == stage_fingerprints(
        DeepfakeTask(split_leaks="refuse").stages(None, 0)
    )
    listed, _ = leaking_list(tree, folders)
    assert prepare_inputs(tree, split_list=listed, split_leaks="count")["split_leaks"] == "count"
    copied(tree, "id00001", "id00002", shutil.copy)
    assert prepare_inputs(tree)["ties"] == 1
    next(tree.rglob("copy.mp4")).unlink()
    assert "ties" not in prepare_inputs(tree)
    rewrite(tree, respelled)
    assert prepare_inputs(tree)["ties"] == 1


def test_targets_whose_names_do_not_begin_with_id_tie_people_anew(tree: Path) -> None:
    def renamed(number: int, fields: list[str]) -> list[list[str]]:
        fields = ["p" + fields[0][2:], *fields[1:]]
        if fields[3] == "selfblend":
            fields[1] = "p00002"
        return [fields]

    rewrite(tree, renamed)
    assert prepare_inputs(tree)["ties"] == 1
