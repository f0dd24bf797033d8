"""Published detectors, to stand beside a searched network: our reading of each, small, on the same features.

They are baselines of an experiment that names them: `[baselines] registered = ["published_detectors"]`.
"""

from __future__ import annotations

from nasframe_deepfake.published.detectors import published_detectors

__all__ = ["published_detectors"]
