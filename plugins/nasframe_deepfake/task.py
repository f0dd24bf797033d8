"""The task `deepfake`: is a clip of somebody speaking genuine, judged by picture and sound together?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from attrs import define, field, validators
from torch import Tensor, nn

from nasframe import Data, Scores, Split, Stage, Task
from nasframe.errors import ConfigurationError
from nasframe.tasks import Baseline
from nasframe_deepfake.backbones import check_backbone, count_parameters, make_backbone
from nasframe_deepfake.baselines import fixed_networks
from nasframe_deepfake.dataset import ClipSplit, load_data
from nasframe_deepfake.detector import count_frozen, load_detector, save_detector
from nasframe_deepfake.heads import Heads, Kind, make_heads
from nasframe_deepfake.listing import CATEGORIES
from nasframe_deepfake.media import Window
from nasframe_deepfake.metrics import accuracy, auc, best_threshold, defined, per_category
from nasframe_deepfake.prepare import Preparation
from nasframe_deepfake.pretrain import Pretraining
from nasframe_deepfake.readers import Dataset, Desync
from nasframe_deepfake.stages import features_stage, prepare_stage, pretrain_stage, synthesize_stage
from nasframe_deepfake.synthesis.corpus import Corpus

__all__ = ["DeepfakeTask"]

_AT_LEAST_ONE = validators.optional(validators.ge(1))


def _valid_shares(_: Any, attribute: Any, value: Sequence[float]) -> None:
    if len(value) != 4 or min(value) <= 0:
        raise ValueError(f"expected four numbers above 0, found {list(value)}")


@define(kw_only=True)
class DeepfakeTask(Task):
    """Detection of fake clips from the frozen features of pictures and sound."""

    objective: ClassVar[str] = "auc"
    score_meaning: ClassVar[str] = (
        "score: probability that the clip is fake, from 0 (genuine) to 1 (fake); "
        "a clip is called fake from the threshold up"
    )

    clips: int = field(
        default=40,
        validator=validators.ge(5),
        metadata={"help": "clips to synthesise where no data is given"},
    )
    identities: int | None = field(
        default=None,
        validator=_AT_LEAST_ONE,
        metadata={"help": "people in the synthesised set; by default one a session of five or six clips"},
    )
    pairings: int = field(
        default=1,
        validator=validators.in_((1, 2)),
        metadata={"help": "false pairings a session of the synthesised set; 2: one in three clips"},
    )
    dataset: Dataset = field(default="fakeavceleb", metadata={"help": "layout of the data"})
    desync: Desync = field(default="pairing", metadata={"help": "category of clips whose method is desync"})
    trim: float = field(
        default=0.2,
        validator=validators.ge(0),
        metadata={"help": "seconds left out at the start of both streams"},
    )
    seconds: float = field(
        default=1.6, validator=validators.ge(0.2), metadata={"help": "seconds of each clip that are used"}
    )
    frames: int = field(
        default=16, validator=validators.ge(2), metadata={"help": "pictures taken in these seconds"}
    )
    size: int = field(
        default=112, validator=validators.ge(32), metadata={"help": "height and width of a picture in pixels"}
    )
    mels: int = field(
        default=64, validator=validators.ge(32), metadata={"help": "bands of the log-mel spectrogram"}
    )
    shares: tuple[float, float, float, float] = field(
        default=(0.45, 0.2, 0.15, 0.2),
        validator=_valid_shares,
        metadata={"help": "shares of the splits weights, architecture, validation, test"},
    )
    split_list: Path | None = field(
        default=None, metadata={"help": "CSV file with the columns path and split, instead of our own splits"}
    )
    backbone: str = field(default="resnet34", metadata={"help": "timm model for each stream"})
    pretrained: Path | None = field(
        default=None, metadata={"help": "local file of weights both backbones start from"}
    )
    picture_epochs: int = field(
        default=12, validator=validators.ge(1), metadata={"help": "passes of pretraining over the pictures"}
    )
    sound_epochs: int = field(
        default=4,
        validator=validators.ge(1),
        metadata={"help": "passes of pretraining over the sounds, which learn sooner"},
    )
    pretrain_batch_size: int = field(
        default=16, validator=validators.ge(2), metadata={"help": "streams in a batch of pretraining"}
    )
    pretrain_rate: float = field(
        default=2e-3, validator=validators.gt(0), metadata={"help": "highest learning rate of pretraining"}
    )
    steps: int = field(
        default=8,
        validator=validators.ge(1),
        metadata={"help": "L, the time steps that features are pooled to"},
    )
    standardised: bool = field(
        default=True, metadata={"help": "give each clip's temporally standardised copy beside its features"}
    )
    categories: tuple[str, ...] = field(
        default=CATEGORIES[1:],
        validator=validators.deep_iterable(validators.in_(CATEGORIES[1:]), validators.min_len(1)),
        metadata={"help": "categories of fakes that search, training and evaluation see"},
    )
    heads: Kind = field(
        default="single",
        metadata={"help": "single: one output, fake or not; separate: one for each kind of fake"},
    )
    pairing_share: float | None = field(
        default=None,
        validator=validators.optional([validators.ge(0), validators.le(1)]),
        metadata={
            "help": "share of false pairings among the fakes that training draws; by default as there are"
        },
    )
    redraw: bool = field(
        default=True, metadata={"help": "whether training sees other false pairings every epoch"}
    )
    workers: int = field(
        default=0,
        validator=validators.ge(0),
        metadata={"help": "processes that synthesise and decode; 0: one a core"},
    )

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """`synthesize` (without a source), `prepare`, `pretrain`, `features`.

        Raises:
            DataError: the source is missing or empty, the backbone unknown.
        """
        check_backbone(self.backbone, self.pretrained)
        pretraining = Pretraining(
            self.backbone,
            self.pretrained,
            self.picture_epochs,
            self.sound_epochs,
            self.pretrain_batch_size,
            self.pretrain_rate,
            seed,
        )
        stages = [
            prepare_stage(self.preparation(seed), source, self.workers),
            pretrain_stage(pretraining),
            features_stage(self.backbone, self.steps, self.standardised),
        ]
        if source is not None:
            return stages
        corpus = Corpus(self.clips, seed, self.identities, pairings=self.pairings)
        return [synthesize_stage(corpus, self.workers), *stages]

    def preparation(self, seed: int) -> Preparation:
        """How clips are decoded and split under these options.

        Raises:
            ConfigurationError: a negative seed.
        """
        if seed < 0:
            raise ConfigurationError("the task deepfake", [f"seed: expected 0 or more, found {seed}"])
        return Preparation(
            self.dataset, self.desync, self._window, self.mels, self.shares, self.split_list, seed
        )

    @property
    def _window(self) -> Window:
        return Window(self.trim, self.seconds, self.frames, self.size)

    def data(self, folders: Mapping[str, Path]) -> Data:
        return load_data(
            folders["prepare"],
            folders["features"],
            self._heads,
            self.categories,
            pairing_share=self.pairing_share,
            redraw=self.redraw,
        )

    @property
    def _heads(self) -> Heads:
        return make_heads(self.heads)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy, of one output or the sum of three; see `heads`."""
        return self._heads.loss(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """AUC (NaN with one class) and accuracy at 0.5."""
        heads, fake = self._heads, targets[:, 0]
        return {
            "auc": auc(heads.log_odds(outputs), fake),
            "acc": accuracy(heads.scores(outputs), fake, 0.5),
        }

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """The threshold with the best balanced accuracy."""
        return {"threshold": best_threshold(self._heads.scores(outputs), targets[:, 0])}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """AUC, accuracy at the threshold, and the AUC of each fake category against all genuine clips."""
        ranks, threshold = self._heads.log_odds(outputs), calibration.get("threshold", 0.5)
        fake = split.batch(torch.arange(len(split))).targets[:, 0].to(ranks.device)
        categories = split.categories if isinstance(split, ClipSplit) else ()
        return {
            "auc": defined(auc(ranks, fake)),
            "acc": defined(accuracy(self._heads.scores(outputs), fake, threshold)),
            "threshold": threshold,
            "clips": len(split),
            "genuine": int((fake == 0).sum()),
            "per_category": per_category(ranks, fake, categories, genuine=CATEGORIES[0]),
        }

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        """Of fake, with the category of each clip."""
        return Scores(
            self._heads.log_odds(outputs),
            split.batch(torch.arange(len(split))).targets[:, 0],
            positive="fake",
            negative="genuine",
            categories=split.categories if isinstance(split, ClipSplit) else (),
            threshold=calibration.get("threshold", 0.5),
        )

    def baselines(self, data: Data) -> dict[str, Baseline]:
        """Each stream alone, late fusion, and concatenation."""
        return fixed_networks(data)

    def save(self, folders: Mapping[str, Path], out: Path) -> None:
        settings = {
            "window": self._window,
            "mels": self.mels,
            "backbone": self.backbone,
            "steps": self.steps,
            "standardised": self.standardised,
        }
        frozen = count_parameters([make_backbone(self.backbone, channels) for channels in (3, 1)])
        save_detector(folders, settings, frozen, out)

    def frozen_parameters(self, saved: Path) -> int:
        return count_frozen(saved)

    def predict(
        self,
        network: nn.Module,
        files: Sequence[Path],
        saved: Path,
        calibration: Mapping[str, float],
        device: torch.device,
    ) -> Iterator[dict[str, Any]]:
        """For each file its score (probability of fake), threshold and decision, or the error.

        With separate heads also the probability of each kind of fake.
        """
        detector = load_detector(saved, device)
        yield from detector.scores(network, files, calibration.get("threshold", 0.5), self._heads)
