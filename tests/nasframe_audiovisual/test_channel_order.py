"""Channels in an order of their own, as QuickTime has them, are heard, and end no process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nasframe_audiovisual import Sound, play
from tests.nasframe_audiovisual.films import tones, write_film

TAG = b"\x00\x01\x00\x00"
"""In the atom `chan`: the channels are those of a bitmap, in its order."""


def reordered(path: Path) -> Path:
    """Write a film of eight channels, the back ones after the side ones."""
    write_film(path, layout="7.1")
    data = path.read_bytes()
    assert data.count(b"chan\0\0\0\0" + TAG) == 1
    path.write_bytes(data.replace(b"chan\0\0\0\0" + TAG, b"chan\0\0\0\0" + bytes.fromhex("007f0008")))
    return path


PROGRAM = """
import gc, sys
from pathlib import Path
from nasframe_audiovisual import play
for _ in range(3):
    print(sum(1 for piece in play(Path(sys.argv[1]))))
    gc.collect()
"""


def test_a_file_with_channels_in_an_order_of_its_own_ends_no_process(tmp_path: Path) -> None:
    """PyAV frees such an order twice. In a process of its own, as the system ends one for that."""
    path = reordered(tmp_path / "a.mov")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    counts = done.stdout.split()
    assert len(counts) == 3
    assert len(set(counts)) == 1
    samples = np.concatenate([piece.samples for piece in play(path) if isinstance(piece, Sound)])
    assert tones(samples[:8000]) == pytest.approx(440, abs=3)
