"""Networks that are trained outside any run: baselines, and the architectures of a table."""

from __future__ import annotations

from nasframe.studies.network_training.training_result import is_trained, read_trained_network
from nasframe.studies.network_training.training_trial import NetworkToTrain, make_training_trial

__all__ = ["NetworkToTrain", "is_trained", "make_training_trial", "read_trained_network"]
