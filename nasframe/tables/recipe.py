"""The recipe of a table: the experiment by which its networks are trained, and the space that they are of."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tomli_w
from attrs import frozen

from nasframe.errors import RunError
from nasframe.experiment import Experiment, overridden
from nasframe.plugins import RecordedNames, manager
from nasframe.runtime import damage_in_words
from nasframe.space import SearchSpace, rebuild_space

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
        words = [f"{key}={_toml(value)}" for key, value in (point or {}).items()]
        return overridden(values, f"{self.source}: experiment", words)

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


def _toml(value: Any) -> str:
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")
