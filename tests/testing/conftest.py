"""Runs the suites on good and on broken plugins, and collects the failures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

HERE = Path(__file__).parent

QUIETLY = ("-s", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:unraisableexception")


@frozen
class Outcome:
    """The results of one class: failed test, without its parameters → message; and the tests that passed."""

    failed: dict[str, str] = field(factory=dict)
    passed: set[str] = field(factory=set)


@frozen
class Recorder:
    """A pytest plugin that records the results of every class."""

    outcomes: dict[str, Outcome] = field(factory=dict)
    broken: list[str] = field(factory=list)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _, kind, test = report.nodeid.split("::", 2)
        outcome = self.outcomes.setdefault(kind.removeprefix("Test"), Outcome())
        if report.failed:
            outcome.failed[test.partition("[")[0]] = report.longreprtext
        elif report.passed and report.when == "call":
            outcome.passed.add(test.partition("[")[0])


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Outcome]:
    """Return class → results, in one run of pytest outside this repository, as a third party would start it.

    The test module says which file of `plugins/` is meant (PLUGINS), which of its classes keep their promises
    (GOOD), and which break one (BROKEN: class → the test that must fail). Of those only that test is run.

    The run shares this process, and unlike that of `pytester` it leaves the modules that it imports: torch
    cannot be imported piecemeal twice.
    """
    module: Any = request.module
    folder, recorder = tmp_path_factory.mktemp("third_party"), Recorder()
    file = folder / f"test_{module.PLUGINS}.py"
    shutil.copyfile(HERE / "plugins" / f"{module.PLUGINS}.py", file)
    places = [f"{file}::Test{name}" for name in module.GOOD]
    places += [f"{file}::Test{name}::{test}" for name, test in module.BROKEN.items()]
    where = [f"--rootdir={folder}", f"--basetemp={folder / 'temporary'}", "--import-mode=importlib"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        patch.setenv(
            "PYTEST_CURRENT_TEST", os.environ.get("PYTEST_CURRENT_TEST", "")
        )  # given back at the end
        pytest.main([*places, *where, *QUIETLY, "--tb=native"], plugins=[recorder])
    assert not recorder.broken, recorder.broken[0]
    return recorder.outcomes
