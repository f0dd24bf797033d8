"""Everything between decoded windows and the inputs of a network as one module, for export."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_audiovisual.backbones import normalise_pictures
from nasframe_audiovisual.features.extractor import PICTURE_INPUTS, SOUND_INPUTS, Extractor
from nasframe_audiovisual.features.standardiser import LARGEST_FEATURE, Standardiser
from nasframe_audiovisual.spectrogram import COLUMNS, spectrogram_parts

__all__ = ["Front"]


class Front(nn.Module):
    """Pictures and samples of windows → the inputs that `window_inputs` gives, by operations of ONNX.

    All its numbers are parameters and buffers, so its weights alone are enough for another program. The
    spectrogram is computed by other operations than that of `window_inputs`: features of the sound differ by
    up to 1e-4, and scores by less than 1e-5.

    Args:
        extractor: both backbones, on the CPU.
        standardiser: of the features.
        pictures: shape of the pictures of a window `(frames, size, size, 3)`.
        samples: number of samples of a window.
        mels: bands of the spectrogram.
    """

    def __init__(
        self,
        extractor: Extractor,
        standardiser: Standardiser,
        pictures: Sequence[int],
        samples: int,
        mels: int,
    ) -> None:
        super().__init__()
        self.picture, self.sound = extractor.picture, extractor.sound
        # as `standardise_sounds` has them
        self.register_buffer("sound_mean", torch.tensor(extractor.sound_mean))
        self.register_buffer("sound_deviation", torch.tensor(max(extractor.sound_deviation, 1e-3)))
        self.temporal, self.names = standardiser.temporal, (*PICTURE_INPUTS, *SOUND_INPUTS)
        self.frames, self.hop = pictures[0], samples // COLUMNS
        waves, bands = spectrogram_parts(mels, self.hop)
        self.register_buffer("waves", waves)
        self.register_buffer("bands", bands)
        for name in self.names:
            self.register_buffer(f"statistics_{name}", standardiser.statistics[name].clone())
        # a pooling to L steps is a product with a matrix, whatever the number of columns
        with torch.no_grad():
            lengths = [pictures[0]] * len(PICTURE_INPUTS)
            image = torch.zeros(1, 1, mels, COLUMNS)
            lengths += [stage.shape[-1] for stage in self.sound(image)]
        for name, length in zip(self.names, lengths, strict=True):
            pooling = F.adaptive_avg_pool1d(torch.eye(length)[None], extractor.steps)[0]
            self.register_buffer(f"pooling_{name}", pooling)

    def forward(self, pictures: Tensor, samples: Tensor) -> dict[str, Tensor]:
        """Return name → `(batch, L, channels)`, with temporal copies where the standardiser makes them.

        Args:
            pictures: uint8 `(batch, frames, size, size, 3)`.
            samples: float32 `(batch, samples)`, 16 kHz.
        """
        maps = self.picture(normalise_pictures(pictures.flatten(0, 1)))
        series = [stage.mean((2, 3)).unflatten(0, (-1, self.frames)) for stage in maps]
        image = (self._log_mel(samples) - self.get_buffer("sound_mean")) / self.get_buffer("sound_deviation")
        series += [stage.mean(2).transpose(1, 2) for stage in self.sound(image.unsqueeze(1))]
        return {
            name: self._standardised(name, values) for name, values in zip(self.names, series, strict=True)
        }

    def _log_mel(self, samples: Tensor) -> Tensor:
        """Return the spectrogram of `log_mel`, by a convolution with the waves of a Fourier transform."""
        waves = self.get_buffer("waves")
        half = waves.shape[-1] // 2
        padded = F.pad(samples[:, None], (half, half), mode="reflect")
        parts = F.conv1d(padded, waves, stride=self.hop)
        cosines, sines = parts.chunk(2, 1)
        power = cosines.square() + sines.square()
        mels = power.transpose(1, 2) @ self.get_buffer("bands")
        return torch.log(mels.transpose(1, 2)[..., :COLUMNS] + 1e-6)

    def _standardised(self, name: str, series: Tensor) -> Tensor:
        """Return the standardised features of a series `(batch, length, channels)`."""
        pooled = self.get_buffer(f"pooling_{name}").T @ series
        mean, deviation = self.get_buffer(f"statistics_{name}").unbind(0)
        values = (pooled - mean) / deviation
        if self.temporal:
            centred = values - values.mean(1, keepdim=True)
            spread = centred.square().mean(1, keepdim=True).sqrt()
            values = torch.cat([values, centred / (spread + 0.01)], 2)
        return values.clamp(-LARGEST_FEATURE, LARGEST_FEATURE)
