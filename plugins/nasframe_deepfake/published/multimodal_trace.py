"""MultimodalTrace: mixers within and between the streams, and a label for each (Raza, Malik 2023)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_deepfake.detection import LABELS
from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import WIDTH, Embedding, Shapes, steps_of

__all__ = ["MultimodalTrace"]


class _Mixer(nn.Module):
    """A mixer layer on `(batch, length, WIDTH)`: over the steps, then over the channels, each added to its
    input (Tolstikhin et al. 2021)."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)])
        self.steps = nn.Sequential(nn.Linear(length, length), nn.GELU(), nn.Linear(length, length))
        self.channels = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))

    def forward(self, values: Tensor) -> Tensor:
        values = values + self.steps(self.norms[0](values).transpose(1, 2)).transpose(1, 2)
        mixed: Tensor = values + self.channels(self.norms[1](values))
        return mixed


class MultimodalTrace(PublishedDetector):
    """A mixer for each stream, one for both together, and two labels: picture altered, sound altered.

    The score says that one of the labels holds, the noisy or of both. A false pairing has neither, so this
    method cannot see it. The encoders are frozen backbones with two layers, and not the paper's.
    """

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__(outputs)
        length = steps_of(shapes)
        self.picture, self.sound = (Embedding(picture=which, shapes=shapes) for which in (True, False))
        self.within_picture, self.within_sound = _Mixer(length), _Mixer(length)
        self.between = _Mixer(2 * length)
        self.labels = nn.Linear(2 * length * WIDTH, 2)

    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        logits = self._logits(inputs)
        none = F.logsigmoid(-logits).sum(1)  # log of the chance that no label holds
        odds: Tensor = torch.log(-torch.expm1(none.clamp(max=-1e-6))) - none
        return odds

    def _logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        streams = (self.within_picture(self.picture(inputs)), self.within_sound(self.sound(inputs)))
        found: Tensor = self.labels(self.between(torch.cat(streams, dim=1)).flatten(1))
        return found

    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        columns = [LABELS.index(name) for name in ("fake_picture", "fake_voice")]
        return F.binary_cross_entropy_with_logits(self._logits(inputs), targets[:, columns])
