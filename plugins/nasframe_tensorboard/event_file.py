"""The event file of a search, which TensorBoard reads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, field
from torch.utils.tensorboard.summary import hparams, image, scalar, text

from nasframe import Architecture, Drawing, Run, SearchSpace, derive, draw
from nasframe.errors import RenderError
from nasframe_tensorboard.event_log import EventLog
from nasframe_tensorboard.rasterise import rasterise

__all__ = ["EventFile"]

_END = "seconds"
"""The scalar that every epoch ends with."""

SECTIONS = ("space", "relaxation", "loop", "search")


@define
class EventFile:
    """The event file of one search; steps are epochs or trials, counted from 1 as in `metrics.jsonl`."""

    _log: EventLog
    _space: SearchSpace
    _experiment: Mapping[str, Any]
    _last: int = field(default=0, init=False)
    _picture: tuple[str, np.ndarray[Any, Any] | None] = field(default=("", None), init=False)
    _has_options: bool = field(default=False, init=False)

    @classmethod
    def begin(cls, run: Run, space: SearchSpace, folder: Path) -> EventFile:
        """Begin a file, or go on with it after the last epoch that it and the run hold.

        Epochs that the run holds and the file does not are added.
        """
        epochs, trials = run.history("search"), run.history("trial")
        history = epochs or trials
        log, last = EventLog.begin(folder, _END, len(history))
        event_file = cls(log, space, tomllib.loads(run.experiment_toml))
        if not last:
            event_file._text("experiment", run.experiment_toml, 0)
        event_file._has_options = bool(last)
        for record in history[last:]:
            event_file.epoch(record) if epochs else event_file.trial(record)
        event_file._last = len(history)
        return event_file

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Write losses, validation metrics, entropies, and the network that would be derived now."""
        self._last = record["epoch"]
        for group in ("loss", "validation", "entropy"):
            for name, value in _numbers(record[group], group):
                self._scalar(name, value)
        self._options(record)
        if record["probabilities"]:  # none where the loop learns no logits
            self._network(derive(self._space, record["probabilities"]))
        self._scalar(_END, record["seconds"])
        self._log.flush()

    def trial(self, record: Mapping[str, Any]) -> None:
        """Write the score, the sizes, the cost and the validation metrics of a proposed architecture."""
        self._last = record["trial"]
        kept = {name: record[name] for name in ("score", "epochs", "parameters", "multiply_adds", "cost")}
        for name, value in (*_numbers(kept, "trial"), *_numbers(record["validation"], "validation")):
            self._scalar(name, value)
        self._options(record)
        self._network(Architecture(self._space, record["assignment"]))
        self._scalar(_END, record["seconds"])
        self._log.flush()

    def derived(self, architecture: Architecture) -> None:
        """Write the architecture with which the search ended."""
        self._text("derived", draw(architecture).text, self._last)

    def close(self) -> None:
        """Complete the file."""
        self._log.flush()

    def _network(self, architecture: Architecture) -> None:
        """Write the text where it changed, and the picture in every epoch, for the slider over epochs."""
        if self._picture[0] != architecture.fingerprint:
            drawing = draw(architecture)
            self._text("network", drawing.text, self._last)
            self._picture = (architecture.fingerprint, _image(drawing))
        pixels = self._picture[1]
        if pixels is not None:
            self._log.add_summary(image("network", pixels, dataformats="HWC"), self._last)  # type: ignore[no-untyped-call, unused-ignore]

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
            self._log.add_summary(summary)

    def _scalar(self, name: str, value: float) -> None:
        self._log.add_summary(scalar(name, value), self._last)  # type: ignore[no-untyped-call, unused-ignore]

    def _text(self, tag: str, words: str, step: int) -> None:
        """Write text unchanged: four spaces make it code in Markdown."""
        code = "\n".join(f"    {line}" for line in words.splitlines())
        self._log.add_summary(text(tag, code), step)  # type: ignore[no-untyped-call, unused-ignore]


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
