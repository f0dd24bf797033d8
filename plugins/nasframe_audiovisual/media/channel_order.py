"""Sound whose channels come in an order of their own, as in some QuickTime files.

PyAV's layouts free such an order, though it belongs to the frame or the decoder from which they were copied
(PyAV 18): it is freed twice, and the process ends. So these layouts are never let go, and a decoder is told
to give the channels without an order, so that one is kept for each file and not for each frame.
"""

from __future__ import annotations

import ctypes

from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream

__all__ = ["hold_order", "without_order"]


def without_order(stream: AudioStream) -> dict[str, str]:
    """Return the options by which the decoder of a track gives its channels in no order of their own."""
    layout = stream.codec_context.layout
    if not _has_order(layout):
        return {}
    _hold(layout)
    return {"ch_layout": f"{layout.nb_channels} channels"}


def hold_order(frame: AudioFrame) -> None:
    """Make a frame safe to let go: some decoders read the order from their data."""
    if _has_order(frame.layout):
        _hold(frame.layout)


def _has_order(layout: AudioLayout) -> bool:
    """Return True where the channels are named one by one; usual layouts have a name of their own."""
    return "+" in layout.name or "@" in layout.name


def _hold(layout: AudioLayout) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
