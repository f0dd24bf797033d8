from __future__ import annotations

import torch

from nasframe_audiovisual import COLUMNS, log_mel


def test_a_spectrogram_has_a_fixed_number_of_columns_in_step_with_time() -> None:
    samples = torch.zeros(25_600)
    samples[12_800:] = 0.1 * torch.randn(12_800, generator=torch.Generator().manual_seed(0))
    image = log_mel(samples, 40)
    assert image.shape == (40, COLUMNS)
    assert image[:, :124].max() < image[:, 132:].mean() - 5
