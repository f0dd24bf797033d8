"""Two data sets together go through all stages, with augmented copies, and are tested beside each alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import attrs
import numpy as np
import pytest

from nasframe.cli import main
from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_audiovisual import FaceSettings, Window, first_window, read_index
from nasframe_deepfake.augmentation import read_original
from nasframe_deepfake.datasets import resolve_dataset_name
from nasframe_deepfake.preparation import PreparedClip, prepare
from nasframe_deepfake.preparation.augmenting import CopyOfClip
from nasframe_deepfake.preparation.stage_inputs import inputs_of_ties
from nasframe_deepfake.robustness import robustness, robustness_tables
from nasframe_deepfake.robustness.recorded import read_robustness
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.serving.test_service import EXPERIMENT
from tests.nasframe_deepfake.swan_set import VOICES, genuine_name, video_name, voice_name, write_swan

SETS = ("FakeAVCeleb", "SWAN-DF")
OPTIONS = (
    'name = "deepfake"\ndataset = "auto"\nshares = [0.35, 0.15, 0.15, 0.35]\naugmented = 1\n'
    'augmentations = ["jpeg", "loud noise", "random crop"]\n'
)


@pytest.fixture(scope="module")
def singles(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"FakeAVCeleb": corpus, "SWAN-DF": write_swan(tmp_path_factory.mktemp("swan"))}


@pytest.fixture(scope="module")
def sets(singles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a link to each."""
    folder = tmp_path_factory.mktemp("combined")
    for name, place in singles.items():
        (folder / name).symlink_to(place)
    return folder


@pytest.fixture(scope="module")
def run(sets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "experiment.toml").write_text(EXPERIMENT.replace('name = "deepfake"\n', OPTIONS))
    words = [f"cache={folder / 'cache'}", "--data", str(sets), "--out", str(folder / "run")]
    assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return folder / "run"


def cached(run: Path, stage: str) -> Path:
    (found,) = [item for item in (run.parent / "cache").glob(f"{stage}-*") if item.is_dir()]
    return found


@pytest.fixture(scope="module")
def prepared(run: Path) -> Path:
    """The folder of the preparation, before other sets are prepared into the same cache."""
    return cached(run, "prepare")


def test_the_index_has_the_set_of_each_clip_and_the_report_counts_them(prepared: Path) -> None:
    clips = read_index(prepared / "index.csv", PreparedClip)
    assert {(clip.set, clip.path.split("/")[0], clip.source.split("/")[0]) for clip in clips} == {
        ("FakeAVCeleb", "FakeAVCeleb", "FakeAVCeleb"),  # synthesised people are nobody of VoxCeleb2
        ("SWAN-DF", "SWAN-DF", "SWAN"),
    }
    report = json.loads((prepared / "report.json").read_text())
    assert report["dataset"] == "combined"
    assert report["synthetic"]
    assert report["disjoint"] == ["people", "contents"]
    found = report["sets"]
    assert [found[name]["dataset"] for name in SETS] == ["fakeavceleb", "swan_df"]
    assert [found[name]["clips"] for name in SETS] == [30, 24]
    assert [found[name]["people"] for name in SETS] == [6, 6]
    assert all(sum(found[name]["splits"].values()) == found[name]["clips"] for name in SETS)


def test_training_clips_of_both_sets_have_copies_those_of_two_files_too(run: Path, prepared: Path) -> None:
    copies = {copy.path for copy in read_index(cached(run, "augment") / "copies.csv", CopyOfClip)}
    clips = read_index(prepared / "index.csv", PreparedClip)
    assert copies == {clip.path for clip in clips if clip.split in ("weights", "architecture")}
    assert any("+SWAN-DF/audios/wav/" in path for path in copies)


def test_a_run_on_both_sets_tells_its_metrics_of_each(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = json.loads((run / "test.json").read_text())
    assert test["per_set"].keys() == {*SETS}
    assert sum(found["count"] for found in test["per_set"].values()) == test["clips"]
    assert all(0 <= found["auc"] <= 1 for found in test["per_set"].values())
    assert main(["evaluate", str(run)]) == 0
    assert "Per set" in capsys.readouterr().out


def test_degraded_clips_of_each_set_have_metrics_that_evaluate_gives_for_the_clean_ones(
    run: Path, tmp_path: Path
) -> None:
    report = robustness(run, degradations=["blur"], workers=1, out=tmp_path)
    evaluated = json.loads((run / "test.json").read_text())["per_set"]
    clean, (blur,) = report["clean"]["per_set"], report["degradations"]
    for name in SETS:
        assert clean[name]["count"] == evaluated[name]["count"]
        for key in ("auc", "acc", "auc_low", "auc_high"):  # up to the half precision of cached features
            assert clean[name][key] == pytest.approx(evaluated[name][key], abs=1e-6)
    assert read_robustness(tmp_path / "robustness.json") == report
    whole, of_sets = robustness_tables(report)
    assert [column.title for column in of_sets.columns[2:]] == sorted(SETS)
    assert len(of_sets.rows) == len(whole.rows) == 1 + len(blur["levels"])
    assert of_sets.rows[0][2].mean == clean[sorted(SETS)[0]]["auc"]


@pytest.fixture(scope="module")
def runs(run: Path, singles: dict[str, Path], prepared: Path) -> list[Path]:
    """The run on both sets, and one on each alone; `prepared` is found before these fill the cache."""
    for name, place in singles.items():
        words = [f"cache={run.parent / 'cache'}", "--data", str(place), "--out", str(run.parent / name)]
        assert main(["run", str(run.parent / "experiment.toml"), *words]) == 0
    return [run, *(run.parent / name for name in singles)]


def test_runs_on_both_sets_and_on_each_make_one_matrix_in_which_none_has_seen_a_test_clip(
    runs: list[Path], prepared: Path, sets: Path, singles: dict[str, Path], tmp_path: Path
) -> None:
    """The paper's Table 3, with the combined set beside its two."""
    names = {"both": sets, **singles}
    words = [word for name, place in names.items() for word in ("--on", f"{name}={place}")]
    assert main(["evaluate", *map(str, runs), *words, "--matrix", "--out", str(tmp_path / "matrix")]) == 0
    record = json.loads((tmp_path / "matrix" / "matrix.json").read_text())
    assert all("The test split has" in told for told in record["caveats"])  # of few people; nothing else
    cells = {(cell["run"], cell["on"]): cell for cell in record["cells"]}
    assert {key for key, cell in cells.items() if cell["own"]} == {
        ("run", "both"),
        *((name, name) for name in SETS),
    }
    tested = [clip for clip in read_index(prepared / "index.csv", PreparedClip) if clip.split == "test"]
    clips = {"both": len(tested), **{name: sum(clip.set == name for clip in tested) for name in SETS}}
    for run in runs:
        for name in names:
            cell = cells[run.name, name]
            assert (cell["examples"], cell["left_out"], cell["notes"]) == (clips[name], {}, [])
            assert 0 <= cell["metrics"]["auc"] <= 1
        assert cells[run.name, "both"]["metrics"]["per_set"].keys() == {*SETS}


def prepare_words(out: Path) -> list[str]:
    return ["--out", str(out), "--faces", "none", "--workers", "1"]


def test_the_last_lines_of_a_preparation_count_each_set(
    sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deepfake", "prepare", str(sets), *prepare_words(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "54 clips: " in text
    assert "FakeAVCeleb (fakeavceleb): 30 clips of 6 people, " in text
    assert "SWAN-DF (swan_df): 24 clips of 6 people, 12 genuine\n" in text
    assert "no two sets have a person or a content in common: the splits of each are its own" in text
    assert "splits share no people and no contents" in text


def small(sets: Path, name: str, task: DeepfakeTask, out: Path, **options: object) -> list[PreparedClip]:
    made = attrs.evolve(task, dataset="auto", **options)
    out.mkdir()
    prepare(sets, out, made.preparation(0, sets), 1, Progress())
    return read_index(out / "index.csv", PreparedClip)


def test_a_file_that_two_sets_have_is_in_one_split_with_both_people(
    corpus: Path, singles: dict[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    own = tmp_path / "sets" / "mine"
    shutil.copytree(singles["SWAN-DF"], tmp_path / "sets" / "SWAN")
    rows = (corpus / "meta_data.csv").read_text().splitlines()[1:]
    lines = []
    (own / "clips").mkdir(parents=True)
    for number, row in enumerate(rows):
        source, _, _, method, *_, name, folder = row.split(",")
        if method == "desync":
            continue
        os.link(corpus / folder.removeprefix("FakeAVCeleb/") / name, own / "clips" / f"{number}.mp4")
        lines.append(f"clips/{number}.mp4,{'real' if method == 'real' else 'fake'},{source}")
    shutil.copy(singles["SWAN-DF"] / genuine_name(3), own / "clips" / "copy.mp4")
    lines.append("clips/copy.mp4,real,id00002")
    (own / "clips.csv").write_text("\n".join(["path,label,source", *lines]) + "\n")
    clips = small(tmp_path / "sets", "sets", task, tmp_path / "out")
    homes = {clip.split for clip in clips if clip.source in ("SWAN/00003", "mine/id00002")}
    assert len(homes) == 1
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["disjoint"] == ["people", "contents"]
    assert any("several sets have 1 content (SWAN/" in note for note in report["notes"])


def test_which_data_set_lies_in_each_folder_is_part_of_the_fingerprint(
    sets: Path, task: DeepfakeTask
) -> None:
    assert resolve_dataset_name("auto", sets) == "combined"
    made = attrs.evolve(task, dataset="auto").preparation(0, sets)
    assert inputs_of_ties(sets, made)["sets"] == {
        "FakeAVCeleb": ["fakeavceleb", None],
        "SWAN-DF": ["swan_df", None],
    }


def test_windows_of_a_clip_of_two_files_that_lies_are_augmented_as_they_are_prepared(
    singles: dict[str, Path],
) -> None:
    root, window = singles["SWAN-DF"], Window(0.2, 1.0, 8, 32)
    files = root / video_name(1), root / voice_name(1, VOICES[0])
    detector = FaceSettings("none").make()
    original = read_original(files[0], window, detector, files[1], lying=True)
    wanted = first_window(files[0], window, detector, files[1], lying=True).recording
    assert np.array_equal(original.recording.pictures, wanted.pictures)
    assert np.array_equal(original.recording.samples, wanted.samples)
    later = Window(0.5, 1.0, 8, 32)
    moved = first_window(files[0], later, detector, files[1], lying=True).recording
    assert np.array_equal(original.at(later).samples, moved.samples)
    assert np.array_equal(original.at(later).pictures, moved.pictures)
    upright = first_window(files[0], window, detector, files[1]).recording
    assert not np.array_equal(upright.pictures, wanted.pictures)


def test_a_list_without_a_clip_that_can_be_used_is_refused_before_anything_is_decoded(
    corpus: Path, task: DeepfakeTask, tmp_path: Path
) -> None:
    tree = shutil.copytree(corpus, tmp_path / "tree")
    clips = small(tree, "tree", task, tmp_path / "first")
    lines = (tmp_path / "first" / "splits.csv").read_text().splitlines()
    own, lost = tmp_path / "own.csv", lines[1].rpartition(",")[0]
    own.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    with pytest.raises(DataError, match=f"1 clip has no split, the first is {lost}"):
        small(tree, "tree", task, tmp_path / "second", split_list=own)
    assert not any((tmp_path / "second").iterdir())
    (tree / lost).write_bytes(b"no clip")  # and then its split is not needed
    assert len(small(tree, "tree", task, tmp_path / "third", split_list=own)) == len(clips) - 1
