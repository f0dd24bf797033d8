"""The typed experiment: what is searched, on what, and how."""

from __future__ import annotations

from nasframe.experiment._device import resolve_device
from nasframe.experiment._experiment import Experiment

__all__ = ["Experiment", "resolve_device"]
