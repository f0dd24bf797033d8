"""The manager of plugins: one page for finding them, looking up what they registered, and calling them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from nasframe.plugins import loading
from nasframe.plugins.hook_calls import HookCalls
from nasframe.plugins.look_up import LookUp
from nasframe.plugins.missing_extras import missing_extra
from nasframe.plugins.packages import packages_of, versions_of
from nasframe.plugins.plugin_code import LoadedCode
from nasframe.plugins.recorded_names import RecordedNames
from nasframe.plugins.registered import Registered
from nasframe.plugins.registry import PluginRegistry

__all__ = ["PluginManager", "load_plugin", "manager"]

Answer = TypeVar("Answer")


class PluginManager:
    """Finds plugins once, answers look-ups, and calls hooks."""

    def __init__(self) -> None:
        self._registry = PluginRegistry()
        self._look_up = LookUp(self._registry)
        self._calls = HookCalls(self._registry, self._look_up)
        self._code = LoadedCode()

    # -- which plugins there are ------------------------------------------------------------------------

    def load_entry_points(self) -> None:
        """Register every installed plugin of the entry-point group `nasframe`.

        Of two packages that install a plugin of one name the first is taken, nasframe's own before others,
        and the other is reported.
        """
        loading.load_entry_points(self._registry)

    def load_file(self, path: str | Path) -> str:
        """Register a Python file as a plugin; return its name, that of the file without `.py`.

        The same file twice is loaded once.

        Raises:
            PluginError: no such file, one that cannot be imported, whose name is taken, or that implements
                no hook.
        """
        (name,) = self.load_files([path])
        return name

    def load_files(self, paths: Iterable[str | Path]) -> list[str]:
        """Register several files, each of which may specify hooks of the others; see `load_file`."""
        names = loading.load_files(self._registry, paths)
        for name in names:
            self.code_of(name)  # now: while the process works, the file may be edited
        return names

    def register(self, module: ModuleType | object, name: str) -> None:
        """Register one module or object as plugin `name`.

        Raises:
            UnfitPluginError: the name is taken, a hook has a wrong signature, the plugin was written for a
                later version of the hooks, or it specifies hooks that cannot be.
        """
        self._registry.register(module, name)

    def unregister(self, name: str) -> None:
        """Forget plugin `name`."""
        self._registry.unregister(name)
        self._code.forget(name)

    @property
    def names(self) -> list[str]:
        """Registered plugins, sorted."""
        return self._registry.names

    @property
    def failed(self) -> dict[str, str]:
        """Plugin that was left out → why."""
        return self._registry.failed

    @property
    def files(self) -> dict[str, Path]:
        """Plugin that was loaded from one file → that file."""
        return self._registry.files

    def module(self, name: str) -> Any:
        """Return the module or object registered as plugin `name`; None where there is none."""
        return self._registry.module(name)

    def plugin_of_command(self, name: str) -> str | None:
        """Return the plugin that added a command; None for a command of the core."""
        return self._calls.commands.get(name)

    def versions(self) -> dict[str, str]:
        """Return the version of each installed plugin's distribution, for the record of a run."""
        return versions_of(self._registry)

    def packages(self) -> dict[str, str]:
        """Return plugin → its package with the version, or the name of its file; not those made in Python."""
        return packages_of(self._registry)

    def missing_extra(self, name: str) -> str:
        """Return the packages that plugin `name` misses of its extra, and the command; empty where none.

        The plugin names the extra of its distribution in `NASFRAME_EXTRA`. One that names none that there
        is, or something else than a string, is reported.
        """
        return missing_extra(self._registry, name)

    @property
    def missing_extras(self) -> dict[str, str]:
        """Plugin whose extra is missing → `needs av, which is not installed; pip install …`."""
        return {name: missing for name in self.names if (missing := self.missing_extra(name))}

    # -- what they registered ---------------------------------------------------------------------------

    def code_of(self, plugin: str, target: Any = None) -> str | None:
        """Return the SHA-256 of the Python code of a plugin and of the libraries that it names in
        `NASFRAME_LIBRARIES`; None where it has no file.

        It is the code that this process runs: that of a file when it was loaded, that of a package when it
        was first asked for. A change on the disk counts where the plugin is loaded anew, also by `reload`.

        Args:
            plugin: its name.
            target: a class or function that it registers; its file counts too where it lies elsewhere.
        """
        return self._code.of(plugin, self.module(plugin), target)

    @property
    def kinds(self) -> list[str]:
        """The kinds of what is looked up by name, those of the core first."""
        return self._registry.kinds

    def registered(self, kind: str) -> list[Registered]:
        """Return all that plugins registered under `kind`, sorted by name, then plugin.

        Raises:
            PluginError: the plugin that specifies the kind is not here.
        """
        return self._look_up.registered(kind)

    def find(self, kind: str, name: str, builtin: str | None = None) -> Registered:
        """Return the one entry called `name`, or `plugin:name`; within `reading`, the one that was recorded.

        Args:
            kind: of the entry.
            name: of the entry.
            builtin: a name that stays nasframe's own, whichever other plugins register it: where `name` is
                this one, there is no doubt which entry it means.

        Raises:
            PluginError: unknown (with the near names), or registered by two plugins; or the plugin that a
                document recorded is not here, or does not register it.
        """
        return self._look_up.find(kind, name, builtin)

    def load(self, kind: str, name: str, builtin: str | None = None) -> Any:
        """Return the object registered as `kind` under `name`; see `find` for the arguments and errors."""
        return self.find(kind, name, builtin).load()

    @property
    def failed_look_ups(self) -> int:
        """Count of the calls of `find` that found no plugin which registers the name."""
        return self._look_up.failed

    def reading(self, names: RecordedNames) -> AbstractContextManager[None]:
        """Within the block, let names mean what they meant in a document when it was written."""
        return self._look_up.reading(names)

    def written_by(self, plugin: str | None) -> AbstractContextManager[None]:
        """Within the block, let a name that several plugins have be that of `plugin`, or nasframe's own.

        So names in the code and the files of a plugin keep their meaning, whatever is installed beside it.
        Names that a document recorded are those of their plugins, as in `reading`.
        """
        return self._look_up.written_by(plugin)

    def entry_of(self, kind: str, target: type) -> Registered | None:
        """Return the entry under which a class is registered; None where it is not."""
        return self._look_up.entry_of(kind, target)

    def name_of(self, kind: str, target: type) -> str | None:
        """Return the name by which `find` finds a class, with its plugin where two have that name."""
        return self._look_up.name_of(kind, target)

    # -- what they do -----------------------------------------------------------------------------------

    def notify(self, hook: str, **arguments: Any) -> None:
        """Call a life-cycle hook of every plugin; one that raises is reported and not called again."""
        self._calls.notify(hook, arguments)

    def gather(
        self, hook: str, arguments: Mapping[str, Any], read: Callable[[Any], Answer]
    ) -> dict[str, Answer]:
        """Return plugin → what `read` makes of the answer of its hook, by the names of the plugins.

        A plugin whose hook raises, or whose answer makes `read` raise, is reported and not called again.
        """
        return self._calls.gather(hook, arguments, read)

    def check_imports(
        self, hook: str, arguments: Mapping[str, Any], read: Callable[[Any], Any]
    ) -> dict[str, BaseException]:
        """Call a hook as `gather` does, before there is anything for it to work on.

        A plugin that cannot import what its hook needs is reported and not called again.

        Returns:
            Plugin → the error of another kind that it raised. That is no fault yet: its hook is called again,
            and `gather` reports what it raises then.
        """
        return self._calls.check_imports(hook, arguments, read)

    def style(self, node: str, operation: str) -> dict[str, str]:
        """Return the attributes that plugins lay over a drawn node's style."""
        return self._calls.style(node, operation)

    def read_architecture(self, text: str) -> Any:
        """Return the architecture that the first plugin which knows the format of a text reads from it.

        None where no plugin knows it.

        Raises:
            NasframeError: a plugin knows the format, and the text breaks the rules of the format.
        """
        return self._calls.read_architecture(text)

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands; one that fails is reported and left out."""
        self._calls.add_commands(app)


@functools.cache
def manager() -> PluginManager:
    """Return the one plugin manager of the process, with every installed plugin."""
    plugins = PluginManager()
    plugins.load_entry_points()
    return plugins


def load_plugin(path: str | Path) -> str:
    """Load a Python file as a plugin, as `--plugin FILE` does; return its name.

    Runs record it by its name and the hash of the file, and never load it by themselves.

    Raises:
        PluginError: see `PluginManager.load_file`.
    """
    return manager().load_file(path)
