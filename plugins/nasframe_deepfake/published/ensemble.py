"""An ensemble of uni- and multimodal networks (Hashmi et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_deepfake.detection import Streams
from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import Shapes

__all__ = ["Ensemble"]


class Ensemble(PublishedDetector):
    """Networks of the pictures, of the sound, and of both; each learns on its own, and they vote softly.

    The score is the mean of the three probabilities, as log odds. The networks are those of the other fixed
    networks, and not the paper's.
    """

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__(outputs)
        seen = (PICTURE_INPUTS, SOUND_INPUTS, (*PICTURE_INPUTS, *SOUND_INPUTS))
        self.members = nn.ModuleList([Streams(names, shapes, 1) for names in seen])

    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.logit(self._logits(inputs).sigmoid().mean(1), eps=1e-6)

    def _logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([member(inputs) for member in self.members], dim=1)

    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        logits = self._logits(inputs)
        fake = targets[:, :1].expand_as(logits)
        return F.binary_cross_entropy_with_logits(logits, fake) * logits.shape[1]
