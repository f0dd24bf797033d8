"""Log-mel spectrograms with a fixed number of columns, whatever the length of the sound."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from nasframe_audiovisual.media import SAMPLE_RATE
from nasframe_audiovisual.torch_companions import beside_torch

with beside_torch("torchaudio"):
    import torchaudio

__all__ = ["COLUMNS", "log_mel", "spectrogram_parts"]

COLUMNS = 256
"""Columns of every spectrogram: a ResNet halves them five times, so that its last stage has eight."""


def log_mel(samples: Tensor, bands: int) -> Tensor:
    """Return the natural log of mel power, `(..., bands, COLUMNS)`, of samples `(..., length)` at 16 kHz.

    Windows are 25 ms long; the hop is such that COLUMNS of them span the samples, of which there must be
    COLUMNS or more.
    """
    transform = _transform(bands, samples.shape[-1] // COLUMNS)
    return torch.log(transform(samples)[..., :COLUMNS] + 1e-6)


def spectrogram_parts(bands: int, hop: int) -> tuple[Tensor, Tensor]:
    """Return the transform of `log_mel` as tensors, for those who compute it by other means.

    Returns:
        The windowed waves of the Fourier transform `(2 · frequencies, 1, length)`, cosines first; and the
        weights of the mel bands `(frequencies, bands)`.
    """
    transform = _transform(bands, hop)
    length, window = transform.n_fft, transform.spectrogram.window.double()
    before = (length - len(window)) // 2
    padded = torch.nn.functional.pad(window, (before, length - len(window) - before))
    turns = torch.outer(torch.arange(length // 2 + 1), torch.arange(length)).remainder(length).double()
    angles = 2 * torch.pi * turns / length
    waves = torch.cat([angles.cos() * padded, angles.sin() * padded])
    return waves[:, None].float(), transform.mel_scale.fb.clone()


@functools.cache
def _transform(bands: int, hop: int) -> torchaudio.transforms.MelSpectrogram:
    return torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=512, win_length=400, hop_length=hop, n_mels=bands
    )
