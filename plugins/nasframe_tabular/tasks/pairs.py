"""Pairs of an image and an utterance of one label, with noise on both: the views, and how pairs are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import torch
from attrs import field, frozen
from torch import Tensor

from nasframe import Batch, Split
from nasframe.errors import DataError
from nasframe.runtime import generator, read_tensors, write_tensors

__all__ = ["Layout", "PairSplit", "Pool", "draw_pairs", "read_pool", "write_pool"]

_MORE_NOISE = 3.0
"""Standard deviations of the noise of a noisy copy, over those of the view that it copies."""


@frozen
class Pool:
    """The images and utterances of one split, standardised.

    Attributes:
        images: `(images, 8, 8)`.
        drawn: the digit of each image, `(images,)`.
        image_numbers: of each in the data set, `(images,)`.
        sounds: `(utterances, 8, coefficients)`.
        spoken: the digit of each utterance, `(utterances,)`.
        sound_numbers: of each in the data set, `(utterances,)`.
    """

    images: Tensor
    drawn: Tensor
    image_numbers: Tensor
    sounds: Tensor
    spoken: Tensor
    sound_numbers: Tensor


@frozen
class Layout:
    """The views that are made of a pair, each an input `(pairs, 8, features)`.

    Four views: `rows` and `columns` of the image under noise, the cepstral coefficients `mfcc` of the sound
    under noise, and `change`, their differences over time. Noise is drawn for the image and for the sound,
    so two views of one of them have the same.

    Eight views: two good ones, `image` (its rows) and `sound` (its coefficients); copies of both under three
    times the noise, `image_noisy` and `sound_noisy`; little of both, `image_sums` (the mean of each row) and
    `sound_energy` (the first coefficient); and unrelated ones, `image_other` and `sound_other`, of any digit.

    Attributes:
        views: 4 or 8.
        noise: its standard deviation, where that of the image and of each coefficient is 1.
    """

    views: int
    noise: float

    def make(self, pool: Pool, images: Tensor, sounds: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Return the views of pairs, float32.

        Args:
            pool: of the split.
            images: the place in the pool of each pair's image, `(pairs,)`.
            sounds: that of its utterance, `(pairs,)`.
            random: draws the noise, and the unrelated views.
        """
        image, sound = pool.images[images], pool.sounds[sounds]

        def noisy(values: Tensor, times: float = 1.0) -> Tensor:
            drawn = torch.randn(values.shape, generator=random, dtype=torch.float32)
            return values.float() + self.noise * times * drawn

        seen, heard = noisy(image), noisy(sound)
        if self.views == 4:
            (change,) = torch.gradient(heard, dim=1)
            return {"rows": seen, "columns": seen.mT.contiguous(), "mfcc": heard, "change": change}
        other_images = torch.randint(len(pool.images), images.shape, generator=random)
        other_sounds = torch.randint(len(pool.sounds), sounds.shape, generator=random)
        return {
            "image": seen,
            "sound": heard,
            "image_noisy": noisy(image, _MORE_NOISE),
            "sound_noisy": noisy(sound, _MORE_NOISE),
            "image_sums": noisy(image).mean(2, keepdim=True),
            "sound_energy": noisy(sound[:, :, :1]),
            "image_other": noisy(pool.images[other_images]),
            "sound_other": noisy(pool.sounds[other_sounds]),
        }


def draw_pairs(
    pool: Pool, targets: Tensor, layout: Layout, random: torch.Generator
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return views, targets, and the numbers of image and utterance `(pairs, 2)` of pairs with given labels.

    Within a label every image is used as often as any other, or once more; so is every utterance.

    Args:
        pool: of the split.
        targets: the digit of each pair, `(pairs,)`.
        layout: makes the views.
        random: draws pairs, noise, and unrelated views.
    """
    images = _places(pool.drawn, targets, random)
    sounds = _places(pool.spoken, targets, random)
    numbers = torch.stack([pool.image_numbers[images], pool.sound_numbers[sounds]], dim=1)
    return layout.make(pool, images, sounds, random), targets, numbers


def _places(labels: Tensor, targets: Tensor, random: torch.Generator) -> Tensor:
    """Return for each target the place of an example with that label."""
    places = torch.empty_like(targets)
    for label in range(int(targets.max()) + 1):
        wanted = (targets == label).nonzero().flatten()
        members = (labels == label).nonzero().flatten()
        rounds = -(-len(wanted) // len(members))
        orders = [members[torch.randperm(len(members), generator=random)] for _ in range(rounds)]
        places[wanted] = torch.cat(orders)[: len(wanted)]
    return places


@frozen
class PairSplit(Split):
    """A split of training: the pairs of one epoch, drawn anew by `redrawn`.

    Attributes:
        inputs: view → `(pairs, 8, features)`.
        targets: the digit of each pair, `(pairs,)`, the same in every epoch.
        identifiers: a name for the place of each pair.
        pool: to draw from.
        layout: makes the views.
    """

    inputs: Mapping[str, Tensor] = field(repr=False)
    targets: Tensor = field(repr=False)
    identifiers: Sequence[str] = field(repr=False)
    pool: Pool = field(repr=False)
    layout: Layout
    sampling_weights: Tensor | None = None

    @classmethod
    def of(cls, name: str, pool: Pool, count: int, layout: Layout, seed: int) -> PairSplit:
        """Return a split with the pairs of a seed, which validate and test never see.

        Args:
            name: of the split; it enters the seed.
            pool: to draw from.
            count: pairs, as many of each digit as of any other, or one more.
            layout: makes the views.
            seed: of the first pairs.
        """
        random = generator(seed, "pairs", name)
        inputs, targets, _ = draw_pairs(pool, torch.arange(count) % 10, layout, random)
        return cls(inputs, targets, [f"{name} {place}" for place in range(count)], pool, layout)

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        inputs = {name: value.index_select(0, indices) for name, value in self.inputs.items()}
        return Batch(inputs, self.targets.index_select(0, indices))

    def redrawn(self, random: torch.Generator) -> PairSplit:
        """Return the split with other pairs of the same digits, and other noise."""
        inputs, _, _ = draw_pairs(self.pool, self.targets, self.layout, random)
        return attrs.evolve(self, inputs=inputs)


def write_pool(folder: Path, name: str, pool: Pool) -> None:
    """Write the file of a split of training."""
    tensors = {
        key: value.float() if value.is_floating_point() else value
        for key, value in attrs.asdict(pool, recurse=False).items()
    }
    write_tensors(folder / f"{name}.safetensors", {key: value.contiguous() for key, value in tensors.items()})


def read_pool(folder: Path, name: str) -> Pool:
    """Return the images and utterances of a split of training.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    path = folder / f"{name}.safetensors"
    tensors = read_tensors(path, DataError, finite=True)
    if {*tensors} != {item.name for item in attrs.fields(Pool)}:
        raise DataError(
            f"{path}: holds no images and utterances; remove its folder, and its stage is done again"
        )
    return Pool(**tensors)
