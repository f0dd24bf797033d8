"""An anomaly of the synchrony of picture and sound, learnt from genuine clips (Feng, Chen, Owens 2023)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import Embedding, Shapes, genuine_rows, steps_of

__all__ = ["SynchronyAnomaly"]

_DELAYS = (-2, -1, 0, 1, 2)
_TEMPERATURE = 0.1


class SynchronyAnomaly(PublishedDetector):
    """The surprise at the delays between the streams, for a model that knows genuine clips alone.

    Two parts learn together, from the genuine clips of a batch. The first says at every step how well the
    picture fits the sound some steps earlier or later; it learns that no delay fits best, in contrast to the
    other delays and to the other clips of the batch. The second predicts these values of a step from those
    before, as a normal distribution; its negative log likelihood, the mean over the steps, is the score. It
    sends no gradient to the first.

    The paper has 2.5 to 5 seconds of 25 frames a second and a transformer; here a clip has L steps, and a
    recurrent network is enough.
    """

    def __init__(self, shapes: Shapes, outputs: int) -> None:
        super().__init__(outputs)
        if steps_of(shapes) < len(_DELAYS):
            raise ValueError(f"it needs {len(_DELAYS)} steps, task.steps, and finds {steps_of(shapes)}")
        self.picture, self.sound = (Embedding(picture=which, shapes=shapes) for which in (True, False))
        values = len(_DELAYS)
        self.memory = nn.GRU(values, 16, batch_first=True)
        self.next = nn.Linear(16, 2 * values)

    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        fits = self._fits(self.picture(inputs), self.sound(inputs))
        return self._surprise(fits).mean(1)

    def _fits(self, picture: Tensor, sound: Tensor) -> Tensor:
        """Return the fit of each delay at each step where all of them are there, `(batch, steps, delays)`."""
        picture, sound = F.normalize(picture, dim=2), F.normalize(sound, dim=2)
        edge, steps = max(_DELAYS), picture.shape[1]
        middle = picture[:, edge : steps - edge]
        moved = [sound[:, edge + delay : steps - edge + delay] for delay in _DELAYS]
        return torch.stack([(middle * item).sum(2) for item in moved], dim=2)

    def _surprise(self, fits: Tensor) -> Tensor:
        """Return the negative log likelihood of each step's values but the first's, `(batch, steps − 1)`."""
        hidden, _ = self.memory(fits[:, :-1])
        mean, spread = self.next(hidden).chunk(2, dim=2)
        log_scale = spread.clamp(-5, 5)
        squared = ((fits[:, 1:] - mean) * torch.exp(-log_scale)).square()
        found: Tensor = (squared / 2 + log_scale).mean(2)
        return found

    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        rows = genuine_rows(targets)
        genuine = {name: values[rows] for name, values in inputs.items()}
        picture: Tensor = self.picture(genuine)
        sound: Tensor = self.sound(genuine)
        if len(rows) == 0:
            return picture.sum() + sound.sum()  # nothing to learn from: zero, with a graph
        fits = self._fits(picture, sound)
        others = _other_clips(picture, sound)
        logits = torch.cat([fits, others], dim=2) / _TEMPERATURE
        aligned = torch.full(logits.shape[:2], _DELAYS.index(0), device=logits.device)
        synchrony = F.cross_entropy(logits.flatten(0, 1), aligned.flatten())
        return synchrony + self._surprise(fits.detach()).mean()


def _other_clips(picture: Tensor, sound: Tensor) -> Tensor:
    """Return how well the sound of every other clip fits at the same step, `(batch, steps, batch − 1)`."""
    edge, (batch, steps) = max(_DELAYS), picture.shape[:2]
    picture, sound = F.normalize(picture, dim=2), F.normalize(sound, dim=2)
    middle = slice(edge, steps - edge)
    fits = torch.einsum("btc,otc->bto", picture[:, middle], sound[:, middle])
    others = ~torch.eye(batch, dtype=torch.bool, device=fits.device)
    apart = fits.transpose(1, 2)[others].reshape(batch, batch - 1, steps - 2 * edge)
    return apart.transpose(1, 2)
