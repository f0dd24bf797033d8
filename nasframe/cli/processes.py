"""Commands in processes that `torchrun` has started: a gradient search is made by all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import launched_processes

if TYPE_CHECKING:
    from nasframe.experiment import Experiment
    from nasframe.processes import Group

__all__ = ["refuse_processes", "searching_together"]

_TOGETHER = ("run", "search")


def refuse_processes(words: Sequence[str]) -> None:
    """Refuse a command of which several processes would each do all.

    Raises:
        RunError: there are several.
    """
    count = launched_processes()
    if count > 1 and words and words[0] not in _TOGETHER:
        raise RunError(
            f"nasframe {words[0]}: works in one process, and {count} were started; torchrun is for "
            f"{' and '.join(_TOGETHER)}, which share one search"
        )


@contextmanager
def searching_together(experiment: Experiment) -> Iterator[Group | None]:
    """Yield the group of the first process. Any other takes its part in the search, and gets None.

    Raises:
        ConfigurationError: several processes were started, and the loop of the experiment trains no supernet.
    """
    from nasframe.pipeline import take_part
    from nasframe.processes import Processes, joined
    from nasframe.searching import GradientLoop

    count = launched_processes()
    if count > 1 and not isinstance(experiment.loop, GradientLoop):
        loop = experiment.names["loop"]
        raise ConfigurationError(
            "torchrun",
            [f"the loop {loop!r} trains no supernet that {count} processes could share; --workers is for it"],
        )
    with joined(experiment.torch_device()) as group:
        if isinstance(group, Processes) and not group.is_first:
            take_part(experiment, group)
            yield None
        else:
            yield group
