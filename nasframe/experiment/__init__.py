"""The typed experiment: what is searched, on what, and how."""

from __future__ import annotations

from nasframe.experiment.device import resolve_device
from nasframe.experiment.experiment import Experiment
from nasframe.experiment.keys import option_keys
from nasframe.experiment.overrides import overridden, parse_value
from nasframe.experiment.portable import tensors_of, with_tensors, without_tensors
from nasframe.experiment.presets import with_preset
from nasframe.experiment.sections import PLUGINS
from nasframe.experiment.toml_file import read_toml
from nasframe.experiment.toml_value import in_toml

__all__ = [
    "PLUGINS",
    "Experiment",
    "in_toml",
    "option_keys",
    "overridden",
    "parse_value",
    "read_toml",
    "resolve_device",
    "tensors_of",
    "with_preset",
    "with_tensors",
    "without_tensors",
]
