"""The experiment that a study starts from: of a TOML file, or made in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nasframe.experiment import Experiment, experiment_file, read_toml, tensors_of, with_preset, with_tensors
from nasframe.studies.default_place import default_folder

__all__ = ["BaseExperiment"]


@frozen
class BaseExperiment:
    """Plain values of an experiment, and its name.

    Attributes:
        values: as a TOML file gives them; tensors of an experiment that was made in Python are tensors.
        source: where they come from, for errors.
        name: that of the file, without its ending; empty for an experiment made in Python.
        recorded: the folder of a study from which they were read, which may come from a stranger; None for
            the user's own.
    """

    values: Mapping[str, Any]
    source: str
    name: str = ""
    recorded: Path | None = None

    @classmethod
    def of(
        cls, experiment: BaseExperiment | Experiment | str | Path, preset: str | None = None
    ) -> BaseExperiment:
        """Return the base of a study, with a preset laid over it where one is named.

        Raises:
            ConfigurationError: the file cannot be read; no other process could make the experiment; or the
                preset does not fit.
            PluginError: no preset of this name.
        """
        if preset is not None:
            base = cls.of(experiment)
            return attrs.evolve(base, values=with_preset(base.values, base.source, preset))
        if isinstance(experiment, BaseExperiment):
            return experiment
        if isinstance(experiment, Experiment):
            return cls(with_tensors(experiment.to_dict(), tensors_of(experiment)), "experiment")
        path = experiment_file(experiment)
        return cls(read_toml(path), str(path), path.stem)

    @property
    def short_name(self) -> str:
        """The name in default folders: that of the file, or `experiment`."""
        return self.name or "experiment"

    def folder(self, out: str | Path | None, ending: str) -> Path:
        """Return the folder of the study: `out`, or where it is None `runs/NAME-ENDING`."""
        return default_folder(self.short_name, ending) if out is None else Path(out)

    def title(self, folder: Path) -> str:
        """Return the name of the study: that of the file, or of the folder."""
        return self.name or folder.name
