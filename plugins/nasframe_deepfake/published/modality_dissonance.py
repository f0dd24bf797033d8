"""Not made for each other: the dissonance of the two streams (Chugh, Gupta, Dhall, Subramanian 2020)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import WIDTH, Embedding, Shapes, steps_of

__all__ = ["ModalityDissonance"]

_MARGIN = 1.0


class ModalityDissonance(PublishedDetector):
    """The distance of picture and sound, step by step; genuine clips have small ones, fakes large ones.

    The score is the mean over the steps of d = ‖p − s‖, less half the margin. The loss is contrastive, d² for
    a genuine clip and max(0, margin − d)² for a fake, and beside it each stream classifies the clip on its
    own. Ours differs from the paper in its encoders, which are frozen backbones with two layers.
    """

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__(outputs)
        self.picture, self.sound = (Embedding(picture=which, shapes=shapes) for which in (True, False))
        width = steps_of(shapes) * WIDTH
        self.of_picture, self.of_sound = nn.Linear(width, 1), nn.Linear(width, 1)

    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return _distances(self.picture(inputs), self.sound(inputs)).mean(1) - _MARGIN / 2

    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        picture, sound, fake = self.picture(inputs), self.sound(inputs), targets[:, 0]
        distances = _distances(picture, sound)
        far = F.relu(_MARGIN - distances).square()
        apart = torch.where(fake[:, None] == 1, far, distances.square()).mean()
        logits = (self.of_picture(picture.flatten(1)), self.of_sound(sound.flatten(1)))
        alone = [F.binary_cross_entropy_with_logits(item[:, 0], fake) for item in logits]
        return apart + alone[0] + alone[1]


def _distances(picture: Tensor, sound: Tensor) -> Tensor:
    """Return the root mean square difference at each step, `(batch, L)`."""
    # where both are equal, the root has no derivative
    return ((picture - sound).square().mean(2) + 1e-6).sqrt()
