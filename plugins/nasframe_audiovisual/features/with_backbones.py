"""A network behind both backbones as one module, all of which can be trained."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from nasframe_audiovisual.features.extractor import Extractor, features_of_pictures, features_of_sounds
from nasframe_audiovisual.features.standardiser import Standardiser

__all__ = ["WithBackbones"]


class WithBackbones(nn.Module):
    """Streams → features → the outputs of a network, with gradients through all of it.

    The backbones stay in evaluation mode, so the statistics of their normalisation are those of their own
    training: a batch of a few clips, with many alike pictures of each, has worse ones. Features are
    standardised by the statistics that the network was trained with.

    Args:
        extractor: both backbones, which become trainable.
        standardiser: of the features.
        network: from features by name to outputs.
    """

    def __init__(self, extractor: Extractor, standardiser: Standardiser, network: nn.Module) -> None:
        super().__init__()
        self.picture = extractor.picture.requires_grad_(True)
        self.sound = extractor.sound.requires_grad_(True)
        self.network = network
        self.steps, self.temporal = extractor.steps, standardiser.temporal
        self.spread = (extractor.sound_mean, extractor.sound_deviation)
        for name, values in standardiser.statistics.items():
            self.register_buffer(f"statistics_{name}", values.clone())

    def train(self, mode: bool = True) -> WithBackbones:
        """Set the mode of the network; the backbones stay in evaluation mode."""
        super().train(mode)
        self.picture.eval()
        self.sound.eval()
        return self

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the outputs of the network.

        Args:
            inputs: `pictures`, uint8 `(batch, frames, size, size, 3)`, and `sounds`, log-mel
                `(batch, mels, columns)`.
        """
        features = {
            **features_of_pictures(self.picture, inputs["pictures"], self.steps),
            **features_of_sounds(self.sound, inputs["sounds"], *self.spread, self.steps),
        }
        statistics = {name: self.get_buffer(f"statistics_{name}") for name in features}
        standardiser = Standardiser(statistics, self.temporal)
        outputs: Tensor = self.network(
            {name: standardiser(name, values) for name, values in features.items()}
        )
        return outputs
