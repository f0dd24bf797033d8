"""The contract of one task: its functions are called, and an error of theirs names plugin, file and line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from nasframe.errors import ContractError, NasframeError
from nasframe.operations import failure
from nasframe.plugins import defined_at, described, manager
from nasframe.tasks.task import Task
from nasframe.tasks.values_in_words import value_in_words

__all__ = ["TaskContract"]


@frozen
class TaskContract:
    """The contract of one task: its functions are called by `call`, and `violation` makes the error."""

    task: Task

    def call(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function of the plugin returns.

        Args:
            name: of the function, for the message.
            function: of the task, or of one of its splits.
            arguments: for it.

        Raises:
            ContractError: the function raises anything else than an error of nasframe.
        """
        try:
            return function(*arguments)
        except NasframeError:
            raise  # it has words of its own
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            raise self._error(f"{name} raised {failure(error, self._owner(function))}") from error

    def violation(self, function: Any, promise: str, found: Any) -> ContractError:
        """Return the error of a promise that does not hold.

        Args:
            function: of the plugin, whose line is named.
            promise: in words.
            found: in words, or the value itself.
        """
        place = defined_at(function) or defined_at(type(self.task))
        words = found if isinstance(found, str) else value_in_words(found)
        return self._error(f"{promise}, found {words}{place}")

    def _error(self, text: str) -> ContractError:
        kind = type(self.task)
        name = described("task", kind, manager().entry_of("task", kind))
        return ContractError(f"{name} breaks the contract of nasframe.Task: {text}")

    def _owner(self, function: Any) -> type:
        """Return the class of the plugin that a function belongs to; a split may be one of the core's."""
        owner = type(getattr(function, "__self__", self.task))
        return owner if defined_at(owner) else type(self.task)
