"""Hundreds of damaged copies of every file of a prepared set: each is refused in words, or taken."""

from __future__ import annotations

from pathlib import Path

from tests.mutations import survive
from tests.readers import readers_of_features


def test_a_damaged_copy_of_a_file_of_features_ends_in_words(tmp_path: Path) -> None:
    for reader in readers_of_features(tmp_path):
        assert survive(reader, 200) > 50
