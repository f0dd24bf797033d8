"""Clips that the library reads, without any data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nasframe_audiovisual.films import write_clip


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three clips of two seconds, of different sizes, frame rates and sample rates."""
    out = tmp_path_factory.mktemp("clips")
    return [
        write_clip(out / "plain.mp4"),
        write_clip(out / "wide.mp4", size=(48, 96), rate=30),
        write_clip(out / "slow.mp4", rate=10, sample_rate=44_100),
    ]
