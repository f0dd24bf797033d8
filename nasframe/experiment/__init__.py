"""The typed experiment: what is searched, on what, and how."""

from __future__ import annotations

from nasframe.experiment._device import resolve_device
from nasframe.experiment._experiment import Experiment
from nasframe.experiment._keys import option_keys, overridden
from nasframe.experiment._overrides import parse_value
from nasframe.experiment._source import read_toml

__all__ = ["Experiment", "option_keys", "overridden", "parse_value", "read_toml", "resolve_device"]
