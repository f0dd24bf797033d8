"""AVH-Align: the alignment of picture and sound, learnt from genuine clips (Smeu et al. 2025)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import WIDTH, Embedding, Shapes, genuine_rows

__all__ = ["Alignment"]


class Alignment(PublishedDetector):
    """A network that says how well the picture of a step fits the sound of another, from genuine clips alone.

    For each step, the sound of the same step has to win against that of the other steps of the clip. The
    score pools the misfit of all steps, log Σ exp(−fit), so it is high where one step does not fit. The paper
    takes frozen features of AV-HuBERT, and the neighbours among 30 frames; here they are those of the
    backbones, and the L steps of a clip.
    """

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__(outputs)
        self.picture, self.sound = (Embedding(picture=which, shapes=shapes) for which in (True, False))
        self.fit = nn.Sequential(nn.LayerNorm(2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH), nn.ReLU())
        self.last = nn.Linear(WIDTH, 1)

    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        own = self.fits(inputs).diagonal(dim1=1, dim2=2)
        return torch.logsumexp(-own, dim=1)

    def fits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the fit of the picture of each step and the sound of each, `(batch, L, L)`."""
        picture, sound = F.normalize(self.picture(inputs), dim=2), F.normalize(self.sound(inputs), dim=2)
        steps = picture.shape[1]
        pairs = torch.cat(
            [
                picture[:, :, None].expand(-1, -1, steps, -1),
                sound[:, None].expand(-1, steps, -1, -1),
            ],
            dim=3,
        )
        found: Tensor = self.last(self.fit(pairs)).squeeze(3)
        return found

    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        rows = genuine_rows(targets)
        fits = self.fits({name: values[rows] for name, values in inputs.items()})
        if len(rows) == 0:
            return fits.sum()  # nothing to learn from: zero, with a graph
        aligned = torch.arange(fits.shape[1], device=fits.device).repeat(len(fits))
        return F.cross_entropy(fits.flatten(0, 1), aligned)
