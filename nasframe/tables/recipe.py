"""The recipe of a table: the experiment by which its networks are trained, and the space that they are of."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from nasframe.errors import RunError, in_lines
from nasframe.experiment import Experiment, in_toml, overridden
from nasframe.plugins import RecordedNames, manager
from nasframe.runtime import damage_in_words
from nasframe.space import SearchSpace, rebuild_space
from nasframe.tables.flat_differences import flat_differences, shown

__all__ = ["Recipe"]


@frozen
class Recipe:
    """The experiment and the space of a table, as its record holds them.

    Attributes:
        record: of the table.
        source: the table, for errors.
    """

    record: Mapping[str, Any]
    source: str

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within the block, let names mean what they meant when the table was made."""
        with manager().reading(RecordedNames.of(self.record)):
            yield

    def values(self, point: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the plain values of the experiment, as a TOML file gives them.

        Args:
            point: dotted key → value, the options in which it differs from the table's own.

        Raises:
            RunError: the table has none, or a damaged one.
        """
        text = self.record.get("experiment")
        if not isinstance(text, str):
            raise RunError(f"{self.source}: does not say the experiment by which it was made")
        with damage_in_words(f"{self.source}: experiment"):
            values = tomllib.loads(text)
        words = [f"{key}={in_toml(value)}" for key, value in (point or {}).items()]
        return overridden(values, f"{self.source}: experiment", words)

    def check(self) -> None:
        """Compare the experiment with what the record says of it beside: task, training, space and epochs.

        Raises:
            RunError: they differ, so nobody knows by which of them the networks were trained; says where.
        """
        values = self.values()
        said = {key: self.record.get(key) for key in ("task", "train")}
        space = self.record.get("space") or {}
        if "options" in space:
            said["space"] = {"name": space.get("name"), **space["options"]}
        lines = [
            f"{name}: {shown(there)} in its experiment, {shown(here)} beside it"
            for key, section in said.items()
            if section is not None
            for name, there, here in flat_differences(values.get(key), section, key)
        ]
        points = [item.get("point") for item in self.record.get("trainings") or ()] or [None]
        epochs = {int(self.experiment(point).train.epochs) for point in points}
        if (longest := max(epochs)) != self.record.get("epochs"):
            there = self.record.get("epochs")
            lines.append(f"train.epochs: {longest} in its experiment, and its curves have {there} epochs")
        if lines:
            raise RunError(
                in_lines(f"{self.source}: says two things of how its networks were trained:", *lines)
            )

    def experiment(self, point: Mapping[str, Any] | None = None, seed: int | None = None) -> Experiment:
        """Return the experiment of a training; see `TabularBenchmark.experiment` for the errors.

        Args:
            point: dotted key → value, the options in which it differs from the table's own.
            seed: None is the table's own.
        """
        with self.reading():
            return Experiment.parse(self.values(point), f"{self.source}: experiment", seed=seed)

    def space(self) -> SearchSpace:
        """Return the space; see `TabularBenchmark.space` for the errors."""
        origin = self.record.get("space")
        if not isinstance(origin, Mapping) or not {"name", "inputs", "outputs"} <= origin.keys():
            raise RunError(f"{self.source}: does not say the space that its networks are of")
        with damage_in_words(f"{self.source}: space"), self.reading():
            return rebuild_space(origin, f"{self.source}: space")
