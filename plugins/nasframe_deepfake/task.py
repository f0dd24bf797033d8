"""The task `deepfake`: decide from picture and sound whether a clip of a speaking person is genuine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import torch
from attrs import define, validators
from torch import Tensor, nn

from nasframe import Baseline, Data, Exported, FineTuning, OtherTest, Scores, Split, Stage, Task
from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.runtime import Progress
from nasframe_audiovisual import (
    COLUMNS,
    Extractor,
    FaceDetectorName,
    FaceSettings,
    Window,
    load_standardiser,
)
from nasframe_deepfake.auditing import audit_stage, copy_audit
from nasframe_deepfake.datasets import (
    AUTO,
    DEFAULT,
    FAKE_NAMES,
    VIDEO_ENDINGS,
    Desync,
    check_dataset_name,
    resolve_dataset_name,
)
from nasframe_deepfake.detection import (
    Calibration,
    ClipScorer,
    ClipSplit,
    HeadKind,
    Heads,
    ScoredClips,
    check_network,
    count_frozen,
    detector_fine_tuning,
    exported_detector,
    fit_calibration,
    fixed_networks,
    is_tuned,
    lazy_features,
    load_data,
    load_detector,
    make_heads,
    novelty_of_training,
    other_test,
    save_detector,
    save_tuned_detector,
    sentences_on_streams,
    streams_read,
)
from nasframe_deepfake.metrics import accuracy, auc
from nasframe_deepfake.option_checks import enough_augmentations, known_augmentations, valid_shares
from nasframe_deepfake.option_errors import of_option
from nasframe_deepfake.preparation import (
    Augmenting,
    BackboneOptions,
    Preparation,
    SplitLeaks,
    augment_stage,
    features_stage,
    prepare_stage,
    pretrain_stage,
    synthesize_stage,
)
from nasframe_deepfake.synthesis import Corpus

__all__ = ["DeepfakeTask"]


def _fake(split: Split) -> Tensor:
    """Return the labels `(clips,)`; those of clips are there without their features."""
    if isinstance(split, ClipSplit):
        return split.targets[:, 0]
    return split.batch(torch.arange(len(split))).targets[:, 0]


@define(kw_only=True)
class DeepfakeTask(Task):
    """Detection of fake clips from the frozen features of pictures and sound."""

    objective: ClassVar[str] = "auc"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {
        "auc": (0.0, 1.0),
        "acc": (0.0, 1.0),
        "eer": (0.0, 1.0),
        "ap": (0.0, 1.0),
        "ece": (0.0, 1.0),
        "threshold": (0.0, 1.0),
    }
    file_endings: ClassVar[tuple[str, ...]] = VIDEO_ENDINGS
    score_meaning: ClassVar[str] = (
        "score: calibrated probability that the clip is fake, from 0 (genuine) to 1 (fake); a clip is called "
        "fake from the threshold up and real below it; the threshold is the one with the best mean of both "
        "classes' accuracies on the validation split"
    )

    fine_tuning_options: ClassVar[tuple[str, ...]] = ("finetune", "finetune_epochs", "finetune_rate")

    clips: int = option(40, help="clips to synthesise where no data is given", ge=5)
    identities: int | None = option(
        None, help="people in the synthesised set; by default one for each session of 5 or 6 clips", ge=1
    )
    pairings: int = option(
        1, help="false pairings in a session of the synthesised set; 2: every third clip", choices=(1, 2)
    )
    dataset: str = option(
        DEFAULT,
        help="layout of the data: a registered data set, or auto, which asks each",
        validator=lambda _, __, value: check_dataset_name(value),
    )
    desync: Desync = option("pairing", help="category of clips whose method is desync")
    faces: FaceDetectorName = option(
        "haar",
        help="how faces are found: haar, yunet (with face_model), none (the clips are cropped already)",
    )
    face_model: Path | None = option(None, help="local file of a YuNet model, for faces = yunet")
    trim: float = option(0.2, help="seconds left out at the start of both streams", ge=0)
    seconds: float = option(1.6, help="seconds of each clip that are used", ge=0.2)
    frames: int = option(16, help="pictures taken in these seconds", ge=2)
    size: int = option(112, help="height and width of a picture in pixels", ge=32)
    mels: int = option(64, help="bands of the log-mel spectrogram", ge=32)
    shares: tuple[float, float, float, float] = option(
        (0.45, 0.2, 0.15, 0.2),
        help="shares of the splits weights, architecture, validation, test",
        validator=valid_shares,
        rule="each more than 0",
    )
    split_list: Path | None = option(
        None, help="CSV file with the columns path and split, instead of splits by shares"
    )
    split_leaks: SplitLeaks | None = option(
        None,
        help="a split_list that puts a person or a content into several splits: refuse it, which is the "
        "default, or count them",
    )
    backbone: str = option("resnet34", help="timm model for each stream")
    sound_backbone: str | None = option(None, help="another timm model for the sound")
    pretrained: Path | None = option(
        None,
        help="weights that both backbones start from: a local file, or hub, for those that timm publishes, "
        "which are fetched",
    )
    sound_pretrained: Path | None = option(
        None, help="those of the sound's backbone: a local file, hub, or scratch for none"
    )
    picture_epochs: int = option(12, help="passes of pretraining over the pictures", ge=1)
    sound_epochs: int = option(4, help="passes of pretraining over the sounds, which need fewer", ge=1)
    pretrain_batch_size: int = option(16, help="streams in a batch of pretraining", ge=2)
    pretrain_rate: float = option(2e-3, help="highest learning rate of pretraining", gt=0)
    finetune: bool | None = option(
        None, help="train both backbones along with the network after its final training; by default not"
    )
    finetune_epochs: int | None = option(
        None, help="epochs of that, the best one by validation kept; by default 3", ge=1
    )
    finetune_rate: float | None = option(None, help="its highest learning rate; by default 1e-5", gt=0)
    steps: int = option(8, help="L, the time steps that features are pooled to", ge=1)
    standardised: bool = option(
        True, help="add to the features a copy standardised over the time of each clip"
    )
    feature_channels: int | None = option(
        None,
        help="most channels of the features of each stage, without their copies: more are summed with random "
        "signs; by default all",
        ge=8,
    )
    categories: tuple[str, ...] = option(
        FAKE_NAMES,
        help="categories of fakes in search, training and evaluation",
        validator=validators.deep_iterable(validators.in_(FAKE_NAMES), validators.min_len(1)),
    )
    heads: HeadKind = option(
        "single", help="single: one output, fake or not; separate: one for each kind of fake"
    )
    pairing_share: float | None = option(
        None,
        help="share of false pairings among the fakes that training draws; by default as in the data",
        ge=0,
        le=1,
    )
    redraw: bool = option(True, help="draw other false pairings for training in every epoch")
    augmented: int | None = option(
        None,
        help="augmented copies of each training clip, each under another augmentation; by default none, or "
        "one where augmentations are named",
        ge=1,
        validator=lambda task, _, value: enough_augmentations(task, value),
    )
    augmentations: tuple[str, ...] | None = option(
        None,
        help="names of the augmentations of the copies; by default all 36",
        validator=lambda _, __, value: known_augmentations(value),
    )
    workers: int = option(0, help="processes that synthesise and decode; 0: one for each core", ge=0)

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return the stages `synthesize` (without a source), `prepare`, `audit`, `pretrain`, `features`.

        Where there are augmented copies, `augment` stands before the last. Backbones learn from the clips.

        Raises:
            DataError: the source is missing, empty or of no known data set; a backbone is unknown, does not
                suit, or its weights cannot be read or fetched.
        """
        training = self._backbones.training(
            self.picture_epochs, self.sound_epochs, self.pretrain_batch_size, self.pretrain_rate, seed
        )
        preparation, augmenting = self.preparation(seed, source), self._augmenting(seed)
        stages = [
            prepare_stage(preparation, source, self.workers),
            audit_stage(self._window, source, seed, self.workers),
            pretrain_stage(training),
        ]
        if augmenting is not None:
            stages.append(augment_stage(preparation, augmenting, source, self.workers))
        augmented = augmenting is not None
        stages.append(
            features_stage(training, self.steps, self.standardised, augmented, self.feature_channels)
        )
        if source is not None:
            return stages
        corpus = Corpus(self.clips, seed, self.identities, pairings=self.pairings)
        return [synthesize_stage(corpus, self.workers), *stages]

    def preparation(self, seed: int, source: Path | None = None) -> Preparation:
        """Return the options of the stage `prepare`, for a folder of data or for synthesised clips.

        Raises:
            ConfigurationError: the seed is negative.
            DataError: no data set recognises the folder, or two do, where `dataset` is `auto`; the one that
                it names cannot read the folder, and another one recognises it; the detector of faces cannot
                be made.
        """
        if seed < 0:
            raise ConfigurationError("the task deepfake", [f"seed: expected 0 or more, found {seed}"])
        with of_option("task.dataset"):
            dataset = resolve_dataset_name(self.dataset, source)
        with of_option("task.face_model"):
            self._faces.make()
        return Preparation(
            dataset,
            self.desync,
            self._window,
            self._faces,
            self.mels,
            self.shares,
            self.split_list,
            seed,
            self.split_leaks or "refuse",
        )

    def _augmenting(self, seed: int) -> Augmenting | None:
        if self.augmented is None and self.augmentations is None:
            return None
        from nasframe_deepfake.augmentation import AUGMENTATIONS  # only where it is used: it imports OpenCV

        return Augmenting(self.augmentations or tuple(AUGMENTATIONS), self.augmented or 1, seed)

    @property
    def _backbones(self) -> BackboneOptions:
        return BackboneOptions(
            self.backbone,
            self.sound_backbone,
            self.pretrained,
            self.sound_pretrained,
            ((self.size, self.size), (self.mels, COLUMNS)),
            self.feature_channels,
        )

    @property
    def _window(self) -> Window:
        return Window(self.trim, self.seconds, self.frames, self.size)

    @property
    def _faces(self) -> FaceSettings:
        return FaceSettings(self.faces, self.face_model)

    def data(self, folders: Mapping[str, Path]) -> Data:
        return load_data(
            folders["prepare"],
            folders["features"],
            self._heads,
            self.categories,
            pairing_share=self.pairing_share,
            redraw=self.redraw,
            augmented=folders.get("augment"),
        )

    @property
    def _heads(self) -> Heads:
        return make_heads(self.heads)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the binary cross-entropy, of one output or the sum of three; see `heads`."""
        return self._heads.loss(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return AUC (NaN with one class) and accuracy at 0.5."""
        heads, fake = self._heads, targets[:, 0]
        return {
            "auc": auc(heads.log_odds(outputs), fake),
            "acc": accuracy(heads.scores(outputs), fake, 0.5),
        }

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return temperature, threshold (best balanced accuracy) and shifts of long clips.

        See `detection.fit_calibration`.
        """
        return fit_calibration(self._heads.log_odds(outputs), targets[:, 0])

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """Return AUC, accuracy at the threshold, EER, AP and calibration error, each with its 95 % interval.

        Those of the fakes of each category and method against all genuine clips stand beside them; see
        `detection.ScoredClips`.
        """
        fitted = Calibration.of(calibration)
        ranks = self._heads.log_odds(outputs)
        known = split if isinstance(split, ClipSplit) else None
        scored = ScoredClips(
            ranks,
            fitted.probability(ranks),
            _fake(split).to(ranks.device),
            fitted.threshold,
            people=known.people if known else (),
            categories=known.categories if known else (),
            methods=known.methods if known else (),
            sets=known.sets if known else (),
            nameless=known.nameless if known else (),
        )
        return {**scored.metrics(), "threshold": fitted.threshold, "temperature": fitted.temperature}

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        """Return the calibrated log-odds of fake, with the category of each clip."""
        fitted = Calibration.of(calibration)
        return Scores(
            fitted.tempered(self._heads.log_odds(outputs)),
            _fake(split),
            positive="fake",
            negative="genuine",
            categories=split.categories if isinstance(split, ClipSplit) else (),
            threshold=fitted.threshold,
        )

    def caveats(self, network: nn.Module) -> Sequence[str]:
        """Return a sentence where the network reads one stream alone."""
        return sentences_on_streams(streams_read(network))

    def other_stages(self, source: Path, seed: int) -> Sequence[Stage]:
        """Return the stage `prepare` of another data set, whose layout is recognised from its folder.

        Its splits have the run's shares and seed. A list of splits belongs to the run's own clips, and is not
        used. So a run that was trained on that set with the same options has prepared it already.

        Raises:
            DataError: the folder is missing or empty, no data set recognises it, or two do.
        """
        other = attrs.evolve(self, dataset=AUTO, split_list=None, split_leaks=None)
        return [prepare_stage(other.preparation(seed, source), source, self.workers)]

    def other_test(
        self,
        folders: Mapping[str, Path],
        saved: Path,
        own: Mapping[str, Path] | None,
        device: torch.device,
        examples: Sequence[str] | None = None,
    ) -> OtherTest:
        """Return the test clips of another data set as the saved detector sees them; see `other_clips`."""
        prepared = None if own is None else own["prepare"]
        detector = load_detector(saved, device)
        return other_test(folders["prepare"], detector, prepared, self.categories, examples)

    def baselines(self, data: Data) -> dict[str, Baseline]:
        """Return networks of each stream alone, of late fusion, and of concatenation."""
        return fixed_networks(data)

    def save(self, folders: Mapping[str, Path], out: Path) -> None:
        settings = {
            "window": self._window,
            "mels": self.mels,
            "backbone": self.backbone,
            "steps": self.steps,
            "standardised": self.standardised,
            "heads": self.heads,
        }
        if self.sound_backbone is not None:
            settings["sound_backbone"] = self.sound_backbone
        if self.feature_channels is not None:
            settings["feature_channels"] = self.feature_channels
        frozen = self._backbones.count_parameters()
        novelty = novelty_of_training(folders["prepare"], folders["features"], self.standardised)
        save_detector(folders, settings, self._faces, novelty, frozen, out)
        copy_audit(folders, out)

    def fine_tuning(self, network: nn.Module, folders: Mapping[str, Path]) -> FineTuning | None:
        """Return the network behind both backbones, or None; see `detection.detector_fine_tuning`."""
        if not self.finetune:
            return None
        standardiser = load_standardiser(folders["features"] / "statistics.safetensors", self.standardised)
        extractor, given = self._extractor(folders), (self.finetune_epochs or 3, self.finetune_rate or 1e-5)
        return detector_fine_tuning(network, self.data(folders), folders, extractor, standardiser, *given)

    def save_tuned(
        self, tuning: FineTuning, folders: Mapping[str, Path], out: Path, progress: Progress
    ) -> None:
        save_tuned_detector(tuning, folders, self._extractor(folders), out, progress)

    def tuned_test(self, folders: Mapping[str, Path], saved: Path, device: torch.device) -> Split | None:
        """Return the test clips as the saved detector sees them, where its backbones were tuned."""
        if not is_tuned(saved):
            return None
        test = self.data(folders).splits.test()
        assert isinstance(test, ClipSplit)
        return lazy_features(test, load_detector(saved, device), folders["prepare"])

    def _extractor(self, folders: Mapping[str, Path]) -> Extractor:
        """Return both backbones of the stages, on the CPU."""
        return self._backbones.extractor(folders["pretrain"], self.steps)

    def frozen_parameters(self, saved: Path) -> int:
        return count_frozen(saved)

    def file_scorer(
        self, network: nn.Module, saved: Path, calibration: Mapping[str, float], device: torch.device
    ) -> ClipScorer:
        """Return what answers for clips; see `detection.verdict`."""
        detector = load_detector(saved, device)
        check_network(saved, detector, network, self.heads)
        return ClipScorer(detector, network, Calibration.of(calibration), self._heads)

    def exported(self, network: nn.Module, saved: Path, calibration: Mapping[str, float]) -> Exported:
        """Return the detector behind decoding; see `detection.exported_detector`."""
        detector = load_detector(saved, torch.device("cpu"))
        check_network(saved, detector, network, self.heads)
        fitted = Calibration.of(calibration)
        return exported_detector(detector, network, self._heads, fitted, self.score_meaning)
