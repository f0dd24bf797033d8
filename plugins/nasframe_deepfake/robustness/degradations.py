"""Eight degradations of a clip, each at five levels from mild to harsh.

Pictures are degraded whole, as they are decoded (with at most 1280 pixels on the longer side) and before the
face is cut out; sound from a second before the window to a fifth of a second behind it. So a codec works as
on a file that somebody sent on.

The levels are those of others where there are some, so that curves can be laid beside theirs:

- **h264**: 23 and 40 are the compressed versions of FaceForensics++ (Rössler et al., 2019, ICCV), c23 and
  c40; 30, 35, 38 and 40 are among the five of DeeperForensics-1.0 (Jiang et al., 2020, CVPR).
- **pixel noise**: the variances .001, .002, .005, .01 and .05 of DeeperForensics-1.0, on values from 0 to 1,
  as deviations of 255.
- **blur**: its deviations, a sixth of its kernels of 7, 9, 13, 17 and 21 pixels; our kernels reach to three
  of them.
- **resize**: height and width divided by 2 to 6, which is what its perturbation "JPEG" does.
- **jpeg, aac, mp3, sound noise**: no set of five is common. Qualities of pictures go down in even steps; the
  bit rates are those of mono speech at 16 kHz; the noise goes down to one that is as loud as the window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray

from nasframe.errors import nearest
from nasframe.runtime import generator, one_thread
from nasframe_audiovisual import Footage
from nasframe_deepfake.augmentation import as_jpeg, blur, pixel_noise, reduced, with_noise
from nasframe_deepfake.robustness.encoding import as_h264, as_sound
from nasframe_deepfake.robustness.labels import labelled

__all__ = ["DEGRADATIONS", "Degradation", "problem_of_degradation"]

LEVELS = 5

_Pixels = NDArray[np.uint8]
_Samples = NDArray[np.float32]


@frozen
class Degradation:
    """A change of pictures or of sound whose strength is given.

    Attributes:
        name: for options and files; it enters the seed.
        title: what it means, in a word or two.
        unit: of the levels, in words that follow the number, or go before it where it ends with a blank.
        levels: from mild to harsh.
        whole: changes whole pictures: takes the footage, a level and a generator, and returns those of the
            window. None where the sound is changed.
        heard: likewise, and returns the sound, all of it. None where the pictures are changed.
        drawn: whether the seed counts, as of noise.
    """

    name: str
    title: str
    unit: str
    levels: tuple[float, ...]
    whole: Callable[[Footage, float, torch.Generator], Sequence[_Pixels]] | None = None
    heard: Callable[[Footage, float, torch.Generator], _Samples] | None = None
    drawn: bool = False

    @property
    def stream(self) -> Literal["pictures", "sound"]:
        """The stream that is changed."""
        return "pictures" if self.heard is None else "sound"

    @property
    def labelled(self) -> str:
        """Its name, and its title where that says more."""
        return labelled(self.name, self.title)

    @property
    def axis(self) -> str:
        """The unit as it stands beside an axis with the numbers of the levels."""
        return f"% {self.unit}" if self._is_share else self.unit.strip()

    @property
    def _is_share(self) -> bool:
        return max(self.levels) < 1

    def label(self, level: float) -> str:
        """Return a level with its unit."""
        number = f"{100 * level:.3g} %" if self._is_share else f"{level:g}"
        return f"{self.unit}{number}" if self.unit.endswith(" ") else f"{number} {self.unit}".strip()

    def of(self, footage: Footage, clip: str, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the window under each level: pictures and samples, of which one stream has a single row.

        Noise is drawn by the clip, the degradation and the seed: that of all levels is the same, and harsher
        ones have more of it.

        Args:
            footage: of the clip.
            clip: its name.
            seed: of what is drawn.

        Returns:
            pictures uint8 `(levels or 1, frames, size, size, 3)`, samples float32 `(levels or 1, n)`.
        """
        plain = footage.recording
        with one_thread():
            if self.whole is not None:
                rows = [
                    footage.pictures_of_window(self.whole(footage, level, self._random(clip, seed)))
                    for level in self.levels
                ]
                return np.stack(rows), plain.samples[None]
            assert self.heard is not None
            sounds = [
                footage.samples_of_window(self.heard(footage, level, self._random(clip, seed)))
                for level in self.levels
            ]
        return plain.pictures[None], np.stack(sounds)

    def _random(self, clip: str, seed: int) -> torch.Generator:
        return generator(seed, "robustness", self.name, clip)


def _each(
    change: Callable[[torch.Tensor, float, torch.Generator], torch.Tensor],
) -> Callable[[Footage, float, torch.Generator], list[_Pixels]]:
    """Return a change of each picture of the window alone; one at a time, as whole pictures are large."""

    def changed(footage: Footage, level: float, random: torch.Generator) -> list[_Pixels]:
        found = []
        for number in footage.shown:
            picture = torch.from_numpy(np.ascontiguousarray(footage.pictures[number]))
            one = change(picture.permute(2, 0, 1)[None], level, random)
            found.append(one[0].permute(1, 2, 0).contiguous().numpy())
        return found

    return changed


def _h264(footage: Footage, level: float, random: torch.Generator) -> list[_Pixels]:
    return as_h264(footage.pictures, footage.rate, int(level), footage.shown)


def _sound_noise(footage: Footage, level: float, random: torch.Generator) -> _Samples:
    """Add noise so far below the window that is scored, whatever is before and behind it."""
    sound = torch.from_numpy(footage.samples)
    noise = torch.randn(len(sound), generator=random)
    part = slice(footage.first_sample, footage.first_sample + len(footage.samples_of_window(footage.samples)))
    found = sound.clone()
    found[part] = with_noise(sound[part], noise[part], level)
    noisy: _Samples = found.numpy()
    return noisy


_BIT_RATES = (64_000.0, 32_000.0, 24_000.0, 16_000.0, 8_000.0)

_LIST = (
    Degradation("h264", "H.264", "crf ", (23, 30, 35, 38, 40), whole=_h264),
    Degradation(
        "jpeg",
        "JPEG",
        "quality ",
        (90, 70, 50, 30, 10),
        whole=_each(lambda picture, level, _: as_jpeg(picture, int(level))),
    ),
    Degradation(
        "resize",
        "fewer pixels",
        "of the pixels",
        (1 / 4, 1 / 9, 1 / 16, 1 / 25, 1 / 36),
        whole=_each(lambda picture, level, _: reduced(picture, math.sqrt(level))),
    ),
    Degradation(
        "pixel-noise",
        "pixel noise",
        "of 255",
        (8, 11.4, 18, 25.5, 57),
        whole=_each(pixel_noise),
        drawn=True,
    ),
    Degradation(
        "blur",
        "blur",
        "pixels",
        (1.2, 1.5, 2.2, 2.8, 3.5),
        whole=_each(lambda picture, level, _: blur(picture, level)),
    ),
    Degradation(
        "aac",
        "AAC",
        "bit/s",
        _BIT_RATES,
        heard=lambda footage, level, _: as_sound(footage.samples, "aac", int(level)),
    ),
    Degradation(
        "mp3",
        "MP3",
        "bit/s",
        _BIT_RATES,
        heard=lambda footage, level, _: as_sound(footage.samples, "libmp3lame", int(level)),
    ),
    Degradation("sound-noise", "sound noise", "dB", (20, 15, 10, 5, 0), heard=_sound_noise, drawn=True),
)

DEGRADATIONS: Mapping[str, Degradation] = {item.name: item for item in _LIST}
"""Name → degradation: five of the pictures, three of the sound."""


def problem_of_degradation(name: str) -> str | None:
    """Return why a name is none of a degradation, with the nearest that are, or None."""
    return None if name in DEGRADATIONS else f"unknown degradation {name!r}{nearest(name, DEGRADATIONS)}"
