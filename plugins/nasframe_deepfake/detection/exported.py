"""The detector behind decoding as one module with settings, for programs without nasframe."""

from __future__ import annotations

from typing import Any

import attrs
import torch
from torch import Tensor, nn

from nasframe import Exported
from nasframe_audiovisual import SAMPLE_RATE, Front, Novelty
from nasframe_deepfake.detection.calibration import Calibration
from nasframe_deepfake.detection.clip_rule import STRETCH
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.detection.heads import Heads
from nasframe_deepfake.detection.streams_read import streams_read

__all__ = ["exported_detector"]


class _WindowScores(nn.Module):
    """Pictures and samples of windows → log-odds of fake, probability, and distances from the training.

    All numbers are parameters and buffers, so the weights and the settings are enough to compute the outputs.
    """

    def __init__(
        self, front: Front, network: nn.Module, heads: Heads, temperature: float, novelty: Novelty | None
    ) -> None:
        super().__init__()
        self.front, self.network = front, network
        self.heads, self.novelty = heads, novelty
        self.register_buffer("temperature", torch.tensor(temperature, dtype=torch.float32))

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        features = self.front(inputs["pictures"], inputs["samples"])
        log_odds = self.heads.joined(self.network(features))
        distances = {} if self.novelty is None else self.novelty(features)
        return {
            "log_odds": log_odds,
            "probability": torch.sigmoid(log_odds / self.get_buffer("temperature")),
            **{f"novelty_of_{stream}": values for stream, values in distances.items()},
        }


def exported_detector(
    detector: Detector, network: nn.Module, heads: Heads, calibration: Calibration, meaning: str
) -> Exported:
    """Return the module from decoded windows to scores, with all that a program needs beside it.

    Its inputs are `pictures`, uint8 `(batch, frames, size, size, 3)`, and `samples`, float32
    `(batch, samples)`; its outputs `log_odds` and `probability` of fake and `novelty_of_pictures`,
    `novelty_of_sound`, each `(batch,)`.
    """
    window = detector.window
    shape = (window.frames, window.size, window.size, 3)
    samples = round(window.seconds * SAMPLE_RATE)
    front = Front(detector.extractor, detector.standardiser, shape, samples, detector.mels)
    random = torch.Generator().manual_seed(0)
    example = {
        "pictures": torch.randint(0, 256, (2, *shape), generator=random, dtype=torch.uint8),
        "samples": 0.1 * torch.randn(2, samples, generator=random),
    }
    settings: dict[str, Any] = {
        "score_meaning": meaning,
        "window": attrs.asdict(window),
        "sample_rate": SAMPLE_RATE,
        "faces": detector.faces.name,
        "threshold": calibration.threshold,
        "temperature": calibration.temperature,
        "stretch": STRETCH,
        "shifts": {str(length): shift for length, shift in calibration.shifts.items()},
        "synthetic": detector.synthetic,
        "reads": sorted(streams_read(network)),
    }
    module = _WindowScores(front, network, heads, calibration.temperature, detector.novelty)
    return Exported(module.eval(), example, settings)
