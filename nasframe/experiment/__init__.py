"""The typed experiment: what is searched, on what, and how."""

from __future__ import annotations

from nasframe.experiment.device import resolve_device
from nasframe.experiment.experiment import SETTINGS, Experiment
from nasframe.experiment.given_experiment import as_experiment, experiment_file
from nasframe.experiment.keys import option_keys
from nasframe.experiment.overrides import Overrides, overridden, override_words, parse_value
from nasframe.experiment.plain import plain_value
from nasframe.experiment.portable import tensors_of, with_tensors, without_tensors
from nasframe.experiment.presets import with_preset
from nasframe.experiment.section_options import (
    OptionGroup,
    default_in_toml,
    options_of_plugin,
    options_of_plugins,
    options_of_section,
)
from nasframe.experiment.sections import DEFAULT_NAMES, ENGINE, PLUGINS
from nasframe.experiment.starting_file import starting_file
from nasframe.experiment.toml_file import read_toml
from nasframe.experiment.toml_value import in_toml
from nasframe.experiment.unused_sections import overrides_without_effect, unused_in, unused_sections

__all__ = [
    "DEFAULT_NAMES",
    "ENGINE",
    "PLUGINS",
    "SETTINGS",
    "Experiment",
    "OptionGroup",
    "Overrides",
    "as_experiment",
    "default_in_toml",
    "experiment_file",
    "in_toml",
    "option_keys",
    "options_of_plugin",
    "options_of_plugins",
    "options_of_section",
    "overridden",
    "override_words",
    "overrides_without_effect",
    "parse_value",
    "plain_value",
    "read_toml",
    "resolve_device",
    "starting_file",
    "tensors_of",
    "unused_in",
    "unused_sections",
    "with_preset",
    "with_tensors",
    "without_tensors",
]
