"""Log-mel spectrograms with a fixed number of columns, whatever the length of the sound."""

from __future__ import annotations

import functools
from importlib.metadata import version

import torch
from torch import Tensor

from nasframe.errors import PluginError
from nasframe_audiovisual.media import SAMPLE_RATE

try:
    import torchaudio
except Exception as error:  # OSError, ImportError or RuntimeError: it was built for another torch
    pair, reason = (version("torchaudio"), version("torch")), str(error).rpartition("/")[2]
    raise PluginError(
        f"torchaudio {pair[0]} cannot be imported beside torch {pair[1]} ({reason}); a torch older than 2.11 "
        "needs the torchaudio of its own version, and both must be built for one version of CUDA: "
        "docs/installation.md says which pairs were tried"
    ) from error

__all__ = ["COLUMNS", "log_mel"]

COLUMNS = 256
"""Columns of every spectrogram: a ResNet halves them five times, so that its last stage has eight."""


def log_mel(samples: Tensor, bands: int) -> Tensor:
    """Return the natural log of mel power, `(..., bands, COLUMNS)`, of samples `(..., length)` at 16 kHz.

    Windows are 25 ms long; the hop is such that COLUMNS of them span the samples, of which there must be
    COLUMNS or more.
    """
    transform = _transform(bands, samples.shape[-1] // COLUMNS)
    return torch.log(transform(samples)[..., :COLUMNS] + 1e-6)


@functools.cache
def _transform(bands: int, hop: int) -> torchaudio.transforms.MelSpectrogram:
    return torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=512, win_length=400, hop_length=hop, n_mels=bands
    )
