"""The manager of plugins: finds them once, answers look-ups, and calls the hooks of the life cycle."""

from __future__ import annotations

import functools
import shlex
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import attrs
import pluggy

from nasframe.errors import NasframeError, PluginError, PluginWarning, near_names, nearest
from nasframe.plugins import hookspecs
from nasframe.plugins.contract import UnfitPluginError, check_hooks, check_version, entries_of
from nasframe.plugins.hook_set import CORE, HookSet, read_hook_set
from nasframe.plugins.installed import installed, own_plugins, package_of, version_of
from nasframe.plugins.moved import moved_to
from nasframe.plugins.plugin_code import hash_of_code
from nasframe.plugins.plugin_file import importing
from nasframe.plugins.recorded_names import RecordedNames
from nasframe.plugins.registered import Registered
from nasframe.plugins.source_location import file_of, in_brackets, raised_at
from nasframe.runtime import lack_of_extra

__all__ = ["PluginManager", "load_plugin", "manager"]

Answer = TypeVar("Answer")


class PluginManager:
    """Finds plugins once and answers look-ups.

    Attributes:
        failed: plugin that was left out → why.
        files: plugin that was loaded from one file → that file.
        failed_look_ups: how often `find` found no plugin that registers a name.
    """

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._hook_sets: dict[str, HookSet] = {}
        self._add_hooks(CORE)
        self._disabled: set[tuple[str, str]] = set()
        self._names: ContextVar[RecordedNames | None] = ContextVar("names", default=None)
        self._lacks: dict[str, str] = {}
        self.failed_look_ups = 0
        self.failed: dict[str, str] = {}
        self.files: dict[str, Path] = {}

    def load_entry_points(self) -> None:
        """Register every installed plugin of the entry-point group `nasframe`.

        Of two packages that install a plugin of one name the first is taken, nasframe's own before others,
        and the other is reported.
        """
        owners: dict[str, str] = {}
        for point in installed():
            package = version_of(point)
            if point.name in owners:
                message = f"is there already, from {owners[point.name]}; that of {package} is left out"
                self._report(point.name, f"{message}; uninstall one of them")
            elif not self._pluggy.has_plugin(point.name):
                self._load_entry_point(point)
            owners.setdefault(point.name, package)
        self._report_unknown_hooks()

    def _load_entry_point(self, point: Any) -> None:
        try:
            module = point.load()
        except BaseException as error:  # a plugin may raise anything
            if isinstance(error, KeyboardInterrupt):
                raise
            why = str(error) or type(error).__name__
            self._report(
                point.name, f"cannot be loaded from {point.value!r}: {why}{raised_at(error)}{moved_to(error)}"
            )
            return
        try:
            self.register(module, point.name)
        except UnfitPluginError as error:
            self._report(point.name, error.reason)

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
        names = [self._load_file(Path(path)) for path in paths]
        self._report_unknown_hooks()
        return names

    def _load_file(self, path: Path) -> str:
        name = path.stem
        if name in self.files and self.files[name].resolve() == path.resolve():
            return name
        if self._pluggy.has_plugin(name):
            there = in_brackets(file_of(self.module(name)))
            raise PluginError(f"{path}: there is a plugin {name!r} already{there}; rename the file")
        with importing(path) as module:
            self.register(module, name)
            try:
                self._check_file(module, path)
            except PluginError:
                self.unregister(name)
                raise
        self.files[name] = path
        return name

    def _check_file(self, module: ModuleType, path: Path) -> None:
        """Refuse a file without a hook, or with a registration hook that fails."""
        callers = self._pluggy.get_hookcallers(module)
        if not callers:
            raise PluginError(
                f"{path}: implements no hook; mark a function such as register_operations with "
                "@nasframe.hookimpl"
            )
        for hook in {caller.name for caller in callers} & {self._hook(kind) for kind in self.kinds}:
            try:
                _registered(getattr(module, hook), hook, module)
            except PluginError as error:
                raise PluginError(f"{path}: {error}") from error

    def register(self, module: ModuleType | object, name: str) -> None:
        """Register one module or object as plugin `name`.

        Raises:
            UnfitPluginError: the name is taken, a hook has a wrong signature, the plugin was written for a
                later version of the hooks, or it specifies hooks that cannot be.
        """
        try:
            brought = read_hook_set(module, name, self._hook_sets)
        except ValueError as error:
            raise UnfitPluginError(name, file_of(module), str(error)) from error
        known = self._hook_sets if brought is None else {**self._hook_sets, name: brought}
        check_version(module, name, known)
        check_hooks(module, name, known)
        try:
            self._pluggy.register(module, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            if self._pluggy.get_plugin(name) is module:
                self._pluggy.unregister(name=name)
            why = " ".join(str(error).split())
            raise UnfitPluginError(name, file_of(module), why) from error
        if brought is not None:
            self._add_hooks(brought)

    def _add_hooks(self, brought: HookSet) -> None:
        """Let plugins implement other hooks. Those that do so already, and wrongly, are left out."""
        known = {**self._hook_sets, brought.plugin: brought}
        for name in self.names:
            module = self.module(name)
            try:
                check_version(module, name, known)
                check_hooks(module, name, known)
            except UnfitPluginError as error:
                self.unregister(name)
                self._report(name, error.reason)
        self._hook_sets = known
        self._pluggy.add_hookspecs(brought.namespace)

    def unregister(self, name: str) -> None:
        """Forget plugin `name`."""
        self._pluggy.unregister(name=name)
        brought = self._hook_sets.pop(name, None)
        for hook in () if brought is None else brought.specs:
            getattr(self._pluggy.hook, hook).spec = None
        self.files.pop(name, None)
        self.failed.pop(name, None)
        self._lacks.pop(name, None)
        self._disabled = {(plugin, hook) for plugin, hook in self._disabled if plugin != name}

    @property
    def names(self) -> list[str]:
        """Registered plugins, sorted."""
        return sorted(name for name, _ in self._pluggy.list_name_plugin())

    @property
    def lacks(self) -> dict[str, str]:
        """Plugin that lacks packages of its extra → `needs av, which is not installed; pip install …`."""
        return {name: lack for name in self.names if (lack := self.lack(name))}

    def lack(self, name: str) -> str:
        """Return the packages that plugin `name` lacks of its extra, and the command; empty where none.

        The plugin names the extra of its distribution in `NASFRAME_EXTRA`.
        """
        if name not in self._lacks:
            module = self.module(name)
            extra = getattr(module, "NASFRAME_EXTRA", "")
            self._lacks[name] = self._lack_of(name, extra) if extra else ""
        return self._lacks[name]

    def _lack_of(self, name: str, extra: Any) -> str:
        points = (point for point in installed() if point.name == name and name not in self.files)
        distribution = next((point.dist for point in points), None)
        if distribution is None:
            return ""
        try:
            return lack_of_extra(distribution, extra)
        except ValueError as error:
            self._report(name, f"names {extra!r} in NASFRAME_EXTRA, and {error}")
            return ""

    def plugin_of(self, function: Any) -> str | None:
        """Return the plugin in whose module, or in a module below it, a function is; None where in none."""
        parts = str(getattr(function, "__module__", "")).split(".")
        parents = {".".join(parts[: count + 1]) for count in range(len(parts))}
        return next((name for name in self.names if _module_name(self.module(name)) in parents), None)

    def module(self, name: str) -> Any:
        """Return the module or object registered as plugin `name`."""
        return self._pluggy.get_plugin(name)

    def code_of(self, plugin: str, target: Any = None) -> str | None:
        """Return the SHA-256 of the Python code of a plugin and of the libraries that it names in
        `NASFRAME_LIBRARIES`; None where it has no file.

        Args:
            plugin: its name.
            target: a class or function that it registers; its file counts too where it lies elsewhere.
        """
        return hash_of_code(self.module(plugin), target)

    @property
    def kinds(self) -> list[str]:
        """The kinds of what is looked up by name, those of the core first."""
        return [kind for hooks in self._hook_sets.values() for kind in hooks.kinds]

    def _hook(self, kind: str) -> str:
        """Return the hook by which a kind is registered."""
        for hooks in self._hook_sets.values():
            if kind in hooks.kinds:
                return hooks.kinds[kind]
        raise PluginError(f"there is no kind {kind!r} that plugins register{nearest(kind, self.kinds)}")

    def registered(self, kind: str) -> list[Registered]:
        """Return all that plugins registered under `kind`, sorted by name, then plugin.

        Raises:
            PluginError: the plugin that specifies the kind is not here.
        """
        found: list[Registered] = []
        hook = self._hook(kind)
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            plugin, module = implementation.plugin_name, implementation.plugin
            try:
                entries = _registered(implementation.function, hook, module)
            except PluginError as error:
                self._report(plugin, str(error))
                continue
            found += [
                Registered(kind, name, plugin, target, module, self.lack(plugin))
                for name, target in entries.items()
            ]
        return sorted(found, key=lambda entry: (entry.name, entry.plugin))

    def find(self, kind: str, name: str, default: str | None = None) -> Registered:
        """Return the one entry called `name`, or `plugin:name`; within `reading`, the one that was recorded.

        Args:
            kind: of the entry.
            name: of the entry.
            default: the name that holds where none is given; that is nasframe's own, whoever else has it.

        Raises:
            PluginError: unknown (with the near names), or registered by two plugins; or the plugin that a
                document recorded is not here, or does not register it.
        """
        entries = self.registered(kind)
        plugin, colon, short = name.rpartition(":")
        matches = [e for e in entries if e.name == short and (not colon or e.plugin == plugin)]
        names = self._names.get() or (RecordedNames() if name == default else None)
        if names is not None:
            owner = names.owner(kind, name)
            matches = names.among(matches, owner, own_plugins() if len(matches) > 1 else ())
            if owner is not None and not matches:
                self.failed_look_ups += 1
                raise PluginError(f"unknown {kind} {name!r}: {self._lacking(owner, names.packages)}")
        if len(matches) == 1:
            return matches[0]
        if matches:
            choices = " or ".join(f"{entry.plugin}:{entry.name}" for entry in matches)
            owners = " and ".join(
                f"{entry.plugin!r}{in_brackets(file_of(entry.module))}" for entry in matches
            )
            raise PluginError(
                f"{kind} {name!r} is registered by two plugins; say {choices}; they are {owners}"
            )
        valid = {entry.name for entry in entries}
        if colon:
            valid |= {f"{entry.plugin}:{entry.name}" for entry in entries}
        self.failed_look_ups += 1
        lacking = "" if near_names(name, valid) else f"; no installed plugin provides {name!r}"
        left_out = "".join(f"; plugin {plugin!r} {why}" for plugin, why in self.failed.items())
        raise PluginError(f"unknown {kind} {name!r}{nearest(name, valid)}{lacking}{left_out}")

    @contextmanager
    def reading(self, names: RecordedNames) -> Iterator[None]:
        """Within the block, let names mean what they meant in a document when it was written."""
        token = self._names.set(names)
        try:
            yield
        finally:
            self._names.reset(token)

    @contextmanager
    def written_by(self, plugin: str | None) -> Iterator[None]:
        """Within the block, let a name that several plugins have be that of `plugin`, or nasframe's own.

        So names in the code and the files of a plugin keep their meaning, whatever is installed beside it.
        Names that a document recorded are those of their plugins, as in `reading`.
        """
        names = self._names.get() or RecordedNames()
        with self.reading(attrs.evolve(names, author=plugin or names.author)):
            yield

    def _lacking(self, plugin: str, packages: Mapping[str, str]) -> str:
        """Return why the plugin that a document recorded does not register a name, and how to get it."""
        then = packages.get(plugin, "")
        known = f"it is that of plugin {plugin!r}{in_brackets(then)}"
        if plugin in self.failed:
            return f"{known}, which {self.failed[plugin]}"
        if self._pluggy.has_plugin(plugin):
            now = in_brackets(self.packages().get(plugin))
            return f"{known}, which is here{now} and does not register it any more"
        if then.endswith(".py"):
            return f"{known}, a file that is not loaded by itself; add --plugin {shlex.quote(then)}"
        if then:
            return f"{known}, which is not installed; pip install {shlex.quote(then.split()[0])}"
        return f"{known}, which is not here; install its package, or give its file with --plugin"

    def entry_of(self, kind: str, target: type) -> Registered | None:
        """Return the entry under which a class is registered; None where it is not."""
        path = f"{target.__module__}:{target.__qualname__}"
        entries = self.registered(kind)
        return next((entry for entry in entries if entry.target is target or entry.target == path), None)

    def name_of(self, kind: str, target: type) -> str | None:
        """Return the name by which `find` finds a class, with its plugin where two have that name."""
        entry = self.entry_of(kind, target)
        if entry is None:
            return None
        try:
            alone = self.find(kind, entry.name) == entry
        except PluginError:
            alone = False
        return entry.name if alone else f"{entry.plugin}:{entry.name}"

    def load(self, kind: str, name: str, default: str | None = None) -> Any:
        """Return the object registered as `kind` under `name`; see `find` for the arguments and errors."""
        return self.find(kind, name, default).load()

    def notify(self, hook: str, **arguments: Any) -> None:
        """Call a life-cycle hook of every plugin; one that raises is reported and not called again."""
        for _ in self._call(hook, arguments):
            pass

    def _call(
        self, hook: str, arguments: Mapping[str, Any], passing: tuple[type[Exception], ...] = ()
    ) -> Iterator[Any]:
        """Yield the answer of each plugin, in the order of registration; one that raises is disabled.

        Errors of the types `passing` are for the user, and go on to the caller.
        """
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            plugin = implementation.plugin_name
            if (plugin, hook) in self._disabled or self.lack(plugin):
                continue
            try:
                answer = self._answer(implementation, arguments)
            except passing:
                raise
            except Exception as error:
                self._disable(implementation, hook, error)
            else:
                yield answer

    def _answer(self, implementation: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:
        with self.written_by(implementation.plugin_name):
            return implementation.function(*(arguments[name] for name in implementation.argnames))

    def _disable(self, implementation: pluggy.HookImpl, hook: str, error: Exception) -> None:
        """Report a hook that raised, and do not call it again."""
        self._disabled.add((implementation.plugin_name, hook))
        why = _raised(hook, error, implementation.plugin)
        self._report(implementation.plugin_name, f"{why}; disabled")

    def gather(
        self,
        hook: str,
        arguments: Mapping[str, Any],
        read: Callable[[Any], Answer],
        reported: tuple[type[Exception], ...] = (Exception,),
    ) -> dict[str, Answer]:
        """Return plugin → what `read` makes of the answer of its hook, by the names of the plugins.

        A plugin that raises one of the errors `reported`, or whose answer makes `read` raise one, is reported
        and not called again. With any other error it is left out this time.
        """
        found: dict[str, Answer] = {}
        implementations = getattr(self._pluggy.hook, hook).get_hookimpls()
        for implementation in sorted(implementations, key=lambda one: one.plugin_name):
            if (implementation.plugin_name, hook) in self._disabled:
                continue
            try:
                found[implementation.plugin_name] = read(self._answer(implementation, arguments))
            except reported as error:
                self._disable(implementation, hook, error)
            except Exception:
                continue
        return found

    def style(self, node: str, operation: str) -> dict[str, str]:
        """Return the attributes that plugins lay over a drawn node's style."""
        merged: dict[str, str] = {}
        for answer in self._call("style_node", {"node": node, "operation": operation}):
            merged |= answer or {}
        return merged

    def read_architecture(self, text: str) -> Any:
        """Return the architecture that the first plugin which knows the format of a text reads from it.

        None where no plugin knows it.

        Raises:
            NasframeError: a plugin knows the format, and the text breaks the rules of the format.
        """
        answers = self._call("read_architecture", {"text": text}, passing=(NasframeError,))
        return next((answer for answer in answers if answer is not None), None)

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands; one that fails is reported and left out."""
        for implementation in self._pluggy.hook.register_commands.get_hookimpls():
            try:
                implementation.function(app)
            except Exception as error:
                why = _raised("register_commands", error, implementation.plugin)
                self._report(implementation.plugin_name, why)

    def versions(self) -> dict[str, str]:
        """Return the version of each installed plugin's distribution, for the record of a run."""
        found: dict[str, str] = {}
        for point in installed():
            if (
                point.dist is not None
                and self._pluggy.has_plugin(point.name)
                and point.name not in self.files
            ):
                found.setdefault(point.name, point.dist.version)
        return dict(sorted(found.items()))

    def packages(self) -> dict[str, str]:
        """Return plugin → its package with the version, or the name of its file; not those made in Python."""
        found = {name: file.name for name, file in self.files.items()}
        for point in installed():
            package = package_of(point)
            if package is not None and self._pluggy.has_plugin(point.name):
                found.setdefault(point.name, package)
        return found

    def _report_unknown_hooks(self) -> None:
        """Report hooks whose names are mistyped: they would never be called.

        Those marked `@hookimpl(optionalhook=True)` are of a plugin that need not be here.
        """
        found = vars(self._pluggy.hook).values()
        callers = [caller for caller in found if isinstance(caller, pluggy.HookCaller)]
        valid = [caller.name for caller in callers if caller.has_spec()]
        for caller in callers:
            if not caller.has_spec():
                for implementation in caller.get_hookimpls():
                    if implementation.optionalhook:
                        continue
                    place = in_brackets(file_of(implementation.plugin))
                    message = f"implements unknown hook {caller.name!r}{nearest(caller.name, valid)}{place}"
                    hint = "mark that of a plugin which need not be installed @hookimpl(optionalhook=True)"
                    self._report(implementation.plugin_name, f"{message}; {hint}")

    def _report(self, plugin: str, message: str) -> None:
        if self.failed.get(plugin) == message:
            return
        self.failed[plugin] = message
        warnings.warn(f"plugin {plugin!r} {message}", PluginWarning, stacklevel=3)


def _registered(function: Any, hook: str, module: Any) -> dict[str, Any]:
    """Return the entries of a registration hook, name → target.

    Raises:
        PluginError: the hook raised, or returned something else than names and targets.
    """
    try:
        answer = function()
    except Exception as error:  # a hook may raise anything
        raise PluginError(_raised(hook, error, module)) from error
    try:
        return entries_of(answer, hook)
    except PluginError as error:
        raise PluginError(f"{error}{in_brackets(file_of(module))}") from None


def _module_name(plugin: Any) -> str | None:
    return plugin.__name__ if isinstance(plugin, ModuleType) else None


def _raised(hook: str, error: Exception, module: Any) -> str:
    return f"{hook} raised {type(error).__name__}: {error}{raised_at(error, module)}{moved_to(error)}"


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
