"""The published detectors by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from nasframe import Baseline, Data
from nasframe_deepfake.published.alignment import Alignment
from nasframe_deepfake.published.ensemble import Ensemble
from nasframe_deepfake.published.modality_dissonance import ModalityDissonance
from nasframe_deepfake.published.multimodal_trace import MultimodalTrace
from nasframe_deepfake.published.published_detector import PublishedDetector
from nasframe_deepfake.published.sequences import Shapes
from nasframe_deepfake.published.synchrony_anomaly import SynchronyAnomaly

__all__ = ["published_detectors"]


_DETECTORS: Mapping[str, Callable[[Shapes, int], PublishedDetector]] = {
    "modality dissonance": ModalityDissonance,
    "MultimodalTrace": MultimodalTrace,
    "ensemble": Ensemble,
    "synchrony anomaly": SynchronyAnomaly,
    "alignment": Alignment,
}


def published_detectors(data: Data) -> dict[str, Baseline]:
    """Five published detectors, by name.

    The names enter seeds and the names of files: never change them.
    """
    return {
        name: Baseline(partial(make, data.inputs, data.outputs), loss=PublishedDetector.loss)
        for name, make in _DETECTORS.items()
    }
