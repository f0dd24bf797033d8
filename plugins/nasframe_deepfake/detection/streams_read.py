"""The streams that a network reads, and the kinds of fakes that it cannot tell without the other one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import nn

from nasframe import Network
from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS

__all__ = ["STREAMS", "STREAMS_OF_KIND", "sentences_on_streams", "streams_read"]

_INPUTS: Mapping[str, tuple[str, ...]] = {"pictures": PICTURE_INPUTS, "sound": SOUND_INPUTS}

STREAMS = frozenset(_INPUTS)
"""Names of both streams."""

STREAMS_OF_KIND: Mapping[str, frozenset[str]] = {
    "fake_picture": frozenset({"pictures"}),
    "fake_voice": frozenset({"sound"}),
    "false_pairing": STREAMS,
}
"""Kinds of fakes, as separate heads name them → the streams that show them."""


def streams_read(network: nn.Module) -> frozenset[str]:
    """Return which of STREAMS change the output of a network, by its architecture and parameters.

    Of a network that is not built from an architecture nothing is known: it is taken to read both.
    """
    if not isinstance(network, Network):
        return STREAMS
    read = network.inputs_read()
    return frozenset(stream for stream, names in _INPUTS.items() if not read.isdisjoint(names))


def sentences_on_streams(read: Collection[str]) -> list[str]:
    """Return a sentence on a network that does not read both streams; none where it does.

    Args:
        read: those that it reads.

    Example:
        >>> sentences_on_streams({"pictures"})
        ['The network reads the pictures alone: it cannot tell a fake voice or a false pairing.']
        >>> sentences_on_streams({"pictures", "sound"})
        []
    """
    if not read:
        return ["The network reads neither pictures nor sound: every clip has the same score."]
    kinds = [kind.replace("_", " ") for kind, needed in STREAMS_OF_KIND.items() if not needed <= {*read}]
    if not kinds:
        return []
    (stream,) = read
    return [f"The network reads the {stream} alone: it cannot tell a {' or a '.join(kinds)}."]
