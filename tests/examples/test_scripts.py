"""Every example runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def test_the_digits_are_searched_without_a_task_plugin(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "digits.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env=ONE_THREAD)
    *picture, metrics = done.stdout.splitlines()
    assert picture[0].startswith("bimodal, ")
    assert any(line.split()[:1] == ["cell1/N1"] for line in picture)
    accuracy = float(metrics.rpartition(":")[2].rstrip("}"))
    assert accuracy > 0.8
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_has_a_docstring_and_a_test(script: Path) -> None:
    assert script.read_text(encoding="utf-8").startswith('"""')
    tests = Path(__file__).parent.glob("test_*.py")
    assert any(script.name in test.read_text(encoding="utf-8") for test in tests)
