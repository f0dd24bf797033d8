"""Suites of tests for the authors of plugins: every promise of a contract, checked on your own class.

Subclass a suite in a test module, write its `make`, and run pytest:

    from nasframe.testing import RelaxationSuite
    from my_package import Sharper

    class TestSharper(RelaxationSuite):
        def make(self):
            return Sharper(temperature=0.3)

`make` returns the object to test; class attributes, each with a default, describe its surroundings. To test
several settings, let an autouse fixture with `params` put each into an attribute that `make` reads. Where a
test cannot hold for your plugin, take it out by an attribute if the suite has one, else override it with a
`pytest.skip` that gives the reason.
"""

from __future__ import annotations

try:
    import pytest
except ImportError as error:
    raise ImportError(
        'nasframe.testing needs pytest, which is not installed: pip install "nasframe[testing]"'
    ) from error

pytest.register_assert_rewrite(
    "nasframe.testing.suite",
    "nasframe.testing.relaxation_suite",
    "nasframe.testing.operation_suite",
    "nasframe.testing.space_suite",
    "nasframe.testing.task_suite",
    "nasframe.testing.executor_suite",
    "nasframe.testing.loop_suites",
)

from nasframe.testing.executor_suite import ExecutorSuite  # noqa: E402
from nasframe.testing.loop_suites import GradientLoopSuite, ProposalLoopSuite  # noqa: E402
from nasframe.testing.operation_suite import OperationSuite  # noqa: E402
from nasframe.testing.relaxation_suite import RelaxationSuite  # noqa: E402
from nasframe.testing.space_suite import SearchSpaceSuite  # noqa: E402
from nasframe.testing.task_suite import TaskSuite  # noqa: E402

__all__ = [
    "ExecutorSuite",
    "GradientLoopSuite",
    "OperationSuite",
    "ProposalLoopSuite",
    "RelaxationSuite",
    "SearchSpaceSuite",
    "TaskSuite",
]
