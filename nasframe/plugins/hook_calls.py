"""The hooks of plugins are called; one that raises is reported and disabled."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pluggy import HookImpl

from nasframe.errors import NasframeError
from nasframe.plugins.look_up import LookUp
from nasframe.plugins.missing_extras import missing_extra
from nasframe.plugins.protocols import HookArchitecture
from nasframe.plugins.registry import PluginRegistry
from nasframe.plugins.source_location import defined_at, hook_raised

__all__ = ["HookCalls"]

Answer = TypeVar("Answer")


class WrongAnswerError(Exception):
    """A hook returned something else than it promises; the text says what, from `must return` on."""


class HookCalls:
    """Calls the hooks of plugins. While one is called, names are those of its plugin.

    Attributes:
        commands: command → the plugin that added it.
    """

    def __init__(self, registry: PluginRegistry, look_up: LookUp) -> None:
        self._registry = registry
        self._look_up = look_up
        self.commands: dict[str, str] = {}

    def notify(self, hook: str, arguments: Mapping[str, Any]) -> None:
        """Call a life-cycle hook of every plugin, each with records of its own: none changes the search."""
        for _ in self._answers(hook, arguments, lambda answer: answer):
            pass

    def gather(
        self, hook: str, arguments: Mapping[str, Any], read: Callable[[Any], Answer]
    ) -> dict[str, Answer]:
        """Return plugin → what `read` makes of the answer of its hook; see `PluginManager.gather`."""
        found: dict[str, Answer] = {}
        for implementation in self._by_name(hook):
            try:
                found[implementation.plugin_name] = read(self._answer(implementation, arguments))
            except (Exception, SystemExit) as error:
                self._disable(implementation, hook, error)
        return found

    def check_imports(
        self, hook: str, arguments: Mapping[str, Any], read: Callable[[Any], Any]
    ) -> dict[str, BaseException]:
        """Report plugins whose hook misses an import; see `PluginManager.check_imports`."""
        others: dict[str, BaseException] = {}
        for implementation in self._by_name(hook):
            try:
                read(self._answer(implementation, arguments))
            except ImportError as error:
                self._disable(implementation, hook, error)
            except (Exception, SystemExit) as error:
                others[implementation.plugin_name] = error
        return others

    def style(self, node: str, operation: str) -> dict[str, str]:
        """Return the attributes that plugins lay over a drawn node's style."""
        merged: dict[str, str] = {}
        for answer in self._answers("style_node", {"node": node, "operation": operation}, _style):
            merged |= answer
        return merged

    def read_architecture(self, text: str) -> Any:
        """Return what the first plugin that knows the format reads; see `PluginManager.read_architecture`."""
        answers = self._answers("read_architecture", {"text": text}, _architecture, passing=(NasframeError,))
        return next((answer for answer in answers if answer is not None), None)

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands, also one whose extra is missing: its help needs no package."""
        for implementation in self._registry.implementations("register_commands"):
            before = {*app}
            try:
                implementation.function(app)
            except (Exception, SystemExit) as error:
                why = hook_raised("register_commands", error, implementation.plugin)
                self._registry.report(implementation.plugin_name, why)
            self.commands |= dict.fromkeys({*app} - before, implementation.plugin_name)

    def _usable(self, hook: str) -> Iterator[HookImpl]:
        """Yield the implementations of a hook that may be called, in the order of registration."""
        for implementation in self._registry.implementations(hook):
            plugin = implementation.plugin_name
            if (plugin, hook) not in self._registry.disabled and not missing_extra(self._registry, plugin):
                yield implementation

    def _by_name(self, hook: str) -> list[HookImpl]:
        return sorted(self._usable(hook), key=lambda implementation: implementation.plugin_name)

    def _answers(
        self,
        hook: str,
        arguments: Mapping[str, Any],
        read: Callable[[Any], Answer],
        passing: tuple[type[Exception], ...] = (),
    ) -> Iterator[Answer]:
        """Yield what `read` makes of the answer of each plugin, in the order of registration.

        A plugin that raises, or whose answer makes `read` raise, is disabled. Errors of the types `passing`
        are for the user, and go on to the caller.
        """
        for implementation in self._usable(hook):
            try:
                answer = read(self._answer(implementation, arguments))
            except passing:
                raise
            except (Exception, SystemExit) as error:
                self._disable(implementation, hook, error)
            else:
                yield answer

    def _answer(self, implementation: HookImpl, arguments: Mapping[str, Any]) -> Any:
        with self._look_up.written_by(implementation.plugin_name):
            given = (arguments[name] for name in implementation.argnames)
            # a plugin may change what it is given, and others and the search go on with theirs
            own = [copy.deepcopy(value) if isinstance(value, dict) else value for value in given]
            return implementation.function(*own)

    def _disable(self, implementation: HookImpl, hook: str, error: BaseException) -> None:
        """Report a hook that raised, and do not call it again."""
        self._registry.disabled.add((implementation.plugin_name, hook))
        if isinstance(error, WrongAnswerError):
            why = f"{hook} {error}{defined_at(implementation.function)}"
        else:
            why = hook_raised(hook, error, implementation.plugin)
        self._registry.report(implementation.plugin_name, f"{why}; disabled")


def _style(answer: Any) -> Mapping[str, str]:
    """Return the answer of `style_node`; {} for None."""
    found: Any = {} if answer is None else answer
    if not isinstance(found, Mapping) or not all(
        isinstance(text, str) for item in found.items() for text in item
    ):
        raise WrongAnswerError(f"must return a mapping from text to text or None, found {answer!r}")
    return {**found}


def _architecture(answer: Any) -> Any:
    """Return the answer of `read_architecture`."""
    if answer is not None and not isinstance(answer, HookArchitecture):
        raise WrongAnswerError(f"must return a nasframe.Architecture or None, found {answer!r}")
    return answer
