"""The typed experiment, read from TOML with every mistake reported at once."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import tomli_w
import torch
from attrs import field, frozen

from nasframe.errors import ConfigurationError
from nasframe.experiment.device import resolve_device, valid_device
from nasframe.experiment.overrides import Overrides, apply_overrides
from nasframe.experiment.plain import is_plain, plain_options, plain_value
from nasframe.experiment.presets import with_preset
from nasframe.experiment.sections import (
    ENGINE,
    PLUGINS,
    misfit,
    name_of,
    structure_section,
    unknown_keys,
)
from nasframe.experiment.toml_file import read_toml
from nasframe.experiment.toml_value import in_toml, texts_toml_cannot_hold
from nasframe.options import collect, option, unstructure
from nasframe.relaxations import Relaxation
from nasframe.runtime import absolute_cache, default_cache, escape_toml, fingerprint, visible
from nasframe.searching import GradientLoop, ProposalLoop, SearchOptions
from nasframe.space import SpaceFactory
from nasframe.tasks import Task
from nasframe.training import BaselineOptions, TrainOptions

__all__ = ["SETTINGS", "Experiment", "Settings"]


@frozen
class Settings:
    """The keys of an experiment that stand outside its sections."""

    seed: int = option(0, help="from which every random stream of the run is derived", ge=0)
    data_seed: int | None = option(
        None,
        help="of the task's stages, so that runs of several seeds share their data; by default the seed",
        ge=0,
    )
    device: str = option(
        "auto",
        help="auto (the first GPU where there is one), cpu, cuda, or cuda:N",
        validator=lambda _, __, value: valid_device(value),
    )
    cache: Path | None = option(
        None, help="folder of prepared data, which runs share; by default that of the user"
    )


@frozen
class Experiment:
    """Everything a run is made from.

    Attributes:
        task, space, relaxation, loop: instances of plugins, their options as fields.
        search, train: options of the engine for the search and for the final training.
        baselines: what the searched network is measured against.
        seed: from which every random stream of the run is derived.
        data_seed: of the task's stages, so that runs with several seeds share their data; None is `seed`.
        device: `auto`, `cpu`, `cuda` or `cuda:N`; see `torch_device`.
        cache: folder that runs share; what lies in it is keyed by fingerprints. None is that of the user.
        names: section → the name under which its plugin is registered.
    """

    task: Task
    space: SpaceFactory
    relaxation: Relaxation
    loop: GradientLoop | ProposalLoop
    search: SearchOptions
    train: TrainOptions
    baselines: BaselineOptions
    seed: int = 0
    data_seed: int | None = None
    device: str = "auto"
    cache: Path | None = None
    names: Mapping[str, str] = field(factory=dict)

    @classmethod
    def load(
        cls,
        path: str | Path,
        overrides: Overrides = (),
        *,
        preset: str | None = None,
        relaxation: str | None = None,
        seed: int | None = None,
        device: str | None = None,
    ) -> Experiment:
        """Return the experiment of a TOML file; see `parse` for the other arguments and the errors.

        Args:
            preset: name of a registered preset, which is laid over the file and under the overrides; see
                `with_preset`.
        """
        values = read_toml(Path(path))
        if preset is not None:
            values = with_preset(values, str(path), preset)
        return cls.parse(values, str(path), overrides, relaxation=relaxation, seed=seed, device=device)

    @classmethod
    def parse(
        cls,
        values: Mapping[str, Any],
        source: str = "experiment",
        overrides: Overrides = (),
        *,
        relaxation: str | None = None,
        seed: int | None = None,
        device: str | None = None,
    ) -> Experiment:
        """Return the experiment that plain values describe.

        Naming another plugin for a section than `values` does (by `relaxation`, or by an override such
        as `loop.name=joint`) starts that section from the new plugin's defaults: the options written
        for the old one are dropped, even those the new one has too, for a temperature tuned for one
        estimator is wrong for another. Overrides of the section's options still hold.

        Args:
            values: what a TOML file holds.
            source: what they were read from, for the error.
            overrides: `dotted.key=value` each, of which a value is read as TOML, else taken as a string; or a
                mapping of dotted key → value.
            relaxation, seed, device: short-cuts for `relaxation.name=…`, `seed=…` and `device=…`.

        Raises:
            ConfigurationError: with everything that is wrong, each by its key path.
        """
        table, problems = apply_overrides(values, overrides, relaxation=relaxation, seed=seed, device=device)
        return cls._assemble(table, source, problems)

    @staticmethod
    def problems_beside(section: str, values: Mapping[str, Any]) -> list[str]:
        """Return the problems of plain values in all but one section, each with its key path."""
        problems = texts_toml_cannot_hold(values) + unknown_keys(values, SETTINGS)
        problems += collect(Settings, {key: values[key] for key in SETTINGS if key in values})[1]
        for other in (*PLUGINS, *ENGINE):
            if other != section:
                problems += _section(other, values)[2]
        return problems

    @classmethod
    def of(
        cls,
        *,
        task: Task | str,
        space: SpaceFactory | str,
        relaxation: Relaxation | str = "grmc",
        loop: GradientLoop | ProposalLoop | str = "bilevel",
        search: SearchOptions | None = None,
        train: TrainOptions | None = None,
        baselines: BaselineOptions | None = None,
        seed: int = 0,
        data_seed: int | None = None,
        device: str = "auto",
        cache: str | Path | None = None,
    ) -> Experiment:
        """Return an experiment made in Python: each plugin an instance, or a name for its default options.

        Raises:
            ConfigurationError: with everything that is wrong.
        """
        given: dict[str, Any] = {
            "task": task,
            "space": space,
            "relaxation": relaxation,
            "loop": loop,
            **{
                name: value
                for name, value in (("search", search), ("train", train), ("baselines", baselines))
                if value is not None
            },
        }
        named = {key: {"name": value} for key, value in given.items() if isinstance(value, str)}
        instances = {key: value for key, value in given.items() if not isinstance(value, str)}
        settings: dict[str, Any] = {"seed": seed, "device": device}
        if data_seed is not None:
            settings["data_seed"] = data_seed
        if cache is not None:
            settings["cache"] = str(cache)
        return cls._assemble({**settings, **named}, "Experiment.of", [], instances)

    @classmethod
    def _assemble(
        cls,
        table: Mapping[str, Any],
        source: str,
        problems: list[str],
        instances: Mapping[str, Any] | None = None,
    ) -> Experiment:
        """Structure every section, except those whose instance is already there."""
        parts: dict[str, Any] = dict(instances or {})
        problems = problems + texts_toml_cannot_hold(table) + unknown_keys(table, SETTINGS)
        for section, instance in parts.items():
            problems += misfit(section, instance)
        settings, found = collect(Settings, {key: table[key] for key in SETTINGS if key in table})
        problems += found
        names = {section: name_of(section, parts[section]) for section in PLUGINS if section in parts}
        for section in (*PLUGINS, *ENGINE):
            if section not in parts:
                parts[section], names[section], found = _section(section, table)
                problems += found
        if problems or settings is None:
            raise ConfigurationError(source, problems)
        names = {section: names[section] for section in PLUGINS}
        loop, exact = parts["loop"], parts["space"].exact_with
        if isinstance(loop, GradientLoop) and not loop.relaxes and exact:
            problem = (
                f"loop.name: {names['loop']!r} ranks architectures by its supernet, which with these options "
                f"of the space is another network than the one that is built; set {exact}"
            )
            raise ConfigurationError(source, [problem])
        return cls(**parts, **attrs.asdict(settings, recurse=False), names=names)

    def __repr__(self) -> str:
        """Return a few lines: the plugins, and every option that is not at its default."""
        parts = [f"{section} {visible(self.names[section])}" for section in PLUGINS]
        changed = [
            f"{section}.{item.name}={visible(value)}"
            for section in (*PLUGINS, *ENGINE)
            for item in attrs.fields(type(getattr(self, section)))
            if item.init and item.repr
            if (value := _told(getattr(getattr(self, section), item.name))) != _default(item)
        ]
        options = textwrap.shorten(" ".join([f"seed={self.seed}", *changed]), 400, placeholder=" …")
        lines = [", ".join(parts), *textwrap.wrap(options, 98, break_long_words=False)]
        return "<Experiment: " + "\n  ".join(lines) + ">"

    @property
    def stage_seed(self) -> int:
        """The seed of the task's stages."""
        return self.seed if self.data_seed is None else self.data_seed

    @property
    def cache_folder(self) -> Path:
        """The folder of prepared data, absolute.

        Raises:
            RunError: nothing names one, or it begins with `~`, and there is no such home folder.
        """
        return default_cache() if self.cache is None else absolute_cache(self.cache)

    def torch_device(self) -> torch.device:
        """Return the device of this machine on which to compute.

        Raises:
            ConfigurationError: `device` is not on this machine.
        """
        return resolve_device(self.device)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, defaults included, as TOML can hold it; `parse` reads it. None is left out."""
        sections = {
            section: {"name": self.names[section], **plain_options(getattr(self, section), section)}
            for section in PLUGINS
        }
        engine = {section: plain_options(getattr(self, section), section) for section in ENGINE}
        seeds = {"seed": self.seed} | ({} if self.data_seed is None else {"data_seed": self.data_seed})
        place = {} if self.cache is None else {"cache": str(self.cache)}
        return {**seeds, "device": self.device, **place, **sections, **engine}

    def to_toml(self) -> str:
        """Return `to_dict` as a TOML document, from which `load` reads an equal experiment."""
        return escape_toml(tomli_w.dumps(self.to_dict()))

    def fingerprint(self) -> str:
        """Return 64 hexadecimal digits that depend on everything that decides the searched network and its
        scores: not on device and cache, nor on the baselines, nor on `_ADDED` options that change nothing."""
        left_out = ("device", "cache", "baselines")
        kept = {key: value for key, value in self.to_dict().items() if key not in left_out}
        for section, options in _ADDED.items():
            kept[section] = {
                key: value
                for key, value in kept[section].items()
                if key not in options or value != options[key]
            }
        return fingerprint(kept)


def _section(section: str, table: Mapping[str, Any]) -> tuple[Any, str, list[str]]:
    """Return the instance of a section of plain values, its plugin's name, and the problems."""
    values = table.get(section, {})
    if isinstance(values, Mapping):
        return structure_section(section, values)
    named = f"; say {section}.name={values}" if section in PLUGINS and isinstance(values, str) else ""
    return None, "", [f"{section}: expected a table [{section}], found {values!r}{named}"]


def _default(item: Any) -> str:
    """Return how the default of an option is written; empty where it depends on other options."""
    if isinstance(item.default, attrs.Factory):  # type: ignore[arg-type]
        return "" if item.default.takes_self else _told(item.default.factory())
    return _told(item.default)


def _told(value: Any) -> str:
    """Return a value as a file has it; by its class and content where no file can."""
    plain = unstructure(value)
    return in_toml(plain_value(plain)) if is_plain(plain) else repr(value)


_ADDED: Mapping[str, Mapping[str, Any]] = {
    "search": {
        "accumulation_steps": 1,
        "bfloat16": "none",
        "empty_ports": "allow",
        "architecture_schedule": "constant",
        "finalists": 0,
        "finalists_drawn": 0,
        "finalist_epochs": 1,
        "finalist_keep": 4,
        "finalist_start": "inherit",
    },
    "loop": {"order": 1},
}
"""Options that came after runs that are still read: section → option → the value under which all is as it was
before, whatever the default is now. With it, an experiment keeps its former fingerprint."""


SETTINGS = tuple(item.name for item in attrs.fields(Settings))
