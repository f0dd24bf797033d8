"""One augmentation: a name, what it changes, and the functions that change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from attrs import frozen
from torch import Tensor

from nasframe.runtime import derive_seed, one_thread
from nasframe_audiovisual import Recording, Window, beside_torch
from nasframe_deepfake.augmentation.original import Original

with beside_torch("torchaudio"):
    from torchaudio.functional import resample

__all__ = ["Augmentation", "Kind"]

Kind = Literal["visual", "audio", "both"]

OnStream = Callable[[Tensor, torch.Generator], Tensor]


@frozen
class Augmentation:
    """A change of a clip that leaves its label, its shapes and its types as they are.

    One of `window` and the two others is given. Where both streams have a function, each gets a generator of
    the same state, so that what both draw first is the same in both.

    Attributes:
        name: for people and options; it enters the seed.
        kind: what is changed: the pictures, the sound, or both.
        effect: what it does, in a few words.
        pictures: changes uint8 pictures `(frames, 3, size, size)`.
        samples: changes float32 samples `(length,)`.
        window: chooses another window of the clip, from the usual one and the seconds behind it.
    """

    name: str
    kind: Kind
    effect: str
    pictures: OnStream | None = None
    samples: OnStream | None = None
    window: Callable[[Window, float, torch.Generator], Window] | None = None

    def of(self, original: Original, clip: str, seed: int) -> Recording:
        """Return the augmented window of a clip.

        It is a function of the clip, the augmentation and the seed. A stream that the augmentation does not
        change is the same array as in the original; where the clip has no other window, both are.

        Args:
            original: what is decoded of the clip.
            clip: path of the clip, relative to its data: it enters the seed.
            seed: of all that is drawn.
        """
        plain = original.recording
        with one_thread():
            if self.window is not None:
                window = self.window(original.window, original.room, self._random(clip, seed))
                return _as_long(original.at(window), original)
            pictures, samples = plain.pictures, plain.samples
            if self.pictures is not None:
                images = torch.from_numpy(pictures).permute(0, 3, 1, 2)
                changed = self.pictures(images, self._random(clip, seed))
                pictures = changed.permute(0, 2, 3, 1).contiguous().numpy()
            if self.samples is not None:
                samples = self.samples(torch.from_numpy(samples), self._random(clip, seed)).numpy()
        return Recording(pictures, samples)

    def _random(self, clip: str, seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(derive_seed(seed, "augmentation", self.name, clip))


def _as_long(recording: Recording, original: Original) -> Recording:
    """Return a recording whose sound is played as long as that of the original, higher or lower.

    Its pictures are as many already, at even intervals of another length: both streams stay in step.
    """
    length, there = len(original.recording.samples), len(recording.samples)
    if there == length:
        return recording
    # whole per cent, of which a resampler needs few filters
    samples = resample(torch.from_numpy(recording.samples), round(100 * there / length), 100)
    samples = torch.nn.functional.pad(samples, (0, max(0, length - len(samples))))[:length]
    return Recording(recording.pictures, samples.numpy())
