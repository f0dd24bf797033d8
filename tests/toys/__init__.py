"""Toy problems that the tests of several packages share: plugins, one a file, and their experiments."""

from __future__ import annotations

from pathlib import Path

TOYS = Path(__file__).parent

STREAMS = TOYS / "streams.toml"
SUMS = TOYS / "sums.toml"
PAIRS = TOYS / "pairs.toml"
