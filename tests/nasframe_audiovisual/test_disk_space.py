from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from nasframe.errors import DataError
from nasframe_audiovisual import require_space


def test_a_disk_with_one_byte_too_few_is_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(total=10**12, free=2_999_999_999)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError) as refusal:
        require_space(tmp_path / "not" / "yet" / "there", 3_000_000_000, "two films")
    assert str(refusal.value) == (
        f"too little disk space in {tmp_path}: two films need up to 3000000000 bytes (3.00 GB), "
        "2999999999 bytes (3.00 GB) are free"
    )
    require_space(tmp_path / "there", 2_999_999_999, "two films")
