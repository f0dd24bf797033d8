"""The four tasks, with what they share: a loss, metrics, baselines."""

from __future__ import annotations

from nasframe_tabular.tasks.av_digits import AudioVisualDigits
from nasframe_tabular.tasks.htad import HomeActivities
from nasframe_tabular.tasks.mfeat import MultipleFeatures
from nasframe_tabular.tasks.mnist1d import Mnist1D

__all__ = ["AudioVisualDigits", "HomeActivities", "Mnist1D", "MultipleFeatures"]
