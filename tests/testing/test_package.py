"""`nasframe.testing` as a package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nasframe.testing


def test_it_offers_a_suite_for_each_contract() -> None:
    assert nasframe.testing.__all__ == [
        *(
            "ExecutorSuite",
            "GradientLoopSuite",
            "OperationSuite",
            "ProposalLoopSuite",
            "RelaxationSuite",
            "SearchSpaceSuite",
            "TaskSuite",
        )
    ]


def test_without_pytest_it_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['pytest'] = None; import nasframe.testing"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'nasframe.testing needs pytest, which is not installed: pip install "nasframe[testing]"' in (
        result.stderr
    )


def test_a_suite_that_is_imported_is_not_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_imports.py").write_text("from nasframe.testing import *\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    "name", ["suite", "relaxation_suite", "operation_suite", "space_suite", "task_suite", "executor_suite"]
)
def test_its_assertions_show_what_they_compared(name: str) -> None:
    module = sys.modules[f"nasframe.testing.{name}"]
    assert "@pytest_ar" in vars(module), "pytest did not rewrite the assertions of this module"
