"""Augmented copies of training clips, from the file to the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch

from nasframe import Data, StageContext, Task, stage_fingerprints
from nasframe.errors import ConfigurationError
from nasframe.options import structure
from nasframe.runtime import Progress
from nasframe.testing import TaskSuite
from nasframe_audiovisual import (
    load_extractor,
    load_standardiser,
    log_mel,
    open_features,
    open_rows,
    read_index,
)
from nasframe_deepfake.augmentation import AUGMENTATIONS, read_original
from nasframe_deepfake.preparation import PreparedClip, read_copies
from nasframe_deepfake.preparation.augmenting import CopyOfClip
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.conftest import run_stages

COPIES = 3


@pytest.fixture(scope="module")
def augmented(task: DeepfakeTask) -> DeepfakeTask:
    return attrs.evolve(task, augmented=COPIES)


def run_stage(name: str, task: DeepfakeTask, source: Path, earlier: Mapping[str, Path], out: Path) -> Path:
    (stage,) = (stage for stage in task.stages(source, 0) if stage.name == name)
    out.mkdir()
    needed = {name: earlier[name] for name in stage.after}
    stage.run(StageContext(out, needed, torch.device("cpu"), Progress()))
    return out


@pytest.fixture(scope="module")
def stages(
    augmented: DeepfakeTask, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """The folders of all stages, with copies."""
    return run_stages(augmented, corpus, tmp_path_factory.mktemp("augmented"))


@pytest.fixture(scope="module")
def data(augmented: DeepfakeTask, stages: Mapping[str, Path]) -> Data:
    return augmented.data(stages)


def clips(stages: Mapping[str, Path]) -> dict[str, PreparedClip]:
    return {clip.path: clip for clip in read_index(stages["prepare"] / "index.csv", PreparedClip)}


def test_training_clips_have_copies_and_no_clip_of_another_split_has(stages: Mapping[str, Path]) -> None:
    copies = read_index(stages["augment"] / "copies.csv", CopyOfClip)
    training = {path for path, clip in clips(stages).items() if clip.split in ("weights", "architecture")}
    assert {copy.path for copy in copies} == training
    assert 0 < len(training) < len(clips(stages))
    for path in training:
        names = [copy.augmentation for copy in copies if copy.path == path]
        assert len(names) == len({*names} & {*AUGMENTATIONS}) == COPIES


def test_the_number_of_workers_changes_no_byte(
    augmented: DeepfakeTask,
    corpus: Path,
    folders: Mapping[str, Path],
    stages: Mapping[str, Path],
    tmp_path: Path,
) -> None:
    other = attrs.evolve(augmented, workers=2)
    again = run_stage("augment", other, corpus, folders, tmp_path / "augment")
    for name in ("pictures.npy", "sounds.npy", "copies.csv"):
        assert (again / name).read_bytes() == (stages["augment"] / name).read_bytes()


def test_a_copy_is_the_clip_under_its_augmentation(
    augmented: DeepfakeTask, corpus: Path, stages: Mapping[str, Path]
) -> None:
    preparation = augmented.preparation(0, corpus)
    pictures, sounds = (open_rows(stages["augment"] / f"{kind}.npy") for kind in ("pictures", "sounds"))
    for copy in read_index(stages["augment"] / "copies.csv", CopyOfClip)[::5]:
        original = read_original(corpus / copy.path, preparation.window, preparation.faces.make())
        augmentation = AUGMENTATIONS[copy.augmentation]
        found = augmentation.of(original, copy.path, 0)
        assert (copy.picture == -1) == (augmentation.kind == "audio")
        assert (copy.sound == -1) == (augmentation.kind == "visual")
        if copy.picture >= 0:
            assert np.array_equal(pictures[copy.picture], found.pictures)
        if copy.sound >= 0:
            assert np.array_equal(
                sounds[copy.sound], log_mel(torch.from_numpy(found.samples), preparation.mels)
            )


def test_features_of_clips_stay_and_those_of_copies_follow(
    augmented: DeepfakeTask, folders: Mapping[str, Path], stages: Mapping[str, Path]
) -> None:
    plain, with_copies = open_features(folders["features"]), open_features(stages["features"])
    for name, values in plain.items():
        # the last batch has other neighbours, which a product of matrices may feel in its last digit
        assert torch.allclose(with_copies[name][: len(values)].float(), values.float(), rtol=2e-3, atol=2e-3)
    assert (folders["features"] / "statistics.safetensors").exists()
    device = torch.device("cpu")
    extractor = load_extractor(stages["pretrain"], augmented.backbone, augmented.steps, device)
    standardise = load_standardiser(stages["features"] / "statistics.safetensors", augmented.standardised)
    sounds = torch.from_numpy(np.array(open_rows(stages["augment"] / "sounds.npy")[:4]))
    for name, values in extractor.sounds(sounds).items():
        first = len(plain[name])
        assert torch.allclose(
            standardise(name, values), with_copies[name][first : first + 4].float(), rtol=2e-3, atol=2e-2
        )


def test_an_epoch_has_each_clip_or_one_of_its_copies_with_both_streams_of_the_same(
    data: Data, stages: Mapping[str, Path]
) -> None:
    split, known = data.splits.weights, clips(stages)
    rows = read_copies(stages["augment"], stages["prepare"])
    seen: dict[str, set[tuple[int, int]]] = {}
    for epoch in range(60):
        drawn = split.redrawn(torch.Generator().manual_seed(epoch))
        assert torch.equal(drawn.targets, split.targets)
        for path, picture, sound in zip(
            drawn.identifiers, drawn.pictures.tolist(), drawn.sounds.tolist(), strict=True
        ):
            seen.setdefault(path, set()).add((picture, sound))
    for path, found in seen.items():
        clip = known[path]
        if clip.false_pairing:
            continue
        copies = {
            (clip.picture if one is None else one, clip.sound if other is None else other)
            for one, other in rows[path]
        }
        assert found == {(clip.picture, clip.sound), *copies}


def test_a_false_pairing_stays_one_of_two_genuine_clips_of_its_person(
    data: Data, stages: Mapping[str, Path]
) -> None:
    known, split = clips(stages), data.splits.weights
    rows = read_copies(stages["augment"], stages["prepare"])
    picture_of: dict[int, str] = {}
    sound_of: dict[int, str] = {}
    for path in split.identifiers:
        if not known[path].fake:
            pictures = [known[path].picture, *(row for row, _ in rows[path] if row is not None)]
            picture_of |= dict.fromkeys(pictures, path)
            sounds = [known[path].sound, *(row for _, row in rows[path] if row is not None)]
            sound_of |= dict.fromkeys(sounds, path)
    assert split.pairings is not None
    places = split.pairings.places.tolist()
    assert places
    others = set()
    for epoch in range(20):
        drawn = split.redrawn(torch.Generator().manual_seed(epoch))
        for place in places:
            seen, heard = picture_of[int(drawn.pictures[place])], sound_of[int(drawn.sounds[place])]
            assert seen != heard
            assert known[seen].source == known[heard].source == split.people[place]
            others.add((seen, heard))
    assert len(others) > len(places)


def test_validation_and_test_have_no_copies_and_stay_in_every_epoch(
    data: Data, stages: Mapping[str, Path]
) -> None:
    known = clips(stages)
    for split in (data.splits.validation, data.splits.test()):
        assert split.copies is None
        assert split.redrawn(torch.Generator().manual_seed(0)) is split
        assert split.pictures.tolist() == [known[path].picture for path in split.identifiers]
        assert split.sounds.tolist() == [known[path].sound for path in split.identifiers]


def test_without_copies_the_false_pairings_are_drawn_as_ever(
    task: DeepfakeTask, folders: Mapping[str, Path]
) -> None:
    split = task.data(folders).splits.weights
    assert split.copies is None
    drawn = split.redrawn(torch.Generator().manual_seed(5))
    pictures, sounds = split.pairings.draw(torch.Generator().manual_seed(5))
    assert torch.equal(drawn.pictures[split.pairings.places], pictures)
    assert torch.equal(drawn.sounds[split.pairings.places], sounds)


def test_copies_change_the_stages_of_features_and_none_before(
    task: DeepfakeTask, augmented: DeepfakeTask, corpus: Path
) -> None:
    plain = stage_fingerprints(task.stages(corpus, 0))
    other = stage_fingerprints(augmented.stages(corpus, 0))
    assert {name for name in plain if plain[name] != other[name]} == {"features"}
    assert [*other] == ["prepare", "audit", "pretrain", "augment", "features"]
    crop = attrs.evolve(task, augmentations=("random crop",))
    assert stage_fingerprints(crop.stages(corpus, 0))["augment"] != other["augment"]


def test_visual_augmentations_alone_write_no_sound(
    task: DeepfakeTask, corpus: Path, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    blurred = attrs.evolve(task, augmentations=("blur",))
    out = run_stage("augment", blurred, corpus, folders, tmp_path / "augment")
    assert sorted(path.name for path in out.iterdir()) == ["copies.csv", "pictures.npy"]
    stages = {**folders, "augment": out}
    features = run_stage("features", blurred, corpus, stages, tmp_path / "features")
    plain, found = open_features(folders["features"]), open_features(features)
    assert len(found["S1"]) == len(plain["S1"])
    assert len(found["I1"]) == len(plain["I1"]) + len(open_rows(out / "pictures.npy"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"augmentations": ["bluur"]}, "unknown augmentation 'bluur'; did you mean 'blur'?"),
        ({"augmentations": ["blur", "blur"]}, "each once"),
        ({"augmentations": []}, "one or more names"),
        ({"augmented": 37}, "at most 36, the number of augmentations, found 37"),
        ({"augmented": 2, "augmentations": ["blur"]}, "at most 1, the number of augmentations, found 2"),
        ({"augmented": 0}, "augmented"),
    ],
)
def test_options_that_cannot_be_are_refused_in_words(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        structure(DeepfakeTask, options, "my.toml")
    assert words in str(error.value)


class TestAugmentedTask(TaskSuite):
    """The contract of every task, with copies."""

    task: DeepfakeTask

    @pytest.fixture(autouse=True)
    def _setting(self, augmented: DeepfakeTask, corpus: Path) -> None:
        self.task, self.source = augmented, corpus
        self.files = sorted(corpus.rglob("*.mp4"))[:2]

    def make(self) -> Task:
        return self.task

    @pytest.fixture
    def folders(self, stages: Mapping[str, Path]) -> Mapping[str, Path]:
        return stages
