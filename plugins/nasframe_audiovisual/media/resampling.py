"""Frames of sound that follow each other without a gap, as mono samples of one rate.

A graph of FFmpeg's filters does the work. It is asked for samples after several frames, not after each one as
PyAV's `AudioResampler` does: that takes half the time, for the same samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import av
import numpy as np
from attrs import define
from av.filter import Graph
from numpy.typing import NDArray

from nasframe_audiovisual.media.channels import Channels

__all__ = ["PIECE", "SAMPLE_RATE", "Run"]

SAMPLE_RATE = 16_000
"""Samples in one second of every decoded sound: 16 kHz."""

PIECE = 3200
"""Samples that are asked for at once, at least, except at the end."""


@define
class Run:
    """Frames of one format, layout and rate that follow each other without a gap.

    Attributes:
        kind: that format, layout and rate.
        channels: makes frames whose channels cancel audible; a run may go on with those of the run before.
    """

    kind: tuple[str, str, int]
    channels: Channels
    _graph: Graph
    _pending: float = 0.0

    @classmethod
    def of(cls, frame: av.AudioFrame, before: Run | None) -> Run:
        """Return a run that begins with `frame`; `before` is the one that ended."""
        format_, layout, rate = kind = _kind(frame)
        graph, clock = Graph(), {} if frame.time_base is None else {"time_base": str(frame.time_base)}
        source = graph.add(
            "abuffer", sample_rate=str(rate), sample_fmt=format_, channel_layout=layout, **clock
        )
        resampler = graph.add(
            "aformat", sample_rates=str(SAMPLE_RATE), sample_fmts="flt", channel_layouts="mono"
        )
        sink = graph.add("abuffersink")
        source.link_to(resampler)
        resampler.link_to(sink)
        graph.configure()
        channels = before.channels if before is not None and before.kind == kind else Channels()
        return cls(kind, channels, graph)

    def takes(self, frame: av.AudioFrame) -> bool:
        """Return True where a frame may follow in this run."""
        return _kind(frame) == self.kind

    def samples_of(self, frame: av.AudioFrame) -> Sequence[NDArray[np.float32]]:
        """Return the samples that are complete with this frame, as arrays `(n,)`; some are held back."""
        for given in self.channels.add(frame):
            self._graph.push(given)
            self._pending += given.samples * SAMPLE_RATE / given.sample_rate
        if self._pending < PIECE:
            return ()
        self._pending = 0.0
        return list(self._pulled())

    def rest(self) -> Sequence[NDArray[np.float32]]:
        """Return the samples that are still held back. The run ends."""
        for given in self.channels.finish():
            self._graph.push(given)
        self._graph.push(None)
        return list(self._pulled())

    def _pulled(self) -> Iterator[NDArray[np.float32]]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            # Not copied: the array keeps the plane. PyAV's types do not say that it is a buffer.
            plane = cast("bytes", cast(av.AudioFrame, frame).planes[0])
            yield np.frombuffer(plane, np.float32, cast(av.AudioFrame, frame).samples)


def _kind(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate
