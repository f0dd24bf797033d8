"""Every example runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forked_programs import ForkingServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_digits_are_searched_without_a_task_plugin(programs: ForkingServer, tmp_path: Path) -> None:
    done = programs.run([str(EXAMPLES / "digits.py")], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
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
