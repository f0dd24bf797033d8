"""The scores of the windows of a clip: from its file to the log-odds of fake, window by window."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define, frozen
from torch import Tensor, nn

from nasframe.errors import NasframeError, in_words
from nasframe.runtime import Cancellation, shared_copy
from nasframe_audiovisual import (
    PICTURE_INPUTS,
    SOUND_INPUTS,
    ClipError,
    Excerpt,
    Extractor,
    FaceDetector,
    LeftOut,
    Novelty,
    Standardiser,
    Window,
    log_mel,
    nothing_used,
    read_windows,
    window_inputs,
)
from nasframe_deepfake.detection.heads import Heads

__all__ = ["ClipScores", "Detector"]

BATCH = 8
"""Windows that go through the backbones at once; their scores do not depend on it."""


@frozen
class ClipScores:
    """The scores of the windows of one clip, in order of time.

    Attributes:
        spans: start and end of each window in seconds `(windows, 2)`, float64.
        squares: of its pictures, left, top and side in pixels `(windows, 3)`, int64; see `Excerpt`.
        log_odds: of fake, `(windows,)`, float64; not calibrated.
        pictures_alone: the same with the sound replaced by the mean of the training.
        sound_alone: the same with the pictures replaced.
        parts: kind of fake → its probability `(windows,)`; see `Heads.parts`.
        novelty: stream → distance from the training over its limit `(windows,)`; see `Novelty`.
        left_out: parts of the clip without a score.
        upside_down: whether the pictures were turned by half a turn; see `Excerpt`.
    """

    spans: Tensor
    squares: Tensor
    log_odds: Tensor
    pictures_alone: Tensor
    sound_alone: Tensor
    parts: Mapping[str, Tensor]
    novelty: Mapping[str, Tensor]
    left_out: Sequence[LeftOut]
    upside_down: bool = False

    def chosen(self, windows: Tensor) -> ClipScores:
        """Return the scores of some windows, by a mask `(windows,)`."""
        plain: dict[str, Any] = {name: getattr(self, name)[windows] for name in _PLAIN}
        mapped: dict[str, Any] = {
            name: {key: values[windows] for key, values in getattr(self, name).items()} for name in _MAPPED
        }
        return attrs.evolve(self, **plain, **mapped)


_PLAIN, _MAPPED = ("spans", "squares", "log_odds", "pictures_alone", "sound_alone"), ("parts", "novelty")


@define
class Detector:
    """The steps from a file to the inputs of the searched network, and from its outputs to log-odds.

    Attributes:
        window: the length of the windows of a clip, and their pictures.
        faces: finds them, for the square of the pictures; it needs no file any more.
        mels: bands of the spectrogram.
        extractor: both backbones.
        standardiser: of the features.
        novelty: the spread of the training's features; None: of an older run, which has none.
        synthetic: whether it was trained on synthesised clips; None: of an older run, which does not say.
    """

    window: Window
    faces: FaceDetector
    mels: int
    extractor: Extractor
    standardiser: Standardiser
    novelty: Novelty | None = None
    synthetic: bool | None = False

    def for_one_thread(self) -> Detector:
        """Return a copy that shares the weights, and not the values that a network stores during a pass."""
        picture, sound = shared_copy(self.extractor.picture), shared_copy(self.extractor.sound)
        return attrs.evolve(self, extractor=attrs.evolve(self.extractor, picture=picture, sound=sound))

    def score(
        self,
        network: nn.Module,
        file: Path,
        heads: Heads,
        cancellation: Cancellation | None = None,
        *,
        sound_file: Path | None = None,
        lying: bool = False,
    ) -> ClipScores:
        """Return the scores of the windows of a clip, which is decoded once, from its start to its end.

        Args:
            network: the searched one.
            file: of the clip.
            heads: of the network.
            cancellation: is looked at before every picture, and before the windows go through the backbones.
            sound_file, lying: see `read_windows`.

        Raises:
            ClipError: the clip cannot be decoded, or has no window that can be scored.
            concurrent.futures.CancelledError: nobody waits for the scores any more.
        """
        cancellation = cancellation or Cancellation()
        found: list[ClipScores] = []
        left_out: list[LeftOut] = []
        parts = read_windows(file, self.window, self.faces, cancellation, sound_file, lying)
        used = self._used(file, parts, left_out)
        while batch := [*itertools.islice(used, BATCH)]:
            cancellation.check()
            found.append(self._scores(network, batch, heads))
        if not found:
            raise nothing_used(file, left_out)
        return _joined(found, left_out)

    def _used(
        self, file: Path, parts: Iterator[Excerpt | LeftOut], left_out: list[LeftOut]
    ) -> Iterator[Excerpt]:
        """Yield the windows that can be scored; the others go to `left_out`.

        Raises:
            ClipError: the clip cannot be read, in whatever way: a library that meets a picture that it did
                not expect must not cost the scores of the other files.
        """
        try:
            for part in parts:
                if isinstance(part, LeftOut):
                    left_out.append(part)
                else:
                    yield part
        except (NasframeError, CancelledError):
            raise
        except Exception as error:
            raise ClipError(file, f"cannot be read ({in_words(error)})", "damaged") from error

    @torch.inference_mode()
    def log_odds(self, network: nn.Module, heads: Heads, pictures: Tensor, samples: Tensor) -> Tensor:
        """Return the log-odds of fake of some windows `(windows,)`, float64.

        A stream with one row is that of all windows, and goes through its backbone once.

        Args:
            network: the searched one.
            heads: of the network.
            pictures: uint8 `(windows or 1, frames, size, size, 3)`.
            samples: float32 `(windows or 1, n)`.
        """
        rows = max(len(pictures), len(samples))
        features = {**self.extractor.pictures(pictures), **self.extractor.sounds(log_mel(samples, self.mels))}
        inputs = {name: self.standardiser(name, value) for name, value in features.items()}
        inputs = {
            name: value.expand(rows, *value.shape[1:]).to(self.extractor.device).float()
            for name, value in inputs.items()
        }
        return heads.log_odds(network(inputs)).cpu().double()

    @torch.inference_mode()
    def _scores(self, network: nn.Module, windows: Sequence[Excerpt], heads: Heads) -> ClipScores:
        inputs = window_inputs(
            [window.recording for window in windows], self.mels, self.extractor, self.standardiser
        )
        outputs = network(inputs)
        far = (
            {}
            if self.novelty is None
            else self.novelty({name: value.cpu() for name, value in inputs.items()})
        )
        return ClipScores(
            torch.tensor([[window.start, window.end] for window in windows], dtype=torch.float64),
            torch.tensor([attrs.astuple(window.square) for window in windows]),
            heads.log_odds(outputs).cpu(),
            heads.log_odds(network(_without(inputs, SOUND_INPUTS))).cpu(),
            heads.log_odds(network(_without(inputs, PICTURE_INPUTS))).cpu(),
            {name: value.cpu() for name, value in heads.parts(outputs).items()},
            far,
            (),
            windows[0].upside_down,
        )


def _joined(parts: Sequence[ClipScores], left_out: Sequence[LeftOut]) -> ClipScores:
    """Return the scores of consecutive batches of one clip as one."""
    plain: dict[str, Any] = {name: torch.cat([getattr(part, name) for part in parts]) for name in _PLAIN}
    mapped: dict[str, Any] = {
        name: {
            key: torch.cat([getattr(part, name)[key] for part in parts]) for key in getattr(parts[0], name)
        }
        for name in _MAPPED
    }
    return ClipScores(**plain, **mapped, left_out=tuple(left_out), upside_down=parts[0].upside_down)


def _without(inputs: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """Return the inputs with some replaced by their mean over the training, which is 0."""
    return {name: torch.zeros_like(value) if name in names else value for name, value in inputs.items()}
