"""The event file of a search, which TensorBoard reads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from nasframe import Architecture, Drawing, Run, SearchSpace, derive, draw
from nasframe.errors import RenderError
from nasframe_tensorboard.rasterise import rasterise

__all__ = ["EventFile"]

SECTIONS = ("space", "relaxation", "loop", "search")


@define
class EventFile:
    """The event file of one search; steps are epochs, counted from 1 as in `metrics.jsonl`."""

    _writer: SummaryWriter
    _space: SearchSpace
    _experiment: Mapping[str, Any]
    _last: int = field(default=0, init=False)
    _picture: tuple[str, np.ndarray[Any, Any] | None] = field(default=("", None), init=False)
    _has_options: bool = field(default=False, init=False)

    @classmethod
    def begin(cls, run: Run, space: SearchSpace, folder: Path) -> EventFile:
        """Begin a file, or go on after the last epoch of the run.

        TensorBoard drops everything that an interrupted search wrote from its last epoch on. That epoch is
        written again: the run may have it while the event file does not.
        """
        history = run.history("search")
        writer = SummaryWriter(str(folder), purge_step=len(history) or None)
        event_file = cls(writer, space, tomllib.loads(run.experiment_toml))
        if history:
            event_file.epoch(history[-1])
        else:
            event_file._text("experiment", run.experiment_toml, 0)
        return event_file

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Write losses, validation metrics, entropies, and the network that would be derived now."""
        self._last = record["epoch"]
        for group in ("loss", "validation", "entropy"):
            for name, value in _numbers(record[group], group):
                self._writer.add_scalar(name, value, self._last)
        self._writer.add_scalar("seconds", record["seconds"], self._last)
        self._options(record)
        self._network(derive(self._space, record["probabilities"]))
        self._writer.flush()

    def derived(self, architecture: Architecture) -> None:
        """Write the architecture with which the search ended."""
        self._text("derived", draw(architecture).text, self._last)

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()

    def _network(self, architecture: Architecture) -> None:
        """Write the text where it changed, and the picture in every epoch, for the slider over epochs."""
        if self._picture[0] != architecture.fingerprint:
            drawing = draw(architecture)
            self._text("network", drawing.text, self._last)
            self._picture = (architecture.fingerprint, _image(drawing))
        image = self._picture[1]
        if image is not None:
            self._writer.add_image("network", image, self._last, dataformats="HWC")

    def _options(self, record: Mapping[str, Any]) -> None:
        """Write the options of the experiment, once, with the validation metrics."""
        if self._has_options:
            return
        self._has_options = True
        options = {
            name: value
            for section in SECTIONS
            for name, value in _plain(self._experiment.get(section, {}), section)
        }
        options["seed"] = self._experiment.get("seed", 0)
        metrics = dict(_numbers(record["validation"], "validation"))
        for summary in hparams(options, metrics):  # type: ignore[no-untyped-call, unused-ignore]
            # not add_hparams, which begins another run in a folder below
            self._writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call, unused-ignore]

    def _text(self, tag: str, text: str, step: int) -> None:
        """Write text unchanged: four spaces make it code in Markdown."""
        code = "\n".join(f"    {line}" for line in text.splitlines())
        self._writer.add_text(tag, code, step)


def _image(drawing: Drawing) -> np.ndarray[Any, Any] | None:
    """Return the picture as pixels; None where it cannot be rendered, so that there is only the text."""
    try:
        return rasterise(drawing.svg)
    except RenderError:
        return None


def _numbers(values: Mapping[str, Any], name: str) -> Iterator[tuple[str, float]]:
    """Yield the path and value of every number, at any depth; undefined ones are left out."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}/{key}")
        elif isinstance(value, int | float):
            yield f"{name}/{key}", float(value)


def _plain(values: Mapping[str, Any], name: str) -> Iterator[tuple[str, bool | int | float | str]]:
    """Yield dotted key and value, of a type that TensorBoard takes."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _plain(value, f"{name}.{key}")
        else:
            yield f"{name}.{key}", value if isinstance(value, bool | int | float | str) else str(value)
